/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples of a selftest (contract 3); they come from the guest. */
#ifndef SECMMU_SAMPLEFILE_H
#define SECMMU_SAMPLEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_NAME_MAX	40

struct sample {
	const char *event;	/* belongs to the sample file */
	uint32_t seq;
	uint32_t tid;
	uint64_t start_ns;	/* CLOCK_MONOTONIC of the guest */
	uint64_t end_ns;
	uint64_t addr;
	uint64_t size;		/* bytes */
	uint64_t page_size;	/* bytes */
	uint32_t vcpus;
};

struct samplefile;

/** valid_event_name - [a-z0-9_], 1 to EVENT_NAME_MAX characters. */
bool valid_event_name(const char *s);

/** samplefile_new - a parser for one sample file. */
struct samplefile *samplefile_new(void);

/** samplefile_free - NULL is allowed; the samples go as well. */
void samplefile_free(struct samplefile *f);

/**
 * samplefile_feed - parse the next bytes, in any portions
 *
 * Return: 0, or -1 if the file is malformed; it stays so.
 */
int samplefile_feed(struct samplefile *f, const void *data, size_t len);

/**
 * samplefile_end - the file has ended
 *
 * Return: 0, or -1 if it is malformed, cut off in a line, or empty.
 */
int samplefile_end(struct samplefile *f);

/** samplefile_error - one line that says what is wrong, or NULL. */
const char *samplefile_error(const struct samplefile *f);

/** samplefile_samples - those before the first error; @n is set. */
const struct sample *samplefile_samples(const struct samplefile *f, size_t *n);

#endif
