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
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/syscall.h>

#include "secmmu.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_SLOT	1
#define CTL_SLOT	2
#define SPARE_SLOT	3
#define MEM_GPA		SECMMU_MEM_GPA
#define CTL_GPA		0x80000000UL
#define SPARE_GPA	0xc0000000UL
/* A huge page, and as much in small ones. */
#define PAGES		1024U
#define MEM_SIZE	(PAGES * SECMMU_PAGE_SIZE)
/* The ranges that are fought for have the border in their middle. */
#define BORDER		SECMMU_HUGE_PAGES
#define RANGE		64U
#define MAX_VCPUS	4
#define MAX_THREADS	8
#define RECYCLED_PAGES	256U
#define SPARE_PAGES	16U
#define SWAP_BYTES	(64UL << 20)
#define POISON		0xdeaddeaddeaddeadUL
#define IN_A_DROP	UINT64_MAX

/* Drops of a page.  Written by the host. */
struct page_state {
	uint64_t begun;
	uint64_t ended;
	uint64_t done;		/* the highest ticket of those that have ended */
};

/* What a vCPU did last in a page. */
struct visit {
	uint64_t wrote;
	uint64_t begun;		/* drops before that, or IN_A_DROP */
	uint64_t tickets;	/* drawn after that: their drops came later */
};

enum wrong { RIGHT, STALE, LOST, FOREIGN };

struct error {
	enum wrong wrong;
	uint32_t page;
	uint64_t wrote;
	uint64_t seen;
};

struct vcpu_ctl {
	uint64_t value;		/* the last one written anywhere */
	uint64_t nr_errors;
	struct error first;
	struct visit visits[PAGES];
};

/* Shared with the guest, in a memslot that nobody invalidates. */
struct ctl {
	uint64_t tickets;
	uint32_t stop;
	struct page_state pages[PAGES];
	struct vcpu_ctl vcpus[MAX_VCPUS];
};

enum ranges { SAME, BESIDE, RANDOM };

static const struct event {
	const char *name;
	enum ranges ranges;
	const char *desc;
} events[] = {
	{ "overlap_same", SAME, "all threads invalidate the same pages" },
	{ "overlap_beside", BESIDE, "each thread's pages are beside another's" },
	{ "overlap_random", RANDOM, "any pages" },
};

enum fault { NO_FAULT, STALE_READ, LOST_WRITE, STRAY_WRITE, NO_LOG };

static const char *const fault_names[] = {
	"", "stale-read", "lost-write", "stray-write", "no-log",
};

/* A thread of the host. */
struct worker {
	pthread_t thread;
	uint32_t id;
	uint32_t random;
	char *aside;
	uint64_t calls, overlaps, besides, moves;
};

static struct {
	uint32_t vcpus, threads, rounds, ms, seed;
	uint32_t events;
	enum fault fault;
} opt = {
	.vcpus = 2, .threads = 3, .rounds = 4, .ms = 300, .seed = 1,
	.events = (1U << ARRAY_SIZE(events)) - 1,
};

static struct kvm_vm *vm;
static struct kvm_vcpu *vcpus[MAX_VCPUS];
static struct ctl *ctl;
static char *mem, *recycled, *spare;
static const struct event *ev;
static struct worker workers[MAX_THREADS];
static atomic_uint in_call[PAGES + 2];	/* calls under way; [0] is no page */
static atomic_bool away[PAGES];
static uint64_t before[MAX_VCPUS];	/* the values at the round's start */
static unsigned long dirty[PAGES / 64];
static uint64_t nr_slots, nr_logs, nr_faulted;
static atomic_bool stop;
static atomic_uint failures;
static bool swap, nodes;
static int self_mem;

static void __printf(1, 2) fail(const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	/* One is enough: the rest follows from it. */
	if (atomic_fetch_add(&failures, 1))
		return;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	ksft_print_msg("FAIL %s: %s\n", ev->name, buf);
}

