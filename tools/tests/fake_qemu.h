/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for QEMU and its guest, for tests of the supervisor: it speaks
 * QMP and frames just well enough, and goes wrong in the way that the
 * environment variable FAKE_QEMU names. The test program runs itself as it.
 */
#ifndef SECMMU_FAKE_QEMU_H
#define SECMMU_FAKE_QEMU_H

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "qemu_args.h"
#include "util.h"

#define FAKE_ALIVE_MS 50
#define FAKE_MEMORY (64u << 20)	/* in a vmcore, zero but for its end */

struct fake {
	const char *how;
	uint32_t seq;
	bool hello;
	bool mute;		/* sends no more ALIVE */
	bool deaf;		/* answers no more requests */
	bool talks;		/* its console never falls silent */
	uint32_t shell;		/* id of a SHELL request to be answered */
	struct frame_reader in;
	int dump_fd;		/* that was passed to us last */
	unsigned int runs;	/* programs that were to be run so far */
};

static bool fake_is(const struct fake *f, const char *how)
{
	return !strcmp(f->how, how);
}

static void fake_put(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		_exit(9);
}

static void fake_say(const char *text)
{
	fake_put(QEMU_FD_CONSOLE, text, strlen(text));
}

static void fake_qmp(const char *text)
{
	fake_put(QEMU_FD_QMP, text, strlen(text));
}

static void fake_frame(struct fake *f, uint16_t type, const void *data,
		       uint32_t len)
{
	uint8_t hdr[FRAME_HDR_SIZE];

	frame_encode_header(hdr, type, f->seq++, data, len);
	fake_put(QEMU_FD_FRAMES, hdr, sizeof(hdr));
	fake_put(QEMU_FD_FRAMES, data, len);
}

/* @text has '|' for NUL. */
static void fake_text(struct fake *f, uint16_t type, const char *text)
{
	char buf[1024];
	size_t n = strlen(text);

	memcpy(buf, text, n);
	for (size_t i = 0; i < n; i++)
		if (buf[i] == '|')
			buf[i] = '\0';
	fake_frame(f, type, buf, (uint32_t)n);
}

/* As whom it runs, and how much of the kernel it can read. */
static void fake_who(void)
{
	char path[64], text[128];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", QEMU_FD_KERNEL);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		n = read(fd, text, sizeof(text));
	snprintf(text, sizeof(text), "[    0.1] uid=%d pid=%d read=%d\r\n",
		 (int)getuid(), (int)getpid(), (int)n);
	fake_say(text);
}

static const char fake_oops[] =
	"[    3.100000] secmmu: mark 1 begin RUN /tests/x\r\n"
	"[    3.200000] BUG: kernel NULL pointer dereference, address: 0000000000000000\r\n"
	"[    3.200100] Oops: Oops: 0002 [#1] PREEMPT SMP\r\n"
	"[    3.200200] RIP: 0010:kvm_mmu_zap_all+0x1c/0x50 [kvm]\r\n"
	"[    3.200300] Kernel panic - not syncing: Fatal exception\r\n";

static const char fake_where[] =
	"[    7.000000] secmmu: stop: the host ends request 1 and this boot\r\n"
	"[    7.000000] secmmu: the host has given the boot up\r\n"
	"[    7.100000] NMI backtrace for cpu 0\r\n"
	"[    7.200000] NMI backtrace for cpu 1 skipped: idling at x\r\n";

static void fake_hello(struct fake *f)
{
	fake_text(f, FRAME_HELLO,
		  "proto=1|release=6.12.0-fake|cpus=2|mem_kb=2048000|"
		  "clocksource=tsc|cmdline=console=ttyS0|");
	f->hello = true;
}

/*
 * As hard to kill as a process that waits for a disk: its end is its tracer's to
 * see first, and this one sees to nothing. FAKE_UNDEAD_S at most.
 */
