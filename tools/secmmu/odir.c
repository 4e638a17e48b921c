// SPDX-License-Identifier: GPL-2.0-only
/* Build folders: see odir.h. */
#include "odir.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

/*
 * How long before the end a file may have been written that never reached the
 * disk, should the machine have lost power: twice the kernel's 30 s.
 */
#define DOUBT_S 60

static char *mark_of(const char *dir)
{
	return xasprintf("%s/.secmmu-making", dir);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/*
 * The empty files of include/config are how Kconfig tells make of a changed
 * symbol: a lost one would lose the change. They are never half-written, and
 * neither is our .config.
 */
static bool is_spared(const FTSENT *e)
{
	return strstr(e->fts_path, "/include/config/") ||
	       !strcmp(e->fts_name, ".config");
}

/* Call @fn for every file in @dir, until it returns something else than 0. */
static int each_file(const char *dir, int (*fn)(const FTSENT *, void *),
		     void *data)
{
	char *copy = xstrdup(dir);
	char *roots[] = { copy, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *e = NULL;
	int ret = 0;

	while (fts && !ret && (errno = 0, e = fts_read(fts)))
		if (e->fts_info == FTS_F)
			ret = fn(e, data);
	if (!fts || (!e && errno)) {
		err("cannot read %s: %s", dir, strerror(errno));
		ret = -1;
	}
	if (fts)
		fts_close(fts);
	free(copy);
	return ret;
}

static int find_newest(const FTSENT *e, void *data)
{
	time_t *t = data;

	if (!is_spared(e) && e->fts_statp->st_mtime > *t)
		*t = e->fts_statp->st_mtime;
	return 0;
}

static int remove_newer(const FTSENT *e, void *data)
{
	const time_t *t = data;

	if (!is_spared(e) && e->fts_statp->st_mtime >= *t)
		unlink(e->fts_path);
	return 0;
}

static int clean_up(const char *dir)
{
	time_t t = 0;

	info("the last build in %s was cut short: removing its newest files",
	     dir);
	if (each_file(dir, find_newest, &t))
		return -1;
	t -= DOUBT_S;
	return each_file(dir, remove_newer, &t);
}

int odir_begin(const char *dir)
{
	char *mark = mark_of(dir);
	int ret = 0;

	if (path_exists(mark))
		ret = clean_up(dir);
	if (!ret)
		ret = write_file(mark, "", 0);
	free(mark);
	return ret;
}

int odir_end(const char *dir)
{
	char *mark = mark_of(dir);
	int ret = unlink(mark);

	if (ret)
		err("cannot remove %s: %s", mark, strerror(errno));
	free(mark);
	return ret;
}

struct rebase {
	const char *from[2], *to[2];
};

/* The one of r->from that @text starts with, or NULL. */
static const char *starts_with_any(const char *text, const struct rebase *r,
				   const char **to)
{
	for (int i = 0; i < 2; i++) {
		*to = r->to[i];
		if (!strncmp(text, r->from[i], strlen(r->from[i])))
			return r->from[i];
	}
	return NULL;
}

static bool has_end(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

/* Without a change of its time: make compares that, too. */
static int rebase_file(const FTSENT *e, void *data)
{
	const struct timespec times[2] = { e->fts_statp->st_atim,
					   e->fts_statp->st_mtim };
	const struct rebase *r = data;
	char *text, *out, *p;
	const char *from, *to;
	size_t len;
	int ret;
	FILE *f;

	if (!has_end(e->fts_name, ".cmd"))
		return 0;
	text = read_file(e->fts_path, NULL);
	if (!text)
		return -1;
	f = xmemstream(&out, &len);
	for (p = text; *p; p += from ? strlen(from) : 1) {
		from = starts_with_any(p, r, &to);
		if (from)
			fputs(to, f);
		else
			fputc(*p, f);
	}
	fclose(f);
	ret = write_file(e->fts_path, out, len);
	if (!ret)
		utimensat(AT_FDCWD, e->fts_path, times, 0);
	free(out);
	free(text);
	return ret;
}

int odir_rebase(const char *dir, const char *name, const char *from,
		const char *from_dir, const char *to)
{
	char *objtool = xasprintf("%s/tools/objtool", dir);
	struct rebase r = {
		/* The longer one first: the folder is in the tree. */
		.from = { from_dir, from }, .to = { name, to },
	};
	int ret = path_exists(objtool) ? each_file(objtool, rebase_file, &r) : 0;

	free(objtool);
	return ret;
}

struct difference {
	const char *a, *b;
	char *found;
};

static int compare_object(const FTSENT *e, void *data)
{
	struct difference *d = data;
	const char *name = e->fts_path + strlen(d->a) + 1;
	char ha[65], hb[65];
	char *other;
	int ret = 0;

	/* Objects that are linked to vmlinux: no result of that, no tools. */
	if (!has_end(name, ".o") || e->fts_name[0] == '.' ||
	    !strncmp(name, "vmlinux", 7) || !strncmp(name, "tools/", 6) ||
	    !strncmp(name, "arch/x86/boot/", 14))
		return 0;
	other = xasprintf("%s/%s", d->b, name);
	if (path_exists(other) && !sha256_file(e->fts_path, ha) &&
	    !sha256_file(other, hb) && strcmp(ha, hb)) {
		d->found = xstrdup(name);
		ret = 1;
	}
	free(other);
	return ret;
}

/* With CONFIG_MODVERSIONS, vmlinux has the versions of its exports in it. */
static char *compare_versions(const char *a, const char *b)
{
	char *pa = xasprintf("%s/.vmlinux.export.c", a);
	char *pb = xasprintf("%s/.vmlinux.export.c", b);
	char *ta = path_exists(pa) ? read_file(pa, NULL) : NULL;
	char *tb = path_exists(pb) ? read_file(pb, NULL) : NULL;
	char *found = NULL, *name = NULL;
	size_t i = 0, line = 0;

	while (ta && tb && ta[i] && ta[i] == tb[i])
		if (ta[i++] == '\n')
			line = i;
	if (ta && tb && ta[i] != tb[i] &&
	    sscanf(ta + line, "SYMBOL_CRC(%m[^,]", &name) == 1)
		found = xasprintf("the version of %s()", name);
	free(name);
	free(tb);
	free(ta);
	free(pb);
	free(pa);
	return found;
}

char *odir_difference(const char *a, const char *b)
{
	struct difference d = { .a = a, .b = b };

	if (each_file(a, compare_object, &d) < 0)
		return NULL;
	return d.found ? d.found : compare_versions(a, b);
}
