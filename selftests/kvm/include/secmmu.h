/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared library of the secondary MMU tests.
 *
 * A test is a table of events.  An event invalidates host memory that a live
 * guest has mapped, and says what the guest may see from then on.  The library
 * does the rest: VM and vCPU threads, the guest workload, the oracle, options,
 * KTAP and samples.
 */
#ifndef SELFTEST_KVM_SECMMU_H
#define SELFTEST_KVM_SECMMU_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kvm_util.h"
#include "test_util.h"

#define SECMMU_MAX_VCPUS	16
#define SECMMU_PAGE_SIZE	4096UL
#define SECMMU_HUGE_SIZE	(2UL << 20)
#define SECMMU_HUGE_PAGES	((uint32_t)(SECMMU_HUGE_SIZE / SECMMU_PAGE_SIZE))
#define SECMMU_MAX_ERRORS	8
/* Clear of slot 0, which is a few MiB at 0; mapped to the same addresses. */
#define SECMMU_MEM_GPA		0x40000000UL
/* Pages of the invalidated range whose first fault is left to the guest. */
#define SECMMU_GUEST_FAULTS	8U

#define SECMMU_SRC(type)	(1U << VM_MEM_SRC_##type)

/*
 * Every page of the tested memslot looks like this, for host and guest.  It begins
 * with a function that returns the stamp: the guest reads it, or calls it.
 */
struct secmmu_page {
	uint8_t pad[6];
	uint8_t mov[2];		/* mov $stamp, %rax */
	/* Written by the host only; see secmmu_stamp(). */
	uint64_t stamp;
	uint8_t ret;
	/* Keeps the guest's stores off the stamp's cache line. */
	uint8_t pad2[47];
	/* One cell per vCPU, incremented by it at each visit. */
	uint64_t count[SECMMU_MAX_VCPUS];
};

/*
 * What the guest may see in a page.  Both fields are the same stamp except
 * while the page is being replaced: then either memory is legal.
 */
struct secmmu_allow {
	uint64_t cur;
	uint64_t next;
};

/* What a vCPU last left in a page; survives the page being taken away. */
struct secmmu_shadow {
	uint64_t stamp;
	uint64_t count;
};

/* In which order a pass visits its pages, each at least once. */
enum secmmu_order {
	SECMMU_SEQUENTIAL,
	SECMMU_RANDOM,
	/* Sequential, with two visits to an eighth of them between any two. */
	SECMMU_HOT,
};

enum secmmu_error_kind {
	SECMMU_STALE_READ,
	SECMMU_STALE_CODE,
	SECMMU_LOST_WRITE,
};

struct secmmu_error {
	uint32_t kind;
	uint32_t page;
	uint64_t pass;
	struct secmmu_allow allow;
	uint64_t want;
	uint64_t seen;
};

/* A vCPU's own part of the control memory, written by the guest. */
struct secmmu_vcpu_ctl {
	uint64_t passes;
	uint64_t checked;
	uint64_t nr_errors;
	struct secmmu_error errors[SECMMU_MAX_ERRORS];
} __aligned(SECMMU_PAGE_SIZE);

/* Control memory: a memslot of its own, never invalidated. */
struct secmmu_ctl {
	/* Pages that a pass visits. */
	uint32_t first;
	uint32_t nr;
	/* The vCPUs only read: pages are mapped as the host has them. */
	uint32_t reads_only;
	/* The vCPUs call pages, but for those that may be zeroes. */
	uint32_t executes;
	uint32_t order;		/* enum secmmu_order */
	struct secmmu_vcpu_ctl vcpus[SECMMU_MAX_VCPUS];
};

struct secmmu_sample {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t addr;
	uint64_t size;
	long tid;
};

#define SECMMU_NO_COUNT	UINT64_MAX

/* What happened during the calls of an event; see lib/secmmu_counts.c. */
struct secmmu_counts {
	uint64_t calls;
	/* Context switches of the thread that calls: it had to wait, or had not. */
	uint64_t caller_sleeps;
	uint64_t caller_preempted;
	/* Those of all threads. */
	uint64_t sleeps;
	uint64_t preempted;
	uint64_t passes;	/* that guests ended */
	uint64_t retries;	/* page faults thrown away; or SECMMU_NO_COUNT */
};

