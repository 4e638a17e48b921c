// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a plan and what values they may have. */
#include "plan_keys.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "samplefile.h"
#include "suggest.h"
#include "util.h"

#define PROGRAM_MAX	64
#define BLANKS		" \t"

int plan_bad(const struct plan_loc *l, const char *fmt, ...)
{
	va_list ap;
	char *msg;

	va_start(ap, fmt);
	if (vasprintf(&msg, fmt, ap) < 0)
		msg = NULL;
	va_end(ap);
	if (!l->path)
		err("%s: %s", l->key, msg ? msg : fmt);
	else if (!l->key)
		err("%s:%u: %s", l->path, l->line, msg ? msg : fmt);
	else
		err("%s:%u: %s: %s", l->path, l->line, l->key, msg ? msg : fmt);
	free(msg);
	return -1;
}

int plan_bad_word(const struct plan_loc *l, const char *what, const char *word,
		    const struct strs *known)
{
	const char *near = suggest(word, (const char *const *)known->v,
				   known->n);
	char *all = strs_join(known);

	if (near)
		plan_bad(l, "unknown %s '%s', did you mean '%s'? There is: %s", what,
		    word, near, all);
	else
		plan_bad(l, "unknown %s '%s'; there is: %s", what, word, all);
	free(all);
	return -1;
}

int plan_no_repeats(const struct plan_loc *l, const struct strs *s)
{
	const char *word = strs_repeated(s);

	return word ? plan_bad(l, "'%s' is there twice", word) : 0;
}

/* Values of one key. They return 0, or -1 with a message printed. */

static int get_number(const struct plan_loc *l, const char *value, uint64_t min,
		      uint64_t max, const char *unit, unsigned int *out)
{
	uint64_t v;

	if (parse_u64(value, min, max, &v))
		return plan_bad(l, "'%s' is not allowed: a number from %llu to %llu%s",
			   value, (unsigned long long)min,
			   (unsigned long long)max, unit);
	*out = v;
	return 0;
}

static int get_boots(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 1, 1000, "", &p->boots);
}

static const char *const clock_names[] = {
	[PLAN_CLOCK_AUTO] = "auto",
	[PLAN_CLOCK_WALL] = "wall",
	[PLAN_CLOCK_ICOUNT] = "icount",
};

const char *plan_clock_name(enum plan_clock clock)
{
	return clock_names[clock];
}

static int get_clock(struct plan *p, const struct plan_loc *l, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(clock_names); i++) {
		if (!strcmp(value, clock_names[i])) {
			p->clock = i;
			return 0;
		}
	}
	return plan_bad(l, "'%s' is not allowed: auto, wall or icount", value);
}

static int get_arms(struct plan *p, const struct plan_loc *l, const char *value)
{
	p->arms = strs_split(value, BLANKS);
	return plan_no_repeats(l, &p->arms);
}

static int split_pair(const struct plan_loc *l, const char *text,
		      struct plan_pair *pair)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/'))
		return plan_bad(l, "'%s' is not allowed: two arms, ARM/ARM", text);
	pair->a = xasprintf("%.*s", (int)(slash - text), text);
	pair->b = xstrdup(slash + 1);
	return 0;
}

static int get_compare(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct strs words = strs_split(value, BLANKS);
	int rc = plan_no_repeats(l, &words);

	p->compare = xcalloc(words.n, sizeof(*p->compare));
	for (size_t i = 0; !rc && i < words.n; i++) {
		rc = split_pair(l, words.v[i], &p->compare[i]);
		if (!rc)
			p->n_compare++;
	}
	strs_free(&words);
	return rc;
}

static int get_aa(struct plan *p, const struct plan_loc *l, const char *value)
{
	(void)l;
	p->aa = xstrdup(value);
	return 0;
}

