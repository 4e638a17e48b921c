// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of a guest's memory: the file that they are written into, and the real
 * QEMU, jailed, writing one. What our supervisor makes of it: test_boot.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "scratch.h"
#include "tiny_kernel.h"
#include "vmcore.h"

#define MB (1u << 20)

struct core {
	Elf64_Ehdr h;
	Elf64_Phdr p[2];
	Elf64_Shdr s;
};

/* One that is right: two segments, the second one behind the first. */
static struct core good_core(void)
{
	struct core c = {
		.h = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				    ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		       .e_type = ET_CORE, .e_machine = EM_X86_64,
		       .e_phoff = offsetof(struct core, p), .e_phnum = 2,
		       .e_shoff = offsetof(struct core, s),
		       .e_phentsize = sizeof(Elf64_Phdr) },
		.p = { { .p_type = PT_LOAD, .p_offset = 4096, .p_filesz = MB },
		       { .p_type = PT_LOAD, .p_offset = 4096 + MB,
			 .p_filesz = 3 * MB } },
		.s = { .sh_info = 2 },
	};

	return c;
}

/* Write @c and 4 MiB of memory; @says is what is said in the end. */
static void write_core(const struct core *c, size_t memory, const char *says)
{
	struct vmcore *v = vmcore_new("core", VMCORE_ELF, 64 * MB);
	uint8_t *all = xcalloc(1, 4096 + memory);
	char *line;

	memcpy(all, c, sizeof(*c));
	memset(all + 4096 + memory - 5000, 'x', 100);
	/* In odd portions. */
	for (size_t at = 0, n; at < 4096 + memory; at += n) {
		n = 4096 + memory - at < 70001 ? 4096 + memory - at : 70001;
		assert_int_equal(vmcore_feed(v, all + at, n), 0);
	}
	line = vmcore_end(v, NULL);
	if (!strstr(line, says))
		fail_msg("'%s' is not in '%s'", says, line);
	assert_int_equal(path_exists("core"), !strstr(line, "no vmcore"));
	if (path_exists("core")) {
		size_t len;
		char *back = read_file("core", &len);

		assert_int_equal(len, 4096 + memory);
		assert_memory_equal(back, all, len);
		free(back);
	}
	free(line);
	free(all);
}

static void whole(void **state)
{
	struct core c = good_core();
	struct stat st;

	(void)state;
	write_core(&c, 4 * MB, "vmcore (elf): 4 MiB of memory, 0 MiB");
	assert_int_equal(stat("core", &st), 0);
	assert_true(st.st_blocks * 512 <= 64 << 10);
	/* The number of segments where it does not fit in its field. */
	c.h.e_phnum = PN_XNUM;
	write_core(&c, 4 * MB, "vmcore (elf)");
	/* More at the end than the segments need is no harm. */
	write_core(&c, 5 * MB + 12, "vmcore (elf)");
}

static void not_whole(void **state)
{
	struct core c = good_core();

	(void)state;
	write_core(&c, 4 * MB - 1, "no vmcore: what QEMU sent is no whole dump");
	c.p[0].p_offset = UINT64_MAX;
	write_core(&c, 4 * MB, "no whole dump");
	c = good_core();
	c.p[1].p_filesz = UINT64_MAX;
	write_core(&c, 4 * MB, "no whole dump");
	c = good_core();
	c.h.e_phnum = 0;
	write_core(&c, 4 * MB, "no whole dump");
	c = good_core();
	c.h.e_phoff = UINT64_MAX - 8;
	write_core(&c, 4 * MB, "no whole dump");
	c = good_core();
	c.h.e_phnum = PN_XNUM;
	c.s.sh_info = UINT32_MAX;
	write_core(&c, 4 * MB, "no whole dump");
	c = good_core();
	c.h.e_type = ET_EXEC;
	write_core(&c, 4 * MB, "no whole dump");
	memset(&c, 0, sizeof(c));
	write_core(&c, 4 * MB, "no whole dump");
}

