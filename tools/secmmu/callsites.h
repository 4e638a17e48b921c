/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of a kernel tree that call MMU notifiers, found in its source.
 */
#ifndef SECMMU_CALLSITES_H
#define SECMMU_CALLSITES_H

#include <stddef.h>

struct callsite {
	char *file;		/* in the tree: "mm/rmap.c" */
	char *function;
	const char *call;	/* "invalidate", "clear_flush_young", ... */
	unsigned int line;	/* of the first call in the function */
};

struct callsites {
	struct callsite *v;	/* by call, file, line */
	size_t n;
	char *kernel;		/* whose, in words; NULL until somebody says so */
};

/**
 * callsites_find - look through the source
 * @tree: the kernel tree
 * @overlay: folder of files that replace those of the tree, or NULL
 * @out: set on success; callsites_free() it
 *
 * A site is a function that calls one of the functions that call the notifiers,
 * directly, or through inline functions and macros: these count as part of
 * whoever uses them. Neither the configuration nor what the compiler inlines by
 * itself plays a part.
 *
 * Return: 0, or -1 with one error printed: also if there is no site at all.
 */
int callsites_find(const char *tree, const char *overlay, struct callsites *out);

/**
 * callsites_read - a list that callsites_write() has written
 * @path: callsites.json
 * @out: set on success; callsites_free() it
 *
 * Return: 0, or -1 with one error printed.
 */
int callsites_read(const char *path, struct callsites *out);

/** callsites_write - 0, or -1 with one error printed. */
int callsites_write(const struct callsites *c, const char *path);

/** callsites_free - the list is empty then. */
void callsites_free(struct callsites *c);

#endif
