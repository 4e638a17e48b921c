// SPDX-License-Identifier: GPL-2.0-only
#include "ktap.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define LINE_MAX_LEN	1024	/* longer ones are cut */
#define NAME_LEN	128
#define REASON_LEN	256
#define RESULTS_MAX	4096
#define LEVELS		8	/* of nesting, two blanks each */

#define COUNTS_MAX	64	/* as many events has a program */
#define COUNTS_WORD	"secmmu-counts"

#define KSFT_FAIL	1

struct event_counts {
	char event[NAME_LEN];
	struct call_counts counts;
};

struct level {
	bool planned;
	uint64_t plan;
	uint64_t seen;
};

struct ktap {
	char line[LINE_MAX_LEN + 1];
	size_t used;
	struct ktap_result *results;
	unsigned int *depth;	/* of each result */
	size_t n;
	struct level levels[LEVELS];
	enum status status;	/* the gravest so far */
	char reason[REASON_LEN];	/* why */
	char skip[REASON_LEN];	/* of "1..0 # SKIP" */
	bool skipped;
	char diag[REASON_LEN];	/* the last comment since the last result */
	struct event_counts *counts;
	size_t n_counts;
	enum {
		NO_ASSERTION,
		ASSERTION,	/* the next line says what was asserted, */
		MESSAGE,	/* and one of those after it what is wrong */
	} assertion;
	char asserted[REASON_LEN];	/* the first */
};

struct ktap *ktap_new(void)
{
	return xcalloc(1, sizeof(struct ktap));
}

void ktap_free(struct ktap *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->n; i++) {
		free(k->results[i].name);
		free(k->results[i].reason);
	}
	free(k->results);
	free(k->depth);
	free(k->counts);
	free(k);
}

/* Copy at most @size - 1 characters, without blanks at both ends. */
static void copy_trimmed(char *to, size_t size, const char *from, size_t len)
{
	while (len && *from == ' ') {
		from++;
		len--;
	}
	while (len && from[len - 1] == ' ')
		len--;
	if (len > size - 1)
		len = size - 1;
	memmove(to, from, len);
	to[len] = '\0';
}

/* The gravest reason stays; among equals the first. */
static void PRINTF_LIKE(3, 4) judge(struct ktap *k, enum status s,
				    const char *fmt, ...)
{
	va_list ap;

	if (s <= k->status)
		return;
	k->status = s;
	va_start(ap, fmt);
	vsnprintf(k->reason, sizeof(k->reason), fmt, ap);
	va_end(ap);
}

static void add_result(struct ktap *k, unsigned int depth, const char *name,
		       enum status status, const char *reason)
{
	if (k->n == RESULTS_MAX) {
		judge(k, STATUS_ERROR, "more than %d results", RESULTS_MAX);
		return;
	}
	if (!(k->n & (k->n - 1))) {
		size_t room = k->n ? k->n * 2 : 1;

		k->results = xrealloc(k->results, room * sizeof(*k->results));
		k->depth = xrealloc(k->depth, room * sizeof(*k->depth));
	}
	k->depth[k->n] = depth;
	k->results[k->n++] = (struct ktap_result){
		.name = xstrdup(name),
		.status = status,
		.reason = xstrdup(reason),
	};
}

/* Whether fewer or more results came than the plan said. */
static void close_level(struct ktap *k, unsigned int depth, size_t excused)
{
	struct level *l = &k->levels[depth];
	char name[64];

	if (l->seen && !l->planned)
		judge(k, STATUS_ERROR, "there are results, but no plan");
	if (l->planned && l->seen > l->plan)
		judge(k, STATUS_ERROR, "%llu results came, %llu were planned",
		      (unsigned long long)l->seen, (unsigned long long)l->plan);
	if (l->planned && l->plan > l->seen && l->plan - l->seen > excused) {
		snprintf(name, sizeof(name), "result %llu of %llu",
			 (unsigned long long)(l->seen + 1),
			 (unsigned long long)l->plan);
		add_result(k, depth, name, STATUS_MISS,
			   "planned, but did not come");
	}
	*l = (struct level){ 0 };
}

