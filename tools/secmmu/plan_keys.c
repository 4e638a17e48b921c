// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a plan and what values they may have. */
#include "plan_keys.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "samplefile.h"
#include "suggest.h"
#include "util.h"

#define PROGRAM_MAX	64
#define BLANKS		" \t"
#define NODES_MAX	8
#define MIX_MAX		1000
#define RETRIES_MAX	9
#define VCPUS_MAX	16	/* of a selftest, as are the two below */
#define SIZE_STEP	4096
#define SIZE_MAX_BYTES	(1u << 30)

int plan_bad(const struct plan_loc *l, const char *fmt, ...)
{
	va_list ap;
	char *msg;

	va_start(ap, fmt);
	if (vasprintf(&msg, fmt, ap) < 0)
		msg = NULL;
	va_end(ap);
	if (!l->path)
		err("%s: %s", l->key, msg ? msg : fmt);
	else if (!l->key)
		err("%s:%u: %s", l->path, l->line, msg ? msg : fmt);
	else
		err("%s:%u: %s: %s", l->path, l->line, l->key, msg ? msg : fmt);
	free(msg);
	return -1;
}

int plan_bad_word(const struct plan_loc *l, const char *what, const char *word,
		    const struct strs *known)
{
	const char *near = suggest(word, (const char *const *)known->v,
				   known->n);
	char *all = strs_join(known);

	if (near)
		plan_bad(l, "unknown %s '%s', did you mean '%s'? There is: %s", what,
		    word, near, all);
	else
		plan_bad(l, "unknown %s '%s'; there is: %s", what, word, all);
	free(all);
	return -1;
}

int plan_no_repeats(const struct plan_loc *l, const struct strs *s)
{
	const char *word = strs_repeated(s);

	return word ? plan_bad(l, "'%s' is there twice", word) : 0;
}

/* Values of one key. They return 0, or -1 with a message printed. */

static int get_number(const struct plan_loc *l, const char *value, uint64_t min,
		      uint64_t max, const char *unit, unsigned int *out)
{
	uint64_t v;

	if (parse_u64(value, min, max, &v))
		return plan_bad(l, "'%s' is not allowed: a number from %llu to %llu%s",
			   value, (unsigned long long)min,
			   (unsigned long long)max, unit);
	*out = v;
	return 0;
}

static int get_boots(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 1, PLAN_BOOTS_MAX, "", &p->boots);
}

static const char *const clock_names[] = {
	[PLAN_CLOCK_AUTO] = "auto",
	[PLAN_CLOCK_WALL] = "wall",
	[PLAN_CLOCK_ICOUNT] = "icount",
};

const char *plan_clock_name(enum plan_clock clock)
{
	return clock_names[clock];
}

static int get_clock(struct plan *p, const struct plan_loc *l, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(clock_names); i++) {
		if (!strcmp(value, clock_names[i])) {
			p->clock = i;
			return 0;
		}
	}
	return plan_bad(l, "'%s' is not allowed: auto, wall or icount", value);
}

static int get_arms(struct plan *p, const struct plan_loc *l, const char *value)
{
	p->arms = strs_split(value, BLANKS);
	return plan_no_repeats(l, &p->arms);
}

static int split_pair(const struct plan_loc *l, const char *text,
		      struct plan_pair *pair)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/'))
		return plan_bad(l, "'%s' is not allowed: two arms, ARM/ARM", text);
	pair->a = xasprintf("%.*s", (int)(slash - text), text);
	pair->b = xstrdup(slash + 1);
	return 0;
}

static int get_compare(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct strs words = strs_split(value, BLANKS);
	int rc = plan_no_repeats(l, &words);

	p->compare = xcalloc(words.n, sizeof(*p->compare));
	for (size_t i = 0; !rc && i < words.n; i++) {
		rc = split_pair(l, words.v[i], &p->compare[i]);
		if (!rc)
			p->n_compare++;
	}
	strs_free(&words);
	return rc;
}

static int get_aa(struct plan *p, const struct plan_loc *l, const char *value)
{
	(void)l;
	p->no_aa = !strcmp(value, "none");
	p->aa = p->no_aa ? NULL : xstrdup(value);
	return 0;
}

