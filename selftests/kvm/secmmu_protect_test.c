// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that a guest has mapped is protected, watched, or given up.
 *
 * What is protected the guest must not write to, or not access at all, until it
 * is released.  What is watched (soft-dirty, userfaultfd) must report the guest's
 * next write.  What is given up must be gone, or be kept if the guest has written
 * to it since.  Whole ranges: parts of huge pages are in secmmu_thp_split_test.
 *
 * Host call sites: change_pud_range(), clear_refs_write(), do_pagemap_scan(),
 * madvise_free_single_vma(), zap_page_range_single(), unmap_vmas().
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "secmmu.h"

#define CLEAR_REFS "/proc/self/clear_refs"

/* A vCPU that has stopped before the fault is planted would never see it. */
static void park_if_planted(struct secmmu *t, enum secmmu_fault f)
{
	if (secmmu_planted(t, f))
		secmmu_set_busy(t, false);
}

/* Each vCPU must fail to write: KVM_RUN returns EFAULT. */
static void run_ro(struct secmmu *t)
{
	uint64_t start;

	park_if_planted(t, SECMMU_FAULT_STRAY_WRITE);
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_protect(t->hva, t->size, PROT_READ);
	secmmu_sample(t, start);
	secmmu_freeze(t);
	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE))
		secmmu_protect(t->hva, SECMMU_PAGE_SIZE, PROT_READ | PROT_WRITE);
	secmmu_check_faulted(t, secmmu_wait_faulted(t), "to read-only memory");
	secmmu_check_frozen(t, t->hva);
	secmmu_protect(t->hva, t->size, PROT_READ | PROT_WRITE);
	secmmu_end(t);
}

/*
 * The same, but the host can't look either.  The vCPUs that failed wait until
 * the hole is closed, so that nothing changes when the host may.
 */
static void run_none(struct secmmu *t)
{
	uint64_t start;

	park_if_planted(t, SECMMU_FAULT_STRAY_WRITE);
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_protect(t->hva, t->size, PROT_NONE);
	secmmu_sample(t, start);
	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE))
		secmmu_protect(t->hva, t->size, PROT_READ | PROT_WRITE);
	secmmu_check_faulted(t, secmmu_wait_faulted(t), "to inaccessible memory");
	secmmu_protect(t->hva, t->size, PROT_READ | PROT_WRITE);
	secmmu_end(t);
}

static const char *unmet_softdirty(struct secmmu *t)
{
	/* Written to just now.  Without CONFIG_MEM_SOFT_DIRTY no page ever is. */
	WRITE_ONCE(t->ctl->reads_only, 0);
	return secmmu_scan(t, t->ctl, SECMMU_PAGE_SIZE, PAGE_IS_SOFT_DIRTY) ?
	       NULL : "no soft-dirty bits: CONFIG_MEM_SOFT_DIRTY";
}

/*
 * A guest's write through a mapping that is older than the call would not be
 * noticed.  The other half, that nothing is dirty before, can be told only if
 * nobody has written yet.
 */
static void run_softdirty(struct secmmu *t)
{
	uint64_t start;
	int ret;

	secmmu_begin(t);
	start = secmmu_now();
	ret = secmmu_write_file(CLEAR_REFS, "4");
	secmmu_sample(t, start);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("write() to " CLEAR_REFS, ret));
	if (t->opt.quiet && secmmu_scan(t, t->hva, t->size, PAGE_IS_SOFT_DIRTY))
		secmmu_fail(t, "pages are soft-dirty that nobody has written to");
	secmmu_pass(t);
	park_if_planted(t, SECMMU_FAULT_NO_EFFECT);
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		secmmu_write_file(CLEAR_REFS, "4");
	secmmu_check_scan(t, PAGE_IS_SOFT_DIRTY, "soft-dirty after the guest's writes");
	secmmu_end(t);
}

#define SCAN_FEATURES (UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED)

static const char *unmet_uffd(uint64_t features, const char *what)
{
	int fd = secmmu_uffd(features);

	if (fd < 0)
		return what;
	close(fd);
	return NULL;
}

