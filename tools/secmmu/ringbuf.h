/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sub-buffers of the kernel's trace ring buffer (kernel/trace/ring_buffer.c,
 * linux/ring_buffer.h), 64 bit and little endian.
 *
 * libtraceevent's kbuffer walks them as well, but believes every length in
 * them; these come from a guest. The unit test holds the two together on
 * pages of a real kernel.
 */
#ifndef SECMMU_RINGBUF_H
#define SECMMU_RINGBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RINGBUF_PAGE_MIN 4096u
#define RINGBUF_PAGE_MAX 65536u

struct ringbuf_page {
	uint64_t ns;		/* time stamp of the page */
	bool missed;		/* events are missing before the first one */
	uint64_t n_missed;	/* how many, 0: not known */
};

/**
 * ringbuf_walk - call @fn for each event of a sub-buffer
 * @page: the sub-buffer
 * @len: its length in bytes
 * @info: filled in before the first call of @fn
 * @fn: gets the time, the event (all of its @size bytes can be read) and @arg
 *
 * Return: 0, or -1 if the sub-buffer is malformed; @fn was called for the
 * events before the damage.
 */
int ringbuf_walk(const void *page, size_t len, struct ringbuf_page *info,
		 void (*fn)(uint64_t ns, const uint8_t *event, size_t size,
			    void *arg),
		 void *arg);

#endif
