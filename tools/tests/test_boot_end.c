// SPDX-License-Identifier: GPL-2.0-only
/* The end of a QEMU, or of what supervises it; what is kept of its memory. */
#include "supervised.h"

/* Who keeps the QEMU that ran last from being reaped; 0: nobody. */
static pid_t tracer(void)
{
	char pid[24] = "", *path, *text, *at;
	pid_t who;

	assert_true(readlink(pid_file, pid, sizeof(pid) - 1) > 0);
	path = xasprintf("/proc/%s/status", pid);
	text = read_file(path, NULL);
	at = text ? strstr(text, "TracerPid:") : NULL;
	who = at ? (pid_t)atoi(at + strlen("TracerPid:")) : 0;
	free(text);
	free(path);
	return who;
}

/* A QEMU that SIGKILL does not end is left behind, in time, and that is said. */
static void cannot_be_killed(void **state)
{
	struct boot *b = start("undead");
	pid_t who = tracer();
	struct boot_result res;
	uint64_t before = now_ns();

	(void)state;
	if (!who) {
		boot_end(b, &res);
		boot_result_free(&res);
		skip();
	}
	boot_end(b, &res);
	kill(who, SIGKILL);
	assert_true(now_ns() - before < 60 * 1000000000ull);
	assert_int_equal(res.code, BOOT_ERR_HOST);
	assert_int_equal(res.status, STATUS_ERROR);
	assert_non_null(strstr(res.reason, "has not ended after SIGKILL and is left behind"));
	assert_non_null(strstr(res.reason, "not powered off"));
	assert_gone();
	boot_result_free(&res);
}

/* The memory of a guest that panicked: whole and sparse, or not there and why. */
static void vmcore(void **state)
{
	static const struct {
		const char *how, *said;
	} cases[] = {
		{ "vmcore", "== vmcore (elf): 64 MiB of memory, 0 MiB on the disk" },
		{ "vmcore-cut", "== no vmcore: what QEMU sent is no whole dump" },
		{ "vmcore-error", "== no vmcore: QEMU says: dump: no such luck" },
		{ "vmcore-endless", "== no vmcore: it is larger than 576 MiB" },
		{ "vmcore-stall", "== no vmcore: it took longer than 2 s" },
	};
	char *path = xasprintf("%s/vmcore", dir);
	struct boot_result res;
	struct run_result r;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot *b = start(cases[i].how);

		boot_context(b, "boot 3 of seed 7, arm %s", "mutex");
		assert_int_equal(run(b, &r), BOOT_ERR_PANIC);
		boot_end(b, &res);
		assert_int_equal(res.status, STATUS_FAIL);
		if (!strstr(res.diagnosis, cases[i].said))
			fail_msg("%s: %s", cases[i].how, res.diagnosis);
		assert_non_null(strstr(res.diagnosis, "== boot 3 of seed 7, arm mutex\n"));
		assert_non_null(strstr(res.diagnosis, "RIP=ffffffff81000000"));
		assert_non_null(strstr(res.command, "panic=0 "));
		assert_int_equal(stat(path, &st), i ? -1 : 0);
		boot_result_free(&res);
		if (i)
			continue;
		assert_int_equal(st.st_size, FAKE_MEMORY + 2 * 4096);
		assert_true(st.st_blocks * 512 < 1 << 20);
		assert_int_equal(unlink(path), 0);
	}
	free(path);
}

/* A guest that hangs, before it is shaken; none of one whose QEMU has ended. */
static void vmcore_of_a_hang(void **state)
{
	char *path = xasprintf("%s/vmcore", dir);
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	(void)state;
	b = start("vmcore-hang");
	assert_int_equal(run(b, &r), BOOT_ERR_HANG);
	boot_end(b, &res);
	assert_true(strstr(res.diagnosis, "== vmcore (elf)") <
		    strstr(res.diagnosis, "== after sysrq l"));
	boot_result_free(&res);
	assert_int_equal(unlink(path), 0);
	b = start("vmcore-killed");
	end_and_free(b, BOOT_ERR_EXIT, STATUS_MISS, "signal 9");
	assert_false(path_exists(path));
	free(path);
}

static void interrupted(void **state)
{
	(void)state;
	assert_int_equal(run_in_child("ctrl-c", BOOT_ERR_INTR), 0);
}

/* SIGKILL gives no chance to clean up: QEMU goes all the same. */
static void supervisor_killed(void **state)
{
	int st = run_in_child("killer", BOOT_OK);

	(void)state;
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

static int die(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return raise(SIGKILL);
}

/* The number after @key in the console's log. */
static int logged(const char *key)
{
	char *path = xasprintf("%s/console.log", dir);
	char *text = read_file(path, NULL);
	char *at = text ? strstr(text, key) : NULL;
	int n = at ? atoi(at + strlen(key)) : -1;

	free(text);
	free(path);
	return n;
}

/* Root's QEMU is another user's, reads what it was given, dies with us. */
static void unprivileged(void **state)
{
	static const char *const argv[] = { "/tests/x", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 1000,
				   .on_out = die };
	struct run_result r;
	struct boot *b;
	pid_t pid;
	int st;

	(void)state;
	if (geteuid())
		skip();
	setenv("SECMMU_QEMU_USER", "nobody", 1);
	pid = fork();
	if (!pid) {
		sig_init();
		b = start("who");
		_exit(boot_code(b) == BOOT_ERR_START ? 77 :
		      boot_run(b, &q, &r));
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	setenv("SECMMU_QEMU_USER", "root", 1);
	/* nobody cannot get at this program where the checkout is. */
	if (WIFEXITED(st) && WEXITSTATUS(st) == 77)
		skip();
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	assert_int_equal(logged("uid="), 65534);
	assert_int_equal(logged("read="), 7);
	assert_pid_gone(logged("pid="));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cannot_be_killed),
		cmocka_unit_test(vmcore),
		cmocka_unit_test(vmcore_of_a_hang),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(supervisor_killed),
		cmocka_unit_test(unprivileged),
	};

	return supervised_main(argc, argv, "boot_end", tests);
}
