// SPDX-License-Identifier: GPL-2.0-only
#include "host.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonio.h"
#include "util.h"

/* A file of sysfs is no longer than a page. */
#define CONTENT_MAX	4096
#define NAME_LEN	32
/* Per CPU. Half of one CPU's time is not ours. */
#define LOAD_MAX	0.5

static const char unknown[] = "unknown";

unsigned int host_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned int)n : 1;
}

/* First line of a file without its end; free() it. NULL: no such line. */
static char *line_of(const char *root, const char *path)
{
	char *full = xasprintf("%s/%s", root, path);
	char buf[CONTENT_MAX + 2], *line = NULL;
	FILE *f = fopen(full, "re");
	size_t len = 0, end;

	if (f)
		len = fread(buf, 1, sizeof(buf) - 1, f);
	if (!f || ferror(f) || len > CONTENT_MAX)
		goto out;
	buf[len] = '\0';
	end = strcspn(buf, "\n");
	/* A NUL is no end of a line. */
	if (buf[end] || end == len)
		line = strndup(buf, end);
out:
	if (f)
		fclose(f);
	free(full);
	return line;
}

/*
 * What a line says, as a word or number; NULL if the kernel says no such thing.
 * Only what is known is let through, so that whatever the bytes are the result
 * is text for JSON, HTML and terminals.
 */

static json_t *switched(const char *line)
{
	if (!strcmp(line, "1") || !strcmp(line, "Y"))
		return json_string("on");
	if (!strcmp(line, "0") || !strcmp(line, "N"))
		return json_string("off");
	return NULL;
}

/* 2: it has taken apart what it had merged, and stands still. */
static json_t *ksm(const char *line)
{
	return switched(strcmp(line, "2") ? line : "0");
}

/* Each bit is a way to do it. */
static json_t *numa_balancing(const char *line)
{
	uint64_t bits;

	if (parse_u64(line, 0, 4, &bits))
		return NULL;
	return json_string(bits ? "on" : "off");
}

/* "always [madvise] never" */
static json_t *chosen(const char *line)
{
	const char *word = strchr(line, '[');
	size_t n;

	if (!word)
		return NULL;
	n = strspn(++word, "abcdefghijklmnopqrstuvwxyz+");
	return n && n <= NAME_LEN && word[n] == ']' ? json_stringn(word, n) : NULL;
}

/* Of a governor or driver. A manifest may have any text there. */
static bool is_name(const char *s)
{
	return islower((unsigned char)*s) && valid_name(s, NAME_LEN);
}

static json_t *name(const char *line)
{
	return is_name(line) ? json_string(line) : NULL;
}

static json_t *cpu_list(const char *line)
{
	if (*line == '-' || line[strspn(line, "0123456789,-")])
		return NULL;
	return json_string(*line ? line : "none");
}

static json_t *number(const char *line)
{
	uint64_t n;

	return parse_u64(line, 0, INT64_MAX, &n) ? NULL :
						   json_integer((json_int_t)n);
}

/* The first of three averages: that of a minute. */
static json_t *load(const char *line)
{
	size_t n = strspn(line, "0123456789.");
	char *end;
	double v = strtod(line, &end);

	return n && line[n] == ' ' && end == line + n && isfinite(v) ?
		       json_real(v) : NULL;
}

static const struct setting {
	const char *key, *path;
	json_t *(*value)(const char *line);
} settings[] = {
	{ "smt", "sys/devices/system/cpu/smt/active", switched },
	{ "thp", "sys/kernel/mm/transparent_hugepage/enabled", chosen },
	{ "thp_defrag", "sys/kernel/mm/transparent_hugepage/defrag", chosen },
	{ "ksm", "sys/kernel/mm/ksm/run", ksm },
	{ "numa_balancing", "proc/sys/kernel/numa_balancing", numa_balancing },
	{ "nmi_watchdog", "proc/sys/kernel/nmi_watchdog", switched },
	{ "isolated_cpus", "sys/devices/system/cpu/isolated", cpu_list },
	{ "kvm_amd_npt", "sys/module/kvm_amd/parameters/npt", switched },
	{ "kvm_intel_ept", "sys/module/kvm_intel/parameters/ept", switched },
	{ "kvm_halt_poll_ns", "sys/module/kvm/parameters/halt_poll_ns", number },
	{ "load", "proc/loadavg", load },
};

