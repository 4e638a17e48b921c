// SPDX-License-Identifier: GPL-2.0-only
/* What was built for a run: where it is, and that it can be dropped, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "manifest.h"
#include "scratch.h"

static int setup(void **state)
{
	if (scratch_setup(state) || setenv("SECMMU_CACHE", scratch, 1))
		return -1;
	return mkdir_p("artifacts/k1") || mkdir_p("artifacts/k2");
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
		put("run/manifest.json", v[i]);
		assert_null(manifest_artifacts("run"));
		manifest_drop_artifacts("run");
	}
	assert_int_equal(access("artifacts/k1", F_OK), 0);
	assert_int_equal(access("artifacts/k2", F_OK), 0);
}

static void dropped(void **state)
{
	(void)state;
	put("run/manifest.json", "{\"identity\": {\"kernel_key\": \"k1\"}}");
	put("artifacts/k1/bzImage", "x");
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

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
