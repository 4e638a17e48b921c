/* SPDX-License-Identifier: GPL-2.0-only */
/* The lanes, as configs/lanes.ini lists them: kernels with other options. */
#ifndef SECMMU_LANES_H
#define SECMMU_LANES_H

#include "strs.h"

#define LANE_NAME_MAX 32
/* The lane that is measured: base and kvm without further fragments. */
#define LANE_PLAIN "plain"

struct lane {
	char *name;
	struct strs fragments;	/* names without ".config", in order */
};

/**
 * lane_load - the lane of that name
 * @path: a lanes.ini
 * @name: or NULL for LANE_PLAIN
 * @l: set on success, with "base" and "kvm" first; lane_free() it
 *
 * Return: ST_OK, or ST_USAGE with one error printed.
 */
int lane_load(const char *path, const char *name, struct lane *l);

void lane_free(struct lane *l);

#endif
