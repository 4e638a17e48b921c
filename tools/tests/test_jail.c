// SPDX-License-Identifier: GPL-2.0-only
/*
 * What QEMU may do to the host: its command line, the sandbox of the QEMU that
 * is installed, and what is left to the user it runs as. Each check is first
 * seen to fail where nothing is forbidden.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu_args.h"
#include "scratch.h"
#include "strs.h"
#include "tiny_kernel.h"

static const struct accel_choice tcg = { ACCEL_TCG, "amd", "" };

/* All that a boot needs. A disk, a network or a folder is none of it. */
static const char *const known[] = {
	"-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
	"-name ", "-no-user-config", "-nodefaults", "-nic none", "-display none",
	"-no-reboot", "-machine q35,", "-bios qboot.rom", "-accel tcg,thread=multi",
	"-cpu EPYC,", "-smp ", "-m ", "-chardev socket,id=console,fd=3",
	"-serial chardev:console", "-chardev socket,id=qmp,fd=4",
	"-mon chardev=qmp,mode=control", "-chardev socket,id=frames,fd=5",
	"-device virtio-serial-pci",
	"-device virtserialport,chardev=frames,name=org.secmmu.frames",
	"-kernel /k", "-initrd /i", "-append console=ttyS0 ",
};

/* Those that matter, and that must be there. */
static const char *const required[] = {
	"-sandbox on,", "-no-user-config", "-nodefaults", "-nic none",
};

static bool one_of(const char *option, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(option, list[i], strlen(list[i])))
			return true;
	return false;
}

/* Options with their values, "-nic none". */
static struct strs options(char *const *argv)
{
	struct strs s = { 0 };

	for (char *const *a = argv + 1; *a; a++) {
		bool value = a[1] && *a[1] != '-';
		char *o = xasprintf("%s%s%s", *a, value ? " " : "",
				    value ? a[1] : "");

		strs_add(&s, o, strlen(o));
		free(o);
		a += value;
	}
	return s;
}

/* The first option that is not isolation; NULL if there is none. */
static char *stranger(char *const *argv)
{
	struct strs s = options(argv);
	char *what = NULL;

	for (size_t i = 0; i < s.n && !what; i++)
		if (!one_of(s.v[i], known, ARRAY_SIZE(known)))
			what = xstrdup(s.v[i]);
	for (size_t i = 0; i < ARRAY_SIZE(required) && !what; i++) {
		bool found = false;

		for (size_t k = 0; k < s.n; k++)
			found |= one_of(s.v[k], &required[i], 1);
		if (!found)
			what = xasprintf("no %s", required[i]);
	}
	strs_free(&s);
	return what;
}

static char **make_argv(bool sandbox)
{
	char path[] = "/usr/bin/qemu";
	const struct qemu_info info = { .path = path, .sandbox = sandbox };
	const struct boot_spec spec = {
		.kernel = "/k", .initrd = "/i", .accel = &tcg, .cpus = 1,
		.memory_mb = 256, .dir = "/r,s",
	};

	return qemu_argv(&info, &spec);
}

static void arguments(void **state)
{
	static const char *const planted[][2] = {
		{ "-nic", "user" }, { "-netdev", "user,id=n" },
		{ "-drive", "file=/x" }, { "-virtfs", "local,path=/" },
		{ "-device", "virtio-net-pci" }, { "-sandbox", "off" },
		{ "-runas", "nobody" }, { "-usb", NULL },
	};
	char **argv = make_argv(true);
	size_t n = 0;
	char *what;

	(void)state;
	assert_null(stranger(argv));
	assert_string_equal(argv[1], "-sandbox");
	while (argv[n])
		n++;
	argv = xrealloc(argv, (n + 3) * sizeof(*argv));
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++) {
		argv[n] = (char *)planted[i][0];
		argv[n + 1] = (char *)planted[i][1];
		argv[n + 2] = NULL;
		what = stranger(argv);
		assert_non_null(what);
		assert_true(strncmp(what, planted[i][0], strlen(planted[i][0])) == 0);
		free(what);
		argv[n] = NULL;
	}
	qemu_argv_free(argv);
	argv = make_argv(false);
	what = stranger(argv);
	assert_string_equal(what, "no -sandbox on,");
	free(what);
	qemu_argv_free(argv);
}

static void name_of_a_boot(void **state)
{
	char **argv = make_argv(true);
	char *line = qemu_quote(argv);

	(void)state;
	assert_non_null(strstr(line, "-name guest=/r,,s "));
	free(line);
	qemu_argv_free(argv);
}

/*
 * Ask a QEMU without a guest to start a program, as one whose guest has taken
 * it over would. Return: whether it did.
 */
