/* SPDX-License-Identifier: GPL-2.0-only */
/* Long waits for mmu_lock, by anybody, during the calls of an event. */
#ifndef SECMMU_LOCKWAITS_H
#define SECMMU_LOCKWAITS_H

#include <stddef.h>

#include "counts.h"
#include "samplefile.h"
#include "trace.h"

/**
 * lockwaits_count - count waits that began and ended in a call, of any thread
 * @t: the trace of the run
 * @e: its events by thread, @n_events: join_events(), or trace_by_thread()
 * @v: its samples, @n, of all events
 * @event: whose calls
 * @c: set: calls, and the counts from COUNT_READ_WAITS_1US on; others are
 *	COUNT_NONE
 *
 * A wait that reaches beyond a call is not counted, as the trace is off there.
 *
 * Return: 0, or -1 if there is nothing to count by: no sample of the event, no lock
 * events or modes in the trace, or events were lost.
 */
int lockwaits_count(const struct trace *t, const struct trace_event **e,
		    size_t n_events, const struct sample *v, size_t n,
		    const char *event, struct call_counts *c);

#endif
