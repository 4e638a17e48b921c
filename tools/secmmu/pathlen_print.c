// SPDX-License-Identifier: GPL-2.0-only
/* Path lengths, for people and for programs. */
#include <math.h>
#include <string.h>

#include "jsonio.h"
#include "pathlen.h"
#include "util.h"

static const char *change(char *buf, double log_ratio)
{
	if (isnan(log_ratio))
		return strcpy(buf, "-");
	snprintf(buf, WORD_MAX, "%+.3f %%", shown_percent(expm1(log_ratio), 3));
	return buf;
}

static const char *interval(char *buf, const struct stat_test *t)
{
	if (isnan(t->low))
		return strcpy(buf, "none");
	snprintf(buf, WORD_MAX, "%+.3f to %+.3f",
		 shown_percent(expm1(t->low), 3), shown_percent(expm1(t->high), 3));
	return buf;
}

static void print_row(const struct pathlen_row *r, const char *above, FILE *out)
{
	char base[WORD_MAX] = "", mid[WORD_MAX], ends[WORD_MAX], p[WORD_MAX];

	if (!isnan(r->base))
		snprintf(base, sizeof(base), "%.0f", r->base);
	fprintf(out, "%-18.18s %-32.32s %9s %11s  %-18s %7s  %s",
		above && !strcmp(above, r->what) ? "" : r->what, r->event, base,
		change(mid, r->test.mean), interval(ends, &r->test),
		word_p(p, r->p), pathlen_name(r->verdict));
	if (r->boots_needed)
		fprintf(out, " (%zu boots)", r->boots_needed);
	fputc('\n', out);
}

/* The changes, in the order of the table, and then whatever is open. */
static void print_verdict(const struct pathlen *p, FILE *out)
{
	size_t changed = 0, open = 0, i, most = 0;
	char mid[WORD_MAX];

	for (i = 0; i < p->n_rows; i++) {
		changed += p->rows[i].verdict == PATHLEN_CHANGED;
		open += p->rows[i].verdict == PATHLEN_NOT_ENOUGH;
		if (p->rows[i].boots_needed > most)
			most = p->rows[i].boots_needed;
	}
	fprintf(out, "\nPath length: %s", pathlen_name(p->verdict));
	if (p->aa_broken)
		fprintf(out, ", as A/A is broken");
	else if (p->verdict == PATHLEN_SAME)
		fprintf(out, " in all %zu rows, within %g %%", p->n_rows,
			100 * p->threshold);
	else if (changed)
		fprintf(out, " in %zu of %zu rows", changed, p->n_rows);
	else
		fprintf(out, ": %zu of %zu rows are open, about %zu boots would decide",
			open, p->n_rows, most);
	fputs(".\n", out);
	for (i = 0; i < p->n_rows && !p->aa_broken; i++)
		if (p->rows[i].verdict == PATHLEN_CHANGED)
			fprintf(out, "  %s, %s: %s\n", p->rows[i].what,
				p->rows[i].event,
				change(mid, p->rows[i].test.mean));
}

void pathlen_print(const struct pathlen *p, FILE *out)
{
	size_t i;

	fprintf(out, "\nLength of path in instructions: %s; threshold %g %%\n\n",
		p->title, 100 * p->threshold);
	fprintf(out, "%-18s %-32s %9s %11s  %-18s %7s  %s\n", "arm", "event",
		"before", "change", "95 % interval, %", "p", "verdict");
	for (i = 0; i < p->n_rows; i++)
		print_row(&p->rows[i], i ? p->rows[i - 1].what : NULL, out);
	fputc('\n', out);
	for (i = 0; i < p->notes.n; i++)
		fprintf(out, "Mind: %s.\n", p->notes.v[i]);
	fputs("Instructions on one CPU: no caches, no real interrupts between CPUs, no waiting for\n"
	      "a lock. A path as long as before may take longer, and one that is longer may not.\n",
	      out);
	print_verdict(p, out);
}

/* JSON */

static json_t *row_json(const struct pathlen_row *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "what", json_string(r->what));
	json_object_set_new(o, "event", json_string(r->event));
	json_object_set_new(o, "before", jsonio_number(r->base));
	json_object_set_new(o, "ratio", jsonio_number(exp(r->test.mean)));
	json_object_set_new(o, "ci_low", jsonio_number(exp(r->test.low)));
	json_object_set_new(o, "ci_high", jsonio_number(exp(r->test.high)));
	json_object_set_new(o, "p_holm", jsonio_number(r->p));
	json_object_set_new(o, "verdict", json_string(pathlen_name(r->verdict)));
	json_object_set_new(o, "boots_needed", r->boots_needed ?
			    json_integer((json_int_t)r->boots_needed) :
			    json_null());
	return o;
}

json_t *pathlen_json(const struct pathlen *p)
{
	json_t *o = json_object(), *rows = json_array(), *notes = json_array();
	size_t i;

	for (i = 0; i < p->n_rows; i++)
		json_array_append_new(rows, row_json(&p->rows[i]));
	for (i = 0; i < p->notes.n; i++)
		json_array_append_new(notes, json_string(p->notes.v[i]));
	json_object_set_new(o, "schema", json_integer(PATHLEN_SCHEMA));
	json_object_set_new(o, "title", json_string(p->title));
	json_object_set_new(o, "threshold", json_real(p->threshold));
	json_object_set_new(o, "verdict", json_string(pathlen_name(p->verdict)));
	json_object_set_new(o, "aa_broken", json_boolean(p->aa_broken));
	json_object_set_new(o, "notes", notes);
	json_object_set_new(o, "rows", rows);
	return o;
}
