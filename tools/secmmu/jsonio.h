/* SPDX-License-Identifier: GPL-2.0-only */
/* What jansson leaves to its callers, in one place. */
#ifndef SECMMU_JSONIO_H
#define SECMMU_JSONIO_H

#include <stddef.h>

#include <jansson.h>

/**
 * jsonio_write - replace @path by a value, atomically
 * @j: the caller's still; NULL, as jansson returns on failure, is an error
 * @flags: jansson's, such as JSON_INDENT(1)
 *
 * Return: 0, or -1 with an error printed.
 */
int jsonio_write(const json_t *j, const char *path, size_t flags);

/** jsonio_number - null for what is not finite, which JSON cannot say. */
json_t *jsonio_number(double x);

/** jsonio_text - a member's string; "" if there is none. As long as @o lives. */
const char *jsonio_text(const json_t *o, const char *key);

#endif
