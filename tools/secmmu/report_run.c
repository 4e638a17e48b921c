// SPDX-License-Identifier: GPL-2.0-only
/* The run in report.html: sites, tests, boots, findings, machine, method. */
#include "report_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "words.h"
#include "util.h"

static uint64_t site_count(const struct folder *f, size_t cell, size_t arm,
			   const char *name)
{
	size_t i;

	for (i = 0; i < f->n_sites; i++)
		if (f->sites[i].cell == cell && f->sites[i].series == arm &&
		    !strcmp(f->sites[i].name, name))
			return f->sites[i].count;
	return 0;
}

/* Whether an earlier entry has the same cell and name. */
static bool site_seen(const struct folder *f, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (f->sites[i].cell == f->sites[n].cell &&
		    !strcmp(f->sites[i].name, f->sites[n].name))
			return true;
	return false;
}

static void sites(FILE *o, const struct folder *f)
{
	char label[WORD_MAX];
	size_t i, arm, cell;

	fprintf(o, "<h2 id=\"sites\">Call sites</h2>\n<p class=\"note\">Which function "
		"called the notifier, as traced at the call, and how often; +N: N "
		"more notifier calls followed in the same system call.</p>\n");
	if (!f->n_sites) {
		fprintf(o, "<p>No call site was traced.</p>\n");
		return;
	}
	fprintf(o, TABLE("Call sites") "<thead><tr><th scope=\"col\">event"
		"</th><th class=\"l\" scope=\"col\">site</th>");
	for (arm = 0; arm < f->n_arms; arm++)
		html_printf(o, "<th scope=\"col\">%s</th>", f->series[arm].arm);
	fprintf(o, "</tr></thead><tbody>\n");
	for (cell = 0; cell < f->n_cells; cell++)
		for (i = 0; i < f->n_sites; i++) {
			if (f->sites[i].cell != cell || site_seen(f, i))
				continue;
			html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\">"
				    "<code>%s</code></td>",
				    word_cell(label, f, cell), f->sites[i].name);
			for (arm = 0; arm < f->n_arms; arm++)
				fprintf(o, "<td>%llu</td>", (unsigned long long)
					site_count(f, cell, arm, f->sites[i].name));
			fprintf(o, "</tr>\n");
		}
	fprintf(o, "</tbody></table></div>\n");
}

static const struct tally *tally_of(const struct folder *f, const char *test,
				    const char *name, size_t arm)
{
	const struct tally *t = f->tallies;

	for (size_t i = 0; i < f->n_tallies; i++, t++)
		if (t->arm == arm && !strcmp(t->test, test) &&
		    !strcmp(t->name, name))
			return t;
	return NULL;
}

static void tally_cell(FILE *o, const struct tally *t)
{
	int k, n = 0;

	fprintf(o, "<td class=\"l\">");
	for (k = STATUSES - 1; t && k >= 0; k--)
		if (t->count[k])
			fprintf(o, "%s<span class=\"v %s\">%s %u</span>",
				n++ ? " " : "", status_name((enum status)k),
				status_name((enum status)k), t->count[k]);
	if (t && t->retried)
		fprintf(o, " (%u retried)", t->retried);
	fprintf(o, "%s</td>", n ? "" : "–");
}

static void tests(FILE *o, const struct folder *f)
{
	const struct tally *t;
	size_t i, arm, k;

	fprintf(o, "<h2 id=\"tests\">Tests</h2>\n<p class=\"note\">How often each ended "
		"how, over all boots, used or not. A test runs twice in a slot, "
		"without and with tracepoints, and counts both times.</p>\n"
		TABLE("Tests") "<thead><tr><th scope=\"col\">test</th>"
		"<th class=\"l\" scope=\"col\">case</th>");
	for (arm = 0; arm < f->n_arms; arm++)
		html_printf(o, "<th class=\"l\" scope=\"col\">%s</th>",
			    f->series[arm].arm);
	fprintf(o, "</tr></thead><tbody>\n");
	for (i = 0; i < f->n_tallies; i++) {
		t = &f->tallies[i];
		for (k = 0; k < i; k++)
			if (!strcmp(f->tallies[k].test, t->test) &&
			    !strcmp(f->tallies[k].name, t->name))
				break;
		if (k < i)
			continue;
		html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\">%s</td>",
			    t->test, t->name);
		for (arm = 0; arm < f->n_arms; arm++)
			tally_cell(o, tally_of(f, t->test, t->name, arm));
		fprintf(o, "</tr>\n");
	}
	fprintf(o, "</tbody></table></div>\n");
	for (i = 0; i < f->n_tallies; i++) {
		t = &f->tallies[i];
		if (t->reason && *t->reason)
			html_printf(o, "<p class=\"note\"><code>%s %s</code> in %s: "
				    "%s</p>\n", t->test, t->name,
				    f->series[t->arm].arm, t->reason);
		if (!t->retried)
			continue;
		html_printf(o, "<p class=\"note\"><code>%s %s</code> in %s", t->test,
			    t->name, f->series[t->arm].arm);
		fprintf(o, " took more than one attempt %u times, and is PASS in %u of "
			"them only because of that.", t->retried, t->retried_pass);
		html_printf(o, " First attempt: %s</p>\n", t->first_attempt);
	}
}

