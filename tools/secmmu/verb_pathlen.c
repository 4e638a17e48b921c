// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pathlen.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu pathlen [OPTION...] DIR         the arms of a run\n"
	"       secmmu pathlen [OPTION...] OLD NEW     two kernels, or two series\n"
	"\n"
	"Judges whether the path of an invalidation or of a page fault, in instructions,\n"
	"has changed by a threshold or more; from results folders of runs with the icount\n"
	"clock, or newly made with make pathlen. docs/pathlen.md tells how.\n"
	"\n"
	"  --threshold X   such a change counts (0.01: 1 %)\n"
	"  --only NAME     one arm (of two runs), or one pair a/b (of the arms of a run)\n"
	"  --json          JSON instead of the table\n"
	"  --help          this text\n"
	"\n"
	"Exit status: 0 the same everywhere; 1 changed somewhere; 2 usage, a folder is\n"
	"missing or damaged, or cannot be compared; 3 not enough boots to say, or A/A is\n"
	"broken, or secmmu itself broke.\n";

struct options {
	double threshold;
	const char *only;
	bool json;
};

/* Return: ST_OK, ST_USAGE, or -1 if the help was wanted. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longopts[] = {
		{ "threshold", required_argument, NULL, 't' },
		{ "only", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (c == '?') {
			err("pathlen: %s: not understood; see secmmu pathlen --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
		if (c == 't' && comparedirs_margin("--threshold", optarg, &o->threshold))
			return ST_USAGE;
		if (c == 'o')
			o->only = optarg;
		o->json |= c == 'j';
	}
	if (argc - optind == 1 || argc - optind == 2)
		return ST_OK;
	err("pathlen: one results folder or two, not %d; see secmmu pathlen --help",
	    argc - optind);
	return ST_USAGE;
}

static int show(const struct pathlen *p, bool json)
{
	json_t *o;
	int bad;

	if (json) {
		o = pathlen_json(p);
		bad = json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
		fputc('\n', stdout);
		json_decref(o);
	} else {
		pathlen_print(p, stdout);
		bad = 0;
	}
	if (!bad && !fflush(stdout) && !ferror(stdout))
		return 0;
	err("cannot write to standard output");
	return -1;
}

int verb_pathlen(int argc, char **argv)
{
	static const int status[] = {
		[PATHLEN_SAME] = ST_OK,
		[PATHLEN_CHANGED] = ST_FAIL,
		[PATHLEN_NOT_ENOUGH] = ST_HARNESS,
	};
	struct options o = { .threshold = PATHLEN_THRESHOLD };
	struct pathlen p;
	int ret = parse(argc, argv, &o);

	if (ret < 0) {
		fputs(help, stdout);
		return ST_OK;
	}
	if (ret != ST_OK)
		return ret;
	if (argc - optind == 1)
		ret = pathlen_arms(argv[optind], o.only, o.threshold, &p);
	else
		ret = pathlen_runs(argv[optind], argv[optind + 1], o.only,
				   o.threshold, &p);
	if (ret)
		return ST_USAGE;
	ret = show(&p, o.json) ? ST_HARNESS : status[p.verdict];
	pathlen_free(&p);
	return ret;
}
