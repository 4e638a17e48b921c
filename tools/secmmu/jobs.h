/* SPDX-License-Identifier: GPL-2.0-only */
/* Several boots at a time, each in a process of its own. */
#ifndef SECMMU_JOBS_H
#define SECMMU_JOBS_H

#include <stdbool.h>

/*
 * A boot that is stopped asks QEMU, then ends it: ten seconds at most, and what is
 * under way beside it (a trace is decoded, a disk is slow) may take some more.
 */
#define JOBS_KILL_MS	60000

struct jobs {
	unsigned int n;			/* jobs, numbered from 0 */
	unsigned int at_once;
	/*
	 * In a child: do job @i, return its exit status. No other job that runs
	 * has the same @slot, which is below @at_once.
	 */
	int (*run)(unsigned int i, unsigned int slot, void *arg);
	/* Whether job @i is done already, by an earlier run. */
	bool (*done)(unsigned int i, void *arg);
	/* In the parent: one job more is finished. */
	void (*progress)(unsigned int finished, unsigned int to_do, void *arg);
	void *arg;
	unsigned int kill_ms;	/* from SIGTERM to SIGKILL; 0: JOBS_KILL_MS */
};

/**
 * jobs_run - run all jobs that are not done
 *
 * After ST_HARNESS no new job is started; after a signal the running ones are
 * stopped and waited for, but not for ever: they get SIGKILL, of which their QEMU
 * dies as well, and what even that does not end is left behind.
 *
 * Return: the gravest exit status: ST_INTR, ST_HARNESS, ST_FAIL or ST_OK; ST_HARNESS,
 * with an error printed, if a job did not stop by itself.
 */
int jobs_run(const struct jobs *j);

#endif
