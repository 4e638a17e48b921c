// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's binary statistics of invalidations and of mmu_lock.
 *
 * A guest maps the pages of a memslot.  The host invalidates them a known
 * number of times, each way with its own event.  The counters must rise by
 * exactly that, and by nothing where no memslot is hit; the histograms must
 * have as many samples as there were invalidations and acquisitions, and none
 * while kvm.mmu_lock_stats is off.
 */
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "secmmu.h"
#include "kvm_util.h"
#include "processor.h"
#include "test_util.h"
#include "ucall_common.h"

#define SLOT		1
/* Clear of slot 0; mapped to the same address. */
#define GPA		0x40000000UL
#define PAGE		4096UL
/* The whole VMA, so that no invalidation has to split it. */
#define SIZE		(2UL << 20)
/* What the guest accesses; VM exits are slow where they are emulated. */
#define NR_PAGES	16UL
#define NR_BUCKETS	32
#define MAX_ITERATIONS	10000
#define RETRY_SECONDS	30

#define SWITCH		"/sys/module/kvm/parameters/mmu_lock_stats"
#define IDLE_BITMAP	"/sys/kernel/mm/page_idle/bitmap"

enum fault {
	FAULT_NONE,
	FAULT_LOST,	/* one invalidation fewer than is claimed */
	FAULT_OUTSIDE,	/* invalidations that miss the memslot */
	FAULT_SWITCH,	/* kvm.mmu_lock_stats is not what is claimed */
};

static const char * const fault_names[] = {
	[FAULT_LOST] = "lost",
	[FAULT_OUTSIDE] = "outside",
	[FAULT_SWITCH] = "switch",
};

static const char * const counters[] = {
	"mmu_invalidate_unmap", "mmu_invalidate_clear",
	"mmu_invalidate_protection_vma", "mmu_invalidate_protection_page",
	"mmu_invalidate_soft_dirty", "mmu_invalidate_release",
	"mmu_invalidate_migrate", "mmu_invalidate_exclusive",
	"mmu_clear_flush_young", "mmu_clear_young", "mmu_test_young",
};

enum hist {
	READ_WAIT, READ_HOLD, WRITE_WAIT, WRITE_HOLD, START, WINDOW, NR_HISTS
};

static const char * const hists[] = {
	[READ_WAIT] = "mmu_lock_read_wait_hist",
	[READ_HOLD] = "mmu_lock_read_hold_hist",
	[WRITE_WAIT] = "mmu_lock_write_wait_hist",
	[WRITE_HOLD] = "mmu_lock_write_hold_hist",
	[START] = "mmu_invalidate_start_hist",
	[WINDOW] = "mmu_invalidate_window_hist",
};

static struct {
	uint32_t n;
	enum fault fault;
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	int vm_fd;
	int vcpu_fd;
	char *mem;	/* the memslot */
	char *aside;	/* as much address space outside of it */
	char was;	/* kvm.mmu_lock_stats */
	bool failed;
	atomic_bool stop;
} t;

struct test {
	const char *name;
	void (*run)(const struct test *test);
	/* Returns NULL, or the requirement that is not met. */
	const char *(*unmet)(void);
	/* For count(): one invalidation, what counts it, and how often. */
	void (*invalidate)(void);
	const char *counter;
	uint32_t each;
};

static void __printf(2, 3) fail(const struct test *test, const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	ksft_print_msg("%s: %s\n", test->name, msg);
	t.failed = true;
}

/* Statistics. */

static uint64_t get(int fd, const char *name)
{
	uint64_t v;

	TEST_ASSERT(secmmu_read_stat(fd, name, &v, 1, NULL), "No statistic %s", name);
	return v;
}

static uint64_t samples(enum hist h)
{
	uint64_t v[NR_BUCKETS] = {}, sum = 0;
	uint32_t i;

	TEST_ASSERT(secmmu_read_stat(t.vm_fd, hists[h], v, NR_BUCKETS, NULL),
		    "No statistic %s", hists[h]);
	for (i = 0; i < NR_BUCKETS; i++)
		sum += v[i];
	return sum;
}

