// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle of the secondary MMU tests, host side.
 *
 * Every page carries a stamp, which only the host writes, and one counter per
 * vCPU.  A guest pass reads each page's stamp and increments its own counter.
 * The host tells, page by page in secmmu_allow, which stamps are legal.  Memory
 * that has been taken away is poisoned at once, so that an access through a
 * stale SPTE is seen: a read yields the poison, a write changes a counter of
 * memory that the host holds, and is missing from the memory that the guest
 * should have written to.
 */
#include "secmmu.h"

#define STAMP_LIVE	0x5eULL
#define STAMP_POISON	0xdeULL
#define STAMP_KIND	56
#define STAMP_GEN	32
#define STAMP_GEN_MASK	0xffffffULL

static uint64_t make_stamp(uint64_t kind, uint32_t gen, uint32_t page)
{
	return kind << STAMP_KIND | (gen & STAMP_GEN_MASK) << STAMP_GEN | page;
}

uint64_t secmmu_stamp(uint32_t gen, uint32_t page)
{
	return make_stamp(STAMP_LIVE, gen, page);
}

uint64_t secmmu_poison(uint32_t gen, uint32_t page)
{
	return make_stamp(STAMP_POISON, gen, page);
}

static const char *stamp_str(uint64_t stamp, char *buf, size_t size)
{
	uint32_t gen = (stamp >> STAMP_GEN) & STAMP_GEN_MASK;
	uint32_t page = stamp;

	if (!stamp)
		snprintf(buf, size, "0 (zero-filled memory)");
	else if (stamp >> STAMP_KIND == STAMP_LIVE)
		snprintf(buf, size, "0x%lx (page %u, generation %u)", stamp,
			 page, gen);
	else if (stamp >> STAMP_KIND == STAMP_POISON)
		snprintf(buf, size, "0x%lx (poison: page %u, taken away in generation %u)",
			 stamp, page, gen);
	else
		snprintf(buf, size, "0x%lx (no stamp)", stamp);
	return buf;
}

static struct secmmu_page *nth_page(void *where, uint32_t i)
{
	return (void *)((char *)where + i * SECMMU_PAGE_SIZE);
}

bool secmmu_planted(const struct secmmu *t, enum secmmu_fault f)
{
	return t->plant && t->opt.fault == f;
}

void secmmu_fail(struct secmmu *t, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	t->failures++;
	ksft_print_msg("FAIL %s: iteration %u: %s\n", t->ev->name, t->iteration,
		       buf);
}

static unsigned long page_gfn(struct secmmu *t, uint32_t page)
{
	return SECMMU_MEM_GPA / SECMMU_PAGE_SIZE + page;
}

/* The stamp comes between the two. */
static void write_code(struct secmmu_page *p)
{
	p->mov[0] = 0x48;
	p->mov[1] = 0xb8;
	p->ret = 0xc3;
}

void secmmu_fill(struct secmmu *t, void *where, uint32_t gen, uint32_t first,
		 uint32_t nr)
{
	struct secmmu_page *p;
	uint32_t i, v;

	for (i = 0; i < nr; i++) {
		p = nth_page(where, i);
		for (v = 0; v < t->opt.nr_vcpus; v++)
			p->count[v] = 0;
		write_code(p);
		p->stamp = secmmu_stamp(gen, first + i);
	}
}

void secmmu_expect(struct secmmu *t, uint32_t gen, uint32_t first, uint32_t nr)
{
	uint32_t i;

	for (i = first; i < first + nr; i++) {
		t->allow[i].cur = secmmu_stamp(gen, i);
		t->allow[i].next = t->allow[i].cur;
	}
}

void secmmu_begin(struct secmmu *t)
{
	uint32_t i;

	secmmu_start_counts(t);
	for (i = t->first; i < t->first + t->nr; i++) {
		if (t->ev->after == SECMMU_AFTER_NEW)
			WRITE_ONCE(t->allow[i].next, secmmu_stamp(t->gen, i));
		else if (t->ev->after == SECMMU_AFTER_ZERO)
			WRITE_ONCE(t->allow[i].next, 0);
	}
	if (t->ev->hole)
		secmmu_open_hole(t);
	secmmu_set_tracing(t, true);
}

