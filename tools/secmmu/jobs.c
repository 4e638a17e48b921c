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
#define GIVE_UP_MS 10000	/* from SIGKILL on */

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

/* How far the running jobs are with being stopped. */
enum stop { RUNNING, ASKED, KILLED };

struct stopping {
	enum stop stage;
	uint64_t next_ns;	/* when to go further, of CLOCK_MONOTONIC */
};

static void signal_all(struct worker *w, unsigned int n, int sig)
{
	for (unsigned int i = 0; i < n; i++)
		if (w[i].pid)
			kill(w[i].pid, sig);
}

/* Return: false if there is nothing left to be done. */
static bool stop_further(struct stopping *s, const struct jobs *j, struct worker *w)
{
	unsigned int ms = j->kill_ms ? j->kill_ms : JOBS_KILL_MS;

	if (s->stage == KILLED) {
		for (unsigned int i = 0; i < j->at_once; i++)
			if (w[i].pid)
				err("process %d, a boot's, has not ended after SIGKILL and is left behind",
				    (int)w[i].pid);
		return false;
	}
	if (s->stage == RUNNING) {
		signal_all(w, j->at_once, SIGTERM);
		s->stage = ASKED;
	} else {
		err("a boot has not stopped within %u s: it is killed", ms / 1000);
		signal_all(w, j->at_once, SIGKILL);
		s->stage = KILLED;
		ms = GIVE_UP_MS;
	}
	s->next_ns = now_ns() + ms * 1000000ull;
	return true;
}

/* For poll(): ms until @s is due, at most @timeout if that is not -1. */
static int until(const struct stopping *s, int timeout)
{
	uint64_t now = now_ns();
	int ms;

	if (s->stage == RUNNING)
		return timeout;
	ms = s->next_ns > now ? (int)((s->next_ns - now) / 1000000 + 1) : 0;
	return timeout < 0 || ms < timeout ? ms : timeout;
}

static bool has_ended(const struct worker *w)
{
	siginfo_t i = { 0 };

	return w->pid && !waitid(P_PID, (id_t)w->pid, &i,
				 WEXITED | WNOHANG | WNOWAIT) && i.si_pid;
}

/* Wait for a worker to end; -1 if a signal came first, or @s is due. */
static int wait_one(struct worker *w, unsigned int n, const struct stopping *s)
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
	pfd[n].fd = s->stage == RUNNING ? sig_fd() : -1;
	pfd[n].events = POLLIN;
	do {
		pfd[n].revents = 0;
		poll(pfd, n + 1, until(s, timeout));
		for (unsigned int i = 0; i < n && which < 0; i++)
			if (has_ended(&w[i]))
				which = (int)i;
	} while (which < 0 && !pfd[n].revents && until(s, -1));
	free(pfd);
	return which;
}

int jobs_run(const struct jobs *j)
{
	struct worker *w = xcalloc(j->at_once, sizeof(*w));
	unsigned int next = 0, running = 0, finished = 0, to_do = 0;
	struct stopping stop = { .stage = RUNNING };
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
		i = wait_one(w, j->at_once, &stop);
		if (i >= 0) {
			int status = collect(&w[i]);

			running--;
			finished++;
			ret = graver(ret, status);
			if (status == ST_HARNESS || status == ST_INTR)
				stopping = true;
			else
				j->progress(finished, to_do, j->arg);
		} else if (stop.stage != RUNNING || sig_pending()) {
			if (!stop_further(&stop, j, w))
				break;
			ret = ST_INTR;
			stopping = true;
		}
	}
	live_end();
	free(w);
	return stop.stage == KILLED ? ST_HARNESS : ret;
}
