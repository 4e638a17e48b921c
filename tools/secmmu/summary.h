/* SPDX-License-Identifier: GPL-2.0-only */
/* What a results folder shows: measurements, comparisons, summary.json. */
#ifndef SECMMU_SUMMARY_H
#define SECMMU_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "counts_compare.h"
#include "folder.h"
#include "stats.h"

#define SUMMARY_SCHEMA 2
#define ALL_CELLS ((size_t)-1)	/* geometric mean over all events */

enum statistic {
	STATISTIC_P50,
	STATISTIC_P99,
	STATISTICS
};

/** statistic_name - "p50" or "p99". */
const char *statistic_name(enum statistic s);

/* One arm in one cell: medians over boots of each boot's quantile, in ns. */
struct measurement {
	size_t cell, series;
	enum metric metric;
	const char *site;	/* the most frequent, or NULL */
	size_t n;		/* samples in all boots */
	size_t boots;
	struct stat_interval p50, p90, p99;
	double max;		/* over all boots */
	size_t beyond_p99;	/* samples, fewest of any boot */
};

#define REASON_MAX	256

struct comparison {
	size_t cell;		/* or ALL_CELLS */
	size_t cells;		/* that a geometric mean covers */
	enum metric metric;
	enum metric metric_b;	/* of @b: another one only for what tracing costs */
	enum statistic statistic;
	size_t a, b;		/* series; the ratio is a / b */
	bool primary;		/* declared beforehand: p is not corrected */
	struct stat_test test;	/* of the log-ratios, one per boot */
	double p_holm;
	enum stat_verdict verdict;
	size_t boots_needed;	/* 0: a verdict is there */
	size_t beyond_p99;	/* samples a p99 rests on, fewest of any boot */
	char reason[REASON_MAX];	/* why there is no verdict, what was left out */
};

struct summary {
	struct folder folder;
	struct measurement *measurements;
	size_t n_measurements;
	struct comparison *comparisons, *aa;
	struct comparison *tracing;	/* an arm traced / the same arm untraced */
	size_t n_comparisons, n_aa, n_tracing;
	struct count_comparison *counts;	/* the A/A pair's last */
	size_t n_counts;
	bool aa_broken;		/* the A/A pair differs in what the answer rests on */
	char **warnings;
	size_t n_warnings;
	struct sites *call_sites;	/* NULL: the run has not recorded them */
};

/**
 * summary_load - read a results folder and compare its arms
 * @dir: the folder
 * @s: set on success; summary_free() it
 *
 * Return: 0, or -1 with one error printed.
 */
int summary_load(const char *dir, struct summary *s);

void summary_free(struct summary *s);

/** summary_json - as docs/results.md describes; json_decref() it. */
json_t *summary_json(const struct summary *s);

/** summary_write - write @dir/summary.json; 0, or -1 with an error printed. */
int summary_write(const struct summary *s);

/**
 * summary_find - a comparison of the pair @a/@b, or NULL
 * @list: s->comparisons, s->aa or s->tracing, of @n
 */
const struct comparison *summary_find(const struct comparison *list, size_t n,
				      size_t a, size_t b, size_t cell,
				      enum metric m, enum statistic stat);

/** summary_tracing - what tracing costs arm @a in all events, or NULL. */
const struct comparison *summary_tracing(const struct summary *s, size_t a);

/** summary_primary - the primary comparison, or NULL if the plan has none. */
const struct comparison *summary_primary(const struct summary *s);

/**
 * summary_lead - the pair that the answer is about: the primary one, or the
 * plan's first; NULL if it compares nothing
 */
const struct pair *summary_lead(const struct summary *s);

/* How many of several comparisons have which verdict. */
struct verdict_tally {
	size_t differ, same, open;
};

/** summary_figures - of a pair's median system call times, event by event. */
struct verdict_tally summary_figures(const struct summary *s, const struct pair *p);

/** summary_counts - of its counts, without those that are 0 in both arms. */
struct verdict_tally summary_counts(const struct summary *s, const struct pair *p);

/** summary_measured - a measurement, or NULL. */
const struct measurement *summary_measured(const struct summary *s,
					   size_t cell, size_t series,
					   enum metric m);

/** reason_add - append to a reason, of REASON_MAX bytes, after a "; " if need be. */
void reason_add(char *reason, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
