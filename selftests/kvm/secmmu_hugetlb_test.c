// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidations of hugetlb pages that a guest has mapped.
 *
 * hugetlbfs has its own code for each of them.  Host call sites:
 * copy_hugetlb_page_range(), hugetlb_wp(), move_hugetlb_page_tables(),
 * unmap_hugepage_range(), zap_page_range_single(), hugetlb_change_protection(),
 * hugetlb_unshare_pmds().
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "secmmu.h"

#define PUD_BYTES	(1UL << 30)

/*
 * A child that does nothing but keep the pages that it got at fork().  What is
 * written to them the guest must not see, and what the guest writes must not get
 * there.
 */
static struct {
	pid_t pid;
	int mem;
} child;

static void fork_child(void)
{
	child.pid = fork();
	TEST_ASSERT(child.pid >= 0, "fork() failed: %s", strerror(errno));
	if (child.pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void open_child(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", child.pid);
	child.mem = open_path_or_exit(path, O_RDWR);
}

/* Puts a copy of the child's pages aside. */
static void read_child(struct secmmu *t)
{
	ssize_t ret = pread(child.mem, t->aside, t->size, (uintptr_t)t->hva);

	TEST_ASSERT(ret == t->size, "read of the child's memory failed: %s",
		    strerror(errno));
}

static void take_child(struct secmmu *t)
{
	uint64_t poison, addr;
	ssize_t ret;
	uint32_t i;

	secmmu_map_small(t->aside, t->size);
	for (i = 0; i < t->nr; i++) {
		poison = secmmu_poison(t->gen, t->first + i);
		addr = (uintptr_t)t->hva + i * SECMMU_PAGE_SIZE;
		ret = pwrite(child.mem, &poison, sizeof(poison),
			     addr + offsetof(struct secmmu_page, stamp));
		TEST_ASSERT(ret == sizeof(poison),
			    "write to the child's memory failed: %s", strerror(errno));
	}
	read_child(t);
	secmmu_take(t, t->aside);
}

static void check_child(struct secmmu *t)
{
	read_child(t);
	close(child.mem);
	kill(child.pid, SIGKILL);
	waitpid(child.pid, NULL, 0);
}

static void run_fork(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	fork_child();
	secmmu_sample(t, start);
	open_child();
	take_child(t);
	secmmu_end(t);
}

/* Whoever writes first gets a copy.  Until then the vCPUs map what is shared. */
static void prepare_cow(struct secmmu *t)
{
	fork_child();
	open_child();
}

static void run_cow_host(struct secmmu *t)
{
	struct secmmu_page *p = (void *)t->hva;
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	WRITE_ONCE(p->pad[0], 1);
	secmmu_sample(t, start);
	take_child(t);
	secmmu_end(t);
	secmmu_set_reads_only(t, false);
}

static void run_cow_guest(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_set_reads_only(t, false);
	secmmu_pass(t);
	secmmu_sample_vcpu(t, start);
	take_child(t);
	secmmu_end(t);
}

static void run_mremap(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_move(t->hva, t->aside, t->size, 0);
	secmmu_sample(t, start);
	secmmu_take(t, t->aside);
	secmmu_move(t->stage, t->hva, t->size, 0);
	secmmu_end(t);
}

/* Each vCPU must fail to write while the memory is read-only. */
static void run_mprotect(struct secmmu *t)
{
	int prot = PROT_READ;
	uint64_t start;

	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE))
		prot |= PROT_WRITE;
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_protect(t->hva, t->size, prot);
	secmmu_sample(t, start);
	secmmu_freeze(t);
	secmmu_check_faulted(t, secmmu_wait_faulted(t), "to read-only memory");
	secmmu_check_frozen(t, t->hva);
	secmmu_protect(t->hva, t->size, PROT_READ | PROT_WRITE);
	secmmu_end(t);
}

/*
 * Two mappings of a file share page tables where each covers the whole GiB that
 * a page table is for.  The memslot has to be in such a GiB: two are set aside.
 */
static struct {
	char *blocks;
	int uffd;
} shared;

static void map_pud(void *addr, int fd)
{
	void *p = mmap(addr, PUD_BYTES, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);

	TEST_ASSERT(p == addr, "mmap() of a GiB failed: %s", strerror(errno));
}

