// SPDX-License-Identifier: GPL-2.0-only
/* What callers of the supervisor see: a boot, requests to it, its result. */
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_int.h"

#define CONSOLE_LOG_MAX	(16ull << 20)
/* Beside the memory there are the firmware, page tables, headers. */
#define VMCORE_EXTRA	(64ull << 20)

static const struct boot_quota run_quota = {
	.out = 16ull << 20,
	.samples = 64ull << 20,
	.trace = 1ull << 30,
	.meta = 4ull << 20,
	.perf = 1ull << 30,
};

/* Text of a request: "key=value" strings, each with its NUL. */
struct text {
	char *buf;
	size_t len;
};

static void put(struct text *t, const char *key, const char *value)
{
	char *s = xasprintf("%s=%s", key, value);
	size_t n = strlen(s) + 1;

	t->buf = xrealloc(t->buf, t->len + n);
	memcpy(t->buf + t->len, s, n);
	t->len += n;
	free(s);
}

static void put_number(struct text *t, const char *key, unsigned long long v)
{
	char s[24];

	snprintf(s, sizeof(s), "%llu", v);
	put(t, key, s);
}

static void put_all(struct text *t, const char *key, const char *const *v)
{
	for (; v && *v; v++)
		put(t, key, *v);
}

/* The boot is dead: learn why while QEMU lives, then end it. */
static void bury(struct boot *b)
{
	boot_tty_disconnect(b);
	if (b->code != BOOT_ERR_INTR && !sig_pending())
		boot_diagnose(b);
	else if (boot_answers(b))
		boot_notice(b, NULL);
	boot_stop(b);
}

void boot_progress(struct boot *b)
{
	if (!b->code && b->waiting && b->req)
		b->timer[TIMER_PROGRESS] = now_ns() +
			boot_progress_limit(&b->limits, b->clock,
					    b->req->timeout_ms) * MS;
}

/* Send the request in @t (taken over) and wait for the REPLY to it. */
static int request(struct boot *b, enum frame_type type, struct text *t,
		   uint64_t limit_ms)
{
	if (!b->code && t->len > FRAME_MAX)
		boot_die(b, CAUSE_HOST, "%s is too long to be sent",
			 b->what);
	if (b->code) {
		free(t->buf);
		return b->code;
	}
	b->waiting = true;
	b->refused = false;
	/* Nobody listened between the requests. */
	boot_set_timer(b, TIMER_ALIVE, b->limits.alive_ms);
	b->turn_ns = now_ns();
	b->timer[TIMER_ANSWER] =
		limit_ms == NEVER ? NEVER : now_ns() + limit_ms * MS;
	boot_progress(b);
	boot_frame_send(b, type, t->buf, (uint32_t)t->len);
	free(t->buf);
	while (!b->code && b->waiting && !b->tty.quit)
		boot_pump(b);
	if (b->code)
		bury(b);
	return b->code ? b->code : b->refused ? BOOT_REFUSED : BOOT_OK;
}

/* A new request: its text begins with its id. */
static struct text begin(struct boot *b, const char *verb, const char *arg)
{
	struct text t = { 0 };

	free(b->what);
	b->what = xasprintf("%s%s%s", verb, arg ? " " : "", arg ? arg : "");
	put_number(&t, "id", ++b->id);
	return t;
}

static struct boot *boot_new(const struct boot_spec *s)
{
	struct boot *b = xcalloc(1, sizeof(*b));
	char *path = xasprintf("%s/console.log", s->dir);

	boot_set_limits(&b->limits, s);
	b->clock = s->clock;
	b->vendor = s->accel->vendor;
	b->shadow = s->shadow;
	b->cpus = s->cpus;
	b->what = xstrdup("boot");
	b->context = s->context ? xstrdup(s->context) : NULL;
	b->tty.in = b->tty.out = -1;
	b->qemu.pidfd = b->qemu.console = b->qemu.frames = -1;
	b->qemu.qmp = b->qemu.errors = b->core_fd = -1;
	b->vmcore = s->vmcore;
	b->vmcore_path = xasprintf("%s/vmcore", s->dir);
	b->vmcore_max = ((uint64_t)s->memory_mb << 20) + VMCORE_EXTRA;
	for (int i = 0; i < N_TIMERS; i++)
		b->timer[i] = NEVER;
	b->log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (b->log_fd < 0)
		boot_die(b, CAUSE_HOST, "cannot write %s: %s", path,
			 strerror(errno));
	b->console = console_new(b->log_fd, CONSOLE_LOG_MAX);
	free(path);
	return b;
}

struct boot *boot_start(const struct boot_spec *s)
{
	struct boot *b = boot_new(s);
	char *why = NULL;

