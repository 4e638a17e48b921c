/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared parts of secmmu_ageing_test.
 *
 * Each test of it brings memory that the guest has mapped into a state in which
 * nobody has accessed it since, lets the guest use half of it, and has the host
 * find out which half.  Only the secondary MMU can tell.  Without a guest this
 * process uses that half, no notifier is registered, and its own MMU tells.
 */
#ifndef SELFTEST_KVM_SECMMU_AGEING_H
#define SELFTEST_KVM_SECMMU_AGEING_H

#include "secmmu.h"

/* The memslot that all tests use, one after the other. */
#define AGEING_SIZE	(16UL << 20)

enum ageing_fault {
	AGEING_FAULT_NONE,
	AGEING_FAULT_IDLE,	/* the guest does not touch what it should have */
	AGEING_FAULT_BUSY,	/* it touches what it should have left alone */
};

enum ageing_backing {
	AGEING_SMALL,		/* base pages */
	AGEING_THP,
	AGEING_THP_PTES,	/* huge pages that the host has mapped by PTEs */
	AGEING_HUGETLB,
};

/*
 * Memory as the guest sees it: @nr units of @step bytes.  Those of the first
 * @run units are hot, the next @run cold, and so on.
 */
struct ageing_mem {
	enum ageing_backing backing;
	char *hva;
	size_t step;
	uint32_t nr;
	uint32_t run;
};

struct ageing {
	/* The test at hand. */
	const char *name;
	bool failed;
	char skip[128];		/* the requirement that is not met, or "" */
	uint64_t start_ns;
	uint32_t seq;

	enum ageing_fault fault;
	bool no_guest;		/* this process uses the memory, no VM is there */
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	char *hva;		/* the memslot */
	char *flush_page;
	struct secmmu host;	/* for secmmu_huge_bytes() and the like */
	int idle_fd;		/* page_idle/bitmap, or -1 */
	FILE *samples;
};

extern struct ageing ageing;

/* lib/secmmu_ageing.c: guest and memory. */

/* A VM, unless ageing.no_guest is set, and memory. */
void ageing_create(void);
void ageing_destroy(void);

/* Records a failure of the test at hand and prints it. */
void __printf(1, 2) ageing_fail(const char *fmt, ...);
/* Notes a requirement that is not met.  Returns false. */
bool __printf(1, 2) ageing_unmet(const char *fmt, ...);

/*
 * Fresh memory for the test at hand, which the guest has mapped, all of it.
 * False if it can't be had.
 */
bool ageing_map(struct ageing_mem *m, enum ageing_backing backing, uint32_t nr,
		uint32_t run);
void ageing_unmap(void);
static inline bool ageing_is_hot(const struct ageing_mem *m, uint32_t i)
{
	return i / m->run % 2 == 0;
}
static inline char *ageing_unit(const struct ageing_mem *m, uint32_t i)
{
	return m->hva + i * m->step;
}
/* The guest writes to every unit, or to the hot ones. */
void ageing_touch_all(const struct ageing_mem *m);
void ageing_touch_hot(const struct ageing_mem *m);
/*
 * Waits until pages are on the LRU: page_idle and reclaim know no others, and a
 * new page may be on its way.
 */
void ageing_drain(void);
/*
 * Makes neither MMU nor a flag remember an access.  Needs page_idle.  Memory of
 * hugetlbfs can't be.
 */
bool ageing_make_old(const struct ageing_mem *m);

uint64_t ageing_pfn(const void *addr);
bool ageing_resident(const void *addr);
/* Sets the idle flag of a page, or returns it: -1 if there is none. */
void ageing_set_idle(uint64_t pfn);
int ageing_get_idle(uint64_t pfn);

/*
 * Around the ageing that is under test: a sample of it, and if somebody traces
 * this run, no more of it in the trace.
 */
void ageing_begin(void);
void ageing_end(const struct ageing_mem *m);

/* lib/secmmu_ageing_host.c: cgroup, swap. */

/* Writes to a file that takes commands: nothing to restore.  False if it can't. */
bool __printf(2, 3) ageing_put(const char *path, const char *fmt, ...);

/* A memory cgroup of our own, and somewhere to reclaim to. */
bool ageing_enter_cgroup(void);
const char *ageing_cgroup(void);
bool ageing_swap_on(void);

/* Gives back all of the above. */
void ageing_restore(void);

/* lib/secmmu_ageing_lru.c and _damon.c: tests. */

void ageing_mglru_walk_4k(void);
void ageing_mglru_walk_thp(void);
void ageing_mglru_look_around(void);
void ageing_reclaim(void);

void ageing_damon_vaddr_4k(void);
void ageing_damon_vaddr_thp(void);
void ageing_damon_vaddr_hugetlb(void);
void ageing_damon_paddr_thp(void);
void ageing_damon_paddr_ptes(void);

#endif /* SELFTEST_KVM_SECMMU_AGEING_H */
