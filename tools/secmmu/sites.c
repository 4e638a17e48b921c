// SPDX-License-Identifier: GPL-2.0-only
#include "sites_int.h"

#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#include "inifile.h"
#include "samples.h"
#include "sites_beside.h"
#include "util.h"

/* configs/sites.ini */

static int ini_error(const char *path, unsigned int line, const char *what)
{
	err("%s:%u: %s", path, line, what);
	return -1;
}

static int read_alias(struct sites *s, const char *path,
		      const struct ini_section *sec)
{
	const struct ini_entry *f = inifile_get(sec, "function");

	if (!f || !inifile_get(sec, "why") || sec->n != 2)
		return ini_error(path, sec->line, "an alias has a function and a why");
	s->aliases = xrealloc(s->aliases, (s->n_aliases + 1) * sizeof(*s->aliases));
	s->aliases[s->n_aliases++] = (struct site_alias){
		xstrdup(sec->name + strlen("alias ")), xstrdup(f->value),
	};
	return 0;
}

/* A site that is not in this kernel is no error: there are several kernels. */
static int read_reason(struct sites *s, const char *path,
		       const struct ini_section *sec)
{
	const char *function = sec->name + strlen("site ");
	const struct ini_entry *why = inifile_get(sec, "why");

	if (!why || sec->n != 1)
		return ini_error(path, sec->line, "a site has a why, and nothing else");
	s->reasons = xrealloc(s->reasons, (s->n_reasons + 1) * sizeof(char *));
	s->reasons[s->n_reasons++] = xstrdup(why->value);
	for (size_t i = 0; i < s->found.n; i++)
		if (!strcmp(s->found.v[i].function, function))
			s->v[i].why = s->reasons[s->n_reasons - 1];
	return 0;
}

static int read_ini(struct sites *s, const char *path)
{
	struct inifile f;
	int ret = inifile_load(path, &f);

	for (size_t i = 0; i < f.n && !ret; i++) {
		const struct ini_section *sec = &f.sections[i];

		if (!strncmp(sec->name, "alias ", 6))
			ret = read_alias(s, path, sec);
		else if (!strncmp(sec->name, "site ", 5))
			ret = read_reason(s, path, sec);
		else
			ret = ini_error(path, sec->line,
					"sections are [alias SYMBOL] and [site FUNCTION]");
	}
	inifile_free(&f);
	return ret;
}

/* What the run says. */

static struct site_row *find_row(struct sites *s, const char *function,
				 const char *call)
{
	for (size_t i = 0; i < s->found.n; i++)
		if (!strcmp(s->found.v[i].function, function) &&
		    !strcmp(s->found.v[i].call, call))
			return &s->v[i];
	return NULL;
}

/* The trace names functions as they are compiled, one within another. */
static struct site_row *find_traced(struct sites *s, const char *symbol,
				    const char *call)
{
	struct site_row *row = find_row(s, symbol, call);

	for (size_t i = 0; i < s->n_aliases && !row; i++)
		if (!strcmp(s->aliases[i].symbol, symbol))
			row = find_row(s, s->aliases[i].function, call);
	return row;
}

static void add_stranger(struct sites *s, const char *name, const char *call,
			 uint64_t calls)
{
	struct site_stranger *v;

	for (size_t i = 0; i < s->n_strangers; i++) {
		v = &s->strangers[i];
		if (strcmp(v->name, name) || strcmp(v->call, call))
			continue;
		v->calls += calls;
		return;
	}
	s->strangers = xrealloc(s->strangers, (s->n_strangers + 1) * sizeof(*v));
	s->strangers[s->n_strangers++] = (struct site_stranger){
		xstrdup(name), xstrdup(call), calls,
	};
}

