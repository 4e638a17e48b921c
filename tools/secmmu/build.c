// SPDX-License-Identifier: GPL-2.0-only
/* Building vmlinux once, and KVM once per arm: see build.h. */
#include "build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "durations.h"
#include "odir.h"
#include "progress.h"
#include "run.h"
#include "util.h"

/*
 * Copying the base's build folder and compiling KVM takes about so long. When
 * the base took longer, so would every arm that follows it file by file.
 */
#define COPY_IS_CHEAPER_S 90

char *base_odir(const struct build *b)
{
	return xasprintf("%s/o.base", b->patched.dir);
}

uint64_t step_begin(struct build *b, const char *what, unsigned int expect_s)
{
	b->step++;
	progress_step("build", b->step, b->steps,
		      expect_s ? expect_s : PROGRESS_UNKNOWN, what);
	if (!b->o->quiet && expect_s)
		info("step %u of %u: %s (about %u s)", b->step, b->steps, what,
		     expect_s);
	else if (!b->o->quiet)
		info("step %u of %u: %s", b->step, b->steps, what);
	return now_ns();
}

static unsigned int seconds_since(uint64_t start)
{
	return (unsigned int)((now_ns() - start + 500000000u) / 1000000000u);
}

static char *log_name(const struct build *b, const char *what)
{
	char *path = xasprintf("%s/log/%s.log", b->dir, what);

	for (char *p = path + strlen(b->dir) + 5; *p; p++)
		if (*p == ' ' || *p == '/')
			*p = '-';
	return path;
}