static const char *unmet_scan(struct secmmu *t)
{
	return unmet_uffd(SCAN_FEATURES,
			  "no userfaultfd with UFFD_FEATURE_WP_ASYNC");
}

/* Write-protects what has been written to, as one who saves memory would. */
static void scan_and_protect(struct secmmu *t)
{
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
		.start = (uintptr_t)t->hva,
		.end = (uintptr_t)t->hva + t->size,
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int ret = ioctl(t->pagemap_fd, PAGEMAP_SCAN, &arg);

	TEST_ASSERT(ret >= 0, "ioctl(PAGEMAP_SCAN) failed: %s", strerror(errno));
}

static void run_scan(struct secmmu *t)
{
	int fd = secmmu_uffd(SCAN_FEATURES);
	uint64_t start;

	secmmu_uffd_register(fd, t->hva, t->size, UFFDIO_REGISTER_MODE_WP);
	secmmu_begin(t);
	start = secmmu_now();
	scan_and_protect(t);
	secmmu_sample(t, start);
	if (t->opt.quiet && secmmu_scan(t, t->hva, t->size, PAGE_IS_WRITTEN))
		secmmu_fail(t, "pages are marked that nobody has written to");
	secmmu_pass(t);
	park_if_planted(t, SECMMU_FAULT_NO_EFFECT);
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		scan_and_protect(t);
	secmmu_check_scan(t, PAGE_IS_WRITTEN, "marked after the guest's writes");
	secmmu_end(t);
	close(fd);
}

#define WP_FEATURES (UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_THREAD_ID)

static const char *unmet_wp(struct secmmu *t)
{
	return unmet_uffd(WP_FEATURES,
			  "no userfaultfd with UFFD_FEATURE_PAGEFAULT_FLAG_WP");
}

/* Each vCPU stops at its write until it is resolved. */
static void run_wp(struct secmmu *t)
{
	int fd = secmmu_uffd(WP_FEATURES);
	uint64_t start;

	secmmu_uffd_register(fd, t->hva, t->size, UFFDIO_REGISTER_MODE_WP);
	park_if_planted(t, SECMMU_FAULT_STRAY_WRITE);
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_uffd_protect(fd, t->hva, t->size, true);
	secmmu_sample(t, start);
	secmmu_freeze(t);
	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE))
		secmmu_uffd_protect(fd, t->hva, SECMMU_PAGE_SIZE, false);
	secmmu_check_faulted(t, secmmu_uffd_wait(t, fd), "to write-protected memory");
	secmmu_check_frozen(t, t->hva);
	secmmu_uffd_protect(fd, t->hva, t->size, false);
	/* None may need the userfaultfd any more when it is closed. */
	secmmu_pass(t);
	secmmu_end(t);
	close(fd);
}

/*
 * The kernel may drop the pages from now on, but for those that are written to.
 * So have the guest write to all, and then the kernel drop what it can: it loses
 * a page whose write it has not noticed.
 */
static void run_free(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_advise(t->hva, t->size, MADV_FREE);
	secmmu_sample(t, start);
	secmmu_pass(t);
	secmmu_set_busy(t, false);
	/* A guest with old mappings: its writes count for nothing. */
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		secmmu_advise(t->hva, t->size, MADV_FREE);
	secmmu_advise(t->hva, t->size, MADV_PAGEOUT);
	secmmu_end(t);
}

