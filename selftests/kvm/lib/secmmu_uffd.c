// SPDX-License-Identifier: GPL-2.0-only
/*
 * userfaultfd, for the secondary MMU tests.
 */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "secmmu.h"

/* How often to look whether a vCPU has gone on instead of stopping. */
#define POLL_MS		20
/* Then a vCPU is neither stopped nor done: something else holds it up. */
#define MAX_POLLS	(30 * 1000 / POLL_MS)

int secmmu_uffd(uint64_t features)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = features,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void secmmu_uffd_register(int uffd, void *addr, size_t size, uint64_t mode)
{
	struct uffdio_register reg = {
		.range.start = (uintptr_t)addr,
		.range.len = size,
		.mode = mode,
	};
	int ret = ioctl(uffd, UFFDIO_REGISTER, &reg);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("ioctl(UFFDIO_REGISTER)", ret));
}

void secmmu_uffd_protect(int uffd, void *addr, size_t size, bool protect)
{
	struct uffdio_writeprotect wp = {
		.range.start = (uintptr_t)addr,
		.range.len = size,
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};
	int ret = ioctl(uffd, UFFDIO_WRITEPROTECT, &wp);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("ioctl(UFFDIO_WRITEPROTECT)", ret));
}

static uint32_t vcpu_mask(struct secmmu *t, uint32_t tid)
{
	uint32_t i;

	for (i = 0; i < t->opt.nr_vcpus; i++)
		if (t->vcpus[i].tid == (long)tid)
			return 1U << i;
	return 0;
}

/* The vCPUs that have asked for permission to write since the last call. */
static uint32_t read_stopped(struct secmmu *t, int uffd)
{
	struct uffd_msg msg;
	uint32_t mask = 0;

	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		TEST_ASSERT(msg.event == UFFD_EVENT_PAGEFAULT &&
			    msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP,
			    "userfaultfd: event 0x%x, flags 0x%llx", msg.event,
			    msg.arg.pagefault.flags);
		mask |= vcpu_mask(t, msg.arg.pagefault.feat.ptid);
	}
	return mask;
}

static uint32_t passed_mask(struct secmmu *t)
{
	uint32_t i, mask = 0;

	for (i = 0; i < t->opt.nr_vcpus; i++)
		if (secmmu_passed(t, i))
			mask |= 1U << i;
	return mask;
}

uint32_t secmmu_uffd_wait(struct secmmu *t, int uffd)
{
	struct pollfd pfd = { .fd = uffd, .events = POLLIN };
	uint32_t all = (1U << t->opt.nr_vcpus) - 1, stopped = 0, polls = 0;

	secmmu_start_pass(t);
	while ((stopped | passed_mask(t)) != all) {
		TEST_ASSERT(polls++ < MAX_POLLS,
			    "vCPUs 0x%x neither stopped nor done", all & ~stopped);
		poll(&pfd, 1, POLL_MS);
		stopped |= read_stopped(t, uffd);
	}
	return __builtin_popcount(stopped & ~passed_mask(t));
}
