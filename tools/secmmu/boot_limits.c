// SPDX-License-Identifier: GPL-2.0-only
/* How long a boot and what it does may take. */
#include "boot_int.h"

/* To write out a MiB of memory takes a ms or two; more where it is compressed. */
#define VMCORE_MS	60000u
#define VMCORE_MS_PER_MB 60u

/*
 * Long, for a guest on a machine that does other things as well can be ten
 * times slower: there, loading a module alone, of which PID 1 waits for the
 * end, takes more than a minute (two interrupts to other CPUs per patched
 * call). Under icount a second of the guest takes some ten of ours besides.
 */
static const struct boot_limits default_limits[] = {
	[CLOCK_WALL] = { .silence_ms = 60000, .hello_ms = 300000,
			 .alive_ms = 180000, .load_ms = 300000,
			 .progress_ms = 60000, .exit_ms = 60000,
			 .diagnose_ms = 1500 },
	[CLOCK_ICOUNT] = { .silence_ms = 60000, .hello_ms = 300000,
			   .alive_ms = 240000, .load_ms = 300000,
			   .progress_ms = 300000, .exit_ms = 120000,
			   .diagnose_ms = 5000 },
};

/* Wall time for a ms of the guest's. */
static const unsigned int slower[] = { [CLOCK_WALL] = 1, [CLOCK_ICOUNT] = 20 };

static void take_default(unsigned int *limit, unsigned int value)
{
	if (!*limit)
		*limit = value;
}

void boot_set_limits(struct boot_limits *l, const struct boot_spec *s)
{
	const struct boot_limits *d = &default_limits[s->clock];

	*l = s->limits;
	take_default(&l->silence_ms, d->silence_ms);
	take_default(&l->hello_ms, d->hello_ms);
	take_default(&l->alive_ms, d->alive_ms);
	take_default(&l->load_ms, d->load_ms);
	take_default(&l->progress_ms, d->progress_ms);
	take_default(&l->exit_ms, d->exit_ms);
	take_default(&l->diagnose_ms, d->diagnose_ms);
	take_default(&l->vmcore_ms, VMCORE_MS + s->memory_mb * VMCORE_MS_PER_MB);
}

uint64_t boot_progress_limit(const struct boot_limits *l, enum boot_clock clock,
			     unsigned int timeout_ms)
{
	return (uint64_t)timeout_ms * slower[clock] + l->progress_ms;
}

uint64_t boot_run_limit(const struct boot_limits *l, enum boot_clock clock,
			unsigned int timeout_ms)
{
	return boot_progress_limit(l, clock, timeout_ms) + l->progress_ms;
}

unsigned int boot_time_limit(enum boot_clock clock, size_t slots, size_t runs,
			     uint64_t tests_s)
{
	const struct boot_limits *d = &default_limits[clock];
	uint64_t ms = d->hello_ms + d->exit_ms + 2 * slots * d->load_ms +
		      runs * boot_run_limit(d, clock, 0);

	/* Far beyond what anybody waits for, and no overflow. */
	if (tests_s > UINT32_MAX / 1000 / slower[clock])
		return UINT32_MAX;
	ms += tests_s * 1000 * slower[clock];
	return ms < UINT32_MAX ? (unsigned int)ms : UINT32_MAX;
}
