/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of the guest's kernel to function names, by System.map. */
#ifndef SECMMU_SYMBOLS_H
#define SECMMU_SYMBOLS_H

#include <stdint.h>

struct symbols;

/**
 * symbols_load - read a System.map
 *
 * Right only for a kernel booted with nokaslr.
 *
 * Return: the table, or NULL with a message.
 */
struct symbols *symbols_load(const char *path);

/** symbols_free - NULL is allowed. */
void symbols_free(struct symbols *s);

/**
 * symbols_find - the function that holds @addr
 *
 * Return: its name without compiler suffixes (".constprop.0"), owned by @s; or
 * NULL if @addr is in no function of the kernel image.
 */
const char *symbols_find(const struct symbols *s, uint64_t addr);

#endif
