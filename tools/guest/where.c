// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a test is that does not end, into the kernel's log: what its tasks
 * wait for, and what the CPUs are doing. It is gone once it has been killed.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "guest.h"

#define TASKS_MAX 32	/* a serial console is slow */
#define LINES_MAX 24	/* of a stack */

/* @line is changed. Kernel threads, and only they, have session 0. */
static bool is_ours(char *line, char **name, char *state)
{
	char *open = strchr(line, '('), *close = strrchr(line, ')');
	int session;

	if (!open || !close ||
	    sscanf(close + 1, " %c %*d %*d %d", state, &session) != 2)
		return false;
	*close = '\0';
	*name = open + 1;
	return session;
}

/* Return: whether it is a task of the test. */
static bool task(const char *pid, const char *tid)
{
	char path[80], line[512], stack[4096], state, *name, *frame, *save;
	unsigned int lines = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/stat", pid, tid);
	if (read_str(path, line, sizeof(line)) <= 0 ||
	    !is_ours(line, &name, &state))
		return false;
	klog("task %.16s %.32s, state %c:", tid, name, state);
	snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/stack", pid, tid);
	if (read_str(path, stack, sizeof(stack)) <= 0)
		return true;
	for (frame = strtok_r(stack, "\n", &save);
	     frame && lines++ < LINES_MAX; frame = strtok_r(NULL, "\n", &save))
		klog("  %.200s", frame);
	return true;
}

static const char *next_number(DIR *d)
{
	struct dirent *e;
	uint64_t n;

	while (d && (e = readdir(d)))
		if (!parse_num(e->d_name, UINT32_MAX, &n))
			return e->d_name;
	return NULL;
}

static void tasks(const char *pid, unsigned int *left)
{
	const char *tid;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/task", pid);
	d = opendir(path);
	while (*left && (tid = next_number(d)))
		*left -= task(pid, tid);
	if (d)
		closedir(d);
}

void where(const char *why)
{
	unsigned int left = TASKS_MAX;
	DIR *d = opendir("/proc");
	const char *pid;

	klog("%s: its tasks, the CPUs, and who is blocked:", why);
	while (left && (pid = next_number(d)))
		if (strcmp(pid, "1"))
			tasks(pid, &left);
	if (d)
		closedir(d);
	write_str("/proc/sysrq-trigger", "l");
	write_str("/proc/sysrq-trigger", "w");
}
