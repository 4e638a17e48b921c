// SPDX-License-Identifier: GPL-2.0-only
/* Kernel logs with trouble of every kind, and what must be found in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "util.h"

#define EXPECT_MAX 8

struct expected {
	enum finding_kind kind;
	const char *fingerprint;
	uint32_t request;
};

static const struct fixture {
	const char *name;
	struct expected found[EXPECT_MAX];	/* up to one without fingerprint */
} fixtures[] = {
	{ "panic", {
		{ FINDING_OOPS, "oops: kvm_tdp_mmu_unmap_gfn_range", 2 },
		{ FINDING_PANIC, "panic: Kernel panic - not syncing: Fatal exception", 2 },
	} },
	{ "warnings", {
		{ FINDING_WARNING, "warning: __mmu_notifier_invalidate_range_start", 9 },
		{ FINDING_WARNING, "warning: __mmu_notifier_invalidate_range_start", 9 },
		{ FINDING_UNHANDLED, "unhandled: kvm_amd: kvm [N]: vcpu0, guest rIP: N Unhandled WRMSR(N) = N", 9 },
		{ FINDING_OOM, "oom: Out of memory: Killed process N (oom_reap_test) total-vm:NkB", 9 },
		{ FINDING_UBSAN, "ubsan: kvm_mmu_get_page", 9 },
	} },
	{ "lockdep-recursive", {
		{ FINDING_LOCKDEP, "lockdep recursive: kvm_mmu_notifier_invalidate_range_end", 4 },
	} },
	{ "lockdep-circular", {
		{ FINDING_LOCKDEP, "lockdep circular: kvm_mmu_notifier_clear_young", 0 },
	} },
	{ "lockdep-state", {
		{ FINDING_LOCKDEP, "lockdep inconsistent: irqfd_wakeup", 0 },
	} },
	{ "lockdep-rcu", {
		{ FINDING_LOCKDEP, "lockdep rcu: kvm_memslots_of", 0 },
	} },
	{ "lockdep-wait-context", {
		{ FINDING_LOCKDEP, "lockdep wait-context: kvm_mmu_notifier_test_young", 0 },
	} },
	{ "lockdep-balance", {
		{ FINDING_LOCKDEP, "lockdep unlock-balance: kvm_zap_gfn_range", 0 },
	} },
	{ "lockdep-off", {
		{ FINDING_LOCKDEP, "lockdep non-static-key: kvm_vm_ioctl_create", 0 },
		{ FINDING_LOCKDEP, "lockdep key: kvm_debugfs_init", 0 },
		{ FINDING_LOCKDEP, "lockdep subclass: kvm_mmu_lock_nested", 0 },
		{ FINDING_LOCKDEP, "lockdep table-full: kvm_mmu_load", 0 },
		{ FINDING_LOCKDEP, "lockdep off: kvm_mmu_unload", 0 },
	} },
	{ "half-line", {
		{ FINDING_UBSAN, "ubsan: kvm_mmu_get_page", 5 },
		{ FINDING_WARNING, "warning: WARNING: Flushing system-wide workqueues will be prohibited in near future.", 5 },
		{ FINDING_OOPS, "oops: kvm_zap", 5 },
	} },
	{ "lost", {
		{ FINDING_LOST, "lost: ** N printk messages dropped **", 3 },
	} },
	{ "oom", {
		{ FINDING_OOM, "oom: Memory cgroup out of memory: Killed process N (secmmu_oom_test) total-vm:NkB, anon-rss:NkB", 8 },
		{ FINDING_OOM, "oom: Memory cgroup out of memory: Killed process N (secmmu_oom_test) total-vm:NkB, anon-rss:NkB", 8 },
		{ FINDING_WARNING, "warning: kvm_reap", 8 },
		{ FINDING_OOM, "oom: Memory cgroup out of memory: Killed process N (secmmu_oom_test) total-vm:NkB, anon-rss:NkB", 8 },
		{ FINDING_OOM, "oom: Out of memory: Killed process N (second) total-vm:NkB, anon-rss:NkB", 9 },
		{ FINDING_OOM, "oom: oom_child invoked oom-killer: gfp_mask=N(GFP_KERNEL), order=N, oom_score_adj=N", 9 },
	} },
	{ "atomic", {
		{ FINDING_ATOMIC, "atomic sleeping: kvm_mmu_notifier_clear_flush_young", 12 },
		{ FINDING_ATOMIC, "atomic scheduling: kvm_mmu_notifier_test_young", 13 },
	} },
	{ "stalls", {
		{ FINDING_SOFT_LOCKUP, "soft-lockup: kvm_mmu_invalidate_spin", 0 },
		{ FINDING_RCU_STALL, "rcu-stall: kvm_tdp_mmu_zap_leafs", 0 },
		{ FINDING_HUNG_TASK, "hung-task: kvm_swap_active_memslots", 0 },
	} },
	{ "sanitizers", {
		{ FINDING_KASAN, "kasan: kvm_handle_hva_range", 0 },
		{ FINDING_KCSAN, "kcsan: kvm_mmu_notifier_change / mmu_invalidate_retry_gfn", 0 },
	} },
	{ "quiet", { { 0 } } },
	{ "hostile", {
		{ FINDING_WARNING, "warning: ??? WARNING: CPU: N PID: N at x.c:N foo??+N/N", 0 },
		{ FINDING_OOPS, "oops: bar", 0 },
		{ FINDING_PANIC, "panic: Kernel panic - not syncing: cut off in mid-li", 0 },
	} },
};

