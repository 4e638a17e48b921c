/* SPDX-License-Identifier: GPL-2.0-only */
/* The pristine kernel source. */
#ifndef SECMMU_SOURCE_H
#define SECMMU_SOURCE_H

#include <stdbool.h>

struct source {
	char *dir;		/* in the cache; nobody writes to it */
	char *version;		/* "6.12.117", from its Makefile */
	char *config;		/* "linux-6.12": its folder in configs */
	char *patches;		/* its folder in kvm-patches: the same name, or
				 * linux-6.12.Z, for releases up to Z
				 */
	char *origin;		/* package and version, or the user's path */
	char hash[65];		/* of the package, or of the tree's content */
};

/**
 * source_get - have a pristine tree in the cache
 * @src: the user's own folder or tarball (never modified), or NULL: the
 *	 distribution's package
 * @version: "6.12.N" of the package, or NULL: the newest; not with @src
 * @quiet: no progress
 * @s: set on success; source_free() it
 *
 * The caller holds the lock of the source, CACHE/source.lock.
 *
 * Return: ST_OK, ST_USAGE, ST_HARNESS or ST_INTR, with the error printed.
 */
int source_get(const char *src, const char *version, bool quiet,
	       struct source *s);

void source_free(struct source *s);

/**
 * source_identify - read version and series from a tree's Makefile
 * @dir: the tree
 * @name: what to call it in messages
 * @s: version, config and patches are set
 *
 * Return: ST_OK, or ST_USAGE if @dir is no kernel tree, or one of a version
 * that kvm-patches/ has no folder for.
 */
int source_identify(const char *dir, const char *name, struct source *s);

#endif
