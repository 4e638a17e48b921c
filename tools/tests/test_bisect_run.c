// SPDX-License-Identifier: GPL-2.0-only
/*
 * secmmu bisect as a whole, on a git tree and a series made up here. Building and
 * booting is played: what fails is written in the exported tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "bisect_judge.h"
#include "bisect_points.h"
#include "bisect_run.h"
#include "madeup.h"
#include "scratch.h"
#include "series.h"
#include "verbs.h"

/* As icount scatters. */
#define ICOUNT "--boots 6 --samples 9 --events 3 --clock icount --spread 0 " \
	"--noise 0.001 --jitter 0.001 --effect 1 "

#define COMMITS 12
#define FIRST_BAD 8

static unsigned int calls, stop_at, lose_first;
static bool seen_only_arms;
static char printed[8192];

static void shell(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

/* Commits 0 to 12; the file "state" says what becomes of a run. */
static void make_tree(const char *middle)
{
	remove_tree("tree");
	shell("git init -q -b main tree && cd tree && git config user.name x && "
	      "git config user.email x@localhost && git config commit.gpgsign false");
	for (unsigned int i = 0; i <= COMMITS; i++) {
		const char *state = i >= FIRST_BAD ? "bad" : "good";
		char *command = xasprintf("cd tree && echo %s >state && echo %u >nr && "
			"rm -f only-* && : >only-%u && git add -A && git commit -q -m 'change %u'",
			i == 6 ? middle : state, i, i, i);

		shell(command);
		free(command);
	}
	shell("cd tree && echo mine >>state && echo new >untracked && git config core.splitIndex true");
}

static const char *option(int argc, char **argv, const char *name)
{
	for (int i = 0; i + 1 < argc; i++)
		if (!strcmp(argv[i], name))
			return argv[i + 1];
	return NULL;
}

static void put_boot(const char *results, const char *event, const char *status)
{
	char *path = xasprintf("%s/latest/boot-000/boot.json", results);
	char *text = xasprintf("{\"status\": \"%s\", \"tests\": [{\"name\": \"%s\", "
			       "\"arm\": \"mutex\", \"status\": \"%s\"}]}",
			       status, event, status);

	put(path, text);
	free(text);
	free(path);
}

/* What the tree of this run holds, or the number of patches: its state. */
static char *state_of(int argc, char **argv)
{
	const char *src = option(argc, argv, "--src");
	const char *prefix = option(argc, argv, "--prefix");
	char *path, *text;

	if (prefix)
		return xstrdup(atoi(prefix) >= 4 ? "bad" : "good");
	/* All of the commit, nothing of another one or that is not committed. */
	path = xasprintf("cd '%s' && test \"$(echo *)\" = \"nr only-$(cat nr) state\"", src);
	shell(path);
	free(path);
	path = xasprintf("%s/state", src);
	text = read_file(path, NULL);
	text[strcspn(text, "\n")] = '\0';
	free(path);
	return text;
}

static int fake_compare(int argc, char **argv)
{
	const char *results = option(argc, argv, "--results");
	char *state, *dir;
	bool bad;

	for (int i = 0; i < argc; i++)
		seen_only_arms |= !strcmp(argv[i], "--only-arms");
	if (++calls == stop_at)
		return ST_INTR;
	state = state_of(argc, argv);
	bad = !strcmp(state, "bad");
	if (!strcmp(state, "broken")) {
		free(state);
		return ST_FAIL;
	}
	if (lose_first && strstr(results, "/r00"))
		put_boot(results, "mremap_thp", "MISS");
	else if (!option(argc, argv, "--clock"))
		put_boot(results, "mremap_thp", bad ? "FAIL" : "PASS");
	if (option(argc, argv, "--clock")) {
		dir = xasprintf("%s/latest", results);
		make_up(dir, (unsigned int)atoi(option(argc, argv, "--seed")),
			bad ? ICOUNT "--planted 1.0107" : ICOUNT);
		free(dir);
		dir = xasprintf("%s/latest/summary.json", results);
		put(dir, "{}");
		free(dir);
	}
	free(state);
	return bad ? ST_FAIL : ST_OK;
}

static int run_verb(int argc, ...)
{
	char *argv[24];
	int out, ret;
	va_list ap;
	char *text;

	va_start(ap, argc);
	for (int i = 0; i < argc; i++)
		argv[i] = va_arg(ap, char *);
	va_end(ap);
	argv[argc] = NULL;
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	assert_non_null(freopen("stdout", "w", stdout));
	ret = verb_bisect(argc, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	text = read_file("stdout", NULL);
	snprintf(printed, sizeof(printed), "%s", text);
	free(text);
	return ret;
}

#define BISECT_GIT(results, ...) \
	run_verb(11 + COUNT(__VA_ARGS__), "bisect", "--src", "tree", "--good", "main~12", \
		 "--bad", "main", "--results", results, "--arm", "mutex", __VA_ARGS__)
#define COUNT(...) ((int)(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)))

static void assert_printed(const char *text)
{
	if (!strstr(printed, text))
		fail_msg("'%s' is not in '%s'", text, printed);
}

static int setup_each(void **state)
{
	(void)state;
	calls = stop_at = lose_first = 0;
	bisect_compare = fake_compare;
	remove_tree("results");
	make_tree("good");
	return 0;
}

static void finds_the_commit(void **state)
{
	char *before, *after;

	(void)state;
	shell("cd tree && (git status --porcelain; git worktree list; git for-each-ref; "
	      "cat state; find .git | sort) >../before");
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
	assert_printed("first bad commit: ");
	assert_printed(" change 8\n");
	assert_printed("confidence ");
	assert_printed("step 1 of about 6: ");
	assert_true(calls <= 6);
	assert_true(seen_only_arms);
	/* The user's tree is as it was, and nothing exported is left. */
	shell("cd tree && (git status --porcelain; git worktree list; git for-each-ref; "
	      "cat state; find .git | sort) >../after");
	before = read_file("before", NULL);
	after = read_file("after", NULL);
	assert_string_equal(before, after);
	shell("test -z \"$(find results -name 'tree*')\"");
	free(before);
	free(after);
	/* A search that is over is not done again. */
	calls = 0;
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
	assert_int_equal(calls, 0);
	assert_printed(" change 8\n");
}

static void goes_on(void **state)
{
	(void)state;
	for (stop_at = 1; stop_at < 5; stop_at++) {
		remove_tree("results");
		calls = 0;
		assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_INTR);
		assert_printed("interrupted: the same command goes on from here");
		assert_int_equal(calls, stop_at);
		assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
		assert_printed(" change 8\n");
		assert_true(calls <= 7);
	}
}

/* Each point's first run is lost. */
static void lost_runs(void **state)
{
	(void)state;
	lose_first = 1;
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
	assert_printed("cannot be told: mremap_thp MISS");
	assert_printed(" change 8\n");
	remove_tree("results");
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp", "--retries", "0"),
			 ST_HARNESS);
	assert_printed("the bad end cannot be told");
	/* An end gets another chance without being asked. */
	lose_first = 0;
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp", "--retries", "0"),
			 ST_OK);
	assert_printed(" change 8\n");
}

