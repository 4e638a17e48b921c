/* SPDX-License-Identifier: GPL-2.0-only */
/* How the time of an event grows: with its size, vCPUs, rate or memslots. */
#ifndef SECMMU_SCALING_H
#define SECMMU_SCALING_H

#include "folder.h"
#include "stats.h"

#define SCALING_LEAST 3		/* points that a curve needs */
#define SCALING_MOST 32
#define SCALING_BENDS 1.25	/* a line that misses a point by more is no answer */

/*
 * Size and vCPUs are a cell's own; rate and memslots the end of its event's name,
 * "contend_call_r200_m16".
 */
enum scaling_by { BY_SIZE, BY_VCPUS, BY_RATE, BY_MEMSLOTS, SCALING_BYS };

/* The cells of an event that differ in nothing but that. */
struct scaling {
	enum scaling_by by;
	size_t cells[SCALING_MOST];	/* ascending */
	size_t n;
};

/**
 * scaling_find - all curves that a run has the points for
 * @list: set to an array, free() it
 *
 * Return: how many.
 */
size_t scaling_find(const struct folder *f, struct scaling **list);

/** scaling_x - bytes, vCPUs, invalidations a second, or memslots of point @i. */
double scaling_x(const struct folder *f, const struct scaling *s, size_t i);

/** scaling_by_name - "size", "vcpus", "rate" or "memslots" */
const char *scaling_by_name(enum scaling_by by);

/**
 * scaling_event - the event's name without what varies
 * @buf: of the size of a cell's event
 *
 * Return: @buf.
 */
const char *scaling_event(char *buf, const struct folder *f,
			  const struct scaling *s);

/**
 * scaling_growth - the exponent b with which the median system call grows, x^b
 * @series: the arm
 *
 * The least squares line through the logs, in each boot that has all points; a
 * boot is a number, and the interval of their mean that of stat_signflip().
 */
struct stat_test scaling_growth(const struct folder *f, const struct scaling *s,
				size_t series);

/* Whether an exponent says what the curve does. */
struct scaling_shape {
	double last_slope;	/* between the last two points; NaN: no boot has all */
	double residual;	/* factor by which the line misses a point, at most */
	bool bends;		/* by more than SCALING_BENDS */
};

/**
 * scaling_shape - how the curve differs from x^b
 * @series: the arm
 *
 * Of the geometric means over the boots that have all points.
 */
struct scaling_shape scaling_shape(const struct folder *f,
				   const struct scaling *s, size_t series);

#endif
