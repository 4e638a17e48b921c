// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real VMM with a real guest, while the host works on the guest's memory.
 *
 * QEMU boots Linux through /dev/kvm.  The guest has work whose result it can
 * check: files whose checksums it knows, and a stressor of memory that verifies
 * what it reads.  Meanwhile huge pages come and go, KSM merges, memory is
 * swapped, compacted, migrated and moved by mremap.  The guest must boot, finish
 * and find its data right, and QEMU's exit must leave nothing behind.
 *
 * The guest prints lines that begin with "secmmu-vmm: ".
 */
#include <dirent.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "secmmu_vmm.h"

#define SAYS		"secmmu-vmm: "
#define STAMP		"secmmu-vmm stamp "
#define BOOT_NS		(120 * NSEC_PER_SEC)
#define EXIT_NS		(90 * NSEC_PER_SEC)
#define LOOK_MS		50

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#define SYS_pidfd_getfd	438
#endif

enum fault { FAULT_NONE, FAULT_DATA, FAULT_LOST, FAULT_LEAK };

static struct {
	const char *qemu, *kernel, *initrd;
	uint32_t mb, vcpus, seconds, seed;
	uint64_t events;
	enum fault fault;
} opt = {
	.qemu = "/usr/bin/qemu-system-x86_64",
	.kernel = "/vmm/kernel",
	.initrd = "/vmm/initrd",
	.mb = 256, .vcpus = 2, .seconds = 20, .seed = 1, .events = ~0UL,
};

/* What the guest has said so far. */
static struct {
	bool ready, end;
	int sums, stress;	/* -1: nothing; 0: wrong; 1: right */
} guest = { .sums = -1, .stress = -1 };

static struct vmm vmm;
static char line[512];
static size_t line_len;

static void hear(const char *text)
{
	fprintf(stderr, "# guest: %s\n", text);
	if (strncmp(text, SAYS, strlen(SAYS)))
		return;
	text += strlen(SAYS);
	guest.ready |= !strcmp(text, "ready");
	guest.end |= !strcmp(text, "end");
	if (!strncmp(text, "sums ", 5))
		guest.sums = !strcmp(text + 5, "right");
	if (!strncmp(text, "stress ", 7))
		guest.stress = !strcmp(text + 7, "right");
}

/* Reads what the guest has printed, waiting for it for a moment.  False: it ended. */
static bool listen_to_guest(void)
{
	struct pollfd p = { .fd = vmm.console, .events = POLLIN };
	char buf[512];
	ssize_t n, i;

	if (poll(&p, 1, LOOK_MS) <= 0)
		return true;
	n = read(vmm.console, buf, sizeof(buf));
	for (i = 0; i < n; i++) {
		if (buf[i] == '\n' || line_len == sizeof(line) - 1) {
			line[line_len] = '\0';
			line_len = 0;
			hear(line);
		} else if (buf[i] >= ' ' && buf[i] <= '~') {
			line[line_len++] = buf[i];
		}
	}
	return n > 0;
}

static void exec_qemu(int out)
{
	char mb[16], cpus[16], append[128];

	snprintf(mb, sizeof(mb), "%u", opt.mb);
	snprintf(cpus, sizeof(cpus), "%u", opt.vcpus);
	snprintf(append, sizeof(append), "console=ttyS0 loglevel=4 panic=-1 secmmu_seconds=%u",
		 opt.seconds);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl(opt.qemu, opt.qemu, "-nodefaults", "-no-user-config", "-M", "pc",
	      "-accel", "kvm", "-cpu", "host", "-m", mb, "-smp", cpus, "-kernel",
	      opt.kernel, "-initrd", opt.initrd, "-append", append, "-display",
	      "none", "-serial", "stdio", "-no-reboot", NULL);
	_exit(127);
}

static void start_vmm(void)
{
	int out[2];

	TEST_ASSERT(!pipe2(out, O_CLOEXEC), "pipe failed: %s", strerror(errno));
	vmm.pid = fork();
	TEST_ASSERT(vmm.pid >= 0, "fork failed: %s", strerror(errno));
	if (!vmm.pid)
		exec_qemu(out[1]);
	close(out[1]);
	vmm.console = out[0];
	vmm.seed = opt.seed;
	vmm.pidfd = syscall(SYS_pidfd_open, vmm.pid, 0);
	TEST_ASSERT(vmm.pidfd >= 0, "pidfd_open failed: %s", strerror(errno));
}

