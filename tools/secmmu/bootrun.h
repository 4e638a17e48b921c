/* SPDX-License-Identifier: GPL-2.0-only */
/* One boot of a plan, from QEMU's start to a whole boot-NNN folder. */
#ifndef SECMMU_BOOTRUN_H
#define SECMMU_BOOTRUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "boot.h"
#include "plan.h"
#include "share.h"

struct bootrun {
	const struct plan *plan;
	const struct accel_choice *accel;
	enum boot_clock clock;
	unsigned int cpus;
	uint64_t seed;
	const char *run;		/* resume_run_id(), for boot.json */
	const char *qemu_version;
	unsigned int number;		/* of the boot, from 0 */
	unsigned int total;		/* boots of the run, for progress lines */
	const char *kernel;		/* bzImage or vmlinux */
	const char *initrd;
	const char *system_map;
	const char *results;		/* the run's folder */
	const char *append;		/* added to the kernel's command line, or NULL */
	/* What else the kernel was made of, for the command that repeats the run; NULL */
	const char *kernel_version, *prefix, *control;
	const json_t *host;		/* host_read(), for the manifest; or NULL */
	enum vmcore_format vmcore;	/* of a guest that panics or hangs */
	struct share share;		/* of the machine's CPUs, with the wall clock */
	unsigned int slot;		/* of the boot, in @share */
	bool pin;			/* vCPUs, to CPUs of the share */
	bool perf;			/* each test once more, under perf record */
};

/**
 * bootrun_dir - "RESULTS/boot-NNN" of boot @number; free() it
 */
char *bootrun_dir(const char *results, unsigned int number);

/**
 * bootrun_do - run one boot, leave its folder in the results
 *
 * The folder appears by rename when it is whole, also when tests failed or
 * the guest was lost: boot.json tells. After an interruption there is none. After
 * an error of the host (disk full, no QEMU) there is failed-NNN instead, with the
 * logs and without boot.json, which nothing reads.
 *
 * Return: ST_OK if all passed or were skipped; ST_FAIL if a test failed, broke
 * or gave no result, or the kernel complained; ST_HARNESS; ST_INTR.
 */
int bootrun_do(const struct bootrun *r);

#endif
