// SPDX-License-Identifier: GPL-2.0-only
/* Call sites: found in a source tree, counted in a trace, put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "calls.h"
#include "callsites.h"
#include "folder.h"
#include "page.h"
#include "report_parts.h"
#include "scratch.h"
#include "sites.h"
#include "sites_beside.h"

/* The source. */

#define HEADER							\
	"extern int __mmu_notifier_clear_young(struct mm *mm);\n"	\
	"static inline void\n"					\
	"mmu_notifier_invalidate_range_start(struct range *r)\n"	\
	"{\n"							\
	"\tif (mm_has_notifiers(r->mm))\n"			\
	"\t\t__mmu_notifier_invalidate_range_start(r);\n"	\
	"}\n"							\
	"static inline int mmu_notifier_clear_young(struct mm *mm)\n"	\
	"{\n"							\
	"\treturn __mmu_notifier_clear_young(mm);\n"		\
	"}\n"							\
	"#define ptep_clear_young_notify(vma)\t\t\t\\\n"	\
	"({\t\t\t\t\t\t\\\n"				\
	"\tmmu_notifier_clear_young(vma->mm);\t\\\n"		\
	"})\n"

/* The header that uses another one's is read before it. */
#define EARLY							\
	"static __always_inline void age_both(struct mm *mm)\n"	\
	"{\n"							\
	"\tmmu_notifier_clear_young(mm);\n"			\
	"}\n"

#define MEMORY							\
	"/* mmu_notifier_invalidate_range_start() in vain */\n"	\
	"static const char s[] = \"mmu_notifier_clear_young(\";\n"	\
	"static void no_call(void)\n"				\
	"{\n"							\
	"\t// mmu_notifier_clear_young(mm)\n"			\
	"\tops.start = mmu_notifier_invalidate_range_start;\n"	\
	"}\n"							\
	"static noinline __must_hold(&lock)\n"			\
	"int zap(struct mm *mm,\n"				\
	"\t\tvoid (*fn)(void))\n"				\
	"{\n"							\
	"#ifdef A\n"						\
	"\tif (a) {\n"						\
	"#else\n"						\
	"\tif (b) {\n"						\
	"#endif\n"						\
	"\t\tmmu_notifier_invalidate_range_start(&r);\n"	\
	"\t}\n"							\
	"\tmmu_notifier_invalidate_range_start (&again);\n"	\
	"}\n"							\
	"int age_it(struct vma *vma)\n"				\
	"{\n"							\
	"\treturn ptep_clear_young_notify(vma);\n"		\
	"}\n"							\
	"int walk(void)\n"					\
	"{\n"							\
	"\tage_both(mm);\n"					\
	"}\n"

static void make_tree(void)
{
	remove_tree("tree");
	remove_tree("overlay");
	put("tree/mm/mmu_notifier.c",
	    "int __mmu_notifier_clear_young(struct mm *mm)\n{\n}\n");
	put("tree/include/linux/mmu_notifier.h", HEADER);
	put("tree/include/linux/early.h", EARLY);
	put("tree/mm/memory.c", MEMORY);
	put("tree/fs/other.c", "int walk(void)\n{\n\tnothing();\n}\n");
}

static void assert_site(const struct callsite *c, const char *file,
			const char *function, const char *call)
{
	assert_string_equal(c->file, file);
	assert_string_equal(c->function, function);
	assert_string_equal(c->call, call);
}

static void found(void **state)
{
	struct callsites c;

	(void)state;
	make_tree();
	assert_int_equal(callsites_find("tree", NULL, &c), 0);
	assert_int_equal(c.n, 3);
	assert_site(&c.v[0], "mm/memory.c", "zap", "invalidate");
	assert_int_equal(c.v[0].line, 17);
	assert_site(&c.v[1], "mm/memory.c", "age_it", "clear_young");
	assert_site(&c.v[2], "mm/memory.c", "walk", "clear_young");
	callsites_free(&c);
}

