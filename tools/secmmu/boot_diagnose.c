// SPDX-License-Identifier: GPL-2.0-only
/* What can still be found out about a guest that failed. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_int.h"
#include "qemu_args.h"

/* Places in @wanted. */
enum { ASK_STATUS, ASK_REGISTERS };

/* QEMU answers at once unless the machine is busy; in times diagnose_ms. */
#define ASK_PATIENCE	10

void boot_pump_for(struct boot *b, unsigned int ms,
		   bool (*done)(const struct boot *b))
{
	boot_set_timer(b, TIMER_STEP, ms);
	while (!b->ended && now_ns() < b->timer[TIMER_STEP] &&
	       !(done && done(b)))
		boot_pump(b);
	b->timer[TIMER_STEP] = NEVER;
}

/* Something was said since the latest question. */
static bool heard(const struct boot *b)
{
	return b->captured > b->asked_at || b->captured >= CAPTURE_MAX;
}

bool boot_answered(const struct boot *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(b->wanted); i++)
		if (b->wanted[i] && !b->answer[i])
			return sig_pending();
	return true;
}

void boot_forget_answers(struct boot *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(b->wanted); i++) {
		b->wanted[i] = 0;
		b->refused_us[i] = false;
		free(b->answer[i]);
		b->answer[i] = NULL;
	}
}

/* Whether CPU 0 is, in what QEMU says of the registers of all. */
static bool cpu0_halted(const char *registers)
{
	const char *cpu0 = strstr(registers, "CPU#0");
	const char *next = cpu0 ? strstr(cpu0, "CPU#1") : NULL;
	const char *hlt = cpu0 ? strstr(cpu0, "HLT=1") : NULL;

	return hlt && (!next || hlt < next);
}

/* Returns whether CPU 0 is halted. */
static bool ask_qemu(struct boot *b, FILE *f)
{
	bool halted = false;

	b->wanted[ASK_STATUS] = qmp_send(b->qmp, "query-status", NULL);
	b->wanted[ASK_REGISTERS] = qmp_hmp(b->qmp, "info registers -a");
	boot_pump_for(b, ASK_PATIENCE * b->limits.diagnose_ms, boot_answered);
	fprintf(f, "== QEMU says the guest is: %s\n",
		b->answer[ASK_STATUS] ? b->answer[ASK_STATUS] :
					"(QEMU does not answer)");
	if (b->answer[ASK_REGISTERS]) {
		fprintf(f, "== registers\n%s\n", b->answer[ASK_REGISTERS]);
		boot_tell_missing(b, f, b->answer[ASK_REGISTERS], "CPU#",
				  "registers");
		halted = cpu0_halted(b->answer[ASK_REGISTERS]);
	} else {
		fprintf(f, "== no registers: QEMU does not answer\n");
	}
	boot_forget_answers(b);
	return halted;
}

/* As if somebody sent a break and pressed @key: needs interrupts to work. */
static void sysrq(struct boot *b, FILE *f, char key,
		  bool (*done)(const struct boot *b))
{
	b->asked_at = b->captured;
	b->wanted[0] = qmp_send(b->qmp, "chardev-send-break",
				json_pack("{s:s}", "id", QEMU_CONSOLE_ID));
	boot_pump_for(b, b->limits.diagnose_ms, boot_answered);
	boot_forget_answers(b);
	if (b->qemu.console >= 0 && write(b->qemu.console, &key, 1) == 1)
		boot_pump_silent(b, f, done);
}

/* Returns whether the kernel said something after the NMI, or can't tell. */
static bool backtraces(struct boot *b, FILE *f)
{
	bool said;

	if (boot_capture(b))
		return true;
	fprintf(f, "== after sysrq l (all CPUs), sysrq w (blocked tasks) and an NMI\n");
	console_note(b->console, "asking for backtraces: sysrq l, sysrq w, NMI");
	sysrq(b, f, 'l', boot_captured_cpus);
	sysrq(b, f, 'w', heard);
	b->asked_at = b->captured;
	qmp_send(b->qmp, "inject-nmi", NULL);
	boot_pump_silent(b, f, heard);
	said = heard(b) || b->ended || sig_pending();
	boot_capture_end(b, f);
	return said;
}

/*
 * Linux lets only CPU 0 take an NMI of the machine, and says something about
 * each. No kernel can make a halted CPU deaf to it (but a hypervisor that has
 * forgotten its STGI), and TCG does now and then: docs/testing.md.
 */
static void lost_cpu(struct boot *b, FILE *f)
{
	char *reason = xasprintf("%s: the guest is lost, its CPU 0 is halted and takes no NMI",
				 b->reason);

	free(b->reason);
	b->reason = reason;
	fprintf(f, "== CPU 0 is halted and has not taken the NMI\n");
}

bool boot_gave_up(const struct boot *b)
{
	return b->code == BOOT_ERR_HANG_BOOT || b->code == BOOT_ERR_HANG ||
	       b->code == BOOT_ERR_TIMEOUT;
}

static void tell_errors(const struct boot *b, FILE *f)
{
	char *text;

	if (!b->n_errors)
		return;
	text = xstrdup(b->errors);
	fprintf(f, "== QEMU's messages\n");
	boot_tell_lines(f, text, "\n");
	free(text);
}

/*
 * From what disturbs the guest least to what does most: PID 1, which may still tell
 * and end in order, is asked before interrupts are made.
 */
static void diagnose_hang(struct boot *b, FILE *f)
{
	bool answers = boot_answers(b), halted, said = true;

	/* From here on the guest's trouble is of our making. */
	console_take_findings(b->console, &b->findings);
	b->diagnosed = true;
	halted = ask_qemu(b, f);
	/* Before the guest is made to do anything. */
	if (b->vmcore)
		boot_vmcore(b, f);
	if (answers && !b->ended && !sig_pending())
		boot_notice(b, f);
	if (!b->ended && qmp_fd(b->qmp) >= 0 && !sig_pending())
		said = backtraces(b, f);
	if (b->greeted && halted && !said)
		lost_cpu(b, f);
}

void boot_diagnose(struct boot *b)
{
	char *last = console_last(b->console);
	size_t len;
	FILE *f;

	f = open_memstream(&b->diagnosis, &len);
	if (!f)
		goto out;
	fprintf(f, "== %s\n== while: %s\n", b->reason, b->what);
	if (b->context)
		fprintf(f, "== %s\n", b->context);
	fprintf(f, "== last lines of the console\n%s", *last ? last : "(none)\n");
	tell_errors(b, f);
	if (boot_gave_up(b) && !b->ended) {
		diagnose_hang(b, f);
	} else if (b->code == BOOT_ERR_PANIC) {
		if (!b->ended)
			ask_qemu(b, f);
		if (b->vmcore)
			boot_vmcore(b, f);
	} else if (boot_answers(b)) {
		boot_notice(b, NULL);
	}
	fclose(f);
out:
	free(last);
}
