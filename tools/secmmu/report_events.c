// SPDX-License-Identifier: GPL-2.0-only
/* Event by event: distributions and tables of report.html. */
#include "report_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "figures.h"
#include "words.h"
#include "util.h"

void report_legend(FILE *o, const struct folder *f)
{
	size_t i;

	fprintf(o, "<ul class=\"legend\" aria-label=\"Arms\">");
	for (i = 0; i < f->n_arms; i++) {
		fprintf(o, "<li><svg viewBox=\"0 0 42 12\" aria-hidden=\"true\"><path "
			"d=\"M0,6h42\" stroke=\"var(--c%zu)\" stroke-width=\"2.5\" "
			"stroke-dasharray=\"%s\"/></svg>", i % 8, arm_dash(i));
		html_printf(o, "%s</li>", f->series[i].arm);
	}
	fprintf(o, "</ul>\n");
}

/* word_time(), with the unit as HTML can have it. */
static const char *time_text(char *buf, const struct folder *f, double ns)
{
	size_t n;

	word_time(buf, f, ns);
	n = strlen(buf);
	if (n > 2 && !strcmp(buf + n - 2, "us"))
		strcpy(buf + n - 2, "µs");
	return buf;
}

static void cell_time(FILE *o, const struct folder *f,
		      const struct stat_interval *t, bool with_interval)
{
	char mid[WORD_MAX], low[WORD_MAX], high[WORD_MAX];

	html_printf(o, "<td>%s", time_text(mid, f, t->mid));
	if (with_interval && !isnan(t->low))
		html_printf(o, " <span class=\"note\">[%s, %s]</span>",
			    time_text(low, f, t->low),
			    time_text(high, f, t->high));
	fprintf(o, "</td>");
}

static void arm_row(FILE *o, const struct summary *s, size_t cell, size_t series)
{
	const struct folder *f = &s->folder;
	const struct measurement *m;
	char buf[WORD_MAX];

	m = summary_measured(s, cell, series, METRIC_SYSCALL);
	if (!m)
		return;
	html_printf(o, "<tr><th scope=\"row\">%s</th>",
		    word_series(buf, f, series));
	fprintf(o, "<td>%zu in %zu</td>", m->n, m->boots);
	cell_time(o, f, &m->p50, true);
	cell_time(o, f, &m->p90, false);
	cell_time(o, f, &m->p99, true);
	html_printf(o, "<td>%s</td>", time_text(buf, f, m->max));
	fprintf(o, "<td>%zu</td></tr>\n", m->beyond_p99);
}

static void arm_table(FILE *o, const struct summary *s, size_t cell)
{
	size_t i;

	html_printf(o, "<p class=\"note\">Without tracepoints: %s</p>",
		    figure_of(s->folder.cells[cell].event));
	fprintf(o, TABLE("Times of the arms") "<thead><tr>"
		"<th scope=\"col\">arm</th><th scope=\"col\">samples in boots</th>"
		"<th scope=\"col\">p50</th><th scope=\"col\">p90</th>"
		"<th scope=\"col\">p99</th><th scope=\"col\">max</th>"
		"<th scope=\"col\">beyond p99</th></tr></thead><tbody>\n");
	for (i = 0; i < s->folder.n_series; i++)
		arm_row(o, s, cell, i);
	fprintf(o, "</tbody></table></div>\n");
}

/* Columns of the path table; those of modes only if a sample has them. */
static const char *const path_heads[METRICS] = {
	[METRIC_WINDOW] = "window",
	[METRIC_HANDLER] = "handler",
	[METRIC_WAIT] = "wait",
	[METRIC_HOLD] = "hold",
	[METRIC_READ_WAIT] = "wait, read",
	[METRIC_READ_HOLD] = "hold, read",
	[METRIC_WRITE_WAIT] = "wait, write",
	[METRIC_WRITE_HOLD] = "hold, write",
	[METRIC_WAIT_CPU] = "burnt waiting",
	[METRIC_SYSCALL_TRACED] = "whole call",
};

