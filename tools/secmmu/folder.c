// SPDX-License-Identifier: GPL-2.0-only
/* A results folder: see folder.h. Here the JSON; reduce.c has the samples. */
#include "folder.h"

#include <dirent.h>
#include <limits.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
#include "reduce.h"
#include "results.h"
#include "util.h"

#define ARMS_MAX 64

/* JSON, with errors that name file and key. NULL or -1 after an error. */

static json_t *load_json(const char *path)
{
	json_error_t e;
	json_t *j;

	if (!path_exists(path)) {
		err("%s: %s", path, strerror(errno));
		return NULL;
	}
	j = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		err("%s:%d: %s", path, e.line, e.text);
	else if (!json_is_object(j))
		err("%s: not a JSON object", path);
	else
		return j;
	json_decref(j);
	return NULL;
}

static int bad(const char *path, const char *key, const char *what)
{
	err("%s: \"%s\" %s", path, key, what);
	return -1;
}

static const char *get_string(const json_t *o, const char *key,
			      const char *path)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		bad(path, key, "is missing or no string");
	return s;
}

static int get_count(const json_t *o, const char *key, const char *path,
		     uint64_t *out)
{
	const json_t *j = json_object_get(o, key);

	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return bad(path, key, "is missing or no whole number");
	*out = (uint64_t)json_integer_value(j);
	return 0;
}

/* What other versions of secmmu wrote has another meaning. */
static int check_schema(const json_t *o, json_int_t schema, const char *path)
{
	const json_t *j = json_object_get(o, "schema");

	if (!json_is_integer(j))
		return bad(path, "schema", "is missing or no whole number");
	if (json_integer_value(j) == schema)
		return 0;
	err("%s: schema %" JSON_INTEGER_FORMAT ", this secmmu reads %"
	    JSON_INTEGER_FORMAT ": use the version that made it, or run again",
	    path, json_integer_value(j), schema);
	return -1;
}

/* manifest.json */

static int arm_index(const struct folder *f, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < f->n_arms; i++)
		if (strlen(f->series[i].arm) == len &&
		    !memcmp(f->series[i].arm, name, len))
			return (int)i;
	return -1;
}

static int read_arms(struct folder *f, const json_t *spec, const char *path)
{
	const json_t *arms = json_object_get(spec, "arms"), *arm;
	const char *name;
	size_t i;

	if (!json_array_size(arms) || json_array_size(arms) > ARMS_MAX)
		return bad(path, "arms", "is no list of 1 to 64 arms");
	/* One more is added by read_aa(). */
	f->series = xcalloc(json_array_size(arms) + 1, sizeof(*f->series));
	json_array_foreach(arms, i, arm) {
		name = json_string_value(arm);
		if (!name || !valid_name(name, 32))
			return bad(path, "arms", "has something that is no arm");
		if (arm_index(f, name, strlen(name)) >= 0)
			return bad(path, "arms", "names an arm twice");
		f->series[i] = (struct series){ name, 'a' };
		f->n_series = f->n_arms = i + 1;
	}
	return 0;
}

static int read_pair(const struct folder *f, const json_t *j, struct pair *p)
{
	const char *s = json_string_value(j), *slash = s ? strchr(s, '/') : NULL;
	int a, b;

	if (!slash)
		return -1;
	a = arm_index(f, s, (size_t)(slash - s));
	b = arm_index(f, slash + 1, strlen(slash + 1));
	if (a < 0 || b < 0 || a == b)
		return -1;
	*p = (struct pair){ (size_t)a, (size_t)b };
	return 0;
}

static int read_pairs(struct folder *f, const json_t *spec, const char *path)
{
	const json_t *list = json_object_get(spec, "compare"), *j;
	struct pair p;
	size_t i;

	if (!json_is_array(list))
		return bad(path, "compare", "is missing or no list");
	f->compare = xcalloc(json_array_size(list) + 1, sizeof(*f->compare));
	json_array_foreach(list, i, j) {
		if (read_pair(f, j, &f->compare[i]))
			return bad(path, "compare", "has something that is no "
				   "pair of two arms of the run");
		f->n_compare = i + 1;
	}
	f->primary = -1;
	j = json_object_get(spec, "primary");
	if (!j || json_is_null(j))
		return 0;
	if (read_pair(f, j, &p))
		return bad(path, "primary", "is no pair of two arms of the run");
	for (i = 0; i < f->n_compare; i++)
		if (f->compare[i].a == p.a && f->compare[i].b == p.b)
			f->primary = (int)i;
	return f->primary < 0 ? bad(path, "primary", "is not in \"compare\"") : 0;
}