static void snapshot(struct secmmu *t, void *where)
{
	struct secmmu_page *p;
	uint32_t i, v;

	for (i = 0; i < t->nr; i++) {
		p = nth_page(where, i);
		for (v = 0; v < t->opt.nr_vcpus; v++)
			t->snapshot[i * t->opt.nr_vcpus + v] = READ_ONCE(p->count[v]);
	}
}

void secmmu_take(struct secmmu *t, void *where)
{
	struct secmmu_page *p;
	uint32_t i;

	for (i = 0; i < t->nr; i++) {
		p = nth_page(where, i);
		/* A stale mapping is executed, too. */
		write_code(p);
		WRITE_ONCE(p->stamp, secmmu_poison(t->gen, t->first + i));
	}
	snapshot(t, where);
	t->taken = true;
}

void secmmu_freeze(struct secmmu *t)
{
	snapshot(t, t->hva);
}

void secmmu_check_frozen(struct secmmu *t, const void *where)
{
	struct secmmu_page *p;
	uint64_t want, seen;
	uint32_t i, v;

	for (i = 0; i < t->nr; i++) {
		p = nth_page((void *)where, i);
		for (v = 0; v < t->opt.nr_vcpus; v++) {
			want = t->snapshot[i * t->opt.nr_vcpus + v];
			seen = READ_ONCE(p->count[v]);
			if (seen == want)
				continue;
			secmmu_fail(t, "stray write: gfn 0x%lx (page %u) vcpu %u wrote to memory taken away: counter expected %lu, seen %lu",
				    page_gfn(t, t->first + i), t->first + i, v,
				    want, seen);
			if (t->failures >= SECMMU_MAX_ERRORS)
				return;
		}
	}
}

static void check_taken(struct secmmu *t)
{
	char want_buf[80], seen_buf[80];
	uint64_t want, seen;
	uint32_t i;

	for (i = 0; i < t->nr && t->failures < SECMMU_MAX_ERRORS; i++) {
		want = secmmu_poison(t->gen, t->first + i);
		seen = READ_ONCE(nth_page(t->aside, i)->stamp);
		if (seen != want)
			secmmu_fail(t, "poison of gfn 0x%lx (page %u) overwritten: expected %s, seen %s",
				    page_gfn(t, t->first + i), t->first + i,
				    stamp_str(want, want_buf, sizeof(want_buf)),
				    stamp_str(seen, seen_buf, sizeof(seen_buf)));
	}
	secmmu_check_frozen(t, t->aside);
}

static void check_stamp(struct secmmu *t, const void *where, uint32_t i,
			uint64_t want)
{
	uint64_t seen = READ_ONCE(nth_page((void *)where, i)->stamp);
	char want_buf[80], seen_buf[80];

	if (seen != want)
		secmmu_fail(t, "copy of gfn 0x%lx (page %u): expected %s, seen %s",
			    page_gfn(t, t->first + i), t->first + i,
			    stamp_str(want, want_buf, sizeof(want_buf)),
			    stamp_str(seen, seen_buf, sizeof(seen_buf)));
}

void secmmu_check_stamps(struct secmmu *t, const void *where)
{
	uint32_t i;

	for (i = 0; i < t->nr && t->failures < SECMMU_MAX_ERRORS; i++)
		check_stamp(t, where, i, t->allow[t->first + i].cur);
}

void secmmu_check_stamps_of(struct secmmu *t, const void *where, uint32_t gen)
{
	uint32_t i;

	for (i = 0; i < t->nr && t->failures < SECMMU_MAX_ERRORS; i++)
		check_stamp(t, where, i, secmmu_stamp(gen, t->first + i));
}

/* Also where the host itself has no right to write. */
static void poke(uint64_t *where, uint64_t value)
{
	int fd = open_path_or_exit("/proc/self/mem", O_WRONLY);
	ssize_t ret = pwrite(fd, &value, sizeof(value), (uintptr_t)where);

	TEST_ASSERT(ret == sizeof(value), "/proc/self/mem at %p: %s", where,
		    strerror(errno));
	close(fd);
}

void secmmu_end(struct secmmu *t)
{
	uint32_t i, mid = t->nr / 2;

	/* What a vCPU with a stale SPTE would read. */
	if (secmmu_planted(t, SECMMU_FAULT_STALE_READ))
		poke(&nth_page(t->hva, mid)->stamp,
		     secmmu_poison(t->gen, t->first + mid));

	for (i = t->first; i < t->first + t->nr; i++)
		WRITE_ONCE(t->allow[i].cur, t->allow[i].next);
	if (t->ev->hole)
		secmmu_close_hole(t);
}

