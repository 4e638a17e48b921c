// SPDX-License-Identifier: GPL-2.0-only
/* report.html from top to bottom: see report_page.h. */
#include "report_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_style.h"
#include "words.h"
#include "util.h"

/* A wide table scrolls in its own box, with the keyboard as well. */
#define TABLE(label) "<div class=\"scroll\" tabindex=\"0\" role=\"region\" " \
	"aria-label=\"" label "\"><table>"

static const struct comparison *ratio(const struct summary *s,
				      const struct pair *p, size_t cell,
				      enum statistic stat)
{
	return summary_find(s->comparisons, s->n_comparisons, p->a, p->b, cell,
			    METRIC_SYSCALL, stat);
}

static const struct comparison *aa_of(const struct summary *s, size_t cell,
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

/* First screen */

static void warnings(FILE *o, const struct summary *s)
{
	size_t i;

	if (!s->n_warnings)
		return;
	fprintf(o, "<div class=\"alert\" role=\"note\"><strong>%s</strong><ul>",
		s->aa_broken ? "A/A is broken: do not trust this run" :
			       "Mind");
	for (i = 0; i < s->n_warnings; i++)
		html_printf(o, "<li>%s</li>", s->warnings[i]);
	fprintf(o, "</ul></div>\n");
}

static void sure(FILE *o, const struct summary *s)
{
	const struct comparison *c = summary_primary(s);
	const struct comparison *aa = aa_of(s, ALL_CELLS, STATISTIC_P50);
	char buf[WORD_MAX];

	fprintf(o, "<div class=\"card\"><h3>How sure</h3>");
	if (!c || !c->test.n) {
		fprintf(o, "<p>Nothing to go by.</p></div>\n");
		return;
	}
	html_printf(o, "<p>%s</p>", word_sure(buf, c));
	if (c->verdict == STAT_UNDERPOWERED) {
		snprintf(buf, sizeof(buf), "%zu", c->boots_needed);
		html_printf(o, "<p>%s. About %s boots would decide, if spread "
			    "and difference stay as they are.</p>", c->reason,
			    buf);
	}
	if (aa && aa->test.n) {
		html_printf(o, "<p>Noise floor: %s against itself (A/A) is ",
			    s->folder.series[aa->a].arm);
		html_printf(o, "%s.</p>", word_sure(buf, aa));
	}
	fprintf(o, "</div>\n");
}

static bool list_verdict(FILE *o, const struct summary *s,
			 const struct pair *p, enum stat_verdict v)
{
	const struct comparison *c;
	char label[WORD_MAX], by[WORD_MAX];
	bool any = false;
	size_t cell;

	for (cell = 0; cell < s->folder.n_cells; cell++) {
		c = ratio(s, p, cell, STATISTIC_P50);
		if (!c || c->verdict != v)
			continue;
		any = true;
		html_printf(o, "<li><code>%s</code>",
			    word_cell(label, &s->folder, cell));
		snprintf(by, sizeof(by), " %+.2f %%",
			 100 * expm1(c->test.mean));
		html_printf(o, "%s</li>", c->test.n ? by : "");
	}
	return any;
}

/* For whom: the events by verdict, a card each. */
static void whom(FILE *o, const struct summary *s)
{
	static const char *const say[] = {
		[STAT_FASTER] = "%s is faster than %s in",
		[STAT_SLOWER] = "%s is slower than %s in",
		[STAT_SAME] = "%s and %s are the same, within the margin, in",
		[STAT_UNDERPOWERED] = "%s or %s: not decided, event by event, for",
	};
	const struct folder *f = &s->folder;
	const struct pair *p;
	char *head, *items;
	size_t len;
	FILE *tmp;
	int v;

	if (f->primary < 0)
		return;
	p = &f->compare[f->primary];
	for (v = STAT_FASTER; v <= STAT_UNDERPOWERED; v++) {
		tmp = open_memstream(&items, &len);
		if (!tmp)
			return;
		if (list_verdict(tmp, s, p, (enum stat_verdict)v)) {
			fflush(tmp);
			head = NULL;
			fprintf(o, "<div class=\"card\"><h3>");
			html_printf(o, say[v], f->series[p->a].arm,
				    f->series[p->b].arm);
			fprintf(o, "</h3><ul>%s</ul></div>\n", items);
			free(head);
		}
		fclose(tmp);
		free(items);
	}
}

static void pair_row(FILE *o, const struct summary *s,
		     const struct comparison *c, const char *b, const char *what)
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

static const char ratio_head[] =
	"<th scope=\"col\">ratio</th><th scope=\"col\">95 % interval</th>"
	"<th scope=\"col\">p (Holm)</th><th class=\"l\" scope=\"col\">verdict</th>"
	"<th scope=\"col\">boots needed</th><th class=\"l\" scope=\"col\">remark</th>"
	"</tr></thead><tbody>\n";

static void pairs(FILE *o, const struct summary *s)
{
	const struct folder *f = &s->folder;
	const struct comparison *c;
	size_t i;

	fprintf(o, "<p class=\"note\">System call time, geometric mean over all "
		"events of the ratio of the boots' medians. Above 1, the first arm "
		"takes longer.</p>\n" TABLE("All pairs") "<thead><tr>"
		"<th scope=\"col\">pair</th><th class=\"l\" scope=\"col\">what</th>");
	fputs(ratio_head, o);
	for (i = 0; i < f->n_compare; i++) {
		c = ratio(s, &f->compare[i], ALL_CELLS, STATISTIC_P50);
		if (c)
			pair_row(o, s, c, f->series[c->b].arm, "arms");
	}
	c = aa_of(s, ALL_CELLS, STATISTIC_P50);
	if (c)
		pair_row(o, s, c, f->series[c->b].arm, "A/A, noise floor");
	c = f->untraced < 0 ? NULL :
	    summary_find(s->untraced, s->n_untraced, (size_t)f->untraced,
			 (size_t)f->untraced_series, ALL_CELLS, METRIC_SYSCALL,
			 STATISTIC_P50);
	if (c)
		pair_row(o, s, c, "untraced", "cost of the tracepoints");
	fprintf(o, "</tbody></table></div>\n");
}

static void first_screen(FILE *o, const struct summary *s)
{
	const struct folder *f = &s->folder;
	char *answer = words_answer(s), text[256];

	html_printf(o, "<header><p class=\"kicker\">secmmu · plan %s · kernel %s "
		    "· ", f->plan, json_string_value(json_object_get(
		    json_object_get(f->manifest, "kernel"), "release")) ?:
		    "unknown");
	snprintf(text, sizeof(text), "%zu of %zu boots", f->n_used,
		 f->boots_planned);
	html_printf(o, "accelerator %s · clock %s · %s</p>\n<h1>%s</h1>\n",
		    f->accel, f->clock, text, answer);
	html_printf(o, "<p class=\"lead\">%s</p>\n", words_clock(f));
	warnings(o, s);
	fprintf(o, "<div class=\"cards\">\n");
	sure(o, s);
	whom(o, s);
	fprintf(o, "</div>\n<nav aria-label=\"Sections\"><a href=\"#ratios\">Ratios</a>"
		"<a href=\"#events\">Events</a><a href=\"#sites\">Call sites</a>"
		"<a href=\"#tests\">Tests</a><a href=\"#kernel\">Kernel findings</a>"
		"<a href=\"#machine\">Machine</a><a href=\"#method\">Method</a>"
		"<a href=\"#repeat\">Repeat</a></nav></header>\n<main>\n");
	free(answer);
}

/* Figures */

static void figure(FILE *o, const struct report_plots *p, unsigned int n,
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
	const struct comparison *c = ratio(s, &f->compare[k], ALL_CELLS,
					   STATISTIC_P50);
	char title[256], desc[512], mid[WORD_MAX], interval[WORD_MAX];

	snprintf(title, sizeof(title), "%s / %s%s", a, b,
		 (int)k == f->primary ? " (the primary comparison)" : "");
	snprintf(desc, sizeof(desc), "Forest plot of the ratio %s to %s of the "
		 "median system call time, one row per event. All events: %.40s, "
		 "95 %% interval %.60s, verdict %s.", a, b,
		 c ? word_ratio(mid, c->test.mean) : "none",
		 c ? word_interval(interval, &c->test) : "none",
		 c ? stat_verdict_name(c->verdict) : "none");
	figure(o, p, p->forest[k], (int)k == f->primary ? "wide" : "", title,
	       title, desc);
}

static void ratios(FILE *o, const struct summary *s,
		   const struct report_plots *p)
{
	const struct folder *f = &s->folder;
	size_t i;

	fprintf(o, "<h2 id=\"ratios\">Ratios, event by event</h2>\n"
		"<p class=\"note\">Circles: ratio of the medians with its 95 %% "
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

static void legend(FILE *o, const struct folder *f)
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

	fprintf(o, TABLE("System call time of the arms") "<thead><tr>"
		"<th scope=\"col\">arm</th><th scope=\"col\">samples in boots</th>"
		"<th scope=\"col\">p50</th><th scope=\"col\">p90</th>"
		"<th scope=\"col\">p99</th><th scope=\"col\">max</th>"
		"<th scope=\"col\">beyond p99</th></tr></thead><tbody>\n");
	for (i = 0; i < s->folder.n_series; i++)
		arm_row(o, s, cell, i);
	fprintf(o, "</tbody></table></div>\n");
}

/* Where the time goes: only traced series have it. */
static void path_row(FILE *o, const struct summary *s, size_t cell,
		     size_t series)
{
	const struct folder *f = &s->folder;
	const struct measurement *m;
	char p50[WORD_MAX], p99[WORD_MAX];
	int k;

	if (!f->series[series].traced)
		return;
	html_printf(o, "<tr><th scope=\"row\">%s</th>",
		    word_series(p50, f, series));
	for (k = METRIC_WINDOW; k < METRICS; k++) {
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
	size_t i;

	fprintf(o, "<div><p class=\"note\">Notifier window, KVM's handler, mmu_lock "
		"wait and hold: p50, below it p99</p>"
		TABLE("Notifier window, handler, wait and hold")
		"<thead><tr><th scope=\"col\">arm</th><th scope=\"col\">window</th>"
		"<th scope=\"col\">handler</th><th scope=\"col\">wait</th>"
		"<th scope=\"col\">hold</th></tr></thead><tbody>\n");
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
		snprintf(what, sizeof(what), "%s %s", metric_name(c->metric),
			 statistic_name(c->statistic));
		pair_row(o, s, c, s->folder.series[c->b].arm, what);
	}
	for (i = 0; !others && i < s->n_aa; i++) {
		c = &s->aa[i];
		if (c->cell != cell)
			continue;
		snprintf(what, sizeof(what), "A/A %s %s", metric_name(c->metric),
			 statistic_name(c->statistic));
		pair_row(o, s, c, s->folder.series[c->b].arm, what);
	}
}

static void compare_table(FILE *o, const struct summary *s, size_t cell)
{
	const struct folder *f = &s->folder;
	const struct pair *first;
	int others;

	if (!f->n_compare)
		return;
	first = &f->compare[f->primary < 0 ? 0 : f->primary];
	for (others = 0; others < 2; others++) {
		if (others)
			fprintf(o, "<details><summary>Other pairs");
		else
			html_printf(o, "<details open><summary>%s / %s, and A/A",
				    f->series[first->a].arm,
				    f->series[first->b].arm);
		fprintf(o, "</summary>" TABLE("Ratios of the boots' quantiles")
			"<thead><tr><th scope=\"col\">pair</th>"
			"<th class=\"l\" scope=\"col\">what</th>");
		fputs(ratio_head, o);
		compare_rows(o, s, cell, first, others);
		fprintf(o, "</tbody></table></div></details>\n");
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
	char label[WORD_MAX], title[2 * WORD_MAX], desc[2048];

	word_cell(label, &s->folder, cell);
	html_printf(o, "<h3>%s</h3>\n", label);
	if (c->ecdf != NO_PLOT)
		legend(o, &s->folder);
	fprintf(o, "<div class=\"two\">\n");
	snprintf(title, sizeof(title), "%s: system call time, cumulative", label);
	describe(desc, sizeof(desc), s, cell, "Share of samples up to a time, one "
		 "curve per arm, logarithmic time axis.");
	figure(o, p, c->ecdf, "", "System call time: share of samples up to a time. "
	       "Thin: each boot; bold: the boots' median", title, desc);
	snprintf(title, sizeof(title), "%s: system call time, tail", label);
	describe(desc, sizeof(desc), s, cell, "Share of samples above a time, one "
		 "curve per arm, both axes logarithmic.");
	figure(o, p, c->tail, "", "Its tail: share of samples above a time", title,
	       desc);
	snprintf(title, sizeof(title), "%s: mmu_lock wait and hold", label);
	figure(o, p, c->waits, "", "mmu_lock wait (circle) and hold (square) per "
	       "invalidation: median, and a line to p99", title,
	       "The values are in the table of the event.");
	path_table(o, s, cell);
	fprintf(o, "</div>\n");
	arm_table(o, s, cell);
	compare_table(o, s, cell);
}

static void events(FILE *o, const struct summary *s, const struct report_plots *p)
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

/* Tables about the run */

static uint64_t site_count(const struct folder *f, size_t cell, size_t arm,
			   const char *name)
{
	size_t i;

	for (i = 0; i < f->n_sites; i++)
		if (f->sites[i].cell == cell && f->sites[i].series == arm &&
		    !strcmp(f->sites[i].name, name))
			return f->sites[i].count;
	return 0;
}

/* Whether an earlier entry has the same cell and name. */
static bool site_seen(const struct folder *f, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (f->sites[i].cell == f->sites[n].cell &&
		    !strcmp(f->sites[i].name, f->sites[n].name))
			return true;
	return false;
}

static void sites(FILE *o, const struct folder *f)
{
	char label[WORD_MAX];
	size_t i, arm, cell;

	fprintf(o, "<h2 id=\"sites\">Call sites</h2>\n<p class=\"note\">Which function "
		"called the notifier, as traced at the call, and how often; +N: N "
		"more notifier calls followed in the same system call.</p>\n");
	if (!f->n_sites) {
		fprintf(o, "<p>No call site was traced.</p>\n");
		return;
	}
	fprintf(o, TABLE("Call sites") "<thead><tr><th scope=\"col\">event"
		"</th><th class=\"l\" scope=\"col\">site</th>");
	for (arm = 0; arm < f->n_arms; arm++)
		html_printf(o, "<th scope=\"col\">%s</th>", f->series[arm].arm);
	fprintf(o, "</tr></thead><tbody>\n");
	for (cell = 0; cell < f->n_cells; cell++)
		for (i = 0; i < f->n_sites; i++) {
			if (f->sites[i].cell != cell || site_seen(f, i))
				continue;
			html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\">"
				    "<code>%s</code></td>",
				    word_cell(label, f, cell), f->sites[i].name);
			for (arm = 0; arm < f->n_arms; arm++)
				fprintf(o, "<td>%llu</td>", (unsigned long long)
					site_count(f, cell, arm, f->sites[i].name));
			fprintf(o, "</tr>\n");
		}
	fprintf(o, "</tbody></table></div>\n");
}

static const struct tally *tally_of(const struct folder *f, const char *test,
				    const char *name, size_t arm)
{
	const struct tally *t = f->tallies;

	for (; t < f->tallies + f->n_tallies; t++)
		if (t->arm == arm && !strcmp(t->test, test) &&
		    !strcmp(t->name, name))
			return t;
	return NULL;
}

static void tally_cell(FILE *o, const struct tally *t)
{
	int k, n = 0;

	fprintf(o, "<td class=\"l\">");
	for (k = STATUSES - 1; t && k >= 0; k--)
		if (t->count[k])
			fprintf(o, "%s<span class=\"v %s\">%s %u</span>",
				n++ ? " " : "", status_name((enum status)k),
				status_name((enum status)k), t->count[k]);
	fprintf(o, "%s</td>", n ? "" : "–");
}

static void tests(FILE *o, const struct folder *f)
{
	const struct tally *t;
	size_t i, arm, k;

	fprintf(o, "<h2 id=\"tests\">Tests</h2>\n<p class=\"note\">How often each ended "
		"how, over all boots, used or not.</p>\n"
		TABLE("Tests") "<thead><tr><th scope=\"col\">test</th>"
		"<th class=\"l\" scope=\"col\">case</th>");
	for (arm = 0; arm < f->n_arms; arm++)
		html_printf(o, "<th class=\"l\" scope=\"col\">%s</th>",
			    f->series[arm].arm);
	fprintf(o, "</tr></thead><tbody>\n");
	for (i = 0; i < f->n_tallies; i++) {
		t = &f->tallies[i];
		for (k = 0; k < i; k++)
			if (!strcmp(f->tallies[k].test, t->test) &&
			    !strcmp(f->tallies[k].name, t->name))
				break;
		if (k < i)
			continue;
		html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\">%s</td>",
			    t->test, t->name);
		for (arm = 0; arm < f->n_arms; arm++)
			tally_cell(o, tally_of(f, t->test, t->name, arm));
		fprintf(o, "</tr>\n");
	}
	fprintf(o, "</tbody></table></div>\n");
	for (i = 0; i < f->n_tallies; i++) {
		t = &f->tallies[i];
		if (t->reason && *t->reason)
			html_printf(o, "<p class=\"note\"><code>%s %s</code> in %s: "
				    "%s</p>\n", t->test, t->name,
				    f->series[t->arm].arm, t->reason);
	}
}

static void boots(FILE *o, const struct folder *f)
{
	const struct boot *b;

	fprintf(o, "<h3>Boots</h3>" TABLE("Boots") "<thead><tr>"
		"<th scope=\"col\">boot</th><th class=\"l\" scope=\"col\">status</th>"
		"<th class=\"l\" scope=\"col\">measurements</th>"
		"<th scope=\"col\">lost events</th><th class=\"l\" scope=\"col\">reason"
		"</th></tr></thead><tbody>\n");
	for (b = f->boots; b < f->boots + f->n_boots; b++) {
		html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\"><span "
			    "class=\"v %s\">%s</span></td><td class=\"l\">%s</td>",
			    b->name, status_name(b->status),
			    status_name(b->status), b->r ? "used" : "left out");
		fprintf(o, "<td>%llu</td>", (unsigned long long)b->lost);
		html_printf(o, "<td class=\"l wrap\">%s</td></tr>\n", b->reason);
	}
	fprintf(o, "</tbody></table></div>\n");
}

