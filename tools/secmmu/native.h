/* SPDX-License-Identifier: GPL-2.0-only */
/* Selftests on this machine's own kernel, through its own /dev/kvm. */
#ifndef SECMMU_NATIVE_H
#define SECMMU_NATIVE_H

#include "plan.h"

#define NATIVE_SCHEMA 1

/**
 * native_run - run a plan's programs here, one after the other, once each
 * @p: the plan; its arms, boots and clock mean nothing here
 * @tests: folder of the programs
 * @logs: folder for a log and the samples of each program, and native.json, a
 *	summary of these as docs/results.md describes it; made if missing
 *
 * Prints a line for every result, a table of the times, and a last line that
 * counts the results. A program that takes longer than its timeout is killed.
 *
 * Return: ST_OK; ST_FAIL if a result is neither PASS nor SKIP; ST_HARNESS;
 * ST_INTR.
 */
int native_run(const struct plan *p, const char *tests, const char *logs);

#endif
