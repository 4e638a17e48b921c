// SPDX-License-Identifier: GPL-2.0-only
#include "ringbuf.h"

#include <endian.h>
#include <string.h>

#define PAGE_HEADER	16u	/* u64 time_stamp, local_t commit */
#define COMMIT_MASK	((1u << 27) - 1)
#define MISSED_EVENTS	(1u << 31)
#define MISSED_STORED	(1u << 30)	/* their number stands behind the data */

#define TYPE_DATA_MAX	28u
#define TYPE_PADDING	29u
#define TYPE_EXTEND	30u
#define TYPE_STAMP	31u
#define TYPE_BITS	5
#define DELTA_BITS	27
#define STAMP_MSB	(0xf8ull << 56)	/* not part of a TYPE_STAMP */

static uint32_t read32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t read64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* One entry of a sub-buffer. */
struct entry {
	uint32_t type;
	uint32_t delta;
	size_t data;		/* offset of the event in the entry */
	size_t size;		/* of the event */
	size_t total;		/* of the entry */
};

/* @left bytes are there, at least 4. Return: 0, -1 if it does not fit. */
static int read_entry(const uint8_t *p, size_t left, struct entry *e)
{
	uint32_t head = read32(p);
	uint32_t word;

	e->type = head & ((1u << TYPE_BITS) - 1);
	e->delta = head >> TYPE_BITS;
	e->data = 4;
	if (e->type && e->type <= TYPE_DATA_MAX) {
		e->size = e->type * 4;
		e->total = 4 + e->size;
		return e->total <= left ? 0 : -1;
	}
	if (left < 8)
		return -1;
	word = read32(p + 4);
	if (e->type == TYPE_EXTEND || e->type == TYPE_STAMP) {
		e->total = 8;
		return 0;
	}
	/* The length is in a word of its own, which it includes. */
	if (word < 4)
		return -1;
	e->total = 4 + (((size_t)word + 3) & ~(size_t)3);
	e->data = 8;
	e->size = word - 4;
	return e->total <= left ? 0 : -1;
}

/* A full time stamp lacks the upper bits; they are those of the time before. */
static uint64_t absolute(uint64_t stamp, uint64_t before)
{
	stamp |= before & STAMP_MSB;
	if (stamp < before)
		stamp += 1ull << (DELTA_BITS + 32);
	return stamp;
}

static int read_header(const uint8_t *p, size_t len, struct ringbuf_page *info,
		       size_t *end)
{
	uint32_t commit;

	if (len < RINGBUF_PAGE_MIN || len > RINGBUF_PAGE_MAX)
		return -1;
	commit = read32(p + 8);
	*end = PAGE_HEADER + (commit & COMMIT_MASK);
	info->ns = read64(p);
	info->missed = commit & MISSED_EVENTS;
	if (*end > len)
		return -1;
	if (info->missed && (commit & MISSED_STORED) && len - *end >= 8)
		info->n_missed = read64(p + *end);
	return 0;
}

int ringbuf_walk(const void *page, size_t len, struct ringbuf_page *info,
		 void (*fn)(uint64_t ns, const uint8_t *event, size_t size,
			    void *arg),
		 void *arg)
{
	const uint8_t *p = page;
	size_t at = PAGE_HEADER, end;
	struct entry e;
	uint64_t ns;

	*info = (struct ringbuf_page){ 0 };
	if (read_header(p, len, info, &end))
		return -1;
	ns = info->ns;
	while (end - at >= 4) {
		/* Padding without a time: nothing more on this page. */
		if (read32(p + at) == TYPE_PADDING)
			return 0;
		if (read_entry(p + at, end - at, &e))
			return -1;
		if (e.type == TYPE_EXTEND)
			ns += ((uint64_t)read32(p + at + 4) << DELTA_BITS) +
			      e.delta;
		else if (e.type == TYPE_STAMP)
			ns = absolute(((uint64_t)read32(p + at + 4)
				       << DELTA_BITS) + e.delta, ns);
		else
			ns += e.delta;
		if (e.type <= TYPE_DATA_MAX)
			fn(ns, p + at + e.data, e.size, arg);
		at += e.total;
	}
	return end == at ? 0 : -1;
}
