// SPDX-License-Identifier: GPL-2.0-only
#include "soak.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "accel.h"
#include "bootrun.h"
#include "console.h"
#include "jsonio.h"
#include "plan.h"
#include "status.h"
#include "util.h"

static bool is(const json_t *o, const char *key, const char *value)
{
	return !strcmp(jsonio_text(o, key), value);
}

static bool same_run(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "slot"), json_object_get(b, "slot")) &&
	       json_equal(json_object_get(a, "traced"), json_object_get(b, "traced")) &&
	       is(a, "test", jsonio_text(b, "test"));
}

static bool lost_guest(const json_t *test)
{
	return is(test, "status", status_name(STATUS_ERROR)) &&
	       accel_lost_guest(jsonio_text(test, "reason"));
}

/* A panic of the machine for text that is no longer there, on one of several CPUs. */
static bool stale_text(const json_t *boot, const json_t *finding)
{
	const json_t *cpus = json_object_get(json_object_get(boot, "hello"), "cpus");

	return json_integer_value(cpus) > 1 &&
	       accel_stale_text(jsonio_text(finding, "line"));
}

/* Whether the emulator has lost the machine that ran the tests. */
static bool lost_machine(const json_t *boot)
{
	const json_t *finding;
	size_t i;

	if (accel_lost_guest(jsonio_text(boot, "reason")))
		return true;
	json_array_foreach(json_object_get(boot, "kernel_findings"), i, finding)
		if (stale_text(boot, finding))
			return true;
	return false;
}

/*
 * What the kernel says of a machine that is lost: stalls, or the int3 and the panic
 * that it ends in. Another oops before that panic is a finding of its own.
 */
static bool excused_finding(const json_t *boot, const json_t *finding, bool machine)
{
	return machine &&
	       (stale_text(boot, finding) ||
		finding_is_stall(jsonio_text(finding, "kind")) ||
		strstr(jsonio_text(finding, "line"), "not syncing: Fatal exception"));
}

/* Failed for what the kernel said of that, and had no other reason than the boot's. */
static bool failed_by_it(const json_t *boot, const json_t *test)
{
	const char *reason = jsonio_text(test, "reason");
	const char *before = strstr(reason, "; ");

	return accel_stale_text(reason) &&
	       (!before || strstr(before, "the guest was lost") ||
		is(boot, "reason", before + strlen("; ")));
}

/*
 * Its guest was lost, or, for a result that is missing, that of its program,
 * or the machine of the boot.
 */
static bool excused(const json_t *boot, const json_t *test, bool machine)
{
	const json_t *other;
	size_t i;

	if (lost_guest(test) || (machine && failed_by_it(boot, test)))
		return true;
	if (!is(test, "status", status_name(STATUS_MISS)))
		return false;
	if (machine)
		return true;
	json_array_foreach(json_object_get(boot, "tests"), i, other)
		if (same_run(test, other) && lost_guest(other))
			return true;
	return false;
}

/*
 * Nothing but guests that the emulator has lost: those of the tests, or the
 * machine that ran them.
 */
static bool only_lost_guests(const json_t *boot)
{
	const json_t *test, *finding;
	bool machine = lost_machine(boot);
	size_t i, lost = 0;

	if (!is(boot, "accel", "tcg") || (!machine && !is(boot, "reason", "")))
		return false;
	json_array_foreach(json_object_get(boot, "kernel_findings"), i, finding)
		if (!json_is_true(json_object_get(finding, "expected")) &&
		    !excused_finding(boot, finding, machine))
			return false;
	json_array_foreach(json_object_get(boot, "tests"), i, test) {
		if (is(test, "status", status_name(STATUS_PASS)) ||
		    is(test, "status", status_name(STATUS_SKIP)))
			continue;
		if (!excused(boot, test, machine))
			return false;
		lost++;
	}
	return lost;
}

/* Of a boot.json that cannot be read nobody knows. */
enum soak_end soak_boot(const char *dir, unsigned int number)
{
	char *boot = bootrun_dir(dir, number);
	char *path = xasprintf("%s/boot.json", boot);
	enum soak_end end = SOAK_PASSED;
	json_t *j = NULL;

	if (path_exists(boot)) {
		j = json_load_file(path, 0, NULL);
		if (!is(j, "status", status_name(STATUS_PASS)))
			end = j && only_lost_guests(j) ? SOAK_LOST : SOAK_FAILED;
	}
	json_decref(j);
	free(path);
	free(boot);
	return end;
}

unsigned int soak_count(const char *dir, int *failed)
{
	unsigned int n;

	*failed = -1;
	for (n = 0; n < PLAN_BOOTS_MAX; n++) {
		char *boot = bootrun_dir(dir, n);
		enum soak_end end = soak_boot(dir, n);
		bool there = path_exists(boot);

		free(boot);
		if (!there)
			break;
		if (*failed < 0 && end == SOAK_FAILED)
			*failed = (int)n;
	}
	return n;
}

unsigned int soak_lost(const char *dir, unsigned int n)
{
	unsigned int lost = 0;

	for (unsigned int i = 0; i < n; i++)
		lost += soak_boot(dir, i) == SOAK_LOST;
	return lost;
}