static const char *unmet_unshare(struct secmmu *t)
{
	int fd = secmmu_uffd(UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	void *p;

	if (fd < 0)
		return "no userfaultfd with UFFD_FEATURE_WP_HUGETLBFS_SHMEM";
	close(fd);
	if (shared.blocks)
		return NULL;
	p = mmap(NULL, 3 * PUD_BYTES, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return "no 3 GiB of address space";
	shared.blocks = align_ptr_up(p, PUD_BYTES);
	secmmu_move_slot(t, shared.blocks);
	return NULL;
}

static void prepare_unshare(struct secmmu *t)
{
	int fd = kvm_memfd_alloc(PUD_BYTES, true);
	size_t mapped;

	map_pud(t->mem, fd);
	map_pud(shared.blocks + PUD_BYTES, fd);
	close(fd);
	secmmu_fill(t, t->mem, t->gen, 0, t->nr_pages);
	secmmu_expect(t, t->gen, 0, t->nr_pages);
	/* One page touched, all of them mapped: it is the same page table. */
	READ_ONCE(shared.blocks[PUD_BYTES]);
	mapped = secmmu_huge_bytes(t, shared.blocks + PUD_BYTES, t->opt.bytes);
	if (mapped != t->opt.bytes)
		t->skip = "page tables of hugetlb are not shared: CONFIG_HUGETLB_PMD_PAGE_TABLE_SHARING";
}

/* Nothing is mapped here any more where the page tables are the other's. */
static void run_unshare(struct secmmu *t)
{
	uint64_t start;
	size_t left;

	shared.uffd = secmmu_uffd(UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_uffd_register(shared.uffd, t->mem, PUD_BYTES,
			     UFFDIO_REGISTER_MODE_WP);
	secmmu_sample(t, start);
	left = secmmu_scan(t, t->mem, t->opt.bytes, PAGE_IS_PRESENT);
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		left = t->opt.bytes - left;
	if (left)
		secmmu_fail(t, "%lu of %lu bytes are still mapped by the shared page table",
			    left, t->opt.bytes);
	secmmu_end(t);
}

static void check_unshare(struct secmmu *t)
{
	close(shared.uffd);
}

static const struct secmmu_event events[] = {
	{
		.name = "hugetlb_fork",
		.desc = "fork() with private pages",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_HUGETLB,
		.sources = SECMMU_SRC(ANONYMOUS_HUGETLB),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.everything = true,
		.plants_stray_write = true,
		.run = run_fork,
		.check = check_child,
	}, {
		.name = "hugetlb_cow_host",
		.desc = "the host writes to a page that it shares with a child",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_HUGETLB,
		.sources = SECMMU_SRC(ANONYMOUS_HUGETLB),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.everything = true,
		.reads = true,
		.plants_stray_write = true,
		.prepare = prepare_cow,
		.run = run_cow_host,
		.check = check_child,
	}, {
		.name = "hugetlb_cow_guest",
		.desc = "the guest writes to a page that the host shares with a child",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_HUGETLB,
		.sources = SECMMU_SRC(ANONYMOUS_HUGETLB),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.everything = true,
		.reads = true,
		.plants_stray_write = true,
		.prepare = prepare_cow,
		.run = run_cow_guest,
		.check = check_child,
	}, {
		.name = "hugetlb_mremap",
		.desc = "a page moved out of the memslot",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_HUGETLB,
		.sources = SECMMU_SRC(ANONYMOUS_HUGETLB) | SECMMU_SRC(SHARED_HUGETLB),
		.after = SECMMU_AFTER_NEW,
		.hole = true,
		.stage = true,
		.moves_away = true,
		.run = run_mremap,
	}, {
		.name = "hugetlb_punch",
		.desc = "fallocate(FALLOC_FL_PUNCH_HOLE) of a page of the file",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_SHARED_HUGETLB,
		.sources = SECMMU_SRC(SHARED_HUGETLB),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.run = secmmu_run_punch,
	}, {
		.name = "hugetlb_dontneed",
		.desc = "MADV_DONTNEED of a private page",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_HUGETLB,
		.sources = SECMMU_SRC(ANONYMOUS_HUGETLB),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.run = secmmu_run_dontneed,
	}, {
		.name = "hugetlb_mprotect",
		.desc = "a page made read-only, and writable again",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_HUGETLB,
		.sources = SECMMU_SRC(ANONYMOUS_HUGETLB) | SECMMU_SRC(SHARED_HUGETLB),
		.after = SECMMU_AFTER_SAME,
		.hole = true,
		.plants_stray_write = true,
		.run = run_mprotect,
	}, {
		.name = "hugetlb_unshare",
		.desc = "UFFDIO_REGISTER of a GiB whose page table two mappings share",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_SHARED_HUGETLB,
		.sources = SECMMU_SRC(SHARED_HUGETLB),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet_unshare,
		.prepare = prepare_unshare,
		.run = run_unshare,
		.check = check_unshare,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
