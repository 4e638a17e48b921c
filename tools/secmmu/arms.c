// SPDX-License-Identifier: GPL-2.0-only
/* Parser of configs/arms.ini: see arms.h. */
#include "arms.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "inifile.h"
#include "suggest.h"
#include "util.h"

static bool valid_symbol(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && n <= 64 && !s[n] && strncmp(s, "CONFIG_", 7);
}

static int add(const char *path, const struct ini_entry *e, struct arms *a)
{
	bool pristine = !strcmp(e->value, "pristine");

	if (!valid_name(e->key, ARM_NAME_MAX)) {
		err("%s:%u: arm name '%s' is not made of 1 to %d of [a-z0-9_-]",
		    path, e->line, e->key, ARM_NAME_MAX);
		return ST_USAGE;
	}
	if (!pristine && !valid_symbol(e->value)) {
		err("%s:%u: '%s' is neither a Kconfig symbol (without CONFIG_) "
		    "nor 'pristine'", path, e->line, e->value);
		return ST_USAGE;
	}
	a->v = xrealloc(a->v, (a->n + 1) * sizeof(*a->v));
	a->v[a->n].name = xstrdup(e->key);
	a->v[a->n].symbol = pristine ? NULL : xstrdup(e->value);
	a->n++;
	return ST_OK;
}

static int parse(const char *path, struct arms *a)
{
	struct inifile f;
	int ret = ST_OK;

	if (inifile_load(path, &f)) {
		ret = ST_USAGE;
		goto out;
	}
	for (size_t i = 0; i < f.n; i++) {
		const struct ini_section *s = &f.sections[i];

		if (strcmp(s->name, "arms")) {
			err("%s:%u: unknown section [%s]: only [arms] is known",
			    path, s->line, s->name);
			ret = ST_USAGE;
			goto out;
		}
		for (size_t j = 0; j < s->n && ret == ST_OK; j++)
			ret = add(path, &s->entries[j], a);
	}
	if (ret == ST_OK && !a->n) {
		err("%s: no arm in it", path);
		ret = ST_USAGE;
	}
out:
	inifile_free(&f);
	return ret;
}

static void unknown_arm(const char *path, const char *name,
			const struct arms *a)
{
	const char **names = xcalloc(a->n, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < a->n; i++)
		names[i] = a->v[i].name;
	near = suggest(name, names, a->n);
	if (near)
		err("unknown arm '%s', did you mean '%s'? %s lists the arms",
		    name, near, path);
	else
		err("unknown arm '%s': %s lists the arms", name, path);
	free(names);
}

/* Keep those named in @names. */
static int choose(const char *path, const char *names, struct arms *a)
{
	bool *keep = xcalloc(a->n, sizeof(*keep));
	char *copy = xstrdup(names);
	char *save, *s;
	size_t n = 0;
	int ret = ST_OK;

	for (s = strtok_r(copy, " \t\n", &save); s && ret == ST_OK;
	     s = strtok_r(NULL, " \t\n", &save)) {
		const struct arm *arm = arms_find(a, s);

		if (!arm) {
			unknown_arm(path, s, a);
			ret = ST_USAGE;
		} else {
			keep[arm - a->v] = true;
		}
	}
	for (size_t i = 0; i < a->n; i++) {
		if (keep[i]) {
			a->v[n++] = a->v[i];
		} else {
			free(a->v[i].name);
			free(a->v[i].symbol);
		}
	}
	a->n = n;
	if (ret == ST_OK && !n) {
		err("no arm named: %s lists the arms", path);
		ret = ST_USAGE;
	}
	free(copy);
	free(keep);
	return ret;
}

int arms_load(const char *path, const char *names, struct arms *a)
{
	int ret;

	memset(a, 0, sizeof(*a));
	ret = parse(path, a);
	if (ret == ST_OK && names)
		ret = choose(path, names, a);
	if (ret != ST_OK)
		arms_free(a);
	return ret;
}

void arms_free(struct arms *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].name);
		free(a->v[i].symbol);
	}
	free(a->v);
	memset(a, 0, sizeof(*a));
}

const struct arm *arms_find(const struct arms *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->v[i].name, name))
			return &a->v[i];
	return NULL;
}
