/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames between guest and host over a virtio-serial port: see
 * docs/contracts.md, section 2. Shared by tools/guest and tools/secmmu.
 */
#ifndef SECMMU_FRAME_H
#define SECMMU_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC	0x31464d53u
#define FRAME_HDR_SIZE	20u
#define FRAME_MAX	65536u
#define FRAME_PROTO	1

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_REPLY = 2,
	FRAME_OUT = 3,
	FRAME_SAMPLES = 4,
	FRAME_TRACEMETA = 5,
	FRAME_TRACE = 6,
	FRAME_ALIVE = 7,
	FRAME_LOG = 8,
	FRAME_PERF = 9,
	FRAME_LOAD = 16,
	FRAME_UNLOAD = 17,
	FRAME_RUN = 18,
	FRAME_SHELL = 19,
	FRAME_POWEROFF = 20,
	FRAME_MIXED = 21,
	FRAME_STOP = 22,
};

/* What PID 1 says in the kernel's log when it has had a STOP. */
#define STOP_WORDS "stop: the host ends request"

/* What a PERF frame is a piece of. */
enum frame_perf_part {
	PERF_PART_DATA,		/* perf.data */
	PERF_PART_MODULES,	/* lines of /proc/kallsyms of modules */
	PERF_PARTS
};

/* One received frame; @data points into the reader's buffer. */
struct frame {
	uint16_t type;
	uint32_t seq;
	uint32_t len;
	const uint8_t *data;
};

/* Incremental reader. Zero-initialise; free with frame_reader_free(). */
struct frame_reader {
	uint8_t *buf;
	size_t used;
	size_t pos;
	uint32_t next_seq;
	uint64_t garbage;	/* bytes that belonged to no frame */
	uint64_t gaps;		/* frames missing, by sequence number */
	uint64_t credit;	/* bytes of failed checksums still allowed */
};

/**
 * frame_encode_header - fill in the 20 byte header of a frame
 * @hdr: where to put it
 * @type: enum frame_type
 * @seq: the sender's running number
 * @data: payload
 * @len: its length in bytes, at most FRAME_MAX
 *
 * Return: 0, or -1 if @len is too large.
 */
int frame_encode_header(uint8_t hdr[FRAME_HDR_SIZE], uint16_t type,
			uint32_t seq, const void *data, uint32_t len);

/**
 * frame_reader_space - where to put received bytes
 * @r: the reader
 * @room: set to the number of bytes that fit
 *
 * Invalidates the frame returned last. There is always room once
 * frame_reader_next() has returned 0.
 *
 * Return: a pointer, or NULL (and no room) if memory is short or the buffer
 * is full of frames not yet taken.
 */
uint8_t *frame_reader_space(struct frame_reader *r, size_t *room);

/** frame_reader_fed - say how many bytes were put there. */
void frame_reader_fed(struct frame_reader *r, size_t n);

/**
 * frame_reader_next - take the next whole frame
 * @r: the reader
 * @f: filled in; @f->data is valid until the next call on @r
 *
 * Skips and counts whatever is not a frame. Types are not judged. At the end
 * of the stream, @r->used - @r->pos bytes are a frame cut short.
 *
 * Return: 1 with a frame, 0 when more bytes are needed.
 */
int frame_reader_next(struct frame_reader *r, struct frame *f);

/** frame_reader_free - release the buffer; the counts stay. */
void frame_reader_free(struct frame_reader *r);

/**
 * frame_text_get - value of @key in a text payload
 * @data: payload of NUL-ended "key=value" strings
 * @len: its length; a last string without NUL is ignored
 * @key: the key
 * @nth: 0 for its first occurrence, 1 for the second, and so on
 *
 * Return: pointer to the value inside @data, or NULL.
 */
const char *frame_text_get(const uint8_t *data, size_t len, const char *key,
			   unsigned int nth);

#endif
