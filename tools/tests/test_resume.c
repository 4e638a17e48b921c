// SPDX-License-Identifier: GPL-2.0-only
/* Going on with a run: what is kept, what is not, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bootrun.h"
#include "compare_opts.h"
#include "fake_qemu.h"
#include "fixture.h"
#include "jsonio.h"
#include "manifest.h"
#include "progress.h"
#include "results.h"
#include "resume.h"
#include "scratch.h"
#include "summary.h"

#define BOOTS 6
#define SEED 42

static char *run_id;	/* of the run that make_run() makes */

static json_t *make_identity(void)
{
	return json_pack("{s:s, s:s, s:s, s:{s:i, s:f}, s:i}", "plan", "compare",
			 "kernel_key", "k1", "qemu", "7.2.22", "plan_spec",
			 "boots", BOOTS, "margin", 0.02, "cpus", 1);
}

static void save(const char *path, json_t *j)
{
	assert_int_equal(json_dump_file(j, path, 0), 0);
	json_decref(j);
}

/* boot.json of the fixture, with what a whole boot of the run has. */
static void make_boot_json(const char *from, unsigned int n)
{
	static const char *const files[] = RESUME_FILES;
	char path[40], hex[65];
	json_t *j, *hashes = json_object();

	j = json_load_file(from, 0, NULL);
	assert_non_null(j);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "boot-%03u/%s", n, files[i]);
		assert_int_equal(sha256_file(path, hex), 0);
		json_object_set_new(hashes, files[i], json_string(hex));
	}
	json_object_set_new(j, "files", hashes);
	json_object_set_new(j, "boot", json_integer(n));
	json_object_set_new(j, "run", json_string(run_id));
	snprintf(path, sizeof(path), "boot-%03u/boot.json", n);
	save(path, j);
}

/* As running boot @n does; each time the same. */
static void make_boot(unsigned int n)
{
	char *name = xasprintf("results-good/boot-%03u/samples.csv", n);
	char *json = xasprintf("results-good/boot-%03u/boot.json", n);
	char *from = fixture_path(name), *from_json = fixture_path(json);
	char path[40];

	snprintf(path, sizeof(path), "boot-%03u/console.log", n);
	put(path, "[    0.0] booted\n");
	snprintf(path, sizeof(path), "boot-%03u/ktap.log", n);
	put(path, "ok 1\n");
	snprintf(path, sizeof(path), "boot-%03u/sites.csv", n);
	put(path, "slot\n");
	snprintf(path, sizeof(path), "boot-%03u/samples.csv", n);
	assert_int_equal(copy_file(from, path), 0);
	make_boot_json(from_json, n);
	free(from);
	free(from_json);
	free(name);
	free(json);
}

/* A run with all its boots, in the current folder. */
static void make_run(void)
{
	char *from = fixture_path("results-good/manifest.json");
	json_t *m = json_load_file(from, 0, NULL);
	json_t *identity = make_identity();

	assert_int_equal(chdir(scratch) || remove_tree("run") || mkdir_p("run") ||
			 chdir("run"), 0);
	free(run_id);
	run_id = resume_run_id(identity, SEED);
	json_object_set_new(m, "identity", identity);
	save("manifest.json", m);
	for (unsigned int i = 0; i < BOOTS; i++)
		make_boot(i);
	free(from);
}

static void sweep(unsigned int kept, unsigned int aside)
{
	struct resume_count n;

	assert_int_equal(resume_sweep(".", run_id, BOOTS, &n), 0);
	assert_int_equal(n.kept, kept);
	assert_int_equal(n.aside, aside);
}

static void whole_boots(void **state)
{
	(void)state;
	make_run();
	sweep(BOOTS, 0);
	sweep(BOOTS, 0);
	assert_true(path_exists("boot-005/samples.csv"));
}

