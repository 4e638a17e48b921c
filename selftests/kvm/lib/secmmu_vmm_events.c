// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host does to the memory of a VMM that is somebody else's program.
 * Everything here is done from outside, through pidfd, /proc and debugfs.
 */
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "secmmu_vmm.h"

#define CHUNKS		8
#define SWAP_BYTES	(256UL << 20)
#define MOVED_PAGES	512
#define LOOKED_AT	4096
#define KSM		"/sys/kernel/mm/ksm/"
#define SPLIT		"/sys/kernel/debug/split_huge_pages"

#ifndef SYS_process_madvise
#define SYS_process_madvise	440
#endif

uint32_t vmm_random(struct vmm *v, uint32_t below)
{
	v->seed ^= v->seed << 13;
	v->seed ^= v->seed >> 17;
	v->seed ^= v->seed << 5;
	return v->seed % below;
}

/* One of the huge pages that the memory has room for. */
static uint64_t random_block(struct vmm *v)
{
	return v->start + (uint64_t)vmm_random(v, v->size / SECMMU_HUGE_SIZE) *
			  SECMMU_HUGE_SIZE;
}

/* The bytes advised; 0 if the kernel could not, for now; -1 if it can't. */
static long advise(struct vmm *v, uint64_t addr, size_t size, int advice)
{
	struct iovec iov = { .iov_base = (void *)addr, .iov_len = size };
	long ret = syscall(SYS_process_madvise, v->pidfd, &iov, 1, advice, 0);

	if (ret >= 0 || errno == EAGAIN || errno == ENOMEM || errno == EBUSY ||
	    errno == EINVAL)
		return max(ret, 0L);
	fprintf(stderr, "# vmm: process_madvise(%d): %s\n", advice, strerror(errno));
	return -1;
}

uint64_t vmm_kb(const char *path, const char *name)
{
	size_t len = strlen(name);
	char line[128];
	uint64_t n = 0;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			n = strtoull(line + len + 1, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static uint64_t proc_kb(struct vmm *v, const char *file, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", v->pid, file);
	return vmm_kb(path, name);
}

/*
 * Huge pages are collapsed and split.
 */

static long collapse_run(struct vmm *v)
{
	long n = 0, ret;
	int i;

	for (i = 0; i < CHUNKS; i++) {
		ret = advise(v, random_block(v), SECMMU_HUGE_SIZE, MADV_COLLAPSE);
		if (ret < 0)
			return ret;
		n += ret / SECMMU_PAGE_SIZE;
	}
	return n;
}

static const char *split_unmet(struct vmm *v)
{
	return access(SPLIT, W_OK) ? "debugfs' split_huge_pages: root, CONFIG_DEBUG_FS?" : NULL;
}

/* The guest may get huge pages meanwhile: what is counted is at least true. */
static long split_run(struct vmm *v)
{
	uint64_t before = proc_kb(v, "smaps_rollup", "AnonHugePages"), after;
	char text[96];
	int i;

	for (i = 0; i < CHUNKS; i++) {
		uint64_t at = random_block(v);

		snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", v->pid, at,
			 at + SECMMU_HUGE_SIZE);
		/* Nothing huge there is no error. */
		if (secmmu_write_file(SPLIT, text)) {
			fprintf(stderr, "# vmm: %s: %s\n", SPLIT, strerror(errno));
			return -1;
		}
	}
	after = proc_kb(v, "smaps_rollup", "AnonHugePages");
	return after < before ? (before - after) * 1024 / SECMMU_PAGE_SIZE : 0;
}

/*
 * KSM: pages of the same content become one, until the guest writes to them.
 */

static const char *ksm_unmet(struct vmm *v)
{
	return access(KSM "run", W_OK) ? "KSM: root, CONFIG_KSM?" : NULL;
}

static long ksm_run(struct vmm *v)
{
	uint64_t pages = 0;

	if (!secmmu_set(KSM "pages_to_scan", "5000") ||
	    !secmmu_set(KSM "sleep_millisecs", "20") ||
	    !secmmu_set(KSM "run", "1")) {
		fprintf(stderr, "# vmm: can't set " KSM "\n");
		return -1;
	}
	secmmu_get_u64(KSM "pages_sharing", &pages);
	return pages;
}

/*
 * Swap: pages are written out, and come back when the guest wants them.
 */

static const char *swap_unmet(struct vmm *v)
{
	return secmmu_get_swap(SWAP_BYTES) ? NULL :
	       "no swap, and none to be made: root, CONFIG_ZRAM and CONFIG_SWAP?";
}

static long swap_run(struct vmm *v)
{
	int i;

	for (i = 0; i < CHUNKS; i++)
		if (advise(v, random_block(v), SECMMU_HUGE_SIZE, MADV_PAGEOUT) < 0)
			return -1;
	return proc_kb(v, "status", "VmSwap") * 1024 / SECMMU_PAGE_SIZE;
}

/*
 * Compaction: pages move together.
 */

static const char *compact_unmet(struct vmm *v)
{
	return access("/proc/sys/vm/compact_memory", W_OK) ?
	       "vm.compact_memory: root, CONFIG_COMPACTION?" : NULL;
}

/* Page frames of the guest's memory, one of each 16; 0: not mapped, or unknown. */
static void look(struct vmm *v, uint64_t *frames)
{
	uint64_t i, entry;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", v->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (i = 0; i < LOOKED_AT; i++) {
		uint64_t at = v->start + v->size / LOOKED_AT * i;

		frames[i] = 0;
		if (pread(fd, &entry, 8, at / SECMMU_PAGE_SIZE * 8) == 8 &&
		    entry >> 63)
			frames[i] = entry & ((1UL << 55) - 1);
	}
	if (fd >= 0)
		close(fd);
}

