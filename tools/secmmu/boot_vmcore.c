// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's memory, written out by QEMU. It may write no file, so that it gets
 * the end of a pipe, and we write what comes out at the other one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_int.h"
#include "vmcore.h"

#define PIPE_SIZE	(1 << 20)
#define FD_NAME		"vmcore"

/* Places in @wanted. */
enum { ASK_FD, ASK_DUMP };

int boot_vmcore_read(struct boot *b)
{
	static char buf[PIPE_SIZE];
	ssize_t n = read(b->core_fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	/* With an error QEMU is left to write into a pipe that nobody reads. */
	return vmcore_feed(b->core, buf, (size_t)n) ? -1 : 1;
}

/* Without paging there are no virtual addresses, which gdb goes by. */
static json_t *dump_arguments(enum vmcore_format format)
{
	if (format == VMCORE_KDUMP)
		return json_pack("{s:b, s:s, s:s}", "paging", 0, "protocol",
				 "fd:" FD_NAME, "format", "kdump-zlib");
	return json_pack("{s:b, s:s}", "paging", 1, "protocol", "fd:" FD_NAME);
}

static bool is_over(const struct boot *b)
{
	/* An error is enough; otherwise there is all only at the pipe's end. */
	return (boot_answered(b) && (b->core_fd < 0 || b->refused_us[ASK_DUMP])) ||
	       sig_pending();
}

static int open_pipe(struct boot *b)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return -1;
	/* Ours only: QEMU's end is to wait. More at a time is faster. */
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	fcntl(p[0], F_SETPIPE_SZ, PIPE_SIZE);
	b->core_fd = p[0];
	return p[1];
}

static char *why_not_whole(const struct boot *b)
{
	if (sig_pending())
		return xstrdup("interrupted");
	for (int i = ASK_FD; i <= ASK_DUMP; i++)
		if (b->answer[i] && b->refused_us[i])
			return xasprintf("QEMU says: %s", b->answer[i]);
	if (b->ended || qmp_fd(b->qmp) < 0)
		return xstrdup("QEMU has ended");
	if (!b->answer[ASK_DUMP])
		return xasprintf("it took longer than %u s",
				 b->limits.vmcore_ms / 1000);
	return NULL;
}

/* NULL, or why it was not even begun. */
static char *dump(struct boot *b)
{
	int fd = open_pipe(b);

	if (fd < 0)
		return xasprintf("no pipe to be had: %s", strerror(errno));
	b->wanted[ASK_FD] = qmp_send_fd(b->qmp, FD_NAME, fd);
	b->wanted[ASK_DUMP] = qmp_send(b->qmp, "dump-guest-memory",
				       dump_arguments(b->vmcore));
	boot_pump_for(b, b->limits.vmcore_ms, is_over);
	if (b->core_fd >= 0)
		close(b->core_fd);
	b->core_fd = -1;
	return NULL;
}

void boot_vmcore(struct boot *b, FILE *f)
{
	char *why, *line, *clean;

	if (b->ended) {
		fprintf(f, "== no vmcore: QEMU has ended\n");
		return;
	}
	console_note(b->console, "dumping the guest's memory");
	b->core = vmcore_new(b->vmcore_path, b->vmcore, b->vmcore_max);
	why = dump(b);
	if (!why)
		why = why_not_whole(b);
	line = vmcore_end(b->core, why);
	b->core = NULL;
	boot_forget_answers(b);
	/* It may be in QEMU's words. */
	clean = printable(line);
	fprintf(f, "== %s\n", clean);
	free(clean);
	free(line);
	free(why);
}
