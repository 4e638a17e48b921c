// SPDX-License-Identifier: GPL-2.0-only
/*
 * What invalidations and a running guest cost each other.
 *
 * vCPUs write to memory without end, one page a step.  A thread invalidates parts
 * of it (MADV_DONTNEED, mprotect(), mremap(), or the split of a huge page) at a
 * fixed rate, whether the call before is over or not (open loop): a call that was
 * due while another one was under way has waited since then, and its latency says
 * so.  That thread has a
 * CPU of its own, which it shares with a bystander that has nothing to do with
 * the VM and reads the clock in a loop: while a waiter spins, the bystander
 * stands still.
 *
 * All of it is measured at once; an event is one of the figures.  Times of
 * vCPUs are by the guest's TSC, so what the host does to them is in it.
 *
 * In the end nothing is invalidated for a pass, then everything once: vCPUs must
 * find all that they had written before, and nothing of it afterwards; or, after
 * mprotect() and a split, all of it, though KVM has unmapped it.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "secmmu_contention_run.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_GPA		0x40000000UL
#define MEM_SLOT	1
#define CTL_GPA		0x30000000UL
#define CTL_SLOT	2
#define FILLER_GPA	0x100000000UL
#define FILLER_SLOT	3
#define NS		1000000000UL
#define MS		1000000UL
/* Time to get going before the first window, in ms. */
#define LEAD_MS		50
#define NR_BUCKETS	32
/* Acquisitions that took 8192 ns or longer have waited for somebody. */
#define WAITED_BUCKET	14

/* Each vCPU's own, at the start of each page. */
struct cell {
	uint64_t touched;
	uint64_t count;		/* of visits since the page was empty */
};

enum mode { MODE_PASS, MODE_RUN };

/* Where somebody is in its slices. */
struct cursor {
	uint32_t at;
	uint64_t steps;
	uint64_t gap;
};

static struct contend_opts opt;
static struct contend_run t = { .opt = &opt };

/* The guest. */

static inline void step_done(struct cursor *c, struct contend_slice *slices,
			     uint32_t window, uint64_t gap)
{
	if (gap > c->gap)
		c->gap = gap;
	c->steps++;
	if (window == c->at)
		return;
	slices[c->at].steps = c->steps;
	slices[c->at].gap = c->gap;
	/* A gap counts in every window that it reaches into. */
	while (++c->at < window) {
		slices[c->at].steps = 0;
		slices[c->at].gap = gap;
	}
	c->steps = 0;
	c->gap = gap;
}

/*
 * A store comes first: a read of a page that is not there would have KVM map the
 * zero page, and the write after it invalidate that.  An instruction that adds to
 * memory is no way out: an emulator whose CPUs take turns reads, and then writes.
 */
static inline uint64_t visit(uint64_t page, uint32_t id)
{
	struct cell *c = (struct cell *)(MEM_GPA + page * SECMMU_PAGE_SIZE) + id;
	uint64_t before;

	WRITE_ONCE(c->touched, 1);
	before = READ_ONCE(c->count);
	WRITE_ONCE(c->count, before + 1);
	return !before;
}

static void guest_pass(struct contend_guest_vcpu *me, uint32_t id, uint64_t pages)
{
	uint64_t i, fresh = 0;

	for (i = 0; i < pages; i++)
		fresh += visit(i, id);
	WRITE_ONCE(me->fresh, fresh);
}

static void guest_run(struct contend_guest_ctl *ctl, uint32_t id, uint64_t pages,
		      uint64_t page)
{
	struct contend_guest_vcpu *me = &ctl->vcpus[id];
	struct cursor c = {};
	uint64_t last = rdtsc(), now;

	while (READ_ONCE(ctl->mode) == MODE_RUN) {
		visit(page, id);
		page = page + 1 == pages ? 0 : page + 1;
		while (!id && READ_ONCE(ctl->stall))
			;
		now = rdtsc();
		step_done(&c, me->slices, READ_ONCE(ctl->window), now - last);
		last = now;
	}
	step_done(&c, me->slices, READ_ONCE(ctl->window), rdtsc() - last);
}

static void guest_code(uint32_t id, uint64_t pages, uint64_t first)
{
	struct contend_guest_ctl *ctl = (void *)CTL_GPA;

	for (;;) {
		if (READ_ONCE(ctl->mode) == MODE_RUN)
			guest_run(ctl, id, pages, first);
		else
			guest_pass(&ctl->vcpus[id], id, pages);
		GUEST_UCALL_NONE();
	}
}

/* The host. */

