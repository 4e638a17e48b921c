/* SPDX-License-Identifier: GPL-2.0-only */
/* Boots until the time is over, or one of them fails. */
#ifndef SECMMU_SOAK_H
#define SECMMU_SOAK_H

enum soak_end {
	SOAK_PASSED,	/* or it is not there */
	SOAK_LOST,	/* nothing failed but guests that the emulator lost */
	SOAK_FAILED,
};

/** soak_boot - how boot @number of @dir ended. */
enum soak_end soak_boot(const char *dir, unsigned int number);

/**
 * soak_count - the boots that a results folder has
 * @dir: the folder
 * @failed: set to the number of the first that failed, or -1
 *
 * Return: how many there are, numbered from 0 without a gap.
 */
unsigned int soak_count(const char *dir, int *failed);

/**
 * soak_lost - how many of the first @n boots of @dir lost a guest to the emulator
 *
 * Those in which nothing else failed.
 */
unsigned int soak_lost(const char *dir, unsigned int n);

#endif