/* What a run that was killed may leave besides whole boots. */
static void leftovers(void **state)
{
	static const char *const gone[] = {
		".boot-004.tmp/console.log", ".boot-005.tmp/boot.json.tmp99",
		".initrd", ".initrd.vmm", "summary.json", "report.html", "summary.json.tmp17",
		"manifest.json.tmp5", "results.ktap", "sites.json",
	};
	static const char *const stays[] = {
		"notes.txt", "summary.json.mine", "broken-001/boot.json",
		"failed-004/console.log",
	};

	(void)state;
	make_run();
	assert_int_equal(remove_tree("boot-004") || remove_tree("boot-005"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		put(gone[i], "half");
	for (size_t i = 0; i < ARRAY_SIZE(stays); i++)
		put(stays[i], "x");
	sweep(4, 0);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		assert_false(path_exists(gone[i]));
	for (size_t i = 0; i < ARRAY_SIZE(stays); i++)
		assert_true(path_exists(stays[i]));
	assert_false(path_exists(".boot-004.tmp"));
	assert_true(path_exists("manifest.json"));
}

static void cut(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
}

static void set(const char *path, const char *key, json_t *value)
{
	json_t *j = json_load_file(path, 0, NULL);

	json_object_set_new(j, key, value);
	save(path, j);
}

static void half_json(void) { cut("boot-002/boot.json"); }
static void no_json(void) { unlink("boot-002/boot.json"); }
static void empty_json(void) { put("boot-002/boot.json", ""); }
static void list_json(void) { put("boot-002/boot.json", "[1, 2]"); }
static void cut_samples(void) { cut("boot-002/samples.csv"); }
/* A boot may have more files: perf's data. */
static void cut_other(void)
{
	json_t *j = json_load_file("boot-002/boot.json", 0, NULL);
	char hex[65];

	put("boot-002/perf/00.data", "samples");
	assert_int_equal(sha256_file("boot-002/perf/00.data", hex), 0);
	json_object_set_new(json_object_get(j, "files"), "perf/00.data",
			    json_string(hex));
	save("boot-002/boot.json", j);
	sweep(BOOTS, 0);
	cut("boot-002/perf/00.data");
}

static void forged_name(void)
{
	json_t *j = json_load_file("boot-002/boot.json", 0, NULL);
	char hex[65];

	assert_int_equal(sha256_file("manifest.json", hex), 0);
	json_object_set_new(json_object_get(j, "files"), "../manifest.json",
			    json_string(hex));
	save("boot-002/boot.json", j);
}

static void no_console(void) { unlink("boot-002/console.log"); }
static void no_hashes(void) { set("boot-002/boot.json", "files", json_null()); }
static void no_tests(void) { set("boot-002/boot.json", "tests", json_null()); }

/* As a power cut leaves it: the size is right, the blocks are not. */
static void zeros(void)
{
	struct stat st;

	assert_int_equal(stat("boot-002/samples.csv", &st), 0);
	assert_int_equal(truncate("boot-002/samples.csv", 0), 0);
	assert_int_equal(truncate("boot-002/samples.csv", st.st_size), 0);
}

static void other_schema(void)
{
	set("boot-002/boot.json", "schema", json_integer(1));
}

static void other_run(void)
{
	set("boot-002/boot.json", "run", json_string("0123"));
}

static void other_number(void)
{
	assert_int_equal(remove_tree("boot-002") || rename("boot-001", "boot-002"),
			 0);
	make_boot(1);
}

static void other_name(void)
{
	assert_int_equal(rename("boot-002", "boot-2"), 0);
}

static void too_many(void)
{
	assert_int_equal(rename("boot-002", "boot-007"), 0);
}

static void broken_boots(void **state)
{
	void (*const damage[])(void) = {
		half_json, no_json, empty_json, list_json, cut_samples,
		cut_other, forged_name, no_console, no_hashes, no_tests, zeros, other_schema, other_run,
		other_number, other_name, too_many,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		make_run();
		damage[i]();
		sweep(BOOTS - 1, 1);
		assert_false(path_exists("boot-002"));
		assert_true(path_exists("broken-002") || path_exists("broken-2") ||
			    path_exists("broken-007"));
		/* A second time there is nothing left to do. */
		sweep(BOOTS - 1, 0);
	}
}

static void broken_twice(void **state)
{
	(void)state;
	make_run();
	cut("boot-002/boot.json");
	sweep(BOOTS - 1, 1);
	make_boot(2);
	cut("boot-002/samples.csv");
	sweep(BOOTS - 1, 1);
	assert_true(path_exists("broken-002/samples.csv"));
	assert_true(path_exists("broken-002-1/samples.csv"));
}

static json_t *summary_here(void)
{
	struct summary s;
	json_t *j;

	assert_int_equal(summary_load(".", &s), 0);
	j = summary_json(&s);
	summary_free(&s);
	return j;
}

/* Whether one of the warnings of @summary begins with @text. */
static void assert_warned(const json_t *summary, const char *text)
{
	json_t *w;
	size_t i;

	json_array_foreach(json_object_get(summary, "warnings"), i, w)
		if (!strncmp(json_string_value(w), text, strlen(text)))
			return;
	fail_msg("no warning: %s", text);
}

/* Interrupted and gone on with, or not: the same summary. */
static void same_summary(void **state)
{
	json_t *undisturbed, *gone_on, *part;

	(void)state;
	make_run();
	undisturbed = summary_here();
	assert_int_equal(remove_tree("boot-005"), 0);
	cut("boot-001/boot.json");
	put(".boot-005.tmp/samples.csv", "half");
	sweep(BOOTS - 2, 1);
	part = summary_here();
	assert_false(json_equal(part, undisturbed));
	make_boot(1);
	make_boot(5);
	gone_on = summary_here();
	assert_true(json_equal(gone_on, undisturbed));
	json_decref(part);
	json_decref(gone_on);
	json_decref(undisturbed);
}

static int same(json_t *manifest, json_t *identity)
{
	int ret;

	listen_begin();
	ret = resume_same("results/x", manifest, identity);
	listen_end();
	json_decref(identity);
	return ret;
}

static void other_options(void **state)
{
	static const struct {
		const char *key, *value, *said;
	} cases[] = {
		{ "plan", "\"smoke\"", "plan is \"compare\" there and \"smoke\" now" },
		{ "kernel_key", "\"k2\"", "kernel_key is \"k1\" there and \"k2\" now: series" },
		{ "qemu", "\"8.0\"", "QEMU has changed" },
		{ "cpus", "2", "cpus is 1 there and 2 now" },
		{ "append", "\"x\"", "append is nothing there and \"x\" now" },
		{ "plan_spec", "{\"boots\": 7, \"margin\": 0.02}", "boots is 6 there and 7 now" },
		{ "plan_spec", "{\"boots\": 6, \"margin\": 0.03}", "margin is 0.02" },
	};
	json_t *m = json_pack("{s:o}", "identity", make_identity()), *i;

	(void)state;
	assert_int_equal(chdir(scratch), 0);
	assert_int_equal(same(m, make_identity()), ST_OK);
	for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
		i = make_identity();
		json_object_set_new(i, cases[k].key,
				    json_loads(cases[k].value,
					       JSON_DECODE_ANY, NULL));
		assert_int_equal(same(m, i), ST_USAGE);
		assert_said(cases[k].said);
		assert_said("results/x: not the same run: ");
	}
	/* Fewer keys now than there. */
	i = make_identity();
	json_object_del(i, "cpus");
	assert_int_equal(same(m, i), ST_USAGE);
	assert_said("not the same run");
	json_decref(m);
}

static void ids(void **state)
{
	json_t *a = make_identity(), *b = make_identity();
	char *id[3];

	(void)state;
	id[0] = resume_run_id(a, 1);
	id[1] = resume_run_id(b, 2);
	json_object_set_new(b, "cpus", json_integer(2));
	id[2] = resume_run_id(b, 1);
	assert_int_equal(strlen(id[0]), 64);
	assert_string_not_equal(id[0], id[1]);
	assert_string_not_equal(id[0], id[2]);
	for (int i = 0; i < 3; i++)
		free(id[i]);
	json_decref(a);
	json_decref(b);
}

static void no_manifest(const char *text, const char *what)
{
	json_t *m;

	remove_tree("m");
	put("m/x", "");
	if (text)
		put("m/manifest.json", text);
	listen_begin();
	m = resume_load("m");
	listen_end();
	assert_null(m);
	assert_said("m/manifest.json:");
	assert_said(what);
}

static void manifests(void **state)
{
	(void)state;
	assert_int_equal(chdir(scratch), 0);
	no_manifest(NULL, "no run to go on with");
	no_manifest("{\"seed\": 1, ", "m/manifest.json:1:");
	no_manifest("{\"seed\": 1}", "no \"identity\"");
	no_manifest("{\"identity\": {}}", "no \"identity\"");
	no_manifest("[]", "no \"identity\"");
}

/* The folder is found through the link, locked, and the link points at it. */
static void folder(void **state)
{
	struct results r, second;
	json_t *identity = make_identity();
	char link[64] = "";

	(void)state;
	make_run();
	assert_int_equal(chdir(scratch), 0);
	unlink("latest");
	assert_int_equal(results_resume("run", SEED, &r), ST_OK);
	assert_true(r.resumed);
	assert_int_equal(r.seed, SEED);
	assert_int_equal(results_manifest(&r, identity, NULL), 0);
	assert_string_equal(r.run, run_id);
	assert_true(readlink("latest", link, sizeof(link) - 1) > 0);
	assert_string_equal(link, "run");
	listen_begin();
	assert_int_equal(results_resume("latest", SEED, &second), ST_USAGE);
	listen_end();
	assert_said("another run is using");
	results_close(&r);
	assert_int_equal(results_resume("latest", SEED, &r), ST_OK);
	assert_string_equal(strrchr(r.dir, '/'), "/run");
	results_close(&r);
	json_decref(identity);
}

/* What was given once need not be given again; what is given now counts. */
static void options(void **state)
{
	char *before[] = { "compare", "--plan", "run/p.ini", "--boots", "7",
			   "--seed", "5", "--src", ".", "--jobs", "2", NULL };
	char *now[] = { "compare", "--resume", "run", "--boots", "8", NULL };
	struct compare_opts o;
	json_t *m = json_object();

	(void)state;
	assert_int_equal(chdir(scratch), 0);
	put("run/p.ini", "");
	assert_int_equal(compare_opts_parse(11, before, &o), ST_OK);
	json_object_set_new(m, "options", compare_opts_save(&o));
	assert_int_equal(compare_opts_parse(5, now, &o), ST_OK);
	compare_opts_restore(&o, m);
	assert_string_equal(o.boots, "8");
	assert_int_equal(*o.plan, '/');
	assert_string_equal(strrchr(o.plan, '/'), "/p.ini");
	assert_int_equal(*o.kernel.src, '/');
	assert_null(o.seed);
	/* With the wall clock the guest's CPUs may follow from it. */
	assert_string_equal(o.jobs, "2");
	assert_null(o.arms);
	assert_string_equal(o.resume, "run");
	json_decref(m);
}

/* One boot, of the fake QEMU: none of its tests passes. */
static int do_boot(unsigned int number)
{
	static char *arms[] = { "mutex", NULL };
	static char *events[] = { "mremap_4k", NULL };
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };
	struct plan_test test = {
		.name = "t", .program = "x", .timeout_s = 5, .traced = true,
		.events = { events, 1 },
	};
	const struct plan plan = {
		.arms = { arms, 1 }, .tests = &test, .n_tests = 1,
		.memory_mb = 64,
	};
	const struct bootrun r = {
		.plan = &plan, .accel = &tcg, .cpus = 1, .seed = SEED,
		.run = run_id, .number = number, .total = BOOTS,
		.kernel = "k", .initrd = "i", .system_map = "map",
		.results = ".",
	};

	return bootrun_do(&r);
}

