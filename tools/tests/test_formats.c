// SPDX-License-Identifier: GPL-2.0-only
/*
 * results.ktap, junit.xml and kcidb.json: read back, by our own parser of KTAP,
 * by xmllint, and against the rules of kcidb's schema.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "formats.h"
#include "ktap.h"
#include "scratch.h"
#include "summary.h"
#include "utf8.h"

/* All that can be in a name or a reason: of other formats, of no format. */
#define HOSTILE "a<b>&\\\"'#x\\u0001\\u001b[2J\\n\\tend \\u00e9\\ufffe]]>"

static const struct {
	const char *arm, *copy;
	int slot;
	bool traced;
	const char *test, *name, *status, *reason;
} results[] = {
	{ "mutex", "a", 0, false, "mremap", "mremap_4k", "PASS", "" },
	{ "mutex", "a", 0, false, "mremap", "mremap_thp", "FAIL", "stale page 3" },
	{ "mutex", "a", 0, true, "mremap", "mremap_4k", "SKIP", "no room" },
	{ "mutex", "a", 0, true, "mremap", "mremap_thp", "MISS", "the guest was lost" },
	{ "mutex", "a", 0, false, "suite", "(program)", "ERROR", "killed by signal 11" },
	{ "mutex", "a", 0, false, "", "(unload)", "ERROR", "in use" },
	{ "stock", "a", 1, false, "mremap", HOSTILE, "FAIL", HOSTILE },
	{ "stock", "a", 1, false, "mremap", "mremap_4k", "SKIP", HOSTILE },
	{ "mutex", "b", 2, false, "suite", "x", "SKIP", "" },
};

static void put_result(FILE *f, size_t i)
{
	fprintf(f, "%s{\"arm\": \"%s\", \"copy\": \"%s\", \"slot\": %d, \"traced\": %s, "
		"\"test\": \"%s\", \"name\": \"%s\", \"status\": \"%s\", \"reason\": \"%s\"}",
		i ? ", " : "", results[i].arm, results[i].copy, results[i].slot,
		results[i].traced ? "true" : "false", results[i].test,
		results[i].name, results[i].status, results[i].reason);
}

static void put_boot(const char *name, const char *status, const char *findings,
		     size_t n)
{
	char *path = xasprintf("%s/boot.json", name);
	FILE *f;

	put(path, "");
	f = fopen(path, "w");
	fprintf(f, "{\"schema\": 2, \"status\": \"%s\", \"reason\": \"why\", \"clock\": \"icount\", "
		"\"lost_samples\": 0, \"total_ms\": 2500, \"kernel_findings\": [%s], \"tests\": [",
		status, findings);
	for (size_t i = 0; i < n; i++)
		put_result(f, i);
	fputs("]}", f);
	fclose(f);
	free(path);
}

#define FINDING(line, expected) \
	"{\"kind\": \"warning\", \"line\": \"" line "\", \"fingerprint\": " \
	"\"warning: kvm_zap\", \"mark\": \"7 RUN x\", \"expected\": " expected "}"

/* A run of four boots, of which three ran, in the current folder. */
static void make_run(void)
{
	assert_int_equal(chdir(scratch) || remove_tree("run") || mkdir_p("run") ||
			 chdir("run"), 0);
	put("manifest.json", "{\"schema\": 2, \"id\": \"20260101-120000-x\", \"run\": \"0123456789abcdef\", "
	    "\"plan\": \"x\", \"clock\": \"icount\", \"seed\": 7, \"accel\": {\"name\": \"tcg\"}, "
	    "\"kernel\": {\"key\": \"k1\", \"release\": \"6.12.1 <&\\u0007\", \"source\": {\"sha256\": \"00\"}}, "
	    "\"started\": \"2026-01-01T12:00:00Z\", \"command\": \"make compare ARMS=\\\"a b\\\"\", "
	    "\"host\": {\"cores\": 2}, \"plan_spec\": {\"boots\": 4, \"arms\": [\"mutex\", \"stock\"], "
	    "\"compare\": [\"mutex/stock\"], \"primary\": null, \"aa\": \"mutex\", \"margin\": 0.02}}");
	put_boot("boot-000", "FAIL", FINDING("WARNING: 1", "false") ", "
		 FINDING("WARNING: 2", "true"), ARRAY_SIZE(results));
	put_boot("boot-001", "MISS", FINDING("WARNING: 3 " HOSTILE, "false"), 2);
	put_boot("boot-002", "ERROR", "", 0);
}

