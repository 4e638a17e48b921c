// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ageing of memory that a guest has mapped.
 *
 * Host memory is aged by page_idle, by MGLRU, by reclaim, by khugepaged and by
 * DAMON, each of which asks the secondary MMUs in code of its own.  Each test
 * has the guest use half of its memory and looks at what the host makes of it:
 * it must take that half for young, and the other for old.  With -n the memory
 * is that of a process without a VM, to see what ageing costs where there is
 * nobody to ask.  Host call sites:
 * page_idle_clear_pte_refs_one(), walk_pte_range(), walk_pmd_range_locked(),
 * lru_gen_look_around(), folio_referenced_one(), hpage_collapse_scan_pmd(),
 * collapse_huge_page(), and those of mm/damon.
 */
#include <getopt.h>
#include <linux/mman.h>

#include "secmmu_ageing.h"

#define MAX_ITERATIONS	1000
#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged/"
#define THP_ENABLED	"/sys/kernel/mm/transparent_hugepage/enabled"
#define SCANS		3
#define SCAN_NS		(60 * NSEC_PER_SEC)

/*
 * page_idle.  hugetlbfs is no part of this: its pages are on no LRU list, and
 * the interface knows no others.
 */

struct idle_count {
	uint32_t n, idle;
};

/*
 * Sets the flag of every @folio-th unit.  A page that somebody has isolated
 * can't be idle; it is left out, and marked by a PFN of 0.
 */
static uint32_t set_idle(const struct ageing_mem *m, uint32_t folio,
			 uint64_t *pfn)
{
	uint32_t i, n = m->nr / folio, left_out = 0;

	for (i = 0; i < n; i++) {
		pfn[i] = ageing_pfn(ageing_unit(m, i * folio));
		ageing_set_idle(pfn[i]);
		if (ageing_get_idle(pfn[i]) == 1)
			continue;
		pfn[i] = 0;
		left_out++;
	}
	return left_out;
}

static void count_idle(const struct ageing_mem *m, uint32_t folio,
		       const uint64_t *pfn, struct idle_count *hot,
		       struct idle_count *cold)
{
	struct idle_count *c;
	uint32_t i, n = m->nr / folio;

	for (i = 0; i < n; i++) {
		if (!pfn[i])
			continue;
		c = ageing_is_hot(m, i * folio) ? hot : cold;
		c->n++;
		c->idle += ageing_get_idle(pfn[i]) == 1;
	}
}

static void page_idle(enum ageing_backing backing, uint32_t nr, uint32_t run,
		      uint32_t folio)
{
	struct idle_count hot = { 0 }, cold = { 0 };
	uint32_t n = nr / folio, left_out;
	struct ageing_mem m;
	uint64_t pfn[512];

	TEST_ASSERT(n <= ARRAY_SIZE(pfn), "too many pages");
	if (ageing.idle_fd < 0) {
		ageing_unmet("CONFIG_IDLE_PAGE_TRACKING");
		return;
	}
	if (!ageing_map(&m, backing, nr, run))
		return;
	ageing_drain();
	left_out = set_idle(&m, folio, pfn);
	ageing_touch_hot(&m);
	ageing_begin();
	count_idle(&m, folio, pfn, &hot, &cold);
	ageing_end(&m);

	/* For a moment a page may be isolated, and then it is not idle. */
	if (left_out > n / 4 || hot.idle || cold.n - cold.idle > n / 64)
		ageing_fail("of %u pages that the guest has touched %u are idle, of %u others %u; %u of %u could not be made idle",
			    hot.n, hot.idle, cold.n, cold.idle, left_out, n);
	else
		ksft_print_msg("%s: of %u pages that the guest has touched %u are idle, of %u others %u\n",
			       ageing.name, hot.n, hot.idle, cold.n, cold.idle);
}

static void page_idle_4k(void)
{
	page_idle(AGEING_SMALL, 512, 1, 1);
}

static void page_idle_thp(void)
{
	page_idle(AGEING_THP, 8, 1, 1);
}

