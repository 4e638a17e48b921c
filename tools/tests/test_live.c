// SPDX-License-Identifier: GPL-2.0-only
/* The live line, under a pseudo-terminal: what is on the screen in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"
#include "live.h"
#include "progress.h"
#include "util.h"

#define COLUMNS 40
#define ROWS 40

/* As much of a terminal as is needed. */
struct screen {
	char rows[ROWS][COLUMNS + 1];
	unsigned int row, col;
	unsigned int draws;	/* times that a line was cleared */
	bool wrapped, unknown;
	char raw[16384];
	size_t n;
};

static void type(struct screen *s, char c)
{
	if (s->col == COLUMNS - 1)
		s->wrapped = true;
	if (s->col < COLUMNS) {
		char *p = &s->rows[s->row][s->col];

		if (!*p)
			memset(s->rows[s->row] + strlen(s->rows[s->row]), ' ',
			       s->col - strlen(s->rows[s->row]));
		*p = c;
		s->col++;
	}
}

static void show(struct screen *s)
{
	for (const char *p = s->raw; *p; p++) {
		if (*p == '\r') {
			s->col = 0;
		} else if (*p == '\n') {
			s->row += s->row < ROWS - 1;
		} else if (!strncmp(p, "\033[K", 3)) {
			memset(&s->rows[s->row][s->col], 0, COLUMNS - s->col);
			s->draws++;
			p += 2;
		} else if (*p < ' ' || *p > '~') {
			s->unknown = true;
		} else {
			type(s, *p);
		}
	}
}

/* Do @what with a terminal of COLUMNS for standard output and error. */
static struct screen *on_terminal(void (*what)(void), const char *term)
{
	struct winsize w = { .ws_row = ROWS, .ws_col = COLUMNS };
	struct screen *s;
	int fd, status;
	pid_t pid;
	ssize_t n;

	fflush(NULL);
	pid = forkpty(&fd, NULL, NULL, &w);
	assert_true(pid >= 0);
	if (!pid) {
		setenv("TERM", term, 1);
		what();
		fflush(NULL);
		_exit(0);
	}
	s = xcalloc(1, sizeof(*s));
	/* EIO: the other end is closed. */
	while ((n = read(fd, s->raw + s->n, sizeof(s->raw) - 1 - s->n)) > 0)
		s->n += (size_t)n;
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	show(s);
	return s;
}

static void assert_row(const struct screen *s, unsigned int row, const char *text)
{
	if (strcmp(s->rows[row], text))
		fail_msg("row %u is '%s', not '%s'", row, s->rows[row], text);
}

static void some_lines(void)
{
	live("first, and longer than the other");
	live("second");
	info("one");
	live("third, a line that is by far too long for this terminal");
	info("two");
	err("three");
	live("h\xc3\xb6her\t!");
	live_end();
	printf("table\n");
}

static void replaced_and_cleared(void **state)
{
	struct screen *s = on_terminal(some_lines, "xterm");

	(void)state;
	assert_row(s, 0, "[  0:00] one");
	assert_row(s, 1, "[  0:00] two");
	assert_row(s, 2, "secmmu: error: three");
	assert_row(s, 3, "table");
	assert_row(s, 4, "");
	assert_false(s->wrapped || s->unknown);
	/* It has been there, cut off, and again after each line. */
	assert_non_null(strstr(s->raw, "\033[K[  0:00] second\r\033[K[  0:00] one\r\n"));
	assert_non_null(strstr(s->raw, "two\r\n\r\033[K[  0:00] third, a line that is by far t\r"));
	assert_non_null(strstr(s->raw, "h??her?!\r"));
	assert_null(strstr(s->raw, "terminal"));
	free(s);
}

/* The planted fault: somebody prints while the line is there. */
static void forgets_to_clear(void)
{
	live("a line that stays");
	printf("table\n");
	live_end();
}

