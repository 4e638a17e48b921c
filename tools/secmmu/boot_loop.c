// SPDX-License-Identifier: GPL-2.0-only
/* The event loop of a boot: one poll() over all that can happen. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot_int.h"

#define ERRORS_MAX	4096u
#define PANIC_MS	1000
#define PANIC_MAX_MS	30000
/* Longer without a turn of the loop: we were stopped, not the guest. */
#define STOPPED_NS	(2000 * MS)
#define TTY_PENDING_MAX	65536u

void boot_die(struct boot *b, enum boot_cause cause, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (b->code)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	b->code = boot_cause_code(cause);
	b->cause = cause;
	b->reason = printable(line);
	for (int i = 0; i < N_TIMERS; i++)
		b->timer[i] = NEVER;
}

/*
 * A panic ends with backtraces of all CPUs, which on a slow console take long: until
 * it falls silent, if it does.
 */
static void await_rest_of_panic(struct boot *b)
{
	uint64_t now = now_ns(), last;

	if (b->timer[TIMER_PANIC] == NEVER)
		b->panic_ns = now;
	last = b->panic_ns + PANIC_MAX_MS * MS;
	b->timer[TIMER_PANIC] = now + PANIC_MS * MS;
	if (b->timer[TIMER_PANIC] > last)
		b->timer[TIMER_PANIC] = last;
}

