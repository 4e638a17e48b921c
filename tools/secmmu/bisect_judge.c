// SPDX-License-Identifier: GPL-2.0-only
#include "bisect_judge.h"

#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
#include "pathlen.h"
#include "status.h"
#include "util.h"

/* The gravest that has come so far, and its words. */
struct verdicts {
	enum bisect_answer answer;
	unsigned int passed;
	char *why;
};

/* The first bad one stays; else the first lost one. */
static void note(struct verdicts *t, enum bisect_answer answer, char *why)
{
	if (t->answer != BISECT_BAD && answer != t->answer) {
		free(t->why);
		t->why = why;
		t->answer = answer;
	} else {
		free(why);
	}
}

static void judge_result(struct verdicts *t, const json_t *r)
{
	const char *status = jsonio_text(r, "status"), *reason = jsonio_text(r, "reason");
	bool bad = !strcmp(status, status_name(STATUS_FAIL));
	bool traced = json_is_true(json_object_get(r, "traced"));

	if (!bad && traced)
		return;
	if (!strcmp(status, status_name(STATUS_PASS)))
		t->passed++;
	else
		note(t, bad ? BISECT_BAD : BISECT_LOST,
		     xasprintf("%s %s%s%s", jsonio_text(r, "name"), status,
			       *reason ? ": " : "", reason));
}

static void judge_findings(struct verdicts *t, const json_t *boot)
{
	const json_t *findings = json_object_get(boot, "kernel_findings");
	const json_t *f;
	size_t i;

	json_array_foreach(findings, i, f)
		if (!json_is_true(json_object_get(f, "expected")))
			note(t, BISECT_BAD, xasprintf("the kernel reported (%s): %s",
						      jsonio_text(f, "kind"), jsonio_text(f, "line")));
}

static void judge_boot(struct verdicts *t, const json_t *boot,
		       const struct bisect_question *q)
{
	const json_t *r, *tests = json_object_get(boot, "tests");
	bool there = false;
	size_t i;

	json_array_foreach(tests, i, r) {
		if (strcmp(jsonio_text(r, "name"), q->test) || strcmp(jsonio_text(r, "arm"), q->arm))
			continue;
		there = true;
		judge_result(t, r);
	}
	judge_findings(t, boot);
	if (!there)
		note(t, BISECT_LOST, xasprintf("no result of %s; the boot is %s: %s",
			q->test, jsonio_text(boot, "status"), jsonio_text(boot, "reason")));
}

enum bisect_answer bisect_judge_test(const char *dir,
				     const struct bisect_question *q, char **why)
{
	char *pattern = xasprintf("%s/boot-*/boot.json", dir);
	struct verdicts t = { .answer = BISECT_GOOD };
	glob_t g = { 0 };

	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		json_t *boot = json_load_file(g.gl_pathv[i], 0, NULL);

		if (boot)
			judge_boot(&t, boot, q);
		else
			note(&t, BISECT_LOST, xasprintf("%s is damaged", g.gl_pathv[i]));
		json_decref(boot);
	}
	globfree(&g);
	free(pattern);
	if (t.answer == BISECT_GOOD && !t.passed)
		note(&t, BISECT_LOST, xasprintf("no result of %s", q->test));
	*why = t.why ? t.why : xasprintf("%s PASS", q->test);
	return t.answer;
}

static void judge_row(struct verdicts *t, const struct pathlen_row *r)
{
	static const enum bisect_answer answers[] = {
		[PATHLEN_SAME] = BISECT_GOOD,
		[PATHLEN_CHANGED] = BISECT_BAD,
		[PATHLEN_NOT_ENOUGH] = BISECT_LOST,
	};
	char *why = xasprintf("%s %s: %+.2f %%", r->event, pathlen_name(r->verdict),
			      shown_percent(expm1(r->test.mean), 2));

	t->passed++;
	/* Good, with its figure, if nothing is graver. */
	if (!t->why)
		t->why = xstrdup(why);
	note(t, answers[r->verdict], why);
}

enum bisect_answer bisect_judge_pathlen(const char *reference, const char *dir,
					const struct bisect_question *q, char **why)
{
	size_t n = strlen(q->pathlen);
	struct verdicts t = { .answer = BISECT_GOOD };
	struct pathlen p;

	if (pathlen_runs(reference, dir, q->arm, q->threshold, &p)) {
		*why = xstrdup("the runs cannot be compared");
		return BISECT_LOST;
	}
	for (size_t i = 0; i < p.n_rows; i++)
		if (!strncmp(p.rows[i].event, q->pathlen, n) &&
		    p.rows[i].event[n] == ' ')
			judge_row(&t, &p.rows[i]);
	pathlen_free(&p);
	if (!t.passed)
		note(&t, BISECT_LOST, xasprintf("no path length of %s", q->pathlen));
	*why = t.why;
	return t.answer;
}