/* The n-th CPU that this program may use. */
static void pin(uint32_t n)
{
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &t.cpus) && !n--)
			break;
	kvm_pin_this_task_to_pcpu(cpu);
}

/* All but the caller and the bystander. */
static void pin_elsewhere(uint32_t n)
{
	pin(t.nr_cpus > 1 ? 1 + n % (t.nr_cpus - 1) : 0);
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return timespec_to_ns(ts);
}

/* Of another thread; exact while that has the caller's own CPU, and so waits. */
static uint64_t bystander_ns(void)
{
	return t.bystander ? cpu_ns(t.bystander_clock) : 0;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NS, .tv_nsec = ns % NS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void run_vcpu(struct contend_vcpu *v)
{
	vcpu_run(v->vcpu);
	TEST_ASSERT(v->vcpu->run->exit_reason == UCALL_EXIT_REASON,
		    "vCPU %u: exit reason %u (%s), not the end of its work", v->id,
		    v->vcpu->run->exit_reason,
		    exit_reason_str(v->vcpu->run->exit_reason));
}

static void *vcpu_thread(void *arg)
{
	struct contend_vcpu *v = arg;

	pin_elsewhere(v->id);
	v->tid = syscall(SYS_gettid);
	run_vcpu(v);
	return NULL;
}

static void *log_thread(void *arg)
{
	pin_elsewhere(opt.vcpus);
	while (!READ_ONCE(t.stop)) {
		vm_mem_region_set_flags(t.vm, MEM_SLOT, KVM_MEM_LOG_DIRTY_PAGES);
		vm_mem_region_set_flags(t.vm, MEM_SLOT, 0);
		usleep(1000);
	}
	return NULL;
}

/*
 * Wakes up on each CPU every now and then.  An emulator that runs CPUs in turn
 * may end a turn only when a timer is due; see docs/contention.md.
 */
static void *tick_thread(void *arg)
{
	struct timespec ts = { .tv_nsec = opt.tick_us * 1000 };

	pin((uintptr_t)arg);
	prctl(PR_SET_TIMERSLACK, 1);
	while (!READ_ONCE(t.stop))
		nanosleep(&ts, NULL);
	return NULL;
}

/* Wants the CPU as much as anybody; or (-b idle) is the last, and so never in the way. */
static void *bystander_thread(void *arg)
{
	struct sched_param idle = {};
	struct rusage before, after;
	struct cursor c = {};
	uint64_t last, now;
	bool planted = false;

	pin(opt.fault == CONTEND_FAULT_ELSEWHERE);
	t.bystander_tid = syscall(SYS_gettid);
	TEST_ASSERT(!opt.idle || !sched_setscheduler(0, SCHED_IDLE, &idle),
		    "sched_setscheduler(SCHED_IDLE) failed: %s", strerror(errno));
	getrusage(RUSAGE_THREAD, &before);
	for (last = secmmu_now(); !READ_ONCE(t.stop); last = now) {
		if (opt.fault == CONTEND_FAULT_THREAD && !planted &&
		    READ_ONCE(t.ctl->window)) {
			usleep(opt.window_ms * 1000);
			planted = true;
		}
		t.bystander_astray += sched_getcpu() != t.caller_cpu;
		now = secmmu_now();
		step_done(&c, t.bystander, READ_ONCE(t.ctl->window), now - last);
	}
	getrusage(RUSAGE_THREAD, &after);
	t.bystander_sleeps = after.ru_nvcsw - before.ru_nvcsw;
	step_done(&c, t.bystander, READ_ONCE(t.ctl->window), secmmu_now() - last);
	return NULL;
}

/* Whether KVM has a huge page to split; of what the guest has, nothing else is huge. */
static bool has_huge(void)
{
	return vm_get_stat(t.vm, "pages_2m");
}

static void one_call(struct contend_call *c, uint32_t n)
{
	struct rusage before, after;
	uint64_t outer, cpu, bystander;

	getrusage(RUSAGE_THREAD, &before);
	outer = secmmu_now();
	bystander = bystander_ns();
	cpu = opt.fault == CONTEND_FAULT_BURN ? 0 : cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	c->start = secmmu_now();
	contend_invalidate(&t, n);
	c->end = secmmu_now();
	c->cpu = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	c->bystander_cpu = bystander_ns() - bystander;
	c->outer = secmmu_now() - outer;
	getrusage(RUSAGE_THREAD, &after);
	t.counts.caller_sleeps += after.ru_nvcsw - before.ru_nvcsw;
	t.counts.caller_preempted += after.ru_nivcsw - before.ru_nivcsw;
}

static void *caller_thread(void *arg)
{
	uint64_t period = NS / opt.rate;
	uint32_t i;

	pin(0);
	/* Or each sleep is up to 50 us longer than asked for. */
	prctl(PR_SET_TIMERSLACK, 1);
	t.caller_tid = syscall(SYS_gettid);
	for (i = 0; i < t.nr_calls; i++) {
		struct contend_call *c = &t.calls[i];

		contend_prepare_call(&t, i);
		c->due = t.start_ns + i * period;
		sleep_until(c->due);
		if (opt.how == CONTEND_SPLIT)
			t.nr_huge += has_huge();
		if (opt.fault == CONTEND_FAULT_OMISSION && i == t.nr_calls / 2)
			usleep(3 * period / 1000);
		one_call(c, i);
		/* What is called coordinated omission. */
		if (opt.fault == CONTEND_FAULT_OMISSION)
			c->due = c->start;
	}
	return NULL;
}

static void create_vm(void)
{
	uint64_t ctl_pages = sizeof(*t.ctl) / SECMMU_PAGE_SIZE, i;
	struct kvm_vcpu *vcpus[CONTEND_MAX_VCPUS];

	t.vm = __vm_create_with_vcpus(VM_SHAPE_DEFAULT, opt.vcpus,
				      opt.pages + ctl_pages, guest_code, vcpus);
	vm_userspace_mem_region_add(t.vm, opt.how == CONTEND_SPLIT ?
				    VM_MEM_SRC_ANONYMOUS_THP : VM_MEM_SRC_ANONYMOUS,
				    MEM_GPA, MEM_SLOT, opt.pages, 0);
	virt_map(t.vm, MEM_GPA, MEM_GPA, opt.pages);
	t.mem = addr_gpa2hva(t.vm, MEM_GPA);
	vm_userspace_mem_region_add(t.vm, VM_MEM_SRC_ANONYMOUS, CTL_GPA, CTL_SLOT,
				    ctl_pages, 0);
	virt_map(t.vm, CTL_GPA, CTL_GPA, ctl_pages);
	t.ctl = addr_gpa2hva(t.vm, CTL_GPA);
	/* Others that KVM has to tell apart from the one that is hit. */
	for (i = 1; i < opt.memslots; i++)
		vm_userspace_mem_region_add(t.vm, VM_MEM_SRC_ANONYMOUS,
					    FILLER_GPA + 2 * i * SECMMU_PAGE_SIZE,
					    FILLER_SLOT + i, 1, 0);
	for (i = 0; i < opt.vcpus; i++) {
		t.vcpus[i].vcpu = vcpus[i];
		t.vcpus[i].id = i;
		vcpu_args_set(vcpus[i], 3, i, opt.pages,
			      opt.pages * i / opt.vcpus);
	}
}

static void pass(void)
{
	uint32_t i;

	WRITE_ONCE(t.ctl->mode, MODE_PASS);
	for (i = 0; i < opt.vcpus; i++)
		run_vcpu(&t.vcpus[i]);
}

/* Each vCPU must have found so many pages empty. */
static void expect_fresh(uint64_t want, const char *what)
{
	uint32_t i;

	for (i = 0; i < opt.vcpus; i++) {
		uint64_t fresh = READ_ONCE(t.ctl->vcpus[i].fresh);

		if (fresh == want)
			continue;
		ksft_print_msg("vCPU %u: %lu of %lu pages are empty %s, %lu expected\n",
			       i, fresh, opt.pages, what, want);
		t.oracle_failed = true;
	}
}

/* What mprotect() leaves in place the guest can't miss; KVM must have unmapped it. */
static void expect_unmapped(uint64_t before)
{
	uint64_t after = vm_get_stat(t.vm, "pages_4k");

	if (before >= after + opt.pages)
		return;
	ksft_print_msg("KVM has %lu small mappings after all %lu pages were protected, and had %lu\n",
		       after, opt.pages, before);
	t.oracle_failed = true;
}

static void expect_huge(uint64_t want, const char *when)
{
	uint64_t huge = vm_get_stat(t.vm, "pages_2m");

	if (huge == want)
		return;
	ksft_print_msg("KVM has %lu huge mappings %s, %lu expected\n", huge, when,
		       want);
	t.oracle_failed = true;
}

/* New huge pages, which vCPUs find empty, are split, and nothing of them is lost. */
static void check_split(void)
{
	uint64_t parts = contend_parts(&t), nr = opt.pages / SECMMU_HUGE_PAGES, i;

	for (i = 0; i < nr; i++)
		contend_prepare_call(&t, parts / nr * i);
	pass();
	expect_fresh(opt.pages, "after all were replaced");
	expect_huge(nr, "after all were replaced");
	for (i = 0; i < nr; i++)
		contend_invalidate(&t, parts / nr * i);
	expect_huge(0, "after all were split");
	pass();
	expect_fresh(0, "though they were only split");
	ksft_print_msg("KVM had a huge page to split before %u of %u calls\n",
		       t.nr_huge, t.nr_calls);
	/* vCPUs may be slow; but then this is about nothing. */
	t.oracle_failed |= t.nr_huge < t.nr_calls / 10;
}

static void check_calls(void)
{
	uint64_t mapped = vm_get_stat(t.vm, "pages_4k"), i;
	bool kept = opt.how == CONTEND_PROTECT;

	/* After the last call of the caller, whatever rights that gave. */
	for (i = 0; i < 2 * contend_parts(&t); i++) {
		contend_prepare_call(&t, i);
		contend_invalidate(&t, i);
	}
	if (kept)
		expect_unmapped(mapped);
	pass();
	expect_fresh(kept ? 0 : opt.pages, kept ? "though all were only protected" :
		     "after all were dropped");
}

static void check_memory(void)
{
	pass();
	pass();
	expect_fresh(0, "though nothing was dropped");
	if (opt.how == CONTEND_SPLIT)
		check_split();
	else
		check_calls();
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	TEST_ASSERT(!pthread_create(&thread, NULL, fn, arg),
		    "pthread_create() failed");
	return thread;
}

/* So far; false if KVM does not count them. */
static bool read_waits(struct secmmu_lock_waits *w)
{
	static const char * const names[] = {
		"mmu_lock_read_wait_hist", "mmu_lock_write_wait_hist",
	};
	uint64_t v[NR_BUCKETS];
	uint32_t i, k;

	*w = (struct secmmu_lock_waits){};
	if (!opt.lock_stats)
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		v[0] = SECMMU_NO_COUNT;
		__vm_get_stat(t.vm, names[i], v, NR_BUCKETS);
		if (v[0] == SECMMU_NO_COUNT)
			return false;
		for (k = WAITED_BUCKET; k < NR_BUCKETS; k++) {
			w->n += v[k];
			/* Of bucket k: 2^(k - 1) ns or longer. */
			w->ns += v[k] << (k - 1);
		}
	}
	return true;
}

