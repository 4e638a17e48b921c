// SPDX-License-Identifier: GPL-2.0-only
/* PID 1: the request loop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"

#define ALIVE_S 1
#define PARAMS_MAX 1024

struct agent {
	struct port port;
	struct run run;
	int sig;
	int timer;
	uint64_t garbage; /* already reported */
	bool stopping; /* power off as soon as nothing runs */
};

static struct agent agent;

static void send_hello(struct port *p)
{
	char clock[64], cmdline[4096];
	struct utsname u;

	uname(&u);
	read_str(
		"/sys/devices/system/clocksource/clocksource0/current_clocksource",
		clock, sizeof(clock));
	read_str("/proc/cmdline", cmdline, sizeof(cmdline));
	port_begin(p);
	port_text(p, "proto", "%d", FRAME_PROTO);
	port_text(p, "release", "%s", u.release);
	port_text(p, "cpus", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	port_text(p, "mem_kb", "%ld",
		  sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024));
	port_text(p, "clocksource", "%s", clock);
	port_text(p, "cmdline", "%s", cmdline);
	port_send(p, FRAME_HELLO);
}

static void send_alive(struct port *p)
{
	port_begin(p);
	port_text(p, "uptime_ns", "%llu", (unsigned long long)now_ns());
	port_send(p, FRAME_ALIVE);
}

static void send_log(struct port *p, const char *line)
{
	port_begin(p);
	p->len = snprintf((char *)p->buf + FRAME_HDR_SIZE, FRAME_MAX, "%s",
			  line);
	port_send(p, FRAME_LOG);
}

static void send_reply(struct port *p, uint32_t id, const char *error)
{
	klog("mark %u end", id);
	port_begin(p);
	port_text(p, "id", "%u", id);
	port_text(p, "status", "%s", error ? "error" : "ok");
	if (error)
		port_text(p, "error", "%s", error);
	port_send(p, FRAME_REPLY);
}

static const char *text(const struct request *q, const char *key)
{
	const char *s = frame_text_get(q->data, q->len, key, 0);

	return s ? s : "";
}

/* A module's parameters, PARAMS_MAX bytes of room: all values of @key. */
static int get_params(const struct request *q, const char *key, char *params,
		      struct gerr *e)
{
	unsigned int i;
	const char *s;
	size_t len = 0;

	params[0] = '\0';
	for (i = 0; (s = frame_text_get(q->data, q->len, key, i)); i++) {
		len += snprintf(params + len, PARAMS_MAX - len, "%s%s",
				i ? " " : "", s);
		if (len >= PARAMS_MAX)
			return gerr_set(e, "%s: more than %d bytes", key,
					PARAMS_MAX);
	}
	return 0;
}

static int load(const struct request *q, struct gerr *e)
{
	char params[PARAMS_MAX], vendor_params[PARAMS_MAX];

	if (get_params(q, "kvm_arg", params, e) ||
	    get_params(q, "vendor_arg", vendor_params, e))
		return -1;
	return arm_load(text(q, "arm"), text(q, "arm"), text(q, "vendor"),
			params, vendor_params, e);
}

static int load_mixed(const struct request *q, struct gerr *e)
{
	if (arm_load(text(q, "arm"), text(q, "vendor_arm"), text(q, "vendor"),
		     "", "", e))
		return -1;
	return arm_unload(e);
}

static _Noreturn void serve_power_off(struct port *p, uint32_t id)
{
	/* A blocking write returns when the host has taken the bytes. */
	fcntl(p->fd, F_SETFL, 0);
	send_reply(p, id, NULL);
	power_off();
}

/*
 * The host has given the boot up. It says so before it makes the machine do
 * anything, so that what is to be known comes from a kernel that works still.
 */
static void serve_stop(struct agent *a, const struct request *q)
{
	klog(STOP_WORDS " %u and this boot", q->id);
	if (!strcmp(text(q, "where"), "1"))
		where("the host has given the boot up");
	a->stopping = true;
	run_stop(&a->run);
}

/* Return: 0 done, 1 goes on in @a->run, -1 with @e set. */
static int serve_request(struct agent *a, const struct request *q,
			 struct gerr *e)
{
	switch (q->type) {
	case FRAME_LOAD:
		klog("mark %u begin LOAD %.32s", q->id, text(q, "arm"));
		return load(q, e);
	case FRAME_UNLOAD:
		klog("mark %u begin UNLOAD", q->id);
		return arm_unload(e);
	case FRAME_MIXED:
		klog("mark %u begin MIXED %.32s %.32s", q->id, text(q, "arm"),
		     text(q, "vendor_arm"));
		return load_mixed(q, e);
	case FRAME_RUN:
		klog("mark %u begin RUN %.128s", q->id, text(q, "argv"));
		return run_start(&a->run, q, &a->port, e) ? -1 : 1;
	case FRAME_SHELL:
		klog("mark %u begin SHELL", q->id);
		return run_shell(&a->run, q, e) ? -1 : 1;
	case FRAME_POWEROFF:
		klog("mark %u begin POWEROFF", q->id);
		serve_power_off(&a->port, q->id);
	default:
		return gerr_set(e, "unknown request type %u", q->type);
	}
}

