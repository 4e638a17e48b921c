// SPDX-License-Identifier: GPL-2.0-only
/* Output that nobody reads, and a signal: the program ends, soon. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "live.h"
#include "out.h"
#include "progress.h"
#include "util.h"

#define ENDS_WITHIN_MS 20000
#define BYTES (1u << 20)

static void say_lines(void)
{
	while (!sig_pending())
		info("a line that nobody reads");
	/* What is left to say then is no reason to wait, either. */
	for (int i = 0; i < 1000; i++)
		info("one more");
	printf("what exit() writes\n");
}

static void say_errors(void)
{
	while (!sig_pending())
		err("an error that nobody reads");
	fprintf(stderr, "and a diagnosis\n");
}

static void draw(void)
{
	while (!sig_pending())
		live("what is going on");
	live_end();
}

static void say_json(void)
{
	if (progress_begin())
		_exit(1);
	while (!sig_pending())
		progress_step("boot", 1, 2, 3, "what");
	progress_event("end", NULL);
}

static pid_t begin(void (*what)(void), int fd)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(1);
	sig_init();
	out_init();
	what();
	/* Not _exit(): what is in the buffers is written, too. */
	fclose(stdout);
	_exit(ST_INTR);
}

static bool ended(pid_t pid, int *status, int ms)
{
	for (; ms > 0; ms -= 20) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		poll(NULL, 0, 20);
	}
	return false;
}

static void assert_interrupted(pid_t pid)
{
	int status;

	/* It waits, as before: somebody may read yet. */
	assert_false(ended(pid, &status, 500));
	assert_int_equal(kill(pid, SIGINT), 0);
	if (!ended(pid, &status, ENDS_WITHIN_MS)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		fail_msg("it goes on waiting");
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ST_INTR);
}

static void full_pipe(void **state)
{
	void (*const what[])(void) = { say_lines, say_errors, say_json };
	int p[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		assert_interrupted(begin(what[i], p[1]));
		close(p[0]);
		close(p[1]);
	}
}

/* Somebody has pressed Ctrl-S. */
static void stopped_terminal(void **state)
{
	void (*const what[])(void) = { say_lines, draw };
	int ours, theirs;

	(void)state;
	setenv("TERM", "xterm", 1);
	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		assert_int_equal(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
		assert_int_equal(tcflow(theirs, TCOOFF), 0);
		assert_interrupted(begin(what[i], theirs));
		close(ours);
		close(theirs);
	}
}

static void say_much(void)
{
	for (unsigned int i = 0; i < BYTES / 16; i++)
		printf("%15u\n", i);
}

/* Slow is not stuck, and one that does not block is as good: nothing is lost. */
static void slow_reader(void **state)
{
	char buf[4096];
	int p[2], status;

	(void)state;
	for (int nonblock = 0; nonblock < 2; nonblock++) {
		size_t got = 0, expect = 0;
		ssize_t n;
		pid_t pid;

		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		if (nonblock)
			assert_int_equal(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
		pid = begin(say_much, p[1]);
		close(p[1]);
		/* Longer than a look at the signals. */
		poll(NULL, 0, 300);
		while ((n = read(p[0], buf, 16)) > 0) {
			/* In whatever pieces: each line is 16 bytes. */
			for (ssize_t more; n < 16; n += more) {
				more = read(p[0], buf + n, (size_t)(16 - n));
				assert_true(more > 0);
			}
			assert_int_equal(strtoul(buf, NULL, 10), expect++);
			got += (size_t)n;
			if (expect % 8192 == 0)
				poll(NULL, 0, 120);
		}
		close(p[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(got, BYTES);
	}
}

/* An error of the disk is one, as with any other stream. */
static void full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_false(out_write(fd, "x", 1));
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_pipe),
		cmocka_unit_test(stopped_terminal),
		cmocka_unit_test(slow_reader),
		cmocka_unit_test(full_disk),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
