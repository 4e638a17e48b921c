// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "out.h"
#include "utf8.h"
#include "util.h"

static int fd = -1;
static uint64_t start_ns;

json_t *progress_text(const char *s)
{
	char *clean = utf8_clean(s);
	json_t *j = json_string(clean);

	free(clean);
	return j;
}

static void on_error(const char *line)
{
	progress_event("error", json_pack("{s:o}", "text", progress_text(line)));
}

int progress_begin(void)
{
	live_off();
	fflush(stdout);
	/* Beyond the numbers that QEMU's channels get. */
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 32);
	if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		err("cannot use standard output: %s", strerror(errno));
		return -1;
	}
	start_ns = now_ns();
	err_observer = on_error;
	return 0;
}

/* In one piece: several boots write at a time. */
static void write_line(const json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
	char *line = xasprintf("%s\n", text ? text : "{}");

	/* If nobody listens any more the run goes on all the same. */
	out_write(fd, line, strlen(line));
	free(line);
	free(text);
}

void progress_event(const char *event, json_t *fields)
{
	double s = (double)((now_ns() - start_ns) / 1000000u) / 1000;
	json_t *o;

	if (fd >= 0) {
		o = json_pack("{s:s, s:f}", "event", event, "elapsed_s", s);
		if (fields)
			json_object_update(o, fields);
		write_line(o);
		json_decref(o);
	}
	json_decref(fields);
}

void progress_step(const char *phase, unsigned int step, unsigned int of,
		   uint64_t eta_s, const char *what)
{
	json_t *f;

	if (fd < 0)
		return;
	f = json_pack("{s:s, s:i, s:i}", "phase", phase, "step", (int)step,
		      "of", (int)of);
	json_object_set_new(f, "eta_s", eta_s == PROGRESS_UNKNOWN ? json_null() :
			    json_integer((json_int_t)eta_s));
	if (what)
		json_object_set_new(f, "what", progress_text(what));
	progress_event("progress", f);
}
