// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim of memory that a guest has mapped, and its return from swap.
 *
 * MADV_PAGEOUT writes the pages to swap and frees them.  The guest brings them
 * back, and must find what was there: a write through a stale SPTE after the
 * page was unmapped is lost, and one that KVM did not report is, too.
 *
 * Host call sites: try_to_unmap_one(), and __split_huge_pmd() for a part of a huge page.
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include "secmmu.h"

#define SWAP_BYTES	(64UL << 20)
#define PAGEOUT_TRIES	5

static const char *unmet(struct secmmu *t)
{
	if (secmmu_get_swap(SWAP_BYTES))
		return NULL;
	return "no swap, and none to be made: root, CONFIG_ZRAM and CONFIG_SWAP?";
}

static void page_out(struct secmmu *t)
{
	int ret = madvise(t->hva, t->size, MADV_PAGEOUT);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("madvise(MADV_PAGEOUT)", ret));
}

/* It is advice: a page that somebody holds for a moment stays. */
static void page_out_rest(struct secmmu *t)
{
	int i;

	for (i = 0; i < PAGEOUT_TRIES; i++) {
		if (secmmu_scan(t, t->hva, t->size, PAGE_IS_SWAPPED) == t->size)
			break;
		secmmu_drain_batches();
		page_out(t);
	}
}

static void run_parked(struct secmmu *t)
{
	uint64_t start;

	secmmu_drain_batches();
	secmmu_begin(t);
	start = secmmu_now();
	page_out(t);
	secmmu_sample(t, start);
	page_out_rest(t);
	/* It comes back by a read, as if it had never left. */
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		READ_ONCE(*(uint64_t *)t->hva);
	secmmu_check_scan(t, PAGE_IS_SWAPPED, "in swap after MADV_PAGEOUT");
	secmmu_end(t);
}

/* The guest brings pages back while others go. */
static void run_busy(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	page_out(t);
	secmmu_sample(t, start);
	secmmu_end(t);
}

static const struct secmmu_event events[] = {
	{
		.name = "reclaim_4k",
		.desc = "one 4 KiB page paged out, and in again by the guest",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_parked,
	}, {
		.name = "reclaim_2m_ptes",
		.desc = "2 MiB of 4 KiB pages paged out, and in again by the guest",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_parked,
	}, {
		.name = "reclaim_thp_part",
		.desc = "512 KiB of a huge page, which is split, paged out, and in again by the guest",
		.offset = 128,
		.nr = 128,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.splits = true,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_parked,
	}, {
		.name = "reclaim_thp",
		.desc = "a whole huge page paged out, and in again by the guest",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.splits = true,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_parked,
	}, {
		.name = "reclaim_busy",
		.desc = "2 MiB of 4 KiB pages paged out while the guest brings them back",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.unmet = unmet,
		.run = run_busy,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
