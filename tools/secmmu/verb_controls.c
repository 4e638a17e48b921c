// SPDX-License-Identifier: GPL-2.0-only
/* Every planted bug is built, booted and must be caught. */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "manifest.h"
#include "soak.h"
#include "util.h"
#include "verbs.h"

/* Of a control whose guest the emulator loses. */
#define RUNS_MAX 3

static const char help[] =
	"usage: secmmu controls [NAME...]\n"
	"\n"
	"Builds the series with one bug of kvm-patches/controls/ planted on top, boots\n"
	"it, runs the test that the patch names, and checks that what it names has\n"
	"caught the bug; then the next one. One whose guest the emulator has lost is run\n"
	"again, up to three times.\n"
	"\n"
	"  NAME     only these, without .patch\n"
	"  --help   this text\n"
	"\n"
	"Exit status: 0 all caught; 1 one went unnoticed, or something else caught it;\n"
	"2 usage; 3 secmmu itself broke.\n";

/* Return: the boot.json of the run, or NULL with *@status set. */
static json_t *run(const struct control *c, const char *dir, int *status)
{
	char *plan = xasprintf("%s/%s.ini", dir, c->name);
	char *boot = xasprintf("%s/latest/boot-000/boot.json", dir);
	char *text = control_plan(c);
	char *argv[] = { "compare", "--plan", plan, "--control", c->path,
			 "--results", (char *)dir, "--append", c->append, NULL };
	json_t *j = NULL;

	*status = ST_HARNESS;
	if (remove_tree(dir) || mkdir_p(dir) ||
	    write_file(plan, text, strlen(text)))
		goto out;
	*status = verb_compare(c->append ? 9 : 7, argv);
	if (*status != ST_OK && *status != ST_FAIL)
		goto out;
	j = json_load_file(boot, 0, NULL);
	if (!j)
		err("%s: no result came of the run", c->name);
	*status = j ? ST_OK : ST_HARNESS;
out:
	free(text);
	free(boot);
	free(plan);
	return j;
}

/* Whether nothing was found because the emulator lost the guest: see docs/testing.md. */
static bool lost(const char *dir)
{
	char *latest = xasprintf("%s/latest", dir);
	bool ret = soak_boot(latest, 0) == SOAK_LOST;

	free(latest);
	return ret;
}

/* @why: NULL if the bug was caught, else what happened instead; free() it. */
static int try_control(const struct control *c, const char *dir, char **why)
{
	json_t *boot;
	int status;

	for (unsigned int n = 1; n <= RUNS_MAX; n++) {
		if (n > 1)
			info("control %s: the emulator lost its guest: once more",
			     c->name);
		boot = run(c, dir, &status);
		*why = boot ? control_verdict(c, boot) : NULL;
		json_decref(boot);
		if (!*why || !lost(dir))
			return status;
		free(*why);
	}
	*why = xasprintf("the emulator lost the guest in each of %d runs", RUNS_MAX);
	return status;
}

static int do_control(const struct control *c, bool *caught)
{
	char *dir = xasprintf("%s/results/controls/%s", top_dir(), c->name);
	char *latest = xasprintf("%s/latest", dir);
	char *wrong;
	int status = try_control(c, dir, &wrong);

	*caught = status == ST_OK && !wrong;
	if (status == ST_OK) {
		/* Results stay for a look at them; what was built for the run does not. */
		manifest_drop_artifacts(latest);
		printf("%s %s%s%s\n", wrong ? "not ok" : "ok", c->name,
		       wrong ? ": " : "", wrong ? wrong : "");
	}
	free(wrong);
	free(latest);
	free(dir);
	return status;
}

static bool wanted(const struct control *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], c->name))
			return true;
	return argc < 2;
}

/* All are read before the first is built: a mistake shows at once. */
static int load_all(const glob_t *g, struct control *v)
{
	int ret = ST_OK;

	for (size_t i = 0; i < g->gl_pathc && ret == ST_OK; i++)
		ret = control_load(g->gl_pathv[i], &v[i]);
	return ret;
}

static int check_names(const struct control *v, size_t n, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < n && strcmp(v[k].name, argv[i]))
			k++;
		if (k < n)
			continue;
		err("unknown control '%s': kvm-patches/controls has them", argv[i]);
		return ST_USAGE;
	}
	return ST_OK;
}

static int do_all(const struct control *v, size_t n, int argc, char **argv)
{
	size_t done = 0, caught = 0;
	int ret = ST_OK;

	for (size_t i = 0; i < n && ret == ST_OK; i++) {
		bool ok = false;

		if (!wanted(&v[i], argc, argv))
			continue;
		info("control %s: lane %s, arm %s", v[i].name,
		     v[i].lane ? v[i].lane : "plain", v[i].arm);
		ret = do_control(&v[i], &ok);
		done++;
		caught += ok;
	}
	printf("%zu of %zu controls were caught by what they name\n", caught, done);
	return ret != ST_OK ? ret : caught == done ? ST_OK : ST_FAIL;
}

int verb_controls(int argc, char **argv)
{
	char *pattern = xasprintf("%s/kvm-patches/controls/*.patch", top_dir());
	struct control *v = NULL;
	glob_t g = { 0 };
	int ret = ST_USAGE;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		ret = ST_OK;
		goto out;
	}
	if (glob(pattern, 0, NULL, &g)) {
		err("no control in kvm-patches/controls");
		goto out;
	}
	v = xcalloc(g.gl_pathc, sizeof(*v));
	ret = load_all(&g, v);
	if (ret == ST_OK)
		ret = check_names(v, g.gl_pathc, argc, argv);
	if (ret == ST_OK)
		ret = do_all(v, g.gl_pathc, argc, argv);
out:
	for (size_t i = 0; v && i < g.gl_pathc; i++)
		control_free(&v[i]);
	free(v);
	globfree(&g);
	free(pattern);
	return ret;
}
