/* SPDX-License-Identifier: GPL-2.0-only */
/* What the selftests that run natively have measured. */
#ifndef SECMMU_NATIVE_TIMES_H
#define SECMMU_NATIVE_TIMES_H

#include <jansson.h>
#include <stdio.h>

/**
 * native_times_read - a program's samples, as a measurement for each of its events
 * @path: the sample file (contract 3); one that is not there has none
 * @test: the program's name in its plan
 * @list: an array; objects as docs/results.md describes them are added
 *
 * Return: NULL, or what is wrong with the file; free() it.
 */
char *native_times_read(const char *path, const char *test, json_t *list);

/** native_times_print - as a table for people; nothing of an empty @list. */
void native_times_print(const json_t *list, FILE *out);

#endif
