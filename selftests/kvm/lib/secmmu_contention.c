// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of secmmu_contention_test.  The rate and the number of memslots
 * may be part of an event's name, so that results tell them apart.
 */
#include <getopt.h>

#include "secmmu.h"
#include "secmmu_contention.h"

#define MAX_RATE	20000
#define MAX_PAGES	65536
#define MAX_MEMSLOTS	16384

static const char * const fault_names[] = {
	[CONTEND_FAULT_OMISSION] = "omission",
	[CONTEND_FAULT_NO_EFFECT] = "no-effect",
	[CONTEND_FAULT_BURN] = "burn",
	[CONTEND_FAULT_STALL] = "stall",
	[CONTEND_FAULT_THREAD] = "thread",
	[CONTEND_FAULT_ELSEWHERE] = "elsewhere",
};

/* Of enum contend_how, and in names. */
static const char * const how_names[] = { "dontneed", "protect", "mremap", "split", NULL };

static void help(const char *name)
{
	printf("usage: %s [-v vcpus] [-R rate] [-r bytes] [-p pages] [-M memslots] [-i windows]\n"
	       "          [-w ms] [-g ms] [-k us] [-c call] [-b bystander]\n"
	       "          [-d] [-L] [-e event[,event]...] [-F fault] [-q] [-l] [-h]\n"
	       " -v: number of vCPUs, 1-%d (default: 1)\n"
	       " -R: invalidations a second, 1-%d (default: 200)\n"
	       " -r: bytes of each, 4K and on, e.g. 64K (default: 64K)\n"
	       " -p: pages that the vCPUs write to, 1-%d, a multiple of -r (default: 256, of -c\n"
	       "     split 512, of which it takes a multiple)\n"
	       " -M: memslots besides those of the guest's code, 1-%d (default: 1)\n"
	       " -i: windows of time that are measured, 1-%d (default: 20)\n"
	       " -w: length of a window in ms, 10-1000 (default: 100)\n"
	       " -g: a stall of a vCPU that fails the test, in ms, 1-600000 (default: 3000)\n"
	       " -k: have a thread on each CPU wake up every so many us, 10-100000\n"
	       " -c: what invalidates: dontneed (default), protect, mremap or split\n"
	       " -b: the bystander is normal (default), or idle: never in the caller's way\n"
	       " -d: have a thread switch dirty logging of the memory on and off\n"
	       " -L: switch KVM's statistics of mmu_lock on, and count waits by them\n"
	       " -e: the figures to report (default: all); -l lists them.  A name may end in\n"
	       "     _rN for -R N, and in _mN for -M N, and before that in _CALL for -c CALL:\n"
	       "     all names in the same\n"
	       " -F: plant a fault: the test must fail.  omission, no-effect, burn, stall,\n"
	       "     thread or elsewhere\n"
	       " -q: skip all, as without vCPUs that run nothing contends\n"
	       " -l: list the figures\n"
	       "With SECMMU_SAMPLES=PATH in the environment samples are appended to that file.\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n", name,
	       CONTEND_MAX_VCPUS, MAX_RATE, MAX_PAGES, MAX_MEMSLOTS,
	       CONTEND_MAX_WINDOWS);
}

static void __noreturn list_events(const struct contend_event *events)
{
	uint32_t i;

	for (i = 0; i < CONTEND_NR_EVENTS; i++)
		printf("%-24s %s\n", events[i].name, events[i].desc);
	exit(KSFT_PASS);
}

static void parse_event(struct contend_opts *o, const char *name,
			const struct contend_event *events)
{
	struct secmmu_suffix s = {
		.max_rate = MAX_RATE, .max_memslots = MAX_MEMSLOTS,
		.words = how_names,
	};
	uint32_t i = secmmu_find_suffixed(name, events, sizeof(*events), CONTEND_NR_EVENTS,
					  o->events ? o->suffix : NULL, &s);

	if (i == CONTEND_NR_EVENTS)
		secmmu_usage_error("unknown event '%s': -l lists the events, which may end in a call of -c, _rN (1-%d) and _mN (1-%d)",
				   name, MAX_RATE, MAX_MEMSLOTS);
	strcpy(o->suffix, s.text);
	o->rate = s.rate ? : o->rate;
	o->memslots = s.memslots ? : o->memslots;
	if (s.word)
		o->how = s.word - 1;
	o->events |= 1U << i;
}

static enum contend_fault parse_fault(const char *arg)
{
	uint32_t i;

	for (i = CONTEND_FAULT_NONE + 1; i < ARRAY_SIZE(fault_names); i++)
		if (!strcmp(arg, fault_names[i]))
			return i;
	secmmu_usage_error("-F must be omission, no-effect, burn, stall, thread or elsewhere, got '%s'",
			   arg);
}

