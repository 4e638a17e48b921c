/* SPDX-License-Identifier: GPL-2.0-only */
/* What a machine is good for: judging what was found out about it. */
#ifndef SECMMU_DOCTOR_H
#define SECMMU_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accel.h"
#include "host.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,		/* a run is possible; mind this */
	DOCTOR_NO,		/* it is not */
};

struct doctor_line {
	enum doctor_state state;
	const char *what;	/* one word */
	char *text;		/* one line: what there is, and what to do */
};

struct doctor {
	struct doctor_line *v;
	size_t n;
};

/** doctor_state_name - "ok", "note" or "no". */
const char *doctor_state_name(enum doctor_state s);

/** doctor_add - one more line; @what is not copied */
void doctor_add(struct doctor *d, enum doctor_state state, const char *what,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

void doctor_free(struct doctor *d);

/** doctor_missing - how many lines say no. */
size_t doctor_missing(const struct doctor *d);

/**
 * doctor_cpus - as many boots of the icount clock run at a time
 * @quota: CPUs' time that a control group allows; 0: all
 * @load: processes that want to run, the average of a minute
 */
void doctor_cpus(struct doctor *d, unsigned int cpus, double quota,
		 double load);

/**
 * doctor_memory - for guests
 * @free_mb: what programs may still take, a control group's limit considered
 * @guest_mb: of one guest
 * @guests: at a time
 */
void doctor_memory(struct doctor *d, uint64_t free_mb, unsigned int guest_mb,
		   unsigned int guests);

/** doctor_disk - for a folder; all in MiB. @hint: what to do if there is none */
void doctor_disk(struct doctor *d, const char *what, const char *dir,
		 uint64_t free_mb, uint64_t need_mb, const char *hint);

/** doctor_accel - what it means that a guest runs in this way. */
void doctor_accel(struct doctor *d, const struct accel_choice *accel);

/** doctor_settings - the @n @noises that host_noise() has found */
void doctor_settings(struct doctor *d, const struct host_noise *noises, size_t n);

/**
 * doctor_emulator - what to expect of QEMU's emulation of a virtualizing CPU
 * @version: of QEMU, "7.2.22"
 */
void doctor_emulator(struct doctor *d, const struct accel_choice *accel,
		     const char *version);

/**
 * doctor_packages - what tools/setup.sh --missing says
 * @missing: names, separated by blanks; "" if there are none
 * @root: whether we may install
 */
void doctor_packages(struct doctor *d, const char *missing, bool root);

#endif
