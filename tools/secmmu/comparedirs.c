// SPDX-License-Identifier: GPL-2.0-only
/* Comparing what two runs measured: see comparedirs.h. */
#include "comparedirs.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "comparedirs_int.h"
#include "words.h"
#include "util.h"

#define NOWHERE SIZE_MAX
#define SPREADS_DIFFER 2	/* times the standard deviation */
#define SPREAD_SMALL 2e-3	/* of logs: what icount scatters by anyway */

/* What is in both */

static size_t find_cell(const struct folder *f, const struct cell *c)
{
	const struct cell *x;
	size_t i;

	for (i = 0; i < f->n_cells; i++) {
		x = &f->cells[i];
		if (x->size == c->size && x->page_size == c->page_size &&
		    x->vcpus == c->vcpus && !strcmp(x->event, c->event))
			return i;
	}
	return NOWHERE;
}

static size_t find_arm(const struct folder *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_arms; i++)
		if (!strcmp(f->series[i].arm, name))
			return i;
	return NOWHERE;
}

static void note_missing(struct dirs *d, const char *run, const char *what)
{
	dirs_note(d, "%s is in the %s run only and left out", what, run);
}

/* Return: how many cells both have. */
static size_t match_cells(struct dirs *d)
{
	char buf[WORD_MAX];
	size_t i, n = 0;

	d->cell = xcalloc(d->old.n_cells, sizeof(*d->cell));
	for (i = 0; i < d->old.n_cells; i++) {
		d->cell[i] = find_cell(&d->new, &d->old.cells[i]);
		if (d->cell[i] == NOWHERE)
			note_missing(d, "old", word_cell(buf, &d->old, i));
		else
			n++;
	}
	for (i = 0; i < d->new.n_cells; i++)
		if (find_cell(&d->old, &d->new.cells[i]) == NOWHERE)
			note_missing(d, "new", word_cell(buf, &d->new, i));
	return n;
}

static size_t match_arms(struct dirs *d)
{
	size_t i, n = 0;

	d->arm = xcalloc(d->old.n_arms, sizeof(*d->arm));
	for (i = 0; i < d->old.n_arms; i++) {
		d->arm[i] = find_arm(&d->new, d->old.series[i].arm);
		if (d->arm[i] == NOWHERE)
			note_missing(d, "old", d->old.series[i].arm);
		else
			n++;
	}
	for (i = 0; i < d->new.n_arms; i++)
		if (find_arm(&d->old, d->new.series[i].arm) == NOWHERE)
			note_missing(d, "new", d->new.series[i].arm);
	return n;
}

/* The numbers of a run, one per boot */

struct sample_of {
	double *v;
	size_t n;		/* boots with a number */
	size_t zeros;		/* boots whose time is 0: no logarithm */
	size_t beyond;		/* samples above the p99, fewest of any boot */
};

static double stat_of(const struct reduced *r, enum statistic statistic)
{
	return statistic == STATISTIC_P50 ? r->p50 : r->p99;
}

static void rests_on(struct sample_of *s, const struct reduced *r)
{
	if (r && r->beyond_p99 < s->beyond)
		s->beyond = r->beyond_p99;
}

/* log of the quantile, or of the ratio of two of them; NaN if not measured. */
static double boot_value(const struct folder *f, size_t boot, size_t cell,
			 size_t a, size_t b, enum statistic statistic,
			 struct sample_of *s)
{
	const struct reduced *x = folder_get(f, boot, cell, a, METRIC_SYSCALL);
	const struct reduced *y = NULL;

	if (b != NOWHERE)
		y = folder_get(f, boot, cell, b, METRIC_SYSCALL);
	if (!x || (b != NOWHERE && !y))
		return NAN;
	rests_on(s, x);
	rests_on(s, y);
	if (!(stat_of(x, statistic) > 0) || (y && !(stat_of(y, statistic) > 0))) {
		s->zeros++;
		return NAN;
	}
	return log(stat_of(x, statistic)) - (y ? log(stat_of(y, statistic)) : 0);
}

