/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples joined with trace events, and the lines of samples.csv (contract 4). */
#ifndef SECMMU_JOIN_H
#define SECMMU_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "samplefile.h"
#include "schedule.h"
#include "symbols.h"
#include "trace.h"

#define NOT_MEASURED UINT64_MAX

/* What the trace says about one sample; times in ns. */
struct joined {
	char site[160];		/* "" if none */
	uint64_t window_ns;
	uint64_t handler_ns;
	uint64_t wait_ns;
	uint64_t hold_ns;
	uint64_t notifiers;
	uint64_t waits;
	/*
	 * By mode, if the lock was taken in it: else NOT_MEASURED, as there is
	 * nothing that could have taken no time.
	 */
	uint64_t mode_wait_ns[TRACE_MODES];
	uint64_t mode_hold_ns[TRACE_MODES];
	uint64_t wait_cpu_ns;	/* of wait_ns, that in which the thread had a CPU */
	bool lost;		/* events are missing: nothing was measured */
};

struct join;

/**
 * join_new - prepare the events of @t for join_sample()
 *
 * @t must not change while the join is in use. @sym may be NULL: no sites.
 */
struct join *join_new(const struct trace *t, const struct symbols *sym);

/** join_free - NULL is allowed. */
void join_free(struct join *j);

/** join_events - all events by thread, then time; they stay the join's. */
const struct trace_event **join_events(const struct join *j, size_t *n);

/** join_sample - fill in @out from the events of the sample's thread. */
void join_sample(const struct join *j, const struct sample *s,
		 struct joined *out);

/** joined_none - nothing measured: for an untraced run. */
void joined_none(struct joined *out);

/** samples_header - write the first line of samples.csv. */
void samples_header(FILE *f);

/**
 * samples_line - write one line of samples.csv
 * @traced: the run had tracepoints on; if not, @d is of joined_none()
 *
 * Errors are left to ferror(@f).
 */
void samples_line(FILE *f, size_t slot_index, const struct slot *slot,
		  bool traced, const char *test, const struct sample *s,
		  const struct joined *d);

#endif
