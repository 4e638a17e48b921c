// SPDX-License-Identifier: GPL-2.0-only
#include "bootrun.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootjson.h"
#include "calls.h"
#include "join.h"
#include "ktap.h"
#include "live.h"
#include "lockwaits.h"
#include "perfdata.h"
#include "plan_mix.h"
#include "progress.h"
#include "resume.h"
#include "schedule.h"
#include "util.h"

/* For words on how a program ended, with what it has asserted. */
#define HOW_LEN 320

/* What a boot is made of while it runs. */
struct running_boot {
	const struct bootrun *r;
	struct boot *boot;
	struct slot *slots;
	size_t n_slots;
	struct bootjson *json;
	struct trace *trace;
	struct symbols *symbols;
	char *dir;
	FILE *ktap_log;
	FILE *samples_csv;
	FILE *sites_csv;
	uint64_t lost_events;
	uint64_t lost_samples;
	uint64_t told_ns;	/* when it was last said where the boot is */
	bool host_error;	/* disk full and the like: message printed */
};

/* Where no line is replaced by the next, a test is named that often. */
#define TELL_NS 60000000000ull

/* A test's runs in a slot, in this order. */
enum run_kind {
	RUN_UNTRACED,
	RUN_TRACED,
	RUN_PERF,		/* under perf record; its times do not count */
	RUN_KINDS
};

/* One run of a program in a slot. */
struct turn {
	struct running_boot *run;
	size_t slot;
	const struct plan_test *test;
	bool traced;
	unsigned int attempt;	/* from 1; 0: it never ran */
	size_t first;		/* bootjson_tests() before this attempt */
	struct perfdata *perf;	/* or NULL */
	struct ktap *ktap;
	struct samplefile *samples;
	bool samples_any;	/* not every test has samples */
	bool samples_bad;
	bool trace_bad;
	bool late;		/* ktap.log says that the boot was given up */
};

char *bootrun_dir(const char *results, unsigned int number)
{
	return xasprintf("%s/boot-%03u", results, number);
}

static int host_error(struct running_boot *run, const char *file)
{
	err("cannot write %s/%s: %s", run->dir, file, strerror(errno));
	run->host_error = true;
	return -1;
}

static int on_out(void *arg, const void *data, size_t len)
{
	struct turn *t = arg;
	size_t before, after;

	ktap_results(t->ktap, &before);
	ktap_feed(t->ktap, data, len);
	ktap_results(t->ktap, &after);
	if (after > before)
		boot_progress(t->run->boot);
	if (fwrite(data, 1, len, t->run->ktap_log) != len)
		return host_error(t->run, "ktap.log");
	return 0;
}

/* No verdict comes of it: the test has had its time. */
static void on_late(void *arg, const void *data, size_t len)
{
	struct turn *t = arg;

	if (!t->late)
		fprintf(t->run->ktap_log, "\n# secmmu: the boot was given up; what follows does not count\n");
	t->late = true;
	if (fwrite(data, 1, len, t->run->ktap_log) != len)
		host_error(t->run, "ktap.log");
}

static int on_samples(void *arg, const void *data, size_t len)
{
	struct turn *t = arg;

	t->samples_any = true;
	if (samplefile_feed(t->samples, data, len))
		t->samples_bad = true;
	return 0;
}

static int on_trace(void *arg, uint32_t cpu, const void *data, size_t len)
{
	struct turn *t = arg;

	if (trace_page(t->run->trace, cpu, data, len))
		t->trace_bad = true;
	return 0;
}

static int on_tracemeta(void *arg, const char *name, const char *content,
			size_t len)
{
	struct turn *t = arg;

	if (trace_meta(t->run->trace, name, content, len))
		t->trace_bad = true;
	return 0;
}

static int on_perf(void *arg, unsigned int part, const void *data, size_t len)
{
	struct turn *t = arg;

	if (!perfdata_add(t->perf, part, data, len))
		return 0;
	t->run->host_error = true;
	return -1;
}

