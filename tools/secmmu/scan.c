// SPDX-License-Identifier: GPL-2.0-only
#include "scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/*
 * Kept of each sort: the first unexpected one has failed the boot already; of
 * the expected ones a mix of tests may have some in each of many runs.
 */
#define FINDINGS_MAX	64
#define EXPECTED_MAX	1024
/* A report of lockdep can have some hundred lines before its stack. */
#define REPORT_LINES	300
#define FUNC_MAX	96

#define LOCKDEP_OFF	"turning off the locking correctness validator"

struct pattern {
	enum finding_kind kind;
	const char *text;
	bool first;		/* only at the beginning of the message */
	const char *key;	/* of the fingerprint; NULL: the kind's name */
};

/* The first that matches counts: the special before the general. */
static const struct pattern patterns[] = {
	{ FINDING_PANIC, "Kernel panic - not syncing", false, NULL },
	{ FINDING_LOCKDEP, "possible recursive locking", false, "lockdep recursive" },
	{ FINDING_LOCKDEP, "possible circular locking", false, "lockdep circular" },
	{ FINDING_LOCKDEP, "possible irq lock inversion", false, "lockdep irq-inversion" },
	{ FINDING_LOCKDEP, "inconsistent lock state", false, "lockdep inconsistent" },
	{ FINDING_LOCKDEP, "suspicious RCU usage", false, "lockdep rcu" },
	{ FINDING_LOCKDEP, "Invalid wait context", false, "lockdep wait-context" },
	{ FINDING_LOCKDEP, "bad unlock balance", false, "lockdep unlock-balance" },
	{ FINDING_LOCKDEP, "-unsafe lock order detected", false, "lockdep irq-order" },
	{ FINDING_LOCKDEP, "lock held when returning to user space", false, "lockdep held-at-return" },
	{ FINDING_LOCKDEP, "lock held at task exit time", false, "lockdep held-at-exit" },
	{ FINDING_LOCKDEP, "held lock freed", false, "lockdep freed" },
	{ FINDING_LOCKDEP, "BUG: MAX_LOCK", false, "lockdep table-full" },
	{ FINDING_LOCKDEP, "BUG: MAX_STACK_TRACE", false, "lockdep table-full" },
	{ FINDING_LOCKDEP, "trying to register non-static key", false, "lockdep non-static-key" },
	{ FINDING_LOCKDEP, "looking up invalid subclass", false, "lockdep subclass" },
	{ FINDING_LOCKDEP, "BUG: key ", false, "lockdep key" },
	/* Of a report above it, or of one whose first line is not known here. */
	{ FINDING_LOCKDEP, LOCKDEP_OFF, false, "lockdep off" },
	{ FINDING_LOST, " printk messages dropped **", false, NULL },
	{ FINDING_ATOMIC, "scheduling while atomic", false, "atomic scheduling" },
	{ FINDING_ATOMIC, "sleeping function called from invalid context", false, "atomic sleeping" },
	{ FINDING_ATOMIC, "in preemptible [", false, "atomic preemptible" },
	{ FINDING_KASAN, "BUG: KASAN: ", false, NULL },
	{ FINDING_KASAN, "BUG: KMSAN: ", false, "kmsan" },
	{ FINDING_KASAN, "BUG: KFENCE: ", false, "kfence" },
	{ FINDING_KCSAN, "BUG: KCSAN: ", false, NULL },
	{ FINDING_UBSAN, "UBSAN: ", true, NULL },
	{ FINDING_RCU_STALL, "detected stalls on CPUs/tasks", false, NULL },
	{ FINDING_RCU_STALL, "detected expedited stalls on CPUs/tasks", false, NULL },
	{ FINDING_RCU_STALL, "detected stalls on tasks", false, "rcu-tasks-stall" },
	{ FINDING_RCU_STALL, "self-detected stall on CPU", false, NULL },
	{ FINDING_RCU_STALL, "kthread starved for", false, NULL },
	{ FINDING_SOFT_LOCKUP, "BUG: soft lockup", false, NULL },
	{ FINDING_SOFT_LOCKUP, "BUG: workqueue lockup", false, "workqueue-lockup" },
	{ FINDING_SOFT_LOCKUP, "hard LOCKUP on cpu", false, "hard-lockup" },
	{ FINDING_HUNG_TASK, "blocked for more than", false, NULL },
	{ FINDING_WARNING, "WARNING: CPU: ", false, NULL },
	{ FINDING_WARNING, "WARNING: ", true, NULL },
	{ FINDING_WARNING, "new suspected memory leaks", false, "kmemleak" },
	{ FINDING_OOPS, "BUG: ", false, NULL },
	{ FINDING_OOPS, "kernel BUG at ", false, NULL },
	{ FINDING_OOPS, "Oops: ", false, NULL },
	{ FINDING_OOPS, "PANIC: double fault", false, NULL },
	{ FINDING_OOPS, "general protection fault, probably", true, NULL },
	/* "divide error: 0000 [#1]": before 6.11 without "Oops: " */
	{ FINDING_OOPS, ": 0000 [#", false, NULL },
	{ FINDING_OOM, "Out of memory: ", false, NULL },
	{ FINDING_OOM, "Memory cgroup out of memory: ", false, NULL },
	{ FINDING_OOM, "invoked oom-killer", false, NULL },
	{ FINDING_UNHANDLED, "nhandled ", false, NULL },
};

