/* SPDX-License-Identifier: GPL-2.0-only */
/* The notifier call sites of a kernel, and which of them a run has fired. */
#ifndef SECMMU_SITES_H
#define SECMMU_SITES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct callsites;
struct folder;
struct sites;

/**
 * sites_load - what a run says of a kernel's call sites
 * @found: the sites; they are taken over, and @found is empty afterwards
 * @ini: configs/sites.ini
 * @f: the run; it has to outlive the sites
 *
 * Return: the sites, or NULL with one error printed.
 */
struct sites *sites_load(struct callsites *found, const char *ini,
			 const struct folder *f);

/**
 * sites_of_run - the same, of the kernel that the run has recorded
 * @f: the run; it has to outlive the sites
 * @s: set to the sites, or to NULL if the run has no callsites.json
 *
 * Return: 0, or -1 with one error printed.
 */
int sites_of_run(const struct folder *f, struct sites **s);

/** sites_free - NULL is allowed. */
void sites_free(struct sites *s);

/**
 * sites_complete - every site is covered, or sites.ini says why it is not, and
 * none has failed
 */
bool sites_complete(const struct sites *s);

/** sites_print - the table. */
void sites_print(const struct sites *s, FILE *out);

/** sites_json - as docs/results.md describes; json_decref() it. */
json_t *sites_json(const struct sites *s);

/** sites_write - sites.json. Return: 0, or -1 with one error printed. */
int sites_write(const struct sites *s, const char *path);

#endif
