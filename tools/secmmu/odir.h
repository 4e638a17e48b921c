/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel build folders that outlive a run. */
#ifndef SECMMU_ODIR_H
#define SECMMU_ODIR_H

/*
 * A build folder is marked while make works in it. Files that a killed make
 * may have left half-written are removed before the next one starts.
 */

/** odir_begin - mark @dir, after cleaning up if it is marked. Return: 0 or -1. */
int odir_begin(const char *dir);

/** odir_end - remove the mark: make came to its end. Return: 0 or -1. */
int odir_end(const char *dir);

/**
 * odir_rebase - correct the absolute paths in a copied build folder
 * @dir: the copy
 * @name: what it will be called
 * @from: source tree of the original
 * @from_dir: the original
 * @to: source tree of the copy
 *
 * The kernel's own make has relative paths only; objtool's has not, and when
 * it is built again, so is everything that it had checked.
 *
 * Return: 0 or -1.
 */
int odir_rebase(const char *dir, const char *name, const char *from,
		const char *from_dir, const char *to);

/**
 * odir_difference - why vmlinux is not the same in two build folders
 *
 * Return: the first object or symbol version that differs; free() it. NULL if
 * there is none.
 */
char *odir_difference(const char *a, const char *b);

#endif
