// SPDX-License-Identifier: GPL-2.0-only
/* The interactive shell on the console, and its `arm` command. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define BUSYBOX "/bin/busybox"

/*
 * /dev/console cannot be a controlling terminal, so job control needs the
 * device behind it: the last word of .../active.
 */
static int open_terminal(void)
{
	char active[128], dev[160];
	const char *last;

	if (read_str("/sys/class/tty/console/active", active, sizeof(active)) <=
	    0)
		return -1;
	last = strrchr(active, ' ');
	snprintf(dev, sizeof(dev), "/dev/%s", last ? last + 1 : active);
	return open(dev, O_RDWR);
}

void shell_exec(void)
{
	sigset_t none;
	int tty;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	tty = open_terminal();
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 1) || dup2(tty, 0) < 0 ||
	    dup2(tty, 1) < 0 || dup2(tty, 2) < 0) {
		klog("shell: no terminal: %s", strerror(errno));
		_exit(126);
	}
	if (tty > 2)
		close(tty);
	setenv("PS1", "secmmu# ", 1);
	if (!chdir("/tests") && !system(BUSYBOX " --install -s /bin"))
		execl(BUSYBOX, "-sh", NULL);
	klog("shell: %s: %s", BUSYBOX, strerror(errno));
	_exit(127);
}

static void print_arms(FILE *f)
{
	size_t i;
	glob_t g;

	if (glob("/arms/*", 0, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc; i++)
		fprintf(f, " %s", strrchr(g.gl_pathv[i], '/') + 1);
	fputc('\n', f);
	globfree(&g);
}

static void banner(const char *arm)
{
	printf("\nsecmmu: KVM selftests in /tests%s; arm loaded: %s\n",
	       access("/bin/perf", X_OK) ? "" : ", perf in /bin",
	       arm ? arm : "none");
	printf("`arm NAME` loads another:");
	print_arms(stdout);
	printf("`exit` turns the machine off\n\n");
	fflush(stdout);
}

void shell_only(void)
{
	const char *s = cmdline_get("secmmu.vendor");
	char vendor[16];
	struct gerr e = { "" };
	pid_t pid;

	snprintf(vendor, sizeof(vendor), "%s", s ? s : "amd");
	s = cmdline_get("secmmu.arm");
	if (s && arm_load(s, s, vendor, "", "", &e)) {
		klog("arm: %s", e.msg);
		s = NULL;
	}
	banner(s);
	pid = fork();
	if (pid < 0)
		fatal("fork: %s", strerror(errno));
	if (!pid)
		shell_exec();
	while (wait(NULL) != pid)
		;
	power_off();
}

int arm_command(int argc, char **argv)
{
	const char *vendor = arm_vendor();
	char was[16];
	struct gerr e = { "" };

	if (argc != 2) {
		fprintf(stderr, "usage: arm NAME, with NAME one of:");
		print_arms(stderr);
		return 2;
	}
	if (!vendor)
		vendor = cmdline_get("secmmu.vendor");
	snprintf(was, sizeof(was), "%s", vendor ? vendor : "amd");
	if (arm_unload(&e) || arm_load(argv[1], argv[1], was, "", "", &e)) {
		fprintf(stderr, "arm: %s\n", e.msg);
		return 1;
	}
	return 0;
}