/* The program is BUILD/tests/NAME, the build folder beside tests. */
static char *fixture_path(const char *name)
{
	char self[4096] = "";

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	*strrchr(self, '/') = '\0';
	return xasprintf("%s/../../tests/fixtures/console/%s.log", self, name);
}

static void check(const struct fixture *fix, const struct findings *f)
{
	size_t n = 0;

	while (n < EXPECT_MAX && fix->found[n].fingerprint)
		n++;
	for (size_t i = 0; i < f->n; i++)
		if (i >= n || strcmp(f->v[i].fingerprint,
				     fix->found[i].fingerprint))
			print_error("%s: line %llu: %s\n", fix->name,
				    (unsigned long long)f->v[i].line_no,
				    f->v[i].fingerprint);
	assert_int_equal(f->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(f->v[i].kind, fix->found[i].kind);
		assert_string_equal(f->v[i].fingerprint,
				    fix->found[i].fingerprint);
		assert_int_equal(f->v[i].request, fix->found[i].request);
	}
}

/* The same is found in whatever portions the bytes come. */
static void finds_all(void **state)
{
	static const size_t portions[] = { 1, 7, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		char *path = fixture_path(fixtures[i].name);
		size_t len;
		char *text = read_file(path, &len);

		assert_non_null(text);
		for (size_t p = 0; p < ARRAY_SIZE(portions); p++) {
			struct console *c = console_new(-1, 0);
			size_t n;

			for (size_t at = 0; at < len; at += n) {
				n = len - at < portions[p] ? len - at :
							     portions[p];
				console_feed(c, text + at, n);
			}
			console_finish(c);
			check(&fixtures[i], console_findings(c));
			console_free(c);
		}
		free(text);
		free(path);
	}
}

/* Every kind is in some fixture. */
static void all_kinds(void **state)
{
	bool seen[FINDING_KINDS] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++)
		for (size_t j = 0; fixtures[i].found[j].fingerprint; j++)
			seen[fixtures[i].found[j].kind] = true;
	for (int k = 0; k < FINDING_KINDS; k++) {
		assert_non_null(finding_kind_name(k));
		assert_true(seen[k]);
	}
}

static void feed(struct console *c, const char *text)
{
	console_feed(c, text, strlen(text));
}

/* Other addresses, offsets, CPUs and tasks: the same fingerprint. */
static void stable(void **state)
{
	struct console *c = console_new(-1, 0);
	const struct findings *f = console_findings(c);

	(void)state;
	feed(c, "[   1.0] BUG: unable to handle page fault for address: ffff888000001000\n"
		"[   1.0] RIP: 0010:foo+0x12/0x40\n"
		"[   1.0] ---[ end trace 0000000000000000 ]---\n"
		"[   9.5] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
		"[   9.5] RIP: 0010:foo+0x18/0x48 [kvm]\n");
	assert_int_equal(f->n, 2);
	assert_string_equal(f->v[0].fingerprint, f->v[1].fingerprint);
	assert_string_equal(f->v[0].fingerprint, "oops: foo");
	console_free(c);
}