/* The lines of do_boot(@number) as a program sees them. */
static json_t *events_of_a_boot(unsigned int number)
{
	json_t *list;
	char line[4096];
	int p[2], st;
	pid_t pid;
	FILE *f;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (!pid) {
		dup2(p[1], STDOUT_FILENO);
		close(p[1]);
		_exit(progress_begin() ? 99 : do_boot(number));
	}
	close(p[1]);
	list = json_array();
	f = fdopen(p[0], "r");
	while (fgets(line, sizeof(line), f)) {
		json_t *j = json_loads(line, 0, NULL);

		if (!j)
			fail_msg("no JSON: %s", line);
		json_array_append_new(list, j);
	}
	fclose(f);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(WEXITSTATUS(st), ST_FAIL);
	return list;
}

static size_t count_events(const json_t *list, const char *event,
			   const char *status)
{
	size_t i, n = 0;
	json_t *j;

	json_array_foreach(list, i, j) {
		const char *s = json_string_value(json_object_get(j, "status"));

		n += !strcmp(json_string_value(json_object_get(j, "event")),
			     event) && (!status || !strcmp(s, status));
	}
	return n;
}

static void use_fake_qemu(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	setenv("SECMMU_QEMU", self, 1);
	setenv("SECMMU_QEMU_USER", "root", 1);
	setenv("FAKE_QEMU", "ok", 1);
	put("k", "kernel");
	put("i", "initrd");
	put("map", "ffffffff81000000 T _text\nffffffff82000000 T _etext\n");
}

