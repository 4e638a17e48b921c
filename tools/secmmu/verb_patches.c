// SPDX-License-Identifier: GPL-2.0-only
/* secmmu patches: the series as a git tree, and back into patches. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "git.h"
#include "series.h"
#include "source.h"
#include "util.h"
#include "verbs.h"

#define DEFAULT_SERIES "linux-6.12"
#define CONTROLS       "kvm-patches/controls"

static void usage(FILE *f)
{
	fprintf(f,
"usage: secmmu patches --checkout [OPTION...] [DIR]\n"
"       secmmu patches [DIR]\n"
"       secmmu patches --check [OPTION...]\n"
"\n"
"The first makes a git tree in DIR: the pristine kernel source, tagged %s,\n"
"and one commit per patch of kvm-patches/linux-X.Y. Change it as you like: commit,\n"
"amend, rebase. The second turns the commits after %s back into patches.\n"
"An unchanged series gives unchanged files. The third tries the series on a\n"
"kernel source, and the controls on top of it unless the source is another than\n"
"theirs, and builds nothing.\n"
"\n"
"  --src DIR|TARBALL      a kernel source of your own, not for the second\n"
"  --kernel-version V     a point release, such as 6.12.107, likewise\n"
"  --help\n"
"\n"
"DIR is CACHE/tree/%s unless given; see secmmu kernel --help for CACHE.\n",
		GIT_BASE, GIT_BASE, DEFAULT_SERIES);
}

/* The lock is held until the process ends. */
static int get_series(const char *src, const char *version, struct source *s,
		      struct series *series)
{
	char *lock = xasprintf("%s/source.lock", cache_dir());
	int ret = ST_HARNESS;

	if (!mkdir_p(cache_dir()) &&
	    lock_file(lock, "the kernel source", true) >= 0)
		ret = source_get(src, version, false, s);
	if (ret == ST_OK)
		ret = series_load(top_dir(), s->patches, series);
	free(lock);
	return ret;
}

static int checkout(const char *src, const char *version, const char *dir)
{
	char *parent = xstrdup(dir);
	char *title = NULL, **paths = NULL;
	struct series series = { 0 };
	struct source s = { 0 };
	int ret = ST_HARNESS;

	if (path_exists(dir)) {
		err("%s is there already: remove it, or name another folder",
		    dir);
		ret = ST_USAGE;
		goto out;
	}
	if (mkdir_p(dirname(parent)))
		goto out;
	ret = get_series(src, version, &s, &series);
	if (ret != ST_OK)
		goto out;
	title = xasprintf("Linux %s, pristine\n\n%s", s.version, s.origin);
	paths = xcalloc(series.n + 1, sizeof(*paths));
	for (size_t i = 0; i < series.n; i++)
		paths[i] = series.v[i].path;
	ret = git_checkout(s.dir, title, paths, dir);
	if (ret == ST_OK)
		info("%s: Linux %s and %zu patches after the tag %s", dir,
		     s.version, series.n, GIT_BASE);
out:
	free(paths);
	free(title);
	series_free(&series);
	source_free(&s);
	free(parent);
	return ret;
}

/* Those of kvm-patches/controls, on top of the series that is in @out. */
static int try_controls(const struct source *s, const char *out)
{
	char *pattern = xasprintf("%s/" CONTROLS "/*.patch", top_dir());
	glob_t g = { 0 };
	int ret = ST_OK;

	if (glob(pattern, 0, NULL, &g)) {
		err(CONTROLS ": no control there");
		ret = ST_USAGE;
	}
	for (size_t i = 0; i < g.gl_pathc && ret == ST_OK; i++)
		ret = series_try(CONTROLS, g.gl_pathv[i], s->dir, s->version, out);
	if (ret == ST_OK)
		info(CONTROLS ": each of %zu applies on top", g.gl_pathc);
	globfree(&g);
	free(pattern);
	return ret;
}

