// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest workload of the secondary MMU tests; see secmmu_oracle.c.
 *
 * All of this file is built for general registers only: where KVM emulates the
 * guest's kernel mode, it can't emulate vector instructions.
 */
#include "secmmu.h"
#include "ucall_common.h"

#define HOT_PART	8
#define HOT_VISITS	2

/* In the guest's copy of the data: guest virtual addresses. */
static struct {
	struct secmmu_page *base;
	struct secmmu_ctl *ctl;
	struct secmmu_allow *allow;
	struct secmmu_shadow *shadow;
	uint32_t nr_pages;
	uint32_t nr_vcpus;
} guest;

static void guest_error(struct secmmu_vcpu_ctl *me, uint32_t kind,
			uint32_t page, struct secmmu_allow allow, uint64_t want,
			uint64_t seen)
{
	uint64_t n = me->nr_errors;

	/* One page that is wrong pass after pass must not crowd out others. */
	if (n && n <= SECMMU_MAX_ERRORS && me->errors[n - 1].page == page)
		return;
	if (n < SECMMU_MAX_ERRORS)
		me->errors[n] = (struct secmmu_error) {
			.kind = kind,
			.page = page,
			.pass = me->passes,
			.allow = allow,
			.want = want,
			.seen = seen,
		};
	WRITE_ONCE(me->nr_errors, n + 1);
}

static struct secmmu_page *guest_ptr(uint32_t page)
{
	return (void *)((char *)guest.base + page * SECMMU_PAGE_SIZE);
}

static struct secmmu_allow guest_allow(uint32_t page)
{
	return (struct secmmu_allow) {
		.cur = READ_ONCE(guest.allow[page].cur),
		.next = READ_ONCE(guest.allow[page].next),
	};
}

static bool is_allowed(struct secmmu_allow a, uint64_t stamp)
{
	return stamp == a.cur || stamp == a.next;
}

/* Zeroes are no code. */
static bool is_code(struct secmmu_allow a)
{
	return READ_ONCE(guest.ctl->executes) && a.cur && a.next;
}

/* The page's stamp: as data, or as what the page's code returns. */
static uint64_t guest_stamp(struct secmmu_page *p, bool executes)
{
	uint64_t (*code)(void) = (void *)p->mov;

	return executes ? code() : READ_ONCE(p->stamp);
}

/*
 * The host replaces a page at most once between two passes of a vCPU.  So what
 * was legal before or after the accesses is all that was legal during them.
 */
static void guest_check(struct secmmu_vcpu_ctl *me, uint32_t page,
			struct secmmu_allow before, bool executes,
			uint64_t stamp)
{
	struct secmmu_allow after;

	if (is_allowed(before, stamp))
		return;
	after = guest_allow(page);
	if (!is_allowed(after, stamp))
		guest_error(me, executes ? SECMMU_STALE_CODE : SECMMU_STALE_READ,
			    page, after, 0, stamp);
}

static void guest_read_page(struct secmmu_vcpu_ctl *me, uint32_t vcpu,
			    uint32_t page)
{
	struct secmmu_shadow *sh = &guest.shadow[vcpu * guest.nr_pages + page];
	struct secmmu_page *p = guest_ptr(page);
	struct secmmu_allow allow = guest_allow(page);
	bool executes = is_code(allow);
	uint64_t stamp, count, want;

	stamp = guest_stamp(p, executes);
	count = READ_ONCE(p->count[vcpu]);
	guest_check(me, page, allow, executes, stamp);
	want = stamp == sh->stamp ? sh->count : 0;
	if (count != want)
		guest_error(me, SECMMU_LOST_WRITE, page, allow, want, count);
	sh->stamp = stamp;
	sh->count = count;
}

