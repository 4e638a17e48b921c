// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pristine kernel source: see source.h. The user's own tree is in
 * source_own.c.
 */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"
#include "run.h"
#include "source_own.h"
#include "util.h"

/* What kvm-patches/ is for, unless a version says otherwise. */
#define DEFAULT_SERIES "6.12"

void source_free(struct source *s)
{
	free(s->dir);
	free(s->version);
	free(s->config);
	free(s->patches);
	free(s->origin);
	memset(s, 0, sizeof(*s));
}

/* The number after "NAME =" at the start of a line, or -1. */
static int make_number(const char *text, const char *name)
{
	const char *line;
	int value;
	char fmt[32];

	snprintf(fmt, sizeof(fmt), "%s = %%d", name);
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, fmt, &value) == 1)
			return value;
	}
	return -1;
}

/*
 * Of the folders CONFIG.Z, each for point releases up to Z, the one for release
 * @sub; without one, CONFIG itself, for the newest.
 */
static char *find_patches(const char *config, int sub)
{
	char *dir = xasprintf("%s/kvm-patches", top_dir());
	size_t n = strlen(config);
	struct dirent *e;
	uint64_t best = UINT64_MAX, z;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, config, n) && e->d_name[n] == '.' &&
		    !parse_u64(e->d_name + n + 1, (uint64_t)sub, best - 1, &z))
			best = z;
	if (d)
		closedir(d);
	free(dir);
	if (best == UINT64_MAX)
		return xstrdup(config);
	return xasprintf("%s.%" PRIu64, config, best);
}

int source_identify(const char *dir, const char *name, struct source *s)
{
	char *path = xasprintf("%s/Makefile", dir);
	char *text = NULL, *common = NULL;
	int ret = ST_USAGE;
	int v, p, sub;

	if (!path_exists(path)) {
		err("%s: no kernel tree (no Makefile in it)", name);
		goto out;
	}
	text = read_file(path, NULL);
	if (!text)
		goto out;
	v = make_number(text, "VERSION");
	p = make_number(text, "PATCHLEVEL");
	sub = make_number(text, "SUBLEVEL");
	if (v < 0 || p < 0 || sub < 0) {
		err("%s: no kernel tree (no version in its Makefile)", name);
		goto out;
	}
	common = xasprintf("%s/kvm-patches/linux-%d.%d", top_dir(), v, p);
	if (!path_exists(common)) {
		err("%s: Linux %d.%d.%d, but there are no patches for it (no folder kvm-patches/linux-%d.%d)",
		    name, v, p, sub, v, p);
		goto out;
	}
	s->version = xasprintf("%d.%d.%d", v, p, sub);
	s->config = xasprintf("linux-%d.%d", v, p);
	s->patches = find_patches(s->config, sub);
	ret = ST_OK;
out:
	free(common);
	free(text);
	free(path);
	return ret;
}

/* "6.12.117-1~deb12u1" is of point release "6.12.117". */
static bool is_release(const char *deb, const char *release)
{
	size_t n = strlen(release);

	return !strncmp(deb, release, n) && deb[n] == '-';
}

/* A release given, or anything that belongs to @series. */
static bool wanted(const char *deb, const char *series, const char *release)
{
	size_t n = strlen(series);

	if (release)
		return is_release(deb, release);
	return !strncmp(deb, series, n) && deb[n] == '.';
}

/* Versions compare like this as long as only numbers of one shape change. */
static void keep_newest(char **best, const char *deb)
{
	if (*best && strverscmp(*best, deb) >= 0)
		return;
	free(*best);
	*best = xstrdup(deb);
}

/* The newest version in apt's lists, or NULL. Prints nothing. */
static char *newest_listed(const char *package, const char *series,
			   const char *release)
{
	char *argv[] = { "apt-cache", "madison", (char *)package, NULL };
	char *text = proc_capture(argv, NULL);
	char *best = NULL, *save, *line, *deb;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		deb = strchr(line, '|');
		if (!deb)
			continue;
		deb += 1 + strspn(deb + 1, " ");
		deb[strcspn(deb, " |")] = '\0';
		/* It becomes the name of a folder. */
		if (wanted(deb, series, release) && !strchr(deb, '/'))
			keep_newest(&best, deb);
	}
	free(text);
	return best;
}

static char *newest_cached(const char *series, const char *release)
{
	char *dir = xasprintf("%s/source", cache_dir());
	struct dirent *e;
	char *best = NULL;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (wanted(e->d_name, series, release) &&
		    !strchr(e->d_name, '+'))
			keep_newest(&best, e->d_name);
	if (d)
		closedir(d);
	free(dir);
	return best;
}

/* The name of the only file in @dir that ends in @end, or NULL. */
static char *only_file(const char *dir, const char *end)
{
	struct dirent *e;
	char *path = NULL;
	DIR *d = opendir(dir);
	size_t n;

	while (d && !path && (e = readdir(d))) {
		n = strlen(e->d_name);
		if (n > strlen(end) && !strcmp(e->d_name + n - strlen(end), end))
			path = xasprintf("%s/%s", dir, e->d_name);
	}
	if (d)
		closedir(d);
	return path;
}

