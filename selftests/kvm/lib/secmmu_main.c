// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main program of the secondary MMU tests: the loop over events and
 * iterations, KTAP and samples.
 */
#include <sys/syscall.h>
#include <time.h>

#include "secmmu.h"

#define KHUGEPAGED_SLEEP \
	"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs"
#define GUARD_PAGES	8

/*
 * Samples.
 */

uint64_t secmmu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return timespec_to_ns(ts);
}

/*
 * Whoever traces a run needs the calls that are samples, not the thousands of
 * faults in between, which would fill the buffer.
 */
static void open_tracing(struct secmmu *t)
{
	const char *path = getenv("SECMMU_TRACING_ON");

	t->tracing_fd = -1;
	if (!path)
		return;
	t->tracing_fd = open(path, O_WRONLY | O_CLOEXEC);
	if (t->tracing_fd < 0) {
		fprintf(stderr, "%s: SECMMU_TRACING_ON: can't open %s: %s\n",
			program_invocation_short_name, path, strerror(errno));
		exit(SECMMU_USAGE_ERROR);
	}
	secmmu_set_tracing(t, false);
}

static bool is_warmup(const struct secmmu *t)
{
	return t->iteration < t->opt.warmup;
}

void secmmu_set_tracing(struct secmmu *t, bool on)
{
	if (t->tracing_fd < 0 || (on && is_warmup(t)))
		return;
	if (write(t->tracing_fd, on ? "1" : "0", 1) != 1)
		secmmu_fail(t, "can't write SECMMU_TRACING_ON: %s", strerror(errno));
}

static bool is_parked(const struct secmmu *t)
{
	return t->opt.quiet || t->ev->parked;
}

static void check_split(struct secmmu *t)
{
	uint32_t block = t->block;
	size_t huge;

	/* Simulated by looking at a block that nobody has split. */
	if (secmmu_planted(t, SECMMU_FAULT_NO_SPLIT))
		block = 0;

	huge = secmmu_huge_bytes(t, secmmu_hva(t, block), SECMMU_HUGE_SIZE);
	if (huge)
		secmmu_fail(t, "no split: %lu bytes are mapped huge by the host after the call, expected 0",
			    huge);
	else
		t->nr_split++;
}

/* Parked vCPUs can't have mapped anything again. */
static void note_left(struct secmmu *t)
{
	if (!is_parked(t) || !t->claim_mapped)
		return;
	t->left = max(t->left, secmmu_guest_mappings(t));
	t->left_known = true;
}

static void add_sample(struct secmmu *t, uint64_t start, uint64_t end, long tid)
{
	/* At once: later khugepaged may have undone the split. */
	if (t->ev->splits)
		check_split(t);
	if (is_warmup(t) || t->nr_samples == t->opt.iterations)
		return;
	t->samples[t->nr_samples++] = (struct secmmu_sample) {
		.start_ns = start,
		.end_ns = end,
		.addr = (uintptr_t)t->hva,
		.size = t->size,
		.tid = tid,
	};
}

void secmmu_sample(struct secmmu *t, uint64_t start)
{
	uint64_t end = secmmu_now();

	secmmu_set_tracing(t, false);
	secmmu_end_counts(t);
	note_left(t);
	add_sample(t, start, end, syscall(SYS_gettid));
}

void secmmu_sample_vcpu(struct secmmu *t, uint64_t start)
{
	uint64_t end = secmmu_now();

	secmmu_set_tracing(t, false);
	secmmu_end_counts(t);
	add_sample(t, start, end, t->vcpus[0].tid);
}

void secmmu_sample_thread(struct secmmu *t, uint64_t start, long tid)
{
	uint64_t end = secmmu_now();

	secmmu_set_tracing(t, false);
	secmmu_end_counts(t);
	note_left(t);
	add_sample(t, start, end, tid);
}

void secmmu_sample_fault(struct secmmu *t, uint64_t start, uint64_t end, long tid)
{
	secmmu_set_tracing(t, false);
	secmmu_end_counts(t);
	add_sample(t, start, end, tid);
}

FILE *secmmu_open_samples(void)
{
	const char *path = getenv("SECMMU_SAMPLES");
	FILE *f;

	if (!path)
		return NULL;
	f = fopen(path, "a");
	if (!f) {
		fprintf(stderr, "%s: SECMMU_SAMPLES: can't open %s: %s\n",
			program_invocation_short_name, path, strerror(errno));
		exit(SECMMU_USAGE_ERROR);
	}
	if (!ftell(f))
		fputs("#secmmu-samples 1\n"
		      "event,seq,tid,start_ns,end_ns,addr,size,page_size,vcpus\n", f);
	return f;
}

