// SPDX-License-Identifier: GPL-2.0-only
/* The supervisor against a QEMU that goes wrong in every way it watches for. */
#include "supervised.h"
#include "perfdata.h"

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
		/* It is that of a boot all the same. */
		assert_non_null(strstr(res.diagnosis, "== while: boot\n== boot 3 of seed 7\n"));
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

static int cannot_keep(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -1;
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_boot),
		cmocka_unit_test(without_sandbox),
		cmocka_unit_test(faults_at_boot),
		cmocka_unit_test(faults_of_a_run),
		cmocka_unit_test(vcpus_are_pinned),
		cmocka_unit_test(panic_in_a_run),
		cmocka_unit_test(slow_panic),
		cmocka_unit_test(expected_findings),
		cmocka_unit_test(many_expected_findings),
		cmocka_unit_test(garbage_is_an_error),
		cmocka_unit_test(perf_data),
		cmocka_unit_test(callback_gives_up),
		cmocka_unit_test(log_frames),
		cmocka_unit_test(missing_kernel),
		cmocka_unit_test(bad_binaries),
		cmocka_unit_test(no_folder),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(shell),
	};

	return supervised_main(argc, argv, "boot", tests);
}
