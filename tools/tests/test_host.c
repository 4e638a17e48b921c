// SPDX-License-Identifier: GPL-2.0-only
/* The machine's settings, in made-up trees: host.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "jsonio.h"

#include "scratch.h"

#define CPU "sys/devices/system/cpu/"
#define MM "sys/kernel/mm/"
#define KVM "sys/module/kvm"
#define NAME_32 "abcdefghijklmnopqrstuvwxyz012345"
#define LETTERS_33 "abcdefghijklmnopqrstuvwxyzabcdefg"

struct file {
	const char *path, *text;
};

static const struct file quiet[] = {
	{ CPU "cpu0/cpufreq/scaling_governor", "performance\n" },
	{ CPU "cpu1/cpufreq/scaling_governor", "performance\n" },
	{ CPU "cpu10/cpufreq/scaling_governor", "performance\n" },
	{ CPU "cpu0/cpufreq/scaling_driver", "intel_pstate\n" },
	{ CPU "cpu1/cpufreq/scaling_driver", "intel_pstate\n" },
	{ CPU "cpu2/online", "0\n" },
	/* No CPUs. */
	{ CPU "cpufreq/scaling_governor", "schedutil\n" },
	{ CPU "cpuidle/cpufreq/scaling_governor", "schedutil\n" },
	{ CPU "intel_pstate/no_turbo", "1\n" },
	{ CPU "smt/active", "0\n" },
	{ CPU "isolated", "2-3,7\n" },
	{ MM "transparent_hugepage/enabled", "always [madvise] never\n" },
	{ MM "transparent_hugepage/defrag",
	  "always defer [defer+madvise] madvise never\n" },
	{ MM "ksm/run", "0\n" },
	{ "proc/sys/kernel/numa_balancing", "0\n" },
	{ "proc/sys/kernel/nmi_watchdog", "0\n" },
	{ "proc/loadavg", "1.00 0.50 0.25 1/99 4242\n" },
	{ KVM "_intel/parameters/ept", "Y\n" },
	{ KVM "/parameters/halt_poll_ns", "200000\n" },
};

/* Laid over the quiet one. */
static const struct file noisy[] = {
	{ CPU "cpu1/cpufreq/scaling_governor", "powersave\n" },
	{ CPU "cpu1/cpufreq/scaling_driver", "acpi-cpufreq\n" },
	{ CPU "intel_pstate/no_turbo", "0\n" },
	{ CPU "smt/active", "1\n" },
	{ CPU "isolated", "\n" },
	{ MM "transparent_hugepage/enabled", "[always] madvise never\n" },
	{ MM "ksm/run", "1\n" },
	{ "proc/sys/kernel/numa_balancing", "2\n" },
	{ "proc/sys/kernel/nmi_watchdog", "1\n" },
	{ "proc/loadavg", "1.01 0.00 0.00 1/99 4242\n" },
	{ KVM "_amd/parameters/npt", "0\n" },
};

static void make_tree(const char *root, const struct file *f, size_t n)
{
	char *path;

	for (; n; n--, f++) {
		path = xasprintf("%s/%s", root, f->path);
		put(path, f->text);
		free(path);
	}
}

static void assert_text(const json_t *host, const char *key, const char *want)
{
	const char *text = json_string_value(json_object_get(host, key));

	if (!text || strcmp(text, want))
		fail_msg("%s is '%s', not '%s'", key, text ? text : "(none)", want);
}

