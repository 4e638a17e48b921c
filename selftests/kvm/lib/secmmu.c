// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VM of the secondary MMU tests, and the hand-shake with its vCPU threads.
 *
 * A vCPU thread runs one guest pass per KVM_RUN and is blocked in user space
 * between passes unless it has more to do.  Nothing spins: on a host with one
 * CPU the thread that invalidates gets it whenever it wants.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "secmmu.h"
#include "processor.h"
#include "ucall_common.h"

#define MEM_SLOT	1
#define CTL_SLOT	2
#define MEM_GPA		SECMMU_MEM_GPA
#define CTL_GPA		0x80000000UL

static void lock(struct secmmu *t)
{
	pthread_mutex_lock(&t->lock);
}

static void unlock(struct secmmu *t)
{
	pthread_mutex_unlock(&t->lock);
}

/*
 * The guest could not get at a page.  That is right while the host has a hole
 * in the memslot: wait until it is closed.  @seq is hole_seq before KVM_RUN.
 */
static void wait_for_hole(struct secmmu_vcpu *v, unsigned int seq)
{
	struct secmmu *t = v->t;

	TEST_ASSERT(seq & 1 || seq != atomic_load(&t->hole_seq),
		    "%s: vCPU %u failed to access memory, but none is missing",
		    t->ev ? t->ev->name : "setup", v->id);
	lock(t);
	v->in_hole = true;
	pthread_cond_signal(&t->arrived);
	while (atomic_load(&t->hole_seq) & 1)
		pthread_cond_wait(&t->go, &t->lock);
	v->in_hole = false;
	unlock(t);
}

/* Where KVM emulates the guest's access, it makes MMIO of one that fails. */
static void finish_mmio(struct secmmu_vcpu *v)
{
	struct kvm_run *run = v->vcpu->run;
	void *hva = (char *)v->t->mem + (run->mmio.phys_addr - MEM_GPA);

	TEST_ASSERT(run->mmio.len <= sizeof(run->mmio.data), "MMIO of %u bytes",
		    run->mmio.len);
	if (run->mmio.is_write)
		memcpy(hva, run->mmio.data, run->mmio.len);
	else
		memcpy(run->mmio.data, hva, run->mmio.len);
}

/* Returns false when the guest has to go on. */
static bool run_vcpu(struct secmmu_vcpu *v)
{
	unsigned int seq = atomic_load(&v->t->hole_seq);
	int ret = __vcpu_run(v->vcpu), error = errno;
	struct ucall uc;

	v->run_end_ns = secmmu_now();
	errno = error;
	if (ret && errno == EFAULT) {
		wait_for_hole(v, seq);
		return false;
	}
	if (ret && errno == EINTR)
		return false;
	TEST_ASSERT(!ret, KVM_IOCTL_ERROR(KVM_RUN, ret));

	if (v->vcpu->run->exit_reason == KVM_EXIT_MMIO) {
		wait_for_hole(v, seq);
		finish_mmio(v);
		return false;
	}
	TEST_ASSERT_KVM_EXIT_REASON(v->vcpu, UCALL_EXIT_REASON);
	if (get_ucall(v->vcpu, &uc) == UCALL_ABORT)
		REPORT_GUEST_ASSERT(uc);
	return true;
}

static void *vcpu_main(void *arg)
{
	struct secmmu_vcpu *v = arg;
	struct secmmu *t = v->t;

	lock(t);
	v->tid = syscall(SYS_gettid);
	for (;;) {
		while (!t->stop && !t->busy && v->started >= v->wanted)
			pthread_cond_wait(&t->go, &t->lock);
		if (t->stop)
			break;
		v->started++;
		unlock(t);
		v->run_start_ns = secmmu_now();
		while (!run_vcpu(v))
			;
		lock(t);
		v->done = v->started;
		/* While busy, most passes are not waited for. */
		if (!t->busy || v->done == v->wanted)
			pthread_cond_signal(&t->arrived);
	}
	unlock(t);
	return NULL;
}

static void want_pass(struct secmmu *t)
{
	uint32_t i;

	for (i = 0; i < t->opt.nr_vcpus; i++)
		t->vcpus[i].wanted = t->vcpus[i].started + 1;
	pthread_cond_broadcast(&t->go);
}