bool secmmu_write_samples(FILE *f, const char *event, const struct secmmu_sample *samples,
			  uint32_t nr, uint64_t page_size, uint32_t nr_vcpus)
{
	const struct secmmu_sample *s;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		s = &samples[i];
		fprintf(f, "%s,%u,%ld,%lu,%lu,0x%lx,%lu,%lu,%u\n", event, i, s->tid,
			s->start_ns, s->end_ns, s->addr, s->size, page_size,
			nr_vcpus);
	}
	return !fflush(f);
}

static void write_samples(struct secmmu *t, FILE *f)
{
	if (!secmmu_write_samples(f, t->ev->name, t->samples, t->nr_samples,
				  secmmu_page_size(t), t->opt.nr_vcpus))
		secmmu_fail(t, "can't write SECMMU_SAMPLES: %s", strerror(errno));
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Nearest rank. */
static uint64_t percentile(const uint64_t *sorted, uint32_t n, uint32_t p)
{
	return sorted[((uint64_t)n * p + 99) / 100 - 1];
}

static void print_times(struct secmmu *t)
{
	uint32_t i, n = t->nr_samples;
	uint64_t *ns;

	if (!n)
		return;
	ns = calloc(n, sizeof(*ns));
	TEST_ASSERT(ns, "No memory");
	for (i = 0; i < n; i++)
		ns[i] = t->samples[i].end_ns - t->samples[i].start_ns;
	qsort(ns, n, sizeof(*ns), cmp_u64);
	ksft_print_msg("%s: %u calls of %lu bytes, ns: p50 %lu p90 %lu p99 %lu max %lu\n",
		       t->ev->name, n, t->size, percentile(ns, n, 50),
		       percentile(ns, n, 90), percentile(ns, n, 99), ns[n - 1]);
	free(ns);
}

/*
 * Events.
 */

static bool is_huge_event(const struct secmmu *t)
{
	return secmmu_page_size(t) == SECMMU_HUGE_SIZE;
}

/* Mappings that cover the memslot. */
static uint64_t nr_mappings(const struct secmmu *t)
{
	return t->opt.bytes / secmmu_page_size(t);
}

static const char *unmet(struct secmmu *t, const struct secmmu_event *ev)
{
	switch (t->opt.fault) {
	case SECMMU_FAULT_STRAY_WRITE:
		if (!ev->moves_away && !ev->plants_stray_write)
			return "-F stray-write: no memory is taken away and kept";
		break;
	case SECMMU_FAULT_NO_SPLIT:
		if (!ev->splits)
			return "-F no-split: the event splits nothing";
		break;
	case SECMMU_FAULT_NO_EFFECT:
		if (!ev->plants_no_effect)
			return "-F no-effect: the event looks at no state of its own";
		break;
	default:
		break;
	}
	if (!(ev->sources & 1U << t->source))
		return "-s: the event can't have that backing";
	if (t->source == VM_MEM_SRC_ANONYMOUS_THP && secmmu_unmet_thp(t))
		return secmmu_unmet_thp(t);
	if (t->opt.range && t->opt.range < secmmu_page_size(t))
		return "-r: less than a page of the event's backing";
	return ev->unmet ? ev->unmet(t) : NULL;
}

/* The invalidated pages with some neighbours, or all that loses its mapping. */
static void set_window(struct secmmu *t, bool everything)
{
	uint32_t first = t->first, end = t->first + t->nr;

	if (everything) {
		secmmu_set_window(t, 0, t->nr_pages);
		return;
	}
	if (is_huge_event(t) ||
	    (t->ev->restore == SECMMU_RESTORE_RENEW && !t->ev->own_vma)) {
		first = t->block;
		end = t->block + SECMMU_HUGE_PAGES;
	}
	first -= min(first, (uint32_t)GUARD_PAGES);
	end = min(end + GUARD_PAGES, t->nr_pages);
	secmmu_set_window(t, first, end - first);
}

static void set_range(struct secmmu *t)
{
	/* Not the first block: it has neighbours on both sides. */
	t->block = SECMMU_HUGE_PAGES;
	t->nr = t->opt.range ? t->opt.range / SECMMU_PAGE_SIZE : t->ev->nr;
	t->first = t->block;
	/* What is larger than the event has it may not fit there. */
	if (t->ev->offset + t->nr <= SECMMU_HUGE_PAGES)
		t->first += t->ev->offset;
	t->hva = secmmu_hva(t, t->first);
	t->size = t->nr * SECMMU_PAGE_SIZE;
}

static void prepare(struct secmmu *t, uint32_t iteration)
{
	const struct secmmu_event *ev = t->ev;

	t->iteration = iteration;
	t->plant = iteration == t->opt.warmup;
	t->gen++;
	t->taken = false;

	if (ev->stage) {
		secmmu_map(t, t->stage, t->size);
		secmmu_fill(t, t->stage, t->gen, t->first, t->nr);
	}
	/*
	 * Unmapped, or the call that is timed would do that first, and notify.
	 * No other thread maps memory, so nobody takes the place meanwhile.
	 */
	if (ev->moves_away)
		munmap(t->aside, SECMMU_HUGE_SIZE);
}

static void check_before(struct secmmu *t)
{
	size_t huge = secmmu_huge_bytes(t, secmmu_hva(t, t->block),
					SECMMU_HUGE_SIZE);
	uint64_t mapped;

	if (huge != (is_huge_event(t) ? SECMMU_HUGE_SIZE : 0))
		secmmu_fail(t, "%lu of %lu bytes are mapped huge by the host before the call",
			    huge, SECMMU_HUGE_SIZE);
	if (!t->claim_mapped)
		return;
	mapped = secmmu_guest_mappings(t);
	t->mapped = min(t->mapped, mapped);
	if (mapped < nr_mappings(t))
		secmmu_fail(t, "KVM has %lu mappings of %lu bytes before the call, the memslot needs %lu",
			    mapped, secmmu_page_size(t), nr_mappings(t));
}

static void restore(struct secmmu *t)
{
	void *block = secmmu_hva(t, t->block);

	switch (t->ev->restore) {
	case SECMMU_RESTORE_NONE:
		break;
	case SECMMU_RESTORE_RENEW:
		t->gen++;
		if (t->ev->everything)
			secmmu_renew(t, 0, t->nr_pages);
		else if (t->ev->own_vma && !is_huge_event(t))
			secmmu_renew(t, t->first, t->nr);
		else
			secmmu_renew(t, t->block, SECMMU_HUGE_PAGES);
		break;
	case SECMMU_RESTORE_COLLAPSE:
		if (!secmmu_collapse(t, block, SECMMU_HUGE_SIZE))
			secmmu_fail(t, "MADV_COLLAPSE has not brought the huge page back: %s",
				    strerror(errno));
		if (t->ev->after != SECMMU_AFTER_ZERO)
			break;
		secmmu_fill(t, t->hva, t->gen, t->first, t->nr);
		secmmu_expect(t, t->gen, t->first, t->nr);
		break;
	}
	/* This frees the memory that was taken away. */
	secmmu_reserve(t->aside, SECMMU_HUGE_SIZE);
	secmmu_reserve(t->stage, SECMMU_HUGE_SIZE);
}

static void iterate(struct secmmu *t, uint32_t iteration)
{
	prepare(t, iteration);
	secmmu_set_reads_only(t, t->ev->reads);
	set_window(t, t->ev->everything);
	if (t->ev->prepare)
		t->ev->prepare(t);
	if (t->skip)
		return;

	/* Map it all in the secondary MMU: else there is nothing to zap. */
	secmmu_set_executes(t, true);
	secmmu_pass(t);
	check_before(t);
	secmmu_set_executes(t, t->ev->after != SECMMU_AFTER_ZERO);

	set_window(t, false);
	secmmu_set_busy(t, !is_parked(t));
	t->ev->run(t);
	secmmu_prefault(t);
	secmmu_pass(t);
	secmmu_set_busy(t, false);

	if (t->ev->check)
		t->ev->check(t);
	secmmu_verify(t);
	restore(t);
}

static void check_all(struct secmmu *t)
{
	t->taken = false;
	t->plant = false;
	secmmu_set_reads_only(t, t->ev->reads);
	secmmu_set_executes(t, true);
	secmmu_set_window(t, 0, t->nr_pages);
	secmmu_pass(t);
	secmmu_verify(t);
}

/*
 * With two-dimensional paging KVM must map all of the memslot, and huge pages
 * huge.  Otherwise KVM may have its reasons not to: it may even emulate a guest
 * that has paging of its own, without mapping anything.
 */
static void set_claim(struct secmmu *t)
{
	uint64_t mapped = secmmu_guest_mappings(t);

	t->claim_mapped = mapped >= nr_mappings(t) || secmmu_tdp();
	t->mapped = UINT64_MAX;
	t->left = 0;
	t->left_known = false;
	if (!t->claim_mapped)
		ksft_print_msg("%s: no claim about mappings in the secondary MMU: no two-dimensional paging, and KVM has %lu of %lu bytes where %lu would cover the memslot\n",
			       t->ev->name, mapped, secmmu_page_size(t),
			       nr_mappings(t));
}

static uint64_t total(const struct secmmu *t, size_t offset)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < t->opt.nr_vcpus; i++)
		sum += *(uint64_t *)((char *)&t->ctl->vcpus[i] + offset);
	return sum;
}

