/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boots whose QEMU is the stand-in of fake_qemu.h, for the tests of the supervisor:
 * with limits that are short where they are to be run into.
 */
#ifndef SECMMU_SUPERVISED_H
#define SECMMU_SUPERVISED_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "accel.h"
#include "boot.h"
#include "fake_qemu.h"

static char dir[] = "/tmp/secmmu-test-boot-XXXXXX";
static char *pid_file, *kernel, *initrd;
static char output[64];
static size_t n_output;

static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };

static inline bool one_of(const char *how, const char *list)
{
	const char *at = strstr(list, how);

	return at && (at == list || at[-1] == ' ') && strchr(" ", at[strlen(how)]);
}

/* Short where it is to be run into; elsewhere the machine may be busy. */
static inline unsigned int limit_ms(const char *how, const char *list)
{
	return one_of(how, list) ? 2000 : 60000;
}

/* The same, where the guest says nothing at all: no machine is too busy for that. */
static inline unsigned int short_ms(const char *how, const char *list)
{
	return one_of(how, list) ? 1000 : 60000;
}

static unsigned int pin[2];	/* of a boot that is pinned */

/* Start a boot whose QEMU goes wrong in the way @how. */
static inline struct boot *start(const char *how)
{
	const struct boot_spec spec = {
		.kernel = kernel,
		.initrd = initrd,
		.accel = &tcg,
		.cpus = 2,
		.pin = strncmp(how, "pin", 3) ? NULL : pin,
		.memory_mb = 512,
		.dir = dir,
		.context = "boot 3 of seed 7",
		.vmcore = strncmp(how, "vmcore", 6) ? VMCORE_NONE : VMCORE_ELF,
		.limits = {
			.vmcore_ms = limit_ms(how, "vmcore-stall"),
			.silence_ms = short_ms(how, "silent"),
			.hello_ms = short_ms(how, "no-hello"),
			.alive_ms = one_of(how, "freeze") ? 2000 :
				    short_ms(how, "deaf asleep lost half slow-trace talker stubborn vmcore-hang"),
			.exit_ms = limit_ms(how, "no-power-off undead"),
			.load_ms = 60000,
			.progress_ms = short_ms(how, "stuck"),
			.boot_ms = limit_ms(how, "slow"),
			.diagnose_ms = one_of(how, "deaf stuck") ? 1500 :
				       one_of(how, "slow-trace half talker") ? 300 : 60,
		},
	};

	setenv("FAKE_QEMU", how, 1);
	unlink(pid_file);
	return boot_start(&spec);
}

static inline int on_out(void *arg, const void *data, size_t len)
{
	(void)arg;
	if (n_output + len < sizeof(output))
		memcpy(output + n_output, data, len);
	n_output += len;
	return 0;
}

static char late[64];	/* as output, of what came when the boot had been given up */
static size_t n_late;

static inline void on_late(void *arg, const void *data, size_t len)
{
	(void)arg;
	if (n_late + len < sizeof(late))
		memcpy(late + n_late, data, len);
	n_late += len;
}

static unsigned int expected;	/* findings of the next run */

static inline int run(struct boot *b, struct run_result *res)
{
	static const char *const argv[] = { "/tests/x", NULL };
	const struct run_req q = {
		.argv = argv,
		.timeout_ms = 1000,
		.wall_ms = limit_ms(getenv("FAKE_QEMU"), "no-answer"),
		.on_out = on_out,
		.on_late = on_late,
		.expected = expected,
	};

	n_output = n_late = 0;
	memset(output, 0, sizeof(output));
	memset(late, 0, sizeof(late));
	return boot_run(b, &q, res);
}

static inline void assert_pid_gone(pid_t pid)
{
	/* Of a QEMU whose parent died, init reaps the rest. */
	for (int i = 0; i < 100 && !kill(pid, 0); i++) {
		char *path = xasprintf("/proc/%d/stat", (int)pid);
		char *stat = path_exists(path) ? read_file(path, NULL) : NULL;
		bool zombie = !stat || strstr(stat, ") Z ");

		free(path);
		free(stat);
		if (zombie)
			return;
		poll(NULL, 0, 20);
	}
	assert_int_equal(kill(pid, 0), -1);
}

/* Nothing must be left of the QEMU that ran last. */
static inline void assert_gone(void)
{
	char text[24] = "";

	assert_true(readlink(pid_file, text, sizeof(text) - 1) > 0);
	assert_pid_gone((pid_t)atoi(text));
}

/* End @b and check the verdict. @res is the caller's to free. */
static inline void end(struct boot *b, int code, enum status status,
		const char *reason, struct boot_result *res)
{
	boot_end(b, res);
	if (!strstr(res->reason, reason) || res->code != code)
		print_error("%d: %s\n%s", res->code, res->reason,
			    res->diagnosis);
	assert_int_equal(res->code, code);
	assert_string_equal(status_name(res->status), status_name(status));
	assert_non_null(strstr(res->reason, reason));
	assert_gone();
}

static inline void end_and_free(struct boot *b, int code, enum status status,
			 const char *reason)
{
	struct boot_result res;

	end(b, code, status, reason, &res);
	boot_result_free(&res);
}

static inline int set_up(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (n < 0 || !mkdtemp(dir))
		return -1;
	self[n] = '\0';
	pid_file = xasprintf("%s/pid", dir);
	kernel = xasprintf("%s/vmlinux", dir);
	initrd = xasprintf("%s/initrd", dir);
	if (write_file(kernel, "vmlinux", 7) || write_file(initrd, "i", 1))
		return -1;
	/* The fake signals us, and writes its pid into a file. */
	setenv("SECMMU_QEMU_USER", "root", 1);
	setenv("SECMMU_QEMU", self, 1);
	setenv("FAKE_QEMU_PID", pid_file, 1);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	free(pid_file);
	free(kernel);
	free(initrd);
	return remove_tree(dir);
}

/*
 * A run in a child process, for what would disturb this one. No assertions
 * there: a failed one would go on with the tests. Return: its wait status, 0
 * if both run and boot ended with @code.
 */
static inline int run_in_child(const char *how, int code)
{
	struct boot_result res;
	struct run_result r;
	pid_t pid = fork();
	struct boot *b;
	int st;

	if (!pid) {
		sig_init();
		b = start(how);
		st = run(b, &r);
		boot_end(b, &res);
		if (st != code || res.code != code)
			print_error("%s: %d, %d: %s\n", how, st, res.code,
				    res.reason);
		_exit(st != code || res.code != code);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_gone();
	return st;
}

/** supervised_main - the tests, or the QEMU that they start: to be called by main(). */
#define supervised_main(argc, argv, name, tests) \
	(getenv("FAKE_QEMU") ? fake_qemu(argc, argv) : \
	 cmocka_run_group_tests_name(name, tests, set_up, tear_down))

#endif
