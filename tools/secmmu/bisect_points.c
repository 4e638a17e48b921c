// SPDX-License-Identifier: GPL-2.0-only
#include "bisect_points.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"
#include "run.h"
#include "series.h"
#include "source.h"
#include "util.h"

static void add(struct bisect_points *p, const char *id, const char *name)
{
	strs_add(&p->ids, id, strlen(id));
	strs_add(&p->names, name, strlen(name));
}

static int end_of_series(const struct series *s, const char *option,
			 const char *value, uint64_t *n)
{
	if (!value || !parse_u64(value, 0, s->n, n))
		return ST_OK;
	err("%s: '%s' is no number from 0 to %zu (all patches of %s)", option, value,
	    s->n, s->folder);
	return ST_USAGE;
}

int bisect_points_series(const struct series *s, const char *good, const char *bad,
			 struct bisect_points *p)
{
	uint64_t from = s->n_stock, to = s->n;
	struct hash h;
	int ret;

	*p = (struct bisect_points){ .src = NULL };
	ret = end_of_series(s, "--good", good, &from);
	if (ret == ST_OK)
		ret = end_of_series(s, "--bad", bad, &to);
	if (ret == ST_OK && from >= to) {
		err("--good: %llu patches are no less than the %llu of --bad",
		    (unsigned long long)from, (unsigned long long)to);
		ret = ST_USAGE;
	}
	hash_init(&h);
	for (uint64_t i = 0; i < to && ret == ST_OK; i++)
		if (hash_path(&h, s->v[i].path))
			ret = ST_HARNESS;
	for (uint64_t i = from; i <= to && ret == ST_OK; i++) {
		char *id = xasprintf("%llu", (unsigned long long)i);

		hash_str(&h, id);
		add(p, id, i ? s->v[i - 1].name : "no patch");
		free(id);
	}
	hash_end(&h, p->hash);
	if (ret != ST_OK)
		bisect_points_free(p);
	return ret;
}

/* Prefixes of one series on another source are other points. */
static void hash_source(struct bisect_points *p, const struct source *s)
{
	struct hash h;

	hash_init(&h);
	hash_str(&h, p->hash);
	hash_str(&h, s->origin);
	hash_str(&h, s->hash);
	hash_end(&h, p->hash);
}

int bisect_points_source(const char *src, const char *version, const char *good,
			 const char *bad, struct bisect_points *p)
{
	char *name = xasprintf("%s/source.lock", cache_dir());
	struct series series = { 0 };
	struct source s = { 0 };
	int ret = ST_HARNESS, lock;

	if (!version && !src)
		version = getenv("KERNEL_VERSION");
	lock = mkdir_p(cache_dir()) ? -1 : lock_file(name, "the kernel source", true);
	if (lock >= 0)
		ret = source_get(src, version, false, &s);
	if (lock >= 0)
		close(lock);
	if (ret == ST_OK)
		ret = series_load(top_dir(), s.patches, &series);
	if (ret == ST_OK)
		ret = bisect_points_series(&series, good, bad, p);
	if (ret == ST_OK)
		hash_source(p, &s);
	series_free(&series);
	source_free(&s);
	free(name);
	return ret;
}

/* What git says in @dir, to be freed; NULL if it fails. */
static char *git(const char *dir, const char *a, const char *b, const char *c,
		 const char *d, const char *e)
{
	char *argv[] = {
		"git", "-c", "safe.directory=*", "-c", "log.showSignature=false",
		(char *)a, (char *)b, (char *)c, (char *)d, (char *)e, NULL,
	};

	return proc_capture(argv, dir);
}

/* Hash of a revision, to be freed; NULL with the error printed. */
static char *commit_of(const char *dir, const char *option, const char *rev)
{
	char *spec = xasprintf("%s^{commit}", rev);
	char *hash = git(dir, "rev-parse", "--verify", "--quiet",
			 "--end-of-options", spec);

	free(spec);
	if (hash)
		hash[strcspn(hash, "\n")] = '\0';
	else
		err("%s: %s has no revision '%s'", option, dir, rev);
	return hash;
}