static void collect(const struct folder *f, size_t cell, size_t a, size_t b,
		    enum statistic statistic, struct sample_of *s)
{
	size_t i;
	double x;

	s->n = s->zeros = 0;
	s->beyond = SIZE_MAX;
	for (i = 0; i < f->n_boots; i++) {
		x = boot_value(f, i, cell, a, b, statistic, s);
		if (!isnan(x))
			s->v[s->n++] = x;
	}
}

static double spread(const double *v, size_t n)
{
	double mean = 0, sq = 0;
	size_t i;

	for (i = 0; i < n; i++)
		mean += v[i] / (double)n;
	for (i = 0; i < n; i++)
		sq += (v[i] - mean) * (v[i] - mean);
	return n > 1 ? sqrt(sq / (double)(n - 1)) : 0;
}

/* What the test rests on, where it does not hold: docs/statistics.md. */
static void check_spreads(struct dirs_row *r, const struct sample_of *old,
			  const struct sample_of *new)
{
	double a = spread(old->v, old->n), b = spread(new->v, new->n);

	if (old->n == new->n || !old->n || !new->n)
		return;
	if (fmax(a, b) > SPREAD_SMALL && fmax(a, b) > SPREADS_DIFFER * fmin(a, b))
		reason_add(r->reason, "%zu and %zu boots, and one run scatters more: p is off; use as many boots in both",
			old->n, new->n);
}

/* Of a p99: is it more than the largest few samples, in each boot? */
static bool too_few_beyond(struct dirs_row *r, const struct sample_of *old,
			   const struct sample_of *new)
{
	size_t n = old->beyond < new->beyond ? old->beyond : new->beyond;

	if (r->statistic != STATISTIC_P99 || n == SIZE_MAX)
		return false;
	r->beyond_p99 = n;
	return n < DIRS_MIN_BEYOND;
}

static void test_row(const struct dirs *d, struct dirs_row *r,
		     struct sample_of *old, struct sample_of *new)
{
	if (old->zeros || new->zeros) {
		reason_add(r->reason, "a time of 0 in %zu boots: no ratio",
			old->zeros + new->zeros);
		old->n = new->n = 0;
	}
	r->n_old = old->n;
	r->n_new = new->n;
	r->test = stat_unpaired(new->v, new->n, old->v, old->n,
				d->old.seed ^ d->new.seed);
	check_spreads(r, old, new);
}

static void test_cell(const struct dirs *d, struct dirs_row *r,
		      struct sample_of *old, struct sample_of *new)
{
	size_t b = r->is_ratio ? d->arm[r->b] : NOWHERE;

	collect(&d->old, r->cell, r->a, r->is_ratio ? r->b : NOWHERE, r->statistic, old);
	collect(&d->new, d->cell[r->cell], d->arm[r->a], b, r->statistic, new);
	if (too_few_beyond(r, old, new)) {
		reason_add(r->reason, "the p99 of a boot rests on %zu samples, %d are needed",
			   r->beyond_p99, DIRS_MIN_BEYOND);
		r->test = stat_unpaired(NULL, 0, NULL, 0, 0);
		return;
	}
	if (old->n + old->zeros < d->old.n_used || new->n + new->zeros < d->new.n_used)
		reason_add(r->reason, "measured in %zu of %zu and %zu of %zu boots only",
			old->n, d->old.n_used, new->n, d->new.n_used);
	test_row(d, r, old, new);
}

/* Add the numbers of @cell to those in @sum, if all used boots have one. */
static bool add_boots(const struct folder *f, struct sample_of *s, double *sum)
{
	size_t i;

	if (s->zeros || s->n < f->n_used)
		return false;
	for (i = 0; i < s->n; i++)
		sum[i] += s->v[i];
	return true;
}

