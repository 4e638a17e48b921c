// SPDX-License-Identifier: GPL-2.0-only
/* Two runs by their manifests: what differs, and what forbids comparing. */
#include "comparedirs_int.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* What is the same in two runs that are the same, by its place in manifest.json. */
static const struct item {
	const char *what, *object, *key;
} items[] = {
	{ "kernel release", "kernel", "release" },
	{ "kernel source", "kernel", "source" },
	{ "kernel series", "kernel", "series_sha256" },
	{ "kernel configuration", "kernel", "config_sha256" },
	{ "vmlinux", "kernel", "vmlinux_sha256" },
	{ "kernel build", "kernel", "key" },
	{ "compiler", NULL, "toolchain" },
	{ "machine", NULL, "cpu" },
	{ "machine cores", "host", "cores" },
	{ "machine memory, kB", "host", "mem_kb" },
	{ "why this accelerator", "accel", "why" },
	{ "QEMU", "qemu", "version" },
	{ "guest CPUs", NULL, "cpus" },
	{ "vCPUs pinned", NULL, "pin" },
	{ "kernel command line", "identity", "append" },
	{ "plan", NULL, "plan" },
	{ "lane", "plan_spec", "lane" },
	{ "boots", "plan_spec", "boots" },
	{ "arms", "plan_spec", "arms" },
	{ "A/A arm", "plan_spec", "aa" },
	{ "margin", "plan_spec", "margin" },
	{ "guest memory, MB", "plan_spec", "memory_mb" },
	{ "seed", NULL, "seed" },
};

/*
 * What only times depend on. Runs of before it was recorded lack it: that is no
 * difference.
 */
static const struct item settings[] = {
	{ "governor", "host", "governor" },
	{ "turbo", "host", "turbo" },
	{ "SMT", "host", "smt" },
	{ "transparent huge pages", "host", "thp" },
};

void dirs_note(struct dirs *d, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	strs_push(&d->notes, text);
	free(text);
}

/* A value as it stands in the manifest; free() it. */
static char *text_of(const json_t *j)
{
	char *text;

	if (!j || json_is_null(j))
		return xstrdup("none");
	if (json_is_string(j))
		return xstrdup(json_string_value(j));
	text = json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	return text ? text : xstrdup("none");
}

static void difference(struct dirs *d, const char *what, const json_t *old,
		       const json_t *new)
{
	char *a = text_of(old), *b = text_of(new);

	if (!strcmp(a, b)) {
		free(a);
		free(b);
		return;
	}
	d->differences = xrealloc(d->differences, (d->n_differences + 1) *
				  sizeof(*d->differences));
	d->differences[d->n_differences++] = (struct dirs_difference){
		xstrdup(what), a, b
	};
}

static const json_t *item_of(const struct folder *f, const struct item *i)
{
	const json_t *o = f->manifest;

	if (i->object)
		o = json_object_get(o, i->object);
	return json_object_get(o, i->key);
}

static const json_t *test_of(const struct folder *f, const char *name)
{
	const json_t *tests, *t;
	size_t i;

	tests = json_object_get(json_object_get(f->manifest, "plan_spec"),
				"tests");
	json_array_foreach(tests, i, t) {
		const char *s = json_string_value(json_object_get(t, "name"));

		if (s && !strcmp(s, name))
			return t;
	}
	return NULL;
}

/* Arguments of the tests that both plans have: a sample is what they make it. */
static void tests_differ(struct dirs *d)
{
	static const char *const keys[] = { "program", "args" };
	const json_t *tests, *t, *other;
	const char *name;
	char *what;
	size_t i, k;

	tests = json_object_get(json_object_get(d->old.manifest, "plan_spec"),
				"tests");
	json_array_foreach(tests, i, t) {
		name = json_string_value(json_object_get(t, "name"));
		other = name ? test_of(&d->new, name) : NULL;
		for (k = 0; other && k < ARRAY_SIZE(keys); k++) {
			what = xasprintf("%s of test %s", keys[k], name);
			difference(d, what, json_object_get(t, keys[k]),
				   json_object_get(other, keys[k]));
			free(what);
		}
	}
}

static void settings_differ(struct dirs *d)
{
	const json_t *old, *new;
	size_t i, before = d->n_differences, missing = 0;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		old = item_of(&d->old, &settings[i]);
		new = item_of(&d->new, &settings[i]);
		if (old && new)
			difference(d, settings[i].what, old, new);
		else
			missing += old || new;
	}
	if (d->n_differences > before)
		dirs_note(d, "the machine was set otherwise: that alone may change times (docs/measuring.md)");
	if (missing)
		dirs_note(d, "only one of the runs has recorded how its machine was set");
}

void dirs_differences(struct dirs *d)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(items); i++)
		difference(d, items[i].what, item_of(&d->old, &items[i]),
			   item_of(&d->new, &items[i]));
	if (strcmp(d->old.clock, "icount"))
		settings_differ(d);
	tests_differ(d);
}

bool dirs_differ_in(const struct dirs *d, const char *what)
{
	size_t i;

	for (i = 0; i < d->n_differences; i++)
		if (!strcmp(d->differences[i].what, what))
			return true;
	return false;
}

static bool same_string(const struct folder *a, const struct folder *b,
			const char *key)
{
	const char *x = json_string_value(json_object_get(a->manifest, key));
	const char *y = json_string_value(json_object_get(b->manifest, key));

	return x && y && !strcmp(x, y);
}

static bool same_run(const struct dirs *d)
{
	char *a = realpath(d->old.dir, NULL), *b = realpath(d->new.dir, NULL);
	bool same = a && b && !strcmp(a, b);

	free(a);
	free(b);
	/* A copy elsewhere is the same run as well. */
	return same || (same_string(&d->old, &d->new, "id") &&
			same_string(&d->old, &d->new, "started") &&
			d->old.seed == d->new.seed);
}

int dirs_refuse(const struct dirs *d)
{
	const struct folder *a = &d->old, *b = &d->new;

	if (same_run(d))
		err("%s and %s are the same run: name two", a->dir, b->dir);
	else if (strcmp(a->clock, b->clock))
		err("%s has the clock %s, %s %s: instructions are not compared with time; run one again with CLOCK=%s",
		    a->dir, a->clock, b->dir, b->clock, a->clock);
	else if (strcmp(a->accel, b->accel))
		err("%s ran with the accelerator %s, %s with %s: that would compare these; run one again with ACCEL=%s",
		    a->dir, a->accel, b->dir, b->accel, a->accel);
	else if (!strcmp(a->clock, "icount") && folder_cpus(a) != folder_cpus(b))
		/* CPUs that take turns wait for each other, and count it. */
		err("%s has the icount clock with %u CPU%s, %s with %u: CPUs that take turns count their waiting as well; run one again with CPUS=%u",
		    a->dir, folder_cpus(a), folder_cpus(a) == 1 ? "" : "s",
		    b->dir, folder_cpus(b), folder_cpus(a));
	else if (!a->n_used || !b->n_used)
		err("%s: no boot of it passed: nothing to compare",
		    a->n_used ? b->dir : a->dir);
	else
		return 0;
	return -1;
}
