// SPDX-License-Identifier: GPL-2.0-only
#include "compare_opts.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static const struct option longopts[] = {
	{ "plan", required_argument, NULL, 'p' },
	{ "arms", required_argument, NULL, 'a' },
	{ "boots", required_argument, NULL, 'b' },
	{ "minutes", required_argument, NULL, 'm' },
	{ "boot", required_argument, NULL, 'B' },
	{ "clock", required_argument, NULL, 'c' },
	{ "events", required_argument, NULL, 'e' },
	{ "lane", required_argument, NULL, 'l' },
	{ "accel", required_argument, NULL, 'x' },
	{ "cpus", required_argument, NULL, 'n' },
	{ "pin", required_argument, NULL, 'i' },
	{ "seed", required_argument, NULL, 's' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "src", required_argument, NULL, 'S' },
	{ "kernel-version", required_argument, NULL, 'K' },
	{ "results", required_argument, NULL, 'r' },
	{ "resume", required_argument, NULL, 'R' },
	{ "control", required_argument, NULL, 'C' },
	{ "prefix", required_argument, NULL, 'N' },
	{ "only-arms", no_argument, NULL, 'O' },
	{ "append", required_argument, NULL, 'A' },
	{ "perf", no_argument, NULL, 'P' },
	{ "vmcore", required_argument, NULL, 'V' },
	{ "json", no_argument, NULL, 'J' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *f)
{
	fputs("usage: secmmu compare [OPTION...]\n"
	      "       secmmu compare OLD NEW      two results folders: see there, --help\n\n"
	      "  --plan NAME|FILE      what to run: configs/plans/NAME.ini (compare)\n"
	      "  --arms \"A B...\"       these arms instead of the plan's\n"
	      "  --boots N             number of boots, the unit of replication\n"
	      "  --minutes N           boots until N minutes are over, or one fails\n"
	      "  --boot N              only this boot of a run, from 0: with its --seed\n"
	      "  --clock auto|wall|icount\n"
	      "                        icount: instructions, one CPU (auto under TCG)\n"
	      "  --events A,B...       only these events, of any plan\n"
	      "  --lane NAME           a kernel with other options, of configs/lanes.ini\n"
	      "  --accel auto|kvm|tcg  how QEMU runs the guest\n"
	      "  --cpus N              CPUs of a guest, instead of the plan's\n"
	      "  --pin auto|yes|no     each vCPU to a CPU of the machine (auto: where\n"
	      "                        time is measured)\n"
	      "  --seed N              repeat a run's random order\n"
	      "  --jobs N              boots at a time; with the wall clock those of a plan\n"
	      "                        that compares need CPUs of their own\n"
	      "  --src DIR|TARBALL     your own kernel tree (never modified)\n"
	      "  --kernel-version V    point release of the distribution's source\n"
	      "  --control PATCH       one more patch, on top of the series\n"
	      "  --prefix N            only the first N patches of the series\n"
	      "  --only-arms           build no arm but those of the run\n"
	      "  --results DIR         folder of all results (results)\n"
	      "  --resume DIR          go on with the run in DIR, with the options it had\n"
	      "  --append STRING       added to the guest kernel's command line\n"
	      "  --perf                each test once more under perf record: docs/perf.md\n"
	      "  --vmcore elf|kdump    the memory of a guest that panics or hangs, for gdb\n"
	      "                        or crash: docs/vmcore.md\n"
	      "  --json                progress as JSON on standard output, a line each;\n"
	      "                        all else on standard error\n"
	      "\nAn interrupted run goes on from the boots it has when it is started\n"
	      "again in the same way, or with --resume.\n", f);
}

static const char **string_of(struct compare_opts *o, int c)
{
	switch (c) {
	case 'p': return &o->plan;
	case 'a': return &o->arms;
	case 'b': return &o->boots;
	case 'm': return &o->minutes;
	case 'B': return &o->boot;
	case 'c': return &o->clock;
	case 'e': return &o->events;
	case 'l': return &o->lane;
	case 'x': return &o->accel;
	case 's': return &o->seed;
	case 'j': return &o->jobs;
	case 'n': return &o->cpus;
	case 'i': return &o->pin;
	case 'S': return &o->kernel.src;
	case 'K': return &o->kernel.version;
	case 'r': return &o->results;
	case 'R': return &o->resume;
	case 'C': return &o->kernel.control;
	case 'N': return &o->kernel.prefix;
	case 'A': return &o->append;
	case 'V': return &o->vmcore;
	default: return NULL;
	}
}

int compare_opts_parse(int argc, char **argv, struct compare_opts *o)
{
	const char **value;
	int c;

	memset(o, 0, sizeof(*o));
	optind = 0;
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		value = string_of(o, c);
		if (value) {
			*value = optarg;
			continue;
		}
		if (c == 'J' || c == 'P' || c == 'O') {
			*(c == 'J' ? &o->json : c == 'P' ? &o->perf :
			  &o->only_arms) = true;
			continue;
		}
		usage(c == 'h' ? stdout : stderr);
		return c == 'h' ? -1 : ST_USAGE;
	}
	if (optind < argc) {
		err("compare: unexpected '%s': see secmmu compare --help",
		    argv[optind]);
		return ST_USAGE;
	}
	if (o->resume && o->results) {
		err("compare: --resume %s says where the results are: leave --results out",
		    o->resume);
		return ST_USAGE;
	}
	if (!o->results)
		o->results = "results";
	return ST_OK;
}

/* A plan may be a name; all else that names files is a path. */
static bool is_path(int c, const char *value)
{
	return c == 'S' || c == 'C' ||
	       (c == 'p' && (strchr(value, '/') || strstr(value, ".ini")));
}

/* Seed and folder are the manifest's. */
static bool is_kept(int c)
{
	return c != 's' && c != 'r' && c != 'R' && c != 'h' && c != 'J';
}

json_t *compare_opts_save(const struct compare_opts *o)
{
	struct compare_opts copy = *o;
	json_t *j = json_object();

	for (const struct option *l = longopts; l->name; l++) {
		const char **v = is_kept(l->val) ? string_of(&copy, l->val) :
						   NULL;
		char *path;

		if (!v || !*v)
			continue;
		path = is_path(l->val, *v) ? realpath(*v, NULL) : NULL;
		json_object_set_new(j, l->name, json_string(path ? path : *v));
		free(path);
	}
	if (o->perf)
		json_object_set_new(j, "perf", json_true());
	if (o->only_arms)
		json_object_set_new(j, "only-arms", json_true());
	return j;
}

void compare_opts_restore(struct compare_opts *o, const json_t *manifest)
{
	const json_t *j = json_object_get(manifest, "options");

	for (const struct option *l = longopts; l->name; l++) {
		const char **v = is_kept(l->val) ? string_of(o, l->val) : NULL;

		if (v && !*v)
			*v = json_string_value(json_object_get(j, l->name));
	}
	o->perf |= json_is_true(json_object_get(j, "perf"));
	o->only_arms |= json_is_true(json_object_get(j, "only-arms"));
}