/* The test's command line: options of the plan, and the events asked for. */
static struct strs test_argv(const struct turn *t)
{
	char *path = xasprintf("/tests/%s", t->test->program);
	struct strs argv = { 0 };

	strs_push(&argv, path);
	strs_push_all(&argv, &t->test->args);
	/* What is enough for the trace is enough for perf. */
	if (t->traced || t->perf)
		strs_push_all(&argv, &t->test->traced_args);
	/*
	 * On one CPU a running vCPU can only add its own time slices to what
	 * is timed, so the vCPUs are parked meanwhile.
	 */
	if (t->run->r->clock == CLOCK_ICOUNT && t->run->r->cpus == 1 &&
	    !t->test->by_exit)
		strs_push(&argv, "-q");
	plan_add_events(t->test, &argv);
	free(path);
	return argv;
}

static void tell_verdict(const struct running_boot *run, size_t slot,
			 bool traced, unsigned int attempt, const char *test,
			 const char *name, enum status status, const char *reason)
{
	const struct slot *s = &run->slots[slot];
	const char copy[] = { s->copy, '\0' };
	json_t *j = json_object();

	json_object_set_new(j, "boot", json_integer(run->r->number));
	json_object_set_new(j, "slot", json_integer((json_int_t)slot));
	json_object_set_new(j, "arm", json_string(s->arm));
	json_object_set_new(j, "copy", json_string(copy));
	json_object_set_new(j, "traced", json_boolean(traced));
	json_object_set_new(j, "test", progress_text(test));
	json_object_set_new(j, "name", progress_text(name));
	json_object_set_new(j, "status", json_string(status_name(status)));
	json_object_set_new(j, "reason", progress_text(reason));
	if (attempt)
		json_object_set_new(j, "attempt", json_integer(attempt));
	progress_event("verdict", j);
}

static void add_result(struct turn *t, const char *name, enum status status,
		       const char *reason)
{
	tell_verdict(t->run, t->slot, t->traced, t->attempt, t->test->name, name,
		     status, reason);
	bootjson_test(t->run->json, t->slot, &t->run->slots[t->slot], t->traced,
		      t->test->name, name, status, reason);
}

static void add_results(struct turn *t, enum status overall, const char *reason)
{
	const struct ktap_result *v;
	enum status worst = STATUS_PASS;
	const struct call_counts *counts;
	size_t n;

	v = ktap_results(t->ktap, &n);
	/* Whatever such a program may have printed. */
	if (t->test->by_exit)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		add_result(t, v[i].name, v[i].status, v[i].reason);
		counts = ktap_counts(t->ktap, v[i].name);
		if (counts)
			bootjson_counts(t->run->json, counts);
		worst = status_worst(worst, v[i].status);
	}
	/* What no single result tells: it crashed, printed nothing... */
	if (!n || status_worst(worst, overall) != worst)
		add_result(t, t->test->by_exit ? t->test->name : "(program)",
			   overall, reason);
	if (overall != STATUS_PASS && overall != STATUS_SKIP &&
	    !t->test->reference) {
		info("boot %u: %s %s%s: %s: %s", t->run->r->number + 1,
		     t->run->slots[t->slot].arm, t->test->name,
		     t->traced ? ", traced" : "", status_name(overall), reason);
	}
}

/* How often mmu_lock was waited for in each event's calls, by whomever. */
static void count_lock_waits(struct turn *t, const struct join *join,
			     const struct sample *v, size_t n)
{
	const struct trace_event **e;
	const struct ktap_result *r;
	struct call_counts c;
	size_t n_results, n_events;

	e = join_events(join, &n_events);
	r = ktap_results(t->ktap, &n_results);
	for (size_t i = 0; i < n_results; i++)
		if (!lockwaits_count(t->run->trace, e, n_events, v, n, r[i].name, &c))
			bootjson_lock_counts(t->run->json, t->first, r[i].name, &c);
}

