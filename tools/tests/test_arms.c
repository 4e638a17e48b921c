// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arms.h"
#include "util.h"

#define INI "arms.ini"

static char dir[] = "/tmp/secmmu-arms-XXXXXX";

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

/* Parse @text; whatever is printed on stderr ends up in @msg. */
static int load(const char *text, const char *names, struct arms *a,
		char msg[4096])
{
	int saved = dup(STDERR_FILENO);
	char *out;
	int ret;

	assert_int_equal(write_file(INI, text, strlen(text)), 0);
	assert_non_null(freopen("stderr", "w", stderr));
	ret = arms_load(INI, names, a);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	out = read_file("stderr", NULL);
	snprintf(msg, 4096, "%s", out);
	free(out);
	return ret;
}

static void good(void **state)
{
	struct arms a;
	char msg[4096];

	(void)state;
	assert_int_equal(load("; arms\n[arms]\nstock = pristine\n"
			      "mutex = KVM_MMU_LOCK_MUTEX ; sleeps\n",
			      NULL, &a, msg), ST_OK);
	assert_string_equal(msg, "");
	assert_int_equal(a.n, 2);
	assert_string_equal(a.v[0].name, "stock");
	assert_null(a.v[0].symbol);
	assert_string_equal(a.v[1].name, "mutex");
	assert_string_equal(a.v[1].symbol, "KVM_MMU_LOCK_MUTEX");
	assert_null(arms_find(&a, "rwsem"));
	arms_free(&a);
}

static void subset_keeps_the_order_of_the_file(void **state)
{
	struct arms a;
	char msg[4096];

	(void)state;
	assert_int_equal(load("[arms]\na = A\nb = B\nc = C\n", " c  a\tc ",
			      &a, msg), ST_OK);
	assert_int_equal(a.n, 2);
	assert_string_equal(a.v[0].name, "a");
	assert_string_equal(a.v[1].name, "c");
	arms_free(&a);
}

static void bad(void **state)
{
	static const struct {
		const char *text, *names, *msg;
	} v[] = {
		{ "[arms]\na = A\n", "b", "unknown arm 'b'" },
		{ "[arms]\nmutex = A\n", "mutx", "did you mean 'mutex'?" },
		{ "[arms]\na = A\n", " ", "no arm named" },
		{ "", NULL, "arms.ini: no arm" },
		{ "[arms]\n\nA b = A\n", NULL, "arms.ini:3: " },
		{ "[arms]\n../x = A\n", NULL, "arms.ini:2: arm name '../x'" },
		{ "[arms]\na = A\na = B\n", NULL, "arms.ini:3: " },
		{ "[arms]\na = lower\n", NULL, "arms.ini:2: 'lower'" },
		{ "[arms]\na = CONFIG_A\n", NULL, "arms.ini:2: 'CONFIG_A'" },
		{ "[arms]\na =\n", NULL, "arms.ini:2: " },
		{ "[arms]\na = A\njunk\n", NULL, "arms.ini:3: " },
		{ "[arms\na = A\n", NULL, "arms.ini:1: " },
		{ "[arm]\na = A\n", NULL, "arms.ini:1: unknown section [arm]" },
		{ "a = A\n", NULL, "arms.ini:1: " },
		{ "[arms]\na = A\n  B\n", NULL, "arms.ini:2: 'A B'" },
		{ "[arms]\na0123456789012345678901234567890123 = A\n", NULL,
		  "arms.ini:2: arm name" },
	};
	struct arms a;
	char msg[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		print_message("%s", v[i].msg);
		assert_int_equal(load(v[i].text, v[i].names, &a, msg), ST_USAGE);
		print_message(" <- %s", msg);
		assert_non_null(strstr(msg, v[i].msg));
		/* One line, and no half-made list. */
		assert_ptr_equal(strchr(msg, '\n'), msg + strlen(msg) - 1);
		assert_int_equal(a.n, 0);
	}
}

static void missing_file(void **state)
{
	struct arms a;

	(void)state;
	assert_int_equal(arms_load("missing.ini", NULL, &a), ST_USAGE);
}

/* The one in the tree; this binary is TOP/tools/build/tests/test_arms. */
static void shipped(void **state)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct arms a;
	char *path;

	(void)state;
	assert_true(n > 0);
	exe[n] = '\0';
	for (int up = 0; up < 4; up++)
		*strrchr(exe, '/') = '\0';
	path = xasprintf("%s/configs/arms.ini", exe);
	assert_int_equal(arms_load(path, NULL, &a), ST_OK);
	assert_null(arms_find(&a, "stock")->symbol);
	assert_non_null(arms_find(&a, "mutex"));
	arms_free(&a);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(subset_keeps_the_order_of_the_file),
		cmocka_unit_test(bad),
		cmocka_unit_test(missing_file),
		cmocka_unit_test(shipped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
