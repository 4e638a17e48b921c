// SPDX-License-Identifier: GPL-2.0-only
/* summary.json: docs/results.md describes it field by field. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "jsonio.h"
#include "sites.h"
#include "scaling.h"
#include "summary.h"
#include "util.h"

static void set(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value)) {
		err("cannot make summary.json: \"%s\" is not UTF-8 or memory "
		    "is short", key);
		exit(ST_HARNESS);
	}
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *interval(const struct stat_interval *i)
{
	json_t *a;

	if (isnan(i->low))
		return json_null();
	a = json_array();
	json_array_append_new(a, json_real(i->low));
	json_array_append_new(a, json_real(i->high));
	return a;
}

static void set_cell(json_t *o, const struct folder *f, size_t cell)
{
	const struct cell *c;

	if (cell == ALL_CELLS) {
		set(o, "event", json_string("*"));
		set(o, "size", json_null());
		set(o, "page_size", json_null());
		set(o, "vcpus", json_null());
		return;
	}
	c = &f->cells[cell];
	set(o, "event", json_string(c->event));
	set(o, "size", count(c->size));
	set(o, "page_size", count(c->page_size));
	set(o, "vcpus", count(c->vcpus));
}

static json_t *measurement(const struct summary *s, const struct measurement *m)
{
	const struct series *series = &s->folder.series[m->series];
	const char copy[] = { series->copy, '\0' };
	json_t *o = json_object();

	set_cell(o, &s->folder, m->cell);
	set(o, "site", m->site ? json_string(m->site) : json_null());
	set(o, "metric", json_string(metric_name(m->metric)));
	set(o, "what", json_string(figure_what(s->folder.cells[m->cell].event,
					       m->metric)));
	set(o, "arm", json_string(series->arm));
	set(o, "copy", json_string(copy));
	set(o, "traced", json_boolean(m->metric != METRIC_SYSCALL));
	set(o, "n", count(m->n));
	set(o, "boots", count(m->boots));
	set(o, "p50", json_real(m->p50.mid));
	set(o, "p90", json_real(m->p90.mid));
	set(o, "p99", json_real(m->p99.mid));
	set(o, "max", json_real(m->max));
	set(o, "p50_ci", interval(&m->p50));
	set(o, "p90_ci", interval(&m->p90));
	set(o, "p99_ci", interval(&m->p99));
	set(o, "samples_beyond_p99", count(m->beyond_p99));
	return o;
}

static json_t *comparison(const struct summary *s, const struct comparison *c)
{
	const struct folder *f = &s->folder;
	json_t *o = json_object();

	set_cell(o, f, c->cell);
	set(o, "events", count(c->cells));
	set(o, "metric", json_string(metric_name(c->metric)));
	set(o, "statistic", json_string(statistic_name(c->statistic)));
	set(o, "a", json_string(f->series[c->a].arm));
	set(o, "b", json_string(f->series[c->b].arm));
	set(o, "boots", count(c->test.n));
	set(o, "ratio", jsonio_number(exp(c->test.mean)));
	set(o, "ci_low", jsonio_number(exp(c->test.low)));
	set(o, "ci_high", jsonio_number(exp(c->test.high)));
	set(o, "p", jsonio_number(c->test.p));
	set(o, "p_holm", jsonio_number(c->p_holm));
	set(o, "exact", json_boolean(c->test.exact));
	set(o, "verdict", json_string(stat_verdict_name(c->verdict)));
	set(o, "primary", json_boolean(c->primary));
	set(o, "boots_needed", c->boots_needed ? count(c->boots_needed) :
						 json_null());
	set(o, "samples_beyond_p99", c->statistic == STATISTIC_P99 ?
	    count(c->beyond_p99) : json_null());
	set(o, "reason", json_string(c->reason));
	return o;
}

static json_t *comparisons(const struct summary *s, const struct comparison *c,
			   size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(a, comparison(s, &c[i]));
	return a;
}

static json_t *growth(const struct summary *s, const struct scaling *c,
		      size_t arm)
{
	const struct folder *f = &s->folder;
	const struct cell *cell = &f->cells[c->cells[0]];
	const struct stat_test t = scaling_growth(f, c, arm);
	const struct scaling_shape shape = scaling_shape(f, c, arm);
	json_t *o = json_object(), *x = json_array(), *p50 = json_array();
	const struct measurement *m;
	char event[sizeof(cell->event)];
	size_t i;

	for (i = 0; i < c->n; i++) {
		m = summary_measured(s, c->cells[i], arm, METRIC_SYSCALL);
		json_array_append_new(x, count((uint64_t)scaling_x(f, c, i)));
		json_array_append_new(p50, m ? json_real(m->p50.mid) : json_null());
	}
	set(o, "event", json_string(scaling_event(event, f, c)));
	set(o, "by", json_string(scaling_by_name(c->by)));
	set(o, "page_size", count(cell->page_size));
	set(o, "size", c->by == BY_SIZE ? json_null() : count(cell->size));
	set(o, "vcpus", c->by == BY_VCPUS ? json_null() : count(cell->vcpus));
	set(o, "arm", json_string(f->series[arm].arm));
	set(o, "x", x);
	set(o, "p50", p50);
	set(o, "exponent", jsonio_number(t.mean));
	set(o, "ci_low", jsonio_number(t.low));
	set(o, "ci_high", jsonio_number(t.high));
	set(o, "last_slope", jsonio_number(shape.last_slope));
	set(o, "residual", jsonio_number(shape.residual));
	set(o, "bends", t.n ? json_boolean(shape.bends) : json_null());
	set(o, "boots", count(t.n));
	return o;
}

static json_t *growths(const struct summary *s)
{
	json_t *a = json_array();
	struct scaling *list;
	size_t n = scaling_find(&s->folder, &list), i, arm;

	for (i = 0; i < n; i++)
		for (arm = 0; arm < s->folder.n_arms; arm++)
			json_array_append_new(a, growth(s, &list[i], arm));
	free(list);
	return a;
}

static json_t *boots(const struct folder *f)
{
	json_t *a = json_array(), *o;
	size_t i;

	for (i = 0; i < f->n_boots; i++) {
		o = json_object();
		set(o, "boot", json_string(f->boots[i].name));
		set(o, "status", json_string(status_name(f->boots[i].status)));
		set(o, "reason", json_string(f->boots[i].reason));
		set(o, "cause", *f->boots[i].cause ?
		    json_string(f->boots[i].cause) : json_null());
		set(o, "used", json_boolean(f->boots[i].r != NULL));
		set(o, "lost_samples", count(f->boots[i].lost));
		set(o, "findings_dropped", count(f->boots[i].dropped));
		if (f->boots[i].attempts)
			set(o, "attempts", json_incref(f->boots[i].attempts));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *tests(const struct folder *f)
{
	json_t *a = json_array(), *o, *counts;
	enum status worst;
	size_t i;
	int k;

	for (i = 0; i < f->n_tallies; i++) {
		o = json_object();
		counts = json_object();
		worst = STATUS_PASS;
		for (k = 0; k < STATUSES; k++) {
			set(counts, status_name((enum status)k),
			    count(f->tallies[i].count[k]));
			if (f->tallies[i].count[k])
				worst = status_worst(worst, (enum status)k);
		}
		set(o, "test", json_string(f->tallies[i].test));
		set(o, "name", json_string(f->tallies[i].name));
		set(o, "arm", json_string(f->series[f->tallies[i].arm].arm));
		set(o, "status", json_string(status_name(worst)));
		set(o, "counts", counts);
		set(o, "reason", json_string(f->tallies[i].reason ?
					     f->tallies[i].reason : ""));
		set(o, "retried", count(f->tallies[i].retried));
		set(o, "retried_pass", count(f->tallies[i].retried_pass));
		set(o, "first_attempt", f->tallies[i].first_attempt ?
		    json_string(f->tallies[i].first_attempt) : json_null());
		json_array_append_new(a, o);
	}
	return a;
}

/* One count of an event in an arm: all of it, and by call. */
static json_t *counted(const struct counts_sum *c, enum count_kind kind)
{
	uint64_t total = counts_total(c, kind);
	struct stat_interval i;
	json_t *o;
	double *v;
	size_t n;

	if (total == COUNT_NONE)
		return json_null();
	v = xcalloc(c->n, sizeof(*v));
	n = counts_per_call(c, kind, v);
	i = stat_median_ci(v, n);
	free(v);
	o = json_object();
	set(o, "total", count(total));
	set(o, "per_call", jsonio_number(i.mid));
	set(o, "per_call_ci", interval(&i));
	return o;
}

