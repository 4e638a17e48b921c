/* SPDX-License-Identifier: GPL-2.0-only */
/* The user's own kernel tree, copied. */
#ifndef SECMMU_SOURCE_OWN_H
#define SECMMU_SOURCE_OWN_H

#include "source.h"

/**
 * source_own - copy a folder or tarball into the cache and identify it
 * @src: the user's path; only read
 * @quiet: no progress
 * @s: all members are set on success
 *
 * Return: as source_get().
 */
int source_own(const char *src, bool quiet, struct source *s);

#endif
