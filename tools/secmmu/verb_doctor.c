// SPDX-License-Identifier: GPL-2.0-only
/* secmmu doctor: what this machine can and cannot do, a line each. */
#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "host.h"
#include "plan.h"
#include "qemu.h"
#include "util.h"
#include "verbs.h"

/* MiB: what a kernel with all its arms takes, and what a further one does. */
#define CACHE_EMPTY	8000u
#define CACHE_FILLED	1000u
/* A run of the default plan, and some more. */
#define RESULTS_NEED	200u

static const char help[] =
	"usage: secmmu doctor [--json]\n"
	"\n"
	"Says what this machine can and cannot do, a line each, and what to install.\n"
	"Changes nothing.\n"
	"\n"
	"  ok       as it should be\n"
	"  note     a run is possible; mind this\n"
	"  no       a run is not possible before this is done\n"
	"\n"
	"  --json   the same for programs: {\"possible\": ..., \"lines\": [...]}\n"
	"\n"
	"Exit status: 0 a run is possible; 2 it is not.\n";

static void check_machine(struct doctor *d)
{
	struct utsname u;

	uname(&u);
	if (strcmp(u.machine, "x86_64"))
		doctor_add(d, DOCTOR_NO, "machine",
			   "%s, Linux %s: only x86_64 is supported", u.machine,
			   u.release);
	else
		doctor_add(d, DOCTOR_OK, "machine", "%s, Linux %s", u.machine,
			   u.release);
}

/* The first number in a file; @otherwise if there is none. */
static double number_in(const char *path, double otherwise)
{
	FILE *f = fopen(path, "re");
	double v;

	if (f && fscanf(f, "%lf", &v) == 1)
		otherwise = v;
	if (f)
		fclose(f);
	return otherwise;
}

/* CPUs' time that the control group we are in allows; 0: all. */
static double cpu_quota(void)
{
	FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
	double quota, period, v = 0;

	/* "max 100000", or microseconds in a period. */
	if (f && fscanf(f, "%lf %lf", &quota, &period) == 2 && period > 0)
		v = quota / period;
	if (f)
		fclose(f);
	return v;
}

static unsigned int usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 :
						(unsigned int)CPU_COUNT(&set);
}

/* In MiB: what is available, or less if a control group says so. */
static uint64_t free_memory(void)
{
	double max = number_in("/sys/fs/cgroup/memory.max", 0);
	double used = number_in("/sys/fs/cgroup/memory.current", 0);
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kb = 0;
	char line[128];
	uint64_t mb;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	mb = kb >> 10;
	if (max > 0 && max - used < (double)kb * 1024)
		mb = (uint64_t)(max > used ? (max - used) / (1 << 20) : 0);
	return mb;
}

static void check_resources(struct doctor *d)
{
	unsigned int cpus = usable_cpus(), guest_mb = 2048;
	struct plan *p = plan_load("compare");

	if (p)
		guest_mb = p->memory_mb;
	plan_free(p);
	doctor_cpus(d, cpus, cpu_quota(), number_in("/proc/loadavg", 0));
	doctor_memory(d, free_memory(), guest_mb, cpus);
}

/* Of the folder, or of the one above it that exists. In MiB. */
static uint64_t free_space(const char *dir)
{
	char *path = xstrdup(dir), *slash;
	struct statvfs fs;
	uint64_t mb = 0;

	while (statvfs(path, &fs) && (slash = strrchr(path, '/')) &&
	       slash != path)
		*slash = '\0';
	if (!statvfs(path, &fs))
		mb = ((uint64_t)fs.f_bavail * fs.f_frsize) >> 20;
	free(path);
	return mb;
}

static void check_disk(struct doctor *d)
{
	char *artifacts = xasprintf("%s/artifacts", cache_dir());
	char *results = xasprintf("%s/results", top_dir());

	doctor_disk(d, "cache", cache_dir(), free_space(cache_dir()),
		    path_exists(artifacts) ? CACHE_FILLED : CACHE_EMPTY,
		    "SECMMU_CACHE=DIR puts it elsewhere");
	doctor_disk(d, "results", results, free_space(results), RESULTS_NEED,
		    "remove old ones");
	free(results);
	free(artifacts);
}

/* What err() said while @f was its file, without our name before it. */
static const char *complaint(const char *text)
{
	const char *colon = strstr(text, "error: ");

	return colon ? colon + strlen("error: ") : "no reason given";
}

static void check_qemu(struct doctor *d, const struct accel_choice *accel)
{
	struct qemu_info q;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f)
		abort();
	err_redirect(f);
	ret = qemu_probe(&q);
	err_redirect(NULL);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	if (ret != ST_OK) {
		doctor_add(d, DOCTOR_NO, "qemu", "%s", complaint(text));
	} else {
		doctor_add(d, q.sandbox ? DOCTOR_OK : DOCTOR_NOTE, "qemu",
			   "%s is %s, %s, and runs as user %s", q.path, q.version,
			   q.sandbox ? "has a sandbox" :
			   "has NO sandbox: it was built without seccomp",
			   q.jail.user);
		if (accel)
			doctor_emulator(d, accel, q.version);
		qemu_info_free(&q);
	}
	free(text);
}

