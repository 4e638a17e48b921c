// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "accel.h"
#include "bootjson.h"
#include "util.h"

static char dir[] = "/tmp/secmmu-bootjson-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) && !chdir(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") || remove_tree(dir);
}

static const struct slot stock = { "stock", 'a' }, mutex = { "mutex", 'a' };

/* What becomes of a result in mutex and in stock, the reference. */
static const struct {
	enum status in_mutex, in_stock;
	enum status mutex, stock;
	const char *reason;	/* of mutex */
} cases[] = {
	{ STATUS_PASS, STATUS_PASS, STATUS_PASS, STATUS_PASS, "m" },
	{ STATUS_SKIP, STATUS_SKIP, STATUS_SKIP, STATUS_SKIP, "m" },
	{ STATUS_FAIL, STATUS_FAIL, STATUS_SKIP, STATUS_SKIP, "as in stock: FAIL: m" },
	{ STATUS_MISS, STATUS_MISS, STATUS_SKIP, STATUS_SKIP, "as in stock: MISS: m" },
	{ STATUS_FAIL, STATUS_PASS, STATUS_FAIL, STATUS_PASS, "m; PASS in stock" },
	{ STATUS_MISS, STATUS_PASS, STATUS_MISS, STATUS_PASS, "m; PASS in stock" },
	{ STATUS_MISS, STATUS_FAIL, STATUS_MISS, STATUS_SKIP, "m; FAIL in stock" },
	{ STATUS_PASS, STATUS_FAIL, STATUS_PASS, STATUS_SKIP, "m; FAIL in stock" },
	{ STATUS_SKIP, STATUS_PASS, STATUS_FAIL, STATUS_PASS, "m; PASS in stock" },
	{ STATUS_PASS, STATUS_SKIP, STATUS_FAIL, STATUS_SKIP, "m; SKIP in stock" },
};

static struct findings found;	/* of the boot */
static enum boot_cause cause;

static json_t *write_and_load(struct bootjson *j)
{
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };
	const struct bootrun r = { .accel = &tcg };
	struct boot_result res = {
		.reason = "", .diagnosis = "", .command = "", .qemu_version = "",
		.findings = found, .cause = cause,
	};
	json_t *root;

	assert_int_equal(bootjson_write(j, "boot.json", &r, &res, 0, 0), 0);
	root = json_load_file("boot.json", 0, NULL);
	assert_non_null(root);
	return root;
}

static void assert_test(const json_t *root, size_t i, enum status s,
			const char *reason)
{
	const json_t *t = json_array_get(json_object_get(root, "tests"), i);

	assert_string_equal(json_string_value(json_object_get(t, "status")),
			    status_name(s));
	if (reason)
		assert_string_equal(json_string_value(json_object_get(t, "reason")),
				    reason);
}

static void reference(void **state)
{
	const struct slot slots[] = { stock, mutex };
	struct bootjson *j;
	json_t *root;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		j = bootjson_new(0, 1, NULL, slots, 2);
		bootjson_test(j, 0, &stock, false, "t", "n", cases[i].in_stock, "s");
		bootjson_test(j, 1, &mutex, false, "t", "n", cases[i].in_mutex, "m");
		/* Another test's is none of its business. */
		bootjson_test(j, 1, &mutex, false, "u", "n", STATUS_PASS, "");
		bootjson_refer(j, "t", "stock");
		assert_int_equal(bootjson_worst(j),
				 status_worst(cases[i].mutex, cases[i].stock));
		root = write_and_load(j);
		assert_test(root, 0, cases[i].stock, NULL);
		assert_test(root, 1, cases[i].mutex, cases[i].reason);
		assert_test(root, 2, STATUS_PASS, "");
		json_decref(root);
		bootjson_free(j);
	}
}

