// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happened while the calls of an event were under way, by counts.  On a
 * host whose CPUs are not the VM's alone, or emulated, times of contention
 * scatter more than the number of times that somebody slept, was preempted, had
 * to fault again or got on with the work.
 */
#include <sys/resource.h>

#include "secmmu.h"

static uint64_t guest_passes(struct secmmu *t)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < t->opt.nr_vcpus; i++)
		sum += READ_ONCE(t->ctl->vcpus[i].passes);
	return sum;
}

static void read_caller(struct secmmu_counts *c)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	c->caller_sleeps = u.ru_nvcsw;
	c->caller_preempted = u.ru_nivcsw;
}

void secmmu_read_switches(struct secmmu_counts *c)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	c->sleeps = u.ru_nvcsw;
	c->preempted = u.ru_nivcsw;
}

void secmmu_read_retries(struct secmmu_counts *c, struct kvm_vm *vm)
{
	/* Not every KVM has it. */
	c->retries = SECMMU_NO_COUNT;
	__vm_get_stat(vm, "mmu_invalidate_retry", &c->retries, 1);
}

static void read_guest(struct secmmu *t, struct secmmu_counts *c)
{
	c->passes = guest_passes(t);
	secmmu_read_retries(c, t->vm);
}

/* What is of the caller must be within what is of all, at both ends. */
void secmmu_start_counts(struct secmmu *t)
{
	read_guest(t, &t->counts_before);
	secmmu_read_switches(&t->counts_before);
	read_caller(&t->counts_before);
}

void secmmu_end_counts(struct secmmu *t)
{
	const struct secmmu_counts *before = &t->counts_before;
	struct secmmu_counts *sum = &t->counts, now;

	read_caller(&now);
	secmmu_read_switches(&now);
	read_guest(t, &now);
	/* Warm-up is no sample. */
	if (t->iteration < t->opt.warmup)
		return;
	sum->calls++;
	sum->caller_sleeps += now.caller_sleeps - before->caller_sleeps;
	sum->caller_preempted += now.caller_preempted - before->caller_preempted;
	sum->sleeps += now.sleeps - before->sleeps;
	sum->preempted += now.preempted - before->preempted;
	sum->passes += now.passes - before->passes;
	if (now.retries == SECMMU_NO_COUNT)
		sum->retries = SECMMU_NO_COUNT;
	else
		sum->retries += now.retries - before->retries;
}

void secmmu_print_counts(const char *event, const struct secmmu_counts *c,
			 const struct secmmu_lock_waits *waits)
{
	char more[128] = "";

	if (!c->calls)
		return;
	if (c->retries != SECMMU_NO_COUNT)
		sprintf(more, " retries=%lu", c->retries);
	if (waits)
		sprintf(more + strlen(more), " lock_waits=%lu lock_wait_ns=%lu",
			waits->n, waits->ns);
	ksft_print_msg("secmmu-counts %s calls=%lu caller_sleeps=%lu caller_preempted=%lu sleeps=%lu preempted=%lu passes=%lu%s\n",
		       event, c->calls, c->caller_sleeps, c->caller_preempted,
		       c->sleeps, c->preempted, c->passes, more);
}