static int get_lane(struct plan *p, const struct plan_loc *l, const char *value)
{
	char *path = xasprintf("%s/configs/lanes.ini", top_dir());
	struct lane lane;
	int rc = -1;

	(void)l;
	if (lane_load(path, value, &lane) == ST_OK) {
		free(p->lane);
		p->lane = xstrdup(value);
		lane_free(&lane);
		rc = 0;
	}
	free(path);
	return rc;
}

static int get_margin(struct plan *p, const struct plan_loc *l, const char *value)
{
	char *end;

	/* No exponents, signs, hexadecimal numbers, nan or inf. */
	if (strspn(value, "0123456789.") == strlen(value)) {
		p->margin = strtod(value, &end);
		if (!*end && p->margin >= 0.001 && p->margin <= 0.5)
			return 0;
	}
	return plan_bad(l, "'%s' is not allowed: a number from 0.001 to 0.5", value);
}

static int get_memory(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 512, 1048576, " (MiB)", &p->memory_mb);
}

static int get_payload(struct plan *p, const struct plan_loc *l, const char *value)
{
	p->vmm = !strcmp(value, "vmm");
	if (p->vmm || !strcmp(value, "none"))
		return 0;
	return plan_bad(l, "'%s' is not allowed: vmm or none", value);
}

static int get_paging(struct plan *p, const struct plan_loc *l, const char *value)
{
	p->shadow = !strcmp(value, "shadow");
	if (p->shadow || !strcmp(value, "tdp"))
		return 0;
	return plan_bad(l, "'%s' is not allowed: tdp or shadow", value);
}

static int get_nodes(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 1, NODES_MAX, "", &p->nodes);
}

static int get_mix(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 1, MIX_MAX, "", &p->mix);
}

static int get_cpus(struct plan *p, const struct plan_loc *l, const char *value)
{
	p->cpus = 0;
	if (!strcmp(value, "auto"))
		return 0;
	if (get_number(l, value, 1, 256, ", or auto", &p->cpus))
		return -1;
	return 0;
}

/* Checked when all keys are known: see check_compare(). */
static int get_primary(struct plan *p, const struct plan_loc *l, const char *value)
{
	(void)p;
	(void)l;
	(void)value;
	return 0;
}

static struct plan_test *last_test(const struct plan *p)
{
	return &p->tests[p->n_tests - 1];
}

static int get_program(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	if (!valid_name(value, PROGRAM_MAX))
		return plan_bad(l, "'%s' is not allowed: a file name of a selftest, [a-z0-9_-], at most %d long",
			   value, PROGRAM_MAX);
	t->program = xstrdup(value);
	return 0;
}

static int split_args(const struct plan_loc *l, const char *value,
		      struct strs *args)
{
	if (strpbrk(value, "'\"\\"))
		return plan_bad(l, "quotes are not allowed: arguments are split at blanks");
	*args = strs_split(value, BLANKS);
	/* An indented line below is appended, also one meant as a key. */
	if (strs_has(args, "="))
		return plan_bad(l, "a lone '=': is a key below indented?");
	return 0;
}

static int get_args(struct plan *p, const struct plan_loc *l, const char *value)
{
	return split_args(l, value, &last_test(p)->args);
}

/* Each a file of the kernel's settings and what to write into it. */
static int get_set(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct strs *set = &last_test(p)->set;

	if (split_args(l, value, set))
		return -1;
	for (size_t i = 0; i < set->n; i++) {
		const char *s = set->v[i], *is = strchr(s, '=');

		if ((strncmp(s, "/sys/", 5) && strncmp(s, "/proc/sys/", 10)) ||
		    strstr(s, "/../") || !is || !is[1])
			return plan_bad(l, "'%s' is not allowed: FILE=VALUE, several, FILE below /sys or /proc/sys",
					s);
	}
	return 0;
}

static int get_traced(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->traced = strcmp(value, "none");
	return t->traced ? split_args(l, value, &t->traced_args) : 0;
}

/* Each option with a list of values, or with none: it is there or not. */
static int check_vary(const struct plan_loc *l, const struct strs *words)
{
	bool option = false;

	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->v[i];
		struct strs values = strs_split(w, ",");
		bool value = *w != '-' && values.n;

		strs_free(&values);
		if (value ? !option : strlen(w) != 2 || w[0] != '-' || w[1] == '-')
			return plan_bad(l, "'%s' is not allowed: options of one letter, each with its values or none: -v 1,2,4 -f",
					w);
		option = !value;
	}
	return 0;
}

