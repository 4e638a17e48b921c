// SPDX-License-Identifier: GPL-2.0-only
/* secmmu sites: which of the kernel's notifier call sites a run has fired. */
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "folder.h"
#include "sites.h"
#include "sites_beside.h"
#include "sites_record.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu sites [OPTION...] [DIR]\n"
	"\n"
	"Finds every function that calls MMU notifiers in the kernel's source, with\n"
	"the series applied, and prints which of them have been fired on memory that\n"
	"a live guest had mapped, by which events, and what their oracles said.\n"
	"Writes the same as sites.json into the results folder.\n"
	"\n"
	"  DIR                    the results folder (default: results/latest)\n"
	"  --beside DIR           what that run of the same kernel has fired, in a\n"
	"                         column of its own; kept with the run\n"
	"  --src DIR|TARBALL      the source (default: that of the run)\n"
	"  --kernel-version V     or the distribution's, a point release of it\n"
	"  --help                 this text\n"
	"\n"
	"Exit status: 0 every site was fired and its oracle passed, or\n"
	"configs/sites.ini says why it was not, or not first; 1 not so; 2 the folder is missing or\n"
	"damaged; 3 secmmu itself broke.\n";

struct options {
	const char *src, *version, *beside, *dir;
};

static int report(struct sites *s, const char *dir)
{
	char *json = xasprintf("%s/sites.json", dir);
	int ret = ST_HARNESS;

	sites_print(s, stdout);
	if (!sites_write(s, json))
		ret = sites_complete(s) ? ST_OK : ST_FAIL;
	free(json);
	return ret;
}

static int sites(const struct options *o)
{
	int ret = sites_record(o->dir, o->src, o->version);
	struct sites *s = NULL;
	struct folder f;

	if (ret == ST_OK && o->beside)
		ret = sites_beside_write(o->dir, o->beside);
	if (ret != ST_OK)
		return ret;
	if (folder_load(o->dir, &f))
		return ST_USAGE;
	ret = ST_USAGE;
	if (!sites_of_run(&f, &s)) {
		printf("Call sites of MMU notifiers fired in %s\n\n", o->dir);
		ret = report(s, o->dir);
	}
	sites_free(s);
	folder_free(&f);
	return ret;
}

int verb_sites(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "beside", required_argument, NULL, 'b' },
		{ "src", required_argument, NULL, 's' },
		{ "kernel-version", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct options o = { 0 };
	struct stat st;
	char *dir;
	int ret, c;

	opterr = 0;	/* one line of error, ours */
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'b':
			o.beside = optarg;
			break;
		case 's':
			o.src = optarg;
			break;
		case 'k':
			o.version = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return ST_OK;
		default:
			err("sites: '%s' is no option, or lacks its value: see secmmu sites --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
	}
	if (argc - optind > 1) {
		err("sites: unexpected '%s': see secmmu sites --help",
		    argv[optind + 1]);
		return ST_USAGE;
	}
	/* git is run in the folder of the series: the path has to be absolute. */
	dir = optind < argc ? realpath(argv[optind], NULL) :
			      xasprintf("%s/results/latest", top_dir());
	if (!dir || stat(dir, &st) || !S_ISDIR(st.st_mode)) {
		err("%s: no results folder there; make compare makes one",
		    optind < argc ? argv[optind] : dir);
		free(dir);
		return ST_USAGE;
	}
	o.dir = dir;
	ret = sites(&o);
	free(dir);
	return ret;
}