/* The middle one does not build: not tried twice, and it is not in the way. */
static void broken_point(void **state)
{
	(void)state;
	make_tree("broken");
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
	assert_printed("change 6: skipped: its kernel does not compile");
	assert_printed(" change 8\n");
	assert_true(calls <= 8);
	/* It stays skipped, unless asked for. */
	calls = 0;
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
	assert_int_equal(calls, 0);
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp", "--again"), ST_OK);
	assert_int_equal(calls, 1);
}

static void ends_disagree(void **state)
{
	(void)state;
	assert_int_equal(run_verb(9, "bisect", "--test", "mremap_thp", "--src", "tree",
				  "--good", "main~12", "--bad", "main~7"), ST_FAIL);
	assert_printed("the bad end is good in 1 of 1 runs");
	assert_int_equal(run_verb(9, "bisect", "--test", "mremap_thp", "--src", "tree",
				  "--good", "main~3", "--bad", "main"), ST_FAIL);
	assert_printed("the good end is bad");
}

static void finds_the_path(void **state)
{
	(void)state;
	assert_int_equal(BISECT_GIT("results", "--pathlen", "mremap_thp"), ST_OK);
	assert_printed("the good end, to compare with");
	assert_printed("bad: mremap_thp 2M/2M 1v changed: +");
	assert_printed(" change 8\n");
	/* One more than the points: the good end, against itself. */
	assert_true(calls <= 7);
	/* Another event has not changed. */
	assert_int_equal(BISECT_GIT("results", "--pathlen", "mremap_4k"), ST_FAIL);
	assert_printed("the bad end is good");
	/* Nor has this one by so much. */
	assert_int_equal(BISECT_GIT("results", "--pathlen", "mremap_thp", "--threshold",
				    "0.02"), ST_FAIL);
	assert_printed("the bad end is good");
}