/* All of a test's samples, joined with the trace, into samples.csv. */
static int write_samples(struct turn *t)
{
	const struct slot *s = &t->run->slots[t->slot];
	const struct sample *v;
	struct join *join = NULL;
	struct joined joined;
	size_t n;

	v = samplefile_samples(t->samples, &n);
	if (t->traced)
		join = join_new(t->run->trace, t->run->symbols);
	for (size_t i = 0; i < n; i++) {
		if (join)
			join_sample(join, &v[i], &joined);
		else
			joined_none(&joined);
		t->run->lost_samples += joined.lost;
		samples_line(t->run->samples_csv, t->slot, s, t->traced,
			     t->test->name, &v[i], &joined);
	}
	if (join)
		count_lock_waits(t, join, v, n);
	join_free(join);
	if (fflush(t->run->samples_csv) || ferror(t->run->samples_csv))
		return host_error(t->run, "samples.csv");
	return 0;
}

/* Who called the notifiers, whatever became of the test. */
static int write_calls(struct turn *t)
{
	struct calls_run r = {
		.slot_index = t->slot,
		.slot = &t->run->slots[t->slot],
		.test = t->test->name,
		.events = &t->test->events,
	};

	r.samples = samplefile_samples(t->samples, &r.n_samples);
	calls_write(t->run->sites_csv, &r, t->run->trace, t->run->symbols);
	if (fflush(t->run->sites_csv) || ferror(t->run->sites_csv))
		return host_error(t->run, "sites.csv");
	return 0;
}

/*
 * Judge a program by how it ended; KVM selftests exit with 254 when they fail, and
 * say before what was asserted.
 */
static enum status judge_exit(const struct turn *t, const struct ktap_end *end,
			      char *reason, size_t size)
{
	const char *asserted = ktap_asserted(t->ktap);

	if (end->timed_out) {
		snprintf(reason, size, "did not end within its time limit");
		return STATUS_MISS;
	}
	if (end->signal) {
		snprintf(reason, size, "killed by signal %d", end->signal);
		return STATUS_FAIL;
	}
	if (end->exit)
		snprintf(reason, size, "exit status %d%s%s", end->exit,
			 *asserted ? ": " : "", asserted);
	if (end->exit == KSFT_SKIP)
		return STATUS_SKIP;
	return end->exit ? STATUS_FAIL : STATUS_PASS;
}

static unsigned int expected_findings(const struct plan_test *pt,
				      const char *arm)
{
	unsigned int mask = 0;

	for (size_t i = 0; i < pt->n_findings; i++)
		if (!pt->findings[i].arm || !strcmp(pt->findings[i].arm, arm))
			mask |= 1u << pt->findings[i].kind;
	return mask;
}

/* Whether the kernel reported what it must not during request @id. */
static bool kernel_reported(const struct turn *t, uint32_t id)
{
	const struct findings *f = boot_findings(t->run->boot);

	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].request == id && !f->v[i].expected)
			return true;
	/* What was not kept may be of any run. */
	return f->dropped;
}

/*
 * Whether the plan wants another attempt after this one, whose results are in.
 * Not where the kernel has reported something: that is no flake of a test.
 */
static bool is_again(const struct turn *t, uint32_t id)
{
	enum status worst = bootjson_worst_from(t->run->json, t->first);

	return worst != STATUS_PASS && worst != STATUS_SKIP &&
	       t->attempt <= t->test->retries && !kernel_reported(t, id);
}

static int finish_trace(struct turn *t, const struct run_result *res)
{
	trace_lost(t->run->trace, res->lost);
	t->run->lost_events += trace_lost_total(t->run->trace);
	/* Each run's calls are counted once. */
	return is_again(t, res->id) ? 0 : write_calls(t);
}

