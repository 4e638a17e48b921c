// SPDX-License-Identifier: GPL-2.0-only
/* Counts in report.html: contention by how often something happened. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_parts.h"
#include "words.h"
#include "util.h"

static void median_cell(FILE *o, const struct counts_sum *c, enum count_kind k)
{
	char mid[WORD_MAX], low[WORD_MAX], high[WORD_MAX];
	double *v = xcalloc(c->n + 1, sizeof(*v));
	struct stat_interval i;
	size_t n = counts_per_call(c, k, v);

	if (!n) {
		fprintf(o, "<td>–</td>");
	} else {
		i = stat_median_ci(v, n);
		fprintf(o, "<td>%s", word_count(mid, i.mid));
		if (!isnan(i.low))
			fprintf(o, " <span class=\"note\">[%s, %s]</span>",
				word_count(low, i.low), word_count(high, i.high));
		fprintf(o, "</td>");
	}
	free(v);
}

/* The median time of the event, if there is but one of that name. */
static void time_cell(FILE *o, const struct summary *s, const char *event,
		      size_t series)
{
	const struct folder *f = &s->folder;
	const struct measurement *m = NULL;
	size_t cell, found = 0;
	char buf[WORD_MAX];

	for (cell = 0; cell < f->n_cells; cell++)
		if (!strcmp(f->cells[cell].event, event)) {
			m = summary_measured(s, cell, series, METRIC_SYSCALL);
			found++;
		}
	html_printf(o, "<td>%s</td>",
		    m && found == 1 ? word_time(buf, f, m->p50.mid) : "–");
}

/* A count that no arm has is no column. */
static bool shown(const struct folder *f, const struct tally *like, enum count_kind k)
{
	for (size_t i = 0; i < f->n_tallies; i++) {
		const struct tally *t = &f->tallies[i];

		if (!strcmp(t->test, like->test) && !strcmp(t->name, like->name) &&
		    counts_total(tally_counts(t, k, false), k) != COUNT_NONE)
			return true;
	}
	return false;
}

static void arm_row(FILE *o, const struct summary *s, const struct tally *t,
		    bool copy_b, size_t series)
{
	const struct counts_sum *c = copy_b ? &t->counts_b : &t->counts;
	char buf[WORD_MAX];

	if (!c->n)
		c = copy_b ? &t->traced_b : &t->traced;
	if (!c->n)
		return;
	html_printf(o, "<tr><th scope=\"row\">%s</th>",
		    word_series(buf, &s->folder, series));
	time_cell(o, s, t->name, series);
	fprintf(o, "<td>%llu in %zu</td>", (unsigned long long)
		counts_total(c, COUNT_CALLS), c->n);
	for (int k = COUNT_CALLS + 1; k < COUNT_KINDS; k++)
		if (shown(&s->folder, t, (enum count_kind)k))
			median_cell(o, tally_counts(t, (enum count_kind)k, copy_b),
				    (enum count_kind)k);
	fprintf(o, "</tr>\n");
}

static bool same(const struct tally *a, const struct tally *b)
{
	return !strcmp(a->test, b->test) && !strcmp(a->name, b->name);
}

static void arms_table(FILE *o, const struct summary *s, const struct tally *t)
{
	const struct folder *f = &s->folder;

	fputs(TABLE("Counts of the arms") "<thead><tr><th scope=\"col\">arm</th>"
	      "<th scope=\"col\">median time</th><th scope=\"col\">calls in boots</th>",
	      o);
	for (int k = COUNT_CALLS + 1; k < COUNT_KINDS; k++)
		if (shown(f, t, (enum count_kind)k))
			fprintf(o, "<th scope=\"col\">%s</th>",
				count_title((enum count_kind)k));
	fprintf(o, "</tr></thead><tbody>\n");
	for (size_t arm = 0; arm < f->n_arms; arm++)
		for (size_t i = 0; i < f->n_tallies; i++) {
			const struct tally *x = &f->tallies[i];

			if (x->arm != arm || !same(x, t))
				continue;
			arm_row(o, s, x, false, arm);
			if (f->aa == (int)arm)
				arm_row(o, s, x, true, (size_t)f->aa_series);
		}
	fprintf(o, "</tbody></table></div>\n");
}