static double number_of(const json_t *host, const char *key)
{
	const json_t *v = json_object_get(host, key);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

/* All of it is unknown, and nothing is left out. */
static void assert_unknown(json_t *host)
{
	const char *key;
	json_t *v;

	assert_int_equal(json_object_size(host), 14);
	json_object_foreach(host, key, v) {
		if (!strcmp(key, "load") || !strcmp(key, "kvm_halt_poll_ns"))
			assert_true(json_is_null(v));
		else
			assert_text(host, key, "unknown");
	}
}

static void quiet_machine(void **state)
{
	struct host_noise v[HOST_NOISES];
	json_t *host;

	(void)state;
	make_tree("quiet", quiet, ARRAY_SIZE(quiet));
	host = host_read("quiet");
	assert_text(host, "governor", "performance");
	assert_text(host, "frequency_driver", "intel_pstate");
	assert_text(host, "turbo", "off");
	assert_text(host, "smt", "off");
	assert_text(host, "thp", "madvise");
	assert_text(host, "thp_defrag", "defer+madvise");
	assert_text(host, "ksm", "off");
	assert_text(host, "numa_balancing", "off");
	assert_text(host, "nmi_watchdog", "off");
	assert_text(host, "isolated_cpus", "2-3,7");
	assert_text(host, "kvm_amd_npt", "unknown");
	assert_text(host, "kvm_intel_ept", "on");
	assert_true(number_of(host, "kvm_halt_poll_ns") == 200000);
	assert_true(number_of(host, "load") == 1);
	/* Half of two CPUs is just quiet. */
	assert_int_equal(host_noise(host, 2, 2, v), 0);
	assert_int_equal(host_noise(host, 1, 1, v), 1);
	json_decref(host);
}

static void noisy_machine(void **state)
{
	static const char *const what[HOST_NOISES] = {
		"governor mixed", "turbo on", "load average 1.01 on 2 CPUs",
		"SMT on and 2 of 2 CPUs for guests", "KSM on",
	};
	struct host_noise v[HOST_NOISES];
	json_t *host;

	(void)state;
	make_tree("noisy", quiet, ARRAY_SIZE(quiet));
	make_tree("noisy", noisy, ARRAY_SIZE(noisy));
	host = host_read("noisy");
	assert_text(host, "frequency_driver", "mixed");
	assert_text(host, "isolated_cpus", "none");
	assert_text(host, "thp", "always");
	assert_text(host, "numa_balancing", "on");
	assert_text(host, "nmi_watchdog", "on");
	assert_text(host, "kvm_amd_npt", "off");
	assert_int_equal(host_noise(host, 2, 2, v), HOST_NOISES);
	for (size_t i = 0; i < HOST_NOISES; i++) {
		assert_string_equal(v[i].what, what[i]);
		assert_true(*v[i].why);
	}
	assert_true(host_cpus() >= 1);
	/* Two of four may have a core each. */
	assert_int_equal(host_noise(host, 4, 2, v), 3);
	assert_string_equal(v[2].what, "KSM on");
	assert_int_equal(host_noise(host, 4, 3, v), 4);
	/* Nobody knows how many CPUs. */
	assert_int_equal(host_noise(host, 0, 2, v), 3);
	json_decref(host);
}

/* What else the kernel writes there, on other machines. */
static void other_machines(void **state)
{
	static const struct {
		struct file f;
		const char *key, *want;
	} cases[] = {
		{ { CPU "cpufreq/boost", "1\n" }, "turbo", "on" },
		{ { CPU "cpufreq/boost", "0\n" }, "turbo", "off" },
		{ { CPU "cpu3/cpufreq/scaling_governor", "schedutil" },
		  "governor", "schedutil" },
		{ { CPU "cpu3/cpufreq/scaling_driver", "amd-pstate-epp\n" },
		  "frequency_driver", "amd-pstate-epp" },
		{ { MM "ksm/run", "2\n" }, "ksm", "off" },
		{ { KVM "_amd/parameters/npt", "Y\n" }, "kvm_amd_npt", "on" },
		{ { KVM "_intel/parameters/ept", "N\n" }, "kvm_intel_ept", "off" },
		{ { "proc/sys/kernel/numa_balancing", "1\n" }, "numa_balancing", "on" },
		{ { KVM "/parameters/halt_poll_ns", "9999999999999999999\n" },
		  "kvm_halt_poll_ns", NULL },
		{ { CPU "isolated", "1-127" }, "isolated_cpus", "1-127" },
		{ { MM "transparent_hugepage/enabled", "always madvise [never]" },
		  "thp", "never" },
	};
	json_t *host;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(remove_tree("other"), 0);
		make_tree("other", &cases[i].f, 1);
		host = host_read("other");
		if (cases[i].want)
			assert_text(host, cases[i].key, cases[i].want);
		else
			assert_true(json_is_null(json_object_get(host, cases[i].key)));
		json_decref(host);
	}
}

static void empty_tree(void **state)
{
	struct host_noise v[HOST_NOISES];
	json_t *host;

	(void)state;
	assert_int_equal(mkdir_p("empty/" CPU), 0);
	host = host_read("empty");
	assert_unknown(host);
	assert_int_equal(host_noise(host, 2, 2, v), 0);
	json_decref(host);
	host = host_read("nowhere");
	assert_unknown(host);
	json_decref(host);
	/* A manifest of before there was this. */
	host = json_pack("{s:i}", "cores", 2);
	assert_int_equal(host_noise(host, 2, 2, v), 0);
	json_decref(host);
	assert_int_equal(host_noise(NULL, 2, 2, v), 0);
}

