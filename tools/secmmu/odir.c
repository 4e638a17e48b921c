// SPDX-License-Identifier: GPL-2.0-only
/* Build folders: see odir.h. */
#include "odir.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
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

/* Call @fn for every file that make wrote in @dir. */
static int each_file(const char *dir, void (*fn)(const FTSENT *, time_t *),
		     time_t *t)
{
	char *copy = xstrdup(dir);
	char *roots[] = { copy, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int ret = -1;
	FTSENT *e;

	if (!fts)
		goto error;
	while ((errno = 0, e = fts_read(fts)))
		if (e->fts_info == FTS_F && !is_spared(e))
			fn(e, t);
	if (!errno)
		ret = 0;
	fts_close(fts);
error:
	if (ret)
		err("cannot read %s: %s", dir, strerror(errno));
	free(copy);
	return ret;
}

static void find_newest(const FTSENT *e, time_t *t)
{
	if (e->fts_statp->st_mtime > *t)
		*t = e->fts_statp->st_mtime;
}

static void remove_newer(const FTSENT *e, time_t *t)
{
	if (e->fts_statp->st_mtime >= *t)
		unlink(e->fts_path);
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
