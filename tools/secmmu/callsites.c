// SPDX-License-Identifier: GPL-2.0-only
#include "callsites.h"

#include <ctype.h>
#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

#define ROUNDS_MAX 8
#define NAME_LEN 128

/*
 * All of core mm, and who could become part of it. Drivers have notifiers, they
 * do not call them.
 */
static const char *const folders[] = {
	"mm", "fs", "kernel", "lib", "ipc", "io_uring", "include", "arch/x86",
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

/* A name whose call is a call of a notifier. */
struct wanted {
	char *name;
	const char *call;
	char *file;		/* the only one where it means that, or NULL */
};

struct scan {
	const char *tree, *overlay;
	struct wanted *wanted;
	size_t n_wanted;
	struct callsites *out;
};

/* These are out of line; the rest is found from here. */
static const struct {
	const char *name, *call;
} roots[] = {
	{ "__mmu_notifier_invalidate_range_start", "invalidate" },
	{ "__mmu_notifier_clear_flush_young", "clear_flush_young" },
	{ "__mmu_notifier_clear_young", "clear_young" },
	{ "__mmu_notifier_test_young", "test_young" },
};

/* @file: where @name was defined; what is in a header is for everybody. */
static void want(struct scan *s, const char *name, const char *call,
		 const char *file)
{
	if (file && ends_with(file, ".h"))
		file = NULL;
	for (size_t i = 0; i < s->n_wanted; i++)
		if (!strcmp(s->wanted[i].name, name) &&
		    s->wanted[i].call == call)
			return;
	s->wanted = xrealloc(s->wanted, (s->n_wanted + 1) * sizeof(*s->wanted));
	s->wanted[s->n_wanted++] = (struct wanted){
		xstrdup(name), call, file ? xstrdup(file) : NULL,
	};
}

static const struct wanted *find_wanted(const struct scan *s, const char *name,
					const char *file, size_t nth)
{
	for (size_t i = 0; i < s->n_wanted; i++) {
		const struct wanted *w = &s->wanted[i];

		if (!strcmp(w->name, name) &&
		    (!w->file || !strcmp(w->file, file)) && !nth--)
			return w;
	}
	return NULL;
}

static void add_site(struct scan *s, const char *file, const char *function,
		     const char *call, unsigned int line)
{
	struct callsites *o = s->out;

	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].call == call && !strcmp(o->v[i].file, file) &&
		    !strcmp(o->v[i].function, function))
			return;
	o->v = xrealloc(o->v, (o->n + 1) * sizeof(*o->v));
	o->v[o->n++] = (struct callsite){
		xstrdup(file), xstrdup(function), call, line,
	};
}

/*
 * C, as far as it is needed. A body begins with a brace in the first column and
 * ends with one, as it does in the kernel: whatever #ifdef does to the braces in
 * between.
 */
struct lexer {
	struct scan *s;
	const char *file;
	const char *p;
	unsigned int line;
	bool bol;		/* nothing but blanks before, on this line */
	bool body;
	/* The declaration at hand, and so the function that it turns out to be. */
	char name[NAME_LEN];
	bool is_inline;
	unsigned int parens;
	char last[NAME_LEN];	/* identifier before the current character */
};

static bool is_inline(const char *s)
{
	return !strcmp(s, "inline") || !strcmp(s, "__inline") ||
	       !strcmp(s, "__inline__") || !strcmp(s, "__always_inline");
}

