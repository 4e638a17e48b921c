/* SPDX-License-Identifier: GPL-2.0-only */
/* Events at random: the picks of a boot of a plan with the key `mix`. */
#ifndef SECMMU_PLAN_MIX_H
#define SECMMU_PLAN_MIX_H

#include <stdint.h>

#include "plan.h"

/**
 * plan_mix - what one boot of a plan runs
 * @p: the plan
 * @seed: the run's seed
 * @boot: number of the boot, from 0
 *
 * A plan of p->mix tests with one event each, drawn from all of @p's, every one
 * as likely, with options as their tests' `vary` says. It depends on @seed,
 * @boot and the tests of @p alone, and is the same for ever; all slots of the
 * boot run it.
 *
 * Return: the plan, plan_mix_free() it before @p, parts of which it uses; NULL
 * if @p has no mix.
 */
struct plan *plan_mix(const struct plan *p, uint64_t seed, unsigned int boot);

/** plan_mix_free - NULL is allowed. */
void plan_mix_free(struct plan *mix);

#endif
