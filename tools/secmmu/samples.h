/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading boot-NNN/samples.csv (docs/contracts.md, section 4), line by line. */
#ifndef SECMMU_SAMPLES_H
#define SECMMU_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is measured of an invalidation, in the order of the columns. The system
 * call time that counts is that of a run without tracepoints; all others, and
 * what the system call took meanwhile, are of runs with them.
 */
enum metric {
	METRIC_SYSCALL,
	METRIC_WINDOW,
	METRIC_HANDLER,
	METRIC_WAIT,
	METRIC_HOLD,
	/* By mode: empty where the lock was not taken in it. */
	METRIC_READ_WAIT,
	METRIC_READ_HOLD,
	METRIC_WRITE_WAIT,
	METRIC_WRITE_HOLD,
	METRIC_WAIT_CPU,	/* what of the wait the waiter had a CPU */
	METRIC_SYSCALL_TRACED,
	METRICS
};

/** metric_name - "syscall", "window", "handler", "wait", "hold", "read_wait"... */
const char *metric_name(enum metric m);

#define SAMPLE_EMPTY UINT64_MAX	/* not measured */

/* What is said of a boot's file with another digest than it is to have. */
#define SAMPLES_CHANGED "not as it was when the boot ended: boot.json has another SHA-256 of it"

struct sample_row {
	uint32_t slot;
	char arm[33];
	char copy;		/* 'a' or 'b' */
	bool traced;
	char test[65];
	char event[41];
	uint64_t page_size;	/* bytes */
	uint64_t size;		/* bytes */
	uint32_t vcpus;
	uint64_t seq;
	char site[161];		/* "" if none */
	uint64_t ns[METRICS];	/* SAMPLE_EMPTY where not measured */
	uint64_t notifiers;
	uint64_t waits;
	/* The columns slot to vcpus are those of the row before. */
	bool same_group;
};

/**
 * samples_read - read a whole file
 * @path: the file
 * @sha256: hex digest that it is to have, or NULL
 * @row: called for each line; returns 0 to go on. To refuse a line it sets
 *	*@why to a message and returns -1
 * @arg: passed on
 *
 * Memory use does not depend on the file's size. Anything that section 4 does
 * not allow, and a last line that is cut off, is an error that names file and
 * line. So is another digest, which shows only when all lines have been used: what
 * is cut off at the end of a line looks whole.
 *
 * Return: 0, or -1 with one error printed.
 */
int samples_read(const char *path, const char *sha256,
		 int (*row)(const struct sample_row *r, const char **why,
			    void *arg),
		 void *arg);

#endif