/* Unpack the package in @tmp to @tmp/linux-source-X.Y; its hash to .hash. */
static int unpack(const char *tmp, const char *package, struct run *r)
{
	char *deb = only_file(tmp, ".deb");
	char *tar = xasprintf("%s/x/usr/src/%s.tar.xz", tmp, package);
	char *x = xasprintf("%s/x", tmp);
	char *hash = xasprintf("%s/%s/.secmmu-hash", tmp, package);
	int ret = ST_HARNESS;
	char hex[65];

	if (!deb) {
		err("apt-get download left no package in %s", tmp);
		goto out;
	}
	r->what = "unpacking the kernel source";
	r->expect_s = 20;
	ret = run_args(r, "dpkg-deb", "-x", deb, x, NULL);
	if (ret == ST_OK)
		ret = run_args(r, "tar", "-xJf", tar, "-C", tmp, NULL);
	if (ret == ST_OK && (sha256_file(deb, hex) ||
			     write_file(hash, hex, strlen(hex))))
		ret = ST_HARNESS;
out:
	free(hash);
	free(x);
	free(tar);
	free(deb);
	return ret;
}

/* Download and unpack @package of version @deb to @dir. */
static int fetch(const char *package, const char *deb, bool quiet,
		 const char *dir)
{
	char *tmp = xasprintf("%s/source/download+", cache_dir());
	char *log = xasprintf("%s/source/download.log", cache_dir());
	char *spec = xasprintf("%s=%s", package, deb);
	char *tree = xasprintf("%s/%s", tmp, package);
	struct run r = {
		.what = "downloading the kernel source", .cwd = tmp,
		.log = log, .quiet = quiet, .expect_s = 20, .failed = ST_USAGE,
	};
	int ret = ST_HARNESS;

	if (remove_tree(tmp) || mkdir_p(tmp))
		goto out;
	if (!quiet)
		info("getting %s %s", package, deb);
	ret = run_args(&r, "apt-get", "-q", "download", spec, NULL);
	if (ret == ST_OK)
		ret = unpack(tmp, package, &r);
	if (ret == ST_OK && rename_path(tree, dir))
		ret = ST_HARNESS;
	remove_tree(tmp);
out:
	free(tree);
	free(spec);
	free(log);
	free(tmp);
	return ret;
}

static int nothing_listed(const char *package, const char *release)
{
	if (release)
		err("%s %s is not in apt's lists: `apt-cache madison %s` tells which are; after `apt-get update` there may be more",
		    package, release, package);
	else
		err("package %s is not in apt's lists: run `apt-get update` as root, or give a tree of your own with KERNEL_SRC=",
		    package);
	return ST_USAGE;
}

/* Choose a version, and have it in the cache: *@deb and @s->dir. */
static int get_package(const char *package, const char *series,
		       const char *release, bool quiet, char **deb,
		       struct source *s)
{
	char *cached = newest_cached(series, release);
	int ret = ST_OK;

	/* A release that was asked for does not depend on today's lists. */
	*deb = release && cached ? NULL : newest_listed(package, series, release);
	if (!*deb && !cached) {
		ret = nothing_listed(package, release);
		goto out;
	}
	if (!*deb)
		*deb = xstrdup(cached);
	s->dir = xasprintf("%s/source/%s", cache_dir(), *deb);
	if (!path_exists(s->dir))
		ret = fetch(package, *deb, quiet, s->dir);
	if (ret == ST_USAGE && cached) {
		info("could not get %s; going on with %s, which is in the cache",
		     *deb, cached);
		free(*deb);
		free(s->dir);
		*deb = xstrdup(cached);
		s->dir = xasprintf("%s/source/%s", cache_dir(), *deb);
		ret = ST_OK;
	} else if (ret == ST_USAGE) {
		err("could not get %s %s: is the network there? apt's lists may be old: run `apt-get update` as root",
		    package, *deb);
	}
out:
	free(cached);
	return ret;
}

static int get_distribution(const char *release, bool quiet, struct source *s)
{
	char *series = xstrdup(release ? release : DEFAULT_SERIES);
	char *package, *deb = NULL, *path = NULL, *hash = NULL;
	unsigned int a, b, c;
	char end;
	int ret = ST_USAGE;

	if (release && sscanf(release, "%u.%u.%u%c", &a, &b, &c, &end) != 3) {
		err("kernel version '%s' is not of the form 6.12.117", release);
		free(series);
		return ST_USAGE;
	}
	if (release)
		*strrchr(series, '.') = '\0';
	package = xasprintf("linux-source-%s", series);
	ret = get_package(package, series, release, quiet, &deb, s);
	if (ret != ST_OK)
		goto out;
	s->origin = xasprintf("%s %s", package, deb);
	path = xasprintf("%s/.secmmu-hash", s->dir);
	hash = read_file(path, NULL);
	if (!hash || strlen(hash) != 64) {
		err("%s is damaged: remove the folder", s->dir);
		ret = ST_HARNESS;
		goto out;
	}
	memcpy(s->hash, hash, 65);
	ret = source_identify(s->dir, s->origin, s);
out:
	free(hash);
	free(path);
	free(deb);
	free(package);
	free(series);
	return ret;
}

int source_get(const char *src, const char *version, bool quiet,
	       struct source *s)
{
	char *dir = xasprintf("%s/source", cache_dir());
	int ret;

	memset(s, 0, sizeof(*s));
	if (src && version) {
		err("a kernel version picks a package: it cannot be given together with a tree of your own (%s)",
		    src);
		ret = ST_USAGE;
	} else if (mkdir_p(dir)) {
		ret = ST_HARNESS;
	} else if (src) {
		ret = source_own(src, quiet, s);
	} else {
		ret = get_distribution(version, quiet, s);
	}
	if (ret != ST_OK)
		source_free(s);
	free(dir);
	return ret;
}