/* Judge one program that ran. */
static int finish_turn(struct turn *t, const struct run_result *res)
{
	const struct ktap_end end = run_ended(res);
	enum status status = ktap_finish(t->ktap, &end, &t->test->events);
	const char *reason = ktap_reason(t->ktap);
	char how[HOW_LEN] = "";

	if (t->test->by_exit) {
		add_results(t, judge_exit(t, &end, how, sizeof(how)), how);
		return t->test->sites ? finish_trace(t, res) : 0;
	}

	if (status == STATUS_PASS && t->samples_any &&
	    samplefile_end(t->samples)) {
		status = STATUS_ERROR;
		reason = samplefile_error(t->samples);
	}
	if (status == STATUS_PASS && t->trace_bad) {
		status = STATUS_ERROR;
		reason = "the trace could not be decoded";
	}
	add_results(t, status, reason);
	if (t->traced && finish_trace(t, res))
		return -1;
	if (status == STATUS_PASS && write_samples(t))
		return -1;
	return 0;
}

/*
 * A run under perf is there for its perf.data: one result that says whether
 * there is one, and how the test ended.
 */
static int finish_perf(struct turn *t, const struct run_result *res)
{
	const struct ktap_end end = run_ended(res);
	enum status status = ktap_finish(t->ktap, &end, &t->test->events);
	const char *reason = ktap_reason(t->ktap), *missing;
	char how[HOW_LEN] = "";

	if (t->test->by_exit) {
		status = judge_exit(t, &end, how, sizeof(how));
		reason = how;
	}
	if (perfdata_end(t->perf, &missing)) {
		t->run->host_error = true;
		t->perf = NULL;
		return -1;
	}
	t->perf = NULL;
	if (missing && status != STATUS_SKIP) {
		status = STATUS_ERROR;
		reason = missing;
	}
	add_result(t, BOOTJSON_PERF, status, reason);
	return 0;
}

/* One attempt. @again: set if there should be another one. */
static int run_attempt(struct running_boot *run, size_t slot,
		       const struct plan_test *pt, enum run_kind kind,
		       unsigned int attempt, bool *again)
{
	static const char *const names[] = { "untraced", "traced", "under perf" };
	bool traced = kind == RUN_TRACED;
	struct turn t = {
		.run = run,
		.slot = slot,
		.test = pt,
		.traced = traced,
		.attempt = attempt,
		.first = bootjson_tests(run->json),
		.perf = kind != RUN_PERF ? NULL :
			perfdata_new(run->dir, slot, &run->slots[slot], pt->name),
		.ktap = ktap_new(),
		.samples = samplefile_new(),
	};
	struct strs argv = test_argv(&t);
	struct run_req req = {
		.argv = (const char *const *)argv.v,
		.set = (const char *const *)pt->set.v,
		.timeout_ms = pt->timeout_s * 1000,
		.trace = traced || (pt->sites && kind == RUN_UNTRACED),
		.samples = !pt->by_exit && kind != RUN_PERF,
		.perf = kind == RUN_PERF,
		.expected = expected_findings(pt, run->slots[slot].arm),
		.arg = &t,
		.on_out = on_out,
		.on_late = on_late,
		.on_samples = on_samples,
		.on_trace = on_trace,
		.on_tracemeta = on_tracemeta,
		.on_perf = on_perf,
	};
	struct run_result res;
	const char *missing;
	enum status status;
	int code;

	fprintf(run->ktap_log, "# secmmu: slot %zu, arm %s, copy %c, %s: %s",
		slot, run->slots[slot].arm, run->slots[slot].copy,
		names[kind], pt->name);
	if (attempt > 1)
		fprintf(run->ktap_log, ", attempt %u", attempt);
	fputc('\n', run->ktap_log);
	trace_reset(run->trace);
	boot_context(run->boot, "boot %u of seed %llu, slot %zu, arm %s, copy %c, test %s (%s), attempt %u",
		     run->r->number, (unsigned long long)run->r->seed, slot,
		     run->slots[slot].arm, run->slots[slot].copy, pt->name,
		     names[kind], attempt);
	code = boot_run(run->boot, &req, &res);
	bootjson_request(run->json, &(struct bootjson_request){
		.id = res.id, .slot_index = slot, .slot = run->slots[slot],
		.traced = traced, .attempt = attempt, .test = pt->name,
		.name = kind == RUN_PERF ? BOOTJSON_PERF : NULL,
	});
	if (code == BOOT_OK) {
		if (t.perf ? finish_perf(&t, &res) : finish_turn(&t, &res))
			code = BOOT_ERR_HOST;
	} else {
		status = ktap_finish(t.ktap, NULL, &pt->events);
		if (code == BOOT_REFUSED)
			add_results(&t, STATUS_ERROR, boot_refusal(run->boot));
		else
			add_results(&t, status, boot_reason(run->boot));
	}
	*again = code >= 0 && kind != RUN_PERF && is_again(&t, res.id);
	if (t.perf)
		perfdata_end(t.perf, &missing);
	ktap_free(t.ktap);
	samplefile_free(t.samples);
	strs_free(&argv);
	return code;
}

