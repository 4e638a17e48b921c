// SPDX-License-Identifier: GPL-2.0-only
/* Files: see util.h. */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int mkdir_p(const char *path)
{
	char *copy = xstrdup(path);
	int ret = 0;
	char *p;

	for (p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			break;
		*p = '/';
	}
	if (mkdir(copy, 0777) && errno != EEXIST) {
		err("cannot make folder %s: %s", path, strerror(errno));
		ret = -1;
	}
	free(copy);
	return ret;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	if (remove(path) && errno != ENOENT) {
		err("cannot remove %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

int remove_tree(const char *path)
{
	struct stat st;

	if (lstat(path, &st) && errno == ENOENT)
		return 0;
	return nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS) ? -1 : 0;
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool any_exists(const char *dir, const char *const *names, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);

		found = path_exists(path);
		free(path);
	}
	return found;
}

int rename_path(const char *from, const char *to)
{
	if (!rename(from, to))
		return 0;
	err("cannot rename %s to %s: %s", from, to, strerror(errno));
	return -1;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int copy_file(const char *from, const char *to)
{
	char buf[65536];
	struct stat st;
	int in, out = -1;
	int ret = -1;
	ssize_t n;

	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0 || fstat(in, &st)) {
		err("cannot read %s: %s", from, strerror(errno));
		goto out;
	}
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		   st.st_mode & 0777);
	if (out < 0)
		goto write_error;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write_all(out, buf, (size_t)n))
			goto write_error;
	if (n < 0) {
		err("cannot read %s: %s", from, strerror(errno));
		goto out;
	}
	n = close(out);
	out = -1;
	if (n)
		goto write_error;
	ret = 0;
	goto out;

write_error:
	err("cannot write %s: %s", to, strerror(errno));
out:
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ret;
}

char *read_file(const char *path, size_t *len)
{
	size_t used = 0, size = 65536;
	char *buf = NULL;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		goto error;
	buf = xmalloc(size);
	while ((n = read(fd, buf + used, size - used - 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto error;
		used += (size_t)n;
		if (size - used < 2) {
			size *= 2;
			buf = xrealloc(buf, size);
		}
	}
	close(fd);
	buf[used] = '\0';
	if (len)
		*len = used;
	return buf;

error:
	err("cannot read %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(buf);
	return NULL;
}

int write_file(const char *path, const void *data, size_t len)
{
	char *tmp = xasprintf("%s.tmp%d", path, (int)getpid());
	int ret = -1;
	int fd;

	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		goto error;
	if (write_all(fd, data, len) || fsync(fd)) {
		close(fd);
		goto error;
	}
	if (close(fd) || rename(tmp, path))
		goto error;
	ret = 0;
	goto out;

error:
	err("cannot write %s: %s", path, strerror(errno));
	unlink(tmp);
out:
	free(tmp);
	return ret;
}

int sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : fsync(fd);

	/* Some file systems have no folders to be synced. */
	if (ret && fd >= 0 && errno == EINVAL)
		ret = 0;
	if (ret)
		err("cannot write %s to the disk: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

int sha256_file(const char *path, char hex[65])
{
	if (!SHA256File(path, hex)) {
		err("cannot read %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

int lock_file(const char *path, const char *what, bool wait)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0) {
		err("cannot open lock %s: %s", path, strerror(errno));
		return -1;
	}
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (errno == EWOULDBLOCK && wait) {
		info("waiting for another run that uses %s", what);
		while (flock(fd, LOCK_EX | LOCK_NB)) {
			if (errno != EWOULDBLOCK || sig_pending())
				goto fail;
			usleep(200000);
		}
		return fd;
	}
	if (errno == EWOULDBLOCK) {
		err("another run is using %s: wait for it, or stop it", what);
		goto out;
	}
fail:
	err("cannot lock %s: %s", path,
	    sig_pending() ? "interrupted" : strerror(errno));
out:
	close(fd);
	return -1;
}

const char *cache_dir(void)
{
	static char *dir;
	const char *e;

	if (dir)
		return dir;
	e = getenv("SECMMU_CACHE");
	if (e && *e)
		dir = xstrdup(e);
	else if ((e = getenv("XDG_CACHE_HOME")) && *e)
		dir = xasprintf("%s/secmmu", e);
	else
		dir = xasprintf("%s/.cache/secmmu",
				getenv("HOME") ? getenv("HOME") : "/tmp");
	if (*dir != '/') {
		char *cwd = getcwd(NULL, 0);
		char *abs = xasprintf("%s/%s", cwd ? cwd : "", dir);

		free(cwd);
		free(dir);
		dir = abs;
	}
	return dir;
}

const char *top_dir(void)
{
	static char top[PATH_MAX];
	const char *e = getenv("SECMMU_TOP");
	ssize_t n;
	int up;

	if (*top)
		return top;
	if (e && *e) {
		if (!realpath(e, top)) {
			err("SECMMU_TOP=%s: %s", e, strerror(errno));
			exit(ST_USAGE);
		}
		return top;
	}
	/* The binary is TOP/tools/secmmu/secmmu. */
	n = readlink("/proc/self/exe", top, sizeof(top) - 1);
	if (n < 0)
		n = 0;
	top[n] = '\0';
	for (up = 0; up < 3 && strrchr(top, '/'); up++)
		*strrchr(top, '/') = '\0';
	return top;
}
