/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run of a point says: good, bad, or nothing. */
#ifndef SECMMU_BISECT_JUDGE_H
#define SECMMU_BISECT_JUDGE_H

#include "bisect.h"

struct bisect_question {
	const char *test;	/* does this event FAIL? Or NULL, and: */
	const char *pathlen;	/* has the path of this event changed? */
	const char *arm;
	double threshold;	/* of a change, relative */
};

/**
 * bisect_judge_test - does q->test FAIL in q->arm?
 * @dir: results folder of a run
 * @why: one line that says why; free() it
 *
 * A FAIL in any boot is bad, and so is what the kernel reports unexpectedly. Good is
 * only what has passed in every boot; SKIP, ERROR, MISS and no result are lost.
 * Without tracepoints, that is: not every point has them.
 */
enum bisect_answer bisect_judge_test(const char *dir,
				     const struct bisect_question *q, char **why);

/**
 * bisect_judge_pathlen - has the path of q->pathlen in q->arm changed?
 * @reference: results folder of a run of the good end
 * @dir, @why: as above
 *
 * By the rule of secmmu pathlen; "not enough" is lost.
 */
enum bisect_answer bisect_judge_pathlen(const char *reference, const char *dir,
					const struct bisect_question *q, char **why);

#endif
