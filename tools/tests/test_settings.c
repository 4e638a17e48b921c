// SPDX-License-Identifier: GPL-2.0-only
/* What a plan's `set` does in the guest: tools/guest/settings.c, on files here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The guest and the host each have one of this name. */
#define valid_name guest_valid_name
#include "../guest/guest.h"
#undef valid_name

#include "scratch.h"

/*
 * In place of the guest's: a file of the kernel's is replaced by what is written to
 * it, one on disk has to be truncated for that.
 */
ssize_t read_str(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	if (!f)
		return -1;
	fclose(f);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return (ssize_t)strlen(buf);
}

int write_str(const char *path, const char *s)
{
	FILE *f = path_exists(path) ? fopen(path, "we") : NULL;
	int bad = !f || fputs(s, f) < 0;

	return f && !fclose(f) && !bad ? 0 : -1;
}

static int apply(const char *words, size_t len, struct gerr *e)
{
	const struct request q = { .data = (const uint8_t *)words, .len = len };

	*e = (struct gerr){ "" };
	return settings_apply(&q, e);
}

static void there_and_back(void **state)
{
	static const char words[] = "argv=x\0set=pool=70\0set=thp=always";
	struct gerr e;

	(void)state;
	put("pool", "3\n");
	put("thp", "always [madvise] never\n");
	assert_int_equal(apply(words, sizeof(words), &e), 0);
	assert_content("pool", "70");
	assert_content("thp", "always");
	/* As the kernel shows it then; what counts is what was there before. */
	settings_restore(&e);
	assert_string_equal(e.msg, "");
	assert_content("pool", "3");
	assert_content("thp", "madvise");
	/* Nothing is left to be restored. */
	put("pool", "8");
	settings_restore(&e);
	assert_content("pool", "8");
}

static void none(void **state)
{
	struct gerr e;

	(void)state;
	assert_int_equal(apply("argv=x", 7, &e), 0);
	settings_restore(&e);
	assert_string_equal(e.msg, "");
}

/* Whatever was set before the one that can't be is as it was. */
static void all_or_nothing(void **state)
{
	static const char missing[] = "set=pool=70\0set=no/such=1";
	static const char bare[] = "set=pool=70\0set=pool";
	char many[17 * sizeof("set=pool=9")];
	struct gerr e;

	(void)state;
	put("pool", "3\n");
	assert_int_equal(apply(missing, sizeof(missing), &e), -1);
	assert_non_null(strstr(e.msg, "cannot set no/such to 1: "));
	assert_content("pool", "3");
	assert_int_equal(apply(bare, sizeof(bare), &e), -1);
	assert_string_equal(e.msg, "set: not FILE=VALUE, or too long");
	assert_content("pool", "3");
	for (size_t i = 0; i < 17; i++)
		memcpy(many + i * sizeof("set=pool=9"), "set=pool=9",
		       sizeof("set=pool=9"));
	assert_int_equal(apply(many, sizeof(many), &e), -1);
	assert_string_equal(e.msg, "set: more than 16");
	assert_content("pool", "3");
}

static void lost(void **state)
{
	static const char words[] = "set=pool=70";
	struct gerr e;

	(void)state;
	put("pool", "3\n");
	assert_int_equal(apply(words, sizeof(words), &e), 0);
	assert_int_equal(remove_tree("pool"), 0);
	settings_restore(&e);
	assert_non_null(strstr(e.msg, "cannot set pool back to 3: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(none),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(lost),
	};

	return cmocka_run_group_tests_name("settings", tests, scratch_setup,
					   scratch_teardown);
}
