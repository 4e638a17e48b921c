/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared parts of secmmu_overlap_test: what its threads do to a guest's memory,
 * and how guest and host know what may be found there.
 */
#ifndef SELFTEST_KVM_SECMMU_OVERLAP_H
#define SELFTEST_KVM_SECMMU_OVERLAP_H

#include "secmmu.h"

/* A huge page, and as much in small ones. */
#define OVERLAP_PAGES		1024U
#define OVERLAP_BORDER		SECMMU_HUGE_PAGES
/* Pages that are invalidated at once, at most. */
#define OVERLAP_RANGE		64U
#define OVERLAP_MAX_VCPUS	4

/* Drops of a page.  Written by the host. */
struct overlap_page {
	uint64_t begun;
	uint64_t ended;
	uint64_t done;		/* the highest ticket of those that have ended */
};

/* What a vCPU did last in a page. */
struct overlap_visit {
	uint64_t wrote;
	uint64_t begun;		/* drops before that, or OVERLAP_IN_A_DROP */
	uint64_t tickets;	/* drawn after that: their drops came later */
};

#define OVERLAP_IN_A_DROP	UINT64_MAX

enum overlap_wrong { RIGHT, STALE, LOST, FOREIGN };

struct overlap_error {
	enum overlap_wrong wrong;
	uint32_t page;
	uint64_t wrote;
	uint64_t seen;
};

struct overlap_vcpu {
	uint64_t value;		/* the last one written anywhere */
	uint64_t nr_errors;
	struct overlap_error first;
	struct overlap_visit visits[OVERLAP_PAGES];
};

/* Shared with the guest, in a memslot that nobody invalidates. */
struct overlap_ctl {
	uint64_t tickets;
	uint32_t stop, deaf;
	struct overlap_page pages[OVERLAP_PAGES];
	struct overlap_vcpu vcpus[OVERLAP_MAX_VCPUS];
};

enum overlap_fault {
	OVERLAP_NO_FAULT,
	OVERLAP_STALE_READ,
	OVERLAP_LOST_WRITE,
	OVERLAP_STRAY_WRITE,
	OVERLAP_NO_LOG,
	OVERLAP_DEAF,
};

struct overlap {
	const char *event;	/* at hand */
	atomic_uint failures;	/* of it */
	char *mem;		/* the memslot */
	struct overlap_ctl *ctl;
	uint32_t vcpus;
	enum overlap_fault fault;
	bool swap, nodes;	/* there is some, there are two */
};

extern struct overlap overlap;

/* A thread that invalidates. */
struct overlap_worker {
	pthread_t thread;
	uint32_t id;
	uint32_t random;
	char *aside;		/* address space for OVERLAP_RANGE pages */
	uint64_t calls, moves;
	/* Calls that began while another was under way there, or beside it. */
	uint64_t overlaps, besides;
};

/* Where vCPU @vcpu writes in page @page of memory at @base. */
static inline uint64_t *overlap_cell(void *base, uint32_t page, uint32_t vcpu)
{
	return (uint64_t *)((char *)base + page * SECMMU_PAGE_SIZE) + vcpu * 8;
}

/* lib/secmmu_overlap.c */

/* Records a failure of the event at hand; prints the first one. */
void __printf(1, 2) overlap_fail(const char *fmt, ...);

/* A number below @below. */
uint32_t overlap_random(struct overlap_worker *w, uint32_t below);
/* Does something at random to pages that others may be at, too. */
void overlap_invalidate(struct overlap_worker *w, uint32_t first, uint32_t nr);

#endif /* SELFTEST_KVM_SECMMU_OVERLAP_H */