/* Acquisitions of mmu_lock by whomever that had to wait, and for how long at least. */
struct secmmu_lock_waits {
	uint64_t n;
	uint64_t ns;
};

enum secmmu_fault {
	SECMMU_FAULT_NONE,
	SECMMU_FAULT_STALE_READ,
	SECMMU_FAULT_STRAY_WRITE,
	SECMMU_FAULT_LOST_WRITE,
	SECMMU_FAULT_NO_SPLIT,
	SECMMU_FAULT_NO_EFFECT,
};

/* What the pages of an event hold once the invalidation is over. */
enum secmmu_after {
	SECMMU_AFTER_SAME,	/* the same memory */
	SECMMU_AFTER_NEW,	/* other memory, with the next generation's stamps */
	SECMMU_AFTER_ZERO,	/* fresh, zero-filled memory */
};

/* How the block gets back to its first state before the next iteration. */
enum secmmu_restore {
	SECMMU_RESTORE_NONE,	/* it already is */
	SECMMU_RESTORE_RENEW,	/* fresh memory */
	SECMMU_RESTORE_COLLAPSE, /* MADV_COLLAPSE of what is there */
};

struct secmmu;

struct secmmu_event {
	/* [a-z0-9_]{1,40} */
	const char *name;
	/* One line for -l. */
	const char *desc;
	/* Pages that are invalidated: offset in a 2 MiB block, and number. */
	uint32_t offset;
	uint32_t nr;
	/* Default backing, and a mask of SECMMU_SRC() of all possible ones. */
	enum vm_mem_backing_src_type source;
	uint32_t sources;
	enum secmmu_after after;
	enum secmmu_restore restore;
	/* Guest accesses may fail with EFAULT while the call is under way. */
	bool hole;
	/* Replacement memory is wanted at secmmu.stage. */
	bool stage;
	/* The old memory is found at secmmu.aside afterwards. */
	bool moves_away;
	/* The call must leave the block without a huge mapping. */
	bool splits;
	/*
	 * The call invalidates all of the VM's memory, not these pages alone:
	 * map, and bring back, the whole memslot each time.
	 */
	bool everything;
	/*
	 * The memory has a VMA of its own, so that no call splits one in the
	 * middle of a block: that notifies for the whole block.
	 */
	bool own_vma;
	/* The vCPUs are parked during the call, as with -q. */
	bool parked;
	/*
	 * The vCPUs only read, and so map what the host has as it is, until
	 * run() has them write: secmmu_set_reads_only().
	 */
	bool reads;
	/* The event itself plants SECMMU_FAULT_STRAY_WRITE. */
	bool plants_stray_write;
	/*
	 * The event looks at a state that the call, or what the guest did after
	 * it, must leave behind, and plants SECMMU_FAULT_NO_EFFECT.
	 */
	bool plants_no_effect;
	/* Returns NULL, or the requirement that is not met. */
	const char *(*unmet)(struct secmmu *t);
	/*
	 * If it is not NULL: brings the block into the state that the event
	 * wants, before the pass that maps it.  vCPUs are parked.  May set
	 * secmmu.skip.
	 */
	void (*prepare)(struct secmmu *t);
	/*
	 * One invalidation: secmmu_begin(), the timed call between secmmu_now()
	 * and secmmu_sample(), whatever must follow, secmmu_end().
	 */
	void (*run)(struct secmmu *t);
	/*
	 * If it is not NULL: the event's own checks, after the last pass and
	 * before secmmu_verify().  vCPUs are parked.
	 */
	void (*check)(struct secmmu *t);
};

