/* SPDX-License-Identifier: GPL-2.0-only */
/* The points of a bisection built, booted and judged. */
#ifndef SECMMU_BISECT_RUN_H
#define SECMMU_BISECT_RUN_H

#include <stdint.h>

#include "bisect_judge.h"
#include "bisect_points.h"
#include "bisect_state.h"

#define NO_POINT ((size_t)-1)

struct bisect_job {
	struct bisect_question question;
	/* For secmmu compare; NULL: not given. */
	const char *plan, *boots, *lane, *accel, *src, *version;
	uint64_t seed;		/* of the first run; others follow from it */
	struct bisect_points points;
	struct bisect b;	/* b.arg is the job */
	struct bisect_time time;
	char *text;		/* the question in words */
	char *dir;		/* absolute: all of this bisection */
	char *state;		/* path of its state.json */
	size_t exported;	/* the commit in DIR/tree, or NO_POINT */
	size_t built;		/* the point whose kernels are in @made */
	struct strs made;	/* folders of artifacts that came of it alone */
};

/* secmmu compare; tests put something cheaper here. */
extern int (*bisect_compare)(int argc, char **argv);

/** bisect_run - for struct bisect: run a point once. */
int bisect_run(size_t point, enum bisect_answer *answer, void *arg);

/** bisect_step - for struct bisect: a line that says what comes, and how long. */
void bisect_step(size_t point, unsigned int step, unsigned int of, size_t left,
		 void *arg);

/** bisect_keep - for struct bisect: write the state. */
int bisect_keep(void *arg);

/** bisect_clean - remove exported source and kernels that nobody else uses. */
void bisect_clean(struct bisect_job *j);

#endif
