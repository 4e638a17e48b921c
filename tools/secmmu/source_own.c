// SPDX-License-Identifier: GPL-2.0-only
/* The user's own kernel tree: see source_own.h. */
#include "source_own.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "run.h"
#include "util.h"

/* What a build in the tree itself leaves; make mrproper knows the rest. */
static bool was_built_in(const char *dir)
{
	static const char *const signs[] = {
		".config", "include/config", "include/generated",
		"scripts/basic/fixdep", "arch/x86/include/generated",
	};

	return any_exists(dir, signs, ARRAY_SIZE(signs));
}

/* In a git tree, git knows what is not source. */
static int list_ignored(const char *src, const char *list)
{
	char *argv[] = {
		"git", "-c", "safe.directory=*", "ls-files", "--others",
		"--ignored", "--exclude-standard", "--directory", NULL
	};
	char *git = xasprintf("%s/.git", src);
	char *text = NULL, *out = xstrdup("- /.git\n"), *save, *line, *more;
	int ret = 0;

	if (path_exists(git))
		text = proc_capture(argv, src);
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		more = xasprintf("%s- /%s\n", out, line);
		free(out);
		out = more;
	}
	ret = write_file(list, out, strlen(out));
	free(out);
	free(text);
	free(git);
	return ret;
}

/* Make source/own hold what @src holds, touching only what differs. */
static int copy_tree(const char *src, const char *own, bool quiet)
{
	char *list = xasprintf("%s/source/own.rules", cache_dir());
	char *log = xasprintf("%s/source/own.log", cache_dir());
	char *merge = xasprintf("--filter=merge %s", list);
	char *from = xasprintf("%s/", src);
	struct run r = {
		.what = "copying your kernel tree", .log = log, .quiet = quiet,
		.expect_s = 30, .failed = ST_HARNESS,
	};
	int ret = ST_HARNESS;

	if (mkdir_p(own) || list_ignored(src, list))
		goto out;
	ret = run_args(&r, "rsync", "-rlp", "--checksum", "--delete",
		       "--delete-excluded", merge, from, own, NULL);
	if (ret != ST_OK || !was_built_in(own))
		goto out;
	r.what = "cleaning the copy of your kernel tree";
	ret = run_args(&r, "make", "-s", "-C", own, "mrproper", NULL);
out:
	free(from);
	free(merge);
	free(log);
	free(list);
	return ret;
}

/* The folder @dir itself, or the only one in it: tarballs have a top folder. */
static char *tree_in(const char *dir)
{
	char *makefile = xasprintf("%s/Makefile", dir);
	char *sub = NULL;
	struct dirent *e;
	int n = 0;
	DIR *d;

	if (!path_exists(makefile) && (d = opendir(dir))) {
		while ((e = readdir(d))) {
			if (e->d_name[0] == '.')
				continue;
			n++;
			free(sub);
			sub = xasprintf("%s/%s", dir, e->d_name);
		}
		closedir(d);
	}
	free(makefile);
	if (n == 1)
		return sub;
	free(sub);
	return xstrdup(dir);
}

static int from_tarball(const char *src, const char *own, bool quiet,
			struct source *s)
{
	char *tmp = xasprintf("%s/source/own+", cache_dir());
	char *log = xasprintf("%s/source/own.log", cache_dir());
	char *what = xasprintf("unpacking %s", src);
	struct run r = {
		.what = what, .log = log, .quiet = quiet, .expect_s = 30,
		.failed = ST_USAGE,
	};
	char *tree = NULL;
	int ret = ST_HARNESS;

	if (remove_tree(tmp) || mkdir_p(tmp))
		goto out;
	ret = run_args(&r, "tar", "-xf", src, "-C", tmp, NULL);
	if (ret != ST_OK)
		goto out;
	tree = tree_in(tmp);
	ret = source_identify(tree, src, s);
	if (ret == ST_OK)
		ret = copy_tree(tree, own, quiet);
out:
	remove_tree(tmp);
	free(tree);
	free(what);
	free(log);
	free(tmp);
	return ret;
}

static int hash_own(const char *own, struct source *s)
{
	struct hash h;

	hash_init(&h);
	if (hash_path(&h, own))
		return sig_pending() ? ST_INTR : ST_HARNESS;
	hash_end(&h, s->hash);
	return ST_OK;
}

int source_own(const char *src, bool quiet, struct source *s)
{
	char *own = xasprintf("%s/source/own", cache_dir());
	char abs[PATH_MAX];
	struct stat st;
	int ret = ST_USAGE;

	if (!realpath(src, abs) || stat(abs, &st)) {
		err("KERNEL_SRC=%s: %s", src, strerror(errno));
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		ret = source_identify(abs, src, s);
		if (ret == ST_OK)
			ret = copy_tree(abs, own, quiet);
	} else if (S_ISREG(st.st_mode)) {
		ret = from_tarball(abs, own, quiet, s);
	} else {
		err("KERNEL_SRC=%s: neither a folder nor a tarball", src);
	}
	if (ret == ST_OK)
		ret = hash_own(own, s);
	s->dir = xstrdup(own);
	s->origin = xstrdup(abs);
out:
	free(own);
	return ret;
}