static void read_counts(struct secmmu_counts *c, struct secmmu_lock_waits *waits)
{
	secmmu_read_switches(c);
	secmmu_read_retries(c, t.vm);
	t.waits_counted = read_waits(waits);
}

static void set_counts(const struct secmmu_counts *before,
		       const struct secmmu_lock_waits *waits_before)
{
	struct secmmu_lock_waits waits;
	struct secmmu_counts now;

	read_counts(&now, &waits);
	t.counts.calls = t.nr_calls;
	t.counts.sleeps = now.sleeps - before->sleeps;
	t.counts.preempted = now.preempted - before->preempted;
	t.counts.retries = now.retries == SECMMU_NO_COUNT ? now.retries :
			   now.retries - before->retries;
	t.lock_waits.n = waits.n - waits_before->n;
	t.lock_waits.ns = waits.ns - waits_before->ns;
}

static void plant_stall(void)
{
	WRITE_ONCE(t.ctl->stall, 1);
	usleep(opt.limit_ms * 1000 + 1000);
	WRITE_ONCE(t.ctl->stall, 0);
}

/* Opens one window after the other, and notes when. */
static void measure_windows(void)
{
	uint64_t ns = opt.window_ms * MS;
	uint32_t w;

	for (w = 1; w <= opt.windows + 1; w++) {
		sleep_until(t.start_ns + (w - 1) * ns);
		t.window_start[w] = secmmu_now();
		WRITE_ONCE(t.ctl->window, w);
		if (opt.fault == CONTEND_FAULT_STALL && w == 1)
			plant_stall();
	}
}

