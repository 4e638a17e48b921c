// SPDX-License-Identifier: GPL-2.0-only
/*
 * A breakpoint comes into, and goes from, a page of code that a guest has mapped.
 *
 * A uprobe replaces the page in every process that has it mapped as code: in
 * private, read-only memory.  The guest maps the file as data, reads it, and must
 * see the breakpoint, or the old instruction again: the top byte of a page's stamp,
 * 0x5e, is an instruction of x86 (pop %rsi).  Host call site: __replace_page().
 */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "secmmu.h"

#define PMU_TYPE	"/sys/bus/event_source/devices/uprobe/type"
#define PROBE_BYTE	(offsetof(struct secmmu_page, stamp) + 7)
#define STAMP_MASK	(~0UL >> 8)
#define STAMP_INT3	(0xccUL << 56)

static uint64_t pmu_type;
static int probe = -1;

static const char *unmet_uprobe(struct secmmu *t)
{
	return secmmu_get_u64(PMU_TYPE, &pmu_type) ?
	       NULL : "no uprobes: " PMU_TYPE;
}

/* The same file, as a program has its code. */
static void map_code(struct secmmu *t)
{
	void *p;

	secmmu_renew(t, t->block, SECMMU_HUGE_PAGES);
	p = mmap(t->hva, t->size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		 t->fd, secmmu_fd_offset(t));
	TEST_ASSERT(p == t->hva, "mmap() failed: %s", strerror(errno));
}

static void open_probe(struct secmmu *t)
{
	struct perf_event_attr attr = {
		.type = pmu_type,
		.size = sizeof(attr),
		.probe_offset = secmmu_fd_offset(t) + PROBE_BYTE,
	};
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	attr.uprobe_path = (uintptr_t)path;
	probe = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	TEST_ASSERT(probe >= 0, "perf_event_open() of a uprobe failed: %s",
		    strerror(errno));
}

/* In the stamp of the one page the event is about. */
static uint64_t with_probe(struct secmmu *t)
{
	return (secmmu_stamp(t->gen, t->first) & STAMP_MASK) | STAMP_INT3;
}

static void allow_next(struct secmmu *t, uint64_t stamp)
{
	WRITE_ONCE(t->allow[t->first].next, stamp);
}

static void run_set(struct secmmu *t)
{
	uint64_t start;

	allow_next(t, with_probe(t));
	secmmu_begin(t);
	start = secmmu_now();
	open_probe(t);
	secmmu_sample(t, start);
	secmmu_end(t);
}

static void check_set(struct secmmu *t)
{
	/* While the breakpoint is still there. */
	secmmu_verify(t);
	allow_next(t, secmmu_stamp(t->gen, t->first));
	close(probe);
	t->allow[t->first].cur = t->allow[t->first].next;
	secmmu_pass(t);
}

static void prepare_clear(struct secmmu *t)
{
	map_code(t);
	open_probe(t);
	t->allow[t->first].cur = with_probe(t);
	t->allow[t->first].next = t->allow[t->first].cur;
}

static void run_clear(struct secmmu *t)
{
	uint64_t start;

	allow_next(t, secmmu_stamp(t->gen, t->first));
	secmmu_begin(t);
	start = secmmu_now();
	close(probe);
	secmmu_sample(t, start);
	secmmu_end(t);
}

static const struct secmmu_event events[] = {
	{
		.name = "uprobe_set",
		.desc = "a uprobe set in a page of a file",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.reads = true,
		.unmet = unmet_uprobe,
		.prepare = map_code,
		.run = run_set,
		.check = check_set,
	}, {
		.name = "uprobe_clear",
		.desc = "a uprobe taken from a page of a file",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.reads = true,
		.unmet = unmet_uprobe,
		.prepare = prepare_clear,
		.run = run_clear,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
