/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the series from raw ring-buffer sub-buffers. All input comes from
 * the guest and is checked; what makes no sense is counted, not believed.
 */
#ifndef SECMMU_TRACE_H
#define SECMMU_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_kind {
	TRACE_RANGE_START,	/* before the start callbacks */
	TRACE_RANGE_STARTED,	/* after them */
	TRACE_RANGE_END,
	TRACE_RANGE_ENDED,
	TRACE_AGE,
	TRACE_AGED,
	TRACE_LOCK_WAIT,
	TRACE_LOCK_ACQUIRED,
	TRACE_LOCK_RELEASED,
	TRACE_LOCK_TRYFAIL,
	/* One sched_switch is both: of the thread that leaves, and of the next. */
	TRACE_SWITCH_OUT,
	TRACE_SWITCH_IN,
	TRACE_KINDS
};

/* The kinds of ageing, as the series numbers them. */
enum trace_age {
	TRACE_CLEAR_FLUSH_YOUNG,
	TRACE_CLEAR_YOUNG,
	TRACE_TEST_YOUNG,
	TRACE_AGES
};

/* How mmu_lock is asked for, as the series numbers it. */
enum trace_mode {
	TRACE_READ,
	TRACE_WRITE,
	TRACE_MODES
};

struct trace_event {
	uint64_t ns;		/* the trace clock: mono */
	uint64_t ip;		/* caller; 0 if the event has no such field */
	uint64_t start, end;	/* the range; 0 as well */
	int32_t tid;
	int32_t ret;		/* of TRACE_RANGE_STARTED */
	uint16_t cpu;
	uint8_t kind;		/* enum trace_kind */
	uint8_t age;		/* of TRACE_AGE and TRACE_AGED: enum trace_age */
	uint8_t mode;		/* of the lock's: enum trace_mode; TRACE_MODES if not said */
	bool last;		/* nothing later was recorded on this CPU */
};

/* A time in which a CPU recorded nothing because its buffer overflowed. */
struct trace_gap {
	uint64_t from_ns;
	uint64_t to_ns;
};

struct trace;

/** trace_new - a decoder; one per boot will do. */
struct trace *trace_new(void);

/** trace_free - NULL is allowed. */
void trace_free(struct trace *t);

/**
 * trace_meta - take in a TRACEMETA payload
 * @t: the decoder
 * @name: "header_page", or "SYSTEM/EVENT"; may come again, then it replaces
 *	(a reloaded module's events get new numbers)
 * @content: the file of that name in tracefs
 * @len: its length
 *
 * Return: 0, or -1 if it could not be understood.
 */
int trace_meta(struct trace *t, const char *name, const char *content,
	       size_t len);

/**
 * trace_page - decode one sub-buffer
 * @t: the decoder
 * @cpu: the CPU whose it is; the pages of a CPU come in order
 * @data: as read from trace_pipe_raw
 * @len: its length
 *
 * Return: 0, or -1 if it was malformed: the events before the damage are kept.
 */
int trace_page(struct trace *t, uint32_t cpu, const void *data, size_t len);

/** trace_lost - add @n events which the guest says it lost (REPLY, lost=). */
void trace_lost(struct trace *t, uint64_t n);

/** trace_lost_total - events lost so far, and malformed pages (each as one). */
uint64_t trace_lost_total(const struct trace *t);

/** trace_has - whether the format of that event is known. */
bool trace_has(const struct trace *t, enum trace_kind kind);

/** trace_events - those decoded, pages in the order they came; @n is set. */
const struct trace_event *trace_events(const struct trace *t, size_t *n);

/** trace_by_thread - the same by thread, then time; free() the array. */
const struct trace_event **trace_by_thread(const struct trace *t, size_t *n);

/** trace_gaps - the times with losses; @n is set. */
const struct trace_gap *trace_gaps(const struct trace *t, size_t *n);

/** trace_reset - forget events and losses, keep the formats. */
void trace_reset(struct trace *t);

/** trace_forget - forget formats as well: before the next arm is loaded. */
void trace_forget(struct trace *t);

#endif
