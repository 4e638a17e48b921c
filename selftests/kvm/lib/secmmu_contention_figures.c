// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of secmmu_contention_test: each makes samples of what was measured,
 * and says whether what it is made of is sound.
 */
#include "secmmu_contention_run.h"

#define NS		1000000000UL
#define MS		1000000UL
#define SLACK_NS	50000UL
#define STEPS_A_SAMPLE	1000

struct contend_samples {
	const struct contend_run *run;
	struct secmmu_sample *v;
	uint32_t n;
	uint32_t size;
	bool failed;
};

static void add(struct contend_samples *f, uint64_t start, uint64_t ns, long tid)
{
	const struct contend_run *t = f->run;

	if (f->n == f->size) {
		f->size = f->size ? 2 * f->size : 256;
		f->v = realloc(f->v, f->size * sizeof(*f->v));
		TEST_ASSERT(f->v, "No memory");
	}
	f->v[f->n++] = (struct secmmu_sample) {
		.start_ns = start, .end_ns = start + ns,
		.addr = (uintptr_t)t->mem, .size = t->opt->bytes, .tid = tid,
	};
}

/*
 * The call before was due a period earlier and ended when it ended, so this one
 * has waited at least from then on, less that period: were it otherwise, time in
 * which nobody called would be left out.
 */
static void latency(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint64_t period = NS / t->opt->rate;
	struct contend_call *c = t->calls;
	uint32_t i;

	for (i = 0; i < t->nr_calls; i++, c++) {
		add(f, c->due, c->end - c->due, t->caller_tid);
		if (!i || c->end - c->due + period >= c->end - c[-1].end)
			continue;
		ksft_print_msg("call %u ended %lu ns after the one before, and has a latency of %lu ns at a period of %lu ns\n",
			       i, c->end - c[-1].end, c->end - c->due, period);
		f->failed = true;
	}
}

static void service(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint32_t i;

	for (i = 0; i < t->nr_calls; i++)
		add(f, t->calls[i].start, t->calls[i].end - t->calls[i].start,
		    t->caller_tid);
	f->failed = t->oracle_failed;
}

/* Nobody has more of a CPU than there was; some slack, as there are two clocks. */
static void cpu_time(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint64_t cpu = 0, wall = 0;
	uint32_t i;

	for (i = 0; i < t->nr_calls; i++) {
		add(f, t->calls[i].start, t->calls[i].cpu, t->caller_tid);
		cpu += t->calls[i].cpu;
		wall += t->calls[i].outer;
		f->failed |= t->calls[i].cpu > t->calls[i].outer * 11 / 10 + SLACK_NS;
	}
	ksft_print_msg("the calls took %lu us, in which their thread had a CPU for %lu us\n",
		       wall / 1000, cpu / 1000);
	if (f->failed)
		ksft_print_msg("a call had a CPU for longer than it took\n");
}

static void check_gap(struct contend_samples *f, uint32_t id, uint64_t ns)
{
	const struct contend_run *t = f->run;

	if (ns <= t->opt->limit_ms * MS || f->failed)
		return;
	ksft_print_msg("vCPU %u stood still for %lu ms, more than %u\n", id, ns / MS,
		       t->opt->limit_ms);
	f->failed = true;
}

static void guest_stalls(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint32_t i, w;

	for (i = 0; i < t->opt->vcpus; i++)
		for (w = 1; w <= t->opt->windows; w++) {
			uint64_t ns = t->ctl->vcpus[i].slices[w].gap * t->ns_per_cycle;

			add(f, t->window_start[w], ns, t->vcpus[i].tid);
			check_gap(f, i, ns);
		}
}

/* Others may have its CPU, but it never sleeps: such a gap would be its own. */
static bool bystander_failed(const struct contend_run *t)
{
	if (t->bystander_sleeps)
		ksft_print_msg("the bystander has slept %lu times\n",
			       t->bystander_sleeps);
	if (t->bystander_astray)
		ksft_print_msg("the bystander was not on the caller's CPU %lu times\n",
			       t->bystander_astray);
	return t->bystander_sleeps || t->bystander_astray;
}

static void thread_stalls(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint32_t w;

	for (w = 1; w <= t->opt->windows; w++)
		add(f, t->window_start[w], t->bystander[w].gap, t->bystander_tid);
	f->failed = bystander_failed(t);
}

