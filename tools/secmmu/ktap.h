/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of a selftest from its KTAP output, which is not to be trusted. */
#ifndef SECMMU_KTAP_H
#define SECMMU_KTAP_H

#include <stdbool.h>
#include <stddef.h>

#include "counts.h"
#include "strs.h"
#include "status.h"

/* Exit status of a selftest that was skipped. */
#define KSFT_SKIP	4

struct ktap_result {
	char *name;		/* printable ASCII; "parent/child" for subtests */
	enum status status;
	char *reason;		/* printable ASCII; "" if there is nothing to say */
};

/* How the program ended (contract 2, REPLY). */
struct ktap_end {
	bool timed_out;
	int signal;		/* 0: it exited */
	int exit;
};

struct ktap;

/** ktap_new - a parser for the output of one program. */
struct ktap *ktap_new(void);

/** ktap_free - NULL is allowed. */
void ktap_free(struct ktap *k);

/** ktap_feed - parse the next bytes of output; any bytes, in any portions. */
void ktap_feed(struct ktap *k, const void *data, size_t len);

/**
 * ktap_finish - judge, when the output has ended
 * @k: the parser
 * @end: how the program ended, or NULL if that never became known
 * @events: names a result is due for, or NULL; those without one are added to
 *	the results as MISS
 *
 * Return: the status of the test as a whole.
 */
enum status ktap_finish(struct ktap *k, const struct ktap_end *end,
			const struct strs *events);

/* What was found; valid after ktap_finish() and until ktap_free(), @n at any time. */
const struct ktap_result *ktap_results(const struct ktap *k, size_t *n);
/**
 * ktap_counts - what the program said it has counted of @event, or NULL
 *
 * A comment "# secmmu-counts EVENT calls=..." (contract 3). One that is not in
 * that form makes the test an ERROR.
 */
const struct call_counts *ktap_counts(const struct ktap *k, const char *event);
/** ktap_reason - why the test as a whole has not passed; "" if it has. */
const char *ktap_reason(const struct ktap *k);
/** ktap_asserted - "FILE:LINE: CONDITION: MESSAGE" of the first TEST_ASSERT() that failed, or "" */
const char *ktap_asserted(const struct ktap *k);

#endif
