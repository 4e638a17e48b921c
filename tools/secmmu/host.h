/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine a run is on: settings that its times depend on, or scatter by. */
#ifndef SECMMU_HOST_H
#define SECMMU_HOST_H

#include <jansson.h>
#include <stddef.h>

/* As many kinds of noise are known. */
#define HOST_NOISES 5

struct host_noise {
	char what[64];		/* "governor powersave" */
	const char *why;	/* what that does to times */
};

/** host_cpus - how many CPUs are online; at least 1. */
unsigned int host_cpus(void);

/**
 * host_read - how the machine is set, and how busy it is
 * @root: what /proc and /sys are below; "" for this machine
 *
 * Text that is not there, or none of what the kernel writes there, is "unknown",
 * and a number is null: machines differ in what they have, so nothing is an error.
 *
 * Return: an object as docs/results.md describes it; json_decref() it.
 */
json_t *host_read(const char *root);

/**
 * host_noise - what makes the wall clock's times scatter
 * @host: as host_read() has made it, or a manifest's, which may lack any of it
 * @cpus: the machine's, as host_cpus() counts them; 0: not known
 * @guest_cpus: those of all guests at a time
 * @v: filled in
 *
 * The icount clock does not mind any of it: don't ask for a run of that.
 *
 * Return: how many there are.
 */
size_t host_noise(const json_t *host, unsigned int cpus, unsigned int guest_cpus,
		  struct host_noise v[HOST_NOISES]);

#endif