static void damaged_state(void **state)
{
	(void)state;
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_OK);
	shell("for f in results/bisect/*/state.json; do echo '{' >$f; done");
	listen_begin();
	assert_int_equal(BISECT_GIT("results", "--test", "mremap_thp"), ST_USAGE);
	listen_end();
	assert_said("state.json is damaged: remove it to begin anew");
}

/* Of a merge only the first parents are points; histories that part are refused. */
static void history(void **state)
{
	struct bisect_points p;

	(void)state;
	shell("cd tree && git checkout -q -f -b side main~5 && git rm -q --cached nr && "
	      "git commit -q -m side && git checkout -q -f main && "
	      "git merge -q -s ours -m merge side");
	assert_int_equal(bisect_points_git("tree", "main~3", "main", &p), ST_OK);
	assert_int_equal(p.ids.n, 4);
	assert_non_null(strstr(p.names.v[3], " merge"));
	bisect_points_free(&p);
	listen_begin();
	assert_int_equal(bisect_points_git("tree", "side", "main~1", &p), ST_USAGE);
	listen_end();
	assert_said("--good: side is no ancestor of main~1");
}

static void put_patch(unsigned int n, const char *file)
{
	char *path = xasprintf("kvm-patches/linux-6.12/%04u-p.patch", n);
	char *text = xasprintf("---\ndiff --git a/%s b/%s\n", file, file);

	put(path, text);
	free(text);
	free(path);
}

static void prefixes(void **state)
{
	struct bisect_job j = {
		.question = { .test = "mremap_thp", .arm = "mutex" }, .plan = "compare",
		.boots = "1", .text = "?", .dir = (char *)"results/x",
		.state = (char *)"results/x/state.json", .exported = NO_POINT,
		.built = NO_POINT,
	};
	struct bisect_result r;
	struct series s;

	(void)state;
	for (unsigned int i = 1; i <= 6; i++)
		put_patch(i, i < 3 ? "mm/rmap.c" : "virt/kvm/kvm_main.c");
	assert_int_equal(series_load(scratch, "linux-6.12", &s), ST_OK);
	listen_begin();
	assert_int_equal(bisect_points_series(&s, "7", NULL, &j.points), ST_USAGE);
	listen_end();
	assert_said("--good: '7' is no number from 0 to 6");
	listen_begin();
	assert_int_equal(bisect_points_series(&s, "5", "5", &j.points), ST_USAGE);
	listen_end();
	assert_said("--good: 5 patches are no less than the 5 of --bad");
	assert_int_equal(bisect_points_series(&s, "0", NULL, &j.points), ST_OK);
	assert_int_equal(j.points.ids.n, 7);
	assert_string_equal(j.points.names.v[0], "no patch");
	bisect_points_free(&j.points);
	assert_int_equal(bisect_points_series(&s, NULL, NULL, &j.points), ST_OK);
	assert_int_equal(j.points.ids.n, 5);
	assert_string_equal(j.points.ids.v[0], "2");
	assert_int_equal(mkdir_p(j.dir), 0);
	j.b = (struct bisect){
		.n = 5, .runs = 1, .retries = 1, .run = bisect_run, .keep = bisect_keep,
		.arg = &j, .v = xcalloc(5, sizeof(*j.b.v)),
	};
	assert_int_equal(bisect_search(&j.b, &r), ST_OK);
	assert_string_equal(j.points.names.v[r.first_bad], "0004-p.patch");
	bisect_clean(&j);
	free(j.b.v);
	bisect_points_free(&j.points);
	series_free(&s);
}

