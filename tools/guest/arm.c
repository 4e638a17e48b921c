// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading an arm's KVM modules. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define UNLOAD_WAIT_NS 3000000000ull
#define UNLOAD_RETRY_MS 10

/* In the order of unloading. */
static const char *const modules[] = { "kvm_amd", "kvm_intel", "kvm",
				       "irqbypass" };

/* The kernel log from now on, to find out why the kernel refused a module. */
static int kmsg_tail(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* The last new line of the log that begins with "@prefix:", or "". */
static void kmsg_last(int fd, const char *prefix, char *out, size_t size)
{
	char rec[1024];
	char *text;
	ssize_t n;

	out[0] = '\0';
	while (fd >= 0 && ((n = read(fd, rec, sizeof(rec) - 1)) > 0 ||
			   (n < 0 && errno == EPIPE))) {
		if (n < 0)
			continue;
		rec[n] = '\0';
		text = strchr(rec, ';');
		if (!text || strncmp(++text, prefix, strlen(prefix)) ||
		    text[strlen(prefix)] != ':')
			continue;
		text[strcspn(text, "\n")] = '\0';
		snprintf(out, size, "%s", text);
	}
}

static int load_module(const char *arm, const char *file, const char *name,
		       const char *params, struct gerr *e)
{
	char path[128], why[128];
	int fd, log, err = 0;

	snprintf(path, sizeof(path), "/arms/%s/%s.ko", arm, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gerr_set(e, "%s: %s", path, strerror(errno));
	log = kmsg_tail();
	if (syscall(SYS_finit_module, fd, params, 0)) {
		err = errno;
		kmsg_last(log, name, why, sizeof(why));
		gerr_set(e, "%s: %s%s%s%s", path, strerror(err),
			 why[0] ? " (" : "", why, why[0] ? ")" : "");
	}
	if (log >= 0)
		close(log);
	close(fd);
	return err ? -1 : 0;
}

int arm_load(const char *arm, const char *vendor_arm, const char *vendor,
	     const char *params, const char *vendor_params, struct gerr *e)
{
	struct gerr ignored = { "" };
	char file[32], name[32];

	if (!valid_name(arm) || !valid_name(vendor_arm))
		return gerr_set(e, "bad name of an arm");
	if (strcmp(vendor, "amd") && strcmp(vendor, "intel"))
		return gerr_set(e, "vendor is neither amd nor intel");
	if (arm_vendor())
		return gerr_set(e, "an arm is loaded already; unload it first");
	snprintf(file, sizeof(file), "kvm-%s", vendor);
	snprintf(name, sizeof(name), "kvm_%s", vendor);
	if (load_module(arm, "irqbypass", "irqbypass", "", e) ||
	    load_module(arm, "kvm", "kvm", params, e) ||
	    load_module(vendor_arm, file, name, vendor_params, e)) {
		arm_unload(&ignored);
		return -1;
	}
	return 0;
}

/* The last user of a VM may put it from a work queue: try for a while. */
static int unload_module(const char *name, struct gerr *e)
{
	uint64_t deadline = now_ns() + UNLOAD_WAIT_NS;

	while (syscall(SYS_delete_module, name, O_NONBLOCK)) {
		if (errno == ENOENT)
			return 0;
		if ((errno != EAGAIN && errno != EBUSY) || now_ns() >= deadline)
			return gerr_set(e, "unload %s: %s", name,
					strerror(errno));
		poll(NULL, 0, UNLOAD_RETRY_MS);
	}
	return 0;
}

int arm_unload(struct gerr *e)
{
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		if (unload_module(modules[i], e))
			return -1;
	}
	return 0;
}

const char *arm_vendor(void)
{
	if (!access("/sys/module/kvm_amd", F_OK))
		return "amd";
	if (!access("/sys/module/kvm_intel", F_OK))
		return "intel";
	return NULL;
}
