// SPDX-License-Identifier: GPL-2.0-only
/* Kernel sources of the user's own: good, bad, and never changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hash.h"
#include "scratch.h"
#include "source.h"

#define MAKEFILE(v, p, s) "# a comment\nVERSION = " v "\nPATCHLEVEL = " p \
			  "\nSUBLEVEL = " s "\nEXTRAVERSION =\n"

static int setup(void **state)
{
	char *cache, *top;
	int ret = scratch_setup(state);

	cache = xasprintf("%s/cache", scratch);
	top = xasprintf("%s/top", scratch);
	setenv("SECMMU_CACHE", cache, 1);
	ret |= mkdir_p("top/kvm-patches/linux-6.12");
	setenv("SECMMU_TOP", top, 1);
	free(cache);
	free(top);
	return ret;
}

static int setup_each(void **state)
{
	(void)state;
	remove_tree("tree");
	put("tree/Makefile", MAKEFILE("6", "12", "42"));
	put("tree/mm/rmap.c", "int x;\n");
	return 0;
}

static int get(const char *src, const char *version, struct source *s)
{
	int ret;

	listen_begin();
	ret = source_get(src, version, true, s);
	listen_end();
	return ret;
}

static void hash_of(const char *path, char hex[65])
{
	struct hash h;

	hash_init(&h);
	assert_int_equal(hash_path(&h, path), 0);
	hash_end(&h, hex);
}

static int sh(const char *command)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	struct proc p = { .argv = argv };

	return proc_run(&p);
}

static void folder(void **state)
{
	char before[65], after[65], first[65];
	struct source s;

	(void)state;
	hash_of("tree", before);
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	assert_string_equal(s.version, "6.12.42");
	assert_string_equal(s.config, "linux-6.12");
	assert_string_equal(s.patches, "linux-6.12");
	assert_content("cache/source/own/mm/rmap.c", "int x;\n");
	hash_of("tree", after);
	assert_string_equal(before, after);
	snprintf(first, sizeof(first), "%s", s.hash);
	source_free(&s);

	/* The hash is of the content, and of nothing else. */
	assert_int_equal(sh("touch tree/mm/rmap.c"), 0);
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	assert_string_equal(s.hash, first);
	source_free(&s);
	put("tree/mm/rmap.c", "int y;\n");
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	assert_string_not_equal(s.hash, first);
	source_free(&s);
	put("tree/mm/rmap.c", "int x;\n");
	put("tree/mm/more.c", "");
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	assert_string_not_equal(s.hash, first);
	source_free(&s);
}

static void patches_of_a_release(const char *sub, const char *folder)
{
	char *makefile = xasprintf("VERSION = 6\nPATCHLEVEL = 12\n"
				   "SUBLEVEL = %s\n", sub);
	struct source s;

	put("tree/Makefile", makefile);
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	assert_string_equal(s.config, "linux-6.12");
	assert_string_equal(s.patches, folder);
	source_free(&s);
	free(makefile);
}

/* A folder linux-6.12.Z is for all releases up to Z. */
static void patches_by_release(void **state)
{
	(void)state;
	mkdir_p("top/kvm-patches/linux-6.12.40");
	mkdir_p("top/kvm-patches/linux-6.12.100");
	mkdir_p("top/kvm-patches/linux-6.12.junk");
	patches_of_a_release("9", "linux-6.12.40");
	patches_of_a_release("40", "linux-6.12.40");
	patches_of_a_release("41", "linux-6.12.100");
	patches_of_a_release("100", "linux-6.12.100");
	patches_of_a_release("101", "linux-6.12");
	remove_tree("top/kvm-patches/linux-6.12.40");
	remove_tree("top/kvm-patches/linux-6.12.100");
	remove_tree("top/kvm-patches/linux-6.12.junk");
}