static void read_hists(uint64_t sum[NR_HISTS])
{
	uint32_t i;

	for (i = 0; i < NR_HISTS; i++)
		sum[i] = samples(i);
}

/* The difference to what was read before, in place. */
static void diff_hists(uint64_t sum[NR_HISTS])
{
	uint32_t i;

	for (i = 0; i < NR_HISTS; i++)
		sum[i] = samples(i) - sum[i];
}

static void write_switch(char c)
{
	int fd = open_path_or_exit(SWITCH, O_WRONLY);

	TEST_ASSERT(write(fd, &c, 1) == 1, "Can't write to %s: %s", SWITCH,
		    strerror(errno));
	close(fd);
}

static void set_switch(bool on)
{
	write_switch(on != (t.fault == FAULT_SWITCH) ? 'Y' : 'N');
}

/* The guest, and invalidations. */

static void guest_code(void)
{
	uint64_t i;

	/*
	 * No read: of a page that is not there it would map the zero page, and
	 * the write that follows would have to invalidate that.
	 */
	for (;;) {
		for (i = 0; i < NR_PAGES; i++)
			WRITE_ONCE(*(uint64_t *)(GPA + i * PAGE), i);
		GUEST_SYNC(0);
	}
}

static void run_guest(void)
{
	struct ucall uc;

	vcpu_run(t.vcpu);
	TEST_ASSERT_KVM_EXIT_REASON(t.vcpu, UCALL_EXIT_REASON);
	TEST_ASSERT_EQ(get_ucall(t.vcpu, &uc), UCALL_SYNC);
}

static void *target(void)
{
	return t.fault == FAULT_OUTSIDE ? t.aside : t.mem;
}

static void check(int ret, const char *what)
{
	TEST_ASSERT(!ret, "%s failed: %s", what, strerror(errno));
}

/* The first page stays: a new one is not on the LRU, and can't be made idle. */
static void dontneed(char *mem)
{
	check(madvise(mem + PAGE, (NR_PAGES - 1) * PAGE, MADV_DONTNEED),
	      "MADV_DONTNEED");
}

static void inv_dontneed(void)
{
	dontneed(target());
}

static void inv_outside(void)
{
	dontneed(t.aside);
}

static void inv_mprotect(void)
{
	check(mprotect(target(), SIZE, PROT_READ), "mprotect()");
	check(mprotect(target(), SIZE, PROT_READ | PROT_WRITE), "mprotect()");
}

