// SPDX-License-Identifier: GPL-2.0-only
/* Kernel configurations: see kconfig.h. */
#include "kconfig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Length of the symbol in "CONFIG_X=..." or "# CONFIG_X is not set", or 0. */
static size_t symbol_in(const char *line, const char **symbol)
{
	if (!strncmp(line, "# ", 2))
		line += 2;
	if (strncmp(line, "CONFIG_", 7))
		return 0;
	*symbol = line + 7;
	return strspn(*symbol, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789_");
}

/* The line of @config about a symbol, without its end, or NULL. */
static const char *find(const char *config, const char *symbol, size_t n,
			size_t *len)
{
	const char *line, *s;

	for (line = config; *line; line += strcspn(line, "\n"),
	     line += *line == '\n') {
		if (symbol_in(line, &s) != n || strncmp(s, symbol, n))
			continue;
		*len = strcspn(line, "\n");
		return line;
	}
	return NULL;
}

/* A symbol that is off need not be mentioned. */
static bool fulfils(const char *config, const char *later, const char *line,
		    size_t len)
{
	const char *symbol = NULL;
	size_t n = symbol_in(line, &symbol);
	const char *have;
	bool off;
	size_t have_len;

	if (!n || find(later, symbol, n, &have_len))
		return true;
	have = find(config, symbol, n, &have_len);
	off = *line == '#' || !strncmp(symbol + n, "=n", 2);
	if (off)
		return !have || *have == '#';
	return have && have_len == len && !strncmp(have, line, len);
}

char *kconfig_lacks(const char *config, const char *fragment,
		    const char *later, unsigned int *number)
{
	const char *line = fragment;
	size_t len;

	for (*number = 1; *line; (*number)++) {
		len = strcspn(line, "\n");
		if (!fulfils(config, later, line, len))
			return strndup(line, len);
		line += len;
		line += *line == '\n';
	}
	return NULL;
}

static bool is_about(const char *line, const struct arms *all)
{
	const char *symbol;
	size_t n = symbol_in(line, &symbol);

	for (size_t i = 0; n && i < all->n; i++)
		if (all->v[i].symbol && strlen(all->v[i].symbol) == n &&
		    !strncmp(symbol, all->v[i].symbol, n))
			return true;
	return false;
}

char *kconfig_switch(const char *config, const struct arms *all,
		     const struct arm *arm)
{
	const char *line = config;
	size_t size, len;
	char *text;
	FILE *f = xmemstream(&text, &size);

	while (*line) {
		len = strcspn(line, "\n");
		len += line[len] == '\n';
		if (!is_about(line, all))
			fwrite(line, 1, len, f);
		line += len;
	}
	if (arm && arm->symbol)
		fprintf(f, "CONFIG_%s=y\n", arm->symbol);
	fclose(f);
	return text;
}
