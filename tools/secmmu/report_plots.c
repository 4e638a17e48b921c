// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plots of the report: gnuplot commands from a summary. Labels are events,
 * arms and numbers, which the readers have checked character by character.
 */
#include "report_plots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"
#include "util.h"

#define WIDTH 640
#define BUDGET 100000		/* points of all curves, so that the file stays small */
#define TAIL_FROM 0.5

static const char *const dashes[] = {
	"", "9,4", "3,3", "12,3,3,3", "6,2", "2,4", "14,5", "1,3",
};

const char *arm_dash(size_t arm)
{
	return dashes[arm % ARRAY_SIZE(dashes)];
}

void plot_widen(struct range *r, double x)
{
	if (!(x > 0))
		return;
	r->lo = r->lo > 0 ? fmin(r->lo, x) : x;
	r->hi = fmax(r->hi, x);
}

/* The largest of 1, 2, 5 times a power of ten that is <= x. */
static double nice(double x)
{
	double p = pow(10, floor(log10(x)));

	return x / p >= 5 ? 5 * p : x / p >= 2 ? 2 * p : p;
}

static void tick(FILE *f, int *n, const char *label, double x)
{
	fprintf(f, "%s\"%s\" %.9g", (*n)++ ? ", " : "", label, x);
}

/* "200 us", as short as it can be said. */
static const char *tick_time(char *buf, const struct folder *f, double ns)
{
	static const char *const units[] = { "", "k", "M", "G" };
	bool icount = !strcmp(f->clock, "icount");
	const char *const wall[] = { " ns", " µs", " ms", " s" };
	size_t u = 0;

	while (u < 3 && ns >= 1000) {
		ns /= 1000;
		u++;
	}
	snprintf(buf, WORD_MAX, "%.6g%s", ns, icount ? units[u] : wall[u]);
	return buf;
}

/* gnuplot has no labels for less than a decade. */
void plot_time_axis(FILE *f, char axis, const struct folder *folder,
		    struct range r)
{
	static const int digits[] = { 1, 2, 5 };
	char buf[WORD_MAX];
	double x, step, pad;
	int n = 0, k;

	if (!(r.lo > 0))
		r = (struct range){ 1, 10 };
	pad = pow(r.hi / r.lo, 0.03) * 1.001;
	r.lo /= pad;
	r.hi *= pad;
	fprintf(f, "set logscale %c\nset %crange [%.9g:%.9g]\nset %ctics (",
		axis, axis, r.lo, r.hi, axis);
	if (r.hi / r.lo < 12) {
		step = nice((r.hi - r.lo) / 4);
		for (x = ceil(r.lo / step) * step; x <= r.hi; x += step)
			tick(f, &n, tick_time(buf, folder, x), x);
	} else {
		for (x = pow(10, floor(log10(r.lo))); x <= r.hi; x *= 10)
			for (k = 0; k < (r.hi / r.lo < 300 ? 3 : 1); k++)
				if (x * digits[k] >= r.lo &&
				    x * digits[k] <= r.hi)
					tick(f, &n, tick_time(buf, folder,
						x * digits[k]), x * digits[k]);
	}
	fprintf(f, ")\nset %clabel \"%s\"\n", axis,
		!strcmp(folder->clock, "icount") ?
		"virtual ns = instructions" : "time");
}

/* Curves */

static bool in_tail(double p)
{
	return p >= TAIL_FROM;
}

/* Write one curve as gnuplot data; how many points it got. */
static size_t curve(FILE *f, const char *name, const double *q, bool tail,
		    size_t step, struct range *r)
{
	size_t i, n = 0;
	double p;

	fprintf(f, "$%s << E\n", name);
	for (i = 0; i < CURVE_POINTS; i += step) {
		p = curve_p(i);
		if (!(q[i] > 0) || (tail && !in_tail(p)))
			continue;
		fprintf(f, "%.7g %.7g\n", q[i], tail ? 1 - p : p);
		/* The tail has a plot of its own. */
		if (tail || p <= 0.991)
			plot_widen(r, q[i]);
		n++;
	}
	fprintf(f, "E\n");
	return n;
}

static void boot_curve(const struct reduced *r, double *q)
{
	size_t i;

	for (i = 0; i < CURVE_POINTS; i++)
		q[i] = (double)r->curve[i];
}

