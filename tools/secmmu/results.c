// SPDX-License-Identifier: GPL-2.0-only
#include "results.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "jsonio.h"
#include "resume.h"
#include "util.h"

/* The folder that base/latest points at, if it is one of ours. */
static char *latest_dir(const char *base)
{
	char *link = xasprintf("%s/latest", base);
	char id[NAME_MAX + 1];
	char *dir = NULL;
	ssize_t n;

	n = readlink(link, id, sizeof(id) - 1);
	if (n > 0) {
		id[n] = '\0';
		if (!strchr(id, '/') && *id != '.')
			dir = xasprintf("%s/%s", base, id);
	}
	free(link);
	return dir;
}

static bool has(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	bool yes = path_exists(path);

	free(path);
	return yes;
}

/* Whether the run in @dir is one that has to go on, and that we can go on with. */
static bool resumable(const char *dir, json_t *identity, const uint64_t *seed,
		      uint64_t *its_seed)
{
	char *path = xasprintf("%s/manifest.json", dir);
	json_t *m = json_load_file(path, 0, NULL);
	json_t *s = json_object_get(m, "seed");
	bool ok;

	ok = json_is_integer(s) &&
	     json_equal(json_object_get(m, "identity"), identity) &&
	     (!has(dir, "summary.json") || resume_killed(dir));
	if (ok) {
		*its_seed = (uint64_t)json_integer_value(s);
		ok = !seed || *seed == *its_seed;
	}
	json_decref(m);
	free(path);
	return ok;
}

static int random_seed(uint64_t *seed)
{
	uint32_t v;

	/* 32 bits are enough, and short to type. */
	if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v)) {
		err("getrandom: %s", strerror(errno));
		return -1;
	}
	*seed = v;
	return 0;
}

static char *new_dir(const char *base, const char *plan)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	char *dir;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (unsigned int i = 0; i < 100; i++) {
		dir = i ? xasprintf("%s/%s-%s-%u", base, stamp, plan, i) :
			  xasprintf("%s/%s-%s", base, stamp, plan);
		if (!mkdir(dir, 0777))
			return dir;
		if (errno != EEXIST)
			break;
		free(dir);
	}
	err("cannot make folder %s/%s-%s: %s", base, stamp, plan,
	    strerror(errno));
	return NULL;
}

int results_open(const char *base, const char *plan, json_t *identity,
		 const uint64_t *seed, struct results *r)
{
	char *lock = xasprintf("%s/.lock", base);
	char *old;
	int ret = ST_HARNESS;

	memset(r, 0, sizeof(*r));
	r->lock = -1;
	if (mkdir_p(base))
		goto out;
	r->lock = lock_file(lock, base, false);
	if (r->lock < 0) {
		ret = ST_USAGE;
		goto out;
	}
	r->base = xstrdup(base);
	old = latest_dir(base);
	if (old && resumable(old, identity, seed, &r->seed)) {
		r->dir = old;
		r->resumed = true;
		ret = ST_OK;
		goto out;
	}
	free(old);
	if (seed)
		r->seed = *seed;
	else if (random_seed(&r->seed))
		goto out;
	r->dir = new_dir(base, plan);
	if (r->dir)
		ret = ST_OK;
out:
	free(lock);
	if (ret != ST_OK)
		results_close(r);
	return ret;
}

int results_resume(const char *dir, uint64_t seed, struct results *r)
{
	char *path = realpath(dir, NULL), *slash, *lock;

	memset(r, 0, sizeof(*r));
	r->lock = -1;
	slash = path ? strrchr(path, '/') : NULL;
	if (!slash || slash == path) {
		err("%s: no folder of a run", dir);
		free(path);
		return ST_USAGE;
	}
	r->base = xasprintf("%.*s", (int)(slash - path), path);
	r->dir = path;
	r->seed = seed;
	r->resumed = true;
	lock = xasprintf("%s/.lock", r->base);
	r->lock = lock_file(lock, r->base, false);
	free(lock);
	if (r->lock >= 0)
		return ST_OK;
	results_close(r);
	return ST_USAGE;
}

static int point_latest(const struct results *r)
{
	char *link = xasprintf("%s/latest", r->base);
	char *tmp = xasprintf("%s/.latest.tmp", r->base);
	const char *id = strrchr(r->dir, '/') + 1;
	int ret = 0;

	unlink(tmp);
	if (symlink(id, tmp) || rename(tmp, link)) {
		err("cannot make link %s: %s", link, strerror(errno));
		ret = -1;
	}
	free(tmp);
	free(link);
	return ret;
}

int results_manifest(struct results *r, json_t *identity, json_t *manifest)
{
	char *path;
	int ret = -1;

	r->run = resume_run_id(identity, r->seed);
	if (r->resumed)
		return point_latest(r);
	json_object_set_new(manifest, "run", json_string(r->run));
	json_object_set_new(manifest, "id",
			    json_string(strrchr(r->dir, '/') + 1));
	json_object_set_new(manifest, "seed",
			    json_integer((json_int_t)r->seed));
	json_object_set(manifest, "identity", identity);
	path = xasprintf("%s/manifest.json", r->dir);
	if (!jsonio_write(manifest, path, JSON_INDENT(1)) &&
	    !sync_path(r->dir) && !sync_path(r->base))
		ret = point_latest(r);
	free(path);
	return ret;
}

int results_boots(const struct results *r, unsigned int boots)
{
	char *path = xasprintf("%s/manifest.json", r->dir);
	json_error_t e;
	json_t *m = json_load_file(path, 0, &e);
	int ret = -1;

	if (!m || !json_is_object(json_object_get(m, "plan_spec"))) {
		err("%s:%d: %s", path, e.line, m ? "no plan_spec" : e.text);
		goto out;
	}
	json_object_set_new(json_object_get(m, "plan_spec"), "boots",
			    json_integer(boots));
	ret = jsonio_write(m, path, JSON_INDENT(1));
out:
	json_decref(m);
	free(path);
	return ret;
}

void results_close(struct results *r)
{
	if (r->lock >= 0)
		close(r->lock);
	r->lock = -1;
	free(r->dir);
	free(r->base);
	free(r->run);
	r->dir = NULL;
	r->base = NULL;
	r->run = NULL;
}
