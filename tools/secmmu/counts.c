// SPDX-License-Identifier: GPL-2.0-only
#include "counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "strs.h"
#include "util.h"

/* Larger ones would not survive JSON, and no event comes near. */
#define COUNT_MAX	INT64_MAX

static const char *const names[] = {
	[COUNT_CALLS] = "calls",
	[COUNT_CALLER_SLEEPS] = "caller_sleeps",
	[COUNT_CALLER_PREEMPTED] = "caller_preempted",
	[COUNT_SLEEPS] = "sleeps",
	[COUNT_PREEMPTED] = "preempted",
	[COUNT_PASSES] = "passes",
	[COUNT_RETRIES] = "retries",
	[COUNT_LOCK_WAITS] = "lock_waits",
	[COUNT_LOCK_WAIT_NS] = "lock_wait_ns",
	[COUNT_READ_WAITS_1US] = "read_waits_1us",
	[COUNT_READ_WAITS_8US] = "read_waits_8us",
	[COUNT_READ_WAITS_64US] = "read_waits_64us",
	[COUNT_WRITE_WAITS_1US] = "write_waits_1us",
	[COUNT_WRITE_WAITS_8US] = "write_waits_8us",
	[COUNT_WRITE_WAITS_64US] = "write_waits_64us",
};

const char *count_name(enum count_kind k)
{
	return names[k];
}

const char *count_title(enum count_kind k)
{
	static const char *const titles[] = {
		[COUNT_CALLS] = "calls",
		[COUNT_CALLER_SLEEPS] = "voluntary switches, caller",
		[COUNT_CALLER_PREEMPTED] = "involuntary switches, caller",
		[COUNT_SLEEPS] = "voluntary switches, all",
		[COUNT_PREEMPTED] = "involuntary switches, all",
		[COUNT_PASSES] = "vCPU progress, passes",
		[COUNT_RETRIES] = "page-fault retries",
		[COUNT_LOCK_WAITS] = "mmu_lock waits of 8 us or more",
		[COUNT_LOCK_WAIT_NS] = "ns in such waits, at least",
		[COUNT_READ_WAITS_1US] = "traced waits, read, 1 us or more",
		[COUNT_READ_WAITS_8US] = "traced waits, read, 8 us or more",
		[COUNT_READ_WAITS_64US] = "traced waits, read, 64 us or more",
		[COUNT_WRITE_WAITS_1US] = "traced waits, write, 1 us or more",
		[COUNT_WRITE_WAITS_8US] = "traced waits, write, 8 us or more",
		[COUNT_WRITE_WAITS_64US] = "traced waits, write, 64 us or more",
	};

	return titles[k];
}

static void none(struct call_counts *c)
{
	for (int k = 0; k < COUNT_KINDS; k++)
		c->v[k] = COUNT_NONE;
}

/* Rates are by call: without any there is nothing to say. */
static int check(const struct call_counts *c)
{
	return c->v[COUNT_CALLS] && c->v[COUNT_CALLS] != COUNT_NONE ? 0 : -1;
}

static int parse_word(const char *word, struct call_counts *c)
{
	const char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : 0;

	for (int k = 0; k < COUNT_KINDS && value; k++) {
		if (strlen(names[k]) != len || strncmp(word, names[k], len))
			continue;
		if (c->v[k] != COUNT_NONE)
			return -1;
		return parse_u64(value + 1, 0, COUNT_MAX, &c->v[k]);
	}
	return -1;
}

int counts_parse(const char *text, struct call_counts *c)
{
	struct strs words = strs_split(text, " ");
	int ret = 0;

	none(c);
	for (size_t i = 0; i < words.n && !ret; i++)
		ret = parse_word(words.v[i], c);
	strs_free(&words);
	return ret ? -1 : check(c);
}

json_t *counts_to_json(const struct call_counts *c)
{
	json_t *o = json_object();

	for (int k = 0; k < COUNT_KINDS; k++)
		if (c->v[k] != COUNT_NONE)
			json_object_set_new(o, names[k],
					    json_integer((json_int_t)c->v[k]));
	return o;
}

int counts_from_json(const json_t *j, struct call_counts *c)
{
	none(c);
	for (int k = 0; k < COUNT_KINDS; k++) {
		const json_t *n = json_object_get(j, names[k]);

		if (!n)
			continue;
		if (!json_is_integer(n) || json_integer_value(n) < 0)
			return -1;
		c->v[k] = (uint64_t)json_integer_value(n);
	}
	return check(c);
}

void counts_add(struct counts_sum *s, size_t boot, const struct call_counts *c)
{
	s->boots = xrealloc(s->boots, (s->n + 1) * sizeof(*s->boots));
	s->boot = xrealloc(s->boot, (s->n + 1) * sizeof(*s->boot));
	s->boot[s->n] = boot;
	s->boots[s->n++] = *c;
}

double count_rate(const struct call_counts *c, enum count_kind k)
{
	if (c->v[k] == COUNT_NONE)
		return NAN;
	return (double)c->v[k] / (double)c->v[COUNT_CALLS];
}

void counts_sum_free(struct counts_sum *s)
{
	free(s->boots);
	free(s->boot);
	*s = (struct counts_sum){ 0 };
}

uint64_t counts_total(const struct counts_sum *s, enum count_kind k)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->boots[i].v[k] == COUNT_NONE)
			return COUNT_NONE;
		sum += s->boots[i].v[k];
	}
	return s->n ? sum : COUNT_NONE;
}

size_t counts_per_call(const struct counts_sum *s, enum count_kind k, double *out)
{
	if (counts_total(s, k) == COUNT_NONE)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		out[i] = count_rate(&s->boots[i], k);
	return s->n;
}
