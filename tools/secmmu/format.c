// SPDX-License-Identifier: GPL-2.0-only
#include "format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ringbuf.h"

#define FIELD	"\tfield:"

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

/* A number of at most 5 digits and what follows it. */
static const char *read_number(const char *s, unsigned int *v, char end)
{
	size_t n = strspn(s, "0123456789");

	if (!n || n > 5 || s[n] != end)
		return NULL;
	*v = (unsigned int)strtoul(s, NULL, 10);
	return s + n + 1;
}

int format_id(const char *text, unsigned int *id)
{
	for (const char *l = text; l; l = next_line(l)) {
		if (strncmp(l, "ID: ", 4))
			continue;
		if (!read_number(l + 4, id, '\n') || !*id || *id > UINT16_MAX)
			return -1;
		return 0;
	}
	return -1;
}

/* The name is the last word of the declaration: "unsigned long ip". */
static bool is_field(const char *declaration, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || strncmp(declaration + len - n, name, n))
		return false;
	return strchr(" *", declaration[len - n - 1]);
}

/* Reads "offset:8;\tsize:8;\tsigned:0;". */
static int read_place(const char *s, struct field *f)
{
	unsigned int offset, size;

	if (strncmp(s, "\toffset:", 8))
		return -1;
	s = read_number(s + 8, &offset, ';');
	if (!s || strncmp(s, "\tsize:", 6))
		return -1;
	s = read_number(s + 6, &size, ';');
	if (!s || (size != 4 && size != 8) ||
	    offset + size > RINGBUF_PAGE_MAX)
		return -1;
	*f = (struct field){ offset, size };
	return 0;
}

int format_field(const char *text, const char *name, struct field *f)
{
	*f = (struct field){ 0 };
	for (const char *l = text; l; l = next_line(l)) {
		size_t len;

		if (strncmp(l, FIELD, strlen(FIELD)))
			continue;
		l += strlen(FIELD);
		len = strcspn(l, ";\n");
		if (is_field(l, len, name))
			return l[len] == ';' ? read_place(l + len + 1, f) : -1;
	}
	return 0;
}