/* The results of subtests come before their parent's. */
static void adopt(struct ktap *k, unsigned int depth, const char *name)
{
	for (unsigned int d = LEVELS - 1; d > depth; d--)
		close_level(k, d, 0);
	for (size_t i = k->n; i > 0 && k->depth[i - 1] > depth; i--) {
		struct ktap_result *r = &k->results[i - 1];
		char *full = xasprintf("%.*s/%.*s", NAME_LEN, name, NAME_LEN,
				       r->name);

		free(r->name);
		r->name = full;
	}
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(s, word, len);
}

/*
 * What comes after '#': a directive, which changes what "ok" means, or the
 * reason. @reason gets the rest.
 */
static enum status directive(const char *text, bool ok, char *reason)
{
	enum status plain = ok ? STATUS_PASS : STATUS_FAIL;
	size_t len;

	text += strspn(text, " ");
	len = strcspn(text, " :");
	/* "not ok ... # SKIP" contradicts itself: believe the worse. */
	if (is_word(text, len, "SKIP") && ok) {
		text += len + strspn(text + len, " :-");
		copy_trimmed(reason, REASON_LEN, text, strlen(text));
		return STATUS_SKIP;
	}
	copy_trimmed(reason, REASON_LEN, text, strlen(text));
	if (is_word(text, len, "TODO") || is_word(text, len, "XFAIL"))
		return STATUS_SKIP;
	if (is_word(text, len, "ERROR"))
		return STATUS_ERROR;
	if (is_word(text, len, "TIMEOUT"))
		return STATUS_MISS;
	return plain;
}

/* The number of a result must be the next; it may be left out. */
static const char *check_number(struct ktap *k, struct level *l, const char *s)
{
	unsigned long long v;
	char *end;

	l->seen++;
	if (!isdigit((unsigned char)*s))
		return s;
	v = strtoull(s, &end, 10);
	if (v != l->seen)
		judge(k, STATUS_ERROR, "result number %llu came where %llu was due",
		      v, (unsigned long long)l->seen);
	return end;
}

static void parse_result(struct ktap *k, unsigned int depth, const char *s,
			 bool ok)
{
	enum status status = ok ? STATUS_PASS : STATUS_FAIL;
	char name[NAME_LEN], reason[REASON_LEN] = "";
	const char *hash;

	s = check_number(k, &k->levels[depth], s + strspn(s, " "));
	s += strspn(s, " ");
	if (*s == '-')
		s++;
	hash = strchr(s, '#');
	if (hash)
		status = directive(hash + 1, ok, reason);
	copy_trimmed(name, sizeof(name), s,
		     hash ? (size_t)(hash - s) : strlen(s));
	if (!*reason && status != STATUS_PASS)
		copy_trimmed(reason, sizeof(reason), k->diag, strlen(k->diag));
	adopt(k, depth, name);
	add_result(k, depth, name, status, reason);
	*k->diag = '\0';
}

static void parse_plan(struct ktap *k, unsigned int depth, const char *s)
{
	struct level *l = &k->levels[depth];
	unsigned long long plan;
	char *end;

	plan = strtoull(s, &end, 10);
	end += strspn(end, " ");
	if (l->planned)
		judge(k, STATUS_ERROR, "there are two plans");
	l->planned = true;
	l->plan = plan;
	if (!plan && !depth && *end == '#' &&
	    directive(end + 1, true, k->skip) == STATUS_SKIP)
		k->skipped = true;
}

/* "ok" or "not ok" as a word of its own. */
static bool starts_with(const char *s, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(s, word, n) && (s[n] == ' ' || !s[n]);
}

const struct call_counts *ktap_counts(const struct ktap *k, const char *event)
{
	for (size_t i = 0; i < k->n_counts; i++)
		if (!strcmp(k->counts[i].event, event))
			return &k->counts[i].counts;
	return NULL;
}