	if (b->code)
		return b;
	if (qemu_probe(&b->info) != ST_OK) {
		boot_die(b, sig_pending() ? CAUSE_INTERRUPTED : CAUSE_NO_START,
			 "no usable QEMU");
		return b;
	}
	b->start_ns = b->turn_ns = now_ns();
	if (qemu_start(&b->qemu, &b->info, s, &why)) {
		boot_die(b, CAUSE_NO_START, "%s", why);
		free(why);
		return b;
	}
	b->started = true;
	b->qmp = qmp_new(b->qemu.qmp);
	b->qemu.qmp = -1;
	boot_set_timer(b, TIMER_SILENCE, b->limits.silence_ms);
	boot_set_timer(b, TIMER_HELLO, b->limits.hello_ms);
	if (b->limits.boot_ms)
		boot_set_timer(b, TIMER_BOOT, b->limits.boot_ms);
	while (!b->code && !b->greeted)
		boot_pump(b);
	if (!b->code && s->pin)
		boot_pin(b, s->pin, s->cpus);
	if (b->code)
		bury(b);
	return b;
}

void boot_context(struct boot *b, const char *fmt, ...)
{
	va_list ap;

	free(b->context);
	va_start(ap, fmt);
	b->context = xvasprintf(fmt, ap);
	va_end(ap);
}

int boot_code(const struct boot *b)
{
	return b->code;
}

const char *boot_reason(const struct boot *b)
{
	return b->reason ? b->reason : "";
}

uint32_t boot_request(const struct boot *b)
{
	return b->id;
}

const char *boot_refusal(const struct boot *b)
{
	return b->refusal;
}

const struct boot_hello *boot_get_hello(const struct boot *b)
{
	return &b->hello;
}

int boot_load(struct boot *b, const char *arm, const char *const *kvm_args)
{
	struct text t = begin(b, "LOAD", arm);

	put(&t, "arm", arm);
	put(&t, "vendor", b->vendor);
	put_all(&t, "kvm_arg", kvm_args);
	if (b->shadow)
		put(&t, "vendor_arg",
		    strcmp(b->vendor, "amd") ? "ept=0" : "npt=0");
	return request(b, FRAME_LOAD, &t, b->limits.load_ms);
}

void boot_set_shadow(struct boot *b, bool shadow)
{
	b->shadow = shadow;
}

int boot_unload(struct boot *b)
{
	struct text t = begin(b, "UNLOAD", NULL);

	return request(b, FRAME_UNLOAD, &t, b->limits.load_ms);
}

int boot_mixed(struct boot *b, const char *arm, const char *vendor_arm)
{
	struct text t = begin(b, "MIXED", arm);

	put(&t, "arm", arm);
	put(&t, "vendor_arm", vendor_arm);
	put(&t, "vendor", b->vendor);
	return request(b, FRAME_MIXED, &t, b->limits.load_ms);
}

static uint64_t run_limit(const struct boot *b, const struct run_req *q)
{
	return q->wall_ms ? q->wall_ms :
			    boot_run_limit(&b->limits, b->clock, q->timeout_ms);
}

int boot_run(struct boot *b, const struct run_req *q, struct run_result *res)
{
	struct text t = begin(b, "RUN", q->argv[0]);
	int ret;

	memset(res, 0, sizeof(*res));
	res->id = b->id;
	put_number(&t, "timeout_ms", q->timeout_ms);
	put_number(&t, "trace", q->trace);
	put_number(&t, "samples", q->samples);
	if (q->perf)
		put_number(&t, "perf", 1);
	put_all(&t, "argv", q->argv);
	put_all(&t, "env", q->env);
	put_all(&t, "set", q->set);
	if (q->expected)
		console_expect(b->console, b->id, q->expected);
	b->req = q;
	b->res = res;
	b->quota = run_quota;
	ret = request(b, FRAME_RUN, &t, run_limit(b, q));
	b->req = NULL;
	b->res = NULL;
	return ret;
}

struct ktap_end run_ended(const struct run_result *res)
{
	return (struct ktap_end){
		.timed_out = res->timed_out,
		.signal = res->signal,
		.exit = res->exit,
	};
}

int boot_shell(struct boot *b, int in, int out)
{
	struct text t = begin(b, "SHELL", NULL);
	int ret;

	if (!b->code)
		boot_tty_connect(b, in, out);
	ret = request(b, FRAME_SHELL, &t, NEVER);
	if (b->tty.quit) {
		/* The guest serves nothing else while the shell runs. */
		boot_die(b, CAUSE_INTERRUPTED, "the shell was left");
		bury(b);
		ret = b->code;
	}
	boot_tty_disconnect(b);
	return ret;
}

bool boot_garbage(const struct boot *b)
{
	return b->in.garbage || b->in.gaps;
}

const struct findings *boot_findings(const struct boot *b)
{
	return b->diagnosed ? &b->findings : console_findings(b->console);
}

static bool is_dead(const struct boot *b)
{
	return b->code;
}

/* The end of a boot that went well so far. */
static void power_off(struct boot *b)
{
	struct text t = begin(b, "POWEROFF", NULL);

	b->off = true;
	request(b, FRAME_POWEROFF, &t, b->limits.exit_ms);
	if (b->code || b->ended)
		return;
	/* No more ALIVE from here on. */
	b->timer[TIMER_ALIVE] = NEVER;
	boot_pump_for(b, b->limits.exit_ms, is_dead);
	if (!b->code && !b->ended)
		boot_die(b, CAUSE_NO_POWER_OFF,
			 "guest has not powered off within %u s",
			 b->limits.exit_ms / 1000);
	if (b->code)
		bury(b);
}

