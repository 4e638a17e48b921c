// SPDX-License-Identifier: GPL-2.0-only
/* results.ktap: Documentation/dev-tools/ktap.rst of the kernel. */
#include <stdlib.h>

#include "console.h"
#include "folder.h"
#include "formats.h"
#include "outcomes.h"
#include "util.h"

/* Levels of nesting, two blanks each. */
enum { LEVEL_RUN, LEVEL_BOOT, LEVEL_ARM, LEVEL_TEST, LEVEL_EVENT };

static void indent(FILE *f, int level)
{
	for (int i = 0; i < level; i++)
		fputs("  ", f);
}

static void begin(FILE *f, int level, size_t plan)
{
	indent(f, level);
	fputs("KTAP version 1\n", f);
	indent(f, level);
	fprintf(f, "1..%zu\n", plan);
}

/* Printable, and without the character that begins a directive. */
static char *name_text(const char *s)
{
	char *text = printable(*s ? s : "(none)");

	for (char *p = text; *p; p++)
		if (*p == '#')
			*p = '_';
	return text;
}

static void comment(FILE *f, int level, const char *s)
{
	char *text = printable(s);

	indent(f, level);
	fprintf(f, "# %s\n", text);
	free(text);
}

/*
 * KTAP has no word for a result that never came: a time-out is the nearest, as
 * in our own reading of it.
 */
static void result(FILE *f, int level, size_t number, const char *name,
		   enum status status, const char *reason)
{
	static const char *const directive[] = {
		[STATUS_PASS] = NULL, [STATUS_SKIP] = "SKIP",
		[STATUS_MISS] = "TIMEOUT", [STATUS_ERROR] = "ERROR",
		[STATUS_FAIL] = NULL,
	};
	char *clean = name_text(name), *why = printable(reason);

	if (status == STATUS_FAIL && *reason)
		comment(f, level, reason);
	indent(f, level);
	fprintf(f, "%sok %zu %s", status <= STATUS_SKIP ? "" : "not ", number,
		clean);
	if (directive[status])
		fprintf(f, " # %s%s%s", directive[status], *why ? " " : "", why);
	fputc('\n', f);
	free(clean);
	free(why);
}

/* Comments, so that the result below them is what counts. */
static void print_attempts(FILE *f, const struct outcome *v)
{
	for (size_t i = 0; i < outcome_attempts(v); i++) {
		struct outcome_attempt a = outcome_attempt(v, i);
		char *text = xasprintf("%s: attempt %u: %s%s%s", v->name, a.number,
				       status_name(a.status), *a.reason ? ": " : "",
				       a.reason);

		comment(f, LEVEL_EVENT, text);
		free(text);
	}
	if (v->attempt > 1) {
		char *text = xasprintf("%s: attempt %u: %s", v->name, v->attempt,
				       status_name(v->status));

		comment(f, LEVEL_EVENT, text);
		free(text);
	}
}

static void print_turn(FILE *f, const struct outcome *v, size_t from, size_t to,
		       size_t number)
{
	char *name = xasprintf("%s%s", *v[from].test ? v[from].test : "(arm)",
			       v[from].traced ? ", traced" : "");

	begin(f, LEVEL_EVENT, to - from);
	for (size_t i = from; i < to; i++) {
		print_attempts(f, &v[i]);
		result(f, LEVEL_EVENT, i - from + 1, v[i].name, v[i].status,
		       v[i].reason);
	}
	result(f, LEVEL_TEST, number, name, outcomes_worst(v, from, to), "");
	free(name);
}

static void print_slot(FILE *f, const struct outcome *v, size_t from, size_t to,
		       size_t number)
{
	char *name = xasprintf("%s%s", v[from].arm,
			       v[from].copy_b ? ", copy b" : "");
	size_t turn = 0;

	begin(f, LEVEL_TEST,
	      outcomes_groups(v, from, to, outcome_same_turn));
	for (size_t i = from, end; i < to; i = end) {
		end = outcomes_end(v, i, to, outcome_same_turn);
		print_turn(f, v, i, end, ++turn);
	}
	result(f, LEVEL_ARM, number, name, outcomes_worst(v, from, to), "");
	free(name);
}

static void print_findings(FILE *f, const struct outcome_boot *b)
{
	for (size_t i = 0; i < b->n_findings; i++) {
		const struct outcome_finding *x = &b->findings[i];
		char *where = outcome_finding_where(x);
		char *text = xasprintf("kernel%s, %s%s%s: %s%s%s",
				       x->expected ? " (expected)" : "",
				       x->kind, *where ? ", " : "", where, x->line,
				       *x->mark ? ", during " : "", x->mark);

		comment(f, LEVEL_BOOT, text);
		free(text);
		free(where);
	}
}

static void print_boot(FILE *f, const struct outcome_boot *b, size_t number)
{
	size_t slot = 0;

	if (b->n)
		begin(f, LEVEL_ARM,
		      outcomes_groups(b->v, 0, b->n, outcome_same_slot));
	for (size_t i = 0, end; i < b->n; i = end) {
		end = outcomes_end(b->v, i, b->n, outcome_same_slot);
		print_slot(f, b->v, i, end, ++slot);
	}
	print_findings(f, b);
	result(f, LEVEL_BOOT, number, b->name, b->status, b->reason);
}

void ktap_print(FILE *f, const struct outcomes *o)
{
	const char *id = json_string_value(json_object_get(o->folder->manifest,
							   "id"));
	size_t planned = o->folder->boots_planned;
	enum status worst = planned > o->n_boots ? STATUS_MISS : STATUS_PASS;

	begin(f, LEVEL_RUN, 1);
	/* Boots that never ran are results that are due. */
	begin(f, LEVEL_BOOT, planned > o->n_boots ? planned : o->n_boots);
	for (size_t i = 0; i < o->n_boots; i++) {
		print_boot(f, &o->boots[i], i + 1);
		worst = status_worst(worst, o->boots[i].status);
	}
	result(f, LEVEL_RUN, 1, id ? id : o->folder->plan, worst, "");
}
