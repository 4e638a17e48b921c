// SPDX-License-Identifier: GPL-2.0-only
#include "symbols.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct symbol {
	uint64_t addr;
	const char *name;	/* in the text */
};

struct symbols {
	char *text;
	struct symbol *v;	/* by address, as in the file */
	size_t n;
	uint64_t etext;		/* end of the image's code */
};

/* "ffffffff81000000 T _text"; @name is ended where a suffix begins. */
static bool parse_line(char *line, uint64_t *addr, char *type, char **name)
{
	char *end;

	*addr = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1] || end[2] != ' ' || !end[3])
		return false;
	*type = end[1];
	*name = end + 3;
	/* A local label of assembler code begins with the dot. */
	(*name)[1 + strcspn(*name + 1, ".")] = '\0';
	return true;
}

static bool is_function(char type, const char *name)
{
	/* __pfx_ is the padding in front of a function. */
	return strchr("tTwW", type) && *name != '.' &&
	       strncmp(name, "__pfx_", 6);
}

static void add(struct symbols *s, uint64_t addr, const char *name)
{
	/* Aliases: the first will do. */
	if (s->n && s->v[s->n - 1].addr == addr)
		return;
	if (!(s->n & (s->n - 1)))
		s->v = xrealloc(s->v, (s->n ? s->n * 2 : 1) * sizeof(*s->v));
	s->v[s->n++] = (struct symbol){ addr, name };
}

static int parse(struct symbols *s, const char *path)
{
	unsigned int line_no = 0;
	char *rest = s->text;
	char *line, *name;
	uint64_t addr;
	char type;

	while ((line = strsep(&rest, "\n"))) {
		line_no++;
		if (!*line)
			continue;
		if (!parse_line(line, &addr, &type, &name)) {
			err("%s:%u: is no line of a System.map", path, line_no);
			return -1;
		}
		if (!strcmp(name, "_etext"))
			s->etext = addr;
		if (!is_function(type, name))
			continue;
		if (s->n && addr < s->v[s->n - 1].addr) {
			err("%s:%u: addresses are not in order", path, line_no);
			return -1;
		}
		add(s, addr, name);
	}
	if (s->etext)
		return 0;
	err("%s: has no _etext, it is no System.map", path);
	return -1;
}

struct symbols *symbols_load(const char *path)
{
	struct symbols *s = xcalloc(1, sizeof(*s));

	s->text = read_file(path, NULL);
	if (s->text && !parse(s, path))
		return s;
	symbols_free(s);
	return NULL;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	free(s->text);
	free(s->v);
	free(s);
}

const char *symbols_find(const struct symbols *s, uint64_t addr)
{
	size_t lo = 0, hi = s->n;

	if (addr >= s->etext)
		return NULL;
	/* The last symbol at or below @addr is the one before @lo. */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? s->v[lo - 1].name : NULL;
}
