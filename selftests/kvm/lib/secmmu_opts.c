// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of the secondary MMU tests.
 */
#include <getopt.h>

#include "secmmu.h"

#define MIN_BYTES	(2 * SECMMU_HUGE_SIZE)
#define MAX_BYTES	(256UL << 20)
#define MAX_ITERATIONS	100000
#define MAX_WARMUP	1000

static const char * const fault_names[] = {
	[SECMMU_FAULT_STALE_READ] = "stale-read",
	[SECMMU_FAULT_STRAY_WRITE] = "stray-write",
	[SECMMU_FAULT_LOST_WRITE] = "lost-write",
	[SECMMU_FAULT_NO_SPLIT] = "no-split",
	[SECMMU_FAULT_NO_EFFECT] = "no-effect",
};

void secmmu_usage_error(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; see -h\n", stderr);
	exit(SECMMU_USAGE_ERROR);
}

void secmmu_bad_option(const char *program)
{
	fprintf(stderr, "%s: bad option; see -h\n", program);
	exit(SECMMU_USAGE_ERROR);
}

void secmmu_no_arguments(int argc, char *argv[])
{
	if (optind < argc)
		secmmu_usage_error("unexpected argument '%s'", argv[optind]);
}

void secmmu_only_event(const char *arg, const char *event)
{
	if (strcmp(arg, event))
		secmmu_usage_error("unknown event '%s': there is %s", arg, event);
}

void secmmu_only_fault(const char *arg, const char *fault)
{
	if (strcmp(arg, fault))
		secmmu_usage_error("-F must be %s, got '%s'", fault, arg);
}

uint64_t secmmu_parse_events(char *list, const void *table, size_t size, uint32_t nr)
{
	uint64_t mask = 0;
	char *name;
	uint32_t i;

	while ((name = strsep(&list, ","))) {
		for (i = 0; i < nr; i++)
			if (!strcmp(name, secmmu_entry(table, size, i)->name))
				break;
		if (i == nr)
			secmmu_usage_error("unknown event '%s': -l lists the events", name);
		mask |= 1UL << i;
	}
	return mask;
}

void secmmu_list_events(const void *table, size_t size, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		printf("%-20s %s\n", secmmu_entry(table, size, i)->name,
		       secmmu_entry(table, size, i)->desc);
}

static void help(const char *name)
{
	printf("usage: %s [-v vcpus] [-b bytes] [-r bytes] [-i iterations] [-w warmup]\n"
	       "          [-s source] [-e event[,event]...] [-a order] [-x] [-q] [-f] [-F fault] [-l] [-h]\n"
	       " -v: number of vCPUs, 1-%d (default: 1)\n"
	       " -b: size of the memslot under test, %luM-%luM in steps of 2M, e.g. 8M (default: 8M)\n"
	       " -r: bytes that are invalidated at once, 4K-2M in steps of 4K (default: each\n"
	       "     event's own); events that can't have it are skipped\n"
	       " -i: iterations of each event, 1-%d (default: 10)\n"
	       " -w: iterations before these that are no samples, 0-%d (default: 2)\n"
	       " -s: backing of the memslot: anonymous, anonymous_thp, shmem,\n"
	       "     anonymous_hugetlb or shared_hugetlb; events that can't have it are\n"
	       "     skipped (default: each event's own)\n"
	       " -e: the events to run (default: all); -l lists them\n"
	       " -q: park the vCPUs in user space during the timed call (path length);\n"
	       "     otherwise they access the memory meanwhile (contention)\n"
	       " -f: leave every fault to the guests; otherwise KVM_PRE_FAULT_MEMORY takes\n"
	       "     most of them after the call, where KVM has it (faster)\n"
	       " -a: how vCPUs access the memory: sequential (default), random, or hot: an eighth\n"
	       "     of it again and again\n"
	       " -x: vCPUs execute the pages that they check, but for those that are, or may\n"
	       "     become, zeroes\n"
	       " -F: plant a fault: the test must fail.  stale-read, stray-write,\n"
	       "     lost-write, no-split or no-effect\n"
	       " -l: list the events\n"
	       "With SECMMU_SAMPLES=PATH in the environment samples are appended to that file;\n"
	       "with SECMMU_TRACING_ON=PATH 1 is written there before each of them, 0 after.\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n",
	       name, SECMMU_MAX_VCPUS, MIN_BYTES >> 20, MAX_BYTES >> 20,
	       MAX_ITERATIONS, MAX_WARMUP);
}

uint64_t secmmu_parse_range(char opt, const char *arg, uint64_t min,
			    uint64_t max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 0);
	if (errno || end == arg || *end || *arg == '-' || n < min || n > max)
		secmmu_usage_error("-%c must be a number from %lu to %lu, got '%s'",
			    opt, min, max, arg);
	return n;
}

