// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames between guest and host: docs/contracts.md, section 2.
 *
 * Neither side trusts the other's bytes. The reader costs O(1) per byte fed,
 * whatever the bytes are: see @credit.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "frame.h"

#define FRAME_SIZE (FRAME_HDR_SIZE + FRAME_MAX)
#define READER_SIZE (4u * FRAME_SIZE)
/* Bytes of failed checksums paid for by one received byte. */
#define CREDIT_PER_BYTE 8u

struct header {
	uint32_t magic;
	uint16_t type;
	uint16_t flags;
	uint32_t seq;
	uint32_t len;
	uint32_t crc;
};

_Static_assert(sizeof(struct header) == FRAME_HDR_SIZE, "header has holes");

static const uint8_t magic_bytes[4] = { 'S', 'M', 'F', '1' };

static uint32_t frame_crc(const uint8_t *hdr, const void *data, uint32_t len)
{
	uLong crc = crc32(0, hdr, offsetof(struct header, crc));

	return len ? crc32(crc, data, len) : crc;
}

int frame_encode_header(uint8_t hdr[FRAME_HDR_SIZE], uint16_t type,
			uint32_t seq, const void *data, uint32_t len)
{
	struct header h = {
		.magic = htole32(FRAME_MAGIC),
		.type = htole16(type),
		.seq = htole32(seq),
		.len = htole32(len),
	};

	if (len > FRAME_MAX)
		return -1;
	memcpy(hdr, &h, sizeof(h));
	h.crc = htole32(frame_crc(hdr, data, len));
	memcpy(hdr, &h, sizeof(h));
	return 0;
}

uint8_t *frame_reader_space(struct frame_reader *r, size_t *room)
{
	*room = 0;
	if (!r->buf) {
		r->buf = malloc(READER_SIZE);
		if (!r->buf)
			return NULL;
		r->used = 0;
		r->pos = 0;
	}
	/*
	 * Move what is left only when room for a frame is short: less than a
	 * frame is left of at least three, so every byte moves once at most.
	 */
	if (READER_SIZE - r->used < FRAME_SIZE && r->pos) {
		memmove(r->buf, r->buf + r->pos, r->used - r->pos);
		r->used -= r->pos;
		r->pos = 0;
	}
	*room = READER_SIZE - r->used;
	return *room ? r->buf + r->used : NULL;
}

void frame_reader_fed(struct frame_reader *r, size_t n)
{
	r->used += n;
	r->credit += (uint64_t)n * CREDIT_PER_BYTE;
}

static void skip(struct frame_reader *r, size_t n)
{
	r->pos += n;
	r->garbage += n;
}

/* Skip to the next magic, or what may become one. Return: bytes from there. */
static size_t find_magic(struct frame_reader *r)
{
	while (r->pos < r->used) {
		const uint8_t *from = r->buf + r->pos;
		size_t left = r->used - r->pos;
		const uint8_t *hit = memchr(from, magic_bytes[0], left);
		size_t n;

		if (!hit) {
			skip(r, left);
			break;
		}
		skip(r, hit - from);
		left = r->used - r->pos;
		n = left < sizeof(magic_bytes) ? left : sizeof(magic_bytes);
		if (!memcmp(hit, magic_bytes, n))
			return left;
		skip(r, 1);
	}
	return 0;
}

static void count_gap(struct frame_reader *r, uint32_t seq)
{
	uint32_t missing = seq - r->next_seq;

	/* A number that went back tells of one break, not of 4 billion. */
	if (missing)
		r->gaps += missing < UINT32_MAX / 2 ? missing : 1;
	r->next_seq = seq + 1;
}

/*
 * A header whose checksum is wrong may have swallowed good frames, so search
 * right behind its magic; but a stream of such headers would make us checksum
 * each byte thousands of times, so once the credit is gone skip all it claims.
 */
static void skip_bad_crc(struct frame_reader *r, uint32_t len)
{
	if (r->credit < len) {
		skip(r, FRAME_HDR_SIZE + len);
		return;
	}
	r->credit -= len;
	skip(r, 1);
}

int frame_reader_next(struct frame_reader *r, struct frame *f)
{
	struct header h;
	const uint8_t *p;
	size_t left;

	while ((left = find_magic(r)) >= FRAME_HDR_SIZE) {
		p = r->buf + r->pos;
		memcpy(&h, p, sizeof(h));
		h.len = le32toh(h.len);
		if (h.flags || h.len > FRAME_MAX) {
			skip(r, 1);
			continue;
		}
		if (left < FRAME_HDR_SIZE + h.len)
			return 0;
		if (frame_crc(p, p + FRAME_HDR_SIZE, h.len) != le32toh(h.crc)) {
			skip_bad_crc(r, h.len);
			continue;
		}
		f->type = le16toh(h.type);
		f->seq = le32toh(h.seq);
		f->len = h.len;
		f->data = p + FRAME_HDR_SIZE;
		count_gap(r, f->seq);
		r->pos += FRAME_HDR_SIZE + h.len;
		return 1;
	}
	return 0;
}

void frame_reader_free(struct frame_reader *r)
{
	free(r->buf);
	r->buf = NULL;
	r->used = 0;
	r->pos = 0;
}

const char *frame_text_get(const uint8_t *data, size_t len, const char *key,
			   unsigned int nth)
{
	size_t klen = strlen(key);
	const char *s = (const char *)data;
	const char *end;
	size_t n;

	for (; len && (end = memchr(s, '\0', len)); s += n, len -= n) {
		n = end - s + 1;
		/* s[klen] exists: the NUL at the latest. */
		if (n > klen && !memcmp(s, key, klen) && s[klen] == '=' &&
		    !nth--)
			return s + klen + 1;
	}
	return NULL;
}