/*
 * What is left of a call when the time is taken off in which the bystander ran:
 * what the call took from it.  A caller that sleeps takes nothing.
 */
static void thread_off(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint64_t got = 0, all = 0;
	struct contend_call *c = t->calls;
	uint32_t i;

	for (i = 0; i < t->nr_calls; i++, c++) {
		uint64_t ran = c->bystander_cpu < c->outer ? c->bystander_cpu : c->outer;

		add(f, c->start, c->outer - ran, t->bystander_tid);
		got += ran;
		all += c->outer;
	}
	ksft_print_msg("during the calls' %lu us the bystander had the CPU for %lu us\n",
		       all / 1000, got / 1000);
	f->failed = bystander_failed(t);
}

uint64_t contend_steps_in(const struct contend_run *t, uint32_t w)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < t->opt->vcpus; i++)
		sum += t->ctl->vcpus[i].slices[w].steps;
	return sum;
}

/* A window without a step counts as if there had been one. */
static void throughput(struct contend_samples *f)
{
	const struct contend_run *t = f->run;
	uint64_t all = 0, steps, ns;
	uint32_t w;

	for (w = 1; w <= t->opt->windows; w++) {
		steps = contend_steps_in(t, w);
		all += steps;
		ns = t->window_start[w + 1] - t->window_start[w];
		add(f, t->window_start[w],
		    ns * STEPS_A_SAMPLE / (steps ? steps : 1), t->vcpus[0].tid);
	}
	ksft_print_msg("%lu steps of %u vCPUs in %u ms\n", all, t->opt->vcpus,
		       t->opt->windows * t->opt->window_ms);
	f->failed = !all || t->oracle_failed;
}

static const char *needs_cpus(const struct contend_run *t)
{
	return t->nr_cpus < 2 ? "two CPUs: one for the caller and the bystander, one for vCPUs" :
			       NULL;
}

const struct contend_event contend_figures[CONTEND_NR_EVENTS] = {
	{ "contend_latency", "from when a call was due until its end", NULL, latency },
	{ "contend_call", "from the start of a call until its end", NULL, service },
	{ "contend_cpu", "CPU time of a call", NULL, cpu_time },
	{ "contend_guest_stall", "longest gap between a vCPU's steps, each window",
	  NULL, guest_stalls },
	{ "contend_thread_stall", "longest gap of the bystander on the caller's CPU, each window",
	  needs_cpus, thread_stalls },
	{ "contend_thread_off", "time of a call in which the bystander did not run",
	  needs_cpus, thread_off },
	{ "contend_ksteps", "time of 1000 steps of vCPUs, each window", NULL,
	  throughput },
};

static int cmp_sample(const void *a, const void *b)
{
	const struct secmmu_sample *x = a, *y = b;
	uint64_t p = x->end_ns - x->start_ns, q = y->end_ns - y->start_ns;

	return p < q ? -1 : p > q;
}

static uint64_t quantile(const struct contend_samples *f, uint32_t percent)
{
	const struct secmmu_sample *s;

	s = &f->v[((uint64_t)f->n * percent + 99) / 100 - 1];
	return s->end_ns - s->start_ns;
}

static void write_samples(const struct contend_samples *f, const char *name, FILE *out)
{
	const struct contend_run *t = f->run;

	TEST_ASSERT(!out || secmmu_write_samples(out, name, f->v, f->n, SECMMU_PAGE_SIZE,
						 t->opt->vcpus),
		    "Can't write SECMMU_SAMPLES: %s", strerror(errno));
}

static bool is_first(const struct contend_run *t, uint32_t i)
{
	return !(t->opt->events & ((1U << i) - 1));
}

bool contend_report(const struct contend_run *t, uint32_t i, const char *name, FILE *out)
{
	struct contend_samples f = { .run = t };

	contend_figures[i].fill(&f);
	write_samples(&f, name, out);
	qsort(f.v, f.n, sizeof(*f.v), cmp_sample);
	ksft_print_msg("%s: %u samples, ns: p50 %lu p90 %lu p99 %lu max %lu\n", name,
		       f.n, quantile(&f, 50), quantile(&f, 90), quantile(&f, 99),
		       quantile(&f, 100));
	/* What is counted is the same for all. */
	if (is_first(t, i) && !f.failed)
		secmmu_print_counts(name, &t->counts,
				    t->waits_counted ? &t->lock_waits : NULL);
	free(f.v);
	return !f.failed;
}
