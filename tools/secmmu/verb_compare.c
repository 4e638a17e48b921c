// SPDX-License-Identifier: GPL-2.0-only
/* The main job: build, boot, run a plan, compare the arms, write the report. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootrun.h"
#include "compare_opts.h"
#include "host.h"
#include "initramfs.h"
#include "jobs.h"
#include "kernel.h"
#include "manifest.h"
#include "payload.h"
#include "progress.h"
#include "qemu.h"
#include "report.h"
#include "results.h"
#include "resume.h"
#include "settle.h"
#include "sites_record.h"
#include "soak.h"
#include "util.h"
#include "verbs.h"

struct compare {
	struct bootrun boot;
	struct artifacts artifacts;
	struct results results;
	uint64_t seed;
	bool has_seed;
	char *image, *initrd, *system_map;
	char *qemu_version;
	char *dir;		/* of the results, once there is one */
	json_t *resumed;	/* manifest of the run to go on with, or NULL */
	json_t *host;
	char *perf;		/* the program, or NULL */
	unsigned int jobs;
	uint64_t started_ns;
	bool soak_over;
	unsigned int soak_good;	/* the first so many boots are whole and good */
};

static struct plan *make_plan(const struct compare_opts *o)
{
	struct plan *p = plan_load(o->plan ? o->plan : "compare");

	if (!p)
		return NULL;
	if ((o->lane && plan_set_lane(p, o->lane)) ||
	    (o->arms && plan_set_arms(p, o->arms)) ||
	    (o->boots && plan_set_boots(p, o->boots)) ||
	    (o->minutes && plan_set_minutes(p, o->minutes)) ||
	    (o->boot && plan_set_boot(p, o->boot)) ||
	    (o->clock && plan_set_clock(p, o->clock)) ||
	    (o->cpus && plan_set_cpus(p, o->cpus)) ||
	    (o->events && plan_set_events(p, o->events))) {
		plan_free(p);
		return NULL;
	}
	return p;
}

/* What the plan leaves open, and who is to run where. */
static int settle_all(struct compare *c, const struct plan *p,
		      const struct compare_opts *o)
{
	struct settled s;
	cpu_set_t usable;
	int ret;

	if (sched_getaffinity(0, sizeof(usable), &usable)) {
		err("cannot tell which CPUs may be used: %s", strerror(errno));
		return ST_HARNESS;
	}
	ret = settle(p, c->boot.accel->which == ACCEL_TCG, o->jobs, o->pin,
		     &usable, "/sys/devices/system/cpu", &s);
	c->boot.clock = s.clock;
	c->boot.cpus = s.cpus;
	c->boot.share = s.share;
	c->boot.pin = s.pin;
	c->jobs = s.jobs;
	if (ret == ST_OK && s.share.boots > 1)
		info("%u boots at a time, each with %u CPU%s%s", s.jobs,
		     s.cpus, s.cpus == 1 ? "" : "s",
		     s.share.cpus >= s.cpus ? " of its own" : "; some have to share");
	return ret;
}

/* How many boots is said in one way. */
static int check_counts(const struct compare *c, const struct compare_opts *o)
{
	if (o->minutes && (o->boots || o->boot)) {
		err("--minutes: boots go on until the time is over: leave out --boots and --boot");
		return ST_USAGE;
	}
	if (o->boot && (o->boots || (!o->seed && !c->resumed))) {
		err("--boot is one boot of the run that has a seed: with --seed, and without --boots");
		return ST_USAGE;
	}
	return ST_OK;
}

/* A run that goes on has its seed; another one would make another run of it. */
static int take_seed(struct compare *c, const struct compare_opts *o)
{
	uint64_t seed;

	if (o->seed && parse_u64(o->seed, 0, INT64_MAX, &c->seed)) {
		err("--seed: '%s' is no number from 0 to 2^63-1", o->seed);
		return ST_USAGE;
	}
	c->has_seed = o->seed;
	if (!c->resumed)
		return ST_OK;
	seed = (uint64_t)json_integer_value(json_object_get(c->resumed, "seed"));
	if (o->seed && c->seed != seed) {
		err("%s: not the same run: the seed is %llu there and %llu now: leave it out, or start a new one",
		    o->resume, (unsigned long long)seed,
		    (unsigned long long)c->seed);
		return ST_USAGE;
	}
	c->seed = seed;
	return ST_OK;
}

