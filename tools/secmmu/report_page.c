// SPDX-License-Identifier: GPL-2.0-only
/* report.html, its first screen and frame: see report_page.h. */
#include "report_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_parts.h"
#include "report_style.h"
#include "words.h"
#include "util.h"

#define WHOM_EVENTS 6	/* of a verdict, on the first screen */

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

/* Without a primary comparison: what the verdicts of the first pair are worth. */
static void sure_of_many(FILE *o, const struct summary *s)
{
	const struct folder *f = &s->folder;
	const struct pair aa = { (size_t)f->aa, (size_t)f->aa_series };
	char *all;

	fprintf(o, "<p>The plan declares no primary comparison: this is its first "
		"pair. Each figure has its verdict, corrected for their number (Holm), "
		"and so has each count. Open: not shown to differ, nor to be the "
		"same.</p>");
	if (f->aa >= 0) {
		all = words_verdicts(s, &aa);
		html_printf(o, "<p>Noise floor: %s against itself (A/A): %s.</p>",
			    f->series[f->aa].arm, all);
		free(all);
	}
	fprintf(o, "</div>\n");
}

static void sure(FILE *o, const struct summary *s)
{
	const struct comparison *c = summary_primary(s);
	const struct comparison *aa = report_aa(s, ALL_CELLS, STATISTIC_P50);
	char buf[WORD_MAX];

	fprintf(o, "<div class=\"card\"><h3>How sure</h3>");
	if (!c && s->folder.n_used && summary_lead(s)) {
		sure_of_many(o, s);
		return;
	}
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

/* The farthest from 1 first. */
static int by_distance(const void *a, const void *b)
{
	double x = fabs((*(const struct comparison *const *)a)->test.mean);
	double y = fabs((*(const struct comparison *const *)b)->test.mean);

	/* NaN, of what has no ratio, last. */
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x < y) - (x > y);
}

static void whom_event(FILE *o, const struct summary *s,
		       const struct comparison *c)
{
	char word[WORD_MAX];

	html_printf(o, "<li><code>%s</code>",
		    word_cell(word, &s->folder, c->cell));
	if (c->test.n)
		fprintf(o, " %s", word_change(word, c->test.mean));
	if (c->boots_needed)
		fprintf(o, ", %zu boots needed", c->boots_needed);
	fprintf(o, "</li>");
}

/* The events of a verdict, as a card: the first screen has room for some. */
static void whom(FILE *o, const struct summary *s, const struct pair *p,
		 enum stat_verdict v)
{
	static const char *const say[] = {
		[STAT_FASTER] = "For whom: %s is faster than %s in",
		[STAT_SLOWER] = "For whom: %s is slower than %s in",
		[STAT_SAME] = "For whom: %s and %s are the same, within the margin, in",
		[STAT_UNDERPOWERED] = "For whom: not decided between %s and %s, event by event, in",
	};
	const struct folder *f = &s->folder;
	const struct comparison **list, *c;
	size_t cell, i, n = 0;

	list = xcalloc(f->n_cells, sizeof(*list));
	for (cell = 0; cell < f->n_cells; cell++) {
		c = report_ratio(s, p, cell, STATISTIC_P50);
		if (c && c->verdict == v)
			list[n++] = c;
	}
	if (n) {
		qsort(list, n, sizeof(*list), by_distance);
		fprintf(o, "<div class=\"card\"><h3>");
		html_printf(o, say[v], f->series[p->a].arm, f->series[p->b].arm);
		fprintf(o, " %zu event%s</h3><ul>", n, n == 1 ? "" : "s");
		for (i = 0; i < n && i < WHOM_EVENTS; i++)
			whom_event(o, s, list[i]);
		if (n > WHOM_EVENTS)
			fprintf(o, "<li>and %zu that differ less: "
				"<a href=\"#ratios\">all ratios</a></li>",
				n - WHOM_EVENTS);
		fprintf(o, "</ul></div>\n");
	}
	free(list);
}

static bool differs(const struct count_comparison *c, const struct pair *p)
{
	return c->a == p->a && c->b == p->b && stat_differs(c->verdict);
}

static void count_item(FILE *o, const struct count_comparison *c)
{
	char a[WORD_MAX], b[WORD_MAX], p[WORD_MAX];

	html_printf(o, "<li><code>%s</code> of <code>%s</code>: %s", count_name(c->kind),
		    c->ta->name, count_verdict_name(c->verdict));
	fprintf(o, ", %s and %s per call", word_count(a, c->per_call_a),
		word_count(b, c->per_call_b));
	html_printf(o, ", p = %s</li>", word_p(p, c->p_holm));
}

/* The counts in which the pair differs, as a card. */
static void which_counts(FILE *o, const struct summary *s, const struct pair *p)
{
	const struct count_comparison *c, *end = s->counts + s->n_counts;
	const struct folder *f = &s->folder;
	size_t n = summary_counts(s, p).differ, shown = 0;

	if (!n)
		return;
	html_printf(o, "<div class=\"card\"><h3>Counts: %s has more, or fewer, than %s in",
		    f->series[p->a].arm, f->series[p->b].arm);
	fprintf(o, " %zu</h3><ul>", n);
	for (c = s->counts; c < end && shown < WHOM_EVENTS; c++)
		if (differs(c, p)) {
			count_item(o, c);
			shown++;
		}
	if (n > shown)
		fprintf(o, "<li>and %zu more: <a href=\"#counts\">all counts</a></li>",
			n - shown);
	fprintf(o, "</ul></div>\n");
}

static void first_screen(FILE *o, const struct summary *s)
{
	const struct pair *pair = summary_lead(s);
	const struct folder *f = &s->folder;
	char *answer = words_answer(s), text[256];
	int v;

	html_printf(o, "<header><p class=\"kicker\">secmmu · plan %s · kernel %s "
		    "· ", f->plan, json_string_value(json_object_get(
		    json_object_get(f->manifest, "kernel"), "release")) ?:
		    "unknown");
	snprintf(text, sizeof(text), "%zu of %zu boots", f->n_used,
		 f->boots_planned);
	html_printf(o, "accelerator %s · clock %s · %s</p>\n<h1>%s</h1>\n",
		    f->accel, f->clock, text, answer);
	html_printf(o, "<p class=\"lead\">%s %s</p>\n", words_clock(f),
		    words_instruments());
	warnings(o, s);
	fprintf(o, "<div class=\"cards\">\n");
	sure(o, s);
	if (pair && f->primary < 0)
		which_counts(o, s, pair);
	for (v = STAT_FASTER; pair && v <= STAT_UNDERPOWERED; v++)
		whom(o, s, pair, (enum stat_verdict)v);
	fprintf(o, "</div>\n<nav aria-label=\"Sections\"><a href=\"#ratios\">Ratios</a>"
		"<a href=\"#events\">Events</a><a href=\"#counts\">Counts</a><a href=\"#scaling\">Scaling</a><a href=\"#coverage\">Coverage</a><a href=\"#sites\">Call sites</a>"
		"<a href=\"#tests\">Tests</a><a href=\"#kernel\">Kernel findings</a>"
		"<a href=\"#machine\">Machine</a><a href=\"#method\">Method</a>"
		"<a href=\"#repeat\">Repeat</a></nav></header>\n<main>\n");
	free(answer);
}

char *report_page(const struct summary *s, const struct report_plots *p,
		  size_t *len)
{
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
	report_ratios(o, s, p);
	report_events(o, s, p);
	report_counts(o, s);
	report_scaling(o, s, p);
	report_sites(o, s);
	report_run(o, &s->folder);
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