/* The largest mapping that has no file is the guest's memory. */
static bool find_memory(void)
{
	char path[64], text[512], file[256];
	uint64_t start, end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", vmm.pid);
	f = fopen(path, "r");
	while (f && fgets(text, sizeof(text), f)) {
		int n = sscanf(text, "%lx-%lx rw-p %*s %*s %*s %255s", &start, &end,
			       file);

		if (n != 2 || end - start <= vmm.size)
			continue;
		vmm.start = align_up(start, SECMMU_HUGE_SIZE);
		vmm.size = end - start;
	}
	if (f)
		fclose(f);
	vmm.size = min(vmm.size, (uint64_t)opt.mb << 20);
	return vmm.size == (uint64_t)opt.mb << 20;
}

static bool wait_for(const bool *what, uint64_t ns)
{
	uint64_t until = secmmu_now() + ns;

	while (!*what && secmmu_now() < until)
		if (!listen_to_guest())
			break;
	return *what;
}

/*
 * KVM's own VMs, each with a folder in debugfs; -1: they can't be counted.
 */
static int count_vms(void)
{
	DIR *dir = opendir("/sys/kernel/debug/kvm");
	struct dirent *d;
	int n = 0;

	if (!dir)
		return -1;
	while ((d = readdir(dir)))
		n += d->d_type == DT_DIR && strchr(d->d_name, '-');
	closedir(dir);
	return n;
}

static uint64_t free_mb(void)
{
	return vmm_kb("/proc/meminfo", "MemAvailable") >> 10;
}

/* A reference to the VM that QEMU does not know of: it outlives QEMU. */
static void plant_leak(void)
{
	char path[64], target[64];
	int fd, n;

	for (fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", vmm.pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n > 0 && !strncmp(target, "anon_inode:kvm-vm", n)) {
			syscall(SYS_pidfd_getfd, vmm.pidfd, fd, 0);
			return;
		}
	}
}

static void plant(void)
{
	if (opt.fault == FAULT_DATA)
		fprintf(stderr, "# vmm: corrupted %d pages\n",
			vmm_corrupt(&vmm, STAMP));
	if (opt.fault == FAULT_LEAK)
		plant_leak();
	if (opt.fault == FAULT_LOST)
		kill(vmm.pid, SIGKILL);
}

static struct {
	const char *unmet;
	long done;	/* pages */
	uint32_t runs;
	bool failed;
} results[64];

static bool wanted(uint32_t i)
{
	return opt.events & (1UL << i);
}

/* One event after the other, until the guest's own work is done. */
static void work(void)
{
	uint64_t until = secmmu_now() + opt.seconds * NSEC_PER_SEC + EXIT_NS;
	uint32_t i;
	long n;

	for (i = 0; i < vmm_nr_events; i++)
		if (wanted(i) && vmm_events[i].unmet)
			results[i].unmet = vmm_events[i].unmet(&vmm);
	while (guest.stress < 0 && secmmu_now() < until) {
		i = vmm_random(&vmm, vmm_nr_events);
		if (wanted(i) && !results[i].unmet && !results[i].failed) {
			n = vmm_events[i].run(&vmm);
			results[i].runs++;
			results[i].failed = n < 0;
			results[i].done += max(n, 0L);
		}
		if (!listen_to_guest())
			break;
	}
}

static void report_event(uint32_t i)
{
	const char *name = vmm_events[i].name;

	if (results[i].unmet)
		ksft_test_result_skip("%s # Requirement not met: %s\n", name,
				      results[i].unmet);
	else if (results[i].failed || !results[i].done)
		ksft_test_result_fail("%s # %u times, %s\n", name, results[i].runs,
				      results[i].failed ? "the last one failed" :
							  "without any effect");
	else
		ksft_test_result_pass("%s # %u times, %ld pages\n", name,
				      results[i].runs, results[i].done);
}

static const char *word(int v)
{
	return v < 0 ? "unknown" : v ? "right" : "wrong";
}

/* Of the exit, all that is wrong with it, or NULL. */
static const char *bad_exit(int vms, uint64_t mb)
{
	uint64_t until = secmmu_now() + EXIT_NS;
	static char text[128];
	int status = 0, left;
	pid_t pid = 0;

	while (!pid && secmmu_now() < until) {
		listen_to_guest();
		pid = waitpid(vmm.pid, &status, WNOHANG);
	}
	if (pid != vmm.pid) {
		kill(vmm.pid, SIGKILL);
		waitpid(vmm.pid, &status, 0);
		return "the VMM did not exit, and was killed";
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		snprintf(text, sizeof(text), "the VMM ended with wait status 0x%x", status);
		return text;
	}
	left = count_vms();
	if (left > vms) {
		snprintf(text, sizeof(text), "%d VMs are left in KVM", left - vms);
		return text;
	}
	secmmu_restore_settings();
	if (free_mb() + opt.mb / 2 < mb) {
		snprintf(text, sizeof(text), "%lu MiB less memory than before",
			 mb - free_mb());
		return text;
	}
	return NULL;
}