static json_t *counts(const struct folder *f)
{
	json_t *a = json_array(), *o;
	const struct tally *t;
	size_t i;
	int k;

	for (i = 0; i < f->n_tallies; i++) {
		t = &f->tallies[i];
		if (!t->counts.n && !t->traced.n)
			continue;
		o = json_object();
		set(o, "test", json_string(t->test));
		set(o, "event", json_string(t->name));
		set(o, "arm", json_string(f->series[t->arm].arm));
		set(o, "boots", count(t->counts.n ? t->counts.n : t->traced.n));
		set(o, "calls", t->counts.n ?
		    count(counts_total(&t->counts, COUNT_CALLS)) : json_null());
		set(o, "traced_calls", t->traced.n ?
		    count(counts_total(&t->traced, COUNT_CALLS)) : json_null());
		for (k = COUNT_CALLS + 1; k < COUNT_KINDS; k++)
			set(o, count_name((enum count_kind)k),
			    counted(tally_counts(t, (enum count_kind)k, false),
				    (enum count_kind)k));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *count_comparison(const struct folder *f,
				const struct count_comparison *c)
{
	json_t *o = json_object();

	set(o, "test", json_string(c->ta->test));
	set(o, "event", json_string(c->ta->name));
	set(o, "count", json_string(count_name(c->kind)));
	set(o, "what", json_string(count_title(c->kind)));
	set(o, "a", json_string(f->series[c->a].arm));
	set(o, "b", json_string(f->series[c->b].arm));
	set(o, "boots", count(c->test.n));
	set(o, "a_per_call", jsonio_number(c->per_call_a));
	set(o, "b_per_call", jsonio_number(c->per_call_b));
	count_test_json(o, &c->test, c->p_holm, c->verdict, c->boots_needed);
	return o;
}

static json_t *count_comparisons(const struct summary *s, bool aa)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->n_counts; i++)
		if (s->counts[i].aa == aa)
			json_array_append_new(a, count_comparison(&s->folder,
								  &s->counts[i]));
	return a;
}