static void measure(void)
{
	pthread_t caller, bystander = 0, log = 0;
	struct secmmu_counts before;
	struct secmmu_lock_waits waits;
	pthread_t ticks[CPU_SETSIZE];
	uint64_t cycles, ns;
	uint32_t i;

	pin_elsewhere(0);
	for (i = 0; opt.tick_us && i < t.nr_cpus; i++)
		ticks[i] = start(tick_thread, (void *)(uintptr_t)i);
	WRITE_ONCE(t.ctl->mode, MODE_RUN);
	read_counts(&before, &waits);
	cycles = rdtsc();
	ns = secmmu_now();
	t.start_ns = ns + LEAD_MS * MS;
	for (i = 0; i < opt.vcpus; i++)
		t.vcpus[i].thread = start(vcpu_thread, &t.vcpus[i]);
	if (t.bystander) {
		bystander = start(bystander_thread, NULL);
		TEST_ASSERT(!pthread_getcpuclockid(bystander, &t.bystander_clock),
			    "pthread_getcpuclockid() failed");
	}
	if (opt.dirty_log)
		log = start(log_thread, NULL);
	caller = start(caller_thread, NULL);

	measure_windows();
	pthread_join(caller, NULL);
	WRITE_ONCE(t.stop, true);
	t.ns_per_cycle = (double)(secmmu_now() - ns) / (rdtsc() - cycles);
	WRITE_ONCE(t.ctl->mode, MODE_PASS);
	for (i = 0; i < opt.vcpus; i++)
		pthread_join(t.vcpus[i].thread, NULL);
	if (t.bystander)
		pthread_join(bystander, NULL);
	if (opt.dirty_log)
		pthread_join(log, NULL);
	for (i = 0; opt.tick_us && i < t.nr_cpus; i++)
		pthread_join(ticks[i], NULL);
	set_counts(&before, &waits);
}

