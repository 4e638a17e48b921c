// SPDX-License-Identifier: GPL-2.0-only
/*
 * On a booted kernel: the selftests fail when a fault is planted in them, and
 * the kernel refuses a kvm.ko and a vendor module of different arms. And a traced
 * run has the events of its samples and next to nothing else.
 * SECMMU_ARTIFACTS names the kernel's folder.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "arms.h"
#include "boot.h"
#include "initramfs.h"
#include "ktap.h"
#include "samplefile.h"
#include "trace.h"
#include "util.h"

static struct accel_choice accel;
static struct arms arms;
static struct boot *boot;
static char dir[] = "/tmp/secmmu-boot-XXXXXX";

static int on_out(void *arg, const void *data, size_t len)
{
	ktap_feed(arg, data, len);
	return 0;
}

/*
 * The emulator has lost the guest, or may have: its vCPU has no end, as a
 * program has none that waits for it. docs/testing.md
 */
static bool lost_guest(const struct ktap *k)
{
	return accel_lost_guest(ktap_reason(k)) ||
	       (accel.which == ACCEL_TCG && strstr(ktap_reason(k), "does not stop"));
}

/* Sets @lost if that is what became of the guest. */
static enum status run_once(const char *program, const char *event,
			    const char *fault, bool *lost)
{
	const char *argv[] = { program, "-i", "3", "-e", event,
			       fault ? "-F" : NULL, fault, NULL };
	struct strs events = { 0 };
	struct ktap *k = ktap_new();
	struct run_req req = {
		.argv = argv,
		.timeout_ms = 60000,
		.arg = k,
		.on_out = on_out,
	};
	struct run_result res;
	struct ktap_end end;
	enum status status;

	assert_int_equal(boot_run(boot, &req, &res), BOOT_OK);
	end = run_ended(&res);
	strs_add(&events, event, strlen(event));
	status = ktap_finish(k, &end, &events);
	if (status != (fault ? STATUS_FAIL : STATUS_PASS))
		print_error("%s -e %s -F %s: %s: %s\n", program, event,
			    fault ? fault : "none", status_name(status),
			    ktap_reason(k));
	*lost = status == STATUS_ERROR && lost_guest(k);
	strs_free(&events);
	ktap_free(k);
	return status;
}

#define LOST "# %s -e %s: the emulator lost the guest, see docs/testing.md; run once more\n"

/*
 * Run a selftest for one event, with a fault planted in it or none. A guest that
 * was lost is no answer to what is asked here; once more, and not in silence.
 */
static enum status run_event(const char *program, const char *event,
			     const char *fault)
{
	bool lost;
	enum status status = run_once(program, event, fault, &lost);

	if (!lost)
		return status;
	printf(LOST, program, event);
	return run_once(program, event, fault, &lost);
}

static void load(const char *arm)
{
	assert_int_equal(boot_load(boot, arm, NULL), BOOT_OK);
}

static void unload(void)
{
	assert_int_equal(boot_unload(boot), BOOT_OK);
}

#define MREMAP "/tests/secmmu_mremap_test"
#define SPLIT "/tests/secmmu_thp_split_test"
#define PROTECT "/tests/secmmu_protect_test"
#define COW "/tests/secmmu_cow_test"
#define RECLAIM "/tests/secmmu_reclaim_test"
#define MIGRATE "/tests/secmmu_migrate_test"
#define UFFD "/tests/secmmu_uffd_test"
#define THP "/tests/secmmu_thp_test"
#define KSM "/tests/secmmu_ksm_test"
#define HUGETLB "/tests/secmmu_hugetlb_test"
#define FILES "/tests/secmmu_file_test"
#define DEVICE "/tests/secmmu_device_test"
#define UPROBE "/tests/secmmu_uprobe_test"
#define FAULT "/tests/secmmu_fault_test"
#define OVERLAP "/tests/secmmu_overlap_test"
#define CONTENTION "/tests/secmmu_contention_test"
#define RANGE "/tests/secmmu_range_test"
#define RELEASE "/tests/secmmu_release_test"
#define AGEING "/tests/secmmu_ageing_test"

