// SPDX-License-Identifier: GPL-2.0-only
/* The patch series: see series.h. */
#include "series.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Nothing outside of these may depend on the lock, or arms differ in vmlinux. */
static bool is_kvm_path(const char *path)
{
	static const char *const globs[] = {
		"arch/*/kvm/*", "virt/kvm/*", "include/linux/kvm*",
		"arch/*/include/asm/kvm*", "include/trace/events/kvm.h",
		"tools/testing/selftests/kvm/*",
		/* Not compiled. */
		"Documentation/*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (!fnmatch(globs[i], path, 0))
			return true;
	return false;
}

static bool is_patch_name(const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)name[i]))
			return false;
	return name[4] == '-' && n > 11 && !strcmp(name + n - 6, ".patch");
}

static bool is_safe_path(const char *path)
{
	return *path && *path != '/' && strncmp(path, "../", 3) &&
	       !strstr(path, "/../");
}

static void add_file(struct patch *p, const char *path)
{
	for (size_t i = 0; i < p->n_files; i++)
		if (!strcmp(p->files[i], path))
			return;
	p->files = xrealloc(p->files, (p->n_files + 1) * sizeof(*p->files));
	p->files[p->n_files++] = xstrdup(path);
}

/* Both names of "diff --git a/OLD b/NEW"; kernel paths have no blanks. */
static int parse_diff_line(const char *line, struct patch *p)
{
	char *a = NULL, *b = NULL;
	int ret = -1;
	char end;

	if (sscanf(line, "diff --git a/%ms b/%ms%c", &a, &b, &end) == 2 &&
	    is_safe_path(a) && is_safe_path(b)) {
		add_file(p, a);
		add_file(p, b);
		ret = 0;
	}
	free(a);
	free(b);
	return ret;
}

static int read_patch(const char *folder, struct patch *p)
{
	char *text = read_file(p->path, NULL);
	char *save, *line;
	int ret = ST_USAGE;

	if (!text)
		return ST_HARNESS;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "diff --git ", 11))
			continue;
		if (parse_diff_line(line, p)) {
			err("%s/%s: cannot make out the file in '%s'", folder,
			    p->name, line);
			goto out;
		}
	}
	if (p->n_files)
		ret = ST_OK;
	else
		err("%s/%s: no patch as made by git format-patch", folder,
		    p->name);
out:
	free(text);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct patch *)a)->name,
		      ((const struct patch *)b)->name);
}

static int list_patches(const char *dir, struct series *s)
{
	struct dirent *e;
	int ret = ST_OK;
	DIR *d = opendir(dir);

	if (!d) {
		err("cannot read %s: %s", dir, strerror(errno));
		return ST_USAGE;
	}
	while (ret == ST_OK && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (!is_patch_name(e->d_name)) {
			err("%s/%s: not named NNNN-subject.patch", s->folder,
			    e->d_name);
			ret = ST_USAGE;
			continue;
		}
		s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
		memset(&s->v[s->n], 0, sizeof(*s->v));
		s->v[s->n].name = xstrdup(e->d_name);
		s->v[s->n].path = xasprintf("%s/%s", dir, e->d_name);
		s->n++;
	}
	closedir(d);
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_name);
	return ret;
}

/* Leaves vmlinux as it is, and is about more than documentation. */
static bool only_kvm(const struct patch *p)
{
	bool code = false;

	for (size_t i = 0; i < p->n_files; i++) {
		if (!is_kvm_path(p->files[i]))
			return false;
		if (strncmp(p->files[i], "Documentation/", 14))
			code = true;
	}
	return code;
}

static int check_order(struct series *s)
{
	while (s->n_stock < s->n && !only_kvm(&s->v[s->n_stock]))
		s->n_stock++;
	for (size_t i = s->n_stock; i < s->n; i++) {
		const struct patch *p = &s->v[i];

		for (size_t j = 0; j < p->n_files; j++) {
			if (is_kvm_path(p->files[j]))
				continue;
			err("%s/%s touches %s, which is not KVM: such patches come before %s, the first that touches KVM alone, or stock would have another vmlinux",
			    s->folder, p->name, p->files[j],
			    s->v[s->n_stock].name);
			return ST_USAGE;
		}
	}
	return ST_OK;
}

int series_load(const char *top, const char *name, struct series *s)
{
	char *dir = xasprintf("%s/kvm-patches/%s", top, name);
	int ret;

	memset(s, 0, sizeof(*s));
	s->folder = xasprintf("kvm-patches/%s", name);
	ret = list_patches(dir, s);
	for (size_t i = 0; i < s->n && ret == ST_OK; i++)
		ret = read_patch(s->folder, &s->v[i]);
	if (ret == ST_OK)
		ret = check_order(s);
	if (ret != ST_OK)
		series_free(s);
	free(dir);
	return ret;
}

static int load_patch(const char *path, struct patch *p)
{
	const char *base = strrchr(path, '/');

	memset(p, 0, sizeof(*p));
	p->name = xstrdup(base ? base + 1 : path);
	p->path = realpath(path, NULL);
	if (!p->path) {
		err("%s: %s", path, strerror(errno));
		return ST_USAGE;
	}
	return read_patch("the patch", p);
}