/* At each probability the median over boots of the boots' quantiles. */
static void median_curve(const struct folder *f, size_t cell, size_t series,
			 enum metric m, double *q)
{
	double *v = xcalloc(f->n_boots, sizeof(*v));
	const struct reduced *r;
	size_t i, boot, n;

	for (i = 0; i < CURVE_POINTS; i++) {
		for (n = 0, boot = 0; boot < f->n_boots; boot++) {
			r = folder_get(f, boot, cell, series, m);
			if (r && !isnan(r->curve[i]))
				v[n++] = (double)r->curve[i];
		}
		q[i] = stat_median_ci(v, n).mid;
	}
	free(v);
}

static size_t thinning(const struct folder *f)
{
	size_t curves = f->n_cells * f->n_arms * f->n_used;

	return 1 + curves * CURVE_POINTS * 3 / 2 / BUDGET;
}

static size_t most_samples(const struct folder *f, size_t cell)
{
	const struct reduced *r;
	size_t boot, arm, n = 0;

	for (boot = 0; boot < f->n_boots; boot++)
		for (arm = 0; arm < f->n_arms; arm++) {
			r = folder_get(f, boot, cell, arm, METRIC_SYSCALL);
			if (r && r->n > n)
				n = r->n;
		}
	return n;
}

static unsigned int distribution(const struct summary *s, struct plots *p,
				 size_t cell, bool tail)
{
	const struct folder *f = &s->folder;
	struct range r = { 0, 0 };
	double q[CURVE_POINTS];
	const struct reduced *red;
	char name[64], *plot = NULL, *more;
	size_t arm, boot, step = thinning(f);

	if (most_samples(f, cell) < (tail ? 4 : 1))
		return NO_PLOT;
	plots_next(p, WIDTH, 340);
	for (arm = 0; arm < f->n_arms; arm++) {
		for (boot = 0; boot < f->n_boots; boot++) {
			red = folder_get(f, boot, cell, arm, METRIC_SYSCALL);
			if (!red)
				continue;
			snprintf(name, sizeof(name), "b%zu_%zu", arm, boot);
			boot_curve(red, q);
			if (!curve(p->script, name, q, tail, step, &r))
				continue;
			more = xasprintf("%s%s$%s with lines lw 0.6 lc rgb "
					 PLOT_FAINT " notitle", plot ? plot : "",
					 plot ? ", " : "", name,
					 (unsigned int)arm);
			free(plot);
			plot = more;
		}
	}
	for (arm = 0; arm < f->n_arms; arm++) {
		snprintf(name, sizeof(name), "m%zu", arm);
		median_curve(f, cell, arm, METRIC_SYSCALL, q);
		if (!curve(p->script, name, q, tail, 1, &r))
			continue;
		more = xasprintf("%s%s$%s with lines lw 2.2 lc rgb " PLOT_COLOUR
				 " %s%s%s title \"%s\"", plot ? plot : "",
				 plot ? ", " : "", name, (unsigned int)arm,
				 *arm_dash(arm) ? "dt (" : "", arm_dash(arm),
				 *arm_dash(arm) ? ")" : "", f->series[arm].arm);
		free(plot);
		plot = more;
	}
	plot_time_axis(p->script, 'x', f, r);
	fprintf(p->script, tail ? "set logscale y\nset format y \"%%g\"\n"
		"set ylabel \"share of samples above\"\n" :
		"set yrange [0:1]\nset ylabel \"share of samples up to\"\n");
	fprintf(p->script, "plot %s\n", plot);
	free(plot);
	return p->n - 1;
}

