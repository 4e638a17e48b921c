// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidations of several host threads overlap.
 *
 * Threads drop, move away and back, protect, page out, migrate and collapse
 * memory of a guest, each at any time: the same pages, or pages beside one
 * another, or any.  Meanwhile another thread adds and deletes a memslot, and in
 * every other round the dirty log is on and is read.  vCPUs write all the while.
 *
 * Each vCPU has a counter of its own in each page.  Only a drop takes memory
 * away.  It has a ticket, drawn before it begins, so that what a vCPU may find
 * is known however the calls interleave:
 *
 *   what it wrote last	unless a drop has ended that drew its ticket after that
 *			write: then the page it sees is no longer there
 *   zero		if a drop was under way at that write, or has begun since
 *   anything else	never
 *
 * The same holds for what the host finds once all is quiet.  Memory that is moved
 * away must not change there, and freed memory is recycled and poisoned at once.
 */
#include <getopt.h>
#include <linux/mman.h>
#include <signal.h>

#include "secmmu_overlap.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_SLOT	1
#define CTL_SLOT	2
#define SPARE_SLOT	3
#define MEM_GPA		SECMMU_MEM_GPA
#define CTL_GPA		0x80000000UL
#define SPARE_GPA	0xc0000000UL
#define MEM_SIZE	(OVERLAP_PAGES * SECMMU_PAGE_SIZE)
#define MAX_THREADS	8
#define RECYCLED_PAGES	256U
#define SPARE_PAGES	16U
#define PATIENCE	10U
#define STOP_SECONDS	20
#define SWAP_BYTES	(64UL << 20)
#define POISON		0xdeaddeaddeaddeadUL

enum ranges { SAME, BESIDE, RANDOM };

static const struct event {
	const char *name;
	const char *desc;
	enum ranges ranges;
} events[] = {
	{ "overlap_same", "all threads invalidate the same pages", SAME },
	{ "overlap_beside", "each thread's pages are beside another's", BESIDE },
	{ "overlap_random", "any pages", RANDOM },
};

static const char *const fault_names[] = {
	"", "stale-read", "lost-write", "stray-write", "no-log", "deaf",
};

static struct {
	uint32_t threads, rounds, ms, seed;
	uint32_t events;
} opt = {
	.threads = 3, .rounds = 4, .ms = 300, .seed = 1,
	.events = (1U << ARRAY_SIZE(events)) - 1,
};

static struct kvm_vm *vm;
static struct kvm_vcpu *vcpus[OVERLAP_MAX_VCPUS];
static char *recycled, *spare;
static const struct event *ev;
static struct overlap_worker workers[MAX_THREADS];
static uint64_t before[OVERLAP_MAX_VCPUS];	/* the values at the round's start */
static unsigned long dirty[OVERLAP_PAGES / 64];
static uint64_t nr_slots, nr_logs, nr_faulted;
static atomic_bool stop, give_up;
static int self_mem;

/* The oracle, for guest and host. */
static enum overlap_wrong judge(const struct overlap_visit *v, uint64_t seen, uint64_t done,
			uint64_t begun)
{
	if (seen == v->wrote)
		return seen && done > v->tickets ? STALE : RIGHT;
	if (!seen)
		return v->begun == begun ? LOST : RIGHT;
	return FOREIGN;
}

/*
 * The guest.  No SSE: some hosts emulate it.
 */

static void guest_visit(struct overlap_ctl *c, uint32_t id, uint32_t page)
{
	struct overlap_page *s = &c->pages[page];
	struct overlap_vcpu *me = &c->vcpus[id];
	struct overlap_visit *v = &me->visits[page];
	uint64_t *p = overlap_cell((void *)MEM_GPA, page, id);
	uint64_t done = READ_ONCE(s->done), ended;
	uint64_t seen = READ_ONCE(*p), begun = READ_ONCE(s->begun);
	enum overlap_wrong wrong = judge(v, seen, done, begun);

	if (wrong) {
		if (!me->nr_errors) {
			WRITE_ONCE(me->first.wrong, wrong);
			WRITE_ONCE(me->first.page, page);
			WRITE_ONCE(me->first.wrote, v->wrote);
			WRITE_ONCE(me->first.seen, seen);
		}
		WRITE_ONCE(me->nr_errors, me->nr_errors + 1);
	}
	/* In this order: equal means that none was under way at the latter. */
	ended = READ_ONCE(s->ended);
	begun = READ_ONCE(s->begun);
	WRITE_ONCE(me->value, me->value + 1);
	WRITE_ONCE(*p, me->value);
	/* The host's ticket is drawn after this store can be seen. */
	asm volatile("mfence" ::: "memory");
	WRITE_ONCE(v->wrote, me->value);
	WRITE_ONCE(v->begun, begun == ended ? begun : OVERLAP_IN_A_DROP);
	WRITE_ONCE(v->tickets, READ_ONCE(c->tickets));
}

