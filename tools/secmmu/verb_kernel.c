// SPDX-License-Identifier: GPL-2.0-only
/* secmmu kernel: build every arm, and show that they share one vmlinux. */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel.h"
#include "util.h"
#include "verbs.h"

static void usage(FILE *f)
{
	fprintf(f,
"usage: secmmu kernel [OPTION...]\n"
"\n"
"Gets the kernel source, applies kvm-patches, and builds vmlinux once and KVM's\n"
"modules once per arm of configs/arms.ini. Only what changed is built again.\n"
"\n"
"  --src DIR|TARBALL      a kernel tree of your own; it is copied, never changed\n"
"  --kernel-version V     a point release of the distribution's package, such as\n"
"                         6.12.107 (default: the newest; also KERNEL_VERSION=V)\n"
"  --arms \"A B\"           only these arms\n"
"  --lane NAME            a kernel with other options, of configs/lanes.ini\n"
"  --verify               link vmlinux anew for every arm, even if all is cached\n"
"  --gc                   remove all artifacts from the cache but the newest\n"
"  --help\n"
"\n"
"The cache is SECMMU_CACHE, else XDG_CACHE_HOME/secmmu, else ~/.cache/secmmu.\n");
}

static int print_arm(const struct artifacts *a, const char *arm)
{
	char *ko = xasprintf("%s/arms/%s/kvm.ko", a->dir, arm);
	char hex[65];
	int ret = ST_HARNESS;

	if (!sha256_file(ko, hex)) {
		printf("%-16s %.16s  %.16s\n", arm, hex, a->vmlinux_sha256);
		ret = ST_OK;
	}
	free(ko);
	return ret;
}

static int build(const struct kernel_opts *o)
{
	uint64_t start = now_ns();
	struct artifacts a;
	int ret = kernel_prepare(o, &a);

	if (ret == ST_OK) {
		printf("\n%-16s %-16s  %s\n", "arm", "kvm.ko", "vmlinux (sha256)");
		for (size_t i = 0; i < a.n_arms && ret == ST_OK; i++)
			ret = print_arm(&a, a.arms[i]);
	}
	if (ret == ST_OK)
		printf("\nLinux %s, after %.0f s\nartifacts: %s\n", a.release,
		       (double)(now_ns() - start) / 1e9, a.dir);
	artifacts_free(&a);
	return ret;
}

/* Remove every folder of CACHE/artifacts but the newest. */
static int collect_garbage(void)
{
	char *dir = xasprintf("%s/artifacts", cache_dir());
	char *keep = NULL, *path;
	time_t newest = 0;
	int ret = ST_OK;
	struct dirent *e;
	struct stat st;
	DIR *d;

	for (int pass = 0; pass < 2 && ret == ST_OK; pass++) {
		d = opendir(dir);
		while (d && ret == ST_OK && (e = readdir(d))) {
			if (e->d_name[0] == '.')
				continue;
			path = xasprintf("%s/%s", dir, e->d_name);
			if (pass) {
				if (keep && strcmp(path, keep) && remove_tree(path))
					ret = ST_HARNESS;
			} else if (!stat(path, &st) &&
				   (!keep || st.st_mtime > newest)) {
				free(keep);
				keep = xstrdup(path);
				newest = st.st_mtime;
			}
			free(path);
		}
		if (d)
			closedir(d);
	}
	if (keep)
		info("kept %s", keep);
	free(keep);
	free(dir);
	return ret;
}

int verb_kernel(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "src", required_argument, NULL, 's' },
		{ "kernel-version", required_argument, NULL, 'k' },
		{ "arms", required_argument, NULL, 'a' },
		{ "lane", required_argument, NULL, 'l' },
		{ "verify", no_argument, NULL, 'v' },
		{ "gc", no_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct kernel_opts o = { 0 };
	bool gc = false;
	int c;

	opterr = 0;	/* one line of error, ours */
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 's':
			o.src = optarg;
			break;
		case 'k':
			o.version = optarg;
			break;
		case 'a':
			o.arms = optarg;
			break;
		case 'l':
			o.lane = optarg;
			break;
		case 'v':
			o.verify = true;
			break;
		case 'g':
			gc = true;
			break;
		case 'h':
			usage(stdout);
			return ST_OK;
		default:
			err("kernel: '%s' is no option, or lacks its value: see secmmu kernel --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
	}
	if (optind < argc) {
		err("kernel: unexpected '%s': see secmmu kernel --help",
		    argv[optind]);
		return ST_USAGE;
	}
	return gc ? collect_garbage() : build(&o);
}
