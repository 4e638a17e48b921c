/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ends of events' names: "contend_call_r200", "range_dontneed_4k_m16".
 * Samples have no column for the rate and the number of memslots, so that the
 * name has to tell apart what was measured with several.
 */
#ifndef SELFTEST_KVM_SECMMU_SUFFIX_H
#define SELFTEST_KVM_SECMMU_SUFFIX_H

#include <stdbool.h>
#include <stdint.h>

#define SECMMU_NAME_MAX	41

struct secmmu_suffix {
	/* Largest values allowed; 0: no such end. */
	uint64_t max_rate;
	uint64_t max_memslots;
	/* What may come first, as "protect" in "_protect_r50"; ends in NULL.  NULL: none. */
	const char * const *words;
	/* Set by secmmu_parse_suffix(); 0: not in the name. */
	uint64_t rate;		/* _rN: invalidations a second */
	uint64_t memslots;	/* _mN */
	uint32_t word;		/* the place in @words, from 1 */
	char text[SECMMU_NAME_MAX];
};

/*
 * Reads what follows the name of an event, which may be nothing.  Returns false
 * if it is no such end, or a value is 0 or too large.
 */
bool secmmu_parse_suffix(const char *text, struct secmmu_suffix *s);

/*
 * The place that @name, with what follows, has in a table of events as
 * secmmu_parse_events() takes it; @nr: none.  @before, the end of the events named so
 * far or NULL, must be the same: exits otherwise.
 */
uint32_t secmmu_find_suffixed(const char *name, const void *table, size_t size,
			      uint32_t nr, const char *before, struct secmmu_suffix *s);

#endif /* SELFTEST_KVM_SECMMU_SUFFIX_H */
