// SPDX-License-Identifier: GPL-2.0-only
#include "utf8.h"

#include <stdbool.h>
#include <stdlib.h>

#include "util.h"

size_t utf8_next(const char *s, uint32_t *c)
{
	/* The least value that needs that many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char b = (unsigned char)*s;
	size_t n = b < 0x80 ? 1 : b < 0xc0 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 :
		   b < 0xf8 ? 4 : 0;
	uint32_t v = n < 2 ? b : b & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			n = 0;
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (!n || v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000)) {
		*c = UTF8_REPLACEMENT;
		return 1;
	}
	*c = v;
	return n;
}

/* What JSON and XML both have a place for. */
static bool is_text(uint32_t c)
{
	if (c < 0x20)
		return c == '\n' || c == '\t';
	return (c < 0x7f || c >= 0xa0) && c != 0xfffe && c != 0xffff;
}

static void put(FILE *f, uint32_t c)
{
	if (!is_text(c))
		c = UTF8_REPLACEMENT;
	if (c < 0x80) {
		fputc((int)c, f);
		return;
	}
	if (c < 0x800) {
		fputc((int)(0xc0 | c >> 6), f);
	} else {
		if (c < 0x10000) {
			fputc((int)(0xe0 | c >> 12), f);
		} else {
			fputc((int)(0xf0 | c >> 18), f);
			fputc((int)(0x80 | (c >> 12 & 0x3f)), f);
		}
		fputc((int)(0x80 | (c >> 6 & 0x3f)), f);
	}
	fputc((int)(0x80 | (c & 0x3f)), f);
}

char *utf8_clean(const char *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t c;

	if (!f)
		abort();
	while (*s) {
		s += utf8_next(s, &c);
		put(f, c);
	}
	fclose(f);
	return text;
}

void utf8_xml(FILE *f, const char *s)
{
	uint32_t c;

	while (*s) {
		s += utf8_next(s, &c);
		switch (c) {
		case '&': fputs("&amp;", f); break;
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '"': fputs("&quot;", f); break;
		/* In an attribute they would be read as blanks. */
		case '\n': fputs("&#10;", f); break;
		case '\t': fputs("&#9;", f); break;
		default: put(f, c); break;
		}
	}
}
