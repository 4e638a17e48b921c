// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults in the secondary MMU, on memory that the host has populated.
 *
 * Memory is moved out of the memslot and other memory put in its place.  Then
 * it is mapped again, and that is what is timed: a known number of faults and
 * as little else as can be.  Nobody else runs meanwhile.
 *
 * fault_* has KVM_PRE_FAULT_MEMORY map it, in the host's thread: KVM's fault
 * handler from end to end without VM exit, guest code and scheduling, which are
 * most of a fault where exits are emulated.
 *
 * fault_guest_* has the guest access it.  The time is that of KVM_RUN in the
 * vCPU's thread, from user space to user space: entry, an exit for each fault,
 * the guest's own code, and the exit that ends the pass.  With several vCPUs it
 * is the time from the first one's start to the last one's end.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "secmmu.h"

#define FAULT_PAGES	64U

static uint64_t nr_faults(const struct secmmu *t)
{
	return t->size / secmmu_page_size(t);
}

static const char *unmet_prefault(struct secmmu *t)
{
	if (t->opt.no_prefault)
		return "-f: KVM_PRE_FAULT_MEMORY is what is timed";
	return t->prefault ? NULL : "KVM_PRE_FAULT_MEMORY";
}

static const char *unmet_guest(struct secmmu *t)
{
	uint64_t n;

	return secmmu_vcpu_stat(t, 0, "pf_taken", &n) ? NULL :
	       "KVM's statistic pf_taken of a vCPU";
}

/*
 * Takes the memory away, and with it what is mapped in the secondary MMU.  From
 * here on the guest may see only the new memory: a mapping that is left shows
 * it the poison.
 */
static void zap(struct secmmu *t)
{
	secmmu_begin(t);
	/* This is not what is measured. */
	secmmu_set_tracing(t, false);
	secmmu_move(t->hva, t->aside, t->size, 0);
	secmmu_take(t, t->aside);
	secmmu_move(t->stage, t->hva, t->size, 0);
	secmmu_end(t);
}

static void run_prefault(struct secmmu *t)
{
	uint64_t start, left, mapped;

	zap(t);
	/* Somebody has mapped it already: then there is nothing to time. */
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		secmmu_prefault_event(t);
	left = secmmu_guest_mappings(t);
	secmmu_start_counts(t);
	secmmu_set_tracing(t, true);
	start = secmmu_now();
	secmmu_prefault_event(t);
	secmmu_sample_fault(t, start, secmmu_now(), syscall(SYS_gettid));
	mapped = secmmu_guest_mappings(t);
	if (t->claim_mapped && mapped != left + nr_faults(t))
		secmmu_fail(t, "no faults: KVM has %lu mappings of %lu bytes before the call and %lu after it, %lu more expected",
			    left, secmmu_page_size(t), mapped, nr_faults(t));
}

/* Faults that the guest has taken so far, of all vCPUs. */
static uint64_t faults_taken(struct secmmu *t)
{
	uint64_t sum = 0, n;
	uint32_t i;

	for (i = 0; i < t->opt.nr_vcpus; i++) {
		TEST_ASSERT(secmmu_vcpu_stat(t, i, "pf_taken", &n),
			    "pf_taken is gone");
		sum += n;
	}
	return sum;
}

static void sample_pass(struct secmmu *t)
{
	uint64_t start = UINT64_MAX, end = 0;
	uint32_t i;

	for (i = 0; i < t->opt.nr_vcpus; i++) {
		start = min(start, t->vcpus[i].run_start_ns);
		end = max(end, t->vcpus[i].run_end_ns);
	}
	secmmu_sample_fault(t, start, end, t->vcpus[0].tid);
}

/*
 * A pass that visits one page of each mapping that was invalidated, and no
 * neighbours, timed.
 */
static void timed_pass(struct secmmu *t)
{
	uint32_t first = t->ctl->first, nr = t->ctl->nr;
	uint64_t before, taken;

	secmmu_set_window(t, t->first, nr_faults(t));
	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		secmmu_pass(t);
	before = faults_taken(t);
	secmmu_start_counts(t);
	secmmu_set_tracing(t, true);
	secmmu_pass(t);
	sample_pass(t);
	taken = faults_taken(t) - before;
	secmmu_set_window(t, first, nr);
	/* More are retries. */
	if (t->claim_mapped && taken < nr_faults(t))
		secmmu_fail(t, "no faults: the guest took %lu where %lu are needed to map %lu bytes",
			    taken, nr_faults(t), t->size);
}

static void run_write(struct secmmu *t)
{
	zap(t);
	timed_pass(t);
}

