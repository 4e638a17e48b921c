// SPDX-License-Identifier: GPL-2.0-only
/* Measurements and comparisons: see summary.h. summary_json.c writes them. */
#include "summary.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "host.h"
#include "sites.h"
#include "util.h"
#include "words.h"

const char *statistic_name(enum statistic s)
{
	return s == STATISTIC_P50 ? "p50" : "p99";
}

static void warn(struct summary *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void warn(struct summary *s, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	s->warnings = xrealloc(s->warnings,
			       (s->n_warnings + 1) * sizeof(*s->warnings));
	s->warnings[s->n_warnings++] = text;
}

/* Measurements */

static const char *main_site(const struct folder *f, size_t cell, size_t series)
{
	const struct site *best = NULL, *site;
	size_t i;

	for (i = 0; i < f->n_sites; i++) {
		site = &f->sites[i];
		if (site->cell == cell && site->series == series &&
		    (!best || site->count > best->count))
			best = site;
	}
	return best ? best->name : NULL;
}

static void measure(struct summary *s, size_t cell, size_t series,
		    enum metric metric)
{
	const struct folder *f = &s->folder;
	struct measurement m = { .cell = cell, .series = series,
				 .metric = metric, .max = NAN };
	double *v = xcalloc(3 * f->n_boots, sizeof(*v));
	double *p50 = v, *p90 = v + f->n_boots, *p99 = v + 2 * f->n_boots;
	const struct reduced *r;
	size_t i;

	for (i = 0; i < f->n_boots; i++) {
		r = folder_get(f, i, cell, series, metric);
		if (!r)
			continue;
		p50[m.boots] = r->p50;
		p90[m.boots] = r->p90;
		p99[m.boots] = r->p99;
		if (!m.boots || r->beyond_p99 < m.beyond_p99)
			m.beyond_p99 = r->beyond_p99;
		m.max = fmax(m.max, r->max);
		m.n += r->n;
		m.boots++;
	}
	if (m.boots) {
		m.p50 = stat_median_ci(p50, m.boots);
		m.p90 = stat_median_ci(p90, m.boots);
		m.p99 = stat_median_ci(p99, m.boots);
		m.site = main_site(f, cell, series);
		s->measurements = xrealloc(s->measurements,
			(s->n_measurements + 1) * sizeof(m));
		s->measurements[s->n_measurements++] = m;
	}
	free(v);
}

static void measure_all(struct summary *s)
{
	size_t cell, series;
	int m;

	for (cell = 0; cell < s->folder.n_cells; cell++)
		for (m = 0; m < METRICS; m++)
			for (series = 0; series < s->folder.n_series; series++)
				measure(s, cell, series, (enum metric)m);
}

/* Comparisons */

struct pairing {
	double *d;		/* log-ratio per used boot; NaN: none */
	size_t both;		/* boots with both arms */
	size_t zeros;		/* of these, those with 0 in one arm only */
};

static double stat_of(const struct reduced *r, enum statistic statistic)
{
	return statistic == STATISTIC_P50 ? r->p50 : r->p99;
}

/* log(a / b). Two zeros are equal; one zero has no ratio. */
static double log_ratio(double a, double b)
{
	if (a == b)
		return 0;
	return a > 0 && b > 0 ? log(a / b) : NAN;
}

/* Pair @c's arms in each boot, for one cell. */
static void pair_boots(const struct folder *f, struct comparison *c,
		       size_t cell, struct pairing *p)
{
	const struct reduced *a, *b;
	size_t i, rests;

	p->both = p->zeros = 0;
	for (i = 0; i < f->n_boots; i++) {
		p->d[i] = NAN;
		a = folder_get(f, i, cell, c->a, c->metric);
		b = folder_get(f, i, cell, c->b, c->metric_b);
		if (!a || !b)
			continue;
		p->both++;
		p->d[i] = log_ratio(stat_of(a, c->statistic),
				    stat_of(b, c->statistic));
		if (isnan(p->d[i]))
			p->zeros++;
		rests = a->beyond_p99 < b->beyond_p99 ? a->beyond_p99 :
							b->beyond_p99;
		if (rests < c->beyond_p99)
			c->beyond_p99 = rests;
	}
}

void reason_add(char *reason, const char *fmt, ...)
{
	size_t at = strlen(reason);
	va_list ap;

	if (at && at + 2 < REASON_MAX) {
		memcpy(reason + at, "; ", 3);
		at += 2;
	}
	va_start(ap, fmt);
	vsnprintf(reason + at, REASON_MAX - at, fmt, ap);
	va_end(ap);
}

/* The finite ones of d[0..n), moved to the front. */
static size_t keep_finite(double *d, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++)
		if (!isnan(d[i]))
			d[k++] = d[i];
	return k;
}

