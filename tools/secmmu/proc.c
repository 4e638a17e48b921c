// SPDX-License-Identifier: GPL-2.0-only
/* Signals and child processes: see util.h. */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"

#define PROGRESS_NS 15000000000ull
#define LIVE_NS 1000000000ull
#define KILL_AFTER_NS 3000000000ull
#define LOOK_MS 20

static int signal_fd = -1;
static bool got_signal;
static sigset_t old_mask;

void sig_init(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old_mask);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0) {
		err("signalfd: %s", strerror(errno));
		exit(ST_HARNESS);
	}
	signal(SIGPIPE, SIG_IGN);
}

int sig_fd(void)
{
	return signal_fd;
}

bool sig_pending(void)
{
	struct signalfd_siginfo si;

	if (signal_fd >= 0 &&
	    read(signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		got_signal = true;
	return got_signal;
}

static void __attribute__((noreturn)) child(const struct proc *p, int out)
{
	int fd;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (p->cwd && chdir(p->cwd)) {
		fprintf(stderr, "%s: %s\n", p->cwd, strerror(errno));
		_exit(127);
	}
	for (char *const *e = p->env; e && *e; e++)
		putenv(*e);
	if (p->log || out >= 0) {
		fd = open("/dev/null", O_RDONLY);
		dup2(fd, STDIN_FILENO);
	}
	if (p->log) {
		fd = open(p->log, O_WRONLY | O_CREAT | O_APPEND, 0666);
		if (fd < 0) {
			fprintf(stderr, "%s: %s\n", p->log, strerror(errno));
			_exit(127);
		}
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execvp(p->argv[0], p->argv);
	fprintf(stderr, "%s: %s\n", p->argv[0], strerror(errno));
	_exit(127);
}

static void tell(const struct proc *p, uint64_t start)
{
	unsigned int s = (unsigned int)((now_ns() - start) / 1000000000u);

	if (!p->label)
		return;
	if (p->expect_s > s)
		live("%s: %u s, about %u s to go", p->label, s,
		     p->expect_s - s);
	else
		live("%s: %u s", p->label, s);
}

static bool ended(pid_t pid)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, pid, &si, WEXITED | WNOHANG | WNOWAIT) || si.si_pid;
}

static int ms_until(uint64_t when)
{
	uint64_t now = now_ns();

	return when > now ? (int)((when - now) / 1000000 + 1) : 0;
}

/* Wait for @pid; on a signal, stop its whole group. */
static int reap(const struct proc *p, pid_t pid)
{
	uint64_t each = live_on() ? LIVE_NS : PROGRESS_NS;
	uint64_t start = now_ns(), next = start + each;
	struct pollfd pfd[2];
	bool killed = false;
	int status;

	pfd[0].fd = (int)syscall(SYS_pidfd_open, pid, 0);
	pfd[0].events = POLLIN;
	pfd[1].fd = sig_fd();
	pfd[1].events = POLLIN;
	while (!ended(pid)) {
		/* Without pidfd (valgrind, some sandboxes): keep looking. */
		poll(pfd, killed ? 1 : 2, pfd[0].fd < 0 ? LOOK_MS : ms_until(next));
		if (now_ns() >= next) {
			if (killed)
				kill(-pid, SIGKILL);
			else
				tell(p, start);
			next = now_ns() + (killed ? KILL_AFTER_NS : each);
		}
		if (!killed && sig_pending()) {
			kill(-pid, SIGTERM);
			killed = true;
			next = now_ns() + KILL_AFTER_NS;
		}
	}
	if (p->label)
		live_end();
	if (pfd[0].fd >= 0)
		close(pfd[0].fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* Grandchildren that outlived their parent must not go on. */
	kill(-pid, SIGKILL);
	if (killed)
		return -2;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static pid_t spawn(const struct proc *p, int out)
{
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid < 0)
		err("cannot start %s: %s", p->argv[0], strerror(errno));
	else if (!pid)
		child(p, out);
	else
		setpgid(pid, pid);
	return pid;
}

int proc_run(const struct proc *p)
{
	pid_t pid;

	if (sig_pending())
		return -2;
	pid = spawn(p, -1);
	return pid < 0 ? -1 : reap(p, pid);
}

char *proc_capture(char *const *argv, const char *cwd)
{
	struct proc p = { .argv = argv, .cwd = cwd };
	char tmpl[] = "/tmp/secmmu-out-XXXXXX";
	char *text = NULL;
	pid_t pid;
	int fd;

	fd = mkstemp(tmpl);
	if (fd < 0) {
		err("cannot make %s: %s", tmpl, strerror(errno));
		return NULL;
	}
	pid = spawn(&p, fd);
	if (pid > 0 && reap(&p, pid) == 0)
		text = read_file(tmpl, NULL);
	close(fd);
	unlink(tmpl);
	return text;
}