/* For a run of the wall clock whose plan does not say otherwise: all CPUs. */
static void check_settings(struct doctor *d)
{
	struct host_noise v[HOST_NOISES];
	json_t *host = host_read("");

	doctor_settings(d, v, host_noise(host, host_cpus(), host_cpus(), v));
	json_decref(host);
}

static bool check_accel(struct doctor *d, struct accel_choice *accel)
{
	if (accel_choose("auto", accel) != ST_OK)
		return false;
	doctor_accel(d, accel);
	return true;
}

/* What a shell says to @script, and nothing on standard error; NULL if it fails. */
static char *ask(const char *script)
{
	char *quiet = xasprintf("exec 2>/dev/null; %s", script);
	char *argv[] = { "sh", "-c", quiet, NULL };
	char *text = proc_capture(argv, NULL);

	free(quiet);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Of tools/packages.txt, and a packages-NAME.txt for each of @more. NULL: no dpkg. */
static char *missing_packages(const char *more)
{
	char *script = xasprintf("'%s/tools/setup.sh' --missing %s", top_dir(),
				 more);
	char *missing = ask(script);

	free(script);
	return missing;
}

static void check_packages(struct doctor *d)
{
	char *missing = missing_packages(""), *more = missing_packages("check vmm");

	if (missing)
		doctor_packages(d, missing, !geteuid());
	else
		doctor_add(d, DOCTOR_NOTE, "packages",
			   "no dpkg here: tools/packages.txt lists what Debian's packages hold");
	if (missing && !*missing && more && *more)
		doctor_add(d, DOCTOR_NOTE, "check",
			   "make check needs, and installs if it may: %s", more);
	free(more);
	free(missing);
}

static void check_source(struct doctor *d)
{
	char *dir = xasprintf("%s/source", cache_dir());
	char *listed = ask("apt-cache madison linux-source-6.12");

	if (path_exists(dir))
		doctor_add(d, DOCTOR_OK, "source", "in the cache");
	else if (listed && *listed)
		doctor_add(d, DOCTOR_OK, "source",
			   "apt has linux-source-6.12; it is fetched when it is needed");
	else
		doctor_add(d, DOCTOR_NO, "source",
			   "apt's lists have no linux-source-6.12: run apt-get update as root, or give a tree of your own with KERNEL_SRC=");
	free(listed);
	free(dir);
}

static void check_user(struct doctor *d)
{
	char *answer;

	if (!geteuid()) {
		doctor_add(d, DOCTOR_OK, "user",
			   "root: missing packages are installed");
		return;
	}
	answer = ask("sudo -n true");
	doctor_add(d, answer ? DOCTOR_OK : DOCTOR_NOTE, "user", "%s",
		   answer ? "not root, but sudo asks for no password: missing packages are installed" :
			    "not root: missing packages are named, for you to install");
	free(answer);
}

static void print_text(const struct doctor *d)
{
	size_t missing = doctor_missing(d);

	for (size_t i = 0; i < d->n; i++)
		printf("%-4s  %-9s  %s\n", doctor_state_name(d->v[i].state),
		       d->v[i].what, d->v[i].text);
	if (missing)
		printf("A run is not possible yet: %zu thing%s missing.\n",
		       missing, missing == 1 ? " is" : "s are");
	else
		printf("A run is possible: make compare\n");
}

static void print_json(const struct doctor *d)
{
	json_t *lines = json_array(), *o;

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(lines, json_pack("{s:s, s:s, s:s+}",
			"state", doctor_state_name(d->v[i].state),
			"what", d->v[i].what, "text", d->v[i].text, ""));
	o = json_pack("{s:b, s:o}", "possible", !doctor_missing(d), "lines",
		      lines);
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
}

int verb_doctor(int argc, char **argv)
{
	bool json = argc == 2 && !strcmp(argv[1], "--json");
	struct accel_choice accel;
	struct doctor d = { 0 };
	bool known;
	int ret;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return ST_OK;
	}
	if (argc > 2 || (argc == 2 && !json)) {
		err("doctor: unexpected '%s': see secmmu doctor --help",
		    argv[argc - 1]);
		return ST_USAGE;
	}
	check_machine(&d);
	check_resources(&d);
	check_disk(&d);
	check_settings(&d);
	known = check_accel(&d, &accel);
	check_qemu(&d, known ? &accel : NULL);
	check_packages(&d);
	check_source(&d);
	check_user(&d);
	if (json)
		print_json(&d);
	else
		print_text(&d);
	ret = doctor_missing(&d) ? ST_USAGE : ST_OK;
	doctor_free(&d);
	return sig_pending() ? ST_INTR : ret;
}