/* "EVENT calls=30 sleeps=2 ..." */
static void parse_counts(struct ktap *k, const char *s)
{
	struct event_counts c = { 0 };
	size_t len;

	s += strspn(s, " ");
	len = strcspn(s, " ");
	copy_trimmed(c.event, sizeof(c.event), s, len);
	if (k->n_counts == COUNTS_MAX || !*c.event || ktap_counts(k, c.event) ||
	    counts_parse(s + len, &c.counts)) {
		judge(k, STATUS_ERROR, COUNTS_WORD " of '%s' are not understood",
		      c.event);
		return;
	}
	k->counts = xrealloc(k->counts, (k->n_counts + 1) * sizeof(c));
	k->counts[k->n_counts++] = c;
}

static void parse_comment(struct ktap *k, const char *s)
{
	s += strspn(s, "# ");
	if (starts_with(s, COUNTS_WORD)) {
		parse_counts(k, s + strlen(COUNTS_WORD));
		return;
	}
	/* What failed is worth more than what was said afterwards. */
	if (*s && strncmp(k->diag, "FAIL ", 5))
		copy_trimmed(k->diag, sizeof(k->diag), s, strlen(s));
}

/* All that is to come of the assertion is in k->diag. */
static void end_assertion(struct ktap *k)
{
	k->assertion = NO_ASSERTION;
	if (!*k->asserted)
		memcpy(k->asserted, k->diag, sizeof(k->asserted));
	judge(k, STATUS_ERROR, "assertion failed: %s", k->diag);
}

/*
 * What follows the head of a TEST_ASSERT(), two spaces before each line: file,
 * line and condition; PID and errno; the stack, deeper, or that there is none; the
 * message, if it has one.
 *
 * Return: whether the line is a part of it.
 */
static bool parse_assertion(struct ktap *k, const char *s)
{
	size_t used = strlen(k->diag);

	if (k->assertion == ASSERTION) {
		copy_trimmed(k->diag, sizeof(k->diag), s, strlen(s));
		k->assertion = MESSAGE;
		return true;
	}
	if (strncmp(s, "  ", 2)) {
		end_assertion(k);
		return false;
	}
	s += 2;
	if (*s == ' ' || starts_with(s, "(stack") || !strncmp(s, "pid=", 4))
		return true;
	snprintf(k->diag + used, sizeof(k->diag) - used, ": %s", s);
	end_assertion(k);
	return true;
}

static void parse_line(struct ktap *k, const char *s)
{
	unsigned int depth = strspn(s, " ") / 2;

	if (k->assertion != NO_ASSERTION && parse_assertion(k, s))
		return;
	if (!strncmp(s, "==== Test Assertion Failure", 27)) {
		k->assertion = ASSERTION;
		return;
	}
	if (depth >= LEVELS)
		return;
	s += strspn(s, " ");
	if (starts_with(s, "ok"))
		parse_result(k, depth, s + 2, true);
	else if (starts_with(s, "not ok"))
		parse_result(k, depth, s + 6, false);
	else if (!strncmp(s, "1..", 3) && isdigit((unsigned char)s[3]))
		parse_plan(k, depth, s + 3);
	else if (!strncmp(s, "Bail out!", 9))
		judge(k, STATUS_ERROR, "bailed out:%s", s + 9);
	else if (*s == '#')
		parse_comment(k, s);
}

static void end_line(struct ktap *k)
{
	if (k->used && k->line[k->used - 1] == '\r')
		k->used--;
	k->line[k->used] = '\0';
	/* Names and reasons go to terminals, JSON and HTML. */
	for (size_t i = 0; i < k->used; i++) {
		unsigned char c = k->line[i];

		if (c == '\t')
			k->line[i] = ' ';
		else if (c < 0x20 || c > 0x7e)
			k->line[i] = '?';
	}
	k->used = 0;
	parse_line(k, k->line);
}

void ktap_feed(struct ktap *k, const void *data, size_t len)
{
	const char *s = data;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			end_line(k);
		else if (k->used < LINE_MAX_LEN)
			k->line[k->used++] = s[i];
	}
}

/*
 * kselftest.h puts the name behind the directive of a skipped result ("ok 2 #
 * SKIP name ..."), and a name may be followed by details.
 */
