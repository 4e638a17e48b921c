// SPDX-License-Identifier: GPL-2.0-only
#include "bootjson.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "accel.h"
#include "jsonio.h"
#include "results.h"
#include "util.h"

struct bootjson {
	json_t *root;
	json_t *tests;
	struct bootjson_request *requests;
	size_t n_requests;
};

/* Strings of the guest may be no UTF-8, which JSON has no place for. */
static json_t *text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j)
		return j;
	copy = xstrdup(s);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(copy);
	free(copy);
	return j;
}

struct bootjson *bootjson_new(unsigned int number, uint64_t seed,
			      const char *run, const struct slot *slots,
			      size_t n_slots)
{
	struct bootjson *j = xcalloc(1, sizeof(*j));
	json_t *order = json_array();

	j->root = json_object();
	j->tests = json_array();
	json_object_set_new(j->root, "schema", json_integer(BOOT_SCHEMA));
	json_object_set_new(j->root, "boot", json_integer(number));
	json_object_set_new(j->root, "seed", json_integer((json_int_t)seed));
	if (run)
		json_object_set_new(j->root, "run", json_string(run));
	for (size_t i = 0; i < n_slots; i++)
		json_array_append_new(order,
			json_pack("{s:s, s:s#}", "arm", slots[i].arm,
				  "copy", &slots[i].copy, 1));
	json_object_set_new(j->root, "slots", order);
	return j;
}

void bootjson_free(struct bootjson *j)
{
	if (!j)
		return;
	json_decref(j->root);
	json_decref(j->tests);
	free(j->requests);
	free(j);
}

void bootjson_test(struct bootjson *j, size_t slot_index,
		   const struct slot *slot, bool traced, const char *test,
		   const char *name, enum status status, const char *reason)
{
	json_t *t = json_object();

	json_object_set_new(t, "slot", json_integer((json_int_t)slot_index));
	json_object_set_new(t, "arm", text(slot->arm));
	json_object_set_new(t, "copy", json_stringn(&slot->copy, 1));
	json_object_set_new(t, "traced", json_boolean(traced));
	json_object_set_new(t, "test", text(test));
	json_object_set_new(t, "name", text(name));
	json_object_set_new(t, "status", json_string(status_name(status)));
	json_object_set_new(t, "reason", text(reason));
	json_array_append_new(j->tests, t);
}

void bootjson_counts(struct bootjson *j, const struct call_counts *c)
{
	size_t n = json_array_size(j->tests);

	json_object_set_new(json_array_get(j->tests, n - 1), "counts",
			    counts_to_json(c));
}

void bootjson_attempts(struct bootjson *j, json_t *attempts)
{
	size_t n = json_array_size(attempts);

	if (n) {
		json_object_set_new(j->root, "attempt",
				    json_integer((json_int_t)n + 1));
		json_object_set(j->root, "attempts", attempts);
	}
	json_decref(attempts);
}

void bootjson_lock_counts(struct bootjson *j, size_t from, const char *name,
			  const struct call_counts *c)
{
	size_t n = json_array_size(j->tests);
	json_t *t;

	for (size_t i = from; i < n; i++) {
		t = json_array_get(j->tests, i);
		if (!strcmp(json_string_value(json_object_get(t, "name")), name))
			json_object_set_new(t, "lock_counts", counts_to_json(c));
	}
}

void bootjson_file(struct bootjson *j, const char *name, const char *sha256)
{
	json_t *files = json_object_get(j->root, "files");

	if (!files) {
		files = json_object();
		json_object_set_new(j->root, "files", files);
	}
	json_object_set_new(files, name, json_string(sha256));
}

static const char *get(const json_t *test, const char *key)
{
	return json_string_value(json_object_get(test, key));
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	return !strcmp(get(a, key), get(b, key));
}

/* The result of @arm that corresponds to @t, or NULL. */
static json_t *counterpart(const struct bootjson *j, const json_t *t,
			   const char *arm)
{
	size_t i;
	json_t *x;

	json_array_foreach(j->tests, i, x)
		if (same(x, t, "test") && same(x, t, "name") &&
		    !strcmp(get(x, "arm"), arm) && !strcmp(get(x, "copy"), "a") &&
		    json_object_get(x, "traced") == json_object_get(t, "traced"))
			return x;
	return NULL;
}

/* It is not what this run is about: @t is left out, and says why. */
static void skip(json_t *t, const char *what)
{
	char *reason = xasprintf("%s: %s: %s", what, get(t, "status"),
				 get(t, "reason"));

	json_object_set_new(t, "status", json_string(status_name(STATUS_SKIP)));
	json_object_set_new(t, "reason", text(reason));
	free(reason);
}