/* Never leaves guest mode by itself until the round is over. */
static void guest_code(uint64_t id)
{
	struct overlap_ctl *c = (void *)CTL_GPA;
	uint32_t page = id;

	for (;;) {
		/* A full period, in another order for each vCPU. */
		page = (page * 5 + 2 * id + 1) % OVERLAP_PAGES;
		guest_visit(c, id, page);
		if (READ_ONCE(c->stop) && !READ_ONCE(c->deaf))
			GUEST_UCALL_NONE();
	}
}

static void add_dirty(uint32_t word, unsigned long bits)
{
	__atomic_fetch_or(&dirty[word], bits, __ATOMIC_RELAXED);
}

/*
 * A KVM that emulates the guest makes MMIO of memory that is away, or protected:
 * done once it is there.  Such a write is the VMM's, so that KVM does not log it.
 */
static void finish_mmio(struct kvm_run *run)
{
	off_t offset = run->mmio.phys_addr - MEM_GPA, at = (uintptr_t)overlap.mem + offset;
	uint32_t len = run->mmio.len, page = offset / SECMMU_PAGE_SIZE;

	TEST_ASSERT(page < OVERLAP_PAGES, "MMIO at 0x%llx", run->mmio.phys_addr);
	if (run->mmio.is_write)
		add_dirty(page / 64, 1UL << page % 64);

	while ((run->mmio.is_write ? pwrite(self_mem, run->mmio.data, len, at) :
				     pread(self_mem, run->mmio.data, len, at)) != len)
		sched_yield();
}

static void *vcpu_thread(void *arg)
{
	struct kvm_vcpu *vcpu = arg;

	for (;;) {
		int ret = __vcpu_run(vcpu);

		if (!ret && vcpu->run->exit_reason == KVM_EXIT_MMIO) {
			WRITE_ONCE(nr_faulted, nr_faulted + 1);
			finish_mmio(vcpu->run);
			continue;
		}
		/* Away, or protected, for the moment. */
		if (ret && errno == EFAULT) {
			WRITE_ONCE(nr_faulted, nr_faulted + 1);
			sched_yield();
			continue;
		}
		if (ret && errno == EINTR) {
			if (atomic_load(&give_up))
				return NULL;
			continue;
		}
		TEST_ASSERT(!ret, KVM_IOCTL_ERROR(KVM_RUN, ret));
		TEST_ASSERT_KVM_EXIT_REASON(vcpu, UCALL_EXIT_REASON);
		return NULL;
	}
}

/*
 * Threads of the host.
 */

static void *invalidate_thread(void *arg)
{
	struct overlap_worker *w = arg;
	uint32_t first, nr;

	while (!atomic_load(&stop)) {
		nr = OVERLAP_RANGE;
		first = OVERLAP_BORDER - OVERLAP_RANGE / 2;
		if (ev->ranges == BESIDE) {
			nr = OVERLAP_RANGE / opt.threads;
			first += w->id * nr;
		} else if (ev->ranges == RANDOM) {
			nr = 1 + overlap_random(w, OVERLAP_RANGE);
			first = overlap_random(w, OVERLAP_PAGES - nr + 1);
		}
		overlap_invalidate(w, first, nr);
	}
	return NULL;
}

/*
 * What is dropped is here soon, and a stale mapping shows it, or writes to it.
 */
static void *recycle_thread(void *arg)
{
	size_t i, n = RECYCLED_PAGES * SECMMU_PAGE_SIZE / sizeof(uint64_t);
	uint64_t *p = (void *)recycled;

	while (!atomic_load(&stop)) {
		for (i = 0; i < n; i++)
			WRITE_ONCE(p[i], POISON);
		usleep(1000);
		for (i = 0; i < n; i++)
			if (READ_ONCE(p[i]) != POISON)
				overlap_fail("stray write: 0x%lx in memory that somebody else has",
				     p[i]);
		secmmu_advise(recycled, RECYCLED_PAGES * SECMMU_PAGE_SIZE,
			      MADV_DONTNEED);
	}
	return NULL;
}

