// SPDX-License-Identifier: GPL-2.0-only
/* Coverage in report.html: every call site of the kernel, and who fired it. */
#include "report_parts.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "sites_int.h"
#include "strs.h"
#include "util.h"

/* The verdicts' colours say these as well. */
static const char *const classes[] = {
	[SITE_COVERED] = "PASS",
	[SITE_FAILED] = "FAIL",
	[SITE_LATER] = "SKIP",
	[SITE_EXPLAINED] = "SKIP",
	[SITE_UNCOVERED] = "MISS",
};

static bool invalidates(const struct site_row *r)
{
	return !strcmp(r->site->call, "invalidate");
}

/* "31 of 34 calls that invalidate": fired, and the oracles passed. */
static void count(FILE *o, const struct sites *s, bool invalidate,
		  const char *what)
{
	size_t n = 0, covered = 0;

	for (size_t i = 0; i < s->found.n; i++) {
		if (invalidates(&s->v[i]) != invalidate)
			continue;
		n++;
		covered += s->v[i].state == SITE_COVERED;
	}
	fprintf(o, "%zu of %zu functions that %s", covered, n, what);
}

/* What the oracles of an arm said: the worst, and how often it was fired. */
static void arm_cell(FILE *o, const struct site_row *r, size_t arm)
{
	enum status worst = STATUS_PASS;
	uint64_t first = 0;

	for (size_t i = 0; i < r->n_hits; i++) {
		const struct site_hit *h = &r->hits[i];

		if (h->arm != arm || !h->first)
			continue;
		first += h->first;
		worst = status_worst(worst, h->status);
	}
	if (first)
		fprintf(o, "<td class=\"l\"><span class=\"v %s\">%s</span> %llu</td>",
			status_name(worst), status_name(worst),
			(unsigned long long)first);
	else
		fprintf(o, "<td class=\"l\">–</td>");
}

/* The events that fired it, or why none did. */
static void by_cell(FILE *o, const struct site_row *r)
{
	struct strs events = { 0 };
	char *reason = site_reason(r), *text;

	for (size_t i = 0; i < r->n_hits; i++) {
		const struct site_hit *h = &r->hits[i];
		const char *name = *h->event ? h->event : h->test;

		if (h->first && !strs_has(&events, name))
			strs_add(&events, name, strlen(name));
	}
	text = strs_join(&events);
	html_printf(o, "<td class=\"l wrap\">%s%s%s</td></tr>\n", text,
		    *text && reason ? "; " : "", reason ? reason : "");
	free(text);
	free(reason);
	strs_free(&events);
}

static void row(FILE *o, const struct sites *s, size_t i)
{
	const struct site_row *r = &s->v[i];
	const char *state = site_state_name(r->state);

	fprintf(o, "<tr><td>%zu</td>", i + 1);
	html_printf(o, "<th class=\"l\" scope=\"row\"><code>%s</code><br>"
		    "<span class=\"note\">%s</span></th><td class=\"l\">%s</td>"
		    "<td class=\"l\"><span class=\"v %s\">%s</span></td>",
		    r->site->function, r->site->file, r->site->call,
		    classes[r->state], state);
	for (size_t arm = 0; arm < s->folder->n_arms; arm++)
		arm_cell(o, r, arm);
	if (s->beside_run)
		fprintf(o, "<td>%llu</td>", (unsigned long long)r->beside_calls);
	by_cell(o, r);
}

static void table(FILE *o, const struct sites *s)
{
	fprintf(o, TABLE("Coverage of call sites") "<thead><tr><th scope=\"col\">"
		"nr</th><th class=\"l\" scope=\"col\">function</th><th class=\"l\" "
		"scope=\"col\">call</th><th class=\"l\" scope=\"col\">state</th>");
	for (size_t arm = 0; arm < s->folder->n_arms; arm++)
		html_printf(o, "<th class=\"l\" scope=\"col\">%s</th>",
			    s->folder->series[arm].arm);
	if (s->beside_run)
		html_printf(o, "<th scope=\"col\">%s</th>", s->beside_plan);
	fprintf(o, "<th class=\"l\" scope=\"col\">fired by, or why not</th></tr>"
		"</thead><tbody>\n");
	for (size_t i = 0; i < s->found.n; i++)
		row(o, s, i);
	fprintf(o, "</tbody></table></div>\n");
}

static void strangers(FILE *o, const struct sites *s)
{
	for (size_t i = 0; i < s->n_strangers; i++)
		html_printf(o, "<p class=\"note\"><code>%s</code> (%s) was fired, "
			    "and is not in the source: an alias is missing in "
			    "configs/sites.ini.</p>\n", s->strangers[i].name,
			    s->strangers[i].call);
}

void report_sites(FILE *o, const struct summary *sum)
{
	const struct sites *s = sum->call_sites;

	fprintf(o, "<h2 id=\"coverage\">Coverage</h2>\n");
	if (!s) {
		fprintf(o, "<p>The kernel's call sites were not recorded with this "
			"run; <code>secmmu sites</code> adds them.</p>\n");
		return;
	}
	fprintf(o, "<p>Fired on memory that a live guest had mapped, and the oracle "
		"passed: ");
	count(o, s, true, "invalidate");
	fprintf(o, ", ");
	count(o, s, false, "age");
	html_printf(o, ".</p>\n<p class=\"note\">Every function that calls an MMU "
		    "notifier in the source of %s, which is where this list comes "
		    "from; so one that nobody thought of is missed here. Per arm: "
		    "what the oracle said, the worst of all boots, and how many "
		    "calls were the first to take away, or aged, memory of the "
		    "guest. make sites runs every event there is.</p>\n",
		    s->found.kernel ? s->found.kernel : "the kernel");
	if (s->beside_run)
		html_printf(o, "<p class=\"note\">Beside them, in the column %s: "
			    "calls on a guest's memory in another run, %s, whose "
			    "tests do not look at what the guest sees.</p>\n",
			    s->beside_plan, s->beside_run);
	table(o, s);
	strangers(o, s);
}
