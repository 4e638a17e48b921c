// SPDX-License-Identifier: GPL-2.0-only
/* The two source trees of a build, and our selftests in one: see build.h. */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

#define SELFTESTS "tools/testing/selftests/kvm"

static void add_series_files(const struct series *s, struct strings *files)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->v[i].n_files; j++)
			strings_add(files, s->v[i].files[j]);
}

/* Lay TOP/selftests/kvm/@sub over the overlay's selftests. */
static int add_selftests(struct build *b, const char *sub)
{
	char *from = xasprintf("%s/selftests/kvm%s", top_dir(), sub);
	char *to = xasprintf("%s/%s%s", b->patched.overlay, SELFTESTS, sub);
	DIR *d = opendir(from);
	struct dirent *e;
	int ret = 0;

	if (!d) {
		err("cannot read %s: %s", from, strerror(errno));
		ret = -1;
	} else {
		ret = mkdir_p(to);
	}
	while (!ret && (e = readdir(d))) {
		char *name = xasprintf("%s/%s", sub, e->d_name);
		char *a = xasprintf("%s/%s", from, e->d_name);
		char *z = xasprintf("%s/%s", to, e->d_name);
		char *path = xasprintf("%s%s", SELFTESTS, name);
		struct stat st;

		if (e->d_name[0] == '.') {
			/* An editor's, or the folder itself. */
		} else if (!stat(a, &st) && S_ISDIR(st.st_mode)) {
			ret = add_selftests(b, name);
		} else {
			ret = copy_file(a, z);
			strings_add(&b->patched.files, path);
		}
		free(path);
		free(z);
		free(a);
		free(name);
	}
	if (d)
		closedir(d);
	free(to);
	free(from);
	return ret;
}

int build_trees(struct build *b)
{
	const struct series *s = &b->series;
	int ret;

	step_begin(b, "source trees", 0);
	b->patched.src = &b->src;
	b->stock.src = &b->src;
	ret = series_apply(s, s->n, b->src.dir, b->src.version,
			   b->patched.overlay);
	if (ret == ST_OK)
		ret = series_apply(s, s->n_stock, b->src.dir, b->src.version,
				   b->stock.overlay);
	if (ret != ST_OK)
		return ret;
	add_series_files(s, &b->patched.files);
	add_series_files(s, &b->stock.files);
	if (add_selftests(b, ""))
		return ST_HARNESS;
	ret = tree_update(&b->patched, b->o->quiet);
	if (ret == ST_OK)
		ret = tree_update(&b->stock, b->o->quiet);
	return ret;
}
