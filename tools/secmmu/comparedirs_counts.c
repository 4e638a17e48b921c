// SPDX-License-Identifier: GPL-2.0-only
/* Counts per call of two runs, arm by arm: see comparedirs.h. */
#include "comparedirs_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "counts_compare.h"

static double mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / (double)n : NAN;
}

/* Too few in all to say anything; nothing at all in both is the same. */
static bool too_few(struct dirs_count *c)
{
	uint64_t n = counts_total(tally_counts(c->old, c->kind, false), c->kind) +
		     counts_total(tally_counts(c->new, c->kind, false), c->kind);

	if (!n || n >= DIRS_MIN_COUNT)
		return false;
	reason_add(c->reason, "it happened %llu times in both runs together, %d are needed",
		   (unsigned long long)n, DIRS_MIN_COUNT);
	return true;
}

static void test_count(const struct dirs *d, struct dirs_count *c, double *old,
		       double *new)
{
	double scale = (c->per_call_old + c->per_call_new) / 2;

	if (too_few(c)) {
		c->test = stat_unpaired(NULL, 0, NULL, 0, 0);
		return;
	}
	for (size_t i = 0; i < c->n_old; i++)
		old[i] = scale > 0 ? old[i] / scale : 0;
	for (size_t i = 0; i < c->n_new; i++)
		new[i] = scale > 0 ? new[i] / scale : 0;
	c->test = stat_unpaired(new, c->n_new, old, c->n_old,
				d->old.seed ^ d->new.seed);
}

/* What one of the runs has not counted in each of its boots is left out. */
static void add_count(struct dirs *d, struct dirs_count c)
{
	const struct counts_sum *a = tally_counts(c.old, c.kind, false);
	const struct counts_sum *b = tally_counts(c.new, c.kind, false);
	double *old = xcalloc(a->n + 1, sizeof(*old));
	double *new = xcalloc(b->n + 1, sizeof(*new));

	c.n_old = counts_per_call(a, c.kind, old);
	c.n_new = counts_per_call(b, c.kind, new);
	if (c.n_old && c.n_new) {
		c.per_call_old = mean(old, c.n_old);
		c.per_call_new = mean(new, c.n_new);
		test_count(d, &c, old, new);
		d->counts = xrealloc(d->counts, (d->n_counts + 1) * sizeof(c));
		d->counts[d->n_counts++] = c;
	}
	free(old);
	free(new);
}

static void judge(const struct dirs *d, struct dirs_count *c, size_t family)
{
	size_t fewer = c->n_old < c->n_new ? c->n_old : c->n_new;

	c->verdict = stat_judge(&c->test, c->p_holm, d->margin);
	if (c->verdict != STAT_UNDERPOWERED || *c->reason)
		return;
	c->boots_needed = stat_boots_needed_each(&c->test, family, d->margin);
	if (isnan(c->test.low))
		reason_add(c->reason, "%zu and %zu boots are too few for an interval",
			   c->n_old, c->n_new);
	else if (c->test.p <= STAT_ALPHA)
		reason_add(c->reason, "p is %.2g alone, %.2g among %zu counts",
			   c->test.p, c->p_holm, family);
	else if (fewer)
		reason_add(c->reason, "the interval holds 0, and more than +-%g %%",
			   100 * d->margin);
}

/* The counts of an arm, those from @first on, are a family. */
static void judge_all(const struct dirs *d, size_t first)
{
	size_t n = d->n_counts - first, family = 0;
	double *p = xcalloc(n + 1, sizeof(*p));

	for (size_t i = 0; i < n; i++) {
		p[i] = d->counts[first + i].test.p;
		family += d->counts[first + i].test.n > 0;
	}
	stat_holm(p, n);
	for (size_t i = 0; i < n; i++) {
		d->counts[first + i].p_holm = p[i];
		judge(d, &d->counts[first + i], family);
	}
	free(p);
}

void dirs_counts(struct dirs *d)
{
	for (size_t arm = 0; arm < d->old.n_arms; arm++) {
		size_t first = d->n_counts;

		for (size_t i = 0; i < d->old.n_tallies && d->arm[arm] != SIZE_MAX; i++) {
			const struct tally *old = &d->old.tallies[i], *new;

			new = old->arm == arm ? folder_tally(&d->new, old->test, old->name,
							     d->arm[arm]) : NULL;
			for (int k = COUNT_CALLS + 1; k < COUNT_KINDS && new; k++)
				add_count(d, (struct dirs_count){
					.old = old, .new = new, .arm = arm,
					.kind = (enum count_kind)k });
		}
		judge_all(d, first);
	}
}
