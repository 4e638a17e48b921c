// SPDX-License-Identifier: GPL-2.0-only
#include "formats.h"

#include <stdlib.h>
#include <string.h>

#include "outcomes.h"
#include "summary.h"
#include "util.h"

static int write_into(const char *dir, const char *name, const char *text,
		      size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	int ret = write_file(path, text, len);

	free(path);
	return ret;
}

static int write_text(const char *dir, const char *name,
		      void (*print)(FILE *f, const struct outcomes *o),
		      const struct outcomes *o)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f)
		abort();
	print(f, o);
	fclose(f);
	ret = write_into(dir, name, text, len);
	free(text);
	return ret;
}

static int write_kcidb(const struct summary *s, const char *dir,
		       const struct outcomes *o)
{
	json_t *j = kcidb_json(s, o);
	char *text = json_dumps(j, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
	char *line = xasprintf("%s\n", text ? text : "");
	int ret = text ? write_into(dir, "kcidb.json", line, strlen(line)) : -1;

	if (!text)
		err("cannot make %s/kcidb.json: out of memory", dir);
	free(line);
	free(text);
	json_decref(j);
	return ret;
}

int formats_write(const struct summary *s, const char *dir)
{
	struct outcomes o;
	int ret;

	if (outcomes_load(&s->folder, &o))
		return ST_HARNESS;
	ret = write_text(dir, "results.ktap", ktap_print, &o) ||
	      write_text(dir, "junit.xml", junit_print, &o) ||
	      write_kcidb(s, dir, &o);
	outcomes_free(&o);
	return ret ? ST_HARNESS : ST_OK;
}
