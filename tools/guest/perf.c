// SPDX-License-Identifier: GPL-2.0-only
/* A test under perf record: its command line, and what is kept of it. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* Those that the kernel does not have are left out: stock has none for mmu_lock. */
static const struct {
	const char *files, *event;
} events[] = {
	{ "/mmu_notifier/*/id", "mmu_notifier:*" },
	{ "/kvm/kvm_mmu_lock_*/id", "kvm:kvm_mmu_lock_*" },
	{ "/lock/contention_*/id", "lock:contention_*" },
	/* Who has the CPU that somebody else wants: perf sched. */
	{ "/sched/sched_switch/id", "sched:sched_switch" },
	{ "/sched/sched_waking/id", "sched:sched_waking" },
};

static bool has(const char *tracefs, const char *files)
{
	char pattern[256];
	glob_t g;
	bool found;

	snprintf(pattern, sizeof(pattern), "%s/events%s", tracefs, files);
	found = !glob(pattern, 0, NULL, &g) && g.gl_pathc;
	globfree(&g);
	return found;
}

unsigned int perf_argv(const char *tracefs, const char **argv)
{
	/*
	 * All CPUs: vCPUs and kernel threads are what is looked for. The
	 * samples' clock. Cycles, or time where there is no such counter, at a
	 * rate; tracepoints one by one, which --freq would take a part of.
	 */
	static const char *const start[] = {
		PERF_PROGRAM, "record", "--quiet", "--all-cpus", "--call-graph",
		"fp", "--clockid", "CLOCK_MONOTONIC", "--mmap-pages", "4M",
		"--output", PERF_DATA, "--event", "cycles/freq=997/",
	};
	unsigned int n = 0, i;

	for (; n < sizeof(start) / sizeof(*start); n++)
		argv[n] = start[n];
	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (!has(tracefs, events[i].files))
			continue;
		argv[n++] = "--event";
		argv[n++] = events[i].event;
	}
	argv[n++] = "--";
	return n;
}

int perf_ready(struct gerr *e)
{
	unlink(PERF_DATA);
	unlink(PERF_MODULES);
	if (!access(PERF_PROGRAM, X_OK))
		return 0;
	return gerr_set(e, "%s: %s", PERF_PROGRAM, strerror(errno));
}

/* Modules are loaded elsewhere each time; vmlinux has its System.map. */
void perf_modules(const char *kallsyms)
{
	FILE *from = fopen(kallsyms, "re"), *to = fopen(PERF_MODULES, "we");
	char line[1024];

	while (from && to && fgets(line, sizeof(line), from))
		if (strstr(line, "\t["))
			fputs(line, to);
	if (from)
		fclose(from);
	if (to)
		fclose(to);
}
