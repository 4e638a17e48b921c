// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls in a process that knows nothing of it.
 *
 * All its threads are stopped; the first one is given a system call's registers
 * and the address of a syscall instruction, which the vDSO has, makes one step,
 * and gets its own registers back.  A call in which it was interrupted is then
 * restarted by the kernel, as after a signal: ptrace(2).
 */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "secmmu_vmm.h"

#define MAX_THREADS	256

struct stopped {
	pid_t pid;
	pid_t tids[MAX_THREADS];
	int nr;
	uint64_t syscall_insn;
};

static int fail(const char *what)
{
	fprintf(stderr, "# vmm: %s: %s\n", what, strerror(errno));
	return -1;
}

static bool is_stopped(const struct stopped *s, pid_t tid)
{
	int i;

	for (i = 0; i < s->nr; i++)
		if (s->tids[i] == tid)
			return true;
	return false;
}

static int stop_thread(struct stopped *s, pid_t tid)
{
	int status;

	/* It may have ended since its name was read. */
	if (ptrace(PTRACE_SEIZE, tid, 0, 0))
		return errno == ESRCH ? 0 : fail("PTRACE_SEIZE");
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
	    waitpid(tid, &status, __WALL) != tid)
		return fail("PTRACE_INTERRUPT");
	if (!WIFSTOPPED(status))
		return 0;
	s->tids[s->nr++] = tid;
	return 1;
}

/* Returns how many threads more are stopped now, or -1. */
static int stop_more(struct stopped *s)
{
	struct dirent *d;
	char path[64];
	int n = 0, ret;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", s->pid);
	dir = opendir(path);
	if (!dir)
		return fail(path);
	while ((d = readdir(dir))) {
		pid_t tid = atoi(d->d_name);

		if (!tid || is_stopped(s, tid) || s->nr == MAX_THREADS)
			continue;
		ret = stop_thread(s, tid);
		if (ret < 0) {
			n = -1;
			break;
		}
		n += ret;
	}
	closedir(dir);
	return n;
}

static void let_go(struct stopped *s)
{
	int i;

	for (i = 0; i < s->nr; i++)
		ptrace(PTRACE_DETACH, s->tids[i], 0, 0);
	s->nr = 0;
}

/* Until a look finds no thread that is not stopped: none is left to make one. */
static int stop_all(struct stopped *s)
{
	int n;

	do {
		n = stop_more(s);
	} while (n > 0);
	if (n < 0)
		let_go(s);
	return n;
}

static int find_vdso(pid_t pid, uint64_t *start, uint64_t *end)
{
	char path[64], line[512];
	int ret = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	if (!f)
		return fail(path);
	while (ret && fgets(line, sizeof(line), f))
		if (strstr(line, "[vdso]") &&
		    sscanf(line, "%lx-%lx", start, end) == 2)
			ret = 0;
	fclose(f);
	return ret;
}

static int find_syscall(struct stopped *s)
{
	uint8_t code[4 * SECMMU_PAGE_SIZE];
	uint64_t start, end;
	ssize_t i, len;
	char path[64];
	int fd;

	if (find_vdso(s->pid, &start, &end))
		return fail("no vDSO");
	snprintf(path, sizeof(path), "/proc/%d/mem", s->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(path);
	len = pread(fd, code, min(end - start, sizeof(code)), start);
	close(fd);
	for (i = 0; i + 1 < len; i++) {
		if (code[i] != 0x0f || code[i + 1] != 0x05)
			continue;
		s->syscall_insn = start + i;
		return 0;
	}
	errno = ENOENT;
	return fail("a syscall instruction in the vDSO");
}

static int step(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, tid, 0, 0) ||
	    waitpid(tid, &status, __WALL) != tid)
		return fail("PTRACE_SINGLESTEP");
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
		errno = EINTR;
		return fail("a step");
	}
	return 0;
}

/* A system call's result, or -errno; -EIO if it could not be made. */
static long call(struct stopped *s, long nr, uint64_t a, uint64_t b, uint64_t c,
		 uint64_t d, uint64_t e)
{
	struct user_regs_struct old, regs;
	long ret = -EIO;

	if (ptrace(PTRACE_GETREGS, s->tids[0], 0, &old))
		return ret;
	regs = old;
	regs.rip = s->syscall_insn;
	regs.rax = nr;
	/* Nothing to restart: the interrupted call is, later. */
	regs.orig_rax = -1;
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	regs.r10 = d;
	regs.r8 = e;
	regs.r9 = 0;
	if (!ptrace(PTRACE_SETREGS, s->tids[0], 0, &regs) && !step(s->tids[0]) &&
	    !ptrace(PTRACE_GETREGS, s->tids[0], 0, &regs))
		ret = regs.rax;
	if (ptrace(PTRACE_SETREGS, s->tids[0], 0, &old))
		fail("PTRACE_SETREGS");
	return ret;
}

static bool failed(long ret, const char *what)
{
	if (ret >= 0 || ret < -4095)
		return false;
	errno = -ret;
	fail(what);
	return true;
}

static int there_and_back(struct stopped *s, uint64_t addr, size_t size)
{
	long aside, ret;

	aside = call(s, SYS_mmap, 0, size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (failed(aside, "mmap in the VMM"))
		return -1;
	ret = call(s, SYS_mremap, addr, size, size,
		   MREMAP_MAYMOVE | MREMAP_FIXED, aside);
	if (failed(ret, "mremap in the VMM"))
		return -1;
	ret = call(s, SYS_mremap, aside, size, size,
		   MREMAP_MAYMOVE | MREMAP_FIXED, addr);
	return failed(ret, "mremap back in the VMM") ? -1 : 0;
}

int vmm_mremap(struct vmm *v, uint64_t addr, size_t size)
{
	struct stopped s = { .pid = v->pid };
	int ret;

	ret = stop_all(&s);
	if (ret)
		return ret;
	/* The first thread is the first in the folder. */
	ret = find_syscall(&s);
	if (!ret)
		ret = there_and_back(&s, addr, size);
	let_go(&s);
	return ret;
}
