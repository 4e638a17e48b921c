// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidations through the file that is behind a guest's memory.
 *
 * Who truncates a file, punches a hole in it, makes its pages huge or writes them
 * back need not know who has it mapped.  Host call sites:
 * zap_page_range_single(), try_to_unmap_one(), retract_page_tables(),
 * collapse_pte_mapped_thp(), page_vma_mkclean_one().
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "secmmu.h"

static void truncate_to(struct secmmu *t, off_t size)
{
	int ret = ftruncate(t->fd, size);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("ftruncate()", ret));
}

/* A file of its own for the block, whose end is the end of the range. */
static void prepare_truncate(struct secmmu *t)
{
	secmmu_renew(t, t->block, SECMMU_HUGE_PAGES);
}

/* Each vCPU must fail to access what is beyond the end of the file. */
static void run_truncate(struct secmmu *t)
{
	off_t size = secmmu_fd_offset(t);
	uint64_t start;

	if (secmmu_planted(t, SECMMU_FAULT_STRAY_WRITE))
		size = SECMMU_HUGE_SIZE;
	secmmu_begin(t);
	start = secmmu_now();
	truncate_to(t, size);
	secmmu_sample(t, start);
	secmmu_check_faulted(t, secmmu_wait_faulted(t), "beyond the end of the file");
	truncate_to(t, SECMMU_HUGE_SIZE);
	secmmu_populate(t);
	secmmu_end(t);
}

/* The block's part of the file once more, at secmmu.stage. */
static void map_again(struct secmmu *t)
{
	void *p = mmap(t->stage, t->size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, t->fd, secmmu_fd_offset(t));

	TEST_ASSERT(p == t->stage, "mmap() failed: %s", strerror(errno));
}

static void collapse(struct secmmu *t, void *addr)
{
	uint64_t start;
	int ret;

	secmmu_begin(t);
	start = secmmu_now();
	ret = secmmu_try_collapse(addr, t->size);
	secmmu_sample(t, start);
	if (ret)
		secmmu_fail(t, "MADV_COLLAPSE failed: %s", strerror(errno));
	secmmu_check_collapsed(t, addr);
	secmmu_end(t);
}

/* The memslot loses its page table, though nobody has asked for it here. */
static void run_collapse(struct secmmu *t)
{
	collapse(t, t->stage);
}

/* The file has a huge page, which the memslot has mapped by small entries. */
static void prepare_ptes(struct secmmu *t)
{
	map_again(t);
	if (secmmu_try_collapse(t->stage, t->size))
		t->skip = "no huge page to be had for a file";
	secmmu_reserve(t->stage, t->size);
}

static void run_ptes(struct secmmu *t)
{
	secmmu_advise(t->hva, t->size, MADV_HUGEPAGE);
	collapse(t, t->hva);
}

/*
 * Writeback: ext2, by hand as there may be no mkfs, in a loop device on a file in
 * memory.  All of it is in the first of the groups of the smallest revision.
 */
#define FS_BLOCK	4096U
#define FS_BLOCKS	2048U
#define FS_INODES	32U
#define FS_ROOT		2U	/* inode */
#define FS_FIRST	11U	/* inode that is not reserved */

enum {
	FS_SUPER,
	FS_GROUPS,
	FS_BLOCK_BITMAP,
	FS_INODE_BITMAP,
	FS_INODE_TABLE,
	FS_ROOT_DIR,
	FS_USED,
};

static struct {
	int disk;	/* what is behind the loop device */
	int file;
} fs = { -1, -1 };