static const struct {
	const char *program, *event, *fault;
} faults[] = {
	{ MREMAP, "mremap_4k", "stale-read" },
	{ MREMAP, "mremap_thp", "stale-read" },
	{ MREMAP, "mremap_4k", "stray-write" },
	{ MREMAP, "mremap_4k", "lost-write" },
	{ SPLIT, "split_munmap", "stale-read" },
	{ SPLIT, "split_mprotect", "lost-write" },
	{ SPLIT, "split_debugfs", "no-split" },
	{ PROTECT, "protect_ro_4k", "stray-write" },
	{ PROTECT, "protect_softdirty_thp", "no-effect" },
	{ PROTECT, "protect_uffd_wp_2m_ptes", "stray-write" },
	{ PROTECT, "free_4k", "no-effect" },
	{ PROTECT, "dontneed_thp", "stale-read" },
	{ PROTECT, "munmap_4k", "lost-write" },
	{ COW, "cow_fork_4k", "stray-write" },
	{ COW, "cow_host_thp", "no-effect" },
	{ COW, "cow_guest_4k", "lost-write" },
	{ RECLAIM, "reclaim_2m_ptes", "no-effect" },
	{ RECLAIM, "reclaim_thp", "no-split" },
	{ MIGRATE, "migrate_move_thp", "no-effect" },
	{ MIGRATE, "migrate_soft_offline", "no-effect" },
	{ UFFD, "uffd_move_4k", "stray-write" },
	{ UFFD, "uffd_move_thp", "stale-read" },
	{ THP, "thp_collapse", "no-effect" },
	{ THP, "thp_khugepaged", "no-effect" },
	{ KSM, "ksm_merge", "stray-write" },
	{ KSM, "ksm_unshare_guest", "no-effect" },
	{ HUGETLB, "hugetlb_fork", "stray-write" },
	{ HUGETLB, "hugetlb_mremap", "stale-read" },
	{ HUGETLB, "hugetlb_unshare", "no-effect" },
	{ FILES, "file_truncate", "stray-write" },
	{ FILES, "file_collapse", "no-effect" },
	{ FILES, "file_writeback", "no-effect" },
	{ DEVICE, "device_exclusive", "no-effect" },
	{ DEVICE, "device_migrate_touch", "no-effect" },
	{ UPROBE, "uprobe_set", "stale-read" },
	{ UPROBE, "uprobe_clear", "lost-write" },
	{ FAULT, "fault_4k", "stale-read" },
	{ FAULT, "fault_2m_ptes", "no-effect" },
	{ FAULT, "fault_guest_write", "stray-write" },
	{ FAULT, "fault_guest_read", "no-effect" },
	{ FAULT, "fault_guest_thp", "stale-read" },
	{ FAULT, "fault_guest_upgrade", "no-effect" },
	{ RELEASE, "release_exit", "no-release" },
	{ RELEASE, "release_kill", "no-release" },
	{ OVERLAP, "overlap_same", "stale-read" },
	{ OVERLAP, "overlap_beside", "stray-write" },
	{ OVERLAP, "overlap_random", "lost-write" },
	{ OVERLAP, "overlap_same", "no-log" },
	{ CONTENTION, "contend_latency", "omission" },
	{ CONTENTION, "contend_call", "no-effect" },
	{ CONTENTION, "contend_cpu_r400", "burn" },
	{ CONTENTION, "contend_guest_stall", "stall" },
	{ CONTENTION, "contend_thread_stall", "thread" },
	{ CONTENTION, "contend_thread_off", "elsewhere" },
	{ CONTENTION, "contend_call_protect", "no-effect" },
	{ CONTENTION, "contend_call_mremap", "no-effect" },
	{ CONTENTION, "contend_call_split", "no-effect" },
	{ CONTENTION, "contend_ksteps_m16", "no-effect" },
	{ RANGE, "range_dontneed_4k", "no-effect" },
	{ RANGE, "range_dontneed_thp_m16", "unmapped" },
	{ RANGE, "range_protect_4k", "unmapped" },
	{ RANGE, "range_protect_thp", "no-effect" },
	{ AGEING, "page_idle_thp_ptes", "idle" },
	{ AGEING, "mglru_walk_4k", "busy" },
	{ AGEING, "mglru_look_around", "idle" },
	{ AGEING, "reclaim", "busy" },
	{ AGEING, "khugepaged", "idle" },
	{ AGEING, "damon_paddr_ptes", "busy" },
};

