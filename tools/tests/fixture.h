/* SPDX-License-Identifier: GPL-2.0-only */
/* Files below tests/fixtures, found from the test's own binary. */
#ifndef SECMMU_TESTS_FIXTURE_H
#define SECMMU_TESTS_FIXTURE_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* BUILD/tests/test_x stands beside tests/. free() it. */
static inline char *fixture_path(const char *name)
{
	char exe[PATH_MAX] = "";

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		abort();
	*strrchr(exe, '/') = '\0';
	return xasprintf("%s/../../tests/fixtures/%s", exe, name);
}

/* The contents, NUL-terminated; free() them. */
static inline char *fixture_read(const char *name, size_t *len)
{
	char *path = fixture_path(name);
	char *data = read_file(path, len);

	if (!data)
		abort();
	free(path);
	return data;
}

#endif
