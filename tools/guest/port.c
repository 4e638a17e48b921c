// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio-serial port and the frames on it.
 *
 * Writes are non-blocking and wait in poll(): a blocking write makes the
 * kernel spin with interrupts off until the host has taken the bytes.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define PORT_WAIT_NS 5000000000ull
#define PORT_RETRY_MS 10
#define RECONNECT_MS 100

/* Look for the port once. Return: its /dev name in @dev, or false. */
static bool find_port(const char *name, char *dev, size_t size)
{
	char found[64];
	bool ok = false;
	const char *id;
	size_t i;
	glob_t g;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc && !ok; i++) {
		char *path = g.gl_pathv[i];

		if (read_str(path, found, sizeof(found)) < 0 ||
		    strcmp(found, name))
			continue;
		*strrchr(path, '/') = '\0';
		id = strrchr(path, '/') + 1;
		ok = (size_t)snprintf(dev, size, "/dev/%s", id) < size;
	}
	globfree(&g);
	return ok;
}

int port_open(struct port *p, const char *name, struct gerr *e)
{
	uint64_t deadline = now_ns() + PORT_WAIT_NS;
	char dev[64];

	while (!find_port(name, dev, sizeof(dev))) {
		if (now_ns() >= deadline)
			return gerr_set(e, "no virtio-serial port named %s",
					name);
		poll(NULL, 0, PORT_RETRY_MS);
	}
	p->fd = open(dev, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (p->fd < 0)
		return gerr_set(e, "%s: %s", dev, strerror(errno));
	return 0;
}

void port_begin(struct port *p)
{
	p->len = 0;
}

void port_u32(struct port *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p->buf + FRAME_HDR_SIZE + p->len, &v, sizeof(v));
	p->len += sizeof(v);
}

void port_text(struct port *p, const char *key, const char *fmt, ...)
{
	char *start = (char *)p->buf + FRAME_HDR_SIZE + p->len;
	size_t room = FRAME_MAX - p->len;
	va_list ap;
	char *c;
	int n;

	n = snprintf(start, room, "%s=", key);
	va_start(ap, fmt);
	vsnprintf(start + n, room - n, fmt, ap);
	va_end(ap);
	for (c = start; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	p->len += c - start + 1;
}

ssize_t port_read_from(struct port *p, int fd)
{
	uint8_t *to = p->buf + FRAME_HDR_SIZE + p->len;
	ssize_t n;

	do {
		n = read(fd, to, FRAME_MAX - p->len);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		p->len += n;
	return n;
}

/* poll() returns at once while the host is away, so pace it. */
static void wait_writable(struct port *p)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLOUT };

	if (poll(&pfd, 1, -1) > 0 && (pfd.revents & POLLHUP))
		poll(NULL, 0, RECONNECT_MS);
}

void port_write(struct port *p, const void *data, size_t len)
{
	const uint8_t *c = data;
	ssize_t n;

	while (len) {
		n = write(p->fd, c, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			fatal("write to the host: %s", strerror(errno));
		if (n > 0) {
			c += n;
			len -= n;
		} else {
			wait_writable(p);
		}
	}
}

void port_send(struct port *p, enum frame_type type)
{
	frame_encode_header(p->buf, type, p->seq++, p->buf + FRAME_HDR_SIZE,
			    p->len);
	port_write(p, p->buf, FRAME_HDR_SIZE + p->len);
}

void port_receive(struct port *p)
{
	size_t room;
	uint8_t *to = frame_reader_space(&p->in, &room);
	ssize_t n;

	if (!to)
		fatal("no memory for a request");
	n = read(p->fd, to, room);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		fatal("read from the host: %s", strerror(errno));
	p->gone = n == 0;
	if (n > 0)
		frame_reader_fed(&p->in, n);
}
