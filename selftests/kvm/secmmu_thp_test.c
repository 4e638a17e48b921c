// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collapse of small pages that a guest has mapped into a huge page.
 *
 * The content is copied, and the small pages are freed: what a vCPU writes
 * through a stale SPTE is missing from the huge page.  Host call site:
 * collapse_huge_page(), of the caller or of khugepaged.
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <time.h>

#include "secmmu.h"

#define THP		"/sys/kernel/mm/transparent_hugepage/"
/* khugepaged has other memory to scan, and a pass of it may find a page busy. */
#define WAIT_NS		(20 * NSEC_PER_SEC)
#define POLL_NS		500000

static void run_collapse(struct secmmu *t)
{
	uint64_t start;
	int ret;

	/* Only now: a fault would bring a huge page else. */
	secmmu_advise(t->hva, t->size, MADV_HUGEPAGE);
	secmmu_begin(t);
	start = secmmu_now();
	ret = secmmu_try_collapse(t->hva, t->size);
	secmmu_sample(t, start);
	if (ret)
		secmmu_fail(t, "MADV_COLLAPSE failed: %s", strerror(errno));
	secmmu_check_collapsed(t, t->hva);
	secmmu_end(t);
}

/*
 * Half of the pages are the shared zero page, which the vCPUs have mapped as
 * they only read.  They write once the zeroes have been copied.
 */
static void prepare_zero(struct secmmu *t)
{
	uint32_t i, half = t->nr / 2;

	/* Or the vCPUs take the zeroes for those that they know from last time. */
	secmmu_pass(t);
	secmmu_advise(t->hva + t->size / 2, t->size / 2, MADV_DONTNEED);
	for (i = t->first + half; i < t->first + t->nr; i++)
		t->allow[i] = (struct secmmu_allow) { 0, 0 };
}

static void run_zero(struct secmmu *t)
{
	run_collapse(t);
	secmmu_set_reads_only(t, false);
}

static const char *unmet_khugepaged(struct secmmu *t)
{
	if (!secmmu_set(THP "enabled", "madvise") ||
	    !secmmu_set(THP "khugepaged/scan_sleep_millisecs", "1"))
		return "no write access to " THP;
	return secmmu_kthread("khugepaged") ? NULL : "no thread khugepaged";
}

static bool wait_huge(struct secmmu *t)
{
	const struct timespec nap = { .tv_nsec = POLL_NS };
	uint64_t end = secmmu_now() + WAIT_NS;

	while (secmmu_huge_bytes(t, t->hva, t->size) != t->size) {
		if (secmmu_now() > end)
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

/* The call is over when khugepaged has done what the advice allows it to. */
static void run_khugepaged(struct secmmu *t)
{
	long tid = secmmu_kthread("khugepaged");
	uint64_t start;
	bool huge;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_advise(t->hva, t->size, MADV_HUGEPAGE);
	huge = wait_huge(t);
	secmmu_sample_thread(t, start, tid);
	if (!huge)
		secmmu_fail(t, "khugepaged has not made a huge page in %ld s",
			    WAIT_NS / NSEC_PER_SEC);
	secmmu_check_collapsed(t, t->hva);
	secmmu_end(t);
}

static const struct secmmu_event events[] = {
	{
		.name = "thp_collapse",
		.desc = "MADV_COLLAPSE of 512 small pages",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.unmet = secmmu_unmet_thp,
		.run = run_collapse,
	}, {
		.name = "thp_collapse_zero",
		.desc = "MADV_COLLAPSE of 256 small pages and 256 times the zero page",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.reads = true,
		.plants_no_effect = true,
		.prepare = prepare_zero,
		.unmet = secmmu_unmet_thp,
		.run = run_zero,
	}, {
		.name = "thp_khugepaged",
		.desc = "512 small pages, until khugepaged has collapsed them",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.unmet = unmet_khugepaged,
		.run = run_khugepaged,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
