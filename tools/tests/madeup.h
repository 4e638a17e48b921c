/* SPDX-License-Identifier: GPL-2.0-only */
/* For unit tests: results folders that mkresults makes up, and changes to them. */
#ifndef SECMMU_TESTS_MADEUP_H
#define SECMMU_TESTS_MADEUP_H

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* mkresults stands beside the test. @args: more of its options. */
static inline void make_up(const char *dir, unsigned int seed, const char *args)
{
	char exe[PATH_MAX] = "", *command;

	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	*strrchr(exe, '/') = '\0';
	command = xasprintf("%s/mkresults --seed %u %s %s", exe, seed, args, dir);
	assert_int_equal(system(command), 0);
	free(command);
}

/* Set @key of the object @object (or of the whole, if NULL) in a JSON file. */
static inline void edit(const char *path, const char *object, const char *key,
			const char *value)
{
	json_t *j = json_load_file(path, 0, NULL);
	json_t *o = object ? json_object_get(j, object) : j;

	assert_non_null(j);
	if (!o) {
		o = json_object();
		json_object_set_new(j, object, o);
	}
	json_object_set_new(o, key, json_loads(value, JSON_DECODE_ANY, NULL));
	assert_int_equal(json_dump_file(j, path, JSON_INDENT(1)), 0);
	json_decref(j);
}

#endif
