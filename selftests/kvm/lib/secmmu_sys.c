// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's settings and threads, for the secondary MMU tests.
 */
#include <dirent.h>

#include "secmmu.h"

/* A setting that has been changed. */
struct setting {
	char *path;
	char *old;
	struct setting *next;
};

static struct setting *settings;

static bool read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

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

static void restore_settings(void)
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
	if (!read_text(path, text, sizeof(text)))
		return false;
	if (!settings)
		atexit(restore_settings);
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

	if (!read_text(path, text, sizeof(text)))
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
		if (read_text(path, comm, sizeof(comm)) && !strcmp(comm, name))
			tid = atol(d->d_name);
	}
	closedir(dir);
	return tid;
}
