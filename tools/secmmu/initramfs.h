/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's root file system, made of kernel artifacts. */
#ifndef SECMMU_INITRAMFS_H
#define SECMMU_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A further file for the guest. */
struct initramfs_file {
	const char *src; /* on the host */
	const char *dst; /* in the guest, with or without leading '/' */
	mode_t mode; /* permission bits */
};

struct initramfs_opts {
	const char *const *arms; /* whose modules to put into /arms */
	size_t n_arms;
	bool with_shell; /* /bin/busybox and the `arm` command */
	const char *perf; /* static perf for /bin/perf, or NULL */
	const struct initramfs_file *files;
	size_t n_files;
};

/**
 * initramfs_write - write the initramfs
 * @artifacts: folder of docs/contracts.md, section 1
 * @o: what goes in besides /init and /tests
 * @out: the file; it appears whole or not at all
 *
 * The same input gives the same bytes. Not compressed: an emulated CPU takes
 * longer to unpack than QEMU to load it.
 *
 * Return: ST_OK; ST_USAGE if something to put in is missing; ST_HARNESS.
 * Errors are printed.
 */
int initramfs_write(const char *artifacts, const struct initramfs_opts *o,
		    const char *out);

/**
 * initramfs_pack - write an initramfs of nothing but these files
 *
 * Otherwise as initramfs_write(). Empty folders to mount on, and the nodes that
 * the kernel wants before, are in it.
 */
int initramfs_pack(const struct initramfs_file *files, size_t n, const char *out);

#endif
