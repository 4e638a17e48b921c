// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest and memory of secmmu_ageing_test.
 */
#include <linux/mman.h>
#include <sys/syscall.h>

#include "secmmu_ageing.h"
#include "processor.h"
#include "ucall_common.h"

#define SLOT		1
/* Clear of slot 0; mapped to the same address. */
#define GPA		0x40000000UL
/* Behind the memory under test, in a block of its own. */
#define SLOT_SIZE	(AGEING_SIZE + SECMMU_HUGE_SIZE)

#define IDLE_BITMAP	"/sys/kernel/mm/page_idle/bitmap"
#define HUGEPAGES	"/sys/kernel/mm/hugepages/hugepages-2048kB/"

struct ageing ageing = { .idle_fd = -1 };

/* Which units the guest is to write to. */
static struct ageing_work {
	uint64_t gva;
	uint64_t step;
	uint32_t nr;
	uint32_t run;
	bool hot;
	bool cold;
} work;

/* No reads: of memory that is not there they map the zero page first. */
static void do_work(void)
{
	uint64_t *p;
	uint32_t i;

	for (i = 0; i < work.nr; i++) {
		p = (uint64_t *)(work.gva + i * work.step);
		if (i / work.run % 2 ? work.cold : work.hot)
			WRITE_ONCE(*p, i);
	}
}

static void guest_code(void)
{
	for (;;) {
		do_work();
		GUEST_SYNC(0);
	}
}

void ageing_fail(const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	ksft_print_msg("FAIL %s: %s\n", ageing.name, msg);
	ageing.failed = true;
}

bool ageing_unmet(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ageing.skip, sizeof(ageing.skip), fmt, ap);
	va_end(ap);
	return false;
}

/*
 * The guest.
 */

static void run_guest(void)
{
	struct ucall uc;

	vcpu_run(ageing.vcpu);
	TEST_ASSERT_KVM_EXIT_REASON(ageing.vcpu, UCALL_EXIT_REASON);
	TEST_ASSERT_EQ(get_ucall(ageing.vcpu, &uc), UCALL_SYNC);
}

static void touch(const char *hva, size_t step, uint32_t nr, uint32_t run,
		  bool hot, bool cold)
{
	work = (struct ageing_work) {
		.gva = ageing.no_guest ? (uintptr_t)hva : GPA + (hva - ageing.hva),
		.step = step,
		.nr = nr,
		.run = run,
		.hot = hot,
		.cold = cold,
	};
	if (ageing.no_guest) {
		do_work();
		return;
	}
	sync_global_to_guest(ageing.vm, work);
	run_guest();
}

/* Of so many pages the kernel does not flush one after the other. */
static void flush_own_tlb(void)
{
	const size_t size = 256 * SECMMU_PAGE_SIZE;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	TEST_ASSERT(p != MAP_FAILED && !munmap(p, size), "mmap() or munmap() failed: %s",
		    strerror(errno));
}

/*
 * Ageing need not flush the TLB, and what is accessed through it leaves no
 * accessed bit.  A page that is taken away from the guest makes KVM flush all.
 */
static void flush_tlb(void)
{
	if (ageing.no_guest) {
		flush_own_tlb();
		return;
	}
	touch(ageing.flush_page, SECMMU_PAGE_SIZE, 1, 1, true, false);
	TEST_ASSERT(!madvise(ageing.flush_page, SECMMU_PAGE_SIZE, MADV_DONTNEED),
		    "MADV_DONTNEED failed: %s", strerror(errno));
}

void ageing_touch_all(const struct ageing_mem *m)
{
	touch(m->hva, m->step, m->nr, m->run, true, true);
}

void ageing_touch_hot(const struct ageing_mem *m)
{
	flush_tlb();
	touch(m->hva, m->step, m->nr, m->run,
	      ageing.fault != AGEING_FAULT_IDLE,
	      ageing.fault == AGEING_FAULT_BUSY);
}

static void set_tracing(char c)
{
	const char *path = getenv("SECMMU_TRACING_ON");

	if (path && !ageing_put(path, "%c", c))
		ageing_fail("can't write SECMMU_TRACING_ON: %s", strerror(errno));
}

