// SPDX-License-Identifier: GPL-2.0-only
/* junit.xml, as Jenkins and others read it. */
#include <stdlib.h>

#include "folder.h"
#include "formats.h"
#include "outcomes.h"
#include "utf8.h"
#include "util.h"

struct counts {
	size_t tests, failures, errors, skipped;
};

static void attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	utf8_xml(f, value);
	fputc('"', f);
}

static void count(struct counts *c, enum status s)
{
	c->tests++;
	c->failures += s == STATUS_FAIL;
	c->errors += s == STATUS_ERROR || s == STATUS_MISS;
	c->skipped += s == STATUS_SKIP;
}

/* The boot itself is one test: it may fail though all its tests passed. */
static struct counts count_boot(const struct outcome_boot *b)
{
	struct counts c = { 0 };

	count(&c, b->status);
	for (size_t i = 0; i < b->n; i++)
		count(&c, b->v[i].status);
	return c;
}

static void counts_attributes(FILE *f, const struct counts *c)
{
	fprintf(f, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		c->tests, c->failures, c->errors, c->skipped);
}

/* A test that broke and one that never ended are both errors: type tells. */
static void outcome_element(FILE *f, enum status status, const char *reason)
{
	const char *element = status == STATUS_FAIL ? "failure" :
			      status == STATUS_SKIP ? "skipped" : "error";

	if (status == STATUS_PASS)
		return;
	fprintf(f, "   <%s", element);
	if (status != STATUS_SKIP)
		attribute(f, "type", status_name(status));
	attribute(f, "message", reason);
	fputs("/>\n", f);
}

/*
 * Surefire's elements for it: flaky ones of what passed in the end, rerun ones of
 * what did not. Who does not know them reads the result alone.
 */
static void attempt_elements(FILE *f, const struct outcome *v)
{
	for (size_t i = 0; i < outcome_attempts(v); i++) {
		struct outcome_attempt a = outcome_attempt(v, i);
		char *message;

		/* It was another result of that attempt that was bad. */
		if (a.status <= STATUS_SKIP)
			continue;
		message = xasprintf("attempt %u: %s", a.number, a.reason);
		fprintf(f, "   <%s%s", v->status == STATUS_PASS ? "flaky" : "rerun",
			a.status == STATUS_FAIL ? "Failure" : "Error");
		attribute(f, "type", status_name(a.status));
		attribute(f, "message", message);
		fputs("/>\n", f);
		free(message);
	}
}

/* @v: the result, for its earlier attempts; NULL: of the boot itself. */
static void test_case(FILE *f, const char *class, const char *name, double s,
		      enum status status, const char *reason,
		      const struct outcome *v)
{
	fputs("  <testcase", f);
	attribute(f, "classname", class);
	attribute(f, "name", name);
	if (s > 0)
		fprintf(f, " time=\"%.3f\"", s);
	fputs(">\n", f);
	outcome_element(f, status, reason);
	if (v)
		attempt_elements(f, v);
	fputs("  </testcase>\n", f);
}

static void print_outcome(FILE *f, const struct outcome *v)
{
	char *class = xasprintf("%s%s.%s%s", v->arm, v->copy_b ? "-copy" : "",
				*v->test ? v->test : "(arm)",
				v->traced ? ".traced" : "");

	/* How long a single one took is known in the guest's clock only. */
	test_case(f, class, v->name, 0, v->status, v->reason, v);
	free(class);
}

static void print_findings(FILE *f, const struct outcome_boot *b)
{
	if (!b->n_findings)
		return;
	fputs("  <system-err>", f);
	for (size_t i = 0; i < b->n_findings; i++) {
		char *where = outcome_finding_where(&b->findings[i]);

		utf8_xml(f, b->findings[i].expected ? "expected " : "");
		utf8_xml(f, b->findings[i].kind);
		fputs(*where ? " " : "", f);
		utf8_xml(f, where);
		free(where);
		fputs(": ", f);
		utf8_xml(f, b->findings[i].line);
		utf8_xml(f, "\n");
	}
	fputs("</system-err>\n", f);
}

static void property(FILE *f, const char *name, const char *value)
{
	if (!value)
		return;
	fputs("   <property", f);
	attribute(f, "name", name);
	attribute(f, "value", value);
	fputs("/>\n", f);
}

static void print_properties(FILE *f, const struct folder *folder)
{
	const json_t *m = folder->manifest;
	const json_t *kernel = json_object_get(m, "kernel");
	char seed[24];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)folder->seed);
	fputs("  <properties>\n", f);
	property(f, "plan", folder->plan);
	property(f, "clock", folder->clock);
	property(f, "accel", folder->accel);
	property(f, "seed", seed);
	property(f, "kernel", json_string_value(json_object_get(kernel,
								"release")));
	property(f, "command", json_string_value(json_object_get(m,
								 "command")));
	fputs("  </properties>\n", f);
}

static void print_boot(FILE *f, const struct folder *folder,
		       const struct outcome_boot *b)
{
	struct counts c = count_boot(b);

	fputs(" <testsuite", f);
	attribute(f, "name", b->name);
	counts_attributes(f, &c);
	fprintf(f, " time=\"%.3f\">\n", b->seconds);
	print_properties(f, folder);
	for (size_t i = 0; i < b->n; i++)
		print_outcome(f, &b->v[i]);
	test_case(f, "boot", b->name, b->seconds, b->status, b->reason, NULL);
	print_findings(f, b);
	fputs(" </testsuite>\n", f);
}

static size_t never_ran(const struct outcomes *o)
{
	return o->folder->boots_planned > o->n_boots ?
	       o->folder->boots_planned - o->n_boots : 0;
}

/* The report of an interrupted run: what is missing is missing here, too. */
static void print_missing(FILE *f, const struct outcomes *o)
{
	const struct counts c = { .tests = never_ran(o), .errors = never_ran(o) };

	if (!c.tests)
		return;
	fputs(" <testsuite", f);
	attribute(f, "name", "boots that never ran");
	counts_attributes(f, &c);
	fputs(" time=\"0.000\">\n", f);
	for (size_t i = 0; i < c.tests; i++) {
		char *name = xasprintf("boot %zu of %zu", o->n_boots + i + 1,
				       o->folder->boots_planned);

		test_case(f, "boot", name, 0, STATUS_MISS, "it never ran", NULL);
		free(name);
	}
	fputs(" </testsuite>\n", f);
}

void junit_print(FILE *f, const struct outcomes *o)
{
	const char *id = json_string_value(json_object_get(o->folder->manifest,
							   "id"));
	struct counts all = { .tests = never_ran(o), .errors = never_ran(o) };
	struct counts c;
	double seconds = 0;

	for (size_t i = 0; i < o->n_boots; i++) {
		c = count_boot(&o->boots[i]);
		all.tests += c.tests;
		all.failures += c.failures;
		all.errors += c.errors;
		all.skipped += c.skipped;
		seconds += o->boots[i].seconds;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", f);
	attribute(f, "name", id ? id : o->folder->plan);
	counts_attributes(f, &all);
	fprintf(f, " time=\"%.3f\">\n", seconds);
	for (size_t i = 0; i < o->n_boots; i++)
		print_boot(f, o->folder, &o->boots[i]);
	print_missing(f, o);
	fputs("</testsuites>\n", f);
}