/* Before the build: all but the kernel, which is taken to be the same. */
static int check_resumed(const struct compare *c, const struct compare_opts *o)
{
	const json_t *there = json_object_get(c->resumed, "identity");
	const char *key = json_string_value(json_object_get(there, "kernel_key"));
	const struct artifacts same = { .key = (char *)(key ? key : "") };
	json_t *identity = manifest_identity(&c->boot, &same);
	int ret = resume_same(o->resume, c->resumed, identity);

	json_decref(identity);
	return ret;
}

static int use_qemu(struct compare *c)
{
	struct qemu_info q;
	int ret = qemu_probe(&q);

	if (ret != ST_OK)
		return ret;
	if (c->boot.accel->which == ACCEL_KVM)
		jail_device(&q.jail, "/dev/kvm");
	info("QEMU %s, %s, as user %s", q.version, q.sandbox ?
	     "sandboxed" : "WITHOUT its sandbox: it was built without seccomp",
	     q.jail.user);
	c->qemu_version = xstrdup(q.version);
	c->boot.qemu_version = c->qemu_version;
	qemu_info_free(&q);
	return ST_OK;
}

static int take_vmcore(struct compare *c, const struct compare_opts *o)
{
	if (!o->vmcore || !vmcore_format_parse(o->vmcore, &c->boot.vmcore))
		return ST_OK;
	err("--vmcore: '%s' is not allowed: elf (or 1), or kdump", o->vmcore);
	return ST_USAGE;
}

/* All that can be wrong is said before the long work starts. */
static int check_early(struct compare *c, const struct plan *p,
		       const struct compare_opts *o)
{
	int ret = check_counts(c, o);

	if (ret == ST_OK)
		ret = take_seed(c, o);
	if (ret == ST_OK)
		ret = take_vmcore(c, o);
	if (ret == ST_OK)
		ret = settle_all(c, p, o);
	if (ret == ST_OK)
		ret = use_qemu(c);
	if (ret == ST_OK && c->resumed)
		ret = check_resumed(c, o);
	return ret;
}

static int run_boot(unsigned int i, unsigned int slot, void *arg)
{
	struct compare *c = arg;

	if (share_take(&c->boot.share, slot))
		return ST_HARNESS;
	c->boot.slot = slot;
	c->boot.number = i;
	/* How many there will be nobody knows. */
	if (c->boot.plan->minutes)
		c->boot.total = i + 1;
	return bootrun_do(&c->boot);
}

static bool boot_done(unsigned int i, void *arg)
{
	struct compare *c = arg;
	char *dir = bootrun_dir(c->results.dir, i);
	bool done = path_exists(dir);

	free(dir);
	return done;
}

/* Several boots at a time end in any order. */
static bool soak_failed(struct compare *c, unsigned int n)
{
	bool gap = false;

	for (unsigned int i = c->soak_good; i < n; i++) {
		if (!boot_done(i, c)) {
			gap = true;
			continue;
		}
		if (soak_boot(c->results.dir, i) == SOAK_FAILED)
			return true;
		if (!gap)
			c->soak_good = i + 1;
	}
	return false;
}

/* Of boots until a time: it is over, or one has failed. */
static bool soak_done(unsigned int i, void *arg)
{
	struct compare *c = arg;
	uint64_t ns = c->boot.plan->minutes * 60 * 1000000000ull;

	if (c->soak_over || boot_done(i, arg))
		return true;
	c->soak_over = i && (now_ns() - c->started_ns >= ns || soak_failed(c, i));
	return c->soak_over;
}

static void soak_progress(unsigned int finished, unsigned int to_do, void *arg)
{
	struct compare *c = arg;
	uint64_t s = (now_ns() - c->started_ns) / 1000000000u;
	uint64_t all = c->boot.plan->minutes * 60ull;

	(void)to_do;
	progress_step("boot", finished, 0, all > s ? all - s : 0, NULL);
	info("%u boots done in %u:%02u of %u:00", finished,
	     (unsigned int)(s / 60), (unsigned int)(s % 60),
	     c->boot.plan->minutes);
}