/* Wait and hold of each arm: median, and a line to p99. */
static unsigned int waits(const struct summary *s, struct plots *p, size_t cell)
{
	const struct folder *f = &s->folder;
	const struct measurement *m;
	struct range r = { 0, 0 };
	size_t arm, rows = 0;
	int k, n = 0;
	double y;

	for (arm = 0; arm < f->n_arms; arm++)
		rows += summary_measured(s, cell, arm, METRIC_WAIT) ||
			summary_measured(s, cell, arm, METRIC_HOLD);
	if (!rows)
		return NO_PLOT;
	plots_next(p, WIDTH, 70 + 34 * (unsigned int)rows);
	for (k = METRIC_WAIT; k <= METRIC_HOLD; k++) {
		fprintf(p->script, "$d%d << E\n", k);
		for (y = (double)rows, arm = 0; arm < f->n_arms; arm++) {
			m = summary_measured(s, cell, arm, (enum metric)k);
			if (m) {
				/* No zero on a logarithmic axis: 1 ns instead. */
				fprintf(p->script, "%.9g %g %.9g %zu\n",
					fmax(m->p50.mid, 1),
					y + (k == METRIC_WAIT ? 0.17 : -0.17),
					fmax(m->p99.mid, 1), arm);
				plot_widen(&r, fmax(m->p50.mid, 1));
				plot_widen(&r, fmax(m->p99.mid, 1));
			}
			y -= summary_measured(s, cell, arm, METRIC_WAIT) ||
			     summary_measured(s, cell, arm, METRIC_HOLD);
		}
		fprintf(p->script, "NaN NaN NaN NaN\nE\n");
	}
	plot_time_axis(p->script, 'x', f, r);
	fprintf(p->script, "set yrange [0.5:%g]\nset ytics (",
		(double)rows + 0.5);
	for (y = (double)rows, arm = 0; arm < f->n_arms; arm++)
		if (summary_measured(s, cell, arm, METRIC_WAIT) ||
		    summary_measured(s, cell, arm, METRIC_HOLD)) {
			fprintf(p->script, "%s\"%s\" %g", n++ ? ", " : "",
				f->series[arm].arm, y);
			y--;
		}
	fprintf(p->script, ")\nplot ");
	for (k = METRIC_WAIT; k <= METRIC_HOLD; k++)
		fprintf(p->script, "%s$d%d using 1:2:($3-$1):(0) with vectors "
			"nohead lw 1.6 lc rgb " PLOT_COLOUR " notitle, "
			"$d%d using 1:2 with points pt %d ps 0.8 lw 1.8 lc rgb "
			PLOT_COLOUR " title \"%s\"", k == METRIC_WAIT ? "" : ", ",
			k, k == METRIC_WAIT ? COLOUR_WAIT : COLOUR_HOLD, k,
			k == METRIC_WAIT ? 6 : 5,
			k == METRIC_WAIT ? COLOUR_WAIT : COLOUR_HOLD,
			metric_name((enum metric)k));
	fprintf(p->script, "\n");
	return p->n - 1;
}

/* The forest plot */

static void forest_row(FILE *f, const struct comparison *c, double y,
		       struct range *r)
{
	const struct stat_test *t = &c->test;

	if (!t->n)
		return;
	fprintf(f, "%.9g %g %.9g %.9g\n", exp(t->mean), y,
		exp(isnan(t->low) ? t->mean : t->low),
		exp(isnan(t->high) ? t->mean : t->high));
	plot_widen(r, exp(isnan(t->low) ? t->mean : t->low));
	plot_widen(r, exp(isnan(t->high) ? t->mean : t->high));
}

static void forest_data(const struct summary *s, FILE *f, const char *name,
			const struct comparison *list, size_t n, size_t a,
			size_t b, bool all, double shift, struct range *r)
{
	size_t cells = s->folder.n_cells, cell;
	const struct comparison *c;

	fprintf(f, "$%s << E\n", name);
	for (cell = 0; !all && cell < cells; cell++) {
		c = summary_find(list, n, a, b, cell, METRIC_SYSCALL,
				 STATISTIC_P50);
		if (c)
			forest_row(f, c, (double)(cells - cell) + shift, r);
	}
	c = summary_find(list, n, a, b, ALL_CELLS, METRIC_SYSCALL,
			 STATISTIC_P50);
	if (all && c)
		forest_row(f, c, shift, r);
	/* gnuplot refuses a block without data. */
	fprintf(f, "NaN NaN NaN NaN\nE\n");
}

static void ratio_axis(FILE *f, struct range r, double margin)
{
	double x, step;
	int n = 0;

	plot_widen(&r, 1 + margin);
	plot_widen(&r, 1 / (1 + margin));
	step = nice((r.hi - r.lo) / 4);
	r.lo -= (r.hi - r.lo) * 0.04;
	r.hi += (r.hi - r.lo) * 0.04;
	fprintf(f, "set logscale x\nset xrange [%.9g:%.9g]\nset xtics (", r.lo,
		r.hi);
	for (x = ceil(r.lo / step) * step; x <= r.hi; x += step) {
		char label[32];

		snprintf(label, sizeof(label), "%.5g", x);
		tick(f, &n, label, x);
	}
	fprintf(f, ")\n");
}

