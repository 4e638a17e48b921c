// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory of the secondary MMU tests: mapping it, and how it is mapped.
 */
#include <linux/fs.h>
#include <linux/kernel-page-flags.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "secmmu.h"

#define COLLAPSE_TRIES	20

#define HUGETLB_POOL "/proc/sys/vm/nr_hugepages"
/* Besides the memslot: what is aside, in place of it, and a child's. */
#define HUGETLB_SPARE	8

static bool is_hugetlb(const struct secmmu *t)
{
	return is_backing_src_hugetlb(t->source) ||
	       t->source == VM_MEM_SRC_SHARED_HUGETLB;
}

size_t secmmu_page_size(const struct secmmu *t)
{
	return t->source == VM_MEM_SRC_ANONYMOUS_THP || is_hugetlb(t) ?
	       SECMMU_HUGE_SIZE : SECMMU_PAGE_SIZE;
}

static bool is_huge(const struct secmmu *t)
{
	return secmmu_page_size(t) == SECMMU_HUGE_SIZE;
}

/* Events that change memory through its file want that of the memslot. */
static void keep_file(struct secmmu *t, int fd, void *addr)
{
	off_t start = (char *)addr - (char *)t->mem;

	if (start < 0 || start >= t->opt.bytes) {
		close(fd);
		return;
	}
	if (t->fd >= 0)
		close(t->fd);
	t->fd = fd;
	t->fd_start = start;
}

/*
 * The regime of an event is fixed here, before anything is timed: the page size
 * by advice, so that the system's THP settings and khugepaged have no say in
 * it, and all of the memory populated, so that no call is timed that also, or
 * only, does the work of first faults.
 */
