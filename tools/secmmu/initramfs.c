// SPDX-License-Identifier: GPL-2.0-only
/* The guest's root file system: a newc cpio archive, written reproducibly. */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "initramfs.h"
#include "util.h"

#define BUSYBOX "/bin/busybox"

/* Exactly one of @src and @link may be set; a node has neither. */
struct entry {
	char *dst; /* without leading '/' */
	char *src;
	const char *link;
	mode_t mode; /* with the file type */
	dev_t rdev;
};

struct list {
	struct entry *v;
	size_t n;
};

static const char *const modules[] = {
	"irqbypass.ko",
	"kvm.ko",
	"kvm-amd.ko",
	"kvm-intel.ko",
};

/* The kernel wants a console, and PID 1 the log, before /dev is mounted. */
static const struct {
	const char *dst;
	unsigned int major, minor;
} nodes[] = {
	{ "dev/console", 5, 1 },
	{ "dev/kmsg", 1, 11 },
};

static const char *const dirs[] = {
	"bin", "dev", "proc", "run", "sbin", "sys", "tmp",
};

static struct entry *add(struct list *l, const char *dst, mode_t mode)
{
	struct entry *e;

	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	e = &l->v[l->n++];
	*e = (struct entry){ .dst = xstrdup(dst + strspn(dst, "/")),
			     .mode = mode };
	return e;
}

/* Takes @src over. */
static int add_file(struct list *l, const char *dst, char *src, mode_t mode)
{
	struct stat st;

	add(l, dst, S_IFREG | mode)->src = src;
	if (stat(src, &st) || !S_ISREG(st.st_mode)) {
		err("%s: no such file; needed in the guest as /%s", src,
		    dst + strspn(dst, "/"));
		return ST_USAGE;
	}
	return ST_OK;
}

static int add_arm(struct list *l, const char *artifacts, const char *arm)
{
	char *dst = xasprintf("arms/%s", arm);
	int ret = ST_OK;
	size_t i;

	add(l, dst, S_IFDIR | 0755);
	free(dst);
	for (i = 0; i < ARRAY_SIZE(modules) && !ret; i++) {
		dst = xasprintf("arms/%s/%s", arm, modules[i]);
		ret = add_file(l, dst, xasprintf("%s/%s", artifacts, dst),
			       0644);
		free(dst);
	}
	return ret;
}

static int add_test(struct list *l, const FTSENT *f, size_t top)
{
	char *dst = xasprintf("tests%s", f->fts_path + top);
	int ret = ST_OK;

	if (f->fts_info == FTS_D && f->fts_level > 0)
		add(l, dst, S_IFDIR | 0755);
	else if (f->fts_info == FTS_F && (f->fts_statp->st_mode & 0111))
		ret = add_file(l, dst, xstrdup(f->fts_path), 0755);
	free(dst);
	return ret;
}

static int add_tests(struct list *l, const char *artifacts)
{
	char *dir = xasprintf("%s/selftests", artifacts);
	char *const roots[] = { dir, NULL };
	size_t top = strlen(dir);
	int ret = ST_OK;
	FTSENT *f;
	FTS *fts;

	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	while (fts && !ret && (f = fts_read(fts))) {
		if (f->fts_info == FTS_DNR || f->fts_info == FTS_NS ||
		    f->fts_info == FTS_ERR) {
			err("%s: %s; needed for the guest's /tests",
			    f->fts_path, strerror(f->fts_errno));
			ret = ST_USAGE;
		} else {
			ret = add_test(l, f, top);
		}
	}
	if (fts)
		fts_close(fts);
	free(dir);
	return ret;
}

/* A program that needs an interpreter cannot run in the guest. */
static bool is_static(const char *path)
{
	size_t len, i;
	char *data = read_file(path, &len);
	bool ok = false;
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (!data || len < sizeof(eh))
		goto out;
	memcpy(&eh, data, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_phentsize != sizeof(ph) || eh.e_phoff > len ||
	    eh.e_phnum > (len - eh.e_phoff) / sizeof(ph))
		goto out;
	ok = true;
	for (i = 0; i < eh.e_phnum; i++) {
		memcpy(&ph, data + eh.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_INTERP)
			ok = false;
	}
out:
	free(data);
	return ok;
}

static int add_shell(struct list *l)
{
	if (!path_exists(BUSYBOX) || !is_static(BUSYBOX)) {
		err(BUSYBOX
		    " is missing or not static; install busybox-static");
		return ST_USAGE;
	}
	add(l, "sbin/arm", S_IFLNK | 0777)->link = "/init";
	add(l, "bin/sh", S_IFLNK | 0777)->link = "busybox";
	return add_file(l, "bin/busybox", xstrdup(BUSYBOX), 0755);
}

/* What any root file system has. */
static void add_base(struct list *l)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		add(l, dirs[i], S_IFDIR | 0755);
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		add(l, nodes[i].dst, S_IFCHR | 0600)->rdev =
			makedev(nodes[i].major, nodes[i].minor);
}

static int add_files(struct list *l, const struct initramfs_file *files, size_t n)
{
	int ret = ST_OK;
	size_t i;

	for (i = 0; i < n && !ret; i++)
		ret = add_file(l, files[i].dst, xstrdup(files[i].src),
			       files[i].mode & 07777);
	return ret;
}