static int check(const char *src, const char *version)
{
	char *out = xasprintf("%s/series-check", cache_dir());
	struct series series = { 0 };
	struct source s = { 0 };
	int ret = get_series(src, version, &s, &series);

	if (ret == ST_OK)
		ret = series_apply(&series, series.n, s.dir, s.version, out);
	if (ret == ST_OK)
		info("kvm-patches/%s: all %zu patches apply to Linux %s",
		     s.patches, series.n, s.version);
	/* They are written for the source that `secmmu controls` takes. */
	if (ret == ST_OK && !src && !version)
		ret = try_controls(&s, out);
	if (remove_tree(out) && ret == ST_OK)
		ret = ST_HARNESS;
	series_free(&series);
	source_free(&s);
	free(out);
	return ret;
}

/* Put folder @fresh in the place of @old: there is one or the other, always. */
static int swap_folders(const char *fresh, const char *old)
{
	unsigned int flags = path_exists(old) ? RENAME_EXCHANGE : 0;

	if (renameat2(AT_FDCWD, fresh, AT_FDCWD, old, flags)) {
		err("cannot rename %s to %s: %s", fresh, old, strerror(errno));
		return ST_HARNESS;
	}
	return remove_tree(fresh) ? ST_HARNESS : ST_OK;
}

static int export(const char *dir)
{
	struct series series = { 0 };
	struct source s = { 0 };
	char *name = NULL, *fresh = NULL, *old = NULL;
	int ret = ST_USAGE;

	if (!path_exists(dir)) {
		err("%s: no such tree: `secmmu patches --checkout` makes it",
		    dir);
		return ret;
	}
	ret = source_identify(dir, dir, &s);
	if (ret == ST_OK)
		ret = git_check_clean(dir);
	if (ret != ST_OK)
		goto out;
	name = xasprintf(".%s.new", s.patches);
	fresh = xasprintf("%s/kvm-patches/%s", top_dir(), name);
	old = xasprintf("%s/kvm-patches/%s", top_dir(), s.patches);
	ret = git_export(dir, fresh);
	if (ret == ST_OK)
		ret = series_load(top_dir(), name, &series);
	if (ret == ST_OK)
		ret = swap_folders(fresh, old);
	if (ret == ST_OK)
		info("kvm-patches/%s: %zu patches", s.patches, series.n);
	else
		remove_tree(fresh);
out:
	series_free(&series);
	source_free(&s);
	free(old);
	free(fresh);
	free(name);
	return ret;
}

/* The commands that are run do not all have our working folder. */
static char *absolute(const char *path)
{
	char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
	char *abs = cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);

	free(cwd);
	return abs;
}

int verb_patches(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "checkout", no_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'C' },
		{ "src", required_argument, NULL, 's' },
		{ "kernel-version", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *src = NULL, *version = NULL;
	bool do_checkout = false, do_check = false;
	char *dir;
	int ret, c;

	opterr = 0;	/* one line of error, ours */
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			do_checkout = true;
			break;
		case 'C':
			do_check = true;
			break;
		case 's':
			src = optarg;
			break;
		case 'k':
			version = optarg;
			break;
		case 'h':
			usage(stdout);
			return ST_OK;
		default:
			err("patches: '%s' is no option, or lacks its value: see secmmu patches --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
	}
	if (argc - optind > (do_check ? 0 : 1) || (do_check && do_checkout) ||
	    (!do_checkout && !do_check && (src || version))) {
		err("patches: options that do not go together, or too many arguments: see secmmu patches --help");
		return ST_USAGE;
	}
	if (do_check)
		return check(src, version);
	if (optind < argc)
		dir = absolute(argv[optind]);
	else
		dir = xasprintf("%s/tree/%s", cache_dir(), DEFAULT_SERIES);
	ret = do_checkout ? checkout(src, version, dir) : export(dir);
	free(dir);
	return ret;
}