/* The channels' readers return 1 if there may be more, 0 if not, -1 at the end. */
static int read_console(struct boot *b)
{
	char buf[16384];
	ssize_t n = read(b->qemu.console, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	b->timer[TIMER_SILENCE] = NEVER;
	b->console_ns = now_ns();
	if (console_feed(b->console, buf, (size_t)n))
		boot_die(b, CAUSE_HOST, "cannot write console.log: %s",
			 strerror(console_error(b->console)));
	if (b->capture && b->captured < CAPTURE_MAX) {
		fwrite(buf, 1, (size_t)n, b->capture);
		b->captured += (size_t)n;
	}
	boot_tty_output(b, buf, (size_t)n);
	if (!b->code && console_panicked(b->console))
		await_rest_of_panic(b);
	return 1;
}

/* Keep the end of what QEMU complains about. */
static int read_errors(struct boot *b)
{
	char buf[1024];
	ssize_t n = read(b->qemu.errors, buf, sizeof(buf));
	size_t drop = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	if (!b->errors)
		b->errors = xcalloc(1, ERRORS_MAX + sizeof(buf) + 1);
	if (b->n_errors + (size_t)n > ERRORS_MAX)
		drop = b->n_errors + (size_t)n - ERRORS_MAX;
	if (drop > b->n_errors)
		drop = b->n_errors;
	memmove(b->errors, b->errors + drop, b->n_errors - drop);
	b->n_errors -= drop;
	for (ssize_t i = 0; i < n; i++)
		b->errors[b->n_errors++] = buf[i] ? buf[i] : '?';
	b->errors[b->n_errors] = '\0';
	return 1;
}

static void take_answer(struct boot *b, const struct qmp_msg *m)
{
	const char *text;

	for (size_t i = 0; i < ARRAY_SIZE(b->wanted); i++) {
		if (m->type == QMP_EVENT || !b->wanted[i] || m->id != b->wanted[i])
			continue;
		text = json_string_value(m->data);
		if (!text)
			text = json_string_value(json_object_get(m->data,
				m->type == QMP_ERROR ? "desc" : "status"));
		b->refused_us[i] = m->type == QMP_ERROR;
		free(b->answer[i]);
		b->answer[i] = text ? xstrdup(text) : json_dumps(m->data, 0);
		if (!b->answer[i])
			b->answer[i] = xstrdup("(no answer)");
	}
}

static void read_qmp(struct boot *b)
{
	struct qmp_msg m;
	const char *why;

	/* Its loss shows as QEMU's end; without it there is less diagnosis. */
	qmp_pump(b->qmp);
	while (qmp_next(b->qmp, &m)) {
		why = json_string_value(json_object_get(m.data, "reason"));
		if (m.type == QMP_EVENT && !strcmp(m.name, "SHUTDOWN") && why) {
			free(b->shutdown);
			b->shutdown = printable(why);
		}
		take_answer(b, &m);
		qmp_msg_done(&m);
	}
}

static void close_fd(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* The last line that QEMU complained, in brackets; free() it. */
static char *last_complaint(const struct boot *b)
{
	char *text, *nl, *out;

	if (!b->n_errors)
		return xstrdup("");
	text = xstrdup(b->errors);
	for (nl = text + strlen(text); nl > text && nl[-1] == '\n'; nl--)
		nl[-1] = '\0';
	nl = strrchr(text, '\n');
	out = xasprintf(" (%s)", nl ? nl + 1 : text);
	free(text);
	return out;
}

/* QEMU is gone: why, and was it to be? */
static void judge_end(struct boot *b)
{
	int st = b->qemu.wait_status;
	const char *why = b->shutdown ? b->shutdown : "";
	char *complaint;

	if (console_panicked(b->console)) {
		boot_die(b, CAUSE_PANIC, "guest panicked: %s",
			 console_panicked(b->console));
		return;
	}
	if (b->off && !b->waiting && WIFEXITED(st) && !WEXITSTATUS(st))
		return;
	complaint = last_complaint(b);
	if (!strcmp(why, "guest-reset"))
		boot_die(b, CAUSE_RESET,
			 "guest reset itself without a panic (a triple fault?)");
	else if (!strcmp(why, "guest-shutdown"))
		boot_die(b, CAUSE_OFF, "guest powered off unasked");
	else if (WIFSIGNALED(st))
		boot_die(b, CAUSE_QEMU_DIED, "QEMU was killed by signal %d (%s)%s",
			 WTERMSIG(st), strsignal(WTERMSIG(st)), complaint);
	else if (!strcmp(why, "host-signal"))
		boot_die(b, CAUSE_QEMU_DIED, "QEMU was ended by a signal%s",
			 complaint);
	else
		boot_die(b, CAUSE_QEMU_DIED, "QEMU ended with status %d%s",
			 WEXITSTATUS(st), complaint);
	free(complaint);
}

/*
 * A signal that somebody has sent: no fault of QEMU's, which would be one of another
 * kind, and no deed of the guest's. SIGTERM and the like end it in good order.
 */
static bool killed_from_outside(const struct boot *b)
{
	int st = b->qemu.wait_status;

	if (b->shutdown)
		return !strcmp(b->shutdown, "host-signal");
	return WIFSIGNALED(st) &&
	       (WTERMSIG(st) == SIGKILL || WTERMSIG(st) == SIGTERM ||
		WTERMSIG(st) == SIGINT || WTERMSIG(st) == SIGHUP);
}

/* What it said last is in the channels still. */
static void read_rest(struct boot *b)
{
	while (b->qemu.console >= 0 && read_console(b) > 0)
		;
	while (b->qemu.errors >= 0 && read_errors(b) > 0)
		;
	while (b->qemu.frames >= 0 && boot_frames_read(b) > 0)
		;
	if (b->qmp)
		read_qmp(b);
	console_finish(b->console);
}

static void check_limits(struct boot *b, uint64_t now)
{
	if (now >= b->timer[TIMER_SILENCE])
		boot_die(b, CAUSE_NO_CONSOLE,
			 "nothing on the console for %u s from QEMU's start",
			 b->limits.silence_ms / 1000);
	if (now >= b->timer[TIMER_HELLO])
		boot_die(b, CAUSE_NO_HELLO,
			 "the guest's PID 1 has not reported within %u s",
			 b->limits.hello_ms / 1000);
	if (now >= b->timer[TIMER_ALIVE])
		boot_die(b, CAUSE_NO_FRAMES,
			 "guest hangs: no sign of life for %u s during %s",
			 b->limits.alive_ms / 1000, b->what);
	if (now >= b->timer[TIMER_PROGRESS])
		boot_die(b, CAUSE_NO_PROGRESS,
			 "guest makes no progress: frames come, but no result and no end of %s, %u s beyond its time limit",
			 b->what, b->limits.progress_ms / 1000);
	if (now >= b->timer[TIMER_ANSWER])
		boot_die(b, b->req ? CAUSE_TEST_TIMEOUT : CAUSE_REQUEST_TIMEOUT,
			 "guest is alive, but has not finished %s in time",
			 b->what);
	if (now >= b->timer[TIMER_BOOT])
		boot_die(b, CAUSE_BOOT_TIMEOUT,
			 "the boot has not ended within %u s, its boot_timeout; it is at %s",
			 b->limits.boot_ms / 1000, b->what);
}

static void check_timers(struct boot *b, uint64_t now)
{
	if (b->code)
		return;
	if (now >= b->timer[TIMER_PANIC])
		boot_die(b, CAUSE_PANIC, "guest panicked: %s",
			 console_panicked(b->console));
	/* A panic explains all that is overdue. */
	if (b->timer[TIMER_PANIC] != NEVER)
		return;
	check_limits(b, now);
}

/* Return: ms until the next timer, rounded up. */
static int next_timeout(const struct boot *b)
{
	uint64_t first = now_ns() + 3600 * 1000 * MS, now = now_ns();

	for (int i = 0; i < N_TIMERS; i++)
		if (b->timer[i] < first)
			first = b->timer[i];
	return first <= now ? 0 : (int)((first - now) / MS) + 1;
}

/* Ctrl-Z, or a suspended machine, is no reason to give the guest up. */
static void forgive_stop(struct boot *b, int timeout, uint64_t now)
{
	uint64_t took = now - b->turn_ns;
	uint64_t due = (uint64_t)timeout * MS;

	if (took < due + STOPPED_NS)
		return;
	for (int i = 0; i < N_TIMERS; i++)
		if (b->timer[i] != NEVER)
			b->timer[i] += took;
}

static void handle(struct boot *b, const struct pollfd *p)
{
	bool alive;

	if (p[1].revents && read_console(b) < 0)
		close_fd(&b->qemu.console);
	if (p[2].revents & POLLOUT)
		boot_frames_write(b);
	if ((p[2].revents & ~POLLOUT) && boot_frames_read(b) < 0)
		close_fd(&b->qemu.frames);
	if (p[3].revents)
		read_qmp(b);
	if (p[4].revents && read_errors(b) < 0)
		close_fd(&b->qemu.errors);
	if (p[5].revents)
		boot_tty_input(b);
	if (p[6].revents)
		boot_tty_write(b);
	if (p[7].revents && sig_pending())
		boot_die(b, CAUSE_INTERRUPTED, "interrupted");
	if (p[8].revents && boot_vmcore_read(b) < 0)
		close_fd(&b->core_fd);
	/* Last: what it said before it ended has been read, or is now. */
	if (p[0].revents && qemu_reap(&b->qemu)) {
		read_rest(b);
		b->ended = true;
		alive = !b->code;
		judge_end(b);
		b->killed = alive && b->code == BOOT_ERR_EXIT &&
			    killed_from_outside(b);
	}
}

void boot_pump(struct boot *b)
{
	bool full = b->tty.n_pending >= TTY_PENDING_MAX;
	struct pollfd p[] = {
		{ .fd = b->qemu.pidfd, .events = POLLIN },
		{ .fd = full ? -1 : b->qemu.console, .events = POLLIN },
		{ .fd = b->qemu.frames,
		  .events = b->n_out ? POLLIN | POLLOUT : POLLIN },
		{ .fd = qmp_fd(b->qmp), .events = qmp_events(b->qmp) },
		{ .fd = b->qemu.errors, .events = POLLIN },
		{ .fd = b->tty.in, .events = POLLIN },
		{ .fd = b->tty.n_pending ? b->tty.out : -1, .events = POLLOUT },
		/* Level-triggered, and said once is enough. */
		{ .fd = b->code == BOOT_ERR_INTR ? -1 : sig_fd(),
		  .events = POLLIN },
		{ .fd = b->core_fd, .events = POLLIN },
	};
	int timeout = next_timeout(b);
	uint64_t now;

	if (poll(p, ARRAY_SIZE(p), timeout) < 0)
		return;
	/* Of one time only: a stop while what is there is handled is the next turn's. */
	now = now_ns();
	forgive_stop(b, timeout, now);
	handle(b, p);
	check_timers(b, now);
	b->turn_ns = now;
}
