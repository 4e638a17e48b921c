// SPDX-License-Identifier: GPL-2.0-only
/* What make lint must find; never built. */
#include <stdlib.h>

int planted(size_t n)
{
	int *p = malloc(n * sizeof(*p));
	int v = p[0];

	free(p);
	return v + p[1];
}
