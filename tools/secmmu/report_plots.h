/* SPDX-License-Identifier: GPL-2.0-only */
/* The plots of report.html. */
#ifndef SECMMU_REPORT_PLOTS_H
#define SECMMU_REPORT_PLOTS_H

#include "plot.h"
#include "scaling.h"
#include "summary.h"

#define NO_PLOT ((unsigned int)-1)
#define CELLS_PLOTTED 48	/* further events have their tables only */

struct cell_plots {
	unsigned int ecdf, tail, waits;		/* numbers, or NO_PLOT */
};

struct report_plots {
	struct plots plots;
	unsigned int *forest;		/* one per compared pair */
	struct cell_plots *cells;	/* one per cell */
	struct scaling *scaling;
	size_t n_scaling;
	unsigned int *scaling_plots;	/* one per curve */
};

struct range {
	double lo, hi;			/* both 0: nothing in it yet */
};

/** plot_widen - make @r hold @x as well, if that is above 0. */
void plot_widen(struct range *r, double x);

/**
 * plot_time_axis - commands for a logarithmic axis of times in @r
 * @axis: 'x' or 'y'
 */
void plot_time_axis(FILE *f, char axis, const struct folder *folder,
		    struct range r);

/** report_plot_scaling - draw one curve per arm; the plot's number. */
unsigned int report_plot_scaling(const struct summary *s, struct plots *p,
				 const struct scaling *c);

/**
 * report_plots_make - draw them all
 *
 * Return: ST_OK, or an error as of plots_run(). report_plots_free() @p in any
 * case.
 */
int report_plots_make(const struct summary *s, struct report_plots *p);

void report_plots_free(struct report_plots *p);

/** arm_dash - SVG dash pattern of an arm's lines, "" for a solid one. */
const char *arm_dash(size_t arm);

#endif
