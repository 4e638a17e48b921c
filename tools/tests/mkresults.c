// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test only: makes a results folder out of random numbers, to try the reading
 * and the report of results folders on. Nothing in it was measured.
 *
 * Each boot is slower or faster as a whole by up to a factor of 2 (--spread 1;
 * 0: not at all, as with icount), each slot by some per cent (--noise), each
 * sample by some more (--jitter), as real boots are; --planted makes the event
 * mremap_thp take so many times as long in every arm; arm `mutex` takes --effect times as long as
 * the others, and copy b of the A/A pair --aa times as long as copy a. Traced
 * runs have a third of the --samples, and take longer, stock's less so. With
 * --old the samples are of before the lock's modes were told apart. With --scale
 * there are curves, of x^B; --bend makes the points from 1 MiB on take so many times
 * as long, so that they are none.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rng.h"
#include "util.h"

static struct {
	unsigned long boots, samples, events, seed, fail, lost, counts, hashes, old;
	double effect, aa, noise, spread, jitter, planted, scale, bend;
	const char *clock, *dir;
} o = { 10, 40, 6, 42, 0, 0, 0, 0, 0, 1.05, 1, 0.01, 1, 0.05, 1, NAN, 1, "wall", NULL };

static const struct event {
	const char *name, *test, *site;
	unsigned long page_size, size, ns;
} events[] = {
	{ "mremap_4k", "mremap", "move_page_tables", 4096, 2097152, 240000 },
	{ "mremap_thp", "mremap", "move_page_tables", 2097152, 2097152, 12400 },
	{ "mremap_thp_part", "mremap", "move_page_tables+1", 2097152, 1048576, 130000 },
	{ "split_munmap", "thp_split", "__split_huge_pmd+1", 2097152, 4096, 21000 },
	{ "split_dontneed", "thp_split", "__split_huge_pmd+1", 2097152, 4096, 19000 },
	{ "split_debugfs", "thp_split", "try_to_migrate_one", 2097152, 2097152, 90000 },
};

/* With --scale: more events, of one name, and of this size and these vCPUs. */
static const struct point {
	unsigned long size;
	unsigned int vcpus;
} points[] = {
	{ 1048576, 1 }, { 4096, 1 }, { 65536, 1 }, { 16777216, 1 },
	{ 4096, 2 }, { 4096, 8 }, { 4096, 4 },
};

static const char *const arms[] = { "stock", "rwlock", "spinlock", "mutex", "rwsem" };

static struct rng rng;

