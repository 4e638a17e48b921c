// SPDX-License-Identifier: GPL-2.0-only
/* Export: see export.h. */
#include "export.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figures.h"
#include "folder.h"
#include "util.h"

const char *export_format_name(enum export_format f)
{
	return f == EXPORT_CSV ? "csv" : "json";
}

const char *export_what_name(enum export_what w)
{
	return w == EXPORT_SAMPLES ? "samples" : "boots";
}

void csv_text(FILE *out, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fputs(s, out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

/*
 * A table is written field by field; the same calls make a line of CSV or an
 * object of JSON.
 */
struct writer {
	FILE *out;
	enum export_format format;
	const char *const *columns;
	size_t n_columns;
	size_t column;			/* the next one */
	unsigned long long rows;
};

static void begin_table(struct writer *w)
{
	size_t i;

	if (w->format == EXPORT_JSON) {
		fputc('[', w->out);
		return;
	}
	for (i = 0; i < w->n_columns; i++)
		fprintf(w->out, "%s%s", i ? "," : "", w->columns[i]);
	fputc('\n', w->out);
}

static void end_table(struct writer *w)
{
	if (w->format == EXPORT_JSON)
		fputs("\n]\n", w->out);
}

/* What comes before a field. */
static void next_field(struct writer *w)
{
	if (w->format == EXPORT_CSV) {
		if (w->column)
			fputc(',', w->out);
	} else if (w->column) {
		fprintf(w->out, ",\"%s\":", w->columns[w->column]);
	} else {
		fprintf(w->out, "%s\n{\"%s\":", w->rows ? "," : "",
			w->columns[0]);
	}
	w->column++;
}

static void end_row(struct writer *w)
{
	fputs(w->format == EXPORT_CSV ? "\n" : "}", w->out);
	w->column = 0;
	w->rows++;
}

/* Any text; NULL: the folder does not say. */
static void put_text(struct writer *w, const char *s)
{
	json_t *j;

	next_field(w);
	if (w->format == EXPORT_CSV) {
		csv_text(w->out, s ? s : "");
		return;
	}
	j = s ? json_string(s) : json_null();
	json_dumpf(j, w->out, JSON_ENCODE_ANY);
	json_decref(j);
}

/* A word that was checked character by character: nothing in it to escape. */
static void put_word(struct writer *w, const char *s)
{
	next_field(w);
	if (w->format == EXPORT_CSV)
		fputs(s, w->out);
	else if (*s)
		fprintf(w->out, "\"%s\"", s);
	else
		fputs("null", w->out);
}

static void put_count(struct writer *w, uint64_t v)
{
	next_field(w);
	if (v != SAMPLE_EMPTY)
		fprintf(w->out, "%llu", (unsigned long long)v);
	else if (w->format == EXPORT_JSON)
		fputs("null", w->out);
}

static void put_number(struct writer *w, double x)
{
	next_field(w);
	if (isfinite(x))
		fprintf(w->out, "%.15g", x);
	else if (w->format == EXPORT_JSON)
		fputs("null", w->out);
}

static const char *string_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Samples: the columns of samples.csv, and before them run and boot. */

static const char *const sample_columns[] = {
	"run", "boot", "slot", "arm", "copy", "traced", "test", "event",
	"page_size", "size", "vcpus", "seq", "site", "syscall_ns", "window_ns",
	"handler_ns", "wait_ns", "hold_ns", "notifiers", "waits",
	"read_wait_ns", "read_hold_ns", "write_wait_ns", "write_hold_ns",
	"wait_cpu_ns",
};

struct sample_writer {
	struct writer w;
	const char *run, *boot;
};

static int write_sample(const struct sample_row *r, const char **why, void *arg)
{
	const char copy[] = { r->copy, '\0' };
	struct sample_writer *s = arg;
	struct writer *w = &s->w;
	int m;

	put_text(w, s->run);
	put_word(w, s->boot);
	put_count(w, r->slot);
	put_word(w, r->arm);
	put_word(w, copy);
	put_count(w, r->traced);
	put_word(w, r->test);
	put_word(w, r->event);
	put_count(w, r->page_size);
	put_count(w, r->size);
	put_count(w, r->vcpus);
	put_count(w, r->seq);
	put_word(w, r->site);
	put_count(w, r->ns[r->traced ? METRIC_SYSCALL_TRACED : METRIC_SYSCALL]);
	for (m = METRIC_WINDOW; m <= METRIC_HOLD; m++)
		put_count(w, r->ns[m]);
	put_count(w, r->notifiers);
	put_count(w, r->waits);
	for (m = METRIC_READ_WAIT; m <= METRIC_WAIT_CPU; m++)
		put_count(w, r->ns[m]);
	end_row(w);
	if (!ferror(w->out))
		return 0;
	*why = "the export could not be written";
	return -1;
}

static int write_samples(const char *dir, enum export_format format, FILE *out)
{
	struct sample_writer s = { .w = { out, format, sample_columns,
					  ARRAY_SIZE(sample_columns), 0, 0 } };
	struct folder f;
	char *path;
	int ret = 0;
	size_t i;

	if (folder_list(dir, &f))
		return -1;
	s.run = string_of(f.manifest, "id");
	begin_table(&s.w);
	for (i = 0; i < f.n_boots && !ret; i++) {
		if (f.boots[i].status != STATUS_PASS)
			continue;
		s.boot = f.boots[i].name;
		path = xasprintf("%s/%s/samples.csv", dir, s.boot);
		ret = samples_read(path, f.boots[i].samples_sha256,
				   write_sample, &s);
		free(path);
	}
	end_table(&s.w);
	folder_free(&f);
	return ret;
}

/* What each boot's samples come to. */

static const char *const boot_columns[] = {
	"run", "plan", "kernel", "accel", "clock", "boot", "arm", "copy",
	"event", "page_size", "size", "vcpus", "metric", "traced", "n", "p50",
	"p90", "p99", "max", "beyond_p99", "what",
};

static void write_figures(struct writer *w, const struct folder *f, size_t boot,
			  size_t cell, size_t series, enum metric m)
{
	const struct reduced *r = folder_get(f, boot, cell, series, m);
	const struct cell *c = &f->cells[cell];
	const char copy[] = { f->series[series].copy, '\0' };

	if (!r)
		return;
	put_text(w, string_of(f->manifest, "id"));
	put_text(w, f->plan);
	put_text(w, string_of(json_object_get(f->manifest, "kernel"), "release"));
	put_text(w, f->accel);
	put_text(w, f->clock);
	put_word(w, f->boots[boot].name);
	put_word(w, f->series[series].arm);
	put_word(w, copy);
	put_word(w, c->event);
	put_count(w, c->page_size);
	put_count(w, c->size);
	put_count(w, c->vcpus);
	put_word(w, metric_name(m));
	put_count(w, m != METRIC_SYSCALL);
	put_count(w, r->n);
	put_number(w, r->p50);
	put_number(w, r->p90);
	put_number(w, r->p99);
	put_number(w, r->max);
	put_count(w, r->beyond_p99);
	put_text(w, figure_what(c->event, m));
	end_row(w);
}

static int write_boots(const char *dir, enum export_format format, FILE *out)
{
	struct writer w = { out, format, boot_columns, ARRAY_SIZE(boot_columns),
			    0, 0 };
	size_t boot, cell, series;
	struct folder f;
	int m;

	if (folder_load(dir, &f))
		return -1;
	begin_table(&w);
	for (boot = 0; boot < f.n_boots; boot++)
		for (cell = 0; cell < f.n_cells; cell++)
			for (series = 0; series < f.n_series; series++)
				for (m = 0; m < METRICS; m++)
					write_figures(&w, &f, boot, cell, series,
						      (enum metric)m);
	end_table(&w);
	folder_free(&f);
	return 0;
}

int export_write(const char *dir, enum export_what what, enum export_format f,
		 FILE *out)
{
	int ret = what == EXPORT_SAMPLES ? write_samples(dir, f, out) :
					   write_boots(dir, f, out);

	if (!fflush(out) && !ferror(out))
		return ret ? ST_USAGE : ST_OK;
	/* Where a sample could not be written, that was said already. */
	if (!ret)
		err("cannot write the export: %s", strerror(errno));
	return ST_HARNESS;
}

int export_file(const char *dir, enum export_what what, enum export_format f,
		const char *path)
{
	char *tmp = xasprintf("%s.tmp", path);
	FILE *out = fopen(tmp, "we");
	int ret = ST_HARNESS;

	if (!out) {
		err("cannot write %s: %s", tmp, strerror(errno));
		goto out;
	}
	ret = export_write(dir, what, f, out);
	if (fclose(out) && ret == ST_OK) {
		err("cannot write %s: %s", tmp, strerror(errno));
		ret = ST_HARNESS;
	}
	if (ret == ST_OK && rename_path(tmp, path))
		ret = ST_HARNESS;
	if (ret != ST_OK)
		unlink(tmp);
out:
	free(tmp);
	return ret;
}
