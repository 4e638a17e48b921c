// SPDX-License-Identifier: GPL-2.0-only
/*
 * Swap for the tests that need some: on a zram device that nobody else has.
 */
#include <sys/swap.h>

#include "secmmu.h"

#define ZRAM_CONTROL	"/sys/class/zram-control/"

/* The zram device that is swapped to; -1: none of ours. */
static int zram = -1;

static int write_zram(const char *attribute, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/zram%d/%s", zram, attribute);
	return secmmu_write_file(path, text);
}

static void remove_zram(void)
{
	char id[16];

	if (zram < 0)
		return;
	snprintf(id, sizeof(id), "%d", zram);
	write_zram("reset", "1");
	secmmu_write_file(ZRAM_CONTROL "hot_remove", id);
	zram = -1;
}

static void swap_device(char *path, size_t size)
{
	snprintf(path, size, "/dev/zram%d", zram);
}

static void end_swap(void)
{
	char path[32];

	swap_device(path, sizeof(path));
	if (zram >= 0 && swapoff(path))
		fprintf(stderr, "swapoff(%s) failed: %s\n", path, strerror(errno));
	remove_zram();
}

/* Reading the file makes a device; ours alone, so that nobody else's is touched. */
static int add_zram(void)
{
	char buf[16] = "";
	int fd = open(ZRAM_CONTROL "hot_add", O_RDONLY);

	if (fd < 0)
		return -1;
	if (read(fd, buf, sizeof(buf) - 1) > 0)
		zram = atoi(buf);
	close(fd);
	return zram < 0 ? -1 : 0;
}

static bool start_swap(size_t bytes)
{
	char path[32], size[32];

	if (add_zram())
		return false;
	snprintf(size, sizeof(size), "%lu", bytes);
	swap_device(path, sizeof(path));
	if (write_zram("disksize", size) || secmmu_make_swap(path, bytes)) {
		remove_zram();
		return false;
	}
	atexit(end_swap);
	return true;
}

/* The first line of the file names its columns. */
static bool have_swap(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[256];
	int n = 0;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		n++;
	fclose(f);
	return n > 1;
}

bool secmmu_get_swap(size_t size)
{
	return have_swap() || start_swap(size);
}
