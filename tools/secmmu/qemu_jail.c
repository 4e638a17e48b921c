// SPDX-License-Identifier: GPL-2.0-only
#include "qemu_jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define NO_GROUP ((gid_t)-1)

static void own_user(struct jail *j)
{
	const struct passwd *pw = getpwuid(geteuid());

	*j = (struct jail){ .uid = geteuid(), .gid = getegid(),
			    .device_gid = NO_GROUP };
	if (pw)
		snprintf(j->user, sizeof(j->user), "%s", pw->pw_name);
	else
		snprintf(j->user, sizeof(j->user), "%u", (unsigned int)j->uid);
}

/* Only a process that is the user can tell: groups, ACLs, folders above. */
static bool can_run(const struct jail *j, const char *program)
{
	pid_t pid = fork();
	int st;

	if (!pid)
		_exit(jail_enter(j) || access(program, X_OK));
	return pid > 0 && waitpid(pid, &st, 0) == pid && st == 0;
}

int jail_find(struct jail *j, const char *program)
{
	const char *name = getenv("SECMMU_QEMU_USER");
	const struct passwd *pw;

	own_user(j);
	if (geteuid())
		return ST_OK;
	if (!name || !*name)
		name = JAIL_USER;
	pw = getpwnam(name);
	if (!pw || strlen(name) >= sizeof(j->user)) {
		err("SECMMU_QEMU_USER: there is no user '%s' for QEMU to run as",
		    name);
		return ST_USAGE;
	}
	if (!pw->pw_uid)
		return ST_OK;
	snprintf(j->user, sizeof(j->user), "%s", name);
	j->drop = true;
	j->uid = pw->pw_uid;
	j->gid = pw->pw_gid;
	if (can_run(j, program))
		return ST_OK;
	err("user %s cannot run %s: open its folder to all, or set SECMMU_QEMU_USER=root",
	    name, program);
	return ST_USAGE;
}

int jail_device(struct jail *j, const char *device)
{
	struct stat st;

	if (!j->drop || stat(device, &st) || (st.st_mode & 06) == 06)
		return 0;
	if ((st.st_mode & 060) == 060 && st.st_gid) {
		j->device_gid = st.st_gid;
		return 0;
	}
	own_user(j);
	return -1;
}

int jail_enter(const struct jail *j)
{
	const struct rlimit none = { 0, 0 };

	if (j->drop) {
		if (setgroups(j->device_gid == NO_GROUP ? 0 : 1,
			      &j->device_gid) ||
		    setresgid(j->gid, j->gid, j->gid) ||
		    setresuid(j->uid, j->uid, j->uid))
			return -1;
		/* The way back, which there must not be. */
		if (!setuid(0)) {
			errno = EPERM;
			return -1;
		}
	}
	/* Console, frames and monitor are sockets: QEMU writes no file. */
	if (setrlimit(RLIMIT_FSIZE, &none) || setrlimit(RLIMIT_CORE, &none))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int copy_to_memory(int in, off_t size)
{
	int out = memfd_create("secmmu", MFD_CLOEXEC);
	ssize_t n;

	while (out >= 0 && size > 0) {
		n = sendfile(out, in, NULL, (size_t)size);
		if (n <= 0) {
			close(out);
			return -1;
		}
		size -= n;
	}
	return out;
}

int jail_open(const struct jail *j, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int copy, e;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && (!j->drop || st.st_mode & 04))
		return fd;
	copy = copy_to_memory(fd, st.st_size);
	e = errno;
	close(fd);
	errno = e;
	return copy;
}
