/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of the points, on the disk: docs/bisect.md. */
#ifndef SECMMU_BISECT_STATE_H
#define SECMMU_BISECT_STATE_H

#include <jansson.h>

#include "bisect.h"
#include "bisect_points.h"

#define BISECT_SCHEMA 1

struct bisect_time {
	double seconds;		/* that the runs have taken, */
	unsigned int runs;	/* so many */
};

/**
 * bisect_state_save - write @path, the old or the new state at any moment
 * @result: what has come out, in JSON; taken over; NULL: nothing yet
 *
 * Return: a status.
 */
int bisect_state_save(const char *path, const char *question,
		      const struct bisect_points *p, const struct bisect *b,
		      const struct bisect_time *t, json_t *result);

/**
 * bisect_state_load - take the counts of an earlier search over the same points
 * @again: forget what was lost: those points get another chance
 *
 * Nothing is changed if there is no file.
 *
 * Return: ST_OK, or ST_USAGE with one line printed: a damaged file.
 */
int bisect_state_load(const char *path, const struct bisect_points *p, bool again,
		      struct bisect *b, struct bisect_time *t);

#endif