#define T(name, arm, status, traced) "{\"name\": \"" name "\", \"arm\": \"" arm \
	"\", \"status\": \"" status "\", \"traced\": " traced "}"
#define BOOT(tests, findings) "{\"status\": \"MISS\", \"reason\": \"panic\", " \
	"\"tests\": [" tests "], \"kernel_findings\": [" findings "]}"

/* What one boot says. That MISS is never good is what a search lives on. */
static void judged(void **state)
{
	static const struct {
		const char *boot;
		enum bisect_answer answer;
	} v[] = {
		{ BOOT(T("e", "mutex", "PASS", "false"), ""), BISECT_GOOD },
		{ BOOT(T("e", "mutex", "FAIL", "false"), ""), BISECT_BAD },
		{ BOOT(T("e", "mutex", "FAIL", "true"), ""), BISECT_BAD },
		{ BOOT(T("e", "mutex", "MISS", "false"), ""), BISECT_LOST },
		{ BOOT(T("e", "mutex", "ERROR", "false"), ""), BISECT_LOST },
		{ BOOT(T("e", "mutex", "SKIP", "false"), ""), BISECT_LOST },
		{ BOOT(T("e", "mutex", "PASS", "false") "," T("e", "mutex", "MISS", "false"),
		       ""), BISECT_LOST },
		{ BOOT(T("e", "mutex", "MISS", "false") "," T("e", "mutex", "FAIL", "false"),
		       ""), BISECT_BAD },
		/* There are no tracepoints in every prefix. */
		{ BOOT(T("e", "mutex", "PASS", "false") "," T("e", "mutex", "ERROR", "true"),
		       ""), BISECT_GOOD },
		{ BOOT(T("e", "mutex", "PASS", "true"), ""), BISECT_LOST },
		{ BOOT(T("f", "mutex", "FAIL", "false"), ""), BISECT_LOST },
		{ BOOT(T("e", "rwsem", "FAIL", "false"), ""), BISECT_LOST },
		{ BOOT(T("e", "mutex", "PASS", "false"), "{\"kind\": \"warning\"}"), BISECT_BAD },
		{ BOOT(T("e", "mutex", "PASS", "false"), "{\"expected\": true}"), BISECT_GOOD },
		{ BOOT("", ""), BISECT_LOST },
		{ "{", BISECT_LOST },
	};
	const struct bisect_question q = { .test = "e", .arm = "mutex" };
	char *why;

	(void)state;
	assert_int_equal(bisect_judge_test("nothing", &q, &why), BISECT_LOST);
	free(why);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		put("run/boot-000/boot.json", v[i].boot);
		if (bisect_judge_test("run", &q, &why) != v[i].answer)
			fail_msg("case %zu: %s", i, why);
		assert_true(*why && !strchr(why, '\n'));
		free(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged),
		cmocka_unit_test_setup(finds_the_commit, setup_each),
		cmocka_unit_test_setup(goes_on, setup_each),
		cmocka_unit_test_setup(lost_runs, setup_each),
		cmocka_unit_test_setup(broken_point, setup_each),
		cmocka_unit_test_setup(ends_disagree, setup_each),
		cmocka_unit_test_setup(finds_the_path, setup_each),
		cmocka_unit_test_setup(damaged_state, setup_each),
		cmocka_unit_test_setup(history, setup_each),
		cmocka_unit_test_setup(prefixes, setup_each),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