#define TOTAL(t, field)	total(t, offsetof(struct secmmu_vcpu_ctl, field))

static void print_evidence(struct secmmu *t, uint64_t passes, uint64_t checked)
{
	const char *name = t->ev->name;
	uint32_t n = t->iteration + 1;

	ksft_print_msg("%s: %u vCPUs %s%s, %s, %lu guest passes, %lu pages checked by guests\n",
		       name, t->opt.nr_vcpus, is_parked(t) ? "parked" : "busy",
		       t->opt.executes ? ", execute" : "",
		       vm_mem_backing_src_alias(t->source)->name,
		       TOTAL(t, passes) - passes, TOTAL(t, checked) - checked);
	if (t->claim_mapped)
		ksft_print_msg("%s: before each of %u calls KVM had at least %lu mappings of %lu bytes, %lu cover the memslot\n",
			       name, n, t->mapped, secmmu_page_size(t),
			       nr_mappings(t));
	if (t->left_known)
		ksft_print_msg("%s: right after the call at most %lu were left\n",
			       name, t->left);
	if (t->ev->splits)
		ksft_print_msg("%s: host's huge mapping split %u times in %u calls (PAGEMAP_SCAN)\n",
			       name, t->nr_split, n);
}

/* On a slow machine it undoes a split before that has been looked at. */
static void keep_khugepaged_away(const struct secmmu *t)
{
	if (t->ev->splits)
		secmmu_set(KHUGEPAGED_SLEEP, "3600000");
}

