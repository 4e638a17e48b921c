// SPDX-License-Identifier: GPL-2.0-only
/* Durations of the build's steps: see durations.h. */
#include "durations.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static char *file_name(void)
{
	return xasprintf("%s/build/durations.json", cache_dir());
}

static json_t *load(const char *path)
{
	json_t *j = json_load_file(path, 0, NULL);

	if (json_is_object(j))
		return j;
	json_decref(j);
	return json_object();
}

unsigned int durations_get(const char *name, unsigned int fallback)
{
	char *path = file_name();
	json_t *j = load(path);
	json_t *v = json_object_get(j, name);

	if (json_is_integer(v) && json_integer_value(v) >= 0 &&
	    json_integer_value(v) < 86400)
		fallback = (unsigned int)json_integer_value(v);
	json_decref(j);
	free(path);
	return fallback;
}

void durations_set(const char *name, unsigned int seconds)
{
	char *path = file_name();
	json_t *j = load(path);
	char *text;

	json_object_set_new(j, name, json_integer(seconds));
	text = json_dumps(j, JSON_INDENT(2) | JSON_SORT_KEYS);
	if (text)
		write_file(path, text, strlen(text));
	free(text);
	json_decref(j);
	free(path);
}
