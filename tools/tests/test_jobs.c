// SPDX-License-Identifier: GPL-2.0-only
/* Jobs: who has which slot, and that they stop, by themselves or by SIGKILL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"
#include "scratch.h"
#include "util.h"

/* A job; and one beside QEMU, which dies with it. */
enum how { GOOD, STOPS, STUBBORN };

static int stubborn(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(write_file("child", &pid, sizeof(pid)), 0);
	/* As one that waits for what never comes: SIGTERM is blocked, and not read. */
	for (;;)
		pause();
}

static int run_job(unsigned int i, unsigned int slot, void *arg)
{
	enum how how = *(enum how *)arg;

	(void)slot;
	if (how == GOOD || i)
		return ST_OK;
	if (how == STUBBORN)
		return stubborn();
	while (!sig_pending())
		poll(NULL, 0, 20);
	return ST_INTR;
}

static bool none_done(unsigned int i, void *arg)
{
	(void)i;
	(void)arg;
	return false;
}

static void no_progress(unsigned int finished, unsigned int to_do, void *arg)
{
	(void)finished;
	(void)to_do;
	(void)arg;
}

/* Two jobs of which the first is @how, and Ctrl-C after a moment. Return: status. */
static int interrupted(enum how how)
{
	const struct jobs j = {
		.n = 2, .at_once = 2, .run = run_job, .done = none_done,
		.progress = no_progress, .arg = &how, .kill_ms = 1000,
	};
	uint64_t begin = now_ns();
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		sig_init();
		if (!freopen("said", "w", stderr))
			_exit(1);
		_exit(jobs_run(&j));
	}
	poll(NULL, 0, 500);
	kill(pid, SIGINT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(now_ns() - begin < 20 * 1000000000ull);
	return WEXITSTATUS(status);
}

static void ends_by_itself(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(interrupted(GOOD), ST_OK);
	assert_int_equal(interrupted(STOPS), ST_INTR);
	text = read_file("said", NULL);
	assert_string_equal(text, "");
	free(text);
}

static void is_killed(void **state)
{
	char *text, *pid;
	bool gone = false;

	(void)state;
	assert_int_equal(interrupted(STUBBORN), ST_HARNESS);
	text = read_file("said", NULL);
	assert_non_null(strstr(text, "a boot has not stopped within 1 s: it is killed"));
	assert_non_null(strstr(text, "died of signal 9"));
	free(text);
	/* Its QEMU has gone with it. */
	pid = read_file("child", NULL);
	for (int i = 0; i < 100 && !gone; i++) {
		char *path = xasprintf("/proc/%d/stat", (int)*(pid_t *)pid);
		char *stat = path_exists(path) ? read_file(path, NULL) : NULL;

		/* Whoever is init may be slow to reap it. */
		gone = !stat || strstr(stat, ") Z ");
		free(stat);
		free(path);
		poll(NULL, 0, 20);
	}
	assert_true(gone);
	free(pid);
}

/* Jobs that run at a time: each leaves a file named after its slot, alone there. */
static int mark_slot(unsigned int i, unsigned int slot, void *arg)
{
	char *path = xasprintf("slot-%u", slot);
	FILE *f = fopen(path, "wxe");

	(void)arg;
	if (!f || slot >= 3)
		return ST_FAIL;
	usleep(1000 * (20 + 7 * (i % 4)));
	fclose(f);
	return unlink(path) ? ST_FAIL : ST_OK;
}

static void slots(void **state)
{
	const struct jobs j = {
		.n = 20, .at_once = 3, .run = mark_slot, .done = none_done,
		.progress = no_progress,
	};

	(void)state;
	assert_int_equal(jobs_run(&j), ST_OK);
	/* The planted fault: a slot that somebody has. */
	put("slot-1", "");
	assert_int_equal(jobs_run(&j), ST_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots),
		cmocka_unit_test(ends_by_itself),
		cmocka_unit_test(is_killed),
	};

	return cmocka_run_group_tests_name("jobs", tests, scratch_setup, scratch_teardown);
}
