/* SPDX-License-Identifier: GPL-2.0-only */
/* The patches of kvm-patches/linux-X.Y/. */
#ifndef SECMMU_SERIES_H
#define SECMMU_SERIES_H

#include <stdbool.h>
#include <stddef.h>

struct patch {
	char *name;		/* file name, NNNN-subject.patch */
	char *path;
	char **files;		/* paths in the kernel tree that it touches */
	size_t n_files;
};

struct series {
	char *folder;		/* "kvm-patches/linux-6.12", for messages */
	struct patch *v;	/* in the order to apply them */
	size_t n;
	size_t n_stock;		/* the first so many make up `stock` */
};

/**
 * series_load - read the names of the patches and of the files they touch
 * @top: the checkout
 * @name: "linux-6.12"
 * @s: set on success; series_free() it
 *
 * Patches that touch KVM alone come after all those that touch anything else,
 * so that `stock`, which stops before the first of them, has the same vmlinux.
 * What one of the others changes in KVM with it, `stock` has as well.
 *
 * Return: ST_OK; ST_USAGE with one line printed that names the patch.
 */
int series_load(const char *top, const char *name, struct series *s);

/**
 * series_add - put one more patch on top of a series, wherever it is
 * @path: "DIR/NAME.patch"; it may touch anything: the last word on `stock` has
 *	  been spoken
 *
 * Return: ST_OK, ST_USAGE or ST_HARNESS, with one line printed.
 */
int series_add(struct series *s, const char *path);

/**
 * series_put_first - put one more patch below a series, `stock` included
 * @path: "DIR/NAME.patch"; it may touch anything
 *
 * Return: ST_OK, ST_USAGE or ST_HARNESS, with one line printed.
 */
int series_put_first(struct series *s, const char *path);

/**
 * series_cut - leave out the end of a series
 * @prefix: how many patches are left, a number from 0 to s->n; with no more than
 *	    s->n_stock there is nothing but `stock`, on another vmlinux
 *
 * Return: ST_OK, or ST_USAGE with one line printed.
 */
int series_cut(struct series *s, const char *prefix);

/**
 * series_defines - whether a patch adds the Kconfig symbol @symbol
 * @symbol: without CONFIG_
 */
bool series_defines(const struct series *s, const char *symbol);

void series_free(struct series *s);

/**
 * series_apply - apply the first @n patches
 * @s: the series
 * @n: how many
 * @tree: pristine source; only read
 * @version: its version, for messages
 * @out: a folder, made anew: gets every file that the whole series touches, as
 *	 it is after @n patches. One that is missing there is to be missing.
 *
 * Return: ST_OK, ST_USAGE (one line naming patch, file and version),
 * ST_HARNESS or ST_INTR.
 */
int series_apply(const struct series *s, size_t n, const char *tree,
		 const char *version, const char *out);

/**
 * series_try - whether one more patch would apply to what series_apply() has left
 * @folder: "kvm-patches/controls", for messages
 * @path: the patch
 * @tree: as for series_apply(): for files that the series leaves alone
 * @version: its version, for messages
 * @out: the folder that series_apply() has made; the patch changes nothing there
 *
 * Return: as series_apply()
 */
int series_try(const char *folder, const char *path, const char *tree,
	       const char *version, const char *out);

#endif
