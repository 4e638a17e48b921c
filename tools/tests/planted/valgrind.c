// SPDX-License-Identifier: GPL-2.0-only
/* Mistakes that valgrind must find, one for each argument; built by valgrind.sh, -O0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	size_t n = 10;
	char *p = malloc(n);

	if (!p)
		return 1;
	if (!strcmp(what, "uninitialized") && p[3])
		puts("set");
	memset(p, 'x', n);
	if (!strcmp(what, "read") && p[n + 2] == 'y')
		puts("y");
	if (!strcmp(what, "write"))
		p[n] = 'z';
	if (!strcmp(what, "leak"))
		p = NULL;
	free(p);
	if (!strcmp(what, "freed") && *p == 'x')
		puts("x");
	return 0;
}
