/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bisecting: which is the first bad one of a row of points? Only the search; what a
 * point is, and how it is run, is the caller's.
 *
 * All that is known are the counts of each point. The search follows from them, so
 * whoever keeps them can go on after an interruption by starting again.
 */
#ifndef SECMMU_BISECT_H
#define SECMMU_BISECT_H

#include <stdbool.h>
#include <stddef.h>

/* What one run of a point said. */
enum bisect_answer {
	BISECT_GOOD,
	BISECT_BAD,
	BISECT_LOST,		/* nothing: MISS, ERROR, SKIP; another run may tell */
	BISECT_BROKEN,		/* nothing, and never will: it does not even build */
};

/* What is known of a point. */
enum bisect_verdict {
	BISECT_IS_OPEN,		/* too few runs to say */
	BISECT_IS_GOOD,
	BISECT_IS_BAD,
	BISECT_IS_SKIPPED,	/* cannot be told */
};

struct bisect_point {
	unsigned int good, bad, lost;	/* runs with that answer */
	bool broken;
};

struct bisect {
	struct bisect_point *v;	/* the first is the good end, the last the bad one */
	size_t n;		/* at least 2 */
	unsigned int runs;	/* so many must be good for a point to be good */
	unsigned int retries;	/* a point that loses more runs is skipped */
	bool good_first;	/* begin with the good end, not with the bad one */
	/*
	 * Run @point once. Return: ST_OK with the answer, or a status to end with.
	 */
	int (*run)(size_t point, enum bisect_answer *answer, void *arg);
	/*
	 * A point is about to be run: step @step of about @of, @left points may
	 * still be the first bad one. May be NULL.
	 */
	void (*step)(size_t point, unsigned int step, unsigned int of, size_t left,
		     void *arg);
	/* The counts have changed: keep them. Return: a status. May be NULL. */
	int (*keep)(void *arg);
	void *arg;
};

enum bisect_outcome {
	BISECT_FOUND,		/* one point, or some when points were skipped */
	BISECT_GOOD_END_BAD,	/* the ends are not what they are said to be */
	BISECT_BAD_END_GOOD,
	BISECT_END_SKIPPED,	/* an end cannot be told */
};

struct bisect_result {
	enum bisect_outcome outcome;
	size_t end;		/* the end that is wrong, unless found */
	size_t last_good;	/* the first bad one is after this, */
	size_t first_bad;	/* and this at the latest */
	/* That a bad point passes all its runs, given those of the bad end. */
	double slip;
	double confidence;	/* that the answer is right, 0 to 1 */
};

/** bisect_verdict - what the counts of @point say. */
enum bisect_verdict bisect_verdict(const struct bisect *b, size_t point);

/**
 * bisect_search - verify both ends, then find the first bad point
 *
 * A point is bad once a run of it is bad, and good once b->runs are good. The bad
 * end is run b->runs times in any case, to see how often a bad point fails. One
 * that cannot be told is skipped, and a neighbour is taken.
 *
 * Return: ST_OK with @r set, or what b->run or b->keep returned.
 */
int bisect_search(struct bisect *b, struct bisect_result *r);

#endif
