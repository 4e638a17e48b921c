// SPDX-License-Identifier: GPL-2.0-only
/*
 * A write of a guest that runs on and on is in the dirty log.
 *
 * KVM_GET_DIRTY_LOG write-protects what was dirty and must flush every CPU's TLB
 * for it.  A vCPU that never leaves guest mode would else go on to write through
 * its old translation, and nobody would know: the page is lost when the VM
 * migrates.  Invalidations can't show that as well as this can: there the
 * primary MMU's own TLB shootdown interrupts the vCPU, too.
 *
 * Each page has a counter that the guest increments for ever.  A counter that
 * goes on after one KVM_GET_DIRTY_LOG must be in the next one.
 */
#include <getopt.h>
#include <pthread.h>

#include "secmmu.h"
#include "processor.h"

#define EVENT		"dirty_log"
#define MEM_GPA		0x40000000UL
#define MEM_SLOT	1
#define PAGES		8UL
#define MAX_ITERATIONS	100000
#define WAIT_NS		(2 * NSEC_PER_SEC)

static struct {
	uint32_t iterations;
	bool plant_lost;
} opt = { .iterations = 200 };

static struct kvm_vm *vm;
static struct kvm_vcpu *vcpu;
static char *mem;
static bool stop;

static void guest_code(void)
{
	uint64_t i, *p;

	for (;;) {
		for (i = 0; i < PAGES; i++) {
			p = (uint64_t *)(MEM_GPA + i * SECMMU_PAGE_SIZE);
			WRITE_ONCE(*p, *p + 1);
		}
		/* A shared page: the host's way to end this. */
		p = (uint64_t *)(MEM_GPA + PAGES * SECMMU_PAGE_SIZE);
		if (READ_ONCE(*p))
			GUEST_DONE();
	}
}

/*
 * A CPU for each of the two threads: on one CPU the vCPU is out of the guest, and
 * its TLB may be empty, whenever the log is read.
 */
static void use_cpu(uint32_t cpu)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		kvm_pin_this_task_to_pcpu(cpu);
}

static void *vcpu_thread(void *arg)
{
	use_cpu(1);
	while (!READ_ONCE(stop))
		vcpu_run(vcpu);
	return NULL;
}

static uint64_t counter(uint64_t page)
{
	return READ_ONCE(*(uint64_t *)(mem + page * SECMMU_PAGE_SIZE));
}

static uint64_t get_log(void)
{
	uint64_t bitmap = 0;

	kvm_vm_get_dirty_log(vm, MEM_SLOT, &bitmap);
	return bitmap;
}

/* Waits until the guest has surely begun a write after @before was read. */
static bool wait_for_write(uint64_t page, uint64_t before)
{
	uint64_t until = secmmu_now() + WAIT_NS;

	/* The first one may have begun earlier. */
	while (counter(page) < before + 2)
		if (secmmu_now() > until)
			return false;
	return true;
}

/* Returns NULL, or what is wrong. */
static const char *one_round(uint64_t page)
{
	uint64_t before;

	get_log();
	before = counter(page);
	if (!wait_for_write(page, before))
		return "the guest does not run";
	/* Whoever reads the log in between has it. */
	if (opt.plant_lost)
		get_log();
	if (get_log() & BIT_ULL(page))
		return NULL;
	return "the guest has written since the log was read, and the log does not show it";
}

static void create(void)
{
	vm = vm_create_with_one_vcpu(&vcpu, guest_code);
	vm_userspace_mem_region_add(vm, VM_MEM_SRC_ANONYMOUS, MEM_GPA, MEM_SLOT,
				    PAGES + 1, KVM_MEM_LOG_DIRTY_PAGES);
	virt_map(vm, MEM_GPA, MEM_GPA, PAGES + 1);
	mem = addr_gpa2hva(vm, MEM_GPA);
	memset(mem, 0, (PAGES + 1) * SECMMU_PAGE_SIZE);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "i:e:F:h")) != -1) {
		switch (c) {
		case 'i':
			opt.iterations = secmmu_parse_range(c, optarg, 1, MAX_ITERATIONS);
			break;
		case 'e':
			secmmu_only_event(optarg, EVENT);
			break;
		case 'F':
			secmmu_only_fault(optarg, "lost");
			opt.plant_lost = true;
			break;
		case 'h':
			printf("usage: %s [-i iterations] [-e " EVENT "] [-F lost] [-h]\n"
			       " -i: how often, 1-%d (default: %u)\n"
			       " -F: plant a fault: the test must fail\n"
			       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
			       argv[0], MAX_ITERATIONS, opt.iterations);
			exit(KSFT_PASS);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

int main(int argc, char *argv[])
{
	const char *wrong = NULL;
	pthread_t thread;
	uint32_t i;

	parse_options(argc, argv);
	ksft_print_header();
	ksft_set_plan(1);
	create();
	use_cpu(0);
	TEST_ASSERT(!pthread_create(&thread, NULL, vcpu_thread, NULL),
		    "pthread_create() failed");
	for (i = 0; i < opt.iterations && !wrong; i++) {
		wrong = one_round(i % PAGES);
		if (wrong)
			ksft_print_msg("round %u, page %lu: %s\n", i, i % PAGES, wrong);
	}
	WRITE_ONCE(stop, true);
	WRITE_ONCE(*(uint64_t *)(mem + PAGES * SECMMU_PAGE_SIZE), 1);
	pthread_join(thread, NULL);
	kvm_vm_free(vm);
	ksft_test_result(!wrong, EVENT "\n");
	secmmu_finished();
}
