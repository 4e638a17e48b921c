// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long invalidation lets vCPUs in.
 *
 * One thread drops a large range that a vCPU has mapped by base pages, all in
 * one call, so that KVM walks its SPTEs with mmu_lock held for long. Another vCPU
 * faults in memory that the primary MMU has mapped, and for which it needs no
 * lock but mmu_lock. On a preemptible kernel the walk is to release the lock in
 * between, as it is contended; elsewhere it is not, see
 * kvm_mmu_lock_needbreak().
 *
 * With a CPU for each of the two threads: with fewer, the scheduler takes the
 * CPU from the one that walks, and others get in for that reason.
 */
#include <getopt.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "secmmu.h"
#include "processor.h"
#include "ucall_common.h"

#define EVENT		"give_way"
/* PREEMPT_DYNAMIC: the modes, that of now in parentheses. */
#define MODES		"/sys/kernel/debug/sched/preempt"

#define LARGE_GPA	0x40000000UL
#define LARGE_SLOT	1
#define FAULT_GPA	0x80000000UL
#define FAULT_SLOT	2
#define FAULT_SIZE	(64UL << 20)
#define ROUND_PAGES	16UL
#define NR_ROUNDS	(FAULT_SIZE / SECMMU_PAGE_SIZE / ROUND_PAGES)

static struct {
	uint32_t mib;
	uint32_t percent;
	bool plant_wait;
} opt = { .mib = 128, .percent = 25 };

static struct kvm_vm *vm;
static struct kvm_vcpu *vcpus[2];
static char *large;
/* The call, from its begin to its end; 0 until then. */
static uint64_t begin, end;
static uint64_t longest_ns;
static uint64_t rounds;

static void guest_code(uint64_t gpa, uint64_t pages, uint64_t round)
{
	uint64_t i;

	for (i = 0; i < pages; i++) {
		WRITE_ONCE(*(uint64_t *)(gpa + i * SECMMU_PAGE_SIZE), i);
		if (i % round == round - 1)
			GUEST_SYNC(i);
	}
	GUEST_DONE();
}

static char *add_memory(uint32_t slot, uint64_t gpa, uint64_t size)
{
	char *p;

	vm_userspace_mem_region_add(vm, VM_MEM_SRC_ANONYMOUS, gpa, slot,
				    size / SECMMU_PAGE_SIZE, 0);
	virt_map_level(vm, gpa, gpa, size, PG_LEVEL_2M);
	p = addr_gpa2hva(vm, gpa);
	secmmu_advise(p, size, MADV_NOHUGEPAGE);
	secmmu_advise(p, size, MADV_POPULATE_WRITE);
	return p;
}

static void create(void)
{
	uint64_t size = (uint64_t)opt.mib << 20;
	uint64_t pages = size / SECMMU_PAGE_SIZE;

	vm = vm_create_with_vcpus(2, guest_code, vcpus);
	large = add_memory(LARGE_SLOT, LARGE_GPA, size);
	add_memory(FAULT_SLOT, FAULT_GPA, FAULT_SIZE);
	vcpu_args_set(vcpus[0], 3, LARGE_GPA, pages, pages);
	vcpu_args_set(vcpus[1], 3, FAULT_GPA, FAULT_SIZE / SECMMU_PAGE_SIZE,
		      ROUND_PAGES);
	secmmu_run_round(vcpus[0]);
}

static void *drop(void *arg)
{
	kvm_pin_this_task_to_pcpu(1);
	WRITE_ONCE(begin, secmmu_now());
	secmmu_advise(large, (size_t)opt.mib << 20, MADV_DONTNEED);
	WRITE_ONCE(end, secmmu_now());
	return NULL;
}

/* Rounds of page faults, until the call is through; what overlaps it counts. */
static void fault(void)
{
	uint64_t before, now, i;

	for (i = 0; i < NR_ROUNDS && !READ_ONCE(end); i++) {
		while (opt.plant_wait && READ_ONCE(begin) && !READ_ONCE(end))
			cpu_relax();
		before = secmmu_now();
		secmmu_run_round(vcpus[1]);
		now = secmmu_now();
		if (!READ_ONCE(begin) || now < begin)
			continue;
		rounds++;
		longest_ns = max(longest_ns, now - before);
	}
}

static bool judge(void)
{
	uint64_t took = end - begin;
	uint64_t limit = took / 100 * opt.percent;

	ksft_print_msg("%u MiB dropped in %lu us, in which a vCPU did %lu rounds of %lu page faults, the longest in %lu us\n",
		       opt.mib, took / 1000, rounds, ROUND_PAGES, longest_ns / 1000);
	if (rounds > 1 && longest_ns <= limit)
		return true;
	ksft_print_msg("FAIL " EVENT ": a round took %lu us, and %lu rounds were done; wanted: 2 or more, none above %lu us\n",
		       longest_ns / 1000, rounds, limit / 1000);
	return false;
}

/* By its configuration, or, where that leaves it open, as it was booted. */
static bool is_preemptible(void)
{
	char modes[64] = "";
	struct utsname u;
	FILE *f;

	TEST_ASSERT(!uname(&u), "uname() failed: %s", strerror(errno));
	if (!strstr(u.version, " PREEMPT_DYNAMIC "))
		return strstr(u.version, " PREEMPT ");
	f = fopen(MODES, "r");
	if (f && !fgets(modes, sizeof(modes), f))
		modes[0] = '\0';
	if (f)
		fclose(f);
	return strstr(modes, "(full)");
}

static void help(const char *name)
{
	printf("usage: %s [-m MiB] [-p percent] [-e " EVENT "] [-F wait] [-h]\n"
	       " -m: size of the range dropped, in MiB, 2-1024, a multiple of 2 (default: 128)\n"
	       " -p: longest round of page faults that is none too long, in percent of\n"
	       "     the time that dropping takes, 1-100 (default: 25)\n"
	       " -F: plant a fault: the test must fail\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n", name);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "m:p:e:F:h")) != -1) {
		switch (c) {
		case 'm':
			opt.mib = secmmu_parse_range('m', optarg, 2, 1024);
			if (opt.mib % 2)
				secmmu_usage_error("-m must be a multiple of 2, got %u",
						   opt.mib);
			break;
		case 'p':
			opt.percent = secmmu_parse_range('p', optarg, 1, 100);
			break;
		case 'e':
			secmmu_only_event(optarg, EVENT);
			break;
		case 'F':
			secmmu_only_fault(optarg, "wait");
			opt.plant_wait = true;
			break;
		case 'h':
			help(argv[0]);
			exit(KSFT_PASS);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

int main(int argc, char *argv[])
{
	pthread_t thread;

	parse_options(argc, argv);
	ksft_print_header();
	if (!is_preemptible() && !opt.plant_wait)
		ksft_exit_skip("a kernel without full preemption does not let others in\n");
	if (get_nprocs() < 2)
		ksft_exit_skip("needs two CPUs\n");
	ksft_set_plan(1);
	create();
	kvm_pin_this_task_to_pcpu(0);
	TEST_ASSERT(!pthread_create(&thread, NULL, drop, NULL),
		    "pthread_create() failed");
	fault();
	pthread_join(thread, NULL);
	ksft_test_result(judge(), EVENT "\n");
	kvm_vm_free(vm);
	secmmu_finished();
}