static bool bad(const json_t *t)
{
	return strcmp(get(t, "status"), status_name(STATUS_PASS)) &&
	       strcmp(get(t, "status"), status_name(STATUS_SKIP));
}

static void refer(json_t *t, const json_t *ref, const char *arm)
{
	const char *reason = get(t, "reason");
	char *what;

	if (same(t, ref, "status") && bad(t)) {
		what = xasprintf("as in %s", arm);
		skip(t, what);
	} else if (!same(t, ref, "status")) {
		what = xasprintf("%s%s%s in %s", reason, *reason ? "; " : "",
				 get(ref, "status"), arm);
		json_object_set_new(t, "reason", text(what));
		/* Not run where the reference ran: that is a difference, too. */
		if (!bad(t) && !bad(ref))
			json_object_set_new(t, "status",
				json_string(status_name(STATUS_FAIL)));
	} else {
		return;
	}
	free(what);
}

void bootjson_refer(struct bootjson *j, const char *test, const char *arm)
{
	size_t i;
	json_t *t, *ref;

	json_array_foreach(j->tests, i, t) {
		ref = strcmp(get(t, "test"), test) ? NULL : counterpart(j, t, arm);
		if (ref && ref != t)
			refer(t, ref, arm);
	}
	json_array_foreach(j->tests, i, t)
		if (!strcmp(get(t, "test"), test) && bad(t) &&
		    !strcmp(get(t, "arm"), arm))
			skip(t, "the reference itself");
}

enum status bootjson_worst_from(const struct bootjson *j, size_t from)
{
	enum status worst = STATUS_PASS, s;
	size_t i;
	json_t *t;

	json_array_foreach(j->tests, i, t)
		if (i >= from && !status_parse(get(t, "status"), &s))
			worst = status_worst(worst, s);
	return worst;
}

enum status bootjson_worst(const struct bootjson *j)
{
	return bootjson_worst_from(j, 0);
}

size_t bootjson_tests(const struct bootjson *j)
{
	return json_array_size(j->tests);
}

/* The result of that name among those from @from to the end, or NULL. */
static json_t *named(const struct bootjson *j, size_t from, const json_t *like)
{
	json_t *t;

	for (size_t i = from; i < json_array_size(j->tests); i++) {
		t = json_array_get(j->tests, i);
		if (same(t, like, "name"))
			return t;
	}
	return NULL;
}

/* @old said the same of an earlier attempt: a new result for this one. */
static json_t *carry(struct bootjson *j, const json_t *old, enum status worst)
{
	json_t *t = json_copy((json_t *)old);

	json_object_del(t, "counts");
	json_object_del(t, "lock_counts");
	json_object_del(t, "attempts");
	json_object_set_new(t, "status", json_string(status_name(worst)));
	json_object_set_new(t, "reason", json_string(worst == STATUS_PASS ? "" :
		"not named by the last attempt, which did not pass as a whole"));
	json_array_append_new(j->tests, t);
	return t;
}

void bootjson_again(struct bootjson *j, size_t from, size_t to,
		    unsigned int attempt)
{
	enum status worst = bootjson_worst_from(j, to);
	json_t *old, *t, *earlier;

	for (size_t i = from; i < to; i++) {
		old = json_array_get(j->tests, i);
		t = named(j, to, old);
		if (!t)
			t = carry(j, old, worst);
		earlier = json_object_get(old, "attempts");
		earlier = earlier ? json_incref(earlier) : json_array();
		json_array_append_new(earlier, json_pack("{s:i, s:O, s:O}",
			"attempt", (int)attempt - 1,
			"status", json_object_get(old, "status"),
			"reason", json_object_get(old, "reason")));
		json_object_set_new(t, "attempts", earlier);
	}
	for (size_t i = to; i-- > from;)
		json_array_remove(j->tests, i);
	for (size_t i = from; i < json_array_size(j->tests); i++)
		json_object_set_new(json_array_get(j->tests, i), "attempt",
				    json_integer(attempt));
}

void bootjson_request(struct bootjson *j, const struct bootjson_request *r)
{
	j->requests = xrealloc(j->requests,
			       (j->n_requests + 1) * sizeof(*j->requests));
	j->requests[j->n_requests++] = *r;
}

