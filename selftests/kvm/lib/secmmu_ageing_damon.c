// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of secmmu_ageing_test: DAMON watches memory that the guest keeps using,
 * and memory that it does not, by virtual and by physical address.
 */
#include <stdatomic.h>
#include <sys/stat.h>

#include "secmmu_ageing.h"

#define KDAMONDS	"/sys/kernel/mm/damon/admin/kdamonds/"
#define KDAMOND		KDAMONDS "0/"
#define CONTEXT		KDAMOND "contexts/0/"
#define REGIONS		CONTEXT "targets/0/regions/"
#define TRACING		"/sys/kernel/tracing/instances/secmmu_ageing"
#define EVENT		"damon/damon_aggregated"

/* DAMON looks at each region SAMPLES times before it says what it has seen. */
#define SAMPLES		10
#define SAMPLE_US	50000
#define RUN_US		(8 * SAMPLES * SAMPLE_US)
/*
 * Of memory that the host has mapped by PTEs DAMON asks the notifiers for each
 * of them, at each look: 8 rounds are more than a trace's buffer has room for.
 */
#define TRACED_US	(5 * SAMPLES * SAMPLE_US)
#define MAX_RUNS	20

struct region {
	uint64_t start;
	uint64_t end;
	uint64_t records;
	uint64_t accesses;
};

/* The guest uses its memory all the time, if not so often as to fill a trace. */

static atomic_bool stop;

static void *use_memory(void *arg)
{
	while (!atomic_load(&stop)) {
		ageing_touch_hot(arg);
		usleep(SAMPLE_US / 20);
	}
	return NULL;
}

/* Each in a file of its own, and all of it gone with the last line. */
static bool set_up(const char *ops, const struct region *low,
		   const struct region *high)
{
	return ageing_put(CONTEXT "operations", "%s", ops) &&
	       ageing_put(CONTEXT "monitoring_attrs/intervals/sample_us", "%d",
			  SAMPLE_US) &&
	       ageing_put(CONTEXT "monitoring_attrs/intervals/aggr_us", "%d",
			  SAMPLES * SAMPLE_US) &&
	       ageing_put(CONTEXT "monitoring_attrs/intervals/update_us", "%d",
			  10 * RUN_US) &&
	       ageing_put(CONTEXT "targets/nr_targets", "1") &&
	       (!strcmp(ops, "paddr") ||
		ageing_put(CONTEXT "targets/0/pid_target", "%d", getpid())) &&
	       ageing_put(REGIONS "nr_regions", "2") &&
	       ageing_put(REGIONS "0/start", "%lu", low->start) &&
	       ageing_put(REGIONS "0/end", "%lu", low->end) &&
	       ageing_put(REGIONS "1/start", "%lu", high->start) &&
	       ageing_put(REGIONS "1/end", "%lu", high->end);
}

static bool has_operations(const char *ops)
{
	char line[64];
	FILE *f = fopen(CONTEXT "avail_operations", "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		found |= !strcmp(line, ops);
	}
	if (f)
		fclose(f);
	return found;
}

static bool damon_on(const char *ops)
{
	char nr[32];

	secmmu_get(KDAMONDS "nr_kdamonds", nr, sizeof(nr));
	if (!*nr)
		return ageing_unmet("CONFIG_DAMON_SYSFS");
	if (strcmp(nr, "0"))
		return ageing_unmet("a DAMON that nobody else uses");
	if (!ageing_put(KDAMONDS "nr_kdamonds", "1") ||
	    !ageing_put(KDAMOND "contexts/nr_contexts", "1") ||
	    !has_operations(ops)) {
		ageing_put(KDAMONDS "nr_kdamonds", "0");
		return ageing_unmet("DAMON's operations '%s'", ops);
	}
	return true;
}

/* What it has seen DAMON tells by a tracepoint: a trace of our own. */
static bool trace_on(void)
{
	if (mkdir(TRACING, 0755) && errno != EEXIST)
		return ageing_unmet("tracefs");
	if (ageing_put(TRACING "/events/" EVENT "/enable", "1"))
		return true;
	rmdir(TRACING);
	return ageing_unmet("the tracepoint " EVENT);
}

static void count(struct region *r, uint64_t start, uint64_t end, uint64_t n)
{
	if (start < r->start || end > r->end)
		return;
	r->records++;
	r->accesses += n;
}

