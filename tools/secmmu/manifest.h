/* SPDX-License-Identifier: GPL-2.0-only */
/* manifest.json: what a run is made of, and how to repeat it. */
#ifndef SECMMU_MANIFEST_H
#define SECMMU_MANIFEST_H

#include <jansson.h>
#include <stdint.h>

#include "bootrun.h"
#include "kernel.h"

/**
 * manifest_identity - what makes two runs the same one, but for the seed
 *
 * Return: a new reference.
 */
json_t *manifest_identity(const struct bootrun *b, const struct artifacts *a);

/**
 * manifest_artifacts - where what was built for a run is, or was
 * @run: its results folder
 *
 * Return: a path in the cache; free() it. NULL if the folder has no manifest that
 * names a kernel.
 */
char *manifest_artifacts(const char *run);

/**
 * manifest_drop_artifacts - remove what was built for a run from the cache
 * @run: its results folder; nothing is done if it names no kernel
 */
void manifest_drop_artifacts(const char *run);

/**
 * manifest_command - the command that repeats a run, with `make`
 * @src: the user's kernel tree, or NULL
 *
 * Return: one line; free() it.
 */
char *manifest_command(const struct bootrun *b, uint64_t seed, const char *src);

/**
 * manifest_make - the whole manifest
 * @src: the user's kernel tree, or NULL
 *
 * Return: a new reference, or NULL with a message.
 */
json_t *manifest_make(const struct bootrun *b, const struct artifacts *a,
		      uint64_t seed, const char *src);

#endif
