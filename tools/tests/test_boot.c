// SPDX-License-Identifier: GPL-2.0-only
/* The supervisor against a QEMU that goes wrong in every way it watches for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "accel.h"
#include "boot.h"
#include "fake_qemu.h"
#include "perfdata.h"

static char dir[] = "/tmp/secmmu-test-boot-XXXXXX";
static char *pid_file, *kernel, *initrd;
static char output[64];
static size_t n_output;

static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };

static bool one_of(const char *how, const char *list)
{
	const char *at = strstr(list, how);

	return at && (at == list || at[-1] == ' ') && strchr(" ", at[strlen(how)]);
}

/* Short where it is to be run into; elsewhere the machine may be busy. */
static unsigned int limit_ms(const char *how, const char *list)
{
	return one_of(how, list) ? 2000 : 60000;
}

static unsigned int pin[2];	/* of a boot that is pinned */

/* Start a boot whose QEMU goes wrong in the way @how. */
static struct boot *start(const char *how)
{
	const struct boot_spec spec = {
		.kernel = kernel,
		.initrd = initrd,
		.accel = &tcg,
		.cpus = 2,
		.pin = strncmp(how, "pin", 3) ? NULL : pin,
		.memory_mb = 512,
		.dir = dir,
		.context = "boot 3 of seed 7",
		.vmcore = strncmp(how, "vmcore", 6) ? VMCORE_NONE : VMCORE_ELF,
		.limits = {
			.vmcore_ms = limit_ms(how, "vmcore-stall"),
			.silence_ms = limit_ms(how, "silent"),
			.hello_ms = limit_ms(how, "no-hello"),
			.alive_ms = limit_ms(how, "deaf asleep lost half slow-trace talker stubborn freeze vmcore-hang"),
			.exit_ms = limit_ms(how, "no-power-off undead"),
			.load_ms = 60000,
			.progress_ms = limit_ms(how, "stuck"),
			.boot_ms = limit_ms(how, "slow"),
			.diagnose_ms = one_of(how, "deaf stuck") ? 1500 :
				       one_of(how, "slow-trace half talker") ? 300 : 60,
		},
	};

	setenv("FAKE_QEMU", how, 1);
	unlink(pid_file);
	return boot_start(&spec);
}

static int on_out(void *arg, const void *data, size_t len)
{
	(void)arg;
	if (n_output + len < sizeof(output))
		memcpy(output + n_output, data, len);
	n_output += len;
	return 0;
}

static int cannot_keep(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -1;
}

static unsigned int expected;	/* findings of the next run */

static int run(struct boot *b, struct run_result *res)
{
	static const char *const argv[] = { "/tests/x", NULL };
	const struct run_req q = {
		.argv = argv,
		.timeout_ms = 1000,
		.wall_ms = limit_ms(getenv("FAKE_QEMU"), "no-answer"),
		.on_out = on_out,
		.expected = expected,
	};

	n_output = 0;
	memset(output, 0, sizeof(output));
	return boot_run(b, &q, res);
}

static void assert_pid_gone(pid_t pid)
{
	/* Of a QEMU whose parent died, init reaps the rest. */
	for (int i = 0; i < 100 && !kill(pid, 0); i++) {
		char *path = xasprintf("/proc/%d/stat", (int)pid);
		char *stat = path_exists(path) ? read_file(path, NULL) : NULL;
		bool zombie = !stat || strstr(stat, ") Z ");

		free(path);
		free(stat);
		if (zombie)
			return;
		poll(NULL, 0, 20);
	}
	assert_int_equal(kill(pid, 0), -1);
}

/* Nothing must be left of the QEMU that ran last. */
static void assert_gone(void)
{
	char text[24] = "";

	assert_true(readlink(pid_file, text, sizeof(text) - 1) > 0);
	assert_pid_gone((pid_t)atoi(text));
}

/* End @b and check the verdict. @res is the caller's to free. */
static void end(struct boot *b, int code, enum status status,
		const char *reason, struct boot_result *res)
{
	boot_end(b, res);
	if (!strstr(res->reason, reason) || res->code != code)
		print_error("%d: %s\n%s", res->code, res->reason,
			    res->diagnosis);
	assert_int_equal(res->code, code);
	assert_string_equal(status_name(res->status), status_name(status));
	assert_non_null(strstr(res->reason, reason));
	assert_gone();
}

static void end_and_free(struct boot *b, int code, enum status status,
			 const char *reason)
{
	struct boot_result res;

	end(b, code, status, reason, &res);
	boot_result_free(&res);
}

