// SPDX-License-Identifier: GPL-2.0-only
/* secmmu sites: which of the kernel's notifier call sites a run has fired. */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "series.h"
#include "sites.h"
#include "source.h"
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
	"  --src DIR|TARBALL      the source (default: that of the run)\n"
	"  --kernel-version V     or the distribution's, a point release of it\n"
	"  --help                 this text\n"
	"\n"
	"Exit status: 0 every site was fired and its oracle passed, or\n"
	"configs/sites.ini says why not; 1 not so; 2 the folder is missing or\n"
	"damaged; 3 secmmu itself broke.\n";

struct options {
	const char *src, *version, *dir;
};

/* The run's own source, unless the user names one. NULL after an error. */
static json_t *source_of_run(struct options *o)
{
	char *path = xasprintf("%s/manifest.json", o->dir);
	const char *origin = "", *version = NULL;
	json_error_t e;
	json_t *m = json_load_file(path, 0, &e);

	if (!m)
		err("%s: %s", path, e.text);
	if (m && !o->src && !o->version) {
		json_unpack(m, "{s:{s:{s:s, s:s}}}", "kernel", "source",
			    "origin", &origin, "version", &version);
		o->src = *origin == '/' ? origin : NULL;
		o->version = *origin == '/' ? NULL : version;
	}
	free(path);
	return m;
}

static int get_source(const struct options *o, struct source *s)
{
	char *lock = xasprintf("%s/source.lock", cache_dir());
	int ret = ST_HARNESS, fd = -1;

	if (!mkdir_p(cache_dir()))
		fd = lock_file(lock, "the kernel source", true);
	if (fd >= 0) {
		ret = source_get(o->src, o->version, true, s);
		close(fd);
	}
	free(lock);
	return ret;
}

static int report(const struct options *o, const char *tree, const char *overlay)
{
	char *ini = xasprintf("%s/configs/sites.ini", top_dir());
	char *json = xasprintf("%s/sites.json", o->dir);
	struct sites *s = sites_load(tree, overlay, ini, o->dir);
	int ret = ST_USAGE;

	if (s) {
		ret = ST_HARNESS;
		sites_print(s, stdout);
		if (!sites_write(s, json))
			ret = sites_complete(s) ? ST_OK : ST_FAIL;
		sites_free(s);
	}
	free(json);
	free(ini);
	return ret;
}

static int sites(struct options *o)
{
	char *tmp = xasprintf("%s/.sites.%d", o->dir, getpid());
	char *overlay = xasprintf("%s/series", tmp);
	struct series series = { 0 };
	struct source source = { 0 };
	json_t *manifest = source_of_run(o);
	int ret = manifest ? get_source(o, &source) : ST_USAGE;

	if (ret == ST_OK && mkdir_p(tmp))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = series_load(top_dir(), source.patches, &series);
	if (ret == ST_OK)
		ret = series_apply(&series, series.n, source.dir,
				   source.version, overlay);
	if (ret == ST_OK) {
		printf("Call sites of MMU notifiers: Linux %s with kvm-patches/%s; fired in %s\n\n",
		       source.version, source.patches, o->dir);
		ret = report(o, source.dir, overlay);
	}
	if (remove_tree(tmp) && ret == ST_OK)
		ret = ST_HARNESS;
	json_decref(manifest);
	series_free(&series);
	source_free(&source);
	free(overlay);
	free(tmp);
	return ret;
}

int verb_sites(int argc, char **argv)
{
	static const struct option longopts[] = {
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
