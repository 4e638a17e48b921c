// SPDX-License-Identifier: GPL-2.0-only
/* Counts of two arms compared: see counts_compare.h. */
#include "counts_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
#include "util.h"

struct list {
	struct count_comparison *v;
	size_t n;
};

const char *count_verdict_name(enum stat_verdict v)
{
	switch (v) {
	case STAT_FASTER:
		return "fewer";
	case STAT_SLOWER:
		return "more";
	default:
		return stat_verdict_name(v);
	}
}

void count_test_json(json_t *o, const struct stat_test *t, double p_holm,
		     enum stat_verdict verdict, size_t boots_needed)
{
	json_object_set_new(o, "difference", jsonio_number(t->mean));
	json_object_set_new(o, "ci_low", jsonio_number(t->low));
	json_object_set_new(o, "ci_high", jsonio_number(t->high));
	json_object_set_new(o, "p", jsonio_number(t->p));
	json_object_set_new(o, "p_holm", jsonio_number(p_holm));
	json_object_set_new(o, "exact", json_boolean(t->exact));
	json_object_set_new(o, "verdict", json_string(count_verdict_name(verdict)));
	json_object_set_new(o, "boots_needed", boots_needed ?
			    json_integer((json_int_t)boots_needed) : json_null());
}

/* Both counts per call of each boot that has both, @out; returns how many. */
static size_t pair_boots(const struct counts_sum *a, const struct counts_sum *b,
			 enum count_kind kind, double (*out)[2])
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < a->n; i++) {
		/* Both are in the order of the boots. */
		while (k < b->n && b->boot[k] < a->boot[i])
			k++;
		if (k == b->n || b->boot[k] != a->boot[i])
			continue;
		out[n][0] = count_rate(&a->boots[i], kind);
		out[n][1] = count_rate(&b->boots[k], kind);
		n++;
	}
	return n;
}

static void compare(const struct folder *f, struct list *l,
		    struct count_comparison c, const struct counts_sum *a,
		    const struct counts_sum *b)
{
	double (*v)[2] = xcalloc(a->n + 1, sizeof(*v));
	double *d = xcalloc(a->n + 1, sizeof(*d)), scale;
	size_t n = pair_boots(a, b, c.kind, v);

	for (size_t i = 0; i < n; i++) {
		c.per_call_a += v[i][0] / (double)n;
		c.per_call_b += v[i][1] / (double)n;
	}
	scale = (c.per_call_a + c.per_call_b) / 2;
	/* A boot that has not counted it makes the mean NaN. */
	if (n && !isnan(scale)) {
		for (size_t i = 0; i < n; i++)
			d[i] = scale > 0 ? (v[i][0] - v[i][1]) / scale : 0;
		c.test = stat_signflip(d, n, f->seed);
		l->v = xrealloc(l->v, (l->n + 1) * sizeof(c));
		l->v[l->n++] = c;
	}
	free(d);
	free(v);
}

/* Those of @l from @first on. */
static void judge(const struct folder *f, const struct list *l, size_t first)
{
	size_t n = l->n - first;
	struct count_comparison *c;
	double *p;

	if (!n)
		return;
	c = l->v + first;
	p = xcalloc(n, sizeof(*p));
	for (size_t i = 0; i < n; i++)
		p[i] = c[i].test.p;
	stat_holm(p, n);
	for (size_t i = 0; i < n; i++) {
		c[i].p_holm = p[i];
		c[i].verdict = stat_judge(&c[i].test, p[i], f->margin);
		if (c[i].verdict == STAT_UNDERPOWERED)
			c[i].boots_needed = stat_boots_needed(&c[i].test, n,
							      f->margin);
	}
	free(p);
}

static void all_kinds(const struct folder *f, struct list *l,
		      struct count_comparison like)
{
	for (int k = COUNT_CALLS + 1; k < COUNT_KINDS; k++) {
		like.kind = (enum count_kind)k;
		compare(f, l, like, tally_counts(like.ta, like.kind, false),
			tally_counts(like.tb, like.kind, like.aa));
	}
}

static void compare_pair(const struct folder *f, struct list *l,
			 const struct pair *p)
{
	size_t first = l->n;

	for (size_t i = 0; i < f->n_tallies; i++) {
		const struct tally *a = &f->tallies[i], *b;

		if (a->arm != p->a)
			continue;
		b = folder_tally(f, a->test, a->name, p->b);
		if (b)
			all_kinds(f, l, (struct count_comparison){
				.ta = a, .tb = b, .a = p->a, .b = p->b,
			});
	}
	judge(f, l, first);
}

static void compare_aa(const struct folder *f, struct list *l)
{
	size_t first = l->n, arm = (size_t)f->aa;

	for (size_t i = 0; i < f->n_tallies; i++) {
		const struct tally *t = &f->tallies[i];

		if (t->arm == arm)
			all_kinds(f, l, (struct count_comparison){
				.ta = t, .tb = t, .aa = true, .a = arm,
				.b = (size_t)f->aa_series,
			});
	}
	judge(f, l, first);
}

size_t counts_compare(const struct folder *f, struct count_comparison **list)
{
	struct list l = { NULL, 0 };

	for (size_t i = 0; i < f->n_compare; i++)
		compare_pair(f, &l, &f->compare[i]);
	if (f->aa >= 0)
		compare_aa(f, &l);
	*list = l.v;
	return l.n;
}