/* Attributes that look like a function's name. */
static bool is_attribute(const char *s)
{
	static const char *const v[] = {
		"__attribute__", "__printf", "__scanf", "__releases",
		"__acquires", "__must_hold", "__aligned", "__section",
		"__alloc_size", "__cond_acquires", "__no_sanitize",
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (!strcmp(v[i], s))
			return true;
	return false;
}

static void skip_comment(struct lexer *l)
{
	const char *end = strstr(l->p + 2, "*/");

	end = end ? end + 2 : l->p + strlen(l->p);
	for (; l->p < end; l->p++)
		l->line += *l->p == '\n';
}

static void skip_quoted(struct lexer *l)
{
	char quote = *l->p++;

	while (*l->p && *l->p != quote && *l->p != '\n') {
		if (*l->p == '\\' && l->p[1]) {
			l->line += l->p[1] == '\n';
			l->p++;
		}
		l->p++;
	}
	if (*l->p == quote)
		l->p++;
}

/* An identifier's length at @p, or 0. */
static size_t identifier(const char *p)
{
	size_t n = 0;

	if (isdigit((unsigned char)*p))
		return 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static void copy_name(char to[NAME_LEN], const char *p, size_t n)
{
	if (n >= NAME_LEN)
		n = NAME_LEN - 1;
	memcpy(to, p, n);
	to[n] = '\0';
}

/* A macro that calls is as good as what it calls; a plain alias as well. */
static void macro(struct lexer *l, const char *p, const char *end)
{
	char name[NAME_LEN] = "", word[NAME_LEN];
	const struct wanted *w;
	size_t n;

	while (p < end && isspace((unsigned char)*p))
		p++;
	n = identifier(p);
	copy_name(name, p, n);
	p += n;
	while (p < end) {
		n = identifier(p);
		if (!n) {
			p++;
			continue;
		}
		copy_name(word, p, n);
		p += n;
		for (size_t i = 0; (w = find_wanted(l->s, word, l->file, i)); i++)
			want(l->s, name, w->call, l->file);
	}
}

static void preprocessor(struct lexer *l)
{
	const char *end = l->p, *p = l->p + 1;

	while (*end && (*end != '\n' || end[-1] == '\\')) {
		l->line += *end == '\n';
		end++;
	}
	while (*p == ' ' || *p == '\t')
		p++;
	if (!strncmp(p, "define", 6))
		macro(l, p + 6, end);
	l->p = end;
}

static void call(struct lexer *l, const char *name, unsigned int line)
{
	const struct wanted *w;

	for (size_t i = 0; (w = find_wanted(l->s, name, l->file, i)); i++) {
		if (l->is_inline)
			want(l->s, l->name, w->call, l->file);
		else
			add_site(l->s, l->file, l->name, w->call, line);
	}
}

static void word(struct lexer *l)
{
	size_t n = identifier(l->p);
	const char *p = l->p + n;

	copy_name(l->last, l->p, n);
	l->p = p;
	while (*p == ' ' || *p == '\t')
		p++;
	if (l->body) {
		if (*p == '(')
			call(l, l->last, l->line);
	} else if (is_inline(l->last)) {
		l->is_inline = true;
	}
}

static void forget(struct lexer *l)
{
	*l->name = '\0';
	l->is_inline = false;
	l->parens = 0;
}

static void punctuation(struct lexer *l, bool bol)
{
	char c = *l->p++;

	if (l->body) {
		if (c == '}' && bol) {
			l->body = false;
			forget(l);
		}
		return;
	}
	if (c == '(') {
		if (!l->parens++ && !*l->name && !is_attribute(l->last))
			memcpy(l->name, l->last, NAME_LEN);
	} else if (c == ')') {
		l->parens -= l->parens > 0;
	} else if (c == ';' || c == '=' || c == '}') {
		forget(l);
	} else if (c == '{' && bol && *l->name) {
		l->body = true;
	}
	*l->last = '\0';
}

static void scan_text(struct scan *s, const char *file, const char *text)
{
	struct lexer l = { .s = s, .file = file, .p = text, .line = 1,
			   .bol = true };
	const char *start = text;

	while (*l.p) {
		bool column0 = l.p == start;

		if (*l.p == '\n') {
			l.line++;
			start = ++l.p;
			l.bol = true;
			continue;
		}
		if (isspace((unsigned char)*l.p)) {
			l.p++;
			continue;
		}
		if (*l.p == '#' && l.bol)
			preprocessor(&l);
		else if (l.p[0] == '/' && l.p[1] == '*')
			skip_comment(&l);
		else if (l.p[0] == '/' && l.p[1] == '/')
			l.p += strcspn(l.p, "\n");
		else if (*l.p == '"' || *l.p == '\'')
			skip_quoted(&l);
		else if (identifier(l.p))
			word(&l);
		else if (isdigit((unsigned char)*l.p))
			l.p += strspn(l.p, "0123456789abcdefABCDEFxXuUlL.");
		else
			punctuation(&l, column0);
		l.bol = false;
	}
}

static int scan_file(struct scan *s, const char *root, const char *file)
{
	char *path = xasprintf("%s/%s", root, file);
	char *text = read_file(path, NULL);
	bool any = false;

	free(path);
	if (!text)
		return -1;
	/* Most files have nothing to do with it. */
	for (size_t i = 0; i < s->n_wanted && !any; i++)
		any = strstr(text, s->wanted[i].name);
	if (any)
		scan_text(s, file, text);
	free(text);
	return 0;
}

/* Files that are in @other as well are left to it. */
static int scan_folder(struct scan *s, const char *root, const char *folder,
		       const char *other)
{
	char *path = xasprintf("%s/%s", root, folder);
	char *const paths[] = { path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int ret = fts ? 0 : -1;
	FTSENT *e;

	while (!ret && (e = fts_read(fts))) {
		const char *file = e->fts_path + strlen(root) + 1;
		char *there;

		if (e->fts_info != FTS_F ||
		    !(ends_with(file, ".c") || ends_with(file, ".h")))
			continue;
		there = other ? xasprintf("%s/%s", other, file) : NULL;
		if (!there || !path_exists(there))
			ret = scan_file(s, root, file);
		free(there);
	}
	if (fts)
		fts_close(fts);
	free(path);
	return ret;
}

static int scan_all(struct scan *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		if (scan_folder(s, s->tree, folders[i], s->overlay) ||
		    (s->overlay && scan_folder(s, s->overlay, folders[i], NULL)))
			return -1;
	}
	return 0;
}

static size_t rank(const char *call)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(roots) && roots[i].call != call)
		i++;
	return i;
}

static int compare(const void *pa, const void *pb)
{
	const struct callsite *a = pa, *b = pb;
	int c;

	if (a->call != b->call)
		return rank(a->call) < rank(b->call) ? -1 : 1;
	c = strcmp(a->file, b->file);
	if (c)
		return c;
	return a->line < b->line ? -1 : a->line > b->line;
}

int callsites_find(const char *tree, const char *overlay, struct callsites *out)
{
	struct scan s = { .tree = tree, .overlay = overlay, .out = out };
	size_t before = 0;
	int ret = 0;

	*out = (struct callsites){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		want(&s, roots[i].name, roots[i].call, NULL);
	/* Inline functions call inline functions, of other files. */
	for (int i = 0; !ret && before != s.n_wanted && i < ROUNDS_MAX; i++) {
		before = s.n_wanted;
		ret = scan_all(&s);
	}
	if (!ret && !out->n) {
		err("%s: no call of an MMU notifier in it: is it a kernel tree?",
		    tree);
		ret = -1;
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare);
	for (size_t i = 0; i < s.n_wanted; i++) {
		free(s.wanted[i].name);
		free(s.wanted[i].file);
	}
	free(s.wanted);
	if (ret)
		callsites_free(out);
	return ret;
}

void callsites_free(struct callsites *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].file);
		free(c->v[i].function);
	}
	free(c->v);
	free(c->kernel);
	*c = (struct callsites){ 0 };
}
