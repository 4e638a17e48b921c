// SPDX-License-Identifier: GPL-2.0-only
/* The events of a run, chosen on the command line: of its plan, or of others. */
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "plan.h"
#include "plan_keys.h"
#include "suggest.h"
#include "util.h"

/* The plans of configs/plans, those of the same lane first. */
struct others {
	struct plan **v;
	size_t n;
};

/* Whether @t is asked for by @name, or has an event of that name. */
static bool has_event(const struct plan_test *t, const char *name)
{
	return strs_has(&t->events, name) || (t->by_exit && !strcmp(t->name, name));
}

static bool plan_has_event(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_tests; i++)
		if (has_event(&p->tests[i], name))
			return true;
	return false;
}

/*
 * Those of @t in @wanted, in the order of the plan. Returns whether @t is to
 * run.
 */
static bool select_events(struct plan_test *t, const struct strs *wanted)
{
	struct strs kept = { 0 };

	for (size_t i = 0; i < t->events.n; i++)
		if (strs_has(wanted, t->events.v[i]))
			strs_push(&kept, t->events.v[i]);
	strs_free(&t->events);
	t->events = kept;
	return kept.n || (t->by_exit && strs_has(wanted, t->name));
}

/* Tests that have none of @wanted go. */
static void select_tests(struct plan *p, const struct strs *wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_tests; i++) {
		if (select_events(&p->tests[i], wanted))
			p->tests[n++] = p->tests[i];
		else
			plan_test_free(&p->tests[i]);
	}
	p->n_tests = n;
}

/* Other plans */

static const char *lane_of(const struct plan *p)
{
	return p->lane ? p->lane : LANE_PLAIN;
}

static bool same_lane(const struct plan *a, const struct plan *b)
{
	return !strcmp(lane_of(a), lane_of(b));
}

static int load_others(const struct plan *p, struct others *o)
{
	struct strs names = plan_names();
	size_t same = 0;
	int rc;

	o->v = xcalloc(names.n + 1, sizeof(*o->v));
	for (size_t i = 0; i < names.n; i++) {
		struct plan *other = plan_load(names.v[i]);
		size_t at = o->n;

		if (!other)
			break;
		o->n++;
		if (same_lane(p, other)) {
			at = same++;
			memmove(&o->v[at + 1], &o->v[at],
				(o->n - 1 - at) * sizeof(*o->v));
		}
		o->v[at] = other;
	}
	rc = o->n == names.n ? 0 : -1;
	strs_free(&names);
	return rc;
}

static void free_others(struct others *o)
{
	for (size_t i = 0; i < o->n; i++)
		plan_free(o->v[i]);
	free(o->v);
}

/* Of all tests of @p, but for those that are in @known. */
static void add_names(struct strs *names, const struct plan *p, bool by_exit,
		      const struct strs *known)
{
	for (size_t i = 0; i < p->n_tests; i++) {
		const struct plan_test *t = &p->tests[i];

		if (t->by_exit && by_exit)
			strs_push(names, t->name);
		for (size_t k = 0; k < t->events.n; k++)
			if (!strs_has(names, t->events.v[k]) &&
			    !strs_has(known, t->events.v[k]))
				strs_push(names, t->events.v[k]);
	}
}

/* Tests judged by their exit status are too many to list them of all plans. */

static int unknown_event(const struct plan *p, const struct others *o,
			 const char *name)
{
	struct plan_loc l = { .key = "events" };
	struct strs all = { 0 }, here = { 0 }, there = { 0 }, none = { 0 };
	char *own, *others;
	const char *near;

	add_names(&here, p, true, &none);
	add_names(&all, p, true, &none);
	for (size_t i = 0; i < o->n; i++) {
		add_names(&all, o->v[i], true, &none);
		add_names(&there, o->v[i], false, &here);
	}
	near = suggest(name, (const char *const *)all.v, all.n);
	own = strs_join(&here);
	others = strs_join(&there);
	plan_bad(&l, "unknown event '%s'%s%s%s There is: %s%s%s", name,
		 near ? ", did you mean '" : ".", near ? near : "",
		 near ? "'?" : "", own, there.n ? "; in other plans: " : "",
		 others);
	free(own);
	free(others);
	strs_free(&all);
	strs_free(&here);
	strs_free(&there);
	return -1;
}

