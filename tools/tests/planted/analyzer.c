// SPDX-License-Identifier: GPL-2.0-only
/* What gcc -fanalyzer must find in make lint, cppcheck does not; never built. */
#include <stdio.h>
#include <string.h>

int planted(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[100] = "";

	fgets(line, sizeof(line), f);
	if (!strlen(line))
		return -1;
	fclose(f);
	return 0;
}
