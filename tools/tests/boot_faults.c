// SPDX-License-Identifier: GPL-2.0-only
/*
 * The supervisor on a really booted kernel, with faults planted in the guest
 * (secmmu.fault=) or made by what runs in it. SECMMU_ARTIFACTS names the
 * kernel's folder; without it all is skipped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accel.h"
#include "boot.h"
#include "crash_module.h"
#include "initramfs.h"
#include "strs.h"
#include "util.h"

#define ARM "stock"

static struct accel_choice accel;
static char dir[] = "/tmp/secmmu-boot-XXXXXX";
static const char *boot_dir = dir;	/* where the next boot writes */
static char *kernel, *initrd;
static char output[4096];
static size_t n_output;
static char late[256];
static unsigned int usual_start_ms;	/* the longest so far, with HELLO */
static enum vmcore_format vmcore;	/* of the boots from here on */

/*
 * @limits: short ones for a planted hang. One CPU is enough for most faults;
 * several emulated ones suffer most from whatever else the machine does.
 */
static struct boot *start_limited(enum boot_clock clock, unsigned int cpus,
				  const char *append,
				  const struct boot_limits *limits)
{
	const struct boot_spec spec = {
		.kernel = kernel,
		.initrd = initrd,
		.accel = &accel,
		.clock = clock,
		.cpus = cpus,
		.memory_mb = 1024,
		.append = append,
		.dir = boot_dir,
		.vmcore = vmcore,
		.limits = *limits,
	};

	return boot_start(&spec);
}

static struct boot *start(enum boot_clock clock, const char *append)
{
	const struct boot_limits usual = { 0 };

	return start_limited(clock, 1, append, &usual);
}

static int on_out(void *arg, const void *data, size_t len)
{
	(void)arg;
	if (n_output + len < sizeof(output))
		memcpy(output + n_output, data, len);
	n_output += len;
	return 0;
}

/* After the boot was given up. */
static void on_late(void *arg, const void *data, size_t len)
{
	size_t n = strlen(late);

	(void)arg;
	if (n + len < sizeof(late))
		memcpy(late + n, data, len);
}

/* Its output is in output[], and nothing of what ran before. */
static int run_request(struct boot *b, const struct run_req *q, struct run_result *r)
{
	n_output = 0;
	memset(output, 0, sizeof(output));
	memset(late, 0, sizeof(late));
	return boot_run(b, q, r);
}

/* Run a shell script in the guest. */
static int run(struct boot *b, const char *script, unsigned int timeout_ms,
	       struct run_result *r)
{
	const char *const argv[] = { "/bin/busybox", "sh", "-c", script, NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = timeout_ms,
				   .on_out = on_out, .on_late = on_late };

	return run_request(b, &q, r);
}