static enum status code_status(int code)
{
	switch (code) {
	case BOOT_OK:
		return STATUS_PASS;
	case BOOT_ERR_PANIC:
		return STATUS_FAIL;
	case BOOT_ERR_EXIT:
	case BOOT_ERR_HANG_BOOT:
	case BOOT_ERR_HANG:
	case BOOT_ERR_TIMEOUT:
	case BOOT_ERR_INTR:
		return STATUS_MISS;
	default:
		return STATUS_ERROR;
	}
}

/* The first of the gravest that are not expected, or NULL. */
static const struct finding *unexpected(const struct findings *found)
{
	const struct finding *first = NULL, *f = found->v;

	for (; f < found->v + found->n; f++)
		if (!f->expected && (!first || finding_status(f->kind) >
					       finding_status(first->kind)))
			first = f;
	return first;
}

/* The boot ended as it was asked to, but @status is what it is worth because of @cause. */
static void PRINTF_LIKE(4, 5) spoil(struct boot_result *r, enum status status,
				    enum boot_cause cause, const char *fmt, ...)
{
	va_list ap;

	r->status = status_worst(r->status, status);
	if (r->reason)
		return;
	r->cause = cause;
	va_start(ap, fmt);
	r->reason = xvasprintf(fmt, ap);
	va_end(ap);
}

static void judge(struct boot *b, struct boot_result *r)
{
	const struct finding *f = unexpected(&r->findings);

	r->status = code_status(b->code);
	if (b->code)
		r->reason = xstrdup(b->reason);
	if (f)
		spoil(r, finding_status(f->kind), CAUSE_FINDING,
		      "the kernel reported (%s) %s", finding_kind_name(f->kind),
		      f->line);
	/* One of them may be one that is not expected: nobody has looked. */
	if (r->findings.dropped)
		spoil(r, STATUS_ERROR, CAUSE_FINDING,
		      "the kernel reported more than is kept: %llu findings are not",
		      (unsigned long long)r->findings.dropped);
	if (r->garbage || r->gaps)
		spoil(r, STATUS_ERROR, CAUSE_GARBAGE,
		      "the guest sent %llu bytes of garbage, and %llu frames are missing",
		      (unsigned long long)r->garbage,
		      (unsigned long long)r->gaps);
	if (!r->reason)
		r->reason = xstrdup("");
}

static void fill(struct boot *b, struct boot_result *r)
{
	memset(r, 0, sizeof(*r));
	r->code = b->code;
	r->cause = b->cause;
	r->hello = b->hello;
	r->garbage = b->in.garbage;
	r->gaps = b->in.gaps;
	r->start_ms = b->hello_ms;
	r->pinned = b->pinned;
	r->killed = b->killed;
	if (b->started)
		r->total_ms = (unsigned int)((now_ns() - b->start_ns) / MS);
	r->command = xstrdup(b->qemu.command ? b->qemu.command : "");
	r->qemu_version = xstrdup(b->info.version);
	r->diagnosis = b->diagnosis ? b->diagnosis : xstrdup("");
	b->diagnosis = NULL;
	r->log_truncated = console_truncated(b->console);
	/* After a diagnosis those are set that were found before it. */
	if (b->diagnosed)
		r->findings = b->findings;
	else
		console_take_findings(b->console, &r->findings);
	memset(&b->findings, 0, sizeof(b->findings));
}

static void boot_free(struct boot *b)
{
	boot_tty_disconnect(b);
	qemu_close(&b->qemu);
	qemu_info_free(&b->info);
	qmp_free(b->qmp);
	console_free(b->console);
	frame_reader_free(&b->in);
	if (b->log_fd >= 0)
		close(b->log_fd);
	boot_forget_answers(b);
	free(b->what);
	free(b->context);
	free(b->vmcore_path);
	free(b->out);
	free(b->errors);
	free(b->shutdown);
	free(b->reason);
	free(b);
}

/*
 * QEMU defies SIGKILL, and has what it had of memory and CPUs: no other boot is to
 * start beside it.
 */
static void leave_behind(struct boot *b)
{
	char *reason = xasprintf("%s%sQEMU, process %d, has not ended after SIGKILL and is left behind",
				 boot_reason(b), *boot_reason(b) ? "; " : "",
				 (int)b->qemu.pid);

	free(b->reason);
	b->reason = reason;
	/* Of an interruption nobody reads the reason. */
	if (b->code == BOOT_ERR_INTR) {
		err("%s", reason);
	} else {
		b->cause = CAUSE_HOST;
		b->code = BOOT_ERR_HOST;
	}
	b->qemu.pid = 0;
}

void boot_end(struct boot *b, struct boot_result *res)
{
	if (!b->code)
		power_off(b);
	if (qemu_kill(&b->qemu))
		leave_behind(b);
	fill(b, res);
	judge(b, res);
	boot_free(b);
}

void boot_result_free(struct boot_result *r)
{
	free(r->reason);
	free(r->diagnosis);
	free(r->command);
	free(r->qemu_version);
	findings_free(&r->findings);
	memset(r, 0, sizeof(*r));
}
