// SPDX-License-Identifier: GPL-2.0-only
/* Series of patches on tiny trees; see also tree.c, which takes their result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "scratch.h"
#include "series.h"
#include "tree.h"

#define DIR "kvm-patches/linux-6.12"

/* A patch that turns the line @from of @file into @to. */
static void put_patch(const char *name, const char *file, const char *from,
		      const char *to)
{
	char *path = xasprintf(DIR "/%s", name);
	char *text = xasprintf("From 0 Mon Sep 17 00:00:00 2001\n"
			       "Subject: [PATCH] %s\n\n---\n"
			       "diff --git a/%s b/%s\n"
			       "--- a/%s\n+++ b/%s\n"
			       "@@ -1,3 +1,3 @@\n one\n-%s\n+%s\n three\n",
			       name, file, file, file, file, from, to);

	put(path, text);
	free(text);
	free(path);
}

static int setup_each(void **state)
{
	(void)state;
	remove_tree(DIR);
	remove_tree("tree");
	remove_tree("out");
	mkdir_p(DIR);
	put("tree/mm/rmap.c", "one\ntwo\nthree\n");
	put("tree/virt/kvm/kvm_main.c", "one\ntwo\nthree\n");
	return 0;
}

static int load(struct series *s)
{
	int ret;

	listen_begin();
	ret = series_load(".", "linux-6.12", s);
	listen_end();
	return ret;
}

/* apply_one() runs git in the folder: paths have to be absolute. */
static int load_absolute(struct series *s)
{
	return series_load(scratch, "linux-6.12", s);
}

static int apply(const struct series *s, size_t n)
{
	char *out = xasprintf("%s/out", scratch);
	int ret;

	listen_begin();
	ret = series_apply(s, n, "tree", "6.12.42", out);
	listen_end();
	free(out);
	return ret;
}

static void applies_in_order(void **state)
{
	struct series s;

	(void)state;
	put_patch("0002-b.patch", "virt/kvm/kvm_main.c", "zwei", "deux");
	put_patch("0001-a.patch", "virt/kvm/kvm_main.c", "two", "zwei");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "0001-a.patch");
	assert_int_equal(apply(&s, 2), ST_OK);
	assert_content("out/virt/kvm/kvm_main.c", "one\ndeux\nthree\n");
	assert_content("tree/virt/kvm/kvm_main.c", "one\ntwo\nthree\n");
	series_free(&s);
}

static void stock_ends_before_the_first_of_kvm(void **state)
{
	struct series s;

	(void)state;
	put_patch("0001-mm.patch", "mm/rmap.c", "two", "zwei");
	put_patch("0002-kvm.patch", "virt/kvm/kvm_main.c", "two", "zwei");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(s.n_stock, 1);
	assert_int_equal(apply(&s, s.n_stock), ST_OK);
	assert_content("out/mm/rmap.c", "one\nzwei\nthree\n");
	assert_content("out/virt/kvm/kvm_main.c", "one\ntwo\nthree\n");
	series_free(&s);
}

/* What a lane needs: below all, in stock too, and it may touch KVM. */
static void patch_of_a_lane(void **state)
{
	struct series s;

	(void)state;
	put_patch("0001-mm.patch", "mm/rmap.c", "two", "zwei");
	put_patch("0002-kvm.patch", "virt/kvm/kvm_main.c", "zwei", "deux");
	assert_int_equal(load_absolute(&s), ST_OK);
	put_patch("lane.patch", "virt/kvm/kvm_main.c", "two", "zwei");
	assert_int_equal(series_put_first(&s, DIR "/lane.patch"), ST_OK);
	assert_int_equal(s.n_stock, 2);
	assert_int_equal(apply(&s, s.n_stock), ST_OK);
	assert_content("out/virt/kvm/kvm_main.c", "one\nzwei\nthree\n");
	assert_int_equal(apply(&s, s.n), ST_OK);
	assert_content("out/virt/kvm/kvm_main.c", "one\ndeux\nthree\n");
	listen_begin();
	assert_int_equal(series_put_first(&s, DIR "/none.patch"), ST_USAGE);
	listen_end();
	assert_said("none.patch");
	series_free(&s);
}

