// SPDX-License-Identifier: GPL-2.0-only
/* The end of a QEMU, whether it wants to or not. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "boot_int.h"

/* Of the time for a sign of life: a guest whose latest is older is not asked. */
#define ANSWERS_PART	4
#define NOTICE_MS	2000
/* In times the silence that ends an answer: for PID 1, once it has said this. */
#define HEED_TIMES	4
#define QUIT_MS		1000
#define TERM_MS		2000
#define KILL_MS		5000

bool boot_answers(const struct boot *b)
{
	uint64_t late = b->limits.alive_ms * MS / ANSWERS_PART;

	return b->greeted && !b->ended && b->qemu.frames >= 0 && !b->off &&
	       b->code != BOOT_ERR_PANIC && now_ns() - b->frame_ns < late;
}

static bool interrupted(const struct boot *b)
{
	(void)b;
	return sig_pending();
}

/* Whether PID 1 has said that it ends the boot. */
static bool heeds(const struct boot *b)
{
	fflush(b->capture);
	return strstr(b->capture_text, "secmmu: " STOP_WORDS);
}

void boot_notice(struct boot *b, FILE *f)
{
	bool listen = f && !boot_capture(b);
	char text[64];
	int n;

	if (listen)
		console_note(b->console, "asking PID 1 to end what runs, and to power off");
	/* Two strings, each with its NUL. */
	n = snprintf(text, sizeof(text), "id=%u%cwhere=%d", b->id, '\0', !!f);
	boot_frame_send(b, FRAME_STOP, text, (uint32_t)n + 1);
	if (!listen) {
		boot_pump_for(b, NOTICE_MS, NULL);
		return;
	}
	fprintf(f, "== PID 1 was asked to say where all is, and to power off\n");
	boot_pump_silent(b, f, boot_captured_cpus);
	/* It may have to kill what ignores SIGTERM, and says nothing meanwhile. */
	if (heeds(b))
		boot_pump_for(b, HEED_TIMES * b->limits.diagnose_ms, interrupted);
	boot_capture_end(b, f);
	fprintf(f, b->ended ? "== it did, and QEMU has ended\n" :
			      "== it has not powered off\n");
}

void boot_stop(struct boot *b)
{
	if (b->ended || !b->started)
		return;
	if (qmp_send(b->qmp, "quit", NULL))
		boot_pump_for(b, QUIT_MS, NULL);
	if (!b->ended) {
		kill(-b->qemu.pid, SIGTERM);
		boot_pump_for(b, TERM_MS, NULL);
	}
	if (!b->ended) {
		kill(-b->qemu.pid, SIGKILL);
		boot_pump_for(b, KILL_MS, NULL);
	}
}