static void findings(FILE *o, const struct folder *f)
{
	size_t i;

	fprintf(o, "<h2 id=\"kernel\">Kernel findings</h2>\n");
	if (!f->n_findings) {
		fprintf(o, "<p>None: no warning, lockdep report, stall or oops on "
			"the console of any boot.</p>\n");
		return;
	}
	fprintf(o, TABLE("Kernel findings") "<thead><tr><th scope=\"col\">boot"
		"</th><th class=\"l\" scope=\"col\">kind</th><th class=\"l\" "
		"scope=\"col\">line</th><th class=\"l\" scope=\"col\">during</th></tr>"
		"</thead><tbody>\n");
	for (i = 0; i < f->n_findings; i++)
		html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\">%s</td>"
			    "<td class=\"l wrap\"><code>%s</code></td>"
			    "<td class=\"l\">%s</td></tr>\n", f->findings[i].boot,
			    f->findings[i].kind, f->findings[i].text,
			    f->findings[i].mark);
	fprintf(o, "</tbody></table></div>\n");
}

/* One line of the list: a string or number of the manifest as it stands. */
static void term(FILE *o, const char *name, const json_t *v)
{
	char *text;

	if (!v || json_is_null(v))
		return;
	text = json_is_string(v) ? xstrdup(json_string_value(v)) :
				   json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	html_printf(o, "<dt>%s</dt><dd>%s</dd>\n", name, text ? text : "");
	free(text);
}