/* Each cause has a word of its own; none is null. */
static void causes(void **state)
{
	static const char *const some[] = {
		[CAUSE_NONE] = NULL,
		[CAUSE_NO_FRAMES] = "no-frames",
		[CAUSE_TEST_TIMEOUT] = "test-timeout",
		[CAUSE_PANIC] = "panic",
	};
	const json_t *said;
	struct bootjson *j;
	json_t *root;

	(void)state;
	for (size_t i = 0; i <= CAUSE_GARBAGE; i++)
		for (size_t k = 1; k < i; k++)
			assert_string_not_equal(boot_cause_name(i), boot_cause_name(k));
	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		if (i && !some[i])
			continue;
		cause = i;
		j = bootjson_new(0, 1, NULL, &stock, 1);
		root = write_and_load(j);
		said = json_object_get(root, "cause");
		assert_non_null(said);
		if (i)
			assert_string_equal(json_string_value(said), some[i]);
		else
			assert_true(json_is_null(said));
		json_decref(root);
		bootjson_free(j);
	}
	cause = CAUSE_NONE;
}

static void ran(struct bootjson *j, uint32_t id, size_t slot, const struct slot *s,
		bool traced, unsigned int attempt, const char *test, const char *name)
{
	bootjson_request(j, &(struct bootjson_request){ id, slot, *s, traced, attempt,
							test, name });
}

static struct finding finding(uint32_t request, enum finding_kind kind, bool is_expected)
{
	return (struct finding){ .kind = kind, .line = "WARNING: w", .fingerprint = "warning: w",
				 .mark = "1 begin RUN", .request = request,
				 .expected = is_expected, .count = 1 };
}

static void assert_whose(const json_t *root, size_t i, int slot, const char *arm,
			 const char *test, bool traced)
{
	const json_t *f = json_array_get(json_object_get(root, "kernel_findings"), i);

	assert_int_equal(json_integer_value(json_object_get(f, "slot")), slot);
	assert_string_equal(json_string_value(json_object_get(f, "arm")), arm);
	assert_string_equal(json_string_value(json_object_get(f, "copy")), "a");
	if (test)
		assert_string_equal(json_string_value(json_object_get(f, "test")), test);
	else
		assert_true(json_is_null(json_object_get(f, "test")));
	assert_int_equal(json_is_true(json_object_get(f, "traced")), traced);
}

/* A finding is that of the run it came in, which has failed with it. */
static void blame(void **state)
{
	static const char reason[] = "the kernel reported (warning) WARNING: w";
	const struct slot slots[] = { stock, mutex };
	struct finding v[] = {
		finding(2, FINDING_OOM, true), finding(3, FINDING_WARNING, false),
		finding(3, FINDING_OOPS, false), finding(4, FINDING_WARNING, false),
		finding(5, FINDING_WARNING, false), finding(0, FINDING_WARNING, false),
		finding(6, FINDING_WARNING, false), finding(7, FINDING_WARNING, false),
	};
	struct boot_result res = { .reason = "", .findings = { .v = v, .n = ARRAY_SIZE(v) } };
	struct bootjson *j = bootjson_new(0, 1, NULL, slots, 2);
	json_t *root;

	(void)state;
	found = res.findings;
	bootjson_test(j, 0, &stock, false, "t", "n", STATUS_PASS, "");
	bootjson_test(j, 0, &stock, true, "t", "n", STATUS_PASS, "");
	bootjson_test(j, 0, &stock, true, "t", "o", STATUS_MISS, "m");
	bootjson_test(j, 0, &stock, false, "t", BOOTJSON_PERF, STATUS_PASS, "");
	bootjson_test(j, 1, &mutex, false, "t", "n", STATUS_FAIL, "1");
	bootjson_test(j, 1, &mutex, false, "t", "n", STATUS_PASS, "2");
	bootjson_again(j, 4, 5, 2);
	ran(j, 2, 0, &stock, false, 1, "t", NULL);
	ran(j, 3, 0, &stock, true, 1, "t", NULL);
	ran(j, 4, 0, &stock, false, 1, "", "(unload)");
	ran(j, 5, 1, &mutex, false, 1, "t", NULL);
	ran(j, 6, 0, &stock, false, 1, "t", BOOTJSON_PERF);
	bootjson_blame(j, &res);
	root = write_and_load(j);
	assert_int_equal(json_array_size(json_object_get(root, "tests")), 6);
	assert_test(root, 0, STATUS_PASS, "");
	assert_test(root, 1, STATUS_FAIL, reason);
	assert_test(root, 2, STATUS_FAIL, "the kernel reported (warning) WARNING: w; m");
	assert_test(root, 3, STATUS_FAIL, reason);
	/* There was no result of unloading; it stands with its slot. */
	assert_test(root, 4, STATUS_FAIL, reason);
	assert_test(root, 5, STATUS_FAIL, "the kernel reported in attempt 1 (warning) WARNING: w; 2");
	assert_whose(root, 0, 0, "stock", "t", false);
	assert_whose(root, 1, 0, "stock", "t", true);
	assert_whose(root, 3, 0, "stock", NULL, false);
	assert_whose(root, 4, 1, "mutex", "t", false);
	/* Of no request, or of one that nobody made. */
	for (size_t i = 5; i < 8; i += 2)
		assert_true(json_is_null(json_object_get(json_array_get(
			json_object_get(root, "kernel_findings"), i), "arm")));
	json_decref(root);
	bootjson_free(j);
	memset(&found, 0, sizeof(found));
}

