// SPDX-License-Identifier: GPL-2.0-only
/* Results folders, whole and damaged: what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figures.h"
#include "madeup.h"
#include "report.h"
#include "summary.h"
#include "table.h"
#include "util.h"
#include "words.h"

#define HEADER "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site," \
	"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits\n"
#define MODES "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site," \
	"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits," \
	"read_wait_ns,read_hold_ns,write_wait_ns,write_hold_ns,wait_cpu_ns\n"
#define GOOD "0,mutex,a,1,t,e,4096,4096,1,0,site,10,9,8,7,6,1,2\n"

static char tmp[] = "/tmp/secmmu-test-summary-XXXXXX";
static char *fixtures;

static int setup(void **state)
{
	char exe[PATH_MAX] = "";

	(void)state;
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) <= 0 || !mkdtemp(tmp))
		return -1;
	fixtures = xasprintf("%s/../../tests/fixtures", dirname(exe));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(fixtures);
	return remove_tree(tmp);
}

static void put(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(write_file(path, text, strlen(text)), 0);
	free(path);
}

static bool has(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	bool yes = path_exists(path);

	free(path);
	return yes;
}

/* What @fn prints on @fd (1 or 2), as a string to free. */
static char *output_of(int fd, int (*fn)(const char *), const char *arg, int *ret)
{
	char *path = xasprintf("%s/output", tmp), *text;
	int old, f;

	fflush(stdout);
	fflush(stderr);
	old = dup(fd);
	f = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(old >= 0 && f >= 0);
	dup2(f, fd);
	close(f);
	*ret = fn(arg);
	fflush(stdout);
	fflush(stderr);
	dup2(old, fd);
	close(old);
	text = read_file(path, NULL);
	assert_non_null(text);
	unlink(path);
	free(path);
	return text;
}

static bool passed;
static char words[512];	/* what is wrong then */

static int finish(const char *dir)
{
	char *failure = NULL;
	int ret = results_finish(dir, &failure);

	passed = !failure;
	snprintf(words, sizeof(words), "%s", failure ? failure : "");
	free(failure);
	return ret;
}

/* Lines of samples.csv */

static int count_row(const struct sample_row *r, const char **why, void *arg)
{
	(void)r;
	(void)why;
	(*(int *)arg)++;
	return 0;
}

static int read_rows(const char *path)
{
	int n = 0;

	return samples_read(path, NULL, count_row, &n) ? -1 : n;
}

