// SPDX-License-Identifier: GPL-2.0-only
/* Reducing a boot's samples: see reduce.h. */
#include "reduce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "util.h"

/* The guest names events, and with them cells and sites: bound them. */
#define CELLS_MAX 4096
#define SITES_MAX 65536
#define LINEAR_POINTS 60	/* of a curve, up to p = 0.99 */

/*
 * All times of one cell, series and metric. Nearly all are less than 2^32 ns:
 * those of 4.3 s and more have a list of their own.
 */
struct values {
	uint32_t *v;
	size_t n, size;
	uint64_t *long_v;
	size_t n_long, long_size;
};

struct reducer {
	struct values *values;	/* [cell][series][metric] */
	size_t n_values;
	uint32_t *tmp;
	size_t tmp_size;
	/* While a boot is read. */
	struct folder *f;
	size_t cell, series;	/* of the last line */
	size_t site;		/* of the last line that had one */
};

double curve_p(size_t i)
{
	if (i < LINEAR_POINTS)
		return 0.99 * (double)i / (LINEAR_POINTS - 1);
	return 1 - pow(10, -2 - (double)(i - LINEAR_POINTS + 1) / 8);
}

struct reducer *reducer_new(void)
{
	return xcalloc(1, sizeof(struct reducer));
}

void reducer_free(struct reducer *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->n_values; i++) {
		free(r->values[i].v);
		free(r->values[i].long_v);
	}
	free(r->values);
	free(r->tmp);
	free(r);
}

static size_t index_of(const struct folder *f, size_t cell, size_t series,
		       enum metric m)
{
	return (cell * f->n_series + series) * METRICS + m;
}

static int find_series(const struct folder *f, const struct sample_row *row,
		       size_t *out)
{
	const struct series *s;
	size_t i;

	for (i = 0; i < f->n_series; i++) {
		s = &f->series[i];
		if (s->copy != row->copy || strcmp(s->arm, row->arm))
			continue;
		*out = i;
		return 0;
	}
	return -1;
}

static int find_cell(struct reducer *r, const struct sample_row *row)
{
	struct folder *f = r->f;
	struct cell *c;
	size_t i, want;

	for (i = 0; i < f->n_cells; i++) {
		c = &f->cells[i];
		if (c->size == row->size && c->page_size == row->page_size &&
		    c->vcpus == row->vcpus && !strcmp(c->event, row->event))
			break;
	}
	if (i == f->n_cells) {
		if (i == CELLS_MAX)
			return -1;
		f->cells = xrealloc(f->cells, (i + 1) * sizeof(*c));
		c = &f->cells[f->n_cells++];
		memcpy(c->event, row->event, sizeof(c->event));
		c->size = row->size;
		c->page_size = row->page_size;
		c->vcpus = row->vcpus;
	}
	r->cell = i;
	want = f->n_cells * f->n_series * METRICS;
	if (want > r->n_values) {
		r->values = xrealloc(r->values, want * sizeof(*r->values));
		memset(r->values + r->n_values, 0,
		       (want - r->n_values) * sizeof(*r->values));
		r->n_values = want;
	}
	return 0;
}

static bool is_site(const struct reducer *r, size_t i,
		    const struct sample_row *row)
{
	const struct site *s = &r->f->sites[i];

	return s->cell == r->cell && s->series == r->series &&
	       !strcmp(s->name, row->site);
}

static int count_site(struct reducer *r, const struct sample_row *row)
{
	struct folder *f = r->f;
	size_t i = r->site;

	if (!*row->site)
		return 0;
	if (i >= f->n_sites || !is_site(r, i, row)) {
		for (i = 0; i < f->n_sites && !is_site(r, i, row); i++)
			;
		if (i == SITES_MAX)
			return -1;
	}
	if (i == f->n_sites) {
		f->sites = xrealloc(f->sites, (i + 1) * sizeof(*f->sites));
		f->sites[f->n_sites++] = (struct site){
			r->cell, r->series, xstrdup(row->site), 0
		};
	}
	f->sites[i].count++;
	r->site = i;
	return 0;
}

/* Room for one more in the array @v of @n. */
static void *grow(void *v, size_t n, size_t *size, size_t each)
{
	if (n < *size)
		return v;
	*size = *size ? *size + *size / 2 : 64;
	return xrealloc(v, *size * each);
}

