/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of secmmu compare: read, kept in the manifest, taken from it. */
#ifndef SECMMU_COMPARE_OPTS_H
#define SECMMU_COMPARE_OPTS_H

#include <jansson.h>

#include "kernel.h"

/* As given; NULL: not given. The strings are argv's, or the manifest's. */
struct compare_opts {
	const char *plan, *arms, *boots, *clock, *events, *accel, *seed;
	const char *jobs, *cpus, *pin, *results, *append, *vmcore, *lane, *resume, *minutes, *boot;
	struct kernel_opts kernel;
	bool perf;		/* each test once more, under perf */
	bool only_arms;		/* build no other arm than those of the run */
	bool json;		/* progress as JSON, on standard output */
};

/**
 * compare_opts_parse - read the command line
 *
 * Return: ST_OK; ST_USAGE with an error printed; -1 if help was asked for and
 * there is nothing more to do.
 */
int compare_opts_parse(int argc, char **argv, struct compare_opts *o);

/**
 * compare_opts_save - those that make a run what it is, as they were given
 *
 * Paths become absolute. Return: a new reference.
 */
json_t *compare_opts_save(const struct compare_opts *o);

/**
 * compare_opts_restore - take what is not given from a manifest
 * @manifest: must outlive @o
 */
void compare_opts_restore(struct compare_opts *o, const json_t *manifest);

#endif