/* The machine is recorded, and may be set or busy otherwise when a run goes on. */
static void other_settings(void **state)
{
	static char *arms[] = { "mutex", NULL };
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };
	struct plan plan = {
		.name = (char *)"p", .path = (char *)"p.ini", .arms = { arms, 1 },
		.boots = 1, .primary = -1, .only_boot = -1,
	};
	struct artifacts a = { .dir = (char *)"built", .key = (char *)"k" };
	json_t *before = json_pack("{s:s, s:f}", "governor", "powersave", "load", 0.5);
	json_t *now = json_pack("{s:s, s:f}", "governor", "performance", "load", 9.);
	struct bootrun b = { .plan = &plan, .accel = &tcg, .host = before };
	json_t *identity = manifest_identity(&b, &a), *m, *host;
	struct results r;

	(void)state;
	assert_int_equal(chdir(scratch), 0);
	use_fake_qemu();
	put("built/manifest.json", "{}");
	m = manifest_make(&b, &a, SEED, NULL);
	host = json_object_get(m, "host");
	assert_string_equal(jsonio_text(host, "governor"), "powersave");
	assert_true(json_real_value(json_object_get(host, "load")) == 0.5);
	assert_true(json_integer_value(json_object_get(host, "cores")) > 0);
	assert_int_equal(results_open("settings", "p", identity, NULL, &r), ST_OK);
	assert_false(r.resumed);
	assert_int_equal(results_manifest(&r, identity, m), 0);
	results_close(&r);
	json_decref(m);
	json_decref(identity);
	b.host = now;
	identity = manifest_identity(&b, &a);
	assert_int_equal(results_open("settings", "p", identity, NULL, &r), ST_OK);
	assert_true(r.resumed);
	results_close(&r);
	json_decref(identity);
	json_decref(now);
	json_decref(before);
}

