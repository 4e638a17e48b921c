// SPDX-License-Identifier: GPL-2.0-only
/* Guests that hang, in each way, and what is found out about them. */
#include "supervised.h"

/* A hung guest is asked for all that can be had before it is ended. */
static void hang_is_diagnosed(void **state)
{
	struct boot *b = start("deaf");
	struct boot_result res;
	struct run_result r;

	(void)state;
	assert_int_equal(run(b, &r), BOOT_ERR_HANG);
	end(b, BOOT_ERR_HANG, STATUS_MISS, "no sign of life for 1 s during RUN /tests/x", &res);
	assert_int_equal(res.cause, CAUSE_NO_FRAMES);
	assert_non_null(strstr(res.diagnosis, "while: RUN /tests/x"));
	assert_non_null(strstr(res.diagnosis, "Linux version 6.12.0-fake"));
	assert_non_null(strstr(res.diagnosis, "guest is: running"));
	assert_non_null(strstr(res.diagnosis, "RIP=ffffffff81000000"));
	assert_non_null(strstr(res.diagnosis, "backtrace of all active CPUs"));
	/* The panic that our NMI makes is no finding. */
	assert_non_null(strstr(res.diagnosis, "NMI: Not continuing"));
	assert_int_equal(res.findings.n, 0);
	/* Nothing is missing, and its CPU 0 lives. */
	assert_null(strstr(res.diagnosis, "== no backtrace"));
	assert_null(strstr(res.diagnosis, "== cut"));
	assert_null(strstr(res.diagnosis, "== no registers"));
	assert_false(accel_lost_guest(res.reason));
	boot_result_free(&res);
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
	/* What the program said last was kept, within limits, and did not count. */
	assert_string_equal(output, "");
	assert_memory_equal(late, "ok 1 mremap_4k, flushed\n", 24);
	assert_true(n_late > 15u << 20 && n_late <= 16u << 20);
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
		{ "slow-trace", false, false }, { "half", true, false },
		{ "talker", false, true },
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

/* A halted CPU that takes no NMI is the emulator's; one that does is not. */
static void lost_cpu_is_named(void **state)
{
	static const char lost[] = "the guest is lost, its CPU 0 is halted and takes no NMI";
	static const char *const how[] = { "lost", "asleep" };
	struct boot_result res;
	struct run_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct boot *b = start(how[i]);

		assert_int_equal(run(b, &r), BOOT_ERR_HANG);
		end(b, BOOT_ERR_HANG, STATUS_MISS, "no sign of life for 1 s during RUN /tests/x",
		    &res);
		assert_int_equal(strstr(res.reason, lost) != NULL, !i);
		assert_int_equal(accel_lost_guest(res.reason), !i);
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

/* Like a suspended virtual machine: time went by, but not for the guest. */
static void freeze(void **state)
{
	(void)state;
	assert_int_equal(run_in_child("freeze", BOOT_OK), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hang_is_diagnosed),
		cmocka_unit_test(no_progress),
		cmocka_unit_test(notice_is_ignored),
		cmocka_unit_test(whole_boot),
		cmocka_unit_test(whole_diagnosis),
		cmocka_unit_test(limit_of_a_boot),
		cmocka_unit_test(lost_cpu_is_named),
		cmocka_unit_test(no_power_off),
		cmocka_unit_test(freeze),
	};

	return supervised_main(argc, argv, "boot_hang", tests);
}
