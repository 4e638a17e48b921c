/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What secmmu_contention_test measures, between the one who measures it (the test)
 * and the one who makes figures of it (lib/secmmu_contention_figures.c).
 */
#ifndef SELFTEST_KVM_SECMMU_CONTENTION_RUN_H
#define SELFTEST_KVM_SECMMU_CONTENTION_RUN_H

#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "secmmu.h"
#include "secmmu_contention.h"

/* One vCPU, or the bystander, in one window of time. */
struct contend_slice {
	uint64_t steps;
	uint64_t gap;	/* the longest between two steps: cycles, or ns */
};

struct contend_guest_vcpu {
	uint64_t fresh;	/* pages that the last pass has found empty */
	struct contend_slice slices[CONTEND_MAX_WINDOWS + 2];
} __aligned(SECMMU_PAGE_SIZE);

/* Memory that is shared with the guest, and never invalidated. */
struct contend_guest_ctl {
	uint32_t mode;
	/* 0: not yet; 1 and on: of what is measured; the number after: no more. */
	uint32_t window;
	uint32_t stall;		/* planted: vCPU 0 stands still meanwhile */
	struct contend_guest_vcpu vcpus[CONTEND_MAX_VCPUS];
};

struct contend_call {
	uint64_t due, start, end;
	uint64_t cpu;	/* time of the CPU that the thread had, ns */
	uint64_t bystander_cpu;	/* and the bystander, from before to after */
	uint64_t outer;	/* ns from before the first reading to after the last */
};

struct contend_vcpu {
	struct kvm_vcpu *vcpu;
	pthread_t thread;
	uint32_t id;
	long tid;
};

struct contend_run {
	const struct contend_opts *opt;
	struct kvm_vm *vm;
	struct contend_vcpu vcpus[CONTEND_MAX_VCPUS];
	struct contend_guest_ctl *ctl;
	char *mem;
	char *aside;	/* as much memory that no guest has */
	char *fresh;	/* what the next mremap() moves */
	clockid_t bystander_clock;	/* its CPU time */
	cpu_set_t cpus;
	uint32_t nr_cpus;
	/* Calls before which KVM had a huge page mapped, of CONTEND_SPLIT. */
	uint32_t nr_huge;
	const char *unmet;	/* a requirement of all figures, or NULL */
	long caller_tid, bystander_tid;
	int caller_cpu;
	uint64_t bystander_sleeps;
	uint64_t bystander_astray;	/* readings on another CPU than the caller's */
	struct contend_call *calls;
	uint32_t nr_calls;
	struct secmmu_counts counts;
	bool waits_counted;
	struct secmmu_lock_waits lock_waits;
	struct contend_slice *bystander;
	uint64_t *window_start;	/* [windows + 2], ns */
	double ns_per_cycle;
	uint64_t start_ns;
	bool stop;
	bool oracle_failed;
};

/* Into how many parts the memory is divided, of which each call hits one. */
uint32_t contend_parts(const struct contend_run *run);
/*
 * What has to be made before call @n, and is not timed: mremap() has to have
 * something to move, of small pages as all of the memory, and a huge page is
 * split only once.
 */
void contend_prepare_call(struct contend_run *run, uint32_t n);
/* Call @n: the part of the memory whose turn it is. */
void contend_invalidate(struct contend_run *run, uint32_t n);

/* CONTEND_NR_EVENTS of them, for contend_parse(). */
extern const struct contend_event contend_figures[];

/*
 * Prints figure @i of what was measured, and appends its samples, as of event @name,
 * to @out unless that is NULL.  Returns whether what it is made of is sound.
 */
bool contend_report(const struct contend_run *run, uint32_t i, const char *name, FILE *out);
/* Steps of all vCPUs in window @w. */
uint64_t contend_steps_in(const struct contend_run *run, uint32_t w);

#endif /* SELFTEST_KVM_SECMMU_CONTENTION_RUN_H */
