/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's command line for a boot. */
#ifndef SECMMU_QEMU_ARGS_H
#define SECMMU_QEMU_ARGS_H

#include "qemu.h"

/* File descriptors that QEMU inherits: channels, then files to read. */
enum {
	QEMU_FD_CONSOLE = 3,
	QEMU_FD_FIRST = QEMU_FD_CONSOLE,
	QEMU_FD_QMP = 4,
	QEMU_FD_FRAMES = 5,
	QEMU_FD_KERNEL = 6,
	QEMU_FD_INITRD = 7,
};
#define QEMU_FDS 5

/* Id of the console's character device, for sending a break. */
#define QEMU_CONSOLE_ID "console"

/** qemu_argv - NULL-ended; qemu_argv_free() it. */
char **qemu_argv(const struct qemu_info *info, const struct boot_spec *spec);

void qemu_argv_free(char **argv);

/** qemu_quote - as one line for a shell; free() it. */
char *qemu_quote(char *const *argv);

#endif
