/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path length: instructions per invalidation or page fault, as the icount clock
 * counts them, and whether they have changed by more than a threshold.
 */
#ifndef SECMMU_PATHLEN_H
#define SECMMU_PATHLEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "stats.h"
#include "strs.h"
#include "words.h"

#define PATHLEN_SCHEMA 1
#define PATHLEN_THRESHOLD 0.01

enum pathlen_verdict {
	PATHLEN_SAME,		/* shown to differ by less than the threshold */
	PATHLEN_CHANGED,	/* shown to differ, and not by less */
	PATHLEN_NOT_ENOUGH,	/* neither: the boots do not tell */
};

/** pathlen_name - "same", "changed" or "not enough" */
const char *pathlen_name(enum pathlen_verdict v);

struct pathlen_row {
	char what[WORD_MAX];	/* an arm, or a pair of arms "a/b" */
	char event[WORD_MAX];	/* with sizes; or "all events" */
	double base;		/* instructions: in the old run, or of arm b; NaN for all */
	struct stat_test test;	/* of log(new / old), or of log(a / b) */
	double p;		/* corrected for the family */
	enum pathlen_verdict verdict;
	size_t boots_needed;	/* 0: a verdict is there */
};

struct pathlen {
	char *title;		/* what is compared with what */
	double threshold;
	struct pathlen_row *rows;
	size_t n_rows;
	struct strs notes;	/* sentences: what to mind */
	bool aa_broken;		/* an arm differs from itself: no verdict counts */
	enum pathlen_verdict verdict;	/* of all */
};

/**
 * pathlen_arms - compare the arms of a run, paired within its boots
 * @dir: its results folder
 * @pair: only this pair of the plan, "a/b"; NULL: all of them
 * @threshold: a relative change, 0 < x < 1
 * @p: set on success; pathlen_free() it
 *
 * Return: 0, or -1 with one error printed: a damaged folder, a clock other than
 * icount, a pair the plan does not compare.
 */
int pathlen_arms(const char *dir, const char *pair, double threshold,
		 struct pathlen *p);

/**
 * pathlen_runs - compare each arm of a run with the same arm of another
 * @old, @new: results folders of two kernels or two series
 * @arm: only this arm; NULL: all of them
 *
 * The rest as pathlen_arms(), and whatever dirs_load() refuses.
 */
int pathlen_runs(const char *old, const char *new, const char *arm,
		 double threshold, struct pathlen *p);

void pathlen_free(struct pathlen *p);

void pathlen_print(const struct pathlen *p, FILE *out);

/** pathlen_json - as docs/pathlen.md describes; json_decref() it. */
json_t *pathlen_json(const struct pathlen *p);

#endif