static int get_vary(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	if (split_args(l, value, &t->vary))
		return -1;
	return check_vary(l, &t->vary);
}

static int get_events(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->events = strs_split(value, BLANKS);
	for (size_t i = 0; i < t->events.n; i++)
		if (!valid_event_name(t->events.v[i]))
			return plan_bad(l, "'%s' is not allowed: names of [a-z0-9_], at most %d long",
				   t->events.v[i], EVENT_NAME_MAX);
	return plan_no_repeats(l, &t->events);
}

/* As the selftests' option -r has it: "64K", "2M". */
static int check_size(const struct plan_loc *l, const char *word)
{
	size_t digits = strspn(word, "0123456789");
	char *number = xasprintf("%.*s", (int)digits, word);
	const char *unit = word + digits;
	uint64_t n = 0;
	bool ok = !parse_u64(number, 1, SIZE_MAX_BYTES, &n);

	free(number);
	if (!strcmp(unit, "K"))
		n <<= 10;
	else if (!strcmp(unit, "M"))
		n <<= 20;
	else if (!strcmp(unit, "G"))
		n <<= 30;
	else
		ok = false;
	if (ok && n % SIZE_STEP == 0 && n <= SIZE_MAX_BYTES)
		return 0;
	return plan_bad(l, "'%s' is not allowed: sizes from 4K to 1G in steps of 4K, with K, M or G",
			word);
}

static int get_sizes(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct strs *sizes = &last_test(p)->sizes;

	*sizes = strs_split(value, BLANKS);
	for (size_t i = 0; i < sizes->n; i++)
		if (check_size(l, sizes->v[i]))
			return -1;
	return plan_no_repeats(l, sizes);
}

static int get_vcpus(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct strs *vcpus = &last_test(p)->vcpus;
	unsigned int n;

	*vcpus = strs_split(value, BLANKS);
	for (size_t i = 0; i < vcpus->n; i++)
		if (get_number(l, vcpus->v[i], 1, VCPUS_MAX, "", &n))
			return -1;
	return plan_no_repeats(l, vcpus);
}

static int get_sites(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->sites = !strcmp(value, "yes");
	if (t->sites || !strcmp(value, "no"))
		return 0;
	return plan_bad(l, "'%s' is not allowed: yes or no", value);
}

static int get_judge(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->by_exit = !strcmp(value, "exit");
	if (t->by_exit || !strcmp(value, "ktap"))
		return 0;
	return plan_bad(l, "'%s' is not allowed: ktap or exit", value);
}

static int get_reference(struct plan *p, const struct plan_loc *l, const char *value)
{
	(void)l;
	last_test(p)->reference = xstrdup(value);
	return 0;
}

static int bad_kind(const struct plan_loc *l, const char *kind)
{
	struct strs known = { 0 };

	for (int k = 0; k < FINDING_KINDS; k++)
		strs_add(&known, finding_kind_name(k), strlen(finding_kind_name(k)));
	plan_bad_word(l, "kind of finding", kind, &known);
	strs_free(&known);
	return -1;
}

/* "KIND" or "KIND@ARM" */
static int get_finding(const struct plan_loc *l, const char *word,
		       struct plan_finding *f)
{
	size_t len = strcspn(word, "@");
	char *kind = xasprintf("%.*s", (int)len, word);
	int k, rc = 0;

	for (k = 0; k < FINDING_KINDS; k++)
		if (!strcmp(kind, finding_kind_name(k)))
			break;
	if (k == FINDING_KINDS)
		rc = bad_kind(l, kind);
	else
		*f = (struct plan_finding){
			k, word[len] ? xstrdup(word + len + 1) : NULL
		};
	free(kind);
	return rc;
}

static int get_findings_of(const struct plan_loc *l, const char *value,
			   struct plan_finding **v, size_t *n)
{
	struct strs words = strs_split(value, BLANKS);
	int rc = plan_no_repeats(l, &words);

