// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a VMM that is being killed is taken away by somebody else.
 *
 * process_mrelease(2) and the OOM reaper unmap a victim's memory before the
 * victim has exited, and may not sleep in MMU notifiers while they do.  The
 * victim here is a VMM with a running vCPU and, for one event, with a thread
 * that keeps mmu_lock busy.  It does not get to exit by itself: its main thread
 * has to run on a CPU that this process, SCHED_FIFO, does not let go of.
 * For one event the memory is inactive and referenced, and not of MGLRU: marked
 * accessed once more, as x86 does with a page whose SPTE goes, it is activated,
 * and that takes a local_lock, which sleeps on PREEMPT_RT.
 * Host call site: __oom_reap_task_mm().
 */
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/kernel-page-flags.h>
#include <linux/mman.h>

#include "secmmu.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_GPA		0x40000000UL
#define MEM_SLOT	1
#define MEM_SIZE	(64UL << 20)
#define MEM_PAGES	(MEM_SIZE / SECMMU_PAGE_SIZE)
#define CPU_VICTIM	0
#define CPU_OTHER	1
#define RETRY_NS	(5 * NSEC_PER_SEC)
#define REAPER_NS	(4 * NSEC_PER_SEC)	/* it waits for 2 s first */
#define OUR_PRIORITY	10
#define PATIENCE	4	/* rounds for one, until the reaper is first */
/* A victim that runs for longer after the kill has exited. */
#define KILL_POLL_US	1000UL
#define KILL_NS		(180 * NSEC_PER_SEC)	/* with KASAN, emulated, it takes some 60 s */
#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
/*
 * Since Linux 6.12 tasks that real-time tasks starve are served after a second,
 * and the victim would exit then.  4 s is as long as it can be.
 */
#define FAIR_PERIOD	"/sys/kernel/debug/sched/fair_server/cpu0/period"
#define FAIR_PERIOD_NS	"4000000000"
#define POISON		0xdeULL
#define LRU_GEN_ENABLED	"/sys/kernel/mm/lru_gen/enabled"
#define READ_SIZE	(1UL << 20)
#define SAMPLE		16		/* one of so many pages is looked at */

#ifndef SYS_process_mrelease
#define SYS_process_mrelease	448
#endif

struct oom_opts {
	uint32_t iterations;
	uint32_t events;
	bool plant_no_release;
	bool plant_hot;
};

enum victim_kind {
	VICTIM_PLAIN,
	VICTIM_CONTENDED,	/* with a thread that keeps mmu_lock busy */
	VICTIM_COLD,		/* its memory is inactive and referenced */
};

/* What a victim says once the guest has touched all memory. */
#define READY		'r'
#define NOT_COLD	'n'	/* but its memory is not what VICTIM_COLD says */

struct victim {
	pid_t pid;
	int pidfd;
	int ready;	/* pipe: READY or NOT_COLD */
};

static struct oom_opts opt = { .iterations = 5, .events = 15 };

static void guest_code(void)
{
	uint64_t i, *p;

	for (;;) {
		for (i = 0; i < MEM_PAGES; i++) {
			p = (uint64_t *)(MEM_GPA + i * SECMMU_PAGE_SIZE);
			WRITE_ONCE(*p, *p + 1);
		}
		GUEST_SYNC(0);
	}
}

/*
 * The victim.
 */

struct vm_threads {
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	enum victim_kind kind;
	int ready;
};

/* Each page once, as whatever gets at a process's memory by its page tables does. */
static void mark_accessed(const char *mem)
{
	int fd = open_path_or_exit("/proc/self/mem", O_RDONLY);
	/* Not static: what is, the selftests' library puts into the guest, too. */
	char *buf = malloc(READ_SIZE);
	size_t at;

	TEST_ASSERT(buf, "No memory");
	for (at = 0; at < MEM_SIZE; at += READ_SIZE)
		TEST_ASSERT(pread(fd, buf, READ_SIZE, (uintptr_t)mem + at) == READ_SIZE,
			    "/proc/self/mem: %s", strerror(errno));
	free(buf);
	close(fd);
}

