// SPDX-License-Identifier: GPL-2.0-only
/* Frames to and from the guest, whose contents are not to be trusted. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_int.h"

#define FRAME_CPUS_MAX 4096

static void bad(struct boot *b, const char *what)
{
	boot_die(b, CAUSE_PROTOCOL, "the guest sent %s during %s", what,
		 b->what);
}

static const char *text(const struct frame *f, const char *key)
{
	return frame_text_get(f->data, f->len, key, 0);
}

/* Return: 0, or -1 if the key is missing or no number up to @max. */
static int number(const struct frame *f, const char *key, uint64_t max,
		  uint64_t *out)
{
	const char *s = text(f, key);

	return s ? parse_u64(s, 0, max, out) : -1;
}

static void copy_text(char *to, size_t size, const char *from)
{
	char *clean = printable(from ? from : "");

	snprintf(to, size, "%s", clean);
	free(clean);
}

static void take_hello(struct boot *b, const struct frame *f)
{
	struct boot_hello *h = &b->hello;
	uint64_t proto, cpus;

	if (b->greeted) {
		bad(b, "a second HELLO");
		return;
	}
	if (number(f, "proto", UINT32_MAX, &proto) || proto != FRAME_PROTO ||
	    number(f, "cpus", FRAME_CPUS_MAX, &cpus) ||
	    number(f, "mem_kb", UINT64_MAX, &h->mem_kb)) {
		bad(b, "a malformed HELLO, or one of another version");
		return;
	}
	h->cpus = (unsigned int)cpus;
	copy_text(h->release, sizeof(h->release), text(f, "release"));
	copy_text(h->clocksource, sizeof(h->clocksource),
		  text(f, "clocksource"));
	copy_text(h->cmdline, sizeof(h->cmdline), text(f, "cmdline"));
	b->greeted = true;
	b->timer[TIMER_SILENCE] = NEVER;
	b->timer[TIMER_HELLO] = NEVER;
	b->hello_ms = (unsigned int)((now_ns() - b->start_ns) / MS);
}

/* How a RUN ended. Return: 0, or -1 if the guest does not say it properly. */
static int take_run(const struct frame *f, struct run_result *r)
{
	uint64_t v;
	int ways = 0;

	if (!number(f, "timeout", 1, &v) && v) {
		r->timed_out = true;
		ways++;
	}
	if (!number(f, "signal", 64, &v) && v) {
		r->signal = (int)v;
		ways++;
	}
	if (!number(f, "exit", 255, &v)) {
		r->exit = (int)v;
		ways++;
	}
	return ways == 1 && !number(f, "wall_ns", UINT64_MAX, &r->wall_ns) &&
	       !number(f, "user_ns", UINT64_MAX, &r->user_ns) &&
	       !number(f, "sys_ns", UINT64_MAX, &r->sys_ns) &&
	       !number(f, "lost", UINT64_MAX, &r->lost) ? 0 : -1;
}

static void take_reply(struct boot *b, const struct frame *f)
{
	const char *status = text(f, "status");
	uint64_t id;

	if (number(f, "id", UINT32_MAX, &id) || !status || !b->waiting ||
	    id != b->id) {
		bad(b, "a REPLY to no request");
		return;
	}
	if (!strcmp(status, "error")) {
		b->refused = true;
		copy_text(b->refusal, sizeof(b->refusal), text(f, "error"));
	} else if (strcmp(status, "ok") ||
		   (b->res && take_run(f, b->res))) {
		bad(b, "a malformed REPLY");
		return;
	}
	b->waiting = false;
	b->timer[TIMER_ANSWER] = b->timer[TIMER_PROGRESS] = NEVER;
}

/* Count @len against what is left. Return: whether it is within. */
static bool within(struct boot *b, uint64_t *left, size_t len, const char *what)
{
	if (len > *left) {
		bad(b, what);
		return false;
	}
	*left -= len;
	return true;
}

static void called(struct boot *b, int ret)
{
	if (ret)
		boot_die(b, CAUSE_HOST, "what the guest sent could not be kept");
}

static uint32_t get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static void take_perf(struct boot *b, const uint8_t *p, size_t len)
{
	const struct run_req *q = b->req;

	if (!q->perf || len < 4 || get_u32(p) >= PERF_PARTS)
		bad(b, "a PERF that is malformed or was not asked for");
	else if (within(b, &b->quota.perf, len, "too much of perf") && q->on_perf)
		called(b, q->on_perf(q->arg, get_u32(p), p + 4, len - 4));
}