static void create_vm(void)
{
	ageing.vm = __vm_create_with_one_vcpu(&ageing.vcpu,
					      SLOT_SIZE / SECMMU_PAGE_SIZE,
					      guest_code);
	vm_userspace_mem_region_add(ageing.vm, secmmu_anonymous(), GPA,
				    SLOT, SLOT_SIZE / SECMMU_PAGE_SIZE, 0);
	virt_map_level(ageing.vm, GPA, GPA, SLOT_SIZE, PG_LEVEL_2M);
	ageing.hva = addr_gpa2hva(ageing.vm, GPA);
}

/* Aligned like a memslot of huge pages. */
static void create_memory(void)
{
	ageing.hva = secmmu_reserve_new(SLOT_SIZE, PROT_READ | PROT_WRITE);
}

void ageing_destroy(void)
{
	if (!ageing.no_guest)
		kvm_vm_free(ageing.vm);
}

void ageing_create(void)
{
	set_tracing('0');
	if (ageing.no_guest)
		create_memory();
	else
		create_vm();
	ageing.flush_page = ageing.hva + AGEING_SIZE;
	secmmu_advise(ageing.hva, SLOT_SIZE, MADV_NOHUGEPAGE);
	ageing.host.pagemap_fd = open_path_or_exit("/proc/self/pagemap", O_RDONLY);
	ageing.idle_fd = open(IDLE_BITMAP, O_RDWR | O_CLOEXEC);
}

/*
 * Memory.
 */