#define FAKE_UNDEAD_S 120
static void fake_undead(void)
{
	int ready[2], go[2];
	pid_t pid;
	char c;

	if (pipe(ready) || pipe(go) || (pid = fork()) < 0)
		_exit(9);
	if (!pid) {
		setsid();
		close(go[1]);
		if (read(go[0], &c, 1) != 1 || ptrace(PTRACE_SEIZE, getppid(), 0, 0))
			_exit(1);
		/* Also the channels, whose ends have to be seen. */
		for (int i = 0; i < 64; i++)
			close(i);
		sleep(FAKE_UNDEAD_S);
		_exit(0);
	}
	close(ready[1]);
	prctl(PR_SET_PTRACER, pid);
	if (write(go[1], "", 1) != 1)
		_exit(9);
	/* Closed by the other one, in whichever way. */
	while (read(ready[0], &c, 1) < 0 && errno == EINTR)
		;
	close(ready[0]);
	close(go[0]);
	close(go[1]);
}

/* What comes in place of an orderly boot. */
static void fake_start(struct fake *f)
{
	if (fake_is(f, "silent"))
		for (;;)
			pause();
	if (fake_is(f, "exit")) {
		fprintf(stderr, "warning\nqemu: no such device\n");
		_exit(3);
	}
	if (fake_is(f, "stubborn")) {
		signal(SIGTERM, SIG_IGN);
		f->mute = f->deaf = true;
	}
	fake_qmp("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
	fake_say("[    0.000000] Linux version 6.12.0-fake\r\n");
	if (fake_is(f, "panic-boot")) {
		fake_say(fake_oops);
		_exit(0);
	}
	if (fake_is(f, "killed") || fake_is(f, "vmcore-killed"))
		raise(SIGKILL);
	if (fake_is(f, "aborts"))
		abort();
	if (fake_is(f, "reset")) {
		fake_qmp("{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}\r\n");
		_exit(0);
	}
	if (fake_is(f, "no-hello"))
		return;
	if (fake_is(f, "early-alive"))
		fake_text(f, FRAME_ALIVE, "uptime_ns=1|");
	if (fake_is(f, "bad-hello")) {
		fake_text(f, FRAME_HELLO, "proto=1|cpus=-2|mem_kb=5|");
		return;
	}
	if (fake_is(f, "undead"))
		fake_undead();
	fake_hello(f);
	if (fake_is(f, "two-hellos"))
		fake_hello(f);
	if (fake_is(f, "deaf") || fake_is(f, "asleep") || fake_is(f, "lost") ||
	    fake_is(f, "half") || fake_is(f, "slow-trace") || fake_is(f, "talker"))
		f->mute = f->deaf = true;
	if (fake_is(f, "garbage"))
		fake_put(QEMU_FD_FRAMES, "garbage!", 8);
	if (fake_is(f, "gap"))
		f->seq += 3;
	if (fake_is(f, "log"))
		fake_text(f, FRAME_LOG, "a word\nfrom the guest %s%n");
}

/* perf.data in two pieces, then symbols; or a piece of nothing known. */
static void fake_perf(struct fake *f, uint32_t id)
{
	static const char *const pieces[] = { "PERF", "ILE2...", "0 t f\t[kvm]\n" };
	char block[64];
	uint32_t part;

	for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++) {
		part = fake_is(f, "perf-part") ? PERF_PARTS : i / 2;
		memcpy(block, &id, sizeof(id));
		memcpy(block + 4, &part, sizeof(part));
		memcpy(block + 8, pieces[i], strlen(pieces[i]));
		fake_frame(f, FRAME_PERF, block, 8 + (uint32_t)strlen(pieces[i]));
	}
}

/* The kernel kills @n programs of as many names, and then warns. */
static void fake_ooms(uint32_t id, unsigned int n, bool warn)
{
	char text[200];

	snprintf(text, sizeof(text), "[    3.000000] secmmu: mark %u begin RUN /tests/x\r\n",
		 id);
	fake_say(text);
	for (unsigned int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "[    3.100000] Out of memory: Killed process 7 (%c%c)\r\n",
			 'A' + i / 50, 'A' + i % 50);
		fake_say(text);
	}
	if (warn)
		fake_say("[    3.200000] WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\r\n");
	poll(NULL, 0, 100);
}