struct secmmu_vcpu {
	struct secmmu *t;
	struct kvm_vcpu *vcpu;
	pthread_t thread;
	uint32_t id;
	long tid;	/* known once the vCPU has done a pass */
	int stats_fd;	/* KVM's statistics of the vCPU; -1: there are none */
	/* KVM_RUN of the last pass: of the first one's start, the last one's end. */
	uint64_t run_start_ns;
	uint64_t run_end_ns;
	/* Below: protected by secmmu.lock. */
	uint64_t started;	/* passes */
	uint64_t done;
	uint64_t wanted;
	bool in_hole;
};

struct secmmu_opts {
	uint32_t nr_vcpus;
	uint64_t bytes;
	uint64_t range;		/* bytes to invalidate; 0: as the event has it */
	uint32_t iterations;
	uint32_t warmup;
	bool quiet;
	bool executes;
	enum secmmu_order order;
	bool no_prefault;
	bool source_given;
	enum vm_mem_backing_src_type source;
	enum secmmu_fault fault;
	uint64_t events;	/* mask over the test's table */
};

struct secmmu {
	struct secmmu_opts opt;
	struct kvm_vm *vm;
	struct secmmu_vcpu vcpus[SECMMU_MAX_VCPUS];
	struct kvm_vcpu *prefault;	/* never runs; NULL: KVM can't */
	uint32_t nr_pages;
	struct secmmu_page *mem;	/* the tested memslot */
	struct secmmu_ctl *ctl;
	struct secmmu_allow *allow;	/* [nr_pages] */
	struct secmmu_shadow *shadow;	/* [nr_vcpus][nr_pages] */
	uint64_t *snapshot;		/* counts of taken pages, [nr][nr_vcpus] */

	/* Two 2 MiB aligned blocks of address space outside the memslot. */
	char *aside;
	char *stage;
	/* Of shared memory: the file that was last mapped into the memslot. */
	int fd;
	off_t fd_start;		/* where in the memslot it begins, in bytes */
	bool hugetlb;		/* there are hugetlb pages for this test */
	int pagemap_fd;
	int tracing_fd;	/* SECMMU_TRACING_ON, or -1 */

	/* The iteration at hand. */
	const struct secmmu_event *ev;
	enum vm_mem_backing_src_type source;
	uint32_t gen;
	uint32_t block;		/* first page of the 2 MiB block */
	uint32_t first;		/* pages that are invalidated */
	uint32_t nr;
	char *hva;
	size_t size;
	bool taken;
	bool plant;

	/* The event at hand. */
	uint32_t failures;
	const char *skip;
	bool claim_mapped;	/* KVM must have mapped all of the memslot */
	uint64_t mapped;	/* least before a call, most after it */
	uint64_t left;
	bool left_known;
	uint32_t nr_split;
	struct secmmu_sample *samples;
	uint32_t nr_samples;
	uint32_t iteration;	/* from 0, warm-up included */
	struct secmmu_counts counts, counts_before;

	pthread_mutex_t lock;
	pthread_cond_t go;	/* host to vCPU threads */
	pthread_cond_t arrived;	/* vCPU threads to host */
	bool stop;
	bool busy;
	atomic_uint hole_seq;	/* odd while there is a hole */
};

/* lib/secmmu.c: the VM, passes and the memory under test. */

/*
 * Creates the VM, its memslots and the vCPU threads as t->opt says.  Aborts the
 * program on failure.  secmmu_destroy() ends the threads and frees all.
 */
void secmmu_create(struct secmmu *t);
void secmmu_destroy(struct secmmu *t);

/* Has every vCPU do one pass that starts after this call; waits for all. */
void secmmu_pass(struct secmmu *t);
/* The same without waiting; see secmmu_passed(). */
void secmmu_start_pass(struct secmmu *t);
/* Has the vCPU done the pass that was last asked for? */
bool secmmu_passed(struct secmmu *t, uint32_t vcpu);
/*
 * A pass that only reads.  It maps pages read-only that the host has mapped so;
 * a write would have the host change them first.  vCPUs must be parked.
 */
void secmmu_read_pass(struct secmmu *t);
/* Lets vCPUs run pass after pass (true), or parks them in user space. */
void secmmu_set_busy(struct secmmu *t, bool busy);
/*
 * While a hole is open: waits until each vCPU has failed to access it or has
 * done a whole pass without.  Returns the number of vCPUs that failed.
 */