static void malformed_lines(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", ":1: the file is empty" },
		{ "slot,arm\n", ":1: not the header" },
		{ HEADER GOOD GOOD "0,mutex", ":4: cut off" },
		{ HEADER "\n", ":2: not 18 columns" },
		{ HEADER "0,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1\n", ":2: not 18 columns" },
		{ HEADER "0,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2,3\n", ":2: not 18 columns" },
		{ HEADER GOOD "x,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", ":3: slot is no number" },
		{ HEADER ",mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "slot is empty" },
		{ HEADER "4294967296,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "slot is out of range" },
		{ HEADER "0,Mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "arm has a character" },
		{ HEADER "0,,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "arm is empty" },
		{ HEADER "0,m,c,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "copy has a character" },
		{ HEADER "0,m,aa,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "copy is too long" },
		{ HEADER "0,m,a,2,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "traced is out of range" },
		{ HEADER "0,m,a,1,t,<b>,4096,4096,1,0,s,10,9,8,7,6,1,2\n", "event has a character" },
		{ HEADER "0,m,a,1,t,e,4K,4096,1,0,s,10,9,8,7,6,1,2\n", "page_size is no number" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,a b,10,9,8,7,6,1,2\n", "site has a character" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,,9,8,7,6,1,2\n", "syscall_ns is empty" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,-1,9,8,7,6,1,2\n", "syscall_ns is no number" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,1.5,9,8,7,6,1,2\n", "syscall_ns is no number" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,18446744073709551615,9,8,7,6,1,2\n", "syscall_ns is out of range" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,99999999999999999999999,9,8,7,6,1,2\n", "syscall_ns is out of range" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,10,nan,8,7,6,1,2\n", "window_ns is no number" },
		{ HEADER "0,m,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\r\n", "waits is no number" },
		{ HEADER "0,m,a,0,t,e,4096,4096,1,0,s,10,,,,,,\n", "site is not empty, though untraced" },
		{ HEADER "0,m,a,0,t,e,4096,4096,1,0,,10,,,,6,,\n", "hold_ns is not empty, though untraced" },
		{ HEADER "0,m,a,0,t,e,4096,4096,1,0,,10,,,,,,2\n", "waits is not empty, though untraced" },
		{ MODES GOOD, ":2: not 23 columns" },
		{ HEADER "0,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2,,,7,6,7\n", ":2: not 18 columns" },
		{ MODES "0,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2,,x,7,6,7\n", "read_hold_ns is no number" },
		{ MODES "0,mutex,a,0,t,e,4096,4096,1,0,,10,,,,,,,,,,,7\n", "wait_cpu_ns is not empty, though untraced" },
		{ "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site,syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits,"
		  "write_wait_ns,write_hold_ns,read_wait_ns,read_hold_ns,wait_cpu_ns\n", ":1: not the header" },
	};
	char *path = xasprintf("%s/lines.csv", tmp), *text;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put(tmp, "lines.csv", cases[i].text);
		text = output_of(2, read_rows, path, &ret);
		assert_int_equal(ret, -1);
		if (!strstr(text, "lines.csv:") || !strstr(text, cases[i].error) ||
		    strchr(text, '\n') != text + strlen(text) - 1)
			fail_msg("%s instead of %s", text, cases[i].error);
		free(text);
	}
	put(tmp, "lines.csv", HEADER GOOD "0,mutex,a,0,t,e,4096,4096,1,1,,10,,,,,,\n");
	assert_int_equal(read_rows(path), 2);
	put(tmp, "lines.csv", MODES "0,mutex,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2,,,7,6,5\n"
	    "0,mutex,a,0,t,e,4096,4096,1,1,,10,,,,,,,,,,,\n");
	assert_int_equal(read_rows(path), 2);
	free(path);
}

/* A line with a NUL, one longer than any may be, one longer than the buffer. */
static void hostile_lines(void **state)
{
	static const char nul[] = HEADER "0,m\0x,a,1,t,e,4096,4096,1,0,s,10,9,8,7,6,1,2\n";
	char *path = xasprintf("%s/lines.csv", tmp), *big, *text;
	size_t header = strlen(HEADER), size = 3 << 20;
	int ret;

	(void)state;
	assert_int_equal(write_file(path, nul, sizeof(nul) - 1), 0);
	text = output_of(2, read_rows, path, &ret);
	assert_true(ret == -1 && strstr(text, ":2: arm has a character"));
	free(text);
	big = xmalloc(size);
	memset(big, '1', size);
	memcpy(big, HEADER, header);
	assert_int_equal(write_file(path, big, size), 0);
	text = output_of(2, read_rows, path, &ret);
	assert_true(ret == -1 && strstr(text, ":2: line too long"));
	free(text);
	big[header + 2000] = '\n';
	assert_int_equal(write_file(path, big, header + 2001), 0);
	text = output_of(2, read_rows, path, &ret);
	assert_true(ret == -1 && strstr(text, ":2: line too long"));
	free(text);
	free(big);
	free(path);
}

/* Damaged folders */

static void copy_fixture(const char *name, const char *file, const char *dir)
{
	char *from = xasprintf("%s/%s/%s", fixtures, name, file);
	char *to = xasprintf("%s/%s", dir, file);

	if (path_exists(from))
		assert_int_equal(copy_file(from, to), 0);
	free(from);
	free(to);
}

static void damaged_folders(void **state)
{
	static const struct {
		const char *fixture, *error;
	} cases[] = {
		{ "results-truncated", "boot-000/samples.csv:13: cut off" },
		{ "results-malformed", "boot-000/samples.csv:4: seq is no number" },
		{ "results-no-boot-json", "boot-000/boot.json: No such file" },
		{ "results-half-boot-json", "boot-000/boot.json:5: " },
		{ "results-bad-manifest", "manifest.json:9: " },
		{ "results-cut", "boot-000/samples.csv: not as it was when the boot ended" },
		{ "results-cut-sites", "boot-000/sites.csv: not as it was when the boot ended" },
	};
	static const char *const files[] = {
		"manifest.json", "callsites.json", "boot-000/boot.json",
		"boot-000/samples.csv", "boot-000/sites.csv",
	};
	char *dir, *boot, *text;
	size_t i, k;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		dir = xasprintf("%s/damaged-%zu", tmp, i);
		boot = xasprintf("%s/boot-000", dir);
		assert_int_equal(mkdir_p(boot), 0);
		for (k = 0; k < ARRAY_SIZE(files); k++)
			copy_fixture(cases[i].fixture, files[k], dir);
		text = output_of(2, finish, dir, &ret);
		assert_int_equal(ret, ST_USAGE);
		if (!strstr(text, cases[i].error) ||
		    strchr(text, '\n') != text + strlen(text) - 1)
			fail_msg("%s instead of %s", text, cases[i].error);
		assert_false(has(dir, "summary.json"));
		assert_false(has(dir, "report.html"));
		free(text);
		free(boot);
		free(dir);
	}
}

/* Runs made here */

struct run {
	unsigned int boots;
	const char *fail;		/* boots that are FAIL, one letter each: "f" */
	const char *primary;		/* JSON */
	const char *reason;		/* of failed boots */
	const char *clock;
	/* time of an arm in a boot; 0: no sample; wait_ns likewise with -1 */
	double (*syscall)(const char *arm, char copy, unsigned int boot);
	double (*tracing)(const char *arm);	/* factor; NULL: 1.5 */
	long (*wait)(const char *arm, unsigned int boot);
};

static void make_manifest(const struct run *r, const char *dir)
{
	char *text = xasprintf(
		"{\"schema\": 2, \"plan\": \"test\", \"clock\": \"%s\", \"seed\": 7,"
		"\"accel\": {\"name\": \"tcg\", \"why\": \"a test\"},"
		"\"command\": \"echo '<script>alert(1)</script>' && \\\"x\\\"\","
		"\"kernel\": {\"release\": \"6.12.0<img src=x>\"},"
		"\"plan_spec\": {\"boots\": %u, \"arms\": [\"stock\", \"spinlock\", \"mutex\"],"
		"\"compare\": [\"mutex/spinlock\", \"spinlock/stock\"], \"primary\": %s,"
		"\"aa\": \"spinlock\", \"margin\": 0.02}}",
		r->clock ? r->clock : "wall", r->boots,
		r->primary ? r->primary : "\"mutex/spinlock\"");

	put(dir, "manifest.json", text);
	free(text);
}

static void make_slot(FILE *f, const struct run *r, const char *arm, char copy,
		      unsigned int boot)
{
	double ns = r->syscall(arm, copy, boot), factor;
	long wait = r->wait ? r->wait(arm, boot) : -1;
	unsigned int i;

	factor = r->tracing ? r->tracing(arm) : 1.5;
	for (i = 0; i < 3 && ns > 0; i++) {
		/* The median is @ns. */
		fprintf(f, "0,%s,%c,0,t,e,4096,2097152,1,%u,,%.0f,,,,,,\n", arm,
			copy, i, ns + 100 * ((double)i - 1));
		if (!(factor > 0))
			continue;
		fprintf(f, "0,%s,%c,1,t,e,4096,2097152,1,%u,site,%.0f,,,", arm, copy,
			i, factor * ns + 100 * ((double)i - 1));
		if (wait >= 0)
			fprintf(f, "%ld", wait);
		fprintf(f, ",,1,\n");
	}
}

static void make_boot(const struct run *r, const char *dir, unsigned int n)
{
	bool failed = r->fail && n < strlen(r->fail) && r->fail[n] == 'f';
	char *boot = xasprintf("%s/boot-%03u", dir, n), *text;
	FILE *f;

	assert_int_equal(mkdir_p(boot), 0);
	text = xasprintf("{\"schema\": 2, \"status\": \"%s\", \"reason\": \"%s\", %s\"lost_samples\": 1,"
		"\"tests\": [{\"arm\": \"mutex\", \"traced\": false, \"test\": \"t\", "
		"\"name\": \"<b>\", \"status\": \"PASS\", \"reason\": \"\"}, "
		"{\"arm\": \"mutex\", \"traced\": true, \"test\": \"t\", \"name\": \"<b>\", "
		"\"status\": \"%s\", \"reason\": \"page 7\"}], \"kernel_findings\": %s}",
		failed ? "FAIL" : "PASS", failed && r->reason ? r->reason : "",
		failed && r->reason ? "\"cause\": \"no-frames\", " : "",
		failed ? "FAIL" : "PASS",
		failed ? "[{\"kind\": \"warning\", \"line\": \"WARNING: <x>\"}]" : "[]");
	put(boot, "boot.json", text);
	free(text);
	text = xasprintf("%s/samples.csv", boot);
	f = fopen(text, "w");
	assert_non_null(f);
	/* A failed boot's samples must not even be read. */
	fputs(failed ? "garbage" : HEADER, f);
	if (!failed) {
		make_slot(f, r, "mutex", 'a', n);
		make_slot(f, r, "spinlock", 'b', n);
		make_slot(f, r, "stock", 'a', n);
		make_slot(f, r, "spinlock", 'a', n);
	}
	fclose(f);
	free(text);
	free(boot);
}

static char *make_run(const struct run *r, const char *name)
{
	char *dir = xasprintf("%s/%s", tmp, name);
	unsigned int i;

	assert_int_equal(mkdir_p(dir), 0);
	make_manifest(r, dir);
	for (i = 0; i < r->boots; i++)
		make_boot(r, dir, i);
	return dir;
}

static struct summary load_folder(const char *name)
{
	char *dir = xasprintf("%s/%s", tmp, name);
	struct summary s;

	assert_int_equal(summary_load(dir, &s), 0);
	free(dir);
	return s;
}

static struct summary load_run(const struct run *r, const char *name)
{
	free(make_run(r, name));
	return load_folder(name);
}

static const struct comparison *find(const struct summary *s, const char *a,
				     const char *b, size_t cell, enum metric m)
{
	const struct comparison *c;
	size_t i;

	for (i = 0; i < s->n_comparisons; i++) {
		c = &s->comparisons[i];
		if (!strcmp(s->folder.series[c->a].arm, a) &&
		    !strcmp(s->folder.series[c->b].arm, b) && c->cell == cell &&
		    c->metric == m && c->statistic == STATISTIC_P50)
			return c;
	}
	return NULL;
}

/* Boots differ by a factor of up to 8; mutex takes 1.1 times as long. */
static double tenth_slower(const char *arm, char copy, unsigned int boot)
{
	double ns = 10000 * (1 + boot);

	(void)copy;
	return !strcmp(arm, "mutex") ? ns * 1.1 : ns;
}

static void exact_ratio(void **state)
{
	struct run r = { .boots = 8, .syscall = tenth_slower };
	struct summary s = load_run(&r, "exact");
	const struct comparison *c = summary_primary(&s);
	const struct measurement *m;

	(void)state;
	assert_non_null(c);
	assert_true(c->primary && c->cell == ALL_CELLS && c->cells == 1);
	assert_true(fabs(exp(c->test.mean) - 1.1) < 1e-12);
	assert_true(fabs(exp(c->test.low) - 1.1) < 1e-12);
	assert_true(fabs(exp(c->test.high) - 1.1) < 1e-12);
	assert_true(fabs(c->test.p - 2 / 256.) < 1e-12 && c->p_holm == c->test.p);
	assert_int_equal(c->verdict, STAT_SLOWER);
	assert_int_equal(c->boots_needed, 0);
	/* Wait was not measured in any arm: not compared. */
	assert_null(find(&s, "mutex", "spinlock", 0, METRIC_WAIT));
	c = find(&s, "spinlock", "stock", 0, METRIC_SYSCALL);
	assert_int_equal(c->verdict, STAT_SAME);
	assert_true(c->test.p == 1 && c->test.mean == 0);
	assert_int_equal(s.aa[0].verdict, STAT_SAME);
	assert_false(s.aa_broken);
	/* Median of 10000 .. 80000, its interval, and the largest sample. */
	m = summary_measured(&s, 0, 1, METRIC_SYSCALL);
	assert_int_equal(m->n, 24);
	assert_int_equal(m->boots, 8);
	assert_true(m->p50.mid == 45000 && m->p50.low == 10000 && m->p50.high == 80000);
	assert_true(m->max == 80100);
	assert_string_equal(m->site, "site");
	summary_free(&s);
}

/* From 3 to 10 s: times that 32 bits hold, and others, in one order. */
static double seconds_long(const char *arm, char copy, unsigned int boot)
{
	(void)arm;
	(void)copy;
	return 3e9 + 1e9 * boot;
}

static void long_times(void **state)
{
	struct run r = { .boots = 8, .syscall = seconds_long };
	struct summary s = load_run(&r, "long");
	const struct reduced *x;
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++) {
		x = folder_get(&s.folder, i, 0, 0, METRIC_SYSCALL);
		assert_true(x->n == 3 && x->p50 == 3e9 + 1e9 * (double)i);
		assert_true(x->max == x->p50 + 100 && x->beyond_p99 == 1);
	}
	summary_free(&s);
	/* Of one event on both sides of 2^32 = 4294967296. */
	put(tmp, "long/boot-001/samples.csv", HEADER
	    "0,stock,a,0,t,e,4096,4096,1,0,,5000000000,,,,,,\n"
	    "0,stock,a,0,t,e,4096,4096,1,1,,4294967295,,,,,,\n"
	    "0,stock,a,0,t,e,4096,4096,1,2,,4294967296,,,,,,\n"
	    "0,stock,a,0,t,e,4096,4096,1,3,,7,,,,,,\n"
	    "0,stock,a,0,t,e,4096,4096,1,4,,4999999999,,,,,,\n");
	s = load_folder("long");
	x = folder_get(&s.folder, 1, 1, 0, METRIC_SYSCALL);
	assert_non_null(x);
	assert_true(x->n == 5 && x->p50 == 4294967296. && x->max == 5e9);
	assert_true(fabs(x->p90 - 4999999999.6) < 1e-3);
	summary_free(&s);
}

static double b_slower(const char *arm, char copy, unsigned int boot)
{
	return tenth_slower(arm, copy, boot) * (copy == 'b' ? 1.1 : 1);
}

/* As in real runs, stock's has no lock tracepoints, and one arm has more. */
static double tracing_differs(const char *arm)
{
	return !strcmp(arm, "stock") ? 1.2 : !strcmp(arm, "mutex") ? 2 : 1.5;
}

static double no_tracing(const char *arm)
{
	(void)arm;
	return 0;
}

/*
 * Arms are compared without tracepoints: mutex is 1.1 times slower, whatever
 * the runs with tracepoints say, which would make it 1.47 times, and their cost
 * comes out for each arm.
 */
static void tracing_costs(void **state)
{
	static const double cost[] = { 1.2, 1.5, 2 };	/* stock spinlock mutex */
	struct run r = { .boots = 8, .syscall = tenth_slower,
			 .tracing = tracing_differs };
	struct summary s = load_run(&r, "tracing");
	const struct comparison *c = summary_primary(&s);
	json_t *j = summary_json(&s), *list, *x;
	size_t i;

	(void)state;
	assert_true(fabs(exp(c->test.mean) - 1.1) < 1e-12);
	for (i = 0; i < ARRAY_SIZE(cost); i++) {
		c = summary_tracing(&s, i);
		assert_non_null(c);
		assert_int_equal(c->test.n, 8);
		assert_true(fabs(exp(c->test.mean) - cost[i]) < 1e-12);
		assert_int_equal(c->verdict, STAT_SLOWER);
	}
	list = json_object_get(j, "tracing");
	/* All events and the one there is, for each arm. */
	assert_int_equal(json_array_size(list), 6);
	x = json_array_get(list, 4);
	assert_string_equal(json_string_value(json_object_get(x, "a")), "mutex");
	assert_string_equal(json_string_value(json_object_get(x, "metric")), "syscall_traced");
	/* It is no metric to compare arms by. */
	assert_null(find(&s, "mutex", "spinlock", 0, METRIC_SYSCALL_TRACED));
	assert_true(summary_measured(&s, 0, 2, METRIC_SYSCALL_TRACED)->p50.mid ==
		    2 * summary_measured(&s, 0, 2, METRIC_SYSCALL)->p50.mid);
	json_decref(j);
	summary_free(&s);
	r.tracing = no_tracing;
	s = load_run(&r, "traced-none");
	assert_true(fabs(exp(summary_primary(&s)->test.mean) - 1.1) < 1e-12);
	assert_int_equal(s.n_tracing, 0);
	assert_null(summary_measured(&s, 0, 2, METRIC_SYSCALL_TRACED));
	summary_free(&s);
}

static double p50(const struct summary *s, size_t cell, size_t arm, enum metric m)
{
	const struct measurement *x = summary_measured(s, cell, arm, m);

	assert_non_null(x);
	return x->p50.mid;
}

/*
 * mkresults: split_debugfs, the last event, takes the lock for read and for
 * write, a quarter of the time for read; mremap_4k, the first, for write alone. A
 * mutex burns a quarter of its wait, a spinlock all of it.
 */
static void modes_apart(void **state)
{
	char *dir = xasprintf("%s/modes", tmp), *text;
	struct summary s;

	(void)state;
	make_up(dir, 5, "--boots 8 --samples 20 --effect 1");
	assert_int_equal(summary_load(dir, &s), 0);
	assert_true(p50(&s, 5, 2, METRIC_READ_HOLD) > 0);
	assert_true(fabs(3 * p50(&s, 5, 2, METRIC_READ_HOLD) /
			 p50(&s, 5, 2, METRIC_WRITE_HOLD) - 1) < 0.01);
	assert_true(p50(&s, 0, 2, METRIC_WRITE_WAIT) == p50(&s, 0, 2, METRIC_WAIT));
	assert_null(summary_measured(&s, 0, 2, METRIC_READ_WAIT));
	/* stock has none of it. */
	assert_null(summary_measured(&s, 5, 0, METRIC_READ_WAIT));
	assert_null(summary_measured(&s, 5, 0, METRIC_WAIT_CPU));
	assert_non_null(find(&s, "mutex", "spinlock", 5, METRIC_WAIT_CPU));
	assert_true(p50(&s, 5, 2, METRIC_WAIT_CPU) == p50(&s, 5, 2, METRIC_WAIT));
	assert_true(fabs(4 * p50(&s, 5, 3, METRIC_WAIT_CPU) -
			 p50(&s, 5, 3, METRIC_WAIT)) < 4);
	assert_true(p50(&s, 5, 3, METRIC_WAIT) > 40);
	assert_non_null(find(&s, "mutex", "spinlock", 5, METRIC_READ_HOLD));
	/* Nobody has taken it for read there: no comparison of nothing. */
	assert_null(find(&s, "mutex", "spinlock", 0, METRIC_READ_HOLD));
	text = words_burnt(&s);
	assert_non_null(strstr(text, "CPU time that the caller had"));
	free(text);
	summary_free(&s);
	make_up(dir, 5, "--boots 8 --samples 20 --clock icount");
	assert_int_equal(summary_load(dir, &s), 0);
	text = words_burnt(&s);
	assert_non_null(strstr(text, "the instructions between asking"));
	free(text);
	/* CPUs that take turns: not the waiter's alone. */
	json_object_set_new(s.folder.manifest, "cpus", json_integer(2));
	text = words_burnt(&s);
	assert_non_null(strstr(text, "instructions of all CPUs"));
	free(text);
	summary_free(&s);
	free(dir);
}

/*
 * What is no system call is not called one: the metric "syscall" of an event is
 * what its test times.
 */
static void figures_are_named(void **state)
{
	static const char rename[] = "sed -i s/mremap_4k/contend_ksteps_r200/ %s/boot-*/samples.csv";
	char *dir = xasprintf("%s/figures", tmp), *command, *text = NULL;
	struct summary s;
	const char *what;
	size_t len, i, seen = 0;
	json_t *j, *list, *m;
	FILE *f;

	(void)state;
	assert_string_equal(figure_of("mremap_4k"), "system call time");
	assert_string_equal(figure_of("contend_call_r50"), "system call time");
	assert_string_equal(figure_of("contend_ksteps"), "time of 1000 steps of vCPUs");
	assert_string_equal(figure_of("contend_cpu_r8_m16"), "CPU time of the caller in a call");
	assert_string_equal(figure_of("fault_4k"), "page-fault time, in KVM_PRE_FAULT_MEMORY");
	assert_string_equal(figure_of("fault_guest_read"), "page-fault time, from KVM_RUN to its end");
	/* Whole words only. */
	assert_string_equal(figure_of("faulty"), "system call time");
	assert_string_equal(figure_of("contend_cpus"), "system call time");
	assert_string_equal(figure_what("contend_cpu", METRIC_READ_HOLD), "hold of mmu_lock, for read");

	make_up(dir, 5, "--boots 6 --samples 5 --events 2");
	assert_int_equal(summary_load(dir, &s), 0);
	assert_string_equal(figure_of_run(&s.folder), "system call time");
	summary_free(&s);
	command = xasprintf(rename, dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(summary_load(dir, &s), 0);
	assert_null(figure_of_run(&s.folder));
	f = open_memstream(&text, &len);
	table_print(&s, f);
	fclose(f);
	assert_non_null(strstr(text, "-- time of 1000 steps of vCPUs\ncontend_ksteps_r200 "));
	assert_non_null(strstr(text, "-- system call time\nmremap_thp "));
	assert_non_null(strstr(text, "median of what each event times"));
	assert_null(strstr(text, "System call time without"));
	j = summary_json(&s);
	list = json_object_get(j, "measurements");
	json_array_foreach(list, i, m) {
		what = json_string_value(json_object_get(m, "what"));
		assert_non_null(what);
		seen += !strcmp(what, "time of 1000 steps of vCPUs");
	}
	assert_true(seen > 0);
	json_decref(j);
	summary_free(&s);
	free(command);
	free(text);
	free(dir);
}

/* A run of before: all as it was, and what it lacks is said, not 0. */
static void older_run(void **state)
{
	char *dir = xasprintf("%s/results-good", fixtures), *text;
	struct summary s;

	(void)state;
	assert_int_equal(summary_load(dir, &s), 0);
	assert_true(p50(&s, 0, 2, METRIC_WAIT) > 0);
	for (int m = METRIC_READ_WAIT; m <= METRIC_WAIT_CPU; m++)
		assert_null(summary_measured(&s, 0, 2, (enum metric)m));
	text = words_burnt(&s);
	assert_non_null(strstr(text, "not measured"));
	free(text);
	summary_free(&s);
	free(dir);
}

/* The planted fault: the second slot of the same arm is slower. */
static void broken_aa_is_flagged(void **state)
{
	struct run r = { .boots = 6, .syscall = b_slower };
	struct summary s = load_run(&r, "aa");
	char *fixture = xasprintf("%s/results-aa-broken", fixtures);

	(void)state;
	assert_true(s.aa_broken);
	assert_true(s.n_warnings > 0 && strstr(s.warnings[0], "differs from itself"));
	summary_free(&s);
	assert_int_equal(summary_load(fixture, &s), 0);
	assert_true(s.aa_broken);
	summary_free(&s);
	free(fixture);
	fixture = xasprintf("%s/results-good", fixtures);
	assert_int_equal(summary_load(fixture, &s), 0);
	assert_false(s.aa_broken);
	assert_int_equal(summary_primary(&s)->verdict, STAT_SLOWER);
	summary_free(&s);
	free(fixture);
}

/* Whether a warning says so. */
static bool warned(const struct summary *s, const char *of)
{
	for (size_t i = 0; i < s->n_warnings; i++)
		if (strstr(s->warnings[i], of))
			return true;
	return false;
}

/* Boots at a time are no matter as long as each had CPUs of its own. */
static void boots_beside_each_other(void **state)
{
	struct run r = { .boots = 6, .syscall = tenth_slower };
	char *dir = make_run(&r, "beside");
	char *path = xasprintf("%s/boot-003/boot.json", dir);
	struct summary s;

	(void)state;
	edit(path, "at_a_time", "boots", "2");
	edit(path, "at_a_time", "host_cpus", "[4, 5]");
	assert_int_equal(summary_load(dir, &s), 0);
	assert_false(warned(&s, "at a time"));
	summary_free(&s);
	edit(path, "at_a_time", "host_cpus", "[]");
	assert_int_equal(summary_load(dir, &s), 0);
	assert_true(warned(&s, "2 boots ran at a time on the same CPUs"));
	summary_free(&s);
	edit(path, "at_a_time", "boots", "-2");
	assert_int_equal(summary_load(dir, &s), -1);
	free(path);
	free(dir);
}

/* How many warnings are of a noisy machine. */
static size_t noisy(const struct summary *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_warnings; i++)
		n += !strncmp(s->warnings[i], "noisy machine: ", 15);
	return n;
}

static void add_host(const char *run, const char *host)
{
	char *path = xasprintf("%s/%s/manifest.json", tmp, run);

	edit(path, NULL, "host", host);
	edit(path, NULL, "cpus", "2");
	free(path);
}

static void add_at_a_time(const char *run, const char *value)
{
	char *path = xasprintf("%s/%s/boot-001/boot.json", tmp, run);

	edit(path, NULL, "at_a_time", value);
	free(path);
}

/* The planted fault: a machine on which times mean little. */
static void noisy_machine_is_flagged(void **state)
{
	static const char host[] =
		"{\"cores\": 4, \"governor\": \"powersave\", \"turbo\": \"on\","
		"\"smt\": \"on\", \"ksm\": \"on\", \"load\": 2.5}";
	struct run r = { .boots = 6, .syscall = tenth_slower };
	struct summary s = load_run(&r, "host-none");

	(void)state;
	/* A run of before it was recorded. */
	assert_int_equal(noisy(&s), 0);
	summary_free(&s);
	free(make_run(&r, "host-noisy"));
	add_host("host-noisy", host);
	s = load_folder("host-noisy");
	/* Two CPUs of four may have a core each. */
	assert_int_equal(noisy(&s), 4);
	assert_non_null(strstr(s.warnings[s.n_warnings - 4], "governor powersave: "));
	assert_non_null(strstr(s.warnings[s.n_warnings - 2], "load average 2.50 on 4 CPUs: "));
	summary_free(&s);
	/* Two such guests at a time have all four. */
	add_at_a_time("host-noisy", "{\"boots\": 2, \"host_cpus\": [0, 1]}");
	s = load_folder("host-noisy");
	assert_int_equal(noisy(&s), 5);
	summary_free(&s);
	add_host("host-noisy", "{\"cores\": -1, \"governor\": 7, \"smt\": \"on\"}");
	s = load_folder("host-noisy");
	assert_int_equal(noisy(&s), 0);
	summary_free(&s);
	r.clock = "icount";
	free(make_run(&r, "host-icount"));
	add_host("host-icount", host);
	s = load_folder("host-icount");
	assert_int_equal(noisy(&s), 0);
	summary_free(&s);
}

static void failed_boots_are_left_out(void **state)
{
	struct run r = { .boots = 8, .fail = "-f-----f", .syscall = tenth_slower,
			 .reason = "guest hung" };
	struct summary s = load_run(&r, "failed");
	json_t *j = summary_json(&s), *boot;

	(void)state;
	assert_int_equal(s.folder.n_used, 6);
	assert_int_equal(summary_primary(&s)->test.n, 6);
	assert_int_equal(summary_primary(&s)->verdict, STAT_SLOWER);
	assert_int_equal(json_integer_value(json_object_get(j, "boots")), 6);
	assert_int_equal(json_integer_value(json_object_get(j, "boots_excluded")), 2);
	boot = json_array_get(json_object_get(j, "boot_list"), 1);
	assert_string_equal(json_string_value(json_object_get(boot, "status")), "FAIL");
	assert_string_equal(json_string_value(json_object_get(boot, "reason")), "guest hung");
	assert_string_equal(json_string_value(json_object_get(boot, "cause")), "no-frames");
	assert_true(json_is_false(json_object_get(boot, "used")));
	/* As in each boot.json of before. */
	assert_true(json_is_null(json_object_get(json_array_get(
		json_object_get(j, "boot_list"), 0), "cause")));
	/* Their tests and findings show all the same. */
	boot = json_array_get(json_object_get(j, "tests"), 0);
	assert_string_equal(json_string_value(json_object_get(boot, "status")), "FAIL");
	assert_string_equal(json_string_value(json_object_get(boot, "reason")),
			    "traced: page 7");
	/* Each boot counts twice: the run without tracepoints, and with them. */
	boot = json_object_get(boot, "counts");
	assert_int_equal(json_integer_value(json_object_get(boot, "FAIL")), 2);
	assert_int_equal(json_integer_value(json_object_get(boot, "PASS")), 14);
	assert_int_equal(json_array_size(json_object_get(j, "kernel_findings")), 2);
	assert_int_equal(json_integer_value(json_object_get(j, "lost_samples")), 8);
	json_decref(j);
	summary_free(&s);
}

static void too_few_boots(void **state)
{
	struct run r = { .boots = 5, .syscall = tenth_slower };
	struct summary s = load_run(&r, "five");
	const struct comparison *c = summary_primary(&s);
	json_t *j = summary_json(&s), *x;

	(void)state;
	assert_int_equal(c->verdict, STAT_UNDERPOWERED);
	assert_int_equal(c->boots_needed, 6);
	assert_non_null(strstr(c->reason, "5 boots: a 95 % interval needs at least 6"));
	x = json_array_get(json_object_get(j, "comparisons"), 0);
	assert_true(json_is_null(json_object_get(x, "ci_low")));
	assert_true(fabs(json_real_value(json_object_get(x, "ratio")) - 1.1) < 1e-9);
	json_decref(j);
	summary_free(&s);
	r.boots = 1;
	s = load_run(&r, "one");
	assert_int_equal(summary_primary(&s)->verdict, STAT_UNDERPOWERED);
	assert_non_null(strstr(summary_primary(&s)->reason, "1 boot:"));
	summary_free(&s);
	r.boots = 2;
	r.fail = "ff";
	s = load_run(&r, "none");
	assert_int_equal(summary_primary(&s)->test.n, 0);
	assert_non_null(strstr(summary_primary(&s)->reason, "no boot has both arms"));
	assert_int_equal(s.folder.n_used, 0);
	summary_free(&s);
}

/* In boot 2 the mutex has no sample. */
static double one_missing(const char *arm, char copy, unsigned int boot)
{
	return boot == 2 && !strcmp(arm, "mutex") ? 0 : tenth_slower(arm, copy, boot);
}

static long some_zeros(const char *arm, unsigned int boot)
{
	if (!strcmp(arm, "stock"))
		return -1;
	return !strcmp(arm, "mutex") && boot == 3 ? 0 : 50;
}

static long all_zero(const char *arm, unsigned int boot)
{
	(void)boot;
	return strcmp(arm, "stock") ? 0 : -1;
}

static void degenerate_data(void **state)
{
	struct run r = { .boots = 8, .syscall = one_missing, .wait = some_zeros };
	struct summary s = load_run(&r, "degenerate");
	const struct comparison *c;

	(void)state;
	c = find(&s, "mutex", "spinlock", 0, METRIC_SYSCALL);
	assert_int_equal(c->test.n, 7);
	assert_non_null(strstr(c->reason, "not measured in both arms in 1 of 8 boots"));
	/* One boot has a 0 in one arm: no ratio, and no choice of boots. */
	c = find(&s, "mutex", "spinlock", 0, METRIC_WAIT);
	assert_int_equal(c->test.n, 0);
	assert_int_equal(c->verdict, STAT_UNDERPOWERED);
	assert_non_null(strstr(c->reason, "0 in one arm only in 1 of 7 boots"));
	/* stock cannot measure wait. */
	assert_null(find(&s, "spinlock", "stock", 0, METRIC_WAIT));
	/* The only event is incomplete, and a mean over none is none. */
	c = summary_primary(&s);
	assert_int_equal(c->verdict, STAT_UNDERPOWERED);
	assert_int_equal(c->test.n, 0);
	assert_non_null(strstr(c->reason, "left out"));
	summary_free(&s);
	r.syscall = tenth_slower;
	r.wait = all_zero;
	s = load_run(&r, "zeros");
	c = find(&s, "mutex", "spinlock", 0, METRIC_WAIT);
	assert_int_equal(c->verdict, STAT_SAME);
	assert_true(c->test.mean == 0 && c->test.p == 1);
	summary_free(&s);
}

/* An arm that was never run in an event is named, not dropped. */
static double no_mutex(const char *arm, char copy, unsigned int boot)
{
	return strcmp(arm, "mutex") ? tenth_slower(arm, copy, boot) : 0;
}

static void missing_arm(void **state)
{
	struct run r = { .boots = 6, .syscall = no_mutex };
	struct summary s = load_run(&r, "missing");
	const struct comparison *c = summary_primary(&s);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->verdict, STAT_UNDERPOWERED);
	assert_int_equal(c->test.n, 0);
	summary_free(&s);
}

/* Manifests and boots that contradict themselves */

static int load_only(const char *dir)
{
	struct summary s;

	if (summary_load(dir, &s))
		return -1;
	summary_free(&s);
	return 0;
}

static void contradictions(void **state)
{
	static const struct {
		const char *file, *from, *to, *error;
	} cases[] = {
		{ "manifest.json", "\"margin\": 0.02", "\"margin\": 2", "\"margin\" is no number between" },
		{ "manifest.json", "\"margin\": 0.02", "\"x\": 2", "\"margin\"" },
		{ "manifest.json", "[\"stock\"", "[\"../x\"", "\"arms\" has something" },
		{ "manifest.json", "[\"stock\"", "[\"mutex\"", "\"arms\" names an arm twice" },
		{ "manifest.json", "\"mutex/spinlock\", ", "\"mutex/none\", ", "\"compare\" has something" },
		{ "manifest.json", "\"primary\": \"mutex/spinlock\"", "\"primary\": \"mutex/stock\"", "not in \"compare\"" },
		{ "manifest.json", "\"aa\": \"spinlock\"", "\"aa\": \"rwlock\"", "\"aa\" is no arm" },
		{ "manifest.json", "\"seed\": 7", "\"seed\": \"7\"", "\"seed\"" },
		{ "manifest.json", "\"plan\": \"test\"", "\"plan\": 1", "\"plan\" is missing or no string" },
		{ "manifest.json", "\"accel\": {", "\"accel\": [], \"b\": {", "\"name\"" },
		{ "boot-000/boot.json", "\"PASS\"", "\"FINE\"", "\"status\" is none of" },
		{ "boot-000/boot.json", "\"lost_samples\": 1", "\"lost_samples\": -1", "\"lost_samples\"" },
		{ "boot-000/boot.json", "\"tests\": [", "\"t\": [", "\"tests\"" },
		{ "boot-000/boot.json", "\"arm\": \"mutex\"", "\"arm\": \"seqlock\"", "arm 'seqlock'" },
		{ "boot-000/boot.json", "\"status\"", "\"clock\": \"icount\", \"status\"", "\"clock\" is not that" },
		{ "boot-000/boot.json", "{\"schema\"", "[{\"schema\"", "boot.json:1: " },
		/* What an older secmmu made: an untraced slot, all others traced. */
		{ "manifest.json", "\"schema\": 2", "\"schema\": 1", "manifest.json: schema 1, this secmmu reads 2" },
		{ "boot-000/boot.json", "\"schema\": 2", "\"schema\": 1", "boot.json: schema 1, this secmmu reads 2" },
		{ "boot-000/boot.json", "\"schema\": 2, ", "", "\"schema\" is missing" },
		{ "boot-000/samples.csv", "0,mutex,a", "0,qspin,a", "samples.csv:2: a slot that the plan does not have" },
		{ "boot-000/samples.csv", "0,mutex,a", "0,mutex,b", "samples.csv:2: a slot that the plan does not have" },
		{ "boot-000/samples.csv", "mutex,a,1", "mutex,a,0", "samples.csv:3: site is not empty" },
	};
	struct run r = { .boots = 1, .syscall = tenth_slower };
	char *dir = make_run(&r, "contradictions"), *path, *old, *text, *at, *new;
	size_t i;
	int ret;

	(void)state;
	assert_int_equal(load_only(dir), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		path = xasprintf("%s/%s", dir, cases[i].file);
		old = read_file(path, NULL);
		at = strstr(old, cases[i].from);
		assert_non_null(at);
		new = xasprintf("%.*s%s%s", (int)(at - old), old, cases[i].to,
				at + strlen(cases[i].from));
		assert_int_equal(write_file(path, new, strlen(new)), 0);
		text = output_of(2, load_only, dir, &ret);
		if (ret != -1 || !strstr(text, cases[i].error) ||
		    strchr(text, '\n') != text + strlen(text) - 1)
			fail_msg("%s: '%s' instead of '%s'", cases[i].to, text,
				 cases[i].error);
		assert_int_equal(write_file(path, old, strlen(old)), 0);
		free(text);
		free(new);
		free(old);
		free(path);
	}
	free(dir);
	text = output_of(2, load_only, "/nonexistent", &ret);
	assert_true(ret == -1 && strstr(text, "/nonexistent/manifest.json"));
	free(text);
}

static void no_boots(void **state)
{
	struct run r = { .boots = 0, .syscall = tenth_slower };
	char *dir = make_run(&r, "empty"), *text;
	int ret;

	(void)state;
	text = output_of(2, finish, dir, &ret);
	assert_int_equal(ret, ST_USAGE);
	assert_non_null(strstr(text, "no finished boot"));
	assert_false(has(dir, "summary.json"));
	free(text);
	free(dir);
}

/* The files written */

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%.2000s", part, text);
}

static void page_and_table(void **state)
{
	struct run r = { .boots = 7, .fail = "-f", .syscall = tenth_slower,
			 .reason = "<script>alert(2)</script>" };
	char *dir = make_run(&r, "page"), *path, *text, *line, *end;
	int ret;

	(void)state;
	text = output_of(1, finish, dir, &ret);
	assert_int_equal(ret, ST_OK);
	assert_contains(text, "mutex is slower than spinlock: 10 % more system call time");
	assert_contains(text, "boot-001 is FAIL and its measurements are left out");
	assert_contains(text, "absolute times mean nothing");
	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(end - line <= 110);
	}
	free(text);
	path = xasprintf("%s/report.html", dir);
	text = read_file(path, NULL);
	assert_contains(text, "<h1>mutex is slower than spinlock");
	assert_contains(text, "&lt;script&gt;alert(1)");
	assert_contains(text, "&lt;script&gt;alert(2)");
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "<b>"));
	assert_contains(text, "var(--c2)");
	assert_null(strstr(text, "rgb("));
	/* Nothing is loaded from elsewhere. */
	assert_null(strstr(text, "src=\""));
	assert_null(strstr(text, "url("));
	free(text);
	free(path);
	path = xasprintf("%s/summary.json", dir);
	text = read_file(path, NULL);
	assert_contains(text, "\"schema\": 2");
	free(text);
	free(path);
	free(dir);
}

