/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that a dump of a guest's memory is written into: sparse, limited,
 * and gone again unless it is whole. What comes in is QEMU's word, not to be trusted.
 */
#ifndef SECMMU_VMCORE_H
#define SECMMU_VMCORE_H

#include <stddef.h>
#include <stdint.h>

enum vmcore_format {
	VMCORE_NONE,
	VMCORE_ELF,		/* with the guest's page tables: for gdb */
	VMCORE_KDUMP,		/* compressed: for crash */
};

/** vmcore_format_parse - "1" and "elf", or "kdump". Return: 0, -1 if neither. */
int vmcore_format_parse(const char *s, enum vmcore_format *out);

/** vmcore_format_name - "none", "elf", "kdump". */
const char *vmcore_format_name(enum vmcore_format f);

struct vmcore;

/**
 * vmcore_new - begin @path
 * @limit: bytes that the file may have at most
 *
 * Return: always something, vmcore_end() it; an error shows in the next call.
 */
struct vmcore *vmcore_new(const char *path, enum vmcore_format format,
			  uint64_t limit);

/**
 * vmcore_feed - the next bytes
 *
 * Return: 0, or -1 once there is an error: limit, disk full, no room left for
 * the results. There is no more to be fed then.
 */
int vmcore_feed(struct vmcore *v, const void *data, size_t len);

/**
 * vmcore_end - finish the file, or remove it
 * @failed: why the dump is not whole, for the caller knows; NULL if it does not
 *
 * What came is looked at as well: a header, and segments that are all there.
 *
 * Return: one line for people, free() it: what there is, or why there is nothing.
 */
char *vmcore_end(struct vmcore *v, const char *failed);

#endif
