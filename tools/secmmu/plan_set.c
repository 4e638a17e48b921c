// SPDX-License-Identifier: GPL-2.0-only
/* What the command line overrides of a plan. */
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "plan.h"
#include "plan_keys.h"
#include "util.h"

#define MINUTES_MAX	(7 * 24 * 60)

int plan_set_boots(struct plan *p, const char *value)
{
	struct plan_loc l = { .key = "boots" };

	return plan_key(p, SECTION_PLAN, &l, value);
}

static int set_number(const char *key, const char *value, uint64_t min,
		      uint64_t max, uint64_t *n)
{
	struct plan_loc l = { .key = key };

	if (!parse_u64(value, min, max, n))
		return 0;
	return plan_bad(&l, "'%s' is not allowed: a number from %llu to %llu",
			value, (unsigned long long)min, (unsigned long long)max);
}

int plan_set_minutes(struct plan *p, const char *value)
{
	uint64_t n;

	if (set_number("minutes", value, 1, MINUTES_MAX, &n))
		return -1;
	p->minutes = (unsigned int)n;
	return 0;
}

int plan_set_boot(struct plan *p, const char *value)
{
	uint64_t n;

	if (set_number("boot", value, 0, PLAN_BOOTS_MAX - 1, &n))
		return -1;
	p->only_boot = (int)n;
	p->boots = 1;
	return 0;
}

/* Its time limits were made for the plain kernel. */
static void longer_limits(struct plan *p)
{
	p->boot_timeout_s *= PLAN_LANE_SLOWER;
	if (p->boot_timeout_s > PLAN_BOOT_TIMEOUT_MAX)
		p->boot_timeout_s = PLAN_BOOT_TIMEOUT_MAX;
	for (size_t i = 0; i < p->n_tests; i++) {
		unsigned int s = p->tests[i].timeout_s * PLAN_LANE_SLOWER;

		p->tests[i].timeout_s = s < PLAN_TIMEOUT_MAX ? s : PLAN_TIMEOUT_MAX;
	}
}

int plan_set_lane(struct plan *p, const char *name)
{
	struct plan_loc l = { .key = "lane" };
	bool plain = !p->lane || !strcmp(p->lane, LANE_PLAIN);

	if (plan_key(p, SECTION_PLAN, &l, name))
		return -1;
	if (plain && p->lane && strcmp(p->lane, LANE_PLAIN))
		longer_limits(p);
	return 0;
}

int plan_set_cpus(struct plan *p, const char *value)
{
	struct plan_loc l = { .key = "cpus" };

	p->own_cpus = true;
	return plan_key(p, SECTION_PLAN, &l, value);
}

int plan_set_clock(struct plan *p, const char *value)
{
	struct plan_loc l = { .key = "clock" };

	return plan_key(p, SECTION_PLAN, &l, value);
}

int plan_split_list(const struct plan_loc *l, const char *list, struct strs *out)
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

void plan_drop_test_arms(const struct plan *p, struct plan_test *t)
{
	size_t n = 0;

	if (t->reference && !strs_has(&p->arms, t->reference)) {
		free(t->reference);
		t->reference = NULL;
	}
	for (size_t i = 0; i < t->n_findings; i++) {
		if (!t->findings[i].arm || strs_has(&p->arms, t->findings[i].arm))
			t->findings[n++] = t->findings[i];
		else
			free(t->findings[i].arm);
	}
	t->n_findings = n;
}

int plan_set_arms(struct plan *p, const char *list)
{
	struct plan_loc l = { .key = "arms" };

	strs_free(&p->arms);
	if (plan_split_list(&l, list, &p->arms) || plan_known_arms(&l, &p->arms))
		return -1;
	drop_pairs(p);
	if (!p->n_compare)
		pair_with_first(p);
	if (p->aa && !strs_has(&p->arms, p->aa)) {
		free(p->aa);
		p->aa = xstrdup(p->arms.v[0]);
	}
	for (size_t i = 0; i < p->n_tests; i++)
		plan_drop_test_arms(p, &p->tests[i]);
	return 0;
}
