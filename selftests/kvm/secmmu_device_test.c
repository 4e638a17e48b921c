// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device takes memory that a guest has mapped: for itself, or into its own.
 *
 * The device is that of lib/test_hmm.  What it has for itself (exclusive access),
 * or in its memory (device private pages), no CPU may access: a fault of the host
 * or of KVM brings it back.  A vCPU with a stale SPTE needs no fault, and the
 * device goes on to believe that the page is its own: that is looked for, and in
 * its memory the device writes what the vCPUs must see.  Host call sites:
 * page_make_device_exclusive_one(), remove_device_exclusive_entry(),
 * migrate_vma_collect(), __migrate_device_pages().
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "secmmu.h"
#include "../../../../lib/test_hmm_uapi.h"

#define DEVICE		"/dev/hmm_dmirror0"
#define OFFSET		100
/* All of them are left to the guest: see secmmu_prefault(). */
#define PAGES		SECMMU_GUEST_FAULTS
/* A page that is being used at the moment is not taken. */
#define TRIES		100

static int device = -1;
static char copy[PAGES * SECMMU_PAGE_SIZE];

static const char *unmet_device(struct secmmu *t)
{
	if (device < 0)
		device = open(DEVICE, O_RDWR | O_CLOEXEC);
	return device < 0 ? "no " DEVICE ": CONFIG_TEST_HMM" : NULL;
}

/* 0, or -1 and errno. */
static int command(unsigned long cmd, void *addr, uint32_t pages, void *buf)
{
	struct hmm_dmirror_cmd arg = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)buf,
		.npages = pages,
	};

	return ioctl(device, cmd, &arg);
}

static void *page(struct secmmu *t, uint32_t i)
{
	return t->hva + i * SECMMU_PAGE_SIZE;
}

static bool is_exclusive(struct secmmu *t, uint32_t i)
{
	return command(HMM_DMIRROR_CHECK_EXCLUSIVE, page(t, i), 1, NULL) &&
	       errno == EPERM;
}

static bool is_device_private(struct secmmu *t, uint32_t i)
{
	unsigned char prot = 0;
	int ret = command(HMM_DMIRROR_SNAPSHOT, page(t, i), 1, &prot);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("HMM_DMIRROR_SNAPSHOT", ret));
	return (prot & 0xf0) == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL;
}

typedef bool (*is_taken_fn)(struct secmmu *t, uint32_t i);

static uint32_t nr_taken(struct secmmu *t, is_taken_fn is_taken)
{
	uint32_t i, nr = 0;

	for (i = 0; i < t->nr; i++)
		nr += is_taken(t, i);
	return nr;
}

/*
 * vCPUs must be parked.  Those that were not may have got back at once what the
 * device took, and then the command fails.
 */
static void take_all(struct secmmu *t, unsigned long cmd, is_taken_fn is_taken)
{
	uint32_t nr = 0, tries;

	for (tries = 0; nr < t->nr && tries < TRIES; tries++) {
		command(cmd, t->hva, t->nr, copy);
		nr = nr_taken(t, is_taken);
	}
	if (nr < t->nr)
		secmmu_fail(t, "the device has taken %u of %u pages", nr, t->nr);
}

/* After the guest has accessed them all. */
static void check_back(struct secmmu *t, unsigned long cmd, is_taken_fn is_taken)
{
	uint32_t nr;

	if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
		command(cmd, t->hva, 1, copy);
	nr = nr_taken(t, is_taken);
	if (nr)
		secmmu_fail(t, "the device still has %u of %u pages that the guest has accessed",
			    nr, t->nr);
}

static void timed_command(struct secmmu *t, unsigned long cmd)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	command(cmd, t->hva, t->nr, copy);
	secmmu_sample(t, start);
	secmmu_set_busy(t, false);
}

static void timed_touch(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	secmmu_pass(t);
	secmmu_sample_vcpu(t, start);
	secmmu_end(t);
}

