/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standard output and error that nobody may read: a pager that stands still, a
 * terminal after Ctrl-S, a program that has stopped reading --json. Signals are
 * blocked, so that an ordinary write() would wait for ever and through Ctrl-C.
 */
#ifndef SECMMU_OUT_H
#define SECMMU_OUT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * out_init - stdout and stderr write by out_write() from now on
 *
 * To be called after sig_init(), before anything was printed.
 */
void out_init(void);

/**
 * out_write - write all of it, or until a signal has come and it does not go on
 * @fd: any file
 *
 * After such an end nothing more is written to @fd.
 *
 * Return: whether all was written; errno says why not, EINTR being a signal.
 */
bool out_write(int fd, const void *data, size_t len);

#endif