/*
 * A selftest that passes, but for the first so many runs, which FAKE_FAILS
 * tells: by turns it fails, crashes and says nothing; or the kernel complains,
 * of a test that passes as well, or the guest is lost in the second run.
 */
static void fake_selftest(struct fake *f, uint32_t id)
{
	const char *fails = getenv("FAKE_FAILS");
	bool bad = ++f->runs <= (fails ? strtoul(fails, NULL, 10) : 0);
	bool hush = bad && fake_is(f, "selftest-hush");
	bool silent = bad && f->runs % 3 == 0;
	bool crash = bad && f->runs % 3 == 2;
	char text[200];
	int n;

	if (f->runs == 2 && fake_is(f, "selftest-lost"))
		_exit(3);
	memcpy(text, &id, sizeof(id));
	n = snprintf(text + 4, sizeof(text) - 4, "TAP version 13\n1..1\n%sok 1 mremap_4k\n",
		     bad && !crash && !hush ? "not " : "");
	if (!silent)
		fake_frame(f, FRAME_OUT, text, 4 + (uint32_t)n);
	if (bad && (hush || fake_is(f, "selftest-warn"))) {
		snprintf(text, sizeof(text), "[    3.000000] secmmu: mark %u begin RUN /tests/x\r\n"
			 "[    3.100000] WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\r\n",
			 id);
		fake_say(text);
		poll(NULL, 0, 100);
	}
	if (fake_is(f, "selftest-ooms"))
		fake_ooms(id, 1200, false);
	snprintf(text, sizeof(text), "id=%u|status=ok|%s=%d|wall_ns=300|user_ns=200|sys_ns=100|lost=0|",
		 id, crash ? "signal" : "exit", crash ? 11 : bad && !hush);
	fake_text(f, FRAME_REPLY, text);
}

static void fake_run(struct fake *f, uint32_t id)
{
	static uint8_t block[FRAME_MAX];
	char text[200];

	memcpy(block, &id, sizeof(id));
	if (!strncmp(f->how, "selftest", 8)) {
		fake_selftest(f, id);
		return;
	}
	if (fake_is(f, "vmcore-hang")) {
		f->mute = f->deaf = true;
		return;
	}
	if (fake_is(f, "panic-slow")) {
		fake_say(fake_oops);
		for (int i = 0; i < 6; i++) {
			snprintf(text, sizeof(text), "[    4.%d00000] NMI backtrace for cpu %d\r\n",
				 i, i);
			poll(NULL, 0, 250);
			fake_say(text);
		}
		f->deaf = true;
		return;
	}
	if (fake_is(f, "panic-run") || !strncmp(f->how, "vmcore", 6)) {
		fake_say(fake_oops);
		f->deaf = true;
		return;
	}
	if (fake_is(f, "oom-run")) {
		snprintf(text, sizeof(text), "[    3.000000] secmmu: mark %u begin RUN /tests/x\r\n"
			 "[    3.100000] VM invoked oom-killer: gfp_mask=0xcc0\r\n",
			 id);
		fake_say(text);
	}
	if (fake_is(f, "ooms-warn"))
		fake_ooms(id, 100, true);
	if (fake_is(f, "ooms"))
		fake_ooms(id, 1200, false);
	if (fake_is(f, "freeze")) {
		kill(getppid(), SIGSTOP);
		poll(NULL, 0, 6000);
		kill(getppid(), SIGCONT);
		poll(NULL, 0, 300);
	}
	if (fake_is(f, "killer")) {
		kill(getppid(), SIGKILL);
		return;
	}
	if (fake_is(f, "ctrl-c")) {
		kill(getppid(), SIGINT);
		return;
	}
	if (fake_is(f, "flood"))
		for (;;)
			fake_frame(f, FRAME_OUT, block, sizeof(block));
	if (fake_is(f, "wrong-id")) {
		fake_text(f, FRAME_REPLY, "id=77|status=ok|");
		return;
	}
	if (fake_is(f, "wrong-type"))
		fake_text(f, 99, "");
	if (fake_is(f, "two-ends")) {
		snprintf(text, sizeof(text),
			 "id=%u|status=ok|exit=0|signal=9|wall_ns=1|user_ns=1|sys_ns=1|lost=0|",
			 id);
		fake_text(f, FRAME_REPLY, text);
		return;
	}
	memcpy(block + 4, "hello\n", 6);
	fake_frame(f, FRAME_OUT, block, 10);
	if (fake_is(f, "perf") || fake_is(f, "perf-part"))
		fake_perf(f, id);
	if (fake_is(f, "meta"))
		fake_text(f, FRAME_TRACEMETA, "kvm/x|format");
	snprintf(text, sizeof(text),
		 "id=%u|status=ok|exit=7|wall_ns=300|user_ns=200|sys_ns=100|lost=5|",
		 id);
	fake_text(f, FRAME_REPLY, text);
}

