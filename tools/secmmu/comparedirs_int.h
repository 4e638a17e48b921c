/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the comparedirs*.c only. */
#ifndef SECMMU_COMPAREDIRS_INT_H
#define SECMMU_COMPAREDIRS_INT_H

#include "comparedirs.h"
#include "util.h"

/** dirs_note - add a sentence to @d->notes. */
void dirs_note(struct dirs *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** dirs_differences - fill in @d->differences from the manifests, and notes. */
void dirs_differences(struct dirs *d);

/** dirs_differ_in - whether @what is one of them. */
bool dirs_differ_in(const struct dirs *d, const char *what);

/** dirs_refuse - -1 with an error printed if the runs cannot be compared. */
int dirs_refuse(const struct dirs *d);

/** dirs_counts - fill in @d->counts, of all arms that both runs have. */
void dirs_counts(struct dirs *d);

#endif