static void good_boot(void **state)
{
	const char *const args[] = { "mmu_lock=mutex", NULL };
	struct boot *b = start("ok");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(boot_code(b), BOOT_OK);
	assert_string_equal(boot_get_hello(b)->release, "6.12.0-fake");
	assert_int_equal(boot_get_hello(b)->cpus, 2);
	assert_int_equal(boot_load(b, "mutex", args), BOOT_OK);
	assert_int_equal(run(b, &r), BOOT_OK);
	assert_string_equal(output, "hello\n");
	assert_int_equal(r.exit, 7);
	assert_int_equal(r.wall_ns, 300);
	assert_int_equal(r.lost, 5);
	assert_int_equal(boot_unload(b), BOOT_OK);
	assert_int_equal(boot_mixed(b, "mutex", "rwsem"), BOOT_REFUSED);
	assert_string_equal(boot_refusal(b), "wrong symbol version");
	end(b, BOOT_OK, STATUS_PASS, "", &res);
	assert_string_equal(res.reason, "");
	assert_int_equal(res.findings.n, 0);
	assert_string_equal(res.qemu_version, "7.2.3");
	/* The paths a reader can use, not the numbers that QEMU got. */
	assert_non_null(strstr(res.command, initrd));
	boot_result_free(&res);
}

static void without_sandbox(void **state)
{
	struct boot *b = start("no-sandbox");
	struct boot_result res;

	(void)state;
	end(b, BOOT_OK, STATUS_PASS, "", &res);
	assert_null(strstr(res.command, "-sandbox"));
	boot_result_free(&res);
}

/* Those that never get as far as HELLO. */
static const struct {
	const char *how;
	int code;
	enum status status;
	const char *reason;
	enum boot_cause cause;
} boot_faults[] = {
	{ "silent", BOOT_ERR_HANG_BOOT, STATUS_MISS, "nothing on the console", CAUSE_NO_CONSOLE },
	{ "no-hello", BOOT_ERR_HANG_BOOT, STATUS_MISS, "PID 1", CAUSE_NO_HELLO },
	{ "exit", BOOT_ERR_EXIT, STATUS_MISS, "status 3 (qemu: no such device)", CAUSE_QEMU_DIED },
	{ "killed", BOOT_ERR_EXIT, STATUS_MISS, "signal 9", CAUSE_QEMU_DIED },
	{ "reset", BOOT_ERR_EXIT, STATUS_MISS, "triple fault", CAUSE_RESET },
	{ "panic-boot", BOOT_ERR_PANIC, STATUS_FAIL, "panicked: Kernel panic - not syncing: Fatal exception", CAUSE_PANIC },
	{ "early-alive", BOOT_ERR_PROTOCOL, STATUS_ERROR, "before HELLO", CAUSE_PROTOCOL },
	{ "bad-hello", BOOT_ERR_PROTOCOL, STATUS_ERROR, "malformed HELLO", CAUSE_PROTOCOL },
};

static void faults_at_boot(void **state)
{
	struct boot_result res;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(boot_faults); i++) {
		struct boot *b = start(boot_faults[i].how);

		assert_int_equal(boot_code(b), boot_faults[i].code);
		/* The dead stay dead. */
		assert_int_equal(boot_load(b, "mutex", NULL),
				 boot_faults[i].code);
		end(b, boot_faults[i].code, boot_faults[i].status,
		    boot_faults[i].reason, &res);
		assert_int_equal(res.cause, boot_faults[i].cause);
		boot_result_free(&res);
	}
}

static const struct {
	const char *how;
	int code;
	enum status status;
	const char *reason;
	enum boot_cause cause;
} run_faults[] = {
	{ "deaf", BOOT_ERR_HANG, STATUS_MISS, "no sign of life for 2 s during RUN /tests/x", CAUSE_NO_FRAMES },
	{ "no-answer", BOOT_ERR_TIMEOUT, STATUS_MISS, "RUN /tests/x", CAUSE_TEST_TIMEOUT },
	{ "two-hellos", BOOT_ERR_PROTOCOL, STATUS_ERROR, "second HELLO", CAUSE_PROTOCOL },
	{ "wrong-id", BOOT_ERR_PROTOCOL, STATUS_ERROR, "REPLY to no request", CAUSE_PROTOCOL },
	{ "wrong-type", BOOT_ERR_PROTOCOL, STATUS_ERROR, "unknown type", CAUSE_PROTOCOL },
	{ "two-ends", BOOT_ERR_PROTOCOL, STATUS_ERROR, "malformed REPLY", CAUSE_PROTOCOL },
	{ "meta", BOOT_ERR_PROTOCOL, STATUS_ERROR, "TRACEMETA", CAUSE_PROTOCOL },
	{ "perf", BOOT_ERR_PROTOCOL, STATUS_ERROR, "PERF that is malformed or was not asked for", CAUSE_PROTOCOL },
	{ "flood", BOOT_ERR_PROTOCOL, STATUS_ERROR, "too much output", CAUSE_PROTOCOL },
	{ "stubborn", BOOT_ERR_HANG, STATUS_MISS, "no sign of life", CAUSE_NO_FRAMES },
};

