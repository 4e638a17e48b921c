// SPDX-License-Identifier: GPL-2.0-only
/* The end of a QEMU, whether it wants to or not. */
#include <signal.h>

#include "boot_int.h"

#define QUIT_MS		1000
#define TERM_MS		2000
#define KILL_MS		5000

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
