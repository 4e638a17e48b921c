// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that invalidate in secmmu_contention_test.
 *
 * Whatever is called, no vCPU may meet memory that it must not write to: KVM_RUN
 * would fail.  So mprotect() gives and takes the right to execute, which KVM is
 * notified of all the same, and mremap() puts memory in the place of the old,
 * which is never without.
 */
#include <sys/mman.h>

#include "secmmu_contention_run.h"

#define RW (PROT_READ | PROT_WRITE)

static void *map(size_t size)
{
	void *p = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TEST_ASSERT(p != MAP_FAILED, "mmap() failed: %s", strerror(errno));
	return p;
}

static void *small_pages(size_t size)
{
	void *p = map(size);

	secmmu_advise(p, size, MADV_NOHUGEPAGE);
	secmmu_advise(p, size, MADV_POPULATE_WRITE);
	return p;
}

static void *huge_page(void)
{
	char *area = map(2 * SECMMU_HUGE_SIZE);
	char *page = align_ptr_up(area, SECMMU_HUGE_SIZE);

	if (page > area)
		munmap(area, page - area);
	munmap(page + SECMMU_HUGE_SIZE, area + SECMMU_HUGE_SIZE - page);
	secmmu_advise(page, SECMMU_HUGE_SIZE, MADV_HUGEPAGE);
	secmmu_advise(page, SECMMU_HUGE_SIZE, MADV_POPULATE_WRITE);
	return page;
}

static bool move_to(void *mem, void *from, size_t size)
{
	return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, mem) == mem;
}

uint32_t contend_parts(const struct contend_run *t)
{
	return t->opt->pages * SECMMU_PAGE_SIZE / t->opt->bytes;
}

static uint64_t offset(const struct contend_run *t, uint32_t n)
{
	return n % contend_parts(t) * t->opt->bytes;
}

void contend_prepare_call(struct contend_run *t, uint32_t n)
{
	char *mem = t->mem + offset(t, n) / SECMMU_HUGE_SIZE * SECMMU_HUGE_SIZE;

	switch (t->opt->how) {
	case CONTEND_DONTNEED:
	case CONTEND_PROTECT:
		break;
	case CONTEND_MREMAP:
		t->fresh = small_pages(t->opt->bytes);
		break;
	case CONTEND_SPLIT:
		TEST_ASSERT(move_to(mem, huge_page(), SECMMU_HUGE_SIZE),
			    "mremap() of a huge page failed: %s", strerror(errno));
		break;
	}
}

void contend_invalidate(struct contend_run *t, uint32_t n)
{
	char *mem = t->opt->fault == CONTEND_FAULT_NO_EFFECT ? t->aside : t->mem;
	uint64_t bytes = t->opt->bytes;
	int exec = n / contend_parts(t) % 2 ? 0 : PROT_EXEC;
	int ret = 0;

	mem += offset(t, n);
	switch (t->opt->how) {
	case CONTEND_DONTNEED:
		ret = madvise(mem, bytes, MADV_DONTNEED);
		break;
	case CONTEND_PROTECT:
		ret = mprotect(mem, bytes, RW | exec);
		break;
	case CONTEND_MREMAP:
		ret = move_to(mem, t->fresh, bytes) ? 0 : -1;
		break;
	case CONTEND_SPLIT:
		ret = mprotect(mem, bytes, RW | PROT_EXEC);
		break;
	}
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("the call that invalidates", ret));
}
