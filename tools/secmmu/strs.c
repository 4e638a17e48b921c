// SPDX-License-Identifier: GPL-2.0-only
#include "strs.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

void strs_add(struct strs *s, const char *word, size_t len)
{
	s->v = xrealloc(s->v, (s->n + 2) * sizeof(*s->v));
	s->v[s->n++] = xasprintf("%.*s", (int)len, word);
	s->v[s->n] = NULL;
}

void strs_push(struct strs *s, const char *word)
{
	strs_add(s, word, strlen(word));
}

void strs_push_all(struct strs *s, const struct strs *words)
{
	for (size_t i = 0; i < words->n; i++)
		strs_push(s, words->v[i]);
}

void strs_free(struct strs *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strs){ 0 };
}

struct strs strs_split(const char *text, const char *separators)
{
	struct strs s = { 0 };
	size_t len;

	for (;;) {
		text += strspn(text, separators);
		len = strcspn(text, separators);
		if (!len)
			return s;
		strs_add(&s, text, len);
		text += len;
	}
}

bool strs_has(const struct strs *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], word))
			return true;
	return false;
}

const char *strs_repeated(const struct strs *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(s->v[i], s->v[k]))
				return s->v[i];
	return NULL;
}

char *strs_join(const struct strs *s)
{
	size_t len = 1;
	char *text, *end;

	for (size_t i = 0; i < s->n; i++)
		len += strlen(s->v[i]) + 1;
	text = xcalloc(1, len);
	end = text;
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			*end++ = ' ';
		end = stpcpy(end, s->v[i]);
	}
	return text;
}