static bool qemu_spawns(const char *qemu, const char *sandbox)
{
	char *script = xasprintf("{ echo '{\"execute\": \"qmp_capabilities\"}';"
		"echo '{\"execute\": \"migrate\", \"arguments\": {\"uri\": \"exec:touch %s/spawned\"}}';"
		"for i in 1 2 3 4 5 6 7 8 9 10; do [ -e spawned ] && break; sleep 0.2; done;"
		"echo '{\"execute\": \"quit\"}'; } 2>/dev/null | timeout 60 %s -sandbox %s "
		"-machine none -nodefaults -display none -S -qmp stdio >answers 2>&1",
		scratch, qemu, sandbox);
	int st;

	unlink("spawned");
	st = system(script);
	free(script);
	return st != -1 && path_exists("spawned");
}

static void sandbox(void **state)
{
	struct qemu_info q;
	char **argv;

	(void)state;
	if (qemu_probe(&q) != ST_OK || !q.sandbox)
		skip();
	argv = make_argv(true);
	assert_true(qemu_spawns(q.path, "off"));
	assert_true(qemu_spawns(q.path, "on,spawn=allow"));
	assert_false(qemu_spawns(q.path, argv[2]));
	qemu_argv_free(argv);
	qemu_info_free(&q);
}

/* What a process in a jail may try. */
static bool writes_a_file(void)
{
	int fd = open("open/file", O_WRONLY | O_CREAT | O_TRUNC, 0666);

	signal(SIGXFSZ, SIG_IGN);
	return fd >= 0 && write(fd, "x", 1) == 1;
}

static bool reads_a_secret(void)
{
	return open("secret", O_RDONLY) >= 0;
}

static bool signals_its_parent(void)
{
	return !kill(getppid(), 0);
}

static bool is_root_again(void)
{
	return !setuid(0) || !seteuid(0);
}

static bool makes_a_device(void)
{
	return !mknod("open/null", S_IFCHR | 0666, makedev(1, 3));
}

static bool may_all_again(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return !setrlimit(RLIMIT_FSIZE, &all);
}

/* Whether @try succeeds; in a jail of @j, or in none. */
static bool in_child(const struct jail *j, bool (*try)(void))
{
	pid_t pid = fork();
	int st;

	if (!pid) {
		if (j && jail_enter(j))
			_exit(9);
		_exit(!try());
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFEXITED(st) && WEXITSTATUS(st) <= 1);
	return !WEXITSTATUS(st);
}

static void jailed(void **state)
{
	bool (*const tries[])(void) = {
		writes_a_file, reads_a_secret, signals_its_parent,
		is_root_again, makes_a_device, may_all_again,
	};
	struct jail j;

	(void)state;
	if (geteuid())
		skip();
	put("secret", "x");
	assert_int_equal(chmod("secret", 0600), 0);
	assert_int_equal(mkdir("open", 0777), 0);
	assert_int_equal(chmod("open", 0777), 0);
	unsetenv("SECMMU_QEMU_USER");
	assert_int_equal(jail_find(&j, "/bin/true"), ST_OK);
	assert_string_equal(j.user, JAIL_USER);
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		assert_true(in_child(NULL, tries[i]));
		unlink("open/file");
		unlink("open/null");
		if (in_child(&j, tries[i]))
			fail_msg("attempt %zu succeeds", i);
	}
}

/* Whoever runs it. */
static void no_files(void **state)
{
	struct jail j;

	(void)state;
	setenv("SECMMU_QEMU_USER", "root", 1);
	assert_int_equal(jail_find(&j, "/bin/true"), ST_OK);
	assert_false(j.drop);
	mkdir("open", 0777);
	assert_true(in_child(NULL, writes_a_file));
	unlink("open/file");
	assert_false(in_child(&j, writes_a_file));
	unsetenv("SECMMU_QEMU_USER");
}

static int handed;	/* what jail_open() gave */

static bool reads_what_is_handed(void)
{
	char *path = xasprintf("/proc/self/fd/%d", handed);
	char buf[8] = "";
	int fd = open(path, O_RDONLY);

	free(path);
	return fd >= 0 && read(fd, buf, sizeof(buf)) == 6 &&
	       !memcmp(buf, "kernel", 6);
}

static bool reads_by_path(void)
{
	return open("closed/kernel", O_RDONLY) >= 0;
}

