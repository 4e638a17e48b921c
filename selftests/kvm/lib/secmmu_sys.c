// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's settings and threads, for the secondary MMU tests.
 */
#include <dirent.h>
#include <sys/swap.h>

#include "secmmu.h"

/* A setting that has been changed. */
struct setting {
	char *path;
	char *old;
	struct setting *next;
};

static struct setting *settings;

bool secmmu_get(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	*buf = '\0';
	if (fd < 0)
		return false;
	len = read(fd, buf, size - 1);
	close(fd);
	if (len <= 0)
		return false;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* What to write to have it again: of "always [madvise] never" it is "madvise". */
static char *current_value(char *text)
{
	char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return text;
	*close = '\0';
	return open + 1;
}

void secmmu_restore_settings(void)
{
	struct setting *s;

	while ((s = settings)) {
		if (secmmu_write_file(s->path, s->old))
			fprintf(stderr, "%s: can't write '%s' to %s again: %s\n",
				program_invocation_short_name, s->old, s->path,
				strerror(errno));
		settings = s->next;
		free(s->path);
		free(s->old);
		free(s);
	}
}

static bool remember(const char *path)
{
	struct setting *s;
	char text[256];

	for (s = settings; s; s = s->next)
		if (!strcmp(s->path, path))
			return true;
	if (!secmmu_get(path, text, sizeof(text)))
		return false;
	if (!settings)
		atexit(secmmu_restore_settings);
	s = malloc(sizeof(*s));
	TEST_ASSERT(s, "No memory");
	s->path = strdup(path);
	s->old = strdup(current_value(text));
	s->next = settings;
	TEST_ASSERT(s->path && s->old, "No memory");
	settings = s;
	return true;
}

bool secmmu_set(const char *path, const char *value)
{
	return remember(path) && !secmmu_write_file(path, value);
}

bool secmmu_get_u64(const char *path, uint64_t *value)
{
	char text[256];

	if (!secmmu_get(path, text, sizeof(text)))
		return false;
	*value = strtoull(text, NULL, 0);
	return true;
}

long secmmu_kthread(const char *name)
{
	char path[64], comm[64];
	struct dirent *d;
	long tid = 0;
	DIR *dir;

	dir = opendir("/proc");
	TEST_ASSERT(dir, "opendir(/proc) failed: %s", strerror(errno));
	while (!tid && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/comm", d->d_name);
		if (secmmu_get(path, comm, sizeof(comm)) && !strcmp(comm, name))
			tid = atol(d->d_name);
	}
	closedir(dir);
	return tid;
}

int secmmu_make_swap(const char *path, size_t size)
{
	struct {
		char bootbits[1024];
		uint32_t version;
		uint32_t last_page;
		uint32_t nr_badpages;
		char pad[SECMMU_PAGE_SIZE - 1024 - 3 * 4 - 10];
		char magic[10];
	} h = {
		.version = 1,
		.last_page = size / SECMMU_PAGE_SIZE - 1,
	};
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	memcpy(h.magic, "SWAPSPACE2", sizeof(h.magic));
	n = write(fd, &h, sizeof(h));
	if (fsync(fd))
		n = -1;
	close(fd);
	return n == sizeof(h) ? swapon(path, 0) : -1;
}

bool secmmu_read_stat(int fd, const char *name, uint64_t *data, size_t nr,
		      struct kvm_stats_desc *desc)
{
	struct kvm_stats_header header;
	struct kvm_stats_desc *all, *d;
	bool found = false;
	uint32_t i;

	read_stats_header(fd, &header);
	all = read_stats_descriptors(fd, &header);
	for (i = 0; i < header.num_desc && !found; i++) {
		d = get_stats_descriptor(all, i, &header);
		if (strcmp(d->name, name))
			continue;
		found = true;
		read_stat_data(fd, &header, d, data, nr);
		if (desc)
			*desc = *d;
	}
	free(all);
	return found;
}

bool secmmu_vcpu_stat(struct secmmu *t, uint32_t vcpu, const char *name,
		      uint64_t *value)
{
	int fd = t->vcpus[vcpu].stats_fd;

	return fd >= 0 && secmmu_read_stat(fd, name, value, 1, NULL);
}
