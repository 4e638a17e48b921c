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
			struct settled *out)
{
	unsigned int own = out->share.cpus;

	if (!p->cpus && own)
		out->cpus = own;
	if (!compares(p) || (own && out->cpus <= own))
		return ST_OK;
	err("--jobs %u: plan %s compares times, so every boot needs CPUs (%u) on cores that no other one uses, and there are %u CPUs: use fewer, or CLOCK=icount",
	    out->jobs, p->name, p->cpus ? p->cpus : 1, count(usable));
	return ST_USAGE;
}

/* Whether vCPUs are pinned; an emulated one's time means nothing anyway. */
static int choose_pin(const char *pin, bool tcg, const cpu_set_t *usable,
		      struct settled *out)
{
	bool yes = pin && !strcmp(pin, "yes"), no = pin && !strcmp(pin, "no");

	if (pin && !yes && !no && strcmp(pin, "auto")) {
		err("--pin: '%s' is not allowed: auto, yes or no", pin);
		return ST_USAGE;
	}
	if (yes && out->clock == CLOCK_ICOUNT) {
		err("--pin yes: the icount clock does not care where it runs: use CLOCK=wall, or leave it out");
		return ST_USAGE;
	}
	if (yes && out->cpus > out->share.cpus) {
		err("--pin yes: a guest has %u CPUs, and there are %u: use CPUS=N, or leave it out",
		    out->cpus, out->share.cpus ? out->share.cpus : count(usable));
		return ST_USAGE;
	}
	out->pin = yes || (!no && !tcg && out->clock == CLOCK_WALL &&
			   out->cpus <= out->share.cpus);
	return ST_OK;
}

int settle(const struct plan *p, bool tcg, const char *jobs, const char *pin,
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
	if (!icount)
		share_make(sys, usable, out->jobs, &out->share);
	if (!icount && out->jobs > 1 && side_by_side(p, usable, out))
		return ST_USAGE;
	return choose_pin(pin, tcg, usable, out);
}
