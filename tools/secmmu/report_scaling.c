// SPDX-License-Identifier: GPL-2.0-only
/* Scaling curves in report.html: the plot, and the growth in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_parts.h"
#include "figures.h"
#include "words.h"
#include "util.h"

/* What the axis, and the title, say. */
static const struct {
	const char *axis, *title;
} by_words[] = {
	[BY_SIZE] = { "size in bytes", "size" },
	[BY_VCPUS] = { "vCPUs", "number of vCPUs" },
	[BY_RATE] = { "invalidations a second", "rate of invalidation" },
	[BY_MEMSLOTS] = { "memslots", "number of memslots" },
};

static const char *point_word(char *buf, const struct folder *f,
			      const struct scaling *c, size_t i)
{
	if (c->by == BY_SIZE)
		return word_size(buf, f->cells[c->cells[i]].size);
	snprintf(buf, WORD_MAX, "%.9g", scaling_x(f, c, i));
	return buf;
}

static void x_axis(FILE *out, const struct folder *f, const struct scaling *c)
{
	double low = scaling_x(f, c, 0), high = scaling_x(f, c, c->n - 1);
	char word[WORD_MAX];
	size_t i;

	fprintf(out, "set logscale x\nset xrange [%.9g:%.9g]\nset xtics (",
		low / pow(high / low, 0.04), high * pow(high / low, 0.04));
	for (i = 0; i < c->n; i++)
		fprintf(out, "%s\"%s\" %.9g", i ? ", " : "",
			point_word(word, f, c, i), scaling_x(f, c, i));
	fprintf(out, ")\nset xlabel \"%s\"\n",
		by_words[c->by].axis);
}

unsigned int report_plot_scaling(const struct summary *s, struct plots *p,
				 const struct scaling *c)
{
	const struct folder *f = &s->folder;
	struct range r = { 0, 0 };
	const struct measurement *m;
	size_t arm, i;

	plots_next(p, 640, 340);
	for (arm = 0; arm < f->n_arms; arm++) {
		fprintf(p->script, "$m%zu << E\n", arm);
		for (i = 0; i < c->n; i++) {
			m = summary_measured(s, c->cells[i], arm, METRIC_SYSCALL);
			if (!m || !(m->p50.mid > 0))
				continue;
			fprintf(p->script, "%.9g %.9g\n", scaling_x(f, c, i),
				m->p50.mid);
			plot_widen(&r, m->p50.mid);
		}
		fprintf(p->script, "NaN NaN\nE\n");
	}
	x_axis(p->script, f, c);
	plot_time_axis(p->script, 'y', f, r);
	fprintf(p->script, "plot ");
	for (arm = 0; arm < f->n_arms; arm++)
		fprintf(p->script, "%s$m%zu with linespoints pt 6 ps 0.7 lw 2 lc rgb "
			PLOT_COLOUR " %s%s%s title \"%s\"", arm ? ", " : "", arm,
			(unsigned int)arm, *arm_dash(arm) ? "dt (" : "",
			arm_dash(arm), *arm_dash(arm) ? ")" : "",
			f->series[arm].arm);
	fprintf(p->script, "\n");
	return p->n - 1;
}

static void growth_row(FILE *o, const struct summary *s, const struct scaling *c,
		       size_t arm)
{
	const struct stat_test t = scaling_growth(&s->folder, c, arm);
	const struct scaling_shape shape = scaling_shape(&s->folder, c, arm);
	const struct measurement *first, *last;
	char low[WORD_MAX], high[WORD_MAX];

	if (!t.n)
		return;
	first = summary_measured(s, c->cells[0], arm, METRIC_SYSCALL);
	last = summary_measured(s, c->cells[c->n - 1], arm, METRIC_SYSCALL);
	html_printf(o, "<tr><th scope=\"row\">%s</th>", s->folder.series[arm].arm);
	html_printf(o, "<td>%s</td><td>%s</td>",
		    word_time(low, &s->folder, first->p50.mid),
		    word_time(high, &s->folder, last->p50.mid));
	/* The mark first: the end of a wide table is out of sight. */
	fprintf(o, "<td>%s%.3f", shape.bends ?
		"<span class=\"v underpowered\">bends</span> " : "", t.mean);
	if (!isnan(t.low))
		fprintf(o, "<br><span class=\"note\">%.3f to %.3f</span>", t.low,
			t.high);
	fprintf(o, "</td><td>%.3f</td><td>× %.2f</td><td>%zu</td></tr>\n",
		shape.last_slope, shape.residual, t.n);
}