static int read_aa(struct folder *f, const json_t *spec, const char *path)
{
	const json_t *j = json_object_get(spec, "aa");
	const char *name = json_string_value(j);

	f->aa = f->aa_series = -1;
	if (!j || json_is_null(j))
		return 0;
	f->aa = name ? arm_index(f, name, strlen(name)) : -1;
	if (f->aa < 0)
		return bad(path, "aa", "is no arm of the run");
	f->aa_series = (int)f->n_series;
	f->series[f->n_series++] = (struct series){ f->series[f->aa].arm, 'b' };
	return 0;
}

static int read_spec(struct folder *f, const json_t *spec, const char *path)
{
	const json_t *margin = json_object_get(spec, "margin");
	uint64_t boots;

	if (!json_is_object(spec))
		return bad(path, "plan_spec", "is missing or no object");
	if (get_count(spec, "boots", path, &boots))
		return -1;
	f->boots_planned = boots;
	f->margin = json_number_value(margin);
	if (!json_is_number(margin) || f->margin <= 0 || f->margin >= 1)
		return bad(path, "margin", "is no number between 0 and 1");
	if (read_arms(f, spec, path) || read_pairs(f, spec, path))
		return -1;
	return read_aa(f, spec, path);
}

static int read_manifest(struct folder *f)
{
	char *path = xasprintf("%s/manifest.json", f->dir);
	int ret = -1;

	f->manifest = load_json(path);
	if (!f->manifest || check_schema(f->manifest, MANIFEST_SCHEMA, path))
		goto out;
	f->plan = get_string(f->manifest, "plan", path);
	if (!f->plan)
		goto out;
	f->clock = get_string(f->manifest, "clock", path);
	if (!f->clock)
		goto out;
	if (strcmp(f->clock, "wall") && strcmp(f->clock, "icount")) {
		bad(path, "clock", "is neither wall nor icount");
		goto out;
	}
	f->accel = get_string(json_object_get(f->manifest, "accel"), "name",
			      path);
	if (!f->accel)
		goto out;
	if (!json_is_integer(json_object_get(f->manifest, "seed"))) {
		bad(path, "seed", "is missing or no whole number");
		goto out;
	}
	/* JSON has no unsigned 64-bit numbers: large seeds come as negative. */
	f->seed = (uint64_t)json_integer_value(json_object_get(f->manifest,
							       "seed"));
	ret = read_spec(f, json_object_get(f->manifest, "plan_spec"), path);
out:
	free(path);
	return ret;
}

/* boot.json */

unsigned int folder_cpus(const struct folder *f)
{
	json_int_t n = json_integer_value(json_object_get(f->manifest, "cpus"));

	return n > 0 && n <= UINT_MAX ? (unsigned int)n : 1;
}

struct tally *folder_tally(const struct folder *f, const char *test,
			   const char *name, size_t arm)
{
	struct tally *t;

	for (size_t i = 0; i < f->n_tallies; i++) {
		t = &f->tallies[i];
		if (t->arm == arm && !strcmp(t->test, test) &&
		    !strcmp(t->name, name))
			return t;
	}
	return NULL;
}

static struct tally *find_tally(struct folder *f, const char *test,
				const char *name, size_t arm)
{
	struct tally *t = folder_tally(f, test, name, arm);

	if (t)
		return t;
	f->tallies = xrealloc(f->tallies, (f->n_tallies + 1) * sizeof(*t));
	t = &f->tallies[f->n_tallies++];
	*t = (struct tally){ .test = xstrdup(test), .name = xstrdup(name),
			     .arm = arm };
	return t;
}

