// SPDX-License-Identifier: GPL-2.0-only
#include "join.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct join {
	const struct trace *trace;
	const struct symbols *sym;
	const struct trace_event **by_tid;	/* by thread, then time */
	size_t n;
	bool has_ranges;
	bool has_locks;
	bool has_switches;
};

struct join *join_new(const struct trace *t, const struct symbols *sym)
{
	struct join *j = xcalloc(1, sizeof(*j));

	j->trace = t;
	j->sym = sym;
	j->by_tid = trace_by_thread(t, &j->n);
	j->has_ranges = trace_has(t, TRACE_RANGE_START) &&
			trace_has(t, TRACE_RANGE_STARTED) &&
			trace_has(t, TRACE_RANGE_END) &&
			trace_has(t, TRACE_RANGE_ENDED);
	j->has_locks = trace_has(t, TRACE_LOCK_WAIT) &&
		       trace_has(t, TRACE_LOCK_ACQUIRED) &&
		       trace_has(t, TRACE_LOCK_RELEASED);
	j->has_switches = trace_has(t, TRACE_SWITCH_OUT);
	return j;
}

void join_free(struct join *j)
{
	if (!j)
		return;
	free(j->by_tid);
	free(j);
}

const struct trace_event **join_events(const struct join *j, size_t *n)
{
	*n = j->n;
	return j->by_tid;
}