static void move(void *from, void *to)
{
	void *p = mremap(from, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	TEST_ASSERT(p == to, "mremap() failed: %s", strerror(errno));
}

/*
 * The page tables are moved, then the empty mapping is unmapped.  Back again it
 * comes from outside of the memslot, and must not count.
 */
static void inv_mremap(void)
{
	char *from = target(), *to = from == t.mem ? t.aside : t.mem;

	check(munmap(to, SIZE), "munmap()");
	move(from, to);
	move(to, from);
	to = mmap(to, SIZE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	TEST_ASSERT(to != MAP_FAILED, "mmap() failed: %s", strerror(errno));
	memset(to, 1, SIZE);
}

static void inv_fork(void)
{
	int status, advice;
	pid_t pid;

	advice = t.fault == FAULT_OUTSIDE ? MADV_DONTFORK : MADV_DOFORK;
	check(madvise(t.mem, SIZE, advice), "madvise()");
	pid = fork();
	TEST_ASSERT(pid >= 0, "fork() failed: %s", strerror(errno));
	if (!pid)
		_exit(0);
	TEST_ASSERT(waitpid(pid, &status, 0) == pid && !status,
		    "Child exited with status 0x%x", status);
}

/* Of the whole address space, so it always hits the memslot. */
static void inv_clear_refs(void)
{
	int fd = open_path_or_exit("/proc/self/clear_refs", O_WRONLY);

	TEST_ASSERT(write(fd, "4", 1) == 1, "clear_refs: %s", strerror(errno));
	close(fd);
}

static uint64_t pfn(void *p)
{
	int fd = open_path_or_exit("/proc/self/pagemap", O_RDONLY);
	uint64_t v;

	TEST_ASSERT(pread(fd, &v, sizeof(v), (uintptr_t)p / PAGE * 8) == 8,
		    "pagemap: %s", strerror(errno));
	close(fd);
	return v & GENMASK_ULL(54, 0);
}

static void inv_idle(void)
{
	uint64_t n = pfn(target()), bit = 1UL << n % 64;
	int fd = open_path_or_exit(IDLE_BITMAP, O_WRONLY);

	TEST_ASSERT(pwrite(fd, &bit, 8, n / 64 * 8) == 8, IDLE_BITMAP ": %s",
		    strerror(errno));
	close(fd);
}

static const char *unmet_idle(void)
{
	if (access(IDLE_BITMAP, W_OK))
		return "CONFIG_IDLE_PAGE_TRACKING and root";
	return pfn(t.mem) ? NULL : "CAP_SYS_ADMIN";
}

static const char *unmet_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	bool ok = fd >= 0 && write(fd, "4", 1) == 1;

	close(fd);
	return ok ? NULL : "/proc/PID/clear_refs";
}

static const char *unmet_switch(void)
{
	return access(SWITCH, W_OK) ? "root, to write " SWITCH : NULL;
}

static const char *unmet_shared(void)
{
	if (unmet_switch())
		return unmet_switch();
	return get_kvm_param_bool("tdp_mmu") ? NULL : "two-dimensional paging";
}

static const char *unmet_cpus(void)
{
	return get_nprocs() < 2 ? "two CPUs" : NULL;
}

/* Tests. */

static void count(const struct test *test)
{
	uint64_t before[ARRAY_SIZE(counters)], got, want;
	uint32_t i, n = t.n - (t.fault == FAULT_LOST);

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		before[i] = get(t.vm_fd, counters[i]);
	for (i = 0; i < n; i++) {
		run_guest();
		test->invalidate();
	}
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		got = get(t.vm_fd, counters[i]) - before[i];
		want = strcmp(counters[i], test->counter) ? 0 : t.n * test->each;
		if (got != want)
			fail(test, "%s rose by %lu, expected %lu", counters[i],
			     got, want);
	}
	check(madvise(t.mem, SIZE, MADV_DOFORK), "MADV_DOFORK");
}

static void describe(const struct test *test)
{
	const uint32_t nsec = KVM_STATS_UNIT_SECONDS | KVM_STATS_BASE_POW10;
	uint64_t v[NR_BUCKETS];
	struct kvm_stats_desc d;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (!secmmu_read_stat(t.vm_fd, counters[i], v, 1, &d) || d.size != 1 ||
		    (d.flags & KVM_STATS_TYPE_MASK) != KVM_STATS_TYPE_CUMULATIVE)
			fail(test, "%s is missing or no counter", counters[i]);
	for (i = 0; i < NR_HISTS; i++)
		if (!secmmu_read_stat(t.vm_fd, hists[i], v, NR_BUCKETS, &d) ||
		    d.size != NR_BUCKETS || d.exponent != -9 ||
		    d.flags != (KVM_STATS_TYPE_LOG_HIST | nsec))
			fail(test, "%s is missing or no histogram of ns", hists[i]);
}

static void switched_off(const struct test *test)
{
	uint64_t sum[NR_HISTS];
	uint32_t i;

	set_switch(false);
	read_hists(sum);
	for (i = 0; i < t.n; i++) {
		run_guest();
		inv_dontneed();
	}
	diff_hists(sum);
	for (i = 0; i < NR_HISTS; i++)
		if (sum[i])
			fail(test, "%s has %lu new samples", hists[i], sum[i]);
}

/*
 * An invalidation takes mmu_lock at its start and at its end, and once more
 * for each break that it takes.
 */
