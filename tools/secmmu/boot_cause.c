// SPDX-License-Identifier: GPL-2.0-only
/* What ends a boot: its name for others, and what it means for further calls. */
#include "boot_int.h"

static const struct {
	const char *name;
	int code;
} causes[] = {
	[CAUSE_NONE] = { NULL, BOOT_OK },
	[CAUSE_NO_START] = { "no-start", BOOT_ERR_START },
	[CAUSE_NO_CONSOLE] = { "no-console", BOOT_ERR_HANG_BOOT },
	[CAUSE_NO_HELLO] = { "no-hello", BOOT_ERR_HANG_BOOT },
	[CAUSE_NO_FRAMES] = { "no-frames", BOOT_ERR_HANG },
	[CAUSE_NO_PROGRESS] = { "no-progress", BOOT_ERR_TIMEOUT },
	[CAUSE_TEST_TIMEOUT] = { "test-timeout", BOOT_ERR_TIMEOUT },
	[CAUSE_REQUEST_TIMEOUT] = { "request-timeout", BOOT_ERR_TIMEOUT },
	[CAUSE_BOOT_TIMEOUT] = { "boot-timeout", BOOT_ERR_TIMEOUT },
	[CAUSE_NO_POWER_OFF] = { "no-power-off", BOOT_ERR_HANG },
	[CAUSE_PANIC] = { "panic", BOOT_ERR_PANIC },
	[CAUSE_RESET] = { "guest-reset", BOOT_ERR_EXIT },
	[CAUSE_OFF] = { "guest-off", BOOT_ERR_EXIT },
	[CAUSE_QEMU_DIED] = { "qemu-died", BOOT_ERR_EXIT },
	[CAUSE_PROTOCOL] = { "protocol", BOOT_ERR_PROTOCOL },
	[CAUSE_INTERRUPTED] = { "interrupted", BOOT_ERR_INTR },
	[CAUSE_HOST] = { "host", BOOT_ERR_HOST },
	[CAUSE_FINDING] = { "finding", BOOT_OK },
	[CAUSE_GARBAGE] = { "garbage", BOOT_OK },
};

const char *boot_cause_name(enum boot_cause c)
{
	return causes[c].name;
}

int boot_cause_code(enum boot_cause c)
{
	return causes[c].code;
}