static int read_counts(struct tally *t, size_t boot, const json_t *j,
		       const char *path)
{
	bool traced = json_is_true(json_object_get(j, "traced"));
	const char *key = traced ? "lock_counts" : "counts";
	const json_t *o = json_object_get(j, key);
	bool b = !strcmp(jsonio_text(j, "copy"), "b");
	struct call_counts c;

	if (!o)
		return 0;
	if (counts_from_json(o, &c))
		return bad(path, key, "of a test are no whole numbers with calls among them");
	if (traced)
		counts_add(b ? &t->traced_b : &t->traced, boot, &c);
	else
		counts_add(b ? &t->counts_b : &t->counts, boot, &c);
	return 0;
}

const struct counts_sum *tally_counts(const struct tally *t, enum count_kind k,
				      bool copy_b)
{
	if (k >= COUNT_FIRST_TRACED)
		return copy_b ? &t->traced_b : &t->traced;
	return copy_b ? &t->counts_b : &t->counts;
}

/* Earlier attempts at it, each with what became of it. */
static int read_attempts(struct tally *t, const json_t *j, enum status last,
			 const char *path)
{
	const json_t *list = json_object_get(j, "attempts"), *a;
	enum status status;
	const char *s;
	size_t i;

	if (!list)
		return 0;
	json_array_foreach(list, i, a) {
		s = jsonio_text(a, "status");
		if (status_parse(s, &status) ||
		    json_integer_value(json_object_get(a, "attempt")) <= 0)
			return bad(path, "attempts", "of a test has one without number and status");
		if (!t->first_attempt)
			t->first_attempt = xasprintf("%s: %s", s, jsonio_text(a, "reason"));
	}
	if (!i || json_integer_value(json_object_get(j, "attempt")) < 2)
		return bad(path, "attempts", "of a test is no list of attempts before another");
	t->retried++;
	t->retried_pass += last == STATUS_PASS;
	return 0;
}

static int read_test(struct folder *f, const struct folder_boot *b,
		     const json_t *j, const char *path)
{
	const char *arm = get_string(j, "arm", path), *test, *name, *s;
	bool traced = json_is_true(json_object_get(j, "traced"));
	enum status status;
	struct tally *t;
	int i;

	if (!arm)
		return -1;
	i = arm_index(f, arm, strlen(arm));
	if (i < 0) {
		err("%s: a test ran in arm '%s', which the plan does not have",
		    path, arm);
		return -1;
	}
	test = get_string(j, "test", path);
	name = test ? get_string(j, "name", path) : NULL;
	s = name ? get_string(j, "status", path) : NULL;
	if (!s)
		return -1;
	if (status_parse(s, &status))
		return bad(path, "status", "of a test is none of PASS, FAIL, "
			   "SKIP, ERROR, MISS");
	t = find_tally(f, test, name, (size_t)i);
	t->count[status]++;
	s = jsonio_text(j, "reason");
	if (status != STATUS_PASS && !t->reason)
		t->reason = xasprintf("%s%s", traced && *s ? "traced: " : "", s);
	if (read_attempts(t, j, status, path))
		return -1;
	return b->status == STATUS_PASS ?
	       read_counts(t, (size_t)(b - f->boots), j, path) : 0;
}

static int add_finding(struct folder *f, const struct folder_boot *b,
		       const json_t *j, const char *path)
{
	const char *line = get_string(j, "line", path);
	const json_t *slot;
	uint64_t count = 1;

	if (!line)
		return -1;
	/* Older ones have each alone. */
	if (json_object_get(j, "count") && get_count(j, "count", path, &count))
		return -1;
	f->findings = xrealloc(f->findings,
			       (f->n_findings + 1) * sizeof(*f->findings));
	slot = json_object_get(j, "slot");
	f->findings[f->n_findings++] = (struct folder_finding){
		.boot = b->name,
		.kind = xstrdup(jsonio_text(j, "kind")),
		.text = xstrdup(line),
		.mark = xstrdup(jsonio_text(j, "mark")),
		.fingerprint = xstrdup(jsonio_text(j, "fingerprint")),
		.arm = xstrdup(jsonio_text(j, "arm")),
		.copy = xstrdup(jsonio_text(j, "copy")),
		.test = xstrdup(jsonio_text(j, "test")),
		.slot = json_is_integer(slot) ? json_integer_value(slot) : -1,
		.traced = json_is_true(json_object_get(j, "traced")),
		.expected = json_is_true(json_object_get(j, "expected")),
		.count = count,
	};
	f->n_unexpected += !f->findings[f->n_findings - 1].expected;
	return 0;
}