/* "... target_id=0 nr_regions=10 START-END: ACCESSES AGE" */
static void read_trace(struct region *hot, struct region *cold)
{
	FILE *f = fopen(TRACING "/trace", "r");
	unsigned long start, end, n;
	char line[512], *p;

	hot->records = hot->accesses = 0;
	cold->records = cold->accesses = 0;
	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, "nr_regions=");
		if (!p || sscanf(p, "nr_regions=%*u %lu-%lu: %lu", &start, &end,
				 &n) != 3)
			continue;
		count(hot, start, end, n);
		count(cold, start, end, n);
	}
	if (f)
		fclose(f);
}

/* A slow kernel, as one with KASAN, may need longer for a first answer. */
static void watch(struct ageing_mem *m, struct region *hot, struct region *cold)
{
	useconds_t run = getenv("SECMMU_TRACING_ON") ? TRACED_US : RUN_US;
	pthread_t thread;
	int ret;

	atomic_store(&stop, false);
	ret = pthread_create(&thread, NULL, use_memory, m);
	TEST_ASSERT(!ret, "pthread_create() failed: %s", strerror(ret));
	ageing_begin();
	if (!ageing_put(KDAMOND "state", "on"))
		ageing_fail("DAMON does not start: %s", strerror(errno));
	for (int i = 0; i < MAX_RUNS; i++) {
		usleep(run);
		read_trace(hot, cold);
		if (hot->records && cold->records)
			break;
	}
	ageing_put(KDAMOND "state", "off");
	ageing_end(m);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
}

/* A region that is used is young at most looks, another one next to never. */
static void check(const struct region *hot, const struct region *cold)
{
	if (!hot->records || !cold->records ||
	    hot->accesses * 2 < hot->records * SAMPLES ||
	    cold->accesses * 10 > cold->records * SAMPLES)
		ageing_fail("memory in use was young %lu times in %lu looks, idle memory %lu times in %lu",
			    hot->accesses, hot->records * SAMPLES,
			    cold->accesses, cold->records * SAMPLES);
	else
		ksft_print_msg("%s: memory in use was young %lu times in %lu looks, idle memory %lu times in %lu\n",
			       ageing.name, hot->accesses, hot->records * SAMPLES,
			       cold->accesses, cold->records * SAMPLES);
}

static void damon(const char *ops, struct ageing_mem *m, struct region *hot,
		  struct region *cold)
{
	bool ordered = hot->start < cold->start;

	if (!damon_on(ops))
		return;
	if (!trace_on())
		goto off;
	ageing_drain();
	if (set_up(ops, ordered ? hot : cold, ordered ? cold : hot)) {
		watch(m, hot, cold);
		check(hot, cold);
	} else {
		ageing_fail("DAMON's files in " KDAMONDS ": %s", strerror(errno));
	}
	ageing_put(TRACING "/events/" EVENT "/enable", "0");
	if (rmdir(TRACING))
		ksft_print_msg("can't remove " TRACING ": %s\n", strerror(errno));
off:
	ageing_put(KDAMONDS "nr_kdamonds", "0");
}

static void vaddr(enum ageing_backing backing, uint32_t run)
{
	struct region hot, cold;
	struct ageing_mem m;
	size_t size;

	if (!ageing_map(&m, backing, 2 * run, run))
		return;
	size = m.run * m.step;
	hot = (struct region) {
		.start = (uintptr_t)m.hva,
		.end = (uintptr_t)m.hva + size,
	};
	cold = (struct region) {
		.start = hot.end,
		.end = hot.end + size,
	};
	damon("fvaddr", &m, &hot, &cold);
}

void ageing_damon_vaddr_4k(void)
{
	vaddr(AGEING_SMALL, 64);
}

void ageing_damon_vaddr_thp(void)
{
	vaddr(AGEING_THP, 4);
}

void ageing_damon_vaddr_hugetlb(void)
{
	vaddr(AGEING_HUGETLB, 2);
}

/* One huge page of each kind: base pages are hardly ever in one piece. */
static void paddr(enum ageing_backing backing, uint32_t run)
{
	struct region hot, cold;
	struct ageing_mem m;

	if (!ageing_map(&m, backing, 2 * run, run))
		return;
	hot.start = ageing_pfn(m.hva) * SECMMU_PAGE_SIZE;
	cold.start = ageing_pfn(ageing_unit(&m, run)) * SECMMU_PAGE_SIZE;
	hot = (struct region) {
		.start = hot.start,
		.end = hot.start + SECMMU_HUGE_SIZE,
	};
	cold = (struct region) {
		.start = cold.start,
		.end = cold.start + SECMMU_HUGE_SIZE,
	};
	damon("paddr", &m, &hot, &cold);
}

void ageing_damon_paddr_thp(void)
{
	paddr(AGEING_THP, 1);
}

void ageing_damon_paddr_ptes(void)
{
	paddr(AGEING_THP_PTES, SECMMU_HUGE_PAGES);
}
