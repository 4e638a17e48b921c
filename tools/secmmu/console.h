/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says on the console: kept, and searched for trouble. */
#ifndef SECMMU_CONSOLE_H
#define SECMMU_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum finding_kind {
	FINDING_PANIC,
	FINDING_OOPS,		/* oops, BUG, general protection fault... */
	FINDING_WARNING,
	FINDING_LOCKDEP,
	FINDING_ATOMIC,		/* scheduling or sleeping where that is forbidden */
	FINDING_KASAN,
	FINDING_KCSAN,
	FINDING_UBSAN,
	FINDING_RCU_STALL,
	FINDING_SOFT_LOCKUP,
	FINDING_HUNG_TASK,
	FINDING_OOM,
	FINDING_UNHANDLED,	/* e.g. an unhandled MSR or exit */
	FINDING_LOST,		/* messages, and any report among them */
	FINDING_KINDS
};

struct finding {
	enum finding_kind kind;
	char *line;		/* its first line, without the time stamp */
	char *fingerprint;	/* same bug, same text: no address, offset, pid */
	char *mark;		/* latest mark before it: "ID WORD..."; "" if none */
	uint32_t request;	/* the ID of that mark; 0 if none */
	uint64_t line_no;	/* of the console's output, from 1 */
	bool expected;		/* as console_expect() says */
	uint64_t count;		/* of an expected one: how often it came, in its request */
};

/* All strings are printable ASCII. */
struct findings {
	struct finding *v;
	size_t n;
	size_t n_expected;	/* of them */
	uint64_t dropped;	/* found, but more than are kept */
};

/** finding_kind_name - e.g. "lockdep". */
const char *finding_kind_name(enum finding_kind k);

/** finding_status - what it makes of a boot and a test that did not expect it. */
enum status finding_status(enum finding_kind k);

/** finding_is_stall - whether the kind of that name is said of a CPU or task that stands still. */
bool finding_is_stall(const char *kind);

void findings_free(struct findings *f);

/** printable - a copy of @s with '?' for all but printable ASCII; free() it. */
char *printable(const char *s);

struct console;

/**
 * console_new - splitter and scanner
 * @log_fd: a file to write everything to, or -1; stays the caller's
 * @limit: bytes of log to write at most; what follows is scanned, not written
 */
struct console *console_new(int log_fd, uint64_t limit);

/** console_free - NULL is allowed. */
void console_free(struct console *c);

/**
 * console_feed - take in output, any bytes in any portions
 *
 * Return: 0, or -1 if the log could not be written: console_error() says why;
 * scanning goes on.
 */
int console_feed(struct console *c, const void *data, size_t len);

/** console_note - write a line of our own into the log; it is not scanned. */
void console_note(struct console *c, const char *line);

/**
 * console_expect - findings of some kinds are no failure during one request
 * @request: its ID
 * @kinds: mask of 1 << finding_kind
 *
 * To be said before the request is sent. There is room of their own for them,
 * so that they push no other finding out, and those that are alike count as one.
 */
void console_expect(struct console *c, uint32_t request, unsigned int kinds);

/** console_finish - no more output: look at a last line without newline. */
void console_finish(struct console *c);

/** console_panicked - the first line of a panic, or NULL. */
const char *console_panicked(const struct console *c);

/** console_last - the last lines, oldest first, newline between; free() it. */
char *console_last(const struct console *c);

/** console_error - errno of the first failed write of the log, or 0. */
int console_error(const struct console *c);

/** console_truncated - whether the log reached its limit. */
bool console_truncated(const struct console *c);

/** console_findings - valid until the next feed. */
const struct findings *console_findings(const struct console *c);

/** console_take_findings - hand them over to the caller. */
void console_take_findings(struct console *c, struct findings *f);

#endif