/* The first event of @tid at or after @ns. */
static size_t first_event(const struct join *j, int32_t tid, uint64_t ns)
{
	size_t lo = 0, hi = j->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct trace_event *e = j->by_tid[mid];

		if (e->tid < tid || (e->tid == tid && e->ns < ns))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What one thread is in the middle of. */
struct walk {
	unsigned int depth;	/* ranges started and not ended */
	uint64_t first_ns;	/* of the first start */
	uint64_t last_ns;	/* of the last end */
	uint64_t site;
	uint64_t pairs;
	enum trace_kind callback;	/* begun by START or END, at: */
	uint64_t callback_ns;	/* 0: in none */
	uint64_t handler_ns;
	uint64_t waiting_ns;	/* since when; 0: not waiting */
	uint64_t wait_ns;
	uint64_t holding_ns;	/* since when; 0: not holding */
	uint64_t hold_ns;
	uint64_t waits;
	/* The same of each mode; the last one: the trace does not say which. */
	struct {
		uint64_t wait_ns, hold_ns, n;
	} modes[TRACE_MODES + 1];
	unsigned int mode;	/* waited for, or held */
	uint64_t away_since_ns;	/* has had no CPU, while waiting; 0: it has one */
	uint64_t away_ns;	/* in this wait */
	uint64_t wait_cpu_ns;
	bool cpu_broken;	/* a switch is missing */
	bool broken;		/* the other half of a pair is missing */
};

static void begin_callback(struct walk *w, const struct trace_event *e)
{
	if (w->callback_ns)
		w->broken = true;
	w->callback = e->kind;
	w->callback_ns = e->ns;
}

static void end_callback(struct walk *w, const struct trace_event *e,
			 enum trace_kind begun_by)
{
	if (!w->callback_ns || w->callback != begun_by) {
		w->broken = true;
		return;
	}
	w->handler_ns += e->ns - w->callback_ns;
	w->callback_ns = 0;
}

static void range_start(struct walk *w, const struct trace_event *e)
{
	if (!w->first_ns) {
		w->first_ns = e->ns;
		w->site = e->ip;
	}
	begin_callback(w, e);
	w->depth++;
}

static void range_started(struct walk *w, const struct trace_event *e)
{
	end_callback(w, e, TRACE_RANGE_START);
	/* Refused: no end will come. */
	if (e->ret && w->depth)
		w->depth--;
}

static void range_end(struct walk *w, const struct trace_event *e)
{
	if (!w->depth)
		w->broken = true;
	begin_callback(w, e);
}

static void range_ended(struct walk *w, const struct trace_event *e)
{
	end_callback(w, e, TRACE_RANGE_END);
	if (!w->depth) {
		w->broken = true;
		return;
	}
	w->depth--;
	w->pairs++;
	w->last_ns = e->ns;
}

static void lock_wait(struct walk *w, const struct trace_event *e)
{
	if (w->waiting_ns || w->holding_ns)
		w->broken = true;
	w->waiting_ns = e->ns;
	w->mode = e->mode;
	w->away_since_ns = w->away_ns = 0;
}

static void switch_out(struct walk *w, const struct trace_event *e)
{
	if (!w->waiting_ns)
		return;
	if (w->away_since_ns)
		w->cpu_broken = true;
	w->away_since_ns = e->ns;
}

static void switch_in(struct walk *w, const struct trace_event *e)
{
	if (!w->waiting_ns)
		return;
	if (w->away_since_ns)
		w->away_ns += e->ns - w->away_since_ns;
	else
		w->cpu_broken = true;
	w->away_since_ns = 0;
}

static void lock_tryfail(struct walk *w)
{
	if (!w->waiting_ns)
		w->broken = true;
	w->waiting_ns = 0;
}

static void lock_acquired(struct walk *w, const struct trace_event *e)
{
	uint64_t ns = e->ns - w->waiting_ns;

	if (!w->waiting_ns || e->mode != w->mode) {
		w->broken = true;
		return;
	}
	w->wait_ns += ns;
	w->waits++;
	w->modes[w->mode].wait_ns += ns;
	w->modes[w->mode].n++;
	/* Whoever takes a lock has a CPU. */
	if (w->away_since_ns)
		w->cpu_broken = true;
	w->wait_cpu_ns += ns - w->away_ns;
	w->waiting_ns = 0;
	w->holding_ns = e->ns;
}

static void lock_released(struct walk *w, const struct trace_event *e)
{
	if (!w->holding_ns || e->mode != w->mode) {
		w->broken = true;
		return;
	}
	w->hold_ns += e->ns - w->holding_ns;
	w->modes[w->mode].hold_ns += e->ns - w->holding_ns;
	w->holding_ns = 0;
}

static void step(struct walk *w, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_RANGE_START:
		range_start(w, e);
		break;
	case TRACE_RANGE_STARTED:
		range_started(w, e);
		break;
	case TRACE_RANGE_END:
		range_end(w, e);
		break;
	case TRACE_RANGE_ENDED:
		range_ended(w, e);
		break;
	case TRACE_LOCK_WAIT:
		lock_wait(w, e);
		break;
	case TRACE_LOCK_TRYFAIL:
		lock_tryfail(w);
		break;
	case TRACE_LOCK_ACQUIRED:
		lock_acquired(w, e);
		break;
	case TRACE_LOCK_RELEASED:
		lock_released(w, e);
		break;
	case TRACE_SWITCH_OUT:
		switch_out(w, e);
		break;
	case TRACE_SWITCH_IN:
		switch_in(w, e);
		break;
	default:
		break;		/* ageing is no part of an invalidation */
	}
}

static bool in_gap(const struct join *j, const struct sample *s)
{
	const struct trace_gap *gaps;
	size_t n;

	gaps = trace_gaps(j->trace, &n);
	for (size_t i = 0; i < n; i++)
		if (s->start_ns <= gaps[i].to_ns && s->end_ns >= gaps[i].from_ns)
			return true;
	return false;
}

void joined_none(struct joined *out)
{
	*out = (struct joined){
		.window_ns = NOT_MEASURED,
		.handler_ns = NOT_MEASURED,
		.wait_ns = NOT_MEASURED,
		.hold_ns = NOT_MEASURED,
		.notifiers = NOT_MEASURED,
		.waits = NOT_MEASURED,
		.mode_wait_ns = { NOT_MEASURED, NOT_MEASURED },
		.mode_hold_ns = { NOT_MEASURED, NOT_MEASURED },
		.wait_cpu_ns = NOT_MEASURED,
	};
}

