// SPDX-License-Identifier: GPL-2.0-only
/* KVM selftests, the kernel's and ours: see build.h. */
#include "build.h"

#include <stdlib.h>
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

	if (ret == ST_OK && (mkdir_p(objects) || mkdir_p(out)))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = make_tests(b, &r, "secmmu.mk", headers, out);
	if (ret == ST_OK)
		ret = make_tests(b, &r, "Makefile", headers, out);
	if (ret == ST_OK)
		durations_set("selftests",
			      (unsigned int)((now_ns() - start) / 1000000000u));
	free(log);
	free(objects);
	free(headers);
	return ret;
}
