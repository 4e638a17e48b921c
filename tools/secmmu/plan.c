// SPDX-License-Identifier: GPL-2.0-only
#include "plan.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "arms.h"
#include "inifile.h"
#include "plan_keys.h"
#include "util.h"

#define PLAN_NAME_MAX	32
#define TEST_NAME_MAX	32

static int read_key(struct plan *p, enum plan_section s, const struct ini_entry *e)
{
	struct plan_loc l = { p->path, e->line, e->key };

	return plan_key(p, s, &l, e->value);
}

static int read_plan_section(struct plan *p, const struct ini_section *s)
{
	struct plan_loc l = { p->path, s->line, NULL };

	for (size_t i = 0; i < s->n; i++)
		if (read_key(p, SECTION_PLAN, &s->entries[i]))
			return -1;
	if (!p->arms.n)
		return plan_bad(&l, "[plan] has no key 'arms'");
	return 0;
}

static int read_test_section(struct plan *p, const struct ini_section *s)
{
	struct plan_loc l = { p->path, s->line, NULL };
	const char *name = s->name + strlen("test ");
	struct plan_test *t;

	if (!valid_name(name, TEST_NAME_MAX))
		return plan_bad(&l, "'%s' is not allowed: [test NAME], NAME of [a-z0-9_-], at most %d long",
			   name, TEST_NAME_MAX);
	p->tests = xrealloc(p->tests, (p->n_tests + 1) * sizeof(*p->tests));
	t = &p->tests[p->n_tests++];
	*t = (struct plan_test){ .name = xstrdup(name), .timeout_s = 60,
				 .traced = true };
	for (size_t i = 0; i < s->n; i++)
		if (read_key(p, SECTION_TEST, &s->entries[i]))
			return -1;
	if (!t->program)
		return plan_bad(&l, "[%s] has no key 'program'", s->name);
	if (!t->events.n && !t->by_exit)
		return plan_bad(&l, "[%s] has no key 'events'", s->name);
	if (t->events.n && t->by_exit)
		return plan_bad(&l, "[%s] has events, and judge = exit, which does not know them",
				s->name);
	if (t->by_exit && (t->sizes.n || t->vcpus.n))
		return plan_bad(&l, "[%s] has sizes or vcpus, and judge = exit: its one result could not be told apart",
				s->name);
	if (t->sites && !t->by_exit)
		return plan_bad(&l, "[%s] has sites and events: those of an event come from the run with tracepoints",
				s->name);
	/* Its own result is all that is wanted of it. */
	if (t->by_exit)
		t->traced = false;
	plan_sweep(p, s->line);
	return 0;
}

static struct strs strs_copy(const struct strs *s)
{
	struct strs copy = { 0 };

	strs_push_all(&copy, s);
	return copy;
}

