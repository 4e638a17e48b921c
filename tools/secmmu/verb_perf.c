// SPDX-License-Identifier: GPL-2.0-only
/* Looking at what make compare PERF=1 has kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "perfdata.h"
#include "strs.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu perf FILE COMMAND [ARGUMENT...]\n"
	"\n"
	"Runs perf, of the kernel's source (or $SECMMU_PERF), on a perf.data that make compare\n"
	"PERF=1 has kept, with the symbols of the guest's kernel and modules. Recipes are\n"
	"in docs/perf.md. For example\n"
	"\n"
	"  secmmu perf results/latest/boot-000/perf/03-mutex-a-mremap.data report\n"
	"  secmmu perf FILE lock contention --threads\n"
	"\n"
	"  --help   this text\n"
	"\n"
	"Exit status: 0 as perf's; 1 perf failed; 2 usage, or a file is missing; 3 secmmu\n"
	"itself broke.\n";

/* perf COMMAND -i FILE --kallsyms SYMBOLS ARGUMENT... */
static int run_perf(const char *perf, const char *data, const char *symbols,
		    int argc, char **argv)
{
	struct strs v = { 0 };
	struct proc p = { 0 };
	int i, ret;

	strs_push(&v, perf);
	/* No pager, no menus: the same on a terminal and in a script. */
	strs_push(&v, "--no-pager");
	strs_push(&v, argv[0]);
	strs_push(&v, "-i");
	strs_push(&v, data);
	/* These two take no symbols. */
	if (strcmp(argv[0], "evlist") && strcmp(argv[0], "sched")) {
		strs_push(&v, "--kallsyms");
		strs_push(&v, symbols);
	}
	for (i = 1; i < argc; i++)
		strs_push(&v, argv[i]);
	p.argv = v.v;
	ret = proc_run(&p);
	strs_free(&v);
	if (ret < 0)
		return ret == -2 ? ST_INTR : ST_HARNESS;
	return ret ? ST_FAIL : ST_OK;
}

int verb_perf(int argc, char **argv)
{
	char symbols[] = "/tmp/secmmu-symbols-XXXXXX", *perf = NULL;
	struct kernel_opts o = { 0 };
	int fd, ret = ST_USAGE;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return ST_OK;
	}
	if (argc < 3 || *argv[1] == '-') {
		err("perf: %s; see secmmu perf --help", argc < 2 ? "no FILE" :
		    *argv[1] == '-' ? argv[1] : "no COMMAND for FILE");
		return ST_USAGE;
	}
	if (access(argv[1], R_OK)) {
		err("%s: %s", argv[1], strerror(errno));
		return ST_USAGE;
	}
	fd = mkstemp(symbols);
	if (fd < 0) {
		err("cannot make %s: %s", symbols, strerror(errno));
		return ST_HARNESS;
	}
	close(fd);
	if (perfdata_symbols(argv[1], symbols))
		goto out;
	ret = ST_OK;
	if (getenv("SECMMU_PERF"))
		perf = xstrdup(getenv("SECMMU_PERF"));
	else
		ret = kernel_perf(&o, &perf);
	if (ret == ST_OK)
		ret = run_perf(perf, argv[1], symbols, argc - 2, argv + 2);
out:
	unlink(symbols);
	free(perf);
	return ret;
}