/*
 * Leaving out the boots with a zero in one arm would keep those in which the
 * arms look alike, so one such boot means no ratio at all.
 */
static void test_cell(const struct summary *s, struct comparison *c,
		      struct pairing *p)
{
	const struct folder *f = &s->folder;
	size_t n;

	pair_boots(f, c, c->cell, p);
	if (p->zeros) {
		reason_add(c->reason, "0 in one arm only in %zu of %zu boots: no ratio",
			p->zeros, p->both);
		n = 0;
	} else {
		n = keep_finite(p->d, f->n_boots);
		if (n < f->n_used)
			reason_add(c->reason, "not measured in both arms in %zu of %zu boots",
				f->n_used - n, f->n_used);
	}
	c->test = stat_signflip(p->d, n, f->seed);
}

/*
 * Per boot the mean of the log-ratios of all events, then boots as the unit.
 * An event without a ratio in every used boot is left out, in every boot: the
 * mean is over the same events each time.
 */
static void test_all_cells(const struct summary *s, struct comparison *c,
			   struct pairing *p)
{
	const struct folder *f = &s->folder;
	double *sum = xcalloc(f->n_boots, sizeof(*sum));
	size_t cell, i, seen = 0;

	for (cell = 0; cell < f->n_cells; cell++) {
		pair_boots(f, c, cell, p);
		seen += p->both > 0;
		if (p->zeros || p->both < f->n_used || !p->both)
			continue;
		c->cells++;
		for (i = 0; i < f->n_boots; i++)
			if (f->boots[i].r)
				sum[i] += p->d[i];
	}
	for (i = 0; i < f->n_boots; i++)
		sum[i] = f->boots[i].r && c->cells ?
			 sum[i] / (double)c->cells : NAN;
	if (c->cells < seen)
		reason_add(c->reason, "%zu of %zu events have no ratio in every boot and "
			"are left out", seen - c->cells, seen);
	c->test = stat_signflip(sum, keep_finite(sum, f->n_boots), f->seed);
	free(sum);
}

static void judge(const struct summary *s, struct comparison *c, size_t family)
{
	double margin = s->folder.margin;
	const struct stat_test *t = &c->test;

	c->verdict = stat_judge(t, c->p_holm, margin);
	if (c->verdict != STAT_UNDERPOWERED)
		return;
	c->boots_needed = stat_boots_needed(t, c->primary ? 1 : family, margin);
	if (!t->n && !*c->reason)
		reason_add(c->reason, "no boot has both arms");
	else if (t->n && t->n < STAT_MIN_BOOTS)
		reason_add(c->reason, "%zu boot%s: a 95 %% interval needs at least %d",
			t->n, t->n == 1 ? "" : "s", STAT_MIN_BOOTS);
	else if (t->n && t->p <= STAT_ALPHA)
		reason_add(c->reason, "p is %.2g alone, %.2g among %zu comparisons", t->p,
			c->p_holm, family);
	else if (t->n)
		reason_add(c->reason, "the interval holds 1, and more than +-%g %%",
			100 * margin);
}

struct list {
	struct comparison *v;
	size_t n;
};

static bool any_measured(const struct folder *f, size_t series, enum metric m)
{
	size_t boot, cell;

	for (boot = 0; boot < f->n_boots; boot++)
		for (cell = 0; cell < f->n_cells; cell++)
			if (folder_get(f, boot, cell, series, m))
				return true;
	return false;
}