/* A patch adds a site, and takes the one away that its file had. */
static void overlaid(void **state)
{
	struct callsites c;

	(void)state;
	make_tree();
	put("overlay/mm/memory.c", "int zap(void)\n{\n}\n");
	put("overlay/mm/fresh.c",
	    "void fresh(void)\n{\n\tmmu_notifier_invalidate_range_start(&r);\n}\n");
	assert_int_equal(callsites_find("tree", "overlay", &c), 0);
	assert_int_equal(c.n, 1);
	assert_site(&c.v[0], "mm/fresh.c", "fresh", "invalidate");
	callsites_free(&c);
}

static void no_tree(void **state)
{
	struct callsites c;

	(void)state;
	make_tree();
	put("tree/mm/memory.c", "int zap(void)\n{\n}\n");
	listen_begin();
	assert_int_equal(callsites_find("tree", NULL, &c), -1);
	listen_end();
	assert_non_null(strstr(said, "no call of an MMU notifier"));
}

/* The trace. */

#define TID 100
#define ZAP 0xffffffff81001234u
#define AGE_IT 0xffffffff81002345u

struct ev {
	int kind;
	uint64_t ns;
	int tid;
	uint64_t ip;
	uint64_t start, end;
	uint32_t age;
};

static void feed(struct trace *t, const struct ev *v, size_t n)
{
	struct page p;

	page_begin(&p, v->ns);
	for (size_t i = 0; i < n; i++) {
		uint8_t data[64] = { 0 };
		uint16_t id = (uint16_t)(1000 + v[i].kind);

		memcpy(data, &id, 2);
		memcpy(data + 4, &v[i].tid, 4);
		memcpy(data + 16, &v[i].start, 8);
		memcpy(data + 24, &v[i].end, 8);
		memcpy(data + 32, &v[i].age, 4);
		memcpy(data + test_events[v[i].kind].ip, &v[i].ip, 8);
		page_event(&p, v[i].ns, data, test_events[v[i].kind].size);
	}
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), 0);
}

#define RANGE_AT(at, tid, ip, start, end)			\
	{ TRACE_RANGE_START, at, tid, ip, start, end, 0 },	\
	{ TRACE_RANGE_STARTED, (at) + 5, tid, ip, start, end, 0 }
#define LOCKED_AT(at, tid, ip, start, end)			\
	{ TRACE_RANGE_START, at, tid, ip, start, end, 0 },	\
	{ TRACE_LOCK_ACQUIRED, (at) + 2, tid, 0, 0, 0, 0 },	\
	{ TRACE_RANGE_STARTED, (at) + 5, tid, ip, start, end, 0 }
#define AGE_AT(at, tid, ip, start, end)				\
	{ TRACE_AGE, at, tid, ip, start, end, TRACE_CLEAR_YOUNG },	\
	{ TRACE_AGED, (at) + 5, tid, ip, start, end, TRACE_CLEAR_YOUNG }

static const struct ev events[] = {
	RANGE_AT(50, TID, ZAP, 0x10000, 0x11000),	/* before the sample */
	RANGE_AT(1000, TID, ZAP, 0x10000, 0x11000),
	RANGE_AT(1100, TID, ZAP, 0x10000, 0x11000),	/* gone already */
	RANGE_AT(1200, TID + 1, ZAP, 0x10000, 0x13000),	/* not all of it is */
	RANGE_AT(1300, TID, ZAP, 0x20000, 0x21000),	/* other memory */
	AGE_AT(1400, TID + 2, AGE_IT, 0x10000, 0x11000),
	AGE_AT(1500, TID + 2, AGE_IT, 0x10000, 0x11000),
	LOCKED_AT(3000, TID, ZAP, 0x20000, 0x21000),	/* in a memslot */
	RANGE_AT(3100, TID, ZAP, 0x20000, 0x21000),	/* in none */
};

#define LINES "slot,arm,copy,test,event,call,site,first,calls\n"