static void set_site(const struct join *j, const struct walk *w,
		     struct joined *out)
{
	const char *name = NULL;

	if (j->sym)
		name = symbols_find(j->sym, w->site);
	if (!name)
		name = "unknown";
	if (w->pairs > 1)
		snprintf(out->site, sizeof(out->site), "%.128s+%" PRIu64, name,
			 w->pairs - 1);
	else
		snprintf(out->site, sizeof(out->site), "%.128s", name);
}

static void fill_in_modes(const struct walk *w, struct joined *out)
{
	for (int m = 0; m < TRACE_MODES; m++) {
		if (!w->modes[m].n)
			continue;
		out->mode_wait_ns[m] = w->modes[m].wait_ns;
		out->mode_hold_ns[m] = w->modes[m].hold_ns;
	}
}

static void fill_in(const struct join *j, const struct walk *w,
		    struct joined *out)
{
	if (j->has_ranges) {
		out->notifiers = w->pairs;
		if (w->pairs) {
			set_site(j, w, out);
			out->window_ns = w->last_ns - w->first_ns;
			out->handler_ns = w->handler_ns;
		}
	}
	if (j->has_locks) {
		out->waits = w->waits;
		out->wait_ns = w->wait_ns;
		out->hold_ns = w->hold_ns;
		fill_in_modes(w, out);
		if (j->has_switches && !w->cpu_broken)
			out->wait_cpu_ns = w->wait_cpu_ns;
	}
}

void join_sample(const struct join *j, const struct sample *s,
		 struct joined *out)
{
	bool losses = trace_lost_total(j->trace) > 0;
	const struct trace_event *e;
	struct walk w = { 0 };
	bool any = false;

	joined_none(out);
	for (size_t i = first_event(j, s->tid, s->start_ns); i < j->n; i++) {
		e = j->by_tid[i];
		if (e->tid != (int32_t)s->tid || e->ns > s->end_ns)
			break;
		any = true;
		/*
		 * A full buffer takes no more events until it is drained: the
		 * rest of this sample's may be among those.
		 */
		if (e->last && losses)
			w.broken = true;
		step(&w, e);
	}
	if (w.broken || w.depth || w.callback_ns || w.waiting_ns ||
	    w.holding_ns || (losses && (!any || in_gap(j, s))))
		out->lost = true;
	else
		fill_in(j, &w, out);
}

void samples_header(FILE *f)
{
	fputs("slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site,"
	      "syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits,"
	      "read_wait_ns,read_hold_ns,write_wait_ns,write_hold_ns,wait_cpu_ns\n",
	      f);
}

static void column(FILE *f, uint64_t v)
{
	if (v == NOT_MEASURED)
		fputc(',', f);
	else
		fprintf(f, ",%" PRIu64, v);
}

void samples_line(FILE *f, size_t slot_index, const struct slot *slot,
		  bool traced, const char *test, const struct sample *s,
		  const struct joined *d)
{
	fprintf(f, "%zu,%s,%c,%d,%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu32
		",%" PRIu32 ",%s,%" PRIu64,
		slot_index, slot->arm, slot->copy, traced, test,
		s->event, s->page_size, s->size, s->vcpus, s->seq, d->site,
		s->end_ns - s->start_ns);
	column(f, d->window_ns);
	column(f, d->handler_ns);
	column(f, d->wait_ns);
	column(f, d->hold_ns);
	column(f, d->notifiers);
	column(f, d->waits);
	for (int m = 0; m < TRACE_MODES; m++) {
		column(f, d->mode_wait_ns[m]);
		column(f, d->mode_hold_ns[m]);
	}
	column(f, d->wait_cpu_ns);
	fputc('\n', f);
}
