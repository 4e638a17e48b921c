/* SPDX-License-Identifier: GPL-2.0-only */
/* What sites.c finds and sites_print.c shows. */
#ifndef SECMMU_SITES_INT_H
#define SECMMU_SITES_INT_H

#include <stdint.h>

#include "callsites.h"
#include "folder.h"
#include "sites.h"

/* A site fired by one event in one arm. */
struct site_hit {
	char *test, *event;
	size_t arm;
	uint64_t first;		/* calls that took memory away, or aged it */
	uint64_t calls;		/* all that hit the memory */
	enum status status;	/* of the event's oracle */
};

/* A site fired by a test of another run: beside.json. */
struct beside_hit {
	char *test, *arm;
	uint64_t calls;
	enum status status;	/* how the test ended: it has no oracle for this */
};

enum site_state {
	SITE_COVERED,
	SITE_FAILED,		/* fired, but no oracle passed that was right */
	SITE_LATER,		/* only on memory just taken away, or unobserved */
	SITE_EXPLAINED,		/* not fired, and sites.ini says why */
	SITE_UNCOVERED,
	SITE_STATES
};

struct site_row {
	const struct callsite *site;
	const char *why;	/* of sites.ini, or NULL */
	struct site_hit *hits;
	size_t n_hits;
	uint64_t first, calls;
	struct beside_hit *beside;
	size_t n_beside;
	uint64_t beside_calls;
	enum site_state state;
};

/* A caller that the trace names and the source does not have. */
struct site_stranger {
	char *name, *call;
	uint64_t calls;
};

struct site_alias {
	char *symbol, *function;
};

struct sites {
	struct callsites found;
	const struct folder *folder;
	struct site_row *v;	/* [found.n] */
	struct site_alias *aliases;
	size_t n_aliases;
	char **reasons;
	size_t n_reasons;
	struct site_stranger *strangers;
	size_t n_strangers;
	size_t n_state[SITE_STATES];
	char *beside_plan;	/* the other run; NULL: there is none */
	char *beside_run;
	uint64_t beside_lost;	/* events of its traces */
};

/** site_state_name - "covered", ... */
const char *site_state_name(enum site_state state);

/**
 * site_reason - why no event has covered it, in words
 *
 * Return: free() it; NULL if it is covered, or failed, which its hits tell.
 */
char *site_reason(const struct site_row *r);

#endif
