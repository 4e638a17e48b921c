// SPDX-License-Identifier: GPL-2.0-only
/* Parser of configs/lanes.ini: see lanes.h. */
#include "lanes.h"

#include <stdlib.h>
#include <string.h>

#include "inifile.h"
#include "suggest.h"
#include "util.h"

static void unknown(const char *path, const char *name,
		    const struct ini_section *s)
{
	const char **names = xcalloc(s->n, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < s->n; i++)
		names[i] = s->entries[i].key;
	near = suggest(name, names, s->n);
	if (near)
		err("unknown lane '%s', did you mean '%s'? %s lists the lanes",
		    name, near, path);
	else
		err("unknown lane '%s': %s lists the lanes", name, path);
	free(names);
}

static int add_fragment(const char *path, const struct ini_entry *e,
			const char *name, struct lane *l)
{
	if (!valid_name(name, LANE_NAME_MAX)) {
		err("%s:%u: '%s' is no name of a fragment: 1 to %d of [a-z0-9_-], without .config",
		    path, e->line, name, LANE_NAME_MAX);
		return ST_USAGE;
	}
	strs_add(&l->fragments, name, strlen(name));
	return ST_OK;
}

static int set(const char *path, const struct ini_entry *e, struct lane *l)
{
	struct strs own = { NULL, 0 };
	int ret;

	if (!valid_name(e->key, LANE_NAME_MAX)) {
		err("%s:%u: lane name '%s' is not made of 1 to %d of [a-z0-9_-]",
		    path, e->line, e->key, LANE_NAME_MAX);
		return ST_USAGE;
	}
	if (strcmp(e->value, "none"))
		own = strs_split(e->value, " \t\n");
	l->name = xstrdup(e->key);
	ret = add_fragment(path, e, "base", l);
	if (ret == ST_OK)
		ret = add_fragment(path, e, "kvm", l);
	for (size_t i = 0; i < own.n && ret == ST_OK; i++)
		ret = add_fragment(path, e, own.v[i], l);
	strs_free(&own);
	return ret;
}

int lane_load(const char *path, const char *name, struct lane *l)
{
	const struct ini_entry *e;
	struct inifile f;
	int ret = ST_USAGE;

	memset(l, 0, sizeof(*l));
	if (!name)
		name = LANE_PLAIN;
	if (inifile_load(path, &f))
		goto out;
	if (f.n != 1 || strcmp(f.sections[0].name, "lanes")) {
		err("%s: one section is known, and must be there: [lanes]", path);
		goto out;
	}
	e = inifile_get(&f.sections[0], name);
	if (e)
		ret = set(path, e, l);
	else
		unknown(path, name, &f.sections[0]);
out:
	inifile_free(&f);
	if (ret != ST_OK)
		lane_free(l);
	return ret;
}

void lane_free(struct lane *l)
{
	free(l->name);
	strs_free(&l->fragments);
	memset(l, 0, sizeof(*l));
}