static void count(const char *due, const char *want)
{
	static const struct sample samples[] = {
		{ "zap_4k", 0, TID, 900, 2000, 0x10000, 0x2000, 4096, 1 },
	};
	struct strs events_due = strs_split(due, " ");
	struct slot slot = { .arm = "mutex", .copy = 'a' };
	struct calls_run r = { 2, &slot, "zap", &events_due, samples, 1 };
	struct trace *t = trace_new();
	struct symbols *sym;
	FILE *f;

	put("System.map", "ffffffff81001000 T zap\n"
	    "ffffffff81002000 t age_it\nffffffff81003000 T _etext\n");
	sym = symbols_load("System.map");
	assert_non_null(sym);
	assert_int_equal(meta_all(t, TRACE_FORMATS), 0);
	feed(t, events, ARRAY_SIZE(events));
	f = fopen("sites.csv", "w");
	calls_header(f);
	calls_write(f, &r, t, sym);
	fclose(f);
	assert_content("sites.csv", want);
	symbols_free(sym);
	trace_free(t);
	strs_free(&events_due);
}

static void counted(void **state)
{
	(void)state;
	count("zap_4k zap_2m", LINES
	      "2,mutex,a,zap,zap_4k,invalidate,zap,2,3\n"
	      "2,mutex,a,zap,zap_4k,clear_young,age_it,2,2\n"
	      "2,mutex,a,zap,,invalidate,zap,0,1\n");
}

/* Whose it is when there is only one event, samples or not. */
static void counted_for_one(void **state)
{
	(void)state;
	count("zap_4k", LINES
	      "2,mutex,a,zap,zap_4k,invalidate,zap,3,4\n"
	      "2,mutex,a,zap,zap_4k,clear_young,age_it,2,2\n");
}

/* Both. */

#define INI "[alias walk_inlined]\nfunction = walk\nwhy = inlined\n"
#define TEST(name, status)						\
	"{\"arm\":\"mutex\",\"test\":\"zap\",\"name\":\"" name "\","	\
	"\"status\":\"" status "\",\"traced\":true}"

static void make_results(const char *ini, const char *status, const char *lines)
{
	char *boot = xasprintf("{\"schema\":2,\"status\":\"FAIL\",\"lost_samples\":0,"
			       "\"tests\":[" TEST("zap_4k", "PASS") ","
			       TEST("age", "%s") "]}", status);
	char *csv = xasprintf(LINES "%s", lines);

	make_tree();
	remove_tree("run");
	put("sites.ini", ini);
	put("run/manifest.json", "{\"schema\":2,\"plan\":\"p\",\"clock\":\"wall\","
	    "\"accel\":{\"name\":\"tcg\"},\"seed\":1,\"plan_spec\":{\"boots\":1,"
	    "\"margin\":0.02,\"arms\":[\"mutex\"],\"compare\":[]}}");
	put("run/boot-000/boot.json", boot);
	put("run/boot-000/sites.csv", csv);
	free(csv);
	free(boot);
}

static struct folder folder;

static struct sites *load(void)
{
	struct sites *s = NULL;
	struct callsites c;

	listen_begin();
	folder_free(&folder);
	if (!folder_load("run", &folder) && !callsites_find("tree", NULL, &c))
		s = sites_load(&c, "sites.ini", &folder);
	listen_end();
	return s;
}

static char *printed(const struct sites *s)
{
	FILE *f = fopen("out", "w");

	sites_print(s, f);
	fclose(f);
	return read_file("out", NULL);
}

static void assert_state(const char *ini, const char *status, const char *lines,
			 bool complete, const char *summary, const char *text)
{
	struct sites *s;
	char *out;

	make_results(ini, status, lines);
	s = load();
	assert_non_null(s);
	assert_int_equal(sites_complete(s), complete);
	out = printed(s);
	assert_non_null(strstr(out, summary));
	assert_non_null(strstr(out, text));
	assert_int_equal(sites_write(s, "run/sites.json"), 0);
	assert_true(path_exists("run/sites.json"));
	free(out);
	sites_free(s);
}

