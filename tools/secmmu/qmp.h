/* SPDX-License-Identifier: GPL-2.0-only */
/* A small client of QEMU's machine protocol. Never blocks. */
#ifndef SECMMU_QMP_H
#define SECMMU_QMP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct qmp;

enum qmp_type {
	QMP_RETURN,
	QMP_ERROR,
	QMP_EVENT,
};

struct qmp_msg {
	enum qmp_type type;
	uint64_t id;		/* of the command; 0 for an event */
	const char *name;	/* of the event; else NULL */
	json_t *data;		/* return value, error or event data; may be NULL */
	json_t *root;		/* owns the above */
};

/** qmp_new - client on a connected, non-blocking socket; it takes @fd over. */
struct qmp *qmp_new(int fd);

/** qmp_free - closes the socket. NULL is allowed. */
void qmp_free(struct qmp *q);

/** qmp_fd - to poll; -1 once the connection is lost. */
int qmp_fd(const struct qmp *q);

/** qmp_events - what to poll for. */
short qmp_events(const struct qmp *q);

/**
 * qmp_send - queue a command
 * @args: taken over; NULL if none
 *
 * Commands before QEMU's greeting are queued behind it.
 *
 * Return: the id of its answer, or 0 if the connection is lost.
 */
uint64_t qmp_send(struct qmp *q, const char *command, json_t *args);

/**
 * qmp_send_fd - hand QEMU a descriptor, which commands name as "fd:NAME"
 * @fd: taken over; closed once it is sent
 *
 * One at a time: not before the answer to an earlier one.
 *
 * Return: the id of the answer, or 0 if the connection is lost.
 */
uint64_t qmp_send_fd(struct qmp *q, const char *name, int fd);

/** qmp_hmp - queue a command of the human monitor; its answer is a string. */
uint64_t qmp_hmp(struct qmp *q, const char *line);

/**
 * qmp_pump - read and write what can be without waiting
 *
 * Return: 0, or -1 if the connection is lost (QEMU ended, or sent nonsense).
 */
int qmp_pump(struct qmp *q);

/**
 * qmp_next - take the next message
 *
 * Return: 1 with @m set: qmp_msg_done() it; 0 if there is none.
 */
int qmp_next(struct qmp *q, struct qmp_msg *m);

void qmp_msg_done(struct qmp_msg *m);

#endif