static void fill_files(const struct file *f, size_t n_files, const char *bytes,
		       size_t n)
{
	char *path;

	make_tree("bad", f, n_files);
	for (; n_files; n_files--, f++) {
		path = xasprintf("bad/%s", f->path);
		assert_int_equal(write_file(path, bytes, n), 0);
		free(path);
	}
}

/* Write @n bytes, NUL and all, into every file that is read. */
static void fill(const char *bytes, size_t n)
{
	static const struct file boost = { CPU "cpufreq/boost", "" };

	assert_int_equal(remove_tree("bad"), 0);
	fill_files(quiet, ARRAY_SIZE(quiet), bytes, n);
	fill_files(noisy, ARRAY_SIZE(noisy), bytes, n);
	fill_files(&boost, 1, bytes, n);
}

static void assert_bad(const char *bytes, size_t n)
{
	struct host_noise v[HOST_NOISES];
	json_t *host;
	char *text;

	fill(bytes, n);
	host = host_read("bad");
	assert_unknown(host);
	assert_int_equal(host_noise(host, 2, 2, v), 0);
	text = json_dumps(host, 0);
	assert_non_null(text);
	free(text);
	json_decref(host);
}

static void garbage(void **state)
{
	static const char *const lines[] = {
		"\xff\xfe\n", "on \xc3\xa4\n", "\xc0\x80", "\x1b[31m\n", " 1\n",
		"-1\n", "1x\n", "[]\n", "[always\n", "[al ways]\n", "[\xe2\x82]\n",
		"nan 1 1\n", "inf 0\n", "0x10 0\n",
		"1.2.3 0\n", ". 0\n", "<b>\n", "a b\n", "(null)\n",
		NAME_32 "6\n", "[" LETTERS_33 "]\n",
	};
	char *big = xmalloc(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_bad(lines[i], strlen(lines[i]));
	assert_bad("1\0" "2\n", 4);
	assert_bad("\0", 1);
	memset(big, '1', 1 << 20);
	assert_bad(big, 1 << 20);
	assert_bad(big, 4097);
	/* So long that it is no finite number. */
	memcpy(big + 4000, " 0\n", 3);
	assert_bad(big, 4003);
	free(big);
}

static void no_files(void **state)
{
	json_t *host;

	(void)state;
	assert_int_equal(mkdir_p("folders/" CPU "cpu0/cpufreq/scaling_governor"), 0);
	assert_int_equal(mkdir_p("folders/proc/loadavg"), 0);
	assert_int_equal(mkdir_p("folders/" MM "ksm"), 0);
	assert_int_equal(symlink("run", "folders/" MM "ksm/run"), 0);
	host = host_read("folders");
	assert_unknown(host);
	json_decref(host);
}

/* One CPU that says what none can does not pass for its neighbours. */
static void garbage_beside(void **state)
{
	static const struct file files[] = {
		{ CPU "cpu0/cpufreq/scaling_governor", "performance\n" },
		{ CPU "cpu1/cpufreq/scaling_governor", "\xff\n" },
	};
	json_t *host;

	(void)state;
	make_tree("beside", files, ARRAY_SIZE(files));
	host = host_read("beside");
	assert_text(host, "governor", "mixed");
	json_decref(host);
}

/* What stands in a manifest need not have been written by us. */
static void forged(void **state)
{
	static const char *const manifests[] = {
		"{\"governor\": 7, \"turbo\": [], \"load\": \"9\", \"smt\": {}, \"ksm\": true}",
		"{\"governor\": \"a\\u001b[31m\", \"load\": -1e300}",
		"{\"governor\": \"" NAME_32 NAME_32 "\"}", "[]", "7",
		"{\"governor\": \"unknown\"}", "{\"governor\": \"-\"}",
	};
	struct host_noise v[HOST_NOISES];
	json_t *host;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		host = json_loads(manifests[i], JSON_DECODE_ANY, NULL);
		assert_non_null(host);
		assert_int_equal(host_noise(host, 2, 2, v), 0);
		json_decref(host);
	}
	host = json_loads("{\"load\": 1e308}", 0, NULL);
	assert_int_equal(host_noise(host, 2, 2, v), 1);
	assert_int_equal(strlen(v[0].what), sizeof(v[0].what) - 1);
	json_decref(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_machine),
		cmocka_unit_test(noisy_machine),
		cmocka_unit_test(other_machines),
		cmocka_unit_test(empty_tree),
		cmocka_unit_test(garbage),
		cmocka_unit_test(no_files),
		cmocka_unit_test(garbage_beside),
		cmocka_unit_test(forged),
	};

	return cmocka_run_group_tests_name("host", tests, scratch_setup,
					   scratch_teardown);
}