static void terms(FILE *o, const char *name, const json_t *object)
{
	const char *key;
	json_t *v;
	char *full;

	if (!json_is_object(object)) {
		term(o, name, object);
		return;
	}
	json_object_foreach((json_t *)object, key, v) {
		full = xasprintf("%s %s", name, key);
		term(o, full, v);
		free(full);
	}
}

static void machine(FILE *o, const struct folder *f)
{
	static const char *const keys[] = {
		"id", "started", "cpu", "host", "accel", "clock", "seed",
		"kernel", "toolchain", "qemu",
	};
	size_t i;

	fprintf(o, "<h2 id=\"machine\">Machine</h2>\n<dl>\n");
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		terms(o, keys[i], json_object_get(f->manifest, keys[i]));
	fprintf(o, "</dl>\n");
}

static void method(FILE *o, const struct folder *f)
{
	fprintf(o, "<h2 id=\"method\">Method</h2>\n"
		"<p>The boot is the unit. Within each boot the arms run in random "
		"order; each arm's samples of an event become one number, their "
		"median or p99; arms are paired within the boot as a log-ratio. "
		"Over the boots an exact sign-flip permutation test gives p, and "
		"the shifts it does not reject are the 95 %% interval (above 20 "
		"boots with random flips, from the run's seed). p is corrected by "
		"Holm's method among the events of a pair, metric and statistic; "
		"the primary comparison, fixed beforehand, stands alone.</p>\n"
		"<p><em>Same</em>: the interval lies within ±%g %%. "
		"<em>Faster</em>, <em>slower</em>: p at most 0.05. "
		"<em>Underpowered</em>: neither was shown; fewer than 6 boots "
		"cannot show anything at 95 %%. Boots needed are an estimate from "
		"the spread seen. Verdicts of <em>same</em> are not corrected for "
		"their number.</p>\n"
		"<p class=\"note\">%llu samples read. docs/statistics.md has the "
		"sources and limits, summary.json every number shown here.</p>\n",
		100 * f->margin, (unsigned long long)f->samples);
}