/* What a boot leaves is what is taken for whole, also when its tests failed. */
static void real_boots(void **state)
{
	json_t *events;

	(void)state;
	make_run();
	for (unsigned int i = 0; i < BOOTS; i++) {
		char *dir = bootrun_dir(".", i);

		assert_int_equal(remove_tree(dir), 0);
		free(dir);
	}
	use_fake_qemu();
	assert_int_equal(do_boot(0), ST_FAIL);
	assert_int_equal(do_boot(2), ST_FAIL);
	sweep(2, 0);
	/* Ours is not the only hand that could write there. */
	put("boot-002/ktap.log", "ok 1 - forged\n");
	sweep(1, 1);
	assert_true(path_exists("broken-002"));

	/* The same boot, told to a program: its slot, its results, its end. */
	events = events_of_a_boot(3);
	assert_int_equal(count_events(events, "slot", NULL), 1);
	assert_int_equal(count_events(events, "verdict", "MISS"), 2);
	assert_int_equal(count_events(events, "verdict", NULL), 4);
	assert_int_equal(count_events(events, "boot", "ERROR"), 1);
	assert_int_equal(json_array_size(events), 6);
	json_decref(events);
}

/* Return: how boot @n ended, in boot.json: whether it was killed. */
static bool killed(unsigned int n, size_t attempts)
{
	char *path = xasprintf("boot-%03u/boot.json", n);
	json_t *j = json_load_file(path, 0, NULL);
	bool yes = json_is_true(json_object_get(j, "killed"));

	assert_non_null(j);
	assert_int_equal(json_array_size(json_object_get(j, "attempts")), attempts);
	assert_int_equal(json_integer_value(json_object_get(j, "attempt")),
			 attempts ? attempts + 1 : 0);
	json_decref(j);
	free(path);
	return yes;
}