/* Of some of the pages, most are inactive, and referenced. */
static bool is_cold(const char *mem)
{
	const uint64_t mask = BIT_ULL(KPF_LRU) | BIT_ULL(KPF_ACTIVE) |
			      BIT_ULL(KPF_REFERENCED);
	int pagemap = open_path_or_exit("/proc/self/pagemap", O_RDONLY);
	uint64_t pfn, flags;
	uint32_t cold = 0;
	size_t i;

	for (i = 0; i < MEM_PAGES; i += SAMPLE) {
		pfn = secmmu_pfn_of(pagemap, mem + i * SECMMU_PAGE_SIZE);
		if (pfn && secmmu_page_flags(pfn, &flags))
			cold += (flags & mask) == (mask & ~BIT_ULL(KPF_ACTIVE));
	}
	close(pagemap);
	return cold > MEM_PAGES / SAMPLE / 2;
}

/* The SPTEs stay, and stay accessed.  Returns what to say. */
static char make_cold(char *mem)
{
	secmmu_drain_batches();
	TEST_ASSERT(opt.plant_hot || !madvise(mem, MEM_SIZE, MADV_COLD),
		    "MADV_COLD failed: %s", strerror(errno));
	secmmu_drain_batches();
	mark_accessed(mem);
	return is_cold(mem) ? READY : NOT_COLD;
}

static void *vcpu_thread(void *arg)
{
	struct vm_threads *v = arg;
	char c = READY;

	kvm_pin_this_task_to_pcpu(CPU_OTHER);
	vcpu_run(v->vcpu);
	if (v->kind == VICTIM_COLD)
		c = make_cold(addr_gpa2hva(v->vm, MEM_GPA));
	if (write(v->ready, &c, 1) != 1)
		_exit(KSFT_FAIL);
	for (;;)
		vcpu_run(v->vcpu);
	return NULL;
}

/* Write-protects the memslot over and over: mmu_lock is held for long. */
static void *lock_thread(void *arg)
{
	struct vm_threads *v = arg;

	kvm_pin_this_task_to_pcpu(CPU_OTHER);
	for (;;) {
		vm_mem_region_set_flags(v->vm, MEM_SLOT, KVM_MEM_LOG_DIRTY_PAGES);
		vm_mem_region_set_flags(v->vm, MEM_SLOT, 0);
	}
	return NULL;
}

static void __noreturn be_victim(int ready, enum victim_kind kind)
{
	static struct vm_threads v;
	pthread_t thread;

	v.ready = ready;
	v.kind = kind;
	v.vm = vm_create_with_one_vcpu(&v.vcpu, guest_code);
	vm_userspace_mem_region_add(v.vm, VM_MEM_SRC_ANONYMOUS, MEM_GPA,
				    MEM_SLOT, MEM_PAGES, 0);
	virt_map(v.vm, MEM_GPA, MEM_GPA, MEM_PAGES);
	kvm_pin_this_task_to_pcpu(CPU_VICTIM);
	TEST_ASSERT(!pthread_create(&thread, NULL, vcpu_thread, &v) &&
		    (kind != VICTIM_CONTENDED ||
		     !pthread_create(&thread, NULL, lock_thread, &v)),
		    "pthread_create() failed");
	for (;;)
		pause();
}

/* In @cgroup, unless that is NULL. */
static void start_victim(struct victim *v, enum victim_kind kind,
			 const char *cgroup)
{
	int fds[2], fd;

	TEST_ASSERT(!pipe2(fds, O_CLOEXEC), "pipe2() failed");
	fflush(stdout);
	v->pid = fork();
	TEST_ASSERT(v->pid >= 0, "fork() failed: %s", strerror(errno));
	if (!v->pid) {
		struct sched_param other = { 0 };

		sched_setscheduler(0, SCHED_OTHER, &other);
		if (cgroup) {
			fd = open_path_or_exit(cgroup, O_WRONLY);
			TEST_ASSERT(write(fd, "0", 1) == 1, "%s: %s", cgroup,
				    strerror(errno));
			close(fd);
		}
		be_victim(fds[1], kind);
	}
	close(fds[1]);
	v->ready = fds[0];
	v->pidfd = syscall(SYS_pidfd_open, v->pid, 0);
	TEST_ASSERT(v->pidfd >= 0, "pidfd_open() failed: %s", strerror(errno));
}

