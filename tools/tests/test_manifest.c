// SPDX-License-Identifier: GPL-2.0-only
/* What was built for a run: where it is, and that it can be dropped, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manifest.h"
#include "util.h"

static char dir[] = "/tmp/secmmu-manifest-XXXXXX";

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) || setenv("SECMMU_CACHE", dir, 1))
		return -1;
	return mkdir_p("artifacts/k1") || mkdir_p("artifacts/k2") || mkdir_p("run");
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") || remove_tree(dir);
}

static void manifest(const char *text)
{
	assert_int_equal(write_file("run/manifest.json", text, strlen(text)), 0);
}

static void no_kernel(void **state)
{
	static const char *const v[] = {
		"", "[]", "{}", "{\"identity\": 1}", "{\"identity\": {\"kernel_key\": 1}}",
		"{\"identity\": {\"kernel_key\": \"\"}}",
		"{\"identity\": {\"kernel_key\": \"..\"}}",
		"{\"identity\": {\"kernel_key\": \"../artifacts\"}}",
	};

	(void)state;
	assert_null(manifest_artifacts("run"));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		manifest(v[i]);
		assert_null(manifest_artifacts("run"));
		manifest_drop_artifacts("run");
	}
	assert_int_equal(access("artifacts/k1", F_OK), 0);
	assert_int_equal(access("artifacts/k2", F_OK), 0);
}

static void dropped(void **state)
{
	(void)state;
	manifest("{\"identity\": {\"kernel_key\": \"k1\"}}");
	assert_int_equal(write_file("artifacts/k1/bzImage", "x", 1), 0);
	manifest_drop_artifacts("run");
	assert_int_not_equal(access("artifacts/k1", F_OK), 0);
	assert_int_equal(access("artifacts/k2", F_OK), 0);
	/* Dropped before: nothing to do. */
	manifest_drop_artifacts("run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_kernel),
		cmocka_unit_test(dropped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