/* Per boot the mean over the events that every boot of both runs has. */
static void test_all_cells(const struct dirs *d, struct dirs_row *r,
			   struct sample_of *old, struct sample_of *new)
{
	double *a = xcalloc(d->old.n_boots, sizeof(*a));
	double *b = xcalloc(d->new.n_boots, sizeof(*b));
	size_t other = r->is_ratio ? d->arm[r->b] : NOWHERE;
	size_t cell, i, seen = 0, beyond = SIZE_MAX;

	for (cell = 0; cell < d->old.n_cells; cell++) {
		if (d->cell[cell] == NOWHERE)
			continue;
		collect(&d->old, cell, r->a, r->is_ratio ? r->b : NOWHERE,
			r->statistic, old);
		collect(&d->new, d->cell[cell], d->arm[r->a], other, r->statistic, new);
		seen += old->n || new->n;
		if (too_few_beyond(r, old, new))
			continue;
		if (r->statistic == STATISTIC_P99 && r->beyond_p99 < beyond)
			beyond = r->beyond_p99;
		if (old->zeros || old->n < d->old.n_used ||
		    !add_boots(&d->new, new, b))
			continue;
		add_boots(&d->old, old, a);
		r->cells++;
	}
	old->n = r->cells ? d->old.n_used : 0;
	new->n = r->cells ? d->new.n_used : 0;
	old->zeros = new->zeros = 0;
	for (i = 0; i < old->n; i++)
		old->v[i] = a[i] / (double)r->cells;
	for (i = 0; i < new->n; i++)
		new->v[i] = b[i] / (double)r->cells;
	if (r->statistic == STATISTIC_P99)
		r->beyond_p99 = beyond == SIZE_MAX ? 0 : beyond;
	if (r->cells < seen)
		reason_add(r->reason, "%zu of %zu events are not measured in every boot%s and are left out",
			seen - r->cells, seen, r->statistic == STATISTIC_P99 ?
			", or their p99 rests on too few samples," : "");
	test_row(d, r, old, new);
	free(a);
	free(b);
}

static void judge(const struct dirs *d, struct dirs_row *r, size_t family)
{
	size_t fewer = r->n_old < r->n_new ? r->n_old : r->n_new;

	r->verdict = stat_judge(&r->test, r->p_holm, d->margin);
	if (r->verdict != STAT_UNDERPOWERED)
		return;
	/* More boots do not help a p99 that rests on nothing. */
	if (r->statistic == STATISTIC_P99 && r->beyond_p99 < DIRS_MIN_BEYOND)
		return;
	r->boots_needed = stat_boots_needed_each(&r->test, family, d->margin);
	if (!fewer && !*r->reason)
		reason_add(r->reason, "not measured in both runs");
	else if (fewer && isnan(r->test.low))
		reason_add(r->reason, "%zu and %zu boots are too few for an interval",
			r->n_old, r->n_new);
	else if (fewer && r->test.p <= STAT_ALPHA)
		reason_add(r->reason, "p is %.2g alone, %.2g among %zu comparisons",
			r->test.p, r->p_holm, family);
	else if (fewer)
		reason_add(r->reason, "the interval holds 1, and more than +-%g %%",
			100 * d->margin);
}

/* All rows of one arm, or of one pair of arms: a family. */
static void compare_family(struct dirs *d, struct dirs_row like)
{
	size_t first = d->n_rows, cell, i, family = 0;
	struct sample_of old = { .v = NULL }, new = { .v = NULL };
	struct dirs_row *r;
	double *p;

	d->rows = xrealloc(d->rows, (first + d->old.n_cells + 1) *
			   sizeof(*d->rows));
	old.v = xcalloc(d->old.n_boots, sizeof(*old.v));
	new.v = xcalloc(d->new.n_boots, sizeof(*new.v));
	p = xcalloc(d->old.n_cells + 1, sizeof(*p));
	for (cell = 0; cell < d->old.n_cells; cell++) {
		if (d->cell[cell] == NOWHERE)
			continue;
		r = &d->rows[d->n_rows++];
		*r = like;
		r->cell = cell;
		r->cells = 1;
		test_cell(d, r, &old, &new);
	}
	r = &d->rows[d->n_rows++];
	*r = like;
	r->cell = ALL_CELLS;
	test_all_cells(d, r, &old, &new);
	for (i = first; i < d->n_rows; i++) {
		p[i - first] = d->rows[i].test.p;
		family += d->rows[i].test.n > 0;
	}
	stat_holm(p, d->n_rows - first);
	for (i = first; i < d->n_rows; i++) {
		d->rows[i].p_holm = p[i - first];
		judge(d, &d->rows[i], family);
	}
	free(old.v);
	free(new.v);
	free(p);
}

