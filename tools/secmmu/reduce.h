/* SPDX-License-Identifier: GPL-2.0-only */
/* From the samples of one boot to a few numbers per cell, series, metric. */
#ifndef SECMMU_REDUCE_H
#define SECMMU_REDUCE_H

#include "folder.h"

struct reducer;

/** reducer_new - working memory, used again for each boot. */
struct reducer *reducer_new(void);

/** reducer_free - NULL is allowed. */
void reducer_free(struct reducer *r);

/**
 * reduce_boot - read a boot's samples into @b->r
 * @r: working memory
 * @f: the folder; cells and sites that are new are added
 * @b: the boot
 * @path: its samples.csv
 *
 * Values are kept until the boot is read, as quantiles are exact.
 *
 * Return: 0, or -1 with an error printed.
 */
int reduce_boot(struct reducer *r, struct folder *f, struct folder_boot *b,
		const char *path);

/** reduced_free - free the memory of @b->r. */
void reduced_free(const struct folder *f, struct folder_boot *b);

#endif
