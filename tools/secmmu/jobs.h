/* SPDX-License-Identifier: GPL-2.0-only */
/* Several boots at a time, each in a process of its own. */
#ifndef SECMMU_JOBS_H
#define SECMMU_JOBS_H

#include <stdbool.h>

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
};

/**
 * jobs_run - run all jobs that are not done
 *
 * After ST_HARNESS no new job is started; after a signal the running ones are
 * stopped and waited for.
 *
 * Return: the gravest exit status: ST_INTR, ST_HARNESS, ST_FAIL or ST_OK.
 */
int jobs_run(const struct jobs *j);

#endif
