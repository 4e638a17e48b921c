// SPDX-License-Identifier: GPL-2.0-only
/* Scaling curves: see scaling.h. */
#include "scaling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static const char *const by_names[] = {
	[BY_SIZE] = "size",
	[BY_VCPUS] = "vcpus",
	[BY_RATE] = "rate",
	[BY_MEMSLOTS] = "memslots",
};

const char *scaling_by_name(enum scaling_by by)
{
	return by_names[by];
}

/* Where "_r200" is in "contend_call_r200_m16": NULL, or its start; and its end. */
static const char *find_end(const char *event, char letter, const char **end)
{
	const char *at = event + strlen(event), *last = at, *p;

	while (last > event) {
		for (p = last - 1; p > event && *p != '_'; p--)
			;
		/* One letter and a number: or the ends are over. */
		if (*p != '_' || p + 2 >= last ||
		    p + 2 + strspn(p + 2, "0123456789") != last)
			return NULL;
		if (p[1] == letter) {
			*end = last;
			return p;
		}
		last = p;
	}
	return NULL;
}

static char letter_of(enum scaling_by by)
{
	return by == BY_RATE ? 'r' : 'm';
}

static double x_of(const struct cell *c, enum scaling_by by)
{
	const char *at, *end;

	switch (by) {
	case BY_SIZE:
		return (double)c->size;
	case BY_VCPUS:
		return (double)c->vcpus;
	default:
		at = find_end(c->event, letter_of(by), &end);
		return at ? strtod(at + 2, NULL) : 0;
	}
}

/* The event's name without what @by is about; @buf is as large as that name. */
static const char *base_name(char *buf, const struct cell *c, enum scaling_by by)
{
	const char *at = NULL, *end;

	if (by == BY_RATE || by == BY_MEMSLOTS)
		at = find_end(c->event, letter_of(by), &end);
	if (at)
		snprintf(buf, sizeof(c->event), "%.*s%s", (int)(at - c->event),
			 c->event, end);
	else
		snprintf(buf, sizeof(c->event), "%s", c->event);
	return buf;
}

const char *scaling_event(char *buf, const struct folder *f,
			  const struct scaling *s)
{
	return base_name(buf, &f->cells[s->cells[0]], s->by);
}

double scaling_x(const struct folder *f, const struct scaling *s, size_t i)
{
	return x_of(&f->cells[s->cells[i]], s->by);
}

/* Whether two cells lie on one curve. */
static bool alike(const struct cell *a, const struct cell *b, enum scaling_by by)
{
	char one[sizeof(a->event)], other[sizeof(a->event)];

	return !strcmp(base_name(one, a, by), base_name(other, b, by)) &&
	       a->page_size == b->page_size &&
	       (by == BY_SIZE || a->size == b->size) &&
	       (by == BY_VCPUS || a->vcpus == b->vcpus);
}

/* Put @cell in its place; two cells of a curve never have the same x. */
static void insert(const struct folder *f, struct scaling *s, size_t cell)
{
	double x = x_of(&f->cells[cell], s->by);
	size_t i;

	if (s->n == SCALING_MOST || !(x > 0))
		return;
	for (i = s->n++; i && scaling_x(f, s, i - 1) > x; i--)
		s->cells[i] = s->cells[i - 1];
	s->cells[i] = cell;
}

/* The curve that @cell is the first cell of, or none. */
static struct scaling curve_from(const struct folder *f, size_t cell,
				 enum scaling_by by)
{
	struct scaling s = { .by = by };
	size_t i;

	for (i = 0; i < cell; i++)
		if (alike(&f->cells[i], &f->cells[cell], by))
			return s;
	for (i = cell; i < f->n_cells; i++)
		if (alike(&f->cells[i], &f->cells[cell], by))
			insert(f, &s, i);
	return s;
}

size_t scaling_find(const struct folder *f, struct scaling **list)
{
	struct scaling s;
	size_t cell, n = 0;
	int by;

	*list = NULL;
	for (cell = 0; cell < f->n_cells; cell++)
		for (by = 0; by < SCALING_BYS; by++) {
			s = curve_from(f, cell, (enum scaling_by)by);
			if (s.n < SCALING_LEAST)
				continue;
			*list = xrealloc(*list, (n + 1) * sizeof(s));
			(*list)[n++] = s;
		}
	return n;
}

/* The logs of one boot's points; false if it has not all. */
static bool logs_of(const struct folder *f, const struct scaling *s,
		    size_t series, size_t boot, double *y)
{
	const struct reduced *r;
	size_t i;

	for (i = 0; i < s->n; i++) {
		r = folder_get(f, boot, s->cells[i], series, METRIC_SYSCALL);
		if (!r || !(r->p50 > 0))
			return false;
		y[i] = log(r->p50);
	}
	return true;
}

/* The least squares line @at + slope * x through the logs @y; its slope. */
static double line(const struct folder *f, const struct scaling *s,
		   const double *y, double *at)
{
	double x, sx = 0, sy = 0, sxx = 0, sxy = 0, n = (double)s->n, slope;
	size_t i;

	for (i = 0; i < s->n; i++) {
		x = log(scaling_x(f, s, i));
		sx += x;
		sy += y[i];
		sxx += x * x;
		sxy += x * y[i];
	}
	slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
	*at = (sy - slope * sx) / n;
	return slope;
}

struct stat_test scaling_growth(const struct folder *f, const struct scaling *s,
				size_t series)
{
	double *v = xcalloc(f->n_boots, sizeof(*v)), y[SCALING_MOST], at;
	struct stat_test t;
	size_t i, n = 0;

	for (i = 0; i < f->n_boots; i++)
		if (logs_of(f, s, series, i, y))
			v[n++] = line(f, s, y, &at);
	t = stat_signflip(v, n, f->seed);
	free(v);
	return t;
}

struct scaling_shape scaling_shape(const struct folder *f,
				   const struct scaling *s, size_t series)
{
	struct scaling_shape shape = { .last_slope = NAN, .residual = NAN };
	double y[SCALING_MOST], mean[SCALING_MOST] = { 0 }, at, slope, far = 0;
	size_t i, k, n = 0;

	for (i = 0; i < f->n_boots; i++) {
		if (!logs_of(f, s, series, i, y))
			continue;
		n++;
		for (k = 0; k < s->n; k++)
			mean[k] += (y[k] - mean[k]) / (double)n;
	}
	if (!n)
		return shape;
	/* The line through the means has the mean of the boots' slopes. */
	slope = line(f, s, mean, &at);
	for (k = 0; k < s->n; k++)
		far = fmax(far, fabs(mean[k] - at -
				     slope * log(scaling_x(f, s, k))));
	shape.last_slope = (mean[s->n - 1] - mean[s->n - 2]) /
		log(scaling_x(f, s, s->n - 1) / scaling_x(f, s, s->n - 2));
	shape.residual = exp(far);
	shape.bends = shape.residual > SCALING_BENDS;
	return shape;
}