/*
 * What a program has to say when it is ended: of the run, of none, and of the run far
 * more than it may.
 */
static void fake_late(struct fake *f, uint32_t id)
{
	static uint8_t block[FRAME_MAX];
	uint32_t other = id + 1;

	memcpy(block, &other, sizeof(other));
	memcpy(block + 4, "of none\n", 8);
	fake_frame(f, FRAME_OUT, block, 12);
	memcpy(block, &id, sizeof(id));
	memcpy(block + 4, "ok 1 mremap_4k, flushed\n", 24);
	fake_frame(f, FRAME_OUT, block, 28);
	memset(block + 4, 'x', sizeof(block) - 4);
	for (int i = 0; i < 300 && fake_is(f, "stuck"); i++)
		fake_frame(f, FRAME_OUT, block, sizeof(block));
}

static void fake_request(struct fake *f, const struct frame *q)
{
	const char *s = frame_text_get(q->data, q->len, "id", 0);
	uint32_t id = s ? (uint32_t)strtoul(s, NULL, 10) : 0;
	char text[100];

	if (q->type == FRAME_SHELL) {
		f->shell = id;
		return;
	}
	/* The guest says where it is and goes, unless it is one that does not. */
	if (q->type == FRAME_STOP) {
		s = frame_text_get(q->data, q->len, "where", 0);
		fake_say(s && *s == '1' ? fake_where : "[    7.000000] secmmu: stop\r\n");
		if (fake_is(f, "no-answer") || fake_is(f, "wrong-type"))
			return;
		if (fake_is(f, "stuck") || fake_is(f, "selftest-late"))
			fake_late(f, id);
		/* Longer than the silence that ends what it says. */
		if (fake_is(f, "stuck"))
			poll(NULL, 0, 1600);
		_exit(0);
	}
	if (fake_is(f, "selftest-late") && q->type == FRAME_RUN)
		return;
	if (fake_is(f, "slow") && q->type == FRAME_RUN)
		poll(NULL, 0, 200);
	if (f->deaf || ((fake_is(f, "no-answer") || fake_is(f, "stuck")) && q->type != FRAME_POWEROFF))
		return;
	if (q->type == FRAME_RUN) {
		fake_run(f, id);
		return;
	}
	if ((q->type == FRAME_UNLOAD && fake_is(f, "selftest-unload")) ||
	    (q->type == FRAME_POWEROFF && fake_is(f, "selftest-off")))
		_exit(3);
	snprintf(text, sizeof(text), "id=%u|status=%s|", id,
		 q->type == FRAME_MIXED ? "error|error=wrong symbol version" :
					  "ok");
	fake_text(f, FRAME_REPLY, text);
	if (q->type == FRAME_POWEROFF) {
		if (fake_is(f, "no-power-off"))
			f->mute = true;
		else
			_exit(0);
	}
}

