/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of MMU notifiers, counted by the function that called: the lines of
 * sites.csv (contract 5).
 */
#ifndef SECMMU_CALLS_H
#define SECMMU_CALLS_H

#include <stddef.h>
#include <stdio.h>

#include "samplefile.h"
#include "schedule.h"
#include "strs.h"
#include "symbols.h"
#include "trace.h"

/** calls_header - write the first line of sites.csv. */
void calls_header(FILE *f);

/* One traced run of a test. */
struct calls_run {
	size_t slot_index;
	const struct slot *slot;
	const char *test;
	const struct strs *events;	/* that were due */
	const struct sample *samples;
	size_t n_samples;
};

/**
 * calls_write - count the calls that hit a guest's memory, and write the lines
 *
 * A call counts for the event of the sample that it falls into, in any thread,
 * if it hits the sample's memory. Outside of samples it counts if mmu_lock was
 * taken in it, which is done for a memslot only: for the event that was due, or
 * where several were for none.
 *
 * Errors are left to ferror(@f).
 */
void calls_write(FILE *f, const struct calls_run *r, const struct trace *t,
		 const struct symbols *sym);

#endif
