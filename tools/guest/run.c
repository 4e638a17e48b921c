// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running a test: its own session, output through a pipe, a time limit, and
 * nothing of it left behind. PID 1 runs nothing else meanwhile, so that after
 * the end "everything but us" is what the test left.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define SAMPLES_PATH "/tmp/secmmu-samples"
#define KILL_AFTER_NS 2000000000ull
#define REAP_NS 10000000000ull
#define PIPE_SIZE (1 << 20)
#define ARGS_MAX 256

static const char *text(const struct request *q, const char *key,
			unsigned int nth)
{
	return frame_text_get(q->data, q->len, key, nth);
}

static int get_num(const struct request *q, const char *key, uint64_t max,
		   uint64_t *out, struct gerr *e)
{
	const char *s = text(q, key, 0);

	if (!s || parse_num(s, max, out))
		return gerr_set(e, "%s: not a number from 0 to %llu", key,
				(unsigned long long)max);
	return 0;
}

/* In the child. Errors go to @err_fd, which a successful exec closes. */
static _Noreturn void exec_test(const struct run *r, const struct request *q,
				int out, int err_fd)
{
	const char *argv[PERF_ARGS + ARGS_MAX + 1];
	unsigned int n, first;
	const char *s;
	sigset_t none;
	int null;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (n = 0; (s = text(q, "env", n)); n++)
		putenv((char *)s);
	if (r->samples)
		setenv("SECMMU_SAMPLES", SAMPLES_PATH, 1);
	if (r->traced)
		setenv("SECMMU_TRACING_ON", TRACE_SWITCH, 1);
	first = r->perf ? perf_argv(TRACEFS, argv) : 0;
	for (n = 0; n < ARGS_MAX && (s = text(q, "argv", n)); n++)
		argv[first + n] = s;
	argv[first + n] = NULL;
	/* KVM selftests open argv[0] for the guest's code, without PATH. */
	null = open("/dev/null", O_RDONLY);
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 &&
	    dup2(out, 2) >= 0 && !chdir("/tests"))
		execvp(argv[0], (char **)argv);
	n = errno;
	if (write(err_fd, &n, sizeof(n)) < 0)
		_exit(126);
	_exit(127);
}

/* Return: errno of the child's exec, 0 if it worked. */
static int exec_error(int fd)
{
	int err = 0;

	return read(fd, &err, sizeof(err)) == sizeof(err) ? err : 0;
}

static int spawn_test(struct run *r, const struct request *q, struct gerr *e)
{
	int out[2], err[2], code;

	if (pipe2(out, O_CLOEXEC))
		return gerr_set(e, "pipe: %s", strerror(errno));
	if (pipe2(err, O_CLOEXEC)) {
		gerr_set(e, "pipe: %s", strerror(errno));
		goto close_out;
	}
	/* Fewer wake-ups of this process while the test is measured. */
	fcntl(out[1], F_SETPIPE_SZ, PIPE_SIZE);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	r->start_ns = now_ns();
	r->pid = fork();
	if (r->pid < 0) {
		gerr_set(e, "fork: %s", strerror(errno));
		goto close_err;
	}
	if (!r->pid)
		exec_test(r, q, out[1], err[1]);
	close(err[1]);
	code = exec_error(err[0]);
	close(err[0]);
	close(out[1]);
	r->out = out[0];
	if (!code) {
		fault_run(r->pid);
		return 0;
	}
	waitpid(r->pid, NULL, 0);
	close(out[0]);
	return gerr_set(e, "%s: %s", text(q, "argv", 0), strerror(code));

close_err:
	close(err[0]);
	close(err[1]);
close_out:
	close(out[0]);
	close(out[1]);
	return -1;
}

int run_start(struct run *r, const struct request *q, struct port *p,
	      struct gerr *e)
{
	uint64_t timeout_ms, trace, samples, perf = 0;

	*r = (struct run){ .id = q->id, .out = -1 };
	if (get_num(q, "timeout_ms", UINT32_MAX, &timeout_ms, e) ||
	    get_num(q, "trace", 1, &trace, e) ||
	    get_num(q, "samples", 1, &samples, e) ||
	    (text(q, "perf", 0) && get_num(q, "perf", 1, &perf, e)))
		return -1;
	if (!text(q, "argv", 0) || text(q, "argv", ARGS_MAX))
		return gerr_set(e, "argv: none, or more than %d", ARGS_MAX);
	r->samples = samples;
	r->traced = trace;
	r->perf = perf;
	unlink(SAMPLES_PATH);
	if (r->perf && perf_ready(e))
		return -1;
	if (settings_apply(q, e))
		return -1;
	if (r->traced && trace_start(p, r->samples, e))
		goto restore;
	if (spawn_test(r, q, e))
		goto stop;
	r->deadline_ns = fault_stuck() ? 0 : r->start_ns + timeout_ms * 1000000;
	r->state = RUN_RUNNING;
	return 0;

stop:
	if (r->traced)
		trace_stop();
restore:
	settings_restore(NULL);
	return -1;
}

