/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of this machine's CPUs each of several boots at a time has for itself. */
#ifndef SECMMU_SHARE_H
#define SECMMU_SHARE_H

#include <sched.h>

struct share {
	unsigned int boots;	/* at a time */
	unsigned int cpus;	/* that each has for itself; 0: all share all */
	unsigned int *of;	/* @boots * @cpus CPUs: those of boot I from I * @cpus on */
	unsigned int *core;	/* of each of them, a number */
};

/**
 * share_make - divide a machine's CPUs
 * @sys: where they are described: /sys/devices/system/cpu
 * @usable: those to divide
 * @boots: at a time, at least 1
 * @out: set; share_free() it
 *
 * The CPUs of a core go to one boot, since two that share a core disturb each
 * other's clock, and cores that are neighbours stay together. All boots get the
 * same number. With fewer cores than boots nobody gets a CPU to itself.
 */
void share_make(const char *sys, const cpu_set_t *usable, unsigned int boots,
		struct share *out);

/** share_free - free what @s points to. */
void share_free(struct share *s);

/**
 * share_take - keep this process, and those it starts, to the share of a boot
 * @slot: which of the boots that run now, from 0
 *
 * Does nothing if all share all, or if there is one boot at a time.
 *
 * Return: 0, or -1 after a message.
 */
int share_take(const struct share *s, unsigned int slot);

/**
 * share_spread - CPUs for the vCPUs of a boot's guest, one each
 * @slot: which of the boots that run now, from 0
 * @n: vCPUs
 *
 * Those of different cores come first.
 *
 * Return: @n CPUs of the share, to be freed; NULL if it has not that many.
 */
unsigned int *share_spread(const struct share *s, unsigned int slot,
			   unsigned int n);

#endif
