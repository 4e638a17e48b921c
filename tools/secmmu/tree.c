// SPDX-License-Identifier: GPL-2.0-only
/* Source trees to build in: see tree.h. */
#include "tree.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "util.h"

void strings_add(struct strings *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i], s))
			return;
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = xstrdup(s);
}

void strings_free(struct strings *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

/*
 * What a tree holds is written down beside it: the hash of the pristine source
 * and the paths of the replaced files, one a line. While the tree is being
 * changed the hash is "changing".
 */
static char *state_path(const struct tree *t)
{
	return xasprintf("%s.state", t->dir);
}

static int write_state(const struct tree *t, const char *hash,
		       const struct strings *files)
{
	char *path = state_path(t);
	size_t len;
	char *text;
	FILE *f = xmemstream(&text, &len);
	int ret;

	fprintf(f, "%s\n", hash);
	for (size_t i = 0; i < files->n; i++)
		fprintf(f, "%s\n", files->v[i]);
	fclose(f);
	ret = write_file(path, text, len);
	free(text);
	free(path);
	return ret;
}

static char *read_state(const struct tree *t, struct strings *files)
{
	char *path = state_path(t);
	char *text = NULL, *hash = NULL, *save, *line;

	if (path_exists(path))
		text = read_file(path, NULL);
	if (text) {
		line = strtok_r(text, "\n", &save);
		hash = xstrdup(line ? line : "");
		while ((line = strtok_r(NULL, "\n", &save)))
			strings_add(files, line);
	}
	free(text);
	free(path);
	return hash;
}

static bool same_content(const char *a, const char *b)
{
	char ha[65], hb[65];

	return path_exists(a) && path_exists(b) && !sha256_file(a, ha) &&
	       !sha256_file(b, hb) && !strcmp(ha, hb);
}

/* By rename: @to may be a hard link to the pristine file. */
static int replace(const char *from, const char *to)
{
	char *dir = xstrdup(to);
	char *tmp = xasprintf("%s.new", to);
	int ret = -1;

	if (mkdir_p(dirname(dir)) || copy_file(from, tmp))
		goto out;
	if (rename(tmp, to))
		err("cannot write %s: %s", to, strerror(errno));
	else
		ret = 0;
out:
	free(tmp);
	free(dir);
	return ret;
}

/* Bring the file @name to what overlay or pristine source say. */
static int update_file(const struct tree *t, const struct strings *overlay,
		       const char *name)
{
	char *to = xasprintf("%s/%s", t->dir, name);
	bool replaced = false;
	char *from;
	int ret = 0;

	for (size_t i = 0; i < overlay->n && !replaced; i++)
		replaced = !strcmp(overlay->v[i], name);
	from = xasprintf("%s/%s", replaced ? t->overlay : t->src->dir, name);
	if (path_exists(from)) {
		if (!same_content(from, to))
			ret = replace(from, to);
	} else if (unlink(to) && errno != ENOENT) {
		err("cannot remove %s: %s", to, strerror(errno));
		ret = -1;
	}
	free(from);
	free(to);
	return ret;
}

/* A new tree is all hard links, which is quick and takes no space. */
static int make_links(const struct tree *t, const struct run *r)
{
	char *tmp = xasprintf("%s.new", t->dir);
	int ret = ST_HARNESS;

	if (remove_tree(tmp))
		goto out;
	ret = run_args(r, "cp", "-al", t->src->dir, tmp, NULL);
	if (ret == ST_OK && rename_path(tmp, t->dir))
		ret = ST_HARNESS;
out:
	free(tmp);
	return ret;
}

/* Another pristine source: all but the build folders and replaced files. */
static int follow_source(const struct tree *t, const struct strings *skip,
			 const struct run *r)
{
	char *list = xasprintf("%s.skip", t->dir);
	char *merge = xasprintf("--filter=merge %s", list);
	char *from = xasprintf("%s/", t->src->dir);
	size_t len;
	char *text;
	FILE *f = xmemstream(&text, &len);
	int ret = ST_HARNESS;

	fprintf(f, "- /o.*\n");
	for (size_t i = 0; i < skip->n; i++)
		fprintf(f, "- /%s\n", skip->v[i]);
	fclose(f);
	if (!write_file(list, text, len))
		ret = run_args(r, "rsync", "-rlp", "--checksum", "--delete",
			       merge, from, t->dir, NULL);
	free(text);
	free(from);
	free(merge);
	free(list);
	return ret;
}

int tree_update(const struct tree *t, bool quiet)
{
	char *log = xasprintf("%s.log", t->dir);
	struct strings all = { NULL, 0 };
	char *hash = read_state(t, &all);
	struct run r = {
		.what = "preparing a source tree", .log = log, .quiet = quiet,
		.expect_s = 30, .failed = ST_HARNESS,
	};
	int ret = ST_OK;

	for (size_t i = 0; i < t->files.n; i++)
		strings_add(&all, t->files.v[i]);
	if (!hash && remove_tree(t->dir))
		ret = ST_HARNESS;
	if (ret == ST_OK && !path_exists(t->dir)) {
		ret = make_links(t, &r);
		free(hash);
		hash = xstrdup(t->src->hash);
	}
	if (ret == ST_OK && write_state(t, "changing", &all))
		ret = ST_HARNESS;
	if (ret == ST_OK && (!hash || strcmp(hash, t->src->hash)))
		ret = follow_source(t, &all, &r);
	for (size_t i = 0; i < all.n && ret == ST_OK; i++)
		if (update_file(t, &t->files, all.v[i]))
			ret = ST_HARNESS;
	if (ret == ST_OK && write_state(t, t->src->hash, &t->files))
		ret = ST_HARNESS;
	strings_free(&all);
	free(hash);
	free(log);
	return ret;
}

int tree_touch(const struct tree *t, const struct tree *other)
{
	int ret = 0;

	for (size_t i = 0; i < t->files.n && !ret; i++) {
		char *path = xasprintf("%s/%s", t->dir, t->files.v[i]);
		char *theirs = xasprintf("%s/%s", other->dir, t->files.v[i]);

		if (path_exists(path) && !same_content(path, theirs))
			ret = replace(path, path);
		free(theirs);
		free(path);
	}
	return ret;
}