void secmmu_pass(struct secmmu *t)
{
	uint32_t i;

	lock(t);
	want_pass(t);
	for (i = 0; i < t->opt.nr_vcpus; i++)
		while (t->vcpus[i].done < t->vcpus[i].wanted)
			pthread_cond_wait(&t->arrived, &t->lock);
	unlock(t);
}

void secmmu_start_pass(struct secmmu *t)
{
	lock(t);
	want_pass(t);
	unlock(t);
}

bool secmmu_passed(struct secmmu *t, uint32_t vcpu)
{
	bool passed;

	lock(t);
	passed = t->vcpus[vcpu].done >= t->vcpus[vcpu].wanted;
	unlock(t);
	return passed;
}

void secmmu_set_reads_only(struct secmmu *t, bool reads_only)
{
	WRITE_ONCE(t->ctl->reads_only, reads_only);
}

void secmmu_set_executes(struct secmmu *t, bool executes)
{
	WRITE_ONCE(t->ctl->executes, executes && t->opt.executes);
}

void secmmu_read_pass(struct secmmu *t)
{
	secmmu_set_reads_only(t, true);
	secmmu_pass(t);
	secmmu_set_reads_only(t, false);
}

void secmmu_set_busy(struct secmmu *t, bool busy)
{
	uint32_t i;

	lock(t);
	t->busy = busy;
	pthread_cond_broadcast(&t->go);
	for (i = 0; i < t->opt.nr_vcpus && !busy; i++)
		while (t->vcpus[i].done < t->vcpus[i].started)
			pthread_cond_wait(&t->arrived, &t->lock);
	unlock(t);
}

uint32_t secmmu_wait_faulted(struct secmmu *t)
{
	uint32_t i, nr = 0;

	secmmu_prefault(t);
	lock(t);
	want_pass(t);
	for (i = 0; i < t->opt.nr_vcpus; i++) {
		while (!t->vcpus[i].in_hole && t->vcpus[i].done < t->vcpus[i].wanted)
			pthread_cond_wait(&t->arrived, &t->lock);
		nr += t->vcpus[i].in_hole;
	}
	unlock(t);
	return nr;
}

void secmmu_open_hole(struct secmmu *t)
{
	atomic_fetch_add(&t->hole_seq, 1);
}

void secmmu_close_hole(struct secmmu *t)
{
	lock(t);
	atomic_fetch_add(&t->hole_seq, 1);
	pthread_cond_broadcast(&t->go);
	unlock(t);
}

static void prefault(struct secmmu *t, uint32_t first, uint32_t end)
{
	struct kvm_pre_fault_memory range = {
		.gpa = MEM_GPA + first * SECMMU_PAGE_SIZE,
		.size = (end - first) * SECMMU_PAGE_SIZE,
	};

	/* What fails here fails, or is done, by the guest's own access. */
	while (range.size &&
	       !__vcpu_ioctl(t->prefault, KVM_PRE_FAULT_MEMORY, &range))
		;
}

void secmmu_prefault(struct secmmu *t)
{
	if (!t->prefault)
		return;
	prefault(t, t->ctl->first, t->first);
	prefault(t, t->first + min(t->nr, SECMMU_GUEST_FAULTS),
		 t->ctl->first + t->ctl->nr);
}

void secmmu_prefault_event(struct secmmu *t)
{
	prefault(t, t->first, t->first + t->nr);
}

void secmmu_set_window(struct secmmu *t, uint32_t first, uint32_t nr)
{
	WRITE_ONCE(t->ctl->first, first);
	WRITE_ONCE(t->ctl->nr, nr);
}

/*
 * The guest maps with 2 MiB pages, so that shadow paging can have 2 MiB SPTEs
 * as well; with two-dimensional paging it makes no difference.
 */
static void *add_slot(struct kvm_vm *vm, uint32_t slot, uint64_t gpa,
		      uint64_t size)
{
	vm_userspace_mem_region_add(vm, secmmu_anonymous(), gpa, slot,
				    size / SECMMU_PAGE_SIZE, 0);
	virt_map_level(vm, gpa, gpa, size, PG_LEVEL_2M);
	return addr_gpa2hva(vm, gpa);
}