static const char *const kind_names[FINDING_KINDS] = {
	[FINDING_PANIC] = "panic",
	[FINDING_OOPS] = "oops",
	[FINDING_WARNING] = "warning",
	[FINDING_LOCKDEP] = "lockdep",
	[FINDING_ATOMIC] = "atomic",
	[FINDING_KASAN] = "kasan",
	[FINDING_KCSAN] = "kcsan",
	[FINDING_UBSAN] = "ubsan",
	[FINDING_RCU_STALL] = "rcu-stall",
	[FINDING_SOFT_LOCKUP] = "soft-lockup",
	[FINDING_HUNG_TASK] = "hung-task",
	[FINDING_OOM] = "oom",
	[FINDING_UNHANDLED] = "unhandled",
	[FINDING_LOST] = "lost",
};

/* Functions that report, check, lock or switch: not where the trouble is. */
static const char *const machinery[] = {
	"dump_stack", "show_stack", "show_regs", "__warn", "report_bug",
	"handle_bug", "exc_", "asm_exc_", "die", "__die", "oops_", "page_fault_oops",
	"no_context", "__might_", "___might_", "lockdep_", "print_", "check_",
	"register_lock_class", "assign_lock_key", "look_up_lock_class",
	"mark_lock", "__lock_", "lock_", "debug_", "kasan_", "__kasan_", "__asan_",
	"kcsan_", "__tsan_", "ubsan_", "__ubsan_", "__schedule", "schedule",
	"preempt_schedule", "__cond_resched", "io_schedule", "__mutex_lock", "mutex_lock",
	"rwsem_down_", "down_read", "down_write", "__down_", "_raw_", "__raw_",
	"queued_spin_", "queued_read_", "queued_write_", "native_queued_", "do_raw_",
	"rt_mutex_", "rtlock_", "rt_spin_", "context_switch", "validate_chain",
	"wait_for_common", "wait_for_completion", "__wait_", "nmi_",
	"arch_trigger_", "rcu_", "sched_", "update_process_times", "tick_",
	"hrtimer_", "__hrtimer_", "__sysvec_", "sysvec_", "asm_sysvec_",
};

const char *finding_kind_name(enum finding_kind k)
{
	return kind_names[k];
}

enum status finding_status(enum finding_kind k)
{
	return k == FINDING_LOST ? STATUS_ERROR : STATUS_FAIL;
}