static long compact_run(struct vmm *v)
{
	static uint64_t before[LOOKED_AT], after[LOOKED_AT];
	long n = 0;
	int i;

	look(v, before);
	if (secmmu_write_file("/proc/sys/vm/compact_memory", "1")) {
		fprintf(stderr, "# vmm: compact_memory: %s\n", strerror(errno));
		return -1;
	}
	look(v, after);
	for (i = 0; i < LOOKED_AT; i++)
		n += before[i] && after[i] && before[i] != after[i];
	return n;
}

/*
 * Migration: to the other NUMA node.
 */

static const char *migrate_unmet(struct vmm *v)
{
	return access("/sys/devices/system/node/node1", F_OK) ?
	       "two NUMA nodes (numa=fake=2)" : NULL;
}

static long migrate_run(struct vmm *v)
{
	int nodes[MOVED_PAGES], status[MOVED_PAGES], node = vmm_random(v, 2), i;
	void *pages[MOVED_PAGES];
	uint64_t at = random_block(v);
	long n = 0;

	for (i = 0; i < MOVED_PAGES; i++) {
		pages[i] = (void *)(at + i * SECMMU_PAGE_SIZE);
		nodes[i] = node;
		status[i] = -1;
	}
	if (syscall(SYS_move_pages, v->pid, MOVED_PAGES, pages, nodes, status,
		    MPOL_MF_MOVE) < 0) {
		fprintf(stderr, "# vmm: move_pages: %s\n", strerror(errno));
		return -1;
	}
	for (i = 0; i < MOVED_PAGES; i++)
		n += status[i] == node;
	return n;
}

/*
 * mremap, by the VMM itself: see secmmu_vmm_ptrace.c.
 */

static long mremap_run(struct vmm *v)
{
	uint64_t at = random_block(v);
	size_t size = SECMMU_HUGE_SIZE;

	/* A page, a part of a huge page that begins where it may, or a whole one. */
	if (vmm_random(v, 2)) {
		size = (1 + vmm_random(v, 64)) * SECMMU_PAGE_SIZE;
		at += vmm_random(v, 512 - 64) * SECMMU_PAGE_SIZE;
	}
	return vmm_mremap(v, at, size) ? -1 : size / SECMMU_PAGE_SIZE;
}

const struct vmm_event vmm_events[] = {
	{ "vmm_collapse", "small pages of the guest become huge ones", NULL,
	  collapse_run },
	{ "vmm_split", "huge pages of the guest are split", split_unmet, split_run },
	{ "vmm_ksm", "ksmd merges pages of the guest", ksm_unmet, ksm_run },
	{ "vmm_swap", "pages of the guest go to swap and come back", swap_unmet,
	  swap_run },
	{ "vmm_compact", "all memory is compacted", compact_unmet, compact_run },
	{ "vmm_migrate", "pages of the guest move between NUMA nodes",
	  migrate_unmet, migrate_run },
	{ "vmm_mremap", "mremap of the guest's memory, away and back", NULL,
	  mremap_run },
};

const uint32_t vmm_nr_events = ARRAY_SIZE(vmm_events);

int vmm_corrupt(struct vmm *v, const char *mark)
{
	char path[64], page[SECMMU_PAGE_SIZE];
	uint64_t at;
	int fd, n = 0;

	snprintf(path, sizeof(path), "/proc/%d/mem", v->pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	for (at = v->start; at < v->start + v->size; at += sizeof(page)) {
		if (pread(fd, page, sizeof(page), at) != sizeof(page) ||
		    strncmp(page, mark, strlen(mark)))
			continue;
		page[sizeof(page) - 2] ^= 1;
		n += pwrite(fd, page, sizeof(page), at) == sizeof(page);
	}
	close(fd);
	return n;
}