#define ZAP_LINE "0,mutex,a,zap,zap_4k,invalidate,zap,2,3\n"
#define AGE_LINE "0,mutex,a,zap,age,clear_young,age_it,5,5\n"
#define WALK_LINE "0,mutex,a,zap,age,clear_young,walk_inlined,5,5\n"

static void all_covered(void **state)
{
	(void)state;
	assert_state(INI, "PASS", ZAP_LINE AGE_LINE WALK_LINE, true,
		     "3 sites: 3 covered", "PASS in mutex: age\n");
}

/* The planted fault: a site that nobody knows of, and nobody fires. */
static void unlisted(void **state)
{
	(void)state;
	assert_state(INI, "PASS", ZAP_LINE AGE_LINE, false,
		     "2 covered, 0 failed, 0 fired too late to tell, 0 not fired with a reason, 1 without",
		     "mm/memory.c:walk");
}

static void explained(void **state)
{
	(void)state;
	assert_state(INI "[site walk]\nwhy = needs a horse\n", "PASS",
		     ZAP_LINE AGE_LINE, true, "1 not fired with a reason, 0 without",
		     "needs a horse");
}

static void failed(void **state)
{
	(void)state;
	assert_state(INI, "FAIL", ZAP_LINE AGE_LINE WALK_LINE, false,
		     "1 covered, 2 failed", "FAIL in mutex: age");
}

static void too_late(void **state)
{
	(void)state;
	assert_state(INI, "PASS", "0,mutex,a,zap,zap_4k,invalidate,zap,0,3\n"
		     AGE_LINE WALK_LINE, false, "1 fired too late",
		     "just taken the memory away");
}

static void late_with_a_reason(void **state)
{
	(void)state;
	assert_state(INI "[site zap]\nwhy = walks behind a horse\n", "PASS",
		     "0,mutex,a,zap,zap_4k,invalidate,zap,0,3\n"
		     AGE_LINE WALK_LINE, true, "1 fired too late",
		     "walks behind a horse: zap_4k");
}

/* Without its alias an inlined function is not lost in silence. */
static void stranger(void **state)
{
	(void)state;
	assert_state("[site walk]\nwhy = for another test\n", "PASS",
		     ZAP_LINE AGE_LINE WALK_LINE, false, "1 not fired with a reason",
		     "walk_inlined");
}

static void malformed(void **state)
{
	static const char *const lines[] = {
		"0,mutex,a,zap,zap_4k,invalidate,zap,3,2\n",	/* first > calls */
		"0,mutex,a,zap,zap_4k,invalidate,zap,2\n",
		"0,mutex,a,zap,zap_4k,invalidate,zap,2,3,4\n",
		"0,nobody,a,zap,zap_4k,invalidate,zap,2,3\n",
		"0,mutex,a,zap,zap_4k,invalidate,zap,2,3",	/* cut off */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		make_results(INI, "PASS", lines[i]);
		assert_null(load());
		assert_non_null(strstr(said, "sites.csv:2"));
	}
	make_results("[sight walk]\nwhy = misspelt\n", "PASS", ZAP_LINE);
	assert_null(load());
	assert_non_null(strstr(said, "sites.ini:1"));
}

/* callsites.json, and what becomes of it in summary.json and in the report. */

static void record(void)
{
	struct callsites c;

	assert_int_equal(callsites_find("tree", NULL, &c), 0);
	c.kernel = xstrdup("Linux <6.12>");
	assert_int_equal(callsites_write(&c, "run/callsites.json"), 0);
	callsites_free(&c);
	put("configs/sites.ini", INI);
	setenv("SECMMU_TOP", scratch, 1);
}

static void recorded(void **state)
{
	struct callsites a, b;

	(void)state;
	make_results(INI, "PASS", ZAP_LINE);
	record();
	assert_int_equal(callsites_find("tree", NULL, &a), 0);
	assert_int_equal(callsites_read("run/callsites.json", &b), 0);
	assert_string_equal(b.kernel, "Linux <6.12>");
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++) {
		assert_site(&b.v[i], a.v[i].file, a.v[i].function, a.v[i].call);
		assert_int_equal(b.v[i].line, a.v[i].line);
	}
	callsites_free(&a);
	callsites_free(&b);
}

