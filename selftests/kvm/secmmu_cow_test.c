// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork(2) of a VMM whose guest runs, and copy on write after it.
 *
 * A child is forked that keeps the memory as it is then.  What guest or host
 * write from then on must land in the parent's own copies: the guest must see
 * it, and the child must not.  A KVM that keeps a writable mapping over the fork
 * lets the guest write to the child's memory; one that keeps a mapping over the
 * copying lets it read what nobody writes to any more.
 *
 * Host call sites: copy_page_range(), wp_page_copy() (in a trace do_wp_page(), where
 * it is inlined), and __split_huge_pmd() for huge pages, which are copied page by
 * page.
 */
#include <sys/wait.h>

#include "secmmu.h"

#define CHILD_OK	0
#define CHILD_FAILED	1
#define CHILD_ORPHANED	2

struct child {
	pid_t pid;	/* 0: ended */
	uint64_t pfn;	/* of the first page, before the fork */
	int to;		/* a byte: now check your memory */
	int from;	/* a byte: I know how it is now */
};

/*
 * The child runs this one thread, and has a copy of all that the oracle needs.
 * Its failures are counted there: the exit status tells.
 */
static void __noreturn child_main(struct secmmu *t, int in, int out)
{
	struct secmmu_page *mid = secmmu_hva(t, t->first + t->nr / 2);
	char c = 0;

	secmmu_freeze(t);
	if (write(out, &c, 1) != 1 || read(in, &c, 1) != 1)
		_exit(CHILD_ORPHANED);

	/* What a guest with a stale SPTE would do. */
	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE))
		mid->count[0]++;
	secmmu_check_frozen(t, t->hva);
	secmmu_check_stamps(t, t->hva);
	fflush(stdout);
	_exit(t->failures ? CHILD_FAILED : CHILD_OK);
}

static void make_pipe(int fd[2])
{
	int ret = pipe2(fd, O_CLOEXEC);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("pipe2()", ret));
}

/* @timed: the fork is the event's call. */
static void fork_child(struct secmmu *t, struct child *child, bool timed)
{
	int to[2], from[2];
	uint64_t start;
	char c;

	make_pipe(to);
	make_pipe(from);
	/* See maybe_end_early(): nobody may write before. */
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		secmmu_set_busy(t, false);
	secmmu_drain_batches();
	child->pfn = secmmu_pfn(t, t->hva);
	/* Or the child would print what the parent has not yet. */
	fflush(stdout);
	if (timed)
		secmmu_begin(t);
	start = secmmu_now();
	child->pid = fork();
	if (!child->pid) {
		/* If the parent dies the read must end. */
		close(to[1]);
		child_main(t, to[0], from[1]);
	}
	if (timed)
		secmmu_sample(t, start);
	TEST_ASSERT(child->pid > 0, __KVM_SYSCALL_ERROR("fork()", child->pid));
	close(to[0]);
	close(from[1]);
	child->to = to[1];
	child->from = from[0];
	TEST_ASSERT(read(child->from, &c, 1) == 1, "the child is gone");
}

static void end_child(struct secmmu *t, struct child *child)
{
	int status;
	char c = 0;

	TEST_ASSERT(write(child->to, &c, 1) == 1, "the child is gone");
	TEST_ASSERT(waitpid(child->pid, &status, 0) == child->pid,
		    "waitpid() failed: %s", strerror(errno));
	close(child->to);
	close(child->from);
	child->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_FAILED)
		secmmu_fail(t, "the child's memory has changed since the fork");
	else
		TEST_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_OK,
			    "the child ended with status 0x%x", status);
}

/* With the child gone the kernel has no reason to copy: nothing is tested. */
static void maybe_end_early(struct secmmu *t, struct child *child)
{
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		end_child(t, child);
}

/* After the memory was written to: all of it must be a copy by now. */
static void check_copied(struct secmmu *t, struct child *child)
{
	uint64_t pfn = secmmu_pfn(t, t->hva);

	if (child->pfn && pfn == child->pfn)
		secmmu_fail(t, "not copied: the page frame is still 0x%lx", pfn);
	if (child->pid)
		end_child(t, child);
}

static void run_fork(struct secmmu *t)
{
	struct child child;

	fork_child(t, &child, true);
	maybe_end_early(t, &child);
	secmmu_pass(t);
	check_copied(t, &child);
	secmmu_end(t);
}

/* The host copies pages that the guest has mapped, read-only. */
static void run_host(struct secmmu *t)
{
	struct child child;
	uint64_t start;

	fork_child(t, &child, false);
	maybe_end_early(t, &child);
	secmmu_read_pass(t);
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_fill(t, t->hva, t->gen, t->first, t->nr);
	secmmu_sample(t, start);
	secmmu_end(t);
	secmmu_pass(t);
	check_copied(t, &child);
}

/* The guest writes, and KVM has the host copy: in the vCPU's thread. */
static void run_guest(struct secmmu *t)
{
	struct child child;
	uint64_t start;

	fork_child(t, &child, false);
	maybe_end_early(t, &child);
	secmmu_read_pass(t);
	secmmu_begin(t);
	start = secmmu_now();
	secmmu_pass(t);
	secmmu_sample_vcpu(t, start);
	secmmu_end(t);
	check_copied(t, &child);
}

static const char *unmet(struct secmmu *t)
{
	if (t->opt.fault == SECMMU_FAULT_NO_EFFECT && !secmmu_pfn(t, t->ctl))
		return "-F no-effect: no privilege to see page frames";
	return NULL;
}

static const struct secmmu_event events[] = {
	{
		.name = "cow_fork_4k",
		.desc = "fork while the guest runs, which then writes: one 4 KiB page",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_fork,
	}, {
		.name = "cow_fork_2m_ptes",
		.desc = "fork while the guest runs, which then writes: 2 MiB of 4 KiB pages",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_fork,
	}, {
		.name = "cow_fork_thp",
		.desc = "fork while the guest runs, which then writes: a huge page",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.everything = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_fork,
	}, {
		.name = "cow_host_4k",
		.desc = "one 4 KiB page, write-protected by a fork and read by the guest, written by the host",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_NEW,
		.everything = true,
		.parked = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_host,
	}, {
		.name = "cow_host_2m_ptes",
		.desc = "2 MiB of 4 KiB pages, write-protected by a fork and read by the guest, written by the host",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_NEW,
		.everything = true,
		.parked = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_host,
	}, {
		.name = "cow_host_thp",
		.desc = "a huge page, write-protected by a fork and read by the guest, written by the host",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_NEW,
		.restore = SECMMU_RESTORE_RENEW,
		.splits = true,
		.everything = true,
		.parked = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_host,
	}, {
		.name = "cow_guest_4k",
		.desc = "one 4 KiB page, write-protected by a fork, written by the guest",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.parked = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_guest,
	}, {
		.name = "cow_guest_2m_ptes",
		.desc = "2 MiB of 4 KiB pages, write-protected by a fork, written by the guest",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.parked = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_guest,
	}, {
		.name = "cow_guest_thp",
		.desc = "a huge page, write-protected by a fork, written by the guest",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.everything = true,
		.parked = true,
		.plants_stray_write = true,
		.plants_no_effect = true,
		.unmet = unmet,
		.run = run_guest,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
