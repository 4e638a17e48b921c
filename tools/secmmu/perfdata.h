/* SPDX-License-Identifier: GPL-2.0-only */
/* What perf recorded of a test, kept in the boot's folder: docs/perf.md. */
#ifndef SECMMU_PERFDATA_H
#define SECMMU_PERFDATA_H

#include <stddef.h>

#include "schedule.h"

struct perfdata;

/**
 * perfdata_new - the files of one test in one slot
 * @dir: the boot's folder; perf/ in it is made when there is something
 * @slot: its position in the boot
 *
 * They are perf/SLOT-ARM-COPY-TEST.data and .modules.
 */
struct perfdata *perfdata_new(const char *dir, size_t slot,
			      const struct slot *s, const char *test);

/**
 * perfdata_add - append to a file
 * @part: enum frame_perf_part
 *
 * Return: 0, or -1 with an error printed.
 */
int perfdata_add(struct perfdata *p, unsigned int part, const void *data,
		 size_t len);

/**
 * perfdata_end - close the files; @p is gone
 * @missing: set to what is wrong if there is no perf.data, else to NULL
 *
 * Return: 0, or -1 with an error printed.
 */
int perfdata_end(struct perfdata *p, const char **missing);

/**
 * perfdata_symbols - all symbols of the kernel that a perf.data is of
 * @data: "RESULTS/boot-NNN/perf/NAME.data"
 * @out: is made; vmlinux's from RESULTS/System.map, modules' from NAME.modules
 *
 * Return: 0, or -1 with an error printed that names the file that is missing.
 */
int perfdata_symbols(const char *data, const char *out);

#endif
