// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults planted with secmmu.fault=NAME on the kernel command line, so that
 * tests can show that the host notices each of them.
 */
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "guest.h"

#define GARBAGE_SIZE 65536

static bool is_fault(const char *name)
{
	const char *fault = cmdline_get("secmmu.fault");

	return fault && !strcmp(fault, name);
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

void fault_before_hello(void)
{
	if (is_fault("panic"))
		write_str("/proc/sysrq-trigger", "c");
	if (is_fault("hang"))
		hang();
	if (is_fault("exit"))
		power_off();
}

void fault_after_hello(struct port *p)
{
	static uint8_t junk[GARBAGE_SIZE];
	size_t n = 0;
	ssize_t got;

	if (is_fault("silent"))
		hang();
	if (!is_fault("garbage"))
		return;
	while (n < sizeof(junk) &&
	       (got = getrandom(junk + n, sizeof(junk) - n, 0)) > 0)
		n += got;
	port_write(p, junk, n);
}
