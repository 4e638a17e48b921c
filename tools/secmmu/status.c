// SPDX-License-Identifier: GPL-2.0-only
#include "status.h"

#include <string.h>

static const char *const names[] = {
	[STATUS_PASS] = "PASS",
	[STATUS_SKIP] = "SKIP",
	[STATUS_MISS] = "MISS",
	[STATUS_ERROR] = "ERROR",
	[STATUS_FAIL] = "FAIL",
};

const char *status_name(enum status s)
{
	return names[s];
}

int status_parse(const char *name, enum status *s)
{
	for (int i = STATUS_PASS; i <= STATUS_FAIL; i++) {
		if (strcmp(name, names[i]))
			continue;
		*s = (enum status)i;
		return 0;
	}
	return -1;
}

/* The enum is in order of gravity. */
enum status status_worst(enum status a, enum status b)
{
	return a > b ? a : b;
}