static void page_idle_thp_ptes(void)
{
	page_idle(AGEING_THP_PTES, 8 * SECMMU_HUGE_PAGES, SECMMU_HUGE_PAGES,
		  SECMMU_HUGE_PAGES);
}

/*
 * khugepaged.
 */

static unsigned long full_scans(void)
{
	char n[32];

	secmmu_get(KHUGEPAGED "full_scans", n, sizeof(n));
	return strtoul(n, NULL, 10);
}

/* The scan under way may have passed our memory already. */
static bool wait_for_scans(void)
{
	unsigned long last = full_scans() + SCANS;
	uint64_t end = secmmu_now() + SCAN_NS;

	while (full_scans() < last) {
		if (secmmu_now() > end)
			return false;
		usleep(10000);
	}
	return true;
}

static bool khugepaged_on(void)
{
	char enabled[64];

	secmmu_get(THP_ENABLED, enabled, sizeof(enabled));
	if (!*enabled)
		return ageing_unmet("CONFIG_TRANSPARENT_HUGEPAGE");
	if ((strstr(enabled, "[never]") && !secmmu_set(THP_ENABLED, "madvise")) ||
	    !secmmu_set(KHUGEPAGED "defrag", "1") ||
	    !secmmu_set(KHUGEPAGED "scan_sleep_millisecs", "20") ||
	    !secmmu_set(KHUGEPAGED "alloc_sleep_millisecs", "20") ||
	    !secmmu_set(KHUGEPAGED "pages_to_scan", "4096"))
		return ageing_unmet("khugepaged that can be set up");
	return true;
}

/* Of two blocks khugepaged takes the one that the guest uses. */
static void khugepaged(void)
{
	struct ageing_mem m;
	size_t hot, cold;

	if (!khugepaged_on() ||
	    !ageing_map(&m, AGEING_SMALL, 2 * SECMMU_HUGE_PAGES, SECMMU_HUGE_PAGES) ||
	    !ageing_make_old(&m))
		return;
	ageing_touch_hot(&m);
	ageing_begin();
	TEST_ASSERT(!madvise(m.hva, m.nr * m.step, MADV_HUGEPAGE),
		    "MADV_HUGEPAGE failed: %s", strerror(errno));
	if (!wait_for_scans())
		ageing_fail("khugepaged has not made %d scans in %lu s", SCANS,
			    SCAN_NS / NSEC_PER_SEC);
	ageing_end(&m);

	hot = secmmu_huge_bytes(&ageing.host, m.hva, SECMMU_HUGE_SIZE);
	cold = secmmu_huge_bytes(&ageing.host, m.hva + SECMMU_HUGE_SIZE,
				 SECMMU_HUGE_SIZE);
	if (hot != SECMMU_HUGE_SIZE || cold)
		ageing_fail("of %lu bytes that the guest has touched %lu are huge, of as many idle ones %lu",
			    SECMMU_HUGE_SIZE, hot, cold);
	else
		ksft_print_msg("%s: the block that the guest has touched became huge, the idle one did not\n",
			       ageing.name);
}

/*
 * The program.
 */

static const struct {
	const char *name;
	const char *desc;
	void (*run)(void);
} tests[] = {
	{ "page_idle_4k", "page_idle, base pages", page_idle_4k },
	{ "page_idle_thp", "page_idle, huge pages", page_idle_thp },
	{ "page_idle_thp_ptes", "page_idle, huge pages mapped by PTEs",
	  page_idle_thp_ptes },
	{ "mglru_walk_4k", "MGLRU's page table walk, base pages",
	  ageing_mglru_walk_4k },
	{ "mglru_walk_thp", "MGLRU's page table walk, huge pages",
	  ageing_mglru_walk_thp },
	{ "mglru_look_around", "MGLRU's eviction and look-around",
	  ageing_mglru_look_around },
	{ "reclaim", "memory.reclaim with MGLRU off", ageing_reclaim },
	{ "khugepaged", "khugepaged collapses what is in use", khugepaged },
	{ "damon_vaddr_4k", "DAMON by virtual address, base pages",
	  ageing_damon_vaddr_4k },
	{ "damon_vaddr_thp", "the same, huge pages", ageing_damon_vaddr_thp },
	{ "damon_vaddr_hugetlb", "the same, hugetlbfs",
	  ageing_damon_vaddr_hugetlb },
	{ "damon_paddr_thp", "DAMON by physical address, huge pages",
	  ageing_damon_paddr_thp },
	{ "damon_paddr_ptes", "the same, huge pages mapped by PTEs",
	  ageing_damon_paddr_ptes },
};