/* Up to the last patch of mm there is nothing but `stock`. */
static void prefix(void **state)
{
	static const char *const bad[] = { "4", "two", "", "-1" };
	struct series s;

	(void)state;
	put_patch("0001-mm.patch", "mm/rmap.c", "two", "zwei");
	put_patch("0002-kvm.patch", "virt/kvm/kvm_main.c", "two", "zwei");
	put_patch("0003-kvm.patch", "virt/kvm/Kconfig", "two", "config KVM_LOCK_B");
	put("tree/virt/kvm/Kconfig", "one\ntwo\nthree\n");
	assert_int_equal(load_absolute(&s), ST_OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		listen_begin();
		assert_int_equal(series_cut(&s, bad[i]), ST_USAGE);
		listen_end();
		assert_said("from 0 to 3");
	}
	assert_int_equal(series_cut(&s, "3"), ST_OK);
	assert_true(series_defines(&s, "KVM_LOCK_B"));
	assert_false(series_defines(&s, "KVM_LOCK"));
	assert_int_equal(series_cut(&s, "2"), ST_OK);
	assert_int_equal(s.n, 2);
	assert_false(series_defines(&s, "KVM_LOCK_B"));
	assert_int_equal(apply(&s, s.n), ST_OK);
	assert_content("out/virt/kvm/kvm_main.c", "one\nzwei\nthree\n");
	assert_false(path_exists("out/virt/kvm/Kconfig"));
	assert_int_equal(series_cut(&s, "1"), ST_OK);
	assert_int_equal(s.n, s.n_stock);
	assert_int_equal(series_cut(&s, "0"), ST_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.n_stock, 0);
	series_free(&s);
}

/* Of our own: each lock comes with a patch of KVM's. */
static void locks_of_the_series(void **state)
{
	static const char *const locks[] = {
		"KVM_MMU_LOCK_RWLOCK", "KVM_MMU_LOCK_SPINLOCK", "KVM_MMU_LOCK_MUTEX",
		"KVM_MMU_LOCK_RWSEM",
	};
	struct series s;
	char *stock;

	(void)state;
	assert_int_equal(series_load(top_dir(), "linux-6.12", &s), ST_OK);
	stock = xasprintf("%zu", s.n_stock);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
		assert_true(series_defines(&s, locks[i]));
	assert_int_equal(series_cut(&s, stock), ST_OK);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
		assert_false(series_defines(&s, locks[i]));
	free(stock);
	series_free(&s);
}

static void other_lines_are_fine(void **state)
{
	struct series s;

	(void)state;
	put("tree/mm/rmap.c", "a\nb\nc\none\ntwo\nthree\n");
	put_patch("0001-mm.patch", "mm/rmap.c", "two", "zwei");
	/* Without the context of a file's beginning. */
	put(DIR "/0001-mm.patch",
	    "diff --git a/mm/rmap.c b/mm/rmap.c\n--- a/mm/rmap.c\n"
	    "+++ b/mm/rmap.c\n@@ -2,3 +2,3 @@\n one\n-two\n+zwei\n three\n");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(apply(&s, 1), ST_OK);
	assert_content("out/mm/rmap.c", "a\nb\nc\none\nzwei\nthree\n");
	series_free(&s);
}

static void no_fit_names_patch_file_and_version(void **state)
{
	struct series s;

	(void)state;
	put_patch("0001-good.patch", "mm/rmap.c", "two", "zwei");
	put_patch("0002-bad.patch", "virt/kvm/kvm_main.c", "five", "six");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(apply(&s, 2), ST_USAGE);
	assert_said("kvm-patches/linux-6.12/0002-bad.patch");
	assert_said("virt/kvm/kvm_main.c");
	assert_said("6.12.42");
	assert_content("tree/mm/rmap.c", "one\ntwo\nthree\n");
	assert_content("tree/virt/kvm/kvm_main.c", "one\ntwo\nthree\n");
	series_free(&s);
}

static void other_context_does_not_fit(void **state)
{
	struct series s;

	(void)state;
	put("tree/mm/rmap.c", "ONE\ntwo\nthree\n");
	put_patch("0001-fuzz.patch", "mm/rmap.c", "two", "zwei");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(apply(&s, 1), ST_USAGE);
	assert_said("mm/rmap.c");
	series_free(&s);
}