int build_make(struct build *b, const char *what, const char *tree,
	       const char *odir, unsigned int expect_s, char *const *targets)
{
	char *log = log_name(b, what);
	char *jobs = xasprintf("-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	/* A direct child of the tree: then make uses relative paths only. */
	char *o = xasprintf("O=%s", strrchr(odir, '/') + 1);
	char *argv[16] = { "make", jobs, o };
	struct run r = {
		.what = what, .cwd = tree, .log = log, .quiet = b->o->quiet,
		.expect_s = expect_s, .failed = ST_FAIL,
	};
	size_t n = 3;
	int ret = ST_HARNESS;

	while (*targets && n < ARRAY_SIZE(argv) - 1)
		argv[n++] = *targets++;
	argv[n] = NULL;
	if (mkdir_p(odir) || odir_begin(odir))
		goto out;
	ret = run(&r, argv);
	/* Whether a killed make cleaned up after itself is not known. */
	if (ret != ST_INTR && odir_end(odir))
		ret = ST_HARNESS;
out:
	free(o);
	free(jobs);
	free(log);
	return ret;
}

static int hash_vmlinux(const char *odir, char hex[65])
{
	char *path = xasprintf("%s/vmlinux", odir);
	int ret = sha256_file(path, hex) ? ST_HARNESS : ST_OK;

	free(path);
	return ret;
}

/* With --verify, every vmlinux is linked anew from its folder's objects. */
static void drop_vmlinux(const struct build *b, const char *odir)
{
	static const char *const names[] = { "vmlinux", "vmlinux.o", "vmlinux.a" };

	for (size_t i = 0; b->o->verify && i < ARRAY_SIZE(names); i++) {
		char *path = xasprintf("%s/%s", odir, names[i]);

		unlink(path);
		free(path);
	}
}

/* What the time that a step takes is remembered as; free() it. */
static char *duration_name(const struct build *b, const char *what, bool fresh)
{
	bool plain = !strcmp(b->lane.name, LANE_PLAIN);

	return xasprintf("%s%s%s%s", what, plain ? "" : ", lane ",
			 plain ? "" : b->lane.name, fresh ? "" : ", again");
}

static int build_base(struct build *b)
{
	char *targets[] = { "bzImage", NULL };
	char *odir = base_odir(b);
	bool fresh = !path_exists(odir);
	char *name = duration_name(b, "base kernel", fresh);
	unsigned int expect = durations_get(name, fresh ? 480 : 20);
	uint64_t start = step_begin(b, "base kernel", expect);
	unsigned int s;
	int ret;

	ret = configure_base(b, odir);
	drop_vmlinux(b, odir);
	if (ret == ST_OK)
		ret = build_make(b, "base kernel", b->patched.dir, odir, expect,
				 targets);
	if (ret == ST_OK)
		ret = hash_vmlinux(odir, b->base_vmlinux);
	if (ret != ST_OK)
		goto out;
	s = seconds_since(start);
	durations_set(name, s);
	for (size_t i = 0; i < b->arms.n && s > COPY_IS_CHEAPER_S; i++)
		if (remove_tree(b->v[i].odir))
			ret = ST_HARNESS;
out:
	free(name);
	free(odir);
	return ret;
}

static const struct tree *tree_of(const struct build *b, const struct build_arm *a)
{
	return a->arm->symbol ? &b->patched : &b->stock;
}

/* A new arm starts with a copy of the base: only KVM is left to compile. */
static int copy_base(struct build *b, const struct build_arm *a)
{
	const struct tree *tree = tree_of(b, a);
	char *tmp = xasprintf("%s.new", a->odir);
	char *log = log_name(b, "copy");
	char *base = base_odir(b);
	struct run r = {
		.what = "copying the base kernel's objects", .log = log,
		.quiet = b->o->quiet, .expect_s = 5, .failed = ST_HARNESS,
	};
	int ret = ST_HARNESS;

	if (remove_tree(tmp))
		goto out;
	ret = run_args(&r, "cp", "-a", base, tmp, NULL);
	if (ret == ST_OK &&
	    odir_rebase(tmp, a->odir, b->patched.dir, base, tree->dir))
		ret = ST_HARNESS;
	/*
	 * Objects of the patched tree are newer than files of stock are. Make
	 * has to compile those all the same where they differ.
	 */
	if (ret == ST_OK && tree == &b->stock &&
	    tree_touch(&b->stock, &b->patched))
		ret = ST_HARNESS;
	if (ret == ST_OK && rename_path(tmp, a->odir))
		ret = ST_HARNESS;
out:
	free(base);
	free(log);
	free(tmp);
	return ret;
}

/* Arms can be swapped in one boot only if all run on the same vmlinux. */
static int check_vmlinux(const struct build *b, const struct build_arm *a)
{
	char *base, *object;

	if (!strcmp(a->vmlinux, b->base_vmlinux))
		return ST_OK;
	base = base_odir(b);
	object = odir_difference(base, a->odir);
	err("arm %s would need a vmlinux of its own: %s differs between %s and %s",
	    a->arm->name, object ? object : "vmlinux", base, a->odir);
	free(object);
	free(base);
	return ST_HARNESS;
}

static int build_arm(struct build *b, struct build_arm *a)
{
	char *targets[] = { "vmlinux", "modules", NULL };
	const char *tree = tree_of(b, a)->dir;
	bool fresh = !path_exists(a->odir);
	char *what = xasprintf("arm %s", a->arm->name);
	char *name = duration_name(b, what, fresh);
	unsigned int expect = durations_get(name, fresh ? 90 : 15);
	uint64_t start = step_begin(b, what, expect);
	int ret = ST_OK;

	if (fresh)
		ret = copy_base(b, a);
	if (ret == ST_OK)
		ret = configure_arm(b, a->arm, tree, a->odir);
	drop_vmlinux(b, a->odir);
	if (ret == ST_OK)
		ret = build_make(b, what, tree, a->odir, expect, targets);
	if (ret == ST_OK)
		ret = hash_vmlinux(a->odir, a->vmlinux);
	if (ret == ST_OK) {
		a->seconds = seconds_since(start);
		durations_set(name, a->seconds);
		ret = check_vmlinux(b, a);
	}
	free(name);
	free(what);
	return ret;
}

int build_kernels(struct build *b)
{
	int ret = build_base(b);

	for (size_t i = 0; i < b->arms.n && ret == ST_OK; i++)
		ret = build_arm(b, &b->v[i]);
	return ret;
}
