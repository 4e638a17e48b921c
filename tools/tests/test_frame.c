// SPDX-License-Identifier: GPL-2.0-only
/* Frames: every way in which the other side's bytes can arrive or be wrong. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "frame.h"

/* Type 2, seq 7, payload "id=1\0": checksum from Python's zlib.crc32. */
static const uint8_t golden[] = {
	'S',  'M',  'F',  '1',	0x02, 0x00, 0x00, 0x00, 0x07,
	0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0xf5, 0xdc,
	0x85, 0x63, 'i',  'd',	'=',  '1',  0x00,
};

struct stream {
	uint8_t *v;
	size_t n;
};

static void put(struct stream *s, const void *data, size_t len)
{
	s->v = realloc(s->v, s->n + len + 1);
	assert_non_null(s->v);
	if (len)
		memcpy(s->v + s->n, data, len);
	s->n += len;
}

static void put_frame(struct stream *s, uint16_t type, uint32_t seq,
		      const void *data, uint32_t len)
{
	uint8_t hdr[FRAME_HDR_SIZE];

	assert_int_equal(frame_encode_header(hdr, type, seq, data, len), 0);
	put(s, hdr, sizeof(hdr));
	put(s, data, len);
}

/* Feed at most @max bytes. Return: how many fitted. */
static size_t feed(struct frame_reader *r, const uint8_t *v, size_t max)
{
	size_t room;
	uint8_t *p = frame_reader_space(r, &room);

	assert_non_null(p);
	if (max > room)
		max = room;
	memcpy(p, v, max);
	frame_reader_fed(r, max);
	return max;
}

/* Read all of @s in pieces of @piece bytes. Return: number of frames. */
static unsigned int count_frames(struct frame_reader *r, const struct stream *s,
				 size_t piece)
{
	unsigned int frames = 0;
	struct frame f;
	size_t done = 0;

	while (done < s->n) {
		size_t n = s->n - done < piece ? s->n - done : piece;

		done += feed(r, s->v + done, n);
		while (frame_reader_next(r, &f))
			frames++;
	}
	return frames;
}

static void test_golden(void **state)
{
	uint8_t hdr[FRAME_HDR_SIZE];
	struct frame_reader r = { .next_seq = 7 };
	struct frame f;

	(void)state;
	assert_int_equal(frame_encode_header(hdr, FRAME_REPLY, 7, "id=1", 5),
			 0);
	assert_memory_equal(hdr, golden, sizeof(hdr));

	feed(&r, golden, sizeof(golden));
	assert_int_equal(frame_reader_next(&r, &f), 1);
	assert_int_equal(f.type, FRAME_REPLY);
	assert_int_equal(f.seq, 7);
	assert_int_equal(f.len, 5);
	assert_memory_equal(f.data, "id=1", 5);
	assert_int_equal(frame_reader_next(&r, &f), 0);
	assert_int_equal(r.garbage, 0);
	assert_int_equal(r.gaps, 0);
	frame_reader_free(&r);
}

static void test_encode_limits(void **state)
{
	uint8_t hdr[FRAME_HDR_SIZE];
	uint8_t *big = calloc(1, FRAME_MAX + 1);

	(void)state;
	assert_non_null(big);
	assert_int_equal(frame_encode_header(hdr, 1, 0, big, FRAME_MAX), 0);
	assert_int_equal(frame_encode_header(hdr, 1, 0, big, FRAME_MAX + 1),
			 -1);
	assert_int_equal(frame_encode_header(hdr, 1, 0, NULL, 0), 0);
	free(big);
}

/* Two frames cut at every place, and in pieces of every size. */
static void test_splits(void **state)
{
	struct stream s = { 0 };
	size_t i;

	(void)state;
	put_frame(&s, FRAME_OUT, 0, "abcSMF1defS", 11);
	put_frame(&s, FRAME_ALIVE, 1, NULL, 0);
	for (i = 0; i <= s.n; i++) {
		struct frame_reader r = { 0 };
		struct stream head = { s.v, i };
		struct stream tail = { s.v + i, s.n - i };
		unsigned int n = count_frames(&r, &head, s.n);

		n += count_frames(&r, &tail, s.n);
		assert_int_equal(n, 2);
		assert_int_equal(r.garbage, 0);
		assert_int_equal(r.gaps, 0);
		frame_reader_free(&r);
	}
	for (i = 1; i <= s.n; i++) {
		struct frame_reader r = { 0 };

		assert_int_equal(count_frames(&r, &s, i), 2);
		assert_int_equal(r.garbage, 0);
		frame_reader_free(&r);
	}
	free(s.v);
}

