/* SPDX-License-Identifier: GPL-2.0-only */
/* One SHA-256 over many things: strings, files, whole folders. */
#ifndef SECMMU_HASH_H
#define SECMMU_HASH_H

#include <sha256.h>

struct hash {
	SHA256_CTX ctx;
};

void hash_init(struct hash *h);

/** hash_str - add a string; two strings never hash like their concatenation. */
void hash_str(struct hash *h, const char *s);

/**
 * hash_path - add a file's or folder's content
 * @path: a missing one counts as such
 *
 * A folder counts with the names, types and execute permission of all that is
 * in it, in the order of names; owners and times do not count.
 *
 * Return: 0, or -1 with the error printed.
 */
int hash_path(struct hash *h, const char *path);

/** hash_end - hex digest into @hex. */
void hash_end(struct hash *h, char hex[65]);

#endif