static void end_victim(struct victim *v)
{
	int status;

	TEST_ASSERT(waitpid(v->pid, &status, 0) == v->pid, "waitpid() failed: %s",
		    strerror(errno));
	TEST_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		    "the victim ended with status 0x%x, not by SIGKILL", status);
	close(v->pidfd);
	close(v->ready);
}

/* Anonymous memory of the victim in pages; 0 once it has none. */
static uint64_t resident(const struct victim *v)
{
	char path[64];
	unsigned long size, pages = 0, shared = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", v->pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%lu %lu %lu", &size, &pages, &shared) != 3)
		pages = shared = 0;
	if (f)
		fclose(f);
	return pages - shared;
}

/*
 * This process.
 */

static void set_fifo(bool fifo)
{
	struct sched_param p = { .sched_priority = fifo ? OUR_PRIORITY : 0 };

	TEST_ASSERT(!sched_setscheduler(0, fifo ? SCHED_FIFO : SCHED_OTHER, &p),
		    "sched_setscheduler() failed: %s", strerror(errno));
}

/*
 * This process, SCHED_FIFO, keeps its CPU for as long as it can, or no longer.
 * The reaper is woken by a timer of that CPU.  On PREEMPT_RT a thread serves
 * timers.
 */
static void keep_cpu(bool keep)
{
	struct sched_param p = { .sched_priority = keep ? OUR_PRIORITY + 1 : 0 };
	char name[32];
	long pid;

	if (keep) {
		/* Where there are none there is nothing to set. */
		secmmu_set(RT_RUNTIME, "-1");
		secmmu_set(FAIR_PERIOD, FAIR_PERIOD_NS);
	} else {
		secmmu_restore_settings();
	}
	snprintf(name, sizeof(name), "ksoftirqd/%d", CPU_VICTIM);
	pid = secmmu_kthread(name);
	if (pid)
		sched_setscheduler(pid, keep ? SCHED_FIFO : SCHED_OTHER, &p);
}

/* What was taken away is recycled: whoever still writes to it is found out. */
static uint64_t *recycle(void)
{
	uint64_t *p = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	TEST_ASSERT(p != MAP_FAILED, "mmap() failed: %s", strerror(errno));
	for (i = 0; i < MEM_PAGES; i++)
		p[i * SECMMU_PAGE_SIZE / sizeof(*p)] = POISON;
	return p;
}

static uint32_t stray_writes(uint64_t *p)
{
	uint32_t bad = 0;
	size_t i;

	for (i = 0; i < MEM_PAGES; i++)
		bad += p[i * SECMMU_PAGE_SIZE / sizeof(*p)] != POISON;
	munmap(p, MEM_SIZE);
	return bad;
}

static int release(const struct victim *v, uint32_t *again)
{
	uint64_t end = secmmu_now() + RETRY_NS;

	if (opt.plant_no_release)
		return 0;
	while (syscall(SYS_process_mrelease, v->pidfd, 0)) {
		if (errno != EAGAIN || secmmu_now() > end)
			return errno;
		(*again)++;
	}
	return 0;
}

static bool mrelease_once(const char *name, enum victim_kind kind, uint32_t *again)
{
	struct victim v;
	uint64_t before, after, *p;
	uint32_t stray;
	char c;
	int err;

	start_victim(&v, kind, NULL);
	TEST_ASSERT(read(v.ready, &c, 1) == 1, "the victim has ended too early");
	before = resident(&v);
	set_fifo(true);
	kill(v.pid, SIGKILL);
	err = release(&v, again);
	after = resident(&v);
	p = recycle();
	set_fifo(false);
	end_victim(&v);
	stray = stray_writes(p);

	if (c != READY)
		ksft_print_msg("FAIL %s: the victim's memory was not inactive and referenced\n",
			       name);
	else if (err)
		ksft_print_msg("FAIL %s: process_mrelease(): %s, after %u times EAGAIN\n",
			       name, strerror(err), *again);
	else if (before < MEM_PAGES || after > before / 4)
		ksft_print_msg("FAIL %s: the victim had %lu pages before and %lu after process_mrelease()\n",
			       name, before, after);
	else if (stray)
		ksft_print_msg("FAIL %s: %u recycled pages were written to\n",
			       name, stray);
	else
		return true;
	return false;
}