/* As often as the plan allows, until it passes; the last attempt counts. */
static int run_turn(struct running_boot *run, size_t slot,
		    const struct plan_test *pt, enum run_kind kind)
{
	size_t from = bootjson_tests(run->json), to;
	unsigned int attempt = 1;
	bool again;
	int code;

	code = run_attempt(run, slot, pt, kind, attempt, &again);
	while (again) {
		info("boot %u: %s %s: attempt %u of %u", run->r->number + 1,
		     run->slots[slot].arm, pt->name, ++attempt, pt->retries + 1);
		to = bootjson_tests(run->json);
		code = run_attempt(run, slot, pt, kind, attempt, &again);
		bootjson_again(run->json, from, to, attempt);
	}
	return code;
}

/*
 * Turns of a slot: each test untraced, then traced unless the plan says no, then
 * under perf if that was asked for. The next one at or after @turn, or SIZE_MAX.
 */
static size_t next_turn(const struct bootrun *r, size_t turn)
{
	for (; turn < RUN_KINDS * r->plan->n_tests; turn++)
		if (turn % RUN_KINDS == RUN_UNTRACED ||
		    (turn % RUN_KINDS == RUN_PERF && r->perf) ||
		    (turn % RUN_KINDS == RUN_TRACED &&
		     r->plan->tests[turn / RUN_KINDS].traced))
			return turn;
	return SIZE_MAX;
}

/* Turns that never came are MISS, not absent. */
static void miss_turns(struct running_boot *run, size_t slot, size_t turn)
{
	const struct plan *p = run->r->plan;

	while ((turn = next_turn(run->r, turn)) != SIZE_MAX) {
		bool perf = turn % RUN_KINDS == RUN_PERF;
		struct turn t = {
			.run = run,
			.slot = slot,
			.test = &p->tests[turn / RUN_KINDS],
			.traced = turn % RUN_KINDS == RUN_TRACED,
		};

		if (perf)
			add_result(&t, BOOTJSON_PERF, STATUS_MISS,
				   boot_reason(run->boot));
		else if (t.test->by_exit)
			add_result(&t, t.test->name, STATUS_MISS,
				   boot_reason(run->boot));
		for (size_t e = 0; !perf && e < t.test->events.n; e++)
			add_result(&t, t.test->events.v[e], STATUS_MISS,
				   boot_reason(run->boot));
		turn++;
	}
}

static void add_slot_error(struct running_boot *run, size_t slot,
			   const char *test, const char *name)
{
	tell_verdict(run, slot, false, 0, test, name, STATUS_ERROR,
		     boot_refusal(run->boot));
	bootjson_test(run->json, slot, &run->slots[slot], false, test, name,
		      STATUS_ERROR, boot_refusal(run->boot));
}

/* The latest request was to load or to unload: @name. */
static void note_request(struct running_boot *run, size_t slot, const char *name)
{
	bootjson_request(run->json, &(struct bootjson_request){
		.id = boot_request(run->boot), .slot_index = slot,
		.slot = run->slots[slot], .test = "", .name = name,
	});
}

static char *boot_words(const struct bootrun *r)
{
	return xasprintf("boot %u of seed %llu", r->number,
			 (unsigned long long)r->seed);
}

/* Neither a test nor a slot: the guest boots, or powers off. */
static void at_boot(struct running_boot *run)
{
	char *words = boot_words(run->r);

	boot_context(run->boot, "%s", words);
	free(words);
}

