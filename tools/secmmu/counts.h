/* SPDX-License-Identifier: GPL-2.0-only */
/* What a selftest has counted during the calls of an event (contract 3). */
#ifndef SECMMU_COUNTS_H
#define SECMMU_COUNTS_H

#include <jansson.h>
#include <stdint.h>

enum count_kind {
	COUNT_CALLS,
	COUNT_CALLER_SLEEPS,
	COUNT_CALLER_PREEMPTED,
	COUNT_SLEEPS,
	COUNT_PREEMPTED,
	COUNT_PASSES,
	COUNT_RETRIES,
	COUNT_LOCK_WAITS,
	COUNT_LOCK_WAIT_NS,
	/* Of the run with tracepoints: waits for mmu_lock of so long or longer. */
	COUNT_FIRST_TRACED,
	COUNT_READ_WAITS_1US = COUNT_FIRST_TRACED,
	COUNT_READ_WAITS_8US,
	COUNT_READ_WAITS_64US,
	COUNT_WRITE_WAITS_1US,
	COUNT_WRITE_WAITS_8US,
	COUNT_WRITE_WAITS_64US,
	COUNT_KINDS
};

#define COUNT_WAIT_LIMITS 3	/* 1, 8 and 64 us: 1024 ns... */
#define COUNT_NONE UINT64_MAX	/* was not counted */

struct call_counts {
	uint64_t v[COUNT_KINDS];
};

/** count_name - "calls", "caller_sleeps"... */
const char *count_name(enum count_kind k);

/** count_title - what it is, in the words of the kernel's users. */
const char *count_title(enum count_kind k);

/**
 * counts_parse - read "calls=30 caller_sleeps=2 ..."
 * @text: each count at most once, in any order; calls, at least 1, must be there
 * @c: set on success; what is not there is COUNT_NONE
 *
 * Return: 0, or -1 without a message if @text is anything else.
 */
int counts_parse(const char *text, struct call_counts *c);

/** counts_to_json - an object of those that there are; json_decref() it. */
json_t *counts_to_json(const struct call_counts *c);

/** counts_from_json - the reverse; 0, or -1 without a message. */
int counts_from_json(const json_t *j, struct call_counts *c);

/* Those of an event in an arm, of several boots. */
struct counts_sum {
	struct call_counts *boots;
	size_t *boot;		/* which ones these are, ascending */
	size_t n;
};

/** counts_add - boot number @boot, which comes after those before. */
void counts_add(struct counts_sum *s, size_t boot, const struct call_counts *c);

/** count_rate - by call; NaN if it was not counted. */
double count_rate(const struct call_counts *c, enum count_kind k);

/** counts_sum_free - what @s points to. */
void counts_sum_free(struct counts_sum *s);

/**
 * counts_total - of all boots
 *
 * Return: the sum, or COUNT_NONE if some boot has none.
 */
uint64_t counts_total(const struct counts_sum *s, enum count_kind k);

/**
 * counts_per_call - that of each boot, divided by its calls
 * @out: room for @s->n numbers
 *
 * Return: how many; 0 if some boot has none.
 */
size_t counts_per_call(const struct counts_sum *s, enum count_kind k, double *out);

#endif
