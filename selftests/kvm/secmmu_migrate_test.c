// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration of memory that a guest has mapped.
 *
 * The pages get other page frames, with the same content, while the guest uses
 * them: it must never see, or write to, the frame that was left.  Host call site:
 * try_to_migrate_one().
 */
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "secmmu.h"

#define MIGRATE_TRIES	5
#define MAX_NODES	64
/* A soft-offlined page frame is lost until the next boot. */
#define MAX_OFFLINED	64

/* The nodes that have memory. */
static uint64_t memory_nodes(void)
{
	FILE *f = fopen("/sys/devices/system/node/has_memory", "r");
	unsigned int first, last, i;
	uint64_t nodes = 0;

	if (!f)
		return 0;
	while (fscanf(f, "%u", &first) == 1) {
		last = first;
		if (fscanf(f, "-%u", &last) < 0)
			last = first;
		for (i = first; i <= last && i < MAX_NODES; i++)
			nodes |= 1UL << i;
		if (fgetc(f) != ',')
			break;
	}
	fclose(f);
	return nodes;
}

static const char *unmet_nodes(struct secmmu *t)
{
	if (__builtin_popcountll(memory_nodes()) < 2)
		return "one NUMA node: two with memory are needed (numa=fake=2)";
	return NULL;
}

/* As move_pages(2): of each page its node, or a negative errno. */
static void query_nodes(struct secmmu *t, int *status)
{
	void *pages[SECMMU_HUGE_PAGES];
	uint32_t i;
	int ret;

	for (i = 0; i < t->nr; i++)
		pages[i] = t->hva + i * SECMMU_PAGE_SIZE;
	ret = syscall(SYS_move_pages, 0, t->nr, pages, NULL, status, 0);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("move_pages()", ret));
}

static int node_of(struct secmmu *t)
{
	int status[SECMMU_HUGE_PAGES];

	query_nodes(t, status);
	TEST_ASSERT(status[0] >= 0, "no node for %p: %s", t->hva,
		    strerror(-status[0]));
	return status[0];
}

static uint32_t nr_on_node(struct secmmu *t, int node)
{
	int status[SECMMU_HUGE_PAGES];
	uint32_t i, n = 0;

	query_nodes(t, status);
	for (i = 0; i < t->nr; i++)
		n += status[i] == node;
	return n;
}

/* Another one than where the memory is. */
static int other_node(struct secmmu *t)
{
	return __builtin_ctzll(memory_nodes() & ~(1UL << node_of(t)));
}

/* The pages alone: of a huge page, its first moves it all. */
static void move_there(struct secmmu *t, int node)
{
	int nodes[SECMMU_HUGE_PAGES], status[SECMMU_HUGE_PAGES];
	size_t step = secmmu_page_size(t);
	void *pages[SECMMU_HUGE_PAGES];
	uint32_t i, n = t->size / step;
	long ret;

	for (i = 0; i < n; i++) {
		pages[i] = t->hva + i * step;
		nodes[i] = node;
	}
	ret = syscall(SYS_move_pages, 0, n, pages, nodes, status, MPOL_MF_MOVE);
	TEST_ASSERT(ret >= 0, __KVM_SYSCALL_ERROR("move_pages()", (int)ret));
}

/* All of the process. */
static void migrate_there(struct secmmu *t, int node)
{
	unsigned long from = memory_nodes() & ~(1UL << node), to = 1UL << node;
	long ret = syscall(SYS_migrate_pages, 0, MAX_NODES + 1, &from, &to);

	TEST_ASSERT(ret >= 0, __KVM_SYSCALL_ERROR("migrate_pages()", (int)ret));
}

/* Both calls leave a page alone that somebody holds for a moment. */
static void run(struct secmmu *t, void (*migrate)(struct secmmu *t, int node))
{
	int from = node_of(t), to = other_node(t), i;
	uint64_t start;
	uint32_t n;

	secmmu_begin(t);
	start = secmmu_now();
	migrate(t, to);
	secmmu_sample(t, start);
	for (i = 0; i < MIGRATE_TRIES && nr_on_node(t, to) != t->nr; i++)
		migrate(t, to);
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		migrate(t, from);
	n = nr_on_node(t, to);
	if (n != t->nr)
		secmmu_fail(t, "%u of %u pages are on node %d after the call",
			    n, t->nr, to);
	secmmu_end(t);
}

static void run_move(struct secmmu *t)
{
	run(t, move_there);
}

static void run_migrate(struct secmmu *t)
{
	run(t, migrate_there);
}

static const char *unmet_offline(struct secmmu *t)
{
	if (t->opt.warmup + t->opt.iterations > MAX_OFFLINED)
		return "each iteration costs a page frame: more than 64 are too many";
	if (!secmmu_pfn(t, t->ctl))
		return "no privilege to see page frames";
	if (access("/proc/sys/vm/memory_failure_recovery", F_OK))
		return "no soft offlining: CONFIG_MEMORY_FAILURE";
	return NULL;
}

/* With HWPOISON_INJECT the frame can be had back. */
static void unpoison(uint64_t pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%lx", pfn);
	secmmu_write_file("/sys/kernel/debug/hwpoison/unpoison-pfn", text);
}

static void run_offline(struct secmmu *t)
{
	uint64_t start, was = secmmu_pfn(t, t->hva), is;
	int ret;

	secmmu_begin(t);
	start = secmmu_now();
	ret = madvise(t->hva, t->size, MADV_SOFT_OFFLINE);
	secmmu_sample(t, start);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("madvise(MADV_SOFT_OFFLINE)", ret));
	is = secmmu_pfn(t, t->hva);
	/* Looks at a page that stayed where it was. */
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		was = is;
	if (is == was)
		secmmu_fail(t, "the page frame is still 0x%lx", is);
	secmmu_end(t);
	unpoison(was);
}

static const struct secmmu_event events[] = {
	{
		.name = "migrate_move_4k",
		.desc = "one 4 KiB page moved to another node by move_pages(2)",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.plants_no_effect = true,
		.unmet = unmet_nodes,
		.run = run_move,
	}, {
		.name = "migrate_move_2m_ptes",
		.desc = "2 MiB of 4 KiB pages moved to another node by move_pages(2)",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.plants_no_effect = true,
		.unmet = unmet_nodes,
		.run = run_move,
	}, {
		.name = "migrate_move_thp",
		.desc = "a whole huge page moved to another node by move_pages(2)",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.plants_no_effect = true,
		.unmet = unmet_nodes,
		.run = run_move,
	}, {
		.name = "migrate_all_4k",
		.desc = "the VMM with 4 KiB pages moved to another node by migrate_pages(2)",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.plants_no_effect = true,
		.unmet = unmet_nodes,
		.run = run_migrate,
	}, {
		.name = "migrate_all_thp",
		.desc = "the VMM with huge pages moved to another node by migrate_pages(2)",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.plants_no_effect = true,
		.unmet = unmet_nodes,
		.run = run_migrate,
	}, {
		.name = "migrate_soft_offline",
		.desc = "one 4 KiB page replaced by MADV_SOFT_OFFLINE",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.plants_no_effect = true,
		.unmet = unmet_offline,
		.run = run_offline,
	},
};

int main(int argc, char *argv[])
{
	/*
	 * What a new thread inherits.  Any policy that is set, this one being the
	 * default, keeps NUMA balancing from moving pages back meanwhile.
	 */
	syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0);
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
