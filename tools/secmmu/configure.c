// SPDX-License-Identifier: GPL-2.0-only
/*
 * The .config of base and arms: see build.h.
 *
 * Kconfig asks the compiler some hundred questions, so it is not run where
 * nothing that it reads has changed. Each build folder has a stamp for that.
 */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "kconfig.h"
#include "util.h"

static char *fragment_path(const struct build *b, size_t i)
{
	return xasprintf("%s/configs/%s/%s.config", top_dir(), b->src.config,
			 b->lane.fragments.v[i]);
}

/* Fragments from the @first on, one after the other; NULL on failure. */
static char *read_fragments(const struct build *b, size_t first)
{
	char *text;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	bool bad = false;

	for (size_t i = first; i < b->lane.fragments.n && !bad; i++) {
		char *path = fragment_path(b, i);
		char *fragment = read_file(path, NULL);

		bad = !fragment;
		fprintf(f, "%s\n", fragment ? fragment : "");
		free(fragment);
		free(path);
	}
	fclose(f);
	if (!bad)
		return text;
	free(text);
	return NULL;
}

static bool is_kconfig(const char *path)
{
	const char *name = strrchr(path, '/');

	return !strncmp(name ? name + 1 : path, "Kconfig", 7) ||
	       !strncmp(path, "scripts/", 8);
}

/* The replaced files that Kconfig reads. */
static int hash_overlay(struct hash *h, const struct tree *t)
{
	int ret = 0;

	for (size_t i = 0; i < t->files.n && !ret; i++) {
		char *path = xasprintf("%s/%s", t->overlay, t->files.v[i]);

		if (is_kconfig(t->files.v[i])) {
			hash_str(h, t->files.v[i]);
			ret = hash_path(h, path);
		}
		free(path);
	}
	return ret;
}

/* All that the .config of @name depends on; free() it. NULL on failure. */
static char *make_stamp(const struct build *b, const char *name)
{
	struct hash h;
	char hex[65];
	int ret;

	hash_init(&h);
	hash_str(&h, b->src.hash);
	hash_str(&h, b->compiler);
	for (size_t i = 0; i < b->all.n; i++)
		hash_str(&h, b->all.v[i].symbol ? b->all.v[i].symbol : "");
	ret = hash_overlay(&h, &b->patched) || hash_overlay(&h, &b->stock);
	for (size_t i = 0; i < b->lane.fragments.n && !ret; i++) {
		char *path = fragment_path(b, i);

		ret = hash_path(&h, path);
		free(path);
	}
	hash_end(&h, hex);
	return ret ? NULL : xasprintf("%s %s\n", hex, name);
}

static bool has_stamp(const char *odir, const char *stamp)
{
	char *path = xasprintf("%s/.secmmu-config", odir);
	char *config = xasprintf("%s/.config", odir);
	char *text = NULL;
	bool same;

	if (path_exists(path) && path_exists(config))
		text = read_file(path, NULL);
	same = text && !strcmp(text, stamp);
	free(text);
	free(config);
	free(path);
	return same;
}

static int put_stamp(const char *odir, const char *stamp)
{
	char *path = xasprintf("%s/.secmmu-config", odir);
	int ret = write_file(path, stamp, strlen(stamp)) ? ST_HARNESS : ST_OK;

	free(path);
	return ret;
}

/* A .config that did not change keeps its time: make has nothing to do then. */
static int put_config(const char *odir, const char *text)
{
	char *path = xasprintf("%s/.config", odir);
	char *old = path_exists(path) ? read_file(path, NULL) : NULL;
	int ret = ST_OK;

	if ((!old || strcmp(old, text)) &&
	    (mkdir_p(odir) || write_file(path, text, strlen(text))))
		ret = ST_HARNESS;
	free(old);
	free(path);
	return ret;
}

/* What @target makes of @tree's .config, o.config/.config; NULL on failure. */
static char *run_kconfig(struct build *b, const char *tree, char *target)
{
	char *targets[] = { target, NULL };
	char *odir = xasprintf("%s/o.config", tree);
	char *path = xasprintf("%s/.config", odir);
	char *out = NULL;

	if (build_make(b, "configuring", tree, odir, 5, targets) == ST_OK)
		out = read_file(path, NULL);
	free(path);
	free(odir);
	return out;
}