static void switched_on(const struct test *test)
{
	uint64_t sum[NR_HISTS];
	uint32_t i, n = t.n - (t.fault == FAULT_LOST);

	set_switch(true);
	run_guest();
	read_hists(sum);
	for (i = 0; i < n; i++)
		inv_dontneed();
	diff_hists(sum);
	set_switch(false);

	if (sum[START] != t.n || sum[WINDOW] != t.n)
		fail(test, "%u invalidations, %lu starts and %lu windows were measured",
		     t.n, sum[START], sum[WINDOW]);
	if (sum[WRITE_WAIT] < 2 * t.n || sum[WRITE_WAIT] > 3 * t.n)
		fail(test, "%u invalidations, %lu waits were measured", t.n,
		     sum[WRITE_WAIT]);
	if (sum[WRITE_HOLD] != sum[WRITE_WAIT])
		fail(test, "%lu waits, but %lu holds were measured",
		     sum[WRITE_WAIT], sum[WRITE_HOLD]);
	if (sum[READ_WAIT] || sum[READ_HOLD])
		fail(test, "%lu waits and %lu holds were taken for a reader's",
		     sum[READ_WAIT], sum[READ_HOLD]);
}

static void check_readers(const struct test *test, const char *who,
			  const uint64_t sum[NR_HISTS], uint64_t least)
{
	if (sum[READ_WAIT] < least)
		fail(test, "%s: %lu waits were measured, expected %lu or more",
		     who, sum[READ_WAIT], least);
	if (sum[READ_HOLD] != sum[READ_WAIT])
		fail(test, "%s: %lu waits, but %lu holds were measured", who,
		     sum[READ_WAIT], sum[READ_HOLD]);
}

/* Page faults, and the rarer kind of reader that is no vCPU. */
static void readers(const struct test *test)
{
	uint64_t sum[NR_HISTS];
	uint32_t i;

	set_switch(true);
	read_hists(sum);
	for (i = 0; i < t.n; i++) {
		inv_dontneed();
		run_guest();
	}
	diff_hists(sum);
	check_readers(test, "page faults", sum, t.n * (NR_PAGES - 1));

	read_hists(sum);
	for (i = 0; i < t.n; i++) {
		vm_set_user_memory_region(t.vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES,
					  GPA, SIZE, t.mem);
		vm_set_user_memory_region(t.vm, SLOT, 0, GPA, SIZE, t.mem);
	}
	diff_hists(sum);
	check_readers(test, "dirty logging", sum, t.n);
	set_switch(false);
}

static void *run_vcpu(void *unused)
{
	while (!atomic_load(&t.stop))
		run_guest();
	return NULL;
}

static void retry(const struct test *test)
{
	uint64_t before = get(t.vm_fd, "mmu_invalidate_retry"), vm, vcpu;
	struct timespec start;
	pthread_t thread;

	clock_gettime(CLOCK_MONOTONIC, &start);
	atomic_store(&t.stop, false);
	check(pthread_create(&thread, NULL, run_vcpu, NULL), "pthread_create()");
	do {
		inv_dontneed();
		vm = get(t.vm_fd, "mmu_invalidate_retry");
	} while (vm == before && timespec_elapsed(start).tv_sec < RETRY_SECONDS);
	atomic_store(&t.stop, true);
	pthread_join(thread, NULL);

	if (vm == before)
		fail(test, "no page fault was put off in %d s", RETRY_SECONDS);
	vm = get(t.vm_fd, "mmu_invalidate_retry");
	vcpu = get(t.vcpu_fd, "pf_invalidate_retry");
	if (vm != vcpu)
		fail(test, "%lu retries of the VM, %lu of its only vCPU", vm, vcpu);
}

static const struct test tests[] = {
	{ .name = "stats_descriptors", .run = describe, },
	{ .name = "stats_clear", .run = count, .invalidate = inv_dontneed,
	  .counter = "mmu_invalidate_clear", .each = 1, },
	{ .name = "stats_protection_vma", .run = count, .invalidate = inv_mprotect,
	  .counter = "mmu_invalidate_protection_vma", .each = 2, },
	{ .name = "stats_unmap", .run = count, .invalidate = inv_mremap,
	  .counter = "mmu_invalidate_unmap", .each = 2, },
	{ .name = "stats_protection_page", .run = count, .invalidate = inv_fork,
	  .counter = "mmu_invalidate_protection_page", .each = 1, },
	{ .name = "stats_soft_dirty", .run = count, .invalidate = inv_clear_refs,
	  .unmet = unmet_soft_dirty,
	  .counter = "mmu_invalidate_soft_dirty", .each = 1, },
	{ .name = "stats_clear_young", .run = count, .invalidate = inv_idle,
	  .unmet = unmet_idle, .counter = "mmu_clear_young", .each = 1, },
	{ .name = "stats_outside", .run = count, .invalidate = inv_outside,
	  .counter = "none", },
	{ .name = "stats_retry", .run = retry, .unmet = unmet_cpus, },
	{ .name = "stats_switched_off", .run = switched_off,
	  .unmet = unmet_switch, },
	{ .name = "stats_switched_on", .run = switched_on,
	  .unmet = unmet_switch, },
	{ .name = "stats_readers", .run = readers, .unmet = unmet_shared, },
};

