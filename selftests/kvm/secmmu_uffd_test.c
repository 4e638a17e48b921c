// SPDX-License-Identifier: GPL-2.0-only
/*
 * UFFDIO_MOVE of memory that a guest has mapped.
 *
 * The pages are moved out of the memslot, where zeroes come in their place.  The
 * guest must not see or write what was moved.  Host call sites:
 * move_pages_pte(), and move_pages_huge_pmd() for whole huge pages.
 * Write protection by userfaultfd is in secmmu_protect_test.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "secmmu.h"

static const char *unmet(struct secmmu *t)
{
	int fd = secmmu_uffd(UFFD_FEATURE_MOVE);

	if (fd < 0)
		return "no userfaultfd with UFFD_FEATURE_MOVE";
	close(fd);
	return NULL;
}

/* Where the pages go: memory of the same kind, with nothing there yet. */
static void map_target(struct secmmu *t)
{
	void *p = mmap(t->aside, t->size, PROT_READ | PROT_WRITE,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	TEST_ASSERT(p == t->aside, "mmap() of 0x%lx bytes failed: %s", t->size,
		    strerror(errno));
}

/* A call ends early where somebody holds a page for a moment. */
static void move(struct secmmu *t, int fd)
{
	struct uffdio_move arg;
	uint64_t done = 0;

	while (done < t->size) {
		arg = (struct uffdio_move) {
			.dst = (uintptr_t)t->aside + done,
			.src = (uintptr_t)t->hva + done,
			.len = t->size - done,
		};
		if (!ioctl(fd, UFFDIO_MOVE, &arg))
			break;
		TEST_ASSERT(errno == EAGAIN, __KVM_SYSCALL_ERROR("ioctl(UFFDIO_MOVE)", -1));
		if (arg.move > 0)
			done += arg.move;
	}
}

static void run_move(struct secmmu *t)
{
	int fd = secmmu_uffd(UFFD_FEATURE_MOVE);
	uint64_t start;

	map_target(t);
	secmmu_uffd_register(fd, t->aside, t->size, UFFDIO_REGISTER_MODE_MISSING);
	secmmu_begin(t);
	start = secmmu_now();
	move(t, fd);
	secmmu_sample(t, start);
	secmmu_take(t, t->aside);
	secmmu_populate(t);
	secmmu_end(t);
	close(fd);
}

/* Moved by its PMD, unsplit. */
static void run_move_whole(struct secmmu *t)
{
	size_t huge;

	run_move(t);
	huge = secmmu_huge_bytes(t, t->aside, t->size);
	if (huge != t->size)
		secmmu_fail(t, "%lu of %lu bytes are mapped huge after the move",
			    huge, t->size);
}

static const struct secmmu_event events[] = {
	{
		.name = "uffd_move_4k",
		.desc = "one 4 KiB page moved out of the memslot with UFFDIO_MOVE",
		.offset = 77,
		.nr = 1,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.own_vma = true,
		.moves_away = true,
		.unmet = unmet,
		.run = run_move,
	}, {
		.name = "uffd_move_2m_ptes",
		.desc = "2 MiB of 4 KiB pages moved out of the memslot with UFFDIO_MOVE",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.moves_away = true,
		.unmet = unmet,
		.run = run_move,
	}, {
		.name = "uffd_move_thp",
		.desc = "a whole huge page, by its PMD, moved out of the memslot with UFFDIO_MOVE",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.moves_away = true,
		.unmet = unmet,
		.run = run_move_whole,
	}, {
		.name = "uffd_move_thp_part",
		.desc = "512 KiB of a huge page, which is split, moved out of the memslot with UFFDIO_MOVE",
		.offset = 128,
		.nr = 128,
		.source = VM_MEM_SRC_ANONYMOUS_THP,
		.sources = SECMMU_SRC(ANONYMOUS_THP),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.moves_away = true,
		.splits = true,
		.unmet = unmet,
		.run = run_move,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
