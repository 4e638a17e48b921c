/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for JSON and XML, whatever bytes it was made of. */
#ifndef SECMMU_UTF8_H
#define SECMMU_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What takes the place of bytes that are no character. */
#define UTF8_REPLACEMENT 0xfffdu

/**
 * utf8_next - the next character
 * @s: NUL-terminated; not at its end
 * @c: set; UTF8_REPLACEMENT for a byte that begins no character, an overlong
 *	form, half of a surrogate pair and what is beyond Unicode
 *
 * Return: the bytes it takes, 1 to 4.
 */
size_t utf8_next(const char *s, uint32_t *c);

/**
 * utf8_clean - a copy that is UTF-8 without control characters; free() it
 *
 * Newline and tab are kept.
 */
char *utf8_clean(const char *s);

/** utf8_xml - write text of an element or attribute of XML 1.0 */
void utf8_xml(FILE *f, const char *s);

#endif
