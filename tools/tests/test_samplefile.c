// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samplefile.h"
#include "util.h"

#define MAGIC "#secmmu-samples 1\n"
#define H MAGIC "event,seq,tid,start_ns,end_ns,addr,size,page_size,vcpus\n"
#define GOOD "mremap_4k,0,77,1000,2000,0x7f0000000000,4096,4096,2\n"

static int feed(struct samplefile *f, const char *s, size_t len, size_t step)
{
	int rc = 0;

	for (size_t at = 0; at < len; at += step)
		rc = samplefile_feed(f, s + at, len - at < step ? len - at : step);
	return rc;
}

static void good(void **state)
{
	static const char text[] = H GOOD
		"thp_split,0,78,5,5,140737488355327,2097152,2097152,0\n"
		"mremap_4k,1,77,3000,4500,0x7f0000001000,4096,4096,2\n";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step += 13) {
		struct samplefile *f = samplefile_new();
		const struct sample *s;
		size_t n;

		assert_int_equal(feed(f, text, sizeof(text) - 1, step), 0);
		assert_int_equal(samplefile_end(f), 0);
		assert_null(samplefile_error(f));
		s = samplefile_samples(f, &n);
		assert_int_equal(n, 3);
		assert_string_equal(s[0].event, "mremap_4k");
		assert_int_equal(s[0].tid, 77);
		assert_int_equal(s[0].start_ns, 1000);
		assert_int_equal(s[0].end_ns, 2000);
		assert_true(s[0].addr == 0x7f0000000000);
		assert_int_equal(s[0].size, 4096);
		assert_int_equal(s[0].vcpus, 2);
		assert_string_equal(s[1].event, "thp_split");
		assert_true(s[1].addr == 140737488355327);
		assert_int_equal(s[1].page_size, 2097152);
		assert_int_equal(s[2].seq, 1);
		assert_ptr_equal(s[2].event, s[0].event);
		samplefile_free(f);
	}
}

static void only_header(void **state)
{
	struct samplefile *f = samplefile_new();

	(void)state;
	assert_int_equal(samplefile_feed(f, H, strlen(H)), 0);
	assert_int_equal(samplefile_end(f), 0);
	samplefile_free(f);
}

static const struct {
	const char *text;
	const char *error;
	size_t samples;		/* those before it */
} bad_files[] = {
	{ "", "line 1: the file ends before its header", 0 },
	{ "\n", "line 1: '' came where '#secmmu-samples 1' was due", 0 },
	{ "#secmmu-samples 2\n", "line 1: '#secmmu-samples 2' came", 0 },
	{ "#secmmu-samples 1\r\n", "line 1:", 0 },
	{ GOOD, "line 1:", 0 },
	{ MAGIC, "line 2: the file ends before its header", 0 },
	{ MAGIC GOOD, "line 2: 'mremap_4k,", 0 },
	{ "#secmmu-samples 1", "line 1: the file ends within", 0 },
	{ H GOOD "mremap_4k,1,7", "line 4: the file ends within the line", 1 },
	{ H GOOD "\n", "line 4: column 'seq' is missing", 1 },
	{ H "e,0,1,1,2,3,4,5\n", "line 3: column 'vcpus' is missing", 0 },
	{ H "e,0,1,1,2,3,4,5,6,7\n", "line 3: there are more than 9", 0 },
	{ H ",0,1,1,2,3,4,5,6\n", "line 3: event: ''", 0 },
	{ H "Bad,0,1,1,2,3,4,5,6\n", "line 3: event: 'Bad'", 0 },
	{ H "a23456789012345678901234567890123456789012,0,1,1,2,3,4,5,6\n",
	  "at most 40 long", 0 },
	{ H "e,0,0,1,2,3,4,5,6\n", "line 3: tid: '0'", 0 },
	{ H "e,0,1,-1,2,3,4,5,6\n", "line 3: start_ns: '-1'", 0 },
	{ H "e,0,1,1,9223372036854775808,3,4,5,6\n", "line 3: end_ns:", 0 },
	{ H "e,0,1,1,2,0xg,4,5,6\n", "line 3: addr: '0xg'", 0 },
	{ H "e,0,1,1,2,0x,4,5,6\n", "line 3: addr: '0x'", 0 },
	{ H "e,0,1,1,2,0x12345678901234567,4,5,6\n", "line 3: addr:", 0 },
	{ H "e,0,1,1,2,3,,5,6\n", "line 3: size: ''", 0 },
	{ H "e,0,1,1,2,3,0,5,6\n", "line 3: size: '0'", 0 },
	{ H "e,0,1,1,2,3,4,4k,6\n", "line 3: page_size: '4k'", 0 },
	{ H "e,0,1,1,2,3,4,5,4097\n", "line 3: vcpus: '4097'", 0 },
	{ H "e,0,1,1,2,3,4,5,6\r\n", "line 3: vcpus:", 0 },
	{ H "e,0,1,3,2,3,4,5,6\n", "line 3: end_ns is before start_ns", 0 },
	{ H "e,1,1,1,2,3,4,5,6\n", "line 3: seq: 1 of event 'e' came where 0", 0 },
	{ H GOOD GOOD, "line 4: seq: 0 of event 'mremap_4k' came where 1", 1 },
	/* It stays malformed whatever comes. */
	{ H "x\n" GOOD, "line 3: column 'seq' is missing", 0 },
};

static void bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_files); i++) {
		struct samplefile *f = samplefile_new();
		size_t n;

		feed(f, bad_files[i].text, strlen(bad_files[i].text), 5);
		assert_int_equal(samplefile_end(f), -1);
		samplefile_samples(f, &n);
		if (!strstr(samplefile_error(f), bad_files[i].error) ||
		    n != bad_files[i].samples)
			fail_msg("case %zu: '%s', %zu samples", i,
				 samplefile_error(f), n);
		samplefile_free(f);
	}
}

static void odd_bytes(void **state)
{
	struct samplefile *f = samplefile_new();
	char junk[1000];

	(void)state;
	assert_int_equal(feed(f, H "e,0\0,1,1,2,3,4,5,6\n", strlen(H) + 20, 3),
			 -1);
	assert_non_null(strstr(samplefile_error(f), "line 3: NUL byte"));
	samplefile_free(f);

	f = samplefile_new();
	memset(junk, 'x', sizeof(junk));
	samplefile_feed(f, H, strlen(H));
	assert_int_equal(samplefile_feed(f, junk, sizeof(junk)), -1);
	assert_non_null(strstr(samplefile_error(f), "line 3: longer than 255"));
	samplefile_free(f);
}

static void too_many_events(void **state)
{
	struct samplefile *f = samplefile_new();
	char line[64];
	int n = 0;

	(void)state;
	samplefile_feed(f, H, strlen(H));
	do {
		snprintf(line, sizeof(line), "e%d,0,1,1,2,3,4,5,6\n", n++);
	} while (!samplefile_feed(f, line, strlen(line)));
	assert_int_equal(n, 257);
	samplefile_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(only_header),
		cmocka_unit_test(bad),
		cmocka_unit_test(odd_bytes),
		cmocka_unit_test(too_many_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
