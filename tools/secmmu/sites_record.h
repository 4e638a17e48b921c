/* SPDX-License-Identifier: GPL-2.0-only */
/* The call sites of a run's kernel, found in its source. */
#ifndef SECMMU_SITES_RECORD_H
#define SECMMU_SITES_RECORD_H

/**
 * sites_record - find the call sites of a run's kernel, write callsites.json
 * @dir: the results folder, with its manifest.json
 * @src, @version: as for source_get(); both NULL: what the manifest names
 *
 * What the run has fired is judged by this list, so that its report can be made
 * again where there is no source.
 *
 * Return: a status, with one error printed.
 */
int sites_record(const char *dir, const char *src, const char *version);

#endif
