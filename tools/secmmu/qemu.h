/* SPDX-License-Identifier: GPL-2.0-only */
/* The QEMU binary: is it there, how is it called, start and end of it. */
#ifndef SECMMU_QEMU_H
#define SECMMU_QEMU_H

#include <stdbool.h>
#include <sys/types.h>

#include "boot.h"
#include "qemu_jail.h"

#define QEMU_MIN_MAJOR	7
#define QEMU_MIN_MINOR	2

struct qemu_info {
	char *path;
	char version[32];	/* "7.2.22" */
	bool sandbox;		/* built with seccomp */
	struct jail jail;	/* as whom it runs */
};

/**
 * qemu_probe - find QEMU and ask for its version
 * @q: set on success; qemu_info_free() it
 *
 * SECMMU_QEMU names another binary than qemu-system-x86_64. Prints errors.
 *
 * Return: ST_OK; ST_USAGE if it is missing, no QEMU, too old or cannot be run
 * by the user it is to run as (jail_find()); ST_INTR.
 */
int qemu_probe(struct qemu_info *q);

void qemu_info_free(struct qemu_info *q);

/** qemu_parse_version - from what -version prints. Return: 0, -1 if it is none. */
int qemu_parse_version(const char *text, char version[32], unsigned int *major,
		       unsigned int *minor);

#define QEMU_KILL_S 3		/* after boot_stop() has waited for longer */

/* Our ends of the channels; all are non-blocking. */
struct qemu {
	pid_t pid;		/* 0 once it has been reaped */
	int pidfd;		/* readable when it has ended; -1 if there is none */
	int console, frames, qmp;
	int errors;		/* what it writes to stdout and stderr */
	int wait_status;	/* as of waitpid(), once reaped */
	char *command;		/* quoted for a shell */
};

/**
 * qemu_start - start QEMU for a boot
 * @q: set; qemu_close() it in any case
 * @why: set to one line on failure; free() it
 *
 * The channels are inherited socket pairs: no path for others to open. Kernel
 * and initrd are inherited as well, so that QEMU needs no right to their
 * folders; the paths in @q->command are those of @spec. QEMU dies with us,
 * however we die, and leads a process group of its own.
 *
 * Return: 0 or -1.
 */
int qemu_start(struct qemu *q, const struct qemu_info *info,
	       const struct boot_spec *spec, char **why);

/** qemu_reap - collect the status of an ended QEMU. Return: whether it ended. */
bool qemu_reap(struct qemu *q);

/**
 * qemu_kill - kill and reap what still runs
 *
 * Nothing says how long a process that waits for a disk or a driver takes to die:
 * after QEMU_KILL_S seconds it is given up.
 *
 * Return: 0; or -1 if it is left behind, and @q->pid still is its number.
 */
int qemu_kill(struct qemu *q);

/** qemu_close - qemu_kill(), and close the channels. */
void qemu_close(struct qemu *q);

#endif
