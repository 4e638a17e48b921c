/* SPDX-License-Identifier: GPL-2.0-only */
/* Which accelerator this machine can really use for a guest that runs KVM. */
#ifndef SECMMU_ACCEL_H
#define SECMMU_ACCEL_H

#include <stdbool.h>

enum accel {
	ACCEL_TCG,		/* emulation, with SVM and nested paging */
	ACCEL_KVM,		/* nested virtualization */
};

struct accel_choice {
	enum accel which;
	const char *vendor;	/* KVM's vendor module in the guest: amd or intel */
	char why[200];		/* one line */
};

/** accel_name - "tcg" or "kvm". */
const char *accel_name(enum accel a);

/**
 * accel_choose - decide between nested KVM and emulation
 * @wish: "auto", "kvm" or "tcg"
 * @out: set on success
 *
 * /dev/kvm being there is not enough: the CPUID it supports must offer a guest
 * SVM or VMX. Prints errors.
 *
 * Return: ST_OK, or ST_USAGE for another @wish or "kvm" where that cannot be.
 */
int accel_choose(const char *wish, struct accel_choice *out);

/* What /dev/kvm offers. */
struct accel_probe {
	int error;		/* errno of opening or asking it; 0: it answered */
	unsigned int ecx1;	/* CPUID 1, ecx */
	unsigned int ecx80000001;
};

/** accel_decide - accel_choose() without the probing. */
int accel_decide(const char *wish, const struct accel_probe *p,
		 struct accel_choice *out);

/**
 * accel_lost_guest - whether a test or a boot ended because the emulator lost its guest
 * @reason: of the test's result, or the boot's
 *
 * What tests say of a guest that shut down, or is at no address of its own, and
 * a diagnosis of a machine with a deaf CPU. Under QEMU's TCG that happens
 * now and then: docs/testing.md.
 */
bool accel_lost_guest(const char *reason);

/**
 * accel_stale_text - whether the kernel ran an int3 that nobody owns
 * @line: what the kernel reported
 *
 * Only text that is being patched has one. QEMU before 8.1 (its commit deba78709ae8)
 * may translate text while another CPU patches it, and keep what it has read:
 * docs/testing.md.
 */
bool accel_stale_text(const char *line);

#endif