static void write_formats(void)
{
	struct summary s;

	assert_int_equal(summary_load(".", &s), 0);
	assert_int_equal(formats_write(&s, "."), ST_OK);
	summary_free(&s);
}

/* Plans and numbers of every level fit, whatever our parser would forgive. */
static void check_ktap_shape(char *text)
{
	struct { long plan, seen; } level[8] = { 0 };
	char *save, *line;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		size_t d = strspn(line, " ") / 2;
		const char *s = line + 2 * d;

		for (const char *c = line; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
		assert_true(d < 5);
		if (!strcmp(s, "KTAP version 1")) {
			assert_int_equal(level[d].plan, level[d].seen);
			level[d].plan = level[d].seen = 0;
		} else if (!strncmp(s, "1..", 3)) {
			level[d].plan = atol(s + 3);
		} else if (strstr(s, "ok ") == s || strstr(s, "not ok ") == s) {
			assert_int_equal(atol(strstr(s, "ok ") + 3),
					 ++level[d].seen);
		} else {
			assert_int_equal(*s, '#');
		}
	}
	for (size_t d = 0; d < ARRAY_SIZE(level); d++)
		/* One boot of the four never ran. */
		assert_int_equal(level[d].plan - level[d].seen, d == 1);
}

static enum status status_of(const char *name)
{
	enum status s = STATUS_PASS;

	while (strcmp(status_name(s), name))
		s++;
	return s;
}

static void ktap_file(void **state)
{
	static const char run[] = "20260101-120000-x/boot-000/";
	static const struct ktap_end done = { 0 };
	const struct ktap_result *r;
	struct ktap *k = ktap_new();
	size_t n, len, leaves = 0;
	char *text;

	(void)state;
	make_run();
	write_formats();
	text = read_file("results.ktap", &len);
	ktap_feed(k, text, len);
	assert_string_equal(status_name(ktap_finish(k, &done, NULL)), "FAIL");
	r = ktap_results(k, &n);
	for (size_t i = 0; i < n; i++) {
		const char *slash = r[i].name;
		int depth = 0;

		while ((slash = strchr(slash, '/'))) {
			slash++;
			depth++;
		}
		if (strncmp(r[i].name, run, strlen(run)) || depth != 4)
			continue;
		assert_int_equal(r[i].status, status_of(results[leaves].status));
		leaves++;
	}
	assert_int_equal(leaves, ARRAY_SIZE(results));
	assert_non_null(strstr(text, "# kernel, warning: WARNING: 1, during 7 RUN x\n"));
	assert_non_null(strstr(text, "# kernel (expected), warning: WARNING: 2"));
	assert_non_null(strstr(text, "not ok 2 boot-001 # TIMEOUT why\n"));
	assert_non_null(strstr(text, "not ok 3 boot-002 # ERROR why\n"));
	assert_non_null(strstr(text, "ok 1 mremap_4k # SKIP no room\n"));
	assert_non_null(strstr(text, "a<b>&\"'_x"));
	check_ktap_shape(text);
	free(text);
	ktap_free(k);
}

