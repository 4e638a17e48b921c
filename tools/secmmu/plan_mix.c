// SPDX-License-Identifier: GPL-2.0-only
#include "plan_mix.h"

#include <stdlib.h>
#include <string.h>

#include "plan_keys.h"
#include "rng.h"
#include "util.h"

/* "-v 1,2,4 -f": one of the values for -v, and -f or not. */
static void vary(struct strs *args, const struct strs *words, struct rng *r)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *option = words->v[i];
		struct strs values;

		if (i + 1 == words->n || *words->v[i + 1] == '-') {
			if (rng_below(r, 2))
				strs_push(args, option);
			continue;
		}
		values = strs_split(words->v[++i], ",");
		strs_push(args, option);
		strs_push(args, values.v[rng_below(r, values.n)]);
		strs_free(&values);
	}
}

/* A test judged by its exit status is one event. */
static size_t n_events(const struct plan_test *t)
{
	return t->by_exit ? 1 : t->events.n;
}

static struct plan_test pick(const struct plan *p, size_t event, struct rng *r)
{
	const struct plan_test *from = p->tests;
	struct plan_test t;

	while (event >= n_events(from))
		event -= n_events(from++);
	t = plan_test_copy(from);
	strs_free(&t.events);
	if (!from->by_exit)
		strs_push(&t.events, from->events.v[event]);
	vary(&t.args, &from->vary, r);
	return t;
}

struct plan *plan_mix(const struct plan *p, uint64_t seed, unsigned int boot)
{
	struct plan *mix;
	uint64_t x = seed;
	size_t all = 0;
	struct rng r;

	if (!p->mix)
		return NULL;
	for (size_t i = 0; i < p->n_tests; i++)
		all += n_events(&p->tests[i]);
	/* The first number of the seed orders the arms: see schedule_boot(). */
	splitmix64(&x);
	rng_seed(&r, splitmix64(&x) + boot);

	mix = xcalloc(1, sizeof(*mix));
	*mix = *p;
	mix->n_tests = p->mix;
	mix->tests = xcalloc(p->mix, sizeof(*mix->tests));
	for (size_t i = 0; i < mix->n_tests; i++)
		mix->tests[i] = pick(p, rng_below(&r, all), &r);
	return mix;
}

void plan_mix_free(struct plan *mix)
{
	if (!mix)
		return;
	for (size_t i = 0; i < mix->n_tests; i++)
		plan_test_free(&mix->tests[i]);
	free(mix->tests);
	free(mix);
}
