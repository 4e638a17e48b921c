/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of secmmu_contention_test. */
#ifndef SELFTEST_KVM_SECMMU_CONTENTION_H
#define SELFTEST_KVM_SECMMU_CONTENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "secmmu_suffix.h"

#define CONTEND_MAX_VCPUS	16
#define CONTEND_MAX_WINDOWS	600
#define CONTEND_NR_EVENTS	7

enum contend_fault {
	CONTEND_FAULT_NONE,
	CONTEND_FAULT_OMISSION,	/* latency does not count from when it was due */
	CONTEND_FAULT_NO_EFFECT, /* other memory is dropped */
	CONTEND_FAULT_BURN,	/* CPU time is counted since the thread began */
	CONTEND_FAULT_STALL,	/* a vCPU stands still */
	CONTEND_FAULT_THREAD,	/* the bystander sleeps */
	CONTEND_FAULT_ELSEWHERE, /* the bystander is on another CPU */
};

/* How the caller invalidates. */
enum contend_how {
	CONTEND_DONTNEED,
	CONTEND_PROTECT,	/* mprotect() that nobody has to fault upon */
	CONTEND_MREMAP,		/* other memory is moved to the place */
	CONTEND_SPLIT,		/* mprotect() of a part of a huge page */
};

struct contend_opts {
	uint32_t vcpus;
	uint64_t rate;		/* calls a second */
	uint64_t bytes;		/* of one call */
	uint64_t pages;		/* that vCPUs write to */
	uint64_t memslots;
	uint32_t windows;
	uint32_t window_ms;
	uint32_t tick_us;	/* 0: no ticks */
	uint32_t limit_ms;	/* of a stall */
	enum contend_how how;
	bool idle;		/* the bystander gets what nobody else wants */
	bool dirty_log;
	bool lock_stats;
	bool quiet;
	enum contend_fault fault;
	uint32_t events;	/* mask */
	/* Of the names that were asked for: "_r50", or "". */
	char suffix[SECMMU_NAME_MAX];
};

/* A figure of the test. */
struct contend_run;
struct contend_samples;
struct contend_event {
	const char *name;
	const char *desc;
	/* NULL, or returns NULL or the requirement that is not met. */
	const char *(*unmet)(const struct contend_run *run);
	void (*fill)(struct contend_samples *s);
};

/*
 * Sets @o as the command line says; @events are CONTEND_NR_EVENTS.  Ends the
 * program on bad usage, -l and -h.
 */
void contend_parse(struct contend_opts *o, int argc, char *argv[],
		   const struct contend_event *events);

#endif /* SELFTEST_KVM_SECMMU_CONTENTION_H */
