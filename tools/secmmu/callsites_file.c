// SPDX-License-Identifier: GPL-2.0-only
/* callsites.json: the call sites of a run's kernel, kept with the run. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "callsites.h"
#include "jsonio.h"
#include "util.h"

#define SCHEMA 1

/* The names there are; a callsite points at one of them. */
static const char *const calls[] = {
	"invalidate", "clear_flush_young", "clear_young", "test_young",
};

static const char *find_call(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i], name))
			return calls[i];
	return NULL;
}

static int read_site(const json_t *j, struct callsite *c)
{
	const char *file, *function, *call;
	int line;

	if (json_unpack((json_t *)j, "{s:s, s:s, s:s, s:i}", "file", &file,
			"function", &function, "call", &call, "line", &line) ||
	    line < 1 || !find_call(call))
		return -1;
	*c = (struct callsite){
		xstrdup(file), xstrdup(function), find_call(call),
		(unsigned int)line,
	};
	return 0;
}

static int read_list(const json_t *j, struct callsites *out)
{
	const char *kernel;
	json_t *sites, *site;
	int schema;
	size_t i;

	if (json_unpack((json_t *)j, "{s:i, s:s, s:o}", "schema", &schema,
			"kernel", &kernel, "sites", &sites) ||
	    schema != SCHEMA || !json_array_size(sites))
		return -1;
	out->kernel = xstrdup(kernel);
	out->v = xcalloc(json_array_size(sites), sizeof(*out->v));
	json_array_foreach(sites, i, site) {
		if (read_site(site, &out->v[i]))
			return -1;
		out->n++;
	}
	return 0;
}

int callsites_read(const char *path, struct callsites *out)
{
	json_error_t e;
	json_t *j = json_load_file(path, 0, &e);
	int ret = -1;

	*out = (struct callsites){ 0 };
	if (!j) {
		err("%s:%d: %s", path, e.line, e.text);
		return -1;
	}
	ret = read_list(j, out);
	if (ret) {
		err("%s: not a list of call sites: remove it, secmmu sites makes it again",
		    path);
		callsites_free(out);
	}
	json_decref(j);
	return ret;
}

int callsites_write(const struct callsites *c, const char *path)
{
	json_t *sites = json_array(), *j;
	int ret = -1;

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(sites, json_pack("{s:s, s:s, s:s, s:i}",
			"file", c->v[i].file, "function", c->v[i].function,
			"call", c->v[i].call, "line", (int)c->v[i].line));
	j = json_pack("{s:i, s:s, s:o}", "schema", SCHEMA, "kernel",
		      c->kernel ? c->kernel : "", "sites", sites);
	ret = jsonio_write(j, path, JSON_INDENT(1));
	json_decref(j);
	return ret;
}