static void run_read(struct secmmu *t)
{
	zap(t);
	secmmu_set_reads_only(t, true);
	timed_pass(t);
	secmmu_set_reads_only(t, false);
}

/*
 * fork(2) leaves the host's page tables read-only.  With the child gone nobody
 * shares the memory: a write changes a right, and neither copies nor notifies.
 */
static void make_readonly(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	TEST_ASSERT(pid > 0, __KVM_SYSCALL_ERROR("fork()", pid));
	TEST_ASSERT(waitpid(pid, &status, 0) == pid, "waitpid() failed: %s",
		    strerror(errno));
}

/*
 * Only the host's writes, and KVM_PRE_FAULT_MEMORY after them, spare the guest
 * a fault on each page of the memslot: the last fork took all mappings.
 */
static void prepare_upgrade(struct secmmu *t)
{
	struct secmmu_page *p;
	uint32_t i;

	for (i = 0; i < t->nr_pages; i++) {
		p = secmmu_hva(t, i);
		WRITE_ONCE(p->stamp, READ_ONCE(p->stamp));
	}
	secmmu_prefault(t);
}

static void run_upgrade(struct secmmu *t)
{
	uint64_t pfn;

	/* A page in a CPU's batch has a reference too many, and is copied. */
	secmmu_drain_batches();
	pfn = secmmu_pfn(t, t->hva);
	make_readonly();
	secmmu_read_pass(t);
	secmmu_begin(t);
	secmmu_set_tracing(t, false);
	timed_pass(t);
	secmmu_end(t);
	if (pfn && secmmu_pfn(t, t->hva) != pfn)
		secmmu_fail(t, "copied: the page frame was 0x%lx", pfn);
}

#define SMALL_PAGES						\
	.source = VM_MEM_SRC_ANONYMOUS,				\
	.sources = SECMMU_SRC(ANONYMOUS) | SECMMU_SRC(SHMEM)
#define A_HUGE_PAGE						\
	.nr = SECMMU_HUGE_PAGES,				\
	.source = VM_MEM_SRC_ANONYMOUS_THP,			\
	.sources = SECMMU_SRC(ANONYMOUS_THP)
#define ZAPPED							\
	.after = SECMMU_AFTER_NEW,				\
	.stage = true,						\
	.moves_away = true,					\
	.parked = true,						\
	.plants_no_effect = true

static const struct secmmu_event events[] = {
	{
		.name = "fault_4k",
		.desc = "one 4 KiB page mapped by KVM_PRE_FAULT_MEMORY",
		.offset = 77,
		.nr = 1,
		SMALL_PAGES,
		ZAPPED,
		.unmet = unmet_prefault,
		.run = run_prefault,
	}, {
		.name = "fault_2m_ptes",
		.desc = "2 MiB of 4 KiB pages mapped by KVM_PRE_FAULT_MEMORY: 512 faults",
		.nr = SECMMU_HUGE_PAGES,
		SMALL_PAGES,
		ZAPPED,
		.unmet = unmet_prefault,
		.run = run_prefault,
	}, {
		.name = "fault_thp",
		.desc = "a huge page mapped by KVM_PRE_FAULT_MEMORY",
		A_HUGE_PAGE,
		ZAPPED,
		.unmet = unmet_prefault,
		.run = run_prefault,
	}, {
		.name = "fault_guest_read",
		.desc = "one 4 KiB page first read by the guest: KVM_RUN",
		.offset = 77,
		.nr = 1,
		SMALL_PAGES,
		ZAPPED,
		.unmet = unmet_guest,
		.run = run_read,
	}, {
		.name = "fault_guest_write",
		.desc = "one 4 KiB page first written by the guest: KVM_RUN",
		.offset = 77,
		.nr = 1,
		SMALL_PAGES,
		ZAPPED,
		.unmet = unmet_guest,
		.run = run_write,
	}, {
		.name = "fault_guest_64",
		.desc = "64 pages of 4 KiB first written by the guest: KVM_RUN",
		.offset = 77,
		.nr = FAULT_PAGES,
		SMALL_PAGES,
		ZAPPED,
		.unmet = unmet_guest,
		.run = run_write,
	}, {
		.name = "fault_guest_thp",
		.desc = "a huge page first written by the guest: KVM_RUN",
		A_HUGE_PAGE,
		ZAPPED,
		.unmet = unmet_guest,
		.run = run_write,
	}, {
		.name = "fault_guest_upgrade",
		.desc = "one 4 KiB page mapped read-only, first written by the guest: KVM_RUN",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.everything = true,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet_guest,
		.prepare = prepare_upgrade,
		.run = run_upgrade,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
