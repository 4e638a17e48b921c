// SPDX-License-Identifier: GPL-2.0-only
#include "outcomes.h"

#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "jsonio.h"
#include "util.h"

static enum status get_status(const json_t *o)
{
	enum status s;

	/* folder_load() has refused all others. */
	return status_parse(jsonio_text(o, "status"), &s) ? STATUS_ERROR : s;
}

static unsigned int get_attempt(const json_t *o)
{
	const json_t *n = json_object_get(o, "attempt");

	return n ? (unsigned int)json_integer_value(n) : 1;
}

char *outcome_finding_where(const struct outcome_finding *x)
{
	if (!*x->arm)
		return xstrdup("");
	return xasprintf("in %s%s%s%s", x->arm, *x->test ? " " : "", x->test,
			 x->traced ? ", traced" : "");
}

size_t outcome_attempts(const struct outcome *v)
{
	return json_array_size(v->attempts);
}

struct outcome_attempt outcome_attempt(const struct outcome *v, size_t i)
{
	const json_t *o = json_array_get(v->attempts, i);

	return (struct outcome_attempt){
		get_attempt(o), get_status(o), jsonio_text(o, "reason")
	};
}

static void read_tests(struct outcome_boot *b)
{
	const json_t *tests = json_object_get(b->json, "tests"), *t;
	size_t i;

	b->v = xcalloc(json_array_size(tests), sizeof(*b->v));
	json_array_foreach(tests, i, t)
		b->v[b->n++] = (struct outcome){
			.slot = (size_t)json_integer_value(
				json_object_get(t, "slot")),
			.arm = jsonio_text(t, "arm"),
			.copy_b = !strcmp(jsonio_text(t, "copy"), "b"),
			.traced = json_is_true(json_object_get(t, "traced")),
			.test = jsonio_text(t, "test"),
			.name = jsonio_text(t, "name"),
			.status = get_status(t),
			.reason = jsonio_text(t, "reason"),
			.attempt = get_attempt(t),
			.attempts = json_object_get(t, "attempts"),
		};
}

static void read_findings(struct outcome_boot *b)
{
	const json_t *list = json_object_get(b->json, "kernel_findings"), *f;
	size_t i;

	b->findings = xcalloc(json_array_size(list), sizeof(*b->findings));
	json_array_foreach(list, i, f)
		b->findings[b->n_findings++] = (struct outcome_finding){
			.kind = jsonio_text(f, "kind"),
			.line = jsonio_text(f, "line"),
			.fingerprint = *jsonio_text(f, "fingerprint") ?
				jsonio_text(f, "fingerprint") : jsonio_text(f, "line"),
			.mark = jsonio_text(f, "mark"),
			.arm = jsonio_text(f, "arm"),
			.test = jsonio_text(f, "test"),
			.traced = json_is_true(json_object_get(f, "traced")),
			.slot = (size_t)json_integer_value(
				json_object_get(f, "slot")),
			.expected = json_is_true(json_object_get(f, "expected")),
		};
}

static int read_boot(const struct folder *f, const char *name,
		     struct outcome_boot *b)
{
	char *path = xasprintf("%s/%s/boot.json", f->dir, name);
	json_error_t e;

	b->name = name;
	b->json = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!b->json)
		err("%s:%d: %s", path, e.line, e.text);
	free(path);
	if (!b->json)
		return -1;
	b->status = get_status(b->json);
	b->reason = jsonio_text(b->json, "reason");
	b->seconds = json_number_value(json_object_get(b->json, "total_ms")) /
		     1000;
	read_tests(b);
	read_findings(b);
	return 0;
}

int outcomes_load(const struct folder *f, struct outcomes *o)
{
	*o = (struct outcomes){
		.folder = f,
		.boots = xcalloc(f->n_boots, sizeof(*o->boots)),
		.n_boots = f->n_boots,
	};
	for (size_t i = 0; i < f->n_boots; i++) {
		if (read_boot(f, f->boots[i].name, &o->boots[i])) {
			outcomes_free(o);
			return -1;
		}
	}
	return 0;
}

void outcomes_free(struct outcomes *o)
{
	for (size_t i = 0; i < o->n_boots; i++) {
		free(o->boots[i].v);
		free(o->boots[i].findings);
		json_decref(o->boots[i].json);
	}
	free(o->boots);
	memset(o, 0, sizeof(*o));
}

bool outcome_same_slot(const struct outcome *a, const struct outcome *b)
{
	return a->slot == b->slot;
}

bool outcome_same_turn(const struct outcome *a, const struct outcome *b)
{
	return a->slot == b->slot && a->traced == b->traced &&
	       !strcmp(a->test, b->test);
}

size_t outcomes_end(const struct outcome *v, size_t from, size_t n,
		    bool (*same)(const struct outcome *, const struct outcome *))
{
	size_t i = from;

	while (i < n && same(&v[i], &v[from]))
		i++;
	return i;
}

size_t outcomes_groups(const struct outcome *v, size_t from, size_t to,
		       bool (*same)(const struct outcome *, const struct outcome *))
{
	size_t groups = 0;

	while (from < to) {
		from = outcomes_end(v, from, to, same);
		groups++;
	}
	return groups;
}

enum status outcomes_worst(const struct outcome *v, size_t from, size_t to)
{
	enum status worst = STATUS_PASS;
	bool any = false;

	/* One that is skipped does not make the others skipped. */
	for (size_t i = from; i < to; i++) {
		any |= v[i].status != STATUS_SKIP;
		if (v[i].status != STATUS_SKIP)
			worst = status_worst(worst, v[i].status);
	}
	return any || from == to ? worst : STATUS_SKIP;
}