static void boot_again(const char *how)
{
	assert_int_equal(remove_tree("boot-001"), 0);
	setenv("FAKE_QEMU", how, 1);
	assert_int_equal(do_boot(1), ST_FAIL);
	setenv("FAKE_QEMU", "ok", 1);
}

static void sweep_killed(unsigned int kept, unsigned int again)
{
	struct resume_count n;

	assert_int_equal(resume_sweep(".", run_id, BOOTS, &n), 0);
	assert_int_equal(n.kept, kept);
	assert_int_equal(n.aside, 0);
	assert_int_equal(n.again, again);
}

/* Whoever killed QEMU said nothing of what is tested: again, and that is told. */
static void killed_boots(void **state)
{
	const json_t *a;
	json_t *boot;

	(void)state;
	make_run();
	use_fake_qemu();
	assert_false(resume_killed("."));
	boot_again("killed");
	assert_true(killed(1, 0));
	assert_true(resume_killed("."));
	sweep_killed(BOOTS - 1, 1);
	assert_true(path_exists("failed-001/boot.json") && !path_exists("boot-001"));
	assert_false(resume_killed("."));

	/* Not lucky this time, either; the host's own failure is none of them. */
	boot_again("killed");
	assert_true(killed(1, 1));
	sweep_killed(BOOTS - 1, 1);
	put("failed-001-2/console.log", "no disk space");
	boot_again("ok");
	assert_false(killed(1, 2));
	sweep_killed(BOOTS, 0);
	boot = json_load_file("boot-001/boot.json", 0, NULL);
	a = json_array_get(json_object_get(boot, "attempts"), 1);
	assert_int_equal(json_integer_value(json_object_get(a, "attempt")), 2);
	assert_string_equal(jsonio_text(a, "status"), "MISS");
	assert_string_equal(jsonio_text(a, "folder"), "failed-001-1");
	assert_non_null(strstr(jsonio_text(a, "reason"), "signal 9"));
	json_decref(boot);
}

/* What is a result: QEMU's own end, a guest's, and what failed before a kill. */
static void kept_boots(void **state)
{
	static const char *const ends[] = { "aborts", "reset", "panic-boot", "exit" };

	(void)state;
	make_run();
	use_fake_qemu();
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		boot_again(ends[i]);
		assert_false(killed(1, 0));
		sweep_killed(BOOTS, 0);
	}
	boot_again("killed");
	set("boot-001/boot.json", "status", json_string("FAIL"));
	assert_false(resume_killed("."));
	sweep_killed(BOOTS, 0);
}

