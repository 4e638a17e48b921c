// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that several families of events make, and whole events of which
 * only the memory differs.
 */
#include <sys/mman.h>

#include "secmmu.h"
#include "ucall_common.h"

void secmmu_run_round(struct kvm_vcpu *vcpu)
{
	vcpu_run(vcpu);
	TEST_ASSERT(get_ucall(vcpu, NULL) == UCALL_SYNC,
		    "vCPU %u: exit reason %u (%s), not the end of a round",
		    vcpu->id, vcpu->run->exit_reason,
		    exit_reason_str(vcpu->run->exit_reason));
}

void secmmu_protect(void *addr, size_t size, int prot)
{
	int ret = mprotect(addr, size, prot);

	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("mprotect()", ret));
}

enum vm_mem_backing_src_type secmmu_anonymous(void)
{
	return thp_configured() ? VM_MEM_SRC_ANONYMOUS_THP : VM_MEM_SRC_ANONYMOUS;
}

void secmmu_advise(void *addr, size_t size, int advice)
{
	int ret;

	/* A kernel without knows none of these, not even to forbid. */
	if ((advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE) && !thp_configured())
		return;
	ret = madvise(addr, size, advice);
	TEST_ASSERT(!ret, "madvise(%p, 0x%lx, %d) failed: %s", addr, size,
		    advice, strerror(errno));
}

void secmmu_move(void *from, void *to, size_t size, int flags)
{
	void *p = mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | flags,
			 to);

	TEST_ASSERT(p == to, "mremap() of 0x%lx bytes failed: %s", size,
		    strerror(errno));
}

void secmmu_check_faulted(struct secmmu *t, uint32_t faulted, const char *where)
{
	if (faulted != t->opt.nr_vcpus)
		secmmu_fail(t, "stray write: %u of %u vCPUs wrote %s",
			    t->opt.nr_vcpus - faulted, t->opt.nr_vcpus, where);
}

void secmmu_run_munmap(struct secmmu *t)
{
	uint64_t start;
	int ret;

	secmmu_begin(t);
	start = secmmu_now();
	ret = munmap(t->hva, t->size);
	secmmu_sample(t, start);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("munmap()", ret));
	secmmu_map(t, t->hva, t->size);
	secmmu_end(t);
}

void secmmu_run_dontneed(struct secmmu *t)
{
	uint64_t start;
	int ret;

	secmmu_begin(t);
	start = secmmu_now();
	ret = madvise(t->hva, t->size, MADV_DONTNEED);
	secmmu_sample(t, start);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("madvise()", ret));
	secmmu_populate(t);
	secmmu_end(t);
}

void secmmu_run_punch(struct secmmu *t)
{
	uint64_t start;
	int ret;

	secmmu_begin(t);
	start = secmmu_now();
	ret = fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			secmmu_fd_offset(t), t->size);
	secmmu_sample(t, start);
	TEST_ASSERT(!ret, __KVM_SYSCALL_ERROR("fallocate()", ret));
	secmmu_populate(t);
	secmmu_end(t);
}