/* What git ignores is no source. */
static void git_tree(void **state)
{
	struct source s;

	(void)state;
	put("tree/.gitignore", "*.o\n/out/\n");
	put("tree/mm/rmap.o", "object");
	put("tree/out/vmlinux", "object");
	put("tree/mm/untracked.c", "int z;\n");
	assert_int_equal(sh("git init -q tree"), 0);
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	source_free(&s);
	assert_true(path_exists("cache/source/own/mm/untracked.c"));
	assert_false(path_exists("cache/source/own/mm/rmap.o"));
	assert_false(path_exists("cache/source/own/out"));
	assert_false(path_exists("cache/source/own/.git"));
}

/* Without git, the tree's own make mrproper cleans the copy. */
static void built_tree(void **state)
{
	struct source s;

	(void)state;
	put("tree/Makefile", MAKEFILE("6", "12", "42")
	    "mrproper:\n\trm -rf .config mm/rmap.o\n");
	put("tree/.config", "CONFIG_X=y\n");
	put("tree/mm/rmap.o", "object");
	assert_int_equal(get("tree", NULL, &s), ST_OK);
	source_free(&s);
	assert_false(path_exists("cache/source/own/.config"));
	assert_false(path_exists("cache/source/own/mm/rmap.o"));
	assert_true(path_exists("tree/.config"));
	assert_true(path_exists("tree/mm/rmap.o"));
}

static void tarball(void **state)
{
	struct source s;

	(void)state;
	assert_int_equal(sh("tar -czf linux.tar.gz --transform s/tree/linux-6.12/ tree"),
			 0);
	assert_int_equal(get("linux.tar.gz", NULL, &s), ST_OK);
	assert_string_equal(s.version, "6.12.42");
	assert_content("cache/source/own/mm/rmap.c", "int x;\n");
	assert_false(path_exists("cache/source/own+"));
	source_free(&s);
}

static void refused(const char *src, const char *version, const char *text)
{
	struct source s;

	assert_int_equal(get(src, version, &s), ST_USAGE);
	assert_said(text);
	assert_null(s.dir);
}

static void missing(void **state)
{
	(void)state;
	refused("nowhere", NULL, "KERNEL_SRC=nowhere");
	refused("/dev/null", NULL, "/dev/null: neither a folder nor a tarball");
}

static void wrong_version(void **state)
{
	(void)state;
	put("tree/Makefile", MAKEFILE("6", "1", "150"));
	refused("tree", NULL, "tree: Linux 6.1.150");
	put("tree/Makefile", MAKEFILE("6", "13", "0"));
	refused("tree", NULL, "kvm-patches/linux-6.13");
	assert_int_equal(sh("tar -cf old.tar tree"), 0);
	refused("old.tar", NULL, "kvm-patches/linux-6.13");
}

static void no_kernel_tree(void **state)
{
	(void)state;
	put("tree/Makefile", "all:\n\techo hello\n");
	refused("tree", NULL, "tree: no kernel tree");
	unlink("tree/Makefile");
	refused("tree", NULL, "tree: no kernel tree");
}

static void garbage_tarball(void **state)
{
	(void)state;
	put("garbage.tar.xz", "this is not a tarball at all\n");
	refused("garbage.tar.xz", NULL, "garbage.tar.xz");
	put("empty.tar", "");
	refused("empty.tar", NULL, "empty.tar");
	assert_false(path_exists("cache/source/own+"));
}

static void bad_release(void **state)
{
	(void)state;
	refused(NULL, "6.12", "'6.12' is not of the form");
	refused(NULL, "6.12.1x", "'6.12.1x'");
	refused(NULL, "../../etc", "'../../etc'");
	refused("tree", "6.12.42", "picks a package");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(folder, setup_each),
		cmocka_unit_test_setup(patches_by_release, setup_each),
		cmocka_unit_test_setup(git_tree, setup_each),
		cmocka_unit_test_setup(built_tree, setup_each),
		cmocka_unit_test_setup(tarball, setup_each),
		cmocka_unit_test_setup(missing, setup_each),
		cmocka_unit_test_setup(wrong_version, setup_each),
		cmocka_unit_test_setup(no_kernel_tree, setup_each),
		cmocka_unit_test_setup(garbage_tarball, setup_each),
		cmocka_unit_test_setup(bad_release, setup_each),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
