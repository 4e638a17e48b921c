// SPDX-License-Identifier: GPL-2.0-only
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t start_ns;
static FILE *err_file;		/* NULL: standard error */

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void print_line(FILE *f, const char *prefix, const char *fmt, va_list ap)
{
	char buf[1024];
	char *p;

	vsnprintf(buf, sizeof(buf), fmt, ap);
	for (p = buf; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	fprintf(f, "%s%s\n", prefix, buf);
	fflush(f);
}

void err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fflush(stdout);
	print_line(err_file ? err_file : stderr, "secmmu: error: ", fmt, ap);
	va_end(ap);
}

FILE *err_redirect(FILE *f)
{
	FILE *before = err_file;

	err_file = f;
	return before;
}

void info(const char *fmt, ...)
{
	char prefix[32];
	va_list ap;
	uint64_t s;

	if (!start_ns)
		start_ns = now_ns();
	s = (now_ns() - start_ns) / 1000000000u;
	snprintf(prefix, sizeof(prefix), "[%3u:%02u] ", (unsigned int)(s / 60),
		 (unsigned int)(s % 60));
	va_start(ap, fmt);
	print_line(stdout, prefix, fmt, ap);
	va_end(ap);
}

static void __attribute__((noreturn)) no_memory(void)
{
	err("out of memory");
	exit(ST_HARNESS);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		no_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		no_memory();
	return p;
}

void *xrealloc(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (!p)
		no_memory();
	return p;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		no_memory();
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		no_memory();
	return s;
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -1;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

bool valid_name(const char *s, size_t max)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n && n <= max && !s[n];
}
