// SPDX-License-Identifier: GPL-2.0-only
#include "qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

/* "info registers -a" of many CPUs is the largest answer by far. */
#define QMP_LINE_MAX	(4u << 20)

struct qmp {
	int fd;
	bool greeted;
	uint64_t last_id;
	char *in;
	size_t in_used, in_size;
	char *out;
	size_t out_used;
	int pass;		/* a descriptor to be handed over, or -1: none */
	size_t pass_at;		/* the byte of @out that it goes with */
};

struct qmp *qmp_new(int fd)
{
	struct qmp *q = xcalloc(1, sizeof(*q));

	q->fd = fd;
	q->pass = -1;
	/* Its answer has id 1, which nobody waits for. */
	qmp_send(q, "qmp_capabilities", NULL);
	return q;
}

void qmp_free(struct qmp *q)
{
	if (!q)
		return;
	if (q->fd >= 0)
		close(q->fd);
	if (q->pass >= 0)
		close(q->pass);
	free(q->in);
	free(q->out);
	free(q);
}

int qmp_fd(const struct qmp *q)
{
	return q->fd;
}

short qmp_events(const struct qmp *q)
{
	return q->greeted && q->out_used ? POLLIN | POLLOUT : POLLIN;
}

uint64_t qmp_send(struct qmp *q, const char *command, json_t *args)
{
	json_t *cmd;
	char *text;
	size_t len;

	if (q->fd < 0) {
		json_decref(args);
		return 0;
	}
	q->last_id++;
	cmd = json_pack("{s:s, s:o*, s:I}", "execute", command, "arguments",
			args, "id", (json_int_t)q->last_id);
	text = cmd ? json_dumps(cmd, JSON_COMPACT) : NULL;
	json_decref(cmd);
	if (!text)
		return 0;
	len = strlen(text);
	q->out = xrealloc(q->out, q->out_used + len + 1);
	memcpy(q->out + q->out_used, text, len);
	q->out[q->out_used + len] = '\n';
	q->out_used += len + 1;
	free(text);
	return q->last_id;
}

uint64_t qmp_send_fd(struct qmp *q, const char *name, int fd)
{
	if (q->fd < 0 || q->pass >= 0) {
		close(fd);
		return 0;
	}
	q->pass = fd;
	q->pass_at = q->out_used;
	return qmp_send(q, "getfd", json_pack("{s:s}", "fdname", name));
}

uint64_t qmp_hmp(struct qmp *q, const char *line)
{
	return qmp_send(q, "human-monitor-command",
			json_pack("{s:s}", "command-line", line));
}

static int lost(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	return -1;
}

/* The first bytes of the command that takes it, and the descriptor with them. */
static ssize_t write_passing(struct qmp *q)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .hdr = { .cmsg_len = CMSG_LEN(sizeof(int)),
			 .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { q->out, q->out_used };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &c, .msg_controllen = sizeof(c.room) };
	ssize_t n;

	memcpy(CMSG_DATA(&c.hdr), &q->pass, sizeof(int));
	n = sendmsg(q->fd, &m, 0);
	if (n > 0) {
		close(q->pass);
		q->pass = -1;
	}
	return n;
}

static ssize_t write_some(struct qmp *q)
{
	if (q->pass < 0)
		return write(q->fd, q->out, q->out_used);
	if (!q->pass_at)
		return write_passing(q);
	return write(q->fd, q->out, q->pass_at);
}

static int flush_out(struct qmp *q)
{
	ssize_t n;

	while (q->greeted && q->out_used) {
		n = write_some(q);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : lost(q);
		if (q->pass >= 0)
			q->pass_at -= (size_t)n;
		q->out_used -= (size_t)n;
		memmove(q->out, q->out + n, q->out_used);
	}
	return 0;
}

int qmp_pump(struct qmp *q)
{
	ssize_t n;

	if (q->fd < 0)
		return -1;
	for (;;) {
		if (q->in_size - q->in_used < 4096) {
			if (q->in_size >= QMP_LINE_MAX)
				return lost(q);
			q->in_size = q->in_size ? 2 * q->in_size : 16384;
			q->in = xrealloc(q->in, q->in_size);
		}
		n = read(q->fd, q->in + q->in_used, q->in_size - q->in_used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			return lost(q);
		q->in_used += (size_t)n;
	}
	return flush_out(q);
}

/* One line of @len bytes. Return: whether it is a message for the caller. */
static bool parse(struct qmp *q, const char *line, size_t len,
		  struct qmp_msg *m)
{
	json_t *root = json_loadb(line, len, 0, NULL);

	if (json_object_get(root, "QMP"))
		q->greeted = true;
	m->root = root;
	m->name = json_string_value(json_object_get(root, "event"));
	/* Not that of a line before, which was no message. */
	m->id = m->name ? 0 : (uint64_t)json_integer_value(json_object_get(root, "id"));
	if (m->name) {
		m->type = QMP_EVENT;
		m->data = json_object_get(root, "data");
		return true;
	}
	m->type = QMP_RETURN;
	m->data = json_object_get(root, "return");
	if (m->data)
		return true;
	m->type = QMP_ERROR;
	m->data = json_object_get(root, "error");
	if (m->data)
		return true;
	json_decref(root);
	m->root = NULL;
	return false;
}

int qmp_next(struct qmp *q, struct qmp_msg *m)
{
	bool found;
	char *end;
	size_t n;

	memset(m, 0, sizeof(*m));
	while (q->in_used && (end = memchr(q->in, '\n', q->in_used))) {
		n = (size_t)(end - q->in);
		found = parse(q, q->in, n, m);
		q->in_used -= n + 1;
		memmove(q->in, end + 1, q->in_used);
		if (found)
			return 1;
	}
	/* Commands may go out once the greeting has been seen. */
	if (q->fd >= 0)
		flush_out(q);
	return 0;
}

void qmp_msg_done(struct qmp_msg *m)
{
	json_decref(m->root);
	memset(m, 0, sizeof(*m));
}
