// SPDX-License-Identifier: GPL-2.0-only
#include "suggest.h"

#include <string.h>

#define WORD_MAX 64

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance; @b is at most WORD_MAX long. */
static unsigned int distance(const char *a, const char *b, size_t nb)
{
	unsigned int row[WORD_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int diag = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < nb; j++) {
			unsigned int up = row[j + 1];

			row[j + 1] = min3(up + 1, row[j] + 1,
					  diag + (a[i] != b[j]));
			diag = up;
		}
	}
	return row[nb];
}

const char *suggest(const char *word, const char *const *names, size_t n)
{
	unsigned int best = strlen(word) / 3 + 2;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);
		unsigned int d;

		if (len > WORD_MAX)
			continue;
		d = distance(word, names[i], len);
		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