static void planted_fault(void **state)
{
	struct screen *s = on_terminal(forgets_to_clear, "xterm");

	(void)state;
	assert_row(s, 0, "[  0:00] a line that staystable");
	free(s);
}

/* Where nothing is live a terminal gets what a file gets. */
static void plain_lines(void)
{
	info("one");
	err("two");
}

static void nothing_live(void **state)
{
	struct screen *s = on_terminal(plain_lines, "xterm");

	(void)state;
	assert_string_equal(s->raw, "[  0:00] one\r\nsecmmu: error: two\r\n");
	free(s);
}

static void dumb_terminal(void **state)
{
	struct screen *s = on_terminal(some_lines, "dumb");

	(void)state;
	assert_int_equal(s->draws, 0);
	assert_row(s, 1, "[  0:00] second");
	assert_null(strchr(s->raw, '\033'));
	free(s);
}

/* With --json, standard output becomes standard error's terminal. */
static void with_json(void)
{
	int fd = dup(STDOUT_FILENO);

	assert_int_equal(progress_begin(), 0);
	live("quiet");
	close(fd);
}

static void json_has_none(void **state)
{
	struct screen *s = on_terminal(with_json, "xterm");

	(void)state;
	assert_row(s, 0, "[  0:00] quiet");
	assert_non_null(strstr(s->raw, "quiet\r\n"));
	free(s);
}

static void no_terminal(void **state)
{
	char text[4096];
	int fds[2], status;
	pid_t pid;
	size_t n;
	FILE *f;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		freopen("/dev/null", "w", stderr);
		some_lines();
		fflush(NULL);
		_exit(0);
	}
	close(fds[1]);
	f = fdopen(fds[0], "r");
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	waitpid(pid, &status, 0);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\r'));
	assert_non_null(strstr(text, "] second\n"));
	assert_non_null(strstr(text, "too long for this terminal\n"));
}

/* A command that takes time: the seconds run, and nothing is left of them. */
static void long_command(void)
{
	char *argv[] = { "sleep", "2.3", NULL };
	const struct proc p = { .argv = argv, .label = "building", .expect_s = 9 };

	assert_int_equal(proc_run(&p), 0);
	info("built");
}

static void seconds_run(void **state)
{
	struct screen *s = on_terminal(long_command, "xterm");

	(void)state;
	assert_non_null(strstr(s->rows[0], "] built"));
	assert_row(s, 1, "");
	/* After each second, and cleared in the end. */
	assert_true(s->draws >= 3);
	assert_non_null(strstr(s->raw, " s to go\r\033[K"));
	free(s);
}

/* Boots are processes: what they draw is cleared by their parent. */
static int job(unsigned int i, unsigned int slot, void *arg)
{
	(void)slot;
	(void)arg;
	live("boot %u is under way", i);
	return ST_OK;
}

static bool not_done(unsigned int i, void *arg)
{
	(void)i;
	(void)arg;
	return false;
}

static void job_over(unsigned int finished, unsigned int to_do, void *arg)
{
	(void)arg;
	info("%u of %u", finished, to_do);
}

static void two_jobs(void)
{
	const struct jobs j = {
		.n = 2, .at_once = 1, .run = job, .done = not_done, .progress = job_over,
	};

	assert_int_equal(jobs_run(&j), ST_OK);
	printf("table\n");
}

static void other_processes(void **state)
{
	struct screen *s = on_terminal(two_jobs, "xterm");

	(void)state;
	assert_row(s, 0, "[  0:00] 1 of 2");
	assert_row(s, 1, "[  0:00] 2 of 2");
	assert_row(s, 2, "table");
	assert_non_null(strstr(s->raw, "boot 1 is under way\r"));
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced_and_cleared),
		cmocka_unit_test(planted_fault),
		cmocka_unit_test(nothing_live),
		cmocka_unit_test(dumb_terminal),
		cmocka_unit_test(json_has_none),
		cmocka_unit_test(no_terminal),
		cmocka_unit_test(seconds_run),
		cmocka_unit_test(other_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
