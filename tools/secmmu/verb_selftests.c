// SPDX-License-Identifier: GPL-2.0-only
/* secmmu selftests: build them, and run them on this machine's own kernel. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "native.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu selftests [OPTION...]\n"
	"\n"
	"Builds the KVM selftests, the kernel's and ours, static, and prints where they\n"
	"are. They run on any Linux kernel of x86-64 with /dev/kvm. With --run, those\n"
	"of a plan run here and now, on this machine's own kernel. Some change settings\n"
	"of the machine (KSM, huge pages, swap, MGLRU), and restore them.\n"
	"\n"
	"  --run                  run them\n"
	"  --plan NAME|FILE       those of this plan (default: events)\n"
	"  --events \"A B\"         only these events\n"
	"  --src DIR|TARBALL      a kernel tree of your own, for their source\n"
	"  --kernel-version V     or a point release of the distribution's package\n"
	"  --help                 this text\n"
	"\n"
	"Exit status: 0 all well; 1 a test failed; 2 usage, or /dev/kvm is missing;\n"
	"3 secmmu itself broke.\n";

struct options {
	struct kernel_opts kernel;
	const char *plan, *events;
	bool run;
};

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "run", no_argument, NULL, 'r' },
		{ "plan", required_argument, NULL, 'p' },
		{ "events", required_argument, NULL, 'e' },
		{ "src", required_argument, NULL, 's' },
		{ "kernel-version", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->run = true;
			break;
		case 'p':
			o->plan = optarg;
			break;
		case 'e':
			o->events = optarg;
			break;
		case 's':
			o->kernel.src = optarg;
			break;
		case 'k':
			o->kernel.version = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			exit(ST_OK);
		default:
			err("selftests: '%s' is no option, or lacks its value: see secmmu selftests --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
	}
	if (optind < argc) {
		err("selftests: unexpected '%s': see secmmu selftests --help",
		    argv[optind]);
		return ST_USAGE;
	}
	return ST_OK;
}

static int check_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		err("/dev/kvm: %s: load kvm_intel or kvm_amd, or run as a user who may use it; without it, make compare runs them in an emulated machine",
		    strerror(errno));
		return ST_USAGE;
	}
	close(fd);
	return ST_OK;
}

int verb_selftests(int argc, char **argv)
{
	struct options o = { .plan = "events" };
	char *dir = NULL, *logs = NULL;
	struct plan *p = NULL;
	int ret = parse(&o, argc, argv);

	if (ret != ST_OK)
		return ret;
	/* All that can be wrong is found before anything is built. */
	p = plan_load(o.plan);
	if (!p || (o.events && plan_set_events(p, o.events)))
		ret = ST_USAGE;
	if (ret == ST_OK && o.run)
		ret = check_kvm();
	if (ret == ST_OK)
		ret = kernel_selftests(&o.kernel, &dir);
	if (ret != ST_OK)
		goto out;
	printf("selftests: %s\n", dir);
	if (!o.run) {
		printf("run one: %s/secmmu_mremap_test -h tells its options; a plan's: make selftests NATIVE=1\n",
		       dir);
		goto out;
	}
	if (geteuid())
		info("not root: what needs it is skipped");
	logs = xasprintf("%s/results/native", top_dir());
	ret = native_run(p, dir, logs);
out:
	free(logs);
	free(dir);
	plan_free(p);
	return ret;
}
