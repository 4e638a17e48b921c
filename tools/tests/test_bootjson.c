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

static json_t *write_and_load(struct bootjson *j)
{
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };
	const struct bootrun r = { .accel = &tcg };
	struct boot_result res = {
		.reason = "", .diagnosis = "", .command = "", .qemu_version = "",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
