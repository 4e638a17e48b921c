/* SPDX-License-Identifier: GPL-2.0-only */
/* Plans: what a run does. The file format is in docs/plans.md. */
#ifndef SECMMU_PLAN_H
#define SECMMU_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console.h"
#include "strs.h"

#define PLAN_BOOTS_MAX 1000
#define PLAN_TIMEOUT_MAX 3600	/* s */
#define PLAN_BOOT_TIMEOUT_MAX 604800
#define PLAN_LANE_SLOWER 4

enum plan_clock {
	PLAN_CLOCK_AUTO,
	PLAN_CLOCK_WALL,
	PLAN_CLOCK_ICOUNT,
};

/* "a/b": the ratio of arm a to arm b. */
struct plan_pair {
	char *a;
	char *b;
};

/* A kind of finding that is no surprise during a test. */
struct plan_finding {
	enum finding_kind kind;
	char *arm;		/* NULL: in every arm */
};

struct plan_test {
	char *name;
	char *program;		/* file name below /tests in the guest */
	struct strs programs;	/* of a suite, until it is made into tests */
	struct strs args;
	bool traced;		/* a second run, with tracepoints */
	struct strs traced_args;	/* of that run, after @args */
	struct strs set;	/* FILE=VALUE: so while the program runs */
	struct strs vary;	/* options drawn at random, in a mix: words */
	struct strs sizes;	/* bytes and numbers of vCPUs to run with, until it */
	struct strs vcpus;	/* is made into a test for each */
	unsigned int sweep;	/* line of the section that this one was made of */
	struct strs events;	/* to be run (-e); a result is due for each */
	bool sites;		/* its one run is traced, for its call sites */
	bool by_exit;		/* the exit status tells, not KTAP; no events */
	char *reference;	/* the arm whose outcome is the right one, or NULL */
	struct plan_finding *findings;	/* the kernel may report these */
	size_t n_findings;
	unsigned int timeout_s;
	unsigned int retries;	/* further attempts at a run that has not passed */
};

struct plan {
	char *name;
	char *path;
	char *lane;		/* of configs/lanes.ini; NULL: the measured one */
	unsigned int boots;
	unsigned int boot_timeout_s;	/* wall time; 0: from the tests' limits */
	enum plan_clock clock;
	struct strs arms;
	struct plan_pair *compare;
	size_t n_compare;
	int primary;		/* index in @compare, or -1: none */
	char *aa;		/* the arm that runs twice; NULL: none */
	bool no_aa;		/* the plan says none */
	double margin;		/* "same" is a ratio within 1 +- margin */
	unsigned int memory_mb;
	unsigned int nodes;	/* NUMA nodes that the memory is made to look like */
	unsigned int cpus;	/* 0: as many as the machine has (auto) */
	bool own_cpus;		/* plan_set_cpus() has said so */
	bool shadow;		/* KVM without two-dimensional paging */
	bool vmm;		/* the guest gets a VMM (payload.h) */
	struct plan_test *tests;
	size_t n_tests;
	unsigned int mix;	/* events drawn at random for each boot; 0: none */
	unsigned int minutes;	/* boots until so many are over; 0: @boots */
	int only_boot;		/* the one boot to run, from 0; -1: all */
	struct strs chosen;	/* what plan_set_events() was asked for */
	struct plan_finding *findings;	/* of all tests; each has them, too */
	size_t n_findings;
};

/**
 * plan_load - read and check a plan
 * @name: name of a file in configs/plans without ".ini", or a path (it has a
 *	slash or ends in ".ini")
 *
 * Prints one line that names file, line and key, and says what is allowed,
 * when something is wrong.
 *
 * Return: the plan, to be freed with plan_free(), or NULL (exit status 2).
 */
struct plan *plan_load(const char *name);

/** plan_free - free @p and all it points to; NULL is allowed. */
void plan_free(struct plan *p);

/*
 * What the command line overrides. @list is separated by commas or blanks.
 * They print one line and return -1 if the value is not allowed (exit status
 * 2, @p may be used no more but freed), 0 otherwise.
 */

/**
 * plan_set_arms - run these arms of configs/arms.ini instead of the plan's
 *
 * Comparisons of an arm that is left out go. If none is left, every arm is
 * compared with the first of the list. If the arm of the A/A pair is left out,
 * the first of the list takes its place.
 */
int plan_set_arms(struct plan *p, const char *list);

/** plan_set_boots - number of boots, 1 to 1000. */
int plan_set_boots(struct plan *p, const char *value);

/** plan_set_minutes - boots until so many minutes are over, 1 to 10080. */
int plan_set_minutes(struct plan *p, const char *value);

/** plan_set_boot - only the boot of this number, 0 to 999, of the run. */
int plan_set_boot(struct plan *p, const char *value);

/** plan_set_cpus - of a guest, 1 to 256, or auto. */
int plan_set_cpus(struct plan *p, const char *value);

/** plan_set_clock - auto, wall or icount. */
int plan_set_clock(struct plan *p, const char *value);

/**
 * plan_set_lane - a lane of configs/lanes.ini
 *
 * A kernel that checks itself is slower: the time limits of a plan that was made
 * for lane plain become PLAN_LANE_SLOWER times as long.
 */
int plan_set_lane(struct plan *p, const char *name);

/**
 * plan_set_events - run only these events
 *
 * A test that has none of them is dropped. One that is judged by its exit
 * status stands for an event of its own name. An event that the plan does not
 * have is looked for in the plans of configs/plans, those of the same lane first,
 * and comes with its test. The clock of its plan then takes the place of `auto`,
 * and memory and nodes are what the more demanding plan needs; a line says so.
 *
 * To be called after plan_set_arms(), plan_set_clock() and plan_set_lane().
 */
int plan_set_events(struct plan *p, const char *list);

/**
 * plan_kernel_args - what the plan puts on the guest kernel's command line
 * @append: what else is put there, or NULL
 *
 * Return: words separated by blanks, to be freed; NULL if there are none.
 */
char *plan_kernel_args(const struct plan *p, const char *append);

/** plan_add_events - what has a test's program do its events, "-e A,B", if any. */
void plan_add_events(const struct plan_test *t, struct strs *argv);

/** plan_clock_name - "auto", "wall" or "icount". */
const char *plan_clock_name(enum plan_clock clock);

#endif