static bool path_shown(const struct summary *s, size_t cell, enum metric m)
{
	size_t i;

	if (m < METRIC_READ_WAIT || m > METRIC_WAIT_CPU)
		return true;
	for (i = 0; i < s->folder.n_series; i++)
		if (summary_measured(s, cell, i, m))
			return true;
	return false;
}

/* Where the time goes, and what all took meanwhile, tracepoints included. */
static void path_row(FILE *o, const struct summary *s, size_t cell,
		     size_t series)
{
	const struct folder *f = &s->folder;
	const struct measurement *m;
	char p50[WORD_MAX], p99[WORD_MAX];
	int k;

	html_printf(o, "<tr><th scope=\"row\">%s</th>",
		    word_series(p50, f, series));
	for (k = METRIC_WINDOW; k < METRICS; k++) {
		if (!path_shown(s, cell, (enum metric)k))
			continue;
		m = summary_measured(s, cell, series, (enum metric)k);
		if (m)
			html_printf(o, "<td>%s<br><span class=\"note\">%s</span>"
				    "</td>", time_text(p50, f, m->p50.mid),
				    time_text(p99, f, m->p99.mid));
		else
			fprintf(o, "<td>–</td>");
	}
	fprintf(o, "</tr>\n");
}

static void path_table(FILE *o, const struct summary *s, size_t cell)
{
	char *burnt = words_burnt(s);
	size_t i;
	int k;

	html_printf(o, "<div><p class=\"note\">With tracepoints: notifier window, KVM's "
		    "handler, mmu_lock wait and hold, in all and by what was asked for "
		    "(a spinlock and a mutex are exclusive either way), and the call as "
		    "a whole, which they make longer: p50, below it p99. %s</p>", burnt);
	fprintf(o, TABLE("Notifier window, handler, wait and hold")
		"<thead><tr><th scope=\"col\">arm</th>");
	for (k = METRIC_WINDOW; k < METRICS; k++)
		if (path_shown(s, cell, (enum metric)k))
			fprintf(o, "<th scope=\"col\">%s</th>", path_heads[k]);
	fprintf(o, "</tr></thead><tbody>\n");
	free(burnt);
	for (i = 0; i < s->folder.n_series; i++)
		path_row(o, s, cell, i);
	fprintf(o, "</tbody></table></div></div>\n");
}

/* The rows of one list that belong to @cell; all pairs but @pair, or only it. */
static void compare_rows(FILE *o, const struct summary *s, size_t cell,
			 const struct pair *pair, bool others)
{
	const struct comparison *c;
	char what[64];
	size_t i;

	for (i = 0; i < s->n_comparisons; i++) {
		c = &s->comparisons[i];
		if (c->cell != cell ||
		    (c->a == pair->a && c->b == pair->b) == others)
			continue;
		snprintf(what, sizeof(what), "%s %s",
			 figure_metric(s->folder.cells[cell].event, c->metric),
			 statistic_name(c->statistic));
		report_pair(o, s, c, s->folder.series[c->b].arm, what);
	}
	for (i = 0; !others && i < s->n_aa; i++) {
		c = &s->aa[i];
		if (c->cell != cell)
			continue;
		snprintf(what, sizeof(what), "A/A %s %s",
			 figure_metric(s->folder.cells[cell].event, c->metric),
			 statistic_name(c->statistic));
		report_pair(o, s, c, s->folder.series[c->b].arm, what);
	}
}

