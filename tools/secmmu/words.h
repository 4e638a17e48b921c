/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and verdicts as people read them, the same in table and report. */
#ifndef SECMMU_WORDS_H
#define SECMMU_WORDS_H

#include <stdio.h>

#include "summary.h"

#define WORD_MAX 128

/*
 * Each fills @buf, of WORD_MAX bytes, and returns it.
 *
 * word_time: with icount a whole number, as ns of virtual time count
 * instructions; otherwise four digits and a unit. "-" for NaN.
 */
const char *word_time(char *buf, const struct folder *f, double ns);
const char *word_size(char *buf, uint64_t bytes);	/* "4K", "2M" */
/** word_cell - "mremap_thp 2M/4K 1v": event, size / page size, vCPUs. */
const char *word_cell(char *buf, const struct folder *f, size_t cell);
const char *word_series(char *buf, const struct folder *f, size_t series);
const char *word_ratio(char *buf, double log_ratio);	/* "1.0213" */
/**
 * shown_percent - a share in percent, to be printed with its sign
 * @share: 0.013
 * @decimals: behind the point in print: what would be -0.00 there is 0
 */
double shown_percent(double share, int decimals);
/** word_change - "+1.30 %", of a factor of two and more "14 times" */
const char *word_change(char *buf, double log_ratio);
const char *word_count(char *buf, double per_call);	/* "0.2313", "90560" */
/**
 * words_count_row - a count's line of a table on the terminal, without its end
 * @first, @second: per call
 * @t: of the difference, as a share of the mean of both
 */
void words_count_row(FILE *out, enum count_kind k, double first, double second,
		     const struct stat_test *t, double p, enum stat_verdict v);
const char *word_interval(char *buf, const struct stat_test *t);
const char *word_p(char *buf, double p);
/** word_sure - "+1.8 %, 95 % interval +1.2 % to +2.4 %, p = 0.002, 10 boots" */
const char *word_sure(char *buf, const struct comparison *c);
/** word_verdict - "slower", "same", "underpowered (24 boots)" */
const char *word_verdict(char *buf, const struct comparison *c);

/**
 * words_figure - what is timed, with @prefix before it: "median " and "system call
 * time"; "median of what each event times" if events differ. Fills @buf, of WORD_MAX
 */
const char *words_figure(char *buf, const struct folder *f, const char *prefix);

/** words_instruments - which times of a run are taken how, in one sentence. */
const char *words_instruments(void);

/**
 * words_burnt - what "burnt waiting" (wait_cpu) counts with this clock, or why
 * the run has none; free() it
 */
char *words_burnt(const struct summary *s);

/** words_clock - what the times of this run mean, in one sentence. */
const char *words_clock(const struct folder *f);

/**
 * words_verdicts - of a pair (or the A/A pair): "of 18 figures 2 differ, 9 are
 * the same, 7 are open; of 12 counts 1 differs..."; free() it
 */
char *words_verdicts(const struct summary *s, const struct pair *p);

/**
 * words_answer - the answer of the primary comparison, in few words; free(). Of a
 * plan that has none: words_verdicts() of its first pair.
 */
char *words_answer(const struct summary *s);

/**
 * words_failure - what is wrong with a run, in one sentence; free() it
 *
 * Whether the thing tested has failed, or results are missing or broken, which says
 * nothing of it. Return: NULL if all boots of the plan are there and PASS.
 */
char *words_failure(const struct folder *f);

/** words_conclusion - answer and how sure, in one sentence; free() it. */
char *words_conclusion(const struct summary *s);

#endif
