/* SPDX-License-Identifier: GPL-2.0-only */
/* From kernel source to the artifacts of docs/contracts.md, section 1. */
#ifndef SECMMU_KERNEL_H
#define SECMMU_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

struct kernel_opts {
	const char *src;	/* folder or tarball; NULL: the distribution's package */
	const char *version;	/* point release of the package, "6.12.N"; NULL: newest */
	const char *lane;	/* of configs/lanes.ini; NULL: the one that is measured */
	const char *control;	/* one more patch on top of the series, or NULL */
	const char *prefix;	/* only so many patches of the series; NULL: all */
	const char *arms;	/* names separated by spaces; NULL: all of arms.ini */
	bool verify;		/* link vmlinux in full for every arm, even when cached */
	bool quiet;		/* no progress, only errors */
};

struct artifacts {
	char *dir;		/* absolute; never changes once it exists */
	char *key;		/* last component of @dir */
	char *release;		/* as uname -r says in the guest */
	char *vmlinux_sha256;	/* hex; the same whichever arm is configured */
	char **arms;		/* in the order of arms.ini; may be more than asked */
	size_t n_arms;
};

/**
 * kernel_prepare - get the source, apply the series, build every arm
 * @o: what to build; unset members mean the default
 * @a: set on success; artifacts_free() it
 *
 * Uses the cache where its content matches; another run that builds is waited
 * for. Errors are printed.
 *
 * Return: ST_OK; ST_FAIL if a compile failed; ST_USAGE if source, series,
 * lane, arms or configuration are no good; ST_HARNESS; ST_INTR.
 */
int kernel_prepare(const struct kernel_opts *o, struct artifacts *a);

void artifacts_free(struct artifacts *a);

/**
 * kernel_selftests - folder of the selftests, static: the kernel's and ours
 * @o: as for kernel_prepare()
 * @dir: set on success; free() it
 *
 * Those of the artifacts, if they are in the cache; else they are built, and no
 * kernel with them.
 *
 * Return: as kernel_prepare().
 */
int kernel_selftests(const struct kernel_opts *o, char **dir);

/**
 * kernel_perf - path of a static perf, built from the same kernel source
 * @o: as for kernel_prepare()
 * @path: set on success; free() it
 *
 * Built on the first call, cached afterwards.
 *
 * Return: as kernel_prepare().
 */
int kernel_perf(const struct kernel_opts *o, char **path);

#endif