static void fake_frames(struct fake *f)
{
	struct frame q;
	size_t room;
	uint8_t *to = frame_reader_space(&f->in, &room);
	ssize_t n = read(QEMU_FD_FRAMES, to, room);

	if (n <= 0)
		_exit(8);
	frame_reader_fed(&f->in, (size_t)n);
	while (frame_reader_next(&f->in, &q))
		fake_request(f, &q);
}

/* Commands, and the descriptor that came with them. */
static ssize_t fake_receive(struct fake *f, char *buf, size_t size)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec iov = { buf, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &c, .msg_controllen = sizeof(c) };
	ssize_t n = recvmsg(QEMU_FD_QMP, &m, 0);

	if (n > 0 && CMSG_FIRSTHDR(&m))
		memcpy(&f->dump_fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return n;
}

/* Like QEMU: as much as goes. Return: 0, or -1 if nobody reads any more. */
static int fake_pour(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len; len -= (size_t)n, p += n) {
		n = write(fd, p, len);
		if (n <= 0)
			return -1;
	}
	return 0;
}

/* A guest's memory, whole or not. Return: what is answered. */
static const char *fake_dump(struct fake *f)
{
	static const char zero[1 << 20], last[4096] = "Kernel panic - not syncing";
	struct {
		Elf64_Ehdr h;
		Elf64_Phdr p;
		char fill[4096 - sizeof(Elf64_Ehdr) - sizeof(Elf64_Phdr)];
	} head = {
		.h = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				    ELFDATA2LSB, EV_CURRENT },
		       .e_type = ET_CORE, .e_machine = EM_X86_64,
		       .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1,
		       .e_phentsize = sizeof(Elf64_Phdr) },
		.p = { .p_type = PT_LOAD, .p_offset = 4096,
		       .p_filesz = FAKE_MEMORY + sizeof(last) },
	};
	int bad = 0;

	if (fake_is(f, "vmcore-error"))
		return "{\"error\": {\"desc\": \"dump: no such luck\"}";
	if (fake_is(f, "vmcore-stall"))
		return NULL;
	signal(SIGPIPE, SIG_IGN);
	bad = fake_pour(f->dump_fd, &head, sizeof(head));
	for (size_t n = 0; !bad && (n < FAKE_MEMORY || fake_is(f, "vmcore-endless"));
	     n += sizeof(zero))
		bad = fake_pour(f->dump_fd, zero, sizeof(zero));
	if (!bad && !fake_is(f, "vmcore-cut"))
		bad = fake_pour(f->dump_fd, last, sizeof(last));
	close(f->dump_fd);
	return bad ? "{\"error\": {\"desc\": \"dump: failed to save memory\"}" :
		     "{\"return\": {}";
}

/* Two vCPUs, both the only thread; or the second one somebody else's. */
static const char *fake_cpus(const struct fake *f)
{
	static char text[100];

	if (fake_is(f, "pin-dumb"))
		return "{}";
	snprintf(text, sizeof(text),
		 "[{\"cpu-index\": 0, \"thread-id\": %d}, {\"cpu-index\": %d, \"thread-id\": %d}]",
		 (int)getpid(), fake_is(f, "pin-index") ? 7 : 1,
		 fake_is(f, "pin-foreign") ? (int)getppid() : (int)getpid());
	return text;
}

static const char *fake_registers(const struct fake *f)
{
	if (fake_is(f, "lost") || fake_is(f, "asleep"))
		return "\"CPU#0\\r\\nRIP=ffffffff81000000 HLT=1\\r\\nCPU#1\\r\\nHLT=0\"";
	return "\"CPU#0\\r\\nRIP=ffffffff81000000 HLT=0\\r\\nCPU#1\\r\\nHLT=1\"";
}

