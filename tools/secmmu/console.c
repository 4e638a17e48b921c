// SPDX-License-Identifier: GPL-2.0-only
#include "console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan.h"
#include "util.h"

#define LAST_LINES	40

struct console {
	struct scan scan;
	int log_fd;
	uint64_t room;		/* bytes that may still go into the log */
	int error;
	bool truncated;
	char line[SCAN_LINE_MAX + 1];
	size_t len;		/* bytes of @line; what is beyond is left out */
	char *last[LAST_LINES];	/* a ring; @next is the oldest */
	size_t next;
};

struct console *console_new(int log_fd, uint64_t limit)
{
	struct console *c = xcalloc(1, sizeof(*c));

	c->log_fd = log_fd;
	c->room = limit;
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < LAST_LINES; i++)
		free(c->last[i]);
	scan_free(&c->scan);
	free(c);
}

static int write_log(struct console *c, const char *data, size_t len)
{
	ssize_t n;

	while (len && !c->error) {
		n = write(c->log_fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			c->error = errno;
			break;
		}
		data += n;
		len -= (size_t)n;
	}
	return c->error ? -1 : 0;
}

static int log_bytes(struct console *c, const char *data, size_t len)
{
	static const char said[] =
		"\nsecmmu: the log has reached its limit and ends here\n";

	if (c->log_fd < 0 || c->truncated)
		return 0;
	if (len > c->room) {
		c->truncated = true;
		if (write_log(c, data, c->room))
			return -1;
		return write_log(c, said, strlen(said));
	}
	c->room -= len;
	return write_log(c, data, len);
}

static void end_line(struct console *c)
{
	/* A serial console ends lines with "\r\n". */
	while (c->len && c->line[c->len - 1] == '\r')
		c->len--;
	c->line[c->len] = '\0';
	scan_line(&c->scan, c->line);
	if (c->len) {
		free(c->last[c->next]);
		c->last[c->next] = printable(c->line);
		c->next = (c->next + 1) % LAST_LINES;
	}
	c->len = 0;
}

int console_feed(struct console *c, const void *data, size_t len)
{
	const char *p = data;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n')
			end_line(c);
		else if (c->len < SCAN_LINE_MAX)
			c->line[c->len++] = p[i] ? p[i] : '?';
	}
	return log_bytes(c, data, len);
}

void console_note(struct console *c, const char *line)
{
	char *clean = printable(line);
	char *text = xasprintf("%ssecmmu: %s\n", c->len ? "\n" : "", clean);

	log_bytes(c, text, strlen(text));
	free(text);
	free(clean);
}

void console_expect(struct console *c, uint32_t request, unsigned int kinds)
{
	scan_expect(&c->scan, request, kinds);
}

void console_finish(struct console *c)
{
	if (c->len)
		end_line(c);
}

const char *console_panicked(const struct console *c)
{
	return c->scan.panic;
}

char *console_last(const struct console *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	for (size_t i = 0; i < LAST_LINES; i++) {
		const char *line = c->last[(c->next + i) % LAST_LINES];

		if (line)
			fprintf(f, "%s\n", line);
	}
	fclose(f);
	return text;
}

int console_error(const struct console *c)
{
	return c->error;
}

bool console_truncated(const struct console *c)
{
	return c->truncated;
}

const struct findings *console_findings(const struct console *c)
{
	return &c->scan.found;
}

void console_take_findings(struct console *c, struct findings *f)
{
	scan_take(&c->scan, f);
}