static void faults_of_a_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(run_faults); i++) {
		struct boot *b = start(run_faults[i].how);
		struct boot_result res;
		struct run_result r;
		int ret = boot_code(b);

		/* The second HELLO may have come with the first. */
		if (!ret)
			ret = run(b, &r);
		assert_int_equal(ret, run_faults[i].code);
		end(b, run_faults[i].code, run_faults[i].status,
		    run_faults[i].reason, &res);
		assert_int_equal(res.cause, run_faults[i].cause);
		boot_result_free(&res);
	}
}

/* A guest that does not get as far as a test is that of a boot all the same. */
static void boot_is_named(void **state)
{
	static const char *const how[] = { "silent", "no-hello", "panic-boot" };
	struct boot_result res;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		boot_end(start(how[i]), &res);
		assert_non_null(strstr(res.diagnosis, "== while: boot\n== boot 3 of seed 7\n"));
		boot_result_free(&res);
	}
}

/* A hung guest is asked for all that can be had before it is ended. */
static void hang_is_diagnosed(void **state)
{
	struct boot *b = start("deaf");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(run(b, &r), BOOT_ERR_HANG);
	end(b, BOOT_ERR_HANG, STATUS_MISS, "no sign of life", &res);
	assert_non_null(strstr(res.diagnosis, "while: RUN /tests/x"));
	assert_non_null(strstr(res.diagnosis, "Linux version 6.12.0-fake"));
	assert_non_null(strstr(res.diagnosis, "guest is: running"));
	assert_non_null(strstr(res.diagnosis, "RIP=ffffffff81000000"));
	assert_non_null(strstr(res.diagnosis, "backtrace of all active CPUs"));
	/* The panic that our NMI makes is no finding. */
	assert_non_null(strstr(res.diagnosis, "NMI: Not continuing"));
	assert_int_equal(res.findings.n, 0);
	boot_result_free(&res);
}

/* The last CPU that this process may use. */
static unsigned int some_cpu(void)
{
	unsigned int last = 0;
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (unsigned int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			last = i;
	return last;
}

/* Where QEMU's only thread may run. */
static bool only_on(unsigned int cpu)
{
	char text[32] = "";
	cpu_set_t set;

	assert_true(readlink(pid_file, text, sizeof(text) - 1) > 0);
	assert_int_equal(sched_getaffinity(atoi(text), sizeof(set), &set), 0);
	return CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set);
}

/* Frames come, and nothing else; PID 1 is asked, and has the last word. */
static void no_progress(void **state)
{
	struct boot *b = start("stuck");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(run(b, &r), BOOT_ERR_TIMEOUT);
	end(b, BOOT_ERR_TIMEOUT, STATUS_MISS, "no progress", &res);
	assert_int_equal(res.cause, CAUSE_NO_PROGRESS);
	assert_non_null(strstr(res.diagnosis, "CPU#1"));
	assert_non_null(strstr(res.diagnosis, "the host has given the boot up"));
	assert_non_null(strstr(res.diagnosis, "== it did, and QEMU has ended"));
	assert_null(strstr(res.diagnosis, "== after sysrq"));
	assert_null(strstr(res.diagnosis, "== no backtrace"));
	boot_result_free(&res);
}

/* One that does not go when it is asked to meets the rest of it. */
static void notice_is_ignored(void **state)
{
	struct boot *b = start("no-answer");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(run(b, &r), BOOT_ERR_TIMEOUT);
	end(b, BOOT_ERR_TIMEOUT, STATUS_MISS, "RUN /tests/x", &res);
	assert_int_equal(res.cause, CAUSE_TEST_TIMEOUT);
	assert_non_null(strstr(res.diagnosis, "== it has not powered off"));
	assert_non_null(strstr(res.diagnosis, "== after sysrq l"));
	boot_result_free(&res);
}

