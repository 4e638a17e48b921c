// SPDX-License-Identifier: GPL-2.0-only
/* Each vCPU kept to a CPU of the machine, so that the host's scheduler moves none. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_int.h"

/* QEMU runs an untrusted guest: it is not to name a thread of somebody else. */
static bool is_thread_of(pid_t pid, json_int_t thread)
{
	char *path = xasprintf("/proc/%d/task/%lld", (int)pid, (long long)thread);
	bool is = thread > 0 && !access(path, F_OK);

	free(path);
	return is;
}

/* Of the element of QEMU's answer for one vCPU. */
static bool pin_one(const struct boot *b, const json_t *vcpu,
		    const unsigned int *to, unsigned int n)
{
	const json_t *index = json_object_get(vcpu, "cpu-index");
	json_int_t i = json_is_integer(index) ? json_integer_value(index) : -1;
	json_int_t thread = json_integer_value(json_object_get(vcpu, "thread-id"));
	cpu_set_t set;

	if (i < 0 || i >= n || !is_thread_of(b->qemu.pid, thread)) {
		info("vCPUs are not pinned: QEMU names no thread of its own");
		return false;
	}
	CPU_ZERO(&set);
	CPU_SET(to[i], &set);
	if (!sched_setaffinity((pid_t)thread, sizeof(set), &set))
		return true;
	info("vCPU %u is not pinned to CPU %u: %s", (unsigned int)i, to[i],
	     strerror(errno));
	return false;
}

void boot_pin(struct boot *b, const unsigned int *to, unsigned int n)
{
	json_t *vcpus = NULL, *vcpu;
	unsigned int pinned = 0;
	size_t i;

	b->wanted[0] = qmp_send(b->qmp, "query-cpus-fast", NULL);
	boot_pump_for(b, b->limits.diagnose_ms, boot_answered);
	if (b->answer[0] && !b->refused_us[0])
		vcpus = json_loads(b->answer[0], 0, NULL);
	boot_forget_answers(b);
	if (b->code || sig_pending())
		goto out;
	if (!json_is_array(vcpus))
		info("vCPUs are not pinned: QEMU does not tell their threads");
	json_array_foreach(vcpus, i, vcpu)
		pinned += pin_one(b, vcpu, to, n);
	b->pinned = pinned == n;
out:
	json_decref(vcpus);
}
