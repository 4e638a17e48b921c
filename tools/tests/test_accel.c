// SPDX-License-Identifier: GPL-2.0-only
/* The choice of the accelerator, and QEMU's version and command line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "accel.h"
#include "qemu_args.h"
#include "util.h"

#define SVM 4u		/* CPUID 0x80000001 ecx */
#define VMX 32u		/* CPUID 1 ecx */

static const struct {
	const char *wish;
	struct accel_probe probe;
	int ret;
	enum accel which;
	const char *vendor, *why;
} choices[] = {
	{ "auto", { .error = ENOENT }, ST_OK, ACCEL_TCG, "amd", "No such file" },
	{ "auto", { .error = EACCES }, ST_OK, ACCEL_TCG, "amd", "Permission" },
	{ "auto", { .ecx1 = ~VMX, .ecx80000001 = ~SVM }, ST_OK, ACCEL_TCG, "amd", "neither SVM nor VMX" },
	{ "auto", { .ecx80000001 = SVM }, ST_OK, ACCEL_KVM, "amd", "SVM" },
	{ "auto", { .ecx1 = VMX }, ST_OK, ACCEL_KVM, "intel", "VMX" },
	/* Left-overs of an answer that was not complete. */
	{ "auto", { .error = E2BIG, .ecx1 = VMX }, ST_OK, ACCEL_TCG, "amd", "cannot be used" },
	{ "tcg", { .ecx1 = VMX }, ST_OK, ACCEL_TCG, "amd", "as asked" },
	{ "kvm", { .ecx1 = VMX }, ST_OK, ACCEL_KVM, "intel", "VMX" },
	{ "kvm", { .ecx1 = ~VMX }, ST_USAGE, 0, NULL, NULL },
	{ "kvm", { .error = ENOENT }, ST_USAGE, 0, NULL, NULL },
	{ "KVM", { .ecx1 = VMX }, ST_USAGE, 0, NULL, NULL },
	{ "", { .ecx1 = VMX }, ST_USAGE, 0, NULL, NULL },
};

static void decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct accel_choice c = { 0 };

		assert_int_equal(accel_decide(choices[i].wish,
					      &choices[i].probe, &c),
				 choices[i].ret);
		if (choices[i].ret != ST_OK)
			continue;
		assert_int_equal(c.which, choices[i].which);
		assert_string_equal(c.vendor, choices[i].vendor);
		assert_non_null(strstr(c.why, choices[i].why));
		assert_null(strchr(c.why, '\n'));
	}
}

/* Whatever this machine has, there is a choice. */
static void this_machine(void **state)
{
	struct accel_choice c;

	(void)state;
	assert_int_equal(accel_choose("auto", &c), ST_OK);
	print_message("here: %s\n", c.why);
	assert_int_equal(accel_choose("tcg", &c), ST_OK);
	assert_int_equal(c.which, ACCEL_TCG);
}

static void versions(void **state)
{
	unsigned int major, minor;
	char v[32];

	(void)state;
	assert_int_equal(qemu_parse_version(
		"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright",
		v, &major, &minor), 0);
	assert_string_equal(v, "7.2.22");
	assert_int_equal(major, 7);
	assert_int_equal(minor, 2);
	assert_int_equal(qemu_parse_version("QEMU emulator version 10.0.2", v,
					    &major, &minor), 0);
	assert_int_equal(major, 10);
	assert_int_equal(qemu_parse_version("", v, &major, &minor), -1);
	assert_int_equal(qemu_parse_version("GNU bash, version 5.2", v, &major,
					    &minor), -1);
	assert_int_equal(qemu_parse_version("QEMU emulator version x", v,
					    &major, &minor), -1);
	assert_int_equal(qemu_parse_version("QEMU emulator version 7", v,
					    &major, &minor), -1);
	assert_int_equal(qemu_parse_version(
		"QEMU emulator version 7.2.111111111111111111111111111111111",
		v, &major, &minor), -1);
}

static char *command(struct boot_spec *spec, bool sandbox)
{
	char path[] = "/usr/bin/qemu";
	const struct qemu_info info = { .path = path, .sandbox = sandbox };
	char **argv;
	char *line;

	spec->kernel = "/k/vmlinux";
	spec->initrd = "/k/it's here";
	argv = qemu_argv(&info, spec);
	line = qemu_quote(argv);
	qemu_argv_free(argv);
	return line;
}

static void command_lines(void **state)
{
	const struct accel_choice tcg = { ACCEL_TCG, "amd", "" };
	const struct accel_choice kvm = { ACCEL_KVM, "intel", "" };
	struct boot_spec s = { .accel = &tcg, .cpus = 3, .memory_mb = 700,
			       .append = "secmmu.fault=panic" };
	char *line = command(&s, true);

	(void)state;
	assert_non_null(strstr(line, "-sandbox on,"));
	assert_non_null(strstr(line, "-nic none"));
	assert_non_null(strstr(line, "thread=multi"));
	assert_non_null(strstr(line, "-cpu EPYC,-hypervisor,+svm,+npt"));
	assert_non_null(strstr(line, "-smp 3 -m 700M"));
	assert_non_null(strstr(line, "secmmu.vendor=amd secmmu.fault=panic'"));
	assert_non_null(strstr(line, "'/k/it'\\''s here'"));
	assert_null(strstr(line, "icount"));
	free(line);

	s.clock = CLOCK_ICOUNT;
	line = command(&s, false);
	assert_null(strstr(line, "-sandbox"));
	assert_non_null(strstr(line, "thread=single"));
	/* Each CPU needs a timer of its own. */
	assert_non_null(strstr(line, "-icount shift=0,sleep=off -smp 3"));
	assert_null(strstr(line, "nolapic_timer"));
	free(line);

	s.cpus = 1;
	line = command(&s, false);
	assert_non_null(strstr(line, "-smp 1"));
	assert_non_null(strstr(line, "nolapic_timer"));
	assert_non_null(strstr(line, "tsc_early_khz=1000000 lpj=4000000"));
	free(line);

	s.clock = CLOCK_WALL;
	s.accel = &kvm;
	line = command(&s, false);
	assert_non_null(strstr(line, "-accel kvm -cpu host"));
	assert_non_null(strstr(line, "secmmu.vendor=intel"));
	assert_null(strstr(line, "tsc_early_khz"));
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(versions),
		cmocka_unit_test(command_lines),
	};

	return cmocka_run_group_tests_name("accel", tests, NULL, NULL);
}