/* Every run ends in time; the boot as a whole does not. */
static void whole_boot(void **state)
{
	struct boot *b = start("slow");
	struct boot_result res;
	struct run_result r;
	unsigned int runs = 0;

	(void)state;
	while (run(b, &r) == BOOT_OK)
		runs++;
	assert_true(runs > 0);
	end(b, BOOT_ERR_TIMEOUT, STATUS_MISS, "has not ended within 2 s", &res);
	assert_int_equal(res.cause, CAUSE_BOOT_TIMEOUT);
	boot_result_free(&res);
}

/* Also where a CPU says nothing, says it late, or the console never ends. */
static void whole_diagnosis(void **state)
{
	static const struct {
		const char *how;
		bool missing, cut;
	} cases[] = {
		{ "deaf", false, false }, { "slow-trace", false, false },
		{ "half", true, false }, { "talker", false, true },
	};
	struct boot_result res;
	struct run_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot *b = start(cases[i].how);

		assert_int_equal(run(b, &r), BOOT_ERR_HANG);
		end(b, BOOT_ERR_HANG, STATUS_MISS, "no sign of life", &res);
		if (!cases[i].missing != !strstr(res.diagnosis, "== no backtrace of CPU 1") ||
		    !cases[i].cut != !strstr(res.diagnosis, "== cut: the console had not fallen silent") ||
		    strstr(res.diagnosis, "== no registers"))
			fail_msg("%s:\n%s", cases[i].how, res.diagnosis);
		boot_result_free(&res);
	}
}

/* From the limits of what a boot does, and never beyond what a number holds. */
static void limit_of_a_boot(void **state)
{
	(void)state;
	assert_int_equal(boot_time_limit(CLOCK_WALL, 2, 5, 100),
			 300000 + 60000 + 4 * 300000 + 5 * 120000 + 100000);
	assert_int_equal(boot_time_limit(CLOCK_ICOUNT, 1, 1, 10),
			 300000 + 120000 + 2 * 300000 + 600000 + 200000);
	assert_int_equal(boot_time_limit(CLOCK_ICOUNT, 8, 8, UINT64_MAX), UINT32_MAX);
	assert_int_equal(boot_time_limit(CLOCK_WALL, 1000, 1, 4294967), UINT32_MAX);
}