static void record_damaged(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{\"schema\":1,\"kernel\":\"k\",\"sites\":[]}",
		"{\"schema\":2,\"kernel\":\"k\",\"sites\":[{\"file\":\"f\",\"function\":\"g\",\"call\":\"test_young\",\"line\":1}]}",
		"{\"schema\":1,\"kernel\":\"k\",\"sites\":[{\"file\":\"f\",\"function\":\"g\",\"call\":\"test_old\",\"line\":1}]}",
		"{\"schema\":1,\"kernel\":\"k\",\"sites\":[{\"file\":\"f\",\"function\":\"g\",\"call\":\"test_young\",\"line\":0}]}",
		"{\"schema\":1,\"kernel\":\"k\",\"sites\":[{\"file\":\"f\",\"call\":\"test_young\",\"line\":1}]}",
	};
	struct summary s;

	(void)state;
	make_results(INI, "PASS", ZAP_LINE);
	record();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put("run/callsites.json", texts[i]);
		listen_begin();
		assert_int_equal(summary_load("run", &s), -1);
		listen_end();
		assert_said("run/callsites.json");
	}
}

static json_t *call_sites(const struct summary *s)
{
	json_t *all = summary_json(s);
	json_t *j = json_incref(json_object_get(all, "call_sites"));

	json_decref(all);
	return j;
}

static char *page_of(const struct summary *s)
{
	FILE *f = fopen("page", "w");

	report_sites(f, s);
	fclose(f);
	return read_file("page", NULL);
}

/* The planted fault: nobody fires walk(), and an oracle of age_it() fails. */
static void reported(void **state)
{
	const char *why, *status;
	struct summary s;
	int found, covered, uncovered, failed_, schema;
	json_t *j;
	char *page;

	(void)state;
	make_results(INI, "FAIL", ZAP_LINE AGE_LINE);
	record();
	assert_int_equal(summary_load("run", &s), 0);
	j = call_sites(&s);
	assert_int_equal(json_unpack(j, "{s:i, s:{s:{s:i, s:i}, s:{s:i, s:i}}}",
				     "schema", &schema, "counts",
				     "invalidations", "sites", &found, "covered", &covered,
				     "ageing", "failed", &failed_, "uncovered", &uncovered),
			 0);
	assert_int_equal(schema, 1);
	assert_int_equal(found, 1);
	assert_int_equal(covered, 1);
	assert_int_equal(failed_, 1);
	assert_int_equal(uncovered, 1);
	assert_int_equal(json_unpack(json_array_get(json_object_get(j, "sites"), 2),
				     "{s:s}", "why", &why), 0);
	assert_string_equal(why, "nothing has fired it while tracepoints were on");
	assert_int_equal(json_unpack(json_array_get(json_object_get(j, "sites"), 1),
				     "{s:[{s:s}]}", "hits", "status", &status), 0);
	assert_string_equal(status, "FAIL");
	page = page_of(&s);
	assert_non_null(strstr(page, "1 of 1 functions that invalidate, 0 of 2 functions that age"));
	assert_non_null(strstr(page, "Linux &lt;6.12&gt;"));
	assert_non_null(strstr(page, "nothing has fired it while tracepoints were on"));
	assert_non_null(strstr(page, "<span class=\"v FAIL\">FAIL</span> 5"));
	free(page);
	json_decref(j);
	summary_free(&s);
}

/* What another run, here a copy with another plan's name, has fired. */
static void make_other(const char *kernel)
{
	struct callsites c;

	assert_int_equal(callsites_find("tree", NULL, &c), 0);
	c.kernel = xstrdup(kernel);
	assert_int_equal(callsites_write(&c, "other/callsites.json"), 0);
	callsites_free(&c);
}

