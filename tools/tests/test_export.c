// SPDX-License-Identifier: GPL-2.0-only
/* Export to CSV and JSON, read back by a reader of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#include "export.h"
#include "folder.h"

#include "madeup.h"
#include "scratch.h"

#define SMALL "--boots 3 --fail 2 --samples 4 --events 2 "
#define COLUMNS 25	/* of the samples, which are more */
#define BOOT_COLUMNS 21
/* 6 slots, 2 events; 4 samples without tracepoints, 2 with; 2 boots that passed */
#define SAMPLES (6 * 2 * (4 + 2) * 2)

/* 9 metrics, none of reading; stock has nothing of the lock. */
#define FIGURES (2 * 2 * (5 * 9 + 4))

/* Reading CSV as RFC 4180 has it, but for lines that end with LF. */

struct table {
	char *text;
	char *fields[4000][COLUMNS];
	size_t columns;
	size_t rows;
	bool broken;		/* a row of another number of fields, a stray quote */
};

/* Cut one field off @p, in place; @end: the character after it. */
static char *field(char **p, char *end, bool *broken)
{
	char *from = *p, *start = *p, *to = *p;

	if (*from != '"') {
		from += strcspn(from, ",\n");
		*broken |= memchr(start, '"', (size_t)(from - start)) != NULL;
		*end = *from;
		*from = '\0';
		*p = from + 1;
		return start;
	}
	for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
		from += *from == '"';
		*to++ = *from;
	}
	from += *from == '"';
	*broken |= *from != ',' && *from != '\n';
	*end = *from;
	*to = '\0';
	*p = from + 1;
	return start;
}

static void parse_csv(struct table *t, char *text)
{
	size_t column;
	char *p = text, end = 0;

	t->text = text;
	t->rows = 0;
	t->broken = false;
	while (*p && t->rows < ARRAY_SIZE(t->fields)) {
		for (column = 0, end = ','; end == ',' && column < t->columns; column++)
			t->fields[t->rows][column] = field(&p, &end, &t->broken);
		t->broken |= column != t->columns || end != '\n';
		if (t->broken)
			return;
		t->rows++;
	}
}

static struct table table;

static void read_csv(const char *dir, enum export_what what)
{
	char *text;
	size_t len;
	FILE *f;

	free(table.text);
	f = open_memstream(&text, &len);
	assert_int_equal(export_write(dir, what, EXPORT_CSV, f), ST_OK);
	fclose(f);
	table.columns = what == EXPORT_SAMPLES ? COLUMNS : BOOT_COLUMNS;
	parse_csv(&table, text);
	assert_false(table.broken);
}

static json_t *read_json(const char *dir, enum export_what what)
{
	char *text;
	size_t len;
	json_t *j;
	FILE *f;

	f = open_memstream(&text, &len);
	assert_int_equal(export_write(dir, what, EXPORT_JSON, f), ST_OK);
	fclose(f);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	assert_true(json_is_array(j));
	return j;
}

/* Each row of CSV is the object of JSON at the same place. */
static void assert_same(const char *dir, enum export_what what, size_t rows)
{
	json_t *j = read_json(dir, what), *o, *v;
	size_t i, c;
	char *s;

	read_csv(dir, what);
	assert_int_equal(table.rows, rows + 1);
	assert_int_equal(json_array_size(j), rows);
	json_array_foreach(j, i, o) {
		assert_int_equal(json_object_size(o), table.columns);
		for (c = 0; c < table.columns; c++) {
			v = json_object_get(o, table.fields[0][c]);
			s = table.fields[i + 1][c];
			assert_non_null(v);
			if (json_is_string(v))
				assert_string_equal(s, json_string_value(v));
			else if (json_is_null(v))
				assert_string_equal(s, "");
			else
				assert_true(strtod(s, NULL) == json_number_value(v));
		}
	}
	json_decref(j);
}

static void csv_and_json_agree(void **state)
{
	(void)state;
	make_up("r", 1, SMALL);
	assert_same("r", EXPORT_SAMPLES, SAMPLES);
	assert_same("r", EXPORT_BOOTS, FIGURES);
}

/* What is in samples.csv comes out, with run and boot before it. */
static void samples_as_they_are(void **state)
{
	char *raw = read_file("r/boot-000/samples.csv", NULL), *line, *rest = raw;
	char *have;
	size_t i, c;

	(void)state;
	read_csv("r", EXPORT_SAMPLES);
	for (i = 0; (line = strsep(&rest, "\n")) && *line; i++) {
		have = xstrdup("");
		for (c = 2; c < COLUMNS; c++) {
			char *more = xasprintf("%s%s%s", have, c > 2 ? "," : "",
					       table.fields[i][c]);

			free(have);
			have = more;
		}
		assert_string_equal(have, line);
		free(have);
		if (i) {
			assert_string_equal(table.fields[i][0], "synthetic");
			assert_string_equal(table.fields[i][1], "boot-000");
		}
	}
	assert_int_equal(i, SAMPLES / 2 + 1);
	/* boot-001 did not pass. */
	assert_string_equal(table.fields[i][1], "boot-002");
	free(raw);
}

/* Of a run of before the modes were told apart: the same columns, empty. */
static void older_samples(void **state)
{
	size_t figures = 2 * 2 * (5 * 6 + 4);

	(void)state;
	make_up("old", 1, SMALL "--old 1 ");
	assert_same("old", EXPORT_SAMPLES, SAMPLES);
	assert_string_equal(table.fields[0][20], "read_wait_ns");
	for (size_t i = 1; i < table.rows; i++)
		for (size_t c = 20; c < COLUMNS; c++)
			assert_string_equal(table.fields[i][c], "");
	assert_same("old", EXPORT_BOOTS, figures);
}

