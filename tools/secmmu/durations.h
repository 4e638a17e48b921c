/* SPDX-License-Identifier: GPL-2.0-only */
/* How long each step of the build took last time, for estimates. */
#ifndef SECMMU_DURATIONS_H
#define SECMMU_DURATIONS_H

/** durations_get - seconds that step @name took last time, else @fallback. */
unsigned int durations_get(const char *name, unsigned int fallback);

/** durations_set - remember it, in the cache; a failure does not matter. */
void durations_set(const char *name, unsigned int seconds);

#endif