static void beside(void **state)
{
	struct summary s;
	const char *test, *plan;
	json_t *j;
	char *page;
	int n;

	(void)state;
	make_results(INI, "PASS", AGE_LINE);
	remove_tree("other");
	assert_int_equal(rename("run", "other"), 0);
	make_other("Linux <6.12>");
	make_results(INI, "PASS", ZAP_LINE);
	record();
	assert_int_equal(sites_beside_write("run", "other"), ST_OK);
	assert_int_equal(summary_load("run", &s), 0);
	j = call_sites(&s);
	assert_int_equal(json_unpack(j, "{s:{s:s, s:i}}", "beside", "plan", &plan,
				     "ageing", &n), 0);
	assert_string_equal(plan, "p");
	assert_int_equal(n, 1);
	assert_int_equal(json_unpack(json_array_get(json_object_get(j, "sites"), 1),
				     "{s:[{s:s, s:i}]}", "beside", "test", &test,
				     "calls", &n), 0);
	assert_string_equal(test, "zap");
	assert_int_equal(n, 5);
	/* It counts beside, not as this run's. */
	assert_false(sites_complete(s.call_sites));
	page = printed(s.call_sites);
	assert_non_null(strstr(page, "beside, PASS: zap"));
	assert_non_null(strstr(page, "has fired 1 of them"));
	free(page);
	page = page_of(&s);
	assert_non_null(strstr(page, "<td>5</td>"));
	free(page);
	json_decref(j);
	summary_free(&s);
}

static void beside_refused(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{\"schema\":2,\"plan\":\"p\",\"run\":\"r\",\"lost_events\":0,\"hits\":[]}",
		"{\"schema\":1,\"plan\":\"p\",\"run\":\"r\",\"lost_events\":0,\"hits\":[{}]}",
		"{\"schema\":1,\"plan\":\"p\",\"run\":\"r\",\"lost_events\":0,\"hits\":[{\"file\":\"f\",\"function\":\"nobody\",\"call\":\"invalidate\",\"test\":\"t\",\"arm\":\"a\",\"calls\":1,\"status\":\"PASS\"}]}",
	};
	struct summary s;

	(void)state;
	make_results(INI, "PASS", AGE_LINE);
	remove_tree("other");
	assert_int_equal(rename("run", "other"), 0);
	make_other("Linux 6.13");
	make_results(INI, "PASS", ZAP_LINE);
	record();
	listen_begin();
	assert_int_equal(sites_beside_write("run", "other"), ST_USAGE);
	listen_end();
	assert_said("another kernel");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put("run/beside.json", texts[i]);
		listen_begin();
		assert_int_equal(summary_load("run", &s), -1);
		listen_end();
		assert_said("run/beside.json");
	}
}

/* Of a run of before there was a list. */
static void not_recorded(void **state)
{
	struct summary s;
	json_t *j;
	char *page;

	(void)state;
	make_results(INI, "PASS", ZAP_LINE);
	assert_int_equal(summary_load("run", &s), 0);
	j = call_sites(&s);
	assert_true(json_is_null(j));
	page = page_of(&s);
	assert_non_null(strstr(page, "not recorded"));
	free(page);
	json_decref(j);
	summary_free(&s);
}

static int teardown(void **state)
{
	folder_free(&folder);
	return scratch_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(overlaid),
		cmocka_unit_test(no_tree),
		cmocka_unit_test(counted),
		cmocka_unit_test(counted_for_one),
		cmocka_unit_test(all_covered),
		cmocka_unit_test(unlisted),
		cmocka_unit_test(explained),
		cmocka_unit_test(late_with_a_reason),
		cmocka_unit_test(failed),
		cmocka_unit_test(too_late),
		cmocka_unit_test(stranger),
		cmocka_unit_test(malformed),
		cmocka_unit_test(recorded),
		cmocka_unit_test(record_damaged),
		cmocka_unit_test(reported),
		cmocka_unit_test(beside),
		cmocka_unit_test(beside_refused),
		cmocka_unit_test(not_recorded),
	};

	return cmocka_run_group_tests(tests, scratch_setup, teardown);
}
