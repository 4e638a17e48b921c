// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcidb.json: a report for the kernel community's database of test results, in
 * its schema 5.3 (kcidb_io/schema/v05_03.py of kcidb-io).
 */
#include <sha256.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "outcomes.h"
#include "summary.h"
#include "utf8.h"
#include "util.h"

#define ORIGIN		"secmmu"
#define MAJOR		5
#define MINOR		3
#define EXCERPT_MAX	16384	/* of the schema: characters */

struct report {
	const struct summary *s;
	const struct folder *f;
	const char *run;	/* the run's id, on this machine */
	const char *hash;	/* of what it was made of, or "" */
	const char *key;	/* of the kernel */
	const char *started;	/* RFC 3339, or NULL */
	json_t *environment;
	json_t *tests, *issues, *incidents;
};

static void set(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value)) {
		err("cannot make kcidb.json: out of memory");
		exit(ST_HARNESS);
	}
}

static void set_text(json_t *o, const char *key, const char *s)
{
	char *clean;

	/* What is not known is left out: the schema has no null. */
	if (!s || !*s)
		return;
	clean = utf8_clean(s);
	set(o, key, json_string(clean));
	free(clean);
}

static const char *get(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* "secmmu:..." of printable ASCII. */
static char *make_id(const char *fmt, ...) PRINTF_LIKE(1, 2);
static char *make_id(const char *fmt, ...)
{
	va_list ap;
	char *s, *id;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	for (char *p = s; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '_';
	id = xasprintf(ORIGIN ":%s", s);
	free(s);
	return id;
}

static json_t *object(const char *id)
{
	json_t *o = json_object();

	set(o, "id", json_string(id));
	set(o, "origin", json_string(ORIGIN));
	return o;
}

/* A node of a path: dots are between the nodes only. */
static void add_node(FILE *f, const char *s)
{
	fputc('.', f);
	for (; *s; s++)
		fputc(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
			     *s) ? *s : '_', f);
}

/* Of @nodes, which NULL ends; empty ones are left out. */
static void set_path(json_t *o, const char *const *nodes)
{
	char *path = NULL;
	size_t len;
	FILE *f = open_memstream(&path, &len);

	if (!f)
		abort();
	fputs(ORIGIN, f);
	for (; *nodes; nodes++)
		if (**nodes)
			add_node(f, *nodes);
	fclose(f);
	set(o, "path", json_string(path));
	free(path);
}

static void set_excerpt(json_t *o, const char *s)
{
	char *cut = xasprintf("%.*s", EXCERPT_MAX, s);

	/* Cutting bytes may cut a character, which then counts as one. */
	set_text(o, "log_excerpt", cut);
	free(cut);
}

static json_t *make_checkout(const struct report *r, const char *id)
{
	const json_t *k = json_object_get(r->f->manifest, "kernel");
	const json_t *source = json_object_get(k, "source");
	json_t *o = object(id), *misc = json_object();

	set_text(o, "start_time", r->started);
	set(o, "valid", json_true());
	set_text(o, "comment", get(k, "release"));
	set_text(misc, "source", get(source, "origin"));
	set_text(misc, "source_version", get(source, "version"));
	set_text(misc, "source_sha256", get(source, "sha256"));
	set_text(misc, "series_sha256", get(k, "series_sha256"));
	set(o, "misc", misc);
	return o;
}

static json_t *make_build(const struct report *r, const char *id,
			  const char *checkout)
{
	const json_t *k = json_object_get(r->f->manifest, "kernel");
	const json_t *spec = json_object_get(r->f->manifest, "plan_spec");
	json_t *o = object(id), *misc = json_object();
	json_t *arms = json_array();

	set(o, "checkout_id", json_string(checkout));
	set_text(o, "start_time", r->started);
	set(o, "architecture", json_string("x86_64"));
	set_text(o, "compiler", get(r->f->manifest, "toolchain"));
	set_text(o, "config_name", get(spec, "lane"));
	set(o, "status", json_string("PASS"));
	for (size_t i = 0; i < r->f->n_arms; i++)
		json_array_append_new(arms, json_string(r->f->series[i].arm));
	set(misc, "arms", arms);
	set_text(misc, "config_sha256", get(k, "config_sha256"));
	set_text(misc, "vmlinux_sha256", get(k, "vmlinux_sha256"));
	set(o, "misc", misc);
	return o;
}

static json_t *make_environment(const struct report *r)
{
	const json_t *m = r->f->manifest;
	const json_t *host = json_object_get(m, "host");
	json_t *o = json_object(), *misc = json_object();
	char *what = xasprintf("QEMU %s, %s, clock %s",
			       get(json_object_get(m, "qemu"), "version") ?: "?",
			       r->f->accel, r->f->clock);

	set_text(o, "comment", what);
	free(what);
	set_text(misc, "cpu", get(m, "cpu"));
	if (json_is_object(host))
		set(misc, "host", json_deep_copy(host));
	set_text(misc, "accel", r->f->accel);
	set_text(misc, "clock", r->f->clock);
	set(o, "misc", misc);
	return o;
}

static json_t *make_test(const struct report *r, char *id)
{
	json_t *o = object(id);
	char *build = make_id("%s", r->key);

	free(id);
	set(o, "build_id", json_string(build));
	set(o, "environment", json_incref(r->environment));
	set_text(o, "start_time", r->started);
	free(build);
	return o;
}

/* The schema knows one status; the earlier attempts are beside it. */
static void set_attempts(json_t *misc, const struct outcome *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < outcome_attempts(v); i++) {
		struct outcome_attempt a = outcome_attempt(v, i);
		json_t *o = json_object();

		set(o, "attempt", json_integer(a.number));
		set_text(o, "status", status_name(a.status));
		set_text(o, "reason", a.reason);
		json_array_append_new(list, o);
	}
	set(misc, "attempt", json_integer(v->attempt));
	set(misc, "attempts", list);
}