static bool other_boot(unsigned int i, void *arg)
{
	struct compare *c = arg;

	return (int)i != c->boot.plan->only_boot || boot_done(i, arg);
}

static void progress(unsigned int finished, unsigned int to_do, void *arg)
{
	struct compare *c = arg;
	uint64_t s = (now_ns() - c->started_ns) / 1000000000u;
	uint64_t left = s * (to_do - finished) / finished;

	progress_step("boot", finished, to_do, left, NULL);
	if (finished < to_do)
		info("%u of %u boots done, about %u:%02u to go", finished,
		     to_do, (unsigned int)(left / 60), (unsigned int)(left % 60));
	else
		info("all %u boots done", to_do);
}

/* The guest's files, in the results' folder for the time of the run. */
static int make_initrd(struct compare *c, const struct plan *p)
{
	struct initramfs_opts opts = {
		.arms = (const char *const *)p->arms.v,
		.n_arms = p->arms.n,
		.perf = c->perf,
	};
	char *inner = xasprintf("%s/.initrd.vmm", c->results.dir);
	struct payload payload = { 0 };
	int ret = ST_OK;

	if (p->vmm)
		ret = payload_vmm(c->artifacts.dir, inner, &payload);
	opts.files = payload.files;
	opts.n_files = payload.n;
	c->initrd = xasprintf("%s/.initrd", c->results.dir);
	if (ret == ST_OK)
		ret = initramfs_write(c->artifacts.dir, &opts, c->initrd);
	if (p->vmm)
		unlink(inner);
	payload_free(&payload);
	free(inner);
	return ret;
}

/* perf.data outlives the cache that the kernel is in. */
static int keep_symbols(const struct compare *c)
{
	char *to = xasprintf("%s/System.map", c->results.dir);
	int ret = path_exists(to) ? 0 : copy_file(c->system_map, to);

	free(to);
	return ret;
}

static struct jobs make_jobs(struct compare *c, const struct plan *p)
{
	struct jobs jobs = {
		.n = p->boots,
		.at_once = c->jobs,
		.run = run_boot,
		.done = boot_done,
		.progress = progress,
		.arg = c,
	};

	if (p->minutes) {
		jobs.n = PLAN_BOOTS_MAX;
		jobs.done = soak_done;
		jobs.progress = soak_progress;
	} else if (p->only_boot >= 0) {
		jobs.n = (unsigned int)p->only_boot + 1;
		jobs.done = other_boot;
	}
	return jobs;
}

/* A fault of the emulator, which whoever reads of a failed boot should know. */
static void tell_lost(struct compare *c, const struct plan *p)
{
	unsigned int n = make_jobs(c, p).n, there = 0, lost;

	lost = soak_lost(c->results.dir, n);
	for (unsigned int i = 0; i < n && lost; i++)
		there += boot_done(i, c);
	if (lost)
		info("%u of %u boots lost a guest to the emulator, and nothing else failed in them: docs/testing.md",
		     lost, there);
}

/* Whoever finds them missing is to know that they need not be. */
static void tell_killed(const struct compare *c)
{
	if (resume_killed(c->results.dir))
		info("a QEMU was killed, by neither secmmu nor its guest: the same command, or --resume %s, runs that boot again",
		     c->results.dir);
}

/* The line that repeats the boot that has ended the run. */
static int soak_end(const struct compare *c, const char *src)
{
	struct plan plan = *c->boot.plan;
	struct bootrun one = c->boot;
	char *command;
	unsigned int n;
	int failed;

	n = soak_count(c->results.dir, &failed);
	if (failed >= 0) {
		plan.minutes = 0;
		plan.only_boot = failed;
		one.plan = &plan;
		command = manifest_command(&one, c->results.seed, src);
		err("boot %d of seed %llu failed; to repeat it: %s", failed,
		    (unsigned long long)c->results.seed, command);
		free(command);
	}
	return n && results_boots(&c->results, n) ? ST_HARNESS : ST_OK;
}

