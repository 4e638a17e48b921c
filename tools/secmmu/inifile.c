// SPDX-License-Identifier: GPL-2.0-only
#include "inifile.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define SECTION_MAX 48	/* inih cuts longer ones off without a word */

struct parser {
	struct inifile *file;
	const char *next;	/* the text from here on is unread */
	unsigned int line;	/* number of the line read last */
	bool indented;
	unsigned int bad_line;	/* of the first error, 0: none */
	char *error;
};

static void bad(struct parser *p, char *msg)
{
	if (p->error) {
		free(msg);
		return;
	}
	p->error = msg;
	p->bad_line = p->line;
}

static struct ini_section *find_section(const struct inifile *f,
					const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->sections[i].name, name))
			return &f->sections[i];
	return NULL;
}

const struct ini_entry *inifile_get(const struct ini_section *s,
				    const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->entries[i].key, key))
			return &s->entries[i];
	return NULL;
}

/* inih tells of keys only; a section without keys must not go unnoticed. */
static void open_section(struct parser *p, const char *line)
{
	size_t len = strcspn(line + 1, "]");
	struct inifile *f = p->file;
	struct ini_section *s;
	const char *end;
	char *name;

	if (line[len + 1] != ']')
		return;		/* inih will complain */
	end = line + len + 2 + strspn(line + len + 2, " \t");
	if (*end && *end != ';') {
		bad(p, xasprintf("'%s' after the section's name", end));
		return;
	}
	if (len > SECTION_MAX) {
		bad(p, xasprintf("the section's name is longer than %d",
				 SECTION_MAX));
		return;
	}
	name = xasprintf("%.*s", (int)len, line + 1);
	s = find_section(f, name);
	if (s) {
		bad(p, xasprintf("section [%s] was already opened in line %u",
				 name, s->line));
		free(name);
		return;
	}
	f->sections = xrealloc(f->sections, (f->n + 1) * sizeof(*s));
	f->sections[f->n++] = (struct ini_section){
		.name = name,
		.line = p->line,
	};
}

static void check_line(struct parser *p, const char *line)
{
	const char *start = line + strspn(line, " \t");

	p->indented = start > line && *start;
	for (const char *c = line; *c; c++) {
		if (iscntrl((unsigned char)*c) && *c != '\t') {
			bad(p, xasprintf("control character 0x%02x",
					 (unsigned char)*c));
			return;
		}
	}
	if (*start != '[')
		return;
	if (p->indented)
		bad(p, xstrdup("a section must not be indented"));
	else
		open_section(p, line);
}

/* fgets() for inih, which counts lines and looks at them first. */
static char *read_line(char *buf, int size, void *stream)
{
	struct parser *p = stream;
	size_t len = strcspn(p->next, "\n");
	size_t copy = len;

	if (!*p->next)
		return NULL;
	p->line++;
	if (len && p->next[len - 1] == '\r')
		copy--;
	if (copy >= (size_t)size) {
		bad(p, xasprintf("longer than %d characters; go on in an indented line below",
				 size - 1));
		copy = 0;
	}
	memcpy(buf, p->next, copy);
	buf[copy] = '\0';
	p->next += len + (p->next[len] == '\n');
	check_line(p, buf);
	return buf;
}

static void append(struct ini_entry *e, const char *value)
{
	char *joined = xasprintf("%s %s", e->value, value);

	free(e->value);
	e->value = joined;
}

static int on_key(void *user, const char *section, const char *key,
		  const char *value)
{
	struct parser *p = user;
	struct ini_section *s = find_section(p->file, section);
	const struct ini_entry *old;

	if (p->error)
		return 1;
	if (!s) {
		bad(p, xasprintf("'%s' stands before the first [section]", key));
		return 1;
	}
	if (!*value) {
		bad(p, xasprintf("%s: has no value", key));
		return 1;
	}
	old = inifile_get(s, key);
	if (old && p->indented && old == &s->entries[s->n - 1]) {
		append(&s->entries[s->n - 1], value);
		return 1;
	}
	if (old) {
		bad(p, xasprintf("%s: was already set in line %u", key,
				 old->line));
		return 1;
	}
	s->entries = xrealloc(s->entries, (s->n + 1) * sizeof(*s->entries));
	s->entries[s->n++] = (struct ini_entry){
		.key = xstrdup(key),
		.value = xstrdup(value),
		.line = p->line,
	};
	return 1;
}

int inifile_load(const char *path, struct inifile *f)
{
	struct parser p = { .file = f };
	size_t len;
	char *text;
	int line = 0;

	*f = (struct inifile){ 0 };
	text = read_file(path, &len);
	if (!text)
		return -1;
	p.next = text;
	if (!strncmp(text, "\xef\xbb\xbf", 3))
		p.next += 3;
	if (strlen(text) != len) {
		p.line = 1;
		for (const char *c = text; *c; c++)
			p.line += *c == '\n';
		bad(&p, xstrdup("NUL byte"));
	} else {
		line = ini_parse_stream(read_line, &p, on_key, &p);
	}
	if (line > 0 && (!p.error || (unsigned int)line < p.bad_line)) {
		free(p.error);
		p.error = xstrdup("neither [section] nor key = value");
		p.bad_line = line;
	}
	if (p.error)
		err("%s:%u: %s", path, p.bad_line, p.error);
	free(text);
	free(p.error);
	return p.bad_line ? -1 : 0;
}

void inifile_free(struct inifile *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct ini_section *s = &f->sections[i];

		for (size_t k = 0; k < s->n; k++) {
			free(s->entries[k].key);
			free(s->entries[k].value);
		}
		free(s->entries);
		free(s->name);
	}
	free(f->sections);
	*f = (struct inifile){ 0 };
}