static void run(void)
{
	uint64_t mb = free_mb();
	int vms = count_vms();
	const char *bad;
	uint32_t i;

	start_vmm();
	if (wait_for(&guest.ready, BOOT_NS) && find_memory()) {
		plant();
		work();
	} else if (guest.ready) {
		fprintf(stderr, "# vmm: the guest's memory is not in the VMM's maps\n");
	}
	wait_for(&guest.end, EXIT_NS);
	bad = bad_exit(vms, mb);

	ksft_test_result(guest.ready, "vmm_boot\n");
	for (i = 0; i < vmm_nr_events; i++)
		if (wanted(i))
			report_event(i);
	ksft_test_result(guest.sums > 0 && guest.stress > 0,
			 "vmm_data # checksums %s, verifying stressor %s\n",
			 word(guest.sums), word(guest.stress));
	ksft_test_result(!bad, "vmm_exit%s%s\n", bad ? " # " : "", bad ? bad : "");
}

static enum fault parse_fault(const char *name)
{
	static const char *const names[] = { NULL, "data", "lost", "leak" };
	uint32_t i;

	for (i = 1; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return i;
	secmmu_usage_error("-F must be data, lost or leak, got '%s'", name);
}

static bool is_result(const char *name)
{
	return !strcmp(name, "vmm_boot") || !strcmp(name, "vmm_data") ||
	       !strcmp(name, "vmm_exit");
}

/* The results of the guest itself are always there, and may be named. */
static uint64_t parse_events(char *list)
{
	uint64_t events = 0;
	char *name;
	uint32_t i;

	while ((name = strsep(&list, ","))) {
		for (i = 0; i < vmm_nr_events; i++)
			if (!strcmp(name, vmm_events[i].name))
				break;
		if (i < vmm_nr_events)
			events |= 1UL << i;
		else if (!is_result(name))
			secmmu_usage_error("unknown event '%s': -l lists the events", name);
	}
	return events;
}

static void __noreturn list_events(void)
{
	printf("%-20s %s\n", "vmm_boot", "the guest comes up");
	secmmu_list_events(vmm_events, sizeof(*vmm_events), vmm_nr_events);
	printf("%-20s %s\n", "vmm_data", "the guest finds its data right");
	printf("%-20s %s\n", "vmm_exit", "the VMM's exit leaves nothing behind");
	exit(KSFT_PASS);
}

static void __noreturn help(const char *name)
{
	printf("usage: %s [-Q qemu] [-K kernel] [-I initrd] [-m MiB] [-v vcpus] [-t seconds]\n"
	       "       [-S seed] [-e event,...] [-F fault] [-l] [-h]\n"
	       " -Q: the VMM (default: %s)\n"
	       " -K, -I: the guest's kernel and initrd (default: %s, %s)\n"
	       " -m: the guest's memory, 128-4096 (default: %u)\n"
	       " -v: its CPUs, 1-16 (default: %u)\n"
	       " -t: how long it works, 1-3600 s (default: %u)\n"
	       " -S: seed of what is done to its memory, from 1 (default: %u)\n"
	       " -F: plant a fault: the test must fail.  data: a byte of the guest's\n"
	       "     memory; lost: the VMM is killed; leak: its VM outlives it\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
	       name, opt.qemu, opt.kernel, opt.initrd, opt.mb, opt.vcpus,
	       opt.seconds, opt.seed);
	exit(KSFT_PASS);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "Q:K:I:m:v:t:S:e:F:lh")) != -1) {
		switch (c) {
		case 'Q':
			opt.qemu = optarg;
			break;
		case 'K':
			opt.kernel = optarg;
			break;
		case 'I':
			opt.initrd = optarg;
			break;
		case 'm':
			opt.mb = secmmu_parse_range(c, optarg, 128, 4096);
			break;
		case 'v':
			opt.vcpus = secmmu_parse_range(c, optarg, 1, 16);
			break;
		case 't':
			opt.seconds = secmmu_parse_range(c, optarg, 1, 3600);
			break;
		case 'S':
			opt.seed = secmmu_parse_range(c, optarg, 1, UINT32_MAX);
			break;
		case 'e':
			opt.events = parse_events(optarg);
			break;
		case 'F':
			opt.fault = parse_fault(optarg);
			break;
		case 'l':
			list_events();
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
	uint32_t i, n = 3;

	parse_options(argc, argv);
	ksft_print_header();
	__TEST_REQUIRE(!access(opt.qemu, X_OK), "Requirement not met: a VMM, %s",
		       opt.qemu);
	__TEST_REQUIRE(!access(opt.kernel, R_OK) && !access(opt.initrd, R_OK),
		       "Requirement not met: a guest, %s and %s", opt.kernel,
		       opt.initrd);
	for (i = 0; i < vmm_nr_events; i++)
		n += wanted(i);
	ksft_set_plan(n);
	run();
	secmmu_finished();
}
