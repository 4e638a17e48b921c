/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts of two arms compared. Many are 0, so that there are no ratios: what is
 * tested is the difference of the counts per call within each boot, as a share
 * of the mean of both arms.
 */
#ifndef SECMMU_COUNTS_COMPARE_H
#define SECMMU_COUNTS_COMPARE_H

#include "folder.h"
#include "stats.h"

struct count_comparison {
	const struct tally *ta, *tb;	/* the same for A/A: its two slots */
	bool aa;
	size_t a, b;		/* series */
	enum count_kind kind;
	double per_call_a, per_call_b;	/* means over the boots compared */
	struct stat_test test;	/* of (a - b) / mean of both, one per boot */
	double p_holm;		/* among all counts of the pair */
	enum stat_verdict verdict;
	size_t boots_needed;	/* 0: a verdict is there */
};

/**
 * count_verdict_name - "fewer" or "more" (of a than of b), "same", "underpowered"
 */
const char *count_verdict_name(enum stat_verdict v);

/**
 * count_test_json - what a test of counts has said, into the object @o
 * @boots_needed: 0: none are, as a verdict is there
 */
void count_test_json(json_t *o, const struct stat_test *t, double p_holm,
		     enum stat_verdict verdict, size_t boots_needed);

/**
 * counts_compare - all counts of the plan's pairs, and of the A/A pair after them
 * @list: set to an array, free() it; NULL if there is none
 *
 * The sign-flip test of statistics.md, over the boots in which both arms have
 * counted. What is 0 in every boot of both arms is the same. Verdicts are as of
 * times, with the plan's margin.
 *
 * Return: how many.
 */
size_t counts_compare(const struct folder *f, struct count_comparison **list);

#endif