/* Return: what xmllint finds in junit.xml; NULL if there is none here. */
static char *xpath(const char *expr)
{
	char *cmd = xasprintf("xmllint --nonet --xpath \"%s\" junit.xml >out 2>err",
			      expr);
	int st = system(cmd);
	char *text = read_file("out", NULL);

	free(cmd);
	if (st) {
		free(text);
		fail_msg("xmllint: %s", read_file("err", NULL));
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void assert_xpath(const char *expr, const char *want)
{
	char *have = xpath(expr);

	assert_string_equal(have, want);
	free(have);
}

static void junit_file(void **state)
{
	(void)state;
	if (system("command -v xmllint >/dev/null"))
		skip();
	make_run();
	write_formats();
	assert_xpath("count(/testsuites/testsuite)", "4");
	/* 9 and 2 results, the 3 boots, and the one that never ran. */
	assert_xpath("string(/testsuites/@tests)", "15");
	assert_xpath("count(//testcase)", "15");
	assert_xpath("count(//failure)", "4");
	assert_xpath("string(/testsuites/@failures)", "4");
	assert_xpath("count(//error)", "6");
	assert_xpath("string(/testsuites/@errors)", "6");
	assert_xpath("count(//error[@type='MISS'])", "3");
	assert_xpath("string(/testsuites/@skipped)", "3");
	assert_xpath("count(//skipped)", "3");
	assert_xpath("string(/testsuites/@time)", "7.500");
	assert_xpath("string(//testcase[@name='mremap_thp']/failure/@message)",
		     "stale page 3");
	assert_xpath("count(//testcase[@classname='mutex.mremap.traced'])", "2");
	assert_xpath("count(//testcase[@classname='mutex-copy.suite'])", "1");
	assert_xpath("string(//property[@name='command']/@value)",
		     "make compare ARMS=\"a b\"");
	/* The newline and the tab survive; what XML cannot have does not. */
	assert_xpath("string-length(//testcase[starts-with(@name, 'a<b')]/@name)", "25");
	assert_xpath("contains(//testcase[starts-with(@name, 'a<b')]/@name, ']]>')",
		     "true");
}

/* kcidb's schema 5.3, as far as we use it. */
struct rule {
	const char *key;
	bool required;
	/* string, Id, Path, sTatus, object, boolean, integer, number, list */
	char type;
	bool (*check)(const json_t *v);
};

static bool check_object(const json_t *o, const struct rule *rules);

static bool no_nul(const char *s)
{
	return s && strlen(s) <= 16384;
}

static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && s[n] == ':' && !strpbrk(s, "\n\r");
}

static bool is_path(const char *s)
{
	return strspn(s, ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
	       == strlen(s);
}

static bool is_status(const char *s)
{
	static const char *const all[] = { "FAIL", "ERROR", "MISS", "PASS",
					   "DONE", "SKIP" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(s, all[i]))
			return true;
	return false;
}

static bool is_type(const json_t *v, char type)
{
	const char *s = json_string_value(v);

	switch (type) {
	case 's': return no_nul(s);
	case 'I': return s && is_id(s);
	case 'P': return s && is_path(s);
	case 'T': return s && is_status(s);
	case 'o': return json_is_object(v);
	case 'b': return json_is_boolean(v);
	case 'i': return json_is_integer(v) && json_integer_value(v) >= 0;
	case 'n': return json_is_number(v);
	default: return json_is_array(v);
	}
}

static bool no_nulls(const json_t *v)
{
	const char *key;
	json_t *x;
	size_t i;

	if (json_is_object(v))
		json_object_foreach((json_t *)v, key, x)
			if (!no_nulls(x))
				return false;
	if (json_is_array(v))
		json_array_foreach(v, i, x)
			if (!no_nulls(x))
				return false;
	return !json_is_null(v);
}

static bool check_object(const json_t *o, const struct rule *rules)
{
	size_t known = 0;

	if (!json_is_object(o))
		return false;
	for (const struct rule *r = rules; r->key; r++) {
		const json_t *v = json_object_get(o, r->key);

		if (!v && r->required)
			return false;
		if (v && (!is_type(v, r->type) || (r->check && !r->check(v))))
			return false;
		known += v != NULL;
	}
	return known == json_object_size(o);
}

static bool check_list(const json_t *list, const struct rule *rules)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
		if (!check_object(v, rules))
			return false;
	return true;
}

static bool check_version(const json_t *v)
{
	static const struct rule r[] = {
		{ "major", true, 'i', NULL }, { "minor", false, 'i', NULL }, { 0 },
	};

	return check_object(v, r) &&
	       json_integer_value(json_object_get(v, "major")) == 5 &&
	       json_integer_value(json_object_get(v, "minor")) <= 3;
}

static bool check_checkouts(const json_t *v)
{
	static const struct rule r[] = {
		{ "id", true, 'I', NULL }, { "origin", true, 's', NULL },
		{ "start_time", false, 's', NULL }, { "valid", false, 'b', NULL },
		{ "comment", false, 's', NULL }, { "misc", false, 'o', NULL }, { 0 },
	};

	return check_list(v, r);
}

static bool check_builds(const json_t *v)
{
	static const struct rule r[] = {
		{ "id", true, 'I', NULL }, { "origin", true, 's', NULL },
		{ "checkout_id", true, 'I', NULL }, { "start_time", false, 's', NULL },
		{ "architecture", false, 's', NULL }, { "compiler", false, 's', NULL },
		{ "config_name", false, 's', NULL }, { "status", false, 'T', NULL },
		{ "misc", false, 'o', NULL }, { 0 },
	};

	return check_list(v, r);
}

static bool check_environment(const json_t *v)
{
	static const struct rule r[] = {
		{ "comment", false, 's', NULL }, { "misc", false, 'o', NULL }, { 0 },
	};

	return check_object(v, r);
}

static bool check_number(const json_t *v)
{
	static const struct rule r[] = {
		{ "value", true, 'n', NULL }, { "unit", false, 's', NULL },
		{ "prefix", false, 's', NULL }, { 0 },
	};

	return check_object(v, r);
}

static bool check_tests(const json_t *v)
{
	static const struct rule r[] = {
		{ "id", true, 'I', NULL }, { "origin", true, 's', NULL },
		{ "build_id", true, 'I', NULL },
		{ "environment", false, 'o', check_environment },
		{ "path", false, 'P', NULL }, { "status", false, 'T', NULL },
		{ "log_excerpt", false, 's', NULL },
		{ "number", false, 'o', check_number },
		{ "start_time", false, 's', NULL }, { "duration", false, 'n', NULL },
		{ "misc", false, 'o', NULL }, { 0 },
	};

	return check_list(v, r);
}

static bool check_culprit(const json_t *v)
{
	static const struct rule r[] = { { "code", false, 'b', NULL }, { 0 } };

	return check_object(v, r);
}

static bool check_issues(const json_t *v)
{
	static const struct rule r[] = {
		{ "id", true, 'I', NULL }, { "version", true, 'i', NULL },
		{ "origin", true, 's', NULL }, { "comment", false, 's', NULL },
		{ "culprit", false, 'o', check_culprit }, { 0 },
	};

	return check_list(v, r);
}

static bool check_incidents(const json_t *v)
{
	static const struct rule r[] = {
		{ "id", true, 'I', NULL }, { "origin", true, 's', NULL },
		{ "issue_id", true, 'I', NULL }, { "issue_version", true, 'i', NULL },
		{ "test_id", false, 'I', NULL }, { "present", false, 'b', NULL },
		{ "comment", false, 's', NULL }, { 0 },
	};

	return check_list(v, r);
}

static bool is_kcidb(const json_t *j)
{
	static const struct rule r[] = {
		{ "version", true, 'o', check_version },
		{ "checkouts", false, 'l', check_checkouts },
		{ "builds", false, 'l', check_builds },
		{ "tests", false, 'l', check_tests },
		{ "issues", false, 'l', check_issues },
		{ "incidents", false, 'l', check_incidents }, { 0 },
	};

	return check_object(j, r) && no_nulls(j);
}

/* No two objects of a list have the same id. */
static void assert_unique(const json_t *list)
{
	json_t *seen = json_object(), *o;
	const char *id;
	size_t i;

	json_array_foreach(list, i, o) {
		id = json_string_value(json_object_get(o, "id"));
		assert_null(json_object_get(seen, id));
		json_object_set_new(seen, id, json_true());
	}
	json_decref(seen);
}

static const json_t *test_with(const json_t *j, const char *path,
			       const char *status)
{
	size_t i;
	json_t *t;

	json_array_foreach(json_object_get(j, "tests"), i, t)
		if (!strcmp(json_string_value(json_object_get(t, "path")), path) &&
		    !strcmp(json_string_value(json_object_get(t, "status")), status))
			return t;
	return NULL;
}

static void kcidb_file(void **state)
{
	const json_t *t;
	json_t *j;

	(void)state;
	make_run();
	write_formats();
	j = json_load_file("kcidb.json", JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	assert_true(is_kcidb(j));
	/* 3 boots, 9 and 2 results. Nothing was measured. */
	assert_int_equal(json_array_size(json_object_get(j, "tests")), 14);
	assert_unique(json_object_get(j, "tests"));
	assert_unique(json_object_get(j, "incidents"));
	/* One bug in two boots; the expected one is none. */
	assert_int_equal(json_array_size(json_object_get(j, "issues")), 1);
	assert_int_equal(json_array_size(json_object_get(j, "incidents")), 2);
	t = test_with(j, "secmmu.mutex.mremap.mremap_thp", "FAIL");
	assert_non_null(t);
	assert_string_equal(json_string_value(json_object_get(t, "log_excerpt")),
			    "stale page 3");
	assert_non_null(test_with(j, "secmmu.mutex.mremap.mremap_thp.traced", "MISS"));
	assert_non_null(test_with(j, "secmmu.mutex.suite._program_", "ERROR"));
	assert_non_null(test_with(j, "secmmu.mutex._unload_", "ERROR"));
	assert_non_null(test_with(j, "secmmu.boot", "ERROR"));
	t = test_with(j, "secmmu.boot", "MISS");
	assert_true(json_real_value(json_object_get(t, "duration")) == 2.5);
	json_decref(j);
}

/* Each of these is seen by the rules above. */
static void kcidb_faults(void **state)
{
	static const struct {
		const char *list, *key, *value;
	} faults[] = {
		{ "tests", "status", "\"pass\"" }, { "tests", "path", "\"a/b\"" },
		{ "tests", "id", "\"no colon\"" }, { "tests", "reason", "\"x\"" },
		{ "tests", "log_excerpt", "null" }, { "tests", "build_id", NULL },
		{ "builds", "checkout_id", NULL }, { "builds", "status", "\"ok\"" },
		{ "checkouts", "valid", "\"yes\"" }, { "issues", "version", NULL },
		{ "incidents", "issue_id", "\"Upper:x\"" },
	};
	json_t *good, *bad, *o;

	(void)state;
	make_run();
	write_formats();
	good = json_load_file("kcidb.json", 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		bad = json_deep_copy(good);
		assert_true(is_kcidb(bad));
		o = json_array_get(json_object_get(bad, faults[i].list), 0);
		if (faults[i].value)
			json_object_set_new(o, faults[i].key,
				json_loads(faults[i].value, JSON_DECODE_ANY, NULL));
		else
			json_object_del(o, faults[i].key);
		assert_false(is_kcidb(bad));
		json_decref(bad);
	}
	json_object_set_new(json_object_get(good, "version"), "minor",
			    json_integer(4));
	assert_false(is_kcidb(good));
	json_decref(good);
}

/* What was measured, in the unit of the clock. */
static void measurements(void **state)
{
	char *dir = fixture_path("results-good");
	const json_t *t, *n;
	struct summary s;
	json_t *j;

	(void)state;
	assert_int_equal(summary_load(dir, &s), 0);
	assert_int_equal(chdir(scratch), 0);
	assert_int_equal(formats_write(&s, "."), ST_OK);
	j = json_load_file("kcidb.json", 0, NULL);
	assert_true(is_kcidb(j));
	assert_unique(json_object_get(j, "tests"));
	t = test_with(j, "secmmu.mutex.measured.mremap_4k.syscall", "DONE");
	assert_non_null(t);
	n = json_object_get(t, "number");
	assert_string_equal(json_string_value(json_object_get(n, "unit")), "s");
	assert_true(json_real_value(json_object_get(n, "value")) < 0.01);
	assert_true(json_real_value(json_object_get(n, "value")) > 0.0001);
	json_decref(j);
	summary_free(&s);
	free(dir);
}

/* Written whole or not at all. */
static void no_folder(void **state)
{
	struct summary s;

	(void)state;
	make_run();
	assert_int_equal(summary_load(".", &s), 0);
	listen_begin();
	assert_int_equal(formats_write(&s, "nowhere"), ST_HARNESS);
	listen_end();
	assert_said("nowhere/results.ktap");
	summary_free(&s);
}

static const struct {
	const char *in, *clean, *xml;
} texts[] = {
	{ "", "", "" },
	{ "a\tb\nc", "a\tb\nc", "a&#9;b&#10;c" },
	{ "<&>\"'", "<&>\"'", "&lt;&amp;&gt;&quot;'" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7" },
#define BAD "\xef\xbf\xbd"
	{ "\x01\x1b\x7f\r", BAD BAD BAD BAD, BAD BAD BAD BAD },
	/* C1 controls, a byte alone, a character cut off, one in the wrong place. */
	{ "\xc2\x85", BAD, BAD },
	{ "x\xff\xfey", "x" BAD BAD "y", "x" BAD BAD "y" },
	{ "\xe2\x82", BAD BAD, BAD BAD },
	{ "\xe2\x82<", BAD BAD "<", BAD BAD "&lt;" },
	{ "\xa7", BAD, BAD },
	/* Overlong "/", half of a pair, beyond Unicode, no character. */
	{ "\xc0\xaf", BAD BAD, BAD BAD },
	{ "\xe0\x80\xaf", BAD BAD BAD, BAD BAD BAD },
	{ "\xed\xa0\x80", BAD BAD BAD, BAD BAD BAD },
	{ "\xf4\x90\x80\x80", BAD BAD BAD BAD, BAD BAD BAD BAD },
	{ "\xef\xbf\xbe", BAD, BAD },
};

static void escaping(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *xml = NULL, *clean = utf8_clean(texts[i].in);
		size_t len;
		FILE *f = open_memstream(&xml, &len);
		json_t *j;

		utf8_xml(f, texts[i].in);
		fclose(f);
		assert_string_equal(clean, texts[i].clean);
		assert_string_equal(xml, texts[i].xml);
		j = json_string(clean);
		assert_non_null(j);
		json_decref(j);
		free(clean);
		free(xml);
	}
}

/* Where configs/ is; check.sh says so as well. */
static int set_up(void **state)
{
	char *top = fixture_path("../../..");

	setenv("SECMMU_TOP", top, 0);
	free(top);
	return scratch_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ktap_file),
		cmocka_unit_test(junit_file),
		cmocka_unit_test(kcidb_file),
		cmocka_unit_test(kcidb_faults),
		cmocka_unit_test(measurements),
		cmocka_unit_test(no_folder),
		cmocka_unit_test(escaping),
	};

	return cmocka_run_group_tests_name("formats", tests, set_up,
					   scratch_teardown);
}
