// SPDX-License-Identifier: GPL-2.0-only
/* The first patch, or commit, with which a test fails or a path has changed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bisect_run.h"
#include "hash.h"
#include "pathlen.h"
#include "plan.h"
#include "progress.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu bisect (--test EVENT | --pathlen EVENT) [OPTION...]\n"
	"\n"
	"Finds the first patch of the series, or the first commit of a git tree, with\n"
	"which a test fails, or with which the path of an event is longer or shorter\n"
	"than at the good end. docs/bisect.md tells how.\n"
	"\n"
	"  --test EVENT      bad is where this event FAILs, or the kernel complains\n"
	"  --pathlen EVENT   bad is where its path has changed, in instructions\n"
	"  --threshold X     by such a part or more (0.01: 1 %)\n"
	"  --plan NAME|FILE  the plan that the event is taken from (compare)\n"
	"  --arm NAME        in this arm (mutex)\n"
	"  --boots N         of each run (--test: 1, --pathlen: 6)\n"
	"  --runs K          a point is good when K runs of it are (1): for what fails\n"
	"                    only now and then\n"
	"  --retries N       so many runs of a point may tell nothing (2); then it is\n"
	"                    skipped\n"
	"  --good N --bad N  how many patches the ends have (all before KVM's, and all)\n"
	"  --src DIR --good REV --bad REV\n"
	"                    commits of a git tree, with the series on top; it is only\n"
	"                    read\n"
	"  --src DIR|TARBALL, --kernel-version V, --lane NAME, --accel auto|kvm|tcg\n"
	"                    as of secmmu compare\n"
	"  --seed N          of the first run (1)\n"
	"  --again           give points that were skipped another chance\n"
	"  --results DIR     folder of all results (results)\n"
	"  --help            this text\n"
	"\n"
	"The same command goes on where it was interrupted.\n"
	"\n"
	"Exit status: 0 found; 1 only a range is known, as points in it were skipped, or\n"
	"the ends are not good and bad; 2 usage; 3 an end cannot be told, or secmmu\n"
	"itself broke.\n";

static const struct option longopts[] = {
	{ "test", required_argument, NULL, 't' },
	{ "pathlen", required_argument, NULL, 'p' },
	{ "threshold", required_argument, NULL, 'T' },
	{ "plan", required_argument, NULL, 'P' },
	{ "arm", required_argument, NULL, 'a' },
	{ "boots", required_argument, NULL, 'b' },
	{ "runs", required_argument, NULL, 'k' },
	{ "retries", required_argument, NULL, 'n' },
	{ "good", required_argument, NULL, 'G' },
	{ "bad", required_argument, NULL, 'B' },
	{ "src", required_argument, NULL, 'S' },
	{ "kernel-version", required_argument, NULL, 'K' },
	{ "lane", required_argument, NULL, 'l' },
	{ "accel", required_argument, NULL, 'x' },
	{ "seed", required_argument, NULL, 's' },
	{ "results", required_argument, NULL, 'r' },
	{ "again", no_argument, NULL, 'A' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct options {
	const char *runs, *retries, *good, *bad, *seed, *results, *threshold;
	bool again;
};

static const char **string_of(struct options *o, struct bisect_job *j, int c)
{
	switch (c) {
	case 't': return &j->question.test;
	case 'p': return &j->question.pathlen;
	case 'T': return &o->threshold;
	case 'P': return &j->plan;
	case 'a': return &j->question.arm;
	case 'b': return &j->boots;
	case 'k': return &o->runs;
	case 'n': return &o->retries;
	case 'G': return &o->good;
	case 'B': return &o->bad;
	case 'S': return &j->src;
	case 'K': return &j->version;
	case 'l': return &j->lane;
	case 'x': return &j->accel;
	case 's': return &o->seed;
	case 'r': return &o->results;
	default: return NULL;
	}
}

static int number(const char *option, const char *value, unsigned int min,
		  unsigned int max, unsigned int *out)
{
	uint64_t n = *out;

	if (value && parse_u64(value, min, max, &n)) {
		err("%s: '%s' is no number from %u to %u", option, value, min, max);
		return -1;
	}
	*out = (unsigned int)n;
	return 0;
}

/* Return: ST_OK, ST_USAGE with an error printed, or -1 if help was wanted. */
static int parse(int argc, char **argv, struct options *o, struct bisect_job *j)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		const char **value = string_of(o, j, c);

		if (c == 'h')
			return -1;
		if (c == '?') {
			err("bisect: %s: not understood; see secmmu bisect --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
		if (value)
			*value = optarg;
		o->again |= c == 'A';
	}
	if (optind == argc)
		return ST_OK;
	err("bisect: unexpected '%s'; see secmmu bisect --help", argv[optind]);
	return ST_USAGE;
}