/*
 * The same commands without a fault pass: the failure is the fault's. What is
 * wrong run_event() has said: all of it is wanted.
 */
static void planted_faults_are_caught(void **state)
{
	size_t wrong = 0;

	(void)state;
	load("rwlock");
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		wrong += run_event(faults[i].program, faults[i].event, NULL) !=
			 STATUS_PASS;
		wrong += run_event(faults[i].program, faults[i].event,
				   faults[i].fault) != STATUS_FAIL;
	}
	unload();
	assert_int_equal(wrong, 0);
}

/* Those that are judged by their exit status, and some without a fault. */
static const struct {
	const char *argv[8];
	int exit;
} exits[] = {
	{ { "/tests/secmmu_stats_test", "-i", "5" }, 0 },
	{ { "/tests/secmmu_stats_test", "-i", "5", "-F", "lost" }, 1 },
	{ { "/tests/secmmu_stats_test", "-i", "5", "-F", "outside" }, 1 },
	{ { "/tests/secmmu_stats_test", "-i", "5", "-F", "switch" }, 1 },
	{ { MREMAP, "-r", "64K", "-e", "mremap_4k" }, 0 },
	{ { MREMAP, "-r", "64K", "-e", "mremap_4k", "-F", "lost-write" }, 1 },
	{ { "/tests/secmmu_fairness_test", "-t", "2", "-F", "stall" }, 1 },
	{ { "/tests/secmmu_giveway_test", "-m", "16", "-F", "wait" }, 1 },
	{ { OVERLAP, "-i", "1", "-e", "overlap_same", "-F", "deaf" }, 254 },
	{ { AGEING, "-n", "-e", "page_idle_4k,mglru_walk_thp,reclaim" }, 0 },
	{ { AGEING, "-n", "-e", "page_idle_4k", "-F", "idle" }, 1 },
	{ { AGEING, "-n", "-e", "mglru_walk_thp", "-F", "busy" }, 1 },
	{ { "/tests/secmmu_oom_test", "-e", "mrelease", "-i", "2" }, 0 },
	{ { "/tests/secmmu_oom_test", "-e", "mrelease", "-i", "1", "-F", "no-release" }, 1 },
	{ { "/tests/secmmu_oom_test", "-e", "mrelease_contended", "-i", "2" }, 0 },
	{ { "/tests/secmmu_oom_test", "-e", "mrelease_contended", "-i", "1", "-F", "no-release" }, 1 },
	{ { "/tests/secmmu_oom_test", "-e", "mrelease_cold", "-i", "2" }, 0 },
	{ { "/tests/secmmu_oom_test", "-e", "mrelease_cold", "-i", "1", "-F", "hot" }, 1 },
};

/* What PID 1 has left in the kernel's log about the last test that was out of time. */
static void print_where(void)
{
	static const char mark[] = "has not ended within its time limit";
	char *path = xasprintf("%s/console.log", dir);
	char *text = read_file(path, NULL), *at = text, *last = NULL;

	while (at && (at = strstr(at, mark)))
		last = at++;
	print_error("%s\n", last ? last : "(the console has nothing of it)");
	free(text);
	free(path);
}

/* A vCPU that the emulator has lost may go on for ever: once more, too. */
static int run_exit(const char *const *argv)
{
	struct run_req req = { .argv = argv, .timeout_ms = 120000 };
	struct run_result res;

	assert_int_equal(boot_run(boot, &req, &res), BOOT_OK);
	if (res.timed_out) {
		printf("# %s: no end in 120 s%s\n", argv[0], accel.which == ACCEL_TCG ?
		       ", see docs/testing.md; run once more" : "");
		print_where();
		if (accel.which == ACCEL_TCG)
			assert_int_equal(boot_run(boot, &req, &res), BOOT_OK);
	}
	assert_false(res.timed_out);
	assert_int_equal(res.signal, 0);
	return res.exit;
}

