// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracefs instance: the events of docs/contracts.md, raw sub-buffers out.
 *
 * A module's events get new numbers each time it is loaded, so the formats are
 * sent with every traced run.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define INSTANCE TRACEFS "/instances/secmmu"
#define PAGE_COMMIT 8 /* offset of the sub-buffer's count of bytes */

static const struct {
	const char *pattern;
	bool samples; /* only in a run with samples, which records little else */
} patterns[] = {
	{ INSTANCE "/events/mmu_notifier/*/enable", false },
	{ INSTANCE "/events/kvm/kvm_mmu_lock_*/enable", false },
	/* Whether a waiter burns its CPU or leaves it to others. */
	{ INSTANCE "/events/sched/sched_switch/enable", true },
};

static const struct {
	const char *file, *value;
} settings[] = {
	{ TRACE_SWITCH, "0" },
	{ INSTANCE "/trace_clock", "mono" },
	{ INSTANCE "/options/overwrite", "0" },
	{ INSTANCE "/buffer_size_kb", "32768" },
};

static int set(const char *file, const char *value, struct gerr *e)
{
	if (!write_str(file, value))
		return 0;
	return gerr_set(e, "%s: %s", file, strerror(errno));
}

static int make_instance(struct gerr *e)
{
	size_t i;

	if (!access(INSTANCE, F_OK))
		return 0;
	if (mkdir(INSTANCE, 0755))
		return gerr_set(e, "%s: %s", INSTANCE, strerror(errno));
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (set(settings[i].file, settings[i].value, e)) {
			rmdir(INSTANCE);
			return -1;
		}
	}
	return 0;
}

static int send_meta(struct port *p, const char *name, const char *path,
		     struct gerr *e)
{
	char text[16384];
	char *c;

	if (read_str(path, text, sizeof(text)) < 0)
		return gerr_set(e, "%s: %s", path, strerror(errno));
	port_begin(p);
	c = (char *)p->buf + FRAME_HDR_SIZE;
	p->len = snprintf(c, FRAME_MAX, "%s%c%s\n", name, '\0', text);
	port_send(p, FRAME_TRACEMETA);
	return 0;
}

/* @path: .../events/SYSTEM/EVENT/enable */
static int enable_event(struct port *p, char *path, struct gerr *e)
{
	char format[256];
	const char *name;

	if (set(path, "1", e))
		return -1;
	*strrchr(path, '/') = '\0';
	name = strstr(path, "/events/") + strlen("/events/");
	snprintf(format, sizeof(format), "%s/format", path);
	return send_meta(p, name, format, e);
}

static int enable_events(struct port *p, bool samples, struct gerr *e)
{
	int ret = 0;
	size_t i, k;
	glob_t g;

	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (patterns[i].samples && !samples)
			continue;
		if (glob(patterns[i].pattern, 0, NULL, &g))
			continue;
		for (k = 0; k < g.gl_pathc && !ret; k++)
			ret = enable_event(p, g.gl_pathv[k], e);
		globfree(&g);
	}
	return ret;
}

/* Opening it for writing, truncated, empties the buffers. */
static int empty_buffers(struct gerr *e)
{
	int fd = open(INSTANCE "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return gerr_set(e, "%s/trace: %s", INSTANCE, strerror(errno));
	close(fd);
	return 0;
}

int trace_start(struct port *p, bool samples, struct gerr *e)
{
	if (make_instance(e) || empty_buffers(e) ||
	    send_meta(p, "header_page", TRACEFS "/events/header_page", e) ||
	    enable_events(p, samples, e) || set(TRACE_SWITCH, "1", e)) {
		trace_stop();
		return -1;
	}
	return 0;
}

void trace_stop(void)
{
	write_str(TRACE_SWITCH, "0");
	write_str(INSTANCE "/events/enable", "0");
}

static uint64_t stat_value(const char *stats, const char *key)
{
	const char *s = strstr(stats, key);

	return s ? strtoull(s + strlen(key), NULL, 10) : 0;
}

static int count_lost(const char *dir, uint64_t *lost, struct gerr *e)
{
	char path[128], stats[1024];

	snprintf(path, sizeof(path), "%s/stats", dir);
	if (read_str(path, stats, sizeof(stats)) < 0)
		return gerr_set(e, "%s: %s", path, strerror(errno));
	*lost += stat_value(stats, "\noverrun: ") +
		 stat_value(stats, "\ndropped events: ");
	return 0;
}

static bool page_has_data(const struct port *p, size_t offset, size_t len)
{
	unsigned long commit;

	if (len < PAGE_COMMIT + sizeof(commit))
		return false;
	memcpy(&commit, p->buf + FRAME_HDR_SIZE + offset + PAGE_COMMIT,
	       sizeof(commit));
	return commit != 0;
}

static int drain_cpu(struct port *p, uint32_t id, uint32_t cpu, const char *dir,
		     struct gerr *e)
{
	char path[128];
	int ret = 0, fd;
	uint32_t head;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/trace_pipe_raw", dir);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return gerr_set(e, "%s: %s", path, strerror(errno));
	for (;;) {
		port_begin(p);
		port_u32(p, id);
		port_u32(p, cpu);
		head = p->len;
		n = port_read_from(p, fd);
		if (n <= 0)
			break;
		if (page_has_data(p, head, n))
			port_send(p, FRAME_TRACE);
	}
	if (n < 0 && errno != EAGAIN)
		ret = gerr_set(e, "%s: %s", path, strerror(errno));
	close(fd);
	return ret;
}

int trace_drain(struct port *p, uint32_t id, uint64_t *lost, struct gerr *e)
{
	uint32_t cpus = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	char dir[64];
	uint32_t cpu;

	*lost = 0;
	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(dir, sizeof(dir), INSTANCE "/per_cpu/cpu%u", cpu);
		if (count_lost(dir, lost, e) || drain_cpu(p, id, cpu, dir, e))
			return -1;
	}
	return 0;
}