bool finding_is_stall(const char *kind)
{
	static const enum finding_kind stalls[] = {
		FINDING_RCU_STALL, FINDING_SOFT_LOCKUP, FINDING_HUNG_TASK,
	};

	for (size_t i = 0; i < ARRAY_SIZE(stalls); i++)
		if (!strcmp(kind, kind_names[stalls[i]]))
			return true;
	return false;
}

char *printable(const char *s)
{
	char *out = xstrdup(s);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	return out;
}

/*
 * Where the kernel's time stamp begins. User space may have left half a line on
 * the console, and its text may have brackets, too: what counts is a number with
 * a dot and six digits.
 */
static const char *stamp(const char *line)
{
	const char *p = line, *q;

	for (; (p = strchr(p, '[')); p++) {
		q = p + 1 + strspn(p + 1, " ");
		q += strspn(q, "0123456789");
		if (*q == '.' && strspn(q + 1, "0123456789") == 6 && q[7] == ']')
			return p;
	}
	return line;
}

/* Behind the time stamp, "[    1.234567]", and a caller, "[   T12]". */
static const char *message(const char *line)
{
	const char *p = line + strspn(line, " ");

	while (*p == '[') {
		const char *q = p + 1 + strspn(p + 1, " TC.0123456789");

		if (*q != ']' || q == p + 1)
			break;
		p = q + 1;
		while (*p == ' ')
			p++;
	}
	return p;
}

static bool is_machinery(const char *func)
{
	for (size_t i = 0; i < ARRAY_SIZE(machinery); i++)
		if (!strncmp(func, machinery[i], strlen(machinery[i])))
			return true;
	return false;
}

/*
 * The function in "func+0x12/0x34 [module]" at @s.
 * Return: whether there is one.
 */
static bool take_func(const char *s, char func[FUNC_MAX])
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.')
		n++;
	if (!n || n >= FUNC_MAX || strncmp(s + n, "+0x", 3) ||
	    isdigit((unsigned char)*s))
		return false;
	memcpy(func, s, n);
	func[n] = '\0';
	/* Without ".isra.0": what the compiler splits off it names at its whim. */
	func[strcspn(func, ".")] = '\0';
	return *func;
}

/* The first function anywhere in @msg. */
static bool find_func(const char *msg, char func[FUNC_MAX])
{
	const char *p = msg;

	while ((p = strstr(p, "+0x"))) {
		const char *from = p;

		while (from > msg && (isalnum((unsigned char)from[-1]) ||
				      from[-1] == '_' || from[-1] == '.'))
			from--;
		if (take_func(from, func))
			return true;
		p += 3;
	}
	return false;
}

/* @s with every number as N: what stays is the same in the next boot. */
static char *without_numbers(const char *s)
{
	char *out = xmalloc(strlen(s) + 1);
	char *o = out;

	while (*s) {
		size_t n = 0;

		if (isdigit((unsigned char)*s) &&
		    (o == out || !(isalnum((unsigned char)o[-1]) || o[-1] == '_')))
			n = strspn(s, "0123456789abcdefABCDEFx");
		if (n) {
			*o++ = 'N';
			s += n;
		} else {
			*o++ = *s++;
		}
	}
	*o = '\0';
	return out;
}

static char *fingerprint(const char *key, const char *detail)
{
	char *clean = printable(detail);
	char *out = xasprintf("%s: %s", key, clean);

	free(clean);
	return out;
}

static void set_fingerprint(struct scan *s, const char *detail)
{
	struct finding *f = &s->found.v[s->found.n - 1];

	free(f->fingerprint);
	f->fingerprint = fingerprint(s->key, detail);
}

static void name(struct scan *s, const char *func)
{
	set_fingerprint(s, func);
	s->named = true;
}