/* 0: nobody knows. */
static unsigned int boots_to_do(const struct jobs *j, const struct plan *p)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < j->n && !p->minutes; i++)
		n += !j->done(i, j->arg);
	return n;
}

static int run_boots(struct compare *c, const struct plan *p)
{
	struct jobs jobs = make_jobs(c, p);
	int ret = make_initrd(c, p);

	if (ret != ST_OK)
		return ret;
	c->image = xasprintf("%s/vmlinux", c->artifacts.dir);
	c->system_map = xasprintf("%s/System.map", c->artifacts.dir);
	if (c->perf && keep_symbols(c))
		return ST_HARNESS;
	c->boot.kernel = c->image;
	c->boot.initrd = c->initrd;
	c->boot.system_map = c->system_map;
	c->boot.results = c->results.dir;
	c->boot.total = jobs.n;
	c->boot.seed = c->results.seed;
	c->started_ns = now_ns();
	progress_step("boot", 0, boots_to_do(&jobs, p), PROGRESS_UNKNOWN, NULL);
	ret = jobs_run(&jobs);
	unlink(c->initrd);
	return ret;
}

/* The report says of each of the kernel's call sites what became of it. */
static int record_sites(const struct compare *c)
{
	char *path = xasprintf("%s/callsites.json", c->results.dir);
	int ret = ST_OK;

	if (!path_exists(path))
		ret = sites_record(c->results.dir, NULL, NULL);
	free(path);
	return ret;
}

/* The folder of a new run, or of the one that goes on. */
static int open_results(struct compare *c, const struct plan *p,
			const struct compare_opts *o, json_t *identity)
{
	int ret;

	if (!c->resumed)
		return results_open(o->results, p->name, identity,
				    c->has_seed ? &c->seed : NULL, &c->results);
	ret = resume_same(o->resume, c->resumed, identity);
	return ret ? ret : results_resume(o->resume, c->seed, &c->results);
}

/* Whole boots stay, whatever was going on when the run ended. */
static int sweep(struct compare *c, const struct plan *p)
{
	const struct jobs jobs = make_jobs(c, p);
	struct resume_count n;

	if (!c->results.resumed)
		return ST_OK;
	if (resume_sweep(c->results.dir, c->results.run, jobs.n, &n))
		return ST_HARNESS;
	info("%u boots are there%s%s", n.kept, n.aside ? ", others were not whole" : "",
	     n.again ? ", others had their QEMU killed" : "");
	return ST_OK;
}

static int write_manifest(struct compare *c, const struct compare_opts *o,
			  json_t *identity)
{
	json_t *m = manifest_make(&c->boot, &c->artifacts, c->results.seed,
				  o->kernel.src);
	int ret = -1;

	if (m) {
		json_object_set_new(m, "options", compare_opts_save(o));
		ret = results_manifest(&c->results, identity, m);
	}
	json_decref(m);
	c->boot.run = c->results.run;
	return ret ? ST_HARNESS : ST_OK;
}

static int compare_run(struct compare *c, const struct plan *p,
		       const struct compare_opts *o)
{
	json_t *identity = manifest_identity(&c->boot, &c->artifacts);
	char *failure = NULL;
	int ret;

	ret = open_results(c, p, o, identity);
	if (ret != ST_OK)
		goto out;
	c->dir = xstrdup(c->results.dir);
	progress_event("run", json_pack("{s:s, s:I, s:s, s:i, s:b}", "results",
		c->dir, "seed", (json_int_t)c->results.seed, "plan", p->name,
		"boots", (int)p->boots, "resumed", c->results.resumed));
	info("results: %s%s, seed %llu", c->results.dir,
	     c->results.resumed ? " (goes on)" : "",
	     (unsigned long long)c->results.seed);
	ret = write_manifest(c, o, identity);
	if (ret == ST_OK)
		ret = sweep(c, p);
	if (ret == ST_OK)
		ret = record_sites(c);
	if (ret == ST_OK)
		ret = run_boots(c, p);
	if (ret == ST_INTR)
		info("interrupted: the same command goes on from here");
	if (ret != ST_OK && ret != ST_FAIL)
		goto out;
	tell_lost(c, p);
	tell_killed(c);
	if (p->minutes && soak_end(c, o->kernel.src)) {
		ret = ST_HARNESS;
		goto out;
	}
	progress_step("report", 1, 1, PROGRESS_UNKNOWN, NULL);
	ret = results_finish(c->results.dir, &failure);
	if (ret != ST_OK)
		goto out;
	info("report: %s/report.html", c->results.dir);
	/* Boots that an earlier, interrupted part of the run made count as well. */
	if (failure) {
		err("%s", failure);
		ret = ST_FAIL;
	}
out:
	free(failure);
	json_decref(identity);
	results_close(&c->results);
	return ret;
}

