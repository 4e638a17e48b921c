// SPDX-License-Identifier: GPL-2.0-only
/* Numbers and verdicts in words: see words.h. */
#include "words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "util.h"

/* "2 MISS, 1 FAIL", without what is fine; "none" if there is nothing. */
static void bad_counts(char *buf, size_t size, const unsigned int *count)
{
	size_t n = 0;

	snprintf(buf, size, "none");
	for (int k = STATUS_FAIL; k > STATUS_SKIP; k--)
		if (count[k] && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%u %s",
					      n ? ", " : "", count[k],
					      status_name((enum status)k));
}

char *words_failure(const struct folder *f)
{
	unsigned int results[STATUSES] = { 0 }, boots[STATUSES] = { 0 };
	char r[WORD_MAX], b[WORD_MAX], missing[WORD_MAX] = "";

	if (f->n_used == f->n_boots && f->n_boots >= f->boots_planned)
		return NULL;
	for (size_t i = 0; i < f->n_boots; i++)
		boots[f->boots[i].status]++;
	for (size_t i = 0; i < f->n_tallies; i++)
		for (int k = 0; k < STATUSES; k++)
			results[k] += f->tallies[i].count[k];
	bad_counts(r, sizeof(r), results);
	bad_counts(b, sizeof(b), boots);
	if (f->n_boots < f->boots_planned)
		snprintf(missing, sizeof(missing), ", %zu not there",
			 f->boots_planned - f->n_boots);
	return xasprintf("%s: of the results %s; of %zu boots %s%s",
			 results[STATUS_FAIL] || boots[STATUS_FAIL] ?
			 "not passed: what is tested has failed" :
			 "not passed: no test has failed, but results are missing (MISS) or broken (ERROR)",
			 r, f->boots_planned > f->n_boots ? f->boots_planned :
			 f->n_boots, b, missing);
}

static bool is_icount(const struct folder *f)
{
	return !strcmp(f->clock, "icount");
}

const char *word_time(char *buf, const struct folder *f, double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t u = 0;

	if (isnan(ns))
		return strcpy(buf, "-");
	if (is_icount(f)) {
		snprintf(buf, WORD_MAX, "%.0f", ns);
		return buf;
	}
	while (u + 1 < ARRAY_SIZE(units) && ns >= 999.95) {
		ns /= 1000;
		u++;
	}
	snprintf(buf, WORD_MAX, "%.*f %s", ns < 9.9995 ? 3 : ns < 99.995 ? 2 : 1,
		 ns, units[u]);
	return buf;
}

const char *word_size(char *buf, uint64_t bytes)
{
	static const char units[] = "KMGT";
	int u = -1;

	while (bytes && bytes % 1024 == 0 && u < 3) {
		bytes /= 1024;
		u++;
	}
	snprintf(buf, WORD_MAX, "%llu%.1s", (unsigned long long)bytes,
		 u < 0 ? "" : &units[u]);
	return buf;
}

const char *word_cell(char *buf, const struct folder *f, size_t cell)
{
	char size[WORD_MAX], page[WORD_MAX];
	const struct cell *c;

	if (cell == ALL_CELLS)
		return strcpy(buf, "all events");
	c = &f->cells[cell];
	snprintf(buf, WORD_MAX, "%s %.20s/%.20s %uv", c->event,
		 word_size(size, c->size), word_size(page, c->page_size),
		 c->vcpus);
	return buf;
}

const char *word_series(char *buf, const struct folder *f, size_t series)
{
	const struct series *s = &f->series[series];

	snprintf(buf, WORD_MAX, "%s%s", s->arm, s->copy == 'b' ? " (b)" : "");
	return buf;
}

const char *word_ratio(char *buf, double log_ratio)
{
	if (isnan(log_ratio))
		return strcpy(buf, "-");
	snprintf(buf, WORD_MAX, "%.4f", exp(log_ratio));
	return buf;
}

double shown_percent(double share, int decimals)
{
	double p = 100 * share;

	return fabs(p) < 0.5 * pow(10, -decimals) ? 0 : p;
}

static double percent(double log_ratio)
{
	return shown_percent(expm1(log_ratio), 2);
}

const char *word_change(char *buf, double log_ratio)
{
	if (fabs(log_ratio) < M_LN2)
		snprintf(buf, WORD_MAX, "%+.2f %%", percent(log_ratio));
	else
		snprintf(buf, WORD_MAX, "%.3g times", exp(log_ratio));
	return buf;
}