/* Two reports of one bug, as two boots have them; and what sets it apart. */
static const struct {
	const char *first, *second;
	enum finding_kind kind;
	const char *fingerprint;
} twice[] = {
	{ "BUG: KMSAN: uninit-value in foo+0x12/0x40",
	  "BUG: KMSAN: uninit-value in foo+0x18/0x48", FINDING_KASAN, "kmsan: foo" },
	{ "BUG: KFENCE: use-after-free read in foo+0x12/0x40",
	  "BUG: KFENCE: use-after-free read in foo+0x1/0x4", FINDING_KASAN, "kfence: foo" },
	{ "BUG: using __this_cpu_read() in preemptible [00000000] code: t/12\ncaller is foo+0x1/0x2",
	  "BUG: using __this_cpu_read() in preemptible [00000001] code: u/77\ncaller is foo+0x3/0x4",
	  FINDING_ATOMIC, "atomic preemptible: foo" },
	{ "rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 1-... } 26 jiffies s: 53\nRIP: 0010:foo+0x1/0x2",
	  "rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 3-... } 99 jiffies s: 7\nRIP: 0010:foo+0x5/0x6",
	  FINDING_RCU_STALL, "rcu-stall: foo" },
	{ "INFO: rcu_tasks detected stalls on tasks:\nRIP: 0010:foo+0x1/0x2",
	  "INFO: rcu_tasks detected stalls on tasks:\nRIP: 0010:foo+0x3/0x4",
	  FINDING_RCU_STALL, "rcu-tasks-stall: foo" },
	{ "watchdog: Watchdog detected hard LOCKUP on cpu 1\nRIP: 0010:foo+0x1/0x2",
	  "watchdog: Watchdog detected hard LOCKUP on cpu 3\nRIP: 0010:foo+0x3/0x4",
	  FINDING_SOFT_LOCKUP, "hard-lockup: foo" },
	{ "divide error: 0000 [#1] PREEMPT SMP\nRIP: 0010:foo+0x1/0x2",
	  "divide error: 0000 [#3] SMP\nRIP: 0010:foo+0x3/0x4", FINDING_OOPS, "oops: foo" },
	{ "Oops: divide error: 0000 [#1] SMP NOPTI\nRIP: 0010:foo+0x1/0x2",
	  "Oops: invalid opcode: 0000 [#2] SMP\nRIP: 0010:foo+0x3/0x4", FINDING_OOPS, "oops: foo" },
	{ "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
	  "kmemleak: 17 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
	  FINDING_WARNING, "kmemleak: kmemleak: N new suspected memory leaks (see /sys/kernel/debug/kmemleak)" },
	{ "Memory cgroup out of memory: Killed process 12 (t) total-vm:1kB",
	  "Memory cgroup out of memory: Killed process 345 (t) total-vm:22kB",
	  FINDING_OOM, "oom: Memory cgroup out of memory: Killed process N (t) total-vm:NkB" },
	{ "BUG: Bad page state in process t  pfn:1a2b3\nCall Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n foo+0x1/0x2",
	  "BUG: Bad page state in process u  pfn:99\nCall Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n foo+0x9/0xa",
	  FINDING_OOPS, "oops: foo" },
	{ "INFO: trying to register non-static key.\nturning off the locking correctness validator.\nCall Trace:\n <TASK>\n register_lock_class+0x1/0x2\n foo+0x1/0x2",
	  "INFO: trying to register non-static key.\nturning off the locking correctness validator.\nCall Trace:\n <TASK>\n assign_lock_key+0x9/0xa\n foo+0x3/0x4",
	  FINDING_LOCKDEP, "lockdep non-static-key: foo" },
	{ "BUG: key ffff888012345678 has not been registered!\nWARNING: CPU: 0 PID: 1 at kernel/locking/lockdep.c:4906 lockdep_init_map_type+0x1/0x2\nRIP: 0010:lockdep_init_map_type+0x1/0x2\nCall Trace:\n <TASK>\n foo+0x1/0x2",
	  "BUG: key ffffc90000012345 has not been registered!\nCall Trace:\n <TASK>\n lockdep_init_map_type+0x1/0x2\n foo+0x9/0xa",
	  FINDING_LOCKDEP, "lockdep key: foo" },
	{ "BUG: looking up invalid subclass: 9\nturning off the locking correctness validator.\n foo+0x1/0x2",
	  "BUG: looking up invalid subclass: 12\nturning off the locking correctness validator.\n foo+0x1/0x2",
	  FINDING_LOCKDEP, "lockdep subclass: foo" },
	{ "** 12 printk messages dropped **", "** 3456 printk messages dropped **",
	  FINDING_LOST, "lost: ** N printk messages dropped **" },
	{ "half a line[    5.123456] UBSAN: shift-out-of-bounds in a.c:1:2\n[    5.123456]  foo+0x1/0x2",
	  "[    7.000001][   T12] UBSAN: shift-out-of-bounds in a.c:1:2\n[    7.000001][   T12]  foo+0x3/0x4",
	  FINDING_UBSAN, "ubsan: foo" },
	{ "x invoked oom-killer: gfp_mask=0xcc0\nOut of memory: Killed process 12 (t)",
	  "y invoked oom-killer: gfp_mask=0xdc0\nOut of memory: Killed process 7 (t)",
	  FINDING_OOM, "oom: Out of memory: Killed process N (t)" },
	/* A copy that the compiler made of a function is that function. */
	{ "WARNING: CPU: 0 PID: 1 at a.c:1 foo.isra.0+0x1/0x2",
	  "WARNING: CPU: 3 PID: 9 at a.c:1 foo.constprop.1+0x7/0x9 [kvm]",
	  FINDING_WARNING, "warning: foo" },
};

