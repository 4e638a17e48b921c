/* SPDX-License-Identifier: GPL-2.0-only */
/* The arms, as configs/arms.ini lists them. */
#ifndef SECMMU_ARMS_H
#define SECMMU_ARMS_H

#include <stddef.h>

#define ARM_NAME_MAX 32

struct arm {
	char *name;
	char *symbol;		/* Kconfig symbol without CONFIG_; NULL: pristine KVM */
};

struct arms {
	struct arm *v;
	size_t n;
};

/**
 * arms_load - parse an arms.ini
 * @path: the file
 * @names: space separated names of the arms wanted, or NULL for all
 * @a: set on success, in the order of the file; arms_free() it
 *
 * Return: ST_OK, or ST_USAGE with one error printed that names file and line.
 */
int arms_load(const char *path, const char *names, struct arms *a);

void arms_free(struct arms *a);

/** arms_find - the arm of that name, or NULL. */
const struct arm *arms_find(const struct arms *a, const char *name);

#endif