const char *word_count(char *buf, double per_call)
{
	snprintf(buf, WORD_MAX, per_call < 10000 ? "%.4g" : "%.0f", per_call);
	return buf;
}

const char *word_interval(char *buf, const struct stat_test *t)
{
	if (isnan(t->low))
		return strcpy(buf, "none");
	snprintf(buf, WORD_MAX, "%.4f to %.4f", exp(t->low), exp(t->high));
	return buf;
}

const char *word_p(char *buf, double p)
{
	if (isnan(p))
		return strcpy(buf, "-");
	snprintf(buf, WORD_MAX, p < 0.001 ? "%.1e" : "%.3f", p);
	return buf;
}

void words_count_row(FILE *out, enum count_kind k, double first, double second,
		     const struct stat_test *t, double p, enum stat_verdict v)
{
	char a[WORD_MAX], b[WORD_MAX], interval[WORD_MAX] = "none", word[WORD_MAX];

	if (!isnan(t->low))
		snprintf(interval, sizeof(interval), "%+.1f to %+.1f %%",
			 shown_percent(t->low, 1), shown_percent(t->high, 1));
	fprintf(out, "  %-32s %9s %9s  %-20s %7s  %s", count_title(k),
		word_count(a, first), word_count(b, second), interval, word_p(word, p),
		count_verdict_name(v));
}

const char *word_sure(char *buf, const struct comparison *c)
{
	const struct stat_test *t = &c->test;
	char p[WORD_MAX];

	if (!t->n)
		return strcpy(buf, "no boot has both arms");
	if (isnan(t->low))
		snprintf(buf, WORD_MAX, "%+.2f %%, no interval, %zu boot%s",
			 percent(t->mean), t->n, t->n == 1 ? "" : "s");
	else
		snprintf(buf, WORD_MAX, "%+.2f %%, 95 %% interval %+.2f %% to "
			 "%+.2f %%, p = %.20s, %zu boots", percent(t->mean),
			 percent(t->low), percent(t->high),
			 word_p(p, c->p_holm), t->n);
	return buf;
}

const char *word_verdict(char *buf, const struct comparison *c)
{
	if (c->verdict == STAT_UNDERPOWERED)
		snprintf(buf, WORD_MAX, "underpowered (%zu boots)",
			 c->boots_needed);
	else
		strcpy(buf, stat_verdict_name(c->verdict));
	return buf;
}

const char *words_figure(char *buf, const struct folder *f, const char *prefix)
{
	const char *figure = figure_of_run(f);

	snprintf(buf, WORD_MAX, "%s%s%s", prefix, *prefix && !figure ? "of " : "",
		 figure ? figure : "what each event times");
	return buf;
}

const char *words_clock(const struct folder *f)
{
	if (is_icount(f) && folder_cpus(f) > 1)
		return "Times are virtual ns = instructions of all CPUs, which run in "
		       "turns: waiting for each other is in them, caches and real "
		       "interrupts are not.";
	if (is_icount(f))
		return "Times are virtual ns = instructions: the length of the "
		       "path, without contention, caches or real interrupts.";
	if (!strcmp(f->accel, "tcg"))
		return "Wall time under TCG: absolute times mean nothing, only "
		       "ratios within a boot do.";
	return "Wall time.";
}

const char *words_instruments(void)
{
	return "The time of an event is taken without tracepoints; window, handler, "
	       "wait, hold and call sites in a second run with them.";
}

static bool any_measured(const struct summary *s, enum metric m)
{
	for (size_t i = 0; i < s->n_measurements; i++)
		if (s->measurements[i].metric == m)
			return true;
	return false;
}

char *words_burnt(const struct summary *s)
{
	const struct folder *f = &s->folder;

	if (!any_measured(s, METRIC_WAIT))
		return xstrdup("What waiting has burnt is not measured: no lock "
			       "was traced.");
	if (!any_measured(s, METRIC_WAIT_CPU))
		return xstrdup("What waiting has burnt is not measured: the traces "
			       "of this run have no context switches.");
	return xasprintf("Burnt waiting: %s.", !is_icount(f) ?
			 "the CPU time that the caller had while it waited for "
			 "mmu_lock; what is missing to the wait it slept, or "
			 "others had its CPU" : folder_cpus(f) == 1 ?
			 "the instructions between asking for mmu_lock and having "
			 "it, less those while others had the CPU" :
			 "the instructions of all CPUs, which run in turns, while "
			 "the caller waited for mmu_lock and was not switched "
			 "out; its own are at most as many");
}