void secmmu_move_slot(struct secmmu *t, void *mem)
{
	vm_set_user_memory_region(t->vm, MEM_SLOT, 0, MEM_GPA, 0, NULL);
	vm_set_user_memory_region(t->vm, MEM_SLOT, 0, MEM_GPA, t->opt.bytes, mem);
	t->mem = mem;
	/*
	 * KVM_PRE_FAULT_MEMORY would not return: a vCPU that does not run keeps
	 * its root, which is obsolete now, and Linux 6.12 tries it for ever.
	 */
	t->prefault = NULL;
}

/* hugetlb wants it aligned, which is only a by-product of having THP. */
static void align_mem(struct secmmu *t)
{
	if (!thp_configured())
		secmmu_move_slot(t, secmmu_reserve_new(t->opt.bytes, PROT_NONE));
}

static void add_ctl(struct secmmu *t, uint64_t size, uint64_t shadow_off,
		    uint64_t allow_off)
{
	char *ctl = add_slot(t->vm, CTL_SLOT, CTL_GPA, size);

	/* Keep KVM's count of 2 MiB mappings to the memory under test. */
	secmmu_advise(ctl, size, MADV_NOHUGEPAGE);
	memset(ctl, 0, size);

	t->ctl = (void *)ctl;
	t->ctl->order = t->opt.order;
	t->shadow = (void *)(ctl + shadow_off);
	t->allow = (void *)(ctl + allow_off);
	secmmu_guest_setup(t, MEM_GPA, CTL_GPA, CTL_GPA + allow_off,
			   CTL_GPA + shadow_off);
}

static void start_vcpu(struct secmmu *t, uint32_t id)
{
	struct secmmu_vcpu *v = &t->vcpus[id];
	int ret;

	v->t = t;
	v->id = id;
	v->vcpu = vm_vcpu_add(t->vm, id, secmmu_guest_code);
	vcpu_args_set(v->vcpu, 1, id);
	v->stats_fd = __vcpu_ioctl(v->vcpu, KVM_GET_STATS_FD, NULL);
	ret = pthread_create(&v->thread, NULL, vcpu_main, v);
	TEST_ASSERT(!ret, "pthread_create() failed: %s", strerror(ret));
}

void secmmu_create(struct secmmu *t)
{
	uint64_t allow_off, shadow_off, ctl_size;
	uint32_t i;

	t->nr_pages = t->opt.bytes / SECMMU_PAGE_SIZE;
	allow_off = align_up(sizeof(*t->ctl), SECMMU_PAGE_SIZE);
	shadow_off = allow_off + sizeof(*t->allow) * t->nr_pages;
	ctl_size = shadow_off + sizeof(*t->shadow) * t->nr_pages * t->opt.nr_vcpus;
	ctl_size = align_up(ctl_size, SECMMU_HUGE_SIZE);

	t->vm = __vm_create(VM_SHAPE_DEFAULT, t->opt.nr_vcpus + 1,
			    t->nr_pages + ctl_size / SECMMU_PAGE_SIZE);
	t->mem = add_slot(t->vm, MEM_SLOT, MEM_GPA, t->opt.bytes);
	align_mem(t);
	add_ctl(t, ctl_size, shadow_off, allow_off);

	t->snapshot = calloc((size_t)SECMMU_HUGE_PAGES * t->opt.nr_vcpus,
			     sizeof(*t->snapshot));
	TEST_ASSERT(t->snapshot, "No memory");

	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->go, NULL);
	pthread_cond_init(&t->arrived, NULL);
	for (i = 0; i < t->opt.nr_vcpus; i++)
		start_vcpu(t, i);
	if (!t->opt.no_prefault && vm_check_cap(t->vm, KVM_CAP_PRE_FAULT_MEMORY))
		t->prefault = vm_vcpu_add(t->vm, i, secmmu_guest_code);
}

void secmmu_destroy(struct secmmu *t)
{
	uint32_t i;

	lock(t);
	t->stop = true;
	pthread_cond_broadcast(&t->go);
	unlock(t);
	for (i = 0; i < t->opt.nr_vcpus; i++)
		pthread_join(t->vcpus[i].thread, NULL);
	for (i = 0; i < t->opt.nr_vcpus; i++)
		if (t->vcpus[i].stats_fd >= 0)
			close(t->vcpus[i].stats_fd);
	kvm_vm_free(t->vm);
	free(t->snapshot);
}
