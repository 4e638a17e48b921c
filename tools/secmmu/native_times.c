// SPDX-License-Identifier: GPL-2.0-only
/* Times of selftests on this machine's own kernel: see native_times.h. */
#include "native_times.h"

#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "jsonio.h"
#include "samplefile.h"
#include "stats.h"
#include "util.h"
#include "words.h"

static bool same_cell(const struct sample *a, const struct sample *b)
{
	return a->size == b->size && a->page_size == b->page_size &&
	       a->vcpus == b->vcpus && !strcmp(a->event, b->event);
}

/* @s is the first of its event in @all, which end at @end. */
static json_t *measurement(const struct sample *s, const struct sample *end,
			   const char *test)
{
	double *v = xcalloc((size_t)(end - s), sizeof(*v));
	json_t *o;
	size_t n = 0;

	for (const struct sample *x = s; x < end; x++)
		if (same_cell(x, s))
			v[n++] = (double)(x->end_ns - x->start_ns);
	stat_sort(v, n);
	o = json_pack("{s:s, s:s, s:I, s:I, s:i, s:s, s:I, s:f, s:f, s:f, s:f}",
		      "test", test, "event", s->event,
		      "size", (json_int_t)s->size,
		      "page_size", (json_int_t)s->page_size,
		      "vcpus", (int)s->vcpus, "what", figure_of(s->event),
		      "n", (json_int_t)n, "p50", stat_quantile(v, n, 0.5),
		      "p90", stat_quantile(v, n, 0.9),
		      "p99", stat_quantile(v, n, 0.99), "max", v[n - 1]);
	free(v);
	return o;
}

static void add_all(const struct sample *v, size_t n, const char *test, json_t *list)
{
	size_t first;

	for (size_t i = 0; i < n; i++) {
		/* They come event by event. */
		if (i && same_cell(&v[i], &v[i - 1]))
			continue;
		for (first = 0; !same_cell(&v[first], &v[i]);)
			first++;
		if (first == i)
			json_array_append_new(list, measurement(&v[i], v + n, test));
	}
}

char *native_times_read(const char *path, const char *test, json_t *list)
{
	const struct sample *v;
	struct samplefile *f;
	char *text, *wrong;
	size_t len, n;

	if (!path_exists(path))
		return NULL;
	text = read_file(path, &len);
	if (!text)
		return xasprintf("%s cannot be read", path);
	f = samplefile_new();
	if (samplefile_feed(f, text, len) || samplefile_end(f)) {
		wrong = xasprintf("%s: %s", path, samplefile_error(f));
	} else {
		wrong = NULL;
		v = samplefile_samples(f, &n);
		add_all(v, n, test, list);
	}
	samplefile_free(f);
	free(text);
	return wrong;
}

static uint64_t number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

/* The words for a cell and its times are those of a results folder. */
static void print_row(const json_t *o, FILE *out)
{
	struct cell cell = {
		.size = number(o, "size"), .page_size = number(o, "page_size"),
		.vcpus = (uint32_t)number(o, "vcpus"),
	};
	const struct folder here = { .clock = "wall", .cells = &cell, .n_cells = 1 };
	static const char *const columns[] = { "p50", "p90", "p99", "max" };
	char buf[WORD_MAX];

	snprintf(cell.event, sizeof(cell.event), "%s", jsonio_text(o, "event"));
	fprintf(out, "%-34.34s %7llu", word_cell(buf, &here, 0),
		(unsigned long long)number(o, "n"));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		fprintf(out, " %10s", word_time(buf, &here, json_real_value(
						json_object_get(o, columns[i]))));
	fputc('\n', out);
}

void native_times_print(const json_t *list, FILE *out)
{
	const char *what = "";
	const json_t *o;
	size_t i;

	if (!json_array_size(list))
		return;
	fprintf(out, "\n%-34s %7s %10s %10s %10s %10s\n", "event", "samples", "p50",
		"p90", "p99", "max");
	json_array_foreach(list, i, o) {
		if (strcmp(what, jsonio_text(o, "what")))
			fprintf(out, "-- %s\n", jsonio_text(o, "what"));
		what = jsonio_text(o, "what");
		print_row(o, out);
	}
	fputs("\nOf one run of one kernel: what another run would show is not known.\n\n",
	      out);
}
