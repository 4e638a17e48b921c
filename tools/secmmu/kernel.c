// SPDX-License-Identifier: GPL-2.0-only
/* The way from source to artifacts, and the cache's key: see kernel.h. */
#include "kernel.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "build.h"
#include "hash.h"
#include "util.h"

/* To be raised whenever the build makes something else of the same input. */
#define RECIPE "secmmu-kernel-1"

/* Measured on Debian 12, in MiB, rounded up. */
enum {
	MIB_SOURCE = 2300,	/* unpacked, with the package beside it */
	MIB_TREE = 300,		/* folders and hard links */
	MIB_ODIR = 350,
	MIB_ARTIFACTS = 500,
};

/*
 * The kernel's make listens to many variables, and ours leaks some; a build
 * must not depend on who calls it. Where and when it runs does not show either.
 */
static void clean_environment(void)
{
	static const char *const drop[] = {
		"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES",
		"MAKEFILES", "ARCH", "SUBARCH", "CROSS_COMPILE", "LLVM",
		"LLVM_IAS", "CC", "HOSTCC", "LD", "CFLAGS", "CPPFLAGS",
		"LDFLAGS", "HOSTCFLAGS", "KCFLAGS", "KAFLAGS", "KCPPFLAGS",
		"KBUILD_OUTPUT", "KBUILD_EXTMOD", "KBUILD_VERBOSE", "KERNELRELEASE",
		"KCONFIG_CONFIG", "KCONFIG_ALLCONFIG", "LOCALVERSION",
		"SOURCE_DATE_EPOCH", "O", "V", "W", "C", "M", "OUTPUT",
		"TARGETS", "INSTALL_PATH", "EXTRA_CFLAGS", "KHDR_INCLUDES",
	};

	for (size_t i = 0; i < ARRAY_SIZE(drop); i++)
		unsetenv(drop[i]);
	setenv("LC_ALL", "C", 1);
	setenv("KBUILD_BUILD_TIMESTAMP", "2025-01-01 00:00:00 UTC", 1);
	setenv("KBUILD_BUILD_USER", "secmmu", 1);
	setenv("KBUILD_BUILD_HOST", "secmmu", 1);
	setenv("KBUILD_BUILD_VERSION", "1", 1);
}

/*
 * ccache by its compiler links: command lines are the same without it. The kernel's
 * compilations tell what they include, system headers aside, of which there are none
 * in the kernel itself; so the preprocessor need not be run besides, which takes a fifth of
 * the time of what is not in the cache yet.
 */
static void use_ccache(void)
{
	const char *old = getenv("PATH");
	char *path, *dir;

	if (!path_exists("/usr/lib/ccache/gcc"))
		return;
	path = xasprintf("/usr/lib/ccache:%s", old ? old : "/usr/bin:/bin");
	dir = xasprintf("%s/ccache", cache_dir());
	setenv("PATH", path, 1);
	setenv("CCACHE_DIR", dir, 0);
	setenv("CCACHE_DEPEND", "1", 0);
	free(dir);
	free(path);
}

