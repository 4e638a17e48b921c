// SPDX-License-Identifier: GPL-2.0-only
/* Rows of ratios, figures, and the forest plots of report.html. */
#include "report_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "words.h"
#include "util.h"

const struct comparison *report_ratio(const struct summary *s,
				      const struct pair *p, size_t cell,
				      enum statistic stat)
{
	return summary_find(s->comparisons, s->n_comparisons, p->a, p->b, cell,
			    METRIC_SYSCALL, stat);
}

const struct comparison *report_aa(const struct summary *s, size_t cell,
				   enum statistic stat)
{
	const struct folder *f = &s->folder;

	if (f->aa < 0)
		return NULL;
	return summary_find(s->aa, s->n_aa, (size_t)f->aa,
			    (size_t)f->aa_series, cell, METRIC_SYSCALL, stat);
}

static void verdict_chip(FILE *o, const struct folder *f,
			 const struct comparison *c)
{
	const char *name = stat_verdict_name(c->verdict);
	bool aa = (int)c->b == f->aa_series;

	/* An arm that is faster than itself is no good news. */
	html_printf(o, "<span class=\"v %s\">%s</span>",
		    aa && c->verdict == STAT_FASTER ? "slower" : name, name);
}

void report_pair(FILE *o, const struct summary *s, const struct comparison *c,
		 const char *b, const char *what)
{
	char buf[WORD_MAX];

	html_printf(o, "<tr><th scope=\"row\">%s / %s</th><td class=\"l\">%s</td>",
		    s->folder.series[c->a].arm, b, what);
	html_printf(o, "<td>%s</td>", word_ratio(buf, c->test.mean));
	html_printf(o, "<td>%s</td>", word_interval(buf, &c->test));
	html_printf(o, "<td>%s%s</td><td class=\"l\">",
		    word_p(buf, c->p_holm), c->primary ? " (alone)" : "");
	verdict_chip(o, &s->folder, c);
	if (c->boots_needed)
		fprintf(o, "</td><td>%zu</td>", c->boots_needed);
	else
		fprintf(o, "</td><td></td>");
	html_printf(o, "<td class=\"l wrap\">%s</td></tr>\n", c->reason);
}

void report_pair_head(FILE *o)
{
	fputs("<th scope=\"col\">ratio</th><th scope=\"col\">95 % interval</th>"
	      "<th scope=\"col\">p (Holm)</th><th class=\"l\" scope=\"col\">verdict"
	      "</th><th scope=\"col\">boots needed</th><th class=\"l\" "
	      "scope=\"col\">remark</th></tr></thead><tbody>\n", o);
}

static void pairs(FILE *o, const struct summary *s)
{
	const struct folder *f = &s->folder;
	const struct comparison *c;
	char label[WORD_MAX];
	size_t i;

	fprintf(o, "<p class=\"note\">Times without tracepoints, "
		"geometric mean over all events of the ratio of the boots' medians. "
		"Above 1, the first arm takes longer. Last, what the tracepoints "
		"cost: an arm's time in the runs with them over that without.</p>\n"
		TABLE("All pairs") "<thead><tr>"
		"<th scope=\"col\">pair</th><th class=\"l\" scope=\"col\">what</th>");
	report_pair_head(o);
	for (i = 0; i < f->n_compare; i++) {
		c = report_ratio(s, &f->compare[i], ALL_CELLS, STATISTIC_P50);
		if (c)
			report_pair(o, s, c, f->series[c->b].arm, "arms");
	}
	c = report_aa(s, ALL_CELLS, STATISTIC_P50);
	if (c)
		report_pair(o, s, c, f->series[c->b].arm, "A/A, noise floor");
	for (i = 0; i < f->n_arms; i++) {
		c = summary_tracing(s, i);
		if (!c)
			continue;
		snprintf(label, sizeof(label), "%s untraced", f->series[i].arm);
		report_pair(o, s, c, label, "cost of tracepoints");
	}
	fprintf(o, "</tbody></table></div>\n");
}

void report_figure(FILE *o, const struct report_plots *p, unsigned int n,
		   const char *class, const char *caption, const char *title,
		   const char *desc)
{
	char *svg;

	if (n == NO_PLOT)
		return;
	svg = plots_svg(&p->plots, n);
	if (!svg)
		return;
	html_printf(o, "<figure class=\"%s\"><figcaption>%s</figcaption>"
		    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		    "aria-label=\"%s\">", class, caption, title);
	html_svg(o, svg, n, title, desc);
	fprintf(o, "</div></figure>\n");
	free(svg);
}

static void forest(FILE *o, const struct summary *s,
		   const struct report_plots *p, size_t k)
{
	const struct folder *f = &s->folder;
	const char *a = f->series[f->compare[k].a].arm;
	const char *b = f->series[f->compare[k].b].arm;
	const struct comparison *c = report_ratio(s, &f->compare[k], ALL_CELLS,
					   STATISTIC_P50);
	char title[256], desc[512], mid[WORD_MAX], interval[WORD_MAX], what[WORD_MAX];

	snprintf(title, sizeof(title), "%s / %s%s", a, b,
		 (int)k == f->primary ? " (the primary comparison)" : "");
	snprintf(desc, sizeof(desc), "Forest plot of the ratio %s to %s of the "
		 "%.99s without tracepoints, one row per event. All events: %.40s, "
		 "95 %% interval %.60s, verdict %s.", a, b, words_figure(what, f, "median "),
		 c ? word_ratio(mid, c->test.mean) : "none",
		 c ? word_interval(interval, &c->test) : "none",
		 c ? stat_verdict_name(c->verdict) : "none");
	report_figure(o, p, p->forest[k], (int)k == f->primary ? "wide" : "", title,
	       title, desc);
}

void report_ratios(FILE *o, const struct summary *s,
		   const struct report_plots *p)
{
	const struct folder *f = &s->folder;
	size_t i;

	fprintf(o, "<h2 id=\"ratios\">Ratios, event by event</h2>\n"
		"<p class=\"note\">Times without tracepoints, of each event what its "
		"section below names. Circles: ratio of the medians with its 95 %% "
		"interval; diamond: all events. Squares: one arm against itself "
		"(A/A), the noise floor. Shaded: the margin of %g %% within which "
		"two arms count as the same.</p>\n", 100 * f->margin);
	if (f->primary >= 0)
		forest(o, s, p, (size_t)f->primary);
	pairs(o, s);
	fprintf(o, "<div class=\"two\">\n");
	for (i = 0; i < f->n_compare; i++)
		if ((int)i != f->primary)
			forest(o, s, p, i);
	fprintf(o, "</div>\n");
}
