/* SPDX-License-Identifier: GPL-2.0-only */
/* The call sites that another run has fired, kept with a run: beside.json. */
#ifndef SECMMU_SITES_BESIDE_H
#define SECMMU_SITES_BESIDE_H

struct sites;

/**
 * sites_beside_write - keep with a run what another one has fired
 * @dir: the run; it has its callsites.json
 * @other: the folder of the other run, of the same kernel
 *
 * Return: a status, with one error printed.
 */
int sites_beside_write(const char *dir, const char *other);

/**
 * sites_beside_read - the beside.json of @s's run, if it has one, into @s
 *
 * Return: 0, or -1 with one error printed.
 */
int sites_beside_read(struct sites *s);

/** sites_beside_free - what sites_beside_read() has made. */
void sites_beside_free(struct sites *s);

#endif
