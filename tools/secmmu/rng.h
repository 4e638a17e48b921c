/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Repeatable random numbers: xoshiro256** 1.0, its state filled by splitmix64
 * (Blackman and Vigna). The sequence of a seed never changes: results folders
 * record the seed, and it has to give the same order again.
 */
#ifndef SECMMU_RNG_H
#define SECMMU_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/** splitmix64 - next number of the sequence whose state is @x. */
uint64_t splitmix64(uint64_t *x);

/** rng_seed - start the sequence of @seed. */
void rng_seed(struct rng *r, uint64_t seed);

/** rng_next - 64 uniform bits. */
uint64_t rng_next(struct rng *r);

/** rng_below - uniform in 0 .. @n - 1, without bias; @n must not be 0. */
uint64_t rng_below(struct rng *r, uint64_t n);

#endif
