// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "util.h"
#include "verbs.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "compare", verb_compare,
	  "build, boot, run a plan, compare the arms, write the report" },
	{ "doctor", verb_doctor,
	  "what this machine can and cannot do, and what to install" },
	{ "kernel", verb_kernel,
	  "get the source, apply the series, build every arm" },
	{ "controls", verb_controls,
	  "plant each bug of kvm-patches/controls, and see it caught" },
	{ "bisect", verb_bisect,
	  "the first patch or commit with which a test fails, or a path grew" },
	{ "shell", verb_shell, "an interactive shell in the booted kernel" },
	{ "report", verb_report,
	  "summary.json and report.html again from a results folder" },
	{ "pathlen", verb_pathlen,
	  "have the paths, in instructions, changed: a gate" },
	{ "perf", verb_perf,
	  "look at the perf.data that compare --perf has kept" },
	{ "export", verb_export,
	  "samples and figures of a results folder as CSV or JSON" },
	{ "sites", verb_sites,
	  "which notifier call sites a run has fired on a guest's memory" },
	{ "selftests", verb_selftests,
	  "build the selftests; run them on this machine's own kernel" },
	{ "patches", verb_patches,
	  "the series as a git tree to work on, and back into patches" },
};

static void usage(FILE *f)
{
	fprintf(f, "usage: secmmu VERB [OPTION...]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-9s %s\n", verbs[i].name, verbs[i].help);
	fprintf(f, "\nsecmmu VERB --help tells a verb's options.\n"
		"Exit status: 0 all well; 1 a test or comparison failed, or "
		"results are missing:\nthe last line says which; 2 usage or a "
		"missing requirement; 3 secmmu itself broke;\n"
		"130 interrupted.\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return ST_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return ST_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		sig_init();
		out_init();
		return verbs[i].run(argc - 1, argv + 1);
	}
	err("unknown verb '%s': secmmu --help lists the verbs", argv[1]);
	return ST_USAGE;
}
