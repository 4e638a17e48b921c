/* SPDX-License-Identifier: GPL-2.0-only */
/* git, with nothing of the user's configuration in what it writes. */
#ifndef SECMMU_GIT_H
#define SECMMU_GIT_H

#define GIT_BASE "secmmu-base"	/* the tag on the pristine source */

/**
 * git_checkout - make a git tree of a pristine source and a series on top
 * @src: the pristine source; only read
 * @title: message of its commit
 * @patches: paths, ended by NULL
 * @dir: the tree; must not exist. It appears when complete.
 *
 * Return: a status, with the error printed.
 */
int git_checkout(const char *src, const char *title, char *const *patches,
		 const char *dir);

/**
 * git_check_clean - whether all that is in the tree is in ordinary commits
 * @dir: the tree
 *
 * Return: ST_OK, or ST_USAGE with what is in the way printed.
 */
int git_check_clean(const char *dir);

/**
 * git_export - write GIT_BASE..HEAD as patches, always the same for the same
 *		commits
 * @dir: the tree
 * @out: a folder, made anew
 *
 * Return: a status.
 */
int git_export(const char *dir, const char *out);

#endif
