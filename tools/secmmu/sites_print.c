// SPDX-License-Identifier: GPL-2.0-only
/* The table of call sites, and sites.json: see sites_int.h. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
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

const char *site_state_name(enum site_state state)
{
	return states[state];
}

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

	for (size_t a = 0; a < s->folder->n_arms; a++) {
		for (size_t i = 0; i < r->n_hits; i++) {
			if (r->hits[i].arm != a || r->hits[i].status != status ||
			    !r->hits[i].first)
				continue;
			strs_add(&arms, s->folder->series[a].arm,
				 strlen(s->folder->series[a].arm));
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

char *site_reason(const struct site_row *r)
{
	char *events, *text;

	if (r->state == SITE_EXPLAINED)
		return xstrdup(r->why);
	if (r->state == SITE_UNCOVERED)
		return xstrdup("nothing has fired it while tracepoints were on");
	if (r->state != SITE_LATER)
		return NULL;
	events = list_events(r, STATUS_PASS, true);
	text = xasprintf("%s: %s", r->why ? r->why :
			 "only where another had just taken the memory away, or where no oracle looks",
			 events);
	free(events);
	return text;
}

/* "PASS in rwlock: a b": tests of the other run, by how they ended. */
static void print_beside(const struct site_row *r, FILE *out)
{
	for (int k = 0; k < STATUSES; k++) {
		struct strs tests = { 0 };
		char *names, *text;

		for (size_t i = 0; i < r->n_beside; i++)
			if (r->beside[i].status == (enum status)k &&
			    !strs_has(&tests, r->beside[i].test))
				strs_push(&tests, r->beside[i].test);
		names = strs_join(&tests);
		text = xasprintf("beside, %s: %s", status_name((enum status)k),
				 names);
		if (*names)
			wrap(out, text);
		free(text);
		free(names);
		strs_free(&tests);
	}
}

/* Sites of the call @call, or of others, that the other run has fired. */
static size_t n_beside(const struct sites *s, const char *call, bool is)
{
	size_t n = 0;

	for (size_t i = 0; i < s->found.n; i++)
		n += s->v[i].beside_calls &&
		     !strcmp(s->v[i].site->call, call) == is;
	return n;
}

static void print_row(const struct sites *s, size_t i, FILE *out)
{
	const struct site_row *r = &s->v[i];
	char *name = xasprintf("%s:%s", r->site->file, r->site->function);
	char *reason;

	fprintf(out, "%4zu  %-50s %-17s %9" PRIu64 " %9" PRIu64, i + 1, name,
		r->site->call, r->first, r->calls);
	if (s->beside_run)
		fprintf(out, " %9" PRIu64, r->beside_calls);
	fprintf(out, "  %s\n", states[r->state]);
	free(name);
	print_hits(s, r, out);
	reason = site_reason(r);
	/* Of such a site the state says it all. */
	if (reason && r->state != SITE_UNCOVERED)
		wrap(out, reason);
	free(reason);
	print_beside(r, out);
}

void sites_print(const struct sites *s, FILE *out)
{
	if (s->found.kernel)
		fprintf(out, "%s\n\n", s->found.kernel);
	fprintf(out, "%4s  %-50s %-17s %9s %9s%s  %s\n", "nr", "site", "call",
		"first", "calls", s->beside_run ? "    beside" : "", "state");
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
	if (s->folder->lost_events)
		fprintf(out, "%" PRIu64 " events of the traces were lost: what is not here may have been fired all the same\n",
			s->folder->lost_events);
	if (s->beside_run && s->beside_lost)
		fprintf(out, "beside: %" PRIu64 " events were lost\n", s->beside_lost);
	if (s->beside_run)
		fprintf(out, "beside: plan %s (%s) has fired %zu of them on a guest's memory; whether the guest saw the right memory its tests do not look at\n",
			s->beside_plan, s->beside_run,
			n_beside(s, "invalidate", true) +
			n_beside(s, "invalidate", false));
}

static json_t *hits_json(const struct sites *s, const struct site_row *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_hits; i++) {
		const struct site_hit *h = &r->hits[i];

		json_array_append_new(list, json_pack(
			"{s:s, s:s?, s:s, s:I, s:I, s:s}", "test", h->test,
			"event", *h->event ? h->event : NULL,
			"arm", s->folder->series[h->arm].arm,
			"first", (json_int_t)h->first,
			"calls", (json_int_t)h->calls,
			"status", status_name(h->status)));
	}
	return list;
}

static json_t *beside_hits(const struct site_row *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_beside; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}",
			"test", r->beside[i].test, "arm", r->beside[i].arm,
			"calls", (json_int_t)r->beside[i].calls,
			"status", status_name(r->beside[i].status)));
	return list;
}

static json_t *beside_json(const struct sites *s)
{
	if (!s->beside_run)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:i, s:i}", "plan", s->beside_plan,
			 "run", s->beside_run, "lost_events",
			 (json_int_t)s->beside_lost,
			 "invalidations", (int)n_beside(s, "invalidate", true),
			 "ageing", (int)n_beside(s, "invalidate", false));
}

static json_t *row_json(const struct sites *s, size_t i)
{
	const struct site_row *r = &s->v[i];
	char *why = site_reason(r);
	json_t *o = json_pack("{s:i, s:s, s:s, s:i, s:s, s:I, s:I, s:s, s:s?, s:o}",
			      "nr", (int)i + 1, "file", r->site->file,
			      "function", r->site->function,
			      "line", (int)r->site->line, "call", r->site->call,
			      "first", (json_int_t)r->first,
			      "calls", (json_int_t)r->calls,
			      "state", states[r->state], "why", why,
			      "hits", hits_json(s, r));

	if (s->beside_run)
		json_object_set_new(o, "beside", beside_hits(r));
	free(why);
	return o;
}

/* How many are in which state: of the calls that invalidate, or of the others. */
static json_t *counts_json(const struct sites *s, bool invalidate)
{
	size_t n[SITE_STATES] = { 0 }, all = 0;
	json_t *o = json_object();

	for (size_t i = 0; i < s->found.n; i++) {
		if (!strcmp(s->v[i].site->call, "invalidate") != invalidate)
			continue;
		n[s->v[i].state]++;
		all++;
	}
	json_object_set_new(o, "sites", json_integer((json_int_t)all));
	for (int k = 0; k < SITE_STATES; k++)
		json_object_set_new(o, states[k], json_integer((json_int_t)n[k]));
	return o;
}

json_t *sites_json(const struct sites *s)
{
	json_t *sites = json_array(), *strangers = json_array();

	for (size_t i = 0; i < s->found.n; i++)
		json_array_append_new(sites, row_json(s, i));
	for (size_t i = 0; i < s->n_strangers; i++)
		json_array_append_new(strangers, json_pack("{s:s, s:s, s:I}",
			"name", s->strangers[i].name,
			"call", s->strangers[i].call,
			"calls", (json_int_t)s->strangers[i].calls));
	return json_pack("{s:i, s:s, s:b, s:{s:o, s:o}, s:o, s:o, s:I, s:o}", "schema", 1,
			 "kernel", s->found.kernel ? s->found.kernel : "",
			 "complete", sites_complete(s), "counts",
			 "invalidations", counts_json(s, true),
			 "ageing", counts_json(s, false), "sites", sites,
			 "strangers", strangers, "lost_events",
			 (json_int_t)s->folder->lost_events,
			 "beside", beside_json(s));
}

int sites_write(const struct sites *s, const char *path)
{
	json_t *j = sites_json(s);
	int ret = jsonio_write(j, path, JSON_INDENT(1));

	json_decref(j);
	return ret;
}
