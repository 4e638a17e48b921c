// SPDX-License-Identifier: GPL-2.0-only
#include "lockwaits.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Powers of two, as the histograms of KVM's statistics have them. */
static const uint64_t limits_ns[COUNT_WAIT_LIMITS] = { 1024, 8192, 65536 };

struct span {
	uint64_t start, end;
};

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * The calls of an event, in order; those of several threads may overlap, so that
 * each end is the last one so far. Returns how many, @spans is to be freed.
 */
static size_t find_calls(const struct sample *v, size_t n, const char *event,
			 struct span **spans)
{
	struct span *s = xcalloc(n + 1, sizeof(*s));
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].event, event))
			s[k++] = (struct span){ v[i].start_ns, v[i].end_ns };
	qsort(s, k, sizeof(*s), by_start);
	for (size_t i = 1; i < k; i++)
		if (s[i].end < s[i - 1].end)
			s[i].end = s[i - 1].end;
	*spans = s;
	return k;
}

static bool in_call(const struct span *s, size_t n, uint64_t from, uint64_t to)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s[mid].start <= from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && s[lo - 1].end >= to;
}

static void add(struct call_counts *c, unsigned int mode, uint64_t ns)
{
	int kind = mode == TRACE_READ ? COUNT_READ_WAITS_1US : COUNT_WRITE_WAITS_1US;

	for (int i = 0; i < COUNT_WAIT_LIMITS; i++)
		c->v[kind + i] += ns >= limits_ns[i];
}

/* Return: -1 if an event does not say which mode. */
static int count(const struct trace_event **e, size_t n, const struct span *s,
		 size_t n_spans, struct call_counts *c)
{
	const struct trace_event *wait = NULL;

	for (size_t i = 0; i < n; i++) {
		if (wait && wait->tid != e[i]->tid)
			wait = NULL;
		switch (e[i]->kind) {
		case TRACE_LOCK_WAIT:
			wait = e[i];
			break;
		case TRACE_LOCK_ACQUIRED:
			if (e[i]->mode >= TRACE_MODES)
				return -1;
			if (wait && in_call(s, n_spans, wait->ns, e[i]->ns))
				add(c, e[i]->mode, e[i]->ns - wait->ns);
			wait = NULL;
			break;
		case TRACE_LOCK_TRYFAIL:
			wait = NULL;
			break;
		default:
			break;
		}
	}
	return 0;
}

int lockwaits_count(const struct trace *t, const struct trace_event **e,
		    size_t n_events, const struct sample *v, size_t n,
		    const char *event, struct call_counts *c)
{
	struct span *spans;
	size_t n_spans;
	int ret = -1;

	n_spans = find_calls(v, n, event, &spans);
	if (!n_spans || trace_lost_total(t) || !trace_has(t, TRACE_LOCK_WAIT) ||
	    !trace_has(t, TRACE_LOCK_ACQUIRED))
		goto out;
	for (int k = 0; k < COUNT_KINDS; k++)
		c->v[k] = k < COUNT_FIRST_TRACED ? COUNT_NONE : 0;
	c->v[COUNT_CALLS] = n_spans;
	ret = count(e, n_events, spans, n_spans, c);
out:
	free(spans);
	return ret;
}
