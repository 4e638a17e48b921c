// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM is gone, and its VM is not: somebody else has its file descriptors.
 *
 * When the address space ends KVM must give up all that it has mapped of it
 * (mmu_notifier_release()), long before the VM does: the pages are freed next. A
 * vCPU could not run any more, so what is left behind is not seen by a guest.  It
 * is counted: KVM's statistics of the orphaned VM, which can still be read, must
 * have no mapping.  Whatever else is asked of it must fail.
 *
 * The VMM ends by itself, or is killed while its vCPU runs and another thread
 * invalidates the memory.
 */
#include <getopt.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "secmmu.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_GPA		0x40000000UL
#define MEM_SLOT	1
/* Half of it in huge pages. */
#define MEM_SIZE	(8UL << 20)
#define MEM_PAGES	(MEM_SIZE / SECMMU_PAGE_SIZE)
#define SETTLE_US	20000
#define MAX_ITERATIONS	10000

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd	438
#endif

static const struct event {
	const char *name;
	const char *desc;
	bool killed;
} events[] = {
	{ "release_exit", "the VMM exits, its VM lives on", false },
	{ "release_kill", "it is killed while its vCPU runs and its memory is invalidated", true },
};

static struct {
	uint32_t iterations;
	uint32_t events;
	bool plant_no_release;
} opt = { .iterations = 5, .events = (1U << ARRAY_SIZE(events)) - 1 };

/* What the VMM tells of itself: numbers of its file descriptors. */
struct fds {
	int vm, vcpu, stats;
};

static void guest_code(void)
{
	uint64_t i;

	for (;;) {
		for (i = 0; i < MEM_PAGES; i++)
			WRITE_ONCE(*(uint64_t *)(MEM_GPA + i * SECMMU_PAGE_SIZE), i);
		GUEST_SYNC(0);
	}
}

/*
 * The VMM: a process of its own.
 */

static void *drop_thread(void *arg)
{
	char *mem = arg;

	for (;;)
		secmmu_advise(mem + MEM_SIZE / 2, MEM_SIZE / 2, MADV_DONTNEED);
	return NULL;
}

static void __noreturn vmm(const struct event *ev, int ready, int go)
{
	struct kvm_vcpu *vcpu;
	pthread_t thread;
	struct kvm_vm *vm;
	struct fds fds;
	char *mem, c;

	vm = __vm_create_with_one_vcpu(&vcpu, MEM_PAGES, guest_code);
	vm_userspace_mem_region_add(vm, secmmu_anonymous(), MEM_GPA,
				    MEM_SLOT, MEM_PAGES, 0);
	virt_map_level(vm, MEM_GPA, MEM_GPA, MEM_SIZE, PG_LEVEL_2M);
	mem = addr_gpa2hva(vm, MEM_GPA);
	secmmu_advise(mem + MEM_SIZE / 2, MEM_SIZE / 2, MADV_NOHUGEPAGE);
	vcpu_run(vcpu);
	fds = (struct fds) { vm->fd, vcpu->fd, vm_get_stats_fd(vm) };
	TEST_ASSERT(write(ready, &fds, sizeof(fds)) == sizeof(fds), "pipe");
	/* Whoever wants our file descriptors has them now. */
	TEST_ASSERT(read(go, &c, 1) == 1, "pipe");
	if (ev->killed) {
		pthread_create(&thread, NULL, drop_thread, mem);
		for (;;)
			vcpu_run(vcpu);
	}
	_exit(0);
}

/*
 * The other process.
 */

static int take_fd(int pidfd, int fd)
{
	int ret = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	TEST_ASSERT(ret >= 0, __KVM_SYSCALL_ERROR("pidfd_getfd()", ret));
	return ret;
}

static uint64_t mappings(int stats)
{
	static const char *const names[] = { "pages_4k", "pages_2m", "pages_1g" };
	uint64_t sum = 0, n;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (secmmu_read_stat(stats, names[i], &n, 1, NULL))
			sum += n;
	return sum;
}

static bool fail(const char *name, uint32_t i, const char *fmt, uint64_t n)
{
	char text[128];

	snprintf(text, sizeof(text), fmt, n);
	ksft_print_msg("FAIL %s: iteration %u: %s\n", name, i, text);
	return false;
}

