// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu report [DIR]\n"
	"\n"
	"Makes summary.json, report.html, results.ktap, junit.xml and kcidb.json of a\n"
	"results folder again, from its\n"
	"boots alone, and prints the table. An interrupted run is reported as far\n"
	"as it went, and is then taken for finished.\n"
	"\n"
	"  DIR      the results folder (default: results/latest)\n"
	"  --help   this text\n"
	"\n"
	"Exit status: 0 done; 2 the folder is missing or damaged: nothing was\n"
	"written; 3 secmmu itself broke.\n";

int verb_report(int argc, char **argv)
{
	char *latest = NULL;
	const char *dir;
	struct stat st;
	int ret;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return ST_OK;
	}
	if (argc > 2 || (argc == 2 && *argv[1] == '-')) {
		err("%s: not understood; secmmu report --help tells the usage",
		    argv[argc > 2 ? 2 : 1]);
		return ST_USAGE;
	}
	latest = xasprintf("%s/results/latest", top_dir());
	dir = argc == 2 ? argv[1] : latest;
	if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
		err("%s: no results folder there%s", dir, argc == 2 ? "" :
		    "; make compare makes one");
		ret = ST_USAGE;
	} else {
		ret = results_finish(dir, NULL);
		if (!ret)
			printf("\nReport: %s/report.html\n", dir);
	}
	free(latest);
	return ret;
}