static char *outcome_id(const struct report *r, const struct outcome_boot *b,
			size_t number)
{
	return make_id("%s.%.12s.%s.%zu", r->run, r->hash, b->name, number);
}

/* The test that a finding came in: its first result, or the boot, as @boot_id. */
static char *finding_test_id(const struct report *r, const struct outcome_boot *b,
			     const struct outcome_finding *x, const char *boot_id)
{
	for (size_t i = 0; *x->arm && i < b->n; i++)
		if (b->v[i].slot == x->slot && b->v[i].traced == x->traced &&
		    !strcmp(b->v[i].test, x->test))
			return outcome_id(r, b, i);
	return xstrdup(boot_id);
}

static void add_outcome(struct report *r, const struct outcome_boot *b,
			const struct outcome *v, size_t number)
{
	const char *const path[] = { v->arm, v->test, v->name,
				     v->traced ? "traced" : "", NULL };
	json_t *misc = json_object();
	json_t *o = make_test(r, outcome_id(r, b, number));

	set_path(o, path);
	set(o, "status", json_string(status_name(v->status)));
	if (v->status != STATUS_PASS)
		set_excerpt(o, v->reason);
	set_text(misc, "boot", b->name);
	set_text(misc, "arm", v->arm);
	set_text(misc, "copy", v->copy_b ? "b" : "a");
	set(misc, "traced", json_boolean(v->traced));
	set(misc, "slot", json_integer((json_int_t)v->slot));
	if (outcome_attempts(v))
		set_attempts(misc, v);
	set(o, "misc", misc);
	json_array_append_new(r->tests, o);
}

/* One bug is one issue, in whichever boots it showed. */
static void add_finding(struct report *r, const struct outcome_boot *b,
			const char *boot_id, const struct outcome_finding *x,
			size_t number)
{
	char *test_id = finding_test_id(r, b, x, boot_id);
	char hex[SHA256_DIGEST_STRING_LENGTH];
	char *id, *incident;
	json_t *o, *known;
	size_t i;

	SHA256Data((const uint8_t *)x->fingerprint, strlen(x->fingerprint), hex);
	id = make_id("%s", hex);
	json_array_foreach(r->issues, i, known)
		if (!strcmp(get(known, "id"), id))
			break;
	if (i == json_array_size(r->issues)) {
		o = object(id);
		set(o, "version", json_integer(1));
		set_text(o, "comment", x->fingerprint);
		set(o, "culprit", json_pack("{s:b}", "code", 1));
		json_array_append_new(r->issues, o);
	}
	incident = xasprintf("%s.finding-%zu", boot_id, number);
	o = object(incident);
	set(o, "issue_id", json_string(id));
	set(o, "issue_version", json_integer(1));
	set(o, "test_id", json_string(test_id));
	set(o, "present", json_true());
	set_text(o, "comment", x->line);
	json_array_append_new(r->incidents, o);
	free(incident);
	free(test_id);
	free(id);
}

