// SPDX-License-Identifier: GPL-2.0-only
/* The user's terminal on the guest's console. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_int.h"

#define KEY_ESCAPE	0x1d	/* Ctrl-], as telnet has it */
#define KEY_EOF		0x04	/* Ctrl-D */
/* What a terminal that polls as writable takes without blocking us. */
#define TTY_CHUNK	256u

/* For the ends of the process that run no clean-up but atexit()'s. */
static const struct boot_tty *raw_tty;

static void restore(void)
{
	if (raw_tty)
		tcsetattr(raw_tty->in, TCSADRAIN, &raw_tty->saved);
	raw_tty = NULL;
}

void boot_tty_connect(struct boot *b, int in, int out)
{
	static bool registered;
	struct boot_tty *t = &b->tty;
	struct termios raw;

	t->in = in;
	t->out = out;
	t->quit = false;
	if (tcgetattr(in, &t->saved))
		return;
	if (!registered)
		registered = !atexit(restore);
	raw = t->saved;
	cfmakeraw(&raw);
	raw_tty = t;
	tcsetattr(in, TCSADRAIN, &raw);
}

void boot_tty_disconnect(struct boot *b)
{
	struct boot_tty *t = &b->tty;

	restore();
	free(t->pending);
	memset(t, 0, sizeof(*t));
	t->in = t->out = -1;
}

void boot_tty_output(struct boot *b, const char *data, size_t len)
{
	struct boot_tty *t = &b->tty;

	if (t->out < 0)
		return;
	t->pending = xrealloc(t->pending, t->n_pending + len);
	memcpy(t->pending + t->n_pending, data, len);
	t->n_pending += len;
}

void boot_tty_write(struct boot *b)
{
	struct boot_tty *t = &b->tty;
	size_t len = t->n_pending < TTY_CHUNK ? t->n_pending : TTY_CHUNK;
	ssize_t n = write(t->out, t->pending, len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Nobody reads any more. */
	if (n < 0) {
		t->quit = true;
		n = (ssize_t)t->n_pending;
	}
	t->n_pending -= (size_t)n;
	memmove(t->pending, t->pending + n, t->n_pending);
}

void boot_tty_input(struct boot *b)
{
	struct boot_tty *t = &b->tty;
	char buf[TTY_CHUNK];
	ssize_t n = read(t->in, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		t->in = -1;
		buf[0] = KEY_EOF;
		n = 1;
	}
	if (memchr(buf, KEY_ESCAPE, (size_t)n))
		t->quit = true;
	/* A guest that reads nothing for long loses keys, as a UART does. */
	if (!t->quit && b->qemu.console >= 0 &&
	    write(b->qemu.console, buf, (size_t)n) < 0 && errno != EAGAIN)
		t->quit = true;
}