static unsigned int forest(const struct summary *s, struct plots *p,
			   const struct pair *pair, bool primary)
{
	const struct folder *f = &s->folder;
	struct range r = { 0, 0 };
	FILE *out = p->script;
	char label[WORD_MAX];
	size_t cell;

	plots_next(p, primary ? 860 : WIDTH,
		   110 + (primary ? 34 : 28) * (unsigned int)f->n_cells);
	forest_data(s, out, "c", s->comparisons, s->n_comparisons, pair->a,
		    pair->b, false, 0.14, &r);
	forest_data(s, out, "g", s->comparisons, s->n_comparisons, pair->a,
		    pair->b, true, 0.14, &r);
	if (f->aa >= 0) {
		forest_data(s, out, "a", s->aa, s->n_aa, (size_t)f->aa,
			    (size_t)f->aa_series, false, -0.18, &r);
		forest_data(s, out, "h", s->aa, s->n_aa, (size_t)f->aa,
			    (size_t)f->aa_series, true, -0.18, &r);
	}
	ratio_axis(out, r, f->margin);
	fprintf(out, "set xlabel \"ratio %s/%s of the %s\"\n"
		"set yrange [-0.6:%g]\nset ytics (\"all events\" 0",
		f->series[pair->a].arm, f->series[pair->b].arm,
		words_figure(label, f, "median "),
		(double)f->n_cells + 0.6);
	for (cell = 0; cell < f->n_cells; cell++)
		fprintf(out, ", \"%s\" %zu", word_cell(label, f, cell),
			f->n_cells - cell);
	fprintf(out, ")\nset object 1 rect from %.9g, graph 0 to %.9g, graph 1 "
		"behind fc rgb " PLOT_COLOUR " fs solid noborder\n"
		"set arrow 1 from 1, graph 0 to 1, graph 1 nohead back lc rgb "
		PLOT_COLOUR "\n", 1 / (1 + f->margin), 1 + f->margin,
		COLOUR_BAND, COLOUR_MUTED);
	fprintf(out, "plot $c with xerrorbars pt 6 ps 0.9 lw 2 lc rgb "
		PLOT_COLOUR " title \"events\", $g with xerrorbars pt 13 ps 1.6 "
		"lw 2.6 lc rgb " PLOT_COLOUR " title \"all events\"",
		(unsigned int)pair->a, (unsigned int)pair->a);
	if (f->aa >= 0)
		fprintf(out, ", $a with xerrorbars pt 5 ps 0.5 lw 1.2 lc rgb "
			PLOT_COLOUR " title \"A/A\", $h with xerrorbars pt 5 "
			"ps 0.5 lw 1.2 lc rgb " PLOT_COLOUR " notitle",
			COLOUR_MUTED, COLOUR_MUTED);
	fprintf(out, "\n");
	return p->n - 1;
}

int report_plots_make(const struct summary *s, struct report_plots *p)
{
	const struct folder *f = &s->folder;
	struct cell_plots *c;
	size_t i;

	*p = (struct report_plots){ 0 };
	p->forest = xcalloc(f->n_compare, sizeof(*p->forest));
	p->cells = xcalloc(f->n_cells, sizeof(*p->cells));
	if (plots_begin(&p->plots))
		return ST_HARNESS;
	for (i = 0; i < f->n_compare; i++)
		p->forest[i] = f->n_cells ? forest(s, &p->plots, &f->compare[i],
						   (int)i == f->primary) :
					    NO_PLOT;
	for (i = 0; i < f->n_cells; i++) {
		c = &p->cells[i];
		*c = (struct cell_plots){ NO_PLOT, NO_PLOT, NO_PLOT };
		if (i >= CELLS_PLOTTED)
			continue;
		c->ecdf = distribution(s, &p->plots, i, false);
		c->tail = distribution(s, &p->plots, i, true);
		c->waits = waits(s, &p->plots, i);
	}
	p->n_scaling = scaling_find(f, &p->scaling);
	p->scaling_plots = xcalloc(p->n_scaling, sizeof(*p->scaling_plots));
	for (i = 0; i < p->n_scaling; i++)
		p->scaling_plots[i] = report_plot_scaling(s, &p->plots,
							  &p->scaling[i]);
	return plots_run(&p->plots);
}

void report_plots_free(struct report_plots *p)
{
	plots_end(&p->plots);
	free(p->forest);
	free(p->cells);
	free(p->scaling);
	free(p->scaling_plots);
}
