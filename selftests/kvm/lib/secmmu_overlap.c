// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the threads of secmmu_overlap_test do to the guest's memory.
 */
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/syscall.h>

#include "secmmu_overlap.h"

struct overlap overlap;

/* Calls under way, from page -1 to the one behind the last. */
static atomic_uint in_call[OVERLAP_PAGES + 2];
static atomic_bool away[OVERLAP_PAGES];

void overlap_fail(const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	/* One is enough: the rest follows from it. */
	if (atomic_fetch_add(&overlap.failures, 1))
		return;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	ksft_print_msg("FAIL %s: %s\n", overlap.event, buf);
}

uint32_t overlap_random(struct overlap_worker *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % below;
}

static char *page_addr(uint32_t page)
{
	return overlap.mem + page * SECMMU_PAGE_SIZE;
}

static void call_begins(struct overlap_worker *w, uint32_t first, uint32_t nr)
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
static int advise(struct overlap_worker *w, uint32_t first, uint32_t nr, int advice)
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

static void drop(struct overlap_worker *w, uint32_t first, uint32_t nr)
{
	uint64_t ticket = __atomic_add_fetch(&overlap.ctl->tickets, 1, __ATOMIC_SEQ_CST);
	uint32_t i;
	int ret = 0;

	for (i = first; i < first + nr; i++)
		__atomic_add_fetch(&overlap.ctl->pages[i].begun, 1, __ATOMIC_SEQ_CST);
	/* A mapping that is still there, to the vCPU: nobody has dropped it. */
	if (overlap.fault != OVERLAP_STALE_READ)
		ret = advise(w, first, nr, MADV_DONTNEED);
	TEST_ASSERT(!ret || errno == ENOMEM, __KVM_SYSCALL_ERROR("madvise()", ret));
	for (i = first; i < first + nr; i++) {
		if (!ret)
			raise_to(&overlap.ctl->pages[i].done, ticket);
		__atomic_add_fetch(&overlap.ctl->pages[i].ended, 1, __ATOMIC_SEQ_CST);
	}
}

static void protect(struct overlap_worker *w, uint32_t first, uint32_t nr, int prot)
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

static void check_away(struct overlap_worker *w, uint32_t first, uint32_t nr)
{
	uint64_t seen[OVERLAP_RANGE][OVERLAP_MAX_VCPUS], now;
	uint32_t i, v;

	for (i = 0; i < nr; i++)
		for (v = 0; v < overlap.vcpus; v++)
			seen[i][v] = READ_ONCE(*overlap_cell(w->aside, i, v));
	usleep(100);
	if (overlap.fault == OVERLAP_STRAY_WRITE) {
		/* Another thread may have protected it just before. */
		secmmu_protect(w->aside, nr * SECMMU_PAGE_SIZE,
			       PROT_READ | PROT_WRITE);
		++*overlap_cell(w->aside, nr / 2, 0);
	}
	for (i = 0; i < nr; i++) {
		for (v = 0; v < overlap.vcpus; v++) {
			now = READ_ONCE(*overlap_cell(w->aside, i, v));
			if (now != seen[i][v])
				overlap_fail("stray write: vcpu %u wrote 0x%lx to page %u while it was moved away, over 0x%lx",
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
static void move(struct overlap_worker *w, uint32_t first, uint32_t nr)
{
	size_t size;
	char *addr;
	void *p;

	/* One side of the border: the two are not one VMA. */
	if (first < OVERLAP_BORDER && first + nr > OVERLAP_BORDER) {
		if (overlap_random(w, 2)) {
			nr = OVERLAP_BORDER - first;
		} else {
			nr -= OVERLAP_BORDER - first;
			first = OVERLAP_BORDER;
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

static void migrate(struct overlap_worker *w, uint32_t first, uint32_t nr)
{
	int to[OVERLAP_RANGE], status[OVERLAP_RANGE], node = overlap_random(w, 2);
	void *pages[OVERLAP_RANGE];
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

void overlap_invalidate(struct overlap_worker *w, uint32_t first, uint32_t nr)
{
	switch (overlap_random(w, 16)) {
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
		if (overlap.swap)
			advise(w, first, nr, MADV_PAGEOUT);
		break;
	case 13 ... 14:
		if (overlap.nodes)
			migrate(w, first, nr);
		break;
	default:
		advise(w, 0, SECMMU_HUGE_PAGES, MADV_COLLAPSE);
		break;
	}
}