static void missing_file(void **state)
{
	struct series s;

	(void)state;
	put_patch("0001-gone.patch", "mm/gone.c", "two", "zwei");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(apply(&s, 1), ST_USAGE);
	assert_said("0001-gone.patch does not apply to Linux 6.12.42: mm/gone.c");
	series_free(&s);
}

static void mm_after_kvm_is_refused(void **state)
{
	struct series s;

	(void)state;
	put_patch("0001-kvm.patch", "virt/kvm/kvm_main.c", "two", "zwei");
	put_patch("0002-mm.patch", "mm/rmap.c", "two", "zwei");
	assert_int_equal(load(&s), ST_USAGE);
	assert_said("0002-mm.patch touches mm/rmap.c");
	assert_said("0001-kvm.patch");
}

/* vmlinux and what goes with it in KVM: of `stock`, or else too late. */
static void both_in_one(void **state)
{
	static const char both[] =
		"diff --git a/virt/kvm/kvm_main.c b/virt/kvm/kvm_main.c\n"
		"diff --git a/mm/rmap.c b/mm/rmap.c\n";
	struct series s;

	(void)state;
	put(DIR "/0001-both.patch", both);
	put_patch("0002-kvm.patch", "virt/kvm/kvm_main.c", "two", "zwei");
	assert_int_equal(load_absolute(&s), ST_OK);
	assert_int_equal(s.n_stock, 1);
	series_free(&s);
	put(DIR "/0003-both.patch", both);
	assert_int_equal(load(&s), ST_USAGE);
	assert_said("0003-both.patch touches mm/rmap.c");
	assert_said("0002-kvm.patch");
}

static void kvm_paths(void **state)
{
	static const struct {
		const char *path;
		size_t n_stock;
	} v[] = {
		{ "arch/x86/kvm/mmu/mmu.c", 0 },
		{ "arch/x86/include/asm/kvm_host.h", 0 },
		{ "include/linux/kvm_types.h", 0 },
		{ "include/trace/events/kvm.h", 0 },
		{ "tools/testing/selftests/kvm/x.c", 0 },
		{ "include/linux/mmu_notifier.h", 1 },
		{ "include/trace/events/mmu_notifier.h", 1 },
		{ "arch/x86/kernel/kvm.c", 1 },
		{ "Documentation/virt/kvm/locking.rst", 1 },
	};
	struct series s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		print_message("%s\n", v[i].path);
		put_patch("0001-x.patch", v[i].path, "two", "zwei");
		assert_int_equal(load(&s), ST_OK);
		assert_int_equal(s.n_stock, v[i].n_stock);
		series_free(&s);
	}
}

static void strange_folders(void **state)
{
	static const struct {
		const char *name, *text, *said;
	} v[] = {
		{ "notes.txt", "", "notes.txt: not named NNNN" },
		{ "12-x.patch", "", "12-x.patch: not named NNNN" },
		{ "0001-.patch", "", "0001-.patch: not named NNNN" },
		{ "0001-x.patch", "", "0001-x.patch: no patch" },
		{ "0001-x.patch", "diff --git a/../x b/../x\n", "cannot make out" },
		{ "0001-x.patch", "diff --git a//etc/x b//etc/x\n",
		  "cannot make out" },
		{ "0001-x.patch", "diff --git a/x/../../y b/y\n",
		  "cannot make out" },
		{ "0001-x.patch", "diff --git \"a/\\303\" b/y\n",
		  "cannot make out" },
	};
	struct series s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		char *path = xasprintf(DIR "/%s", v[i].name);

		put(path, v[i].text);
		assert_int_equal(load(&s), ST_USAGE);
		assert_said(v[i].said);
		unlink(path);
		free(path);
	}
}

static void no_folder(void **state)
{
	struct series s;

	(void)state;
	listen_begin();
	assert_int_equal(series_load(".", "linux-5.10", &s), ST_USAGE);
	listen_end();
	assert_said("linux-5.10");
}