static char *verdicts(const struct verdict_tally *v, const char *what)
{
	size_t n = v->differ + v->same + v->open;

	return xasprintf("of %zu %s%s %zu differ%s, %zu %s the same, %zu %s open",
			 n, what, n == 1 ? "" : "s", v->differ,
			 v->differ == 1 ? "s" : "", v->same,
			 v->same == 1 ? "is" : "are", v->open,
			 v->open == 1 ? "is" : "are");
}

char *words_verdicts(const struct summary *s, const struct pair *p)
{
	const struct verdict_tally f = summary_figures(s, p), c = summary_counts(s, p);
	char *figures = verdicts(&f, "figure"), *counts, *text;

	if (!(c.differ + c.same + c.open))
		return figures;
	counts = verdicts(&c, "count");
	text = xasprintf("%s; %s", figures, counts);
	free(figures);
	free(counts);
	return text;
}

/* Of a plan that has not said beforehand what decides. */
static char *first_pair_answer(const struct summary *s)
{
	const struct pair *p = summary_lead(s);
	const struct folder *f = &s->folder;
	char *text, *all;

	if (!p)
		return xstrdup("The plan compares nothing");
	all = words_verdicts(s, p);
	text = xasprintf("%s/%s: %s", f->series[p->a].arm, f->series[p->b].arm,
			 all);
	free(all);
	return text;
}

static char *plain_answer(const struct summary *s)
{
	const struct comparison *c = summary_primary(s);
	const struct folder *f = &s->folder;
	const char *a, *b, *calls;
	double percent;

	if (!f->n_used)
		return xstrdup("No boot passed: nothing was compared");
	if (!c)
		return first_pair_answer(s);
	a = f->series[c->a].arm;
	b = f->series[c->b].arm;
	percent = 100 * fabs(expm1(c->test.mean));
	calls = figure_of_run(f);
	calls = calls && figure_is_call(f->n_cells ? f->cells[0].event : "") ?
		is_icount(f) ? "instructions per system call" : "system call time" :
		is_icount(f) ? "instructions per event" : "time";
	switch (c->verdict) {
	case STAT_FASTER:
		return xasprintf("%s is faster than %s: %.2g %% %s %s", a, b, percent,
				 is_icount(f) ? "fewer" : "less", calls);
	case STAT_SLOWER:
		return xasprintf("%s is slower than %s: %.2g %% more %s", a, b,
				 percent, calls);
	case STAT_SAME:
		return xasprintf("%s and %s take the same %s%s, within %g %%", a, b,
				 is_icount(f) ? "number of " : "", calls,
				 100 * f->margin);
	case STAT_UNDERPOWERED:
		break;
	}
	return xasprintf("Not decided whether %s or %s takes %s %s", a, b,
			 is_icount(f) ? "fewer" : "less", calls);
}

char *words_answer(const struct summary *s)
{
	char *answer = plain_answer(s), *text;

	if (!s->aa_broken)
		return answer;
	text = xasprintf("A/A is broken, do not trust this run: %s", answer);
	free(answer);
	return text;
}

char *words_conclusion(const struct summary *s)
{
	const struct comparison *c = summary_primary(s);
	char *answer = words_answer(s), *more, *text;
	char sure[WORD_MAX];

	if (!s->folder.n_used || !summary_lead(s))
		more = xstrdup("");
	else if (!c)
		more = xstrdup(" (the plan's first pair, as it declares no primary "
			       "comparison; corrected for the number of figures, "
			       "and of counts)");
	else if (c->verdict == STAT_UNDERPOWERED)
		more = xasprintf(" (%s; %s; about %zu boots would decide)",
				 word_sure(sure, c), c->reason, c->boots_needed);
	else
		more = xasprintf(" (geometric mean over %zu event%s: %s)",
				 c->cells, c->cells == 1 ? "" : "s",
				 word_sure(sure, c));
	text = xasprintf("%s%s.", answer, more);
	free(answer);
	free(more);
	return text;
}