static void guest_write_page(struct secmmu_vcpu_ctl *me, uint32_t vcpu,
			     uint32_t page)
{
	struct secmmu_shadow *sh = &guest.shadow[vcpu * guest.nr_pages + page];
	struct secmmu_page *p = guest_ptr(page);
	struct secmmu_allow allow = guest_allow(page);
	bool executes = is_code(allow);
	uint64_t stamp, again, count, want;

	stamp = guest_stamp(p, executes);
	count = READ_ONCE(p->count[vcpu]);
	WRITE_ONCE(p->count[vcpu], count + 1);
	again = guest_stamp(p, executes);

	guest_check(me, page, allow, executes, stamp);
	if (again != stamp) {
		/*
		 * The page was replaced between the two reads.  The store went
		 * to either memory: take the counter as it is from here on.
		 */
		guest_check(me, page, allow, executes, again);
		count = READ_ONCE(p->count[vcpu]);
	} else {
		/* New memory starts from 0, other memory where I left it. */
		want = stamp == sh->stamp ? sh->count : 0;
		if (count != want)
			guest_error(me, SECMMU_LOST_WRITE, page, allow, want, count);
		count++;
	}
	sh->stamp = again;
	sh->count = count;
}

static void guest_page(struct secmmu_vcpu_ctl *me, uint32_t vcpu, uint32_t page)
{
	if (READ_ONCE(guest.ctl->reads_only))
		guest_read_page(me, vcpu, page);
	else
		guest_write_page(me, vcpu, page);
}

/*
 * A permutation of [0, nr), another one for each @salt: steps that can be undone,
 * on as many bits as it takes, again and again until they lead to a page.
 */
static uint32_t shuffled(uint32_t i, uint32_t nr, uint32_t salt)
{
	uint32_t bits = 1, mask;

	while (nr > 1U << bits)
		bits++;
	mask = (1U << bits) - 1;
	do {
		i = (i * 0x9e3779b1U + salt) & mask;
		i ^= i >> (bits + 1) / 2;
		i = i * 0x85ebca6bU & mask;
	} while (i >= nr);
	return i;
}

/* The middle of the window is what the host invalidates. */
static void guest_hot_pages(struct secmmu_vcpu_ctl *me, uint32_t vcpu,
			    uint32_t first, uint32_t nr, uint32_t *random)
{
	uint32_t hot = nr < HOT_PART ? 1 : nr / HOT_PART, i;

	for (i = 0; i < HOT_VISITS; i++) {
		*random = *random * 1664525U + 1013904223U;
		guest_page(me, vcpu, first + (nr - hot) / 2 + (*random >> 8) % hot);
	}
	me->checked += HOT_VISITS;
}

static void guest_pass(struct secmmu_vcpu_ctl *me, uint32_t vcpu,
		       uint32_t first, uint32_t nr)
{
	uint32_t order = READ_ONCE(guest.ctl->order), random = me->passes, i;
	/* Spread the vCPUs: they'd all fault on the same page else. */
	uint32_t start = (uint64_t)nr * vcpu / guest.nr_vcpus, page = start;

	for (i = 0; i < nr; i++) {
		if (order == SECMMU_RANDOM)
			page = shuffled(i, nr, me->passes + start);
		guest_page(me, vcpu, first + page);
		if (order == SECMMU_HOT)
			guest_hot_pages(me, vcpu, first, nr, &random);
		if (++page == nr)
			page = 0;
	}
	me->checked += nr;
}

void secmmu_guest_code(uint32_t vcpu)
{
	struct secmmu_vcpu_ctl *me = &guest.ctl->vcpus[vcpu];

	for (;;) {
		guest_pass(me, vcpu, READ_ONCE(guest.ctl->first),
			   READ_ONCE(guest.ctl->nr));
		WRITE_ONCE(me->passes, me->passes + 1);
		/* No arguments needed, so leave out the ucall buffer. */
		GUEST_UCALL_NONE();
	}
}

void secmmu_guest_setup(struct secmmu *t, uint64_t base, uint64_t ctl,
			uint64_t allow, uint64_t shadow)
{
	guest.base = (void *)base;
	guest.ctl = (void *)ctl;
	guest.allow = (void *)allow;
	guest.shadow = (void *)shadow;
	guest.nr_pages = t->nr_pages;
	guest.nr_vcpus = t->opt.nr_vcpus;
	sync_global_to_guest(t->vm, guest);
}