/* Deleting any memslot makes KVM give up all of its page tables. */
static void *slot_thread(void *arg)
{
	size_t size = SPARE_PAGES * SECMMU_PAGE_SIZE;

	while (!atomic_load(&stop)) {
		vm_set_user_memory_region(vm, SPARE_SLOT, nr_slots % 2 ?
					  KVM_MEM_LOG_DIRTY_PAGES : 0,
					  SPARE_GPA, size, spare);
		usleep(3000);
		vm_set_user_memory_region(vm, SPARE_SLOT, 0, SPARE_GPA, 0, NULL);
		nr_slots++;
		/* The guest has to map all again. */
		usleep(20000);
	}
	return NULL;
}

/*
 * Rounds.
 */

static void read_log(void)
{
	unsigned long log[OVERLAP_PAGES / 64] = { 0 };
	uint32_t i;

	kvm_vm_get_dirty_log(vm, MEM_SLOT, log);
	nr_logs++;
	/* Somebody else has read it. */
	if (overlap.fault == OVERLAP_NO_LOG)
		return;
	for (i = 0; i < ARRAY_SIZE(log); i++)
		add_dirty(i, log[i]);
}

static void wait_for_round(bool logging)
{
	uint64_t end = secmmu_now() + opt.ms * 1000000UL;

	while (secmmu_now() < end) {
		usleep(10000);
		if (logging)
			read_log();
	}
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	int ret = pthread_create(thread, NULL, fn, arg);

	TEST_ASSERT(!ret, "pthread_create() failed: %s", strerror(ret));
}

static void on_kick(int sig)
{
}

/*
 * A vCPU at an address that the guest does not have has been lost by the CPU
 * that runs it; it is not at one because of what it found in memory.
 */
static void __noreturn vcpu_is_stuck(uint32_t v, pthread_t thread)
{
	struct kvm_regs regs;

	atomic_store(&give_up, true);
	/* Again: it may not have been in the guest. */
	do {
		vcpus[v]->run->immediate_exit = 1;
		pthread_kill(thread, SIGUSR1);
		usleep(10000);
	} while (pthread_tryjoin_np(thread, NULL));
	vcpu_regs_get(vcpus[v], &regs);
	TEST_FAIL("%s: vcpu %u does not stop, it is at 0x%llx%s", ev->name, v, regs.rip,
		  (int64_t)regs.rip < 0 ? ": the guest is lost, it has nothing there" : "");
	exit(KSFT_FAIL);
}

static void join_vcpu(uint32_t v, pthread_t thread)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += overlap.fault == OVERLAP_DEAF ? 1 : STOP_SECONDS;
	if (pthread_timedjoin_np(thread, NULL, &end))
		vcpu_is_stuck(v, thread);
}

