/* SPDX-License-Identifier: GPL-2.0-only */
/* An INI file as a list of entries with their line numbers, on top of inih. */
#ifndef SECMMU_INIFILE_H
#define SECMMU_INIFILE_H

#include <stddef.h>

struct ini_entry {
	char *key;
	char *value;		/* indented lines below are appended */
	unsigned int line;
};

struct ini_section {
	char *name;
	unsigned int line;
	struct ini_entry *entries;
	size_t n;
};

struct inifile {
	struct ini_section *sections;
	size_t n;
};

/**
 * inifile_load - read an INI file
 *
 * Refuses repeated sections and keys, keys outside sections, lines that are
 * neither, empty values, overlong lines and control characters.
 *
 * Return: 0, or -1 with one line printed that names file and line. The file
 * is to be freed with inifile_free() in both cases.
 */
int inifile_load(const char *path, struct inifile *f);

void inifile_free(struct inifile *f);

/** inifile_get - the entry of @key in @s, or NULL. */
const struct ini_entry *inifile_get(const struct ini_section *s,
				    const char *key);

#endif