/* Nothing that was begun stays, and the first reason is the one that is given. */
static void limits(void **state)
{
	static const char block[MB];
	struct vmcore *v = vmcore_new("core", VMCORE_ELF, 2 * MB);
	char *line;

	(void)state;
	assert_int_equal(vmcore_feed(v, block, MB), 0);
	assert_int_equal(vmcore_feed(v, block, MB), 0);
	assert_int_equal(vmcore_feed(v, block, 1), -1);
	assert_int_equal(vmcore_feed(v, block, 1), -1);
	line = vmcore_end(v, "QEMU has ended");
	assert_string_equal(line, "no vmcore: it is larger than 2 MiB, its limit");
	free(line);
	assert_false(path_exists("core"));
	/* Of nothing at all, and where nothing can be written. */
	line = vmcore_end(vmcore_new("core", VMCORE_KDUMP, MB), NULL);
	assert_non_null(strstr(line, "no whole dump"));
	free(line);
	line = vmcore_end(vmcore_new("none/core", VMCORE_ELF, MB), NULL);
	assert_non_null(strstr(line, "cannot write none/core: No such file"));
	free(line);
}

/* A disk that the results need what is left of. */
static void little_room(void **state)
{
	static char block[MB];
	struct vmcore *v;
	char *line;

	(void)state;
	memset(block, 'x', sizeof(block));
	assert_int_equal(mkdir_p("small"), 0);
	if (mount("none", "small", "tmpfs", 0, "size=8m"))
		skip();
	v = vmcore_new("small/core", VMCORE_ELF, 64 * MB);
	while (!vmcore_feed(v, block, sizeof(block)))
		;
	line = vmcore_end(v, NULL);
	assert_int_equal(umount("small"), 0);
	assert_non_null(strstr(line, "less than 256 MiB are free on the disk of small/core"));
	free(line);
}

static void formats(void **state)
{
	enum vmcore_format f;

	(void)state;
	assert_int_equal(vmcore_format_parse("1", &f), 0);
	assert_string_equal(vmcore_format_name(f), "elf");
	assert_int_equal(vmcore_format_parse("kdump", &f), 0);
	assert_int_equal(f, VMCORE_KDUMP);
	assert_int_equal(vmcore_format_parse("none", &f), -1);
	assert_int_equal(vmcore_format_parse("", &f), -1);
}

/* The real QEMU, as nobody, without a file of its own; its guest just sleeps. */
static void real_qemu(void **state)
{
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };
	struct boot_spec spec = {
		.kernel = "tiny",
		.initrd = "initrd",
		.accel = &tcg,
		.cpus = 2,
		.memory_mb = 64,
		.dir = "boot",
		.limits = { .hello_ms = 3000, .diagnose_ms = 500 },
	};
	const char *qemu = getenv("SECMMU_QEMU");
	struct boot_result res;
	size_t len;
	char *core;

	(void)state;
	if (access(qemu ? qemu : "/usr/bin/qemu-system-x86_64", X_OK))
		skip();
	assert_int_equal(mkdir_p("boot"), 0);
	assert_int_equal(tiny_kernel_write("tiny"), 0);
	put("initrd", "initrd");
	for (int i = 0; i < 2; i++) {
		spec.vmcore = i ? VMCORE_KDUMP : VMCORE_ELF;
		boot_end(boot_start(&spec), &res);
		assert_int_equal(res.code, BOOT_ERR_HANG_BOOT);
		if (!strstr(res.diagnosis, i ? "== vmcore (kdump)" : "== vmcore (elf)"))
			fail_msg("%s", res.diagnosis);
		core = read_file("boot/vmcore", &len);
		/* Where the code is in memory: that is what we wrote. */
		if (!i)
			assert_non_null(memmem(core, len, "\x66\xba\xf8\x03\xb0h\xee", 7));
		assert_true(i ? len < 4 * MB : len >= 64 * MB);
		free(core);
		boot_result_free(&res);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(not_whole),
		cmocka_unit_test(limits),
		cmocka_unit_test(little_room),
		cmocka_unit_test(formats),
		cmocka_unit_test(real_qemu),
	};

	return cmocka_run_group_tests_name("vmcore", tests, scratch_setup,
					   scratch_teardown);
}