static void same_bug_same_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(twice); i++) {
		const char *const text[] = { twice[i].first, twice[i].second };

		for (int k = 0; k < 2; k++) {
			struct console *c = console_new(-1, 0);
			const struct findings *f = console_findings(c);

			feed(c, text[k]);
			feed(c, "\n---[ end trace 0000000000000000 ]---\n");
			if (f->n != 1)
				print_error("%s\n", text[k]);
			assert_int_equal(f->n, 1);
			assert_int_equal(f->v[0].kind, twice[i].kind);
			assert_string_equal(f->v[0].fingerprint,
					    twice[i].fingerprint);
			console_free(c);
		}
	}
}

/* What only looks like one: no finding. */
static void no_finding(void **state)
{
	static const char *const quiet[] = {
		"rcu: RCU restricting CPUs from NR_CPUS=16 to nr_cpu_ids=2.",
		"rcu: \tOffload RCU callbacks from CPUs: (none).",
		"kmemleak: Kernel memory leak detector initialized",
		"NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
		"Memory: 2010000K/2096632K available",
		"x86/mm: UBSAN: not at the beginning, and behind no time stamp",
		"** 12 printk messages replayed **",
		"pci 0000:00:01.0: [8086:1234] type 00 class 0x010000",
	};
	struct console *c = console_new(-1, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		feed(c, quiet[i]);
		feed(c, "\n");
	}
	assert_int_equal(console_findings(c)->n, 0);
	console_free(c);
}

static void many_findings(void **state)
{
	struct console *c = console_new(-1, 0);
	const struct findings *f = console_findings(c);

	(void)state;
	for (int i = 0; i < 1000; i++)
		feed(c, "WARNING: CPU: 0 PID: 1 at a.c:1 foo+0x1/0x2\n");
	assert_int_equal(f->n + f->dropped, 1000);
	assert_true(f->n >= 16 && f->n < 1000);
	/* What follows a finding that was not kept changes no other. */
	feed(c, "RIP: 0010:bar+0x1/0x2\n");
	assert_string_equal(f->v[f->n - 1].fingerprint, "warning: foo");
	console_free(c);
}

/* Each kill is two lines, and the same as the one before it. */
static void expected_kills(void **state)
{
	struct console *c = console_new(-1, 0);
	struct findings f;

	(void)state;
	console_expect(c, 7, 1u << FINDING_OOM);
	feed(c, "secmmu: mark 7 begin RUN /tests/x\n");
	for (int i = 0; i < 100; i++)
		feed(c, "t invoked oom-killer: gfp_mask=0xcc0\n"
			"Out of memory: Killed process 12 (t)\n");
	feed(c, "t invoked oom-killer: gfp_mask=0xcc0\n");
	console_take_findings(c, &f);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.v[0].count, 100);
	assert_string_equal(f.v[0].line, "t invoked oom-killer: gfp_mask=0xcc0");
	assert_string_equal(f.v[0].fingerprint, "oom: Out of memory: Killed process N (t)");
	findings_free(&f);
	/* What is gone has no victim any more. */
	feed(c, "Out of memory: Killed process 12 (t)\n");
	assert_int_equal(console_findings(c)->n, 1);
	console_free(c);
}

/* Whatever a test may make of them: the one that it may not is kept. */
static void expected_findings(void **state)
{
	struct console *c = console_new(-1, 0);
	struct findings f;
	char line[100];

	(void)state;
	console_expect(c, 7, 1u << FINDING_OOM);
	feed(c, "secmmu: mark 7 begin RUN /tests/x\n");
	for (int i = 0; i < 2000; i++) {
		/* Two bugs by turns, and then each another one. */
		snprintf(line, sizeof(line), "Out of memory: Killed process %d (t%c%c%c)\n",
			 i, 'A' + i / 100, i < 100 ? 'A' : 'A' + i % 100 / 10,
			 i < 100 ? 'A' + i % 2 : 'A' + i % 10);
		feed(c, line);
	}
	feed(c, "WARNING: CPU: 0 PID: 1 at a.c:1 foo+0x1/0x2\n");
	/* Of no request that expects it. */
	feed(c, "secmmu: mark 7 end\nsecmmu: mark 8 begin UNLOAD\n");
	feed(c, "Out of memory: Killed process 1 (u)\n");
	console_take_findings(c, &f);
	assert_int_equal(f.dropped, 1900 - 1022);
	assert_int_equal(f.n, 1024 + 2);
	assert_int_equal(f.n_expected, 1024);
	for (size_t i = 0; i < f.n_expected; i++) {
		assert_true(f.v[i].expected);
		assert_int_equal(f.v[i].count, i < 2 ? 50 : 1);
	}
	assert_string_equal(f.v[1024].fingerprint, "warning: foo");
	assert_false(f.v[1024].expected);
	assert_int_equal(f.v[1025].kind, FINDING_OOM);
	assert_false(f.v[1025].expected);
	findings_free(&f);
	console_free(c);
}