static void put16(char *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put32(char *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static char *fs_block(char *image, uint32_t block)
{
	return image + block * FS_BLOCK;
}

static void make_super(char *s)
{
	put32(s + 0, FS_INODES);
	put32(s + 4, FS_BLOCKS);
	put32(s + 12, FS_BLOCKS - FS_USED);	/* free */
	put32(s + 16, FS_INODES - FS_FIRST + 1);
	put32(s + 24, 2);			/* block size: 1024 << 2 */
	put32(s + 28, 2);			/* and that of fragments */
	put32(s + 32, 8 * FS_BLOCK);		/* blocks per group */
	put32(s + 36, 8 * FS_BLOCK);
	put32(s + 40, FS_INODES);		/* inodes per group */
	put16(s + 54, 0xffff);			/* mounts until a check */
	put16(s + 56, 0xef53);			/* magic */
	put16(s + 58, 1);			/* clean */
	put16(s + 60, 1);			/* on errors: go on */
}

static void make_group(char *g)
{
	put32(g + 0, FS_BLOCK_BITMAP);
	put32(g + 4, FS_INODE_BITMAP);
	put32(g + 8, FS_INODE_TABLE);
	put16(g + 12, FS_BLOCKS - FS_USED);
	put16(g + 14, FS_INODES - FS_FIRST + 1);
	put16(g + 16, 1);			/* directories */
}

static void make_root(char *image)
{
	char *inode = fs_block(image, FS_INODE_TABLE) + (FS_ROOT - 1) * 128;
	char *dir = fs_block(image, FS_ROOT_DIR);

	put16(inode + 0, S_IFDIR | 0755);
	put32(inode + 4, FS_BLOCK);		/* size */
	put16(inode + 26, 2);			/* links */
	put32(inode + 28, FS_BLOCK / 512);
	put32(inode + 40, FS_ROOT_DIR);

	put32(dir + 0, FS_ROOT);
	put16(dir + 4, 12);			/* to the next entry */
	put16(dir + 6, 1);			/* length of the name */
	dir[8] = '.';
	put32(dir + 12, FS_ROOT);
	put16(dir + 16, FS_BLOCK - 12);
	put16(dir + 18, 2);
	memcpy(dir + 20, "..", 2);
}

/* Bits of blocks and inodes in use, and of those that there are not. */
static void make_bitmap(char *map, uint32_t used, uint32_t all)
{
	uint32_t i;

	for (i = 0; i < 8 * FS_BLOCK; i++)
		if (i < used || i >= all)
			map[i / 8] |= 1 << i % 8;
}

static void make_fs(void)
{
	size_t size = FS_BLOCKS * FS_BLOCK;
	char *image;

	fs.disk = kvm_memfd_alloc(size, false);
	image = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fs.disk, 0);
	TEST_ASSERT(image != MAP_FAILED, "mmap() failed: %s", strerror(errno));
	make_super(image + 1024);
	make_group(fs_block(image, FS_GROUPS));
	make_bitmap(fs_block(image, FS_BLOCK_BITMAP), FS_USED, FS_BLOCKS);
	make_bitmap(fs_block(image, FS_INODE_BITMAP), FS_FIRST - 1, FS_INODES);
	make_root(image);
	munmap(image, size);
}

/* The device goes when its last user does. */
static int open_loop(char *path, size_t size)
{
	struct loop_config config = {
		.fd = fs.disk,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), nr, fd;

	if (ctl < 0)
		return -1;
	nr = ioctl(ctl, LOOP_CTL_GET_FREE);
	close(ctl);
	snprintf(path, size, "/dev/loop%d", nr);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, &config)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A file keeps its file system, which nobody needs to find any more. */
static const char *open_file(const char *dev)
{
	char dir[] = "/tmp/secmmu-XXXXXX", path[64];
	const char *unmet = NULL;

	mkdir("/tmp", 01777);
	if (!mkdtemp(dir))
		return "no directory in /tmp";
	if (mount(dev, dir, "ext2", MS_NOATIME, NULL)) {
		unmet = "no right to mount ext2, or CONFIG_EXT2_FS";
	} else {
		snprintf(path, sizeof(path), "%s/file", dir);
		fs.file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		TEST_ASSERT(fs.file >= 0 && !ftruncate(fs.file, SECMMU_HUGE_SIZE),
			    "no file in ext2: %s", strerror(errno));
		umount2(dir, MNT_DETACH);
	}
	rmdir(dir);
	return unmet;
}

static const char *unmet_writeback(struct secmmu *t)
{
	const char *unmet;
	char dev[64];
	int loop;

	if (fs.file >= 0)
		return NULL;
	/* Only when it is told to, and not by the flusher. */
	if (!secmmu_set("/proc/sys/vm/dirty_writeback_centisecs", "0"))
		return "no write access to dirty_writeback_centisecs";
	make_fs();
	loop = open_loop(dev, sizeof(dev));
	if (loop < 0)
		return "no loop device: CONFIG_BLK_DEV_LOOP";
	unmet = open_file(dev);
	close(loop);
	return unmet;
}

static void prepare_writeback(struct secmmu *t)
{
	void *block = secmmu_hva(t, t->block);
	void *p = mmap(block, SECMMU_HUGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, fs.file, 0);

	TEST_ASSERT(p == block, "mmap() of the file failed: %s", strerror(errno));
	secmmu_fill(t, block, t->gen, t->block, SECMMU_HUGE_PAGES);
	secmmu_expect(t, t->gen, t->block, SECMMU_HUGE_PAGES);
}

static void sync_range(struct secmmu *t)
{
	int ret = msync(t->hva, t->size, MS_SYNC);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("msync()", ret));
}