/* The oracle's answer: of the event, or of all the test where none is named. */
static enum status oracle(const struct sites *s, const char *test,
			  const char *event, size_t arm)
{
	enum status worst = STATUS_PASS;
	bool any = false;

	for (size_t i = 0; i < s->folder->n_tallies; i++) {
		const struct tally *t = &s->folder->tallies[i];

		if (t->arm != arm || strcmp(t->test, test) ||
		    (*event && strcmp(t->name, event)))
			continue;
		any = true;
		for (int k = 0; k < STATUSES; k++)
			if (t->count[k])
				worst = status_worst(worst, (enum status)k);
	}
	return any ? worst : STATUS_MISS;
}

static int find_arm(const struct sites *s, const char *name)
{
	for (size_t i = 0; i < s->folder->n_arms; i++)
		if (!strcmp(s->folder->series[i].arm, name))
			return (int)i;
	return -1;
}

static int add_hit(struct sites *s, const char *arm_name, const char *test,
		   const char *event, const char *call, const char *symbol,
		   uint64_t first, uint64_t calls)
{
	struct site_row *row = find_traced(s, symbol, call);
	int arm = find_arm(s, arm_name);
	struct site_hit *h;

	if (arm < 0)
		return -1;
	if (!row) {
		add_stranger(s, symbol, call, calls);
		return 0;
	}
	row->first += first;
	row->calls += calls;
	for (size_t i = 0; i < row->n_hits; i++) {
		h = &row->hits[i];
		if (h->arm != (size_t)arm || strcmp(h->event, event) ||
		    strcmp(h->test, test))
			continue;
		h->first += first;
		h->calls += calls;
		return 0;
	}
	row->hits = xrealloc(row->hits, (row->n_hits + 1) * sizeof(*h));
	h = &row->hits[row->n_hits++];
	*h = (struct site_hit){ xstrdup(test), xstrdup(event), (size_t)arm,
				first, calls, oracle(s, test, event, (size_t)arm) };
	return 0;
}

#define COLUMNS 9
#define HEADER "slot,arm,copy,test,event,call,site,first,calls"

static int read_line(struct sites *s, char *line)
{
	char *v[COLUMNS] = { NULL }, *field;
	uint64_t first, calls;
	size_t n = 0;

	while ((field = strsep(&line, ","))) {
		if (n == COLUMNS)
			return -1;
		v[n++] = field;
	}
	if (n != COLUMNS || !*v[3] || !*v[5] || !*v[6] ||
	    parse_u64(v[7], 0, UINT64_MAX, &first) ||
	    parse_u64(v[8], 1, UINT64_MAX, &calls) || first > calls)
		return -1;
	return add_hit(s, v[1], v[3], v[4], v[5], v[6], first, calls);
}

/* @sha256: what it is to have, or NULL. */
static int read_csv(struct sites *s, const char *path, const char *sha256)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];
	unsigned int n = 0;
	int ret = -1;
	size_t len;
	char *text = read_file(path, &len), *next = text, *line;

	if (!text)
		return -1;
	if (sha256)
		SHA256Data((const uint8_t *)text, len, hex);
	while ((line = strsep(&next, "\n")) && (*line || next)) {
		n++;
		/* Without its end a line may be cut off. */
		if (!next || (n == 1 ? strcmp(line, HEADER) : read_line(s, line)))
			goto bad;
	}
	if (sha256 && strcmp(hex, sha256)) {
		err("%s: " SAMPLES_CHANGED, path);
		goto out;
	}
	ret = n ? 0 : -1;
bad:
	if (ret)
		err("%s:%u: not a line of a run's sites.csv", path, n ? n : 1);
out:
	free(text);
	return ret;
}

/* Runs of before there was a sites.csv: the first site of each sample. */
static int read_sample(const struct sample_row *r, const char **why, void *arg)
{
	char name[sizeof(r->site)];

	if (!r->traced || !*r->site)
		return 0;
	strcpy(name, r->site);
	name[strcspn(name, "+")] = '\0';
	if (!add_hit(arg, r->arm, r->test, r->event, "invalidate", name, 1, 1))
		return 0;
	*why = "an arm that the plan does not have";
	return -1;
}

