// SPDX-License-Identifier: GPL-2.0-only
#include "sites_beside.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
#include "sites_int.h"
#include "util.h"

#define SCHEMA 1

static char *beside_path(const char *dir)
{
	return xasprintf("%s/beside.json", dir);
}

/* Writing. */

static json_t *hits(const struct sites *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->found.n; i++) {
		const struct site_row *r = &s->v[i];

		for (size_t k = 0; k < r->n_hits; k++) {
			const struct site_hit *h = &r->hits[k];

			json_array_append_new(list, json_pack(
				"{s:s, s:s, s:s, s:s, s:s, s:I, s:s}",
				"file", r->site->file,
				"function", r->site->function,
				"call", r->site->call, "test", h->test,
				"arm", s->folder->series[h->arm].arm,
				"calls", (json_int_t)h->calls,
				"status", status_name(h->status)));
		}
	}
	return list;
}

static int write_hits(const struct sites *s, const char *dir)
{
	const char *run = strrchr(s->folder->dir, '/');
	char *path = beside_path(dir);
	json_t *j = json_pack("{s:i, s:s, s:s, s:s, s:I, s:o}", "schema", SCHEMA,
			      "plan", s->folder->plan,
			      "run", run ? run + 1 : s->folder->dir,
			      "kernel", s->found.kernel ? s->found.kernel : "",
			      "lost_events", (json_int_t)s->folder->lost_events,
			      "hits", hits(s));
	int ret = jsonio_write(j, path, JSON_INDENT(1)) ? ST_HARNESS : ST_OK;

	json_decref(j);
	free(path);
	return ret;
}

static bool same_kernel(const char *dir, const struct sites *other)
{
	char *path = xasprintf("%s/callsites.json", dir);
	struct callsites c;
	bool same = false;

	if (!callsites_read(path, &c)) {
		same = c.kernel && other->found.kernel &&
		       !strcmp(c.kernel, other->found.kernel);
		if (!same)
			err("%s is of another kernel (%s) than %s (%s): run both with one",
			    other->folder->dir, other->found.kernel, dir,
			    c.kernel);
		callsites_free(&c);
	}
	free(path);
	return same;
}

int sites_beside_write(const char *dir, const char *other)
{
	struct sites *s = NULL;
	int ret = ST_USAGE;
	struct folder f;

	if (folder_load(other, &f))
		return ST_USAGE;
	if (!sites_of_run(&f, &s)) {
		if (!s)
			err("%s: no callsites.json there: secmmu sites %s makes it",
			    other, other);
		else if (same_kernel(dir, s))
			ret = write_hits(s, dir);
	}
	sites_free(s);
	folder_free(&f);
	return ret;
}

/* Reading. */

static struct site_row *find_row(struct sites *s, const char *file,
				 const char *function, const char *call)
{
	for (size_t i = 0; i < s->found.n; i++) {
		const struct callsite *c = s->v[i].site;

		if (!strcmp(c->function, function) && !strcmp(c->call, call) &&
		    !strcmp(c->file, file))
			return &s->v[i];
	}
	return NULL;
}

static int read_hit(struct sites *s, json_t *j)
{
	const char *file, *function, *call, *test, *arm, *status;
	struct beside_hit *h;
	struct site_row *r;
	enum status ended;
	json_int_t calls;

	if (json_unpack(j, "{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "file", &file,
			"function", &function, "call", &call, "test", &test,
			"arm", &arm, "calls", &calls, "status", &status))
		return -1;
	r = find_row(s, file, function, call);
	if (!r || status_parse(status, &ended) || calls < 1)
		return -1;
	r->beside = xrealloc(r->beside, (r->n_beside + 1) * sizeof(*h));
	h = &r->beside[r->n_beside++];
	*h = (struct beside_hit){ xstrdup(test), xstrdup(arm), (uint64_t)calls,
				  ended };
	r->beside_calls += h->calls;
	return 0;
}

static int read_all(struct sites *s, json_t *j)
{
	const char *plan, *run;
	json_t *list, *hit;
	json_int_t lost;
	int schema;
	size_t i;

	if (json_unpack(j, "{s:i, s:s, s:s, s:I, s:o}", "schema", &schema,
			"plan", &plan, "run", &run, "lost_events", &lost,
			"hits", &list) || schema != SCHEMA || lost < 0)
		return -1;
	s->beside_lost = (uint64_t)lost;
	s->beside_plan = xstrdup(plan);
	s->beside_run = xstrdup(run);
	json_array_foreach(list, i, hit)
		if (read_hit(s, hit))
			return -1;
	return 0;
}

int sites_beside_read(struct sites *s)
{
	char *path = beside_path(s->folder->dir);
	json_error_t e;
	json_t *j;
	int ret = 0;

	if (path_exists(path)) {
		j = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
		ret = j ? read_all(s, j) : -1;
		if (ret)
			err("%s: not what another run has fired of these call sites: remove it",
			    path);
		json_decref(j);
	}
	free(path);
	return ret;
}

void sites_beside_free(struct sites *s)
{
	for (size_t i = 0; s->v && i < s->found.n; i++) {
		for (size_t k = 0; k < s->v[i].n_beside; k++) {
			free(s->v[i].beside[k].test);
			free(s->v[i].beside[k].arm);
		}
		free(s->v[i].beside);
	}
	free(s->beside_plan);
	free(s->beside_run);
}
