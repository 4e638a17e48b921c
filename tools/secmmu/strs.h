/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of strings. */
#ifndef SECMMU_STRS_H
#define SECMMU_STRS_H

#include <stdbool.h>
#include <stddef.h>

/* @v ends with a NULL beside the @n strings, unless it is empty and NULL. */
struct strs {
	char **v;
	size_t n;
};

/** strs_add - append a copy of the first @len bytes of @word. */
void strs_add(struct strs *s, const char *word, size_t len);

/** strs_push - append a copy of the whole of @word. */
void strs_push(struct strs *s, const char *word);

/** strs_push_all - append copies of all @words. */
void strs_push_all(struct strs *s, const struct strs *words);

/** strs_free - free the strings; the list is empty then. */
void strs_free(struct strs *s);

/** strs_split - the words of @text between any of @separators. */
struct strs strs_split(const char *text, const char *separators);

/** strs_has - whether @word is one of the strings. */
bool strs_has(const struct strs *s, const char *word);

/** strs_repeated - the first string that is there twice, or NULL. */
const char *strs_repeated(const struct strs *s);

/** strs_join - "a b c"; free() it. */
char *strs_join(const struct strs *s);

#endif