static char *first_line(char *tool)
{
	char *argv[] = { tool, "--version", NULL };
	char *text = proc_capture(argv, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static char *compiler_version(void)
{
	char *gcc = first_line("gcc"), *ld = first_line("ld");
	char *both = NULL;

	if (gcc && ld)
		both = xasprintf("%s, %s", gcc, ld);
	else
		err("gcc or ld does not run: tools/setup.sh installs what is needed");
	free(ld);
	free(gcc);
	return both;
}

static int hash_top(struct hash *h, const char *name)
{
	char *path = xasprintf("%s/%s", top_dir(), name);
	int ret = hash_path(h, path);

	hash_str(h, name);
	free(path);
	return ret;
}

/* Only patches count: the folder of patches also has a README. */
static int hash_series(struct build *b)
{
	struct hash h;
	int ret = 0;

	hash_init(&h);
	for (size_t i = 0; i < b->series.n && !ret; i++) {
		hash_str(&h, b->series.v[i].name);
		ret = hash_path(&h, b->series.v[i].path);
	}
	hash_end(&h, b->series_hash);
	return ret;
}

static int hash_config(struct build *b, const struct arms *arms)
{
	struct hash h;
	int ret = 0;

	hash_init(&h);
	for (size_t i = 0; i < b->lane.fragments.n && !ret; i++) {
		char *name = xasprintf("configs/%s/%s.config", b->src.config,
				       b->lane.fragments.v[i]);

		ret = hash_top(&h, name);
		free(name);
	}
	for (size_t i = 0; i < arms->n; i++) {
		const struct arm *a = &arms->v[i];

		hash_str(&h, a->name);
		hash_str(&h, a->symbol ? a->symbol : "");
	}
	hash_end(&h, b->config_hash);
	return ret;
}

/* Everything that decides what the artifacts of @arms are. */
static int make_key(struct build *b, const struct arms *arms)
{
	struct hash h;

	if (hash_series(b) || hash_config(b, arms))
		return ST_HARNESS;
	hash_init(&h);
	hash_str(&h, RECIPE);
	hash_str(&h, b->src.origin);
	hash_str(&h, b->src.hash);
	hash_str(&h, b->compiler);
	hash_str(&h, b->series_hash);
	hash_str(&h, b->config_hash);
	if (hash_top(&h, "selftests/kvm") ||
	    hash_top(&h, "tools/build/guest/init"))
		return ST_HARNESS;
	hash_end(&h, b->key);
	b->key[16] = '\0';
	return ST_OK;
}

/* Rather now than after ten minutes. */
static int check_space(unsigned int need)
{
	unsigned long long have;
	struct statvfs fs;

	if (statvfs(cache_dir(), &fs)) {
		err("cannot read the free space of %s: %s", cache_dir(),
		    strerror(errno));
		return ST_HARNESS;
	}
	have = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
	if (have >= need)
		return ST_OK;
	err("no disk space: the build needs %u MiB in %s, %llu MiB are free, %llu MiB are missing; SECMMU_CACHE=DIR puts it elsewhere",
	    need, cache_dir(), have, need - have);
	return ST_USAGE;
}

static int check_space_for_build(const struct build *b)
{
	unsigned int need = MIB_ARTIFACTS;
	char *odir = base_odir(b);

	if (!path_exists(odir))
		need += 2 * MIB_TREE + MIB_ODIR;
	for (size_t i = 0; i < b->arms.n; i++)
		if (!path_exists(b->v[i].odir))
			need += MIB_ODIR;
	free(odir);
	return check_space(need);
}

/* Without any source in the cache, all of it is still to come. */
static int check_space_for_source(const struct build *b)
{
	char *dir = xasprintf("%s/source", cache_dir());
	unsigned int need = MIB_SOURCE + 2 * MIB_TREE + MIB_ARTIFACTS +
			    (1 + (unsigned int)b->arms.n) * MIB_ODIR;
	int ret = path_exists(dir) ? ST_OK : check_space(need);

	free(dir);
	return ret;
}

static int load_lists(struct build *b, const struct kernel_opts *o)
{
	char *arms = xasprintf("%s/configs/arms.ini", top_dir());
	char *lanes = xasprintf("%s/configs/lanes.ini", top_dir());
	int ret = lane_load(lanes, o->lane, &b->lane);

	if (ret == ST_OK)
		ret = arms_load(arms, NULL, &b->all);
	if (ret == ST_OK)
		ret = arms_load(arms, o->arms, &b->arms);
	free(lanes);
	free(arms);
	return ret;
}

/* A lane has trees of its own: nearly all objects differ. */
static void set_dirs(struct build *b)
{
	b->dir = strcmp(b->lane.name, LANE_PLAIN) ?
		 xasprintf("%s/build/lane.%s", cache_dir(), b->lane.name) :
		 xasprintf("%s/build", cache_dir());
	b->patched.dir = xasprintf("%s/patched", b->dir);
	b->patched.overlay = xasprintf("%s/patched.overlay", b->dir);
	b->stock.dir = xasprintf("%s/stock", b->dir);
	b->stock.overlay = xasprintf("%s/stock.overlay", b->dir);
}

int build_init(struct build *b, const struct kernel_opts *o)
{
	char *logs = NULL;
	int ret;

	memset(b, 0, sizeof(*b));
	b->o = o;
	b->lock = -1;
	ret = load_lists(b, o);
	if (ret != ST_OK)
		goto out;
	set_dirs(b);
	logs = xasprintf("%s/log", b->dir);
	b->v = xcalloc(b->arms.n, sizeof(*b->v));
	for (size_t i = 0; i < b->arms.n; i++) {
		const struct arm *a = &b->arms.v[i];

		b->v[i].arm = a;
		b->v[i].odir = xasprintf("%s/o.%s", a->symbol ? b->patched.dir :
					 b->stock.dir, a->name);
	}
	b->steps = 3 + (unsigned int)b->arms.n;
	clean_environment();
	use_ccache();
	if (mkdir_p(logs))
		ret = ST_HARNESS;
out:
	free(logs);
	return ret;
}

void build_free(struct build *b)
{
	for (size_t i = 0; b->v && i < b->arms.n; i++)
		free(b->v[i].odir);
	free(b->v);
	lane_free(&b->lane);
	arms_free(&b->all);
	arms_free(&b->arms);
	series_free(&b->series);
	source_free(&b->src);
	strings_free(&b->patched.files);
	strings_free(&b->stock.files);
	free(b->patched.dir);
	free(b->patched.overlay);
	free(b->stock.dir);
	free(b->stock.overlay);
	free(b->config);
	free(b->compiler);
	free(b->dir);
	if (b->lock >= 0)
		close(b->lock);
}

static int load_manifest(const char *dir, struct artifacts *a)
{
	char *path = xasprintf("%s/manifest.json", dir);
	json_t *j = json_load_file(path, 0, NULL);
	const char *key, *release, *vmlinux;
	json_t *arms, *arm;
	int ret = ST_HARNESS;
	size_t i;

	if (!j || json_unpack(j, "{s:s, s:s, s:s, s:o}", "key", &key, "release",
			      &release, "vmlinux_sha256", &vmlinux, "arms",
			      &arms)) {
		err("%s is damaged: remove the folder", path);
		goto out;
	}
	a->dir = xstrdup(dir);
	a->key = xstrdup(key);
	a->release = xstrdup(release);
	a->vmlinux_sha256 = xstrdup(vmlinux);
	a->arms = xcalloc(json_array_size(arms), sizeof(*a->arms));
	json_array_foreach(arms, i, arm) {
		const char *name = json_string_value(json_object_get(arm, "name"));

		a->arms[a->n_arms++] = xstrdup(name ? name : "");
	}
	ret = ST_OK;
out:
	json_decref(j);
	free(path);
	return ret;
}

static int build_all(struct build *b, const char *dir)
{
	int ret = check_space_for_build(b);

	if (ret == ST_OK)
		ret = build_trees(b);
	if (ret != ST_OK)
		return ret;
	ret = build_kernels(b);
	/* Somebody may be using a folder that is there. */
	if (ret == ST_OK && !path_exists(dir))
		ret = build_artifacts(b, dir);
	return ret;
}

/* Wait for @name in the cache; @what is for messages. The lock, or -1. */
static int wait_lock(const char *name, const char *what, int *ret)
{
	int lock = lock_file(name, what, true);

	*ret = lock >= 0 ? ST_OK : sig_pending() ? ST_INTR : ST_HARNESS;
	return lock;
}

int build_lock(struct build *b)
{
	char *name = xasprintf("%s.lock", b->dir);
	int ret;

	b->lock = wait_lock(name, "the kernel build", &ret);
	free(name);
	return ret;
}

int build_source(struct build *b)
{
	const char *version = b->o->version;
	char *name = xasprintf("%s/source.lock", cache_dir());
	int ret, lock = wait_lock(name, "the kernel source", &ret);

	if (ret == ST_OK)
		ret = check_space_for_source(b);
	if (!version && !b->o->src)
		version = getenv("KERNEL_VERSION");
	if (ret == ST_OK)
		ret = source_get(b->o->src, version, b->o->quiet, &b->src);
	if (ret == ST_OK && !(b->compiler = compiler_version()))
		ret = ST_USAGE;
	if (lock >= 0)
		close(lock);
	free(name);
	return ret;
}

/*
 * Set *@dir to the folder to use: that of all arms, if it is there, also when
 * only some are wanted; else the one with just those.
 */
static int choose_folder(struct build *b, char **dir)
{
	const struct arms *choices[] = { &b->all, &b->arms };
	int ret = ST_OK;

	for (size_t i = 0; i < ARRAY_SIZE(choices) && ret == ST_OK; i++) {
		ret = make_key(b, choices[i]);
		free(*dir);
		*dir = xasprintf("%s/artifacts/%s", cache_dir(), b->key);
		if (path_exists(*dir))
			break;
	}
	return ret;
}

/* What a fragment of options can't do a patch beside it does, for all arms. */
static int add_lane_patches(struct build *b)
{
	int ret = ST_OK;

	for (size_t i = 0; i < b->lane.fragments.n && ret == ST_OK; i++) {
		char *path = xasprintf("%s/configs/%s/%s.patch", top_dir(),
				       b->src.config, b->lane.fragments.v[i]);

		if (path_exists(path))
			ret = series_put_first(&b->series, path);
		free(path);
	}
	return ret;
}

/* All that tells which artifacts are meant: *@dir is their folder. */
static int begin(struct build *b, const struct kernel_opts *o, char **dir)
{
	int ret = build_init(b, o);

	if (ret == ST_OK)
		ret = build_source(b);
	if (ret == ST_OK)
		ret = series_load(top_dir(), b->src.patches, &b->series);
	if (ret == ST_OK && o->prefix)
		ret = series_cut(&b->series, o->prefix);
	if (ret == ST_OK && o->control)
		ret = series_add(&b->series, o->control);
	if (ret == ST_OK)
		ret = add_lane_patches(b);
	return ret == ST_OK ? choose_folder(b, dir) : ret;
}

int kernel_prepare(const struct kernel_opts *o, struct artifacts *a)
{
	struct build b;
	char *dir = NULL;
	int ret;

	memset(a, 0, sizeof(*a));
	ret = begin(&b, o, &dir);
	/* Whoever has all that is needed does not wait for another's build. */
	if (ret == ST_OK && (!path_exists(dir) || o->verify)) {
		ret = build_lock(&b);
		if (ret == ST_OK && (!path_exists(dir) || o->verify))
			ret = build_all(&b, dir);
	}
	if (ret == ST_OK)
		ret = load_manifest(dir, a);
	free(dir);
	build_free(&b);
	return ret;
}

/* @dir appears as a whole or not at all. */
static int build_selftests_only(struct build *b, const char *dir)
{
	char *tmp = xasprintf("%s.tmp", dir);
	int ret = check_space_for_build(b);

	b->steps = 2;
	if (ret == ST_OK)
		ret = build_trees(b);
	if (ret == ST_OK && (remove_tree(tmp) || mkdir_p(tmp)))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = build_add_selftests(b, tmp);
	if (ret == ST_OK && rename_path(tmp, dir))
		ret = ST_HARNESS;
	if (ret != ST_OK)
		remove_tree(tmp);
	free(tmp);
	return ret;
}

int kernel_selftests(const struct kernel_opts *o, char **dir)
{
	char *folder = NULL;
	struct build b;
	int ret = begin(&b, o, &folder);

	*dir = NULL;
	if (ret == ST_OK && !path_exists(folder)) {
		free(folder);
		folder = xasprintf("%s/selftests/%s", cache_dir(), b.key);
		if (!path_exists(folder))
			ret = build_lock(&b);
		if (ret == ST_OK && !path_exists(folder))
			ret = build_selftests_only(&b, folder);
	}
	if (ret == ST_OK)
		*dir = xasprintf("%s/selftests", folder);
	free(folder);
	build_free(&b);
	return ret;
}

void artifacts_free(struct artifacts *a)
{
	for (size_t i = 0; i < a->n_arms; i++)
		free(a->arms[i]);
	free(a->arms);
	free(a->dir);
	free(a->key);
	free(a->release);
	free(a->vmlinux_sha256);
	memset(a, 0, sizeof(*a));
}
