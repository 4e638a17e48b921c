/* SPDX-License-Identifier: GPL-2.0-only */
/* A source tree that is built in: pristine source with some files replaced. */
#ifndef SECMMU_TREE_H
#define SECMMU_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

struct strings {
	char **v;
	size_t n;
};

void strings_add(struct strings *l, const char *s);
void strings_free(struct strings *l);

struct tree {
	char *dir;		/* build folders are in it, named o.NAME */
	const struct source *src;
	char *overlay;	/* folder that holds the replaced files */
	struct strings files;	/* their paths; missing in @overlay: missing */
};

/**
 * tree_update - make a tree hold what it should
 * @t: the tree; strings_free(&t->files) is the caller's
 *
 * A file whose content is right is left alone, one that changes gets the time
 * of now: make then rebuilds what depends on changed content, and only that.
 *
 * Return: ST_OK, ST_HARNESS or ST_INTR.
 */
int tree_update(const struct tree *t, bool quiet);

/**
 * tree_touch - give the files that differ from those of @other the time of now
 * @t, @other: both up to date
 *
 * Return: 0 or -1.
 */
int tree_touch(const struct tree *t, const struct tree *other);

#endif
