// SPDX-License-Identifier: GPL-2.0-only
#include "accel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util.h"

#define CPUID_ENTRIES	256
#define ECX1_VMX	(1u << 5)
#define ECX80000001_SVM	(1u << 2)

const char *accel_name(enum accel a)
{
	return a == ACCEL_KVM ? "kvm" : "tcg";
}

static int get_supported_cpuid(int fd, struct accel_probe *p)
{
	struct kvm_cpuid2 *c;
	int ret = 0;

	c = xcalloc(1, sizeof(*c) + CPUID_ENTRIES * sizeof(c->entries[0]));
	c->nent = CPUID_ENTRIES;
	if (ioctl(fd, KVM_GET_SUPPORTED_CPUID, c))
		ret = errno;
	for (unsigned int i = 0; !ret && i < c->nent; i++) {
		if (c->entries[i].function == 1)
			p->ecx1 = c->entries[i].ecx;
		else if (c->entries[i].function == 0x80000001)
			p->ecx80000001 = c->entries[i].ecx;
	}
	free(c);
	return ret;
}

static void probe(struct accel_probe *p)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	memset(p, 0, sizeof(*p));
	if (fd < 0) {
		p->error = errno;
		return;
	}
	p->error = get_supported_cpuid(fd, p);
	close(fd);
}

int accel_decide(const char *wish, const struct accel_probe *p,
		 struct accel_choice *out)
{
	bool svm = p->ecx80000001 & ECX80000001_SVM;
	bool vmx = p->ecx1 & ECX1_VMX;
	bool can = !p->error && (svm || vmx);
	char no[120];

	if (strcmp(wish, "auto") && strcmp(wish, "kvm") && strcmp(wish, "tcg")) {
		err("unknown accelerator '%s': use auto, kvm or tcg", wish);
		return ST_USAGE;
	}
	if (p->error)
		snprintf(no, sizeof(no), "/dev/kvm cannot be used (%s)",
			 strerror(p->error));
	else
		snprintf(no, sizeof(no),
			 "/dev/kvm offers guests neither SVM nor VMX");
	if (!strcmp(wish, "kvm") && !can) {
		err("no nested virtualization here: %s; use the accelerator tcg",
		    no);
		return ST_USAGE;
	}
	if (!strcmp(wish, "tcg") || !can) {
		out->which = ACCEL_TCG;
		out->vendor = "amd";
		snprintf(out->why, sizeof(out->why), "emulation (TCG): %s",
			 strcmp(wish, "tcg") ? no : "as asked");
		return ST_OK;
	}
	out->which = ACCEL_KVM;
	out->vendor = svm ? "amd" : "intel";
	snprintf(out->why, sizeof(out->why),
		 "nested virtualization (KVM): /dev/kvm offers guests %s",
		 svm ? "SVM" : "VMX");
	return ST_OK;
}

int accel_choose(const char *wish, struct accel_choice *out)
{
	struct accel_probe p;

	probe(&p);
	return accel_decide(wish, &p, out);
}

bool accel_lost_guest(const char *reason)
{
	return strstr(reason, "got: 8 (SHUTDOWN)") ||
	       strstr(reason, "the guest is lost");
}

bool accel_stale_text(const char *line)
{
	return strstr(line, "Oops: int3:");
}
