/* SPDX-License-Identifier: GPL-2.0-only */
/* The order of the arms within a boot. */
#ifndef SECMMU_SCHEDULE_H
#define SECMMU_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "plan.h"

/* One turn of an arm: its modules are loaded, all tests run, unloaded. */
struct slot {
	const char *arm;	/* belongs to the plan */
	char copy;		/* 'a', or 'b' for the second of the A/A pair */
};

/**
 * schedule_boot - order of the slots of one boot
 * @p: the plan
 * @seed: the run's seed
 * @boot: number of the boot, from 0
 * @n: set to the number of slots
 *
 * Every arm once and the second slot of the A/A pair, in an order that depends
 * on @seed, @boot and the list of slots alone, and is the same for ever.
 *
 * Return: the slots; free() them.
 */
struct slot *schedule_boot(const struct plan *p, uint64_t seed,
			   unsigned int boot, size_t *n);

#endif
