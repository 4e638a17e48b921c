// SPDX-License-Identifier: GPL-2.0-only
/* The folder of artifacts, docs/contracts.md section 1: see build.h. */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run.h"
#include "util.h"

static const struct {
	const char *from, *name;
} modules[] = {
	{ "virt/lib/irqbypass.ko", "irqbypass.ko" },
	{ "arch/x86/kvm/kvm.ko", "kvm.ko" },
	{ "arch/x86/kvm/kvm-amd.ko", "kvm-amd.ko" },
	{ "arch/x86/kvm/kvm-intel.ko", "kvm-intel.ko" },
};

static int strip(const struct build *b, const char *from, const char *to)
{
	char *log = xasprintf("%s/log/strip.log", b->dir);
	struct run r = { .what = "strip", .log = log, .quiet = true,
			 .failed = ST_HARNESS };
	int ret = run_args(&r, "strip", "--strip-debug", "-o", to, from, NULL);

	free(log);
	return ret;
}

static int add_arm(const struct build *b, const struct build_arm *a,
		   const char *dir)
{
	char *to = xasprintf("%s/arms/%s", dir, a->arm->name);
	int ret = mkdir_p(to) ? ST_HARNESS : ST_OK;

	for (size_t i = 0; i < ARRAY_SIZE(modules) && ret == ST_OK; i++) {
		char *from = xasprintf("%s/%s", a->odir, modules[i].from);
		char *ko = xasprintf("%s/%s", to, modules[i].name);

		ret = strip(b, from, ko);
		free(ko);
		free(from);
	}
	free(to);
	return ret;
}

static int add_kernel(const struct build *b, const char *dir)
{
	static const char *const names[][2] = {
		{ "vmlinux", "vmlinux" }, { "System.map", "System.map" },
		{ ".config", "config" },
		{ "arch/x86/boot/bzImage", "bzImage" },
	};
	char *odir = base_odir(b);
	int ret = ST_OK;

	for (size_t i = 0; i < ARRAY_SIZE(names) && ret == ST_OK; i++) {
		char *from = xasprintf("%s/%s", odir, names[i][0]);
		char *to = xasprintf("%s/%s", dir, names[i][1]);

		if (copy_file(from, to))
			ret = ST_HARNESS;
		free(to);
		free(from);
	}
	free(odir);
	return ret;
}

static int add_init(const char *dir)
{
	char *from = xasprintf("%s/tools/build/guest/init", top_dir());
	char *guest = xasprintf("%s/guest", dir);
	char *to = xasprintf("%s/init", guest);
	int ret = mkdir_p(guest) || copy_file(from, to) ? ST_HARNESS : ST_OK;

	free(to);
	free(guest);
	free(from);
	return ret;
}

/* The selftests' install folder also has text files and scripts: only keep ELF. */
static bool is_elf(const char *path)
{
	char magic[4] = { 0 };
	FILE *f = fopen(path, "re");
	bool elf = f && fread(magic, 1, 4, f) == 4 &&
		   !memcmp(magic, "\177ELF", 4);

	if (f)
		fclose(f);
	return elf;
}

int build_add_selftests(struct build *b, const char *dir)
{
	char *installed = xasprintf("%s/selftests.installed", b->dir);
	char *to = xasprintf("%s/selftests", dir);
	struct dirent *e;
	DIR *d = NULL;
	int ret = ST_HARNESS;

	if (remove_tree(installed))
		goto out;
	ret = build_selftests(b, installed);
	if (ret != ST_OK)
		goto out;
	d = opendir(installed);
	if (!d || mkdir_p(to)) {
		err("cannot read %s: %s", installed, strerror(errno));
		ret = ST_HARNESS;
	}
	while (ret == ST_OK && (e = readdir(d))) {
		char *from = xasprintf("%s/%s", installed, e->d_name);
		char *test = xasprintf("%s/%s", to, e->d_name);

		if (e->d_type == DT_REG && is_elf(from))
			ret = strip(b, from, test);
		free(test);
		free(from);
	}
	if (d)
		closedir(d);
	remove_tree(installed);
out:
	free(to);
	free(installed);
	return ret;
}

static char *kernel_release(const struct build *b)
{
	char *odir = base_odir(b);
	char *path = xasprintf("%s/include/config/kernel.release", odir);
	char *text = read_file(path, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	free(path);
	free(odir);
	return text;
}

static json_t *arms_json(const struct build *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->arms.n; i++) {
		const struct build_arm *a = &b->v[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}",
			"name", a->arm->name,
			"config", a->arm->symbol ? a->arm->symbol : "pristine",
			"vmlinux_sha256", a->vmlinux));
	}
	return list;
}

static int add_manifest(const struct build *b, const char *dir)
{
	char *path = xasprintf("%s/manifest.json", dir);
	char *release = kernel_release(b);
	char *text = NULL;
	json_t *j = NULL;
	int ret = ST_HARNESS;

	if (!release)
		goto out;
	j = json_pack("{s:i, s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:s, s:s, s:s, s:o}",
		      "schema", 1, "key", b->key, "release", release,
		      "source", "origin", b->src.origin, "version",
		      b->src.version, "sha256", b->src.hash,
		      "series_sha256", b->series_hash,
		      "config_sha256", b->config_hash,
		      "compiler", b->compiler,
		      "vmlinux_sha256", b->base_vmlinux,
		      "arms", arms_json(b));
	text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
	if (!text)
		err("cannot make %s", path);
	else if (!write_file(path, text, strlen(text)))
		ret = ST_OK;
out:
	free(text);
	json_decref(j);
	free(release);
	free(path);
	return ret;
}

int build_artifacts(struct build *b, const char *dir)
{
	char *tmp = xasprintf("%s.tmp", dir);
	int ret = ST_HARNESS;

	if (remove_tree(tmp) || mkdir_p(tmp))
		goto out;
	ret = add_kernel(b, tmp);
	for (size_t i = 0; i < b->arms.n && ret == ST_OK; i++)
		ret = add_arm(b, &b->v[i], tmp);
	if (ret == ST_OK)
		ret = add_init(tmp);
	if (ret == ST_OK)
		ret = build_add_selftests(b, tmp);
	if (ret == ST_OK)
		ret = add_manifest(b, tmp);
	if (ret == ST_OK && rename_path(tmp, dir))
		ret = ST_HARNESS;
	if (ret != ST_OK)
		remove_tree(tmp);
out:
	free(tmp);
	return ret;
}
