// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults planted with secmmu.fault=NAME on the kernel command line, so that
 * tests can show that the host notices each of them.
 */
#include <endian.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <zlib.h>

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

static void garbage(struct port *p)
{
	static uint8_t junk[GARBAGE_SIZE];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(junk) &&
	       (got = getrandom(junk + n, sizeof(junk) - n, 0)) > 0)
		n += got;
	port_write(p, junk, n);
}

/* A header that is right, but for a length that no frame may have. */
static void oversize(struct port *p)
{
	uint8_t hdr[FRAME_HDR_SIZE];
	uint32_t v = htole32(UINT32_MAX);

	frame_encode_header(hdr, FRAME_LOG, p->seq, "", 0);
	memcpy(hdr + 12, &v, sizeof(v));
	v = htole32((uint32_t)crc32(0, hdr, 16));
	memcpy(hdr + 16, &v, sizeof(v));
	port_write(p, hdr, sizeof(hdr));
}

static void send_bytes(struct port *p, enum frame_type type, const void *data,
		       size_t len)
{
	port_begin(p);
	memcpy(p->buf + FRAME_HDR_SIZE, data, len);
	p->len = len;
	port_send(p, type);
}

static _Noreturn void flood(struct port *p)
{
	static uint8_t line[FRAME_MAX];

	memset(line, 'x', sizeof(line));
	for (;;)
		send_bytes(p, FRAME_LOG, line, sizeof(line));
}

bool fault_stuck(void)
{
	return is_fault("stuck");
}

void fault_run(pid_t pid)
{
	static bool later;

	if (!later && is_fault("flaky"))
		kill(pid, SIGKILL);
	later = true;
}

void fault_after_hello(struct port *p)
{
	static const char forged[] = "../../../../../../tmp/forged\0text";
	static const char bad[] = "bad \xff\x1b[2J\x9ftext";

	if (is_fault("silent"))
		hang();
	if (is_fault("garbage"))
		garbage(p);
	if (is_fault("oversize"))
		oversize(p);
	if (is_fault("forged"))
		send_bytes(p, FRAME_TRACEMETA, forged, sizeof(forged));
	if (is_fault("badtext"))
		send_bytes(p, FRAME_LOG, bad, sizeof(bad) - 1);
	if (is_fault("flood"))
		flood(p);
}
