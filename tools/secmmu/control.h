/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Controls: planted bugs, kvm-patches/controls/NAME.patch. The log of each names
 * what must catch it.
 */
#ifndef SECMMU_CONTROL_H
#define SECMMU_CONTROL_H

#include <jansson.h>

#include "console.h"

struct control {
	char *name;		/* of the file, without ".patch" */
	char *path;
	char *lane, *arm, *program, *args, *events;	/* of the run */
	char *append;		/* to the guest kernel's command line, or NULL */
	char *test;		/* the event that must FAIL; NULL: the kernel tells */
	enum finding_kind kind;	/* what the kernel must report first, */
	char *text;		/* and what that line must hold; "" for any */
};

/**
 * control_load - read a control's log
 * @path: "DIR/NAME.patch"
 * @c: control_free() it in every case
 *
 * Return: ST_OK, or ST_USAGE with one line printed that names file and key.
 */
int control_load(const char *path, struct control *c);

void control_free(struct control *c);

/**
 * control_plan - text of the plan that runs the control; free() it
 */
char *control_plan(const struct control *c);

/**
 * control_verdict - was the bug caught, and by what was named?
 * @boot: the boot.json of its run
 *
 * Return: NULL if it was, else what happened instead; free() it.
 */
char *control_verdict(const struct control *c, const json_t *boot);

#endif
