// SPDX-License-Identifier: GPL-2.0-only
/* What the doctor makes of what he was told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "util.h"

/* The line last added has this state, and this in it; @d is empty then. */
static void assert_line(struct doctor *d, enum doctor_state state,
			const char *text)
{
	const struct doctor_line *l = &d->v[d->n - 1];

	if (l->state != state || !strstr(l->text, text))
		fail_msg("%s: %s: %s", text, doctor_state_name(l->state),
			 l->text);
	assert_null(strchr(l->text, '\n'));
	assert_int_equal(doctor_missing(d), state == DOCTOR_NO);
	doctor_free(d);
}

static void cpus(void **state)
{
	struct doctor d = { 0 };

	(void)state;
	doctor_cpus(&d, 4, 0, 0.5);
	assert_line(&d, DOCTOR_OK, "4");
	doctor_cpus(&d, 4, 4, 4);
	assert_line(&d, DOCTOR_OK, "4");
	doctor_cpus(&d, 4, 1.5, 0);
	assert_line(&d, DOCTOR_NOTE, "time of 1.5");
	doctor_cpus(&d, 4, 0, 4.1);
	assert_line(&d, DOCTOR_NOTE, "4.1 processes");
	doctor_cpus(&d, 1, 0, 0);
	assert_line(&d, DOCTOR_NOTE, "one after another");
}

static void memory(void **state)
{
	struct doctor d = { 0 };

	(void)state;
	doctor_memory(&d, 8192, 2048, 4);
	assert_line(&d, DOCTOR_OK, "4 guests of 2048 MiB");
	doctor_memory(&d, 8191, 2048, 4);
	assert_line(&d, DOCTOR_NOTE, "--jobs 3");
	doctor_memory(&d, 2048, 2048, 4);
	assert_line(&d, DOCTOR_NOTE, "--jobs 1");
	doctor_memory(&d, 2047, 2048, 1);
	assert_line(&d, DOCTOR_NO, "2047 MiB are free, a guest has 2048");
}

static void disk(void **state)
{
	struct doctor d = { 0 };

	(void)state;
	doctor_disk(&d, "cache", "/c", 100, 100, "hint");
	assert_line(&d, DOCTOR_OK, "/c: 100 MiB are free");
	doctor_disk(&d, "cache", "/c", 99, 100, "hint");
	assert_line(&d, DOCTOR_NO, "100 are needed: hint");
	/* Whatever a folder is called, the line stays one. */
	doctor_disk(&d, "cache", "/a\nb\x1b", 0, 0, "");
	assert_line(&d, DOCTOR_OK, "/a?b?");
}

static void accelerators(void **state)
{
	static const struct accel_choice kvm = { ACCEL_KVM, "amd", "nested (KVM): SVM" };
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "emulation (TCG)" };
	struct doctor d = { 0 };

	(void)state;
	doctor_accel(&d, &kvm);
	assert_line(&d, DOCTOR_OK, "nested (KVM): SVM: the wall clock");
	doctor_accel(&d, &tcg);
	assert_line(&d, DOCTOR_NOTE, "emulation (TCG): the icount clock");
	doctor_emulator(&d, &tcg, "7.2.22");
	assert_line(&d, DOCTOR_NOTE, "QEMU 7.2.22 emulates SVM, and loses a guest");
	doctor_emulator(&d, &kvm, "7.2.22");
	assert_int_equal(d.n, 0);
}

static void settings(void **state)
{
	static const struct host_noise noises[] = {
		{ "governor powersave", "why" }, { "turbo on", "why" },
	};
	struct doctor d = { 0 };

	(void)state;
	doctor_settings(&d, NULL, 0);
	assert_line(&d, DOCTOR_OK, "nothing");
	doctor_settings(&d, noises, 1);
	assert_line(&d, DOCTOR_NOTE, "governor powersave: the wall clock");
	doctor_settings(&d, noises, 2);
	assert_line(&d, DOCTOR_NOTE, "governor powersave, turbo on: the wall clock");
}

static void packages(void **state)
{
	struct doctor d = { 0 };

	(void)state;
	doctor_packages(&d, "", false);
	assert_line(&d, DOCTOR_OK, "all are there");
	doctor_packages(&d, "gcc bc", true);
	assert_line(&d, DOCTOR_NO, "missing: apt-get update && apt-get install -y --no-install-recommends gcc bc");
	doctor_packages(&d, "gcc bc", false);
	assert_line(&d, DOCTOR_NO, "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends gcc bc'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus),
		cmocka_unit_test(memory),
		cmocka_unit_test(disk),
		cmocka_unit_test(accelerators),
		cmocka_unit_test(settings),
		cmocka_unit_test(packages),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
