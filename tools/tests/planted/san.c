// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes that the sanitizers must find: linked into the secmmu of SAN=1 only, which
 * makes the one that SECMMU_PLANT names. smoke.sh asks for each.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static volatile int sink;

/* Not folded away: the compiler does not know what it is about. */
static __attribute__((noinline)) void mistake(const char *what, volatile int n)
{
	char *volatile p = malloc((size_t)n);

	if (!p)
		return;
	memset(p, 'x', (size_t)n);
	if (!strcmp(what, "read"))
		sink = p[n];
	if (!strcmp(what, "overflow"))
		sink = INT_MAX - 5 + n;
	if (strcmp(what, "leak"))
		free(p);
	if (!strcmp(what, "freed"))
		sink = *p;
	p = NULL;
}

static __attribute__((constructor)) void plant(void)
{
	const char *what = getenv("SECMMU_PLANT");

	if (what)
		mistake(what, 10);
}
