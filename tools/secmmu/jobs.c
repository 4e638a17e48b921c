// SPDX-License-Identifier: GPL-2.0-only
#include "jobs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"
#include "util.h"

#define LOOK_MS 20

struct worker {
	pid_t pid;
	int pidfd;
};

static int graver(int a, int b)
{
	static const int order[] = { ST_OK, ST_FAIL, ST_HARNESS, ST_INTR };
	size_t ia = 0, ib = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (order[i] == a)
			ia = i;
		if (order[i] == b)
			ib = i;
	}
	return order[ia > ib ? ia : ib];
}

static int start(const struct jobs *j, unsigned int i, unsigned int slot,
		 struct worker *w)
{
	pid_t parent = getpid();

	fflush(stdout);
	fflush(stderr);
	w->pid = fork();
	if (w->pid < 0) {
		err("cannot start a process: %s", strerror(errno));
		return -1;
	}
	if (!w->pid) {
		/* If secmmu is killed, the boot must still clean up. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(ST_INTR);
		_exit(j->run(i, slot, j->arg));
	}
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	return 0;
}

/* A worker that died of a signal is the harness's fault, not the test's. */
static int collect(struct worker *w)
{
	int status;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (w->pidfd >= 0)
		close(w->pidfd);
	w->pid = 0;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	err("a boot's process died of signal %d", WTERMSIG(status));
	return ST_HARNESS;
}

static void stop_all(struct worker *w, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (w[i].pid)
			kill(w[i].pid, SIGTERM);
}

static bool has_ended(const struct worker *w)
{
	siginfo_t i = { 0 };

	return w->pid && !waitid(P_PID, (id_t)w->pid, &i,
				 WEXITED | WNOHANG | WNOWAIT) && i.si_pid;
}

/* Wait for a worker to end; -1 if a signal came first. */
static int wait_one(struct worker *w, unsigned int n, bool signals)
{
	struct pollfd *pfd = xcalloc(n + 1, sizeof(*pfd));
	int which = -1, timeout = -1;

	for (unsigned int i = 0; i < n; i++) {
		pfd[i].fd = w[i].pid ? w[i].pidfd : -1;
		pfd[i].events = POLLIN;
		/* Without pidfd (valgrind, some sandboxes): keep looking. */
		if (w[i].pid && w[i].pidfd < 0)
			timeout = LOOK_MS;
	}
	pfd[n].fd = signals ? sig_fd() : -1;
	pfd[n].events = POLLIN;
	do {
		pfd[n].revents = 0;
		poll(pfd, n + 1, timeout);
		for (unsigned int i = 0; i < n && which < 0; i++)
			if (has_ended(&w[i]))
				which = (int)i;
	} while (which < 0 && !pfd[n].revents);
	free(pfd);
	return which;
}

int jobs_run(const struct jobs *j)
{
	struct worker *w = xcalloc(j->at_once, sizeof(*w));
	unsigned int next = 0, running = 0, finished = 0, to_do = 0;
	bool stopping = false;
	int ret = ST_OK;

	live_share();
	for (unsigned int i = 0; i < j->n; i++)
		to_do += !j->done(i, j->arg);
	for (;;) {
		unsigned int free_slot = 0;
		int i;

		while (next < j->n && j->done(next, j->arg))
			next++;
		if (!stopping && next < j->n && running < j->at_once) {
			while (w[free_slot].pid)
				free_slot++;
			if (start(j, next++, free_slot, &w[free_slot])) {
				ret = graver(ret, ST_HARNESS);
				stopping = true;
			} else {
				running++;
			}
			continue;
		}
		if (!running)
			break;
		i = wait_one(w, j->at_once, ret != ST_INTR);
		if (i >= 0) {
			int status = collect(&w[i]);

			running--;
			finished++;
			ret = graver(ret, status);
			if (status == ST_HARNESS || status == ST_INTR)
				stopping = true;
			else
				j->progress(finished, to_do, j->arg);
		} else if (sig_pending()) {
			stop_all(w, j->at_once);
			ret = ST_INTR;
			stopping = true;
		}
	}
	live_end();
	free(w);
	return ret;
}