static void pair_row(FILE *o, const struct summary *s,
		     const struct count_comparison *c)
{
	char a[WORD_MAX], b[WORD_MAX], p[WORD_MAX];
	const char *name = stat_verdict_name(c->verdict);

	html_printf(o, "<tr><th scope=\"row\">%s / %s</th><td class=\"l\">%s</td>",
		    word_series(a, &s->folder, c->a),
		    word_series(b, &s->folder, c->b), count_title(c->kind));
	fprintf(o, "<td>%s</td><td>%s</td><td>%+.1f %%</td>", word_count(a, c->per_call_a),
		word_count(b, c->per_call_b), shown_percent(c->test.mean, 1));
	if (isnan(c->test.low))
		fprintf(o, "<td>none</td>");
	else
		fprintf(o, "<td>%+.1f %% to %+.1f %%</td>",
			shown_percent(c->test.low, 1), shown_percent(c->test.high, 1));
	html_printf(o, "<td>%s</td><td class=\"l\"><span class=\"v %s\">%s</span></td>",
		    word_p(p, c->p_holm), c->aa && c->verdict == STAT_FASTER ?
		    "slower" : name, count_verdict_name(c->verdict));
	if (c->boots_needed)
		fprintf(o, "<td>%zu</td></tr>\n", c->boots_needed);
	else
		fprintf(o, "<td></td></tr>\n");
}

/* What never happened in either arm is left out. */
static void pairs_table(FILE *o, const struct summary *s, const struct tally *t)
{
	const struct count_comparison *c = s->counts;
	size_t shown = 0;

	for (size_t i = 0; i < s->n_counts; i++, c++) {
		if (!same(c->ta, t) || c->per_call_a + c->per_call_b <= 0)
			continue;
		if (!shown++)
			fputs(FOLD(" open") "Pairs, and A/A" FOLD_END
			      TABLE("Counts of two arms") "<thead><tr>"
			      "<th scope=\"col\">pair</th><th class=\"l\" scope=\"col\">what</th>"
			      "<th scope=\"col\">first, per call</th>"
			      "<th scope=\"col\">second</th>"
			      "<th scope=\"col\">difference</th>"
			      "<th scope=\"col\">95 % interval</th>"
			      "<th scope=\"col\">p (Holm)</th>"
			      "<th class=\"l\" scope=\"col\">verdict</th>"
			      "<th scope=\"col\">boots needed</th></tr></thead><tbody>\n",
			      o);
		pair_row(o, s, c);
	}
	if (shown)
		fprintf(o, "</tbody></table></div>\n");
}

static bool has_counts(const struct tally *t)
{
	return t->counts.n || t->traced.n;
}

/* Is it the first of all arms that has counts of that event? */
static bool is_first(const struct folder *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_counts(&f->tallies[i]) && same(&f->tallies[i], &f->tallies[n]))
			return false;
	return has_counts(&f->tallies[n]);
}

void report_counts(FILE *o, const struct summary *s)
{
	const struct folder *f = &s->folder;
	size_t shown = 0;

	fputs("<h2 id=\"counts\">Counts</h2>\n", o);
	for (size_t i = 0; i < f->n_tallies; i++) {
		if (!is_first(f, i))
			continue;
		if (!shown++)
			fputs("<p class=\"note\">What happened during the calls, of the "
			      "runs without tracepoints (traced waits, of any thread, of "
			      "those with them): by call, median over boots with "
			      "its 95 % interval. Pairs are compared within the boot: "
			      "the difference of the counts by call, as a share of the "
			      "mean of both arms; p by Holm among all counts of the pair. "
			      "Switches are context switches, vCPU progress is passes over "
			      "the memory that vCPUs ended meanwhile. –: not counted.</p>\n", o);
		html_printf(o, "<h3>%s, %s</h3>\n", f->tallies[i].name,
			    f->tallies[i].test);
		arms_table(o, s, &f->tallies[i]);
		pairs_table(o, s, &f->tallies[i]);
	}
	if (!shown)
		fputs("<p>No test has counted anything.</p>\n", o);
}
