// SPDX-License-Identifier: GPL-2.0-only
/*
 * Split of huge pages that a guest has mapped, and their return.
 *
 * Each event makes the host split its PMD mapping, and with it the guest's
 * 2 MiB mapping: by changing a part of the memory, or the folio itself.  Host
 * call sites: __split_huge_pmd(), and those of the system call that causes it.
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include "secmmu.h"

#define SPLIT_HUGE_PAGES "/sys/kernel/debug/split_huge_pages"

/* The part of the huge page that is changed. */
#define PART_OFFSET	128
#define PART_PAGES	128

/*
 * While the part is read-only, each vCPU must fail to write to it: KVM_RUN
 * returns EFAULT.  One that doesn't has written through a stale SPTE.
 */
static void run_mprotect(struct secmmu *t)
{
	uint64_t start;

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

static const char *unmet_debugfs(struct secmmu *t)
{
	return access(SPLIT_HUGE_PAGES, W_OK) ?
	       "no write access to " SPLIT_HUGE_PAGES : NULL;
}

/* The folio itself is split, by the kernel and for good. */
static void run_debugfs(struct secmmu *t)
{
	int fd = open_path_or_exit(SPLIT_HUGE_PAGES, O_WRONLY);
	uint64_t start;
	char cmd[64];
	ssize_t ret;
	int len;

	len = snprintf(cmd, sizeof(cmd), "%d,0x%lx,0x%lx", getpid(),
		       (unsigned long)t->hva, (unsigned long)t->hva + t->size);
	secmmu_begin(t);
	start = secmmu_now();
	ret = write(fd, cmd, len);
	secmmu_sample(t, start);
	TEST_ASSERT(ret == len, "write of '%s' to " SPLIT_HUGE_PAGES " failed: %s",
		    cmd, strerror(errno));
	secmmu_end(t);
	close(fd);
	if (secmmu_in_thp(t, t->hva) > 0)
		secmmu_fail(t, "no split: the page is still part of a huge folio (kpageflags)");
}

static const struct secmmu_event events[] = {
	{
		.name = "split_munmap",
		.desc = "512 KiB of a huge page unmapped, and new memory mapped",
		.offset = PART_OFFSET,
		.nr = PART_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.hole = true,
		.splits = true,
		.run = secmmu_run_munmap,
	}, {
		.name = "split_mprotect",
		.desc = "512 KiB of a huge page made read-only, and writable again",
		.offset = PART_OFFSET,
		.nr = PART_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_COLLAPSE,
		.hole = true,
		.splits = true,
		.plants_stray_write = true,
		.run = run_mprotect,
	}, {
		.name = "split_dontneed",
		.desc = "MADV_DONTNEED of 512 KiB of a huge page",
		.offset = PART_OFFSET,
		.nr = PART_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_COLLAPSE,
		.splits = true,
		.run = secmmu_run_dontneed,
	}, {
		.name = "split_debugfs",
		.desc = "a huge folio split through debugfs",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_COLLAPSE,
		.splits = true,
		.unmet = unmet_debugfs,
		.run = run_debugfs,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