/* All points, for who does not see the plot; free() it. */
static char *points(const struct summary *s, const struct scaling *c)
{
	const struct folder *f = &s->folder;
	char x[WORD_MAX], y[WORD_MAX], *text = NULL;
	const struct measurement *m;
	size_t arm, i, len;
	FILE *o = open_memstream(&text, &len);

	if (!o)
		return xstrdup("");
	fprintf(o, "One curve per arm, both axes logarithmic. Median %s by %s.",
		figure_of(f->cells[c->cells[0]].event), by_words[c->by].title);
	for (arm = 0; arm < f->n_arms; arm++) {
		fprintf(o, " %s:", f->series[arm].arm);
		for (i = 0; i < c->n; i++) {
			m = summary_measured(s, c->cells[i], arm, METRIC_SYSCALL);
			fprintf(o, "%s %s at %s", i ? "," : "", m ?
				word_time(y, f, m->p50.mid) : "not measured",
				point_word(x, f, c, i));
		}
		fprintf(o, ".");
	}
	fclose(o);
	return text ? text : xstrdup("");
}

static void curve(FILE *o, const struct summary *s, const struct report_plots *p,
		  size_t n)
{
	const struct folder *f = &s->folder;
	const struct scaling *c = &p->scaling[n];
	const struct cell *cell = &f->cells[c->cells[0]];
	char title[256], caption[256], low[WORD_MAX], high[WORD_MAX], page[WORD_MAX];
	char event[sizeof(cell->event)], *desc = points(s, c);
	size_t arm;

	snprintf(title, sizeof(title), "%s by %s, pages of %s",
		 scaling_event(event, f, c), by_words[c->by].title,
		 word_size(page, cell->page_size));
	html_printf(o, "<h3>%s</h3>\n<div class=\"two\">\n", title);
	snprintf(caption, sizeof(caption), "Without tracepoints, median %s; both axes "
		 "logarithmic", figure_of(cell->event));
	report_figure(o, p, p->scaling_plots[n], "", caption, title, desc);
	free(desc);
	fprintf(o, "<div><p class=\"note\">Median at the ends, and the exponent b of "
		"the growth as x<sup>b</sup> between, with its 95 %% interval: 0 no growth, "
		"1 in proportion; the "
		"slope of the last two points alone; and by how much, at most, x<sup>b</sup> "
		"misses a point. <em>bends</em>: by more than × %g, so that no one exponent "
		"says how it grows</p>", SCALING_BENDS);
	html_printf(o, TABLE("Growth") "<thead><tr><th scope=\"col\">arm</th>"
		    "<th scope=\"col\">at %s</th><th scope=\"col\">at %s</th>",
		    point_word(low, f, c, 0), point_word(high, f, c, c->n - 1));
	fputs("<th scope=\"col\">exponent</th>"
	      "<th scope=\"col\">last slope</th><th scope=\"col\">misses by</th>"
	      "<th scope=\"col\">boots</th></tr></thead><tbody>\n", o);
	for (arm = 0; arm < f->n_arms; arm++)
		growth_row(o, s, c, arm);
	fprintf(o, "</tbody></table></div></div></div>\n");
}

void report_scaling(FILE *o, const struct summary *s, const struct report_plots *p)
{
	size_t i;

	fprintf(o, "<h2 id=\"scaling\">Scaling</h2>\n");
	if (!p->n_scaling)
		fprintf(o, "<p>No event was measured with %d sizes, numbers of vCPUs or memslots, or rates: "
			"no curve.</p>\n", SCALING_LEAST);
	else
		report_legend(o, &s->folder);
	for (i = 0; i < p->n_scaling; i++)
		curve(o, s, p, i);
}