static void compare_table(FILE *o, const struct summary *s, size_t cell)
{
	const struct folder *f = &s->folder;
	const struct pair *first;
	int others;

	if (!f->n_compare)
		return;
	first = summary_lead(s);
	for (others = 0; others < 2; others++) {
		if (others)
			fprintf(o, FOLD("") "Other pairs");
		else
			html_printf(o, FOLD(" open") "%s / %s, and A/A",
				    f->series[first->a].arm,
				    f->series[first->b].arm);
		fprintf(o, FOLD_END TABLE("Ratios of the boots' quantiles")
			"<thead><tr><th scope=\"col\">pair</th>"
			"<th class=\"l\" scope=\"col\">what</th>");
		report_pair_head(o);
		compare_rows(o, s, cell, first, others);
		fprintf(o, "</tbody></table></div>\n");
	}
}

static void describe(char *out, size_t size, const struct summary *s, size_t cell,
		     const char *what)
{
	const struct folder *f = &s->folder;
	const struct measurement *m;
	char p50[WORD_MAX], p99[WORD_MAX];
	size_t arm, at;

	at = (size_t)snprintf(out, size, "%s Medians and 99th percentiles:", what);
	for (arm = 0; arm < f->n_arms && at < size; arm++) {
		m = summary_measured(s, cell, arm, METRIC_SYSCALL);
		if (m)
			at += (size_t)snprintf(out + at, size - at, " %s %s, %s;",
				f->series[arm].arm, time_text(p50, f, m->p50.mid),
				time_text(p99, f, m->p99.mid));
	}
}

static void event(FILE *o, const struct summary *s, const struct report_plots *p,
		  size_t cell)
{
	const struct cell_plots *c = &p->cells[cell];
	const char *figure = figure_of(s->folder.cells[cell].event);
	char label[WORD_MAX], title[2 * WORD_MAX], desc[2048], caption[256];

	word_cell(label, &s->folder, cell);
	html_printf(o, "<h3>%s</h3>\n", label);
	if (c->ecdf != NO_PLOT)
		report_legend(o, &s->folder);
	fprintf(o, "<div class=\"two\">\n");
	snprintf(title, sizeof(title), "%s: %s, cumulative", label, figure);
	describe(desc, sizeof(desc), s, cell, "Share of samples up to a time, one "
		 "curve per arm, logarithmic time axis.");
	snprintf(caption, sizeof(caption), "Without tracepoints, %s: share of samples "
		 "up to a time. Thin: each boot; bold: the boots' median", figure);
	report_figure(o, p, c->ecdf, "", caption, title, desc);
	snprintf(title, sizeof(title), "%s: %s, tail", label, figure);
	describe(desc, sizeof(desc), s, cell, "Share of samples above a time, one "
		 "curve per arm, both axes logarithmic.");
	report_figure(o, p, c->tail, "", "Its tail: share of samples above a time", title,
	       desc);
	snprintf(title, sizeof(title), "%s: mmu_lock wait and hold", label);
	report_figure(o, p, c->waits, "", "With tracepoints: mmu_lock wait (circle) and hold "
	       "(square) per invalidation: median, and a line to p99", title,
	       "The values are in the table of the event.");
	path_table(o, s, cell);
	fprintf(o, "</div>\n");
	arm_table(o, s, cell);
	compare_table(o, s, cell);
}

void report_events(FILE *o, const struct summary *s, const struct report_plots *p)
{
	size_t i;

	fprintf(o, "<h2 id=\"events\">Events</h2>\n"
		"<p class=\"note\">Named event, size / page size, vCPUs of the "
		"guest. In the tables: medians over boots of each boot's quantile, "
		"with 95 %% intervals from order statistics where there are boots "
		"enough; the largest of all boots; and <em>beyond p99</em>, on how "
		"many samples of a boot its p99 rests at least (0 or 1: it is as "
		"good as the maximum). –: not measured.</p>\n");
	if (s->folder.n_cells > CELLS_PLOTTED)
		fprintf(o, "<p>Plots are shown for the first %d of %zu events, "
			"tables for all.</p>\n", CELLS_PLOTTED,
			s->folder.n_cells);
	if (!s->folder.n_cells)
		fprintf(o, "<p>No samples.</p>\n");
	for (i = 0; i < s->folder.n_cells; i++)
		event(o, s, p, i);
}
