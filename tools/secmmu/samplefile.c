// SPDX-License-Identifier: GPL-2.0-only
#include "samplefile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define MAGIC		"#secmmu-samples 1"
#define HEADER		"event,seq,tid,start_ns,end_ns,addr,size,page_size,vcpus"
#define LINE_LEN_MAX	255
#define EVENTS_MAX	256
#define SAMPLES_MAX	(8u << 20)
#define COLUMNS		9

struct event {
	char *name;
	uint32_t next_seq;
};

struct samplefile {
	char line[LINE_LEN_MAX + 1];
	size_t used;
	unsigned int line_no;	/* lines completed */
	struct sample *samples;
	size_t n;
	struct event *events;
	size_t n_events;
	struct event *last;	/* of the line before: samples come in runs */
	char *error;
};

struct samplefile *samplefile_new(void)
{
	struct samplefile *f = xcalloc(1, sizeof(*f));

	/* Samples point to the names: the table must not move. */
	f->events = xcalloc(EVENTS_MAX, sizeof(*f->events));
	return f;
}

void samplefile_free(struct samplefile *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_events; i++)
		free(f->events[i].name);
	free(f->events);
	free(f->samples);
	free(f->error);
	free(f);
}

static int PRINTF_LIKE(2, 3) bad(struct samplefile *f, const char *fmt, ...)
{
	va_list ap;
	char msg[200];

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	f->error = xasprintf("sample file, line %u: %s", f->line_no, msg);
	return -1;
}

bool valid_event_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && n <= EVENT_NAME_MAX && !s[n];
}

static struct event *find_event(struct samplefile *f, const char *name)
{
	if (f->last && !strcmp(f->last->name, name))
		return f->last;
	for (size_t i = 0; i < f->n_events; i++)
		if (!strcmp(f->events[i].name, name))
			return &f->events[i];
	if (f->n_events == EVENTS_MAX)
		return NULL;
	f->events[f->n_events].name = xstrdup(name);
	return &f->events[f->n_events++];
}

static const struct column {
	const char *name;
	uint64_t min;
	uint64_t max;
} columns[COLUMNS] = {
	{ "event", 0, 0 },
	{ "seq", 0, UINT32_MAX },
	{ "tid", 1, INT32_MAX },
	{ "start_ns", 1, INT64_MAX },
	{ "end_ns", 1, INT64_MAX },
	{ "addr", 0, UINT64_MAX },
	{ "size", 1, UINT64_MAX },
	{ "page_size", 1, UINT64_MAX },
	{ "vcpus", 0, 4096 },
};

/* addr is an address: hexadecimal with 0x is allowed there. */
static int parse_column(const struct column *c, const char *s, uint64_t *v)
{
	size_t n;

	if (strcmp(c->name, "addr") || strncmp(s, "0x", 2))
		return parse_u64(s, c->min, c->max, v);
	n = strspn(s + 2, "0123456789abcdef");
	if (!n || n > 16 || s[2 + n])
		return -1;
	*v = strtoull(s + 2, NULL, 16);
	return 0;
}

static int split(struct samplefile *f, char *fields[COLUMNS])
{
	char *rest = f->line;

	for (int i = 0; i < COLUMNS; i++) {
		fields[i] = strsep(&rest, ",");
		if (!fields[i])
			return bad(f, "column '%s' is missing",
				   columns[i].name);
	}
	return rest ? bad(f, "there are more than %d columns", COLUMNS) : 0;
}

static void add(struct samplefile *f, const struct event *e,
		const uint64_t v[COLUMNS])
{
	if (!(f->n & (f->n - 1)))
		f->samples = xrealloc(f->samples, (f->n ? f->n * 2 : 1) *
				      sizeof(*f->samples));
	f->samples[f->n++] = (struct sample){
		.event = e->name,
		.seq = v[1],
		.tid = v[2],
		.start_ns = v[3],
		.end_ns = v[4],
		.addr = v[5],
		.size = v[6],
		.page_size = v[7],
		.vcpus = v[8],
	};
}

static int parse_sample(struct samplefile *f)
{
	uint64_t v[COLUMNS] = { 0 };
	char *fields[COLUMNS];
	struct event *e;

	if (split(f, fields))
		return -1;
	if (!valid_event_name(fields[0]))
		return bad(f, "event: '%.60s' is not a name of [a-z0-9_], at most %d long",
			   fields[0], EVENT_NAME_MAX);
	for (int i = 1; i < COLUMNS; i++)
		if (parse_column(&columns[i], fields[i], &v[i]))
			return bad(f, "%s: '%.60s' is not a number from %llu to %llu",
				   columns[i].name, fields[i],
				   (unsigned long long)columns[i].min,
				   (unsigned long long)columns[i].max);
	if (v[4] < v[3])
		return bad(f, "end_ns is before start_ns");
	if (f->n == SAMPLES_MAX)
		return bad(f, "there are more than %u samples", SAMPLES_MAX);
	e = find_event(f, fields[0]);
	if (!e)
		return bad(f, "there are more than %d events", EVENTS_MAX);
	if (v[1] != e->next_seq)
		return bad(f, "seq: %llu of event '%s' came where %u was due",
			   (unsigned long long)v[1], e->name, e->next_seq);
	e->next_seq++;
	f->last = e;
	add(f, e, v);
	return 0;
}

static int end_line(struct samplefile *f)
{
	const char *due;

	f->line[f->used] = '\0';
	f->line_no++;
	if (strlen(f->line) != f->used)
		return bad(f, "NUL byte");
	f->used = 0;
	if (f->line_no > 2)
		return parse_sample(f);
	due = f->line_no == 1 ? MAGIC : HEADER;
	if (strcmp(f->line, due))
		return bad(f, "'%.60s' came where '%s' was due", f->line, due);
	return 0;
}

int samplefile_feed(struct samplefile *f, const void *data, size_t len)
{
	const char *s = data;

	for (size_t i = 0; i < len && !f->error; i++) {
		if (s[i] == '\n') {
			end_line(f);
		} else if (f->used < LINE_LEN_MAX) {
			f->line[f->used++] = s[i];
		} else {
			f->line_no++;
			bad(f, "longer than %d characters", LINE_LEN_MAX);
		}
	}
	return f->error ? -1 : 0;
}

int samplefile_end(struct samplefile *f)
{
	if (f->error)
		return -1;
	f->line_no++;
	if (f->used)
		return bad(f, "the file ends within the line");
	if (f->line_no <= 2)
		return bad(f, "the file ends before its header is complete");
	return 0;
}

const char *samplefile_error(const struct samplefile *f)
{
	return f->error;
}

const struct sample *samplefile_samples(const struct samplefile *f, size_t *n)
{
	*n = f->n;
	return f->samples;
}
