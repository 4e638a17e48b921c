/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of report.html, one file each, and what they share. */
#ifndef SECMMU_REPORT_PARTS_H
#define SECMMU_REPORT_PARTS_H

#include <stdio.h>

#include "report_plots.h"
#include "summary.h"

/* A wide table scrolls in its own box, with the keyboard as well. */
#define TABLE(label) "<div class=\"scroll\" tabindex=\"0\" role=\"region\" " \
	"aria-label=\"" label "\"><table>"

/*
 * Before a TABLE, the summary between them: a click folds the table away. It
 * stands beside <details>, not in it: what a closed one holds is not printed.
 */
#define FOLD(open) "<details class=\"fold\"" open "><summary>"
#define FOLD_END "</summary></details>"

/* Sections, in the order of the page. */
void report_ratios(FILE *o, const struct summary *s,
		   const struct report_plots *p);
void report_events(FILE *o, const struct summary *s,
		   const struct report_plots *p);
void report_counts(FILE *o, const struct summary *s);
void report_scaling(FILE *o, const struct summary *s,
		    const struct report_plots *p);
void report_sites(FILE *o, const struct summary *s);
void report_run(FILE *o, const struct folder *f);

/** report_ratio - median (or p99) system call time of a pair, or NULL. */
const struct comparison *report_ratio(const struct summary *s,
				      const struct pair *p, size_t cell,
				      enum statistic stat);

/** report_aa - the same of the A/A pair, or NULL. */
const struct comparison *report_aa(const struct summary *s, size_t cell,
				   enum statistic stat);

/**
 * report_pair - a table row of one comparison
 * @b: name of the second arm
 * @what: what is compared
 *
 * report_pair_head() writes the heads of the columns from the third on.
 */
void report_pair(FILE *o, const struct summary *s, const struct comparison *c,
		 const char *b, const char *what);
void report_pair_head(FILE *o);

/** report_legend - the lines of the arms. */
void report_legend(FILE *o, const struct folder *f);

/** report_figure - plot @n of @p with its caption; nothing for NO_PLOT. */
void report_figure(FILE *o, const struct report_plots *p, unsigned int n,
		   const char *class, const char *caption, const char *title,
		   const char *desc);

#endif