static void planted_faults_end_in_failure(void **state)
{
	(void)state;
	load("mutex");
	for (size_t i = 0; i < ARRAY_SIZE(exits); i++) {
		int exit = run_exit(exits[i].argv);

		if (exit != exits[i].exit)
			print_error("%s: run %zu: exit status %d, not %d\n",
				    exits[i].argv[0], i, exit, exits[i].exit);
		assert_int_equal(exit, exits[i].exit);
	}
	unload();
}

/* With it, and, which is the planted fault, without. */
static void shadow_paging_is_shadow_paging(void **state)
{
	const char *path = strcmp(accel.vendor, "amd") ?
			   "/sys/module/kvm_intel/parameters/ept" :
			   "/sys/module/kvm_amd/parameters/npt";
	const char *argv[] = { "/bin/busybox", "grep", "-q", "N", path, NULL };

	(void)state;
	for (int shadow = 1; shadow >= 0; shadow--) {
		boot_set_shadow(boot, shadow);
		load("rwlock");
		assert_int_equal(run_exit(argv), !shadow);
		unload();
	}
}

/* A traced run of a selftest. */
struct traced {
	struct trace *trace;
	struct samplefile *samples;
	struct ktap *ktap;
};

static int on_traced_out(void *arg, const void *data, size_t len)
{
	struct traced *t = arg;

	return on_out(t->ktap, data, len);
}

static int on_samples(void *arg, const void *data, size_t len)
{
	struct traced *t = arg;

	return samplefile_feed(t->samples, data, len);
}

static int on_trace(void *arg, uint32_t cpu, const void *data, size_t len)
{
	struct traced *t = arg;

	return trace_page(t->trace, cpu, data, len);
}

static int on_tracemeta(void *arg, const char *name, const char *content,
			size_t len)
{
	struct traced *t = arg;

	return trace_meta(t->trace, name, content, len);
}

static bool in_a_sample(const struct traced *t, uint64_t ns)
{
	const struct sample *s;
	size_t n;

	s = samplefile_samples(t->samples, &n);
	for (size_t i = 0; i < n; i++)
		if (ns >= s[i].start_ns && ns <= s[i].end_ns)
			return true;
	return false;
}

#define GATE_SAMPLES 3
/*
 * Per sample, outside of it. The moment before and after one is longer where
 * another task has the CPU then, as on a busy machine; what happens between
 * samples are thousands.
 */
#define FEW 50
#define MANY 1000

/* False if the guest was lost. */
static bool run_traced(const char *const *argv, struct traced *t)
{
	struct run_req req = {
		.argv = argv,
		.timeout_ms = 60000,
		.trace = true,
		.samples = true,
		.arg = t,
		.on_out = on_traced_out,
		.on_samples = on_samples,
		.on_trace = on_trace,
		.on_tracemeta = on_tracemeta,
	};
	struct ktap_end end;
	struct run_result res;

	assert_int_equal(boot_run(boot, &req, &res), BOOT_OK);
	end = run_ended(&res);
	if (ktap_finish(t->ktap, &end, NULL) == STATUS_ERROR && lost_guest(t->ktap))
		return false;
	if (res.exit)
		print_error("%s: %s\n", argv[0], ktap_reason(t->ktap));
	assert_int_equal(res.exit, 0);
	return true;
}

static void traced_new(struct traced *t)
{
	*t = (struct traced){ trace_new(), samplefile_new(), ktap_new() };
}

static void traced_free(struct traced *t)
{
	trace_free(t->trace);
	samplefile_free(t->samples);
	ktap_free(t->ktap);
}

/* Events within the samples of a run, and outside of any. */
static void count_events(const char *const *argv, size_t *in, size_t *out)
{
	const struct trace_event *e;
	struct traced t;
	size_t n;

	traced_new(&t);
	if (!run_traced(argv, &t)) {
		printf(LOST, argv[0], "(traced)");
		traced_free(&t);
		traced_new(&t);
		assert_true(run_traced(argv, &t));
	}
	assert_int_equal(samplefile_end(t.samples), 0);
	samplefile_samples(t.samples, &n);
	assert_int_equal(n, GATE_SAMPLES);
	*in = *out = 0;
	e = trace_events(t.trace, &n);
	for (size_t i = 0; i < n; i++)
		++*(in_a_sample(&t, e[i].ns) ? in : out);
	traced_free(&t);
}

