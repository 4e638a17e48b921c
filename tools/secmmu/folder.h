/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A results folder read back: manifest, boots, and the samples of each boot
 * reduced to a few numbers per arm and event. The boot is the unit of
 * replication; no sample outlives the reading of its boot.
 */
#ifndef SECMMU_FOLDER_H
#define SECMMU_FOLDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts.h"
#include "samples.h"
#include "status.h"

#define STATUSES 5		/* of enum status */
#define CURVE_POINTS 92

/* One kind of invalidation. */
struct cell {
	char event[41];
	uint64_t size;		/* bytes */
	uint64_t page_size;	/* bytes */
	uint32_t vcpus;
};

/* All slots of one kind: an arm's, or the second of the A/A pair. */
struct series {
	const char *arm;
	char copy;
};

/* The samples of one boot, cell, series and metric. */
struct reduced {
	size_t n;		/* 0: not measured, the rest is NaN */
	double p50, p90, p99;	/* ns */
	double max;
	size_t beyond_p99;	/* samples above p99 */
	float *curve;		/* quantiles at curve_p(), NaN beyond 1 - 1/n */
};

struct folder_boot {
	char *name;		/* boot-NNN */
	enum status status;
	char *reason;
	char *cause;		/* boot_cause_name(), or "" */
	uint64_t lost;
	uint64_t dropped;	/* kernel findings that were not kept */
	json_t *attempts;	/* earlier ones, as boot.json has them; or NULL */
	char *samples_sha256;	/* what its files are to have; NULL: not said */
	char *sites_sha256;
	struct reduced *r;	/* [cell][series][metric]; NULL: not used */
	size_t n_cells;		/* of @r: later boots may have seen more */
};

struct site {
	size_t cell, series;
	char *name;
	uint64_t count;
};

/* One test's results in all boots of one arm, traced or not. */
struct tally {
	char *test, *name;
	size_t arm;
	unsigned int count[STATUSES];
	char *reason;		/* of the first that was not PASS, or NULL */
	unsigned int retried;	/* results that took more than one attempt */
	unsigned int retried_pass;	/* of them, those that passed in the end */
	char *first_attempt;	/* what the first attempt at the first of them said */
	/*
	 * Of the runs without tracepoints, in boots that PASS; counts_b of the
	 * second slot of the A/A pair.
	 */
	struct counts_sum counts, counts_b;
	/* The same of runs with them: those from COUNT_FIRST_TRACED on. */
	struct counts_sum traced, traced_b;
};

struct folder_finding {
	const char *boot;
	char *kind, *text, *mark;	/* "" if boot.json has none */
	char *fingerprint, *arm, *copy, *test;	/* "" likewise */
	int64_t slot;		/* -1 if it has none */
	bool traced;
	bool expected;		/* the plan says it may come */
	uint64_t count;		/* then: how often it came */
};

struct pair {
	size_t a, b;		/* series */
};

struct folder {
	char *dir;
	json_t *manifest;
	const char *plan, *clock, *accel;	/* belong to the manifest */
	uint64_t seed;
	/* plan_spec */
	size_t boots_planned;
	size_t n_arms;
	struct pair *compare;
	size_t n_compare;
	int primary;		/* in compare, or -1 */
	int aa;			/* arm, or -1; its second series is n_arms */
	double margin;

	struct series *series;	/* the arms first, in the plan's order */
	size_t n_series;
	int aa_series;		/* or -1 */
	struct cell *cells;
	size_t n_cells;
	struct folder_boot *boots;
	size_t n_boots, n_used;	/* used: those that PASS */
	struct site *sites;
	size_t n_sites;
	struct tally *tallies;
	size_t n_tallies;
	struct folder_finding *findings;
	size_t n_findings;
	size_t n_unexpected;	/* of them */
	uint64_t dropped;	/* findings that were not kept */
	uint64_t lost;		/* samples without what the trace tells */
	uint64_t lost_events;	/* of the traces, all boots */
	unsigned int at_a_time;	/* most boots; 0: one after the other */
	unsigned int beside;	/* most boots at a time on the same CPUs; 0: none were */
	uint64_t samples;	/* lines read */
};

/**
 * folder_load - read a results folder
 * @dir: the folder
 * @f: set on success; folder_free() it
 *
 * Boots that are not PASS are listed but their samples are not read.
 *
 * Return: 0, or -1 with one error printed that names the file.
 */
int folder_load(const char *dir, struct folder *f);

/**
 * folder_list - the same without the samples: manifest and boots alone
 *
 * There are no cells, sites or figures in @f then.
 */
int folder_list(const char *dir, struct folder *f);

void folder_free(struct folder *f);

/** finding_where - "mutex, copy b, test mremap, traced", as far as is known; free() it */
char *finding_where(const struct folder_finding *x);

/** folder_tally - the results of a test case in an arm, or NULL if there are none. */
struct tally *folder_tally(const struct folder *f, const char *test,
			   const char *name, size_t arm);

/** folder_get - what a used boot has, or NULL where nothing was measured. */
const struct reduced *folder_get(const struct folder *f, size_t boot,
				 size_t cell, size_t series, enum metric m);

/** tally_counts - where a count of a tally is: of a run with tracepoints or without. */
const struct counts_sum *tally_counts(const struct tally *t, enum count_kind k,
				      bool copy_b);

/** folder_cpus - CPUs of the guest; 1 if the manifest does not say. */
unsigned int folder_cpus(const struct folder *f);

/** curve_p - the probability of point @i of a curve, ascending. */
double curve_p(size_t i);

#endif