/* Defaults, and what does not go together. */
static int settle(const struct options *o, struct bisect_job *j)
{
	struct bisect_question *q = &j->question;
	unsigned int seed = 1;

	if (!q->test == !q->pathlen) {
		err("bisect: either --test EVENT or --pathlen EVENT; see secmmu bisect --help");
		return ST_USAGE;
	}
	if (strpbrk(q->test ? q->test : q->pathlen, ", ")) {
		err("bisect: '%s': one event only", q->test ? q->test : q->pathlen);
		return ST_USAGE;
	}
	q->threshold = PATHLEN_THRESHOLD;
	j->b.runs = 1;
	j->b.retries = 2;
	if (o->threshold && comparedirs_margin("--threshold", o->threshold, &q->threshold))
		return ST_USAGE;
	if (number("--runs", o->runs, 1, 99, &j->b.runs) ||
	    number("--retries", o->retries, 0, 99, &j->b.retries) ||
	    number("--seed", o->seed, 0, 1000000000, &seed))
		return ST_USAGE;
	j->seed = seed;
	/* Its kernel is there already: the others are compared with it. */
	j->b.good_first = q->pathlen;
	if (!j->plan)
		j->plan = "compare";
	if (!q->arm)
		q->arm = "mutex";
	if (!j->boots)
		j->boots = q->test ? "1" : "6";
	return ST_OK;
}

/* A wrong plan, event or arm would look like points that cannot be built. */
static int check_plan(const struct bisect_job *j)
{
	const struct bisect_question *q = &j->question;
	struct plan *p = plan_load(j->plan);
	int ret = p && !(j->lane && plan_set_lane(p, j->lane)) &&
		  !plan_set_arms(p, q->arm) && !plan_set_boots(p, j->boots) &&
		  !(q->pathlen && plan_set_clock(p, "icount")) &&
		  !plan_set_events(p, q->test ? q->test : q->pathlen) ?
			ST_OK : ST_USAGE;

	plan_free(p);
	return ret;
}

static int find_points(const struct options *o, struct bisect_job *j)
{
	/* Revisions are of a git tree, numbers of patches are of the series. */
	bool git = j->src && (o->good || o->bad);

	if (!git)
		return bisect_points_source(j->src, j->version, o->good, o->bad,
					    &j->points);
	if (!o->good || !o->bad) {
		err("bisect: --src with --good and --bad, both: the commits between them");
		return ST_USAGE;
	}
	if (j->version) {
		err("bisect: --kernel-version picks a package: it cannot be given together with --src");
		return ST_USAGE;
	}
	return bisect_points_git(j->src, o->good, o->bad, &j->points);
}

/* An end has to be told: whatever was in the way the last time may be mended. */
static void forget_skipped_ends(struct bisect *b)
{
	const size_t ends[] = { 0, b->n - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (bisect_verdict(b, ends[i]) != BISECT_IS_SKIPPED)
			continue;
		b->v[ends[i]].lost = 0;
		b->v[ends[i]].broken = false;
	}
}

/* What was found with other tests, plans or options says nothing. */
static int hash_top(struct hash *h)
{
	static const char *const names[] = { "configs", "selftests/kvm" };
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !ret; i++) {
		char *path = xasprintf("%s/%s", top_dir(), names[i]);

		ret = hash_path(h, path);
		free(path);
	}
	return ret;
}

/* One folder per question: the same command finds it again. */
static int open_folder(const struct options *o, struct bisect_job *j)
{
	const struct bisect_question *q = &j->question;
	const char *rest[] = { j->plan, j->boots, j->lane, j->accel, j->version,
			       j->src };
	char hex[65], *base, *dir;
	struct hash h;
	int ret;

	j->text = q->test ?
		xasprintf("does %s FAIL in arm %s", q->test, q->arm) :
		xasprintf("has the path of %s in arm %s changed by %g %%",
			  q->pathlen, q->arm, 100 * q->threshold);
	hash_init(&h);
	hash_str(&h, j->text);
	hash_str(&h, j->points.hash);
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		hash_str(&h, rest[i] ? rest[i] : "");
	ret = hash_top(&h);
	hash_end(&h, hex);
	if (ret)
		return ST_HARNESS;
	base = xasprintf("%s/bisect", o->results ? o->results : "results");
	dir = xasprintf("%s/%.12s", base, hex);
	if (!mkdir_p(dir))
		j->dir = realpath(dir, NULL);
	free(dir);
	free(base);
	if (!j->dir)
		return ST_HARNESS;
	j->state = xasprintf("%s/state.json", j->dir);
	j->b.n = j->points.ids.n;
	j->b.v = xcalloc(j->b.n, sizeof(*j->b.v));
	ret = bisect_state_load(j->state, &j->points, o->again, &j->b, &j->time);
	if (ret == ST_OK)
		forget_skipped_ends(&j->b);
	return ret;
}

