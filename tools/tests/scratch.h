/* SPDX-License-Identifier: GPL-2.0-only */
/* For unit tests: a scratch folder to work in, and what was said on stderr. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

static char scratch[] = "/tmp/secmmu-test-XXXXXX";
static char said[4096];
static int real_stderr = -1;

static inline int scratch_setup(void **state)
{
	(void)state;
	return mkdtemp(scratch) && !chdir(scratch) ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	return chdir("/") || remove_tree(scratch);
}

/* Write @text to @path, making its folders. */
static inline void put(const char *path, const char *text)
{
	char *copy = xstrdup(path);

	assert_int_equal(mkdir_p(dirname(copy)), 0);
	assert_int_equal(write_file(path, text, strlen(text)), 0);
	free(copy);
}

static inline void assert_content(const char *path, const char *text)
{
	char *have = read_file(path, NULL);

	assert_non_null(have);
	assert_string_equal(have, text);
	free(have);
}

/* Between these two, what goes to stderr ends up in said[]. */
static inline void listen_begin(void)
{
	fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	assert_non_null(freopen("stderr", "w", stderr));
}

static inline void listen_end(void)
{
	char *text;

	fflush(stderr);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	text = read_file("stderr", NULL);
	snprintf(said, sizeof(said), "%s", text);
	free(text);
}

/* One line was said, and it has @text in it. */
static inline void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("'%s' is not in '%s'", text, said);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

#endif
