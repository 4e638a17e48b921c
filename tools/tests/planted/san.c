// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes that the sanitizers must find: linked into the secmmu of SAN=1 only, which
 * makes the one that SECMMU_PLANT names. smoke.sh asks for each.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The compiler does not know what becomes of it, and so folds nothing away. */
#define UNKNOWN(x) __asm__ volatile("" : "+r"(x) : : "memory")

static __attribute__((noinline)) void mistake(const char *what, int n)
{
	char *p = malloc((size_t)n);
	int sink = 0;

	if (!p)
		return;
	UNKNOWN(p);
	UNKNOWN(n);
	memset(p, 'x', (size_t)n);
	if (!strcmp(what, "read"))
		sink = p[n];
	if (!strcmp(what, "overflow"))
		sink = INT_MAX - 5 + n;
	if (strcmp(what, "leak"))
		free(p);
	if (!strcmp(what, "freed"))
		sink = *p;
	UNKNOWN(sink);
	p = NULL;
	UNKNOWN(p);
}

static __attribute__((constructor)) void plant(void)
{
	const char *what = getenv("SECMMU_PLANT");

	if (what)
		mistake(what, 10);
}