static void print_found(const struct bisect_job *j, const struct bisect_result *r)
{
	char *const *names = j->points.names.v;
	const char *what = j->points.src ? "commit" : "patch";
	size_t n = r->first_bad - r->last_good;

	if (n == 1)
		printf("first bad %s: %s\n", what, names[r->first_bad]);
	else
		printf("the first bad %s is one of these %zu; those before the last were skipped:\n",
		       what, n);
	for (size_t i = r->last_good + 1; i <= r->first_bad && n > 1; i++)
		printf("  %s\n", names[i]);
}

/* Not 100 %, unless it is. */
static double percent(double x)
{
	return x < 1 && x > 0.999 ? 99.9 : 100 * x;
}

static void print_confidence(const struct bisect_job *j, const struct bisect_result *r)
{
	const struct bisect *b = &j->b;
	const struct bisect_point *bad = &b->v[b->n - 1];
	unsigned int good = 0;

	for (size_t i = 0; i < b->n; i++)
		good += bisect_verdict(b, i) == BISECT_IS_GOOD;
	printf("confidence %.3g %%: the bad end was bad in %u of %u runs, so a bad point passes %u with a likelihood of %.2g %%; %u points were called good\n",
	       percent(r->confidence), bad->bad, bad->bad + bad->good, b->runs,
	       100 * r->slip, good);
}

static int print(const struct bisect_job *j, const struct bisect_result *r)
{
	const char *end = j->points.names.v[r->end];

	switch (r->outcome) {
	case BISECT_FOUND:
		print_found(j, r);
		print_confidence(j, r);
		return r->first_bad - r->last_good == 1 ? ST_OK : ST_FAIL;
	case BISECT_GOOD_END_BAD:
		printf("the good end is bad: %s: take an earlier one\n", end);
		return ST_FAIL;
	case BISECT_BAD_END_GOOD:
		printf("the bad end is good in %u of %u runs: %s: if it fails now and then, more --runs\n",
		       j->b.runs, j->b.runs, end);
		return ST_FAIL;
	case BISECT_END_SKIPPED:
		break;
	}
	printf("the %s end cannot be told: %s\n", r->end ? "bad" : "good", end);
	return ST_HARNESS;
}

static json_t *result_json(const struct bisect_job *j, const struct bisect_result *r)
{
	static const char *const outcomes[] = {
		[BISECT_FOUND] = "found",
		[BISECT_GOOD_END_BAD] = "good end is bad",
		[BISECT_BAD_END_GOOD] = "bad end is good",
		[BISECT_END_SKIPPED] = "an end was skipped",
	};
	json_t *first = json_array();

	for (size_t i = r->last_good + 1; i <= r->first_bad; i++)
		if (r->outcome == BISECT_FOUND)
			json_array_append_new(first, progress_text(j->points.names.v[i]));
	return json_pack("{s:s, s:o, s:f, s:f}", "outcome", outcomes[r->outcome],
			 "first_bad", first, "confidence", r->confidence, "slip", r->slip);
}

static int search(struct bisect_job *j)
{
	struct bisect_result r;
	int ret;

	info("bisect: %s: %zu points from %s to %s", j->text, j->b.n,
	     j->points.names.v[0], j->points.names.v[j->b.n - 1]);
	info("bisect: state: %s", j->state);
	ret = bisect_search(&j->b, &r);
	if (ret == ST_INTR)
		info("bisect: interrupted: the same command goes on from here");
	if (ret == ST_OK)
		ret = bisect_state_save(j->state, j->text, &j->points, &j->b, &j->time,
					result_json(j, &r));
	return ret == ST_OK ? print(j, &r) : ret;
}

static int bisect(const struct options *o, struct bisect_job *j)
{
	char *lock;
	int ret, fd;

	ret = settle(o, j);
	if (ret == ST_OK)
		ret = check_plan(j);
	if (ret == ST_OK)
		ret = find_points(o, j);
	if (ret == ST_OK)
		ret = open_folder(o, j);
	if (ret != ST_OK)
		return ret;
	lock = xasprintf("%s/.lock", j->dir);
	fd = lock_file(lock, j->dir, false);
	ret = fd >= 0 ? search(j) : ST_USAGE;
	if (fd >= 0) {
		/* It is all that was waited for; a source tree takes its time to go. */
		fflush(stdout);
		bisect_clean(j);
		close(fd);
	}
	free(lock);
	return ret;
}

int verb_bisect(int argc, char **argv)
{
	struct options o = { .again = false };
	struct bisect_job j = {
		.b = { .run = bisect_run, .step = bisect_step, .keep = bisect_keep },
		.exported = NO_POINT, .built = NO_POINT,
	};
	int ret = parse(argc, argv, &o, &j);

	if (ret < 0) {
		fputs(help, stdout);
		return ST_OK;
	}
	j.b.arg = &j;
	if (ret == ST_OK)
		ret = bisect(&o, &j);
	bisect_points_free(&j.points);
	free(j.b.v);
	free(j.text);
	free(j.dir);
	free(j.state);
	return ret;
}