int run_shell(struct run *r, const struct request *q, struct gerr *e)
{
	*r = (struct run){ .id = q->id, .out = -1, .start_ns = now_ns() };
	r->pid = fork();
	if (r->pid < 0)
		return gerr_set(e, "fork: %s", strerror(errno));
	if (!r->pid)
		shell_exec();
	r->state = RUN_RUNNING;
	return 0;
}

bool run_output(struct run *r, struct port *p)
{
	ssize_t n;

	port_begin(p);
	port_u32(p, r->id);
	n = port_read_from(p, r->out);
	if (n > 0)
		port_send(p, FRAME_OUT);
	if (n == 0) {
		close(r->out);
		r->out = -1;
	}
	return n > 0;
}

/* Return: whether any child is left. */
static bool reap(struct run *r)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (pid != r->pid || r->reaped)
			continue;
		r->wall_ns = now_ns() - r->start_ns;
		r->status = status;
		r->usage = usage;
		r->reaped = true;
	}
	return pid == 0;
}

static void kill_all(struct run *r)
{
	if (r->traced)
		trace_stop();
	kill(-1, SIGKILL);
	r->state = RUN_REAP;
	r->deadline_ns = now_ns() + REAP_NS;
}

void run_step(struct run *r)
{
	bool left = reap(r);
	bool late = r->deadline_ns && now_ns() >= r->deadline_ns;

	switch (r->state) {
	case RUN_RUNNING:
		if (r->reaped) {
			kill_all(r);
		} else if (late) {
			r->timed_out = true;
			where("the test has not ended within its time limit");
			kill(-r->pid, SIGTERM);
			r->state = RUN_TERM;
			r->deadline_ns = now_ns() + KILL_AFTER_NS;
		}
		break;
	case RUN_TERM:
		if (r->reaped || late)
			kill_all(r);
		break;
	case RUN_REAP:
		r->stuck = left && late;
		if (r->stuck)
			where("something of the test survives SIGKILL");
		if (!left || late)
			r->state = RUN_DONE;
		break;
	default:
		break;
	}
	/* Those just killed may be gone already. */
	if (r->state == RUN_REAP && !reap(r))
		r->state = RUN_DONE;
}

void run_stop(struct run *r)
{
	if (r->traced)
		trace_stop();
	r->traced = false;
	r->perf = false;
	if (r->state != RUN_RUNNING)
		return;
	kill(-r->pid, SIGTERM);
	r->state = RUN_TERM;
	r->deadline_ns = now_ns() + KILL_AFTER_NS;
}

/* @part: of a PERF frame, whose payload has that number; -1: of SAMPLES. */
static void send_file(struct port *p, uint32_t id, int part, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	for (;;) {
		port_begin(p);
		port_u32(p, id);
		if (part >= 0)
			port_u32(p, part);
		if (port_read_from(p, fd) <= 0)
			break;
		port_send(p, part < 0 ? FRAME_SAMPLES : FRAME_PERF);
	}
	close(fd);
	unlink(path);
}

static uint64_t tv_ns(const struct timeval *tv)
{
	return tv->tv_sec * 1000000000ull + tv->tv_usec * 1000ull;
}

static void send_rest(struct run *r, struct port *p)
{
	while (r->out >= 0 && run_output(r, p))
		;
	/* Only a process that survived SIGKILL can still hold the other end. */
	if (r->out >= 0)
		close(r->out);
	if (r->samples)
		send_file(p, r->id, -1, SAMPLES_PATH);
	if (r->perf) {
		perf_modules("/proc/kallsyms");
		send_file(p, r->id, PERF_PART_DATA, PERF_DATA);
		send_file(p, r->id, PERF_PART_MODULES, PERF_MODULES);
	}
}

void run_finish(struct run *r, struct port *p)
{
	struct gerr e = { "" };
	uint64_t lost = 0;

	send_rest(r, p);
	settings_restore(&e);
	if (r->traced)
		trace_drain(p, r->id, &lost, &e);
	if (r->stuck)
		gerr_set(&e,
			 "a process of the test survived SIGKILL for %llu s",
			 REAP_NS / 1000000000);
	klog("mark %u end", r->id);
	port_begin(p);
	port_text(p, "id", "%u", r->id);
	port_text(p, "status", "%s", e.msg[0] ? "error" : "ok");
	if (e.msg[0])
		port_text(p, "error", "%s", e.msg);
	if (r->timed_out)
		port_text(p, "timeout", "1");
	else if (r->reaped && WIFSIGNALED(r->status))
		port_text(p, "signal", "%d", WTERMSIG(r->status));
	else if (r->reaped)
		port_text(p, "exit", "%d", WEXITSTATUS(r->status));
	port_text(p, "user_ns", "%llu",
		  (unsigned long long)tv_ns(&r->usage.ru_utime));
	port_text(p, "sys_ns", "%llu",
		  (unsigned long long)tv_ns(&r->usage.ru_stime));
	port_text(p, "wall_ns", "%llu", (unsigned long long)r->wall_ns);
	port_text(p, "lost", "%llu", (unsigned long long)lost);
	port_send(p, FRAME_REPLY);
	r->state = RUN_NONE;
}