static struct timespec mtime(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mtim;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Only what changes gets a new time, and the pristine files none at all. */
static void tree_follows_content(void **state)
{
	struct source src = { .dir = "tree", .hash = "one" };
	struct tree t = { .dir = "build", .src = &src, .overlay = "out" };
	struct tree other = { .dir = "other" };
	struct timespec pristine, rmap, now;

	(void)state;
	strings_add(&t.files, "mm/rmap.c");
	strings_add(&t.files, "mm/new.c");
	put("out/mm/rmap.c", "patched\n");
	put("out/mm/new.c", "new\n");
	pristine = mtime("tree/mm/rmap.c");
	assert_int_equal(tree_update(&t, true), ST_OK);
	assert_content("build/mm/rmap.c", "patched\n");
	assert_content("build/mm/new.c", "new\n");
	assert_content("tree/mm/rmap.c", "one\ntwo\nthree\n");

	/* Nothing new: nothing touched. A build folder stays. */
	put("build/o.base/vmlinux", "object\n");
	rmap = mtime("build/mm/rmap.c");
	assert_int_equal(tree_update(&t, true), ST_OK);
	now = mtime("build/mm/rmap.c");
	assert_true(same_time(&rmap, &now));

	/* A file of the series is dropped, another source comes. */
	unlink("out/mm/new.c");
	put("tree/virt/kvm/kvm_main.c", "other\n");
	put("tree/mm/mmap.c", "more\n");
	src.hash[0] = 'O';
	assert_int_equal(tree_update(&t, true), ST_OK);
	assert_false(path_exists("build/mm/new.c"));
	assert_content("build/virt/kvm/kvm_main.c", "other\n");
	assert_content("build/mm/mmap.c", "more\n");
	assert_content("build/o.base/vmlinux", "object\n");
	now = mtime("build/mm/rmap.c");
	assert_true(same_time(&rmap, &now));

	/* A touch is for the tree alone. */
	now = mtime("tree/mm/rmap.c");
	assert_true(same_time(&pristine, &now));
	usleep(20000);
	put("other/mm/rmap.c", "patched\n");
	assert_int_equal(tree_touch(&t, &other), 0);
	now = mtime("build/mm/rmap.c");
	assert_true(same_time(&rmap, &now));
	put("other/mm/rmap.c", "stock\n");
	assert_int_equal(tree_touch(&t, &other), 0);
	now = mtime("build/mm/rmap.c");
	assert_false(same_time(&rmap, &now));

	/* The series is gone: the file is pristine again. */
	strings_free(&t.files);
	assert_int_equal(tree_update(&t, true), ST_OK);
	assert_content("build/mm/rmap.c", "one\ntwo\nthree\n");
	assert_int_equal(remove_tree("build"), 0);
}

/* A tree that was left half-way is compared in full. */
static void tree_recovers(void **state)
{
	struct source src = { .dir = "tree", .hash = "one" };
	struct tree t = { .dir = "build", .src = &src, .overlay = "out" };

	(void)state;
	assert_int_equal(mkdir_p("out"), 0);
	assert_int_equal(tree_update(&t, true), ST_OK);
	put("build.state", "changing\nmm/left.c\n");
	put("build/mm/left.c", "left\n");
	put("build/mm/rmap.c", "half");
	assert_int_equal(tree_update(&t, true), ST_OK);
	assert_false(path_exists("build/mm/left.c"));
	assert_content("build/mm/rmap.c", "one\ntwo\nthree\n");
	assert_int_equal(remove_tree("build"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(applies_in_order, setup_each),
		cmocka_unit_test_setup(stock_ends_before_the_first_of_kvm,
				       setup_each),
		cmocka_unit_test_setup(patch_of_a_lane, setup_each),
		cmocka_unit_test_setup(prefix, setup_each),
		cmocka_unit_test(locks_of_the_series),
		cmocka_unit_test_setup(other_lines_are_fine, setup_each),
		cmocka_unit_test_setup(no_fit_names_patch_file_and_version,
				       setup_each),
		cmocka_unit_test_setup(other_context_does_not_fit, setup_each),
		cmocka_unit_test_setup(missing_file, setup_each),
		cmocka_unit_test_setup(mm_after_kvm_is_refused, setup_each),
		cmocka_unit_test_setup(both_in_one, setup_each),
		cmocka_unit_test_setup(kvm_paths, setup_each),
		cmocka_unit_test_setup(strange_folders, setup_each),
		cmocka_unit_test_setup(no_folder, setup_each),
		cmocka_unit_test_setup(tree_follows_content, setup_each),
		cmocka_unit_test_setup(tree_recovers, setup_each),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