static void add(struct values *v, uint64_t x)
{
	if (x <= UINT32_MAX) {
		v->v = grow(v->v, v->n, &v->size, sizeof(*v->v));
		v->v[v->n++] = (uint32_t)x;
		return;
	}
	v->long_v = grow(v->long_v, v->n_long, &v->long_size,
			 sizeof(*v->long_v));
	v->long_v[v->n_long++] = x;
}

static int add_row(const struct sample_row *row, const char **why, void *arg)
{
	struct reducer *r = arg;
	struct values *v;
	int m;

	if (!row->same_group) {
		if (find_series(r->f, row, &r->series)) {
			*why = "a slot that the plan does not have: arm or copy "
			       "is wrong";
			return -1;
		}
		if (find_cell(r, row)) {
			*why = "more events, sizes and vCPU numbers than secmmu allows";
			return -1;
		}
	}
	if (count_site(r, row)) {
		*why = "more call sites than secmmu allows";
		return -1;
	}
	v = &r->values[index_of(r->f, r->cell, r->series, 0)];
	for (m = 0; m < METRICS; m++)
		if (row->ns[m] != SAMPLE_EMPTY)
			add(&v[m], row->ns[m]);
	r->f->samples++;
	return 0;
}

static int by_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort(struct reducer *r, struct values *v)
{
	if (v->n > r->tmp_size) {
		r->tmp_size = v->n;
		free(r->tmp);
		r->tmp = xmalloc(r->tmp_size * sizeof(*r->tmp));
	}
	stat_sort_u32(v->v, v->n, r->tmp);
	if (v->n_long)
		qsort(v->long_v, v->n_long, sizeof(*v->long_v), by_u64);
}

/* The @i-th of the sorted values. */
static double value_at(const void *values, size_t i)
{
	const struct values *v = values;

	return i < v->n ? (double)v->v[i] : (double)v->long_v[i - v->n];
}

/* How many values are above @limit. */
static size_t beyond(const struct values *v, size_t all, double limit)
{
	size_t n = 0;

	while (n < all && value_at(v, all - 1 - n) > limit)
		n++;
	return n;
}

static void reduce(struct reducer *r, struct values *v, struct reduced *out)
{
	size_t n = v->n + v->n_long, i;
	double p;

	*out = (struct reduced){ n, NAN, NAN, NAN, NAN, 0, NULL };
	if (!n)
		return;
	sort(r, v);
	out->p50 = stat_quantile_of(value_at, v, n, 0.5);
	out->p90 = stat_quantile_of(value_at, v, n, 0.9);
	out->p99 = stat_quantile_of(value_at, v, n, 0.99);
	out->max = value_at(v, n - 1);
	out->beyond_p99 = beyond(v, n, out->p99);
	out->curve = xmalloc(CURVE_POINTS * sizeof(*out->curve));
	for (i = 0; i < CURVE_POINTS; i++) {
		p = curve_p(i);
		out->curve[i] = p > 1 - 1 / (double)n ? NAN :
			(float)stat_quantile_of(value_at, v, n, p);
	}
}

int reduce_boot(struct reducer *r, struct folder *f, struct folder_boot *b,
		const char *path)
{
	size_t i, n;

	r->f = f;
	for (i = 0; i < r->n_values; i++)
		r->values[i].n = r->values[i].n_long = 0;
	if (samples_read(path, b->samples_sha256, add_row, r))
		return -1;
	n = f->n_cells * f->n_series * METRICS;
	b->r = xcalloc(n, sizeof(*b->r));
	b->n_cells = f->n_cells;
	for (i = 0; i < n; i++)
		reduce(r, &r->values[i], &b->r[i]);
	return 0;
}

void reduced_free(const struct folder *f, struct folder_boot *b)
{
	size_t n = b->n_cells * f->n_series * METRICS, i;

	for (i = 0; b->r && i < n; i++)
		free(b->r[i].curve);
	free(b->r);
	b->r = NULL;
}

const struct reduced *folder_get(const struct folder *f, size_t boot,
				 size_t cell, size_t series, enum metric m)
{
	const struct folder_boot *b = &f->boots[boot];
	const struct reduced *r;

	if (!b->r || cell >= b->n_cells)
		return NULL;
	r = &b->r[index_of(f, cell, series, m)];
	return r->n ? r : NULL;
}
