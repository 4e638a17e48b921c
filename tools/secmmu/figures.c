// SPDX-License-Identifier: GPL-2.0-only
/* What the samples of an event are: see figures.h. */
#include "figures.h"

#include <string.h>

#include "util.h"

#define CALL "system call time"
#define GUEST "time of a pass of the vCPUs, whose accesses have the host invalidate"
#define HOST "time of the host's writes to the pages"

/* By the beginning of the event's name, up to a "_" or its end; longer ones first. */
static const struct {
	const char *event, *figure;
} figures[] = {
	{ "contend_latency", "latency of a call from when it was due" },
	{ "contend_cpu", "CPU time of the caller in a call" },
	{ "contend_guest_stall", "longest stall of a vCPU in a window" },
	{ "contend_thread_stall", "longest stall of another thread on the caller's CPU in a window" },
	{ "contend_thread_off", "time of a call in which another thread on its CPU did not run" },
	{ "contend_ksteps", "time of 1000 steps of vCPUs" },
	{ "cow_guest", GUEST },
	{ "cow_host", HOST },
	{ "device_exclusive_touch", GUEST },
	{ "device_migrate_touch", GUEST },
	{ "fault_guest", "page-fault time, from KVM_RUN to its end" },
	{ "fault", "page-fault time, in KVM_PRE_FAULT_MEMORY" },
	{ "hugetlb_cow_guest", GUEST },
	{ "hugetlb_cow_host", HOST },
	{ "ksm_merge", "time until ksmd has merged the pages" },
	{ "ksm_unshare_guest", GUEST },
	{ "ksm_unshare_host", HOST },
	{ "thp_khugepaged", "time until khugepaged has made a huge page" },
};

static bool begins(const char *event, const char *with)
{
	size_t n = strlen(with);

	return !strncmp(event, with, n) && (!event[n] || event[n] == '_');
}

const char *figure_of(const char *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (begins(event, figures[i].event))
			return figures[i].figure;
	return CALL;
}

bool figure_is_call(const char *event)
{
	return !strcmp(figure_of(event), CALL);
}

const char *figure_of_run(const struct folder *f)
{
	const char *figure = f->n_cells ? figure_of(f->cells[0].event) : CALL;

	for (size_t i = 1; i < f->n_cells; i++)
		if (strcmp(figure_of(f->cells[i].event), figure))
			return NULL;
	return figure;
}

const char *figure_metric(const char *event, enum metric m)
{
	if (m == METRIC_SYSCALL && !figure_is_call(event))
		return "time";
	return metric_name(m);
}

const char *figure_what(const char *event, enum metric m)
{
	static const char *const what[METRICS] = {
		[METRIC_WINDOW] = "notifier window",
		[METRIC_HANDLER] = "time in KVM's notifier callbacks",
		[METRIC_WAIT] = "wait for mmu_lock",
		[METRIC_HOLD] = "hold of mmu_lock",
		[METRIC_READ_WAIT] = "wait for mmu_lock, for read",
		[METRIC_READ_HOLD] = "hold of mmu_lock, for read",
		[METRIC_WRITE_WAIT] = "wait for mmu_lock, for write",
		[METRIC_WRITE_HOLD] = "hold of mmu_lock, for write",
		[METRIC_WAIT_CPU] = "part of the wait for mmu_lock not switched out",
	};

	return what[m] ? what[m] : figure_of(event);
}
