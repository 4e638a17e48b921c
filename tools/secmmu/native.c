// SPDX-License-Identifier: GPL-2.0-only
/* Selftests on this machine's own kernel: see native.h. */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "util.h"

#define NR_STATUS	(STATUS_FAIL + 1)
/* timeout(1): it had to kill the program. */
#define TIMED_OUT	124
#define SIGNALLED	128

struct native {
	const char *tests, *logs;
	unsigned int count[NR_STATUS];
};

static void say(struct native *n, const char *test, const char *name,
		enum status s, const char *reason)
{
	n->count[s]++;
	printf("%-5s %s %s%s%s\n", status_name(s), test, name,
	       *reason ? ": " : "", reason);
	fflush(stdout);
}

/* What the program printed and how it ended, as in a boot's folder. */
static void judge(struct native *n, const struct plan_test *t, const char *text,
		  size_t len, int status)
{
	struct ktap_end end = {
		.timed_out = status == TIMED_OUT,
		.signal = status > SIGNALLED ? status - SIGNALLED : 0,
		.exit = status > SIGNALLED ? 0 : status,
	};
	struct ktap *k = ktap_new();
	enum status overall, worst = STATUS_PASS;
	const struct ktap_result *v;
	size_t nr;

	if (!t->by_exit)
		ktap_feed(k, text, len);
	overall = ktap_finish(k, &end, t->by_exit ? NULL : &t->events);
	v = ktap_results(k, &nr);
	for (size_t i = 0; i < nr; i++) {
		say(n, t->name, v[i].name, v[i].status, v[i].reason);
		worst = status_worst(worst, v[i].status);
	}
	if (!nr || status_worst(worst, overall) != worst)
		say(n, t->name, "(program)", overall, ktap_reason(k));
	ktap_free(k);
}

static struct strs command(const struct native *n, const struct plan_test *t)
{
	char *program = xasprintf("%s/%s", n->tests, t->program);
	char *seconds = xasprintf("%u", t->timeout_s);
	struct strs argv = { 0 };

	strs_push(&argv, "timeout");
	strs_push(&argv, "--kill-after=5");
	strs_push(&argv, seconds);
	strs_push(&argv, program);
	strs_push_all(&argv, &t->args);
	plan_add_events(t, &argv);
	free(seconds);
	free(program);
	return argv;
}

static int run_one(struct native *n, const struct plan_test *t)
{
	struct strs argv = command(n, t);
	char *log = xasprintf("%s/%s.log", n->logs, t->name);
	struct proc p = { .argv = argv.v, .log = log };
	int ret = ST_HARNESS, status;
	char *text = NULL;
	size_t len = 0;

	if (write_file(log, "", 0))
		goto out;
	status = proc_run(&p);
	if (status == -2)
		ret = ST_INTR;
	if (status < 0)
		goto out;
	text = read_file(log, &len);
	if (!text)
		goto out;
	judge(n, t, text, len, status);
	ret = ST_OK;
out:
	free(text);
	free(log);
	strs_free(&argv);
	return ret;
}

int native_run(const struct plan *p, const char *tests, const char *logs)
{
	struct native n = { .tests = tests, .logs = logs };
	int ret = mkdir_p(logs) ? ST_HARNESS : ST_OK;

	for (size_t i = 0; i < p->n_tests && ret == ST_OK; i++) {
		info("%s: %zu of %zu", p->tests[i].name, i + 1, p->n_tests);
		ret = run_one(&n, &p->tests[i]);
	}
	if (ret != ST_OK)
		return ret;
	for (int s = 0; s < NR_STATUS; s++)
		printf("%u %s%s", n.count[s], status_name(s),
		       s + 1 < NR_STATUS ? ", " : "");
	printf(" on this machine's kernel (logs: %s)\n", logs);
	return n.count[STATUS_MISS] || n.count[STATUS_ERROR] ||
	       n.count[STATUS_FAIL] ? ST_FAIL : ST_OK;
}
