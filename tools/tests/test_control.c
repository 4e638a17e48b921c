// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "scratch.h"

#define HEAD "From 0\nSubject: [PATCH] x\n\nText.\n\nControl-arm: mutex\n" \
	     "Control-program: secmmu_mremap_test\nControl-events: mremap_4k\n"

static int load(const char *text, struct control *c)
{
	put("drop-notifier.patch", text);
	return control_load("drop-notifier.patch", c);
}

static void header(void **state)
{
	struct control c;
	char *plan;

	(void)state;
	assert_int_equal(load(HEAD "Control-lane: debug\nControl-args: -v 2\n"
			      "Control-append: kcsan.skip_watch=400\n"
			      "Control-expect: kernel atomic sleeping function\n"
			      "---\nControl-arm: spinlock\n", &c), ST_OK);
	assert_string_equal(c.name, "drop-notifier");
	assert_string_equal(c.append, "kcsan.skip_watch=400");
	assert_null(c.test);
	assert_int_equal(c.kind, FINDING_ATOMIC);
	assert_string_equal(c.text, "sleeping function");
	plan = control_plan(&c);
	assert_non_null(strstr(plan, "arms = mutex\n"));
	assert_non_null(strstr(plan, "lane = debug\n"));
	assert_non_null(strstr(plan, "args = -v 2\n"));
	free(plan);
	control_free(&c);
}

static void bad_headers(void **state)
{
	static const char *const v[] = {
		HEAD "---\n",
		HEAD "Control-expect: nobody\n---\n",
		HEAD "Control-expect: kernel ghosts\n---\n",
		HEAD "Control-expect: test a\nControl-expect: test b\n---\n",
		HEAD "Control-expect: test a\nControl-arm: rwlock\n---\n",
		HEAD "Control-expect: test a\nControl-append: x=1\nControl-append: y=1\n---\n",
		HEAD "Control-expect: test a\nControl-amr: rwlock\n---\n",
		"Control-expect: test a\n---\n",
		"",
	};
	struct control c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(load(v[i], &c), ST_USAGE);
		control_free(&c);
	}
}

#define TEST(name, status) "{\"name\": \"" name "\", \"status\": \"" status \
			   "\", \"reason\": \"stale\"}"
#define FINDING(kind, line) "{\"kind\": \"" kind "\", \"line\": \"" line "\"}"
#define BOOT(tests, findings) "{\"status\": \"PASS\", \"reason\": \"\", " \
			      "\"tests\": [" tests "], \"kernel_findings\": [" findings "]}"

static const struct {
	const char *expect, *boot, *wrong;
} verdicts[] = {
	{ "test mremap_4k", BOOT(TEST("mremap_4k", "FAIL"), ""), NULL },
	{ "test mremap_4k", BOOT(TEST("mremap_4k", "PASS"), ""), "nothing noticed it" },
	{ "test mremap_4k", BOOT(TEST("mremap_4k", "MISS"), ""), "nothing noticed it" },
	{ "test mremap_4k", BOOT(TEST("mremap_thp", "FAIL"), ""), "test mremap_thp" },
	{ "test mremap_4k", BOOT(TEST("mremap_4k", "FAIL"), FINDING("warning", "W")),
	  "the kernel caught it first (warning): W" },
	{ "kernel warning kvm_mmu", BOOT("", FINDING("warning", "at kvm_mmu.c")), NULL },
	{ "kernel warning", BOOT("", FINDING("warning", "at kvm_mmu.c")), NULL },
	{ "kernel warning", BOOT("", FINDING("oops", "BUG") ", " FINDING("warning", "x")),
	  "the kernel caught it first (oops): BUG" },
	{ "kernel warning x", BOOT("", FINDING("warning", "at kvm_mmu.c")),
	  "the kernel caught it first (warning)" },
	{ "kernel warning", BOOT(TEST("mremap_4k", "FAIL"), ""), "test mremap_4k" },
	{ "kernel warning", BOOT(TEST("mremap_4k", "PASS"), ""), "nothing noticed it" },
};

static void verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		char *text = xasprintf(HEAD "Control-expect: %s\n---\n",
				       verdicts[i].expect);
		json_t *boot = json_loads(verdicts[i].boot, 0, NULL);
		struct control c;
		char *wrong;

		assert_non_null(boot);
		assert_int_equal(load(text, &c), ST_OK);
		wrong = control_verdict(&c, boot);
		if (verdicts[i].wrong)
			assert_non_null(strstr(wrong, verdicts[i].wrong));
		else
			assert_null(wrong);
		free(wrong);
		control_free(&c);
		json_decref(boot);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header),
		cmocka_unit_test(bad_headers),
		cmocka_unit_test(verdict),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