	*v = xcalloc(words.n, sizeof(**v));
	for (size_t i = 0; i < words.n && !rc; i++) {
		rc = get_finding(l, words.v[i], &(*v)[i]);
		*n += !rc;
	}
	strs_free(&words);
	return rc;
}

static int get_findings(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	return get_findings_of(l, value, &t->findings, &t->n_findings);
}

static int get_all_findings(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_findings_of(l, value, &p->findings, &p->n_findings);
}

static int get_timeout(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	return get_number(l, value, 1, PLAN_TIMEOUT_MAX, " (s)", &t->timeout_s);
}

static int get_boot_timeout(struct plan *p, const struct plan_loc *l,
			    const char *value)
{
	return get_number(l, value, 1, PLAN_BOOT_TIMEOUT_MAX, " (s)",
			  &p->boot_timeout_s);
}

static int get_retries(struct plan *p, const struct plan_loc *l, const char *value)
{
	return get_number(l, value, 0, RETRIES_MAX, "", &last_test(p)->retries);
}

static int get_programs(struct plan *p, const struct plan_loc *l, const char *value)
{
	struct plan_test *t = last_test(p);

	t->programs = strs_split(value, BLANKS);
	for (size_t i = 0; i < t->programs.n; i++)
		if (!valid_name(t->programs.v[i], PROGRAM_MAX))
			return plan_bad(l, "'%s' is not allowed: file names of selftests, [a-z0-9_-], at most %d long",
				   t->programs.v[i], PROGRAM_MAX);
	return plan_no_repeats(l, &t->programs);
}

static const struct plan_key {
	unsigned int sections;	/* mask of enum plan_section */
	const char *name;
	int (*get)(struct plan *p, const struct plan_loc *l, const char *value);
} keys[] = {
	{ SECTION_PLAN, "boots", get_boots },
	{ SECTION_PLAN, "clock", get_clock },
	{ SECTION_PLAN, "arms", get_arms },
	{ SECTION_PLAN, "compare", get_compare },
	{ SECTION_PLAN, "primary", get_primary },
	{ SECTION_PLAN, "aa", get_aa },
	{ SECTION_PLAN, "margin", get_margin },
	{ SECTION_PLAN, "lane", get_lane },
	{ SECTION_PLAN, "memory", get_memory },
	{ SECTION_PLAN, "nodes", get_nodes },
	{ SECTION_PLAN, "paging", get_paging },
	{ SECTION_PLAN, "cpus", get_cpus },
	{ SECTION_PLAN, "mix", get_mix },
	{ SECTION_PLAN, "boot_timeout", get_boot_timeout },
	{ SECTION_PLAN, "payload", get_payload },
	{ SECTION_PLAN, "findings", get_all_findings },
	{ SECTION_TEST, "program", get_program },
	{ SECTION_SUITE, "programs", get_programs },
	{ SECTION_TEST | SECTION_SUITE, "args", get_args },
	{ SECTION_TEST | SECTION_SUITE, "set", get_set },
	{ SECTION_TEST, "traced", get_traced },
	{ SECTION_TEST, "vary", get_vary },
	{ SECTION_TEST, "events", get_events },
	{ SECTION_TEST, "sizes", get_sizes },
	{ SECTION_TEST, "vcpus", get_vcpus },
	{ SECTION_TEST, "judge", get_judge },
	{ SECTION_TEST | SECTION_SUITE, "sites", get_sites },
	{ SECTION_TEST | SECTION_SUITE, "reference", get_reference },
	{ SECTION_TEST | SECTION_SUITE, "findings", get_findings },
	{ SECTION_TEST | SECTION_SUITE, "timeout", get_timeout },
	{ SECTION_TEST | SECTION_SUITE, "retries", get_retries },
};

static int unknown_key(const struct plan_loc *l, enum plan_section section)
{
	struct plan_loc where = { l->path, l->line, NULL };
	struct strs known = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].sections & section)
			strs_add(&known, keys[i].name, strlen(keys[i].name));
	plan_bad_word(&where, "key", l->key, &known);
	strs_free(&known);
	return -1;
}

int plan_key(struct plan *p, enum plan_section section, const struct plan_loc *l,
	     const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].sections & section && !strcmp(l->key, keys[i].name))
			return keys[i].get(p, l, value);
	return unknown_key(l, section);
}