uint32_t secmmu_wait_faulted(struct secmmu *t);
/*
 * Maps pages of the window in the secondary MMU from user space, where KVM can,
 * and otherwise does nothing: a guest's own 512 faults take 60 ms when VM exits
 * are emulated.  KVM's fault handler is the same: it leaves a stale SPTE alone,
 * or finds it.  The first pages of the invalidated range are left to the guest.
 */
void secmmu_prefault(struct secmmu *t);
/* The same of all that the event has invalidated, and nothing else. */
void secmmu_prefault_event(struct secmmu *t);
/* Has the memslot at other host memory from now on.  vCPUs must be parked. */
void secmmu_move_slot(struct secmmu *t, void *mem);
/* Makes passes visit [first, first + nr).  Only while vCPUs are parked. */
void secmmu_set_window(struct secmmu *t, uint32_t first, uint32_t nr);
/* Makes passes read only, or read and write.  At any time. */
void secmmu_set_reads_only(struct secmmu *t, bool reads_only);
/*
 * Has passes call the pages' code, if -x was given.  Only while vCPUs are parked:
 * a page must not become zeroes between a vCPU's decision and its call.
 */
void secmmu_set_executes(struct secmmu *t, bool executes);
void secmmu_open_hole(struct secmmu *t);
void secmmu_close_hole(struct secmmu *t);

/* lib/secmmu_guest.c: the workload. */

void secmmu_guest_code(uint32_t vcpu);
/* Tells the guest where things are.  @base and the rest are guest addresses. */
void secmmu_guest_setup(struct secmmu *t, uint64_t base, uint64_t ctl,
			uint64_t allow, uint64_t shadow);

/* lib/secmmu_oracle.c: stamps and the checks. */

/* The stamp of a page of the memslot in a generation. */
uint64_t secmmu_stamp(uint32_t gen, uint32_t page);
/* The stamp that memory gets when it has been taken away from that page. */
uint64_t secmmu_poison(uint32_t gen, uint32_t page);
/* Stamps memory at @where for pages from @first, and clears their counts. */
void secmmu_fill(struct secmmu *t, void *where, uint32_t gen, uint32_t first,
		 uint32_t nr);
/* Makes the guest expect exactly the stamps of a generation. */
void secmmu_expect(struct secmmu *t, uint32_t gen, uint32_t first, uint32_t nr);

/* Starts the invalidation: the guest may see the old and the new memory. */
void secmmu_begin(struct secmmu *t);
/* The old memory is now at @where: poisons it and notes the guest's counts. */
void secmmu_take(struct secmmu *t, void *where);
/* Notes the guest's counts in memory that it must not write to for now. */
void secmmu_freeze(struct secmmu *t);
/* Fails the event if counts have changed since secmmu_freeze() or _take(). */
void secmmu_check_frozen(struct secmmu *t, const void *where);
/* Fails the event if stamps at @where are not what the guest may see now. */
void secmmu_check_stamps(struct secmmu *t, const void *where);
/* The same, for those of a generation. */
void secmmu_check_stamps_of(struct secmmu *t, const void *where, uint32_t gen);
/* The new memory is in place: from here on the guest may see only that. */
void secmmu_end(struct secmmu *t);
/* With vCPUs parked after a pass: checks all that host and guest have noted. */
void secmmu_verify(struct secmmu *t);
/* Is this the iteration in which fault @f is to be simulated? */
bool secmmu_planted(const struct secmmu *t, enum secmmu_fault f);
/* Records a failure of the event at hand and prints it. */
void __printf(2, 3) secmmu_fail(struct secmmu *t, const char *fmt, ...);

/* lib/secmmu_mem.c: host memory. */

/* Page @page of the memslot, as the host sees it. */
static inline void *secmmu_hva(struct secmmu *t, uint32_t page)
{
	return &((char *)t->mem)[page * SECMMU_PAGE_SIZE];
}

/*
 * Sees to it that there are hugetlb pages if the event wants them; they are given
 * back when the program ends.  Returns NULL, or the requirement that is not met.
 */
