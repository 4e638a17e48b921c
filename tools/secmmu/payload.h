/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of the distribution that a plan's tests need in the guest, with the
 * libraries they are linked with: the plan's key `payload`.
 */
#ifndef SECMMU_PAYLOAD_H
#define SECMMU_PAYLOAD_H

#include "initramfs.h"

struct payload {
	struct initramfs_file *files;
	size_t n;
};

/**
 * payload_vmm - a VMM, QEMU, and a guest for it: the kernel that is booted, with
 *	work of its own
 * @artifacts: folder of docs/contracts.md, section 1
 * @initrd: the guest's, to be made
 * @p: set on success; payload_free() it
 *
 * Return: ST_OK; ST_USAGE if a program is not installed (printed, with the
 * package); ST_HARNESS.
 */
int payload_vmm(const char *artifacts, const char *initrd, struct payload *p);

void payload_free(struct payload *p);

#endif