static const char *run_mrelease(const char *name, enum victim_kind kind, bool *pass)
{
	uint32_t i, again = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return "2 CPUs";
	keep_cpu(true);
	for (i = 0; i < opt.iterations && *pass; i++)
		*pass = mrelease_once(name, kind, &again);
	keep_cpu(false);
	if (*pass)
		ksft_print_msg("%s: %u victims reaped, EAGAIN came %u times\n",
			       name, i, again);
	return NULL;
}

static const char *mrelease(const char *name, bool *pass)
{
	return run_mrelease(name, VICTIM_PLAIN, pass);
}

static const char *mrelease_contended(const char *name, bool *pass)
{
	return run_mrelease(name, VICTIM_CONTENDED, pass);
}

static const char *mrelease_cold(const char *name, bool *pass)
{
	if (!access(LRU_GEN_ENABLED, F_OK) && !secmmu_set(LRU_GEN_ENABLED, "n"))
		return "MGLRU that can be switched off";
	/* keep_cpu() restores this setting, too. */
	return run_mrelease(name, VICTIM_COLD, pass);
}

/*
 * The OOM killer, in a memory cgroup of the victim's own.
 */

static int write_file(const char *dir, const char *name, const char *value)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
	close(fd);
	return ret;
}

/* @events: memory.events of the cgroup. */
static unsigned long oom_kills(int events)
{
	char text[512];
	ssize_t len = pread(events, text, sizeof(text) - 1, 0);
	const char *at;

	text[len > 0 ? len : 0] = '\0';
	at = strstr(text, "oom_kill ");
	return at ? strtoul(at + strlen("oom_kill "), NULL, 10) : 0;
}

/*
 * Until there is one more, or for KILL_NS.  Who waits here has the victim's
 * CPU whenever it wants it, and a look can take a millisecond where the kernel
 * checks itself: the victim gets three quarters of the time.
 */
static bool wait_for_kill(int events, unsigned long kills)
{
	uint64_t end = secmmu_now() + KILL_NS, start;

	for (;;) {
		start = secmmu_now();
		if (oom_kills(events) != kills)
			return true;
		if (start > end)
			return false;
		usleep(max(KILL_POLL_US, 3 * (secmmu_now() - start) / 1000));
	}
}

static bool reaper_said(int kmsg, pid_t pid)
{
	char want[64], line[1024];
	bool found = false;
	ssize_t n;

	snprintf(want, sizeof(want), "oom_reaper: reaped process %d ", pid);
	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = '\0';
		found |= strstr(line, want) != NULL;
	}
	return found;
}

