// SPDX-License-Identifier: GPL-2.0-only
/* KVM selftests, the kernel's and ours: see build.h. */
#include "build.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "durations.h"
#include "run.h"
#include "util.h"

/*
 * They are compiled against the kernel's own headers, not the machine's, and
 * static: the guest has no C library.
 */
static int install_headers(struct build *b, const char *headers)
{
	char *path = xasprintf("INSTALL_HDR_PATH=%s", headers);
	char *targets[] = { "headers_install", path, NULL };
	char *odir = base_odir(b);
	int ret = build_make(b, "kernel headers", b->patched.dir, odir, 10,
			     targets);

	free(odir);
	free(path);
	return ret;
}

/* Make and install in the selftests' folder, by makefile @mk. */
static int make_tests(struct build *b, const struct run *r, const char *mk,
		      const char *headers, const char *out)
{
	char *jobs = xasprintf("-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	char *khdr = xasprintf("KHDR_INCLUDES=-isystem %s/include", headers);
	char *output = xasprintf("OUTPUT=%s/selftests", b->dir);
	char *install = xasprintf("INSTALL_PATH=%s", out);
	int ret = run_args(r, "make", jobs, "-C", "tools/testing/selftests/kvm",
			   "-f", mk, khdr, output, "LDFLAGS=-static", install,
			   "install", NULL);

	free(install);
	free(output);
	free(khdr);
	free(jobs);
	return ret;
}

/*
 * Those of mm whose subject notifies a secondary MMU, out of some fifty. Their
 * makefile installs all or nothing, so they are named to it one by one.
 */
static const char *const mm_tests[] = {
	"cow", "hmm-tests", "khugepaged", "ksm_functional_tests",
	"ksm_tests", "madv_populate", "migration", "mrelease_test",
	"mremap_dontunmap", "mremap_test", "pagemap_ioctl", "soft-dirty",
	"split_huge_page_test", "transhuge-stress", "uffd-unit-tests",
};

/* Built where they were, so that only what has changed is compiled. */
static int make_mm_tests(struct build *b, const struct run *r,
			 const char *headers, const char *out)
{
	char *jobs = xasprintf("-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	/* khugepaged.c of 6.12.117 forgets the header of what it uses. */
	char *khdr = xasprintf("KHDR_INCLUDES=-isystem %s/include -include ../kselftest.h",
			       headers);
	char *objects = xasprintf("%s/selftests.mm", b->dir);
	char *output = xasprintf("OUTPUT=%s", objects);
	char *argv[7 + ARRAY_SIZE(mm_tests) + 1] = {
		"make", jobs, "-C", "tools/testing/selftests/mm", khdr, output,
		"LDFLAGS=-static",
	};
	int ret = mkdir_p(objects) ? ST_HARNESS : ST_OK;

	for (size_t i = 0; i < ARRAY_SIZE(mm_tests); i++)
		argv[7 + i] = xasprintf("%s/%s", objects, mm_tests[i]);
	if (ret == ST_OK)
		ret = run(r, argv);
	for (size_t i = 0; i < ARRAY_SIZE(mm_tests); i++) {
		char *to = xasprintf("%s/%s", out, mm_tests[i]);

		if (ret == ST_OK && copy_file(argv[7 + i], to))
			ret = ST_HARNESS;
		free(to);
		free(argv[7 + i]);
	}
	free(output);
	free(objects);
	free(khdr);
	free(jobs);
	return ret;
}

/*
 * The makefiles' dependencies name objects by absolute path, and those of mm
 * leave headers out: in a cache that was moved, or for another kernel, make would
 * take old objects for new ones. Such are not kept.
 */
static int drop_foreign(struct build *b, const char *objects)
{
	char *mm = xasprintf("%s/selftests.mm", b->dir);
	char *stamp = xasprintf("%s/selftests.of", b->dir);
	char *want = xasprintf("%s %s\n", objects, b->src.version);
	char *have = path_exists(stamp) ? read_file(stamp, NULL) : NULL;
	int ret = 0;

	if (!have || strcmp(have, want))
		ret = remove_tree(objects) || remove_tree(mm) ||
		      write_file(stamp, want, strlen(want));
	free(have);
	free(want);
	free(stamp);
	free(mm);
	return ret;
}

int build_selftests(struct build *b, const char *out)
{
	char *headers = xasprintf("%s/headers", b->dir);
	char *objects = xasprintf("%s/selftests", b->dir);
	char *log = xasprintf("%s/log/selftests.log", b->dir);
	unsigned int expect = durations_get("selftests", 40);
	struct run r = {
		.what = "selftests", .cwd = b->patched.dir, .log = log,
		.quiet = b->o->quiet, .expect_s = expect, .failed = ST_FAIL,
	};
	uint64_t start = step_begin(b, "selftests", expect);
	int ret = install_headers(b, headers);

	if (ret == ST_OK &&
	    (drop_foreign(b, objects) || mkdir_p(objects) || mkdir_p(out)))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = make_tests(b, &r, "secmmu.mk", headers, out);
	if (ret == ST_OK)
		ret = make_tests(b, &r, "Makefile", headers, out);
	if (ret == ST_OK)
		ret = make_mm_tests(b, &r, headers, out);
	if (ret == ST_OK)
		durations_set("selftests",
			      (unsigned int)((now_ns() - start) / 1000000000u));
	free(log);
	free(objects);
	free(headers);
	return ret;
}
