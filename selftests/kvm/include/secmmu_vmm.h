/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared parts of secmmu_vmm_test: a VMM that is somebody else's program, whose
 * guest's memory the host works on from outside.
 */
#ifndef SELFTEST_KVM_SECMMU_VMM_H
#define SELFTEST_KVM_SECMMU_VMM_H

#include "secmmu.h"

struct vmm {
	pid_t pid;
	int pidfd;
	int console;	/* pipe: what the guest prints */
	/* The guest's memory, in the VMM's address space. */
	uint64_t start;
	uint64_t size;
	uint32_t seed;
};

/* What can be done to the guest's memory. */
struct vmm_event {
	const char *name;
	const char *desc;
	/* Returns NULL, or the requirement that is not met. */
	const char *(*unmet)(struct vmm *v);
	/*
	 * Does it once, to memory chosen at random.  Returns on how many pages it
	 * had an effect, or -1 and prints why it failed.
	 */
	long (*run)(struct vmm *v);
};

/* lib/secmmu_vmm_events.c */

extern const struct vmm_event vmm_events[];
extern const uint32_t vmm_nr_events;

/* The line "NAME: N kB" of a file of proc, in KiB; 0: there is none. */
uint64_t vmm_kb(const char *path, const char *name);
/* The same sequence of numbers for the same seed. */
uint32_t vmm_random(struct vmm *v, uint32_t below);
/*
 * Changes a byte in the guest's memory: in each page that begins with @mark.
 * Returns the number of pages.
 */
int vmm_corrupt(struct vmm *v, const char *mark);

/* lib/secmmu_vmm_ptrace.c */

/*
 * Has the VMM move memory of its own away and back by mremap(2), while all its
 * threads are stopped.  0, or -1 and prints what failed; the VMM runs again.
 */
int vmm_mremap(struct vmm *v, uint64_t addr, size_t size);

#endif
