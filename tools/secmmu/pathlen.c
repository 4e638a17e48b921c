// SPDX-License-Identifier: GPL-2.0-only
/* Path length: see pathlen.h. */
#include "pathlen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comparedirs.h"
#include "summary.h"
#include "util.h"

const char *pathlen_name(enum pathlen_verdict v)
{
	static const char *const names[] = {
		[PATHLEN_SAME] = "same",
		[PATHLEN_CHANGED] = "changed",
		[PATHLEN_NOT_ENOUGH] = "not enough",
	};

	return names[v];
}

static int counts_instructions(const struct folder *f)
{
	if (!strcmp(f->clock, "icount") && folder_cpus(f) == 1)
		return 0;
	if (!strcmp(f->clock, "icount")) {
		err("%s was run with %u CPUs, which take turns and wait for each other: a length of path needs one",
		    f->dir, folder_cpus(f));
		return -1;
	}
	err("%s has the clock %s, which does not count instructions: run it with CLOCK=icount",
	    f->dir, f->clock);
	return -1;
}

/* Over the boots, the median of the median system call; NaN if there is none. */
static double typical(const struct folder *f, size_t cell, size_t arm)
{
	double *v, median;
	const struct reduced *r;
	size_t i, n = 0;

	if (cell == ALL_CELLS)
		return NAN;
	v = xcalloc(f->n_boots, sizeof(*v));
	for (i = 0; i < f->n_boots; i++) {
		r = folder_get(f, i, cell, arm, METRIC_SYSCALL);
		if (r)
			v[n++] = r->p50;
	}
	median = stat_median_ci(v, n).mid;
	free(v);
	return median;
}

/* A verdict of the statistics, with the threshold for a margin. */
static enum pathlen_verdict verdict_of(enum stat_verdict v)
{
	switch (v) {
	case STAT_SAME:
		return PATHLEN_SAME;
	case STAT_FASTER:
	case STAT_SLOWER:
		return PATHLEN_CHANGED;
	case STAT_UNDERPOWERED:
		break;
	}
	return PATHLEN_NOT_ENOUGH;
}

static struct pathlen_row *add_row(struct pathlen *p)
{
	p->rows = xrealloc(p->rows, (p->n_rows + 1) * sizeof(*p->rows));
	memset(&p->rows[p->n_rows], 0, sizeof(*p->rows));
	return &p->rows[p->n_rows++];
}

/* A change anywhere is a change; else what is open anywhere is open. */
static void conclude(struct pathlen *p)
{
	size_t i;

	p->verdict = p->n_rows ? PATHLEN_SAME : PATHLEN_NOT_ENOUGH;
	for (i = 0; i < p->n_rows; i++) {
		if (p->rows[i].verdict == PATHLEN_CHANGED)
			p->verdict = PATHLEN_CHANGED;
		else if (p->verdict == PATHLEN_SAME)
			p->verdict = p->rows[i].verdict;
	}
	/* Of a run in which an arm differs from itself nothing can be said. */
	if (p->aa_broken)
		p->verdict = PATHLEN_NOT_ENOUGH;
}

/* Arms of one run */

/* How many comparisons share the 5 % with @c. */
static size_t family_of(const struct summary *s, const struct comparison *c)
{
	const struct comparison *x = s->comparisons;
	size_t n = 0;

	if (c->primary)
		return 1;
	for (size_t i = 0; i < s->n_comparisons; i++, x++)
		n += x->a == c->a && x->b == c->b && x->metric == c->metric &&
		     x->statistic == c->statistic && !x->primary && x->test.n;
	return n;
}

static void add_pair(struct pathlen *p, const struct summary *s,
		     const struct comparison *c)
{
	const struct folder *f = &s->folder;
	struct pathlen_row *r = add_row(p);

	snprintf(r->what, sizeof(r->what), "%.40s/%.40s", f->series[c->a].arm,
		 f->series[c->b].arm);
	word_cell(r->event, f, c->cell);
	r->base = typical(f, c->cell, c->b);
	r->test = c->test;
	r->p = c->p_holm;
	r->verdict = verdict_of(stat_judge(&c->test, c->p_holm, p->threshold));
	if (r->verdict == PATHLEN_NOT_ENOUGH)
		r->boots_needed = stat_boots_needed(&c->test, family_of(s, c),
						    p->threshold);
}

static bool is_path(const struct comparison *c)
{
	return c->metric == METRIC_SYSCALL && c->statistic == STATISTIC_P50;
}