/* Between the tests of a slot: what goes wrong there is none of theirs. */
static void at_slot(struct running_boot *run, size_t slot)
{
	char *words = boot_words(run->r);

	boot_context(run->boot, "%s, slot %zu, arm %s, copy %c", words, slot,
		     run->slots[slot].arm, run->slots[slot].copy);
	free(words);
}

static char *slot_words(const struct running_boot *run, size_t slot)
{
	const struct slot *s = &run->slots[slot];

	return xasprintf("boot %u of %u: %s%s (%zu of %zu)", run->r->number + 1,
			 run->r->total, s->arm, s->copy == 'b' ? ", A/A copy" : "",
			 slot + 1, run->n_slots);
}

static void tell_slot(struct running_boot *run, size_t slot)
{
	char *words = slot_words(run, slot);

	live("%s", words);
	run->told_ns = now_ns();
	free(words);
}

/* A slot may take many minutes. */
static void tell_turn(struct running_boot *run, size_t slot, size_t turn)
{
	size_t done = 0, of = 0;
	char *words;

	if (!live_on() && now_ns() < run->told_ns + TELL_NS)
		return;
	for (size_t i = 0; (i = next_turn(run->r, i)) != SIZE_MAX; i++) {
		done += i <= turn;
		of++;
	}
	words = slot_words(run, slot);
	live("%s, test %s (%zu of %zu)", words,
	     run->r->plan->tests[turn / RUN_KINDS].name, done, of);
	run->told_ns = now_ns();
	free(words);
}

static int run_slot(struct running_boot *run, size_t slot)
{
	const struct plan *p = run->r->plan;
	const struct slot *s = &run->slots[slot];
	size_t turn = 0;
	int code;

	trace_forget(run->trace);
	at_slot(run, slot);
	code = boot_load(run->boot, s->arm, NULL);
	note_request(run, slot, "(load)");
	if (code == BOOT_REFUSED) {
		for (size_t i = 0; i < p->n_tests; i++)
			add_slot_error(run, slot, p->tests[i].name, "(load)");
		info("boot %u: %s cannot be loaded: %s", run->r->number + 1,
		     s->arm, boot_refusal(run->boot));
		return BOOT_OK;
	}
	while (code >= 0 && (turn = next_turn(run->r, turn)) != SIZE_MAX) {
		tell_turn(run, slot, turn);
		code = run_turn(run, slot, &p->tests[turn / RUN_KINDS],
				turn % RUN_KINDS);
		turn++;
	}
	if (code < 0) {
		miss_turns(run, slot, turn);
	} else {
		at_slot(run, slot);
		code = boot_unload(run->boot);
		note_request(run, slot, "(unload)");
	}
	if (code == BOOT_REFUSED)
		add_slot_error(run, slot, "", "(unload)");
	return code;
}

static void run_slots(struct running_boot *run)
{
	int code = boot_code(run->boot);

	for (size_t i = 0; i < run->n_slots; i++) {
		if (code < 0) {
			miss_turns(run, i, 0);
			continue;
		}
		tell_slot(run, i);
		progress_event("slot", json_pack("{s:i, s:i, s:i, s:s}",
			"boot", (int)run->r->number, "slot", (int)i, "of",
			(int)run->n_slots, "arm", run->slots[i].arm));
		code = run_slot(run, i);
	}
}

static FILE *open_log(struct running_boot *run, const char *name)
{
	char *path = xasprintf("%s/%s", run->dir, name);
	FILE *f = fopen(path, "we");

	if (!f)
		host_error(run, name);
	free(path);
	return f;
}

static int close_log(struct running_boot *run, FILE *f, const char *name)
{
	int bad = ferror(f);

	if (fclose(f) || bad)
		return host_error(run, name);
	return 0;
}