static const struct secmmu_event events[] = {
	{
		.name = "protect_ro_4k",
		.desc = "one 4 KiB page made read-only, and writable again",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.own_vma = true,
		.hole = true,
		.plants_stray_write = true,
		.run = run_ro,
	}, {
		.name = "protect_ro_2m_ptes",
		.desc = "2 MiB of 4 KiB pages made read-only, and writable again",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.hole = true,
		.plants_stray_write = true,
		.run = run_ro,
	}, {
		.name = "protect_ro_thp",
		.desc = "a whole huge page made read-only, and writable again",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.hole = true,
		.plants_stray_write = true,
		.run = run_ro,
	}, {
		.name = "protect_none_4k",
		.desc = "one 4 KiB page made inaccessible, and accessible again",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.own_vma = true,
		.hole = true,
		.plants_stray_write = true,
		.run = run_none,
	}, {
		.name = "protect_none_2m_ptes",
		.desc = "2 MiB of 4 KiB pages made inaccessible, and accessible again",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.hole = true,
		.plants_stray_write = true,
		.run = run_none,
	}, {
		.name = "protect_none_thp",
		.desc = "a whole huge page made inaccessible, and accessible again",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.hole = true,
		.plants_stray_write = true,
		.run = run_none,
	}, {
		.name = "protect_softdirty_2m_ptes",
		.desc = "soft-dirty bits cleared; 2 MiB of 4 KiB pages looked at",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.plants_no_effect = true,
		.unmet = unmet_softdirty,
		.run = run_softdirty,
	}, {
		.name = "protect_softdirty_thp",
		.desc = "soft-dirty bits cleared; a whole huge page looked at",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.plants_no_effect = true,
		.unmet = unmet_softdirty,
		.run = run_softdirty,
	}, {
		.name = "protect_scan_4k",
		.desc = "one 4 KiB page write-protected by PAGEMAP_SCAN",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.own_vma = true,
		.plants_no_effect = true,
		.unmet = unmet_scan,
		.run = run_scan,
	}, {
		.name = "protect_scan_2m_ptes",
		.desc = "2 MiB of 4 KiB pages write-protected by PAGEMAP_SCAN",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.plants_no_effect = true,
		.unmet = unmet_scan,
		.run = run_scan,
	}, {
		.name = "protect_scan_thp",
		.desc = "a whole huge page write-protected by PAGEMAP_SCAN",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		/* Not by the call, which is no .splits, but by the guest's write. */
		.restore = SECMMU_RESTORE_COLLAPSE,
		.plants_no_effect = true,
		.unmet = unmet_scan,
		.run = run_scan,
	}, {
		.name = "protect_uffd_wp_4k",
		.desc = "one 4 KiB page write-protected by userfaultfd, the guest's write resolved",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.own_vma = true,
		.plants_stray_write = true,
		.unmet = unmet_wp,
		.run = run_wp,
	}, {
		.name = "protect_uffd_wp_2m_ptes",
		.desc = "2 MiB of 4 KiB pages write-protected by userfaultfd, the guest's write resolved",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.plants_stray_write = true,
		.unmet = unmet_wp,
		.run = run_wp,
	}, {
		.name = "protect_uffd_wp_thp",
		.desc = "a whole huge page write-protected by userfaultfd, the guest's write resolved",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.plants_stray_write = true,
		.unmet = unmet_wp,
		.run = run_wp,
	}, {
		.name = "free_4k",
		.desc = "MADV_FREE of one 4 KiB page that the guest writes to afterwards",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.own_vma = true,
		.plants_no_effect = true,
		.run = run_free,
	}, {
		.name = "free_2m_ptes",
		.desc = "MADV_FREE of 2 MiB of 4 KiB pages that the guest writes to afterwards",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.run = run_free,
	}, {
		.name = "free_thp",
		.desc = "MADV_FREE of a whole huge page that the guest writes to afterwards",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.run = run_free,
	}, {
		.name = "dontneed_4k",
		.desc = "MADV_DONTNEED of one 4 KiB page",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.own_vma = true,
		.run = secmmu_run_dontneed,
	}, {
		.name = "dontneed_2m_ptes",
		.desc = "MADV_DONTNEED of 2 MiB of 4 KiB pages",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.run = secmmu_run_dontneed,
	}, {
		.name = "dontneed_thp",
		.desc = "MADV_DONTNEED of a whole huge page",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.run = secmmu_run_dontneed,
	}, {
		.name = "munmap_4k",
		.desc = "one 4 KiB page unmapped, and new memory mapped",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.own_vma = true,
		.hole = true,
		.run = secmmu_run_munmap,
	}, {
		.name = "munmap_2m_ptes",
		.desc = "2 MiB of 4 KiB pages unmapped, and new memory mapped",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.hole = true,
		.run = secmmu_run_munmap,
	}, {
		.name = "munmap_thp",
		.desc = "a whole huge page unmapped, and new memory mapped",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.hole = true,
		.run = secmmu_run_munmap,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
