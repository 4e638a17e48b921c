// SPDX-License-Identifier: GPL-2.0-only
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu_args.h"
#include "util.h"

#define INSTALL "on Debian and Ubuntu: apt-get install qemu-system-x86"
/* No QEMU takes that long to say its version. */
#define PROBE_TIMEOUT_S "10"
#define LOOK_US 10000

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Return: the path of @name as the shell would find it, or NULL. */
static char *find_program(const char *name)
{
	const char *dir, *end, *path = getenv("PATH");
	char *full;

	if (strchr(name, '/'))
		return is_program(name) ? xstrdup(name) : NULL;
	for (dir = path; dir && *dir; dir = *end ? end + 1 : end) {
		end = strchrnul(dir, ':');
		full = xasprintf("%.*s/%s", (int)(end - dir), dir, name);
		if (is_program(full))
			return full;
		free(full);
	}
	return NULL;
}

int qemu_parse_version(const char *text, char version[32], unsigned int *major,
		       unsigned int *minor)
{
	const char *s = strstr(text, "QEMU emulator version ");
	size_t n;

	if (!s)
		return -1;
	s += strlen("QEMU emulator version ");
	n = strspn(s, "0123456789.");
	if (n >= 32 || sscanf(s, "%5u.%5u", major, minor) != 2)
		return -1;
	memcpy(version, s, n);
	version[n] = '\0';
	return 0;
}

static char *ask_version(const char *path, bool sandbox)
{
	char *const with[] = { "timeout", PROBE_TIMEOUT_S, (char *)path,
			       "-sandbox", "on", "-version", NULL };
	char *const without[] = { "timeout", PROBE_TIMEOUT_S, (char *)path,
				  "-version", NULL };

	return proc_capture(sandbox ? with : without, NULL);
}

int qemu_probe(struct qemu_info *q)
{
	const char *name = getenv("SECMMU_QEMU");
	unsigned int major, minor;
	int ret = ST_USAGE;
	char *text;

	memset(q, 0, sizeof(*q));
	if (!name || !*name)
		name = "qemu-system-x86_64";
	q->path = find_program(name);
	if (!q->path) {
		err("%s is missing; " INSTALL, name);
		return ST_USAGE;
	}
	/* A QEMU without seccomp refuses -sandbox before it gets to -version. */
	text = ask_version(q->path, true);
	q->sandbox = text;
	if (!text && !sig_pending())
		text = ask_version(q->path, false);
	if (sig_pending())
		ret = ST_INTR;
	else if (!text || qemu_parse_version(text, q->version, &major, &minor))
		err("%s does not answer -version as QEMU does; " INSTALL,
		    q->path);
	else if (major < QEMU_MIN_MAJOR ||
		 (major == QEMU_MIN_MAJOR && minor < QEMU_MIN_MINOR))
		err("%s is QEMU %s, which is too old: %d.%d or later is needed; "
		    INSTALL, q->path, q->version, QEMU_MIN_MAJOR,
		    QEMU_MIN_MINOR);
	else
		ret = jail_find(&q->jail, q->path);
	free(text);
	if (ret != ST_OK)
		qemu_info_free(q);
	return ret;
}

void qemu_info_free(struct qemu_info *q)
{
	free(q->path);
	memset(q, 0, sizeof(*q));
}

static int pidfd_open_(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/*
 * Where there are no pidfds (valgrind, some sandboxes): a pipe whose other end
 * QEMU holds to its end. Return: 0, with @life -1 where it is not needed; or -1.
 */
static int make_lifeline(int life[2])
{
	int fd = pidfd_open_(getpid());

	life[0] = life[1] = -1;
	if (fd < 0)
		return pipe2(life, O_CLOEXEC);
	close(fd);
	return 0;
}

/* In the child: @theirs get the numbers that QEMU's command line has. */
static void __attribute__((noreturn)) child(char *const *argv, pid_t parent,
					    const struct jail *jail,
					    int errors, const int *theirs,
					    int life)
{
	int high[QEMU_FDS], null;
	sigset_t none;

	setpgid(0, 0);
	if (jail_enter(jail)) {
		dprintf(errors, "cannot become user %s: %s\n", jail->user,
			strerror(errno));
		_exit(127);
	}
	/* After it, for a change of user clears this. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	null = open("/dev/null", O_RDONLY);
	/* Out of the way of the numbers they are to get. */
	for (int i = 0; i < QEMU_FDS; i++)
		high[i] = fcntl(theirs[i], F_DUPFD_CLOEXEC, 16);
	if (life >= 0)
		fcntl(life, F_DUPFD, 16);
	if (dup2(null, 0) < 0 || dup2(errors, 1) < 0 || dup2(errors, 2) < 0)
		_exit(127);
	for (int i = 0; i < QEMU_FDS; i++)
		if (dup2(high[i], QEMU_FD_FIRST + i) < 0)
			_exit(127);
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the order of the numbers that they get in QEMU. */
static int make_channels(struct qemu *q, int *theirs, int *errors)
{
	int *ours[] = { &q->console, &q->qmp, &q->frames };
	int p[2];

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p))
			return -1;
		*ours[i] = p[0];
		theirs[i] = p[1];
		if (fcntl(p[0], F_SETFL, O_NONBLOCK))
			return -1;
	}
	if (pipe2(p, O_CLOEXEC))
		return -1;
	q->errors = p[0];
	*errors = p[1];
	return fcntl(p[0], F_SETFL, O_NONBLOCK);
}

