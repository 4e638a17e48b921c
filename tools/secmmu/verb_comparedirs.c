// SPDX-License-Identifier: GPL-2.0-only
/* secmmu compare DIR DIR: two runs beside each other. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "comparedirs.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu compare [OPTION...] OLD NEW\n"
	"\n"
	"Says what differs between two runs, of other kernels or machines, and compares\n"
	"what both have measured: per arm the median and the p99 of each event's time, new over\n"
	"old, and counts per call; and whether the arms relate to each other in one run as\n"
	"in the other. A p99 or count that rests on too little is not compared. Builds\n"
	"and boots nothing.\n"
	"\n"
	"  OLD NEW       their results folders\n"
	"  --margin X    ratios within 1 + X count as same (the plans': the smaller)\n"
	"  --json        JSON instead of tables: docs/results.md\n"
	"  --help        this text\n"
	"\n"
	"Exit status: 0 compared; 2 usage, a folder is missing or damaged, or the runs\n"
	"cannot be compared (other clock, other accelerator, nothing in common).\n";

bool comparedirs_wanted(int argc, char **argv)
{
	int i = 1;

	/* With --json a run may tell of its progress as well. */
	if (argc > 2 && !strcmp(argv[1], "--json"))
		i++;
	return argc > i && (*argv[i] != '-' ||
			    !strncmp(argv[i], "--margin", 8));
}

int comparedirs_margin(const char *option, const char *s, double *margin)
{
	char *end;

	*margin = strtod(s, &end);
	if (*s && !*end && *margin > 0 && *margin < 1)
		return 0;
	err("%s: '%s' is no number between 0 and 1, as 0.01 for 1 %%", option, s);
	return -1;
}

static int print_json(const struct dirs *d)
{
	json_t *o = dirs_json(d);
	int ret = json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(10));

	fputc('\n', stdout);
	json_decref(o);
	if (!ret && !fflush(stdout))
		return ST_OK;
	err("cannot write JSON to standard output");
	return ST_HARNESS;
}

int verb_comparedirs(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "margin", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	double margin = 0;
	bool json = false;
	struct dirs d;
	int c, ret = ST_OK;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		if (c == 'm' && comparedirs_margin("--margin", optarg, &margin))
			return ST_USAGE;
		json |= c == 'j';
		if (c == 'h') {
			fputs(help, stdout);
			return ST_OK;
		}
		if (c == '?') {
			err("compare: %s: not understood with two folders; see secmmu compare OLD NEW --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
	}
	if (argc - optind != 2) {
		err("compare: '%s': two results folders are compared, %d named; without one, a plan is run",
		    argv[optind < argc ? optind : argc - 1], argc - optind);
		return ST_USAGE;
	}
	if (dirs_load(argv[optind], argv[optind + 1], margin, &d))
		return ST_USAGE;
	if (json)
		ret = print_json(&d);
	else
		dirs_print(&d, stdout);
	dirs_free(&d);
	return ret;
}
