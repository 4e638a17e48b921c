/* SPDX-License-Identifier: GPL-2.0-only */
/* The known name that somebody probably meant. */
#ifndef SECMMU_SUGGEST_H
#define SECMMU_SUGGEST_H

#include <stddef.h>

/**
 * suggest - the name nearest to a misspelt one
 * @word: what was written
 * @names: known names
 * @n: how many
 *
 * Return: one of @names, or NULL when none is near.
 */
const char *suggest(const char *word, const char *const *names, size_t n);

#endif