/* What the first line itself says about the place. */
static void first_line_name(struct scan *s, enum finding_kind kind,
			    const char *msg)
{
	const char *race = strstr(msg, "data-race in ");
	char func[FUNC_MAX];
	char *rest;

	if (kind == FINDING_KCSAN && race) {
		/* "data-race in FUNC / FUNC": both make the race. */
		name(s, race + strlen("data-race in "));
		return;
	}
	if ((kind == FINDING_WARNING || kind == FINDING_KASAN) &&
	    find_func(msg, func)) {
		name(s, func);
		return;
	}
	rest = without_numbers(msg);
	set_fingerprint(s, rest);
	free(rest);
	/* Nothing that follows says more. */
	if (kind == FINDING_PANIC || kind == FINDING_OOM ||
	    kind == FINDING_UNHANDLED || kind == FINDING_LOST)
		s->named = true;
}

static bool is_expected(const struct scan *s, enum finding_kind kind)
{
	for (size_t i = s->n_expected; i-- > 0;)
		if (s->expected[i].request == s->request)
			return s->expected[i].kinds & 1u << kind;
	return false;
}

static void free_finding(struct finding *f)
{
	free(f->line);
	free(f->fingerprint);
	free(f->mark);
}

/* Expected findings of one request that are alike become one. */
static void merge(struct findings *found, size_t i)
{
	struct finding *f = &found->v[i], *x = found->v;

	if (!f->expected)
		return;
	for (; x < f; x++)
		if (x->expected && x->request == f->request &&
		    !strcmp(x->fingerprint, f->fingerprint))
			break;
	if (x == f)
		return;
	x->count += f->count;
	free_finding(f);
	found->n--;
	found->n_expected--;
	memmove(f, f + 1, (found->n - i) * sizeof(*f));
}

/* The last finding's report is over: its fingerprint is what it will be. */
static void close_report(struct scan *s)
{
	s->left = 0;
	if (s->found.n && s->oom != s->found.n)
		merge(&s->found, s->found.n - 1);
}

/* Whether the report on an OOM has yet to say who is killed; nothing else tells. */
static bool oom_begins(const char *msg)
{
	return strstr(msg, "invoked oom-killer");
}

/* Its victim is known, or will not be: what it is stays. */
static void close_oom(struct scan *s)
{
	size_t i = s->oom;

	s->oom = 0;
	if (i)
		merge(&s->found, i - 1);
}

/* The victim of the OOM that was reported: the two are one, known by the victim. */
static bool take_victim(struct scan *s, const struct pattern *p, const char *msg)
{
	struct finding *f;
	char *rest;

	if (p->kind != FINDING_OOM || !s->oom || oom_begins(msg))
		return false;
	f = &s->found.v[s->oom - 1];
	if (f->request != s->request)
		return false;
	rest = without_numbers(msg);
	free(f->fingerprint);
	f->fingerprint = fingerprint(kind_names[FINDING_OOM], rest);
	free(rest);
	if (s->oom == s->found.n)
		s->left = 0;
	close_oom(s);
	return true;
}

static void open_finding(struct scan *s, const struct pattern *p,
			 const char *msg)
{
	struct findings *found = &s->found;
	bool expected = is_expected(s, p->kind);
	struct finding *f;

	close_report(s);
	if (expected ? found->n_expected == EXPECTED_MAX :
		       found->n - found->n_expected == FINDINGS_MAX) {
		found->dropped++;
		return;
	}
	found->v = xrealloc(found->v, (found->n + 1) * sizeof(*found->v));
	f = &found->v[found->n++];
	memset(f, 0, sizeof(*f));
	f->kind = p->kind;
	f->line = printable(msg);
	f->mark = xstrdup(s->mark ? s->mark : "");
	f->request = s->request;
	f->line_no = s->line_no;
	f->expected = expected;
	f->count = 1;
	found->n_expected += expected;
	s->key = p->key ? p->key : kind_names[p->kind];
	s->left = REPORT_LINES;
	s->named = false;
	first_line_name(s, p->kind, msg);
	if (p->kind == FINDING_OOM) {
		close_oom(s);
		s->oom = oom_begins(msg) ? found->n : 0;
	}
}

static const struct pattern *match(const char *msg)
{
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];

		if (p->first ? !strncmp(msg, p->text, strlen(p->text)) :
			       strstr(msg, p->text) != NULL)
			return p;
	}
	return NULL;
}

