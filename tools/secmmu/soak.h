/* SPDX-License-Identifier: GPL-2.0-only */
/* Boots until the time is over, or one of them fails. */
#ifndef SECMMU_SOAK_H
#define SECMMU_SOAK_H

#include <stdbool.h>

/** soak_failed - whether boot @number is in @dir, and did not pass. */
bool soak_failed(const char *dir, unsigned int number);

/**
 * soak_count - the boots that a results folder has
 * @dir: the folder
 * @failed: set to the number of the first that did not pass, or -1
 *
 * Return: how many there are, numbered from 0 without a gap.
 */
unsigned int soak_count(const char *dir, int *failed);

#endif
