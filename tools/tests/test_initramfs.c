// SPDX-License-Identifier: GPL-2.0-only
/* The initramfs, read back with libarchive and with the cpio command. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "initramfs.h"
#include "util.h"

static char top[] = "/tmp/secmmu-initramfs-XXXXXX";
static char artifacts[64], out[64];
static const char *const arms[] = { "stock", "mutex" };

static void put(const char *path, const char *data, mode_t mode)
{
	char *full = xasprintf("%s/%s", artifacts, path);
	char *dir = xstrdup(full);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(mkdir_p(dir), 0);
	assert_int_equal(write_file(full, data, strlen(data)), 0);
	assert_int_equal(chmod(full, mode), 0);
	free(dir);
	free(full);
}

static int set_up(void **state)
{
	static const char *const modules[] = { "irqbypass", "kvm", "kvm-amd",
					       "kvm-intel" };
	char path[128];
	size_t i, k;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(artifacts, sizeof(artifacts), "%s/art", top);
	snprintf(out, sizeof(out), "%s/out.cpio", top);
	put("guest/init", "INIT", 0755);
	for (i = 0; i < ARRAY_SIZE(arms); i++) {
		for (k = 0; k < ARRAY_SIZE(modules); k++) {
			snprintf(path, sizeof(path), "arms/%s/%s.ko", arms[i],
				 modules[k]);
			put(path, path, 0644);
		}
	}
	put("selftests/b_test", "BB", 0700);
	put("selftests/x86_64/a_test", "A", 0755);
	put("selftests/b_test.d", "no program", 0644);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return remove_tree(top);
}

/* Owners and times of the input must not show in the output. */
static char *list_of(const char *path)
{
	char *cmd = xasprintf("cpio --quiet -t <%s", path);
	char *argv[] = { "sh", "-c", cmd, NULL };
	char *list = proc_capture(argv, NULL);

	free(cmd);
	return list;
}

static void check_entry(struct archive *a, struct archive_entry *e, int64_t ino)
{
	const char *name = archive_entry_pathname(e);
	char data[128] = "";

	assert_int_equal(archive_entry_mtime(e), 0);
	assert_int_equal(archive_entry_uid(e), 0);
	assert_int_equal(archive_entry_gid(e), 0);
	assert_int_equal(archive_entry_ino64(e), ino);
	assert_true(archive_read_data(a, data, sizeof(data) - 1) >= 0);
	if (!strcmp(name, "init")) {
		assert_int_equal(archive_entry_mode(e), S_IFREG | 0755);
		assert_string_equal(data, "INIT");
	} else if (!strcmp(name, "tests/b_test")) {
		assert_int_equal(archive_entry_mode(e), S_IFREG | 0755);
		assert_string_equal(data, "BB");
	} else if (!strncmp(name, "arms/", 5) && strstr(name, ".ko")) {
		assert_int_equal(archive_entry_mode(e), S_IFREG | 0644);
		assert_string_equal(data, name);
	} else if (!strcmp(name, "dev/console")) {
		assert_int_equal(archive_entry_mode(e), S_IFCHR | 0600);
		assert_int_equal(archive_entry_rdev(e), makedev(5, 1));
	} else if (!strcmp(name, "dev/kmsg")) {
		assert_int_equal(archive_entry_rdev(e), makedev(1, 11));
	} else if (!strcmp(name, "etc/deep/extra")) {
		assert_int_equal(archive_entry_mode(e), S_IFREG | 0640);
	} else if (!strcmp(name, "sbin/arm")) {
		assert_string_equal(archive_entry_symlink(e), "/init");
	}
}

static void check_contents(const char *path)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int64_t ino = 0;

	assert_int_equal(archive_read_support_format_cpio(a), ARCHIVE_OK);
	assert_int_equal(archive_read_open_filename(a, path, 4096), ARCHIVE_OK);
	assert_int_equal(archive_filter_count(a), 1);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK)
		check_entry(a, e, ++ino);
	assert_true(ino > 0);
	archive_read_free(a);
}

static void test_contents(void **state)
{
	static const char expected[] =
		"arms\narms/mutex\narms/mutex/irqbypass.ko\narms/mutex/kvm-amd.ko\n"
		"arms/mutex/kvm-intel.ko\narms/mutex/kvm.ko\narms/stock\n"
		"arms/stock/irqbypass.ko\narms/stock/kvm-amd.ko\n"
		"arms/stock/kvm-intel.ko\narms/stock/kvm.ko\nbin\ndev\n"
		"dev/console\ndev/kmsg\ninit\nproc\nrun\nsbin\nsys\ntests\n"
		"tests/b_test\ntests/x86_64\ntests/x86_64/a_test\ntmp\n";
	const struct initramfs_opts o = { .arms = arms, .n_arms = 2 };
	char *list;

	(void)state;
	assert_int_equal(initramfs_write(artifacts, &o, out), ST_OK);
	check_contents(out);
	list = list_of(out);
	assert_string_equal(list, expected);
	free(list);
}

