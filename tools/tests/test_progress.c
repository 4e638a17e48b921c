// SPDX-License-Identifier: GPL-2.0-only
/* JSON for programs on standard output, and nothing else there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progress.h"
#include "scratch.h"

/* What runs under a program that reads standard output. */
static void talk(void)
{
	info("for people");
	printf("a table\n");
	progress_step("build", 1, 3, PROGRESS_UNKNOWN, "base \x1b[2J\xff kernel\n");
	progress_step("boot", 2, 10, 75, NULL);
	progress_event("boot", json_pack("{s:i}", "boot", 1));
	progress_event("end", NULL);
	err("no \"%s\"\n", "luck");
	fflush(stdout);
}

/* Run @what with its output in the files out and said. */
static void run(void (*what)(void), bool json)
{
	pid_t pid = fork();
	int st;

	if (!pid) {
		/* Appending, as a pipe does. */
		dup2(open("out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600),
		     STDOUT_FILENO);
		dup2(open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600),
		     STDERR_FILENO);
		if (json && progress_begin())
			_exit(1);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
}

/* The lines of the file out, each of which is an object. */
static json_t *lines(void)
{
	char *text = read_file("out", NULL), *save, *line;
	json_t *list = json_array(), *j;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		if (!j)
			fail_msg("no JSON: %s", line);
		assert_true(json_is_string(json_object_get(j, "event")));
		assert_true(json_is_real(json_object_get(j, "elapsed_s")));
		json_array_append_new(list, j);
	}
	free(text);
	return list;
}

static const char *string(const json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void events(void **state)
{
	char *text;
	json_t *l;

	(void)state;
	run(talk, true);
	l = lines();
	assert_int_equal(json_array_size(l), 5);
	assert_string_equal(string(l, 0, "event"), "progress");
	assert_string_equal(string(l, 0, "phase"), "build");
	assert_true(json_is_null(json_object_get(json_array_get(l, 0), "eta_s")));
	assert_string_equal(string(l, 0, "what"),
			    "base \xef\xbf\xbd[2J\xef\xbf\xbd kernel\n");
	assert_int_equal(json_integer_value(json_object_get(
		json_array_get(l, 1), "eta_s")), 75);
	assert_int_equal(json_integer_value(json_object_get(
		json_array_get(l, 1), "of")), 10);
	assert_string_equal(string(l, 3, "event"), "end");
	assert_string_equal(string(l, 4, "event"), "error");
	assert_string_equal(string(l, 4, "text"), "no \"luck\"?");
	json_decref(l);
	text = read_file("said", NULL);
	assert_non_null(strstr(text, "for people\n"));
	assert_non_null(strstr(text, "a table\n"));
	assert_non_null(strstr(text, "secmmu: error: no \"luck\"?\n"));
	assert_null(strchr(text, '{'));
	free(text);
}

/* Nobody asked for it: as ever. */
static void plain(void **state)
{
	char *text;

	(void)state;
	run(talk, false);
	text = read_file("out", NULL);
	assert_non_null(strstr(text, "for people\n"));
	assert_non_null(strstr(text, "a table\n"));
	assert_null(strchr(text, '{'));
	free(text);
}

/* Several boots tell at a time; no line is torn. */
static void many(void)
{
	char *text = xmalloc(2001);
	pid_t pid[4];

	memset(text, 'x', 2000);
	text[2000] = '\0';
	for (int i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int k = 0; k < 200; k++)
			progress_event("verdict",
				       json_pack("{s:s}", "reason", text));
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		waitpid(pid[i], NULL, 0);
	free(text);
}

static void at_a_time(void **state)
{
	json_t *l;

	(void)state;
	run(many, true);
	l = lines();
	assert_int_equal(json_array_size(l), 800);
	json_decref(l);
}

/* The reader is gone: the run is not to end of that. */
static void deaf(void)
{
	int p[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(p) || dup2(p[1], STDOUT_FILENO) < 0 || progress_begin())
		_exit(1);
	close(p[0]);
	close(p[1]);
	progress_event("boot", NULL);
	progress_event("end", NULL);
}

static void no_reader(void **state)
{
	(void)state;
	run(deaf, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(plain),
		cmocka_unit_test(at_a_time),
		cmocka_unit_test(no_reader),
	};

	return cmocka_run_group_tests_name("progress", tests, scratch_setup,
					   scratch_teardown);
}
