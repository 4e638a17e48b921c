// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames from the guest: in one piece and byte by byte they must mean the same,
 * and no byte is both in a frame and garbage.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct sum {
	uint64_t frames, bytes, hash;
};

static void add(struct sum *s, const struct frame *f)
{
	static const char *const keys[] = { "id", "status", "", "argv" };

	s->frames++;
	s->bytes += FRAME_HDR_SIZE + f->len;
	s->hash = s->hash * 31 + f->type * 7u + f->seq;
	for (uint32_t i = 0; i < f->len; i++)
		s->hash = s->hash * 31 + f->data[i];
	/* A value ends within the payload. */
	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
		for (unsigned int n = 0; n < 3; n++) {
			const char *v = frame_text_get(f->data, f->len, keys[k],
						       n);

			if (v && (const uint8_t *)v + strlen(v) >= f->data + f->len)
				abort();
		}
}

static void feed(struct frame_reader *r, struct sum *s, const uint8_t *data,
		 size_t len, size_t portion)
{
	struct frame f;
	uint8_t *to;
	size_t room;

	while (len) {
		to = frame_reader_space(r, &room);
		if (!to || !room)
			abort();
		if (room > portion)
			room = portion;
		if (room > len)
			room = len;
		memcpy(to, data, room);
		frame_reader_fed(r, room);
		data += room;
		len -= room;
		while (frame_reader_next(r, &f))
			add(s, &f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct frame_reader a = { 0 }, b = { 0 };
	struct sum sa = { 0 }, sb = { 0 };

	feed(&a, &sa, data, len, SIZE_MAX);
	feed(&b, &sb, data, len, 1);
	if (memcmp(&sa, &sb, sizeof(sa)) || a.garbage != b.garbage ||
	    a.gaps != b.gaps)
		abort();
	if (sa.bytes + a.garbage + (a.used - a.pos) != len)
		abort();
	frame_reader_free(&a);
	frame_reader_free(&b);
	return 0;
}