static double uniform(void)
{
	return (double)(rng_next(&rng) >> 11) * 0x1p-53;
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

static FILE *make(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f) {
		fprintf(stderr, "mkresults: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return f;
}

static void manifest(void)
{
	char *path = xasprintf("%s/manifest.json", o.dir);
	FILE *f = make(path);

	fprintf(f, "{\n \"schema\": 2, \"id\": \"synthetic\", \"plan\": \"compare\",\n"
		" \"kernel\": {\"release\": \"6.12.0-synthetic\", \"package\": \"none <&> \\\"made up\\\"\",\n"
		"  \"key\": \"0\", \"series_sha256\": \"0\", \"config_sha256\": \"0\", \"vmlinux_sha256\": \"0\"},\n"
		" \"toolchain\": \"none\", \"qemu\": {\"version\": \"none\", \"command\": \"none: mkresults made this\"},\n"
		" \"accel\": {\"name\": \"tcg\", \"why\": \"synthetic data\"}, \"clock\": \"%s\", \"seed\": %lu,\n"
		" \"cpu\": \"none\", \"host\": {\"cores\": 2, \"mem_kb\": 1048576},\n"
		" \"command\": \"tools/tests/mkresults --seed %lu\", \"started\": \"2000-01-01T00:00:00Z\",\n"
		" \"plan_spec\": {\"boots\": %lu, \"arms\": [\"stock\", \"rwlock\", \"spinlock\", \"mutex\", \"rwsem\"],\n"
		"  \"compare\": [\"mutex/spinlock\", \"rwsem/rwlock\", \"rwlock/stock\", \"spinlock/rwlock\"],\n"
		"  \"primary\": \"mutex/spinlock\", \"aa\": \"spinlock\", \"margin\": 0.02}\n}\n",
		o.clock, o.seed, o.seed, o.boots);
	fclose(f);
	free(path);
}

/*
 * The lock's modes apart, and what of the wait was burnt. Only one event takes it
 * for read; a lock that sleeps burns a quarter.
 */
static void modes(FILE *f, const char *arm, const struct event *e,
		  unsigned long wait, unsigned long hold)
{
	bool sleeps = !strcmp(arm, "mutex") || !strcmp(arm, "rwsem");
	unsigned long read = strcmp(e->name, "split_debugfs") ? 0 : 1;

	if (o.old)
		;
	else if (!strcmp(arm, "stock"))
		fputs(",,,,,", f);
	else if (read)
		fprintf(f, ",%lu,%lu,%lu,%lu,%lu", wait / 4, hold / 4,
			wait - wait / 4, hold - hold / 4, sleeps ? wait / 4 : wait);
	else
		fprintf(f, ",,,%lu,%lu,%lu", wait, hold, sleeps ? wait / 4 : wait);
	fputc('\n', f);
}

static void sample(FILE *f, unsigned int slot, const char *arm, char copy,
		   int traced, const struct event *e, unsigned int vcpus,
		   unsigned long seq, double factor)
{
	double ns = (double)e->ns * factor * exp(o.jitter * normal());
	unsigned long t, wait;

	if (!strcmp(e->name, "mremap_thp"))
		ns *= o.planted;
	if (uniform() < 0.02)
		ns *= 1 + 20 * uniform();
	t = (unsigned long)ns;
	fprintf(f, "%u,%s,%c,%d,%s,%s,%lu,%lu,%u,%lu,", slot, arm, copy, traced,
		e->test, e->name, e->page_size, e->size, vcpus, seq);
	if (!traced) {
		fprintf(f, ",%lu,,,,,,%s\n", t, o.old ? "" : ",,,,,");
		return;
	}
	t = t * (strcmp(arm, "stock") ? 140 : 115) / 100;
	fprintf(f, "%s,%lu,%lu,%lu,", e->site, t, t * 8 / 10, t * 5 / 10);
	wait = uniform() < 0.3 ? 0 : 40 + (unsigned long)(400 * uniform());
	if (!strcmp(arm, "stock"))
		fprintf(f, ",,2,");
	else
		fprintf(f, "%lu,%lu,2,2", wait, t * 4 / 10);
	modes(f, arm, e, wait, t * 4 / 10);
}

/* Time grows as size^scale, and not at all with the number of vCPUs. */
static void scaled(FILE *csv, unsigned int n, const char *arm, char copy,
		   double factor)
{
	struct event e = { .name = "mremap_range", .test = "mremap", .site =
			   "move_page_tables", .page_size = 4096 };
	unsigned long s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(points) && !isnan(o.scale); i++) {
		e.size = points[i].size;
		e.ns = (unsigned long)(20000 * pow((double)e.size / 4096, o.scale) *
				       (e.size < 1048576 ? 1 : o.bend));
		for (s = 0; s < o.samples; s++)
			sample(csv, n, arm, copy, 0, &e, points[i].vcpus, s,
			       factor);
	}
}

static void slot(FILE *csv, unsigned int n, const char *arm, char copy,
		 double boot)
{
	double factor = boot * exp(o.noise * normal());
	unsigned long s, samples;
	int traced;
	size_t e;

	if (!strcmp(arm, "mutex"))
		factor *= o.effect;
	if (copy == 'b')
		factor *= o.aa;
	for (traced = 0; traced < 2; traced++) {
		samples = traced ? (o.samples + 2) / 3 : o.samples;
		for (e = 0; e < o.events; e++)
			for (s = 0; s < samples; s++)
				sample(csv, n, arm, copy, traced, &events[e], 1,
				       s, factor);
	}
	scaled(csv, n, arm, copy, factor);
}

/* Stock cannot count retries. */
static void counts_json(FILE *f, size_t slot)
{
	fprintf(f, ", \"counts\": {\"calls\": %lu, \"caller_sleeps\": %llu, "
		"\"caller_preempted\": 0, \"sleeps\": %llu, \"passes\": %llu",
		o.samples, (unsigned long long)rng_below(&rng, 3),
		(unsigned long long)rng_below(&rng, 900),
		(unsigned long long)rng_below(&rng, 90));
	if (slot)
		fprintf(f, ", \"retries\": %zu", slot);
	fputc('}', f);
}

static void test_json(FILE *f, size_t slot, int traced, const struct event *e,
		      bool fail)
{
	fprintf(f, "\n  {\"slot\": %zu, \"arm\": \"%s\", \"copy\": \"a\", \"traced\": %s, "
		"\"test\": \"%s\", \"name\": \"%s\", \"status\": \"%s\", \"reason\": \"%s\"",
		slot, arms[slot], traced ? "true" : "false", e->test, e->name,
		fail ? "FAIL" : "PASS", fail ? "page 7: expected 0x2, seen 0x1" : "");
	if (o.counts && !traced)
		counts_json(f, slot);
	fputc('}', f);
}

/* Some of a kernel's call sites: one is explained, and one nobody fires. */
static const struct {
	const char *file, *function, *call;
} callsites[] = {
	{ "mm/huge_memory.c", "__split_huge_pmd", "invalidate" },
	{ "mm/huge_memory.c", "__split_huge_pud", "invalidate" },
	{ "mm/mremap.c", "move_page_tables", "invalidate" },
	{ "mm/rmap.c", "try_to_migrate_one", "invalidate" },
	{ "mm/page_idle.c", "page_idle_clear_pte_refs_one", "clear_young" },
};

static void callsites_json(void)
{
	char *path = xasprintf("%s/callsites.json", o.dir);
	FILE *f = make(path);
	size_t i;

	fprintf(f, "{\"schema\": 1, \"kernel\": \"Linux <synthetic>\", \"sites\": [");
	for (i = 0; i < ARRAY_SIZE(callsites); i++)
		fprintf(f, "%s\n {\"file\": \"%s\", \"function\": \"%s\", \"call\": \"%s\", \"line\": %zu}",
			i ? "," : "", callsites[i].file, callsites[i].function,
			callsites[i].call, 100 + i);
	fprintf(f, "]}\n");
	fclose(f);
	free(path);
}

static void sites_csv(const char *path)
{
	unsigned long samples = (o.samples + 2) / 3;
	FILE *f = make(path);
	size_t a, e;

	fprintf(f, "slot,arm,copy,test,event,call,site,first,calls\n");
	for (a = 0; a < ARRAY_SIZE(arms); a++)
		for (e = 0; e < o.events; e++)
			fprintf(f, "%zu,%s,a,%s,%s,invalidate,%.*s,%lu,%lu\n", a,
				arms[a], events[e].test, events[e].name,
				(int)strcspn(events[e].site, "+"),
				events[e].site, samples, samples);
	fclose(f);
}

/* As the supervisor has them: of files that were whole. */
static void files_json(FILE *f, const char *samples, const char *sites)
{
	char a[65], b[65];

	if (sha256_file(samples, a) || sha256_file(sites, b))
		exit(1);
	fprintf(f, " \"files\": {\"samples.csv\": \"%s\", \"sites.csv\": \"%s\"},\n", a, b);
}

static void boot_json(const char *path, bool fail, const char *samples,
		      const char *sites)
{
	FILE *f = make(path);
	size_t a, e;
	int traced;

	fprintf(f, "{\n \"schema\": 2, \"status\": \"%s\", \"reason\": \"%s\", \"clock\": \"%s\", \"accel\": \"tcg\",\n"
		" \"lost_samples\": %lu, \"kernel_findings\": [", fail ? "FAIL" : "PASS",
		fail ? "synthetic failure" : "", o.clock, o.lost);
	if (fail)
		fprintf(f, "{\"kind\": \"warning\", \"line\": \"WARNING: CPU: 0 PID: 1 at <synthetic>\", \"mark\": \"7 RUN mutex\"}");
	fprintf(f, "],\n");
	if (o.hashes)
		files_json(f, samples, sites);
	fprintf(f, " \"tests\": [");
	for (a = 0; a < ARRAY_SIZE(arms); a++)
		for (traced = 0; traced < 2; traced++)
			for (e = 0; e < o.events; e++) {
				if (a || traced || e)
					fputc(',', f);
				test_json(f, a, traced, &events[e],
					  fail && a == 3 && traced && !e);
			}
	fprintf(f, "]\n}\n");
	fclose(f);
}

static void boot(unsigned long n)
{
	char *dir = xasprintf("%s/boot-%03lu", o.dir, n);
	char *csv = xasprintf("%s/samples.csv", dir);
	char *json = xasprintf("%s/boot.json", dir);
	char *sites = xasprintf("%s/sites.csv", dir);
	double factor = exp2(o.spread * (2 * uniform() - 1));
	unsigned int order[6] = { 0, 1, 2, 3, 4, 5 }, i, k, t;
	FILE *f;

	if (mkdir_p(dir))
		exit(1);
	f = make(csv);
	fprintf(f, "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site,"
		"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits%s\n", o.old ? "" :
		",read_wait_ns,read_hold_ns,write_wait_ns,write_hold_ns,wait_cpu_ns");
	for (i = 5; i > 0; i--) {
		k = (unsigned int)rng_below(&rng, i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
	for (i = 0; i < 6; i++)
		slot(f, i, order[i] < 5 ? arms[order[i]] : "spinlock",
		     order[i] == 5 ? 'b' : 'a', factor);
	if (fclose(f)) {
		fprintf(stderr, "mkresults: %s: %s\n", csv, strerror(errno));
		exit(1);
	}
	sites_csv(sites);
	boot_json(json, n + 1 == o.fail, csv, sites);
	free(sites);
	free(dir);
	free(csv);
	free(json);
}

static const char usage[] =
	"usage: mkresults [--boots N] [--samples N] [--events N] [--seed N] [--fail N]\n"
	"       [--lost N] [--effect X] [--aa X] [--noise X] [--spread X]\n"
	"       [--jitter X] [--planted X] [--scale B] [--bend X] [--counts 1] [--hashes 1]\n"
	"       [--old 1] [--clock wall|icount] DIR\n";

static int option(const char *key, const char *value)
{
	if (!strcmp(key, "--boots"))
		o.boots = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--samples"))
		o.samples = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--events"))
		o.events = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--seed"))
		o.seed = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--fail"))
		o.fail = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--lost"))
		o.lost = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--effect"))
		o.effect = strtod(value, NULL);
	else if (!strcmp(key, "--aa"))
		o.aa = strtod(value, NULL);
	else if (!strcmp(key, "--noise"))
		o.noise = strtod(value, NULL);
	else if (!strcmp(key, "--spread"))
		o.spread = strtod(value, NULL);
	else if (!strcmp(key, "--jitter"))
		o.jitter = strtod(value, NULL);
	else if (!strcmp(key, "--planted"))
		o.planted = strtod(value, NULL);
	else if (!strcmp(key, "--scale"))
		o.scale = strtod(value, NULL);
	else if (!strcmp(key, "--bend"))
		o.bend = strtod(value, NULL);
	else if (!strcmp(key, "--counts"))
		o.counts = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--hashes"))
		o.hashes = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--old"))
		o.old = strtoul(value, NULL, 10);
	else if (!strcmp(key, "--clock"))
		o.clock = value;
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long n;
	int i;

	for (i = 1; i + 1 < argc; i += 2)
		if (option(argv[i], argv[i + 1]))
			break;
	if (i + 1 != argc || o.events > ARRAY_SIZE(events)) {
		fputs(usage, stderr);
		return 2;
	}
	o.dir = argv[i];
	rng_seed(&rng, o.seed);
	if (mkdir_p(o.dir))
		return 1;
	manifest();
	callsites_json();
	for (n = 0; n < o.boots; n++)
		boot(n);
	return 0;
}