static void repeat(FILE *o, const struct folder *f)
{
	const char *c = json_string_value(json_object_get(f->manifest,
							  "command"));

	html_printf(o, "<h2 id=\"repeat\">Repeat this run</h2>\n<pre>%s</pre>\n",
		    c ? c : "not recorded");
}

char *report_page(const struct summary *s, const struct report_plots *p,
		  size_t *len)
{
	const struct folder *f = &s->folder;
	char *text = NULL, *answer;
	FILE *o = open_memstream(&text, len);

	if (!o) {
		err("out of memory");
		return NULL;
	}
	answer = words_answer(s);
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
	      "'none'; style-src 'unsafe-inline'; img-src data:\">"
	      "<link rel=\"icon\" href=\"data:,\">", o);
	html_printf(o, "<title>%s: secmmu report</title><style>\n", answer);
	fputs(report_style, o);
	fputs("</style></head><body>\n", o);
	html_svg_marks(o);
	first_screen(o, s);
	ratios(o, s, p);
	events(o, s, p);
	sites(o, f);
	tests(o, f);
	boots(o, f);
	findings(o, f);
	machine(o, f);
	method(o, f);
	repeat(o, f);
	fputs("</main><footer>Made by secmmu from the boots of this folder; "
	      "<code>secmmu report</code> makes it again.</footer></body></html>\n",
	      o);
	free(answer);
	if (ferror(o) | fclose(o)) {
		err("cannot make report.html: out of memory");
		free(text);
		return NULL;
	}
	return text;
}
