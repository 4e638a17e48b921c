/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trouble in kernel messages: which kind, in which function, during which
 * request. Works on lines alone, so that fixtures can test it.
 */
#ifndef SECMMU_SCAN_H
#define SECMMU_SCAN_H

#include "console.h"

#define SCAN_LINE_MAX	1024	/* longer lines are looked at in part */

struct scan {
	struct findings found;
	char *panic;		/* first line of the first panic, or NULL */
	char *mark;		/* text of the latest mark, or NULL */
	uint32_t request;
	uint64_t line_no;
	unsigned int left;	/* lines that may still tell more of found's last */
	bool named;		/* its fingerprint has a function */
	const char *key;	/* what its fingerprint begins with */
	size_t oom;		/* 1 + the finding whose victim is yet to come, or 0 */
	struct scan_expected {
		uint32_t request;
		unsigned int kinds;	/* mask of 1 << finding_kind */
	} *expected;
	size_t n_expected;
};

/**
 * scan_line - look at one line of console output
 * @s: zero-initialised; scan_free() it
 * @line: without its end; any bytes but NUL
 */
void scan_line(struct scan *s, const char *line);

/** scan_expect - see console_expect(). */
void scan_expect(struct scan *s, uint32_t request, unsigned int kinds);

/** scan_take - hand the findings so far over to the caller. */
void scan_take(struct scan *s, struct findings *f);

void scan_free(struct scan *s);

#endif