static char *copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void add_findings(struct plan_test *t, const struct plan_finding *v, size_t n)
{
	t->findings = xrealloc(t->findings, (t->n_findings + n) * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		t->findings[t->n_findings++] = (struct plan_finding){
			v[i].kind, copy_or_null(v[i].arm)
		};
}

struct plan_test plan_test_copy(const struct plan_test *from)
{
	struct plan_test t = *from;

	t.name = copy_or_null(from->name);
	t.program = copy_or_null(from->program);
	t.programs = strs_copy(&from->programs);
	t.args = strs_copy(&from->args);
	t.traced_args = strs_copy(&from->traced_args);
	t.set = strs_copy(&from->set);
	t.vary = strs_copy(&from->vary);
	t.sizes = strs_copy(&from->sizes);
	t.vcpus = strs_copy(&from->vcpus);
	t.events = strs_copy(&from->events);
	t.reference = copy_or_null(from->reference);
	t.findings = NULL;
	t.n_findings = 0;
	add_findings(&t, from->findings, from->n_findings);
	return t;
}

/* One test of its own for @program, all else as @suite says. */
static struct plan_test suite_test(const struct plan_test *suite,
				   const char *program)
{
	struct plan_test t = plan_test_copy(suite);

	strs_free(&t.programs);
	t.name = xstrdup(program);
	t.program = xstrdup(program);
	return t;
}

static int read_suite_section(struct plan *p, const struct ini_section *s)
{
	struct plan_loc l = { p->path, s->line, NULL };
	struct plan_test suite = { .timeout_s = 60, .by_exit = true };
	size_t n = p->n_tests;
	int rc = 0;

	/* The keys are read into the last test. */
	p->tests = xrealloc(p->tests, (n + 1) * sizeof(*p->tests));
	p->tests[p->n_tests++] = suite;
	for (size_t i = 0; i < s->n && !rc; i++)
		rc = read_key(p, SECTION_SUITE, &s->entries[i]);
	if (!rc && !p->tests[n].programs.n)
		rc = plan_bad(&l, "[%s] has no key 'programs'", s->name);
	if (rc)
		return rc;
	suite = p->tests[n];
	p->n_tests = n;
	p->tests = xrealloc(p->tests,
			    (n + suite.programs.n) * sizeof(*p->tests));
	for (size_t i = 0; i < suite.programs.n; i++)
		p->tests[p->n_tests++] = suite_test(&suite, suite.programs.v[i]);
	plan_test_free(&suite);
	return 0;
}

static int read_section(struct plan *p, const struct ini_section *s)
{
	struct plan_loc l = { p->path, s->line, NULL };

	if (!strcmp(s->name, "plan"))
		return read_plan_section(p, s);
	if (!strncmp(s->name, "test ", strlen("test ")))
		return read_test_section(p, s);
	if (!strncmp(s->name, "suite ", strlen("suite ")))
		return read_suite_section(p, s);
	return plan_bad(&l, "unknown section [%s]; there is: [plan], [test NAME] and [suite NAME]",
		   s->name);
}

/* Arms, once all keys are read. */

int plan_known_arms(const struct plan_loc *l, const struct strs *arms)
{
	char *path = xasprintf("%s/configs/arms.ini", top_dir());
	struct strs known = { 0 };
	struct arms list;
	int rc = -1;

	if (arms_load(path, NULL, &list))
		goto out;
	for (size_t i = 0; i < list.n; i++)
		strs_add(&known, list.v[i].name, strlen(list.v[i].name));
	arms_free(&list);
	rc = 0;
	for (size_t i = 0; !rc && i < arms->n; i++)
		if (!strs_has(&known, arms->v[i]))
			rc = plan_bad_word(l, "arm", arms->v[i], &known);
	strs_free(&known);
out:
	free(path);
	return rc;
}

static int find_pair(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->n_compare; i++) {
		size_t n = strlen(p->compare[i].a);

		if (!strncmp(text, p->compare[i].a, n) && text[n] == '/' &&
		    !strcmp(text + n + 1, p->compare[i].b))
			return i;
	}
	return -1;
}

static int check_compare(struct plan *p, const struct ini_section *s)
{
	const struct ini_entry *e = inifile_get(s, "compare");
	struct plan_loc l = { p->path, e ? e->line : 0, "compare" };

	for (size_t i = 0; i < p->n_compare; i++) {
		const struct plan_pair *pair = &p->compare[i];

		if (!strs_has(&p->arms, pair->a))
			return plan_bad_word(&l, "arm", pair->a, &p->arms);
		if (!strs_has(&p->arms, pair->b))
			return plan_bad_word(&l, "arm", pair->b, &p->arms);
		if (!strcmp(pair->a, pair->b))
			return plan_bad(&l, "'%s/%s' is an arm against itself: that is the key 'aa'",
				   pair->a, pair->b);
	}
	return 0;
}

static int check_primary(struct plan *p, const struct ini_section *s)
{
	const struct ini_entry *e = inifile_get(s, "primary");
	const struct ini_entry *c = inifile_get(s, "compare");
	struct plan_loc l = { p->path, e ? e->line : 0, "primary" };

	if (!e || !strcmp(e->value, "none"))
		return 0;
	p->primary = find_pair(p, e->value);
	if (p->primary >= 0)
		return 0;
	return plan_bad(&l, "'%s' is not allowed: none, or one of 'compare': %s",
		   e->value, c ? c->value : "(which is not set)");
}