/* No boot passed: a page and a table that say so. */
static void nothing_to_compare(void **state)
{
	struct run r = { .boots = 2, .fail = "ff", .syscall = tenth_slower };
	char *dir = make_run(&r, "nothing"), *path, *text;
	int ret;

	(void)state;
	text = output_of(1, finish, dir, &ret);
	assert_int_equal(ret, ST_OK);
	assert_contains(text, "No boot passed: nothing was compared.");
	free(text);
	path = xasprintf("%s/report.html", dir);
	text = read_file(path, NULL);
	assert_contains(text, "<h1>No boot passed");
	free(text);
	free(path);
	free(dir);
}

static void icount_is_labelled(void **state)
{
	struct run r = { .boots = 6, .syscall = tenth_slower, .clock = "icount" };
	char *dir = make_run(&r, "icount"), *text;
	int ret;

	(void)state;
	text = output_of(1, finish, dir, &ret);
	assert_int_equal(ret, ST_OK);
	assert_contains(text, "virtual ns = instructions");
	assert_contains(text, "      35000 ");
	assert_null(strstr(text, "0 us"));
	free(text);
	free(dir);
}

/* What the exit status of a run is made of. */
static void all_boots_passed(void **state)
{
	struct run r = { .boots = 2, .syscall = tenth_slower };
	char *dir = make_run(&r, "passed"), *boot, *path;
	json_t *j, *test;
	int ret;

	(void)state;
	free(output_of(1, finish, dir, &ret));
	assert_true(ret == ST_OK && passed);
	boot = xasprintf("%s/boot-001", dir);
	/* Nobody is to take what is missing for a failure of what is tested. */
	path = xasprintf("%s/boot.json", boot);
	j = json_load_file(path, 0, NULL);
	json_object_set_new(j, "status", json_string("MISS"));
	test = json_array_get(json_object_get(j, "tests"), 0);
	json_object_set_new(test, "status", json_string("ERROR"));
	assert_int_equal(json_dump_file(j, path, 0), 0);
	free(output_of(1, finish, dir, &ret));
	assert_true(ret == ST_OK && !passed);
	assert_string_equal(words, "not passed: no test has failed, but results are missing (MISS) or broken (ERROR): "
			    "of the results 1 ERROR; of 2 boots 1 MISS");
	json_object_set_new(test, "status", json_string("FAIL"));
	assert_int_equal(json_dump_file(j, path, 0), 0);
	free(output_of(1, finish, dir, &ret));
	assert_string_equal(words, "not passed: what is tested has failed: of the results 1 FAIL; of 2 boots 1 MISS");
	json_decref(j);
	free(path);

	assert_int_equal(remove_tree(boot), 0);
	free(output_of(1, finish, dir, &ret));
	assert_true(ret == ST_OK && !passed);
	assert_non_null(strstr(words, "of the results none; of 2 boots none, 1 not there"));
	r.fail = "-f";
	free(make_run(&r, "passed"));
	passed = true;
	free(output_of(1, finish, dir, &ret));
	assert_true(ret == ST_OK && !passed);
	free(boot);
	free(dir);
}

