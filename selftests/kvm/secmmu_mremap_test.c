// SPDX-License-Identifier: GPL-2.0-only
/*
 * mremap(2) of memory that a guest has mapped.
 *
 * Memory is moved out of the memslot, and other memory put in its place, or
 * moved into it over what was there.  The guest must see what is in the memslot
 * now, and must never see or write again what was moved out.  Host call sites:
 * move_page_tables(), and unmap_vmas() for the target of MREMAP_FIXED.
 */
#include <linux/mman.h>
#include <sys/mman.h>

#include "secmmu.h"

/* The longest time that the guest is given to get into a fault. */
#define FAULT_US	3000

static void move_out(struct secmmu *t, int flags)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_move(t->hva, t->aside, t->size, flags);
	secmmu_sample(t, start);
	secmmu_take(t, t->aside);
	if (t->ev->stage)
		secmmu_move(t->stage, t->hva, t->size, 0);
	else
		secmmu_populate(t);
	secmmu_end(t);
}

static void run_out(struct secmmu *t)
{
	move_out(t, 0);
}

/*
 * The guest has lost its mapping a moment ago, so that vCPUs are on their way
 * through a page fault when the memory moves: what such a fault has looked up
 * must not be mapped any more.
 */
static void run_fault(struct secmmu *t)
{
	/* At no time may the guest not write. */
	secmmu_protect(t->hva, t->size, PROT_READ | PROT_WRITE | PROT_EXEC);
	secmmu_protect(t->hva, t->size, PROT_READ | PROT_WRITE);
	usleep(t->iteration * 211 % FAULT_US);
	move_out(t, 0);
}

/* Whole huge pages are moved by their PMD, unsplit. */
static void run_out_whole(struct secmmu *t)
{
	size_t huge;

	move_out(t, 0);
	huge = secmmu_huge_bytes(t, t->aside, t->size);
	if (huge != t->size)
		secmmu_fail(t, "%lu of %lu bytes are mapped huge after the move",
			    huge, t->size);
}

static void run_dontunmap(struct secmmu *t)
{
	move_out(t, MREMAP_DONTUNMAP);
}

/*
 * The memory that was in the memslot is freed.  Recycle it: the kernel hands
 * out first what was freed last, and a stale SPTE then shows the poison.
 */
static void run_into(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_move(t->stage, t->hva, t->size, 0);
	secmmu_sample(t, start);
	secmmu_map(t, t->stage, t->size);
	secmmu_take(t, t->stage);
	t->taken = false;
	secmmu_end(t);
}

static const struct secmmu_event events[] = {
	{
		.name = "mremap_4k",
		.desc = "one 4 KiB page moved out of the memslot",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS) | SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_NEW,
		.hole = true,
		.stage = true,
		.moves_away = true,
		.run = run_out,
	}, {
		.name = "mremap_fault",
		.desc = "the same, with vCPUs on their way through a fault on the page",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS) | SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_NEW,
		.hole = true,
		.stage = true,
		.moves_away = true,
		.own_vma = true,
		.run = run_fault,
	}, {
		.name = "mremap_2m_ptes",
		.desc = "2 MiB of 4 KiB pages moved out",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS) | SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_NEW,
		.hole = true,
		.stage = true,
		.moves_away = true,
		.run = run_out,
	}, {
		.name = "mremap_thp",
		.desc = "a whole huge page moved out by its PMD",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_NEW,
		.hole = true,
		.stage = true,
		.moves_away = true,
		.run = run_out_whole,
	}, {
		.name = "mremap_thp_part",
		.desc = "512 KiB of a huge page moved out: splits the host's PMD",
		.offset = 128,
		.nr = 128,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_NEW,
		.restore = SECMMU_RESTORE_RENEW,
		.hole = true,
		.stage = true,
		.moves_away = true,
		.splits = true,
		.run = run_out,
	}, {
		.name = "mremap_fixed",
		.desc = "2 MiB moved into the memslot over a huge page",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP) | SECMMU_SRC(ANONYMOUS) |
			   SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_NEW,
		.hole = true,
		.stage = true,
		.run = run_into,
	}, {
		.name = "mremap_dontunmap",
		.desc = "a huge page moved out with MREMAP_DONTUNMAP: zeroes in its place",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP) | SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.moves_away = true,
		.run = run_dontunmap,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
