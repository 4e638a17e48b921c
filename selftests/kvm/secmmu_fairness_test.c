// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody who wants mmu_lock starves.
 *
 * vCPUs fault without end (readers, where the lock tells them apart), threads
 * drop the very memory without end (writers, from MMU notifiers), and one more
 * switches dirty logging (a writer that holds the lock for long and gives way).
 * Each of them notes when it got through.  Which policy a lock has for that:
 *
 *   rwlock	queued, first come first served, readers and writers alike
 *   spinlock	queued, first come first served
 *   mutex	whoever runs may steal it, but a waiter that has been woken in
 *		vain gets it handed over by the next unlock
 *   rwsem	the same, for a writer at the head of the queue after 4 ms;
 *		readers that queue are woken together
 *
 * so for all of them: a wait ends after a bounded number of holds.
 */
#include <getopt.h>
#include <time.h>

#include "secmmu.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_GPA		0x40000000UL
#define MEM_SLOT	1
#define VCPU_PAGES	64UL
#define MAX_VCPUS	4
#define MAX_ACTORS	(2 * MAX_VCPUS + 1)

struct actor {
	const char *what;
	uint32_t id;
	pthread_t thread;
	/* Written by the actor alone. */
	uint64_t rounds;
	uint64_t last_ns;
	uint64_t longest_ns;
};

static struct {
	uint32_t vcpus;
	uint32_t seconds;
	uint32_t limit_ms;
	bool plant_stall;
} opt = { .vcpus = 2, .seconds = 3, .limit_ms = 1000 };

static struct kvm_vm *vm;
static struct kvm_vcpu *vcpus[MAX_VCPUS];
static char *mem;
static struct actor actors[MAX_ACTORS];
static uint32_t nr_actors;
static bool stop;

static void guest_code(uint64_t first)
{
	uint64_t i, *p;

	for (;;) {
		for (i = 0; i < VCPU_PAGES; i++) {
			p = (uint64_t *)(MEM_GPA + (first + i) * SECMMU_PAGE_SIZE);
			WRITE_ONCE(*p, i);
		}
		GUEST_SYNC(0);
	}
}

static void round_done(struct actor *a)
{
	uint64_t now = secmmu_now();

	if (now - a->last_ns > a->longest_ns)
		a->longest_ns = now - a->last_ns;
	a->last_ns = now;
	a->rounds++;
}

static void *vcpu_thread(void *arg)
{
	struct actor *a = arg;

	while (!READ_ONCE(stop)) {
		secmmu_run_round(vcpus[a->id]);
		round_done(a);
	}
	return NULL;
}

static void *drop_thread(void *arg)
{
	struct actor *a = arg;
	size_t size = VCPU_PAGES * SECMMU_PAGE_SIZE;

	while (!READ_ONCE(stop)) {
		secmmu_advise(mem + a->id * size, size, MADV_DONTNEED);
		if (!opt.plant_stall || !a->rounds || a->id)
			round_done(a);
	}
	return NULL;
}

static void *log_thread(void *arg)
{
	struct actor *a = arg;

	while (!READ_ONCE(stop)) {
		vm_mem_region_set_flags(vm, MEM_SLOT, KVM_MEM_LOG_DIRTY_PAGES);
		vm_mem_region_set_flags(vm, MEM_SLOT, 0);
		round_done(a);
	}
	return NULL;
}

static void start(const char *what, uint32_t id, void *(*fn)(void *))
{
	struct actor *a = &actors[nr_actors++];

	a->what = what;
	a->id = id;
	a->last_ns = secmmu_now();
	TEST_ASSERT(!pthread_create(&a->thread, NULL, fn, a),
		    "pthread_create() failed");
}

static void create_vm(void)
{
	uint64_t pages = opt.vcpus * VCPU_PAGES;
	uint32_t i;

	vm = vm_create_with_vcpus(opt.vcpus, guest_code, vcpus);
	vm_userspace_mem_region_add(vm, VM_MEM_SRC_ANONYMOUS, MEM_GPA, MEM_SLOT,
				    pages, 0);
	virt_map(vm, MEM_GPA, MEM_GPA, pages);
	mem = addr_gpa2hva(vm, MEM_GPA);
	for (i = 0; i < opt.vcpus; i++)
		vcpu_args_set(vcpus[i], 1, i * VCPU_PAGES);
}

/* All actors are counted to the same end, so that one who never returns shows. */
static void run(void)
{
	struct timespec t = { .tv_sec = opt.seconds };
	uint32_t i;

	for (i = 0; i < opt.vcpus; i++)
		start("vCPU", i, vcpu_thread);
	for (i = 0; i < opt.vcpus; i++)
		start("invalidation", i, drop_thread);
	start("dirty logging", 0, log_thread);
	nanosleep(&t, NULL);
	WRITE_ONCE(stop, true);
	for (i = 0; i < nr_actors; i++)
		pthread_join(actors[i].thread, NULL);
}

static bool judge(void)
{
	bool pass = true;
	uint32_t i;

	for (i = 0; i < nr_actors; i++) {
		struct actor *a = &actors[i];
		uint64_t open = secmmu_now() - a->last_ns;
		uint64_t ms;

		if (open > a->longest_ns)
			a->longest_ns = open;
		ms = a->longest_ns / 1000000;
		ksft_print_msg("%s %u: %lu rounds, longest %lu ms\n", a->what,
			       a->id, a->rounds, ms);
		if (a->rounds && ms <= opt.limit_ms)
			continue;
		ksft_print_msg("FAIL no_starvation: %s %u waited %lu ms, more than %u\n",
			       a->what, a->id, ms, opt.limit_ms);
		pass = false;
	}
	return pass;
}

static void help(const char *name)
{
	printf("usage: %s [-v vcpus] [-t seconds] [-g ms] [-F stall] [-h]\n"
	       " -v: vCPUs, each with a thread that drops its memory, 1-%d (default: 2)\n"
	       " -t: seconds, 1-600 (default: 3)\n"
	       " -g: longest wait that is no starvation, in ms, 1-600000 (default: 1000)\n"
	       " -F: plant a fault: the test must fail\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n", name,
	       MAX_VCPUS);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "v:t:g:F:h")) != -1) {
		switch (c) {
		case 'v':
			opt.vcpus = secmmu_parse_range('v', optarg, 1, MAX_VCPUS);
			break;
		case 't':
			opt.seconds = secmmu_parse_range('t', optarg, 1, 600);
			break;
		case 'g':
			opt.limit_ms = secmmu_parse_range('g', optarg, 1, 600000);
			break;
		case 'F':
			secmmu_only_fault(optarg, "stall");
			opt.plant_stall = true;
			break;
		case 'h':
			help(argv[0]);
			exit(KSFT_PASS);
		default:
			secmmu_usage_error("bad option '%s'", argv[optind - 1]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

int main(int argc, char *argv[])
{
	parse_options(argc, argv);
	ksft_print_header();
	ksft_set_plan(1);
	create_vm();
	run();
	ksft_test_result(judge(), "no_starvation\n");
	kvm_vm_free(vm);
	ksft_finished();
}
