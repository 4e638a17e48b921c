// SPDX-License-Identifier: GPL-2.0-only
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "live.h"

static uint64_t start_ns;
static FILE *err_file;		/* NULL: standard error */
void (*err_observer)(const char *line);

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define LINE_SIZE 1024

static void make_line(char buf[LINE_SIZE], const char *fmt, va_list ap)
{
	vsnprintf(buf, LINE_SIZE, fmt, ap);
	for (char *p = buf; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
}

static void print_line(FILE *f, const char *prefix, const char *line)
{
	fprintf(f, "%s%s\n", prefix, line);
	fflush(f);
}

void err(const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	make_line(line, fmt, ap);
	va_end(ap);
	fflush(stdout);
	if (!err_file)
		live_hide();
	print_line(err_file ? err_file : stderr, "secmmu: error: ", line);
	if (!err_file)
		live_show();
	if (err_observer && !err_file)
		err_observer(line);
}

FILE *err_redirect(FILE *f)
{
	FILE *before = err_file;

	err_file = f;
	return before;
}

#define PREFIX_SIZE 32

static void make_prefix(char buf[PREFIX_SIZE])
{
	uint64_t s;

	if (!start_ns)
		start_ns = now_ns();
	s = (now_ns() - start_ns) / 1000000000u;
	snprintf(buf, PREFIX_SIZE, "[%3u:%02u] ", (unsigned int)(s / 60),
		 (unsigned int)(s % 60));
}

static void print_info(const char *line)
{
	char prefix[PREFIX_SIZE];

	make_prefix(prefix);
	live_hide();
	print_line(stdout, prefix, line);
	live_show();
}

void info(const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	make_line(line, fmt, ap);
	va_end(ap);
	print_info(line);
}

void live(const char *fmt, ...)
{
	char prefix[PREFIX_SIZE], line[LINE_SIZE], *both;
	va_list ap;

	va_start(ap, fmt);
	make_line(line, fmt, ap);
	va_end(ap);
	if (!live_on()) {
		print_info(line);
		return;
	}
	make_prefix(prefix);
	both = xasprintf("%s%s", prefix, line);
	live_draw(both);
	free(both);
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

FILE *xmemstream(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	if (!f)
		no_memory();
	return f;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		no_memory();
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
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