static void gnuplot_missing(void **state)
{
	struct run r = { .boots = 6, .syscall = tenth_slower };
	char *dir = make_run(&r, "gnuplot"), *path = xstrdup(getenv("PATH")), *text;
	int ret;

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	text = output_of(2, finish, dir, &ret);
	setenv("PATH", path, 1);
	assert_int_equal(ret, ST_USAGE);
	assert_contains(text, "install the package gnuplot-nox");
	assert_true(has(dir, "summary.json"));
	assert_false(has(dir, "report.html"));
	free(text);
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_lines),
		cmocka_unit_test(hostile_lines),
		cmocka_unit_test(damaged_folders),
		cmocka_unit_test(exact_ratio),
		cmocka_unit_test(long_times),
		cmocka_unit_test(tracing_costs),
		cmocka_unit_test(modes_apart),
		cmocka_unit_test(older_run),
		cmocka_unit_test(figures_are_named),
		cmocka_unit_test(broken_aa_is_flagged),
		cmocka_unit_test(boots_beside_each_other),
		cmocka_unit_test(noisy_machine_is_flagged),
		cmocka_unit_test(failed_boots_are_left_out),
		cmocka_unit_test(too_few_boots),
		cmocka_unit_test(degenerate_data),
		cmocka_unit_test(missing_arm),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(no_boots),
		cmocka_unit_test(page_and_table),
		cmocka_unit_test(nothing_to_compare),
		cmocka_unit_test(icount_is_labelled),
		cmocka_unit_test(all_boots_passed),
		cmocka_unit_test(gnuplot_missing),
	};

	return cmocka_run_group_tests_name("summary", tests, setup, teardown);
}