char *finding_where(const struct folder_finding *x)
{
	bool test = *x->test;

	return xasprintf("%s%s%s%s%s", x->arm,
			 strcmp(x->copy, "b") ? "" : ", copy b",
			 test ? ", test " : "", x->test,
			 test && x->traced ? ", traced" : "");
}

/* Whether other boots ran meanwhile, and on the same CPUs: older ones do not say, they were alone. */
static int read_beside(struct folder *f, const json_t *boot, const char *path)
{
	const json_t *at = json_object_get(boot, "at_a_time");
	uint64_t boots;

	if (!at)
		return 0;
	if (get_count(at, "boots", path, &boots) || boots > UINT_MAX)
		return -1;
	if (boots > f->at_a_time)
		f->at_a_time = (unsigned int)boots;
	if (!json_array_size(json_object_get(at, "host_cpus")) && boots > f->beside)
		f->beside = (unsigned int)boots;
	return 0;
}

/* What the boot's files were when it ended, for whoever reads them. */
static int read_hashes(struct folder_boot *b, const json_t *boot, const char *path)
{
	const json_t *files = json_object_get(boot, "files"), *v;
	struct {
		const char *name;
		char **to;
	} wanted[] = {
		{ "samples.csv", &b->samples_sha256 },
		{ "sites.csv", &b->sites_sha256 },
	};

	if (files && !json_is_object(files))
		return bad(path, "files", "is no object");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		v = json_object_get(files, wanted[i].name);
		if (v && !json_is_string(v))
			return bad(path, "files", "has a hash that is no string");
		if (v)
			*wanted[i].to = xstrdup(json_string_value(v));
	}
	return 0;
}

/* Text for whoever reads the summary, and nothing else. */
static int read_boot_attempts(struct folder_boot *b, const json_t *boot,
			      const char *path)
{
	json_t *list = json_object_get(boot, "attempts"), *a;
	size_t i;

	if (!list)
		return 0;
	if (!json_is_array(list))
		return bad(path, "attempts", "is no list");
	json_array_foreach(list, i, a)
		if (!json_is_string(json_object_get(a, "status")) ||
		    !json_is_string(json_object_get(a, "reason")))
			return bad(path, "attempts", "has one without status or reason");
	b->attempts = json_deep_copy(list);
	return 0;
}

static int read_boot_json(struct folder *f, struct folder_boot *b,
			  const json_t *boot, const char *path)
{
	const char *status = get_string(boot, "status", path), *s;
	const json_t *tests = json_object_get(boot, "tests"), *j;
	uint64_t lost_events = 0;
	size_t i;

	if (!status)
		return -1;
	if (status_parse(status, &b->status))
		return bad(path, "status", "is none of PASS, FAIL, SKIP, ERROR, MISS");
	b->reason = xstrdup(jsonio_text(boot, "reason"));
	/* Boots of before have none. */
	b->cause = xstrdup(jsonio_text(boot, "cause"));
	if (get_count(boot, "lost_samples", path, &b->lost))
		return -1;
	if (json_object_get(boot, "lost_events") &&
	    get_count(boot, "lost_events", path, &lost_events))
		return -1;
	if (json_object_get(boot, "kernel_findings_dropped") &&
	    get_count(boot, "kernel_findings_dropped", path, &b->dropped))
		return -1;
	if (read_beside(f, boot, path) || read_hashes(b, boot, path) ||
	    read_boot_attempts(b, boot, path))
		return -1;
	s = jsonio_text(boot, "clock");
	if (*s && strcmp(s, f->clock))
		return bad(path, "clock", "is not that of manifest.json");
	if (!json_is_array(tests))
		return bad(path, "tests", "is missing or no list");
	json_array_foreach(tests, i, j)
		if (read_test(f, b, j, path))
			return -1;
	json_array_foreach(json_object_get(boot, "kernel_findings"), i, j)
		if (add_finding(f, b, j, path))
			return -1;
	f->dropped += b->dropped;
	f->lost += b->lost;
	f->lost_events += lost_events;
	return 0;
}

