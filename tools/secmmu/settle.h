/* SPDX-License-Identifier: GPL-2.0-only */
/* Clock, CPUs and boots at a time: they follow from plan, accelerator and machine. */
#ifndef SECMMU_SETTLE_H
#define SECMMU_SETTLE_H

#include <sched.h>
#include <stdbool.h>

#include "boot.h"
#include "plan.h"
#include "share.h"

struct settled {
	enum boot_clock clock;
	unsigned int cpus;	/* of a guest */
	unsigned int jobs;	/* boots at a time */
	bool pin;		/* each vCPU to a CPU of the share */
	struct share share;	/* of the CPUs, with the wall clock */
};

/**
 * settle - decide them
 * @tcg: the guest is emulated
 * @jobs: boots at a time, as the user wrote it, or NULL
 * @pin: auto, yes or no, as the user wrote it, or NULL for auto
 * @usable: the CPUs that secmmu may use
 * @sys: where they are described: /sys/devices/system/cpu
 * @out: set; share_free(&@out->share) in any case
 *
 * Instructions are counted alike on a busy machine, time is not: with the wall
 * clock there is one boot at a time unless @jobs says otherwise. A plan that
 * compares figures then needs CPUs for each boot that no other one uses. vCPUs
 * are pinned, unless @pin says otherwise, where time is measured (not emulated)
 * and there is a CPU for each.
 *
 * Return: ST_OK, or ST_USAGE after a message.
 */
int settle(const struct plan *p, bool tcg, const char *jobs, const char *pin,
	   const cpu_set_t *usable, const char *sys, struct settled *out);

#endif