static uint32_t iterations = 1;
static uint32_t wanted = (1U << ARRAY_SIZE(tests)) - 1;

static void help(const char *name)
{
	printf("usage: %s [-i iterations] [-e test[,test]...] [-n] [-q] [-F fault] [-l] [-h]\n"
	       " -i: how often each test is done, 1-%d (default: 1)\n"
	       " -e: the tests to run (default: all); -l lists them\n"
	       " -n: no guest: this process, which no MMU notifier watches, uses the memory\n"
	       " -q: no vCPU runs while a sample is taken.  So it is anyway, but with DAMON\n"
	       " -F: plant a fault: the tests must fail.  idle: the guest does not touch\n"
	       "     what it should have; busy: it touches all of the memory\n"
	       " -l: list the tests\n"
	       "With SECMMU_SAMPLES=PATH in the environment samples are appended to that file;\n"
	       "with SECMMU_TRACING_ON=PATH 1 is written there before each of them, 0 after.\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
	       name, MAX_ITERATIONS);
}

static enum ageing_fault parse_fault(const char *arg)
{
	if (!strcmp(arg, "idle"))
		return AGEING_FAULT_IDLE;
	if (!strcmp(arg, "busy"))
		return AGEING_FAULT_BUSY;
	secmmu_usage_error("-F must be idle or busy, got '%s'", arg);
}

static void parse_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "i:e:nqF:lh")) != -1) {
		switch (c) {
		case 'i':
			iterations = secmmu_parse_range('i', optarg, 1, MAX_ITERATIONS);
			break;
		case 'e':
			wanted = secmmu_parse_events(optarg, tests, sizeof(*tests),
						     ARRAY_SIZE(tests));
			break;
		case 'n':
			ageing.no_guest = true;
			break;
		case 'q':
			break;
		case 'F':
			ageing.fault = parse_fault(optarg);
			break;
		case 'l':
			secmmu_list_events(tests, sizeof(*tests), ARRAY_SIZE(tests));
			exit(KSFT_PASS);
		case 'h':
			help(argv[0]);
			exit(KSFT_PASS);
		default:
			secmmu_usage_error("bad option '%s'", argv[optind - 1]);
		}
	}
	secmmu_no_arguments(argc, argv);
}

static void run_test(uint32_t nr)
{
	uint32_t i;

	ageing.name = tests[nr].name;
	ageing.failed = false;
	ageing.seq = 0;
	*ageing.skip = '\0';
	for (i = 0; i < iterations && !ageing.failed && !*ageing.skip; i++)
		tests[nr].run();

	if (ageing.failed)
		ksft_test_result_fail("%s\n", ageing.name);
	else if (*ageing.skip)
		ksft_test_result_skip("%s: requirement not met: %s\n",
				      ageing.name, ageing.skip);
	else
		ksft_test_result_pass("%s\n", ageing.name);
}

int main(int argc, char *argv[])
{
	uint32_t i;

	parse_options(argc, argv);
	ksft_print_header();
	__TEST_REQUIRE(!geteuid(), "Requirement not met: root");
	ageing.samples = secmmu_open_samples();
	ksft_set_plan(__builtin_popcount(wanted));
	ageing_create();
	/* In this order: pages are given back before their number is set. */
	atexit(secmmu_restore_settings);
	atexit(ageing_restore);
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (wanted & 1U << i)
			run_test(i);
	ageing_restore();
	ageing_destroy();
	secmmu_finished();
}