/* Returns whether the reaper was there before the victim's own exit. */
static bool oom_once(const char *name, const char *cgroup, bool *pass)
{
	char procs[256], path[256];
	unsigned long kills;
	struct victim v;
	int kmsg, events;
	uint64_t end;
	bool reaped, killed;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	snprintf(path, sizeof(path), "%s/memory.events", cgroup);
	events = open_path_or_exit(path, O_RDONLY);
	kills = oom_kills(events);
	kmsg = open_path_or_exit("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	lseek(kmsg, 0, SEEK_END);
	start_victim(&v, VICTIM_PLAIN, procs);
	set_fifo(true);
	killed = wait_for_kill(events, kills);
	/*
	 * From here on its main thread does not run.  The vCPU does, on another
	 * CPU: it is the one that kills, and may not have woken the reaper yet.
	 */
	end = secmmu_now() + REAPER_NS;
	while (!(reaped = reaper_said(kmsg, v.pid)) && secmmu_now() < end)
		;
	set_fifo(false);
	if (!killed) {
		ksft_print_msg("FAIL %s: no OOM kill in %llu s\n", name,
			       (unsigned long long)(KILL_NS / NSEC_PER_SEC));
		kill(v.pid, SIGKILL);
		*pass = false;
	}
	end_victim(&v);
	close(kmsg);
	close(events);
	return reaped;
}

static const char *run_oom(const char *name, const char *root, bool *pass)
{
	char cgroup[128], limit[32];
	const char *unmet = NULL;
	uint32_t i, reaped = 0;

	write_file(root, "cgroup.subtree_control", "+memory");
	snprintf(cgroup, sizeof(cgroup), "%s/secmmu_oom", root);
	snprintf(limit, sizeof(limit), "%lu", MEM_SIZE * 3 / 4);
	if (mkdir(cgroup, 0755) && errno != EEXIST)
		return "cgroup v2 that can be written to";
	if (write_file(cgroup, "memory.max", limit) ||
	    (write_file(cgroup, "memory.swap.max", "0") && errno != ENOENT)) {
		unmet = "the memory controller of cgroup v2";
		goto out;
	}
	keep_cpu(true);
	for (i = 0; *pass && (i < opt.iterations ||
			      (!reaped && i < PATIENCE * opt.iterations)); i++)
		reaped += oom_once(name, cgroup, pass);
	keep_cpu(false);
	ksft_print_msg("%s: %u victims, the OOM reaper was there before the exit of %u\n",
		       name, i, reaped);
	if (!reaped && *pass) {
		ksft_print_msg("FAIL %s: the OOM reaper was never there first\n",
			       name);
		*pass = false;
	}
out:
	rmdir(cgroup);
	return unmet;
}

static const char *memcg_oom(const char *name, bool *pass)
{
	char root[] = "/tmp/secmmu_oom_XXXXXX";
	const char *unmet;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return "2 CPUs";
	if (opt.plant_no_release)
		return "-F no-release: nothing is released by the test";
	if (!mkdtemp(root))
		return "a writable /tmp";
	if (mount("none", root, "cgroup2", 0, NULL)) {
		rmdir(root);
		return "cgroup v2, and the privilege to mount it";
	}
	unmet = run_oom(name, root, pass);
	umount2(root, MNT_DETACH);
	rmdir(root);
	return unmet;
}

static const struct {
	const char *name;
	const char *desc;
	/* Returns NULL, or the requirement that is not met. */
	const char *(*run)(const char *name, bool *pass);
} events[] = {
	{ "mrelease", "process_mrelease() of a killed VMM with a running vCPU", mrelease },
	{ "mrelease_contended", "the same while mmu_lock is held", mrelease_contended },
	{ "mrelease_cold", "of memory that is inactive and referenced, without MGLRU", mrelease_cold },
	{ "memcg_oom", "the OOM reaper takes the memory of a VMM", memcg_oom },
};

static void help(const char *name)
{
	printf("usage: %s [-i iterations] [-e event[,event]...] [-F fault] [-l] [-h]\n"
	       " -i: victims for each event, 1-1000 (default: 5)\n"
	       " -e: the events to run (default: all); -l lists them\n"
	       " -F: plant a fault: the test must fail.  no-release, or hot for mrelease_cold\n"
	       " -l: list the events\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n", name);
}

static void parse_options(int argc, char *argv[])
{
	unsigned long n;
	char *end;
	int c;

	while ((c = getopt(argc, argv, "i:e:F:lh")) != -1) {
		switch (c) {
		case 'i':
			n = strtoul(optarg, &end, 10);
			if (*end || !n || n > 1000)
				secmmu_usage_error("-i must be a number from 1 to 1000, got '%s'",
					    optarg);
			opt.iterations = n;
			break;
		case 'e':
			opt.events = secmmu_parse_events(optarg, events, sizeof(*events),
							 ARRAY_SIZE(events));
			break;
		case 'F':
			opt.plant_hot = !strcmp(optarg, "hot");
			opt.plant_no_release = !strcmp(optarg, "no-release");
			if (!opt.plant_hot && !opt.plant_no_release)
				secmmu_usage_error("-F must be no-release or hot, got '%s'",
						   optarg);
			break;
		case 'l':
			secmmu_list_events(events, sizeof(*events), ARRAY_SIZE(events));
			exit(KSFT_PASS);
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
	const char *unmet;
	uint32_t i;
	bool pass;

	parse_options(argc, argv);
	ksft_print_header();
	__TEST_REQUIRE(!geteuid(), "Requirement not met: root");
	ksft_set_plan(__builtin_popcount(opt.events));
	kvm_pin_this_task_to_pcpu(CPU_VICTIM);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!(opt.events & 1U << i))
			continue;
		pass = true;
		unmet = events[i].run(events[i].name, &pass);
		if (unmet)
			ksft_test_result_skip("%s: requirement not met: %s\n",
					      events[i].name, unmet);
		else
			ksft_test_result(pass, "%s\n", events[i].name);
	}
	secmmu_finished();
}
