// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer's target without the fuzzer, for make check: its corpus, and each
 * file of it cut off and with random mistakes, the same ones every time. An
 * input that is no good ends the program; it is left in
 * /tmp/secmmu-replay-NAME.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "rng.h"

#define CUTS	200	/* of each file, at even distances */
#define CHANGED	1500	/* of each file */
#define MAX	16384	/* bytes; only the beginning of longer files is used */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *name;
static struct rng rng;
static unsigned long inputs;
static bool planted;

/* In memory of its own size, so that ASan sees a read beyond its end. */
static void try(const uint8_t *data, size_t len)
{
	char *path = xasprintf("/tmp/secmmu-replay-%s", name);
	uint8_t *copy = xmalloc(len);
	FILE *f = fopen(path, "w");

	if (f) {
		fwrite(data, 1, len, f);
		fclose(f);
	}
	memcpy(copy, data, len);
	/* Planted: a read beyond the end, for check.sh to see it caught. */
	if (planted)
		inputs += copy[len];
	LLVMFuzzerTestOneInput(copy, len);
	inputs++;
	remove(path);
	free(copy);
	free(path);
}

static size_t below(size_t n)
{
	return n ? (size_t)rng_below(&rng, n) : 0;
}

/* One to four mistakes: a bit, a byte, a piece twice, a piece less. */
static size_t change(uint8_t *data, size_t len)
{
	for (size_t n = 1 + below(4); n && len; n--) {
		size_t at = below(len), size = 1 + below(len - at);

		switch (below(4)) {
		case 0:
			data[at] ^= (uint8_t)(1u << below(8));
			break;
		case 1:
			data[at] = (uint8_t)below(256);
			break;
		case 2:
			if (len + size > 2 * MAX)
				break;
			memmove(data + at + size, data + at, len - at);
			len += size;
			break;
		default:
			memmove(data + at, data + at + size, len - at - size);
			len -= size;
			break;
		}
	}
	return len;
}

static void try_file(const uint8_t *data, size_t len)
{
	uint8_t *copy = xmalloc(2 * MAX);

	if (len > MAX)
		len = MAX;
	try(data, len);
	for (size_t i = 0; i < CUTS; i++)
		try(data, len * i / CUTS);
	for (size_t i = 0; i < CHANGED; i++) {
		memcpy(copy, data, len);
		try(copy, change(copy, len));
	}
	free(copy);
}

/* What the target says on standard output would be mixed with our results. */
static FILE *own_output(void)
{
	FILE *f = fdopen(dup(STDOUT_FILENO), "w");

	if (!f || !freopen("/dev/null", "w", stdout))
		abort();
	return f;
}

int main(int argc, char **argv)
{
	FILE *out = own_output();
	unsigned int n = 0;
	char *dir, *path;
	struct dirent *e;
	DIR *d;

	(void)argc;
	planted = getenv("SECMMU_PLANT");
	name = strstr(argv[0], "test_fuzz_");
	name = name ? name + strlen("test_fuzz_") : "none";
	path = xasprintf("fuzz/%s", name);
	dir = fixture_path(path);
	free(path);
	d = opendir(dir);
	rng_seed(&rng, 1);
	while (d && (e = readdir(d))) {
		size_t len;
		char *data;

		if (*e->d_name == '.')
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		data = read_file(path, &len);
		if (!data)
			return 1;
		inputs = 0;
		try_file((uint8_t *)data, len);
		fprintf(out, "ok %u - %s: %s and %lu more\n", ++n, name,
			e->d_name, inputs - 1);
		fflush(out);
		free(data);
		free(path);
	}
	if (d)
		closedir(d);
	free(dir);
	fprintf(out, "1..%u\n", n);
	return fclose(out) || !n;
}