static void run_exclusive(struct secmmu *t)
{
	timed_command(t, HMM_DMIRROR_EXCLUSIVE);
	take_all(t, HMM_DMIRROR_EXCLUSIVE, is_exclusive);
	secmmu_end(t);
}

static void run_exclusive_touch(struct secmmu *t)
{
	take_all(t, HMM_DMIRROR_EXCLUSIVE, is_exclusive);
	timed_touch(t);
}

static void check_exclusive(struct secmmu *t)
{
	check_back(t, HMM_DMIRROR_EXCLUSIVE, is_exclusive);
}

/* The device writes new stamps to the memory that it now has. */
static void device_write(struct secmmu *t)
{
	int ret;

	take_all(t, HMM_DMIRROR_MIGRATE_TO_DEV, is_device_private);
	ret = command(HMM_DMIRROR_WRITE, t->hva, t->nr, t->stage);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("HMM_DMIRROR_WRITE", ret));
	if (nr_taken(t, is_device_private) < t->nr)
		secmmu_fail(t, "the device does not write to memory of its own");
}

static void run_migrate(struct secmmu *t)
{
	timed_command(t, HMM_DMIRROR_MIGRATE_TO_DEV);
	device_write(t);
	secmmu_end(t);
}

static void run_migrate_touch(struct secmmu *t)
{
	device_write(t);
	timed_touch(t);
}

/*
 * The vCPUs have mapped the shared zero page, which is no page to the device: it
 * puts new ones in its place.
 */
static void prepare_empty(struct secmmu *t)
{
	uint32_t i;

	/* Or the vCPUs take the zeroes for those that they know from last time. */
	secmmu_pass(t);
	secmmu_advise(t->hva, t->size, MADV_DONTNEED);
	for (i = t->first; i < t->first + t->nr; i++)
		t->allow[i] = (struct secmmu_allow) { 0, 0 };
}

static void run_migrate_empty(struct secmmu *t)
{
	run_migrate(t);
	secmmu_set_reads_only(t, false);
}

static void check_migrate(struct secmmu *t)
{
	check_back(t, HMM_DMIRROR_MIGRATE_TO_DEV, is_device_private);
}

static const struct secmmu_event events[] = {
	{
		.name = "device_exclusive",
		.desc = "a device gets exclusive access to 8 pages",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.unmet = unmet_device,
		.run = run_exclusive,
		.check = check_exclusive,
	}, {
		.name = "device_exclusive_touch",
		.desc = "the guest touches 8 pages that a device has exclusively",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet_device,
		.run = run_exclusive_touch,
		.check = check_exclusive,
	}, {
		.name = "device_migrate",
		.desc = "8 pages migrated into device memory",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_NEW,
		.restore = SECMMU_RESTORE_RENEW,
		.stage = true,
		.plants_no_effect = true,
		.unmet = unmet_device,
		.run = run_migrate,
		.check = check_migrate,
	}, {
		.name = "device_migrate_touch",
		.desc = "the guest touches 8 pages in device memory",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_NEW,
		.restore = SECMMU_RESTORE_RENEW,
		.stage = true,
		.parked = true,
		.plants_no_effect = true,
		.unmet = unmet_device,
		.run = run_migrate_touch,
		.check = check_migrate,
	}, {
		.name = "device_migrate_empty",
		.desc = "8 times the zero page migrated into device memory",
		.offset = OFFSET,
		.nr = PAGES,
		.source = VM_MEM_SRC_ANONYMOUS,
		.sources = SECMMU_SRC(ANONYMOUS),
		.after = SECMMU_AFTER_NEW,
		.restore = SECMMU_RESTORE_RENEW,
		.stage = true,
		.reads = true,
		.plants_no_effect = true,
		.unmet = unmet_device,
		.prepare = prepare_empty,
		.run = run_migrate_empty,
		.check = check_migrate,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
