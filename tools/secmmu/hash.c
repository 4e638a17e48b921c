// SPDX-License-Identifier: GPL-2.0-only
/* Hashes of content: see hash.h. */
#include "hash.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

void hash_init(struct hash *h)
{
	SHA256Init(&h->ctx);
}

void hash_str(struct hash *h, const char *s)
{
	SHA256Update(&h->ctx, (const uint8_t *)s, strlen(s) + 1);
}

void hash_end(struct hash *h, char hex[65])
{
	SHA256End(&h->ctx, hex);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int hash_link(struct hash *h, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0) {
		err("cannot read link %s: %s", path, strerror(errno));
		return -1;
	}
	target[n] = '\0';
	hash_str(h, "link");
	hash_str(h, target);
	return 0;
}

static int hash_entry(struct hash *h, const FTSENT *e, size_t skip)
{
	char hex[65];

	switch (e->fts_info) {
	case FTS_DP:
		return 0;
	case FTS_D:
		hash_str(h, e->fts_path + skip);
		hash_str(h, "folder");
		return 0;
	case FTS_SL:
	case FTS_SLNONE:
		hash_str(h, e->fts_path + skip);
		return hash_link(h, e->fts_accpath);
	case FTS_F:
		if (sha256_file(e->fts_accpath, hex))
			return -1;
		hash_str(h, e->fts_path + skip);
		hash_str(h, e->fts_statp->st_mode & S_IXUSR ? "program" : "file");
		hash_str(h, hex);
		return 0;
	default:
		err("cannot read %s: %s", e->fts_path,
		    e->fts_errno ? strerror(e->fts_errno) : "no file or folder");
		return -1;
	}
}

int hash_path(struct hash *h, const char *path)
{
	char *copy, *roots[2] = { NULL, NULL };
	int ret = 0;
	FTSENT *e;
	FTS *fts;

	if (!path_exists(path)) {
		hash_str(h, "missing");
		return 0;
	}
	copy = xstrdup(path);
	roots[0] = copy;
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!fts) {
		err("cannot read %s: %s", path, strerror(errno));
		free(copy);
		return -1;
	}
	while (!ret && !sig_pending() && (errno = 0, e = fts_read(fts)))
		ret = hash_entry(h, e, strlen(path));
	if (!ret && (errno || sig_pending()))
		ret = -1;
	fts_close(fts);
	free(copy);
	return ret;
}