static void figures_are_the_reports(void **state)
{
	const struct reduced *r;
	struct folder f;

	(void)state;
	read_csv("r", EXPORT_BOOTS);
	assert_int_equal(folder_load("r", &f), 0);
	r = folder_get(&f, 0, 0, 0, METRIC_SYSCALL);
	assert_string_equal(table.fields[1][6], "stock");
	assert_string_equal(table.fields[1][12], "syscall");
	assert_string_equal(table.fields[1][20], "system call time");
	assert_int_equal(strtoul(table.fields[1][14], NULL, 10), r->n);
	assert_true(strtod(table.fields[1][15], NULL) == r->p50);
	assert_true(fabs(strtod(table.fields[1][17], NULL) / r->p99 - 1) < 1e-14);
	assert_true(strtod(table.fields[1][18], NULL) == r->max);
	folder_free(&f);
}

/* Commas, quotes and line ends come back as they were. */
static void quotes(void **state)
{
	static const char hard[] = "a,\"b\"\r\nc,,\"\"";

	(void)state;
	make_up("q", 1, SMALL);
	edit("q/manifest.json", NULL, "id", "\"a,\\\"b\\\"\\r\\nc,,\\\"\\\"\"");
	edit("q/manifest.json", "kernel", "release", "\"plain name\"");
	assert_same("q", EXPORT_SAMPLES, SAMPLES);
	assert_string_equal(table.fields[1][0], hard);
	read_csv("q", EXPORT_BOOTS);
	assert_string_equal(table.fields[1][0], hard);
	assert_string_equal(table.fields[1][2], "plain name");
	/* A folder that does not say: empty, and null. */
	edit("q/manifest.json", NULL, "id", "null");
	assert_same("q", EXPORT_BOOTS, FIGURES);
	assert_string_equal(table.fields[1][0], "");
}

/* The planted faults: fields that were not quoted, or not as they should be. */
static void bad_quoting_is_seen(void **state)
{
	static const char *const bad[] = {
		"a,\"b\n", "a,b\n", "\"a\"b,", "\"a",
	};
	static struct table t = { .columns = BOOT_COLUMNS };
	char *line;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		line = xasprintf("%s,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20\n",
				 bad[i]);
		parse_csv(&t, line);
		assert_true(t.broken);
		free(line);
	}
	line = xstrdup("\"a,\n\",1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20\n");
	parse_csv(&t, line);
	assert_true(!t.broken && t.rows == 1);
	assert_string_equal(t.fields[0][0], "a,\n");
	free(line);
}

static void files(void **state)
{
	char *text;
	int ret;

	(void)state;
	assert_int_equal(export_file("r", EXPORT_BOOTS, EXPORT_CSV, "boots.csv"), ST_OK);
	text = read_file("boots.csv", NULL);
	assert_int_equal(strncmp(text, "run,plan,kernel,", 16), 0);
	free(text);
	/* Of a damaged folder nothing appears, and what was there stays. */
	assert_int_equal(system("cp -r r torn; truncate -s -9 torn/boot-002/samples.csv"), 0);
	listen_begin();
	ret = export_file("torn", EXPORT_SAMPLES, EXPORT_JSON, "torn.json");
	listen_end();
	assert_int_equal(ret, ST_USAGE);
	assert_said("torn/boot-002/samples.csv");
	assert_false(path_exists("torn.json") || path_exists("torn.json.tmp"));
	/* Cut at the end of a line it looks whole. */
	make_up("cut", 1, "--boots 1 --hashes 1");
	assert_int_equal(export_file("cut", EXPORT_SAMPLES, EXPORT_JSON, "cut.json"), ST_OK);
	assert_int_equal(system("sed -i '$d' cut/boot-000/samples.csv && rm cut.json"), 0);
	listen_begin();
	ret = export_file("cut", EXPORT_SAMPLES, EXPORT_JSON, "cut.json");
	listen_end();
	assert_int_equal(ret, ST_USAGE);
	assert_said("cut/boot-000/samples.csv: not as it was when the boot ended");
	assert_false(path_exists("cut.json") || path_exists("cut.json.tmp"));
	listen_begin();
	ret = export_file("r", EXPORT_SAMPLES, EXPORT_JSON, "no/where.json");
	listen_end();
	assert_int_equal(ret, ST_HARNESS);
	assert_said("no/where.json.tmp");
}

/* A disk that is full: said once, in one line. */
static void full_disk(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	int ret, what;

	(void)state;
	make_up("large", 1, "--boots 1 --samples 400 --events 2");
	for (what = EXPORT_SAMPLES; what <= EXPORT_BOOTS; what++) {
		listen_begin();
		ret = export_write("large", (enum export_what)what, EXPORT_CSV, f);
		listen_end();
		assert_int_equal(ret, ST_HARNESS);
		assert_said(what == EXPORT_SAMPLES ? "could not be written" :
						     "cannot write the export");
	}
	fclose(f);
}

static int teardown(void **state)
{
	free(table.text);
	return scratch_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_and_json_agree),
		cmocka_unit_test(samples_as_they_are),
		cmocka_unit_test(older_samples),
		cmocka_unit_test(figures_are_the_reports),
		cmocka_unit_test(quotes),
		cmocka_unit_test(bad_quoting_is_seen),
		cmocka_unit_test(files),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("export", tests, scratch_setup, teardown);
}
