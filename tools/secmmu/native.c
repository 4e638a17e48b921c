// SPDX-License-Identifier: GPL-2.0-only
/* Selftests on this machine's own kernel: see native.h. */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host.h"
#include "jsonio.h"
#include "ktap.h"
#include "native_times.h"
#include "util.h"

#define NR_STATUS	(STATUS_FAIL + 1)
/* timeout(1): it had to kill the program. */
#define TIMED_OUT	124
#define SIGNALLED	128

struct native {
	const char *tests, *logs;
	unsigned int count[NR_STATUS];
	json_t *times;		/* measurements */
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

static void add_times(struct native *n, const struct plan_test *t, const char *samples)
{
	char *wrong = native_times_read(samples, t->name, n->times);

	if (wrong)
		say(n, t->name, "(samples)", STATUS_ERROR, wrong);
	free(wrong);
}

/* This machine's settings are left alone. */
static bool wants_settings(struct native *n, const struct plan_test *t)
{
	char *why;

	if (!t->set.n)
		return false;
	why = xasprintf("the plan sets %s for it, which is not done on a machine in use",
			t->set.v[0]);
	say(n, t->name, "(program)", STATUS_SKIP, why);
	free(why);
	return true;
}

static int run_one(struct native *n, const struct plan_test *t)
{
	struct strs argv = command(n, t);
	char *log = xasprintf("%s/%s.log", n->logs, t->name);
	char *samples = xasprintf("%s/%s.csv", n->logs, t->name);
	char *variable = xasprintf("SECMMU_SAMPLES=%s", samples);
	char *const env[] = { variable, NULL };
	struct proc p = { .argv = argv.v, .log = log, .env = env };
	int ret = ST_HARNESS, status;
	char *text = NULL;
	size_t len = 0;

	/* The tests append to it. */
	if (write_file(log, "", 0) || remove_tree(samples))
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
	add_times(n, t, samples);
	ret = ST_OK;
out:
	free(text);
	free(variable);
	free(samples);
	free(log);
	strs_free(&argv);
	return ret;
}

/* As of compare with the wall clock. */
static json_t *look_at_host(void)
{
	struct host_noise v[HOST_NOISES];
	json_t *host = host_read("");
	size_t n = host_noise(host, host_cpus(), 1, v);

	for (size_t i = 0; i < n; i++)
		info("note: noisy machine: %s: %s (docs/measuring.md)", v[i].what,
		     v[i].why);
	return host;
}

/* Return: -1 with an error printed. */
static int write_times(const struct native *n, const struct plan *p, json_t *host)
{
	char *path = xasprintf("%s/native.json", n->logs);
	struct utsname u;
	json_t *o;
	int ret;

	uname(&u);
	o = json_pack("{s:i, s:s, s:s, s:s, s:O, s:O}", "schema", NATIVE_SCHEMA,
		      "plan", p->name, "kernel", u.release, "version", u.version,
		      "host", host, "measurements", n->times);
	ret = jsonio_write(o, path, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
	json_decref(o);
	free(path);
	return ret;
}

int native_run(const struct plan *p, const char *tests, const char *logs)
{
	struct native n = { .tests = tests, .logs = logs, .times = json_array() };
	json_t *host = look_at_host();
	int ret = mkdir_p(logs) ? ST_HARNESS : ST_OK;

	for (size_t i = 0; i < p->n_tests && ret == ST_OK; i++) {
		info("%s: %zu of %zu", p->tests[i].name, i + 1, p->n_tests);
		if (!wants_settings(&n, &p->tests[i]))
			ret = run_one(&n, &p->tests[i]);
	}
	if (ret == ST_OK && write_times(&n, p, host))
		ret = ST_HARNESS;
	if (ret != ST_OK)
		goto out;
	native_times_print(n.times, stdout);
	for (int s = 0; s < NR_STATUS; s++)
		printf("%u %s%s", n.count[s], status_name(s),
		       s + 1 < NR_STATUS ? ", " : "");
	printf(" on this machine's kernel (logs and samples: %s)\n", logs);
	if (n.count[STATUS_MISS] || n.count[STATUS_ERROR] || n.count[STATUS_FAIL])
		ret = ST_FAIL;
out:
	json_decref(host);
	json_decref(n.times);
	return ret;
}