/* The oracle, for guest and host. */
static enum wrong judge(const struct visit *v, uint64_t seen, uint64_t done,
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

static uint64_t *cell(void *base, uint32_t page, uint32_t vcpu)
{
	return (uint64_t *)((char *)base + page * SECMMU_PAGE_SIZE) + vcpu * 8;
}

static void guest_visit(struct ctl *c, uint32_t id, uint32_t page)
{
	struct page_state *s = &c->pages[page];
	struct vcpu_ctl *me = &c->vcpus[id];
	struct visit *v = &me->visits[page];
	uint64_t *p = cell((void *)MEM_GPA, page, id);
	uint64_t done = READ_ONCE(s->done), ended;
	uint64_t seen = READ_ONCE(*p), begun = READ_ONCE(s->begun);
	enum wrong wrong = judge(v, seen, done, begun);

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
	WRITE_ONCE(v->begun, begun == ended ? begun : IN_A_DROP);
	WRITE_ONCE(v->tickets, READ_ONCE(c->tickets));
}

/* Never leaves guest mode by itself until the round is over. */
static void guest_code(uint64_t id)
{
	struct ctl *c = (void *)CTL_GPA;
	uint32_t page = id;

	for (;;) {
		/* A full period, in another order for each vCPU. */
		page = (page * 5 + 2 * id + 1) % PAGES;
		guest_visit(c, id, page);
		if (READ_ONCE(c->stop))
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
	off_t offset = run->mmio.phys_addr - MEM_GPA, at = (uintptr_t)mem + offset;
	uint32_t len = run->mmio.len, page = offset / SECMMU_PAGE_SIZE;

	TEST_ASSERT(page < PAGES, "MMIO at 0x%llx", run->mmio.phys_addr);
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
		if (ret && errno == EINTR)
			continue;
		TEST_ASSERT(!ret, KVM_IOCTL_ERROR(KVM_RUN, ret));
		TEST_ASSERT_KVM_EXIT_REASON(vcpu, UCALL_EXIT_REASON);
		return NULL;
	}
}

/*
 * The calls.
 */

static uint32_t random_below(struct worker *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % below;
}

static char *page_addr(uint32_t page)
{
	return mem + page * SECMMU_PAGE_SIZE;
}

static void call_begins(struct worker *w, uint32_t first, uint32_t nr)
{
	bool overlap = false;
	uint32_t i;

	w->calls++;
	w->besides += atomic_load(&in_call[first]) ||
		      atomic_load(&in_call[first + nr + 1]);
	for (i = first; i < first + nr; i++)
		overlap |= atomic_fetch_add(&in_call[i + 1], 1);
	w->overlaps += overlap;
}

static void call_ends(uint32_t first, uint32_t nr)
{
	uint32_t i;

	for (i = first; i < first + nr; i++)
		atomic_fetch_sub(&in_call[i + 1], 1);
}

/* Where memory is away, madvise() and mprotect() say so and do the rest. */
static int advise(struct worker *w, uint32_t first, uint32_t nr, int advice)
{
	int ret;

	call_begins(w, first, nr);
	ret = madvise(page_addr(first), nr * SECMMU_PAGE_SIZE, advice);
	call_ends(first, nr);
	return ret;
}

static void raise_to(uint64_t *p, uint64_t value)
{
	uint64_t old = READ_ONCE(*p);

	while (old < value &&
	       !__atomic_compare_exchange_n(p, &old, value, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void drop(struct worker *w, uint32_t first, uint32_t nr)
{
	uint64_t ticket = __atomic_add_fetch(&ctl->tickets, 1, __ATOMIC_SEQ_CST);
	uint32_t i;
	int ret = 0;

	for (i = first; i < first + nr; i++)
		__atomic_add_fetch(&ctl->pages[i].begun, 1, __ATOMIC_SEQ_CST);
	/* A mapping that is still there, to the vCPU: nobody has dropped it. */
	if (opt.fault != STALE_READ)
		ret = advise(w, first, nr, MADV_DONTNEED);
	TEST_ASSERT(!ret || errno == ENOMEM, __KVM_SYSCALL_ERROR("madvise()", ret));
	for (i = first; i < first + nr; i++) {
		if (!ret)
			raise_to(&ctl->pages[i].done, ticket);
		__atomic_add_fetch(&ctl->pages[i].ended, 1, __ATOMIC_SEQ_CST);
	}
}

static void protect(struct worker *w, uint32_t first, uint32_t nr, int prot)
{
	int ret;

	for (;;) {
		call_begins(w, first, nr);
		ret = mprotect(page_addr(first), nr * SECMMU_PAGE_SIZE, prot);
		call_ends(first, nr);
		if (!ret)
			return;
		TEST_ASSERT(errno == ENOMEM, __KVM_SYSCALL_ERROR("mprotect()", ret));
		/* All of it must be writable again in the end. */
		if (!(prot & PROT_WRITE))
			return;
		sched_yield();
	}
}

static void check_away(struct worker *w, uint32_t first, uint32_t nr)
{
	uint64_t seen[RANGE][MAX_VCPUS], now;
	uint32_t i, v;

	for (i = 0; i < nr; i++)
		for (v = 0; v < opt.vcpus; v++)
			seen[i][v] = READ_ONCE(*cell(w->aside, i, v));
	usleep(100);
	if (opt.fault == STRAY_WRITE) {
		/* Another thread may have protected it just before. */
		secmmu_protect(w->aside, nr * SECMMU_PAGE_SIZE,
			       PROT_READ | PROT_WRITE);
		++*cell(w->aside, nr / 2, 0);
	}
	for (i = 0; i < nr; i++) {
		for (v = 0; v < opt.vcpus; v++) {
			now = READ_ONCE(*cell(w->aside, i, v));
			if (now != seen[i][v])
				fail("stray write: vcpu %u wrote 0x%lx to page %u while it was moved away, over 0x%lx",
				     v, now, first + i, seen[i][v]);
		}
	}
}

static void give_back(uint32_t first, uint32_t nr)
{
	uint32_t i;

	for (i = first; i < first + nr; i++)
		atomic_store(&away[i], false);
}

/*
 * Nobody else may have moved any of it away: what is there when it comes back
 * would be lost.
 */
static bool claim(uint32_t first, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		if (!atomic_exchange(&away[first + i], true))
			continue;
		give_back(first, i);
		return false;
	}
	return true;
}

/*
 * Fails, before Linux 6.17, where another thread has protected a part.  Nobody
 * else maps memory, so nobody takes the place meanwhile.
 */
static void move(struct worker *w, uint32_t first, uint32_t nr)
{
	size_t size;
	char *addr;
	void *p;

	/* One side of the border: the two are not one VMA. */
	if (first < BORDER && first + nr > BORDER) {
		if (random_below(w, 2)) {
			nr = BORDER - first;
		} else {
			nr -= BORDER - first;
			first = BORDER;
		}
	}
	if (!claim(first, nr))
		return;
	size = nr * SECMMU_PAGE_SIZE;
	addr = page_addr(first);
	call_begins(w, first, nr);
	p = mremap(addr, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, w->aside);
	call_ends(first, nr);
	if (p == MAP_FAILED) {
		TEST_ASSERT(errno == EFAULT, "mremap() failed: %s", strerror(errno));
	} else {
		check_away(w, first, nr);
		secmmu_move(w->aside, addr, size, 0);
		w->moves++;
	}
	/* Either way what was reserved there is gone. */
	secmmu_reserve(w->aside, size);
	give_back(first, nr);
}

static void migrate(struct worker *w, uint32_t first, uint32_t nr)
{
	int to[RANGE], status[RANGE], node = random_below(w, 2);
	void *pages[RANGE];
	uint32_t i;

	for (i = 0; i < nr; i++) {
		pages[i] = page_addr(first + i);
		to[i] = node;
	}
	call_begins(w, first, nr);
	/* Pages that are away, or that others hold, stay where they are. */
	syscall(SYS_move_pages, 0, nr, pages, to, status, MPOL_MF_MOVE);
	call_ends(first, nr);
}

static void invalidate(struct worker *w, uint32_t first, uint32_t nr)
{
	switch (random_below(w, 16)) {
	case 0 ... 5:
		drop(w, first, nr);
		break;
	case 6 ... 8:
		move(w, first, nr);
		break;
	case 9 ... 10:
		protect(w, first, nr, PROT_READ);
		protect(w, first, nr, PROT_READ | PROT_WRITE);
		break;
	case 11 ... 12:
		if (swap)
			advise(w, first, nr, MADV_PAGEOUT);
		break;
	case 13 ... 14:
		if (nodes)
			migrate(w, first, nr);
		break;
	default:
		advise(w, 0, SECMMU_HUGE_PAGES, MADV_COLLAPSE);
		break;
	}
}

static void *invalidate_thread(void *arg)
{
	struct worker *w = arg;
	uint32_t first, nr;

	while (!atomic_load(&stop)) {
		nr = RANGE;
		first = BORDER - RANGE / 2;
		if (ev->ranges == BESIDE) {
			nr = RANGE / opt.threads;
			first += w->id * nr;
		} else if (ev->ranges == RANDOM) {
			nr = 1 + random_below(w, RANGE);
			first = random_below(w, PAGES - nr + 1);
		}
		invalidate(w, first, nr);
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
				fail("stray write: 0x%lx in memory that somebody else has",
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
	unsigned long log[PAGES / 64] = { 0 };
	uint32_t i;

	kvm_vm_get_dirty_log(vm, MEM_SLOT, log);
	nr_logs++;
	/* Somebody else has read it. */
	if (opt.fault == NO_LOG)
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

/* The vCPUs end last: then all memory is where it was, and writable. */
static void run_round(bool logging)
{
	pthread_t vcpu_threads[MAX_VCPUS], slots, recycler;
	uint32_t i;

	atomic_store(&stop, false);
	WRITE_ONCE(ctl->stop, 0);
	for (i = 0; i < opt.vcpus; i++)
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
	WRITE_ONCE(ctl->stop, 1);
	for (i = 0; i < opt.vcpus; i++)
		pthread_join(vcpu_threads[i], NULL);
}

static void report(const char *who, uint32_t v, const struct error *e)
{
	static const char *const what[] = {
		[STALE] = "stale read", [LOST] = "lost write",
		[FOREIGN] = "stale read or stray write",
	};

	/* Written by the guest: don't use it as an index unchecked. */
	if (e->wrong < STALE || e->wrong > FOREIGN)
		return;
	fail("%s: page %u vcpu %u, seen by the %s: wrote 0x%lx, seen 0x%lx%s",
	     what[e->wrong], e->page, v, who, e->wrote, e->seen,
	     e->wrong == STALE ? ", which has been dropped since" :
	     e->wrong == LOST ? ", and nobody has dropped it" : "");
}

static void check_page(uint32_t v, uint32_t page)
{
	struct page_state *s = &ctl->pages[page];
	struct visit *visit = &ctl->vcpus[v].visits[page];
	struct error e = {
		.page = page,
		.wrote = visit->wrote,
		.seen = READ_ONCE(*cell(mem, page, v)),
	};

	e.wrong = judge(visit, e.seen, s->done, s->begun);
	if (e.wrong)
		report("host", v, &e);
}

static void check_dirty(uint32_t v, uint32_t page)
{
	if (ctl->vcpus[v].visits[page].wrote > before[v] &&
	    !(dirty[page / 64] & 1UL << page % 64))
		fail("lost write: page %u was written by vcpu %u while the dirty log was on, and is not in it",
		     page, v);
}

static void check_all(bool logging)
{
	uint32_t v, page;

	for (v = 0; v < opt.vcpus; v++) {
		if (ctl->vcpus[v].nr_errors)
			report("guest", v, &ctl->vcpus[v].first);
		for (page = 0; page < PAGES; page++) {
			if (opt.fault == LOST_WRITE)
				*cell(mem, page, v) = 0;
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

	for (v = 0; v < opt.vcpus; v++)
		before[v] = ctl->vcpus[v].value;
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
	vm_userspace_mem_region_add(vm, VM_MEM_SRC_ANONYMOUS_THP, gpa, slot,
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
	uint64_t size = align_up(sizeof(*ctl), SECMMU_HUGE_SIZE);
	uint32_t i;

	vm = __vm_create_with_vcpus(VM_SHAPE_DEFAULT, opt.vcpus,
				    PAGES + size / SECMMU_PAGE_SIZE, guest_code,
				    vcpus);
	mem = add_slot(MEM_SLOT, MEM_GPA, MEM_SIZE);
	ctl = add_slot(CTL_SLOT, CTL_GPA, size);
	secmmu_advise(ctl, size, MADV_NOHUGEPAGE);
	memset(ctl, 0, size);
	secmmu_advise(mem + MEM_SIZE / 2, MEM_SIZE / 2, MADV_NOHUGEPAGE);
	recycled = reserve(RECYCLED_PAGES * SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE);
	secmmu_advise(recycled, RECYCLED_PAGES * SECMMU_PAGE_SIZE, MADV_NOHUGEPAGE);
	spare = reserve(SPARE_PAGES * SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE);
	for (i = 0; i < opt.vcpus; i++)
		vcpu_args_set(vcpus[i], 1, i);
	for (i = 0; i < opt.threads; i++)
		workers[i] = (struct worker) {
			.id = i,
			.random = (opt.seed * 2654435761U + 2 * i) | 1,
			.aside = reserve(RANGE * SECMMU_PAGE_SIZE, PROT_NONE),
		};
	swap = secmmu_get_swap(SWAP_BYTES);
	nodes = !access("/sys/devices/system/node/node1", F_OK);
	self_mem = open_path_or_exit("/proc/self/mem", O_RDWR);
}

/* On one CPU threads overlap only where one is preempted within a call. */
static void check_overlap(uint64_t overlaps, uint64_t besides)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	if (ev->ranges == BESIDE ? !besides : !overlaps)
		fail("no two calls were under way at a time: nothing was tested");
}

/* Fresh memory, of which nobody knows anything. */
static void reset(void)
{
	uint32_t i;

	atomic_store(&failures, 0);
	nr_slots = nr_logs = nr_faulted = 0;
	secmmu_advise(mem, MEM_SIZE, MADV_DONTNEED);
	secmmu_advise(mem, MEM_SIZE, MADV_POPULATE_WRITE);
	memset(ctl, 0, sizeof(*ctl));
	for (i = 0; i < opt.threads; i++)
		workers[i].calls = workers[i].overlaps = workers[i].besides =
			workers[i].moves = 0;
}

static void run_event(void)
{
	uint64_t calls = 0, overlaps = 0, besides = 0, moves = 0, visits = 0;
	uint32_t i;

	reset();
	for (i = 0; i < opt.rounds && !atomic_load(&failures); i++)
		one_round(i);
	for (i = 0; i < opt.threads; i++) {
		calls += workers[i].calls;
		overlaps += workers[i].overlaps;
		besides += workers[i].besides;
		moves += workers[i].moves;
	}
	for (i = 0; i < opt.vcpus; i++)
		visits += ctl->vcpus[i].value;
	check_overlap(overlaps, besides);
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
	       "     stray-write or no-log\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
	       name, MAX_VCPUS, opt.vcpus, MAX_THREADS, opt.threads, opt.rounds,
	       opt.ms, opt.seed);
	exit(KSFT_PASS);
}

static void __noreturn list_events(void)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		printf("%-20s %s\n", events[i].name, events[i].desc);
	exit(KSFT_PASS);
}

static uint32_t parse_events(char *arg)
{
	uint32_t i, mask = 0;
	char *name;

	while ((name = strsep(&arg, ","))) {
		for (i = 0; i < ARRAY_SIZE(events); i++)
			if (!strcmp(name, events[i].name))
				break;
		if (i == ARRAY_SIZE(events))
			secmmu_usage_error("unknown event '%s': -l lists the events", name);
		mask |= 1U << i;
	}
	return mask;
}

static enum fault parse_fault(const char *arg)
{
	uint32_t i;

	for (i = STALE_READ; i < ARRAY_SIZE(fault_names); i++)
		if (!strcmp(arg, fault_names[i]))
			return i;
	secmmu_usage_error("-F must be stale-read, lost-write, stray-write or no-log, got '%s'",
			   arg);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "v:n:i:t:s:e:F:lh")) != -1) {
		switch (c) {
		case 'v':
			opt.vcpus = secmmu_parse_range(c, optarg, 1, MAX_VCPUS);
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
			opt.events = parse_events(optarg);
			break;
		case 'F':
			opt.fault = parse_fault(optarg);
			break;
		case 'l':
			list_events();
		case 'h':
			help(argv[0]);
		default:
			/* getopt() has named the option. */
			fprintf(stderr, "%s: bad option; see -h\n", argv[0]);
			exit(SECMMU_USAGE_ERROR);
		}
	}
	if (optind < argc)
		secmmu_usage_error("unexpected argument '%s'", argv[optind]);
}

int main(int argc, char *argv[])
{
	uint32_t i;

	parse_options(argc, argv);
	ksft_print_header();
	ksft_set_plan(__builtin_popcount(opt.events));
	create();
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!(opt.events & 1U << i))
			continue;
		ev = &events[i];
		run_event();
		ksft_test_result(!atomic_load(&failures), "%s\n", ev->name);
	}
	kvm_vm_free(vm);
	secmmu_finished();
}
