// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util.h"

#define BLOCK		4096u		/* as large are the holes */
#define BUFFER		(256u * BLOCK)
#define SPARE		(256ull << 20)	/* of the disk, for the results */
#define SPARE_EVERY	(32ull << 20)	/* written bytes between looks at it */
#define SEGMENTS_MAX	(1u << 20)	/* some thousand are usual */

/* What makedumpfile's flattened format begins with, which QEMU streams. */
static const char kdump_magic[] = "makedumpfile";

struct vmcore {
	enum vmcore_format format;
	char *path;
	char *error;
	int fd;
	uint64_t limit;
	uint64_t at;		/* bytes written or left out; of whole buffers */
	uint64_t stored, looked;	/* bytes written; when the disk was looked at */
	size_t used;
	uint8_t buf[BUFFER];
};

static const char *const names[] = {
	[VMCORE_NONE] = "none", [VMCORE_ELF] = "elf", [VMCORE_KDUMP] = "kdump",
};

const char *vmcore_format_name(enum vmcore_format f)
{
	return names[f];
}

int vmcore_format_parse(const char *s, enum vmcore_format *out)
{
	if (!strcmp(s, "1") || !strcmp(s, names[VMCORE_ELF]))
		*out = VMCORE_ELF;
	else if (!strcmp(s, names[VMCORE_KDUMP]))
		*out = VMCORE_KDUMP;
	else
		return -1;
	return 0;
}

/* The first error counts. */
static int fail(struct vmcore *v, char *why)
{
	if (v->error)
		free(why);
	else
		v->error = why;
	return -1;
}

struct vmcore *vmcore_new(const char *path, enum vmcore_format format,
			  uint64_t limit)
{
	struct vmcore *v = xcalloc(1, sizeof(*v));

	v->format = format;
	v->path = xstrdup(path);
	v->limit = limit;
	v->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (v->fd < 0)
		fail(v, xasprintf("cannot write %s: %s", path, strerror(errno)));
	return v;
}

/* A dump must not take the room that the results need. */
static int check_disk(struct vmcore *v)
{
	struct statvfs s;

	if (v->stored && v->stored - v->looked < SPARE_EVERY)
		return 0;
	v->looked = v->stored;
	if (fstatvfs(v->fd, &s) || (uint64_t)s.f_bavail * s.f_frsize >= SPARE)
		return 0;
	return fail(v, xasprintf("less than %llu MiB are free on the disk of %s",
				 SPARE >> 20, v->path));
}

static int write_all(struct vmcore *v, size_t from, size_t to)
{
	ssize_t n;

	if (from < to && check_disk(v))
		return -1;
	for (; from < to; from += (size_t)n) {
		n = pwrite(v->fd, v->buf + from, to - from,
			   (off_t)(v->at + from));
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return fail(v, xasprintf("cannot write %s: %s", v->path,
				strerror(n ? errno : ENOSPC)));
		v->stored += (uint64_t)n;
	}
	return 0;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return !*p && !memcmp(p, p + 1, n - 1);
}

/* Most of a guest's memory is zero: that is left out. */
static int flush(struct vmcore *v)
{
	size_t from = 0, i, n;

	for (i = 0; i < v->used; i += n) {
		n = v->used - i < BLOCK ? v->used - i : BLOCK;
		if (!is_zero(v->buf + i, n))
			continue;
		if (write_all(v, from, i))
			return -1;
		from = i + n;
	}
	if (write_all(v, from, v->used))
		return -1;
	v->at += v->used;
	v->used = 0;
	return 0;
}

int vmcore_feed(struct vmcore *v, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	if (v->error)
		return -1;
	if (len > v->limit - v->at - v->used)
		return fail(v, xasprintf("it is larger than %llu MiB, its limit",
					 (unsigned long long)(v->limit >> 20)));
	for (; len; len -= n, p += n) {
		n = BUFFER - v->used < len ? BUFFER - v->used : len;
		memcpy(v->buf + v->used, p, n);
		v->used += n;
		if (v->used == BUFFER && flush(v))
			return -1;
	}
	return 0;
}

static bool get(const struct vmcore *v, void *to, size_t len, uint64_t at)
{
	return at <= v->at && pread(v->fd, to, len, (off_t)at) == (ssize_t)len;
}

/* All that the header promises is there. */
static bool elf_is_whole(const struct vmcore *v)
{
	Elf64_Ehdr h;
	Elf64_Shdr s;
	Elf64_Phdr p;
	uint64_t n;

	if (!get(v, &h, sizeof(h), 0) || memcmp(h.e_ident, ELFMAG, SELFMAG) ||
	    h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_type != ET_CORE ||
	    h.e_phentsize != sizeof(p))
		return false;
	n = h.e_phnum;
	/* More segments than the field has room for. */
	if (n == PN_XNUM) {
		if (!get(v, &s, sizeof(s), h.e_shoff))
			return false;
		n = s.sh_info;
	}
	if (!n || n > SEGMENTS_MAX)
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!get(v, &p, sizeof(p), h.e_phoff + i * sizeof(p)) ||
		    p.p_offset > v->at || p.p_filesz > v->at - p.p_offset)
			return false;
	return true;
}

static bool kdump_is_whole(const struct vmcore *v)
{
	int64_t end[2] = { 0 };
	char magic[16];

	/* The flattened format ends with an offset and a size of -1. */
	return v->at >= 2 * BLOCK && get(v, magic, sizeof(magic), 0) &&
	       !memcmp(magic, kdump_magic, sizeof(kdump_magic)) &&
	       get(v, end, sizeof(end), v->at - sizeof(end)) &&
	       end[0] == -1 && end[1] == -1;
}

static void finish(struct vmcore *v)
{
	/* What is left out at the end has its size all the same. */
	if (!v->error && !flush(v) && ftruncate(v->fd, (off_t)v->at))
		fail(v, xasprintf("cannot write %s: %s", v->path,
				  strerror(errno)));
	if (!v->error && !(v->format == VMCORE_ELF ? elf_is_whole(v) :
						     kdump_is_whole(v)))
		fail(v, xstrdup("what QEMU sent is no whole dump"));
}

char *vmcore_end(struct vmcore *v, const char *failed)
{
	char *line;

	if (failed)
		fail(v, xstrdup(failed));
	if (v->fd >= 0)
		finish(v);
	if (v->error) {
		line = xasprintf("no vmcore: %s", v->error);
		unlink(v->path);
	} else {
		line = xasprintf("vmcore (%s): %llu MiB of memory, %llu MiB on the disk; docs/vmcore.md tells how to open it",
				 names[v->format],
				 (unsigned long long)(v->at >> 20),
				 (unsigned long long)(v->stored >> 20));
	}
	if (v->fd >= 0)
		close(v->fd);
	free(v->error);
	free(v->path);
	free(v);
	return line;
}
