// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the time of an invalidation grows: with the size of what is invalidated,
 * up to what the machine's memory allows, and with the number of memslots.
 *
 * All of a range is mapped in the secondary MMU, by KVM_PRE_FAULT_MEMORY, and
 * then invalidated by one system call, while the vCPU is in user space: this is
 * about the length of the path, not about contention.  KVM's count of mappings
 * must fall by as many as the range has, and the guest must see the new memory.
 */
#include <getopt.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "secmmu.h"
#include "secmmu_suffix.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_GPA		0x40000000UL
#define MEM_SLOT	1
#define FILLER_GPA	0x200000000UL
#define FILLER_SLOT	3
#define MAX_BYTES	(1UL << 30)
#define MAX_MEMSLOTS	16384
/* Pages that the guest looks at, all over the range. */
#define LOOKS		64UL

enum fault {
	FAULT_NONE,
	FAULT_NO_EFFECT,	/* other memory is invalidated */
	FAULT_UNMAPPED,		/* the range is not all mapped before */
};

struct event {
	const char *name;
	const char *desc;
	bool huge;
	bool drops;	/* the memory is new afterwards */
};

static const struct event events[] = {
	{ "range_dontneed_4k", "MADV_DONTNEED of small pages", false, true },
	{ "range_dontneed_thp", "MADV_DONTNEED of huge pages", true, true },
	{ "range_protect_4k", "mprotect() of small pages", false, false },
	{ "range_protect_thp", "mprotect() of huge pages", true, false },
};

static struct {
	uint64_t bytes;
	uint64_t memslots;
	uint32_t iterations;
	uint32_t warmup;
	uint32_t events;
	enum fault fault;
	char suffix[SECMMU_NAME_MAX];
} opt = { .bytes = 2UL << 20, .memslots = 1, .iterations = 10, .warmup = 1 };

static struct {
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	const struct event *ev;
	char *mem;
	char *aside;
	struct secmmu_sample *samples;
	uint32_t nr_samples;
	bool exec;	/* the memory is executable */
	bool failed;
	const char *skip;
} t;

/* Returns how many of the pages that it looks at are empty, and fills them. */
static void guest_code(uint64_t bytes)
{
	uint64_t pages = bytes / SECMMU_PAGE_SIZE, i, n, *p, fresh;

	n = pages < LOOKS ? pages : LOOKS;
	for (;;) {
		fresh = 0;
		for (i = 0; i < n; i++) {
			p = (uint64_t *)(MEM_GPA + pages * i / n * SECMMU_PAGE_SIZE);
			/* One instruction that writes: see secmmu_contention_test. */
			fresh += !__atomic_fetch_add(p, 1, __ATOMIC_RELAXED);
		}
		GUEST_SYNC(fresh);
	}
}

static uint64_t nr_looks(void)
{
	return min(opt.bytes / SECMMU_PAGE_SIZE, LOOKS);
}