static void take_data(struct boot *b, const struct frame *f)
{
	const struct run_req *q = b->req;
	const uint8_t *p = f->data + 4;
	size_t len = f->len;

	if (!q || !b->waiting || len < 4 || get_u32(f->data) != b->id) {
		bad(b, "data of no running test");
		return;
	}
	len -= 4;
	if (f->type == FRAME_OUT) {
		if (within(b, &b->quota.out, len, "too much output") && q->on_out)
			called(b, q->on_out(q->arg, p, len));
	} else if (f->type == FRAME_SAMPLES) {
		if (within(b, &b->quota.samples, len, "too many samples") &&
		    q->on_samples)
			called(b, q->on_samples(q->arg, p, len));
	} else if (f->type == FRAME_PERF) {
		take_perf(b, p, len);
	} else if (len < 4 || get_u32(p) >= FRAME_CPUS_MAX) {
		bad(b, "a malformed TRACE");
	} else if (within(b, &b->quota.trace, len, "too long a trace") &&
		   q->on_trace) {
		called(b, q->on_trace(q->arg, get_u32(p), p + 4, len - 4));
	}
}

static void take_tracemeta(struct boot *b, const struct frame *f)
{
	const char *name = (const char *)f->data;
	size_t n = strnlen(name, f->len);

	if (!b->req || !b->waiting || !b->req->trace || n == f->len) {
		bad(b, "a TRACEMETA that is malformed or was not asked for");
		return;
	}
	if (within(b, &b->quota.meta, f->len, "too many formats of events") &&
	    b->req->on_tracemeta)
		called(b, b->req->on_tracemeta(b->req->arg, name, name + n + 1,
					       f->len - n - 1));
}

/* What the program had still to say when PID 1 ended it, which was asked to. */
static void take_late(struct boot *b, const struct frame *f)
{
	const struct run_req *q = b->req;

	if (!boot_gave_up(b) || f->type != FRAME_OUT || !q || !q->on_late ||
	    f->len < 4 || get_u32(f->data) != b->id || f->len - 4 > b->quota.out)
		return;
	b->quota.out -= f->len - 4;
	q->on_late(q->arg, f->data + 4, f->len - 4);
}

static void take_log(struct boot *b, const struct frame *f)
{
	char line[512];
	size_t n = f->len < sizeof(line) - 1 ? f->len : sizeof(line) - 1;

	memcpy(line, f->data, n);
	line[n] = '\0';
	console_note(b->console, line);
}

static void take_frame(struct boot *b, const struct frame *f)
{
	boot_set_timer(b, TIMER_ALIVE, b->limits.alive_ms);
	if (!b->greeted && f->type != FRAME_HELLO && f->type != FRAME_LOG) {
		bad(b, "something before HELLO");
		return;
	}
	switch (f->type) {
	case FRAME_HELLO:
		take_hello(b, f);
		break;
	case FRAME_REPLY:
		take_reply(b, f);
		break;
	case FRAME_OUT:
	case FRAME_SAMPLES:
	case FRAME_TRACE:
	case FRAME_PERF:
		take_data(b, f);
		break;
	case FRAME_TRACEMETA:
		take_tracemeta(b, f);
		break;
	case FRAME_ALIVE:
		break;
	case FRAME_LOG:
		take_log(b, f);
		break;
	default:
		bad(b, "a frame of unknown type");
	}
}

int boot_frames_read(struct boot *b)
{
	struct frame f;
	uint8_t *to;
	size_t room;
	ssize_t n;

	to = frame_reader_space(&b->in, &room);
	if (!to) {
		boot_die(b, CAUSE_HOST, "out of memory for frames");
		return -1;
	}
	n = read(b->qemu.frames, to, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	frame_reader_fed(&b->in, (size_t)n);
	b->frame_ns = now_ns();
	/* Nothing a dead boot says counts, but it must not be stopped. */
	while (frame_reader_next(&b->in, &f)) {
		if (b->code)
			take_late(b, &f);
		else
			take_frame(b, &f);
	}
	return 1;
}

void boot_frames_write(struct boot *b)
{
	ssize_t n;

	while (b->n_out && b->qemu.frames >= 0) {
		n = write(b->qemu.frames, b->out, b->n_out);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			/* Broken means that QEMU is ending: that will show. */
			if (errno != EAGAIN)
				b->n_out = 0;
			return;
		}
		b->n_out -= (size_t)n;
		memmove(b->out, b->out + n, b->n_out);
	}
}

void boot_frame_send(struct boot *b, enum frame_type type, const void *data,
		     uint32_t len)
{
	uint8_t hdr[FRAME_HDR_SIZE];

	frame_encode_header(hdr, type, b->seq++, data, len);
	b->out = xrealloc(b->out, b->n_out + sizeof(hdr) + len);
	memcpy(b->out + b->n_out, hdr, sizeof(hdr));
	memcpy(b->out + b->n_out + sizeof(hdr), data, len);
	b->n_out += sizeof(hdr) + len;
	boot_frames_write(b);
}
