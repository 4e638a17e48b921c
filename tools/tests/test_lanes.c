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

#include "lanes.h"
#include "util.h"

#define INI "lanes.ini"

static char dir[] = "/tmp/secmmu-lanes-XXXXXX";

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

/* Load from @text; whatever is printed on stderr ends up in @msg. */
static int load(const char *text, const char *name, struct lane *l,
		char msg[4096])
{
	int saved = dup(STDERR_FILENO);
	char *out;
	int ret;

	assert_int_equal(write_file(INI, text, strlen(text)), 0);
	assert_non_null(freopen("stderr", "w", stderr));
	ret = lane_load(INI, name, l);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	out = read_file("stderr", NULL);
	snprintf(msg, 4096, "%s", out);
	free(out);
	return ret;
}

static void expect(const struct lane *l, const char *name, const char *fragments)
{
	char *have = strs_join(&l->fragments);

	assert_string_equal(l->name, name);
	assert_string_equal(have, fragments);
	free(have);
}

static void good(void **state)
{
	static const char text[] = "[lanes]\nplain = none\nkasan = debug  kasan\n";
	struct lane l;
	char msg[4096];

	(void)state;
	assert_int_equal(load(text, NULL, &l, msg), ST_OK);
	expect(&l, "plain", "base kvm");
	lane_free(&l);
	assert_int_equal(load(text, "kasan", &l, msg), ST_OK);
	expect(&l, "kasan", "base kvm debug kasan");
	lane_free(&l);
}

static void bad(void **state)
{
	static const struct {
		const char *text, *name, *msg;
	} v[] = {
		{ "[lanes]\nplain = none\nkasan = kasan\n", "kasen",
		  "unknown lane 'kasen', did you mean 'kasan'?" },
		{ "[lanes]\nplain = none\n", "somewhere", "unknown lane 'somewhere'" },
		{ "[lanes]\nrt = none\n", NULL, "unknown lane 'plain'" },
		{ "[lane]\nplain = none\n", NULL, "lanes.ini: one section" },
		{ "[lanes]\na = x.config\n", "a", "lanes.ini:2: 'x.config'" },
		{ "[lanes]\na = ../x\n", "a", "lanes.ini:2: '../x'" },
		{ "[lanes]\nA B = x\n", "A B", "lanes.ini:2: lane name 'A B'" },
	};
	struct lane l;
	char msg[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(load(v[i].text, v[i].name, &l, msg), ST_USAGE);
		print_message("%s <- %s", v[i].msg, msg);
		assert_non_null(strstr(msg, v[i].msg));
		assert_ptr_equal(strchr(msg, '\n'), msg + strlen(msg) - 1);
		assert_null(l.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