const char *secmmu_get_hugetlb(struct secmmu *t);
/* Where in secmmu.fd the event's memory begins. */
static inline off_t secmmu_fd_offset(struct secmmu *t)
{
	return t->hva - (char *)t->mem - t->fd_start;
}

/* Bytes that one host mapping of the event's memory covers. */
size_t secmmu_page_size(const struct secmmu *t);
/* Puts fresh, populated memory of the event's backing at @addr. */
void secmmu_map(struct secmmu *t, void *addr, size_t size);
/* Puts small anonymous pages at @addr, whatever the backing of the event. */
void secmmu_map_small(void *addr, size_t size);
/*
 * Fresh, stamped memory for pages of the memslot.  vCPUs must be parked.  Sets
 * t->skip if huge pages are called for and there are none.
 */
void secmmu_renew(struct secmmu *t, uint32_t first, uint32_t nr);
/* Bytes of [addr, addr + size) in all categories (PAGE_IS_*) of PAGEMAP_SCAN. */
size_t secmmu_scan(struct secmmu *t, void *addr, size_t size,
		   uint64_t categories);
/*
 * Fails the event unless all its pages are in the categories, which @what says
 * in words.
 */
void secmmu_check_scan(struct secmmu *t, uint64_t categories, const char *what);
/* Bytes of [addr, addr + size) that are mapped by a huge page table entry. */
size_t secmmu_huge_bytes(struct secmmu *t, void *addr, size_t size);
/* Does the page at @addr belong to a huge folio?  -1: no privilege to tell. */
int secmmu_in_thp(struct secmmu *t, void *addr);
/* NULL, or why an event that makes huge pages can't be run: ->unmet of such. */
const char *secmmu_unmet_thp(struct secmmu *t);
/* MADV_COLLAPSE, again and again while it may yet succeed.  0, or -1 and errno. */
int secmmu_try_collapse(void *addr, size_t size);
/*
 * Fails the event unless the host maps the block at @addr huge.  Simulates
 * SECMMU_FAULT_NO_EFFECT by looking at a block that nobody has collapsed.
 */
void secmmu_check_collapsed(struct secmmu *t, void *addr);
/* Makes whole blocks huge again, keeping the content.  False if that failed. */
bool secmmu_collapse(struct secmmu *t, void *addr, size_t size);
/*
 * Populates zero-filled memory that has come in place of what was invalidated,
 * but for its first pages, which the guest is to populate.
 */
void secmmu_populate(struct secmmu *t);
/* The page frame that is mapped at @addr; 0: none, or no privilege to tell. */
uint64_t secmmu_pfn(struct secmmu *t, void *addr);
/* The same of a process whose pagemap is open as @pagemap_fd. */
uint64_t secmmu_pfn_of(int pagemap_fd, const void *addr);
/* Bits KPF_* of page frame @pfn.  False: can't be read, as without privilege. */
bool secmmu_page_flags(uint64_t pfn, uint64_t *flags);
/*
 * Empties the CPUs' batches of pages that wait for their LRU list.  A page there
 * has a reference too many: it can't be reclaimed, nor be reused after a fork.
 */
void secmmu_drain_batches(void);
/* Writes to a file of proc or sysfs.  0, or -1 and errno. */
int secmmu_write_file(const char *path, const char *text);
/* Reserves address space without memory, replacing what was there. */
void secmmu_reserve(void *addr, size_t size);
/*
 * Reserves @size bytes of address space anywhere, aligned to a huge page, with
 * @prot.  Never returns NULL, aborts the test instead; munmap() it.
 */
void *secmmu_reserve_new(size_t size, int prot);
/* Does KVM use two-dimensional paging? */
bool secmmu_tdp(void);
/* KVM's own count of the VM's mappings of secmmu_page_size(). */
uint64_t secmmu_guest_mappings(struct secmmu *t);

/* lib/secmmu_sys.c: the host's settings and threads. */

/*
 * Writes to a file of proc or sysfs.  What it held before the first such call is
 * written back when the program ends.  False if it can't be.
 */