/* An event that the plan does not trace at all has no cost of tracing. */
static bool is_measured(const struct folder *f, size_t cell,
			const struct comparison *c)
{
	size_t i;

	for (i = 0; i < f->n_boots; i++)
		if (folder_get(f, i, cell, c->a, c->metric) ||
		    (c->metric_b == c->metric &&
		     folder_get(f, i, cell, c->b, c->metric)))
			return true;
	return false;
}

/* Correct the family's p values for their number; the primary stands alone. */
static void correct(struct comparison *v, size_t n)
{
	double *p = xcalloc(n, sizeof(*p));
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = v[i].primary ? NAN : v[i].test.p;
	stat_holm(p, n);
	for (i = 0; i < n; i++)
		v[i].p_holm = v[i].primary ? v[i].test.p : p[i];
	free(p);
}

/*
 * One family: all events of one pair, metric and statistic, and their
 * geometric mean.
 */
static void compare_family(const struct summary *s, struct list *l,
			   struct comparison like, bool primary)
{
	const struct folder *f = &s->folder;
	struct pairing p;
	struct comparison *c;
	size_t first = l->n, cell, i, family = 0;

	/*
	 * An arm without the instrument (stock has no lock tracepoints) is not
	 * compared. System call time needs none: an arm without is a finding.
	 */
	if (like.metric != METRIC_SYSCALL &&
	    (!any_measured(f, like.a, like.metric) ||
	     !any_measured(f, like.b, like.metric_b)))
		return;
	l->v = xrealloc(l->v, (l->n + f->n_cells + 1) * sizeof(*l->v));
	p.d = xcalloc(f->n_boots, sizeof(*p.d));
	c = &l->v[l->n++];
	*c = like;
	c->cell = ALL_CELLS;
	c->primary = primary;
	test_all_cells(s, c, &p);
	for (cell = 0; cell < f->n_cells; cell++) {
		if (!is_measured(f, cell, &like))
			continue;
		c = &l->v[l->n++];
		*c = like;
		c->cell = cell;
		c->cells = 1;
		test_cell(s, c, &p);
	}
	correct(l->v + first, l->n - first);
	for (i = first; i < l->n; i++)
		family += !l->v[i].primary && l->v[i].test.n;
	for (i = first; i < l->n; i++) {
		judge(s, &l->v[i], family);
		if (l->v[i].statistic != STATISTIC_P99 ||
		    l->v[i].beyond_p99 == SIZE_MAX)
			l->v[i].beyond_p99 = 0;
	}
	free(p.d);
}

static void compare_pair(const struct summary *s, struct list *l, size_t a,
			 size_t b, bool primary)
{
	struct comparison like = { .a = a, .b = b, .beyond_p99 = SIZE_MAX };
	int m, stat;

	/* Times that hold the tracepoints of each arm are not compared. */
	for (m = 0; m < METRIC_SYSCALL_TRACED; m++)
		for (stat = 0; stat < STATISTICS; stat++) {
			like.metric = like.metric_b = (enum metric)m;
			like.statistic = (enum statistic)stat;
			compare_family(s, l, like, primary &&
				       m == METRIC_SYSCALL &&
				       stat == STATISTIC_P50);
		}
}

/* An arm with tracepoints and without, in the same slot. */
static void compare_tracing(const struct summary *s, struct list *l, size_t arm)
{
	const struct comparison like = {
		.a = arm,
		.b = arm,
		.metric = METRIC_SYSCALL_TRACED,
		.metric_b = METRIC_SYSCALL,
		.statistic = STATISTIC_P50,
		.beyond_p99 = SIZE_MAX,
	};

	compare_family(s, l, like, true);
}

/*
 * The A/A check and the cost of tracing are declared beforehand as the primary
 * comparison is: all events, median system call time.
 */
static void compare_all(struct summary *s)
{
	const struct folder *f = &s->folder;
	struct list l = { NULL, 0 };
	size_t i;

	for (i = 0; i < f->n_compare; i++)
		compare_pair(s, &l, f->compare[i].a, f->compare[i].b,
			     (int)i == f->primary);
	s->comparisons = l.v;
	s->n_comparisons = l.n;
	l = (struct list){ NULL, 0 };
	if (f->aa >= 0)
		compare_pair(s, &l, (size_t)f->aa, (size_t)f->aa_series, true);
	s->aa = l.v;
	s->n_aa = l.n;
	l = (struct list){ NULL, 0 };
	for (i = 0; i < f->n_arms; i++)
		compare_tracing(s, &l, i);
	s->tracing = l.v;
	s->n_tracing = l.n;
}