static void run_event(struct secmmu *t)
{
	uint64_t passes = TOTAL(t, passes), checked = TOTAL(t, checked);
	uint32_t i, n = t->opt.warmup + t->opt.iterations;

	keep_khugepaged_away(t);
	t->gen++;
	set_range(t);
	t->skip = secmmu_get_hugetlb(t);
	if (t->skip)
		return;
	secmmu_renew(t, 0, t->nr_pages);
	if (t->ev->own_vma)
		secmmu_renew(t, t->first, t->nr);
	if (t->skip)
		return;
	check_all(t);
	set_claim(t);
	for (i = 0; i < n && !t->failures && !t->skip; i++) {
		iterate(t, i);
		/*
		 * The first time a part of a VMA is moved the VMA is split, and
		 * the kernel then invalidates the whole block: map it again.
		 */
		if (!i && !t->failures)
			check_all(t);
	}
	if (t->skip)
		return;
	if (!t->failures)
		check_all(t);
	print_evidence(t, passes, checked);
	print_times(t);
	if (!t->failures)
		secmmu_print_counts(t->ev->name, &t->counts, NULL);
}

static void do_event(struct secmmu *t, const struct secmmu_event *ev, FILE *samples)
{
	t->ev = ev;
	t->source = t->opt.source_given ? t->opt.source : ev->source;
	t->failures = 0;
	t->nr_split = 0;
	t->nr_samples = 0;
	t->iteration = 0;
	t->counts = (struct secmmu_counts) {};
	t->skip = unmet(t, ev);
	if (!t->skip)
		run_event(t);
	if (samples && !t->skip)
		write_samples(t, samples);

	if (t->failures)
		ksft_test_result_fail("%s\n", ev->name);
	else if (t->skip)
		ksft_test_result_skip("%s: %s\n", ev->name, t->skip);
	else
		ksft_test_result_pass("%s\n", ev->name);
}

static void reserve_blocks(struct secmmu *t)
{
	t->aside = secmmu_reserve_new(2 * SECMMU_HUGE_SIZE, PROT_NONE);
	t->stage = t->aside + SECMMU_HUGE_SIZE;
}

static void check_requirements(void)
{
	__TEST_REQUIRE(!thp_configured() || get_trans_hugepagesz() == SECMMU_HUGE_SIZE,
		       "Requirement not met: huge pages of 2 MiB");
	__TEST_REQUIRE(ksft_min_kernel_version(6, 7),
		       "Requirement not met: Linux 6.7 (PAGEMAP_SCAN)");
}

int secmmu_main(int argc, char *argv[], const struct secmmu_event *events,
		uint32_t nr)
{
	static struct secmmu t;
	FILE *samples;
	uint32_t i;

	secmmu_parse_options(&t.opt, argc, argv, events, nr);
	samples = secmmu_open_samples();
	open_tracing(&t);

	ksft_print_header();
	check_requirements();
	t.fd = -1;
	t.pagemap_fd = open_path_or_exit("/proc/self/pagemap", O_RDONLY);
	t.samples = calloc(t.opt.iterations, sizeof(*t.samples));
	TEST_ASSERT(t.samples, "No memory");
	reserve_blocks(&t);
	secmmu_create(&t);

	ksft_set_plan(__builtin_popcountll(t.opt.events));
	for (i = 0; i < nr; i++)
		if (t.opt.events & 1UL << i)
			do_event(&t, &events[i], samples);

	secmmu_destroy(&t);
	free(t.samples);
	close(t.pagemap_fd);
	if (t.fd >= 0)
		close(t.fd);
	if (samples)
		fclose(samples);
	secmmu_finished();
}