bool secmmu_set(const char *path, const char *value);
/* Does so now.  Has nothing left to do the next time. */
void secmmu_restore_settings(void);
/* Reads the first line of a file into @buf; false, and "", if there is none. */
bool secmmu_get(const char *path, char *buf, size_t size);
/* Reads a number.  False if there is none. */
bool secmmu_get_u64(const char *path, uint64_t *value);
/* The thread of that name, such as "ksmd"; 0: none. */
long secmmu_kthread(const char *name);
/* Swaps to a block device of @size bytes from now on.  0, or -1. */
int secmmu_make_swap(const char *path, size_t size);

/*
 * Reads @nr values of one of KVM's binary statistics, and its descriptor if @desc
 * is not NULL.  @fd is of KVM_GET_STATS_FD.  False if there is no such statistic.
 */
bool secmmu_read_stat(int fd, const char *name, uint64_t *data, size_t nr,
		      struct kvm_stats_desc *desc);
/* One of a vCPU, which is a single number.  False if there is none. */
bool secmmu_vcpu_stat(struct secmmu *t, uint32_t vcpu, const char *name,
		      uint64_t *value);

/* lib/secmmu_counts.c */

/*
 * The call comes now; secmmu_begin() says so, too.  Then it has ended: adds to
 * secmmu.counts, unless it was one of the warm-up.  By the thread that calls.
 */
void secmmu_start_counts(struct secmmu *t);
void secmmu_end_counts(struct secmmu *t);
/* Context switches of all threads so far, and page faults of @vm thrown away. */
void secmmu_read_switches(struct secmmu_counts *c);
void secmmu_read_retries(struct secmmu_counts *c, struct kvm_vm *vm);
/*
 * One line of KTAP that tools/secmmu reads: docs/contracts.md, section 3.  @waits
 * is NULL if they were not counted.
 */
void secmmu_print_counts(const char *event, const struct secmmu_counts *c,
			 const struct secmmu_lock_waits *waits);

/* lib/secmmu_zram.c */

/*
 * Sees to it that there is swap: if there is none, on a zram of @size bytes, until
 * the program ends.  False if none can be made.
 */
bool secmmu_get_swap(size_t size);

/* lib/secmmu_calls.c: system calls, which abort the test if they fail. */

/*
 * Runs @vcpu to its next UCALL_SYNC.  Aborts the test if it leaves the guest for
 * anything else: a guest that got lost would run on, and never come back.
 */
void secmmu_run_round(struct kvm_vcpu *vcpu);
void secmmu_protect(void *addr, size_t size, int prot);
/* Without THP in the kernel, advice about huge pages is none. */
void secmmu_advise(void *addr, size_t size, int advice);
/* Anonymous memory that may have huge pages, where the kernel has THP. */
enum vm_mem_backing_src_type secmmu_anonymous(void);
void secmmu_move(void *from, void *to, size_t size, int flags);
/* Fails the event unless all vCPUs failed to write; @where: "to such memory". */
void secmmu_check_faulted(struct secmmu *t, uint32_t faulted, const char *where);
/* Whole events, for secmmu_event.run. */
void secmmu_run_munmap(struct secmmu *t);
void secmmu_run_dontneed(struct secmmu *t);
void secmmu_run_punch(struct secmmu *t);

/* lib/secmmu_uffd.c: userfaultfd. */

/* A userfaultfd with these features, or -1: the kernel has no such thing. */
int secmmu_uffd(uint64_t features);
/* Registers all of the event's memory, or that at @addr. */
void secmmu_uffd_register(int uffd, void *addr, size_t size, uint64_t mode);
/* Write-protects pages, or lets them be written to and wakes who wants to. */
void secmmu_uffd_protect(int uffd, void *addr, size_t size, bool protect);
/*
 * Has every vCPU do a pass in which it writes to memory that is write-protected.
 * Returns how many stopped there, once all have stopped or done the pass.
 */
uint32_t secmmu_uffd_wait(struct secmmu *t, int uffd);