static int check_aa(const struct plan *p, const struct ini_section *s)
{
	const struct ini_entry *e = inifile_get(s, "aa");
	struct plan_loc l = { p->path, e ? e->line : 0, "aa" };

	if (!p->aa || strs_has(&p->arms, p->aa))
		return 0;
	return plan_bad_word(&l, "arm", p->aa, &p->arms);
}

/* Arms that tests name; those that were left out on the command line go. */
static int check_test_arms(const struct plan *p)
{
	struct plan_loc l = { p->path, 1, NULL };

	for (size_t i = 0; i < p->n_tests; i++) {
		const struct plan_test *t = &p->tests[i];

		if (t->reference && !strs_has(&p->arms, t->reference))
			return plan_bad(&l, "[test %s]: reference = %s is none of the plan's arms",
					t->name, t->reference);
		for (size_t k = 0; k < t->n_findings; k++)
			if (t->findings[k].arm &&
			    !strs_has(&p->arms, t->findings[k].arm))
				return plan_bad(&l, "[test %s]: findings: %s is none of the plan's arms",
						t->name, t->findings[k].arm);
	}
	return 0;
}

static int check_arms(struct plan *p, const struct ini_section *s)
{
	struct plan_loc l = { p->path, inifile_get(s, "arms")->line, "arms" };

	if (plan_known_arms(&l, &p->arms) || check_compare(p, s) ||
	    check_primary(p, s) || check_aa(p, s))
		return -1;
	if (!p->aa && !p->no_aa)
		p->aa = xstrdup(p->arms.v[0]);
	return check_test_arms(p);
}

/* Only a mix has anything drawn at random. */
static int check_vary(const struct plan *p)
{
	struct plan_loc l = { p->path, 1, NULL };

	for (size_t i = 0; i < p->n_tests && !p->mix; i++)
		if (p->tests[i].vary.n)
			return plan_bad(&l, "[test %s]: vary is for a plan with the key 'mix'",
					p->tests[i].name);
	return 0;
}

static bool same_sweep(const struct plan_test *a, const struct plan_test *b)
{
	return a->sweep && a->sweep == b->sweep;
}

/*
 * An event in two tests could not be told apart in the results, but for those
 * that differ in size or vCPUs.
 */
static int check_events(const struct plan *p)
{
	struct plan_loc l = { p->path, 1, NULL };

	for (size_t i = 0; i < p->n_tests; i++)
		for (size_t k = 0; k < i; k++)
			for (size_t e = 0; e < p->tests[i].events.n; e++)
				if (!same_sweep(&p->tests[i], &p->tests[k]) &&
				    strs_has(&p->tests[k].events,
					     p->tests[i].events.v[e]))
					return plan_bad(&l, "event '%s' is in [test %s] and in [test %s]",
						   p->tests[i].events.v[e],
						   p->tests[k].name,
						   p->tests[i].name);
	return 0;
}

static int read_plan(struct plan *p, const struct inifile *f)
{
	const struct ini_section *s = NULL;
	struct plan_loc l = { p->path, 1, NULL };

	for (size_t i = 0; i < f->n; i++) {
		if (read_section(p, &f->sections[i]))
			return -1;
		if (!strcmp(f->sections[i].name, "plan"))
			s = &f->sections[i];
	}
	if (!s)
		return plan_bad(&l, "there is no section [plan]");
	if (!p->n_tests)
		return plan_bad(&l, "there is no section [test NAME]");
	for (size_t i = 0; i < p->n_tests; i++)
		add_findings(&p->tests[i], p->findings, p->n_findings);
	if (check_arms(p, s) || check_vary(p))
		return -1;
	return check_events(p);
}

static bool is_path(const char *name)
{
	size_t n = strlen(name);

	return strchr(name, '/') || (n > 4 && !strcmp(name + n - 4, ".ini"));
}