/* Warnings */

static void check_aa(struct summary *s)
{
	const struct comparison *c;
	size_t i;

	for (i = 0; i < s->n_aa; i++) {
		c = &s->aa[i];
		if (!stat_differs(c->verdict))
			continue;
		if (c->metric == METRIC_SYSCALL && c->statistic == STATISTIC_P50)
			s->aa_broken = true;
		warn(s, "A/A: %s differs from itself in %s %s of %s: ratio "
		     "%.4f, 95 %% interval %.4f to %.4f",
		     s->folder.series[c->a].arm, statistic_name(c->statistic),
		     c->cell == ALL_CELLS ? metric_name(c->metric) :
		     figure_metric(s->folder.cells[c->cell].event, c->metric),
		     c->cell == ALL_CELLS ? "all events" :
		     s->folder.cells[c->cell].event, exp(c->test.mean),
		     exp(c->test.low), exp(c->test.high));
	}
}

/*
 * Without a primary comparison, which is one of times, the answer rests on the
 * counts as well.
 */
static void check_count_aa(struct summary *s)
{
	const struct count_comparison *c;
	size_t i;

	for (i = 0; i < s->n_counts; i++) {
		c = &s->counts[i];
		if (!c->aa || !stat_differs(c->verdict))
			continue;
		if (s->folder.primary < 0)
			s->aa_broken = true;
		warn(s, "A/A: %s differs from itself in the count %s of %s: %s, "
		     "%+.1f %%, 95 %% interval %+.1f %% to %+.1f %%",
		     s->folder.series[c->a].arm, count_name(c->kind),
		     c->ta->name, count_verdict_name(c->verdict),
		     shown_percent(c->test.mean, 1), shown_percent(c->test.low, 1),
		     shown_percent(c->test.high, 1));
	}
}

static void check_boots(struct summary *s)
{
	const struct folder *f = &s->folder;
	size_t i;

	for (i = 0; i < f->n_boots; i++)
		if (f->boots[i].status != STATUS_PASS)
			warn(s, "%s is %s and its measurements are left out%s%s",
			     f->boots[i].name, status_name(f->boots[i].status),
			     *f->boots[i].reason ? ": " : "",
			     f->boots[i].reason);
	if (f->n_boots < f->boots_planned)
		warn(s, "%zu of %zu boots are there: the run was not finished",
		     f->n_boots, f->boots_planned);
	if (f->aa < 0)
		warn(s, "no A/A pair was run: the noise floor is unknown");
	if (f->beside)
		warn(s, "%u boots ran at a time on the same CPUs: no time means anything",
		     f->beside);
	if (f->lost)
		warn(s, "%llu samples have only their system call time: trace events were lost",
		     (unsigned long long)f->lost);
}

/* As the machine was when the run began. */
static void check_host(struct summary *s)
{
	const struct folder *f = &s->folder;
	const json_t *host = json_object_get(f->manifest, "host");
	json_int_t cpus = json_integer_value(json_object_get(host, "cores"));
	struct host_noise v[HOST_NOISES];
	size_t n = 0;

	/* Instructions are the same ones on a noisy machine. */
	if (strcmp(f->clock, "icount"))
		n = host_noise(host, cpus > 0 && cpus <= UINT_MAX ?
			       (unsigned int)cpus : 0,
			       folder_cpus(f) * (f->at_a_time ?: 1), v);
	for (size_t i = 0; i < n; i++)
		warn(s, "noisy machine: %s: %s", v[i].what, v[i].why);
}