/* "HASH SUBJECT" */
static void add_commit(struct bisect_points *p, struct hash *h, char *line)
{
	size_t n = strcspn(line, " ");
	char *name = xasprintf("%.12s%s", line, line + n);

	line[n] = '\0';
	hash_str(h, line);
	add(p, line, name);
	free(name);
}

static int list_commits(const char *dir, const char *good, const char *bad,
			struct bisect_points *p)
{
	char *range = xasprintf("%s..%s", good, bad);
	char *first = git(dir, "log", "--max-count=1", "--format=%H %s", good, NULL);
	char *rest = git(dir, "log", "--first-parent", "--reverse", "--format=%H %s",
			 range);
	char *save, *line;
	struct hash h;
	int ret = first && rest ? ST_OK : ST_HARNESS;

	hash_init(&h);
	if (ret == ST_OK) {
		first[strcspn(first, "\n")] = '\0';
		add_commit(p, &h, first);
		for (line = strtok_r(rest, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			add_commit(p, &h, line);
	} else {
		err("%s: git cannot list %s", dir, range);
	}
	hash_end(&h, p->hash);
	free(rest);
	free(first);
	free(range);
	return ret;
}

int bisect_points_git(const char *dir, const char *good, const char *bad,
		      struct bisect_points *p)
{
	char *inside = xasprintf("%s/.git", dir), *base = NULL;
	char *from = NULL, *to = NULL;
	int ret = ST_USAGE;

	*p = (struct bisect_points){ .src = realpath(dir, NULL) };
	if (!p->src || !path_exists(inside)) {
		err("--src: %s is no git tree", dir);
		goto out;
	}
	from = commit_of(dir, "--good", good);
	to = from ? commit_of(dir, "--bad", bad) : NULL;
	if (!to)
		goto out;
	base = git(dir, "merge-base", from, to, NULL, NULL);
	if (!base || strncmp(base, from, strlen(from)) || !strcmp(from, to)) {
		err("--good: %s is no ancestor of %s", good, bad);
		goto out;
	}
	ret = list_commits(dir, from, to, p);
out:
	free(base);
	free(from);
	free(to);
	free(inside);
	if (ret != ST_OK)
		bisect_points_free(p);
	return ret;
}

void bisect_points_free(struct bisect_points *p)
{
	free(p->src);
	strs_free(&p->names);
	strs_free(&p->ids);
	memset(p, 0, sizeof(*p));
}

/*
 * With an index of its own, so that the next commit costs what it changes, and without
 * what the user's configuration would have git write beside the index.
 */
int bisect_export(const char *dir, const char *commit, const char *out)
{
	char *log = xasprintf("%s.log", out);
	char *index = xasprintf("GIT_INDEX_FILE=%s.index", out);
	char *tree = xasprintf("--work-tree=%s", out);
	struct run r = {
		.what = "exporting a commit", .log = log, .expect_s = 20,
		.failed = ST_HARNESS,
	};
	int ret = ST_HARNESS;

	if (!mkdir_p(out))
		ret = run_args(&r, "env", index, "git", "-C", dir, tree,
			       "-c", "safe.directory=*", "-c", "core.splitIndex=false",
			       "-c", "core.fsmonitor=false", "-c", "core.sparseCheckout=false",
			       "read-tree", "--reset", "-u", commit, NULL);
	if (ret == ST_OK)
		remove_tree(log);
	free(tree);
	free(index);
	free(log);
	return ret;
}

void bisect_export_clean(const char *out)
{
	static const char *const parts[] = { "", ".index", ".index.lock" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char *path = xasprintf("%s%s", out, parts[i]);

		remove_tree(path);
		free(path);
	}
}
