// SPDX-License-Identifier: GPL-2.0-only
/* What an event's samples are called: only system calls are system call time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../secmmu/figures.h"

static void calls(void **state)
{
	(void)state;
	assert_string_equal(figure_of("mremap_thp"), "system call time");
	assert_true(figure_is_call("contend_call"));
	assert_true(figure_is_call("contend_call_r200_m16"));
	assert_true(figure_is_call("cow_fork_4k"));
	assert_true(figure_is_call("device_migrate"));
	assert_true(figure_is_call("thp_collapse"));
	/* A name that only begins alike is another event. */
	assert_true(figure_is_call("faulty"));
	assert_true(figure_is_call("contend_cpus"));
	assert_string_equal(figure_metric("mremap_thp", METRIC_SYSCALL), "syscall");
}

static void others(void **state)
{
	static const char *const events[] = {
		"contend_latency_r50", "contend_cpu", "contend_guest_stall",
		"contend_thread_stall_r200", "contend_thread_off_protect_r200",
		"contend_ksteps", "fault_guest_read", "fault_4k", "cow_guest_2m_ptes",
		"cow_host_thp", "ksm_merge", "thp_khugepaged",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		assert_false(figure_is_call(events[i]));
		assert_string_equal(figure_metric(events[i], METRIC_SYSCALL), "time");
		assert_string_equal(figure_metric(events[i], METRIC_HOLD), "hold");
	}
	assert_string_not_equal(figure_of("fault_guest_read"), figure_of("fault_4k"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