/* Full-size frames pass the end of the buffer many times over. */
static void test_wrap(void **state)
{
	uint8_t *data = malloc(FRAME_MAX);
	struct frame_reader r = { 0 };
	struct stream s = { 0 };
	struct frame f;
	size_t done = 0;
	uint32_t i;

	(void)state;
	assert_non_null(data);
	for (i = 0; i < 20; i++) {
		memset(data, (int)i, FRAME_MAX);
		put_frame(&s, FRAME_TRACE, i, data, FRAME_MAX - i * 7);
	}
	for (i = 0; done < s.n;) {
		size_t n = s.n - done < 40000 ? s.n - done : 40000;

		done += feed(&r, s.v + done, n);
		while (frame_reader_next(&r, &f)) {
			assert_int_equal(f.seq, i);
			assert_int_equal(f.len, FRAME_MAX - i * 7);
			assert_int_equal(f.data[0], i);
			assert_int_equal(f.data[f.len - 1], i);
			i++;
		}
	}
	assert_int_equal(i, 20);
	assert_int_equal(r.garbage, 0);
	assert_int_equal(r.gaps, 0);
	frame_reader_free(&r);
	free(data);
	free(s.v);
}

static void test_garbage_around(void **state)
{
	static const char junk[] = "\0SMSMFSMF0 boot noise S";
	struct stream s = { 0 };
	size_t i;

	(void)state;
	put(&s, junk, sizeof(junk) - 1);
	put_frame(&s, FRAME_LOG, 0, "a", 1);
	put(&s, junk, sizeof(junk) - 1);
	put_frame(&s, FRAME_LOG, 1, "b", 1);
	for (i = 1; i <= s.n; i++) {
		struct frame_reader r = { 0 };

		assert_int_equal(count_frames(&r, &s, i), 2);
		assert_int_equal(r.garbage, 2 * (sizeof(junk) - 1));
		assert_int_equal(r.gaps, 0);
		frame_reader_free(&r);
	}
	free(s.v);
}

/* Flip each bit of the first frame in turn: it is gone, the second is not. */
static void test_bit_flips(void **state)
{
	uint8_t pad[FRAME_MAX + FRAME_HDR_SIZE] = { 0 };
	struct stream s = { 0 };
	size_t first, bit;

	(void)state;
	put_frame(&s, FRAME_REPLY, 0, "id=1", 5);
	first = s.n;
	put_frame(&s, FRAME_REPLY, 1, "id=2", 5);
	/* So that a length that grew is judged too. */
	put(&s, pad, sizeof(pad));
	for (bit = 0; bit < first * 8; bit++) {
		struct frame_reader r = { 0 };
		struct frame f = { 0 };

		s.v[bit / 8] ^= 1u << bit % 8;
		feed(&r, s.v, s.n);
		assert_int_equal(frame_reader_next(&r, &f), 1);
		assert_int_equal(f.seq, 1);
		assert_memory_equal(f.data, "id=2", 5);
		assert_int_equal(frame_reader_next(&r, &f), 0);
		assert_int_equal(r.garbage, first + sizeof(pad));
		assert_int_equal(r.gaps, 1);
		frame_reader_free(&r);
		s.v[bit / 8] ^= 1u << bit % 8;
	}
	free(s.v);
}

static void test_oversized(void **state)
{
	struct frame_reader r = { 0 };
	struct stream s = { 0 };
	uint32_t len = htole32(FRAME_MAX + 1);

	(void)state;
	put_frame(&s, FRAME_OUT, 0, "x", 1);
	memcpy(s.v + 12, &len, sizeof(len));
	put_frame(&s, FRAME_OUT, 0, "y", 1);
	/* No waiting for the bytes that the bad length promises. */
	assert_int_equal(count_frames(&r, &s, s.n), 1);
	assert_int_equal(r.garbage, FRAME_HDR_SIZE + 1);
	assert_int_equal(r.gaps, 0);
	frame_reader_free(&r);
	free(s.v);
}

static void test_gaps(void **state)
{
	static const struct {
		uint32_t seq;
		uint64_t gaps;
	} step[] = {
		{ 0, 0 }, { 1, 0 }, { 5, 3 }, { 6, 3 },
		{ 6, 4 }, { 2, 5 }, { 3, 5 },
	};
	struct frame_reader r = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		struct stream s = { 0 };

		put_frame(&s, FRAME_ALIVE, step[i].seq, NULL, 0);
		assert_int_equal(count_frames(&r, &s, s.n), 1);
		assert_int_equal(r.gaps, step[i].gaps);
		free(s.v);
	}
	frame_reader_free(&r);
}

static void test_seq_wraps(void **state)
{
	struct frame_reader r = { .next_seq = UINT32_MAX };
	struct stream s = { 0 };

	(void)state;
	put_frame(&s, FRAME_ALIVE, UINT32_MAX, NULL, 0);
	put_frame(&s, FRAME_ALIVE, 0, NULL, 0);
	assert_int_equal(count_frames(&r, &s, s.n), 2);
	assert_int_equal(r.gaps, 0);
	frame_reader_free(&r);
	free(s.v);
}

static void test_truncated(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(golden); i++) {
		struct frame_reader r = { .next_seq = 7 };
		struct frame f;

		feed(&r, golden, i);
		assert_int_equal(frame_reader_next(&r, &f), 0);
		assert_int_equal(r.used - r.pos, i);
		assert_int_equal(r.garbage, 0);
		frame_reader_free(&r);
	}
}

