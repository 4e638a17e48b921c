// SPDX-License-Identifier: GPL-2.0-only
/* Two runs beside each other, for people and for programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comparedirs.h"
#include "figures.h"
#include "jsonio.h"
#include "words.h"
#include "util.h"

const char *dirs_label(char *buf, const struct dirs *d, const struct dirs_row *r)
{
	const struct series *s = d->old.series;

	if (r->is_ratio)
		snprintf(buf, WORD_MAX, "%.40s/%.40s", s[r->a].arm, s[r->b].arm);
	else
		snprintf(buf, WORD_MAX, "%.40s", s[r->a].arm);
	return buf;
}

/* What a file says, in one line of at most @max characters. */
static void plain(FILE *out, const char *s, size_t max)
{
	size_t i;

	for (i = 0; i < max && s[i]; i++)
		fputc((unsigned char)s[i] < ' ' || s[i] == 127 ? '?' : s[i], out);
	if (s[i])
		fputs("...", out);
}

static void run_line(FILE *out, const char *which, const struct folder *f)
{
	const char *release = json_string_value(json_object_get(
		json_object_get(f->manifest, "kernel"), "release"));

	fprintf(out, "%s  ", which);
	plain(out, f->dir, 200);
	fprintf(out, "\n     kernel ");
	plain(out, release ? release : "unknown", 60);
	fprintf(out, ", %zu boots used of %zu\n", f->n_used, f->n_boots);
}

static void differences(FILE *out, const struct dirs *d)
{
	const struct dirs_difference *x = d->differences;

	if (!d->n_differences) {
		fprintf(out, "\nThe manifests do not differ in anything that is looked at.\n");
		return;
	}
	fprintf(out, "\nThe runs differ in\n");
	for (size_t i = 0; i < d->n_differences; i++, x++) {
		fprintf(out, "  %-22.40s ", x->what);
		plain(out, x->old, 60);
		fputs(" -> ", out);
		plain(out, x->new, 60);
		fputc('\n', out);
	}
}

static void row(FILE *out, const struct dirs *d, const struct dirs_row *r)
{
	char cell[WORD_MAX], ratio[WORD_MAX], interval[WORD_MAX], p[WORD_MAX];

	fprintf(out, "%-34.34s %8s  %-17s %7s  %s", word_cell(cell, &d->old, r->cell),
		word_ratio(ratio, r->test.mean), word_interval(interval, &r->test),
		word_p(p, r->p_holm), stat_verdict_name(r->verdict));
	if (r->boots_needed)
		fprintf(out, " (%zu boots in each)", r->boots_needed);
	if (r->statistic == STATISTIC_P99)
		fprintf(out, ", rests on %zu", r->beyond_p99);
	fputc('\n', out);
	if (*r->reason) {
		fputs("    ", out);
		plain(out, r->reason, REASON_MAX);
		fputc('\n', out);
	}
}

static void heading(FILE *out, const struct dirs *d, const struct dirs_row *r)
{
	char label[WORD_MAX], what[WORD_MAX];

	dirs_label(label, d, r);
	if (r->is_ratio)
		fprintf(out, "\nRatio %s%s, new over old\n\n", label,
			r->statistic == STATISTIC_P99 ? " of the 99th percentiles" : "");
	else
		fprintf(out, "\n%s of %s, new over old\n\n",
			words_figure(what, &d->old, r->statistic == STATISTIC_P99 ?
				     "99th percentile: " : "Median "), label);
	fprintf(out, "%-34s %8s  %-17s %7s  %s\n", "event", "ratio",
		"95 % interval", "p", "verdict");
}

static void count_row(FILE *out, const struct dirs *d, const struct dirs_count *c,
		      bool first)
{
	if (first)
		fprintf(out, "\nCounts per call of %s, new less old as a share of the mean of both\n\n"
			"%-34s %9s %9s  %-20s %7s  verdict\n",
			d->old.series[c->arm].arm, "event, count", "old", "new",
			"95 % interval", "p");
	if (first || c[-1].old != c->old)
		fprintf(out, "%s\n", c->old->name);
	words_count_row(out, c->kind, c->per_call_old, c->per_call_new, &c->test,
			c->p_holm, c->verdict);
	if (c->boots_needed)
		fprintf(out, " (%zu boots in each)", c->boots_needed);
	fputc('\n', out);
	if (*c->reason)
		fprintf(out, "    %s\n", c->reason);
}

/* What never happened in either run is left out. */
static void counts(FILE *out, const struct dirs *d)
{
	const struct dirs_count *c, *last = NULL;

	for (size_t i = 0; i < d->n_counts; i++) {
		c = &d->counts[i];
		if (c->per_call_old + c->per_call_new <= 0)
			continue;
		count_row(out, d, c, !last || last->arm != c->arm);
		last = c;
	}
}

/* A family of p99 of which none rests on enough: one line instead of a table. */
static const struct dirs_row *refused(FILE *out, const struct dirs *d,
				      const struct dirs_row *r)
{
	const struct dirs_row *last = r;
	char label[WORD_MAX];

	while (last->cell != ALL_CELLS)
		last++;
	if (r->statistic != STATISTIC_P99 || last->cells)
		return NULL;
	fprintf(out, "\nThe p99 of %s is not compared: in each event it rests on fewer than %d samples\n"
		"of some boot, which are as good as its maximum.\n",
		dirs_label(label, d, r), DIRS_MIN_BEYOND);
	return last;
}

/* What such a test rests on, beyond what the paired one of a single run does. */
static const char unpaired[] =
	"That test rests on more than the paired one of a single run does: that the runs differ\n"
	"in place alone, not in spread, which matters where one has more boots than the other.\n"
	"And what differs from boot to boot does not cancel: it sees less.\n";