/* @r: NULL to leave the samples alone. */
static int read_boot(struct folder *f, struct folder_boot *b, struct reducer *r)
{
	char *path = xasprintf("%s/%s/boot.json", f->dir, b->name);
	json_t *boot = load_json(path);
	int ret = -1;

	if (!boot || check_schema(boot, BOOT_SCHEMA, path) ||
	    read_boot_json(f, b, boot, path))
		goto out;
	ret = 0;
	if (b->status == STATUS_PASS) {
		free(path);
		path = xasprintf("%s/%s/samples.csv", f->dir, b->name);
		ret = r ? reduce_boot(r, f, b, path) : 0;
		f->n_used++;
	}
out:
	json_decref(boot);
	free(path);
	return ret;
}

static int is_boot(const struct dirent *d)
{
	const char *s = d->d_name;

	return !strncmp(s, "boot-", 5) && s[5] && strspn(s + 5, "0123456789") ==
	       strlen(s + 5);
}

static int list_boots(struct folder *f)
{
	struct dirent **list;
	int n, i;

	n = scandir(f->dir, &list, is_boot, versionsort);
	if (n < 0) {
		err("cannot read folder %s: %s", f->dir, strerror(errno));
		return -1;
	}
	f->boots = xcalloc((size_t)n, sizeof(*f->boots));
	f->n_boots = (size_t)n;
	for (i = 0; i < n; i++) {
		f->boots[i].name = xstrdup(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	if (!n) {
		err("%s: no finished boot in it: nothing to report", f->dir);
		return -1;
	}
	return 0;
}

static int load(const char *dir, struct folder *f, struct reducer *r)
{
	int ret = -1;
	size_t i;

	*f = (struct folder){ .dir = xstrdup(dir) };
	if (read_manifest(f) || list_boots(f))
		goto out;
	for (i = 0; i < f->n_boots; i++)
		if (read_boot(f, &f->boots[i], r))
			goto out;
	ret = 0;
out:
	if (ret)
		folder_free(f);
	return ret;
}

int folder_load(const char *dir, struct folder *f)
{
	struct reducer *r = reducer_new();
	int ret = load(dir, f, r);

	reducer_free(r);
	return ret;
}

int folder_list(const char *dir, struct folder *f)
{
	return load(dir, f, NULL);
}

void folder_free(struct folder *f)
{
	size_t i;

	for (i = 0; i < f->n_boots; i++) {
		reduced_free(f, &f->boots[i]);
		free(f->boots[i].name);
		free(f->boots[i].reason);
		json_decref(f->boots[i].attempts);
		free(f->boots[i].cause);
		free(f->boots[i].samples_sha256);
		free(f->boots[i].sites_sha256);
	}
	for (i = 0; i < f->n_sites; i++)
		free(f->sites[i].name);
	for (i = 0; i < f->n_tallies; i++) {
		free(f->tallies[i].test);
		free(f->tallies[i].name);
		free(f->tallies[i].reason);
		free(f->tallies[i].first_attempt);
		counts_sum_free(&f->tallies[i].counts);
		counts_sum_free(&f->tallies[i].counts_b);
		counts_sum_free(&f->tallies[i].traced);
		counts_sum_free(&f->tallies[i].traced_b);
	}
	for (i = 0; i < f->n_findings; i++) {
		free(f->findings[i].kind);
		free(f->findings[i].text);
		free(f->findings[i].mark);
		free(f->findings[i].fingerprint);
		free(f->findings[i].arm);
		free(f->findings[i].copy);
		free(f->findings[i].test);
	}
	free(f->boots);
	free(f->sites);
	free(f->tallies);
	free(f->findings);
	free(f->series);
	free(f->compare);
	free(f->cells);
	free(f->dir);
	json_decref(f->manifest);
	memset(f, 0, sizeof(*f));
}