/* Complete @text by olddefconfig with the Kconfig files of @tree. */
static char *complete(struct build *b, const char *tree, const char *text)
{
	char *odir = xasprintf("%s/o.config", tree);
	int ret = put_config(odir, text);

	free(odir);
	return ret == ST_OK ? run_kconfig(b, tree, "olddefconfig") : NULL;
}

/* Every option that was asked for has to be there: Kconfig drops them silently. */
static int check_fragment(const struct build *b, size_t i)
{
	char *path = fragment_path(b, i);
	char *text = read_file(path, NULL);
	char *later = read_fragments(b, i + 1);
	int ret = text && later ? ST_OK : ST_USAGE;
	char *lacks = NULL;
	unsigned int line;

	if (ret == ST_OK)
		lacks = kconfig_lacks(b->config, text, later, &line);
	if (lacks) {
		err("configs/%s/%s.config:%u: %s is not in the .config that Linux %s makes of it: what does it depend on?",
		    b->src.config, b->lane.fragments.v[i], line, lacks,
		    b->src.version);
		ret = ST_USAGE;
	}
	free(lacks);
	free(later);
	free(text);
	free(path);
	return ret;
}

static int make_base(struct build *b)
{
	char *tiny = run_kconfig(b, b->patched.dir, "tinyconfig");
	char *fragments = read_fragments(b, 0);
	/* The last assignment wins. */
	char *text = xasprintf("%s\n%s", tiny ? tiny : "",
			       fragments ? fragments : "");
	int ret = !tiny ? ST_HARNESS : !fragments ? ST_USAGE : ST_OK;

	if (ret == ST_OK) {
		b->config = complete(b, b->patched.dir, text);
		ret = b->config ? ST_OK : ST_HARNESS;
	}
	for (size_t i = 0; i < b->lane.fragments.n && ret == ST_OK; i++)
		ret = check_fragment(b, i);
	if (ret != ST_OK && sig_pending())
		ret = ST_INTR;
	free(text);
	free(fragments);
	free(tiny);
	return ret;
}

int configure_base(struct build *b, const char *odir)
{
	char *stamp = make_stamp(b, "base");
	char *path = xasprintf("%s/.config", odir);
	int ret = ST_HARNESS;

	if (!stamp)
		goto out;
	if (has_stamp(odir, stamp)) {
		b->config = read_file(path, NULL);
		ret = b->config ? ST_OK : ST_HARNESS;
		goto out;
	}
	ret = make_base(b);
	if (ret == ST_OK)
		ret = put_config(odir, b->config);
	if (ret == ST_OK)
		ret = put_stamp(odir, stamp);
out:
	free(path);
	free(stamp);
	return ret;
}

/*
 * In a prefix of the series that does not offer the arm's lock yet, the arm is KVM as
 * that prefix has it.
 */
static bool comes_later(const struct build *b, const struct arm *arm)
{
	return b->o->prefix && !series_defines(&b->series, arm->symbol);
}

static int make_arm(struct build *b, const struct arm *arm, const char *tree,
		    const char *odir)
{
	char *text = kconfig_switch(b->config, &b->all, arm);
	char *config = complete(b, tree, text);
	char *want = NULL, *lacks = NULL;
	int ret = ST_HARNESS;
	unsigned int line;

	if (!config) {
		ret = sig_pending() ? ST_INTR : ST_HARNESS;
		goto out;
	}
	if (arm->symbol && !comes_later(b, arm)) {
		want = xasprintf("CONFIG_%s=y", arm->symbol);
		lacks = kconfig_lacks(config, want, "", &line);
	}
	if (lacks) {
		err("arm %s: %s does not stay in the .config: is the symbol of configs/arms.ini in a Kconfig file of the series?",
		    arm->name, lacks);
		ret = ST_USAGE;
	} else {
		ret = put_config(odir, config);
	}
out:
	free(lacks);
	free(want);
	free(config);
	free(text);
	return ret;
}

int configure_arm(struct build *b, const struct arm *arm, const char *tree,
		  const char *odir)
{
	char *name = xasprintf("arm %s", arm->name);
	char *stamp = make_stamp(b, name);
	int ret = ST_OK;

	if (!stamp)
		ret = ST_HARNESS;
	else if (!has_stamp(odir, stamp))
		ret = make_arm(b, arm, tree, odir);
	if (ret == ST_OK)
		ret = put_stamp(odir, stamp);
	free(stamp);
	free(name);
	return ret;
}
