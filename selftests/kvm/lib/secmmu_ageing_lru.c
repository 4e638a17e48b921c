// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of secmmu_ageing_test: ageing by the page table walk of MGLRU, by its
 * look-around, and by the reverse map in reclaim.
 */
#include <linux/mman.h>

#include "secmmu_ageing.h"

#define LRU_GEN		"/sys/kernel/debug/lru_gen"
#define LRU_GEN_ENABLED	"/sys/kernel/mm/lru_gen/enabled"
#define MAX_NODES	16
#define NR_PAGES	(uint32_t)(AGEING_SIZE / SECMMU_PAGE_SIZE)
/* Memory of this process that is not under test, and young at times. */
#define OTHER_PAGES	512UL

/* Our memory cgroup in LRU_GEN. */
struct gens {
	int memcg;
	uint32_t nr_nodes;
	struct {
		int id;
		unsigned long max;
		unsigned long anon[2];	/* of the generations max and max - 1 */
	} node[MAX_NODES];
};

/*
 * "memcg ID PATH", then for each node " node ID" and a line for each of its
 * generations: number, age, anonymous pages, file pages.
 */
static void read_gens(struct gens *g)
{
	const char *base = strrchr(ageing_cgroup(), '/');
	unsigned long seq, anon;
	bool mine = false;
	char line[512], path[256];
	FILE *f = fopen(LRU_GEN, "r");
	int id;

	*g = (struct gens) { 0 };
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "memcg %d %255s", &id, path) == 2) {
			mine = !strcmp(path, base);
			if (mine)
				g->memcg = id;
		} else if (!mine) {
			continue;
		} else if (sscanf(line, " node %d", &id) == 1) {
			TEST_ASSERT(g->nr_nodes < MAX_NODES, "too many nodes");
			g->node[g->nr_nodes++].id = id;
		} else if (sscanf(line, "%lu %*u %lu", &seq, &anon) == 2 &&
			   g->nr_nodes) {
			g->node[g->nr_nodes - 1].max = seq;
			g->node[g->nr_nodes - 1].anon[1] =
				g->node[g->nr_nodes - 1].anon[0];
			g->node[g->nr_nodes - 1].anon[0] = anon;
		}
	}
	if (f)
		fclose(f);
}

static void age(void)
{
	struct gens g;
	uint32_t i;

	read_gens(&g);
	for (i = 0; i < g.nr_nodes; i++)
		if (!ageing_put(LRU_GEN, "+ %d %d %lu 1 1\n", g.memcg,
				g.node[i].id, g.node[i].max))
			ageing_fail("ageing of generation %lu of node %d: %s",
				    g.node[i].max, g.node[i].id, strerror(errno));
}

/* Evicts up to @nr pages of each node's oldest generations. */
static void evict(uint32_t nr)
{
	struct gens g;
	uint32_t i, k;

	read_gens(&g);
	/* A generation is not always emptied at once. */
	for (k = 0; k < 3; k++)
		for (i = 0; i < g.nr_nodes; i++)
			ageing_put(LRU_GEN, "- %d %d %lu 200 %u\n", g.memcg,
				   g.node[i].id, g.node[i].max - 2, nr);
}

static unsigned long young_pages(void)
{
	unsigned long sum = 0;
	struct gens g;
	uint32_t i;

	read_gens(&g);
	for (i = 0; i < g.nr_nodes; i++)
		sum += g.node[i].anon[0] + g.node[i].anon[1];
	return sum;
}

static bool mglru_on(void)
{
	struct gens g;

	if (!ageing_enter_cgroup() || !ageing_swap_on())
		return false;
	if (access(LRU_GEN_ENABLED, W_OK))
		return ageing_unmet("CONFIG_LRU_GEN");
	if (!secmmu_set(LRU_GEN_ENABLED, "y"))
		return ageing_unmet("MGLRU that can be switched on");
	if (access(LRU_GEN, W_OK))
		return ageing_unmet("debugfs");
	read_gens(&g);
	return g.nr_nodes || ageing_unmet("our memory cgroup in " LRU_GEN);
}