/* End @b, check the verdict; @res is the caller's to free. */
static void end(struct boot *b, int code, enum status status,
		const char *reason, struct boot_result *res)
{
	boot_end(b, res);
	if (res->start_ms > usual_start_ms)
		usual_start_ms = res->start_ms;
	print_message("  %s: %s (HELLO after %u ms, end after %u ms)\n",
		      status_name(res->status), res->reason, res->start_ms,
		      res->total_ms);
	if (res->code != code || !strstr(res->reason, reason))
		print_error("%s\n", res->diagnosis);
	assert_int_equal(res->code, code);
	assert_string_equal(status_name(res->status), status_name(status));
	assert_non_null(strstr(res->reason, reason));
	/* No child of ours is left, running or dead. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void end_and_free(struct boot *b, int code, enum status status,
			 const char *reason)
{
	struct boot_result res;

	end(b, code, status, reason, &res);
	boot_result_free(&res);
}

#define NEEDS_KERNEL			\
	do {				\
		(void)state;		\
		if (!kernel)		\
			skip();		\
	} while (0)

/* The console has what a test that did not end was waiting for. */
static void assert_said_where(const char *task, const char *function)
{
	char *path = xasprintf("%s/console.log", dir);
	char *text = read_file(path, NULL), *at;

	assert_non_null(text);
	at = strstr(text, "the test has not ended within its time limit");
	assert_non_null(at);
	at = strstr(at, task);
	assert_non_null(at);
	assert_non_null(strstr(at, function));
	assert_non_null(strstr(at, "sysrq: Show backtrace of all active CPUs"));
	assert_non_null(strstr(at, "sysrq: Show Blocked State"));
	free(text);
	free(path);
}

/* However a program ends, the boot goes on and says which way it was. */
static void programs(void **state)
{
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(boot_code(b), BOOT_OK);
	assert_int_equal(boot_get_hello(b)->cpus, 1);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_REFUSED);
	assert_int_equal(run(b, "test -c /dev/kvm && echo good", 20000, &r),
			 BOOT_OK);
	assert_string_equal(output, "good\n");
	assert_int_equal(r.exit, 0);
	assert_int_equal(run(b, "exit 3", 20000, &r), BOOT_OK);
	assert_int_equal(r.exit, 3);
	assert_int_equal(run(b, "kill -SEGV $$", 20000, &r), BOOT_OK);
	assert_int_equal(r.signal, SIGSEGV);
	assert_int_equal(run(b, "sleep 600", 1000, &r), BOOT_OK);
	assert_true(r.timed_out);
	assert_int_equal(run(b, "trap '' TERM; while :; do :; done", 1000, &r),
			 BOOT_OK);
	assert_true(r.timed_out);
	assert_int_equal(run(b, "head -c 3000 /dev/urandom", 20000, &r),
			 BOOT_OK);
	assert_int_equal(n_output, 3000);
	/* By now the console has been read so far. */
	assert_said_where("sleep, state S:", "nanosleep");
	assert_int_equal(boot_unload(b), BOOT_OK);
	assert_int_equal(boot_load(b, "nosuch", NULL), BOOT_REFUSED);
	end(b, BOOT_OK, STATUS_PASS, "", &res);
	assert_int_equal(res.garbage + res.gaps, 0);
	boot_result_free(&res);
}

/* The first program is killed, the later ones are not: for tests of retries. */
static void flaky_program(void **state)
{
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, "secmmu.fault=flaky");
	assert_int_equal(run(b, "sleep 5; echo good", 20000, &r), BOOT_OK);
	assert_int_equal(r.signal, SIGKILL);
	assert_int_equal(run(b, "echo good", 20000, &r), BOOT_OK);
	assert_string_equal(output, "good\n");
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

