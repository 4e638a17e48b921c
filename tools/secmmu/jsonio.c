// SPDX-License-Identifier: GPL-2.0-only
#include "jsonio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

int jsonio_write(const json_t *j, const char *path, size_t flags)
{
	char *text = j ? json_dumps(j, flags) : NULL;
	int ret = -1;

	if (text)
		ret = write_file(path, text, strlen(text));
	else
		err("cannot make %s", path);
	free(text);
	return ret;
}

json_t *jsonio_number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

const char *jsonio_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}
