// SPDX-License-Identifier: GPL-2.0-only
#include "bootrun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootjson.h"
#include "join.h"
#include "ktap.h"
#include "schedule.h"
#include "util.h"

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
	uint64_t lost_events;
	uint64_t lost_samples;
	bool failed;		/* a test was neither PASS nor SKIP */
	bool host_error;	/* disk full and the like: message printed */
};

/* One program in one slot. */
struct turn {
	struct running_boot *run;
	struct ktap *ktap;
	struct samplefile *samples;
	bool samples_bad;
	bool trace_bad;
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

	ktap_feed(t->ktap, data, len);
	if (fwrite(data, 1, len, t->run->ktap_log) != len)
		return host_error(t->run, "ktap.log");
	return 0;
}

static int on_samples(void *arg, const void *data, size_t len)
{
	struct turn *t = arg;

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

/* The test's command line: options of the plan, and the events asked for. */
static struct strs test_argv(const struct running_boot *run,
			     const struct plan_test *t)
{
	char *path = xasprintf("/tests/%s", t->program);
	char *events = strs_join(&t->events);
	struct strs argv = { 0 };

	strs_add(&argv, path, strlen(path));
	for (size_t i = 0; i < t->args.n; i++)
		strs_add(&argv, t->args.v[i], strlen(t->args.v[i]));
	/*
	 * On one CPU a running vCPU can only add its own time slices to what
	 * is timed, so the vCPUs are parked meanwhile.
	 */
	if (run->r->clock == CLOCK_ICOUNT)
		strs_add(&argv, "-q", 2);
	for (char *p = events; *p; p++)
		if (*p == ' ')
			*p = ',';
	if (*events) {
		strs_add(&argv, "-e", 2);
		strs_add(&argv, events, strlen(events));
	}
	free(events);
	free(path);
	return argv;
}

static void add_results(struct running_boot *run, size_t slot, const char *test,
			const struct ktap *k, enum status overall,
			const char *reason)
{
	const struct ktap_result *v;
	enum status worst = STATUS_PASS;
	size_t n;

	v = ktap_results(k, &n);
	for (size_t i = 0; i < n; i++) {
		bootjson_test(run->json, slot, &run->slots[slot], test,
			      v[i].name, v[i].status, v[i].reason);
		worst = status_worst(worst, v[i].status);
	}
	/* What no single result tells: it crashed, printed nothing... */
	if (!n || status_worst(worst, overall) != worst)
		bootjson_test(run->json, slot, &run->slots[slot], test,
			      "(program)", overall, reason);
	if (overall != STATUS_PASS && overall != STATUS_SKIP) {
		run->failed = true;
		info("boot %u: %s %s: %s: %s", run->r->number + 1,
		     run->slots[slot].arm, test, status_name(overall), reason);
	}
}

/* All of a test's samples, joined with the trace, into samples.csv. */
static int write_samples(struct turn *t, size_t slot, const char *test)
{
	const struct slot *s = &t->run->slots[slot];
	const struct sample *v;
	struct join *join = NULL;
	struct joined joined;
	size_t n;

	v = samplefile_samples(t->samples, &n);
	if (s->traced)
		join = join_new(t->run->trace, t->run->symbols);
	for (size_t i = 0; i < n; i++) {
		if (join)
			join_sample(join, &v[i], &joined);
		else
			joined_none(&joined);
		t->run->lost_samples += joined.lost;
		samples_line(t->run->samples_csv, slot, s, test, &v[i],
			     &joined);
	}
	join_free(join);
	if (fflush(t->run->samples_csv) || ferror(t->run->samples_csv))
		return host_error(t->run, "samples.csv");
	return 0;
}

/* Judge one program that ran. */
static int finish_turn(struct turn *t, size_t slot, const struct plan_test *pt,
		       const struct run_result *res)
{
	const struct ktap_end end = {
		.timed_out = res->timed_out,
		.signal = res->signal,
		.exit = res->exit,
	};
	enum status status = ktap_finish(t->ktap, &end, &pt->events);
	const char *reason = ktap_reason(t->ktap);

	if (status == STATUS_PASS && samplefile_end(t->samples)) {
		status = STATUS_ERROR;
		reason = samplefile_error(t->samples);
	}
	if (status == STATUS_PASS && t->trace_bad) {
		status = STATUS_ERROR;
		reason = "the trace could not be decoded";
	}
	add_results(t->run, slot, pt->name, t->ktap, status, reason);
	if (t->run->slots[slot].traced)
		trace_lost(t->run->trace, res->lost);
	if (status == STATUS_PASS && write_samples(t, slot, pt->name))
		return -1;
	t->run->lost_events += trace_lost_total(t->run->trace);
	return 0;
}

static int run_test(struct running_boot *run, size_t slot,
		    const struct plan_test *pt)
{
	struct strs argv = test_argv(run, pt);
	struct turn t = {
		.run = run,
		.ktap = ktap_new(),
		.samples = samplefile_new(),
	};
	struct run_req req = {
		.argv = (const char *const *)argv.v,
		.timeout_ms = pt->timeout_s * 1000,
		.trace = run->slots[slot].traced,
		.samples = true,
		.arg = &t,
		.on_out = on_out,
		.on_samples = on_samples,
		.on_trace = on_trace,
		.on_tracemeta = on_tracemeta,
	};
	struct run_result res;
	int code;

	fprintf(run->ktap_log, "# secmmu: slot %zu, arm %s, copy %c, %s: %s\n",
		slot, run->slots[slot].arm, run->slots[slot].copy,
		run->slots[slot].traced ? "traced" : "untraced", pt->name);
	trace_reset(run->trace);
	code = boot_run(run->boot, &req, &res);
	if (code == BOOT_OK) {
		if (finish_turn(&t, slot, pt, &res))
			code = BOOT_ERR_HOST;
	} else if (code == BOOT_REFUSED) {
		ktap_finish(t.ktap, NULL, &pt->events);
		add_results(run, slot, pt->name, t.ktap, STATUS_ERROR,
			    boot_refusal(run->boot));
	} else {
		add_results(run, slot, pt->name, t.ktap,
			    ktap_finish(t.ktap, NULL, &pt->events),
			    boot_reason(run->boot));
	}
	ktap_free(t.ktap);
	samplefile_free(t.samples);
	strs_free(&argv);
	return code;
}

static int run_slot(struct running_boot *run, size_t slot)
{
	const struct plan *p = run->r->plan;
	const struct slot *s = &run->slots[slot];
	int code;

	trace_forget(run->trace);
	code = boot_load(run->boot, s->arm, NULL);
	if (code == BOOT_REFUSED) {
		for (size_t i = 0; i < p->n_tests; i++)
			bootjson_test(run->json, slot, s, p->tests[i].name,
				      "(load)", STATUS_ERROR,
				      boot_refusal(run->boot));
		run->failed = true;
		info("boot %u: %s cannot be loaded: %s", run->r->number + 1,
		     s->arm, boot_refusal(run->boot));
		return BOOT_OK;
	}
	for (size_t i = 0; i < p->n_tests && code >= 0; i++)
		code = run_test(run, slot, &p->tests[i]);
	if (code >= 0)
		code = boot_unload(run->boot);
	if (code == BOOT_REFUSED) {
		bootjson_test(run->json, slot, s, "", "(unload)", STATUS_ERROR,
			      boot_refusal(run->boot));
		run->failed = true;
	}
	return code;
}

/* Slots that never had their turn are MISS, not absent. */
static void miss_slots(struct running_boot *run, size_t from)
{
	const struct plan *p = run->r->plan;

	for (size_t i = from; i < run->n_slots; i++)
		for (size_t t = 0; t < p->n_tests; t++)
			for (size_t e = 0; e < p->tests[t].events.n; e++)
				bootjson_test(run->json, i, &run->slots[i],
					      p->tests[t].name,
					      p->tests[t].events.v[e],
					      STATUS_MISS,
					      boot_reason(run->boot));
}

static void run_slots(struct running_boot *run)
{
	size_t i;

	for (i = 0; i < run->n_slots; i++) {
		if (boot_code(run->boot) < 0)
			break;
		info("boot %u of %u: %s%s%s (%zu of %zu)", run->r->number + 1,
		     run->r->total, run->slots[i].arm,
		     run->slots[i].copy == 'b' ? ", A/A copy" : "",
		     run->slots[i].traced ? "" : ", untraced", i + 1,
		     run->n_slots);
		if (run_slot(run, i) < 0) {
			i++;
			break;
		}
	}
	miss_slots(run, i);
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
	if (!run->ktap_log || !run->samples_csv)
		return -1;
	samples_header(run->samples_csv);
	run->trace = trace_new();
	run->slots = schedule_boot(run->r->plan, run->r->seed, run->r->number,
				   &run->n_slots);
	run->json = bootjson_new(run->r->number, run->r->seed, run->slots,
				 run->n_slots);
	return 0;
}

static int close_run(struct running_boot *run)
{
	int ret = 0;

	if (run->ktap_log)
		ret |= close_log(run, run->ktap_log, "ktap.log");
	if (run->samples_csv)
		ret |= close_log(run, run->samples_csv, "samples.csv");
	run->ktap_log = NULL;
	run->samples_csv = NULL;
	return ret;
}

/* Make the folder whole and give it its name. */
static int publish(struct running_boot *run, const struct boot_result *res)
{
	char *to = bootrun_dir(run->r->results, run->r->number);
	char *json = xasprintf("%s/boot.json", run->dir);
	int ret = -1;

	if (bootjson_write(run->json, json, run->r, res, run->lost_events,
			   run->lost_samples) ||
	    close_run(run) || rename_path(run->dir, to))
		goto out;
	ret = 0;
out:
	free(json);
	free(to);
	return ret;
}

static int judge(struct running_boot *run, const struct boot_result *res)
{
	if (res->code == BOOT_ERR_INTR)
		return ST_INTR;
	if (run->host_error || res->code == BOOT_ERR_HOST ||
	    res->code == BOOT_ERR_START) {
		if (!run->host_error)
			err("boot %u: %s", run->r->number + 1, res->reason);
		return ST_HARNESS;
	}
	if (publish(run, res))
		return ST_HARNESS;
	if (res->status != STATUS_PASS)
		err("boot %u: %s: %s", run->r->number + 1,
		    status_name(res->status), res->reason);
	if (*res->diagnosis)
		fprintf(stderr, "%s\n", res->diagnosis);
	return res->status == STATUS_PASS && !run->failed ? ST_OK : ST_FAIL;
}

int bootrun_do(const struct bootrun *r)
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
		.append = r->append,
	};
	int ret = ST_HARNESS;

	if (open_run(&run))
		goto out;
	spec.dir = run.dir;
	run.boot = boot_start(&spec);
	run_slots(&run);
	boot_end(run.boot, &res);
	ret = judge(&run, &res);
	boot_result_free(&res);
out:
	close_run(&run);
	if (ret == ST_INTR || ret == ST_HARNESS)
		remove_tree(run.dir);
	bootjson_free(run.json);
	trace_free(run.trace);
	symbols_free(run.symbols);
	free(run.slots);
	free(run.dir);
	return ret;
}
