/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two results folders beside each other: what differs between the runs, and
 * between what they measured. Boots of different runs are no pairs:
 * stat_unpaired() compares them.
 */
#ifndef SECMMU_COMPAREDIRS_H
#define SECMMU_COMPAREDIRS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "folder.h"
#include "stats.h"
#include "strs.h"
#include "summary.h"

#define COMPAREDIRS_SCHEMA 1

/* Something about the runs themselves that is not the same. */
struct dirs_difference {
	char *what;		/* "kernel release", "seed" */
	char *old, *new;	/* "none" if a manifest does not say */
};

/*
 * What a p99 must rest on at least, in each boot, and a count in both runs: on
 * fewer it is the largest few, or chance.
 */
#define DIRS_MIN_BEYOND	10
#define DIRS_MIN_COUNT	10

struct dirs_row {
	enum statistic statistic;	/* p50 or p99 of each boot */
	size_t beyond_p99;	/* samples that the p99 rests on, fewest of any boot */
	/* One arm's time, new over old; or the ratio of two arms, likewise. */
	bool is_ratio;
	size_t a, b;		/* arms in @old; @b only for a ratio */
	size_t cell;		/* in @old, or ALL_CELLS */
	size_t cells;		/* that a geometric mean covers */
	size_t n_old, n_new;	/* boots */
	struct stat_test test;	/* of the logs */
	double p_holm;		/* among all rows of the arm or pair */
	enum stat_verdict verdict;
	size_t boots_needed;	/* in each run; 0: a verdict is there */
	char reason[REASON_MAX];	/* why there is no verdict, what was left out */
};

/* How often something happened per call, in one arm. */
struct dirs_count {
	const struct tally *old, *new;
	size_t arm;		/* in @old */
	enum count_kind kind;
	double per_call_old, per_call_new;	/* means over the boots */
	size_t n_old, n_new;	/* boots */
	struct stat_test test;	/* of new - old as a share of the mean of both */
	double p_holm;		/* among all counts of the arm */
	enum stat_verdict verdict;
	size_t boots_needed;	/* in each run; 0: a verdict is there, or refused */
	char reason[REASON_MAX];
};

struct dirs {
	struct folder old, new;
	double margin;
	struct dirs_difference *differences;
	size_t n_differences;
	struct strs notes;	/* sentences: what to mind */
	struct dirs_row *rows;
	size_t n_rows;
	struct dirs_count *counts;
	size_t n_counts;
	/* Where the cells and arms of @old are in @new; SIZE_MAX: nowhere. */
	size_t *cell, *arm;
};

/**
 * dirs_load - read two results folders and compare them
 * @old, @new: the folders
 * @margin: ratios within 1 + @margin count as same; 0: the smaller one of the
 *	two plans
 * @d: set on success; dirs_free() it
 *
 * Compares the median and the p99 of the time without tracepoints, and counts per
 * call. A p99 or count that rests on too little has no test. Refused, as that
 * would compare something else: other clocks, other accelerators, one and the
 * same run twice, no event in common, no arm in common, no boot that passed.
 * The wall clocks of two machines are not compared either, only the ratios of
 * arms on them.
 *
 * Return: 0, or -1 with one error printed.
 */
int dirs_load(const char *old, const char *new, double margin, struct dirs *d);

void dirs_free(struct dirs *d);

/** dirs_print - as a table for people. */
void dirs_print(const struct dirs *d, FILE *out);

/** dirs_json - as docs/results.md describes; json_decref() it. */
json_t *dirs_json(const struct dirs *d);

/** dirs_label - "spinlock", or "mutex/spinlock"; fills @buf of WORD_MAX bytes. */
const char *dirs_label(char *buf, const struct dirs *d,
		       const struct dirs_row *r);

#endif
