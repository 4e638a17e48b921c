/* SPDX-License-Identifier: GPL-2.0-only */
/* As whom QEMU runs, and how it gets at its files nevertheless. */
#ifndef SECMMU_QEMU_JAIL_H
#define SECMMU_QEMU_JAIL_H

#include <stdbool.h>
#include <sys/types.h>

/* Who runs QEMU when secmmu is run by root. */
#define JAIL_USER "nobody"

struct jail {
	char user[33];		/* for messages; our own if nothing is dropped */
	bool drop;		/* root's rights are given up */
	uid_t uid;
	gid_t gid;
	gid_t device_gid;	/* one more group, for /dev/kvm; -1: none */
};

/**
 * jail_find - as whom QEMU runs
 * @j: set on success
 * @program: QEMU, which that user must be able to run
 *
 * Anybody but root runs it as himself. Root's QEMU runs as JAIL_USER, or as
 * whom SECMMU_QEMU_USER names; "root" keeps root. Prints errors.
 *
 * Return: ST_OK, or ST_USAGE: no such user, or he cannot run @program.
 */
int jail_find(struct jail *j, const char *program);

/**
 * jail_device - make /dev/kvm usable, by its group
 *
 * Return: 0, or -1 if only root can use it: then @j keeps root.
 */
int jail_device(struct jail *j, const char *device);

/**
 * jail_enter - become that user, for good; write no file from here on
 *
 * For a child between fork() and exec(): async-signal-safe, prints nothing.
 * What was forbidden stays so after exec(); sockets and pipes are no files.
 *
 * Return: 0, or -1 with errno.
 */
int jail_enter(const struct jail *j);

/**
 * jail_open - open a file for QEMU to read as /proc/self/fd/N
 *
 * Whoever has the number needs no right to search the folders above; one whose
 * mode lets only the owner read is copied into memory.
 *
 * Return: a descriptor that is closed by exec(), or -1 with errno.
 */
int jail_open(const struct jail *j, const char *path);

#endif