/* What fails in the reference as well is no difference; a kernel that complains is. */
static void blame_and_reference(void **state)
{
	const struct slot slots[] = { stock, mutex };
	struct finding v[] = { finding(2, FINDING_WARNING, false) };
	struct finding stall[] = { finding(2, FINDING_RCU_STALL, false) };
	struct boot_result res = { .reason = "", .findings = { .v = v, .n = 1 } };
	struct bootjson *j = bootjson_new(0, 1, NULL, slots, 2);
	json_t *root;

	(void)state;
	bootjson_test(j, 0, &stock, false, "t", "n", STATUS_FAIL, "s");
	bootjson_test(j, 1, &mutex, false, "t", "n", STATUS_FAIL, "m");
	ran(j, 1, 0, &stock, false, 1, "t", NULL);
	ran(j, 2, 1, &mutex, false, 1, "t", NULL);
	bootjson_refer(j, "t", "stock");
	/* The emulator's fault, not the kernel's. */
	res.findings.v = stall;
	res.reason = "the guest is lost, its CPU 0 is halted and takes no NMI";
	bootjson_blame(j, &res);
	assert_int_equal(bootjson_worst(j), STATUS_SKIP);
	res.findings.v = v;
	bootjson_blame(j, &res);
	root = write_and_load(j);
	assert_test(root, 0, STATUS_SKIP, NULL);
	assert_test(root, 1, STATUS_FAIL,
		    "the kernel reported (warning) WARNING: w; as in stock: FAIL: m");
	json_decref(root);
	bootjson_free(j);
}

/* Lost messages may have been a report, or not: no FAIL, but an ERROR. */
static void blame_lost(void **state)
{
	static const struct {
		enum status was, is;
	} cases_of[] = { { STATUS_PASS, STATUS_ERROR }, { STATUS_MISS, STATUS_ERROR },
			 { STATUS_FAIL, STATUS_FAIL } };
	struct finding v[] = { finding(2, FINDING_LOST, false),
			       finding(2, FINDING_WARNING, false) };
	struct boot_result res = { .reason = "", .findings = { .v = v, .n = 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases_of); i++) {
		struct bootjson *j = bootjson_new(0, 1, NULL, &mutex, 1);

		bootjson_test(j, 0, &mutex, false, "t", "n", cases_of[i].was, "m");
		ran(j, 2, 0, &mutex, false, 1, "t", NULL);
		res.findings.n = 1;
		bootjson_blame(j, &res);
		assert_int_equal(bootjson_worst(j), cases_of[i].is);
		/* A report that did come is graver. */
		res.findings.n = 2;
		bootjson_blame(j, &res);
		assert_int_equal(bootjson_worst(j), STATUS_FAIL);
		bootjson_free(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference),
		cmocka_unit_test(causes),
		cmocka_unit_test(blame),
		cmocka_unit_test(blame_and_reference),
		cmocka_unit_test(blame_lost),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