void dirs_print(const struct dirs *d, FILE *out)
{
	const struct dirs_row *r, *last;
	size_t i;

	fputc('\n', out);
	run_line(out, "Old:", &d->old);
	run_line(out, "New:", &d->new);
	differences(out, d);
	for (r = d->rows; d->n_rows && r < d->rows + d->n_rows; r++) {
		/* The family's last row is that of all events. */
		if (r == d->rows || r[-1].cell == ALL_CELLS) {
			last = refused(out, d, r);
			if (last) {
				r = last;
				continue;
			}
			heading(out, d, r);
		}
		row(out, d, r);
	}
	counts(out, d);
	fprintf(out, "\nThe two runs' boots are no pairs: permutation test of two samples, one number a\n"
		"boot; p by Holm among the rows of a table. Same: within %g %%. %s\n",
		100 * d->margin, words_clock(&d->old));
	fputs(unpaired, out);
	for (i = 0; i < d->notes.n; i++) {
		fputs("Mind: ", out);
		plain(out, d->notes.v[i], 400);
		fputs(".\n", out);
	}
}

/* JSON */

static json_t *count(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *run_json(const struct folder *f)
{
	static const char *const keys[] = { "id", "started", "command", "kernel" };
	json_t *o = json_object(), *v;
	size_t i;

	json_object_set_new(o, "dir", json_string(f->dir));
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		v = json_object_get(f->manifest, keys[i]);
		json_object_set_new(o, keys[i], v ? json_incref(v) : json_null());
	}
	json_object_set_new(o, "seed", json_integer((json_int_t)f->seed));
	json_object_set_new(o, "boots", count(f->n_used));
	return o;
}

static json_t *row_json(const struct dirs *d, const struct dirs_row *r)
{
	const struct folder *f = &d->old;
	const struct cell *c = r->cell == ALL_CELLS ? NULL : &f->cells[r->cell];
	json_t *o = json_object();

	json_object_set_new(o, "event", json_string(c ? c->event : "*"));
	json_object_set_new(o, "size", c ? count(c->size) : json_null());
	json_object_set_new(o, "page_size", c ? count(c->page_size) : json_null());
	json_object_set_new(o, "vcpus", c ? count(c->vcpus) : json_null());
	json_object_set_new(o, "events", count(r->cells));
	json_object_set_new(o, "metric", json_string("syscall"));
	json_object_set_new(o, "statistic", json_string(statistic_name(r->statistic)));
	json_object_set_new(o, "samples_beyond_p99", r->statistic == STATISTIC_P99 ?
			    count(r->beyond_p99) : json_null());
	json_object_set_new(o, "arm", json_string(f->series[r->a].arm));
	json_object_set_new(o, "over", r->is_ratio ?
			    json_string(f->series[r->b].arm) : json_null());
	json_object_set_new(o, "boots_old", count(r->n_old));
	json_object_set_new(o, "boots_new", count(r->n_new));
	json_object_set_new(o, "ratio", jsonio_number(exp(r->test.mean)));
	json_object_set_new(o, "ci_low", jsonio_number(exp(r->test.low)));
	json_object_set_new(o, "ci_high", jsonio_number(exp(r->test.high)));
	json_object_set_new(o, "p", jsonio_number(r->test.p));
	json_object_set_new(o, "p_holm", jsonio_number(r->p_holm));
	json_object_set_new(o, "exact", json_boolean(r->test.exact));
	json_object_set_new(o, "verdict",
			    json_string(stat_verdict_name(r->verdict)));
	json_object_set_new(o, "boots_needed", r->boots_needed ?
			    count(r->boots_needed) : json_null());
	json_object_set_new(o, "reason", json_string(r->reason));
	return o;
}

static json_t *count_json(const struct dirs *d, const struct dirs_count *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "test", json_string(c->old->test));
	json_object_set_new(o, "event", json_string(c->old->name));
	json_object_set_new(o, "count", json_string(count_name(c->kind)));
	json_object_set_new(o, "arm", json_string(d->old.series[c->arm].arm));
	json_object_set_new(o, "boots_old", count(c->n_old));
	json_object_set_new(o, "boots_new", count(c->n_new));
	json_object_set_new(o, "old_per_call", jsonio_number(c->per_call_old));
	json_object_set_new(o, "new_per_call", jsonio_number(c->per_call_new));
	count_test_json(o, &c->test, c->p_holm, c->verdict, c->boots_needed);
	json_object_set_new(o, "reason", json_string(c->reason));
	return o;
}

json_t *dirs_json(const struct dirs *d)
{
	json_t *counts = json_array();
	json_t *o = json_object(), *list = json_array(), *notes = json_array();
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < d->n_differences; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}",
			"what", d->differences[i].what, "old",
			d->differences[i].old, "new", d->differences[i].new));
	for (i = 0; i < d->notes.n; i++)
		json_array_append_new(notes, json_string(d->notes.v[i]));
	for (i = 0; i < d->n_rows; i++)
		json_array_append_new(rows, row_json(d, &d->rows[i]));
	for (i = 0; i < d->n_counts; i++)
		json_array_append_new(counts, count_json(d, &d->counts[i]));
	json_object_set_new(o, "schema", json_integer(COMPAREDIRS_SCHEMA));
	json_object_set_new(o, "old", run_json(&d->old));
	json_object_set_new(o, "new", run_json(&d->new));
	json_object_set_new(o, "accel", json_string(d->old.accel));
	json_object_set_new(o, "clock", json_string(d->old.clock));
	json_object_set_new(o, "margin", json_real(d->margin));
	json_object_set_new(o, "differences", list);
	json_object_set_new(o, "notes", notes);
	json_object_set_new(o, "comparisons", rows);
	json_object_set_new(o, "count_comparisons", counts);
	return o;
}
