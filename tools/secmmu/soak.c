// SPDX-License-Identifier: GPL-2.0-only
#include "soak.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bootrun.h"
#include "plan.h"
#include "status.h"
#include "util.h"

/* Of a boot.json that cannot be read nobody knows. */
static bool passed(const char *boot)
{
	char *path = xasprintf("%s/boot.json", boot);
	json_t *j = json_load_file(path, 0, NULL);
	const char *status = json_string_value(json_object_get(j, "status"));
	bool ok = status && !strcmp(status, status_name(STATUS_PASS));

	json_decref(j);
	free(path);
	return ok;
}

bool soak_failed(const char *dir, unsigned int number)
{
	char *boot = bootrun_dir(dir, number);
	bool failed = path_exists(boot) && !passed(boot);

	free(boot);
	return failed;
}

unsigned int soak_count(const char *dir, int *failed)
{
	unsigned int n;

	*failed = -1;
	for (n = 0; n < PLAN_BOOTS_MAX; n++) {
		char *boot = bootrun_dir(dir, n);
		bool there = path_exists(boot);

		free(boot);
		if (!there)
			break;
		if (*failed < 0 && soak_failed(dir, n))
			*failed = (int)n;
	}
	return n;
}