void secmmu_map(struct secmmu *t, void *addr, size_t size)
{
	int flags = vm_mem_backing_src_alias(t->source)->flag, fd = -1;
	void *p;

	/* VMAs of different flags are never merged. */
	if (t->ev->own_vma && addr == t->hva)
		flags |= MAP_NORESERVE;
	if (backing_src_is_shared(t->source))
		fd = kvm_memfd_alloc(size, is_hugetlb(t));
	p = mmap(addr, size, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0);
	TEST_ASSERT(p == addr, "mmap() of 0x%lx bytes failed: %s", size,
		    strerror(errno));
	if (fd >= 0)
		keep_file(t, fd, addr);
	if (!is_hugetlb(t))
		secmmu_advise(addr, size, is_huge(t) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	secmmu_advise(addr, size, MADV_POPULATE_WRITE);
}

void secmmu_populate(struct secmmu *t)
{
	size_t left = min(t->nr, SECMMU_GUEST_FAULTS) * SECMMU_PAGE_SIZE;

	if (t->size > left)
		secmmu_advise(t->hva + left, t->size - left, MADV_POPULATE_WRITE);
}

void secmmu_reserve(void *addr, size_t size)
{
	void *p = mmap(addr, size, PROT_NONE,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	TEST_ASSERT(p == addr, "mmap() of 0x%lx bytes failed: %s", size,
		    strerror(errno));
}

void *secmmu_reserve_new(size_t size, int prot)
{
	void *p = mmap(NULL, size + SECMMU_HUGE_SIZE, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	TEST_ASSERT(p != MAP_FAILED, "mmap() of 0x%lx bytes failed: %s", size,
		    strerror(errno));
	return align_ptr_up(p, SECMMU_HUGE_SIZE);
}

const char *secmmu_get_hugetlb(struct secmmu *t)
{
	uint64_t old, want, got;
	char text[24];

	if (!is_hugetlb(t) || t->hugetlb)
		return NULL;
	/* Twice: what is mapped over something takes its pages before that goes. */
	want = 2 * t->opt.bytes / SECMMU_HUGE_SIZE + HUGETLB_SPARE;
	if (!secmmu_get_u64(HUGETLB_POOL, &old))
		return "no " HUGETLB_POOL;
	snprintf(text, sizeof(text), "%lu", old + want);
	if (!secmmu_set(HUGETLB_POOL, text))
		return "no write access to " HUGETLB_POOL;
	if (!secmmu_get_u64(HUGETLB_POOL, &got) || got < old + want)
		return "no memory for hugetlb pages";
	/* Ends the program where there is none. */
	if (get_def_hugetlb_pagesz() != SECMMU_HUGE_SIZE)
		return "default size of hugetlb pages is not 2 MiB";
	t->hugetlb = true;
	return NULL;
}

const char *secmmu_unmet_thp(struct secmmu *t)
{
	return thp_configured() ? NULL : "Requirement not met: CONFIG_TRANSPARENT_HUGEPAGE";
}

int secmmu_try_collapse(void *addr, size_t size)
{
	int i, ret;

	/* EAGAIN is for somebody else's short-lived page reference or lock. */
	for (i = 0; i < COLLAPSE_TRIES; i++) {
		ret = madvise(addr, size, MADV_COLLAPSE);
		if (!ret || errno != EAGAIN)
			break;
	}
	return ret;
}

void secmmu_check_collapsed(struct secmmu *t, void *addr)
{
	size_t huge;

	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		addr = t->mem;
	huge = secmmu_huge_bytes(t, addr, SECMMU_HUGE_SIZE);
	if (huge != SECMMU_HUGE_SIZE)
		secmmu_fail(t, "no collapse: %lu of %lu bytes are mapped huge by the host after the call",
			    huge, SECMMU_HUGE_SIZE);
}

void secmmu_map_small(void *addr, size_t size)
{
	void *p = mmap(addr, size, PROT_READ | PROT_WRITE,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TEST_ASSERT(p == addr, "mmap() of 0x%lx bytes failed: %s", size,
		    strerror(errno));
	secmmu_advise(addr, size, MADV_NOHUGEPAGE);
}

bool secmmu_collapse(struct secmmu *t, void *addr, size_t size)
{
	secmmu_try_collapse(addr, size);
	return secmmu_huge_bytes(t, addr, size) == size;
}

void secmmu_renew(struct secmmu *t, uint32_t first, uint32_t nr)
{
	void *addr = secmmu_hva(t, first);
	size_t size = nr * SECMMU_PAGE_SIZE;

	secmmu_map(t, addr, size);
	secmmu_fill(t, addr, t->gen, first, nr);
	secmmu_expect(t, t->gen, first, nr);
	if (is_huge(t) && secmmu_huge_bytes(t, addr, size) != size &&
	    !secmmu_collapse(t, addr, size))
		t->skip = "no huge pages to be had: is transparent_hugepage/enabled \"never\", or memory short?";
}

size_t secmmu_scan(struct secmmu *t, void *addr, size_t size,
		   uint64_t categories)
{
	struct page_region regions[16];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)addr,
		.end = (uintptr_t)addr + size,
		.vec = (uintptr_t)regions,
		.vec_len = ARRAY_SIZE(regions),
		.category_mask = categories,
		.return_mask = categories,
	};
	size_t bytes = 0;
	int i, n;

	while (arg.start < arg.end) {
		n = ioctl(t->pagemap_fd, PAGEMAP_SCAN, &arg);
		TEST_ASSERT(n >= 0, "ioctl(PAGEMAP_SCAN) failed: %s",
			    strerror(errno));
		for (i = 0; i < n; i++)
			bytes += regions[i].end - regions[i].start;
		arg.start = arg.walk_end;
	}
	return bytes;
}

void secmmu_check_scan(struct secmmu *t, uint64_t categories, const char *what)
{
	size_t bytes = secmmu_scan(t, t->hva, t->size, categories);

	if (bytes != t->size)
		secmmu_fail(t, "%lu of %lu bytes are %s (PAGEMAP_SCAN)", bytes,
			    t->size, what);
}

size_t secmmu_huge_bytes(struct secmmu *t, void *addr, size_t size)
{
	return secmmu_scan(t, addr, size, PAGE_IS_HUGE | PAGE_IS_PRESENT);
}

uint64_t secmmu_pfn_of(int pagemap_fd, const void *addr)
{
	off_t off = (uintptr_t)addr / SECMMU_PAGE_SIZE * sizeof(uint64_t);
	uint64_t entry;

	if (pread(pagemap_fd, &entry, sizeof(entry), off) != sizeof(entry) ||
	    !(entry & 1UL << 63))
		return 0;
	/* Bits 0-54; read as 0 without CAP_SYS_ADMIN. */
	return entry & ((1UL << 55) - 1);
}

uint64_t secmmu_pfn(struct secmmu *t, void *addr)
{
	return secmmu_pfn_of(t->pagemap_fd, addr);
}

bool secmmu_page_flags(uint64_t pfn, uint64_t *flags)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, flags, sizeof(*flags), pfn * sizeof(*flags));
	close(fd);
	return n == sizeof(*flags);
}

void secmmu_drain_batches(void)
{
	void *page = NULL;
	int node = 0, status;

	/* A move of no pages at all, which drains first. */
	syscall(SYS_move_pages, 0, 0, &page, &node, &status, MPOL_MF_MOVE);
}

int secmmu_write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text), ret;
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return -1;
	ret = write(fd, text, len);
	close(fd);
	return ret == len ? 0 : -1;
}

int secmmu_in_thp(struct secmmu *t, void *addr)
{
	uint64_t flags, pfn = secmmu_pfn(t, addr);

	if (!pfn || !secmmu_page_flags(pfn, &flags))
		return -1;
	return !!(flags & (1UL << KPF_THP));
}

static bool param_is_on(const char *path)
{
	char c = 'N';
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return false;
	if (read(fd, &c, 1) != 1)
		c = 'N';
	close(fd);
	return c == 'Y' || c == '1';
}

bool secmmu_tdp(void)
{
	return param_is_on("/sys/module/kvm_amd/parameters/npt") ||
	       param_is_on("/sys/module/kvm_intel/parameters/ept");
}

uint64_t secmmu_guest_mappings(struct secmmu *t)
{
	uint64_t n = 0;

	__vm_get_stat(t->vm, is_huge(t) ? "pages_2m" : "pages_4k", &n, 1);
	return n;
}
