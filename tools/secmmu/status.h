/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The five ways a test, a boot or an event can end, in order of gravity. Never
 * folded together.
 */
#ifndef SECMMU_STATUS_H
#define SECMMU_STATUS_H

enum status {
	STATUS_PASS,
	STATUS_SKIP,		/* a requirement was not met; the reason names it */
	STATUS_MISS,		/* no result arrived: hang, panic, lost guest */
	STATUS_ERROR,		/* the test itself broke */
	STATUS_FAIL,		/* the thing tested is wrong */
};

/** status_name - "PASS", "FAIL", "SKIP", "ERROR" or "MISS". */
const char *status_name(enum status s);

/**
 * status_parse - the reverse of status_name()
 *
 * Return: 0, or -1 without a message if @name is none of them.
 */
int status_parse(const char *name, enum status *s);

/** status_worst - the one to report for the two together. */
enum status status_worst(enum status a, enum status b);

#endif
