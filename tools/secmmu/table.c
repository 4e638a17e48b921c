// SPDX-License-Identifier: GPL-2.0-only
/* The table on the terminal: see table.h. */
#include "table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "words.h"
#include "util.h"

#define LABEL_MAX 34
#define ARM_MAX 14

static int label_width(const struct folder *f)
{
	size_t w = strlen("all events"), n, i;
	char buf[WORD_MAX];

	for (i = 0; i < f->n_cells; i++) {
		n = strlen(word_cell(buf, f, i));
		w = n > w ? n : w;
	}
	return (int)(w > LABEL_MAX ? LABEL_MAX : w);
}

static int arm_width(const struct folder *f)
{
	size_t w = 3, n, i;

	for (i = 0; i < f->n_arms; i++) {
		n = strlen(f->series[i].arm);
		w = n > w ? n : w;
	}
	return (int)(w > ARM_MAX ? ARM_MAX : w);
}

/* Where not all events time the same: what this one does, if it is news. */
static void figure_line(const struct folder *f, size_t cell, FILE *out)
{
	const char *figure = figure_of(f->cells[cell].event);

	if (figure_of_run(f) ||
	    (cell && !strcmp(figure, figure_of(f->cells[cell - 1].event))))
		return;
	fprintf(out, "-- %s\n", figure);
}

static void measurements(const struct summary *s, int w, FILE *out)
{
	const struct folder *f = &s->folder;
	char label[WORD_MAX], p50[WORD_MAX], p90[WORD_MAX], p99[WORD_MAX],
	     max[WORD_MAX];
	const struct measurement *m;
	size_t cell, arm, shown;
	int aw = arm_width(f);
	char what[WORD_MAX];

	words_figure(what, f, "");
	fprintf(out, "%c%s without tracepoints%s; medians over "
		"boots of each boot's quantile\n\n",
		toupper((unsigned char)*what), what + 1, !strcmp(f->clock, "icount") ? ", virtual ns" : "");
	fprintf(out, "%-*s  %-*s %9s %11s %11s %11s %11s\n", w, "event", aw,
		"arm", "samples", "p50", "p90", "p99", "max");
	for (cell = 0; cell < f->n_cells; cell++) {
		word_cell(label, f, cell);
		figure_line(f, cell, out);
		for (shown = 0, arm = 0; arm < f->n_arms; arm++) {
			m = summary_measured(s, cell, arm, METRIC_SYSCALL);
			if (!m)
				continue;
			fprintf(out, "%-*.*s  %-*.*s %9zu %11s %11s %11s %11s\n",
				w, w, shown++ ? "" : label, aw, aw,
				f->series[arm].arm, m->n,
				word_time(p50, f, m->p50.mid),
				word_time(p90, f, m->p90.mid),
				word_time(p99, f, m->p99.mid),
				word_time(max, f, m->max));
		}
	}
	fputc('\n', out);
}

static const struct comparison *find(const struct summary *s,
				     const struct pair *p, size_t cell)
{
	return summary_find(s->comparisons, s->n_comparisons, p->a, p->b, cell,
			    METRIC_SYSCALL, STATISTIC_P50);
}

static const struct comparison *find_aa(const struct summary *s, size_t cell)
{
	if (s->folder.aa < 0)
		return NULL;
	return summary_find(s->aa, s->n_aa, (size_t)s->folder.aa,
			    (size_t)s->folder.aa_series, cell, METRIC_SYSCALL,
			    STATISTIC_P50);
}

/* Room for the verdicts of a pair: with the boots needed where there is none. */
static int verdict_width(const struct summary *s, const struct pair *p)
{
	const struct comparison *c = s->comparisons;

	for (size_t i = 0; i < s->n_comparisons; i++, c++)
		if (c->a == p->a && c->b == p->b && c->boots_needed &&
		    c->metric == METRIC_SYSCALL && c->statistic == STATISTIC_P50)
			return 26;
	return 12;
}

