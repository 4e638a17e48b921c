// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a guest has mapped are merged with equal pages, and unshared.
 *
 * All stamps of the memslot differ, so each page gets a twin outside of it, with
 * the same content.  While the two are one page the vCPUs may only read: what
 * one of them writes must make the host unshare the page, and must never be seen
 * in the twin; nor may a vCPU see what the host then writes to the twin.  Host
 * call sites: write_protect_page(), replace_page(), and wp_page_copy() for the
 * way back.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "secmmu.h"

#define KSM		"/sys/kernel/mm/ksm/"
#define OFFSET		100
#define PAGES		32
/* ksmd merges in the second scan of pages that it did not know. */
#define WAIT_NS		(20 * NSEC_PER_SEC)
#define POLL_NS		500000

static long ksmd;

/*
 * One wake-up is one scan of all that is mergeable, so that each begins at the
 * lowest address: the memslot's pages are replaced by their twins, which are
 * above it.
 */
static const char *unmet_ksm(struct secmmu *t)
{
	/* May be too new for the kernel; as they are in the others by default. */
	secmmu_set(KSM "advisor_mode", "none");
	secmmu_set(KSM "smart_scan", "0");
	if (!secmmu_set(KSM "run", "0") ||
	    !secmmu_set(KSM "pages_to_scan", "1000000") ||
	    !secmmu_set(KSM "sleep_millisecs", "0"))
		return "no write access to " KSM;
	ksmd = secmmu_kthread("ksmd");
	if (!ksmd)
		return "no thread ksmd";
	return secmmu_pfn(t, t->ctl) ? NULL : "no right to see page frame numbers";
}

static char *twin(struct secmmu *t, uint32_t i)
{
	return t->aside + i * SECMMU_PAGE_SIZE;
}

static void make_twins(struct secmmu *t)
{
	secmmu_map_small(t->aside, t->size);
	memcpy(t->aside, t->hva, t->size);
	secmmu_advise(t->hva, t->size, MADV_MERGEABLE);
	secmmu_advise(t->aside, t->size, MADV_MERGEABLE);
}

static uint32_t nr_merged(struct secmmu *t)
{
	uint32_t i, nr = 0;
	uint64_t pfn;

	for (i = 0; i < t->nr; i++) {
		pfn = secmmu_pfn(t, t->hva + i * SECMMU_PAGE_SIZE);
		nr += pfn && pfn == secmmu_pfn(t, twin(t, i));
	}
	return nr;
}

/* Returns how many pages are shared when ksmd is at rest again. */
static uint32_t merge(struct secmmu *t)
{
	const struct timespec nap = { .tv_nsec = POLL_NS };
	uint64_t end = secmmu_now() + WAIT_NS;

	secmmu_set(KSM "run", "1");
	while (nr_merged(t) < t->nr && secmmu_now() < end)
		nanosleep(&nap, NULL);
	/* Waits until the scan that is under way is over. */
	secmmu_set(KSM "run", "0");
	return nr_merged(t);
}

static void check_merged(struct secmmu *t, uint32_t nr)
{
	if (nr < t->nr)
		secmmu_fail(t, "ksmd has merged %u of %u pages in %ld s", nr,
			    t->nr, WAIT_NS / NSEC_PER_SEC);
}

/* The vCPUs have mapped the pages writable, and now let them be equal. */
static void run_merge(struct secmmu *t)
{
	uint64_t start;
	uint32_t nr;

	secmmu_set_busy(t, false);
	make_twins(t);
	secmmu_freeze(t);
	secmmu_set_reads_only(t, true);
	secmmu_set_busy(t, !t->opt.quiet);

	secmmu_begin(t);
	start = secmmu_now();
	nr = merge(t);
	secmmu_sample_thread(t, start, ksmd);
	check_merged(t, nr);
	secmmu_end(t);
	secmmu_set_reads_only(t, false);
}

static void prepare_merged(struct secmmu *t)
{
	make_twins(t);
	secmmu_freeze(t);
	check_merged(t, merge(t));
}

static void run_unshare_guest(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_set_reads_only(t, false);
	secmmu_pass(t);
	secmmu_sample_vcpu(t, start);
	secmmu_end(t);
}

/*
 * The host writes new stamps.  They come with counts of 0, which are there
 * already, as a vCPU may look in between.
 */
static void prepare_unshare_host(struct secmmu *t)
{
	secmmu_renew(t, t->block, SECMMU_HUGE_PAGES);
	t->gen++;
	prepare_merged(t);
}

static void run_unshare_host(struct secmmu *t)
{
	struct secmmu_page *p;
	uint64_t start;
	uint32_t i;

	secmmu_begin(t);
	start = secmmu_now();
	for (i = 0; i < t->nr; i++) {
		p = secmmu_hva(t, t->first + i);
		WRITE_ONCE(p->stamp, secmmu_stamp(t->gen, t->first + i));
	}
	secmmu_sample(t, start);
	secmmu_check_stamps_of(t, t->aside, t->gen - 1);
	secmmu_end(t);
	secmmu_set_reads_only(t, false);
}

/* Every vCPU has written to every page. */
static void check_unshared(struct secmmu *t)
{
	uint32_t shared = nr_merged(t);

	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		shared = t->nr - shared;
	if (shared)
		secmmu_fail(t, "%u of %u pages are still shared after the guest's writes",
			    shared, t->nr);
	secmmu_check_frozen(t, t->aside);
	secmmu_take(t, t->aside);
	secmmu_pass(t);
}

static const struct secmmu_event events[] = {
	{
		.name = "ksm_merge",
		.desc = "32 pages, until ksmd has merged them with others",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet_ksm,
		.run = run_merge,
		.check = check_unshared,
	}, {
		.name = "ksm_unshare_guest",
		.desc = "the guest writes to 32 merged pages",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.reads = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet_ksm,
		.prepare = prepare_merged,
		.run = run_unshare_guest,
		.check = check_unshared,
	}, {
		.name = "ksm_unshare_host",
		.desc = "the host writes to 32 merged pages",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_NEW,
		.restore = SECMMU_RESTORE_RENEW,
		.reads = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet_ksm,
		.prepare = prepare_unshare_host,
		.run = run_unshare_host,
		.check = check_unshared,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