static const struct bootjson_request *request_of(const struct bootjson *j,
						 const struct finding *f)
{
	for (size_t i = 0; f->request && i < j->n_requests; i++)
		if (j->requests[i].id == f->request)
			return &j->requests[i];
	return NULL;
}

/* Whether @t is a result of that request, in whatever attempt. */
static bool is_result_of(const json_t *t, const struct bootjson_request *r)
{
	bool perf = r->name && !strcmp(r->name, BOOTJSON_PERF);

	if ((size_t)json_integer_value(json_object_get(t, "slot")) != r->slot_index ||
	    strcmp(get(t, "test"), r->test) ||
	    json_is_true(json_object_get(t, "traced")) != r->traced)
		return false;
	if (r->name && !perf)
		return !strcmp(get(t, "name"), r->name);
	return perf == !strcmp(get(t, "name"), BOOTJSON_PERF);
}

static void blame(json_t *t, const struct bootjson_request *r,
		  const struct finding *f)
{
	const char *before = get(t, "reason");
	enum status was = STATUS_PASS;
	json_int_t last = json_integer_value(json_object_get(t, "attempt"));
	char *when = last > (json_int_t)r->attempt ?
		     xasprintf(" in attempt %u", r->attempt) : xstrdup("");
	char *reason = xasprintf("the kernel reported%s (%s) %s%s%s", when,
				 finding_kind_name(f->kind), f->line,
				 *before ? "; " : "", before);

	status_parse(get(t, "status"), &was);
	json_object_set_new(t, "status",
			    json_string(status_name(status_worst(was,
							finding_status(f->kind)))));
	json_object_set_new(t, "reason", text(reason));
	free(reason);
	free(when);
}

/* Whether one before the finding number @i, as grave, was of the same request. */
static bool blamed(const struct findings *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!f->v[k].expected && f->v[k].request == f->v[i].request &&
		    finding_status(f->v[k].kind) >= finding_status(f->v[i].kind))
			return true;
	return false;
}

/* A result where there is none, behind the others of its slot. */
static json_t *add_result(struct bootjson *j, const struct bootjson_request *r)
{
	size_t last = json_array_size(j->tests), i;
	json_t *t;

	bootjson_test(j, r->slot_index, &r->slot, r->traced, r->test,
		      r->name ? r->name : "(program)", STATUS_PASS, "");
	for (i = last; i > 0; i--) {
		t = json_array_get(j->tests, i - 1);
		if ((size_t)json_integer_value(json_object_get(t, "slot")) <=
		    r->slot_index)
			break;
	}
	t = json_incref(json_array_get(j->tests, last));
	json_array_remove(j->tests, last);
	json_array_insert_new(j->tests, i, t);
	return t;
}

static void blame_all(struct bootjson *j, const struct bootjson_request *r,
		      const struct finding *f)
{
	bool any = false;
	size_t i;
	json_t *t;

	json_array_foreach(j->tests, i, t) {
		if (!is_result_of(t, r))
			continue;
		blame(t, r, f);
		any = true;
	}
	if (!any)
		blame(add_result(j, r), r, f);
}

void bootjson_blame(struct bootjson *j, const struct boot_result *res)
{
	const struct findings *found = &res->findings;
	bool lost = accel_lost_guest(res->reason);

	for (size_t i = 0; i < found->n; i++) {
		const struct finding *f = &found->v[i];
		const struct bootjson_request *r = request_of(j, f);

		if (!f->expected && r && !blamed(found, i) &&
		    !(lost && finding_is_stall(finding_kind_name(f->kind))))
			blame_all(j, r, f);
	}
}

/* Whose finding it is; all null if it came between the requests. */
static void set_whose(json_t *o, const struct bootjson_request *r)
{
	bool run = r && *r->test;

	json_object_set_new(o, "slot", r ?
		json_integer((json_int_t)r->slot_index) : json_null());
	json_object_set_new(o, "arm", r ? text(r->slot.arm) : json_null());
	json_object_set_new(o, "copy", r ? json_stringn(&r->slot.copy, 1) :
					   json_null());
	json_object_set_new(o, "test", run ? text(r->test) : json_null());
	json_object_set_new(o, "traced", run ? json_boolean(r->traced) :
					       json_null());
}

