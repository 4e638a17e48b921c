// SPDX-License-Identifier: GPL-2.0-only
#include "bisect_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "manifest.h"
#include "util.h"
#include "verbs.h"

int (*bisect_compare)(int argc, char **argv) = verb_compare;

struct args {
	char *v[32];
	int n;
};

static void put(struct args *a, const char *option, const char *value)
{
	if (!value)
		return;
	a->v[a->n++] = xstrdup(option);
	a->v[a->n++] = xstrdup(value);
}

/* @dir: of the results of this run, and @number tells its seed. */
static void make_args(struct args *a, const struct bisect_job *j, size_t point,
		      const char *dir, uint64_t number)
{
	char *seed = xasprintf("%llu", (unsigned long long)(j->seed + number));
	char *tree = xasprintf("%s/tree", j->dir);
	const struct bisect_question *q = &j->question;

	a->v[a->n++] = xstrdup("compare");
	a->v[a->n++] = xstrdup("--only-arms");
	put(a, "--plan", j->plan);
	put(a, "--events", q->test ? q->test : q->pathlen);
	put(a, "--arms", q->arm);
	put(a, "--boots", j->boots);
	put(a, "--clock", q->pathlen ? "icount" : NULL);
	put(a, "--lane", j->lane);
	put(a, "--accel", j->accel);
	put(a, "--seed", seed);
	put(a, "--results", dir);
	if (j->points.src) {
		put(a, "--src", tree);
	} else {
		put(a, "--src", j->src);
		put(a, "--kernel-version", j->version);
		put(a, "--prefix", j->points.ids.v[point]);
	}
	free(tree);
	free(seed);
}

/* Another point's kernels are of no use to anybody. */
static void drop_kernels(struct bisect_job *j)
{
	for (size_t i = 0; i < j->made.n; i++)
		remove_tree(j->made.v[i]);
	strs_free(&j->made);
}

/* One that was there before the run is somebody else's as well. */
static void note_kernel(struct bisect_job *j, const char *run, time_t start)
{
	char *dir = manifest_artifacts(run), *path;
	struct stat st;

	if (!dir)
		return;
	path = xasprintf("%s/manifest.json", dir);
	if (!stat(path, &st) && st.st_mtime >= start && !strs_has(&j->made, dir))
		strs_add(&j->made, dir, strlen(dir));
	free(path);
	free(dir);
}

static int have_source(struct bisect_job *j, size_t point)
{
	char *tree;
	int ret;

	if (!j->points.src || j->exported == point)
		return ST_OK;
	tree = xasprintf("%s/tree", j->dir);
	/* What an interruption has left is in no known state. */
	if (j->exported == NO_POINT)
		bisect_export_clean(tree);
	j->exported = NO_POINT;
	ret = bisect_export(j->points.src, j->points.ids.v[point], tree);
	if (ret == ST_OK)
		j->exported = point;
	free(tree);
	return ret;
}

/*
 * Build and boot @point with the results in @dir. Return: what compare returned, or
 * what having the source did.
 */
static int run_compare(struct bisect_job *j, size_t point, const char *dir,
		       uint64_t number)
{
	char *latest = xasprintf("%s/latest", dir);
	struct args a = { .n = 0 };
	uint64_t start = now_ns();
	time_t since = time(NULL);
	int ret;

	if (j->built != point)
		drop_kernels(j);
	j->built = point;
	ret = have_source(j, point);
	if (ret == ST_OK) {
		make_args(&a, j, point, dir, number);
		ret = bisect_compare(a.n, a.v);
		note_kernel(j, latest, since);
	}
	j->time.seconds += (double)(now_ns() - start) / 1e9;
	j->time.runs++;
	for (int i = 0; i < a.n; i++)
		free(a.v[i]);
	free(latest);
	return ret;
}