static void fake_monitor(struct fake *f)
{
	char buf[4096], answer[250];
	ssize_t n = fake_receive(f, buf, sizeof(buf) - 1);
	const char *said;
	char *line, *id;

	if (n <= 0)
		_exit(8);
	buf[n] = '\0';
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
		id = strstr(line, "\"id\":");
		if (strstr(line, "quit") && !fake_is(f, "stubborn"))
			_exit(0);
		if (strstr(line, "dump-guest-memory")) {
			said = fake_dump(f);
			if (!said)
				continue;
			snprintf(answer, sizeof(answer), "%s, \"id\": %d}\r\n",
				 said, id ? atoi(id + 5) : 0);
			fake_qmp(answer);
			continue;
		}
		if (strstr(line, "inject-nmi") && !fake_is(f, "lost"))
			fake_say("[    9.000000] Kernel panic - not syncing: NMI: Not continuing\r\n");
		snprintf(answer, sizeof(answer), "{\"return\": %s, \"id\": %d}\r\n",
			 strstr(line, "query-cpus-fast") ? fake_cpus(f) :
			 strstr(line, "human") ? fake_registers(f) :
			 strstr(line, "query-status") ? "{\"status\": \"running\"}" : "{}",
			 id ? atoi(id + 5) : 0);
		fake_qmp(answer);
	}
}

static void fake_console(struct fake *f)
{
	char buf[64], text[64];
	ssize_t n = read(QEMU_FD_CONSOLE, buf, sizeof(buf));

	if (n > 0 && memchr(buf, 'l', (size_t)n)) {
		fake_say("[    8.000000] sysrq: Show backtrace of all active CPUs\r\n"
			 "[    8.100000] NMI backtrace for cpu 0\r\n");
		/* Longer than the silence that ends an answer. */
		if (fake_is(f, "slow-trace"))
			poll(NULL, 0, 500);
		if (!fake_is(f, "half"))
			fake_say("[    8.900000] NMI backtrace for cpu 1\r\n");
		f->talks = fake_is(f, "talker");
	} else if (n > 0 && memchr(buf, 'w', (size_t)n)) {
		f->talks = false;
		fake_say("[    8.950000] sysrq: Show Blocked State\r\n");
	}
	if (n > 0 && f->shell) {
		snprintf(text, sizeof(text), "id=%u|status=ok|", f->shell);
		/* Not before the supervisor has seen what the keys did. */
		poll(NULL, 0, 100);
		fake_text(f, FRAME_REPLY, text);
		f->shell = 0;
	}
}

/** fake_qemu - what main() runs instead when FAKE_QEMU is set. */
static int fake_qemu(int argc, char **argv)
{
	struct fake f = { .how = getenv("FAKE_QEMU") };
	struct pollfd p[] = {
		{ .fd = QEMU_FD_FRAMES, .events = POLLIN },
		{ .fd = QEMU_FD_QMP, .events = POLLIN },
		{ .fd = QEMU_FD_CONSOLE, .events = POLLIN },
	};

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-sandbox") && fake_is(&f, "no-sandbox"))
			return 1;
		if (!strcmp(argv[i], "-version")) {
			if (fake_is(&f, "no-version"))
				return 0;
			printf("QEMU emulator version %s (fake)\n",
			       fake_is(&f, "old") ? "7.1.9" : "7.2.3");
			return 0;
		}
	}
	if (fake_is(&f, "who")) {
		fake_who();
	} else if (getenv("FAKE_QEMU_PID")) {
		char pid[24];

		/* A link, for QEMU may write no file. */
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		if (symlink(pid, getenv("FAKE_QEMU_PID")))
			_exit(9);
	}
	fake_start(&f);
	for (;;) {
		poll(p, 3, FAKE_ALIVE_MS);
		if (p[0].revents)
			fake_frames(&f);
		if (p[1].revents)
			fake_monitor(&f);
		if (p[2].revents)
			fake_console(&f);
		if (f.talks)
			fake_say("[    9.000000] and on\r\n");
		if (f.hello && !f.mute)
			fake_text(&f, FRAME_ALIVE, "uptime_ns=1|");
		else if (fake_is(&f, "no-hello"))
			fake_say("[    1.000000] still booting\r\n");
	}
}

#endif
