// SPDX-License-Identifier: GPL-2.0-only
/* The search, and how sure it is: see bisect.h. */
#include "bisect.h"

#include <math.h>

#include "util.h"

enum bisect_verdict bisect_verdict(const struct bisect *b, size_t point)
{
	const struct bisect_point *p = &b->v[point];
	bool lost = p->broken || p->lost > b->retries;

	if (p->bad && (point < b->n - 1 || lost || p->good + p->bad >= b->runs))
		return BISECT_IS_BAD;
	if (!p->bad && p->good >= b->runs)
		return BISECT_IS_GOOD;
	return lost ? BISECT_IS_SKIPPED : BISECT_IS_OPEN;
}

static void count(struct bisect_point *p, enum bisect_answer answer)
{
	switch (answer) {
	case BISECT_GOOD:
		p->good++;
		break;
	case BISECT_BAD:
		p->bad++;
		break;
	case BISECT_LOST:
		p->lost++;
		break;
	case BISECT_BROKEN:
		p->broken = true;
		break;
	}
}

/* Run @point until its counts say something. */
static int settle(struct bisect *b, size_t point)
{
	enum bisect_answer answer;
	int ret = ST_OK;

	while (ret == ST_OK && bisect_verdict(b, point) == BISECT_IS_OPEN) {
		ret = b->run(point, &answer, b->arg);
		if (ret != ST_OK)
			break;
		count(&b->v[point], answer);
		if (b->keep)
			ret = b->keep(b->arg);
	}
	return ret;
}

static bool is_skipped(const struct bisect *b, size_t point)
{
	return bisect_verdict(b, point) == BISECT_IS_SKIPPED;
}

/*
 * The middle between @good and @bad, or a neighbour if that is skipped: farther away
 * each time, as what breaks one point mostly breaks those around it as well.
 *
 * Return: 0 if all between are skipped.
 */
static size_t choose(const struct bisect *b, size_t good, size_t bad)
{
	size_t middle = good + (bad - good) / 2;

	if (bad - good < 2)
		return 0;
	if (!is_skipped(b, middle))
		return middle;
	for (size_t d = 1; d < bad - good; d *= 2) {
		if (middle + d < bad && !is_skipped(b, middle + d))
			return middle + d;
		if (middle > good + d && !is_skipped(b, middle - d))
			return middle - d;
	}
	for (size_t i = good + 1; i < bad; i++)
		if (!is_skipped(b, i))
			return i;
	return 0;
}

/* Steps to halve @left down to one. */
static unsigned int halvings(size_t left)
{
	unsigned int n = 0;

	for (; left > 1; left = (left + 1) / 2)
		n++;
	return n;
}

static void tell_step(struct bisect *b, size_t point, unsigned int *step,
		      unsigned int then, size_t left)
{
	++*step;
	if (b->step && bisect_verdict(b, point) == BISECT_IS_OPEN)
		b->step(point, *step, *step + then, left, b->arg);
}

/* Return: a status; r->outcome is BISECT_FOUND if the ends are as they should be. */
static int verify_ends(struct bisect *b, struct bisect_result *r,
		       unsigned int *step)
{
	/* Whoever has no failure has nothing to bisect. */
	const size_t bad_first[] = { b->n - 1, 0 }, good_first[] = { 0, b->n - 1 };
	const size_t *ends = b->good_first ? good_first : bad_first;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad_first); i++) {
		enum bisect_verdict v;
		int ret;

		tell_step(b, ends[i], step, 1 - i + halvings(b->n - 1), b->n - 1);
		ret = settle(b, ends[i]);
		if (ret != ST_OK)
			return ret;
		v = bisect_verdict(b, ends[i]);
		if (v == (ends[i] ? BISECT_IS_BAD : BISECT_IS_GOOD))
			continue;
		r->end = ends[i];
		r->outcome = v == BISECT_IS_SKIPPED ? BISECT_END_SKIPPED :
			     ends[i] ? BISECT_BAD_END_GOOD : BISECT_GOOD_END_BAD;
		return ST_OK;
	}
	r->outcome = BISECT_FOUND;
	return ST_OK;
}

static double log_beta(double a, double b)
{
	return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/*
 * How often a bad point fails is unknown, and any rate as likely as another: then so
 * likely is it that a point which is as bad as the bad end passes b->runs times.
 */
static double slip(const struct bisect *b)
{
	const struct bisect_point *p = &b->v[b->n - 1];

	return exp(log_beta(p->bad + 1, p->good + b->runs + 1) -
		   log_beta(p->bad + 1, p->good + 1));
}

/*
 * By Bayes' rule, from all runs: the first bad point may be any but the good end, and
 * bad ones fail at one unknown rate. If it is @f, all runs from @f on are of bad
 * points, and what is before has never failed.
 */
static double confidence(const struct bisect *b, size_t last_good, size_t first_bad)
{
	double good = 0, bad = 0, here = 0, all = 0, scale = 0;
	size_t first = b->n;

	for (size_t i = 0; i < b->n; i++) {
		bad += b->v[i].bad;
		if (b->v[i].bad && first == b->n)
			first = i;
	}
	for (size_t f = b->n - 1; f > 0; f--) {
		double l;

		good += b->v[f].good;
		if (f > first)
			continue;
		l = log_beta(bad + 1, good + 1);
		/* Relative to the likeliest, which comes first: nothing underflows. */
		if (f == first)
			scale = l;
		l = exp(l - scale);
		all += l;
		if (f > last_good && f <= first_bad)
			here += l;
	}
	return all > 0 ? here / all : 0;
}

int bisect_search(struct bisect *b, struct bisect_result *r)
{
	unsigned int step = 0;
	size_t good = 0, bad = b->n - 1, point;
	int ret;

	*r = (struct bisect_result){ .last_good = good, .first_bad = bad };
	ret = verify_ends(b, r, &step);
	if (ret != ST_OK || r->outcome != BISECT_FOUND)
		goto out;
	while ((point = choose(b, good, bad))) {
		tell_step(b, point, &step, halvings(bad - good) - 1, bad - good);
		ret = settle(b, point);
		if (ret != ST_OK)
			goto out;
		if (bisect_verdict(b, point) == BISECT_IS_BAD)
			bad = point;
		else if (bisect_verdict(b, point) == BISECT_IS_GOOD)
			good = point;
	}
	r->last_good = good;
	r->first_bad = bad;
	r->confidence = confidence(b, good, bad);
out:
	r->slip = slip(b);
	return ret;
}
