/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel configurations: made from fragments, checked, switched to an arm. */
#ifndef SECMMU_KCONFIG_H
#define SECMMU_KCONFIG_H

#include "arms.h"

/**
 * kconfig_lacks - the first line of a fragment that a .config does not fulfil
 * @config: text of the .config
 * @fragment: text of the fragment: CONFIG_X=value, "# CONFIG_X is not set" or
 *	      CONFIG_X=n, comments
 * @later: fragments that follow it: what they name is theirs to say
 * @line: set to the line's number
 *
 * Return: the line (free() it), or NULL if all is there.
 */
char *kconfig_lacks(const char *config, const char *fragment,
		    const char *later, unsigned int *line);

/**
 * kconfig_switch - a .config asking for one arm
 * @config: text of a .config
 * @all: every arm there is: what @config says about their symbols is dropped
 * @arm: the arm, or NULL for none
 *
 * Return: the text; free() it. To be completed by make olddefconfig.
 */
char *kconfig_switch(const char *config, const struct arms *all,
		     const struct arm *arm);

#endif
