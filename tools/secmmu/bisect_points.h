/* SPDX-License-Identifier: GPL-2.0-only */
/* What is bisected: prefixes of the series, or commits of a git tree. */
#ifndef SECMMU_BISECT_POINTS_H
#define SECMMU_BISECT_POINTS_H

#include <stddef.h>

#include "strs.h"

struct series;

struct bisect_points {
	char *src;		/* the git tree; NULL: prefixes of the series */
	struct strs names;	/* for people: a patch, or hash and subject */
	struct strs ids;	/* length of the prefix, or hash of the commit */
	char hash[65];		/* of all that makes them what they are */
};

/**
 * bisect_points_series - prefixes of a series
 * @good, @bad: how many patches the ends have; NULL: all that are not KVM's, and
 *		all there are
 *
 * Return: ST_OK with @p set, bisect_points_free() it; ST_USAGE or ST_HARNESS with
 * one line printed.
 */
int bisect_points_series(const struct series *s, const char *good, const char *bad,
			 struct bisect_points *p);

/**
 * bisect_points_source - the same, of the series for a kernel source
 * @src, @version: as in struct kernel_opts; it is fetched if need be
 */
int bisect_points_source(const char *src, const char *version, const char *good,
			 const char *bad, struct bisect_points *p);

/**
 * bisect_points_git - a commit and those that lead from it to another one
 * @dir: a git tree; only read
 * @good, @bad: revisions; @good is an ancestor of @bad
 *
 * Along the first parents: a merge is one point.
 *
 * Return: as above.
 */
int bisect_points_git(const char *dir, const char *good, const char *bad,
		      struct bisect_points *p);

void bisect_points_free(struct bisect_points *p);

/**
 * bisect_export - make a folder hold the files of a commit
 * @out: absolute; what an export before has left there is brought to this one, and
 *	one that was interrupted has to be cleaned first
 *
 * Nothing in the git tree is written, and what is not committed does not matter.
 *
 * Return: a status, with the error printed.
 */
int bisect_export(const char *dir, const char *commit, const char *out);

/** bisect_export_clean - remove an exported tree, and what goes with it. */
void bisect_export_clean(const char *out);

#endif