/*
 * From secmmu_begin() to secmmu_sample() tracing is on, which is the sample and
 * the moment before and after it. The planted fault is a test that does not
 * know of the switch.
 */
static void only_samples_are_traced(void **state)
{
	static const char *const tests[][2] = {
		{ MREMAP, "mremap_4k" }, { SPLIT, "split_munmap" },
	};
	size_t in, out;

	(void)state;
	load("rwlock");
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		const char *argv[] = { "/bin/busybox", "env", "-u",
				       "SECMMU_TRACING_ON", tests[i][0], "-i",
				       "3", "-e", tests[i][1], NULL };

		count_events(argv + 4, &in, &out);
		print_message("%s: %zu events in %d samples, %zu outside\n",
			      tests[i][1], in, GATE_SAMPLES, out);
		assert_true(in >= GATE_SAMPLES * 4);
		assert_true(out <= GATE_SAMPLES * FEW);
		count_events(argv, &in, &out);
		print_message("%s, ungated: %zu and %zu\n", tests[i][1], in, out);
		assert_true(out > GATE_SAMPLES * MANY);
	}
	unload();
}

static void mixed_pairs_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < arms.n; i++) {
		for (size_t j = 0; j < arms.n; j++) {
			if (i == j)
				continue;
			assert_int_equal(boot_mixed(boot, arms.v[i].name,
						    arms.v[j].name),
					 BOOT_REFUSED);
			if (!strstr(boot_refusal(boot), "symbol"))
				print_error("%s with %s: %s\n", arms.v[i].name,
					    arms.v[j].name,
					    boot_refusal(boot));
		}
	}
}

/* Otherwise a guest that refuses everything would pass the test above. */
static void true_pairs_are_loaded(void **state)
{
	(void)state;
	for (size_t i = 0; i < arms.n; i++) {
		load(arms.v[i].name);
		unload();
	}
}

static int setup(void **state)
{
	const char *artifacts = getenv("SECMMU_ARTIFACTS");
	struct initramfs_opts opts = { .with_shell = true };
	const char *names[16];
	/* As plan events has it: migration needs two nodes. */
	struct boot_spec spec = {
		.cpus = 2, .memory_mb = 4096, .dir = dir,
		.append = "numa=fake=2 numa_balancing=disable",
	};
	char *ini = xasprintf("%s/configs/arms.ini", top_dir());
	char *kernel, *initrd;

	(void)state;
	if (!artifacts || !mkdtemp(dir) || arms_load(ini, NULL, &arms) ||
	    arms.n > ARRAY_SIZE(names) || accel_choose("auto", &accel))
		return -1;
	for (size_t i = 0; i < arms.n; i++)
		names[i] = arms.v[i].name;
	opts.arms = names;
	opts.n_arms = arms.n;
	kernel = xasprintf("%s/vmlinux", artifacts);
	initrd = xasprintf("%s/initrd", dir);
	if (initramfs_write(artifacts, &opts, initrd))
		return -1;
	spec.kernel = kernel;
	spec.initrd = initrd;
	spec.accel = &accel;
	boot = boot_start(&spec);
	free(kernel);
	free(initrd);
	free(ini);
	return boot_code(boot);
}

static int teardown(void **state)
{
	struct boot_result res;
	int code = 0;

	(void)state;
	if (boot) {
		boot_end(boot, &res);
		if (res.status != STATUS_PASS) {
			print_error("%s: %s\n%s\n", status_name(res.status),
				    res.reason, res.diagnosis);
			code = -1;
		}
		boot_result_free(&res);
	}
	arms_free(&arms);
	remove_tree(dir);
	return code;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(true_pairs_are_loaded),
		cmocka_unit_test(mixed_pairs_are_refused),
		cmocka_unit_test(shadow_paging_is_shadow_paging),
		cmocka_unit_test(planted_faults_are_caught),
		cmocka_unit_test(planted_faults_end_in_failure),
		cmocka_unit_test(only_samples_are_traced),
	};

	sig_init();
	return cmocka_run_group_tests(tests, setup, teardown);
}
