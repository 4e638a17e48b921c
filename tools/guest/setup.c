// SPDX-License-Identifier: GPL-2.0-only
/* What a test may expect to find: file systems, environment, limits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

static const struct {
	const char *type, *dir, *data;
	unsigned long flags;
	bool needed;
} mounts[] = {
	{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, true },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV, true },
	{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV, true },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, true },
	{ "debugfs", "/sys/kernel/debug", NULL, 0, false },
	{ "tracefs", "/sys/kernel/tracing", NULL, 0, false },
};

static void mount_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].dir, 0755);
		/* EBUSY: the kernel mounted devtmpfs itself. */
		if (!mount(mounts[i].type, mounts[i].dir, mounts[i].type,
			   mounts[i].flags, mounts[i].data) ||
		    errno == EBUSY)
			continue;
		if (mounts[i].needed)
			fatal("mount %s on %s: %s", mounts[i].type,
			      mounts[i].dir, strerror(errno));
		klog("mount %s on %s: %s", mounts[i].type, mounts[i].dir,
		     strerror(errno));
	}
}

static void set_environment(void)
{
	clearenv();
	setenv("PATH", "/tests:/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("TERM", "vt100", 1);
	setenv("LC_ALL", "C", 1);
}

void setup(void)
{
	/* A crashing test must not fill the guest's memory with its core. */
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit files = { 65536, 65536 };

	umask(022);
	mount_all();
	set_environment();
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_NOFILE, &files);
	/* Marks in the kernel log must not fall to its rate limit. */
	if (write_str("/proc/sys/kernel/printk_devkmsg", "on\n"))
		klog("kernel.printk_devkmsg: %s; marks may be missing",
		     strerror(errno));
}