/* Kernel and initrd, for QEMU to find under their numbers. */
static int open_files(const struct jail *jail, const struct boot_spec *spec,
		      int *theirs, char **why)
{
	const char *const path[] = { spec->kernel, spec->initrd };

	for (int i = 0; i < 2; i++) {
		int *fd = &theirs[QEMU_FD_KERNEL - QEMU_FD_FIRST + i];

		*fd = jail_open(jail, path[i]);
		if (*fd >= 0)
			continue;
		*why = xasprintf("cannot open %s for QEMU: %s", path[i],
				 strerror(errno));
		return -1;
	}
	return 0;
}

/* The arguments as QEMU gets them: other paths than those for the reader. */
static char **child_argv(const struct qemu_info *info,
			 const struct boot_spec *spec)
{
	struct boot_spec inside = *spec;
	char *kernel = xasprintf("/proc/self/fd/%d", QEMU_FD_KERNEL);
	char *initrd = xasprintf("/proc/self/fd/%d", QEMU_FD_INITRD);
	char **argv;

	inside.kernel = kernel;
	inside.initrd = initrd;
	argv = qemu_argv(info, &inside);
	free(kernel);
	free(initrd);
	return argv;
}

static void set_command(struct qemu *q, const struct qemu_info *info,
			const struct boot_spec *spec)
{
	char **argv = qemu_argv(info, spec);

	q->command = qemu_quote(argv);
	qemu_argv_free(argv);
}

int qemu_start(struct qemu *q, const struct qemu_info *info,
	       const struct boot_spec *spec, char **why)
{
	int theirs[QEMU_FDS] = { -1, -1, -1, -1, -1 };
	struct jail jail = info->jail;
	pid_t parent = getpid();
	int errors = -1, life[2];
	int ret = -1;
	char **argv;

	memset(q, 0, sizeof(*q));
	q->pidfd = q->console = q->frames = q->qmp = q->errors = -1;
	*why = NULL;
	set_command(q, info, spec);
	argv = child_argv(info, spec);
	if (spec->accel->which == ACCEL_KVM)
		jail_device(&jail, "/dev/kvm");
	if (open_files(&jail, spec, theirs, why) ||
	    make_channels(q, theirs, &errors) || make_lifeline(life))
		goto out;
	q->pid = fork();
	if (q->pid < 0) {
		q->pid = 0;
		goto out;
	}
	if (!q->pid)
		child(argv, parent, &jail, errors, theirs, life[1]);
	setpgid(q->pid, q->pid);
	close_fd(&life[1]);
	q->pidfd = life[0] >= 0 ? life[0] : pidfd_open_(q->pid);
	if (q->pidfd < 0)
		goto out;
	ret = 0;
out:
	if (ret && !*why)
		*why = xasprintf("cannot start QEMU: %s", strerror(errno));
	for (int i = 0; i < QEMU_FDS; i++)
		close_fd(&theirs[i]);
	close_fd(&errors);
	qemu_argv_free(argv);
	return ret;
}

bool qemu_reap(struct qemu *q)
{
	if (q->pid && waitpid(q->pid, &q->wait_status, WNOHANG) == q->pid)
		q->pid = 0;
	return !q->pid;
}

int qemu_kill(struct qemu *q)
{
	uint64_t end = now_ns() + QEMU_KILL_S * 1000000000ull;

	if (!q->pid)
		return 0;
	kill(-q->pid, SIGKILL);
	kill(q->pid, SIGKILL);
	while (!qemu_reap(q)) {
		if (now_ns() >= end)
			return -1;
		usleep(LOOK_US);
	}
	return 0;
}

void qemu_close(struct qemu *q)
{
	qemu_kill(q);
	q->pid = 0;
	close_fd(&q->pidfd);
	close_fd(&q->console);
	close_fd(&q->frames);
	close_fd(&q->qmp);
	close_fd(&q->errors);
	free(q->command);
	q->command = NULL;
}