/* Who reads no further than the verdicts is to know that they took several. */
static void check_retries(struct summary *s)
{
	const struct folder *f = &s->folder;
	unsigned int retried = 0, passed = 0;

	for (size_t i = 0; i < f->n_tallies; i++) {
		retried += f->tallies[i].retried;
		passed += f->tallies[i].retried_pass;
	}
	if (retried)
		warn(s, "%u results took more than one attempt, and %u of them are PASS only because of that",
		     retried, passed);
	retried = 0;
	for (size_t i = 0; i < f->n_boots; i++)
		retried += json_array_size(f->boots[i].attempts) > 0;
	if (retried)
		warn(s, "%u of the boots had to be run again, as their QEMU was killed: boot_list in summary.json, failed-NNN",
		     retried);
}

int summary_load(const char *dir, struct summary *s)
{
	memset(s, 0, sizeof(*s));
	if (folder_load(dir, &s->folder))
		return -1;
	measure_all(s);
	compare_all(s);
	s->n_counts = counts_compare(&s->folder, &s->counts);
	check_aa(s);
	check_count_aa(s);
	check_boots(s);
	check_retries(s);
	check_host(s);
	if (!sites_of_run(&s->folder, &s->call_sites))
		return 0;
	summary_free(s);
	return -1;
}

void summary_free(struct summary *s)
{
	size_t i;

	for (i = 0; i < s->n_warnings; i++)
		free(s->warnings[i]);
	free(s->warnings);
	free(s->measurements);
	free(s->comparisons);
	free(s->aa);
	free(s->tracing);
	free(s->counts);
	sites_free(s->call_sites);
	folder_free(&s->folder);
}

const struct comparison *summary_find(const struct comparison *list, size_t n,
				      size_t a, size_t b, size_t cell,
				      enum metric m, enum statistic stat)
{
	const struct comparison *c;

	for (c = list; c < list + n; c++)
		if (c->a == a && c->b == b && c->cell == cell &&
		    c->metric == m && c->statistic == stat)
			return c;
	return NULL;
}

const struct comparison *summary_tracing(const struct summary *s, size_t a)
{
	return summary_find(s->tracing, s->n_tracing, a, a, ALL_CELLS,
			    METRIC_SYSCALL_TRACED, STATISTIC_P50);
}

const struct comparison *summary_primary(const struct summary *s)
{
	size_t i;

	for (i = 0; i < s->n_comparisons; i++)
		if (s->comparisons[i].primary)
			return &s->comparisons[i];
	return NULL;
}

const struct pair *summary_lead(const struct summary *s)
{
	const struct folder *f = &s->folder;

	return f->n_compare ? &f->compare[f->primary < 0 ? 0 : f->primary] : NULL;
}

static void add_verdict(struct verdict_tally *v, enum stat_verdict verdict)
{
	v->differ += stat_differs(verdict);
	v->same += verdict == STAT_SAME;
	v->open += verdict == STAT_UNDERPOWERED;
}

/* The A/A pair's second series is none of the arms, and so in no other pair. */
static bool is_aa(const struct summary *s, const struct pair *p)
{
	return s->folder.aa >= 0 && (int)p->b == s->folder.aa_series;
}

struct verdict_tally summary_figures(const struct summary *s, const struct pair *p)
{
	const struct comparison *list = is_aa(s, p) ? s->aa : s->comparisons, *c;
	size_t n = is_aa(s, p) ? s->n_aa : s->n_comparisons, cell;
	struct verdict_tally v = { 0, 0, 0 };

	for (cell = 0; cell < s->folder.n_cells; cell++) {
		c = summary_find(list, n, p->a, p->b, cell, METRIC_SYSCALL,
				 STATISTIC_P50);
		if (c)
			add_verdict(&v, c->verdict);
	}
	return v;
}

struct verdict_tally summary_counts(const struct summary *s, const struct pair *p)
{
	const struct count_comparison *c = s->counts;
	struct verdict_tally v = { 0, 0, 0 };

	for (size_t i = 0; i < s->n_counts; i++, c++)
		if (c->a == p->a && c->b == p->b &&
		    c->per_call_a + c->per_call_b > 0)
			add_verdict(&v, c->verdict);
	return v;
}

const struct measurement *summary_measured(const struct summary *s,
					   size_t cell, size_t series,
					   enum metric m)
{
	const struct measurement *x = s->measurements;

	for (size_t i = 0; i < s->n_measurements; i++, x++)
		if (x->cell == cell && x->series == series && x->metric == m)
			return x;
	return NULL;
}
