// SPDX-License-Identifier: GPL-2.0-only
/*
 * What secmmu_ageing_test needs of the host: a memory cgroup, swap.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "secmmu_ageing.h"

#define ZRAM		"/sys/block/zram0/"
#define ZRAM_DEV	"/dev/zram0"
#define ZRAM_SIZE	(64UL << 20)

bool ageing_put(const char *path, const char *fmt, ...)
{
	char value[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	return !secmmu_write_file(path, value);
}

/*
 * The memory cgroup.  All of cgroup v2 is one tree, wherever it is mounted.
 */

static char cgroup_root[32];
/* Its memory controller was off for child groups, and is on because of us. */
static bool cgroup_memory_ours;
static char cgroup[64];
static char cgroup_before[256];

const char *ageing_cgroup(void)
{
	return cgroup;
}

static bool mount_cgroup(void)
{
	strcpy(cgroup_root, "/tmp/secmmu_ageing_XXXXXX");
	if (!mkdtemp(cgroup_root))
		return ageing_unmet("a writable /tmp");
	if (!mount("none", cgroup_root, "cgroup2", 0, NULL))
		return true;
	rmdir(cgroup_root);
	return ageing_unmet("cgroup v2");
}

static void switch_memory(const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cgroup_root);
	ageing_put(path, "%s", text);
}

static bool memory_is_on(void)
{
	char path[96], text[256];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cgroup_root);
	return secmmu_get(path, text, sizeof(text)) && strstr(text, "memory");
}

static void unmount_cgroup(void)
{
	if (cgroup_memory_ours)
		switch_memory("-memory");
	cgroup_memory_ours = false;
	umount2(cgroup_root, MNT_DETACH);
	rmdir(cgroup_root);
	*cgroup = '\0';
}

static void leave_cgroup(void)
{
	if (!*cgroup)
		return;
	if (secmmu_write_file(cgroup_before, "0"))
		ksft_print_msg("can't go back to %s: %s\n", cgroup_before,
			       strerror(errno));
	if (rmdir(cgroup))
		ksft_print_msg("can't remove %s: %s\n", cgroup, strerror(errno));
	unmount_cgroup();
}

/* The line of version 2 is "0::PATH". */
static void find_cgroup(void)
{
	char line[160], path[160] = "/";
	FILE *f = fopen("/proc/self/cgroup", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "0::/", 4))
			sscanf(line + 3, "%159[^\n]", path);
	if (f)
		fclose(f);
	snprintf(cgroup_before, sizeof(cgroup_before), "%s%s/cgroup.procs",
		 cgroup_root, strcmp(path, "/") ? path : "");
}

bool ageing_enter_cgroup(void)
{
	char path[96];

	if (*cgroup)
		return true;
	if (!mount_cgroup())
		return false;
	find_cgroup();
	if (!memory_is_on()) {
		switch_memory("+memory");
		cgroup_memory_ours = memory_is_on();
	}
	snprintf(cgroup, sizeof(cgroup), "%s/secmmu_ageing", cgroup_root);
	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup);
	if ((mkdir(cgroup, 0755) && errno != EEXIST) || access(path, W_OK)) {
		rmdir(cgroup);
		unmount_cgroup();
		return ageing_unmet("the memory controller of cgroup v2");
	}
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	TEST_ASSERT(!secmmu_write_file(path, "0"), "%s: %s", path, strerror(errno));
	return true;
}

/*
 * Swap.
 */

static bool swap_is_ours;

static bool has_swap(void)
{
	char line[256];
	FILE *f = fopen("/proc/swaps", "r");
	unsigned long size, used;
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %lu %lu", &size, &used) == 2)
			found |= (size - used) << 10 > 2 * AGEING_SIZE;
	if (f)
		fclose(f);
	return found;
}

static void swap_off(void)
{
	if (!swap_is_ours)
		return;
	if (swapoff(ZRAM_DEV))
		ksft_print_msg("swapoff: %s\n", strerror(errno));
	ageing_put(ZRAM "reset", "1");
	swap_is_ours = false;
}

bool ageing_swap_on(void)
{
	char size[32];

	if (has_swap())
		return true;
	secmmu_get(ZRAM "disksize", size, sizeof(size));
	if (strcmp(size, "0") || !ageing_put(ZRAM "disksize", "%lu", ZRAM_SIZE))
		return ageing_unmet("swap, or a zram0 that nobody uses");
	swap_is_ours = true;
	if (!secmmu_make_swap(ZRAM_DEV, ZRAM_SIZE))
		return true;
	swap_off();
	return ageing_unmet("swap on " ZRAM_DEV);
}

void ageing_restore(void)
{
	static bool done;

	/* At the end of the program, or already before. */
	if (done)
		return;
	done = true;
	ageing_unmap();
	swap_off();
	leave_cgroup();
}