/* QEMU tells its threads; what is none of its own is left alone. */
static void vcpus_are_pinned(void **state)
{
	static const char *const how[] = { "pin", "pin-index", "pin-foreign", "pin-dumb" };
	struct boot_result res;
	cpu_set_t before, after;

	(void)state;
	assert_int_equal(sched_getaffinity(getpid(), sizeof(before), &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct boot *b;

		pin[0] = pin[1] = some_cpu();
		b = start(how[i]);
		assert_int_equal(boot_code(b), BOOT_OK);
		if (!i)
			assert_true(only_on(pin[0]));
		end(b, BOOT_OK, STATUS_PASS, "", &res);
		assert_int_equal(res.pinned, !i);
		boot_result_free(&res);
	}
	/* A CPU that is not there. */
	pin[0] = pin[1] = CPU_SETSIZE - 1;
	end(start("pin"), BOOT_OK, STATUS_PASS, "", &res);
	assert_false(res.pinned);
	boot_result_free(&res);
	assert_int_equal(sched_getaffinity(getpid(), sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

/* A halted CPU that takes no NMI is the emulator's; one that does is not. */
static void lost_cpu_is_named(void **state)
{
	static const char lost[] = "the guest is lost, its CPU 0 is halted and takes no NMI";
	static const char *const how[] = { "lost", "asleep", "deaf" };
	struct boot_result res;
	struct run_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct boot *b = start(how[i]);

		assert_int_equal(run(b, &r), BOOT_ERR_HANG);
		end(b, BOOT_ERR_HANG, STATUS_MISS, "no sign of life for 2 s during RUN /tests/x",
		    &res);
		assert_int_equal(strstr(res.reason, lost) != NULL, !i);
		assert_int_equal(accel_lost_guest(res.reason), !i);
		boot_result_free(&res);
	}
}

static void panic_in_a_run(void **state)
{
	struct boot *b = start("panic-run");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(run(b, &r), BOOT_ERR_PANIC);
	assert_int_equal(boot_findings(b)->n, 2);
	end(b, BOOT_ERR_PANIC, STATUS_FAIL, "Fatal exception", &res);
	assert_int_equal(res.findings.n, 2);
	assert_string_equal(res.findings.v[0].fingerprint,
			    "oops: kvm_mmu_zap_all");
	assert_int_equal(res.findings.v[0].request, r.id);
	assert_string_equal(res.findings.v[0].mark, "1 begin RUN /tests/x");
	assert_int_equal(res.findings.v[1].kind, FINDING_PANIC);
	assert_non_null(strstr(res.diagnosis, "RIP: 0010:kvm_mmu_zap_all"));
	boot_result_free(&res);
}

/* What a panic says takes its time, and QEMU lives: all of it, and the registers. */
static void slow_panic(void **state)
{
	struct boot *b = start("panic-slow");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(run(b, &r), BOOT_ERR_PANIC);
	end(b, BOOT_ERR_PANIC, STATUS_FAIL, "Fatal exception", &res);
	assert_int_equal(res.cause, CAUSE_PANIC);
	assert_non_null(strstr(res.diagnosis, "NMI backtrace for cpu 5"));
	assert_non_null(strstr(res.diagnosis, "RIP=ffffffff81000000"));
	assert_int_equal(res.findings.n, 2);
	boot_result_free(&res);
}

static void expected_findings(void **state)
{
	static const unsigned int masks[] = { 0, 1u << FINDING_OOM, 1u << FINDING_OOPS };
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		bool good = masks[i] & 1u << FINDING_OOM;

		expected = masks[i];
		b = start("oom-run");
		assert_int_equal(run(b, &r), BOOT_OK);
		end(b, BOOT_OK, good ? STATUS_PASS : STATUS_FAIL,
		    good ? "" : "invoked oom-killer", &res);
		assert_int_equal(res.cause, good ? CAUSE_NONE : CAUSE_FINDING);
		assert_int_equal(res.findings.n, 1);
		assert_int_equal(res.findings.v[0].expected, good);
		boot_result_free(&res);
	}
	expected = 0;
}

/* However many are expected: one that is not fails the boot, and so do too many. */
static void many_expected_findings(void **state)
{
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	(void)state;
	expected = 1u << FINDING_OOM;
	b = start("ooms-warn");
	assert_int_equal(run(b, &r), BOOT_OK);
	end(b, BOOT_OK, STATUS_FAIL, "the kernel reported (warning) WARNING: CPU: 0", &res);
	assert_int_equal(res.findings.dropped, 0);
	boot_result_free(&res);
	b = start("ooms");
	assert_int_equal(run(b, &r), BOOT_OK);
	end(b, BOOT_OK, STATUS_ERROR, "more than is kept: 176 findings are not", &res);
	assert_int_equal(res.findings.dropped, 176);
	boot_result_free(&res);
	expected = 0;
}

/* The data may still be had, but such a boot never passes. */
static void garbage_is_an_error(void **state)
{
	static const char *const how[] = { "garbage", "gap" };
	struct boot_result res;
	struct run_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct boot *b = start(how[i]);

		assert_int_equal(run(b, &r), BOOT_OK);
		assert_true(boot_garbage(b));
		end(b, BOOT_OK, STATUS_ERROR, "garbage", &res);
		assert_int_equal(res.cause, CAUSE_GARBAGE);
		assert_int_equal(res.garbage, i == 0 ? 8 : 0);
		assert_int_equal(res.gaps, i == 0 ? 0 : 3);
		boot_result_free(&res);
	}
}

static void no_power_off(void **state)
{
	struct boot_result res;

	(void)state;
	end(start("no-power-off"), BOOT_ERR_HANG, STATUS_MISS, "not powered off", &res);
	assert_int_equal(res.cause, CAUSE_NO_POWER_OFF);
	boot_result_free(&res);
}

/* Who keeps the QEMU that ran last from being reaped; 0: nobody. */
static pid_t tracer(void)
{
	char pid[24] = "", *path, *text, *at;
	pid_t who;

	assert_true(readlink(pid_file, pid, sizeof(pid) - 1) > 0);
	path = xasprintf("/proc/%s/status", pid);
	text = read_file(path, NULL);
	at = text ? strstr(text, "TracerPid:") : NULL;
	who = at ? (pid_t)atoi(at + strlen("TracerPid:")) : 0;
	free(text);
	free(path);
	return who;
}

/* A QEMU that SIGKILL does not end is left behind, in time, and that is said. */
static void cannot_be_killed(void **state)
{
	struct boot *b = start("undead");
	pid_t who = tracer();
	struct boot_result res;
	uint64_t before = now_ns();

	(void)state;
	if (!who) {
		boot_end(b, &res);
		boot_result_free(&res);
		skip();
	}
	boot_end(b, &res);
	kill(who, SIGKILL);
	assert_true(now_ns() - before < 60 * 1000000000ull);
	assert_int_equal(res.code, BOOT_ERR_HOST);
	assert_int_equal(res.status, STATUS_ERROR);
	assert_non_null(strstr(res.reason, "has not ended after SIGKILL and is left behind"));
	assert_non_null(strstr(res.reason, "not powered off"));
	assert_gone();
	boot_result_free(&res);
}

static struct perfdata *perf;

static int on_perf(void *arg, unsigned int part, const void *data, size_t len)
{
	(void)arg;
	return perfdata_add(perf, part, data, len);
}

/* What perf left comes in pieces, and is kept; a piece of nothing known is not. */
static void perf_data(void **state)
{
	static const char *const argv[] = { "/tests/x", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 1000,
				   .wall_ms = 60000, .perf = true,
				   .on_perf = on_perf };
	const struct slot slot = { "mutex", 'b' };
	char *path = xasprintf("%s/perf/03-mutex-b-mremap.data", dir);
	char *modules = xasprintf("%s/perf/03-mutex-b-mremap.modules", dir);
	struct boot_result res;
	struct run_result r;
	const char *missing;
	struct boot *b;
	char *text;

	(void)state;
	perf = perfdata_new(dir, 3, &slot, "mremap");
	b = start("perf");
	assert_int_equal(boot_run(b, &q, &r), BOOT_OK);
	end(b, BOOT_OK, STATUS_PASS, "", &res);
	boot_result_free(&res);
	assert_int_equal(perfdata_end(perf, &missing), 0);
	assert_null(missing);
	text = read_file(path, NULL);
	assert_string_equal(text, "PERFILE2...");
	free(text);
	text = read_file(modules, NULL);
	assert_string_equal(text, "0 t f\t[kvm]\n");
	free(text);
	b = start("perf-part");
	perf = perfdata_new(dir, 4, &slot, "mremap");
	assert_int_equal(boot_run(b, &q, &r), BOOT_ERR_PROTOCOL);
	end(b, BOOT_ERR_PROTOCOL, STATUS_ERROR, "PERF that is malformed", &res);
	boot_result_free(&res);
	assert_int_equal(perfdata_end(perf, &missing), 0);
	assert_string_equal(missing, "perf left no perf.data: see ktap.log");
	free(modules);
	free(path);
}

static void callback_gives_up(void **state)
{
	static const char *const argv[] = { "/tests/x", NULL };
	const struct run_req q = { .argv = argv, .on_out = cannot_keep };
	struct boot *b = start("ok");
	struct run_result r;

	(void)state;
	assert_int_equal(boot_run(b, &q, &r), BOOT_ERR_HOST);
	end_and_free(b, BOOT_ERR_HOST, STATUS_ERROR, "could not be kept");
}

/* The guest's words reach the log as words only. */
static void log_frames(void **state)
{
	char *path = xasprintf("%s/console.log", dir);
	char *text;

	(void)state;
	end_and_free(start("log"), BOOT_OK, STATUS_PASS, "");
	text = read_file(path, NULL);
	assert_non_null(strstr(text, "secmmu: a word?from the guest %s%n\n"));
	free(text);
	free(path);
}

/*
 * A run in a child process, for what would disturb this one. No assertions
 * there: a failed one would go on with the tests. Return: its wait status, 0
 * if both run and boot ended with @code.
 */
static int run_in_child(const char *how, int code)
{
	struct boot_result res;
	struct run_result r;
	pid_t pid = fork();
	struct boot *b;
	int st;

	if (!pid) {
		sig_init();
		b = start(how);
		st = run(b, &r);
		boot_end(b, &res);
		if (st != code || res.code != code)
			print_error("%s: %d, %d: %s\n", how, st, res.code,
				    res.reason);
		_exit(st != code || res.code != code);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_gone();
	return st;
}

/* Like a suspended virtual machine: time went by, but not for the guest. */
static void freeze(void **state)
{
	(void)state;
	assert_int_equal(run_in_child("freeze", BOOT_OK), 0);
}

static void interrupted(void **state)
{
	(void)state;
	assert_int_equal(run_in_child("ctrl-c", BOOT_ERR_INTR), 0);
}

/* SIGKILL gives no chance to clean up: QEMU goes all the same. */
static void supervisor_killed(void **state)
{
	int st = run_in_child("killer", BOOT_OK);

	(void)state;
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

static int die(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return raise(SIGKILL);
}

/* The number after @key in the console's log. */
static int logged(const char *key)
{
	char *path = xasprintf("%s/console.log", dir);
	char *text = read_file(path, NULL);
	char *at = text ? strstr(text, key) : NULL;
	int n = at ? atoi(at + strlen(key)) : -1;

	free(text);
	free(path);
	return n;
}

/* Root's QEMU is another user's, reads what it was given, dies with us. */
static void unprivileged(void **state)
{
	static const char *const argv[] = { "/tests/x", NULL };
	const struct run_req q = { .argv = argv, .timeout_ms = 1000,
				   .on_out = die };
	struct run_result r;
	struct boot *b;
	pid_t pid;
	int st;

	(void)state;
	if (geteuid())
		skip();
	setenv("SECMMU_QEMU_USER", "nobody", 1);
	pid = fork();
	if (!pid) {
		sig_init();
		b = start("who");
		_exit(boot_code(b) == BOOT_ERR_START ? 77 :
		      boot_run(b, &q, &r));
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	setenv("SECMMU_QEMU_USER", "root", 1);
	/* nobody cannot get at this program where the checkout is. */
	if (WIFEXITED(st) && WEXITSTATUS(st) == 77)
		skip();
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	assert_int_equal(logged("uid="), 65534);
	assert_int_equal(logged("read="), 7);
	assert_pid_gone(logged("pid="));
}

static void missing_kernel(void **state)
{
	char *there = kernel;
	struct boot_result res;
	struct boot *b;

	(void)state;
	kernel = initrd + strlen(initrd);
	b = start("ok");
	kernel = there;
	assert_int_equal(boot_code(b), BOOT_ERR_START);
	boot_end(b, &res);
	assert_non_null(strstr(res.reason, "for QEMU: No such file"));
	boot_result_free(&res);
}

static void bad_binaries(void **state)
{
	static const char *const how[] = { "old", "no-version" };
	struct boot_result res;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct boot *b = start(how[i]);

		assert_int_equal(boot_code(b), BOOT_ERR_START);
		boot_end(b, &res);
		assert_int_equal(res.status, STATUS_ERROR);
		boot_result_free(&res);
	}
}

static void no_folder(void **state)
{
	struct boot_spec spec = { .kernel = "k", .initrd = "i", .accel = &tcg,
				  .dir = "/nonexistent" };
	struct boot *b = boot_start(&spec);
	struct boot_result res;

	(void)state;
	assert_int_equal(boot_code(b), BOOT_ERR_HOST);
	boot_end(b, &res);
	assert_non_null(strstr(res.reason, "/nonexistent/console.log"));
	assert_int_equal(res.status, STATUS_ERROR);
	boot_result_free(&res);
}

/* No space left on the device: said, and an error of the host. */
static void disk_full(void **state)
{
	char *path = xasprintf("%s/console.log", dir);
	struct boot *b;

	(void)state;
	unlink(path);
	assert_int_equal(symlink("/dev/full", path), 0);
	b = start("ok");
	end_and_free(b, BOOT_ERR_HOST, STATUS_ERROR,
		     "cannot write console.log: No space left on device");
	unlink(path);
	free(path);
}

/* Keys reach the guest's console, its output the user, Ctrl-] leaves. */
static void shell(void **state)
{
	char text[256];
	int in[2], out[2];
	struct boot *b;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(write(in[1], "l", 1), 1);
	b = start("shell");
	assert_int_equal(boot_shell(b, in[0], out[1]), BOOT_OK);
	end_and_free(b, BOOT_OK, STATUS_PASS, "");
	n = read(out[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "backtrace of all active CPUs"));

	assert_int_equal(write(in[1], "\x1d", 1), 1);
	b = start("shell");
	assert_int_equal(boot_shell(b, in[0], out[1]), BOOT_ERR_INTR);
	end_and_free(b, BOOT_ERR_INTR, STATUS_MISS, "the shell was left");
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
}

/* The memory of a guest that panicked: whole and sparse, or not there and why. */
static void vmcore(void **state)
{
	static const struct {
		const char *how, *said;
	} cases[] = {
		{ "vmcore", "== vmcore (elf): 64 MiB of memory, 0 MiB on the disk" },
		{ "vmcore-cut", "== no vmcore: what QEMU sent is no whole dump" },
		{ "vmcore-error", "== no vmcore: QEMU says: dump: no such luck" },
		{ "vmcore-endless", "== no vmcore: it is larger than 576 MiB" },
		{ "vmcore-stall", "== no vmcore: it took longer than 2 s" },
	};
	char *path = xasprintf("%s/vmcore", dir);
	struct boot_result res;
	struct run_result r;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct boot *b = start(cases[i].how);

		boot_context(b, "boot 3 of seed 7, arm %s", "mutex");
		assert_int_equal(run(b, &r), BOOT_ERR_PANIC);
		boot_end(b, &res);
		assert_int_equal(res.status, STATUS_FAIL);
		if (!strstr(res.diagnosis, cases[i].said))
			fail_msg("%s: %s", cases[i].how, res.diagnosis);
		assert_non_null(strstr(res.diagnosis, "== boot 3 of seed 7, arm mutex\n"));
		assert_non_null(strstr(res.diagnosis, "RIP=ffffffff81000000"));
		assert_non_null(strstr(res.command, "panic=0 "));
		assert_int_equal(stat(path, &st), i ? -1 : 0);
		boot_result_free(&res);
		if (i)
			continue;
		assert_int_equal(st.st_size, FAKE_MEMORY + 2 * 4096);
		assert_true(st.st_blocks * 512 < 1 << 20);
		assert_int_equal(unlink(path), 0);
	}
	free(path);
}

/* A guest that hangs, before it is shaken; none of one whose QEMU has ended. */
static void vmcore_of_a_hang(void **state)
{
	char *path = xasprintf("%s/vmcore", dir);
	struct boot_result res;
	struct run_result r;
	struct boot *b;

	(void)state;
	b = start("vmcore-hang");
	assert_int_equal(run(b, &r), BOOT_ERR_HANG);
	boot_end(b, &res);
	assert_true(strstr(res.diagnosis, "== vmcore (elf)") <
		    strstr(res.diagnosis, "== after sysrq l"));
	boot_result_free(&res);
	assert_int_equal(unlink(path), 0);
	b = start("vmcore-killed");
	end_and_free(b, BOOT_ERR_EXIT, STATUS_MISS, "signal 9");
	assert_false(path_exists(path));
	free(path);
}

static int set_up(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (n < 0 || !mkdtemp(dir))
		return -1;
	self[n] = '\0';
	pid_file = xasprintf("%s/pid", dir);
	kernel = xasprintf("%s/vmlinux", dir);
	initrd = xasprintf("%s/initrd", dir);
	if (write_file(kernel, "vmlinux", 7) || write_file(initrd, "i", 1))
		return -1;
	/* The fake signals us, and writes its pid into a file. */
	setenv("SECMMU_QEMU_USER", "root", 1);
	setenv("SECMMU_QEMU", self, 1);
	setenv("FAKE_QEMU_PID", pid_file, 1);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(pid_file);
	free(kernel);
	free(initrd);
	return remove_tree(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_boot),
		cmocka_unit_test(without_sandbox),
		cmocka_unit_test(faults_at_boot),
		cmocka_unit_test(faults_of_a_run),
		cmocka_unit_test(boot_is_named),
		cmocka_unit_test(hang_is_diagnosed),
		cmocka_unit_test(no_progress),
		cmocka_unit_test(notice_is_ignored),
		cmocka_unit_test(whole_boot),
		cmocka_unit_test(whole_diagnosis),
		cmocka_unit_test(limit_of_a_boot),
		cmocka_unit_test(lost_cpu_is_named),
		cmocka_unit_test(vcpus_are_pinned),
		cmocka_unit_test(panic_in_a_run),
		cmocka_unit_test(slow_panic),
		cmocka_unit_test(expected_findings),
		cmocka_unit_test(many_expected_findings),
		cmocka_unit_test(garbage_is_an_error),
		cmocka_unit_test(no_power_off),
		cmocka_unit_test(cannot_be_killed),
		cmocka_unit_test(perf_data),
		cmocka_unit_test(vmcore),
		cmocka_unit_test(vmcore_of_a_hang),
		cmocka_unit_test(callback_gives_up),
		cmocka_unit_test(log_frames),
		cmocka_unit_test(freeze),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(supervisor_killed),
		cmocka_unit_test(unprivileged),
		cmocka_unit_test(missing_kernel),
		cmocka_unit_test(bad_binaries),
		cmocka_unit_test(no_folder),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(shell),
	};

	if (getenv("FAKE_QEMU"))
		return fake_qemu(argc, argv);
	return cmocka_run_group_tests_name("boot", tests, set_up, tear_down);
}
