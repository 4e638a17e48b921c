// SPDX-License-Identifier: GPL-2.0-only
/*
 * What reading results costs: memory and CPU time of secmmu report and secmmu
 * export on made-up runs. TAP. CPU time, as a busy machine takes longer.
 *
 * usage: cost [--big]
 *
 * --big has the real limits: 10 million samples in 10 s by the clock, 100
 * million in 200 MiB. It takes 10 GB of disk, and a minute or two.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define MIB 1024.0	/* ru_maxrss is in KiB */
/* mkresults: 6 slots, 6 events, a third of the samples once more, traced. */
#define PER_SAMPLE (6 * 6 * 4 / 3)

static char *mkresults, *secmmu, *dir;
static int n, bad;

struct cost {
	double mib, cpu_s, wall_s;
};

static void die(const char *what)
{
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	if (dir)
		remove_tree(dir);
	exit(ST_HARNESS);
}

static void result(bool good, const char *what, const struct cost *c)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
	printf("# %.1f MiB, %.2f s of CPU, %.2f s\n", c->mib, c->cpu_s, c->wall_s);
	fflush(stdout);
	bad += !good;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static struct cost run(const char *const *argv)
{
	uint64_t start = now_ns();
	struct rusage u;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &u) != pid)
		die("wait4");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "cost: %s ended with status 0x%x\n", argv[0], status);
		remove_tree(dir);
		exit(ST_HARNESS);
	}
	return (struct cost){
		(double)u.ru_maxrss / MIB,
		seconds(&u.ru_utime) + seconds(&u.ru_stime),
		(double)(now_ns() - start) / 1e9,
	};
}

/* A run of @millions of samples in @boots. */
static void make_up(double millions, unsigned int boots)
{
	char *samples = xasprintf("%.0f", 1e6 * millions / boots / PER_SAMPLE + 1);
	char *count = xasprintf("%u", boots);
	const char *const argv[] = { mkresults, "--boots", count, "--samples", samples,
				     "--hashes", "1", dir, NULL };

	if (remove_tree(dir))
		exit(ST_HARNESS);
	run(argv);
	free(samples);
	free(count);
}

static struct cost report(void)
{
	const char *const argv[] = { secmmu, "report", dir, NULL };

	return run(argv);
}

/* @what: "samples", or "boots", which reads as the report does, without plots. */
static struct cost export(const char *what)
{
	const char *const argv[] = { secmmu, "export", "--what", what, dir, NULL };

	return run(argv);
}

/*
 * A million samples in ten boots, three in thirty: as much memory, but for what
 * is kept of a boot, its quantiles.
 */
static void small(void)
{
	struct cost few, many, one, out;

	make_up(1, 10);
	few = export("boots");
	out = export("samples");
	make_up(3, 30);
	many = report();
	result(many.mib < 24, "report of 3 million samples: below 24 MiB", &many);
	result(many.cpu_s < 5, "report of 3 million samples: below 5 s of CPU", &many);
	many = export("boots");
	result(many.mib < few.mib * 1.5, "three times as many boots: hardly more memory", &many);
	result(out.mib < 12, "export of a million samples: below 12 MiB", &out);
	/* The planted fault: all in one boot, so that all is held at a time. */
	make_up(3, 1);
	one = export("boots");
	result(one.mib >= few.mib * 1.5 && one.mib >= 24,
	       "planted fault: samples that are hoarded are seen", &one);
}

static void big(void)
{
	struct cost c;

	make_up(10, 10);
	c = report();
	result(c.wall_s < 10, "report of 10 million samples in 10 boots: below 10 s", &c);
	make_up(10, 1);
	c = report();
	result(c.wall_s < 10 && c.mib < 200, "the same in one boot: below 200 MiB, 10 s", &c);
	make_up(100, 10);
	c = report();
	result(c.mib < 200, "report of 100 million samples: below 200 MiB", &c);
	c = export("samples");
	result(c.mib < 200, "export of 100 million samples: below 200 MiB", &c);
}

int main(int argc, char **argv)
{
	char exe[PATH_MAX] = "";
	const char *tmp = getenv("TMPDIR");

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--big"))) {
		fputs("usage: cost [--big]\n", stderr);
		return ST_USAGE;
	}
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) <= 0)
		die("/proc/self/exe");
	*strrchr(exe, '/') = '\0';
	mkresults = xasprintf("%s/mkresults", exe);
	secmmu = xasprintf("%s/../../secmmu/secmmu", exe);
	dir = xasprintf("%s/secmmu-cost-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		die(dir);
	if (argc == 2)
		big();
	else
		small();
	printf("1..%d\n", n);
	remove_tree(dir);
	free(mkresults);
	free(secmmu);
	free(dir);
	return bad ? ST_FAIL : ST_OK;
}