static json_t *sites(const struct folder *f)
{
	json_t *a = json_array(), *o;
	const struct series *series;
	size_t i;

	for (i = 0; i < f->n_sites; i++) {
		series = &f->series[f->sites[i].series];
		if (series->copy != 'a')
			continue;
		o = json_object();
		set_cell(o, f, f->sites[i].cell);
		set(o, "site", json_string(f->sites[i].name));
		set(o, "arm", json_string(series->arm));
		set(o, "n", count(f->sites[i].count));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *text_or_null(const char *s)
{
	return *s ? json_string(s) : json_null();
}

static json_t *findings(const struct folder *f)
{
	json_t *a = json_array(), *o;
	const struct folder_finding *x;
	size_t i;

	for (i = 0; i < f->n_findings; i++) {
		x = &f->findings[i];
		o = json_object();
		set(o, "boot", json_string(x->boot));
		set(o, "kind", json_string(x->kind));
		set(o, "line", json_string(x->text));
		set(o, "fingerprint", text_or_null(x->fingerprint));
		set(o, "mark", json_string(x->mark));
		set(o, "slot", x->slot < 0 ? json_null() :
					     count((uint64_t)x->slot));
		set(o, "arm", text_or_null(x->arm));
		set(o, "copy", text_or_null(x->copy));
		set(o, "test", text_or_null(x->test));
		set(o, "traced", *x->test ? json_boolean(x->traced) :
					    json_null());
		set(o, "expected", json_boolean(x->expected));
		set(o, "count", count(x->count));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *strings(char **v, size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(a, json_string(v[i]));
	return a;
}

/* What the manifest says about the run, as it stands there. */
static void copy_manifest(json_t *o, const struct folder *f)
{
	static const char *const keys[] = {
		"id", "started", "command", "kernel", "toolchain", "qemu",
		"cpu", "host", "plan_spec",
	};
	json_t *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		v = json_object_get(f->manifest, keys[i]);
		set(o, keys[i], v ? json_incref(v) : json_null());
	}
}

json_t *summary_json(const struct summary *s)
{
	const struct folder *f = &s->folder;
	json_t *o = json_object(), *arms = json_array(), *list = json_array();
	json_t *why = json_object_get(json_object_get(f->manifest, "accel"),
				      "why");
	size_t i;

	set(o, "schema", json_integer(SUMMARY_SCHEMA));
	set(o, "plan", json_string(f->plan));
	copy_manifest(o, f);
	set(o, "accel", json_string(f->accel));
	set(o, "accel_why", json_is_string(why) ? json_incref(why) : json_null());
	set(o, "clock", json_string(f->clock));
	set(o, "seed", count(f->seed));
	set(o, "boots", count(f->n_used));
	set(o, "boots_planned", count(f->boots_planned));
	set(o, "boots_excluded", count(f->n_boots - f->n_used));
	set(o, "boot_list", boots(f));
	for (i = 0; i < f->n_arms; i++)
		json_array_append_new(arms, json_string(f->series[i].arm));
	set(o, "arms", arms);
	set(o, "warnings", strings(s->warnings, s->n_warnings));
	set(o, "tests", tests(f));
	for (i = 0; i < s->n_measurements; i++)
		json_array_append_new(list, measurement(s, &s->measurements[i]));
	set(o, "measurements", list);
	set(o, "comparisons", comparisons(s, s->comparisons, s->n_comparisons));
	set(o, "aa", comparisons(s, s->aa, s->n_aa));
	set(o, "aa_broken", json_boolean(s->aa_broken));
	set(o, "tracing", comparisons(s, s->tracing, s->n_tracing));
	set(o, "scaling", growths(s));
	set(o, "counts", counts(f));
	set(o, "count_comparisons", count_comparisons(s, false));
	set(o, "count_aa", count_comparisons(s, true));
	set(o, "sites", sites(f));
	set(o, "call_sites", s->call_sites ? sites_json(s->call_sites) :
					     json_null());
	set(o, "samples", count(f->samples));
	set(o, "lost_samples", count(f->lost));
	set(o, "kernel_findings", findings(f));
	return o;
}

int summary_write(const struct summary *s)
{
	char *path = xasprintf("%s/summary.json", s->folder.dir);
	json_t *o = summary_json(s);
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
	char *line = xasprintf("%s\n", text ? text : "");
	int ret = -1;

	if (text)
		ret = write_file(path, line, strlen(line));
	else
		err("cannot make %s: out of memory", path);
	free(line);
	free(text);
	free(path);
	json_decref(o);
	return ret;
}
