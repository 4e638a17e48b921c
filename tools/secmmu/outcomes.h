/* SPDX-License-Identifier: GPL-2.0-only */
/* Each single result of a run, boot by boot: for programs that read results. */
#ifndef SECMMU_OUTCOMES_H
#define SECMMU_OUTCOMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "status.h"

struct outcome {
	size_t slot;
	const char *arm;
	bool copy_b;		/* second slot of the A/A pair */
	bool traced;
	const char *test;	/* "" for what is of the slot: loading an arm */
	const char *name;	/* event or case */
	enum status status;
	const char *reason;
	unsigned int attempt;	/* which one at its run this is of, from 1 */
	const json_t *attempts;	/* earlier ones, as in boot.json; or NULL */
};

/* One attempt before the one whose result counts. */
struct outcome_attempt {
	unsigned int number;	/* from 1 */
	enum status status;
	const char *reason;
};

struct outcome_finding {
	const char *kind, *line, *fingerprint, *mark;
	const char *arm, *test;	/* "" if it was in none */
	bool traced;
	size_t slot;
	bool expected;
};

struct outcome_boot {
	json_t *json;		/* boot.json, which all strings belong to */
	const char *name;	/* "boot-000": the folder's */
	enum status status;
	const char *reason;
	double seconds;		/* from QEMU's start to its end; 0: unknown */
	struct outcome *v;	/* in the order in which they came */
	size_t n;
	struct outcome_finding *findings;
	size_t n_findings;
};

struct folder;

struct outcomes {
	const struct folder *folder;
	struct outcome_boot *boots;
	size_t n_boots;
};

/**
 * outcomes_load - read the boots of a folder once more
 * @f: a folder that folder_load() has read and checked; must outlive @o
 * @o: set on success; outcomes_free() it
 *
 * Return: 0, or -1 with an error printed.
 */
int outcomes_load(const struct folder *f, struct outcomes *o);

void outcomes_free(struct outcomes *o);

/** outcome_finding_where - "in mutex mremap, traced", as far as is known; free() it */
char *outcome_finding_where(const struct outcome_finding *x);

/** outcome_attempts - how many earlier attempts @v has. */
size_t outcome_attempts(const struct outcome *v);

/** outcome_attempt - the earlier attempt @i, from 0. */
struct outcome_attempt outcome_attempt(const struct outcome *v, size_t i);

/** outcome_same_slot - of the same slot. */
bool outcome_same_slot(const struct outcome *a, const struct outcome *b);

/** outcome_same_turn - of the same run of a program. */
bool outcome_same_turn(const struct outcome *a, const struct outcome *b);

/**
 * outcomes_end - the first result after @from for which @same is false
 * @n: of the results in @v
 */
size_t outcomes_end(const struct outcome *v, size_t from, size_t n,
		    bool (*same)(const struct outcome *, const struct outcome *));

/** outcomes_groups - how many groups of @same the results from @from to @to have */
size_t outcomes_groups(const struct outcome *v, size_t from, size_t to,
		       bool (*same)(const struct outcome *, const struct outcome *));

/** outcomes_worst - status of the results from @from to @to. */
enum status outcomes_worst(const struct outcome *v, size_t from, size_t to);

#endif
