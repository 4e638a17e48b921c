/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that the kernel build runs, with their output in a log. */
#ifndef SECMMU_RUN_H
#define SECMMU_RUN_H

#include <stdbool.h>

struct run {
	const char *what;	/* for messages: "the base kernel" */
	const char *cwd;	/* or NULL */
	const char *log;	/* emptied first */
	bool quiet;
	unsigned int expect_s;
	int failed;		/* the status to return when it fails */
};

/**
 * run - run a command to its end
 * @r: how
 * @argv: what, ended by NULL
 *
 * Prints one line when it fails: @what, the first error in the log, the log's
 * path; and another one for a full disk.
 *
 * Return: ST_OK, @failed, ST_USAGE (disk full), ST_HARNESS or ST_INTR.
 */
int run(const struct run *r, char *const *argv);

/** run_argv - as run(), the command being the arguments up to NULL. */
int run_args(const struct run *r, ...) __attribute__((sentinel));

#endif