static void compare_times(struct dirs *d)
{
	size_t i;

	if (strcmp(d->old.clock, "icount") &&
	    (dirs_differ_in(d, "machine") || dirs_differ_in(d, "machine cores"))) {
		dirs_note(d, "wall clocks of two machines: times and counts are not compared, only the ratios of arms");
		return;
	}
	for (i = 0; i < d->old.n_arms; i++)
		for (int k = 0; k < STATISTICS && d->arm[i] != NOWHERE; k++)
			compare_family(d, (struct dirs_row){
				.statistic = (enum statistic)k, .a = i });
	dirs_counts(d);
}

static void compare_ratios(struct dirs *d)
{
	const struct pair *p;
	size_t i;

	for (i = 0; i < d->old.n_compare; i++) {
		p = &d->old.compare[i];
		if (d->arm[p->a] == NOWHERE || d->arm[p->b] == NOWHERE)
			continue;
		for (int k = 0; k < STATISTICS; k++)
			compare_family(d, (struct dirs_row){
				.statistic = (enum statistic)k, .is_ratio = true, .a = p->a, .b = p->b });
	}
}

static void note_boots(struct dirs *d, const struct folder *f, const char *which)
{
	if (f->n_used < f->n_boots)
		dirs_note(d, "%zu of %zu boots of the %s run did not pass and are left out",
			  f->n_boots - f->n_used, f->n_boots, which);
	if (f->n_boots < f->boots_planned)
		dirs_note(d, "%zu of %zu boots of the %s run are there: it was not finished",
			  f->n_boots, f->boots_planned, which);
}

static int match(struct dirs *d)
{
	if (!match_cells(d)) {
		err("%s and %s have no event in common: nothing to compare",
		    d->old.dir, d->new.dir);
		return -1;
	}
	if (!match_arms(d)) {
		err("%s and %s have no arm in common: nothing to compare",
		    d->old.dir, d->new.dir);
		return -1;
	}
	return 0;
}

int dirs_load(const char *old, const char *new, double margin, struct dirs *d)
{
	*d = (struct dirs){ .margin = margin };
	if (folder_load(old, &d->old))
		return -1;
	if (folder_load(new, &d->new) || dirs_refuse(d) || match(d)) {
		dirs_free(d);
		return -1;
	}
	if (!(margin > 0))
		d->margin = fmin(d->old.margin, d->new.margin);
	dirs_differences(d);
	note_boots(d, &d->old, "old");
	note_boots(d, &d->new, "new");
	if (!strcmp(d->old.clock, "icount") && d->old.seed == d->new.seed)
		dirs_note(d, "both runs have seed %llu: under icount their boots are the same boots, not more of them",
			  (unsigned long long)d->old.seed);
	compare_times(d);
	compare_ratios(d);
	if (!d->n_rows) {
		err("%s and %s: wall clocks of two machines, and no pair of arms in common: nothing to compare",
		    old, new);
		dirs_free(d);
		return -1;
	}
	return 0;
}

void dirs_free(struct dirs *d)
{
	size_t i;

	for (i = 0; i < d->n_differences; i++) {
		free(d->differences[i].what);
		free(d->differences[i].old);
		free(d->differences[i].new);
	}
	free(d->differences);
	strs_free(&d->notes);
	free(d->rows);
	free(d->counts);
	free(d->cell);
	free(d->arm);
	folder_free(&d->old);
	folder_free(&d->new);
	*d = (struct dirs){ .n_rows = 0 };
}
