// SPDX-License-Identifier: GPL-2.0-only
/* Build folders: after a crash, as copies, and compared; configurations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "kconfig.h"
#include "odir.h"
#include "scratch.h"

/* A file of a build, last written @age seconds ago. */
static void put_old(const char *path, const char *text, time_t age)
{
	struct timespec t[2] = { { .tv_sec = 2000000000 - age },
				 { .tv_sec = 2000000000 - age } };

	put(path, text);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void cut_short(void **state)
{
	(void)state;
	put_old("o/mm/old.o", "", 300);
	put_old("o/mm/half.o", "", 0);
	put_old("o/mm/.half.o.cmd", "", 0);
	put_old("o/vmlinux", "", 30);
	put_old("o/include/config/KVM", "", 5);
	put_old("o/.config", "", 5);

	/* It ended well: all stays. */
	assert_int_equal(odir_begin("o"), 0);
	assert_int_equal(odir_end("o"), 0);
	assert_int_equal(odir_begin("o"), 0);
	assert_true(path_exists("o/mm/half.o"));

	/* It did not: what is new may be half-written. The mark is newest. */
	put_old("o/.secmmu-making", "", 0);
	assert_int_equal(odir_begin("o"), 0);
	assert_true(path_exists("o/mm/old.o"));
	assert_false(path_exists("o/mm/half.o"));
	assert_false(path_exists("o/mm/.half.o.cmd"));
	assert_false(path_exists("o/vmlinux"));
	assert_true(path_exists("o/include/config/KVM"));
	assert_true(path_exists("o/.config"));
	assert_int_equal(odir_end("o"), 0);
}

static void copied(void **state)
{
	struct stat before, after;

	(void)state;
	put_old("c/tools/objtool/.a.o.cmd",
		"cmd_/t/patched/o.base/tools/objtool/a.o := gcc /t/patched/x.c "
		"/t/patchedX\n", 100);
	put("c/tools/objtool/a.o", "/t/patched/o.base");
	assert_int_equal(stat("c/tools/objtool/.a.o.cmd", &before), 0);
	assert_int_equal(odir_rebase("c", "/t/stock/o.stock", "/t/patched/",
				     "/t/patched/o.base", "/t/stock/"), 0);
	assert_content("c/tools/objtool/.a.o.cmd",
		       "cmd_/t/stock/o.stock/tools/objtool/a.o := gcc "
		       "/t/stock/x.c /t/patchedX\n");
	assert_content("c/tools/objtool/a.o", "/t/patched/o.base");
	assert_int_equal(stat("c/tools/objtool/.a.o.cmd", &after), 0);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
}

static void difference(void **state)
{
	char *d;

	(void)state;
	put("a/mm/x.o", "one");
	put("b/mm/x.o", "one");
	put("a/vmlinux.o", "one");
	put("b/vmlinux.o", "two");
	put("a/.vmlinux.export.c", "x\nSYMBOL_CRC(f, 0x1, \"\");\n"
				   "SYMBOL_CRC(g, 0x2, \"\");\n");
	put("b/.vmlinux.export.c", "x\nSYMBOL_CRC(f, 0x1, \"\");\n"
				   "SYMBOL_CRC(g, 0x3, \"\");\n");
	d = odir_difference("a", "b");
	assert_string_equal(d, "the version of g()");
	free(d);
	put("a/virt/y.o", "one");
	put("b/virt/y.o", "two");
	d = odir_difference("a", "b");
	assert_string_equal(d, "virt/y.o");
	free(d);
	assert_null(odir_difference("a", "a"));
}

static void fragments(void **state)
{
	static const char config[] = "# A comment\nCONFIG_A=y\nCONFIG_AB=m\n"
				     "# CONFIG_C is not set\nCONFIG_N=16\n";
	static const struct {
		const char *fragment, *later, *lacks;
		unsigned int line;
	} v[] = {
		{ "", "", NULL, 0 },
		{ "# text\n\nCONFIG_A=y\nCONFIG_AB=m\nCONFIG_N=16\n", "", NULL, 0 },
		{ "# CONFIG_C is not set\n# CONFIG_D is not set\n", "", NULL, 0 },
		{ "CONFIG_C=n\nCONFIG_D=n\n", "", NULL, 0 },
		{ "CONFIG_A=y\nCONFIG_AB=n\n", "", "CONFIG_AB=n", 2 },
		{ "CONFIG_A=y\nCONFIG_D=y\n", "", "CONFIG_D=y", 2 },
		{ "CONFIG_A=m\n", "", "CONFIG_A=m", 1 },
		{ "CONFIG_N=1\n", "", "CONFIG_N=1", 1 },
		{ "CONFIG_C=y", "", "CONFIG_C=y", 1 },
		{ "\n# CONFIG_A is not set\n", "", "# CONFIG_A is not set", 2 },
		/* A later fragment's own lines are checked with that one. */
		{ "CONFIG_C=y", "# CONFIG_C is not set", NULL, 0 },
		{ "CONFIG_C=y\nCONFIG_D=y", "# CONFIG_C is not set", "CONFIG_D=y", 2 },
		{ "CONFIG_C=y", "# CONFIG_CC is not set", "CONFIG_C=y", 1 },
	};
	unsigned int line;
	char *lacks;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		lacks = kconfig_lacks(config, v[i].fragment, v[i].later,
				      &line);
		if (!v[i].lacks) {
			assert_null(lacks);
			continue;
		}
		assert_string_equal(lacks, v[i].lacks);
		assert_int_equal(line, v[i].line);
		free(lacks);
	}
}

static void switched(void **state)
{
	struct arm v[] = {
		{ .name = "stock" },
		{ .name = "mutex", .symbol = "LOCK_MUTEX" },
		{ .name = "rwlock", .symbol = "LOCK_RW" },
	};
	struct arms all = { .v = v, .n = 3 };
	static const char config[] = "CONFIG_A=y\nCONFIG_LOCK_RW=y\n"
				     "# CONFIG_LOCK_MUTEX is not set\n"
				     "CONFIG_LOCK_RWX=y\n";
	char *text;

	(void)state;
	text = kconfig_switch(config, &all, &v[1]);
	assert_string_equal(text, "CONFIG_A=y\nCONFIG_LOCK_RWX=y\n"
				  "CONFIG_LOCK_MUTEX=y\n");
	free(text);
	text = kconfig_switch(config, &all, &v[0]);
	assert_string_equal(text, "CONFIG_A=y\nCONFIG_LOCK_RWX=y\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_short),
		cmocka_unit_test(copied),
		cmocka_unit_test(difference),
		cmocka_unit_test(fragments),
		cmocka_unit_test(switched),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