static bool is_pair(const struct summary *s, const struct comparison *c,
		    const char *pair)
{
	const char *a = s->folder.series[c->a].arm;
	size_t n = strlen(a);

	return !pair || (!strncmp(pair, a, n) && pair[n] == '/' &&
			 !strcmp(pair + n + 1, s->folder.series[c->b].arm));
}

/* The A/A pair, by the same rule. */
static void check_aa(struct pathlen *p, const struct summary *s)
{
	char cell[WORD_MAX], *note;
	const struct comparison *c;

	for (c = s->aa; c < s->aa + s->n_aa; c++) {
		if (!is_path(c) || verdict_of(stat_judge(&c->test, c->p_holm,
					p->threshold)) != PATHLEN_CHANGED)
			continue;
		word_cell(cell, &s->folder, c->cell);
		p->aa_broken = true;
		note = xasprintf("A/A is broken: %s differs from itself by %+.2f %% in %s, so the run says nothing",
				 s->folder.series[c->a].arm,
				 shown_percent(expm1(c->test.mean), 2), cell);
		strs_add(&p->notes, note, strlen(note));
		free(note);
	}
}

int pathlen_arms(const char *dir, const char *pair, double threshold,
		 struct pathlen *p)
{
	const struct comparison *c;
	struct summary s;
	int ret = -1;

	*p = (struct pathlen){ .threshold = threshold };
	if (summary_load(dir, &s))
		return -1;
	if (counts_instructions(&s.folder))
		goto out;
	p->title = xasprintf("arms of %s, paired within its %zu boots", dir,
			     s.folder.n_used);
	for (c = s.comparisons; c < s.comparisons + s.n_comparisons; c++)
		if (is_path(c) && is_pair(&s, c, pair))
			add_pair(p, &s, c);
	if (!p->n_rows) {
		err("%s: its plan compares no %s: add it to 'compare' and run again",
		    dir, pair ? pair : "arms");
		goto out;
	}
	check_aa(p, &s);
	conclude(p);
	ret = 0;
out:
	summary_free(&s);
	if (ret)
		pathlen_free(p);
	return ret;
}

/* Two runs */

static void add_run_row(struct pathlen *p, const struct dirs *d,
			const struct dirs_row *x)
{
	struct pathlen_row *r = add_row(p);

	dirs_label(r->what, d, x);
	word_cell(r->event, &d->old, x->cell);
	r->base = typical(&d->old, x->cell, x->a);
	r->test = x->test;
	r->p = x->p_holm;
	r->verdict = verdict_of(x->verdict);
	r->boots_needed = x->boots_needed;
}

static void copy_notes(struct pathlen *p, const struct dirs *d)
{
	const struct dirs_difference *x = d->differences;
	size_t i;
	char *note;

	for (i = 0; i < d->n_differences; i++, x++) {
		note = xasprintf("the runs differ in %s: %.60s -> %.60s", x->what,
				 x->old, x->new);
		strs_add(&p->notes, note, strlen(note));
		free(note);
	}
	for (i = 0; i < d->notes.n; i++)
		strs_add(&p->notes, d->notes.v[i], strlen(d->notes.v[i]));
}

int pathlen_runs(const char *old, const char *new, const char *arm,
		 double threshold, struct pathlen *p)
{
	const struct dirs_row *r;
	struct dirs d;
	int ret = -1;

	*p = (struct pathlen){ .threshold = threshold };
	if (dirs_load(old, new, threshold, &d))
		return -1;
	if (counts_instructions(&d.old))
		goto out;
	p->title = xasprintf("%s -> %s, %zu and %zu boots", old, new,
			     d.old.n_used, d.new.n_used);
	for (r = d.rows; r < d.rows + d.n_rows; r++)
		if (!r->is_ratio && r->statistic == STATISTIC_P50 &&
		    (!arm || !strcmp(d.old.series[r->a].arm, arm)))
			add_run_row(p, &d, r);
	if (!p->n_rows) {
		err("%s and %s have no arm '%s' in common", old, new, arm);
		goto out;
	}
	copy_notes(p, &d);
	conclude(p);
	ret = 0;
out:
	dirs_free(&d);
	if (ret)
		pathlen_free(p);
	return ret;
}

void pathlen_free(struct pathlen *p)
{
	free(p->title);
	free(p->rows);
	strs_free(&p->notes);
	*p = (struct pathlen){ .n_rows = 0 };
}