static void add_boot(struct report *r, const struct outcome_boot *b)
{
	static const char *const path[] = { "boot", NULL };
	char *id = make_id("%s.%.12s.%s", r->run, r->hash, b->name);
	json_t *o = make_test(r, xstrdup(id));

	set_path(o, path);
	set(o, "status", json_string(status_name(b->status)));
	set_excerpt(o, b->reason);
	if (b->seconds > 0)
		set(o, "duration", json_real(b->seconds));
	json_array_append_new(r->tests, o);
	for (size_t i = 0; i < b->n; i++)
		add_outcome(r, b, &b->v[i], i);
	for (size_t i = 0; i < b->n_findings; i++)
		if (!b->findings[i].expected)
			add_finding(r, b, id, &b->findings[i], i);
	free(id);
}

/* How long an event took in an arm: no verdict, a number. */
static void add_measurement(struct report *r, const struct measurement *m,
			    size_t number)
{
	const struct cell *c = &r->f->cells[m->cell];
	const struct series *series = &r->f->series[m->series];
	const char *const path[] = { series->arm, "measured", c->event,
				     metric_name(m->metric), NULL };
	bool icount = !strcmp(r->f->clock, "icount");
	json_t *o = make_test(r, make_id("%s.%.12s.measured.%zu", r->run,
					 r->hash, number));

	set_path(o, path);
	set(o, "status", json_string("DONE"));
	set(o, "number", icount ?
	    json_pack("{s:f, s:s}", "value", m->p50.mid, "unit", "instructions") :
	    json_pack("{s:f, s:s, s:s}", "value", m->p50.mid / 1e9, "unit", "s",
		      "prefix", "metric"));
	set(o, "misc", json_pack("{s:s, s:I, s:I, s:i, s:s#, s:I, s:I}",
		"statistic", "median over boots of each boot's median",
		"size", (json_int_t)c->size,
		"page_size", (json_int_t)c->page_size,
		"vcpus", (int)c->vcpus, "copy", &series->copy, 1,
		"samples", (json_int_t)m->n, "boots", (json_int_t)m->boots));
	json_array_append_new(r->tests, o);
}

json_t *kcidb_json(const struct summary *s, const struct outcomes *o)
{
	const json_t *m = s->folder.manifest;
	const char *id = get(m, "id");
	const char *key = get(json_object_get(m, "kernel"), "key");
	const char *hash = get(m, "run");
	struct report r = {
		.s = s, .f = &s->folder, .run = id ? id : "run",
		.hash = hash ? hash : "",
		.key = key ? key : "kernel", .started = get(m, "started"),
		.tests = json_array(), .issues = json_array(),
		.incidents = json_array(),
	};
	char *checkout = make_id("%s", r.key), *build = make_id("%s", r.key);
	json_t *out = json_object();

	r.environment = make_environment(&r);
	for (size_t i = 0; i < o->n_boots; i++)
		add_boot(&r, &o->boots[i]);
	for (size_t i = 0; i < s->n_measurements; i++)
		add_measurement(&r, &s->measurements[i], i);
	set(out, "version", json_pack("{s:i, s:i}", "major", MAJOR, "minor",
				      MINOR));
	set(out, "checkouts", json_pack("[o]", make_checkout(&r, checkout)));
	set(out, "builds", json_pack("[o]", make_build(&r, build, checkout)));
	set(out, "tests", r.tests);
	set(out, "issues", r.issues);
	set(out, "incidents", r.incidents);
	json_decref(r.environment);
	free(checkout);
	free(build);
	return out;
}