static void __printf(1, 2) fail(const char *fmt, ...)
{
	char msg[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	ksft_print_msg("%s: %s\n", t.ev->name, msg);
	t.failed = true;
}

static uint64_t look(void)
{
	struct ucall uc;

	vcpu_run(t.vcpu);
	TEST_ASSERT_KVM_EXIT_REASON(t.vcpu, UCALL_EXIT_REASON);
	TEST_ASSERT_EQ(get_ucall(t.vcpu, &uc), UCALL_SYNC);
	return uc.args[1];
}

static uint64_t page_size(void)
{
	return t.ev->huge ? SECMMU_HUGE_SIZE : SECMMU_PAGE_SIZE;
}

static uint64_t mappings(void)
{
	return vm_get_stat(t.vm, t.ev->huge ? "pages_2m" : "pages_4k");
}

/* A range below a huge page would split it. */
static const char *unmet(void)
{
	if (opt.bytes % page_size())
		return "-r: less than a page of the event's backing";
	if (!kvm_has_cap(KVM_CAP_PRE_FAULT_MEMORY))
		return "KVM_PRE_FAULT_MEMORY";
	return NULL;
}

static char *reserve(void)
{
	char *p = secmmu_reserve_new(opt.bytes, PROT_READ | PROT_WRITE);

	secmmu_advise(p, opt.bytes, t.ev->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

static void create_vm(void)
{
	uint64_t size = align_up(opt.bytes, SECMMU_HUGE_SIZE), i;
	struct kvm_vcpu *vcpus[1];

	t.vm = __vm_create_with_vcpus(VM_SHAPE_DEFAULT, 1, size / SECMMU_PAGE_SIZE,
				      guest_code, vcpus);
	t.vcpu = vcpus[0];
	vcpu_args_set(t.vcpu, 1, opt.bytes);
	t.mem = reserve();
	vm_set_user_memory_region(t.vm, MEM_SLOT, 0, MEM_GPA, opt.bytes, t.mem);
	virt_map_level(t.vm, MEM_GPA, MEM_GPA, size, PG_LEVEL_2M);
	t.aside = reserve();
	for (i = 1; i < opt.memslots; i++)
		vm_userspace_mem_region_add(t.vm, VM_MEM_SRC_ANONYMOUS,
					    FILLER_GPA + 2 * i * SECMMU_PAGE_SIZE,
					    FILLER_SLOT + i, 1, 0);
}

/* Or it is not what is to be measured. */
static void map_all(void)
{
	struct kvm_pre_fault_memory range = { .gpa = MEM_GPA, .size = opt.bytes };
	uint64_t before = mappings(), want = opt.bytes / page_size(), now;

	if (madvise(t.mem, opt.bytes, MADV_POPULATE_WRITE)) {
		t.skip = "memory for -r";
		return;
	}
	/* A fault may get small pages for want of a free huge one. */
	if (t.ev->huge && secmmu_try_collapse(t.mem, opt.bytes))
		ksft_print_msg("%s: MADV_COLLAPSE: %s\n", t.ev->name,
			       strerror(errno));
	if (opt.fault == FAULT_UNMAPPED)
		range.size = range.size / 2 / page_size() * page_size();
	while (range.size)
		TEST_ASSERT(!__vcpu_ioctl(t.vcpu, KVM_PRE_FAULT_MEMORY, &range),
			    "KVM_PRE_FAULT_MEMORY failed: %s", strerror(errno));
	now = mappings();
	if (now - before >= want)
		return;
	if (t.ev->huge && opt.fault != FAULT_UNMAPPED) {
		ksft_print_msg("%s: %lu of %lu mappings are huge\n", t.ev->name,
			       now - before, want);
		t.skip = "enough huge pages";
		return;
	}
	fail("KVM has %lu mappings more of %lu bytes before the call, the range has %lu",
	     now - before, page_size(), want);
}

static void invalidate(char *mem)
{
	if (t.ev->drops) {
		secmmu_advise(mem, opt.bytes, MADV_DONTNEED);
		return;
	}
	/* The guest may write at any time, and each call changes something. */
	t.exec = !t.exec;
	secmmu_protect(mem, opt.bytes,
		       PROT_READ | PROT_WRITE | (t.exec ? PROT_EXEC : 0));
}

static void iterate(uint32_t n)
{
	uint64_t before, after, start, end, fresh, want;

	map_all();
	if (t.skip || t.failed)
		return;
	before = mappings();
	start = secmmu_now();
	invalidate(opt.fault == FAULT_NO_EFFECT ? t.aside : t.mem);
	end = secmmu_now();
	after = mappings();
	if (n >= opt.warmup)
		t.samples[t.nr_samples++] = (struct secmmu_sample) {
			.start_ns = start, .end_ns = end, .size = opt.bytes,
			.addr = (uintptr_t)t.mem, .tid = syscall(SYS_gettid),
		};
	if (before - after != opt.bytes / page_size())
		fail("KVM has %lu mappings of %lu bytes before the call and %lu after it, the range has %lu",
		     before, page_size(), after, opt.bytes / page_size());
	fresh = look();
	want = t.ev->drops ? nr_looks() : 0;
	if (fresh != want)
		fail("the guest finds %lu of %lu pages empty after the call, not %lu",
		     fresh, nr_looks(), want);
	/* What the guest has mapped by itself is not to be mapped before. */
	invalidate(t.mem);
}

static void write_samples(const char *name, FILE *out)
{
	TEST_ASSERT(!out || secmmu_write_samples(out, name, t.samples, t.nr_samples,
						 page_size(), 1),
		    "Can't write SECMMU_SAMPLES: %s", strerror(errno));
}

static void run(const struct event *ev, FILE *out)
{
	char name[SECMMU_NAME_MAX];
	uint32_t i;

	t.ev = ev;
	t.failed = false;
	t.exec = false;
	t.nr_samples = 0;
	t.skip = unmet();
	snprintf(name, sizeof(name), "%s%s", ev->name, opt.suffix);
	if (!t.skip) {
		create_vm();
		/* It fills what it looks at: of what it keeps it must find all. */
		if (!ev->drops) {
			look();
			invalidate(t.mem);
		}
		for (i = 0; i < opt.warmup + opt.iterations && !t.skip && !t.failed; i++)
			iterate(i);
		kvm_vm_free(t.vm);
		munmap(t.mem, opt.bytes);
		munmap(t.aside, opt.bytes);
	}
	if (t.skip) {
		ksft_test_result_skip("%s: %s\n", name, t.skip);
		return;
	}
	if (t.nr_samples)
		ksft_print_msg("%s: %u calls of %lu bytes, the last one took %lu ns\n",
			       name, t.nr_samples, opt.bytes,
			       t.samples[t.nr_samples - 1].end_ns -
			       t.samples[t.nr_samples - 1].start_ns);
	write_samples(name, out);
	ksft_test_result(!t.failed, "%s\n", name);
}

static void help(const char *name)
{
	printf("usage: %s [-r bytes] [-M memslots] [-i iterations] [-w warmup]\n"
	       "          [-e event[,event]...] [-F fault] [-q] [-l] [-h]\n"
	       " -r: bytes that are invalidated at once, 4K-1G (default: 2M)\n"
	       " -M: memslots besides those of the guest's code, 1-%d (default: 1)\n"
	       " -i: iterations of each event, 1-10000 (default: 10)\n"
	       " -w: iterations before these that are no samples, 0-100 (default: 1)\n"
	       " -e: the events to run (default: all); -l lists them.  A name may end in\n"
	       "     _mN for -M N: all names in the same\n"
	       " -F: plant a fault: the test must fail.  no-effect or unmapped\n"
	       " -q: nothing: the vCPU is in user space during the call anyway\n"
	       " -l: list the events\n"
	       "With SECMMU_SAMPLES=PATH in the environment samples are appended to that file.\n"
	       "Exit status: 0 pass, 1 fail, 2 bad usage, 4 skipped.\n", name,
	       MAX_MEMSLOTS);
}

static void parse_event(const char *name)
{
	struct secmmu_suffix s = { .max_memslots = MAX_MEMSLOTS };
	uint32_t i = secmmu_find_suffixed(name, events, sizeof(*events), ARRAY_SIZE(events),
					  opt.events ? opt.suffix : NULL, &s);

	if (i == ARRAY_SIZE(events))
		secmmu_usage_error("unknown event '%s': -l lists the events, which may end in _mN (1-%d)",
				   name, MAX_MEMSLOTS);
	strcpy(opt.suffix, s.text);
	opt.memslots = s.memslots ? : opt.memslots;
	opt.events |= 1U << i;
}

static enum fault parse_fault(const char *arg)
{
	if (!strcmp(arg, "no-effect"))
		return FAULT_NO_EFFECT;
	if (!strcmp(arg, "unmapped"))
		return FAULT_UNMAPPED;
	secmmu_usage_error("-F must be no-effect or unmapped, got '%s'", arg);
}

static void parse_options(int argc, char *argv[])
{
	char *names, *name;
	int c;

	while ((c = getopt(argc, argv, "r:M:i:w:e:F:qlh")) != -1) {
		switch (c) {
		case 'r':
			opt.bytes = secmmu_parse_bytes(c, optarg, SECMMU_PAGE_SIZE,
						       MAX_BYTES, SECMMU_PAGE_SIZE);
			break;
		case 'M':
			opt.memslots = secmmu_parse_range(c, optarg, 1, MAX_MEMSLOTS);
			break;
		case 'i':
			opt.iterations = secmmu_parse_range(c, optarg, 1, 10000);
			break;
		case 'w':
			opt.warmup = secmmu_parse_range(c, optarg, 0, 100);
			break;
		case 'e':
			names = optarg;
			while ((name = strsep(&names, ",")))
				parse_event(name);
			break;
		case 'F':
			opt.fault = parse_fault(optarg);
			break;
		case 'q':
			break;
		case 'l':
			secmmu_list_events(events, sizeof(*events), ARRAY_SIZE(events));
			exit(KSFT_PASS);
		case 'h':
			help(argv[0]);
			exit(KSFT_PASS);
		default:
			secmmu_bad_option(argv[0]);
		}
	}
	secmmu_no_arguments(argc, argv);
	if (!opt.events)
		opt.events = (1U << ARRAY_SIZE(events)) - 1;
}

int main(int argc, char *argv[])
{
	FILE *samples;
	uint32_t i;

	parse_options(argc, argv);
	samples = secmmu_open_samples();
	ksft_print_header();
	ksft_set_plan(__builtin_popcount(opt.events));
	t.samples = calloc(opt.iterations, sizeof(*t.samples));
	TEST_ASSERT(t.samples, "No memory");
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (opt.events & 1U << i)
			run(&events[i], samples);
	free(t.samples);
	if (samples)
		fclose(samples);
	secmmu_finished();
}
