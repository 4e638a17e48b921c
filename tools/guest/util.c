// SPDX-License-Identifier: GPL-2.0-only
/* Small helpers, the kernel log, and the power switch. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int write_str(const char *path, const char *s)
{
	size_t len = strlen(s);
	ssize_t n;
	int fd, saved;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, s, len);
	saved = errno;
	close(fd);
	errno = n < 0 ? saved : EIO;
	return n == (ssize_t)len ? 0 : -1;
}

ssize_t read_str(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd, saved;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	saved = errno;
	close(fd);
	if (n < 0) {
		buf[0] = '\0';
		errno = saved;
		return -1;
	}
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

const char *cmdline_get(const char *key)
{
	static char value[64];
	char line[4096];
	size_t klen = strlen(key);
	char *save = NULL;
	char *word;

	read_str("/proc/cmdline", line, sizeof(line));
	for (word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (strncmp(word, key, klen) || word[klen] != '=')
			continue;
		snprintf(value, sizeof(value), "%s", word + klen + 1);
		return value;
	}
	return NULL;
}

int parse_num(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -1;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno || *end || *out > max ? -1 : 0;
}

bool valid_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n >= 1 && n <= 32 && !s[n];
}

static void klog_v(const char *prefix, const char *fmt, va_list ap)
{
	char line[512];
	int fd, n;

	n = snprintf(line, sizeof(line), "<5>secmmu: %s", prefix);
	vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	/* Without it the kernel waits for the rest of the line, as KERN_CONT. */
	strcat(line, "\n");
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) < 0)
		perror("secmmu: /dev/kmsg");
	close(fd);
}

void klog(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	klog_v("", fmt, ap);
	va_end(ap);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	klog_v("fatal: ", fmt, ap);
	va_end(ap);
	power_off();
}

void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	/* No way to power off: at least stay PID 1, the kernel panics otherwise. */
	for (;;)
		pause();
}