static void boots(FILE *o, const struct folder *f)
{
	const struct folder_boot *b;

	fprintf(o, "<h3>Boots</h3>" TABLE("Boots") "<thead><tr>"
		"<th scope=\"col\">boot</th><th class=\"l\" scope=\"col\">status</th>"
		"<th class=\"l\" scope=\"col\">measurements</th>"
		"<th scope=\"col\">lost samples</th><th class=\"l\" scope=\"col\">reason"
		"</th></tr></thead><tbody>\n");
	for (b = f->boots; b < f->boots + f->n_boots; b++) {
		html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\"><span "
			    "class=\"v %s\">%s</span></td><td class=\"l\">%s</td>",
			    b->name, status_name(b->status),
			    status_name(b->status), b->r ? "used" : "left out");
		fprintf(o, "<td>%llu</td>", (unsigned long long)b->lost);
		html_printf(o, "<td class=\"l wrap\">%s</td></tr>\n", b->reason);
	}
	fprintf(o, "</tbody></table></div>\n");
}

static void findings(FILE *o, const struct folder *f)
{
	char *where;
	size_t i;

	fprintf(o, "<h2 id=\"kernel\">Kernel findings</h2>\n");
	if (!f->n_findings) {
		fprintf(o, "<p>None: no warning, lockdep report, stall or oops on "
			"the console of any boot.</p>\n");
		return;
	}
	fprintf(o, TABLE("Kernel findings") "<thead><tr><th scope=\"col\">boot"
		"</th><th class=\"l\" scope=\"col\">kind</th><th class=\"l\" "
		"scope=\"col\">line</th><th class=\"l\" scope=\"col\">arm and test</th>"
		"<th class=\"l\" scope=\"col\">during</th></tr>"
		"</thead><tbody>\n");
	for (i = 0; i < f->n_findings; i++) {
		where = finding_where(&f->findings[i]);
		html_printf(o, "<tr><th scope=\"row\">%s</th><td class=\"l\">%s%s</td>"
			    "<td class=\"l wrap\"><code>%s</code></td>"
			    "<td class=\"l wrap\">%s</td><td class=\"l wrap\">%s</td></tr>\n",
			    f->findings[i].boot, f->findings[i].kind,
			    f->findings[i].expected ? ", expected" : "",
			    f->findings[i].text, where, f->findings[i].mark);
		free(where);
	}
	fprintf(o, "</tbody></table></div>\n");
}

/* One line of the list: a string or number of the manifest as it stands. */
static void term(FILE *o, const char *name, const json_t *v)
{
	char *text;

	if (!v || json_is_null(v))
		return;
	text = json_is_string(v) ? xstrdup(json_string_value(v)) :
				   json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT |
					      JSON_REAL_PRECISION(10));
	html_printf(o, "<dt>%s</dt><dd>%s</dd>\n", name, text ? text : "");
	free(text);
}

static void terms(FILE *o, const char *name, const json_t *object)
{
	const char *key;
	json_t *v;
	char *full;

	if (!json_is_object(object)) {
		term(o, name, object);
		return;
	}
	json_object_foreach((json_t *)object, key, v) {
		full = xasprintf("%s %s", name, key);
		term(o, full, v);
		free(full);
	}
}

static void machine(FILE *o, const struct folder *f)
{
	static const char *const keys[] = {
		"id", "started", "cpu", "host", "accel", "clock", "seed",
		"kernel", "toolchain", "qemu",
	};
	size_t i;

	fprintf(o, "<h2 id=\"machine\">Machine</h2>\n<dl>\n");
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		terms(o, keys[i], json_object_get(f->manifest, keys[i]));
	fprintf(o, "</dl>\n");
}

static void method(FILE *o, const struct folder *f)
{
	fprintf(o, "<h2 id=\"method\">Method</h2>\n"
		"<p>The boot is the unit. Within each boot the arms run in random "
		"order, and each test of an arm first without tracepoints, then "
		"with them. The times of events are those without: tracepoints add to "
		"every arm, more to one than to another (stock has none for the "
		"lock), and hide a part of what differs. Each arm's samples of an event become one number, their "
		"median or p99; arms are paired within the boot as a log-ratio. "
		"Over the boots an exact sign-flip permutation test gives p, and "
		"the shifts it does not reject are the 95 %% interval (above 20 "
		"boots with random flips, from the run's seed). p is corrected by "
		"Holm's method among the events of a pair, metric and statistic; "
		"the primary comparison, fixed beforehand, stands alone. Counts are "
		"compared alike, as differences.</p>\n"
		"<p>All this is within one run. Boots of two runs (<code>secmmu compare "
		"OLD NEW</code>) are no pairs: that test rests on the runs scattering "
		"alike, and sees less.</p>\n"
		"<p><em>Same</em>: the interval lies within ±%g %%. "
		"<em>Faster</em>, <em>slower</em>: p at most 0.05. "
		"<em>Underpowered</em>: neither was shown; fewer than 6 boots "
		"cannot show anything at 95 %%. Boots needed are an estimate from "
		"the spread seen. Verdicts of <em>same</em> are not corrected for "
		"their number.</p>\n"
		"<p class=\"note\">%llu samples read. docs/statistics.md has the "
		"sources and limits, summary.json every number shown here.</p>\n",
		100 * f->margin, (unsigned long long)f->samples);
}

static void repeat(FILE *o, const struct folder *f)
{
	const char *c = json_string_value(json_object_get(f->manifest,
							  "command"));

	html_printf(o, "<h2 id=\"repeat\">Repeat this run</h2>\n<pre>%s</pre>\n",
		    c ? c : "not recorded");
}

void report_run(FILE *o, const struct folder *f)
{
	sites(o, f);
	tests(o, f);
	boots(o, f);
	findings(o, f);
	machine(o, f);
	method(o, f);
	repeat(o, f);
}
