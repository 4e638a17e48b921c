// SPDX-License-Identifier: GPL-2.0-only
/* perf of the same kernel source, static, for the guest: see kernel.h. */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "durations.h"
#include "hash.h"
#include "run.h"
#include "util.h"

/*
 * What perf needs in the guest: counters, tracepoints, symbols of the kernel.
 * Not a library more than that: all of it has to be there as lib*.a.
 */
static char *const features[] = {
	"LDFLAGS=-static", "WERROR=0", "NO_SHELLCHECK=1", "NO_JEVENTS=1",
	"NO_LIBPYTHON=1", "NO_LIBPERL=1", "NO_SLANG=1", "NO_LIBUNWIND=1",
	"NO_LIBDW_DWARF_UNWIND=1", "NO_DWARF=1", "NO_LIBCRYPTO=1",
	"NO_LIBNUMA=1", "NO_LIBAUDIT=1", "NO_LIBBABELTRACE=1", "NO_CAPSTONE=1",
	"NO_LZMA=1", "NO_LIBZSTD=1", "NO_LIBBPF=1", "BUILD_BPF_SKEL=0",
	"NO_LIBDEBUGINFOD=1", "NO_LIBPFM4=1", "NO_JVMTI=1", "NO_SDT=1",
	"NO_LIBCAP=1", "NO_DEMANGLE=1", "NO_PERF_READ_VDSO32=1",
	"NO_PERF_READ_VDSOX32=1",
};

static int make_perf(struct build *b, const char *objects)
{
	char *log = xasprintf("%s/log/perf.log", b->dir);
	char *jobs = xasprintf("-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	char *o = xasprintf("O=%s", objects);
	char *argv[8 + ARRAY_SIZE(features)] = {
		"make", jobs, "-C", "tools/perf", o, "perf",
	};
	unsigned int expect = durations_get("perf", 180);
	struct run r = {
		.what = "perf", .cwd = b->src.dir, .log = log,
		.quiet = b->o->quiet, .expect_s = expect, .failed = ST_FAIL,
	};
	uint64_t start = now_ns();
	int ret = ST_HARNESS;

	memcpy(argv + 6, features, sizeof(features));
	if (!b->o->quiet)
		info("building perf (about %u s)", expect);
	/* Rarely built: no need to trust what another source left behind. */
	if (!remove_tree(objects) && !mkdir_p(objects))
		ret = run(&r, argv);
	if (ret == ST_OK)
		durations_set("perf", (unsigned int)((now_ns() - start) /
						     1000000000u));
	free(o);
	free(jobs);
	free(log);
	return ret;
}

static int build_perf(struct build *b, const char *path)
{
	char *objects = xasprintf("%s/perf", b->dir);
	char *built = xasprintf("%s/perf", objects);
	char *log = xasprintf("%s/log/strip.log", b->dir);
	char *dir = xasprintf("%s/perf", cache_dir());
	char *tmp = xasprintf("%s.tmp", path);
	struct run r = { .what = "strip", .log = log, .quiet = true,
			 .failed = ST_HARNESS };
	int ret = make_perf(b, objects);

	if (ret == ST_OK && mkdir_p(dir))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = run_args(&r, "strip", "-o", tmp, built, NULL);
	if (ret == ST_OK && rename_path(tmp, path))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		remove_tree(objects);
	free(tmp);
	free(dir);
	free(log);
	free(built);
	free(objects);
	return ret;
}

int kernel_perf(const struct kernel_opts *o, char **path)
{
	struct build b;
	struct hash h;
	char key[65];
	int ret = build_init(&b, o);

	*path = NULL;
	if (ret == ST_OK)
		ret = build_source(&b);
	if (ret != ST_OK)
		goto out;
	hash_init(&h);
	hash_str(&h, b.src.hash);
	hash_str(&h, b.compiler);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		hash_str(&h, features[i]);
	hash_end(&h, key);
	*path = xasprintf("%s/perf/perf-%.16s", cache_dir(), key);
	if (!path_exists(*path))
		ret = build_lock(&b);
	if (ret == ST_OK && !path_exists(*path))
		ret = build_perf(&b, *path);
	if (ret != ST_OK) {
		free(*path);
		*path = NULL;
	}
out:
	build_free(&b);
	return ret;
}