static int get_margin(struct plan *p, const struct plan_loc *l, const char *value)
{
	char *end;

	/* No exponents, signs, hexadecimal numbers, nan or inf. */
	if (strspn(value, "0123456789.") == strlen(value)) {
		p->margin = strtod(value, &end);
		if (!*end && p->margin >= 0.001 && p->margin <= 0.5)
			return 0;
	}
	return plan_bad(l, "'%s' is not allowed: a number from 0.001 to 0.5", value);
}

static int get_memory(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 512, 1048576, " (MiB)", &p->memory_mb);
}

static int get_cpus(struct plan *p, const struct plan_loc *l, const char *value)
{
	p->cpus = 0;
	if (!strcmp(value, "auto"))
		return 0;
	if (get_number(l, value, 1, 256, ", or auto", &p->cpus))
		return -1;
	return 0;
}

/* Checked when all keys are known: see check_compare(). */
static int get_primary(struct plan *p, const struct plan_loc *l, const char *value)
{
	(void)p;
	(void)l;
	(void)value;
	return 0;
}

static struct plan_test *last_test(const struct plan *p)
{
	return &p->tests[p->n_tests - 1];
}

static int get_program(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	if (!valid_name(value, PROGRAM_MAX))
		return plan_bad(l, "'%s' is not allowed: a file name of a selftest, [a-z0-9_-], at most %d long",
			   value, PROGRAM_MAX);
	t->program = xstrdup(value);
	return 0;
}

static int split_args(const struct plan_loc *l, const char *value,
		      struct strs *args)
{
	if (strpbrk(value, "'\"\\"))
		return plan_bad(l, "quotes are not allowed: arguments are split at blanks");
	*args = strs_split(value, BLANKS);
	/* An indented line below is appended, also one meant as a key. */
	if (strs_has(args, "="))
		return plan_bad(l, "a lone '=': is a key below indented?");
	return 0;
}

static int get_args(struct plan *p, const struct plan_loc *l, const char *value)
{
	return split_args(l, value, &last_test(p)->args);
}

static int get_traced(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->traced = strcmp(value, "none");
	return t->traced ? split_args(l, value, &t->traced_args) : 0;
}

static int get_events(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->events = strs_split(value, BLANKS);
	for (size_t i = 0; i < t->events.n; i++)
		if (!valid_event_name(t->events.v[i]))
			return plan_bad(l, "'%s' is not allowed: names of [a-z0-9_], at most %d long",
				   t->events.v[i], EVENT_NAME_MAX);
	return plan_no_repeats(l, &t->events);
}

static int get_timeout(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	return get_number(l, value, 1, 3600, " (s)", &t->timeout_s);
}

static const struct plan_key {
	bool in_test;		/* of [test NAME], of the last one; else of [plan] */
	const char *name;
	int (*get)(struct plan *p, const struct plan_loc *l, const char *value);
} keys[] = {
	{ false, "boots", get_boots },
	{ false, "clock", get_clock },
	{ false, "arms", get_arms },
	{ false, "compare", get_compare },
	{ false, "primary", get_primary },
	{ false, "aa", get_aa },
	{ false, "margin", get_margin },
	{ false, "memory", get_memory },
	{ false, "cpus", get_cpus },
	{ true, "program", get_program },
	{ true, "args", get_args },
	{ true, "traced", get_traced },
	{ true, "events", get_events },
	{ true, "timeout", get_timeout },
};

static int unknown_key(const struct plan_loc *l, bool in_test)
{
	struct plan_loc section = { l->path, l->line, NULL };
	struct strs known = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].in_test == in_test)
			strs_add(&known, keys[i].name, strlen(keys[i].name));
	plan_bad_word(&section, "key", l->key, &known);
	strs_free(&known);
	return -1;
}

int plan_key(struct plan *p, bool in_test, const struct plan_loc *l,
	     const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].in_test == in_test && !strcmp(l->key, keys[i].name))
			return keys[i].get(p, l, value);
	return unknown_key(l, in_test);
}
