// SPDX-License-Identifier: GPL-2.0-only
/* Programs of the distribution for the guest: see payload.h. */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

/* A program or file of the host's, and where it is to be had. */
struct need {
	const char *path, *package;
};

static const struct need qemu = {
	"/usr/bin/qemu-system-x86_64", "qemu-system-x86"
};

/* What QEMU loads by itself to boot a PC from -kernel. */
static const struct need firmware[] = {
	{ "/usr/share/seabios/bios-256k.bin", "seabios" },
	{ "/usr/share/qemu/linuxboot_dma.bin", "qemu-system-data" },
	{ "/usr/share/qemu/kvmvapic.bin", "qemu-system-data" },
};

static const struct need stressor = { "/usr/bin/stress-ng", "stress-ng" };
static const struct need shell = { "/bin/busybox", "busybox-static" };

static bool has(const struct payload *p, const char *dst)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->files[i].dst, dst))
			return true;
	return false;
}

static void add(struct payload *p, const char *src, const char *dst, mode_t mode)
{
	if (has(p, dst))
		return;
	p->files = xrealloc(p->files, (p->n + 1) * sizeof(*p->files));
	p->files[p->n++] = (struct initramfs_file){
		.src = xstrdup(src), .dst = xstrdup(dst), .mode = mode
	};
}

static int add_need(struct payload *p, const struct need *n, mode_t mode)
{
	if (!path_exists(n->path)) {
		err("%s is missing: apt-get install %s", n->path, n->package);
		return ST_USAGE;
	}
	add(p, n->path, n->path, mode);
	return ST_OK;
}

/* Lines of ldd(1): "NAME => PATH (ADDRESS)", or "PATH (ADDRESS)" of the loader. */
static int add_libraries(struct payload *p, const char *program)
{
	char *argv[] = { "ldd", (char *)program, NULL };
	char *text = proc_capture(argv, NULL), *save, *line;

	if (!text) {
		err("ldd %s failed: no libraries for the guest", program);
		return ST_HARNESS;
	}
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, '/'), *end = strrchr(line, '(');

		if (!path || !end || end < path)
			continue;
		*end = '\0';
		path[strcspn(path, " ")] = '\0';
		add(p, path, path, 0755);
	}
	free(text);
	return ST_OK;
}

static int add_program(struct payload *p, const struct need *n)
{
	int ret = add_need(p, n, 0755);

	return ret == ST_OK ? add_libraries(p, n->path) : ret;
}

/* Of the VMM's guest: a shell, a stressor of memory, the script that uses them. */
static int make_initrd(const char *out)
{
	char *init = xasprintf("%s/tools/guest/vmm-init.sh", top_dir());
	struct payload p = { 0 };
	int ret = add_need(&p, &shell, 0755);

	if (ret == ST_OK)
		ret = add_program(&p, &stressor);
	add(&p, init, "/init", 0755);
	if (ret == ST_OK)
		ret = initramfs_pack(p.files, p.n, out);
	payload_free(&p);
	free(init);
	return ret;
}

int payload_vmm(const char *artifacts, const char *initrd, struct payload *p)
{
	char *kernel = xasprintf("%s/bzImage", artifacts);
	int ret;

	memset(p, 0, sizeof(*p));
	ret = add_program(p, &qemu);
	for (size_t i = 0; i < ARRAY_SIZE(firmware) && ret == ST_OK; i++)
		ret = add_need(p, &firmware[i], 0644);
	if (ret == ST_OK)
		ret = make_initrd(initrd);
	add(p, kernel, "/vmm/kernel", 0644);
	add(p, initrd, "/vmm/initrd", 0644);
	if (ret != ST_OK)
		payload_free(p);
	free(kernel);
	return ret;
}

void payload_free(struct payload *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free((char *)p->files[i].src);
		free((char *)p->files[i].dst);
	}
	free(p->files);
	memset(p, 0, sizeof(*p));
}
