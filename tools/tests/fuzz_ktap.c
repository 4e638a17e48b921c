// SPDX-License-Identifier: GPL-2.0-only
/* KTAP from the guest: in one piece and byte by byte it must mean the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *event_names[] = { "mremap_4k", "x", NULL };
static const struct strs events = { event_names, 2 };

static void check_text(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ktap *a = ktap_new(), *b = ktap_new();
	struct ktap_end end = { .exit = len ? data[0] % 5 : 0 };
	const struct ktap_result *ra, *rb;
	size_t na, nb;

	ktap_feed(a, data, len);
	for (size_t i = 0; i < len; i++)
		ktap_feed(b, data + i, 1);
	if (ktap_finish(a, &end, &events) != ktap_finish(b, &end, &events))
		abort();
	ra = ktap_results(a, &na);
	rb = ktap_results(b, &nb);
	if (na != nb || strcmp(ktap_reason(a), ktap_reason(b)))
		abort();
	check_text(ktap_reason(a));
	for (size_t i = 0; i < na; i++) {
		if (strcmp(ra[i].name, rb[i].name) ||
		    ra[i].status != rb[i].status)
			abort();
		check_text(ra[i].name);
		check_text(ra[i].reason);
	}
	ktap_free(a);
	ktap_free(b);
	return 0;
}