struct strs plan_names(void)
{
	char *pattern = xasprintf("%s/configs/plans/*.ini", top_dir());
	struct strs names = { 0 };
	glob_t g;

	if (!glob(pattern, 0, NULL, &g)) {
		for (size_t i = 0; i < g.gl_pathc; i++) {
			const char *base = strrchr(g.gl_pathv[i], '/') + 1;

			strs_add(&names, base, strcspn(base, "."));
		}
		globfree(&g);
	}
	free(pattern);
	return names;
}

static void unknown_plan(const char *name)
{
	struct plan_loc l = { .key = "plan" };
	struct strs known = plan_names();

	plan_bad_word(&l, "plan", name, &known);
	strs_free(&known);
}

static struct plan *plan_new(const char *name)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	const char *base = strrchr(name, '/');

	base = base ? base + 1 : name;
	if (is_path(name)) {
		const char *dot = strrchr(base, '.');

		p->path = xstrdup(name);
		p->name = xasprintf("%.*s",
				    (int)(dot ? dot - base : (long)strlen(base)),
				    base);
	} else {
		p->path = xasprintf("%s/configs/plans/%s.ini", top_dir(), name);
		p->name = xstrdup(name);
	}
	p->boots = 10;
	p->primary = -1;
	p->only_boot = -1;
	p->margin = 0.02;
	p->memory_mb = 2048;
	p->nodes = 1;
	return p;
}

struct plan *plan_load(const char *name)
{
	struct plan *p = plan_new(name);
	struct inifile f = { 0 };
	int rc = -1;

	if (!valid_name(p->name, PLAN_NAME_MAX))
		err("plan '%s': a plan's name is made of [a-z0-9_-], at most %d long",
		    p->name, PLAN_NAME_MAX);
	else if (!is_path(name) && !path_exists(p->path))
		unknown_plan(name);
	else
		rc = inifile_load(p->path, &f) ? -1 : read_plan(p, &f);
	inifile_free(&f);
	if (!rc)
		return p;
	plan_free(p);
	return NULL;
}

/*
 * Nodes that are not real are as near as one another. The balancing of real
 * ones would move the memory of a guest, and so invalidate it, whenever it likes.
 */
char *plan_kernel_args(const struct plan *p, const char *append)
{
	char *numa = NULL, *all;

	if (p->nodes > 1)
		numa = xasprintf("numa=fake=%u numa_balancing=disable", p->nodes);
	if (!numa)
		return append ? xstrdup(append) : NULL;
	if (!append)
		return numa;
	all = xasprintf("%s %s", numa, append);
	free(numa);
	return all;
}

static void free_findings(struct plan_finding *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].arm);
	free(v);
}

void plan_test_free(struct plan_test *t)
{
	free(t->name);
	free(t->program);
	strs_free(&t->programs);
	strs_free(&t->args);
	strs_free(&t->traced_args);
	strs_free(&t->set);
	strs_free(&t->vary);
	strs_free(&t->sizes);
	strs_free(&t->vcpus);
	strs_free(&t->events);
	free(t->reference);
	free_findings(t->findings, t->n_findings);
}

void plan_pair_free(struct plan_pair *pair)
{
	free(pair->a);
	free(pair->b);
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_tests; i++)
		plan_test_free(&p->tests[i]);
	for (size_t i = 0; i < p->n_compare; i++)
		plan_pair_free(&p->compare[i]);
	free_findings(p->findings, p->n_findings);
	free(p->tests);
	free(p->compare);
	strs_free(&p->arms);
	strs_free(&p->chosen);
	free(p->aa);
	free(p->lane);
	free(p->name);
	free(p->path);
	free(p);
}

void plan_add_events(const struct plan_test *t, struct strs *argv)
{
	char *events = strs_join(&t->events);

	for (char *p = events; *p; p++)
		if (*p == ' ')
			*p = ',';
	if (*events) {
		strs_push(argv, "-e");
		strs_push(argv, events);
	}
	free(events);
}