/* The pages that the guest has used are in the youngest generations. */
static void walk(enum ageing_backing backing, uint32_t nr, uint32_t run)
{
	unsigned long hot, young;
	struct ageing_mem m;

	if (!mglru_on() || !ageing_map(&m, backing, nr, run))
		return;
	ageing_drain();
	age();
	age();
	ageing_touch_hot(&m);
	ageing_begin();
	age();
	ageing_end(&m);
	young = young_pages();

	hot = m.nr / 2 * m.step / SECMMU_PAGE_SIZE;
	if (young < hot - hot / 64 || young > hot + hot / 16 + OTHER_PAGES)
		ageing_fail("the guest has touched %lu pages of %lu, %lu are young",
			    hot, 2 * hot, young);
	else
		ksft_print_msg("%s: the guest has touched %lu pages of %lu, %lu are young, with the process's own\n",
			       ageing.name, hot, 2 * hot, young);
}

void ageing_mglru_walk_4k(void)
{
	walk(AGEING_SMALL, NR_PAGES, 1);
}

void ageing_mglru_walk_thp(void)
{
	walk(AGEING_THP, AGEING_SIZE / SECMMU_HUGE_SIZE, 1);
}

/* Of @m, how many hot and cold pages are left. */
static void count_resident(const struct ageing_mem *m, uint32_t *hot,
			   uint32_t *cold)
{
	uint32_t i;

	*hot = *cold = 0;
	for (i = 0; i < m->nr; i++)
		*(ageing_is_hot(m, i) ? hot : cold) +=
			ageing_resident(ageing_unit(m, i));
}

/* At least @evicted of the cold pages are gone, and next to none of the hot. */
static void check_resident(const struct ageing_mem *m, uint32_t evicted)
{
	uint32_t n = m->nr / 2, hot, cold;

	count_resident(m, &hot, &cold);
	if (hot < n - n / 16 || cold > n - evicted)
		ageing_fail("of %u pages that the guest has touched %u are left, of %u idle ones %u",
			    n, hot, n, cold);
	else
		ksft_print_msg("%s: of %u pages that the guest has touched %u are left, of %u idle ones %u\n",
			       ageing.name, n, hot, n, cold);
}

void ageing_mglru_look_around(void)
{
	struct ageing_mem m;

	if (!mglru_on() || !ageing_map(&m, AGEING_SMALL, NR_PAGES, 256) ||
	    !ageing_make_old(&m))
		return;
	/* Into the oldest generation. */
	age();
	age();
	age();
	ageing_touch_hot(&m);
	ageing_begin();
	evict(m.nr);
	ageing_end(&m);
	check_resident(&m, m.nr / 4);
}

/* By the active and the inactive list, as it was before MGLRU. */
void ageing_reclaim(void)
{
	uint32_t nr = NR_PAGES / 4;
	struct ageing_mem m;
	char path[96];

	if (!ageing_enter_cgroup() || !ageing_swap_on())
		return;
	if (!access(LRU_GEN_ENABLED, W_OK) && !secmmu_set(LRU_GEN_ENABLED, "n")) {
		ageing_unmet("MGLRU that can be switched off");
		return;
	}
	if (!ageing_map(&m, AGEING_SMALL, NR_PAGES, 256) || !ageing_make_old(&m))
		return;
	/* Of a page on the active list reclaim would ask, but not care. */
	TEST_ASSERT(!madvise(m.hva, m.nr * m.step, MADV_COLD),
		    "MADV_COLD failed: %s", strerror(errno));
	ageing_drain();
	ageing_touch_hot(&m);
	snprintf(path, sizeof(path), "%s/memory.reclaim", ageing_cgroup());
	ageing_begin();
	/* It may fail for having found less: what is gone is looked at. */
	ageing_put(path, "%luK", nr * SECMMU_PAGE_SIZE >> 10);
	ageing_end(&m);
	check_resident(&m, nr / 2);
}