/* The vCPUs end last: then all memory is where it was, and writable. */
static void run_round(bool logging)
{
	pthread_t vcpu_threads[OVERLAP_MAX_VCPUS], slots, recycler;
	uint32_t i;

	atomic_store(&stop, false);
	WRITE_ONCE(overlap.ctl->stop, 0);
	for (i = 0; i < overlap.vcpus; i++)
		start(&vcpu_threads[i], vcpu_thread, vcpus[i]);
	start(&slots, slot_thread, NULL);
	start(&recycler, recycle_thread, NULL);
	/* Last: a new thread's stack takes address space. */
	for (i = 0; i < opt.threads; i++)
		start(&workers[i].thread, invalidate_thread, &workers[i]);
	wait_for_round(logging);
	atomic_store(&stop, true);
	for (i = 0; i < opt.threads; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_join(slots, NULL);
	pthread_join(recycler, NULL);
	WRITE_ONCE(overlap.ctl->stop, 1);
	for (i = 0; i < overlap.vcpus; i++)
		join_vcpu(i, vcpu_threads[i]);
}

static void report(const char *who, uint32_t v, const struct overlap_error *e)
{
	static const char *const what[] = {
		[STALE] = "stale read", [LOST] = "lost write",
		[FOREIGN] = "stale read or stray write",
	};

	/* Written by the guest: don't use it as an index unchecked. */
	if (e->wrong < STALE || e->wrong > FOREIGN)
		return;
	overlap_fail("%s: page %u vcpu %u, seen by the %s: wrote 0x%lx, seen 0x%lx%s",
	     what[e->wrong], e->page, v, who, e->wrote, e->seen,
	     e->wrong == STALE ? ", which has been dropped since" :
	     e->wrong == LOST ? ", and nobody has dropped it" : "");
}

static void check_page(uint32_t v, uint32_t page)
{
	struct overlap_page *s = &overlap.ctl->pages[page];
	struct overlap_visit *visit = &overlap.ctl->vcpus[v].visits[page];
	struct overlap_error e = {
		.page = page,
		.wrote = visit->wrote,
		.seen = READ_ONCE(*overlap_cell(overlap.mem, page, v)),
	};

	e.wrong = judge(visit, e.seen, s->done, s->begun);
	if (e.wrong)
		report("host", v, &e);
}

static void check_dirty(uint32_t v, uint32_t page)
{
	if (overlap.ctl->vcpus[v].visits[page].wrote > before[v] &&
	    !(dirty[page / 64] & 1UL << page % 64))
		overlap_fail("lost write: page %u was written by vcpu %u while the dirty log was on, and is not in it",
		     page, v);
}

static void check_all(bool logging)
{
	uint32_t v, page;

	for (v = 0; v < overlap.vcpus; v++) {
		if (overlap.ctl->vcpus[v].nr_errors)
			report("guest", v, &overlap.ctl->vcpus[v].first);
		for (page = 0; page < OVERLAP_PAGES; page++) {
			if (overlap.fault == OVERLAP_LOST_WRITE)
				*overlap_cell(overlap.mem, page, v) = 0;
			check_page(v, page);
			if (logging)
				check_dirty(v, page);
		}
	}
}

static void one_round(uint32_t round)
{
	bool logging = round % 2;
	uint32_t v;

	for (v = 0; v < overlap.vcpus; v++)
		before[v] = overlap.ctl->vcpus[v].value;
	memset(dirty, 0, sizeof(dirty));
	vm_mem_region_set_flags(vm, MEM_SLOT,
				logging ? KVM_MEM_LOG_DIRTY_PAGES : 0);
	run_round(logging);
	if (logging)
		read_log();
	check_all(logging);
}

/*
 * Set-up.
 */

static void *add_slot(uint32_t slot, uint64_t gpa, size_t size)
{
	size = align_up(size, SECMMU_HUGE_SIZE);
	vm_userspace_mem_region_add(vm, secmmu_anonymous(), gpa, slot,
				    size / SECMMU_PAGE_SIZE, 0);
	/* So that shadow paging can map huge pages, too. */
	virt_map_level(vm, gpa, gpa, size, PG_LEVEL_2M);
	return addr_gpa2hva(vm, gpa);
}

static char *reserve(size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TEST_ASSERT(p != MAP_FAILED, "mmap() failed: %s", strerror(errno));
	return p;
}

static void create(void)
{
	uint64_t size = align_up(sizeof(*overlap.ctl), SECMMU_HUGE_SIZE);
	uint32_t i;

	vm = __vm_create_with_vcpus(VM_SHAPE_DEFAULT, overlap.vcpus,
				    OVERLAP_PAGES + size / SECMMU_PAGE_SIZE, guest_code,
				    vcpus);
	overlap.mem = add_slot(MEM_SLOT, MEM_GPA, MEM_SIZE);
	overlap.ctl = add_slot(CTL_SLOT, CTL_GPA, size);
	secmmu_advise(overlap.ctl, size, MADV_NOHUGEPAGE);
	memset(overlap.ctl, 0, size);
	secmmu_advise(overlap.mem + MEM_SIZE / 2, MEM_SIZE / 2, MADV_NOHUGEPAGE);
	recycled = reserve(RECYCLED_PAGES * SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE);
	secmmu_advise(recycled, RECYCLED_PAGES * SECMMU_PAGE_SIZE, MADV_NOHUGEPAGE);
	spare = reserve(SPARE_PAGES * SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE);
	for (i = 0; i < overlap.vcpus; i++)
		vcpu_args_set(vcpus[i], 1, i);
	for (i = 0; i < opt.threads; i++)
		workers[i] = (struct overlap_worker) {
			.id = i,
			.random = (opt.seed * 2654435761U + 2 * i) | 1,
			.aside = reserve(OVERLAP_RANGE * SECMMU_PAGE_SIZE, PROT_NONE),
		};
	overlap.swap = secmmu_get_swap(SWAP_BYTES);
	overlap.nodes = !access("/sys/devices/system/node/node1", F_OK);
	self_mem = open_path_or_exit("/proc/self/mem", O_RDWR);
}

/* On one CPU threads overlap only where one is preempted within a call. */
static bool overlapped(void)
{
	uint32_t i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return true;
	for (i = 0; i < opt.threads; i++)
		if (ev->ranges == BESIDE ? workers[i].besides : workers[i].overlaps)
			return true;
	return false;
}

/* Fresh memory, of which nobody knows anything. */
static void reset(void)
{
	uint32_t i;

	atomic_store(&overlap.failures, 0);
	nr_slots = nr_logs = nr_faulted = 0;
	secmmu_advise(overlap.mem, MEM_SIZE, MADV_DONTNEED);
	secmmu_advise(overlap.mem, MEM_SIZE, MADV_POPULATE_WRITE);
	memset(overlap.ctl, 0, sizeof(*overlap.ctl));
	overlap.ctl->deaf = overlap.fault == OVERLAP_DEAF;
	for (i = 0; i < opt.threads; i++)
		workers[i].calls = workers[i].overlaps = workers[i].besides =
			workers[i].moves = 0;
}

static void run_event(void)
{
	uint64_t calls = 0, overlaps = 0, besides = 0, moves = 0, visits = 0;
	uint32_t i;

	reset();
	/* A host with other work may not run two threads at a time for a while. */
	for (i = 0; !atomic_load(&overlap.failures) &&
		    (i < opt.rounds || (!overlapped() && i < PATIENCE * opt.rounds)); i++)
		one_round(i);
	if (!overlapped())
		overlap_fail("no two calls were under way at a time: nothing was tested");
	for (i = 0; i < opt.threads; i++) {
		calls += workers[i].calls;
		overlaps += workers[i].overlaps;
		besides += workers[i].besides;
		moves += workers[i].moves;
	}
	for (i = 0; i < overlap.vcpus; i++)
		visits += overlap.ctl->vcpus[i].value;
	ksft_print_msg("%s: %lu calls, %lu began on pages of another one, %lu beside one; %lu moves, %lu memslots, %lu dirty logs, %lu visits of the guests, %lu to no memory\n",
		       ev->name, calls, overlaps, besides, moves, nr_slots,
		       nr_logs, visits, nr_faulted);
}

/*
 * Options.
 */

static void __noreturn help(const char *name)
{
	printf("usage: %s [-v vcpus] [-n threads] [-i rounds] [-t ms] [-s seed] [-e event,...]\n"
	       "       [-F fault] [-l] [-h]\n"
	       " -v: vCPUs, 1-%d (default: %u)\n"
	       " -n: threads that invalidate, 2-%d (default: %u)\n"
	       " -i: rounds of each event, the dirty log is on in the second, fourth...,\n"
	       "     1-10000 (default: %u)\n"
	       " -t: ms of a round, 10-60000 (default: %u)\n"
	       " -s: seed of what threads do, 1-1000000 (default: %u)\n"
	       " -e: the events to run (default: all); -l lists them\n"
	       " -F: plant a fault: the test must fail.  stale-read, lost-write,\n"
	       "     stray-write, no-log or deaf\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
	       name, OVERLAP_MAX_VCPUS, overlap.vcpus, MAX_THREADS, opt.threads, opt.rounds,
	       opt.ms, opt.seed);
	exit(KSFT_PASS);
}

static enum overlap_fault parse_fault(const char *arg)
{
	uint32_t i;

	for (i = OVERLAP_STALE_READ; i < ARRAY_SIZE(fault_names); i++)
		if (!strcmp(arg, fault_names[i]))
			return i;
	secmmu_usage_error("-F must be stale-read, lost-write, stray-write, no-log or deaf, got '%s'",
			   arg);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "v:n:i:t:s:e:F:lh")) != -1) {
		switch (c) {
		case 'v':
			overlap.vcpus = secmmu_parse_range(c, optarg, 1, OVERLAP_MAX_VCPUS);
			break;
		case 'n':
			opt.threads = secmmu_parse_range(c, optarg, 2, MAX_THREADS);
			break;
		case 'i':
			opt.rounds = secmmu_parse_range(c, optarg, 1, 10000);
			break;
		case 't':
			opt.ms = secmmu_parse_range(c, optarg, 10, 60000);
			break;
		case 's':
			opt.seed = secmmu_parse_range(c, optarg, 1, 1000000);
			break;
		case 'e':
			opt.events = secmmu_parse_events(optarg, events, sizeof(*events),
							 ARRAY_SIZE(events));
			break;
		case 'F':
			overlap.fault = parse_fault(optarg);
			break;
		case 'l':
			secmmu_list_events(events, sizeof(*events), ARRAY_SIZE(events));
			exit(KSFT_PASS);
		case 'h':
			help(argv[0]);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

int main(int argc, char *argv[])
{
	uint32_t i;

	overlap.vcpus = 2;
	parse_options(argc, argv);
	ksft_print_header();
	ksft_set_plan(__builtin_popcount(opt.events));
	signal(SIGUSR1, on_kick);
	create();
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!(opt.events & 1U << i))
			continue;
		ev = &events[i];
		overlap.event = ev->name;
		run_event();
		ksft_test_result(!atomic_load(&overlap.failures), "%s\n", ev->name);
	}
	kvm_vm_free(vm);
	secmmu_finished();
}