static void missing_program(void **state)
{
	static const char *const argv[] = { "/tests/nosuch", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 1000 };
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(boot_run(b, &q, &r), BOOT_REFUSED);
	assert_non_null(strstr(boot_refusal(b), "/tests/nosuch"));
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

/* Stands for perf: writes what it was asked to where it was asked to. */
static const char fake_perf[] =
	"#!/bin/busybox sh\n"
	"all=$*\n"
	"while [ \"$1\" != -- ]; do [ \"$1\" != --output ] || out=$2; shift; done\n"
	"shift\n"
	"echo \"PERFILE2 $all\" >$out\n"
	"exec \"$@\"\n";

static char perf_said[2][1 << 20];
static size_t n_perf_said[2];

static int on_perf(void *arg, unsigned int part, const void *data, size_t len)
{
	(void)arg;
	if (n_perf_said[part] + len < sizeof(perf_said[part]))
		memcpy(perf_said[part] + n_perf_said[part], data, len);
	n_perf_said[part] += len;
	return 0;
}

/* A program under perf ends as it does alone, and what perf left arrives. */
static void under_perf(void **state)
{
	static const char *const argv[] = { "/bin/busybox", "sh", "-c",
					    "echo good; exit 3", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 20000, .perf = true,
				   .on_out = on_out, .on_perf = on_perf };
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
	assert_int_equal(run_request(b, &q, &r), BOOT_OK);
	assert_int_equal(r.exit, 3);
	assert_string_equal(output, "good\n");
	assert_int_equal(strncmp(perf_said[0], "PERFILE2 record --quiet", 23), 0);
	assert_non_null(strstr(perf_said[0], "mmu_notifier:*"));
	/* Stock has no tracepoints for the lock, and perf would refuse them. */
	assert_null(strstr(perf_said[0], "kvm_mmu_lock"));
	assert_non_null(strstr(perf_said[1], "kvm_mmu_notifier_invalidate_range_start\t[kvm]"));
	assert_int_equal(run(b, "rm /bin/perf", 20000, &r), BOOT_OK);
	assert_int_equal(boot_run(b, &q, &r), BOOT_REFUSED);
	assert_non_null(strstr(boot_refusal(b), "/bin/perf: No such file"));
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

/* Settings are there for a program, gone after it, and one that can't be is said. */
static void settings(void **state)
{
	static const char *const argv[] = { "/bin/busybox", "sh", "-c",
		"cd /sys/kernel/mm; cat hugepages/hugepages-2048kB/nr_hugepages; cat transparent_hugepage/enabled",
		NULL };
	static const char *const wanted[] = {
		"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages=3",
		"/sys/kernel/mm/transparent_hugepage/enabled=never", NULL };
	static const char *const bad[] = {
		"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages=3",
		"/sys/kernel/mm/no_such=1", NULL };
	struct run_req q = { .argv = argv, .timeout_ms = 20000, .on_out = on_out };
	struct run_result r;
	struct boot *b;
	char *before;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(run_request(b, &q, &r), BOOT_OK);
	before = xstrdup(output);
	assert_int_equal(strncmp(before, "0\n", 2), 0);
	assert_null(strstr(before, "[never]"));
	q.set = wanted;
	assert_int_equal(run_request(b, &q, &r), BOOT_OK);
	assert_string_equal(output, "3\nalways madvise [never]\n");
	q.set = bad;
	assert_int_equal(run_request(b, &q, &r), BOOT_REFUSED);
	assert_string_equal(boot_refusal(b),
			    "cannot set /sys/kernel/mm/no_such to 1: No such file or directory");
	assert_int_equal(n_output, 0);
	q.set = NULL;
	assert_int_equal(run_request(b, &q, &r), BOOT_OK);
	assert_string_equal(output, before);
	free(before);
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

static void icount(void **state)
{
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	if (accel.which != ACCEL_TCG)
		skip();
	b = start(CLOCK_ICOUNT, NULL);
	assert_int_equal(run(b, "echo good", 20000, &r), BOOT_OK);
	assert_string_equal(output, "good\n");
	assert_int_equal(boot_get_hello(b)->cpus, 1);
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

static void panic_at_boot(void **state)
{
	struct boot_result res;

	NEEDS_KERNEL;
	end(start(CLOCK_WALL, "secmmu.fault=panic"), BOOT_ERR_PANIC,
	    STATUS_FAIL, "guest panicked: Kernel panic - not syncing", &res);
	assert_non_null(strstr(res.diagnosis, "Call Trace"));
	assert_true(res.findings.n > 0);
	boot_result_free(&res);
}

static void exit_at_boot(void **state)
{
	NEEDS_KERNEL;
	end_and_free(start(CLOCK_WALL, "secmmu.fault=exit"), BOOT_ERR_EXIT,
		     STATUS_MISS, "powered off unasked");
}

static void silent_after_hello(void **state)
{
	const struct boot_limits limits = { .alive_ms = 3000 };
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start_limited(CLOCK_WALL, 2, "secmmu.fault=silent", &limits);
	assert_int_equal(boot_code(b), BOOT_OK);
	assert_int_equal(run(b, "echo", 1000, &r), BOOT_ERR_HANG);
	end_and_free(b, BOOT_ERR_HANG, STATUS_MISS, "no sign of life");
}

static void garbage_frames(void **state)
{
	struct boot_result res;

	NEEDS_KERNEL;
	end(start(CLOCK_WALL, "secmmu.fault=garbage"), BOOT_OK, STATUS_ERROR,
	    "garbage", &res);
	assert_true(res.garbage > 0);
	boot_result_free(&res);
}

static void panic_in_a_run(void **state)
{
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(run(b, "echo c >/proc/sysrq-trigger", 20000, &r),
			 BOOT_ERR_PANIC);
	end(b, BOOT_ERR_PANIC, STATUS_FAIL, "guest panicked", &res);
	assert_true(res.findings.n > 0);
	assert_int_equal(res.findings.v[0].request, r.id);
	assert_non_null(strstr(res.findings.v[0].mark, "RUN /bin/busybox"));
	boot_result_free(&res);
}

/* What gdb makes of the dump, by commands up to NULL; free() it. */
static char *ask_gdb(const char *command, ...)
{
	char *core = xasprintf("%s/vmcore", dir), *said;
	struct strs argv = { 0 };
	va_list ap;

	strs_push(&argv, "gdb");
	strs_push(&argv, "-nx");
	strs_push(&argv, "-batch");
	va_start(ap, command);
	for (; command; command = va_arg(ap, const char *)) {
		strs_push(&argv, "-ex");
		strs_push(&argv, command);
	}
	va_end(ap);
	strs_push(&argv, kernel);
	strs_push(&argv, core);
	said = proc_capture(argv.v, NULL);
	strs_free(&argv);
	free(core);
	return said;
}

static void assert_in(const char *text, const char *what)
{
	if (!text || !strstr(text, what))
		fail_msg("'%s' is not in:\n%s", what, text ? text : "(nothing)");
}

/* A dump is whole: our own look at it (vmcore_end()), gdb's, and what is in it. */
static void dump_of_a_panic(void **state)
{
	char *log = xasprintf("%s/log", dir), *core = xasprintf("%s/vmcore", dir);
	char *dump = xasprintf("dump binary memory %s &__log_buf ((char *)&__log_buf + (1 << 17))",
			       log);
	const struct boot_limits usual = { 0 };
	struct boot_result res;
	struct run_result r;
	char *said, *text;
	struct boot *b;
	size_t len;

	NEEDS_KERNEL;
	vmcore = VMCORE_ELF;
	b = start_limited(CLOCK_WALL, 2, NULL, &usual);
	vmcore = VMCORE_NONE;
	assert_int_equal(run(b, "echo c >/proc/sysrq-trigger", 20000, &r),
			 BOOT_ERR_PANIC);
	end(b, BOOT_ERR_PANIC, STATUS_FAIL, "sysrq triggered crash", &res);
	assert_in(res.diagnosis, "== vmcore (elf)");
	assert_in(res.diagnosis, "CPU#1");
	print_message("%s", strstr(res.diagnosis, "== vmcore"));
	boot_result_free(&res);
	if (access("/usr/bin/gdb", X_OK)) {
		print_message("  no gdb: only looked at by ourselves\n");
	} else {
		said = ask_gdb("thread apply all bt", dump, NULL);
		/* On one CPU it panicked; there are two. */
		assert_in(said, "panic");
		assert_in(said, "Thread 2");
		free(said);
		text = read_file(log, &len);
		assert_non_null(text);
		assert_non_null(memmem(text, len, "Kernel panic - not syncing: sysrq triggered crash",
				       strlen("Kernel panic - not syncing: sysrq triggered crash")));
		free(text);
	}
	assert_int_equal(unlink(core), 0);
	free(core);
	free(dump);
	free(log);
}

/* How long a boot that does not come to HELLO is waited for, where others have come. */
static struct boot_limits soon(void)
{
	return (struct boot_limits){
		.hello_ms = usual_start_ms ? usual_start_ms * 3 + 5000 : 30000,
	};
}

/*
 * A kernel that only spins, of which nothing on its console says where: its memory, as
 * it was before it was asked anything, and what it said to that.
 */
static void hang_at_boot(void **state)
{
	char *core = xasprintf("%s/vmcore", dir), *said;
	const struct boot_limits limits = soon();
	struct boot_result res;

	NEEDS_KERNEL;
	vmcore = VMCORE_ELF;
	end(start_limited(CLOCK_WALL, 2, "secmmu.fault=hang", &limits),
	    BOOT_ERR_HANG_BOOT, STATUS_MISS, "PID 1", &res);
	vmcore = VMCORE_NONE;
	assert_in(res.diagnosis, "guest is: running");
	assert_in(res.diagnosis, "CPU#1");
	assert_in(res.diagnosis, "== vmcore (elf)");
	/* The guest went on afterwards. */
	assert_in(res.diagnosis, "sysrq: Show backtrace");
	assert_in(res.diagnosis, "NMI backtrace for cpu 0");
	assert_in(res.diagnosis, "NMI backtrace for cpu 1");
	assert_in(res.diagnosis, "sysrq: Show Blocked State");
	assert_in(res.diagnosis, "NMI");
	/* The panic is of our NMI. */
	assert_int_equal(res.findings.n, 0);
	boot_result_free(&res);
	if (!access("/usr/bin/gdb", X_OK)) {
		said = ask_gdb("thread apply all bt", "x/s (char *)&linux_banner", NULL);
		assert_in(said, "Thread 1");
		assert_in(said, "Linux version ");
		free(said);
	}
	assert_int_equal(unlink(core), 0);
	free(core);
}

/* In the module's first function, whichever of the two modules it is. */
static void assert_oops(const struct boot_result *res)
{
	const char *f = res->findings.v[0].fingerprint;

	if (strcmp(f, "oops: vmx_init") && strcmp(f, "oops: svm_init"))
		fail_msg("%s", f);
}

/* The program is killed, the kernel goes on: the boot does, and fails. */
static void oops_that_goes_on(void **state)
{
	static const char *const modules[] = { "oops", "null" };
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		char *script = xasprintf("echo 0 >/proc/sys/kernel/panic_on_oops; "
					 "insmod /crash/%s.ko; echo after",
					 modules[i]);

		b = start(CLOCK_WALL, NULL);
		assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
		assert_int_equal(run(b, script, 30000, &r), BOOT_OK);
		assert_non_null(strstr(output, "after\n"));
		assert_int_equal(r.exit, 0);
		assert_int_equal(boot_findings(b)->v[0].request, r.id);
		assert_int_equal(run(b, "echo good", 20000, &r), BOOT_OK);
		assert_string_equal(output, "good\n");
		end(b, BOOT_OK, STATUS_FAIL, "the kernel reported (oops)", &res);
		assert_int_equal(res.findings.n, 1);
		assert_oops(&res);
		boot_result_free(&res);
		free(script);
	}
}

/* The same oops where the kernel is as it is measured. */
static void oops_is_a_panic(void **state)
{
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
	assert_int_equal(run(b, "insmod /crash/oops.ko", 30000, &r),
			 BOOT_ERR_PANIC);
	end(b, BOOT_ERR_PANIC, STATUS_FAIL, "Fatal exception", &res);
	assert_oops(&res);
	boot_result_free(&res);
}

/* One CPU is stuck in the kernel for some seconds; the other one goes on. */
static void soft_lockup(void **state)
{
	const struct boot_limits usual = { 0 };
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start_limited(CLOCK_WALL, 2, NULL, &usual);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
	assert_int_equal(run(b, "echo 1 >/proc/sys/kernel/watchdog_thresh; "
				"insmod /crash/spin.ko; echo after", 100000, &r),
			 BOOT_OK);
	assert_string_equal(output, "after\n");
	end(b, BOOT_OK, STATUS_FAIL, "the kernel reported (soft-lockup)", &res);
	assert_int_equal(res.findings.v[0].kind, FINDING_SOFT_LOCKUP);
	assert_int_equal(res.findings.v[0].request, r.id);
	boot_result_free(&res);
}

/*
 * A CPU that nothing interrupts: the diagnosis has the registers of both, and
 * the one that is stuck is found where it is. PID 1 may be stuck with it.
 */
static void deaf_cpu(void **state)
{
	static const char *const argv[] = {
		"/bin/busybox", "taskset", "2", "/bin/busybox", "insmod", "/crash/deaf.ko", NULL,
	};
	const struct run_req q = { .argv = argv, .timeout_ms = 60000, .wall_ms = 10000 };
	const struct boot_limits limits = { .alive_ms = 8000 };
	struct boot_result res;
	struct run_result r;
	struct boot *b;
	int code;

	NEEDS_KERNEL;
	b = start_limited(CLOCK_WALL, 2, NULL, &limits);
	boot_context(b, "boot 0 of seed 7, slot 1, arm %s", ARM);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
	code = boot_run(b, &q, &r);
	assert_true(code == BOOT_ERR_TIMEOUT || code == BOOT_ERR_HANG);
	end(b, code, STATUS_MISS, "RUN /bin/busybox", &res);
	assert_in(res.diagnosis, "== boot 0 of seed 7, slot 1, arm " ARM "\n");
	assert_in(res.diagnosis, "CPU#0");
	assert_in(res.diagnosis, "CPU#1");
	assert_in(res.diagnosis, "NMI backtrace for cpu 1");
	if (!strstr(res.diagnosis, "svm_init") && !strstr(res.diagnosis, "vmx_init"))
		fail_msg("where it is stuck is not in:\n%s", res.diagnosis);
	boot_result_free(&res);
}

static void triple_fault(void **state)
{
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(boot_load(b, ARM, NULL), BOOT_OK);
	assert_int_equal(run(b, "insmod /crash/triple.ko", 20000, &r),
			 BOOT_ERR_EXIT);
	end(b, BOOT_ERR_EXIT, STATUS_MISS, "triple fault", &res);
	assert_int_equal(res.findings.n, 0);
	assert_non_null(strstr(res.diagnosis, "RUN /bin/busybox"));
	boot_result_free(&res);
}

/* The clock on the wall jumps; ours and the guest's for time limits do not. */
static void clock_jump(void **state)
{
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(run(b, "date -s 2035-01-01 >/dev/null; sleep 1; date +%Y; "
				"date -s 2001-01-01 >/dev/null; sleep 1; date +%Y",
			     60000, &r), BOOT_OK);
	assert_string_equal(output, "2035\n2001\n");
	assert_true(r.wall_ns >= 2000000000u && r.wall_ns < 60000000000u);
	assert_int_equal(run(b, "sleep 600", 1000, &r), BOOT_OK);
	assert_true(r.timed_out);
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

/* What the console says no longer fits: said, no verdict on the guest. */
static void disk_full(void **state)
{
	char *small = xasprintf("%s/small", dir);
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	if (mkdir_p(small) || mount("none", small, "tmpfs", 0, "size=128k")) {
		free(small);
		skip();
	}
	boot_dir = small;
	b = start(CLOCK_WALL, NULL);
	boot_dir = dir;
	assert_int_equal(boot_code(b), BOOT_OK);
	assert_int_equal(run(b, "head -c 300000 /dev/zero | tr '\\0' x "
				">/dev/console", 60000, &r), BOOT_ERR_HOST);
	end_and_free(b, BOOT_ERR_HOST, STATUS_ERROR,
		     "cannot write console.log: No space left on device");
	assert_int_equal(umount(small), 0);
	free(small);
}

/* Frames that a guest would make who means harm. */
static void forged_frames(void **state)
{
	static const struct {
		const char *fault;
		int code;
		enum status status;
		const char *reason;
	} cases[] = {
		/* Lengths beyond the limit are no frames; what follows is. */
		{ "secmmu.fault=oversize", BOOT_OK, STATUS_ERROR, "garbage" },
		/* A name of a file that nobody asked for. */
		{ "secmmu.fault=forged", BOOT_ERR_PROTOCOL, STATUS_ERROR, "TRACEMETA" },
		/* No UTF-8, and what a terminal would obey: text, in the log. */
		{ "secmmu.fault=badtext", BOOT_OK, STATUS_PASS, "" },
	};
	char *path = xasprintf("%s/console.log", dir), *text;
	struct run_result r;

	NEEDS_KERNEL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot *b = start(CLOCK_WALL, cases[i].fault);

		assert_int_equal(run(b, "echo good", 20000, &r), cases[i].code);
		end_and_free(b, cases[i].code, cases[i].status,
			     cases[i].reason);
	}
	text = read_file(path, NULL);
	assert_non_null(strstr(text, "secmmu: bad ??[2J?text"));
	free(text);
	free(path);
}

/* Frames without end keep nobody from ending the boot, and are no progress. */
static void flood_without_end(void **state)
{
	static const char *const argv[] = { "/bin/busybox", "true", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 1000 };
	const struct boot_limits limits = { .progress_ms = 4000 };
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start_limited(CLOCK_WALL, 1, "secmmu.fault=flood", &limits);
	assert_int_equal(boot_run(b, &q, &r), BOOT_ERR_TIMEOUT);
	end(b, BOOT_ERR_TIMEOUT, STATUS_MISS, "no progress", &res);
	assert_int_equal(res.cause, CAUSE_NO_PROGRESS);
	/* PID 1 does not hear, in its flood; the kernel does. */
	assert_in(res.diagnosis, "== it has not powered off");
	assert_in(res.diagnosis, "sysrq: Show backtrace");
	assert_true(res.total_ms < 120000);
	boot_result_free(&res);
}

/*
 * PID 1 lives but ends no program that takes too long. It is told to, says where
 * that is, and powers off: nothing harder is needed.
 */
static void stuck_without_end(void **state)
{
	const struct boot_limits limits = { .progress_ms = 3000 };
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start_limited(CLOCK_WALL, 2, "secmmu.fault=stuck", &limits);
	/* With something to say at SIGTERM, and silent then until it is killed. */
	assert_int_equal(run(b, "trap 'echo flushed' TERM; sleep 600; sleep 600", 1000, &r),
			 BOOT_ERR_TIMEOUT);
	end(b, BOOT_ERR_TIMEOUT, STATUS_MISS, "no progress", &res);
	assert_int_equal(res.cause, CAUSE_NO_PROGRESS);
	assert_in(res.diagnosis, "CPU#1");
	assert_in(res.diagnosis, "NMI backtrace for cpu 0");
	assert_in(res.diagnosis, "NMI backtrace for cpu 1");
	assert_in(res.diagnosis, "sleep, state S:");
	assert_in(res.diagnosis, "== it did, and QEMU has ended");
	assert_null(strstr(res.diagnosis, "== after sysrq"));
	assert_string_equal(output, "");
	/* Beside what the shell says of it. */
	assert_in(late, "flushed\n");
	boot_result_free(&res);
}

/* Each program ends in its time, the boot does not. */
static void boot_without_end(void **state)
{
	const struct boot_limits limits = { .boot_ms = usual_start_ms ?
						usual_start_ms * 2 + 3000 : 30000 };
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start_limited(CLOCK_WALL, 1, NULL, &limits);
	while (run(b, "sleep 1", 20000, &r) == BOOT_OK)
		;
	end(b, BOOT_ERR_TIMEOUT, STATUS_MISS, "its boot_timeout", &res);
	assert_int_equal(res.cause, CAUSE_BOOT_TIMEOUT);
	assert_in(res.diagnosis, "== it did, and QEMU has ended");
	boot_result_free(&res);
}

/* As a triple fault looks from outside. */
static void reset_in_a_run(void **state)
{
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(run(b, "echo b >/proc/sysrq-trigger", 20000, &r),
			 BOOT_ERR_EXIT);
	end_and_free(b, BOOT_ERR_EXIT, STATUS_MISS, "reset itself");
}

/* The test passes, the kernel complains: the boot fails, and says when. */
static void warning_in_a_run(void **state)
{
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(run(b, "true", 20000, &r), BOOT_OK);
	assert_int_equal(run(b, "echo 'WARNING: CPU: 0 PID: 9 at mm/x.c:1 "
				"planted+0x1/0x2' >/dev/kmsg", 20000, &r),
			 BOOT_OK);
	assert_int_equal(r.exit, 0);
	end(b, BOOT_OK, STATUS_FAIL, "planted", &res);
	assert_int_equal(res.findings.n, 1);
	assert_string_equal(res.findings.v[0].fingerprint, "warning: planted");
	assert_int_equal(res.findings.v[0].request, r.id);
	boot_result_free(&res);
}

/* The only child of this process. */
static pid_t qemu_pid(void)
{
	char *path = xasprintf("/proc/self/task/%d/children", (int)getpid());
	char *text = read_file(path, NULL);
	pid_t pid = text ? (pid_t)atoi(text) : 0;

	free(text);
	free(path);
	return pid;
}

static int kill_qemu(void *arg, const void *data, size_t len)
{
	pid_t pid = qemu_pid();

	(void)arg;
	(void)data;
	(void)len;
	return pid > 1 ? kill(pid, SIGKILL) : -1;
}

static void qemu_killed(void **state)
{
	static const char *const argv[] = { "/bin/busybox", "sh", "-c",
					    "echo; sleep 100", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 30000,
				   .on_out = kill_qemu };
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(boot_run(b, &q, &r), BOOT_ERR_EXIT);
	end_and_free(b, BOOT_ERR_EXIT, STATUS_MISS, "killed by signal 9");
}

/* A flood on the console and one of frames, both at a time. */
static void floods(void **state)
{
	struct run_result r;
	struct boot *b;

	NEEDS_KERNEL;
	b = start(CLOCK_WALL, NULL);
	assert_int_equal(run(b, "head -c 300000 /dev/zero | tr '\\0' x "
				">/dev/console & "
				"head -c 3000000 /dev/zero; wait", 60000, &r),
			 BOOT_OK);
	assert_int_equal(r.exit, 0);
	assert_int_equal(n_output, 3000000);
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
}

static int interrupt(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return raise(SIGINT);
}

/* In a child: an interrupt is never forgotten. */
static void ctrl_c(void **state)
{
	static const char *const argv[] = { "/bin/busybox", "sh", "-c",
					    "echo; sleep 100", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 30000,
				   .on_out = interrupt };
	struct boot_result res;
	struct run_result r;
	struct boot *b;
	pid_t pid;
	int st;

	NEEDS_KERNEL;
	pid = fork();
	if (!pid) {
		b = start(CLOCK_WALL, NULL);
		st = boot_run(b, &q, &r) != BOOT_ERR_INTR;
		boot_end(b, &res);
		_exit(st || res.code != BOOT_ERR_INTR ||
		      waitpid(-1, NULL, WNOHANG) != -1);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
}

/* Modules of the vendor that this machine is not: nobody else loads them. */
static int make_modules(const char *artifacts, struct initramfs_file *files)
{
	const char *vendor = strcmp(accel.vendor, "amd") ? "amd" : "intel";
	char *from = xasprintf("%s/arms/%s/kvm-%s.ko", artifacts, ARM, vendor);
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(crash_codes); i++) {
		files[i].src = xasprintf("%s/%s.ko", dir, crash_codes[i].name);
		files[i].dst = xasprintf("/crash/%s.ko", crash_codes[i].name);
		files[i].mode = 0644;
		ret |= crash_module_make(from, files[i].src, &crash_codes[i]);
	}
	free(from);
	return ret;
}

static int set_up(void **state)
{
	static const char *const arms[] = { ARM };
	static struct initramfs_file files[ARRAY_SIZE(crash_codes)];
	struct initramfs_opts opts = {
		.arms = arms, .n_arms = 1, .with_shell = true,
		.files = files, .n_files = ARRAY_SIZE(crash_codes),
	};
	const char *artifacts = getenv("SECMMU_ARTIFACTS");
	char *perf;
	int ret;

	(void)state;
	if (!artifacts) {
		print_message("SECMMU_ARTIFACTS names no kernel: all skipped\n");
		return 0;
	}
	if (!mkdtemp(dir) || accel_choose("auto", &accel))
		return -1;
	kernel = xasprintf("%s/vmlinux", artifacts);
	initrd = xasprintf("%s/initrd", dir);
	opts.perf = perf = xasprintf("%s/perf", dir);
	ret = write_file(perf, fake_perf, strlen(fake_perf)) ||
	      make_modules(artifacts, files) ||
	      initramfs_write(artifacts, &opts, initrd);
	free(perf);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		free((char *)files[i].src);
		free((char *)files[i].dst);
	}
	return ret;
}

static int tear_down(void **state)
{
	(void)state;
	if (!kernel)
		return 0;
	free(kernel);
	free(initrd);
	return remove_tree(dir);
}

/* An argument names the tests to run, as a pattern: "disk*". */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
		cmocka_unit_test(flaky_program),
		cmocka_unit_test(missing_program),
		cmocka_unit_test(under_perf),
		cmocka_unit_test(settings),
		cmocka_unit_test(icount),
		cmocka_unit_test(panic_at_boot),
		cmocka_unit_test(hang_at_boot),
		cmocka_unit_test(exit_at_boot),
		cmocka_unit_test(silent_after_hello),
		cmocka_unit_test(garbage_frames),
		cmocka_unit_test(panic_in_a_run),
		cmocka_unit_test(dump_of_a_panic),
		cmocka_unit_test(oops_that_goes_on),
		cmocka_unit_test(oops_is_a_panic),
		cmocka_unit_test(soft_lockup),
		cmocka_unit_test(deaf_cpu),
		cmocka_unit_test(triple_fault),
		cmocka_unit_test(reset_in_a_run),
		cmocka_unit_test(clock_jump),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(forged_frames),
		cmocka_unit_test(flood_without_end),
		cmocka_unit_test(stuck_without_end),
		cmocka_unit_test(boot_without_end),
		cmocka_unit_test(warning_in_a_run),
		cmocka_unit_test(qemu_killed),
		cmocka_unit_test(floods),
		cmocka_unit_test(ctrl_c),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	sig_init();
	return cmocka_run_group_tests_name("boot_faults", tests, set_up,
					   tear_down);
}
