/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of plan.c: the keys of a plan. */
#ifndef SECMMU_PLAN_KEYS_H
#define SECMMU_PLAN_KEYS_H

#include <stdbool.h>

#include "plan.h"
#include "util.h"

/* Where a value stands, for messages. */
struct plan_loc {
	const char *path;	/* NULL: the command line */
	unsigned int line;
	const char *key;	/* NULL: the section as a whole */
};

/** plan_bad - print one line about what stands at @l; returns -1. */
int plan_bad(const struct plan_loc *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** plan_bad_word - say that @word is none of @known; returns -1. */
int plan_bad_word(const struct plan_loc *l, const char *what, const char *word,
		  const struct strs *known);

/** plan_no_repeats - 0, or -1 with a message if a word is there twice. */
int plan_no_repeats(const struct plan_loc *l, const struct strs *s);

/* Kinds of sections; a mask where a key is known in several. */
enum plan_section {
	SECTION_PLAN = 1,
	SECTION_TEST = 2,	/* keys are of the last test */
	SECTION_SUITE = 4,	/* likewise */
};

/** plan_key - set a key; 0, or -1 with a message. */
int plan_key(struct plan *p, enum plan_section section, const struct plan_loc *l,
	     const char *value);

/** plan_known_arms - 0, or -1 with a message if configs/arms.ini lacks one. */
int plan_known_arms(const struct plan_loc *l, const struct strs *arms);

/** plan_names - of the plans in configs/plans, in alphabetical order. */
struct strs plan_names(void);

/**
 * plan_split_list - a list of the command line
 *
 * Return: 0, or -1 with a message if it is empty or has a word twice; @out is
 * to be freed in both cases.
 */
int plan_split_list(const struct plan_loc *l, const char *list,
		    struct strs *out);

/** plan_drop_test_arms - take from @t what it says of arms that do not run. */
void plan_drop_test_arms(const struct plan *p, struct plan_test *t);

void plan_pair_free(struct plan_pair *pair);
/**
 * plan_sweep - make of the last test one for each of its sizes and vCPUs
 * @line: where its section begins
 *
 * All else they share, also the events. Nothing is done if it has neither.
 */
void plan_sweep(struct plan *p, unsigned int line);

/** plan_test_copy - a copy of all that @t points to, plan_test_free() it. */
struct plan_test plan_test_copy(const struct plan_test *t);

void plan_test_free(struct plan_test *t);

#endif
