// SPDX-License-Identifier: GPL-2.0-only
/* Commands with a log: see run.h. */
#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define MAX_ARGS 64

/*
 * The line that says most: the compiler's or make's first error, else the last
 * line there is.
 */
static char *first_error(char *log)
{
	static const char *const marks[] = {
		" error:", "error: ", "undefined reference", " Error ",
		"ERROR: ",
	};
	char *save, *line, *last = NULL;

	for (line = strtok_r(log, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
			if (strstr(line, marks[i]))
				return line;
		last = line;
	}
	return last;
}

static int explain(const struct run *r, int status)
{
	char *log = r->log ? read_file(r->log, NULL) : NULL;
	int ret = r->failed;
	char *line;

	if (log && strstr(log, "No space left on device")) {
		err("%s: no space left on the disk of %s (log: %s)", r->what,
		    cache_dir(), r->log);
		ret = ST_USAGE;
	} else {
		line = log ? first_error(log) : NULL;
		err("%s failed (status %d): %s (log: %s)", r->what, status,
		    line ? line : "no message", r->log ? r->log : "none");
	}
	free(log);
	return ret;
}

int run(const struct run *r, char *const *argv)
{
	struct proc p = {
		.argv = argv,
		.cwd = r->cwd,
		.log = r->log,
		.label = r->quiet ? NULL : r->what,
		.expect_s = r->expect_s,
	};
	int status;

	if (r->log && remove(r->log) && errno != ENOENT) {
		err("cannot empty %s: %s", r->log, strerror(errno));
		return ST_HARNESS;
	}
	status = proc_run(&p);
	if (status == -2)
		return ST_INTR;
	if (status < 0)
		return ST_HARNESS;
	return status ? explain(r, status) : ST_OK;
}

int run_args(const struct run *r, ...)
{
	char *argv[MAX_ARGS];
	size_t n = 0;
	va_list ap;

	va_start(ap, r);
	while (n < MAX_ARGS && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	if (n == MAX_ARGS) {
		err("%s: too many arguments", r->what);
		return ST_HARNESS;
	}
	return run(r, argv);
}