static void panic_is_told(void **state)
{
	struct console *c = console_new(-1, 0);

	(void)state;
	feed(c, "all is well\n");
	assert_null(console_panicked(c));
	feed(c, "[ 1.0] Kernel panic - not syncing: first\r\n");
	feed(c, "[ 1.0] Kernel panic - not syncing: second\r\n");
	assert_string_equal(console_panicked(c),
			    "Kernel panic - not syncing: first");
	console_free(c);
}

static void last_lines(void **state)
{
	struct console *c = console_new(-1, 0);
	char line[16], *last;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "l%d\x01\r\n", i);
		feed(c, line);
	}
	last = console_last(c);
	assert_null(strstr(last, "l59?\n"));
	assert_memory_equal(last, "l60?\nl61?\n", 10);
	assert_non_null(strstr(last, "l99?\n"));
	free(last);
	console_free(c);
}

/* One endless line costs no memory, and hides nothing behind it. */
static void long_line(void **state)
{
	struct console *c = console_new(-1, 0);
	char block[4096];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 1000; i++)
		console_feed(c, block, sizeof(block));
	feed(c, "\nKernel panic - not syncing: after it\n");
	assert_non_null(console_panicked(c));
	console_free(c);
}

static void log_has_a_limit(void **state)
{
	char path[] = "/tmp/secmmu-test-console-XXXXXX";
	int fd = mkstemp(path);
	struct console *c = console_new(fd, 30);
	char *text;

	(void)state;
	assert_true(fd >= 0);
	feed(c, "0123456789\n");
	console_note(c, "hi\n");
	assert_false(console_truncated(c));
	feed(c, "0123456789\n");
	feed(c, "Kernel panic - not syncing: beyond the limit\n");
	assert_true(console_truncated(c));
	assert_non_null(console_panicked(c));
	text = read_file(path, NULL);
	assert_memory_equal(text, "0123456789\nsecmmu: hi?\n0123456", 30);
	assert_non_null(strstr(text, "has reached its limit"));
	assert_null(strstr(text, "panic"));
	free(text);
	console_free(c);
	close(fd);
	unlink(path);
}

static void log_error_is_told(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct console *c = console_new(fd, 1000);

	(void)state;
	assert_int_equal(console_feed(c, "x\n", 2), -1);
	assert_int_equal(console_error(c), ENOSPC);
	/* The scanner goes on. */
	feed(c, "Kernel panic - not syncing: yes\n");
	assert_non_null(console_panicked(c));
	console_free(c);
	close(fd);
}

static void findings_are_handed_over(void **state)
{
	struct console *c = console_new(-1, 0);
	struct findings f;

	(void)state;
	feed(c, "WARNING: CPU: 0 PID: 1 at a.c:1 foo+0x1/0x2\n");
	console_take_findings(c, &f);
	assert_int_equal(f.n, 1);
	assert_int_equal(console_findings(c)->n, 0);
	/* Its report must not be continued in what is gone. */
	feed(c, "RIP: 0010:bar+0x1/0x2\n");
	feed(c, "BUG: something else\n");
	assert_int_equal(console_findings(c)->n, 1);
	findings_free(&f);
	console_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_all),
		cmocka_unit_test(all_kinds),
		cmocka_unit_test(stable),
		cmocka_unit_test(same_bug_same_key),
		cmocka_unit_test(no_finding),
		cmocka_unit_test(many_findings),
		cmocka_unit_test(expected_findings),
		cmocka_unit_test(expected_kills),
		cmocka_unit_test(panic_is_told),
		cmocka_unit_test(last_lines),
		cmocka_unit_test(long_line),
		cmocka_unit_test(log_has_a_limit),
		cmocka_unit_test(log_error_is_told),
		cmocka_unit_test(findings_are_handed_over),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
