// SPDX-License-Identifier: GPL-2.0-only
#include "out.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "util.h"

/* How long a write may be stuck before it is looked whether a signal has come. */
#define TICK_MS 50

static int stuck = -1;		/* the file that was given up last */

static void on_tick(int sig)
{
	(void)sig;
}

/*
 * A write that blocks is ended by a signal that has a handler. poll() before it
 * would not do: with several writers there is no room any more after it.
 */
static void tick(unsigned int ms)
{
	const struct timeval t = { .tv_usec = ms * 1000 };
	const struct itimerval timer = { t, t };
	struct sigaction a;

	memset(&a, 0, sizeof(a));
	a.sa_handler = on_tick;
	if (ms)
		sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Return: bytes written, or -1; some other program may have made it non-blocking. */
static ssize_t write_some(int fd, const char *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n = write(fd, data, len);

	if (n < 0 && errno == EAGAIN) {
		poll(&p, 1, TICK_MS);
		errno = EINTR;
	}
	return n;
}

bool out_write(int fd, const void *data, size_t len)
{
	const char *p = data;
	int error = 0;
	ssize_t n;

	if (fd == stuck) {
		errno = EINTR;
		return false;
	}
	tick(TICK_MS);
	while (len && !error) {
		n = write_some(fd, p, len);
		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno != EINTR) {
			error = errno;
		} else if (sig_pending()) {
			error = EINTR;
			stuck = fd;
		}
	}
	tick(0);
	errno = error;
	return !len;
}

static ssize_t write_stream(void *cookie, const char *data, size_t len)
{
	return out_write((int)(intptr_t)cookie, data, len) ? (ssize_t)len : 0;
}

static FILE *stream(int fd, int buffered)
{
	const cookie_io_functions_t io = { .write = write_stream };
	FILE *f = fopencookie((void *)(intptr_t)fd, "w", io);

	if (f)
		setvbuf(f, NULL, buffered, BUFSIZ);
	return f;
}

void out_init(void)
{
	FILE *out = stream(STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
	FILE *errors = stream(STDERR_FILENO, _IONBF);

	if (out)
		stdout = out;
	if (errors)
		stderr = errors;
}