static void test_arms_wanted(void **state)
{
	const struct initramfs_opts o = { .arms = arms, .n_arms = 1 };
	char *list;

	(void)state;
	assert_int_equal(initramfs_write(artifacts, &o, out), ST_OK);
	list = list_of(out);
	assert_non_null(strstr(list, "arms/stock/kvm.ko\n"));
	assert_null(strstr(list, "mutex"));
	free(list);
}

static void test_extra_files(void **state)
{
	char *src = xasprintf("%s/guest/init", artifacts);
	const struct initramfs_file f = { src, "/etc/deep/extra", 0640 };
	const struct initramfs_opts o = { .files = &f, .n_files = 1 };
	char *list;

	(void)state;
	assert_int_equal(initramfs_write(artifacts, &o, out), ST_OK);
	check_contents(out);
	list = list_of(out);
	assert_non_null(strstr(list, "\netc\netc/deep\netc/deep/extra\n"));
	free(list);
	free(src);
}

static void test_shell(void **state)
{
	const struct initramfs_opts o = { .with_shell = true };
	char *list;

	(void)state;
	if (!path_exists("/bin/busybox"))
		skip();
	assert_int_equal(initramfs_write(artifacts, &o, out), ST_OK);
	check_contents(out);
	list = list_of(out);
	assert_non_null(strstr(list, "\nbin/busybox\nbin/sh\n"));
	assert_non_null(strstr(list, "\nsbin/arm\n"));
	free(list);
}

/* Nothing but what is named, folders to mount on, and the kernel's nodes. */
static void test_pack(void **state)
{
	const struct initramfs_file files[] = {
		{ "/bin/sh", "/usr/bin/some/sh", 0755 },
	};
	const struct initramfs_file missing[] = {
		{ "/nonexistent/y", "/y", 0644 },
	};
	char *list;

	(void)state;
	assert_int_equal(initramfs_pack(files, 1, out), ST_OK);
	list = list_of(out);
	assert_string_equal(list,
		"bin\ndev\ndev/console\ndev/kmsg\nproc\nrun\nsbin\nsys\ntmp\n"
		"usr\nusr/bin\nusr/bin/some\nusr/bin/some/sh\n");
	free(list);
	assert_int_equal(initramfs_pack(missing, 1, out), ST_USAGE);
}

/* Same bytes from files of another owner's mode bits and another time. */
static void test_reproducible(void **state)
{
	const struct initramfs_opts o = { .arms = arms, .n_arms = 2 };
	char *file = xasprintf("%s/selftests/b_test", artifacts);
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	char first[65], second[65];

	(void)state;
	assert_int_equal(initramfs_write(artifacts, &o, out), ST_OK);
	assert_int_equal(sha256_file(out, first), 0);
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0);
	assert_int_equal(chmod(file, 0711), 0);
	assert_int_equal(initramfs_write(artifacts, &o, out), ST_OK);
	assert_int_equal(sha256_file(out, second), 0);
	assert_string_equal(first, second);
	free(file);
}

/* Fails with @o, and leaves the older file alone and nothing beside it. */
static void check_refused(const char *dir, const struct initramfs_opts *o,
			  int status)
{
	char *ls[] = { "ls", top, NULL };
	char *before, *after;
	size_t len;

	assert_int_equal(write_file(out, "old", 3), 0);
	before = proc_capture(ls, NULL);
	assert_int_equal(initramfs_write(dir, o, out), status);
	after = proc_capture(ls, NULL);
	assert_string_equal(before, after);
	free(before);
	free(after);
	before = read_file(out, &len);
	assert_string_equal(before, "old");
	free(before);
}

static void test_missing(void **state)
{
	static const char *const unknown[] = { "stock", "nosuch" };
	const struct initramfs_opts arm = { .arms = unknown, .n_arms = 2 };
	const struct initramfs_file none = { "/nonexistent/x", "x", 0644 };
	const struct initramfs_opts file = { .files = &none, .n_files = 1 };
	const struct initramfs_opts perf = { .perf = "/nonexistent/perf" };
	const struct initramfs_opts plain = { 0 };

	(void)state;
	check_refused(artifacts, &arm, ST_USAGE);
	check_refused(artifacts, &file, ST_USAGE);
	check_refused(artifacts, &perf, ST_USAGE);
	check_refused("/nonexistent", &plain, ST_USAGE);
}

static void test_twice(void **state)
{
	char *src = xasprintf("%s/guest/init", artifacts);
	const struct initramfs_file f = { src, "/init", 0755 };
	const struct initramfs_opts o = { .files = &f, .n_files = 1 };

	(void)state;
	check_refused(artifacts, &o, ST_USAGE);
	free(src);
}

static void test_no_folder(void **state)
{
	const struct initramfs_opts o = { .arms = arms, .n_arms = 2 };
	char *path = xasprintf("%s/nosuch/out.cpio", top);

	(void)state;
	assert_int_equal(initramfs_write(artifacts, &o, path), ST_HARNESS);
	free(path);
}

/* A limit on the size of files fails a write half-way, as a full disk does. */
static void test_no_space(void **state)
{
	const struct initramfs_opts o = { .arms = arms, .n_arms = 2 };
	struct rlimit was, small;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 2000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	check_refused(artifacts, &o, ST_HARNESS);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_arms_wanted),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_extra_files),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_reproducible),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_no_space),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
