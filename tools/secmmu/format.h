/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The format of a trace event, events/SYSTEM/EVENT/format in tracefs.
 *
 * Only where its fields stand: not how it is printed, which is a language of
 * its own. libtraceevent reads both, and leaks memory on malformed formats;
 * these come from a guest.
 */
#ifndef SECMMU_FORMAT_H
#define SECMMU_FORMAT_H

#include <stddef.h>

/* Where a field stands in the event, in bytes; a size of 0: there is none. */
struct field {
	unsigned int offset;
	unsigned int size;
};

/**
 * format_id - number of the event in the ring buffer, 1 to 65535
 * @text: the format, NUL-terminated
 *
 * Return: 0, or -1 if @text has no valid one.
 */
int format_id(const char *text, unsigned int *id);

/**
 * format_field - find a field of 4 or 8 bytes
 * @text: the format, NUL-terminated
 * @name: the field's name
 * @f: filled in; all 0 if there is no such field
 *
 * Return: 0, or -1 if the line of the field is malformed.
 */
int format_field(const char *text, const char *name, struct field *f);

#endif