static void ratio_line(const struct summary *s, const struct comparison *c,
		       const char *label, int w, int vw, FILE *out)
{
	const struct comparison *aa = find_aa(s, c->cell);
	char ratio[WORD_MAX], interval[WORD_MAX], p[WORD_MAX], other[WORD_MAX];
	char verdict[WORD_MAX];

	fprintf(out, "%-*.*s %8s  %-17s %7s  %-*s", w, w, label,
		word_ratio(ratio, c->test.mean),
		word_interval(interval, &c->test), word_p(p, c->p_holm), vw,
		word_verdict(verdict, c));
	if (aa)
		fprintf(out, " %8s  %s", word_ratio(other, aa->test.mean),
			word_interval(interval, &aa->test));
	fputc('\n', out);
}

/* Events of the primary pair, with the A/A pair beside. */
static void ratios(const struct summary *s, int w, FILE *out)
{
	const struct folder *f = &s->folder;
	const struct comparison *c;
	char label[WORD_MAX];
	const struct pair *p;
	size_t cell;
	int vw;

	if (!f->n_compare)
		return;
	p = &f->compare[f->primary < 0 ? 0 : f->primary];
	vw = verdict_width(s, p);
	fprintf(out, "Ratio %s/%s of the %s, 95 %% "
		"interval%s%s\n\n", f->series[p->a].arm, f->series[p->b].arm,
		words_figure(label, f, "median "),
		f->aa < 0 ? "" : "; A/A is the noise floor: ",
		f->aa < 0 ? "" : f->series[f->aa].arm);
	fprintf(out, "%-*s %8s  %-17s %7s  %-*s%s\n", w, "event", "ratio",
		"95 % interval", "p", vw, "verdict",
		f->aa < 0 ? "" : "  A/A     95 % interval");
	for (cell = 0; cell < f->n_cells; cell++) {
		c = find(s, p, cell);
		if (c)
			ratio_line(s, c, word_cell(label, f, cell), w, vw, out);
	}
	c = find(s, p, ALL_CELLS);
	if (c)
		ratio_line(s, c, "all events", w, vw, out);
	fputc('\n', out);
}

static void count_line(const struct count_comparison *c, bool named, FILE *out)
{
	if (named)
		fprintf(out, "%s\n", c->ta->name);
	words_count_row(out, c->kind, c->per_call_a, c->per_call_b, &c->test,
			c->p_holm, c->verdict);
	if (c->boots_needed)
		fprintf(out, " (%zu boots)", c->boots_needed);
	fprintf(out, "%s\n", c->aa ? "  A/A" : "");
}

/*
 * What happened during calls, and how often. On one CPU whose time is counted in
 * instructions nobody waits for anybody: there it is left to the report.
 */
static void counts(const struct summary *s, FILE *out)
{
	const struct folder *f = &s->folder;
	const struct count_comparison *c = s->counts, *last = NULL;
	const struct pair *p;

	if (!f->n_compare ||
	    (!strcmp(f->clock, "icount") && folder_cpus(f) == 1))
		return;
	p = &f->compare[f->primary < 0 ? 0 : f->primary];
	for (size_t i = 0; i < s->n_counts; i++, c++) {
		if (c->per_call_a + c->per_call_b <= 0 ||
		    (!c->aa && (c->a != p->a || c->b != p->b)))
			continue;
		if (!last)
			fprintf(out, "Counts per call, %s and %s; the difference as a share of the mean of both\n\n"
				"%-34s %9s %9s  %-20s %7s  verdict\n",
				f->series[p->a].arm, f->series[p->b].arm,
				"event, count", "first", "second", "95 % interval", "p");
		count_line(c, !last || last->ta != c->ta, out);
		last = c;
	}
	if (last)
		fputc('\n', out);
}

static void pair_line(const char *label, const struct comparison *c, FILE *out)
{
	char ratio[WORD_MAX], interval[WORD_MAX], p[WORD_MAX], v[WORD_MAX];

	fprintf(out, "  %-24.24s %8s  %-17s %7s  %s\n", label,
		word_ratio(ratio, c->test.mean),
		word_interval(interval, &c->test), word_p(p, c->p_holm),
		word_verdict(v, c));
}