static void report_guest_error(struct secmmu *t, uint32_t vcpu,
			       const struct secmmu_error *e)
{
	char cur[80], next[80], seen[80];
	/* Written by the guest: don't use it as an index unchecked. */
	uint32_t page = e->page < t->nr_pages ? e->page : 0;

	if (e->kind == SECMMU_STALE_READ || e->kind == SECMMU_STALE_CODE)
		secmmu_fail(t, "stale %s: gfn 0x%lx (page %u) vcpu %u pass %lu: expected %s%s%s, seen %s",
			    e->kind == SECMMU_STALE_CODE ? "code" : "read",
			    page_gfn(t, page), page, vcpu, e->pass,
			    stamp_str(e->allow.cur, cur, sizeof(cur)),
			    e->allow.next != e->allow.cur ? " or " : "",
			    e->allow.next != e->allow.cur ?
			    stamp_str(e->allow.next, next, sizeof(next)) : "",
			    stamp_str(e->seen, seen, sizeof(seen)));
	else
		secmmu_fail(t, "lost write: gfn 0x%lx (page %u) vcpu %u pass %lu: counter expected %lu, seen %lu",
			    page_gfn(t, page), page, vcpu, e->pass, e->want,
			    e->seen);
}

static void check_guest_errors(struct secmmu *t, uint32_t vcpu)
{
	struct secmmu_vcpu_ctl *c = &t->ctl->vcpus[vcpu];
	uint64_t i, nr = READ_ONCE(c->nr_errors);

	for (i = 0; i < nr && i < SECMMU_MAX_ERRORS; i++)
		report_guest_error(t, vcpu, &c->errors[i]);
	if (nr > SECMMU_MAX_ERRORS)
		secmmu_fail(t, "vcpu %u: %lu more errors", vcpu,
			    nr - SECMMU_MAX_ERRORS);
	WRITE_ONCE(c->nr_errors, 0);
}

static void check_page(struct secmmu *t, uint32_t page)
{
	struct secmmu_page *p = secmmu_hva(t, page);
	uint64_t stamp = READ_ONCE(p->stamp), count;
	char want_buf[80], seen_buf[80];
	struct secmmu_shadow *sh;
	uint32_t v;

	if (stamp != t->allow[page].cur)
		secmmu_fail(t, "gfn 0x%lx (page %u) seen by the host: expected %s, seen %s",
			    page_gfn(t, page), page,
			    stamp_str(t->allow[page].cur, want_buf, sizeof(want_buf)),
			    stamp_str(stamp, seen_buf, sizeof(seen_buf)));

	for (v = 0; v < t->opt.nr_vcpus; v++) {
		sh = &t->shadow[v * t->nr_pages + page];
		count = READ_ONCE(p->count[v]);
		if (sh->stamp != stamp)
			secmmu_fail(t, "stale read: gfn 0x%lx (page %u) vcpu %u, seen by the host after a pass: expected %s, seen %s",
				    page_gfn(t, page), page, v,
				    stamp_str(stamp, want_buf, sizeof(want_buf)),
				    stamp_str(sh->stamp, seen_buf, sizeof(seen_buf)));
		else if (sh->count != count)
			secmmu_fail(t, "lost write: gfn 0x%lx (page %u) vcpu %u, seen by the host after a pass: counter expected %lu, seen %lu",
				    page_gfn(t, page), page, v, sh->count, count);
	}
}

void secmmu_verify(struct secmmu *t)
{
	uint32_t mid = t->nr / 2, i, end = t->ctl->first + t->ctl->nr;

	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE) && t->taken)
		nth_page(t->aside, mid)->count[0]++;
	if (secmmu_planted(t, SECMMU_FAULT_LOST_WRITE))
		poke(&nth_page(t->hva, mid)->count[0],
		     nth_page(t->hva, mid)->count[0] - 1);

	for (i = 0; i < t->opt.nr_vcpus; i++)
		check_guest_errors(t, i);
	if (t->taken)
		check_taken(t);
	for (i = t->ctl->first; i < end && t->failures < SECMMU_MAX_ERRORS; i++)
		check_page(t, i);
}