/* Results are told apart by the names of tests. */
static void rename_test(const struct plan *p, struct plan_test *t,
			const char *plan)
{
	for (size_t i = 0; i < p->n_tests; i++) {
		if (strcmp(p->tests[i].name, t->name))
			continue;
		free(t->name);
		t->name = xasprintf("%s-%s", p->tests[i].name, plan);
		return;
	}
}

/* What the events of @from need, and @p does not have. */
static bool settle(struct plan *p, const struct plan *from)
{
	bool clock = p->clock == PLAN_CLOCK_AUTO && from->clock != PLAN_CLOCK_AUTO;

	if (clock)
		p->clock = from->clock;
	if (p->memory_mb < from->memory_mb)
		p->memory_mb = from->memory_mb;
	if (p->nodes < from->nodes)
		p->nodes = from->nodes;
	p->vmm |= from->vmm;
	p->shadow |= from->shadow;
	return clock;
}

/* The tests of @from that have any of @wanted; these are @wanted no more. */
static void take_tests(struct plan *p, struct plan *from, struct strs *wanted)
{
	struct strs taken = { 0 }, left = { 0 };
	char *names;
	bool clock;

	for (size_t i = 0; i < wanted->n; i++)
		strs_push(plan_has_event(from, wanted->v[i]) ? &taken : &left,
		    wanted->v[i]);
	strs_free(wanted);
	*wanted = left;
	if (!taken.n)
		return;
	select_tests(from, &taken);
	/* With the limits of the lane that they run in. */
	if (!same_lane(p, from))
		plan_set_lane(from, lane_of(p));
	p->tests = xrealloc(p->tests, (p->n_tests + from->n_tests) *
			    sizeof(*p->tests));
	for (size_t i = 0; i < from->n_tests; i++) {
		rename_test(p, &from->tests[i], from->name);
		plan_drop_test_arms(p, &from->tests[i]);
		p->tests[p->n_tests++] = from->tests[i];
	}
	from->n_tests = 0;
	clock = settle(p, from);
	names = strs_join(&taken);
	info("%s: as in plan %s%s%s%s", names, from->name, clock ?
	     ", and so with the " : "", clock ? plan_clock_name(p->clock) : "",
	     clock ? " clock" : "");
	free(names);
	strs_free(&taken);
}

static int find_others(struct plan *p, struct strs *missing,
		       const struct others *o)
{
	for (size_t i = 0; i < missing->n; i++) {
		size_t k = 0;

		while (k < o->n && !plan_has_event(o->v[k], missing->v[i]))
			k++;
		if (k == o->n)
			return unknown_event(p, o, missing->v[i]);
	}
	select_tests(p, &p->chosen);
	for (size_t k = 0; k < o->n; k++)
		take_tests(p, o->v[k], missing);
	return 0;
}

int plan_set_events(struct plan *p, const char *list)
{
	struct plan_loc l = { .key = "events" };
	struct strs missing = { 0 };
	struct others o = { 0 };
	int rc;

	strs_free(&p->chosen);
	rc = plan_split_list(&l, list, &p->chosen);
	for (size_t i = 0; !rc && i < p->chosen.n; i++)
		if (!plan_has_event(p, p->chosen.v[i]))
			strs_push(&missing, p->chosen.v[i]);
	if (!rc && missing.n) {
		rc = load_others(p, &o);
		if (!rc)
			rc = find_others(p, &missing, &o);
	} else if (!rc) {
		select_tests(p, &p->chosen);
	}
	free_others(&o);
	strs_free(&missing);
	return rc;
}
