// SPDX-License-Identifier: GPL-2.0-only
#include "settle.h"

#include <stdint.h>
#include <string.h>

#include "util.h"

static unsigned int count(const cpu_set_t *usable)
{
	int n = CPU_COUNT(usable);

	return n > 0 ? (unsigned int)n : 1;
}

/* Such a plan says how the arms' figures differ; others only what happens. */
static bool compares(const struct plan *p)
{
	return p->n_compare || p->aa;
}

/* Boots side by side disturb each other's wall clock, unless they can't meet. */
static int side_by_side(const struct plan *p, const cpu_set_t *usable,
			const char *sys, struct settled *out)
{
	unsigned int own;

	share_make(sys, usable, out->jobs, &out->share);
	own = out->share.cpus;
	if (!p->cpus && own)
		out->cpus = own;
	if (!compares(p) || (own && out->cpus <= own))
		return ST_OK;
	err("--jobs %u: plan %s compares times, so every boot needs CPUs (%u) on cores that no other one uses, and there are %u CPUs: use fewer, or CLOCK=icount",
	    out->jobs, p->name, p->cpus ? p->cpus : 1, count(usable));
	return ST_USAGE;
}

int settle(const struct plan *p, bool tcg, const char *jobs,
	   const cpu_set_t *usable, const char *sys, struct settled *out)
{
	bool icount = p->clock == PLAN_CLOCK_ICOUNT ||
		      (p->clock == PLAN_CLOCK_AUTO && tcg);
	uint64_t n;

	memset(out, 0, sizeof(*out));
	if (icount && !tcg) {
		err("the icount clock needs emulation: use ACCEL=tcg or CLOCK=wall");
		return ST_USAGE;
	}
	out->clock = icount ? CLOCK_ICOUNT : CLOCK_WALL;
	/* Several CPUs under icount run in turns: docs/contention.md. */
	out->cpus = p->cpus ? p->cpus : icount ? 1 : count(usable);
	out->jobs = icount ? count(usable) : 1;
	if (jobs) {
		if (parse_u64(jobs, 1, 256, &n)) {
			err("--jobs: '%s' is no number from 1 to 256", jobs);
			return ST_USAGE;
		}
		out->jobs = (unsigned int)n;
	}
	if (!p->minutes && out->jobs > p->boots)
		out->jobs = p->boots;
	return icount || out->jobs < 2 ? ST_OK : side_by_side(p, usable, sys, out);
}