static void run_writeback(struct secmmu *t)
{
	uint64_t start;

	secmmu_begin(t);
	start = secmmu_now();
	sync_range(t);
	secmmu_sample(t, start);
	secmmu_end(t);
}

/*
 * What the guest writes after the pages were cleaned must make them dirty again,
 * or it never gets to the disk.
 */
static void check_disk(struct secmmu *t)
{
	char buf[FS_BLOCK];
	uint32_t i, page;
	int block;

	sync_range(t);
	for (i = 0; i < t->nr && t->failures < SECMMU_MAX_ERRORS; i++) {
		page = t->first + i;
		block = page - t->block;
		TEST_ASSERT(!ioctl(fs.file, FIBMAP, &block) && block,
			    "ioctl(FIBMAP) failed: %s", strerror(errno));
		TEST_ASSERT(pread(fs.disk, buf, FS_BLOCK, (off_t)block * FS_BLOCK) ==
			    FS_BLOCK, "read of the disk failed: %s", strerror(errno));
		if (secmmu_planted(t, SECMMU_FAULT_NO_EFFECT))
			((struct secmmu_page *)buf)->count[0]--;
		if (memcmp(buf, secmmu_hva(t, page), FS_BLOCK))
			secmmu_fail(t, "page %u is not on disk as it is in memory",
				    page);
	}
}

static const struct secmmu_event events[] = {
	{
		.name = "file_truncate",
		.desc = "the second half of a file cut off, and empty pages instead",
		.offset = SECMMU_HUGE_PAGES / 2,
		.nr = SECMMU_HUGE_PAGES / 2,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.hole = true,
		.plants_stray_write = true,
		.prepare = prepare_truncate,
		.run = run_truncate,
	}, {
		.name = "file_punch",
		.desc = "fallocate(FALLOC_FL_PUNCH_HOLE) of 512 KiB of a file",
		.offset = 128,
		.nr = 128,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_ZERO,
		.restore = SECMMU_RESTORE_RENEW,
		.run = secmmu_run_punch,
	}, {
		.name = "file_collapse",
		.desc = "MADV_COLLAPSE of a file's 512 pages, in another mapping of it",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.prepare = map_again,
		.unmet = secmmu_unmet_thp,
		.run = run_collapse,
	}, {
		.name = "file_collapse_ptes",
		.desc = "MADV_COLLAPSE of a file's huge page that is mapped by 512 entries",
		.nr = SECMMU_HUGE_PAGES,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.prepare = prepare_ptes,
		.unmet = secmmu_unmet_thp,
		.run = run_ptes,
	}, {
		.name = "file_writeback",
		.desc = "msync() of 64 pages of a file in ext2",
		.offset = 128,
		.nr = 64,
		.source = VM_MEM_SRC_SHMEM,
		.sources = SECMMU_SRC(SHMEM),
		.after = SECMMU_AFTER_SAME,
		.restore = SECMMU_RESTORE_RENEW,
		.plants_no_effect = true,
		.unmet = unmet_writeback,
		.prepare = prepare_writeback,
		.run = run_writeback,
		.check = check_disk,
	},
};

int main(int argc, char *argv[])
{
	return secmmu_main(argc, argv, events, ARRAY_SIZE(events));
}
