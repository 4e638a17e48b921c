// SPDX-License-Identifier: GPL-2.0-only
/* The table of call sites, and sites.json: see sites_int.h. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sites_int.h"
#include "strs.h"
#include "util.h"

#define WIDTH 100
#define INDENT 6

static const char *const states[] = {
	[SITE_COVERED] = "covered",
	[SITE_FAILED] = "failed",
	[SITE_LATER] = "later",
	[SITE_EXPLAINED] = "explained",
	[SITE_UNCOVERED] = "uncovered",
};

/* Words below one another, within the width. */
static void wrap(FILE *out, const char *text)
{
	struct strs words = strs_split(text, " \t\n");
	size_t col = WIDTH, len;

	for (size_t i = 0; i < words.n; i++) {
		len = strlen(words.v[i]);
		if (col + 1 + len > WIDTH) {
			fprintf(out, "%s%*s", i ? "\n" : "", INDENT, "");
			col = INDENT;
		} else {
			fputc(' ', out);
			col++;
		}
		fputs(words.v[i], out);
		col += len;
	}
	fputc('\n', out);
	strs_free(&words);
}

/* The row's events that fired it first, or @later, that ended as @status. */
static char *list_events(const struct site_row *r, enum status status, bool later)
{
	struct strs events = { 0 };
	char *text;

	for (size_t i = 0; i < r->n_hits; i++) {
		const struct site_hit *h = &r->hits[i];
		const char *name = *h->event ? h->event : h->test;

		if (h->status == status && !h->first == later &&
		    !strs_has(&events, name))
			strs_add(&events, name, strlen(name));
	}
	text = strs_join(&events);
	strs_free(&events);
	return text;
}

static char *list_arms(const struct sites *s, const struct site_row *r,
		       enum status status)
{
	struct strs arms = { 0 };
	char *text;

	for (size_t a = 0; a < s->folder.n_arms; a++) {
		for (size_t i = 0; i < r->n_hits; i++) {
			if (r->hits[i].arm != a || r->hits[i].status != status ||
			    !r->hits[i].first)
				continue;
			strs_add(&arms, s->folder.series[a].arm,
				 strlen(s->folder.series[a].arm));
			break;
		}
	}
	text = strs_join(&arms);
	strs_free(&arms);
	return text;
}

static void print_hits(const struct sites *s, const struct site_row *r,
		       FILE *out)
{
	for (int k = 0; k < STATUSES; k++) {
		char *events = list_events(r, (enum status)k, false);
		char *arms = list_arms(s, r, (enum status)k);
		char *text = xasprintf("%s in %s: %s", status_name((enum status)k),
				       arms, events);

		if (*events)
			wrap(out, text);
		free(text);
		free(arms);
		free(events);
	}
}

static void print_later(const struct site_row *r, FILE *out)
{
	char *events = list_events(r, STATUS_PASS, true);
	char *text = xasprintf("only where another had just taken the memory away, or where no oracle looks: %s",
			       events);

	wrap(out, text);
	free(text);
	free(events);
}

static void print_row(const struct sites *s, size_t i, FILE *out)
{
	const struct site_row *r = &s->v[i];
	char *name = xasprintf("%s:%s", r->site->file, r->site->function);

	fprintf(out, "%4zu  %-50s %-17s %9" PRIu64 " %9" PRIu64 "  %s\n", i + 1,
		name, r->site->call, r->first, r->calls, states[r->state]);
	free(name);
	print_hits(s, r, out);
	if (r->state == SITE_LATER)
		print_later(r, out);
	if (r->state == SITE_EXPLAINED)
		wrap(out, r->why);
}

void sites_print(const struct sites *s, FILE *out)
{
	fprintf(out, "%4s  %-50s %-17s %9s %9s  %s\n", "nr", "site", "call",
		"first", "calls", "state");
	for (size_t i = 0; i < s->found.n; i++)
		print_row(s, i, out);
	for (size_t i = 0; i < s->n_strangers; i++)
		fprintf(out, "%4s  %-50s %-17s %9s %9" PRIu64 "  %s\n", "?",
			s->strangers[i].name, s->strangers[i].call, "",
			s->strangers[i].calls,
			"not in the source: an alias is missing in configs/sites.ini");
	fprintf(out, "\n%zu sites: %zu covered, %zu failed, %zu fired too late to tell, %zu not fired with a reason, %zu without\n",
		s->found.n, s->n_state[SITE_COVERED], s->n_state[SITE_FAILED],
		s->n_state[SITE_LATER], s->n_state[SITE_EXPLAINED],
		s->n_state[SITE_UNCOVERED]);
}

static json_t *hits_json(const struct sites *s, const struct site_row *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_hits; i++) {
		const struct site_hit *h = &r->hits[i];

		json_array_append_new(list, json_pack(
			"{s:s, s:s?, s:s, s:I, s:I, s:s}", "test", h->test,
			"event", *h->event ? h->event : NULL,
			"arm", s->folder.series[h->arm].arm,
			"first", (json_int_t)h->first,
			"calls", (json_int_t)h->calls,
			"status", status_name(h->status)));
	}
	return list;
}

static json_t *to_json(const struct sites *s)
{
	json_t *sites = json_array(), *strangers = json_array();

	for (size_t i = 0; i < s->found.n; i++) {
		const struct site_row *r = &s->v[i];

		json_array_append_new(sites, json_pack(
			"{s:i, s:s, s:s, s:i, s:s, s:I, s:I, s:s, s:s?, s:o}",
			"nr", (int)i + 1, "file", r->site->file,
			"function", r->site->function,
			"line", (int)r->site->line, "call", r->site->call,
			"first", (json_int_t)r->first,
			"calls", (json_int_t)r->calls,
			"state", states[r->state], "why", r->why,
			"hits", hits_json(s, r)));
	}
	for (size_t i = 0; i < s->n_strangers; i++)
		json_array_append_new(strangers, json_pack("{s:s, s:s, s:I}",
			"name", s->strangers[i].name,
			"call", s->strangers[i].call,
			"calls", (json_int_t)s->strangers[i].calls));
	return json_pack("{s:i, s:b, s:o, s:o}", "schema", 1,
			 "complete", sites_complete(s), "sites", sites,
			 "strangers", strangers);
}

int sites_write(const struct sites *s, const char *path)
{
	json_t *j = to_json(s);
	char *text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;
	int ret = -1;

	if (text)
		ret = write_file(path, text, strlen(text));
	else
		err("cannot make %s", path);
	free(text);
	json_decref(j);
	return ret;
}
