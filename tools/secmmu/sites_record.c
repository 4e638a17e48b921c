// SPDX-License-Identifier: GPL-2.0-only
#include "sites_record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callsites.h"
#include "series.h"
#include "source.h"
#include "util.h"

/* The run's own source, unless the caller names one. NULL after an error. */
static json_t *source_of_run(const char *dir, const char **src,
			     const char **version)
{
	char *path = xasprintf("%s/manifest.json", dir);
	const char *origin = "", *number = NULL;
	json_error_t e;
	json_t *m = json_load_file(path, 0, &e);

	if (!m)
		err("%s: %s", path, e.text);
	if (m && !*src && !*version) {
		json_unpack(m, "{s:{s:{s:s, s:s}}}", "kernel", "source",
			    "origin", &origin, "version", &number);
		*src = *origin == '/' ? origin : NULL;
		*version = *origin == '/' ? NULL : number;
	}
	free(path);
	return m;
}

static int get_source(const char *src, const char *version, struct source *s)
{
	char *lock = xasprintf("%s/source.lock", cache_dir());
	int ret = ST_HARNESS, fd = -1;

	if (!mkdir_p(cache_dir()))
		fd = lock_file(lock, "the kernel source", true);
	if (fd >= 0) {
		ret = source_get(src, version, true, s);
		close(fd);
	}
	free(lock);
	return ret;
}

static int write_list(const char *dir, const struct source *s,
		      const char *overlay)
{
	char *path = xasprintf("%s/callsites.json", dir);
	struct callsites found;
	int ret = ST_USAGE;

	if (!callsites_find(s->dir, overlay, &found)) {
		found.kernel = xasprintf("Linux %s with kvm-patches/%s",
					 s->version, s->patches);
		ret = callsites_write(&found, path) ? ST_HARNESS : ST_OK;
		callsites_free(&found);
	}
	free(path);
	return ret;
}

int sites_record(const char *dir, const char *src, const char *version)
{
	char *tmp = xasprintf("%s/.sites.%d", cache_dir(), getpid());
	char *overlay = xasprintf("%s/series", tmp);
	struct series series = { 0 };
	struct source source = { 0 };
	json_t *manifest = source_of_run(dir, &src, &version);
	int ret = manifest ? get_source(src, version, &source) : ST_USAGE;

	if (ret == ST_OK && mkdir_p(tmp))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = series_load(top_dir(), source.patches, &series);
	if (ret == ST_OK)
		ret = series_apply(&series, series.n, source.dir,
				   source.version, overlay);
	if (ret == ST_OK)
		ret = write_list(dir, &source, overlay);
	if (remove_tree(tmp) && ret == ST_OK)
		ret = ST_HARNESS;
	json_decref(manifest);
	series_free(&series);
	source_free(&source);
	free(overlay);
	free(tmp);
	return ret;
}