static int collect(struct list *l, const char *artifacts,
		   const struct initramfs_opts *o)
{
	int ret;
	size_t i;

	add_base(l);
	add(l, "arms", S_IFDIR | 0755);
	add(l, "tests", S_IFDIR | 0755);
	ret = add_file(l, "init", xasprintf("%s/guest/init", artifacts), 0755);
	for (i = 0; i < o->n_arms && !ret; i++)
		ret = add_arm(l, artifacts, o->arms[i]);
	if (!ret)
		ret = add_tests(l, artifacts);
	if (!ret && o->with_shell)
		ret = add_shell(l);
	if (!ret && o->perf)
		ret = add_file(l, "bin/perf", xstrdup(o->perf), 0755);
	return ret ? ret : add_files(l, o->files, o->n_files);
}

static bool has(const struct list *l, const char *dst, size_t len)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (!strncmp(l->v[i].dst, dst, len) && !l->v[i].dst[len])
			return true;
	}
	return false;
}

/* The kernel makes no parent folders. */
static void add_parents(struct list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		const char *dst = l->v[i].dst;
		const char *slash = strrchr(dst, '/');
		char *parent;

		if (!slash || has(l, dst, slash - dst))
			continue;
		parent = xasprintf("%.*s", (int)(slash - dst), dst);
		add(l, parent, S_IFDIR | 0755);
		free(parent);
	}
}

/* Parents come before their children: they are prefixes. */
static int by_dst(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->dst,
		      ((const struct entry *)b)->dst);
}

static int sort(struct list *l)
{
	size_t i;

	qsort(l->v, l->n, sizeof(*l->v), by_dst);
	for (i = 1; i < l->n; i++) {
		if (!strcmp(l->v[i - 1].dst, l->v[i].dst)) {
			err("/%s: twice in the initramfs", l->v[i].dst);
			return ST_USAGE;
		}
	}
	return ST_OK;
}

static int put_entry(struct archive *a, const struct entry *e, size_t ino)
{
	struct archive_entry *ae = archive_entry_new();
	int ret = ST_HARNESS;
	char *data = NULL;
	size_t len = 0;

	if (e->src) {
		data = read_file(e->src, &len);
		if (!data)
			goto out;
	}
	archive_entry_set_pathname(ae, e->dst);
	archive_entry_set_mode(ae, e->mode);
	archive_entry_set_ino64(ae, (int64_t)ino);
	archive_entry_set_nlink(ae, 1);
	archive_entry_set_mtime(ae, 0, 0);
	archive_entry_set_rdev(ae, e->rdev);
	archive_entry_set_size(ae, (int64_t)len);
	if (e->link)
		archive_entry_set_symlink(ae, e->link);
	if (archive_write_header(a, ae) != ARCHIVE_OK ||
	    archive_write_data(a, data ? data : "", len) != (ssize_t)len)
		err("initramfs: /%s: %s: %s", e->dst, archive_error_string(a),
		    strerror(archive_errno(a)));
	else
		ret = ST_OK;
out:
	free(data);
	archive_entry_free(ae);
	return ret;
}

static int put_all(const struct list *l, const char *path)
{
	struct archive *a = archive_write_new();
	int ret = ST_HARNESS;
	size_t i;

	if (archive_write_set_format_cpio_newc(a) != ARCHIVE_OK ||
	    archive_write_add_filter_none(a) != ARCHIVE_OK ||
	    archive_write_open_filename(a, path) != ARCHIVE_OK) {
		err("%s: %s: %s", path, archive_error_string(a),
		    strerror(archive_errno(a)));
		goto out;
	}
	ret = ST_OK;
	for (i = 0; i < l->n && !ret; i++)
		ret = put_entry(a, &l->v[i], i + 1);
	if (archive_write_close(a) != ARCHIVE_OK && !ret) {
		err("%s: %s: %s", path, archive_error_string(a),
		    strerror(archive_errno(a)));
		ret = ST_HARNESS;
	}
out:
	archive_write_free(a);
	return ret;
}

static int put_atomically(const struct list *l, const char *out)
{
	char *tmp = xasprintf("%s.%d.tmp", out, (int)getpid());
	int ret = put_all(l, tmp);

	if (!ret && rename(tmp, out)) {
		err("%s: %s", out, strerror(errno));
		ret = ST_HARNESS;
	}
	if (ret)
		unlink(tmp);
	free(tmp);
	return ret;
}

static int write_list(struct list *l, const char *out)
{
	int ret;

	add_parents(l);
	ret = sort(l);
	return ret ? ret : put_atomically(l, out);
}

static void free_list(struct list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].dst);
		free(l->v[i].src);
	}
	free(l->v);
}

int initramfs_write(const char *artifacts, const struct initramfs_opts *o,
		    const char *out)
{
	struct list l = { 0 };
	int ret = collect(&l, artifacts, o);

	if (!ret)
		ret = write_list(&l, out);
	free_list(&l);
	return ret;
}

int initramfs_pack(const struct initramfs_file *files, size_t n, const char *out)
{
	struct list l = { 0 };
	int ret;

	add_base(&l);
	ret = add_files(&l, files, n);
	if (!ret)
		ret = write_list(&l, out);
	free_list(&l);
	return ret;
}