/*
 * An oops has up to three such lines: "BUG: ...", "Oops: ...", and so on. Lockdep
 * may say that it turns itself off, and warn of its own code.
 */
static bool same_report(const struct scan *s, const struct pattern *p,
			const char *msg)
{
	static const char own[] = "kernel/locking/lockdep.c:";
	enum finding_kind last;

	if (!s->left)
		return false;
	last = s->found.v[s->found.n - 1].kind;
	if (last == FINDING_LOCKDEP)
		return !strcmp(p->text, LOCKDEP_OFF) ||
		       (p->kind == FINDING_WARNING && strstr(msg, own));
	return !s->named && p->kind == FINDING_OOPS && last == FINDING_OOPS;
}

/* A later line of a report: does it say where? */
static void follow(struct scan *s, const char *msg)
{
	enum finding_kind kind = s->found.v[s->found.n - 1].kind;
	/* The locks in a report on RCU are those held, not the trouble. */
	const char *at = strcmp(s->key, "lockdep rcu") ?
				 strstr(msg, ", at: ") : NULL;
	static const char caller[] = "caller is ";
	const char *rip = strstr(msg, "RIP: ");
	char func[FUNC_MAX];

	s->left--;
	if (s->named)
		return;
	if (kind == FINDING_LOCKDEP && at &&
	    take_func(at + strlen(", at: "), func)) {
		name(s, func);
	} else if (kind == FINDING_ATOMIC &&
		   !strncmp(msg, caller, strlen(caller)) &&
		   take_func(msg + strlen(caller), func)) {
		name(s, func);
	} else if (kind != FINDING_HUNG_TASK && rip && find_func(rip, func) &&
		   !(kind == FINDING_LOCKDEP && is_machinery(func))) {
		/* User space's RIP has no function. */
		name(s, func);
	} else if (take_func(msg, func) && !is_machinery(func)) {
		/* An entry of the stack, without the "? " of a guess. */
		name(s, func);
	}
}

/* "secmmu: mark ID WORD..." */
static bool take_mark(struct scan *s, const char *msg)
{
	static const char intro[] = "secmmu: mark ";
	char *end;

	if (strncmp(msg, intro, strlen(intro)))
		return false;
	msg += strlen(intro);
	s->request = (uint32_t)strtoul(msg, &end, 10);
	free(s->mark);
	s->mark = printable(msg);
	return true;
}

void scan_line(struct scan *s, const char *line)
{
	const char *msg = message(stamp(line));
	const struct pattern *p;

	s->line_no++;
	if (take_mark(s, msg))
		return;
	/* "---[ end trace ]---", "---[ end Kernel panic - ... ]---" */
	if (!strncmp(msg, "---[ end ", 9)) {
		s->left = 0;
		return;
	}
	p = match(msg);
	/* What stands before the kernel's words may be the kernel's as well. */
	if (!p) {
		p = match(line);
		msg = p ? message(line) : msg;
	}
	if (p && take_victim(s, p, msg))
		return;
	if (p && !same_report(s, p, msg)) {
		open_finding(s, p, msg);
		if (p->kind == FINDING_PANIC && !s->panic)
			s->panic = printable(msg);
	} else if (s->left) {
		follow(s, msg);
	}
}

void scan_expect(struct scan *s, uint32_t request, unsigned int kinds)
{
	s->expected = xrealloc(s->expected,
			       (s->n_expected + 1) * sizeof(*s->expected));
	s->expected[s->n_expected++] = (struct scan_expected){ request, kinds };
}

void scan_take(struct scan *s, struct findings *f)
{
	close_report(s);
	close_oom(s);
	*f = s->found;
	memset(&s->found, 0, sizeof(s->found));
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free_finding(&f->v[i]);
	free(f->v);
	memset(f, 0, sizeof(*f));
}

void scan_free(struct scan *s)
{
	findings_free(&s->found);
	free(s->panic);
	free(s->mark);
	free(s->expected);
	memset(s, 0, sizeof(*s));
}
