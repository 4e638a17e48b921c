/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes sub-buffers of a trace ring buffer and the events of the series. */
#ifndef SECMMU_TESTS_PAGE_H
#define SECMMU_TESTS_PAGE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "trace.h"

#define PAGE 4096
/* TRACE_SWITCH_IN is told by the same event as the one before it. */
#define TRACE_FORMATS TRACE_SWITCH_IN

struct page {
	uint8_t b[PAGE];
	size_t used;
	uint64_t ns;		/* of the last entry */
};

static inline void page_put32(struct page *p, uint32_t v)
{
	memcpy(p->b + p->used, &v, 4);
	p->used += 4;
}

static inline void page_begin(struct page *p, uint64_t ns)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->b, &ns, 8);
	p->used = 16;
	p->ns = ns;
}

/* Sets the count of bytes, with flags; the page may go on after that. */
static inline void page_end(struct page *p, uint32_t flags)
{
	uint32_t commit = (uint32_t)(p->used - 16) | flags;

	memcpy(p->b + 8, &commit, 4);
}

/* Move the time of the next entry on, with a time extend if it is far. */
static inline uint32_t page_delta(struct page *p, uint64_t ns)
{
	uint64_t delta = ns - p->ns;

	p->ns = ns;
	if (delta >> 27) {
		page_put32(p, (uint32_t)(delta & 0x7ffffff) << 5 | 30);
		page_put32(p, (uint32_t)(delta >> 27));
		delta = 0;
	}
	return (uint32_t)delta;
}

static inline void page_event(struct page *p, uint64_t ns, const void *data,
			      size_t size)
{
	uint32_t delta = page_delta(p, ns);

	page_put32(p, delta << 5 | (uint32_t)(size / 4));
	memcpy(p->b + p->used, data, size);
	p->used += size;
}

/* The formats as the kernel shows them; numbers from 1000 on, by kind. */
#define COMMON								\
	"field:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"	\
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"	\
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
#define RANGE								\
	"\tfield:void * mm;\toffset:8;\tsize:8;\tsigned:0;\n"			\
	"\tfield:unsigned long start;\toffset:16;\tsize:8;\tsigned:0;\n"	\
	"\tfield:unsigned long end;\toffset:24;\tsize:8;\tsigned:0;\n"		\
	"\tfield:unsigned int event;\toffset:32;\tsize:4;\tsigned:0;\n"	\
	"\tfield:bool blockable;\toffset:36;\tsize:1;\tsigned:0;\n"
#define IP(offset)							\
	"\tfield:unsigned long ip;\toffset:" #offset ";\tsize:8;\tsigned:0;\n"
#define STARTED								\
	"\tfield:int ret;\toffset:40;\tsize:4;\tsigned:1;\n" IP(48)
#define AGE								\
	"\tfield:void * mm;\toffset:8;\tsize:8;\tsigned:0;\n"			\
	"\tfield:unsigned long start;\toffset:16;\tsize:8;\tsigned:0;\n"	\
	"\tfield:unsigned long end;\toffset:24;\tsize:8;\tsigned:0;\n"		\
	"\tfield:unsigned int kind;\toffset:32;\tsize:4;\tsigned:0;\n"
#define LOCK								\
	"\tfield:struct kvm * kvm;\toffset:8;\tsize:8;\tsigned:0;\n"		\
	"\tfield:unsigned int mode;\toffset:16;\tsize:4;\tsigned:0;\n"		\
	"\tfield:bool try;\toffset:20;\tsize:1;\tsigned:0;\n" IP(24)
#define SWITCH								\
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"	\
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"		\
	"\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"		\
	"\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"		\
	"\tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:0;\n"	\
	"\tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n"		\
	"\tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n"

static const struct test_event {
	const char *system;
	const char *name;
	const char *fields;
	size_t size;
	size_t ip;	/* 0: it has none */
} test_events[TRACE_FORMATS] = {
	{ "mmu_notifier", "mmu_notifier_range_start", RANGE IP(40), 48, 40 },
	{ "mmu_notifier", "mmu_notifier_range_started", RANGE STARTED, 56, 48 },
	{ "mmu_notifier", "mmu_notifier_range_end", RANGE IP(40), 48, 40 },
	{ "mmu_notifier", "mmu_notifier_range_ended", RANGE IP(40), 48, 40 },
	{ "mmu_notifier", "mmu_notifier_age", AGE IP(40), 48, 40 },
	{ "mmu_notifier", "mmu_notifier_aged", AGE IP(40), 48, 40 },
	{ "kvm", "kvm_mmu_lock_wait", LOCK, 32, 24 },
	{ "kvm", "kvm_mmu_lock_acquired", LOCK, 32, 24 },
	{ "kvm", "kvm_mmu_lock_released", LOCK, 32, 24 },
	{ "kvm", "kvm_mmu_lock_tryfail", LOCK, 32, 24 },
	{ "sched", "sched_switch", SWITCH, 64, 0 },
};

static inline int meta_event(struct trace *t, int kind, int id)
{
	const struct test_event *e = &test_events[kind];
	char name[128], text[4096];
	int len;

	snprintf(name, sizeof(name), "%s/%s", e->system, e->name);
	len = snprintf(text, sizeof(text),
		       "name: %s\nID: %d\nformat:\n\t" COMMON "%s"
		       "\nprint fmt: \"ip=%%pS\", (void *)REC->ip\n",
		       e->name, id, e->fields);
	return trace_meta(t, name, text, (size_t)len);
}

/* All formats, or without those of the lock as in an unpatched kvm.ko. */
static inline int meta_all(struct trace *t, int n)
{
	for (int i = 0; i < n; i++)
		if (meta_event(t, i, 1000 + i))
			return -1;
	return 0;
}

/* @ret: of the lock's events the mode, of a switch the thread that is next. */
static inline void page_kind(struct page *p, uint64_t ns, int kind, int tid,
			     uint64_t ip, int ret)
{
	uint8_t data[64] = { 0 };
	uint16_t id = (uint16_t)(1000 + kind);

	memcpy(data, &id, 2);
	memcpy(data + 4, &tid, 4);
	if (test_events[kind].ip)
		memcpy(data + test_events[kind].ip, &ip, 8);
	if (kind == TRACE_RANGE_STARTED)
		memcpy(data + 40, &ret, 4);
	if (kind >= TRACE_LOCK_WAIT && kind <= TRACE_LOCK_TRYFAIL)
		memcpy(data + 16, &ret, 4);
	if (kind == TRACE_SWITCH_OUT)
		memcpy(data + 56, &ret, 4);
	page_event(p, ns, data, test_events[kind].size);
}

#endif