static int open_run(struct running_boot *run)
{
	run->dir = xasprintf("%s/.boot-%03u.tmp", run->r->results,
			     run->r->number);
	if (remove_tree(run->dir) || mkdir_p(run->dir))
		return -1;
	run->symbols = symbols_load(run->r->system_map);
	if (!run->symbols)
		return -1;
	run->ktap_log = open_log(run, "ktap.log");
	run->samples_csv = open_log(run, "samples.csv");
	run->sites_csv = open_log(run, "sites.csv");
	if (!run->ktap_log || !run->samples_csv || !run->sites_csv)
		return -1;
	samples_header(run->samples_csv);
	calls_header(run->sites_csv);
	run->trace = trace_new();
	run->slots = schedule_boot(run->r->plan, run->r->seed, run->r->number,
				   &run->n_slots);
	run->json = bootjson_new(run->r->number, run->r->seed, run->r->run,
				 run->slots, run->n_slots);
	bootjson_attempts(run->json, resume_attempts(run->r->results,
						     run->r->number));
	return 0;
}

static int close_run(struct running_boot *run)
{
	int ret = 0;

	if (run->ktap_log)
		ret |= close_log(run, run->ktap_log, "ktap.log");
	if (run->samples_csv)
		ret |= close_log(run, run->samples_csv, "samples.csv");
	if (run->sites_csv)
		ret |= close_log(run, run->sites_csv, "sites.csv");
	run->ktap_log = NULL;
	run->samples_csv = NULL;
	run->sites_csv = NULL;
	return ret;
}

static int seal_file(struct running_boot *run, const char *path)
{
	char hex[65];

	if (sync_path(path) || sha256_file(path, hex))
		return -1;
	bootjson_file(run->json, path + strlen(run->dir) + 1, hex);
	return 0;
}

/* On the disk before the folder has its name, and known by their hashes. */
static int seal_files(struct running_boot *run)
{
	char *paths[] = { run->dir, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int ret = tree ? 0 : -1;
	FTSENT *e;

	while (!ret && (e = fts_read(tree))) {
		if (e->fts_info == FTS_F)
			ret = seal_file(run, e->fts_path);
		else if (e->fts_info == FTS_DP)
			ret = sync_path(e->fts_path);
		else if (e->fts_info != FTS_D)
			ret = host_error(run, e->fts_path + strlen(run->dir));
	}
	if (tree)
		fts_close(tree);
	else
		host_error(run, "");
	return ret;
}

/* Make the folder whole and give it its name. */
static int publish(struct running_boot *run, const struct boot_result *res)
{
	char *to = bootrun_dir(run->r->results, run->r->number);
	char *json = xasprintf("%s/boot.json", run->dir);
	int ret = -1;

	if (close_run(run) || seal_files(run) ||
	    bootjson_write(run->json, json, run->r, res, run->lost_events,
			   run->lost_samples) ||
	    sync_path(run->dir) || rename_path(run->dir, to) ||
	    sync_path(run->r->results))
		goto out;
	ret = 0;
out:
	free(json);
	free(to);
	return ret;
}

static int judge(struct running_boot *run, const struct boot_result *res)
{
	enum status worst;

	if (res->code == BOOT_ERR_INTR)
		return ST_INTR;
	if (run->host_error || res->code == BOOT_ERR_HOST ||
	    res->code == BOOT_ERR_START) {
		if (!run->host_error)
			err("boot %u: %s", run->r->number + 1, res->reason);
		if (*res->diagnosis)
			fprintf(stderr, "%s\n", res->diagnosis);
		return ST_HARNESS;
	}
	if (publish(run, res))
		return ST_HARNESS;
	worst = status_worst(res->status, bootjson_worst(run->json));
	progress_event("boot", json_pack("{s:i, s:s, s:o, s:s?, s:f}", "boot",
		(int)run->r->number, "status",
		status_name(worst == STATUS_SKIP ? STATUS_PASS : worst),
		"reason", progress_text(res->reason), "cause",
		boot_cause_name(res->cause), "seconds",
		res->total_ms / 1000.0));
	if (res->status != STATUS_PASS)
		err("boot %u: %s: %s", run->r->number + 1,
		    status_name(res->status), res->reason);
	if (*res->diagnosis)
		fprintf(stderr, "%s\n", res->diagnosis);
	return bootjson_worst(run->json) <= STATUS_SKIP &&
	       res->status == STATUS_PASS ? ST_OK : ST_FAIL;
}

/*
 * Of a boot that the host has failed, keep what tells of it under another name. Not
 * what is large: the disk may be full.
 */
static void keep_failed(const struct running_boot *run)
{
	static const char *const large[] = {
		"samples.csv", "sites.csv", "vmcore", "perf",
	};
	char *number = xasprintf("%03u", run->r->number);
	char *to = resume_aside(run->r->results, "failed", number);

	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		char *path = xasprintf("%s/%s", run->dir, large[i]);

		remove_tree(path);
		free(path);
	}
	if (rename_path(run->dir, to))
		remove_tree(run->dir);
	else
		info("boot %u: its logs are in %s", run->r->number + 1, to);
	free(to);
	free(number);
}

