// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <traceevent/kbuffer.h>

#include "fixture.h"
#include "page.h"
#include "ringbuf.h"
#include "util.h"

/*
 * fixtures/trace/ringbuf-6.12.pages: six sub-buffers of a 6.12 kernel, from
 * sched_switch, a filtered mm_page_alloc and long writes to trace_marker: with
 * time extends, discarded and long events, and, in overwrite mode, with events
 * missing (flagged, and their number stored).
 */
#define PAGES "trace/ringbuf-6.12.pages"

struct seen {
	uint64_t ns[1024];
	size_t at[1024];
	size_t size[1024];
	size_t n;
	const uint8_t *page;
};

static void note(uint64_t ns, const uint8_t *event, size_t size, void *arg)
{
	struct seen *s = arg;

	assert_true(s->n < ARRAY_SIZE(s->ns));
	s->ns[s->n] = ns;
	s->at[s->n] = (size_t)(event - s->page);
	s->size[s->n++] = size;
}

static void compare(const uint8_t *page, struct kbuffer *k)
{
	struct seen s = { .page = page };
	struct ringbuf_page info;
	unsigned long long ns;
	size_t i = 0;
	void *event;

	assert_int_equal(ringbuf_walk(page, PAGE, &info, note, &s), 0);
	assert_int_equal(kbuffer_load_subbuffer(k, (void *)page), 0);
	/* It forgets the number once it moves on. */
	assert_int_equal(info.missed, kbuffer_missed_events(k) != 0);
	if (info.missed)
		assert_int_equal(info.n_missed, kbuffer_missed_events(k));
	for (event = kbuffer_read_event(k, &ns); event;
	     event = kbuffer_next_event(k, &ns)) {
		assert_true(i < s.n);
		assert_true(ns == s.ns[i]);
		assert_int_equal((const uint8_t *)event - page, s.at[i]);
		assert_int_equal(kbuffer_event_size(k), s.size[i]);
		i++;
	}
	assert_int_equal(i, s.n);
}

static void like_kbuffer(void **state)
{
	struct kbuffer *k = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_LITTLE);
	size_t len;
	char *pages = fixture_read(PAGES, &len);

	(void)state;
	assert_int_equal(len, 6 * PAGE);
	for (size_t at = 0; at < len; at += PAGE)
		compare((const uint8_t *)pages + at, k);
	kbuffer_free(k);
	free(pages);
}

static void missed(void **state)
{
	struct seen s = { 0 };
	struct ringbuf_page info;
	size_t len;
	char *pages = fixture_read(PAGES, &len);

	(void)state;
	s.page = (const uint8_t *)pages;
	ringbuf_walk(pages, PAGE, &info, note, &s);
	assert_false(info.missed);
	assert_int_equal(s.n, 57);
	ringbuf_walk(pages + 4 * PAGE, PAGE, &info, note, &s);
	assert_true(info.missed);
	assert_int_equal(info.n_missed, 175);
	free(pages);
}

/* A full time stamp, which the clock in use never writes. */
static void full_stamp(void **state)
{
	const uint64_t top = 5ull << 59;
	struct seen s = { 0 };
	struct ringbuf_page info;
	struct page p;

	(void)state;
	page_begin(&p, top + 100);
	s.page = p.b;
	page_put32(&p, 77u << 5 | 31);
	page_put32(&p, 3);
	page_event(&p, p.ns + 5, "event123", 8);
	/* One that has wrapped round. */
	page_put32(&p, 7u << 5 | 31);
	page_put32(&p, 0);
	page_event(&p, p.ns, "event123", 8);
	page_end(&p, 0);
	assert_int_equal(ringbuf_walk(p.b, PAGE, &info, note, &s), 0);
	assert_int_equal(s.n, 2);
	assert_true(s.ns[0] == top + (3ull << 27) + 77 + 5);
	assert_true(s.ns[1] == top + (1ull << 59) + 7);
}

/* Each writes one good event, then something wrong. */
static void cut_data(struct page *p)
{
	page_put32(p, 28);
}

static void cut_extend(struct page *p)
{
	page_put32(p, 30);
}

static void long_too_long(struct page *p)
{
	page_put32(p, 0);
	page_put32(p, PAGE);
}

static void long_overflow(struct page *p)
{
	page_put32(p, 0);
	page_put32(p, UINT32_MAX);
}

static void long_too_short(struct page *p)
{
	page_put32(p, 0);
	page_put32(p, 0);
	p->used += 16;
}

static void padding_too_long(struct page *p)
{
	page_put32(p, 1u << 5 | 29);
	page_put32(p, 0x7fffffff);
}

static void odd_end(struct page *p)
{
	p->used += 2;
}

static void (*const damages[])(struct page *p) = {
	cut_data, cut_extend, long_too_long, long_overflow, long_too_short,
	padding_too_long, odd_end,
};

static void damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct seen s = { 0 };
		struct ringbuf_page info;
		struct page p;

		page_begin(&p, 1000);
		s.page = p.b;
		page_event(&p, 1001, "event123", 8);
		damages[i](&p);
		page_end(&p, 0);
		if (ringbuf_walk(p.b, PAGE, &info, note, &s) != -1 || s.n != 1)
			fail_msg("damage %zu was not seen, %zu events", i, s.n);
	}
}

static void odd_lengths(void **state)
{
	static const size_t bad[] = { 0, 1, 15, 16, 4095, 65537 };
	uint8_t *big = xcalloc(1, 65536 + 1);
	struct seen s = { .page = big };
	struct ringbuf_page info;
	struct page p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(ringbuf_walk(big, bad[i], &info, note, &s), -1);
	assert_int_equal(ringbuf_walk(big, 65536, &info, note, &s), 0);
	assert_int_equal(s.n, 0);

	/* More bytes than there is room for. */
	page_begin(&p, 1);
	p.used = PAGE + 4;
	page_end(&p, 0);
	assert_int_equal(ringbuf_walk(p.b, PAGE, &info, note, &s), -1);

	/* The number of missing events has no room: none is made up. */
	page_begin(&p, 1);
	while (p.used < PAGE)
		page_event(&p, p.ns, "1234", 4);
	page_end(&p, 3u << 30);
	assert_int_equal(ringbuf_walk(p.b, PAGE, &info, note, &s), 0);
	assert_true(info.missed);
	assert_int_equal(info.n_missed, 0);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_kbuffer),
		cmocka_unit_test(missed),
		cmocka_unit_test(full_stamp),
		cmocka_unit_test(damaged),
		cmocka_unit_test(odd_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