static int build_and_run(struct compare *c, const struct plan *p,
			 struct compare_opts *o)
{
	char *arms = NULL;
	int ret;

	o->kernel.lane = p->lane;
	/* All arms are for keeps; what a control or a prefix makes is not. */
	if (o->kernel.control || o->kernel.prefix || o->only_arms)
		o->kernel.arms = arms = strs_join(&p->arms);
	ret = kernel_prepare(&o->kernel, &c->artifacts);
	if (ret == ST_OK && o->perf)
		ret = kernel_perf(&o->kernel, &c->perf);
	if (ret == ST_OK)
		ret = compare_run(c, p, o);
	artifacts_free(&c->artifacts);
	free(arms);
	return ret;
}

/* Before the build, which makes the load that it would see. */
static void look_at_host(struct compare *c)
{
	struct host_noise v[HOST_NOISES];
	size_t n = 0;

	c->host = host_read("");
	c->boot.host = c->host;
	if (c->boot.clock == CLOCK_WALL)
		n = host_noise(c->host, host_cpus(),
			       c->jobs * c->boot.cpus, v);
	for (size_t i = 0; i < n; i++)
		info("note: noisy machine: %s: %s (docs/measuring.md)",
		     v[i].what, v[i].why);
}

static int compare(struct compare *c, struct compare_opts *o)
{
	struct accel_choice accel;
	struct plan *p;
	int ret;

	progress_step("check", 1, 1, PROGRESS_UNKNOWN, NULL);
	if (o->resume) {
		c->resumed = resume_load(o->resume);
		if (!c->resumed)
			return ST_USAGE;
		compare_opts_restore(o, c->resumed);
	}
	p = make_plan(o);
	if (!p)
		return ST_USAGE;
	ret = accel_choose(o->accel ? o->accel : "auto", &accel);
	if (ret != ST_OK)
		goto out;
	info("accelerator: %s: %s", accel_name(accel.which), accel.why);
	c->boot.plan = p;
	c->boot.accel = &accel;
	c->boot.append = o->append;
	c->boot.perf = o->perf;
	c->boot.kernel_version = o->kernel.version;
	c->boot.prefix = o->kernel.prefix;
	c->boot.control = o->kernel.control;
	ret = check_early(c, p, o);
	if (ret == ST_OK) {
		look_at_host(c);
		ret = build_and_run(c, p, o);
	}
out:
	plan_free(p);
	return ret;
}

/* The last line, whatever happened. */
static void tell_end(const struct compare *c, int ret)
{
	json_t *f = json_pack("{s:i}", "exit", ret);

	json_object_set_new(f, "results", c->dir ? progress_text(c->dir) :
						   json_null());
	progress_event("end", f);
}

int verb_compare(int argc, char **argv)
{
	struct compare_opts o;
	struct compare c = { 0 };
	int ret;

	if (comparedirs_wanted(argc, argv))
		return verb_comparedirs(argc, argv);
	ret = compare_opts_parse(argc, argv, &o);
	if (ret)
		return ret < 0 ? ST_OK : ret;
	if (o.json && progress_begin())
		return ST_HARNESS;
	ret = compare(&c, &o);
	tell_end(&c, ret);
	free(c.dir);
	free(c.image);
	free(c.initrd);
	free(c.system_map);
	free(c.qemu_version);
	free(c.perf);
	share_free(&c.boot.share);
	json_decref(c.host);
	json_decref(c.resumed);
	return ret;
}