static json_t *findings_json(const struct bootjson *j, const struct findings *f)
{
	json_t *a = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->v[i];
		json_t *o = json_object();

		json_object_set_new(o, "kind",
				    json_string(finding_kind_name(x->kind)));
		json_object_set_new(o, "line", text(x->line));
		json_object_set_new(o, "fingerprint", text(x->fingerprint));
		json_object_set_new(o, "mark", text(x->mark));
		set_whose(o, request_of(j, x));
		json_object_set_new(o, "expected", json_boolean(x->expected));
		json_object_set_new(o, "count",
				    json_integer((json_int_t)x->count));
		json_object_set_new(o, "line_no",
				    json_integer((json_int_t)x->line_no));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *hello_json(const struct boot_hello *h)
{
	json_t *o = json_object();

	json_object_set_new(o, "release", text(h->release));
	json_object_set_new(o, "clocksource", text(h->clocksource));
	json_object_set_new(o, "cmdline", text(h->cmdline));
	json_object_set_new(o, "cpus", json_integer(h->cpus));
	json_object_set_new(o, "mem_kb", json_integer((json_int_t)h->mem_kb));
	return o;
}

static json_t *cause_json(enum boot_cause c)
{
	const char *name = boot_cause_name(c);

	return name ? json_string(name) : json_null();
}

static void set_result(const struct bootjson *j, const struct boot_result *res)
{
	json_t *root = j->root;

	json_object_set_new(root, "reason", text(res->reason));
	json_object_set_new(root, "cause", cause_json(res->cause));
	json_object_set_new(root, "diagnosis", text(res->diagnosis));
	json_object_set_new(root, "kernel_findings",
			    findings_json(j, &res->findings));
	json_object_set_new(root, "kernel_findings_dropped",
			    json_integer((json_int_t)res->findings.dropped));
	json_object_set_new(root, "hello", hello_json(&res->hello));
	json_object_set_new(root, "qemu", text(res->command));
	json_object_set_new(root, "qemu_version", text(res->qemu_version));
	json_object_set_new(root, "start_ms", json_integer(res->start_ms));
	json_object_set_new(root, "total_ms", json_integer(res->total_ms));
	json_object_set_new(root, "garbage",
			    json_integer((json_int_t)res->garbage));
	json_object_set_new(root, "gaps", json_integer((json_int_t)res->gaps));
	json_object_set_new(root, "log_truncated",
			    json_boolean(res->log_truncated));
	if (res->killed)
		json_object_set_new(root, "killed", json_true());
}

/* The machine's CPUs it was kept to, when others ran beside it; none: they shared. */
static json_t *beside_json(const struct share *s, unsigned int slot)
{
	json_t *o = json_object(), *a = json_array();

	for (unsigned int i = 0; i < s->cpus; i++)
		json_array_append_new(a, json_integer(s->of[slot * s->cpus + i]));
	json_object_set_new(o, "boots", json_integer(s->boots));
	json_object_set_new(o, "host_cpus", a);
	return o;
}

/* The commands that were drawn for this boot. */
static json_t *mix_json(const struct plan *p)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->n_tests; i++) {
		const struct plan_test *t = &p->tests[i];
		char *args = strs_join(&t->args);
		char *event = strs_join(&t->events);
		char *line = xasprintf("%s%s%s%s%s", t->program,
				       *args ? " " : "", args,
				       *event ? " -e " : "", event);

		json_array_append_new(a, text(line));
		free(line);
		free(event);
		free(args);
	}
	return a;
}

int bootjson_write(struct bootjson *j, const char *path,
		   const struct bootrun *r, const struct boot_result *res,
		   uint64_t lost_events, uint64_t lost_samples)
{
	enum status status = status_worst(res->status, bootjson_worst(j));

	/* One skipped test does not make the boot a skipped one. */
	if (status == STATUS_SKIP)
		status = STATUS_PASS;
	set_result(j, res);
	json_object_set_new(j->root, "status",
			    json_string(status_name(status)));
	json_object_set_new(j->root, "clock",
			    json_string(r->clock == CLOCK_ICOUNT ? "icount" :
								   "wall"));
	json_object_set_new(j->root, "accel",
			    json_string(accel_name(r->accel->which)));
	json_object_set_new(j->root, "lost_events",
			    json_integer((json_int_t)lost_events));
	json_object_set_new(j->root, "lost_samples",
			    json_integer((json_int_t)lost_samples));
	if (r->pin)
		json_object_set_new(j->root, "pinned", json_boolean(res->pinned));
	if (r->share.boots > 1)
		json_object_set_new(j->root, "at_a_time",
				    beside_json(&r->share, r->slot));
	if (r->plan && r->plan->mix)
		json_object_set_new(j->root, "mix", mix_json(r->plan));
	json_object_set(j->root, "tests", j->tests);
	return jsonio_write(j->root, path, JSON_INDENT(1));
}