uint64_t secmmu_parse_bytes(char opt, const char *arg, uint64_t min,
			    uint64_t max, uint64_t step)
{
	static const char units[] = "kmg";
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 0);
	if (errno || end == arg || *arg == '-' || n > max)
		goto bad;
	if (*end) {
		unit = strchr(units, *end | 0x20);
		if (!unit || end[1])
			goto bad;
		n <<= 10 * (unit - units + 1);
	}
	if (n < min || n > max || n % step)
		goto bad;
	return n;
bad:
	secmmu_usage_error("-%c must be a multiple of %luK from %luK to %luK, got '%s'",
			   opt, step >> 10, min >> 10, max >> 10, arg);
}

static enum vm_mem_backing_src_type parse_source(const char *arg)
{
	static const enum vm_mem_backing_src_type sources[] = {
		VM_MEM_SRC_ANONYMOUS, VM_MEM_SRC_ANONYMOUS_THP, VM_MEM_SRC_SHMEM,
		VM_MEM_SRC_ANONYMOUS_HUGETLB, VM_MEM_SRC_SHARED_HUGETLB,
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(arg, vm_mem_backing_src_alias(sources[i])->name))
			return sources[i];
	secmmu_usage_error("-s must be anonymous, anonymous_thp, shmem, anonymous_hugetlb or shared_hugetlb, got '%s'",
		    arg);
}

static enum secmmu_order parse_order(const char *arg)
{
	static const char *const names[] = {
		[SECMMU_SEQUENTIAL] = "sequential",
		[SECMMU_RANDOM] = "random",
		[SECMMU_HOT] = "hot",
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(arg, names[i]))
			return i;
	secmmu_usage_error("-a must be sequential, random or hot, got '%s'", arg);
}

/* On a hole in memory it gives up where other KVMs wait for the host. */
static bool is_emulated(void)
{
	return access("/sys/module/kvm_amd", F_OK) &&
	       access("/sys/module/kvm_intel", F_OK);
}

static enum secmmu_fault parse_fault(const char *arg)
{
	uint32_t i;

	for (i = SECMMU_FAULT_NONE + 1; i < ARRAY_SIZE(fault_names); i++)
		if (!strcmp(arg, fault_names[i]))
			return i;
	secmmu_usage_error("-F must be stale-read, stray-write, lost-write, no-split or no-effect, got '%s'",
		    arg);
}

void secmmu_parse_options(struct secmmu_opts *o, int argc, char *argv[],
			  const struct secmmu_event *events, uint32_t nr)
{
	int opt;

	*o = (struct secmmu_opts) {
		.nr_vcpus = 1,
		.bytes = 4 * SECMMU_HUGE_SIZE,
		.iterations = 10,
		.warmup = 2,
		.events = nr == 64 ? ~0UL : (1UL << nr) - 1,
	};
	while ((opt = getopt(argc, argv, "v:b:r:i:w:s:e:a:xqfF:lh")) != -1) {
		switch (opt) {
		case 'v':
			o->nr_vcpus = secmmu_parse_range(opt, optarg, 1, SECMMU_MAX_VCPUS);
			break;
		case 'b':
			o->bytes = secmmu_parse_bytes(opt, optarg, MIN_BYTES,
						      MAX_BYTES, SECMMU_HUGE_SIZE);
			break;
		case 'r':
			o->range = secmmu_parse_bytes(opt, optarg, SECMMU_PAGE_SIZE,
						      SECMMU_HUGE_SIZE,
						      SECMMU_PAGE_SIZE);
			break;
		case 'i':
			o->iterations = secmmu_parse_range(opt, optarg, 1, MAX_ITERATIONS);
			break;
		case 'w':
			o->warmup = secmmu_parse_range(opt, optarg, 0, MAX_WARMUP);
			break;
		case 's':
			o->source = parse_source(optarg);
			o->source_given = true;
			break;
		case 'e':
			o->events = secmmu_parse_events(optarg, events,
							sizeof(*events), nr);
			break;
		case 'a':
			o->order = parse_order(optarg);
			break;
		case 'x':
			o->executes = !is_emulated();
			if (!o->executes)
				ksft_print_msg("-x is left out: neither kvm_amd nor kvm_intel is there, and a KVM that emulates the guest can't fetch code from memory that is missing\n");
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'f':
			o->no_prefault = true;
			break;
		case 'F':
			o->fault = parse_fault(optarg);
			break;
		case 'l':
			secmmu_list_events(events, sizeof(*events), nr);
			exit(KSFT_PASS);
		case 'h':
			help(argv[0]);
			exit(KSFT_PASS);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
}
