// SPDX-License-Identifier: GPL-2.0-only
/* What the command line overrides of a plan. */
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "plan_keys.h"
#include "util.h"

int plan_set_boots(struct plan *p, const char *value)
{
	struct plan_loc l = { .key = "boots" };

	return plan_key(p, false, &l, value);
}

int plan_set_clock(struct plan *p, const char *value)
{
	struct plan_loc l = { .key = "clock" };

	return plan_key(p, false, &l, value);
}

static int split_list(const struct plan_loc *l, const char *list, struct strs *out)
{
	*out = strs_split(list, ", \t");
	if (!out->n)
		return plan_bad(l, "the list is empty");
	return plan_no_repeats(l, out);
}

static void drop_pairs(struct plan *p)
{
	int primary = -1;
	size_t n = 0;

	for (size_t i = 0; i < p->n_compare; i++) {
		struct plan_pair *pair = &p->compare[i];

		if (strs_has(&p->arms, pair->a) && strs_has(&p->arms, pair->b)) {
			if (p->primary == (int)i)
				primary = n;
			p->compare[n++] = *pair;
		} else {
			plan_pair_free(pair);
		}
	}
	p->n_compare = n;
	p->primary = primary;
}

static void pair_with_first(struct plan *p)
{
	p->compare = xrealloc(p->compare, p->arms.n * sizeof(*p->compare));
	for (size_t i = 1; i < p->arms.n; i++)
		p->compare[p->n_compare++] = (struct plan_pair){
			.a = xstrdup(p->arms.v[i]),
			.b = xstrdup(p->arms.v[0]),
		};
}

int plan_set_arms(struct plan *p, const char *list)
{
	struct plan_loc l = { .key = "arms" };

	strs_free(&p->arms);
	if (split_list(&l, list, &p->arms) || plan_known_arms(&l, &p->arms))
		return -1;
	drop_pairs(p);
	if (!p->n_compare)
		pair_with_first(p);
	if (!strs_has(&p->arms, p->aa)) {
		free(p->aa);
		p->aa = xstrdup(p->arms.v[0]);
	}
	return 0;
}

static struct strs all_events(const struct plan *p)
{
	struct strs all = { 0 };

	for (size_t i = 0; i < p->n_tests; i++) {
		const struct strs *e = &p->tests[i].events;

		for (size_t k = 0; k < e->n; k++)
			strs_add(&all, e->v[k], strlen(e->v[k]));
	}
	return all;
}

/* Those of @t in @wanted, in the order of the plan. */
static void select_events(struct plan_test *t, const struct strs *wanted)
{
	struct strs kept = { 0 };

	for (size_t i = 0; i < t->events.n; i++) {
		const char *name = t->events.v[i];

		if (strs_has(wanted, name))
			strs_add(&kept, name, strlen(name));
	}
	strs_free(&t->events);
	t->events = kept;
}

int plan_set_events(struct plan *p, const char *list)
{
	struct plan_loc l = { .key = "events" };
	struct strs known = all_events(p);
	struct strs wanted;
	size_t n = 0;
	int rc;

	rc = split_list(&l, list, &wanted);
	for (size_t i = 0; !rc && i < wanted.n; i++)
		if (!strs_has(&known, wanted.v[i]))
			rc = plan_bad_word(&l, "event", wanted.v[i], &known);
	for (size_t i = 0; !rc && i < p->n_tests; i++) {
		select_events(&p->tests[i], &wanted);
		if (p->tests[i].events.n)
			p->tests[n++] = p->tests[i];
		else
			plan_test_free(&p->tests[i]);
	}
	if (!rc)
		p->n_tests = n;
	strs_free(&known);
	strs_free(&wanted);
	return rc;
}