static void find_event(struct ktap_result *r, const struct strs *events)
{
	const char *text = *r->name ? r->name : r->reason;
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
	char *name = xasprintf("%.*s", (int)len, text);
	const char *rest = text + len + strspn(text + len, " :,-");
	char *reason;

	if (!text[len] && text == r->name)
		goto out;
	if (!strs_has(events, name))
		goto out;
	reason = text == r->reason || !*r->reason ?
		 xstrdup(rest) : xasprintf("%s: %s", rest, r->reason);
	free(r->name);
	free(r->reason);
	r->name = name;
	r->reason = reason;
	return;
out:
	free(name);
}

static bool has_result(const struct ktap *k, const char *name)
{
	for (size_t i = 0; i < k->n; i++)
		if (!strcmp(k->results[i].name, name))
			return true;
	return false;
}

static const char *missing_reason(const struct ktap_end *end)
{
	if (!end)
		return "no result came before the guest was lost";
	return end->timed_out ? "no result came within the time limit" : "no result came";
}

/* Return: how many events had no result. */
static size_t add_missing(struct ktap *k, const struct ktap_end *end,
			  const struct strs *events)
{
	size_t missing = 0;

	for (size_t i = 0; i < k->n; i++)
		find_event(&k->results[i], events);
	for (size_t i = 0; i < events->n; i++) {
		if (has_result(k, events->v[i]))
			continue;
		missing++;
		if (k->skipped)
			add_result(k, 0, events->v[i], STATUS_SKIP, k->skip);
		else
			add_result(k, 0, events->v[i], STATUS_MISS,
				   missing_reason(end));
	}
	return missing;
}

static void judge_exit(struct ktap *k, int status)
{
	if (status == KSFT_SKIP && !k->n) {
		if (!k->skipped)
			copy_trimmed(k->skip, sizeof(k->skip), k->diag,
				     strlen(k->diag));
		k->skipped = true;
	}
	if (!k->n && !k->skipped)
		judge(k, STATUS_ERROR,
		      "no KTAP results came, the exit status was %d", status);
	else if (status == KSFT_FAIL && k->status < STATUS_ERROR)
		judge(k, STATUS_FAIL, "exit status %d", status);
	else if (status && status != KSFT_SKIP)
		judge(k, STATUS_ERROR, "exit status %d", status);
}

static void judge_end(struct ktap *k, const struct ktap_end *end)
{
	if (!end)
		judge(k, STATUS_MISS,
		      "the guest was lost before the test ended");
	else if (end->timed_out)
		judge(k, STATUS_MISS, "did not end within its time limit");
	else if (end->signal)
		judge(k, STATUS_ERROR, "killed by signal %d (%s)", end->signal,
		      strsignal(end->signal));
	else
		judge_exit(k, end->exit);
}

static void judge_results(struct ktap *k, enum status least)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct ktap_result *r = &k->results[i];

		if (r->status >= least)
			judge(k, r->status, "%s: %s", r->name,
			      *r->reason ? r->reason : "failed");
	}
}

/* Nothing is wrong: but was there anything that was not skipped? */
static void judge_skipped(struct ktap *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->results[i].status != STATUS_SKIP)
			return;
	judge(k, STATUS_SKIP, "%s",
	      k->skipped || !k->n ? k->skip : k->results[0].reason);
}

enum status ktap_finish(struct ktap *k, const struct ktap_end *end,
			const struct strs *events)
{
	size_t missing = 0;

	/* What a killed program wrote last may lack an end: "ok 2 mremap_4". */
	if (k->used && end && !end->timed_out && !end->signal)
		end_line(k);
	if (k->assertion == MESSAGE)
		end_assertion(k);
	for (unsigned int d = LEVELS - 1; d > 0; d--)
		close_level(k, d, 0);
	/* In this order since the first reason of a status is kept. */
	judge_results(k, STATUS_FAIL);
	judge_end(k, end);
	if (events)
		missing = add_missing(k, end, events);
	close_level(k, 0, missing);
	judge_results(k, STATUS_MISS);
	judge_skipped(k);
	return k->status;
}

const struct ktap_result *ktap_results(const struct ktap *k, size_t *n)
{
	*n = k->n;
	return k->results;
}

const char *ktap_reason(const struct ktap *k)
{
	return k->reason;
}

const char *ktap_asserted(const struct ktap *k)
{
	return k->asserted;
}