/* What the guest has mapped of the test before goes with it. */
static bool new_mapping(size_t size, int flags)
{
	void *p = mmap(ageing.hva, AGEING_SIZE, PROT_NONE,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	TEST_ASSERT(p == ageing.hva, "mmap() failed: %s", strerror(errno));
	p = mmap(ageing.hva, size, PROT_READ | PROT_WRITE,
		 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	return p == ageing.hva;
}

static bool map_hugetlb(size_t size)
{
	unsigned long n = size / SECMMU_HUGE_SIZE;
	uint64_t nr = 0, nr_free = 0;
	char text[32];

	secmmu_get_u64(HUGEPAGES "nr_hugepages", &nr);
	secmmu_get_u64(HUGEPAGES "free_hugepages", &nr_free);
	snprintf(text, sizeof(text), "%lu", nr + n);
	if (nr_free < n)
		secmmu_set(HUGEPAGES "nr_hugepages", text);
	if (!new_mapping(size, MAP_HUGETLB | MAP_HUGE_2MB))
		return ageing_unmet("%lu huge pages of hugetlbfs", n);
	secmmu_advise(ageing.hva, size, MADV_POPULATE_WRITE);
	return true;
}

static bool map_thp(size_t size, bool split)
{
	size_t huge;
	char *p;

	TEST_ASSERT(new_mapping(size, 0), "mmap() failed: %s", strerror(errno));
	secmmu_advise(ageing.hva, size, MADV_HUGEPAGE);
	secmmu_advise(ageing.hva, size, MADV_POPULATE_WRITE);
	huge = secmmu_huge_bytes(&ageing.host, ageing.hva, size);
	if (huge != size && !secmmu_collapse(&ageing.host, ageing.hva, size))
		return ageing_unmet("transparent huge pages");
	if (!split)
		return true;
	/* khugepaged must not make them one mapping again. */
	secmmu_advise(ageing.hva, size, MADV_NOHUGEPAGE);
	/* Of the page tables only: the folio is not looked at. */
	for (p = ageing.hva; p < ageing.hva + size; p += SECMMU_HUGE_SIZE)
		TEST_ASSERT(!mprotect(p, SECMMU_PAGE_SIZE, PROT_READ) &&
			    !mprotect(p, SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE),
			    "mprotect() failed: %s", strerror(errno));
	if (secmmu_huge_bytes(&ageing.host, ageing.hva, size))
		ageing_fail("huge pages are still mapped huge");
	return true;
}

static bool map_small(size_t size)
{
	TEST_ASSERT(new_mapping(size, 0), "mmap() failed: %s", strerror(errno));
	secmmu_advise(ageing.hva, size, MADV_NOHUGEPAGE);
	secmmu_advise(ageing.hva, size, MADV_POPULATE_WRITE);
	return true;
}

bool ageing_map(struct ageing_mem *m, enum ageing_backing backing, uint32_t nr,
		uint32_t run)
{
	bool huge = backing == AGEING_THP || backing == AGEING_HUGETLB, ok;
	size_t size;

	*m = (struct ageing_mem) {
		.backing = backing,
		.hva = ageing.hva,
		.step = huge ? SECMMU_HUGE_SIZE : SECMMU_PAGE_SIZE,
		.nr = nr,
		.run = run,
	};
	size = m->nr * m->step;
	TEST_ASSERT(size <= AGEING_SIZE, "0x%lx bytes do not fit", size);

	if (backing == AGEING_SMALL)
		ok = map_small(size);
	else if (backing == AGEING_HUGETLB)
		ok = map_hugetlb(size);
	else
		ok = map_thp(size, backing == AGEING_THP_PTES);
	if (ok)
		ageing_touch_all(m);
	return ok;
}

static uint64_t pagemap(const void *addr)
{
	off_t off = (uintptr_t)addr / SECMMU_PAGE_SIZE * sizeof(uint64_t);
	uint64_t v;

	TEST_ASSERT(pread(ageing.host.pagemap_fd, &v, sizeof(v), off) == sizeof(v),
		    "pagemap: %s", strerror(errno));
	return v;
}

uint64_t ageing_pfn(const void *addr)
{
	return pagemap(addr) & GENMASK_ULL(54, 0);
}

bool ageing_resident(const void *addr)
{
	return pagemap(addr) >> 63;
}

void ageing_drain(void)
{
	ageing_put("/proc/sys/vm/drop_caches", "1");
}

/* The bitmap ends with the last whole word: nothing is written behind it. */
void ageing_set_idle(uint64_t pfn)
{
	uint64_t v = 1ULL << pfn % 64;

	TEST_ASSERT(pwrite(ageing.idle_fd, &v, sizeof(v), pfn / 64 * 8) >= 0,
		    IDLE_BITMAP ": %s", strerror(errno));
}

int ageing_get_idle(uint64_t pfn)
{
	uint64_t v = 0;
	ssize_t n = pread(ageing.idle_fd, &v, sizeof(v), pfn / 64 * 8);

	TEST_ASSERT(n >= 0, IDLE_BITMAP ": %s", strerror(errno));
	return n ? v >> pfn % 64 & 1 : -1;
}

bool ageing_make_old(const struct ageing_mem *m)
{
	uint32_t i;

	if (ageing.idle_fd < 0)
		return ageing_unmet("CONFIG_IDLE_PAGE_TRACKING");
	ageing_drain();
	for (i = 0; i < m->nr; i++)
		ageing_set_idle(ageing_pfn(ageing_unit(m, i)));
	/* Of a page that was young page_idle leaves a flag behind. */
	if (!ageing_put("/proc/self/clear_refs", "1"))
		return ageing_unmet("/proc/PID/clear_refs");
	return true;
}

void ageing_unmap(void)
{
	new_mapping(AGEING_SIZE, 0);
}

/*
 * Samples.
 */

void ageing_begin(void)
{
	set_tracing('1');
	ageing.start_ns = secmmu_now();
}

void ageing_end(const struct ageing_mem *m)
{
	uint64_t end = secmmu_now();
	bool huge = m->step == SECMMU_HUGE_SIZE;

	set_tracing('0');
	if (!ageing.samples)
		return;
	fprintf(ageing.samples, "%s,%u,%ld,%lu,%lu,0x%lx,%lu,%lu,%d\n",
		ageing.name, ageing.seq++, syscall(SYS_gettid), ageing.start_ns,
		end, (uintptr_t)m->hva, m->nr * m->step,
		huge ? SECMMU_HUGE_SIZE : SECMMU_PAGE_SIZE, !ageing.no_guest);
	fflush(ageing.samples);
}