/* How long the whole boot may take, ms of wall time. */
static unsigned int boot_limit(const struct running_boot *run)
{
	const struct bootrun *r = run->r;
	const struct plan_test *t;
	uint64_t tests_s = 0;
	size_t runs = 0, n;

	if (r->plan->boot_timeout_s)
		return r->plan->boot_timeout_s * 1000;
	for (size_t turn = next_turn(r, 0); turn != SIZE_MAX;
	     turn = next_turn(r, turn + 1)) {
		t = &r->plan->tests[turn / RUN_KINDS];
		/* Under perf it is not done again. */
		n = turn % RUN_KINDS == RUN_PERF ? 1 : t->retries + 1;
		runs += n;
		tests_s += (uint64_t)t->timeout_s * n;
	}
	return boot_time_limit(r->clock, run->n_slots, runs * run->n_slots,
			       tests_s * run->n_slots);
}

/* As bootrun_do(), of a plan in which nothing is left to chance. */
static int run_plan(const struct bootrun *r)
{
	struct boot_result res = { 0 };
	struct running_boot run = { .r = r };
	struct boot_spec spec = {
		.kernel = r->kernel,
		.initrd = r->initrd,
		.accel = r->accel,
		.clock = r->clock,
		.cpus = r->cpus,
		.memory_mb = r->plan->memory_mb,
		.shadow = r->plan->shadow,
		.vmcore = r->vmcore,
	};
	char *append = plan_kernel_args(r->plan, r->append);
	char *words = boot_words(r);
	unsigned int *pin = NULL;
	int ret = ST_HARNESS;

	if (open_run(&run))
		goto out;
	spec.dir = run.dir;
	spec.append = append;
	spec.context = words;
	spec.limits.boot_ms = boot_limit(&run);
	if (r->pin)
		pin = share_spread(&r->share, r->slot, r->cpus);
	spec.pin = pin;
	run.boot = boot_start(&spec);
	run_slots(&run);
	at_boot(&run);
	boot_end(run.boot, &res);
	for (size_t i = 0; i < r->plan->n_tests; i++)
		if (r->plan->tests[i].reference)
			bootjson_refer(run.json, r->plan->tests[i].name,
				       r->plan->tests[i].reference);
	bootjson_blame(run.json, &res);
	ret = judge(&run, &res);
	boot_result_free(&res);
out:
	close_run(&run);
	if (ret == ST_HARNESS && run.boot)
		keep_failed(&run);
	else if (ret == ST_INTR || ret == ST_HARNESS)
		remove_tree(run.dir);
	bootjson_free(run.json);
	trace_free(run.trace);
	symbols_free(run.symbols);
	free(run.slots);
	free(run.dir);
	free(append);
	free(words);
	free(pin);
	return ret;
}

int bootrun_do(const struct bootrun *r)
{
	struct plan *mix = plan_mix(r->plan, r->seed, r->number);
	struct bootrun mixed = *r;
	int ret;

	if (mix)
		mixed.plan = mix;
	ret = run_plan(&mixed);
	plan_mix_free(mix);
	return ret;
}
