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

#endif