static void create(void)
{
	struct userspace_mem_region *r;
	char *p = secmmu_reserve_new(5 * SIZE, PROT_NONE);

	/* The memory and its shadow are VMAs of their own, aligned. */
	t.mem = p + SIZE;
	t.aside = t.mem + 2 * SIZE;
	check(mprotect(t.mem, SIZE, PROT_READ | PROT_WRITE), "mprotect()");
	check(mprotect(t.aside, SIZE, PROT_READ | PROT_WRITE), "mprotect()");
	secmmu_advise(p, 5 * SIZE, MADV_NOHUGEPAGE);
	memset(t.mem, 1, SIZE);
	memset(t.aside, 1, SIZE);

	t.vm = vm_create_with_one_vcpu(&t.vcpu, guest_code);
	vm_set_user_memory_region(t.vm, SLOT, 0, GPA, SIZE, t.mem);
	virt_map(t.vm, GPA, GPA, NR_PAGES);
	/* Only the memslot under test is to be invalidated by fork(). */
	r = memslot2region(t.vm, 0);
	check(madvise(r->mmap_start, r->mmap_size, MADV_DONTFORK), "MADV_DONTFORK");
	t.vm_fd = vm_get_stats_fd(t.vm);
	t.vcpu_fd = vcpu_get_stats_fd(t.vcpu);
}

static void run_test(const struct test *test)
{
	const char *unmet = test->unmet ? test->unmet() : NULL;

	t.failed = false;
	if (!unmet)
		test->run(test);
	if (unmet)
		ksft_test_result_skip("%s: needs %s\n", test->name, unmet);
	else if (t.failed)
		ksft_test_result_fail("%s\n", test->name);
	else
		ksft_test_result_pass("%s\n", test->name);
}

static enum fault parse_fault(const char *arg)
{
	uint32_t i;

	for (i = FAULT_NONE + 1; i < ARRAY_SIZE(fault_names); i++)
		if (!strcmp(arg, fault_names[i]))
			return i;
	secmmu_usage_error("-F must be lost, outside or switch, got '%s'", arg);
}

static void parse_options(int argc, char *argv[])
{
	int opt;

	t.n = 10;
	while ((opt = getopt(argc, argv, "i:F:h")) != -1) {
		switch (opt) {
		case 'i':
			t.n = secmmu_parse_range('i', optarg, 1, MAX_ITERATIONS);
			break;
		case 'F':
			t.fault = parse_fault(optarg);
			break;
		case 'h':
			printf("usage: %s [-i iterations] [-F fault] [-h]\n"
			       " -i: invalidations per test, 1-%d (default: 10)\n"
			       " -F: plant a fault: the test must fail.  lost, outside or switch\n"
			       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
			       argv[0], MAX_ITERATIONS);
			exit(KSFT_PASS);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

static void restore_switch(void)
{
	write_switch(t.was);
}

int main(int argc, char *argv[])
{
	uint64_t v;
	uint32_t i;
	int fd;

	parse_options(argc, argv);
	ksft_print_header();
	create();
	__TEST_REQUIRE(secmmu_read_stat(t.vm_fd, counters[0], &v, 1, NULL),
		       "Requirement not met: a KVM that counts invalidations (%s)",
		       counters[0]);

	fd = open(SWITCH, O_RDWR);
	if (fd >= 0) {
		TEST_ASSERT(read(fd, &t.was, 1) == 1, "Can't read " SWITCH);
		close(fd);
		atexit(restore_switch);
	}

	ksft_set_plan(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		run_test(&tests[i]);
	kvm_vm_free(t.vm);
	ksft_finished();
}