/* The reader's buffer fills up if nobody takes the frames; nothing breaks. */
static void test_full_buffer(void **state)
{
	struct frame_reader r = { 0 };
	struct stream s = { 0 };
	unsigned int frames = 0;
	struct frame f;
	size_t room;
	uint8_t *p;

	(void)state;
	put_frame(&s, FRAME_ALIVE, 0, NULL, 0);
	while ((p = frame_reader_space(&r, &room))) {
		size_t n = room < s.n ? room : s.n;

		memcpy(p, s.v, n);
		frame_reader_fed(&r, n);
	}
	assert_int_equal(room, 0);
	while (frame_reader_next(&r, &f))
		frames++;
	assert_true(frames > 0);
	assert_non_null(frame_reader_space(&r, &room));
	frame_reader_free(&r);
	free(s.v);
}

/*
 * Headers that each claim the largest payload, back to back: checksumming
 * every claim would take 13 GiB of work for these 4 MiB.
 */
static void test_hostile_headers(void **state)
{
	struct frame_reader r = { 0 };
	struct stream s = { 0 };
	uint8_t hdr[FRAME_HDR_SIZE];
	uint8_t *zero = calloc(1, FRAME_MAX);
	size_t i, n = (4u << 20) / FRAME_HDR_SIZE;
	clock_t start;

	(void)state;
	assert_non_null(zero);
	assert_int_equal(
		frame_encode_header(hdr, FRAME_OUT, 0, zero, FRAME_MAX), 0);
	s.v = malloc(n * sizeof(hdr));
	assert_non_null(s.v);
	for (i = 0; i < n; i++)
		memcpy(s.v + i * sizeof(hdr), hdr, sizeof(hdr));
	s.n = n * sizeof(hdr);
	start = clock();
	assert_int_equal(count_frames(&r, &s, 4096), 0);
	/* Linear work takes 0.05 s, or 2 s under valgrind. */
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
	/* The credit never went below zero. */
	assert_true(r.credit <= 8 * s.n);
	assert_int_equal(r.garbage + (r.used - r.pos), s.n);
	frame_reader_free(&r);
	free(zero);
	free(s.v);
}

static void test_random(void **state)
{
	struct frame_reader r = { 0 };
	struct stream s = { 0 };
	uint32_t x = 1;
	size_t i;

	(void)state;
	s.n = 1u << 20;
	s.v = malloc(s.n);
	assert_non_null(s.v);
	for (i = 0; i < s.n; i++) {
		x = x * 1664525 + 1013904223;
		/* Many near misses of the magic. */
		s.v[i] = (uint8_t)((x >> 30) ? "SMF1"[x >> 28 & 3] :
					       (int)(x >> 16));
	}
	assert_int_equal(count_frames(&r, &s, 777), 0);
	assert_int_equal(r.garbage + (r.used - r.pos), s.n);
	frame_reader_free(&r);
	free(s.v);
}

static const char *get(const char *text, size_t len, const char *key,
		       unsigned int nth)
{
	/* An exact copy, so that ASan and valgrind see a read past the end. */
	static uint8_t *copy;
	static char found[64];
	const char *v;

	free(copy);
	copy = malloc(len + !len);
	assert_non_null(copy);
	memcpy(copy, text, len);
	v = frame_text_get(copy, len, key, nth);
	if (v)
		strncpy(found, v, sizeof(found) - 1);
	free(copy);
	copy = NULL;
	return v ? found : NULL;
}

#define GET(text, key, nth) get(text, sizeof(text) - 1, key, nth)

static void test_text(void **state)
{
	(void)state;
	assert_string_equal(GET("id=1\0arm=mutex\0", "id", 0), "1");
	assert_string_equal(GET("id=1\0arm=mutex\0", "arm", 0), "mutex");
	assert_string_equal(GET("argv=a\0argv=b\0x=\0argv=c\0", "argv", 2),
			    "c");
	assert_string_equal(GET("env=A=B\0", "env", 0), "A=B");
	assert_string_equal(GET("x=\0", "x", 0), "");
	assert_null(GET("argv=a\0argv=b\0", "argv", 2));
	assert_null(GET("id=1\0", "i", 0));
	assert_null(GET("id=1\0", "idx", 0));
	assert_null(GET("xid=1\0", "id", 0));
}

static void test_text_malformed(void **state)
{
	(void)state;
	assert_null(GET("", "id", 0));
	assert_null(GET("id=1", "id", 0));
	assert_null(GET("id", "id", 0));
	assert_null(GET("id\0", "id", 0));
	assert_null(GET("\0\0\0", "id", 0));
	assert_string_equal(GET("\0=x\0id\0id=2\0", "id", 0), "2");
	assert_string_equal(GET("\0=x\0id\0id=2\0", "", 0), "x");
	assert_string_equal(GET("a=1\0id=3\0id=4", "id", 0), "3");
	assert_null(GET("a=1\0id=3\0id=4", "id", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_encode_limits),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_garbage_around),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_oversized),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_seq_wraps),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