static int read_boot(struct sites *s, const struct folder_boot *b)
{
	char *path = xasprintf("%s/%s/sites.csv", s->folder->dir, b->name);
	int ret;

	if (path_exists(path)) {
		ret = read_csv(s, path, b->sites_sha256);
	} else {
		free(path);
		path = xasprintf("%s/%s/samples.csv", s->folder->dir, b->name);
		ret = samples_read(path, b->samples_sha256, read_sample, s);
	}
	free(path);
	return ret;
}

static enum site_state judge(const struct site_row *r)
{
	bool passed = false, failed = false;

	for (size_t i = 0; i < r->n_hits; i++) {
		if (!r->hits[i].first)
			continue;
		passed |= r->hits[i].status == STATUS_PASS;
		failed |= r->hits[i].status != STATUS_PASS &&
			  r->hits[i].status != STATUS_SKIP;
	}
	if (failed)
		return SITE_FAILED;
	if (passed)
		return SITE_COVERED;
	if (r->calls)
		return SITE_LATER;
	return r->why ? SITE_EXPLAINED : SITE_UNCOVERED;
}

struct sites *sites_load(struct callsites *found, const char *ini,
			 const struct folder *f)
{
	struct sites *s = xcalloc(1, sizeof(*s));

	s->folder = f;
	s->found = *found;
	*found = (struct callsites){ 0 };
	s->v = xcalloc(s->found.n, sizeof(*s->v));
	for (size_t i = 0; i < s->found.n; i++)
		s->v[i].site = &s->found.v[i];
	if (read_ini(s, ini))
		goto out;
	for (size_t i = 0; i < f->n_boots; i++)
		if (read_boot(s, &f->boots[i]))
			goto out;
	for (size_t i = 0; i < s->found.n; i++) {
		s->v[i].state = judge(&s->v[i]);
		s->n_state[s->v[i].state]++;
	}
	return s;
out:
	sites_free(s);
	return NULL;
}

int sites_of_run(const struct folder *f, struct sites **s)
{
	char *path = xasprintf("%s/callsites.json", f->dir);
	char *ini = xasprintf("%s/configs/sites.ini", top_dir());
	struct callsites found;
	int ret = 0;

	*s = NULL;
	if (path_exists(path)) {
		ret = callsites_read(path, &found);
		if (!ret)
			*s = sites_load(&found, ini, f);
		ret = *s ? sites_beside_read(*s) : -1;
	}
	if (ret) {
		sites_free(*s);
		*s = NULL;
	}
	free(ini);
	free(path);
	return ret;
}

void sites_free(struct sites *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->v && i < s->found.n; i++) {
		for (size_t k = 0; k < s->v[i].n_hits; k++) {
			free(s->v[i].hits[k].test);
			free(s->v[i].hits[k].event);
		}
		free(s->v[i].hits);
	}
	for (size_t i = 0; i < s->n_aliases; i++) {
		free(s->aliases[i].symbol);
		free(s->aliases[i].function);
	}
	for (size_t i = 0; i < s->n_reasons; i++)
		free(s->reasons[i]);
	for (size_t i = 0; i < s->n_strangers; i++) {
		free(s->strangers[i].name);
		free(s->strangers[i].call);
	}
	sites_beside_free(s);
	free(s->v);
	free(s->aliases);
	free(s->reasons);
	free(s->strangers);
	callsites_free(&s->found);
	free(s);
}

bool sites_complete(const struct sites *s)
{
	size_t later = 0;

	for (size_t i = 0; i < s->found.n; i++)
		later += s->v[i].state == SITE_LATER && s->v[i].why;
	return s->n_state[SITE_COVERED] + s->n_state[SITE_EXPLAINED] + later ==
		       s->found.n && !s->n_strangers;
}
