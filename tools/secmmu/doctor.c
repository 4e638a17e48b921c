// SPDX-License-Identifier: GPL-2.0-only
#include "doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

const char *doctor_state_name(enum doctor_state s)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_NO] = "no",
	};

	return names[s];
}

void doctor_add(struct doctor *d, enum doctor_state state, const char *what,
		const char *fmt, ...)
{
	struct doctor_line l = { state, what, NULL };
	va_list ap;

	va_start(ap, fmt);
	l.text = xvasprintf(fmt, ap);
	va_end(ap);
	/* Names of files and programs may have any character in them. */
	for (char *p = l.text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->v[d->n++] = l;
}

void doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].text);
	free(d->v);
	memset(d, 0, sizeof(*d));
}

size_t doctor_missing(const struct doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].state == DOCTOR_NO;
	return n;
}

void doctor_cpus(struct doctor *d, unsigned int cpus, double quota, double load)
{
	if (quota > 0 && quota < cpus)
		doctor_add(d, DOCTOR_NOTE, "cpus",
			   "%u, but a control group allows the time of %.1f: boots take longer, and the wall clock measures that",
			   cpus, quota);
	else if (cpus < 2)
		doctor_add(d, DOCTOR_NOTE, "cpus",
			   "1: boots run one after another, and no contention can be measured");
	else if (load > cpus)
		doctor_add(d, DOCTOR_NOTE, "cpus",
			   "%u, with %.1f processes that want them: the wall clock measures those, too; the icount clock does not",
			   cpus, load);
	else
		doctor_add(d, DOCTOR_OK, "cpus", "%u", cpus);
}

void doctor_memory(struct doctor *d, uint64_t free_mb, unsigned int guest_mb,
		   unsigned int guests)
{
	unsigned long long have = free_mb;

	if (have < guest_mb)
		doctor_add(d, DOCTOR_NO, "memory",
			   "%llu MiB are free, a guest has %u: end other programs, or give a plan a smaller `memory`",
			   have, guest_mb);
	else if (have < (unsigned long long)guest_mb * guests)
		doctor_add(d, DOCTOR_NOTE, "memory",
			   "%llu MiB are free, %u guests of %u MiB run at a time: use --jobs %llu",
			   have, guests, guest_mb, have / guest_mb);
	else
		doctor_add(d, DOCTOR_OK, "memory",
			   "%llu MiB are free, for %u guests of %u MiB at a time",
			   have, guests, guest_mb);
}

void doctor_disk(struct doctor *d, const char *what, const char *dir,
		 uint64_t free_mb, uint64_t need_mb, const char *hint)
{
	unsigned long long have = free_mb, need = need_mb;

	if (have < need)
		doctor_add(d, DOCTOR_NO, what,
			   "%s: %llu MiB are free, %llu are needed: %s", dir, have,
			   need, hint);
	else
		doctor_add(d, DOCTOR_OK, what,
			   "%s: %llu MiB are free, %llu are needed", dir, have,
			   need);
}

void doctor_accel(struct doctor *d, const struct accel_choice *accel)
{
	if (accel->which == ACCEL_KVM)
		doctor_add(d, DOCTOR_OK, "kvm",
			   "%s: the wall clock measures time and contention",
			   accel->why);
	else
		doctor_add(d, DOCTOR_NOTE, "kvm",
			   "%s: the icount clock measures path lengths; times say little",
			   accel->why);
}

void doctor_emulator(struct doctor *d, const struct accel_choice *accel,
		     const char *version)
{
	if (accel->which == ACCEL_TCG)
		doctor_add(d, DOCTOR_NOTE, "emulator",
			   "QEMU %s emulates SVM, and loses a guest of a selftest now and then, which shows as ERROR or MISS (docs/testing.md)",
			   version);
}

void doctor_settings(struct doctor *d, const struct host_noise *noises, size_t n)
{
	char *list = xstrdup(""), *more;

	for (size_t i = 0; i < n; i++) {
		more = xasprintf("%s%s%s", list, i ? ", " : "", noises[i].what);
		free(list);
		list = more;
	}
	if (n)
		doctor_add(d, DOCTOR_NOTE, "settings",
			   "%s: the wall clock's times scatter by that; the icount clock does not mind (docs/measuring.md)",
			   list);
	else
		doctor_add(d, DOCTOR_OK, "settings",
			   "nothing is known that the wall clock's times would scatter by");
	free(list);
}

void doctor_packages(struct doctor *d, const char *missing, bool root)
{
	static const char install[] =
		"apt-get update && apt-get install -y --no-install-recommends";

	if (!*missing)
		doctor_add(d, DOCTOR_OK, "packages", "all are there");
	else if (root)
		doctor_add(d, DOCTOR_NO, "packages", "missing: %s %s", install,
			   missing);
	else
		doctor_add(d, DOCTOR_NO, "packages",
			   "missing: sudo sh -c '%s %s'", install, missing);
}