/* Of a run that made no results at all. */
static enum bisect_answer without_results(int status, char **why)
{
	/* Another try would do the same: compile, or configure, or apply a patch. */
	if (status == ST_FAIL || status == ST_USAGE) {
		*why = xstrdup(status == ST_FAIL ? "its kernel does not compile" :
			       "it cannot be run: the error above says why");
		return BISECT_BROKEN;
	}
	*why = xstrdup("no result");
	return BISECT_LOST;
}

/* The results of the good end, which paths are compared with; free() it, or NULL. */
static char *reference(struct bisect_job *j, int *status)
{
	uint64_t number = 1000 * j->b.n;
	char *found = NULL;

	*status = ST_OK;
	for (unsigned int i = 0; i <= j->b.retries && !found; i++, number++) {
		char *dir = xasprintf("%s/reference/r%02u", j->dir, i);
		char *latest = xasprintf("%s/latest", dir);
		char *summary = xasprintf("%s/summary.json", latest);

		if (!path_exists(summary) && *status != ST_INTR) {
			info("bisect: the good end, to compare with");
			*status = run_compare(j, 0, dir, number);
		}
		if (path_exists(summary) && *status != ST_INTR)
			found = xstrdup(latest);
		free(summary);
		free(latest);
		free(dir);
	}
	if (!found && *status != ST_INTR) {
		err("the good end gives no path length of %s to compare with",
		    j->question.pathlen);
		*status = *status == ST_USAGE ? ST_USAGE : ST_HARNESS;
	}
	return found;
}

int bisect_run(size_t point, enum bisect_answer *answer, void *arg)
{
	static const char *const names[] = {
		[BISECT_GOOD] = "good", [BISECT_BAD] = "bad",
		[BISECT_LOST] = "cannot be told", [BISECT_BROKEN] = "skipped",
	};
	struct bisect_job *j = arg;
	const struct bisect_point *v = &j->b.v[point];
	unsigned int n = v->good + v->bad + v->lost;
	char *dir = xasprintf("%s/%.12s/r%02u", j->dir, j->points.ids.v[point], n);
	char *latest = xasprintf("%s/latest", dir), *base = NULL, *why = NULL;
	int ret = ST_OK;

	if (j->question.pathlen)
		base = reference(j, &ret);
	if (j->question.pathlen && !base)
		goto out;
	ret = sig_pending() ? ST_INTR :
	      run_compare(j, point, dir, 1000 * point + n);
	if (ret == ST_INTR)
		goto out;
	if (!path_exists(latest))
		*answer = without_results(ret, &why);
	else if (base)
		*answer = bisect_judge_pathlen(base, latest, &j->question, &why);
	else
		*answer = bisect_judge_test(latest, &j->question, &why);
	ret = ST_OK;
	info("bisect: %s: %s: %s", j->points.names.v[point], names[*answer], why);
out:
	free(why);
	free(base);
	free(latest);
	free(dir);
	return ret;
}

void bisect_step(size_t point, unsigned int step, unsigned int of, size_t left,
		 void *arg)
{
	const struct bisect_job *j = arg;
	double runs = (of - step + 1) * j->b.runs;
	unsigned int s = 0;

	if (j->time.runs)
		s = (unsigned int)(runs * j->time.seconds / j->time.runs);
	if (s)
		info("bisect: step %u of about %u: %s; the first bad one is one of %zu; about %u:%02u to go",
		     step, of, j->points.names.v[point], left, s / 60, s % 60);
	else
		info("bisect: step %u of about %u: %s; the first bad one is one of %zu",
		     step, of, j->points.names.v[point], left);
}

int bisect_keep(void *arg)
{
	struct bisect_job *j = arg;

	return bisect_state_save(j->state, j->text, &j->points, &j->b, &j->time, NULL);
}

void bisect_clean(struct bisect_job *j)
{
	char *tree = xasprintf("%s/tree", j->dir);

	drop_kernels(j);
	if (path_exists(tree))
		info("bisect: removing the exported source");
	bisect_export_clean(tree);
	free(tree);
}