static void pairs(const struct summary *s, FILE *out)
{
	const struct folder *f = &s->folder;
	const struct comparison *c;
	char label[WORD_MAX];
	size_t i;

	if (!f->n_compare)
		return;
	fprintf(out, "All events, geometric mean\n");
	for (i = 0; i < f->n_compare; i++) {
		c = find(s, &f->compare[i], ALL_CELLS);
		if (!c)
			continue;
		snprintf(label, sizeof(label), "%s/%s", f->series[c->a].arm,
			 f->series[c->b].arm);
		pair_line(label, c, out);
	}
	fputc('\n', out);
}

static void tracing(const struct summary *s, FILE *out)
{
	const struct comparison *c;
	size_t i;

	if (!s->n_tracing)
		return;
	fprintf(out, "What the tracepoints cost: traced/untraced, all events\n");
	for (i = 0; i < s->folder.n_arms; i++) {
		c = summary_tracing(s, i);
		if (c)
			pair_line(s->folder.series[i].arm, c, out);
	}
	fputc('\n', out);
}

static void tests(const struct folder *f, FILE *out)
{
	unsigned int sum[STATUSES] = { 0 }, retried = 0;
	size_t i;
	int k;

	for (i = 0; i < f->n_tallies; i++) {
		retried += f->tallies[i].retried_pass;
		for (k = 0; k < STATUSES; k++)
			sum[k] += f->tallies[i].count[k];
	}
	fprintf(out, "Boots: %zu used of %zu. Tests:", f->n_used, f->n_boots);
	for (k = 0; k < STATUSES; k++) {
		fprintf(out, "%s %u %s", k ? "," : "", sum[k],
			status_name((enum status)k));
		if (k == STATUS_PASS && retried)
			fprintf(out, " (%u only after a retry)", retried);
	}
	fprintf(out, ". Kernel findings: %zu", f->n_unexpected);
	if (f->n_findings > f->n_unexpected)
		fprintf(out, ", and %zu expected", f->n_findings - f->n_unexpected);
	if (f->dropped)
		fprintf(out, ", and %llu more that were not kept",
			(unsigned long long)f->dropped);
	fprintf(out, ".\n");
}

/* One paragraph, broken at 100 columns; what files say is made harmless. */
static void paragraph(const char *prefix, const char *text, FILE *out)
{
	size_t column = strlen(prefix), n, i;

	fputs(prefix, out);
	for (; *(text += strspn(text, " ")); text += n) {
		n = strcspn(text, " ");
		if (column + n + 1 > 100) {
			fputs("\n  ", out);
			column = 2;
		} else if (column) {
			fputc(' ', out);
			column++;
		}
		for (i = 0; i < n; i++)
			fputc((unsigned char)text[i] < ' ' || text[i] == 127 ?
			      '?' : text[i], out);
		column += n;
	}
	fputc('\n', out);
}

#define FINDINGS_SHOWN 10

/* Those that fail a boot: where each came. */
static void findings(const struct folder *f, FILE *out)
{
	size_t shown = 0, i;

	for (i = 0; i < f->n_findings && shown < FINDINGS_SHOWN; i++) {
		const struct folder_finding *x = &f->findings[i];
		char *where, *line;

		if (x->expected)
			continue;
		where = finding_where(x);
		line = xasprintf("  %s%s%s: %s: %s", x->boot, *where ? ", " : "",
				 where, x->kind, x->text);
		paragraph("", line, out);
		free(line);
		free(where);
		shown++;
	}
	if (f->n_unexpected > shown)
		fprintf(out, "and %zu more: see the report.\n",
			f->n_unexpected - shown);
}

void table_print(const struct summary *s, FILE *out)
{
	const struct folder *f = &s->folder;
	char *conclusion = words_conclusion(s), *burnt = words_burnt(s);
	int w = label_width(f);
	size_t i;

	fputc('\n', out);
	if (f->n_used) {
		measurements(s, w, out);
		ratios(s, w, out);
		counts(s, out);
		pairs(s, out);
		tracing(s, out);
	}
	tests(f, out);
	findings(f, out);
	paragraph("", words_instruments(), out);
	paragraph("", words_clock(f), out);
	paragraph("", burnt, out);
	for (i = 0; i < s->n_warnings; i++)
		paragraph("Warning:", s->warnings[i], out);
	fputc('\n', out);
	paragraph("", conclusion, out);
	free(conclusion);
	free(burnt);
}
