// SPDX-License-Identifier: GPL-2.0-only
#include "schedule.h"

#include <stdlib.h>

#include "rng.h"
#include "util.h"

static void shuffle(struct slot *slots, size_t n, struct rng *r)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = rng_below(r, i);
		struct slot tmp = slots[i - 1];

		slots[i - 1] = slots[j];
		slots[j] = tmp;
	}
}

struct slot *schedule_boot(const struct plan *p, uint64_t seed,
			   unsigned int boot, size_t *n)
{
	struct slot *slots = xcalloc(p->arms.n + 1, sizeof(*slots));
	uint64_t x = seed;
	struct rng r;
	size_t k = 0;

	for (size_t i = 0; i < p->arms.n; i++)
		slots[k++] = (struct slot){ p->arms.v[i], 'a' };
	if (p->aa)
		slots[k++] = (struct slot){ p->aa, 'b' };

	/*
	 * The seed is mixed before the boot is added: otherwise boot 1 of seed
	 * 5 would have the order of boot 0 of seed 6.
	 */
	rng_seed(&r, splitmix64(&x) + boot);
	shuffle(slots, k, &r);
	*n = k;
	return slots;
}