static void *allocate(size_t n, size_t each)
{
	void *p = calloc(n, each);

	TEST_ASSERT(p, "No memory");
	return p;
}

static void prepare(void)
{
	TEST_ASSERT(!sched_getaffinity(0, sizeof(t.cpus), &t.cpus),
		    "sched_getaffinity() failed");
	t.nr_cpus = CPU_COUNT(&t.cpus);
	for (t.caller_cpu = 0; !CPU_ISSET(t.caller_cpu, &t.cpus);)
		t.caller_cpu++;
	t.nr_calls = opt.rate * opt.windows * opt.window_ms / 1000;
	t.calls = allocate(t.nr_calls, sizeof(*t.calls));
	t.window_start = allocate(opt.windows + 2, sizeof(*t.window_start));
	if (t.nr_cpus > 1)
		t.bystander = allocate(opt.windows + 2, sizeof(*t.bystander));
	t.aside = mmap(NULL, opt.pages * SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TEST_ASSERT(t.aside != MAP_FAILED, "mmap() failed: %s", strerror(errno));
	if (opt.lock_stats && !secmmu_set("/sys/module/kvm/parameters/mmu_lock_stats", "Y")) {
		ksft_print_msg("this KVM has no statistics of mmu_lock\n");
		opt.lock_stats = false;
	}
}

static const char *unmet(void)
{
	if (opt.quiet)
		return "-q: no vCPU runs during a call";
	if (opt.how != CONTEND_SPLIT)
		return NULL;
	if (!thp_configured())
		return "Requirement not met: CONFIG_TRANSPARENT_HUGEPAGE";
	return secmmu_tdp() ? NULL :
	       "two-dimensional paging: or KVM maps no huge page of such a guest";
}

static void measure_all(void)
{
	uint32_t i;

	prepare();
	create_vm();
	pass();
	measure();
	check_memory();
	for (i = 1; i <= opt.windows; i++)
		t.counts.passes += contend_steps_in(&t, i);
	t.counts.passes /= opt.pages;
}

/* Results are counted here: ksft_test_result() has a count in each file. */
static void report(uint32_t i, FILE *out)
{
	const struct contend_event *ev = &contend_figures[i];
	const char *why = t.unmet ? : ev->unmet ? ev->unmet(&t) : NULL;
	char name[SECMMU_NAME_MAX];

	snprintf(name, sizeof(name), "%s%s", ev->name, opt.suffix);
	if (why)
		ksft_test_result_skip("%s: %s\n", name, why);
	else
		ksft_test_result(contend_report(&t, i, name, out), "%s\n", name);
}

int main(int argc, char *argv[])
{
	FILE *samples;
	uint32_t i;

	contend_parse(&opt, argc, argv, contend_figures);
	samples = secmmu_open_samples();
	ksft_print_header();
	ksft_set_plan(__builtin_popcount(opt.events));
	t.unmet = unmet();
	if (!t.unmet)
		measure_all();
	for (i = 0; i < CONTEND_NR_EVENTS; i++)
		if (opt.events & 1U << i)
			report(i, samples);
	if (t.vm)
		kvm_vm_free(t.vm);
	if (samples)
		fclose(samples);
	secmmu_finished();
}