static json_t *read_setting(const char *root, const struct setting *s)
{
	char *line = line_of(root, s->path);
	json_t *v = line ? s->value(line) : NULL;

	free(line);
	if (!v)
		v = s->value == number || s->value == load ? json_null() :
							     json_string(unknown);
	return v;
}

/* intel_pstate has a switch of its own, for the contrary. */
static json_t *turbo(const char *root)
{
	static const struct setting boost = {
		"turbo", "sys/devices/system/cpu/cpufreq/boost", switched
	}, no_turbo = {
		"turbo", "sys/devices/system/cpu/intel_pstate/no_turbo", switched
	};
	json_t *off = read_setting(root, &no_turbo);
	bool is_off = !strcmp(json_string_value(off), "on");
	bool is_on = !strcmp(json_string_value(off), "off");

	json_decref(off);
	if (is_off || is_on)
		return json_string(is_on ? "on" : "off");
	return read_setting(root, &boost);
}

static int is_cpu(const struct dirent *d)
{
	uint64_t n;

	return !strncmp(d->d_name, "cpu", 3) &&
	       !parse_u64(d->d_name + 3, 0, UINT32_MAX, &n);
}

/* @seen is what the CPUs before this one have, or NULL; taken over. */
static json_t *also(json_t *seen, const char *root, const char *cpu,
		    const char *file)
{
	char *path = xasprintf("sys/devices/system/cpu/%s/cpufreq/%s", cpu, file);
	char *line = line_of(root, path);
	json_t *v;

	free(path);
	/* A CPU that is offline has none. */
	if (!line)
		return seen;
	v = name(line);
	if (!v)
		v = json_string(unknown);
	if (seen && !json_equal(v, seen)) {
		json_decref(v);
		v = json_string("mixed");
	}
	json_decref(seen);
	free(line);
	return v;
}

/* Of all CPUs: what they have in common, or "mixed". */
static json_t *cpufreq(const char *root, const char *file)
{
	char *dir = xasprintf("%s/sys/devices/system/cpu", root);
	struct dirent **list;
	int n = scandir(dir, &list, is_cpu, NULL);
	json_t *v = NULL;

	for (int i = 0; i < n; i++) {
		v = also(v, root, list[i]->d_name, file);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
	return v ? v : json_string(unknown);
}

json_t *host_read(const char *root)
{
	json_t *host = json_object();

	json_object_set_new(host, "governor", cpufreq(root, "scaling_governor"));
	json_object_set_new(host, "frequency_driver",
			    cpufreq(root, "scaling_driver"));
	json_object_set_new(host, "turbo", turbo(root));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		json_object_set_new(host, settings[i].key,
				    read_setting(root, &settings[i]));
	return host;
}

/* What is noisy */

static bool is_on(const json_t *host, const char *key)
{
	return !strcmp(jsonio_text(host, key), "on");
}

static bool governor_changes(const char *governor)
{
	return is_name(governor) && strcmp(governor, unknown) &&
	       strcmp(governor, "performance");
}

static void noise(struct host_noise *v, size_t *n, const char *why,
		  const char *fmt, ...) PRINTF_LIKE(4, 5);

static void noise(struct host_noise *v, size_t *n, const char *why,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v[*n].what, sizeof(v[*n].what), fmt, ap);
	va_end(ap);
	v[(*n)++].why = why;
}

size_t host_noise(const json_t *host, unsigned int cpus, unsigned int guest_cpus,
		  struct host_noise v[HOST_NOISES])
{
	const char *governor = jsonio_text(host, "governor");
	double busy = json_number_value(json_object_get(host, "load"));
	size_t n = 0;

	if (governor_changes(governor))
		noise(v, &n, "the CPUs change their frequency meanwhile",
		      "governor %s", governor);
	if (is_on(host, "turbo"))
		noise(v, &n, "the frequency depends on heat, and on what other CPUs do",
		      "turbo on");
	if (cpus && busy > LOAD_MAX * cpus)
		noise(v, &n, "other programs want the CPUs, too",
		      "load average %.2f on %u CPU%s", busy, cpus,
		      cpus == 1 ? "" : "s");
	if (cpus && guest_cpus > cpus / 2 && is_on(host, "smt"))
		noise(v, &n, "CPUs of a guest share a core",
		      "SMT on and %u of %u CPUs for guests", guest_cpus, cpus);
	if (is_on(host, "ksm"))
		noise(v, &n, "it reads the guest's memory, and write-protects it",
		      "KSM on");
	return n;
}
