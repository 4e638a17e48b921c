// SPDX-License-Identifier: GPL-2.0-only
/* What QEMU says on its QMP socket, in pieces of a length the input chooses. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct qmp_msg *m)
{
	if (!m->root || (m->type == QMP_EVENT) != (m->name != NULL))
		abort();
	if (m->type == QMP_EVENT && m->id)
		abort();
}

/* Return: whether the connection lives. */
static int take_all(struct qmp *q)
{
	int lost = qmp_pump(q);
	struct qmp_msg m;

	while (qmp_next(q, &m)) {
		check(&m);
		qmp_msg_done(&m);
	}
	return !lost && qmp_fd(q) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t step = len ? data[len - 1] * 8 + 1 : 1, n;
	bool alive = true;
	struct qmp *q;
	int p[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) ||
	    fcntl(p[0], F_SETFL, O_NONBLOCK) || fcntl(p[1], F_SETFL, O_NONBLOCK))
		abort();
	signal(SIGPIPE, SIG_IGN);
	q = qmp_new(p[0]);
	qmp_hmp(q, "info registers -a");
	for (size_t at = 0; at < len && alive; at += n) {
		n = len - at < step ? len - at : step;
		if (send(p[1], data + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			abort();
		alive = take_all(q);
	}
	close(p[1]);
	if (alive)
		take_all(q);
	/* Whoever is lost takes no more commands, and says so. */
	if (qmp_fd(q) < 0 && qmp_send(q, "quit", NULL))
		abort();
	qmp_free(q);
	return 0;
}