int series_add(struct series *s, const char *path)
{
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	return load_patch(path, &s->v[s->n++]);
}

int series_put_first(struct series *s, const char *path)
{
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	memmove(s->v + 1, s->v, s->n * sizeof(*s->v));
	s->n++;
	s->n_stock++;
	return load_patch(path, &s->v[0]);
}

static void free_patch(struct patch *p)
{
	for (size_t j = 0; j < p->n_files; j++)
		free(p->files[j]);
	free(p->files);
	free(p->name);
	free(p->path);
}

int series_cut(struct series *s, const char *prefix)
{
	uint64_t n;

	if (parse_u64(prefix, 0, s->n, &n)) {
		err("prefix '%s' is no number from 0 to %zu (all patches of %s)",
		    prefix, s->n, s->folder);
		return ST_USAGE;
	}
	while (s->n > n)
		free_patch(&s->v[--s->n]);
	if (s->n_stock > s->n)
		s->n_stock = s->n;
	return ST_OK;
}

bool series_defines(const struct series *s, const char *symbol)
{
	char *line = xasprintf("\n+config %s\n", symbol);
	bool found = false;

	for (size_t i = 0; i < s->n && !found; i++) {
		char *text = read_file(s->v[i].path, NULL);

		found = text && strstr(text, line);
		free(text);
	}
	free(line);
	return found;
}

void series_free(struct series *s)
{
	for (size_t i = 0; i < s->n; i++)
		free_patch(&s->v[i]);
	free(s->v);
	free(s->folder);
	memset(s, 0, sizeof(*s));
}

static int copy_pristine(const struct series *s, const char *tree,
			 const char *out)
{
	int ret = 0;

	for (size_t i = 0; i < s->n && !ret; i++) {
		for (size_t j = 0; j < s->v[i].n_files && !ret; j++) {
			char *from = xasprintf("%s/%s", tree, s->v[i].files[j]);
			char *to = xasprintf("%s/%s", out, s->v[i].files[j]);
			char *dir = xstrdup(to);

			if (path_exists(from) && !path_exists(to))
				ret = mkdir_p(dirname(dir)) ||
				      copy_file(from, to);
			free(dir);
			free(to);
			free(from);
		}
	}
	return ret;
}

/* The file that git's first complaint is about: "error: patch failed: F:12". */
static void explain(const struct series *s, const struct patch *p,
		    const char *version, char *log)
{
	char *line = strstr(log, "error: ");
	const char *what = "git apply refuses it";

	if (line) {
		what = line + strlen("error: ");
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(what, "patch failed: ", 14))
			what += 14;
	}
	err("%s/%s does not apply to Linux %s: %s", s->folder, p->name, version,
	    what);
}

static int apply_one(const struct series *s, const struct patch *p,
		     const char *version, const char *out, const char *log,
		     bool try)
{
	/* Exact context; another line number is fine. */
	char *argv[] = { "git", "apply", "--whitespace=nowarn", p->path,
			 try ? "--check" : NULL, NULL };
	/* The cache may lie inside some git tree: it does not matter here. */
	char *ceiling = xasprintf("GIT_CEILING_DIRECTORIES=%.*s",
				  (int)(strrchr(out, '/') - out), out);
	char *env[] = { ceiling, "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", NULL };
	struct proc proc = { .argv = argv, .cwd = out, .log = log, .env = env };
	int status = proc_run(&proc);
	int ret = ST_OK;
	char *text;

	if (status == -2)
		ret = ST_INTR;
	else if (status < 0)
		ret = ST_HARNESS;
	else if (status && !(text = read_file(log, NULL)))
		ret = ST_HARNESS;
	else if (status) {
		explain(s, p, version, text);
		free(text);
		ret = ST_USAGE;
	}
	free(ceiling);
	return ret;
}

int series_apply(const struct series *s, size_t n, const char *tree,
		 const char *version, const char *out)
{
	char *log = xasprintf("%s.log", out);
	int ret = ST_HARNESS;

	if (remove_tree(out) || remove_tree(log) || mkdir_p(out) ||
	    copy_pristine(s, tree, out))
		goto out;
	ret = ST_OK;
	for (size_t i = 0; i < n && ret == ST_OK; i++)
		ret = apply_one(s, &s->v[i], version, out, log, false);
out:
	free(log);
	return ret;
}

int series_try(const char *folder, const char *path, const char *tree,
	       const char *version, const char *out)
{
	char *log = xasprintf("%s.log", out);
	struct patch patch = { 0 };
	struct series one = { .folder = xstrdup(folder), .v = &patch, .n = 1 };
	int ret = load_patch(path, &patch);

	if (ret == ST_OK && copy_pristine(&one, tree, out))
		ret = ST_HARNESS;
	if (ret == ST_OK)
		ret = apply_one(&one, &patch, version, out, log, true);
	free_patch(&patch);
	free(one.folder);
	free(log);
	return ret;
}
