/* SPDX-License-Identifier: GPL-2.0-only */
/* The notifier call sites of a kernel, and which of them a run has fired. */
#ifndef SECMMU_SITES_H
#define SECMMU_SITES_H

#include <stdbool.h>
#include <stdio.h>

struct sites;

/**
 * sites_load - find the sites, and read what a run says of them
 * @tree, @overlay: as for callsites_find()
 * @ini: configs/sites.ini
 * @dir: the results folder
 *
 * Return: the sites, or NULL with one error printed.
 */
struct sites *sites_load(const char *tree, const char *overlay, const char *ini,
			 const char *dir);

/** sites_free - NULL is allowed. */
void sites_free(struct sites *s);

/** sites_complete - every site is covered or explained, none failed. */
bool sites_complete(const struct sites *s);

/** sites_print - the table. */
void sites_print(const struct sites *s, FILE *out);

/** sites_write - sites.json. Return: 0, or -1 with one error printed. */
int sites_write(const struct sites *s, const char *path);

#endif
