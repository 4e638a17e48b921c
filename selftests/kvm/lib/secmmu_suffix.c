// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ends of events' names: see secmmu_suffix.h.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmmu.h"
#include "secmmu_suffix.h"

/* What follows the word that @text begins with, if it does. */
static const char *parse_word(const char *text, struct secmmu_suffix *s)
{
	uint32_t i;
	size_t len;

	s->word = 0;
	for (i = 0; *text == '_' && s->words && s->words[i]; i++) {
		len = strlen(s->words[i]);
		if (strncmp(text + 1, s->words[i], len) ||
		    (text[1 + len] && text[1 + len] != '_'))
			continue;
		s->word = i + 1;
		return text + 1 + len;
	}
	return text;
}

bool secmmu_parse_suffix(const char *text, struct secmmu_suffix *s)
{
	const char *p = text;
	uint64_t n, max;
	char *end;

	s->rate = 0;
	s->memslots = 0;
	/* Room for any event's own name is left. */
	if (strlen(text) >= sizeof(s->text) / 2)
		return false;
	for (p = parse_word(p, s); *p; p = end) {
		if (p[0] != '_' || (p[1] != 'r' && p[1] != 'm') || !isdigit(p[2]))
			return false;
		max = p[1] == 'r' ? s->max_rate : s->max_memslots;
		n = strtoull(p + 2, &end, 10);
		if (!n || n > max)
			return false;
		if (p[1] == 'r')
			s->rate = n;
		else
			s->memslots = n;
	}
	strcpy(s->text, text);
	return true;
}

uint32_t secmmu_find_suffixed(const char *name, const void *table, size_t size,
			      uint32_t nr, const char *before, struct secmmu_suffix *s)
{
	const char *own;
	uint32_t i;
	size_t len;

	for (i = 0; i < nr; i++) {
		own = secmmu_entry(table, size, i)->name;
		len = strlen(own);
		if (!strncmp(name, own, len) && secmmu_parse_suffix(name + len, s))
			break;
	}
	if (i < nr && before && strcmp(before, s->text))
		secmmu_usage_error("-e: '%s' is measured apart from the events before it, which end in '%s'",
				   name, before);
	return i;
}