static bool check_orphan(const char *name, uint32_t i, const struct fds *fds)
{
	uint64_t left = mappings(fds->stats), released;

	if (left)
		return fail(name, i, "KVM still has %lu mappings of memory that is no more",
			    left);
	/* Not every KVM counts it. */
	if (secmmu_read_stat(fds->stats, "mmu_invalidate_release", &released, 1,
			     NULL) && !released)
		return fail(name, i, "KVM has counted %lu releases", released);
	if (!ioctl(fds->vcpu, KVM_RUN, NULL) || errno != EIO)
		return fail(name, i, "KVM_RUN of a vCPU without memory: errno %lu",
			    errno);
	if (!ioctl(fds->vm, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS) ||
	    errno != EIO)
		return fail(name, i, "an ioctl of a VM without memory: errno %lu",
			    errno);
	return true;
}

static void end_vmm(pid_t pid, const struct event *ev)
{
	if (ev->killed) {
		usleep(SETTLE_US);
		kill(pid, SIGKILL);
	}
	TEST_ASSERT(waitpid(pid, NULL, 0) == pid, "waitpid() failed: %s",
		    strerror(errno));
}

static bool one(const struct event *ev, uint32_t i, uint64_t *mapped)
{
	int ready[2], go[2], pidfd;
	struct fds theirs, fds;
	bool pass;
	pid_t pid;

	TEST_ASSERT(!pipe(ready) && !pipe(go), "pipe() failed: %s", strerror(errno));
	pid = fork();
	TEST_ASSERT(pid >= 0, "fork() failed: %s", strerror(errno));
	if (!pid)
		vmm(ev, ready[1], go[0]);
	close(ready[1]);
	TEST_ASSERT(read(ready[0], &theirs, sizeof(theirs)) == sizeof(theirs),
		    "the VMM has ended early");
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	TEST_ASSERT(pidfd >= 0, __KVM_SYSCALL_ERROR("pidfd_open()", pidfd));
	fds = (struct fds) { take_fd(pidfd, theirs.vm), take_fd(pidfd, theirs.vcpu),
			     take_fd(pidfd, theirs.stats) };
	*mapped = mappings(fds.stats);
	if (!opt.plant_no_release) {
		TEST_ASSERT(write(go[1], "", 1) == 1, "pipe");
		end_vmm(pid, ev);
	}
	pass = check_orphan(ev->name, i, &fds);
	if (opt.plant_no_release) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	/* The VM ends here. */
	close(fds.stats);
	close(fds.vcpu);
	close(fds.vm);
	close(pidfd);
	close(ready[0]);
	close(go[0]);
	close(go[1]);
	return pass;
}

static void run_event(const struct event *ev)
{
	uint64_t mapped = 0, least = UINT64_MAX;
	bool pass = true;
	uint32_t i;

	for (i = 0; i < opt.iterations && pass; i++) {
		pass = one(ev, i, &mapped);
		least = min(least, mapped);
	}
	/* Half of it 4 KiB pages. */
	if (pass && secmmu_tdp() && least < MEM_PAGES / 2)
		pass = fail(ev->name, i, "KVM had %lu mappings before: too few to tell",
			    least);
	if (pass && !least) {
		ksft_test_result_skip("%s: a KVM that maps memory, and counts what it maps\n",
				      ev->name);
		return;
	}
	ksft_print_msg("%s: KVM had at least %lu mappings before\n", ev->name,
		       least);
	ksft_test_result(pass, "%s\n", ev->name);
}

static void __noreturn help(const char *name)
{
	printf("usage: %s [-i iterations] [-e event,...] [-F no-release] [-l] [-h]\n"
	       " -i: VMs of each event, 1-%d (default: %u)\n"
	       " -e: the events to run (default: all); -l lists them\n"
	       " -F: plant a fault: the test must fail\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
	       name, MAX_ITERATIONS, opt.iterations);
	exit(KSFT_PASS);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "i:e:F:lh")) != -1) {
		switch (c) {
		case 'i':
			opt.iterations = secmmu_parse_range(c, optarg, 1, MAX_ITERATIONS);
			break;
		case 'e':
			opt.events = secmmu_parse_events(optarg, events, sizeof(*events),
							 ARRAY_SIZE(events));
			break;
		case 'F':
			secmmu_only_fault(optarg, "no-release");
			opt.plant_no_release = true;
			break;
		case 'l':
			secmmu_list_events(events, sizeof(*events), ARRAY_SIZE(events));
			exit(KSFT_PASS);
		case 'h':
			help(argv[0]);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

int main(int argc, char *argv[])
{
	uint32_t i;

	parse_options(argc, argv);
	ksft_print_header();
	ksft_set_plan(__builtin_popcount(opt.events));
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (opt.events & 1U << i)
			run_event(&events[i]);
	secmmu_finished();
}