/* lib/secmmu_opts.c: the command line. */

/* Exit status for a bad option or environment. */
#define SECMMU_USAGE_ERROR	2

/* Prints the message and where there is help, and exits. */
void __noreturn __printf(1, 2) secmmu_usage_error(const char *fmt, ...);
/* The number that option @opt was given; exits if it is none, or out of range. */
uint64_t secmmu_parse_range(char opt, const char *arg, uint64_t min,
			    uint64_t max);
/* Likewise bytes, which may have a unit: 64K, 1g. */
uint64_t secmmu_parse_bytes(char opt, const char *arg, uint64_t min,
			    uint64_t max, uint64_t step);

/* After getopt() has named a bad option: says where there is help, and exits. */
void __noreturn secmmu_bad_option(const char *program);
/* Exits if getopt() has left an argument. */
void secmmu_no_arguments(int argc, char *argv[]);
/* For -e and -F of a test that has but one: exits if @arg is another. */
void secmmu_only_event(const char *arg, const char *event);
void secmmu_only_fault(const char *arg, const char *fault);

/* How each entry of a table of events begins. */
struct secmmu_named {
	const char *name;
	const char *desc;
};

/* Entry @i of a table of such, which are of @size bytes. */
static inline const struct secmmu_named *secmmu_entry(const void *table, size_t size,
						      uint32_t i)
{
	return (const void *)((const char *)table + i * size);
}

/*
 * For -e: the places, a bit each, that the names of @list, "a,b", have in a table of
 * @nr entries (at most 64) of @size bytes.  Exits if a name has none.  @list is cut up.
 */
uint64_t secmmu_parse_events(char *list, const void *table, size_t size, uint32_t nr);
/* What -l prints of such a table. */
void secmmu_list_events(const void *table, size_t size, uint32_t nr);

/* Fills @o; on -h, -l and bad usage prints what there is to say and exits. */
void secmmu_parse_options(struct secmmu_opts *o, int argc, char *argv[],
			  const struct secmmu_event *events, uint32_t nr);

/* lib/secmmu_main.c: events, KTAP, samples. */

/* CLOCK_MONOTONIC in ns. */
uint64_t secmmu_now(void);
/*
 * Where SECMMU_TRACING_ON names a tracing_on file: switches it, but not on for a
 * call that is no sample.  From secmmu_begin() to secmmu_sample() it is on.
 */
void secmmu_set_tracing(struct secmmu *t, bool on);
/* Ends the timed call: notes [start, now] as a sample of the event. */
void secmmu_sample(struct secmmu *t, uint64_t start);
/* The same when the host invalidates for the first vCPU: in its thread. */
void secmmu_sample_vcpu(struct secmmu *t, uint64_t start);
/* The same when another thread of the host invalidates. */
void secmmu_sample_thread(struct secmmu *t, uint64_t start, long tid);
/*
 * Notes [start, end] as a sample of mapping again what was invalidated: by
 * thread @tid, vCPUs parked or not.
 */
void secmmu_sample_fault(struct secmmu *t, uint64_t start, uint64_t end, long tid);
/* The file that SECMMU_SAMPLES names, with its header, or NULL. */
FILE *secmmu_open_samples(void);
/* Appends @nr samples of @event; @page_size of the VMM.  False, with errno, if it can't. */
bool secmmu_write_samples(FILE *f, const char *event, const struct secmmu_sample *samples,
			  uint32_t nr, uint64_t page_size, uint32_t nr_vcpus);
/*
 * Ends a program that has printed its results: all of them skipped is a skip.
 * Inline, as each file that includes kselftest.h has counters of its own.
 */
static inline void __noreturn secmmu_finished(void)
{
	if (ksft_get_xskip_cnt() == ksft_plan) {
		ksft_print_cnts();
		exit(KSFT_SKIP);
	}
	ksft_finished();
}

/* The whole main() of a test with @nr events (at most 64). */
int secmmu_main(int argc, char *argv[], const struct secmmu_event *events,
		uint32_t nr);

#endif /* SELFTEST_KVM_SECMMU_H */