/* From a folder that is shut to the user, readable by others or not. */
static void files(void **state)
{
	static const mode_t modes[] = { 0644, 0600 };
	struct jail j;

	(void)state;
	assert_int_equal(jail_find(&j, "/bin/true"), ST_OK);
	put("closed/kernel", "kernel");
	assert_int_equal(chmod("closed", 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod("closed/kernel", modes[i]), 0);
		handed = jail_open(&j, "closed/kernel");
		assert_true(handed >= 0);
		assert_true(in_child(&j, reads_what_is_handed));
		assert_int_equal(in_child(&j, reads_by_path), !j.drop);
		close(handed);
	}
	assert_int_equal(jail_open(&j, "closed/none"), -1);
	assert_int_equal(errno, ENOENT);
}

static int find(struct jail *j, const char *user, const char *program)
{
	int ret;

	setenv("SECMMU_QEMU_USER", user, 1);
	listen_begin();
	ret = jail_find(j, program);
	listen_end();
	unsetenv("SECMMU_QEMU_USER");
	return ret;
}

static void users(void **state)
{
	struct jail j;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(find(&j, "root", "/bin/true"), ST_OK);
	assert_string_equal(j.user, "root");
	assert_false(j.drop);
	assert_int_equal(find(&j, "daemon", "/bin/true"), ST_OK);
	assert_string_equal(j.user, "daemon");
	assert_true(j.drop && j.uid);
	assert_int_equal(find(&j, "no-such-user", "/bin/true"), ST_USAGE);
	assert_said("no user 'no-such-user'");
	put("closed/program", "#!/bin/sh\n");
	assert_int_equal(chmod("closed", 0700), 0);
	assert_int_equal(find(&j, "nobody", "closed/program"), ST_USAGE);
	assert_said("user nobody cannot run closed/program");
}

/* /dev/kvm: of a group, open to all, of root alone. */
static void device(void **state)
{
	struct jail j;

	(void)state;
	if (geteuid())
		skip();
	put("device", "");
	assert_int_equal(find(&j, "nobody", "/bin/true"), ST_OK);
	assert_int_equal(chmod("device", 0666), 0);
	assert_int_equal(jail_device(&j, "device"), 0);
	assert_true(j.drop && j.device_gid == (gid_t)-1);
	assert_int_equal(chown("device", 0, 104), 0);
	assert_int_equal(chmod("device", 0660), 0);
	assert_int_equal(jail_device(&j, "device"), 0);
	assert_true(j.drop && j.device_gid == 104);
	assert_int_equal(chmod("device", 0600), 0);
	assert_int_equal(jail_device(&j, "device"), -1);
	assert_false(j.drop);
	assert_string_equal(j.user, "root");
	/* The group of root is no group to be in. */
	assert_int_equal(find(&j, "nobody", "/bin/true"), ST_OK);
	assert_int_equal(chown("device", 0, 0), 0);
	assert_int_equal(chmod("device", 0660), 0);
	assert_int_equal(jail_device(&j, "device"), -1);
}

/*
 * The QEMU that is installed, in its jail and with both clocks, runs a guest
 * whose kernel and initrd stand in a folder that it cannot enter.
 */
static void real_guest(void **state)
{
	struct boot_spec spec = {
		.kernel = "closed/tiny", .initrd = "closed/initrd",
		.accel = &tcg, .cpus = 2, .memory_mb = 128, .dir = "boot",
		.limits = { .hello_ms = 3000, .diagnose_ms = 100 },
	};
	struct boot_result res;
	struct qemu_info q;
	char *log;

	(void)state;
	if (qemu_probe(&q) != ST_OK)
		skip();
	qemu_info_free(&q);
	put("closed/initrd", "nothing");
	put("boot/keep", "");
	assert_int_equal(chmod("closed", 0700), 0);
	assert_int_equal(tiny_kernel_write("closed/tiny"), 0);
	for (int i = 0; i < 2; i++) {
		spec.clock = i ? CLOCK_ICOUNT : CLOCK_WALL;
		boot_end(boot_start(&spec), &res);
		if (res.code != BOOT_ERR_HANG_BOOT)
			print_error("%s\n%s\n", res.reason, res.diagnosis);
		assert_int_equal(res.code, BOOT_ERR_HANG_BOOT);
		assert_non_null(strstr(res.command, "-kernel closed/tiny"));
		log = read_file("boot/console.log", NULL);
		assert_non_null(strstr(log, "hi"));
		free(log);
		boot_result_free(&res);
	}
}

static int set_up(void **state)
{
	/* nobody is to get at what is in it. */
	return scratch_setup(state) || chmod(scratch, 0755);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(name_of_a_boot),
		cmocka_unit_test(sandbox),
		cmocka_unit_test(jailed),
		cmocka_unit_test(no_files),
		cmocka_unit_test(files),
		cmocka_unit_test(users),
		cmocka_unit_test(device),
		cmocka_unit_test(real_guest),
	};

	return cmocka_run_group_tests_name("jail", tests, set_up,
					   scratch_teardown);
}
