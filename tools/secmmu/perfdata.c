// SPDX-License-Identifier: GPL-2.0-only
#include "perfdata.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "util.h"

#define DATA ".data"
#define MODULES ".modules"

/* perf.data begins so: "PERFILE2", or "PERFFILE" of long ago. */
#define MAGIC "PERFILE2"

struct perfdata {
	char *dir, *base;	/* DIR/perf, DIR/perf/NAME */
	FILE *file[PERF_PARTS];
	size_t n[PERF_PARTS];
	char start[sizeof(MAGIC) - 1];
};

static const char *const endings[PERF_PARTS] = { DATA, MODULES };

struct perfdata *perfdata_new(const char *dir, size_t slot,
			      const struct slot *s, const char *test)
{
	struct perfdata *p = xcalloc(1, sizeof(*p));

	p->dir = xasprintf("%s/perf", dir);
	p->base = xasprintf("%s/%02zu-%s-%c-%s", p->dir, slot, s->arm, s->copy,
			    test);
	return p;
}

static int failed(const struct perfdata *p, unsigned int part)
{
	err("cannot write %s%s: %s", p->base, endings[part], strerror(errno));
	return -1;
}

static int open_part(struct perfdata *p, unsigned int part)
{
	char *path = xasprintf("%s%s", p->base, endings[part]);

	if (!mkdir_p(p->dir))
		p->file[part] = fopen(path, "we");
	free(path);
	return p->file[part] ? 0 : failed(p, part);
}

int perfdata_add(struct perfdata *p, unsigned int part, const void *data,
		 size_t len)
{
	size_t room = sizeof(p->start) - p->n[PERF_PART_DATA];

	if (part == PERF_PART_DATA && p->n[part] < sizeof(p->start))
		memcpy(p->start + p->n[part], data, len < room ? len : room);
	if (!p->file[part] && open_part(p, part))
		return -1;
	p->n[part] += len;
	return fwrite(data, 1, len, p->file[part]) == len ? 0 : failed(p, part);
}

int perfdata_end(struct perfdata *p, const char **missing)
{
	unsigned int i;
	int bad, ret = 0;

	*missing = NULL;
	if (!p->file[PERF_PART_DATA])
		*missing = "perf left no perf.data: see ktap.log";
	else if (memcmp(p->start, MAGIC, sizeof(p->start)))
		*missing = "what perf left is no perf.data: see ktap.log";
	for (i = 0; i < PERF_PARTS; i++) {
		if (!p->file[i])
			continue;
		bad = ferror(p->file[i]);
		if (fclose(p->file[i]) || bad)
			ret = failed(p, i);
	}
	free(p->dir);
	free(p->base);
	free(p);
	return ret;
}

/* "RESULTS" of "RESULTS/boot-NNN/perf/NAME.data"; free() it, NULL if it is none. */
static char *results_of(const char *data)
{
	char *path = realpath(data, NULL), *slash;
	int i;

	for (i = 0; path && i < 3; i++) {
		slash = strrchr(path, '/');
		if (!slash) {
			free(path);
			path = NULL;
			break;
		}
		*slash = '\0';
	}
	return path;
}

static int append(FILE *to, const char *path)
{
	size_t len;
	char *text = read_file(path, &len);
	int ret = text && fwrite(text, 1, len, to) == len ? 0 : -1;

	free(text);
	return ret;
}

int perfdata_symbols(const char *data, const char *out)
{
	size_t n = strlen(data);
	char *dir, *map = NULL, *modules = NULL;
	FILE *to = NULL;
	int ret = -1;

	if (n < sizeof(DATA) || strcmp(data + n - strlen(DATA), DATA)) {
		err("%s: no file of a results folder: RESULTS/boot-NNN/perf/NAME" DATA,
		    data);
		return -1;
	}
	dir = results_of(data);
	if (!dir) {
		err("%s: %s", data, strerror(errno));
		return -1;
	}
	map = xasprintf("%s/System.map", dir);
	modules = xasprintf("%.*s" MODULES, (int)(n - strlen(DATA)), data);
	to = fopen(out, "we");
	if (!to)
		err("cannot write %s: %s", out, strerror(errno));
	else
		ret = append(to, map) || append(to, modules) ? -1 : 0;
	if (to && fclose(to)) {
		err("cannot write %s: %s", out, strerror(errno));
		ret = -1;
	}
	free(modules);
	free(map);
	free(dir);
	return ret;
}