static void serve(struct agent *a, const struct frame *f)
{
	struct request q = { .type = f->type, .data = f->data, .len = f->len };
	struct gerr e = { "" };
	uint64_t id;
	int ret;

	if (parse_num(text(&q, "id"), UINT32_MAX, &id)) {
		send_log(&a->port, "a request without id was ignored");
		return;
	}
	q.id = (uint32_t)id;
	if (q.type == FRAME_STOP) {
		serve_stop(a, &q);
		return;
	}
	if (a->run.state != RUN_NONE) {
		send_reply(&a->port, q.id, "another request is not done yet");
		return;
	}
	ret = serve_request(a, &q, &e);
	if (ret <= 0)
		send_reply(&a->port, q.id, ret ? e.msg : NULL);
}

static void report_garbage(struct agent *a)
{
	const struct frame_reader *in = &a->port.in;
	char line[64];

	if (in->garbage + in->gaps == a->garbage)
		return;
	a->garbage = in->garbage + in->gaps;
	snprintf(line, sizeof(line),
		 "requests: %llu bytes garbage, %llu missing",
		 (unsigned long long)in->garbage, (unsigned long long)in->gaps);
	send_log(&a->port, line);
}

static int poll_timeout(const struct run *r)
{
	uint64_t now = now_ns();

	if (r->state == RUN_NONE || !r->deadline_ns)
		return -1;
	if (r->deadline_ns <= now)
		return 0;
	return (int)((r->deadline_ns - now) / 1000000 + 1);
}

/* One wait for whatever comes next. */
static void wait_event(struct agent *a)
{
	bool idle = a->run.state == RUN_NONE;
	struct pollfd fds[] = {
		{ .fd = a->timer, .events = POLLIN },
		{ .fd = a->sig, .events = POLLIN },
		/*
		 * While the host is away, only look when the timer ticks. While
		 * something runs it sends nothing but a STOP, and wakes nobody.
		 */
		{ .fd = a->port.gone ? -1 : a->port.fd, .events = POLLIN },
		{ .fd = idle ? -1 : a->run.out, .events = POLLIN },
	};
	struct signalfd_siginfo si;
	uint64_t ticks;

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), poll_timeout(&a->run)) < 0)
		return;
	if (fds[0].revents && read(a->timer, &ticks, sizeof(ticks)) > 0) {
		send_alive(&a->port);
		a->port.gone = false;
	}
	if (fds[1].revents && read(a->sig, &si, sizeof(si)) < 0)
		fatal("signalfd: %s", strerror(errno));
	if (fds[2].revents)
		port_receive(&a->port);
	if (fds[3].revents)
		run_output(&a->run, &a->port);
}

static _Noreturn void loop(struct agent *a)
{
	struct frame f;

	for (;;) {
		while (frame_reader_next(&a->port.in, &f))
			serve(a, &f);
		report_garbage(a);
		if (a->stopping && a->run.state == RUN_NONE)
			power_off();
		wait_event(a);
		run_step(&a->run);
		if (a->run.state == RUN_DONE)
			run_finish(&a->run, &a->port);
	}
}

static void open_events(struct agent *a)
{
	const struct itimerspec tick = { { ALIVE_S, 0 }, { ALIVE_S, 0 } };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a->sig = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	a->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (a->sig < 0 || a->timer < 0 ||
	    timerfd_settime(a->timer, 0, &tick, NULL))
		fatal("timer or signals: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *shell;
	struct gerr e = { "" };

	name = name ? name + 1 : argv[0];
	if (!strcmp(name, "arm"))
		return arm_command(argc, argv);
	if (getpid() != 1) {
		fprintf(stderr, "init: to be run by the kernel as PID 1\n");
		return 2;
	}
	setup();
	shell = cmdline_get("secmmu.shell");
	if (shell && !strcmp(shell, "1"))
		shell_only();
	fault_before_hello();
	if (port_open(&agent.port, PORT_NAME, &e))
		fatal("%s", e.msg);
	open_events(&agent);
	send_hello(&agent.port);
	fault_after_hello(&agent.port);
	loop(&agent);
}