/* Run boot 1 in a child, and send it @sig as soon as its boot.json is written. */
static int signalled_writing(int sig)
{
	pid_t pid = fork();
	int st = 0;

	if (!pid) {
		sig_init();
		_exit(do_boot(1));
	}
	while (!path_exists(".boot-001.tmp/boot.json") &&
	       !path_exists("boot-001/boot.json"))
		if (waitpid(pid, &st, WNOHANG) == pid)
			return st;
	kill(pid, sig);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	return st;
}

/* Ctrl-C and SIGKILL while the results are written: all of the boot, or nothing. */
static void interrupted_writing(void **state)
{
	bool there;
	int st;

	(void)state;
	make_run();
	use_fake_qemu();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(remove_tree("boot-001"), 0);
		st = signalled_writing(i % 2 ? SIGKILL : SIGINT);
		there = path_exists("boot-001");
		if (WIFEXITED(st))
			assert_int_equal(WEXITSTATUS(st), there ? ST_FAIL : ST_INTR);
		else
			assert_int_equal(WTERMSIG(st), SIGKILL);
		sweep(BOOTS - !there, 0);
		assert_false(path_exists(".boot-001.tmp"));
	}
	/* Planted: a folder that has its name before it is whole. */
	assert_int_equal(remove_tree("boot-001"), 0);
	put("boot-001/boot.json", "{\"schema\": 2,");
	sweep(BOOTS - 1, 1);
}

/* The summary names them, and the run that has one is not over. */
static void killed_summary(void **state)
{
	json_t *identity = make_identity(), *j;
	struct results r;
	uint64_t seed = SEED;

	(void)state;
	make_run();
	j = summary_here();
	assert_null(json_object_get(json_array_get(json_object_get(j, "boot_list"), 1), "attempts"));
	json_decref(j);
	set("boot-001/boot.json", "attempts",
	    json_pack("[{s:i, s:s, s:s}]", "attempt", 1, "status", "MISS", "reason", "QEMU was killed"));
	j = summary_here();
	assert_int_equal(json_array_size(json_object_get(json_array_get(
		json_object_get(j, "boot_list"), 1), "attempts")), 1);
	assert_warned(j, "1 of the boots had to be run again");
	json_decref(j);

	set("manifest.json", "seed", json_integer(SEED));
	put("summary.json", "{}");
	assert_int_equal(chdir(".."), 0);
	unlink("latest");
	assert_int_equal(symlink("run", "latest"), 0);
	assert_int_equal(results_open(".", "p", identity, &seed, &r), ST_OK);
	assert_false(r.resumed);
	results_close(&r);
	set("run/boot-001/boot.json", "killed", json_true());
	set("run/boot-001/boot.json", "status", json_string("MISS"));
	assert_int_equal(results_open(".", "p", identity, &seed, &r), ST_OK);
	assert_true(r.resumed);
	results_close(&r);
	json_decref(identity);
}

static int tear_down(void **state)
{
	free(run_id);
	return scratch_teardown(state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_boots),
		cmocka_unit_test(leftovers),
		cmocka_unit_test(broken_boots),
		cmocka_unit_test(broken_twice),
		cmocka_unit_test(same_summary),
		cmocka_unit_test(other_options),
		cmocka_unit_test(ids),
		cmocka_unit_test(manifests),
		cmocka_unit_test(folder),
		cmocka_unit_test(options),
		cmocka_unit_test(other_settings),
		cmocka_unit_test(real_boots),
		cmocka_unit_test(killed_boots),
		cmocka_unit_test(kept_boots),
		cmocka_unit_test(interrupted_writing),
		cmocka_unit_test(killed_summary),
	};

	if (getenv("FAKE_QEMU"))
		return fake_qemu(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("resume", tests, scratch_setup,
					   tear_down);
}