static enum contend_how parse_how(const char *arg)
{
	uint32_t i;

	for (i = 0; how_names[i]; i++)
		if (!strcmp(arg, how_names[i]))
			return i;
	secmmu_usage_error("-c must be dontneed, protect, mremap or split, got '%s'", arg);
}

static bool parse_idle(const char *arg)
{
	if (strcmp(arg, "normal") && strcmp(arg, "idle"))
		secmmu_usage_error("-b must be normal or idle, got '%s'", arg);
	return !strcmp(arg, "idle");
}

static void parse_number(struct contend_opts *o, int c)
{
	switch (c) {
	case 'v':
		o->vcpus = secmmu_parse_range(c, optarg, 1, CONTEND_MAX_VCPUS);
		break;
	case 'R':
		o->rate = secmmu_parse_range(c, optarg, 1, MAX_RATE);
		break;
	case 'r':
		o->bytes = secmmu_parse_bytes(c, optarg, SECMMU_PAGE_SIZE,
					      MAX_PAGES * SECMMU_PAGE_SIZE,
					      SECMMU_PAGE_SIZE);
		break;
	case 'p':
		o->pages = secmmu_parse_range(c, optarg, 1, MAX_PAGES);
		break;
	case 'M':
		o->memslots = secmmu_parse_range(c, optarg, 1, MAX_MEMSLOTS);
		break;
	case 'i':
		o->windows = secmmu_parse_range(c, optarg, 1, CONTEND_MAX_WINDOWS);
		break;
	case 'w':
		o->window_ms = secmmu_parse_range(c, optarg, 10, 1000);
		break;
	case 'k':
		o->tick_us = secmmu_parse_range(c, optarg, 10, 100000);
		break;
	case 'g':
		o->limit_ms = secmmu_parse_range(c, optarg, 1, 600000);
		break;
	}
}

static void check_split(const struct contend_opts *o)
{
	if (o->bytes >= SECMMU_HUGE_SIZE)
		secmmu_usage_error("-r: %lu bytes are no part of a huge page, which -c split splits",
				   o->bytes);
	if (o->pages % SECMMU_HUGE_PAGES)
		secmmu_usage_error("-p: %lu pages are no multiple of the %u of a huge page, which -c split splits",
				   o->pages, SECMMU_HUGE_PAGES);
	if (o->dirty_log)
		secmmu_usage_error("-d: KVM maps no huge page of memory whose dirty pages it logs, and -c split would have none to split");
}

static void check(const struct contend_opts *o)
{
	if (o->how == CONTEND_SPLIT)
		check_split(o);
	if (o->pages * SECMMU_PAGE_SIZE % o->bytes)
		secmmu_usage_error("-p: %lu pages are no multiple of the %lu bytes of -r",
				   o->pages, o->bytes);
	if (o->rate * o->windows * o->window_ms < 1000)
		secmmu_usage_error("-R: not one call in %u windows of %u ms",
				   o->windows, o->window_ms);
}

void contend_parse(struct contend_opts *o, int argc, char *argv[],
		   const struct contend_event *events)
{
	char *name, *names;
	int c;

	*o = (struct contend_opts) {
		.vcpus = 1, .rate = 200, .bytes = 16 * SECMMU_PAGE_SIZE,
		.memslots = 1, .windows = 20, .window_ms = 100,
		.limit_ms = 3000,
	};
	while ((c = getopt(argc, argv, "v:R:r:p:M:i:w:g:k:c:b:dLe:F:qlh")) != -1) {
		switch (c) {
		case 'b':
			o->idle = parse_idle(optarg);
			break;
		case 'c':
			o->how = parse_how(optarg);
			break;
		case 'd':
			o->dirty_log = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'L':
			o->lock_stats = true;
			break;
		case 'e':
			names = optarg;
			while ((name = strsep(&names, ",")))
				parse_event(o, name, events);
			break;
		case 'F':
			o->fault = parse_fault(optarg);
			break;
		case 'l':
			list_events(events);
		case 'h':
			help(argv[0]);
			exit(KSFT_PASS);
		case '?':
			secmmu_bad_option(argv[0]);
		default:
			parse_number(o, c);
		}
	}
	secmmu_no_arguments(argc, argv);
	if (!o->pages)
		o->pages = o->how == CONTEND_SPLIT ? SECMMU_HUGE_PAGES : 256;
	if (!o->events)
		o->events = (1U << CONTEND_NR_EVENTS) - 1;
	check(o);
}
