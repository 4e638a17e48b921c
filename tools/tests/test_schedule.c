// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "schedule.h"
#include "util.h"

static char *arm_names[] = { "stock", "rwlock", "spinlock", "mutex", "rwsem",
			     NULL };
static const struct plan plan = {
	.arms = { arm_names, 5 },
	.aa = "spinlock",
};

/* The vectors published with the two generators. */
static void generators(void **state)
{
	static const uint64_t splitmix[] = {
		6457827717110365317u, 3203168211198807973u,
		9817491932198370423u, 4593380528125082431u,
		16408922859458223821u,
	};
	static const uint64_t xoshiro[] = {
		11520, 0, 1509978240, 1215971899390074240u,
		1216172134540287360u, 607988272756665600u,
	};
	struct rng r = { { 1, 2, 3, 4 } };
	uint64_t x = 1234567;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(splitmix); i++)
		assert_true(splitmix64(&x) == splitmix[i]);
	for (size_t i = 0; i < ARRAY_SIZE(xoshiro); i++)
		assert_true(rng_next(&r) == xoshiro[i]);
}

static void below(void **state)
{
	const uint64_t large = 3ull << 62;
	unsigned int seen[7] = { 0 };
	unsigned int low = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 70000; i++)
		seen[rng_below(&r, 7)]++;
	/* Within five standard deviations of 10000. */
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 9537, 10463);
	/* A third of them; a half if nothing were drawn again. */
	for (int i = 0; i < 9000; i++)
		low += rng_below(&r, large) < 1ull << 62;
	assert_in_range(low, 2776, 3224);
}

/* "arm.copy" of each slot. */
static char *order(const struct plan *p, uint64_t seed, unsigned int boot)
{
	char *text = xstrdup("");
	struct slot *slots;
	size_t n;

	slots = schedule_boot(p, seed, boot, &n);
	for (size_t i = 0; i < n; i++) {
		char *longer = xasprintf("%s%s%s.%c", text, i ? " " : "",
					 slots[i].arm, slots[i].copy);

		free(text);
		text = longer;
	}
	free(slots);
	return text;
}

/*
 * Never change these: the seed in a results folder has to give the order of
 * its boots. They come from a second implementation in another language.
 */
static const struct {
	uint64_t seed;
	unsigned int boot;
	const char *order;
} pinned[] = {
	{ 1, 0, "mutex.a stock.a rwsem.a rwlock.a spinlock.a spinlock.b" },
	{ 1, 1, "mutex.a spinlock.a stock.a rwlock.a rwsem.a spinlock.b" },
	{ 1, 2, "stock.a rwlock.a spinlock.b rwsem.a mutex.a spinlock.a" },
	{ 2, 0, "stock.a rwsem.a mutex.a spinlock.b rwlock.a spinlock.a" },
	{ 2, 1, "stock.a rwsem.a spinlock.a spinlock.b rwlock.a mutex.a" },
	{ UINT64_MAX, 9, "rwsem.a mutex.a spinlock.b spinlock.a rwlock.a stock.a" },
};

static void stable(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pinned); i++) {
		char *text = order(&plan, pinned[i].seed, pinned[i].boot);

		assert_string_equal(text, pinned[i].order);
		free(text);
	}
}

static void one_arm(void **state)
{
	struct plan p = plan;
	size_t n;

	(void)state;
	p.arms.n = 1;
	p.aa = "stock";
	free(schedule_boot(&p, 1, 0, &n));
	assert_int_equal(n, 2);
}

/* Every slot must come equally often at every place. */
static void fair(void **state)
{
	unsigned int seen[6] = { 0 };

	(void)state;
	for (unsigned int boot = 0; boot < 6000; boot++) {
		size_t n;
		struct slot *slots = schedule_boot(&plan, 42, boot, &n);

		assert_int_equal(n, 6);
		for (size_t i = 0; i < n; i++)
			if (!strcmp(slots[i].arm, "mutex"))
				seen[i]++;
		free(slots);
	}
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 850, 1150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generators),
		cmocka_unit_test(below),
		cmocka_unit_test(stable),
		cmocka_unit_test(one_arm),
		cmocka_unit_test(fair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
