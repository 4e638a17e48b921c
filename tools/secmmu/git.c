// SPDX-License-Identifier: GPL-2.0-only
/* git: see git.h. */
#include "git.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "util.h"

/*
 * Only in what secmmu itself does: in the tree the user's own configuration
 * holds. Dates and names are fixed so that the same input gives the same commits.
 */
static void fix_environment(void)
{
	static const char *const vars[][2] = {
		{ "GIT_CONFIG_GLOBAL", "/dev/null" },
		{ "GIT_CONFIG_NOSYSTEM", "1" },
		{ "GIT_AUTHOR_NAME", "secmmu" },
		{ "GIT_AUTHOR_EMAIL", "secmmu@localhost" },
		{ "GIT_AUTHOR_DATE", "2025-01-01T00:00:00Z" },
		{ "GIT_COMMITTER_NAME", "secmmu" },
		{ "GIT_COMMITTER_EMAIL", "secmmu@localhost" },
		{ "GIT_COMMITTER_DATE", "2025-01-01T00:00:00Z" },
	};
	static const char *const drop[] = {
		"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF",
		"GIT_DIFF_OPTS", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
	};

	for (size_t i = 0; i < ARRAY_SIZE(drop); i++)
		unsetenv(drop[i]);
	for (size_t i = 0; i < ARRAY_SIZE(vars); i++)
		setenv(vars[i][0], vars[i][1], 1);
}

static int commit_pristine(const struct run *r, const char *title)
{
	int ret = run_args(r, "git", "init", "-q", "-b", "secmmu", NULL);

	/* Quick rather than small: it is 1.5 GB of text. */
	if (ret == ST_OK)
		ret = run_args(r, "git", "config", "core.compression", "1", NULL);
	if (ret == ST_OK)
		ret = run_args(r, "git", "add", "-f", "-A", NULL);
	if (ret == ST_OK)
		ret = run_args(r, "git", "commit", "-q", "-m", title, NULL);
	if (ret == ST_OK)
		ret = run_args(r, "git", "tag", GIT_BASE, NULL);
	return ret;
}

static int apply_patches(struct run *r, char *const *patches)
{
	int ret = ST_OK;

	r->failed = ST_USAGE;
	for (; *patches && ret == ST_OK; patches++) {
		r->what = strrchr(*patches, '/') + 1;
		ret = run_args(r, "git", "am", "-q", "--keep-non-patch",
			       "--no-scissors", "--whitespace=nowarn",
			       "--committer-date-is-author-date", *patches, NULL);
	}
	return ret;
}

int git_checkout(const char *src, const char *title, char *const *patches,
		 const char *dir)
{
	char *tmp = xasprintf("%s.new", dir);
	char *log = xasprintf("%s.log", dir);
	char *stamp = xasprintf("%s/.secmmu-hash", tmp);
	struct run r = {
		.what = "copying the kernel source", .log = log,
		.expect_s = 30, .failed = ST_HARNESS,
	};
	int ret = ST_HARNESS;

	if (remove_tree(tmp))
		goto out;
	fix_environment();
	ret = run_args(&r, "cp", "-a", src, tmp, NULL);
	if (ret == ST_OK && remove_tree(stamp))
		ret = ST_HARNESS;
	r.cwd = tmp;
	r.what = "committing the kernel source";
	r.expect_s = 90;
	if (ret == ST_OK)
		ret = commit_pristine(&r, title);
	if (ret == ST_OK)
		ret = apply_patches(&r, patches);
	if (ret == ST_OK && rename_path(tmp, dir))
		ret = ST_HARNESS;
	remove_tree(ret == ST_OK ? log : tmp);
out:
	free(stamp);
	free(log);
	free(tmp);
	return ret;
}

/* Standard output of git in @dir, or NULL. */
static char *git_says(const char *dir, const char *a, const char *b,
		      const char *c, const char *d)
{
	char *argv[] = { "git", (char *)a, (char *)b, (char *)c, (char *)d,
			 NULL };

	return proc_capture(argv, dir);
}

static bool in_progress(const char *dir)
{
	static const char *const names[] = {
		".git/rebase-apply", ".git/rebase-merge", ".git/MERGE_HEAD",
		".git/CHERRY_PICK_HEAD", ".git/REVERT_HEAD",
	};

	return any_exists(dir, names, ARRAY_SIZE(names));
}

int git_check_clean(const char *dir)
{
	char *status = NULL, *merges = NULL, *commits = NULL;
	int ret = ST_USAGE;

	if (in_progress(dir)) {
		err("%s: a rebase, am, merge or cherry-pick is under way: finish it first",
		    dir);
		return ST_USAGE;
	}
	status = git_says(dir, "status", "--porcelain", NULL, NULL);
	merges = git_says(dir, "rev-list", "--merges", "--max-count=1",
			  GIT_BASE "..HEAD");
	commits = git_says(dir, "rev-list", "--max-count=1", GIT_BASE "..HEAD",
			   NULL);
	if (!status || !merges || !commits) {
		err("%s: not a tree made by `secmmu patches --checkout` (no git tree, or no tag %s)",
		    dir, GIT_BASE);
	} else if (*status) {
		status[strcspn(status, "\n")] = '\0';
		err("%s: changes that are not committed (first: '%s'): commit or drop them",
		    dir, status);
	} else if (*merges) {
		err("%s: there is a merge after %s: a series is a straight line",
		    dir, GIT_BASE);
	} else if (!*commits) {
		err("%s: no commit after %s: nothing to export", dir, GIT_BASE);
	} else {
		ret = ST_OK;
	}
	free(commits);
	free(merges);
	free(status);
	return ret;
}

int git_export(const char *dir, const char *out)
{
	char *log = xasprintf("%s.log", out);
	struct run r = { .what = "git format-patch", .cwd = dir, .log = log,
			 .failed = ST_HARNESS };
	int ret = ST_HARNESS;

	if (remove_tree(out))
		goto out;
	fix_environment();
	/* The tree's own configuration must not show either. */
	ret = run_args(&r, "git", "-c", "format.useAutoBase=false",
		       "-c", "format.from=false", "-c", "format.thread=false",
		       "-c", "format.notes=false", "-c", "format.signOff=false",
		       "-c", "diff.noprefix=false",
		       "-c", "diff.mnemonicPrefix=false",
		       "-c", "diff.suppressBlankEmpty=false",
		       "-c", "diff.orderFile=/dev/null",
		       "format-patch", "-q", "-N", "--zero-commit",
		       "--no-signature", "--no-renames", "--no-attach",
		       "--no-cover-letter", "--no-ext-diff", "--no-textconv",
		       "--no-color", "--abbrev=12", "--unified=3",
		       "--diff-algorithm=myers", "--stat=72",
		       "--subject-prefix=PATCH", "--suffix=.patch",
		       "--filename-max-length=64", "-o", out,
		       GIT_BASE "..HEAD", NULL);
	if (ret == ST_OK)
		remove_tree(log);
out:
	free(log);
	return ret;
}
