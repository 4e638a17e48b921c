/* SPDX-License-Identifier: GPL-2.0-only */
/* How the time of an event grows with its size, or with the number of vCPUs. */
#ifndef SECMMU_SCALING_H
#define SECMMU_SCALING_H

#include "folder.h"
#include "stats.h"

#define SCALING_LEAST 3		/* points that a curve needs */
#define SCALING_MOST 32

enum scaling_by { BY_SIZE, BY_VCPUS };

/* The cells of an event that differ in nothing but size, or vCPUs. */
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

/** scaling_x - bytes, or vCPUs, of point @i. */
double scaling_x(const struct folder *f, const struct scaling *s, size_t i);

/** scaling_by_name - "size" or "vcpus" */
const char *scaling_by_name(enum scaling_by by);

/**
 * scaling_growth - the exponent b with which the median system call grows, x^b
 * @series: the arm
 *
 * The least squares line through the logs, in each boot that has all points; a
 * boot is a number, and the interval of their mean that of stat_signflip().
 */
struct stat_test scaling_growth(const struct folder *f, const struct scaling *s,
				size_t series);

#endif
