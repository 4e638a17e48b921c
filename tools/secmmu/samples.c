// SPDX-License-Identifier: GPL-2.0-only
/* Samples of a boot: see samples.h. */
#include "samples.h"

#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define HEADER "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site," \
	"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits"
/* Files of before the lock's modes were told apart end there. */
#define MORE ",read_wait_ns,read_hold_ns,write_wait_ns,write_hold_ns,wait_cpu_ns"
#define BUFFER (1u << 20)
#define LINE_MAX_LEN 1024

enum column {
	C_SLOT, C_ARM, C_COPY, C_TRACED, C_TEST, C_EVENT, C_PAGE_SIZE, C_SIZE,
	C_VCPUS, C_SEQ, C_SITE, C_SYSCALL, C_WINDOW, C_HANDLER, C_WAIT, C_HOLD,
	C_NOTIFIERS, C_WAITS, OLD_COLUMNS, C_READ_WAIT = OLD_COLUMNS, C_READ_HOLD,
	C_WRITE_WAIT, C_WRITE_HOLD, C_WAIT_CPU, COLUMNS
};

static const char *const names[] = {
	"slot", "arm", "copy", "traced", "test", "event", "page_size", "size",
	"vcpus", "seq", "site", "syscall_ns", "window_ns", "handler_ns",
	"wait_ns", "hold_ns", "notifiers", "waits",
	"read_wait_ns", "read_hold_ns", "write_wait_ns", "write_hold_ns",
	"wait_cpu_ns",
};

struct field {
	const char *s;
	size_t len;
};

struct reader {
	int (*use)(const struct sample_row *r, const char **why, void *arg);
	void *arg;
	struct sample_row row;
	unsigned long long lines;
	int columns;			/* as the header has them */
	char group[LINE_MAX_LEN];	/* columns slot to vcpus, as they stand */
	size_t group_len;
	const char *why;
	const char *column;		/* at fault, or NULL */
};

const char *metric_name(enum metric m)
{
	static const char *const metrics[] = {
		"syscall", "window", "handler", "wait", "hold",
		"read_wait", "read_hold", "write_wait", "write_hold",
		"wait_cpu", "syscall_traced",
	};

	return metrics[m];
}

static int fail(struct reader *r, const char *why, int column)
{
	r->why = why;
	r->column = column < 0 ? NULL : names[column];
	return -1;
}

/* A decimal number without sign; SAMPLE_EMPTY itself is out of range. */
static int number(struct reader *r, const struct field *f, int column,
		  uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	unsigned int digit;
	size_t i;

	for (i = 0; i < f[column].len; i++) {
		digit = (unsigned char)f[column].s[i] - '0';
		if (digit > 9)
			return fail(r, "is no number", column);
		if (v > (SAMPLE_EMPTY - 1 - digit) / 10)
			return fail(r, "is out of range", column);
		v = v * 10 + digit;
	}
	if (!i)
		return fail(r, "is empty", column);
	if (v > max)
		return fail(r, "is out of range", column);
	*out = v;
	return 0;
}

static int optional(struct reader *r, const struct field *f, int column,
		    uint64_t *out)
{
	*out = SAMPLE_EMPTY;
	return f[column].len ? number(r, f, column, SAMPLE_EMPTY - 1, out) : 0;
}

static int word(struct reader *r, const struct field *f, int column,
		const char *allowed, size_t size, char *out)
{
	size_t n = f[column].len;

	if (!n)
		return fail(r, "is empty", column);
	if (n >= size)
		return fail(r, "is too long", column);
	memcpy(out, f[column].s, n);
	out[n] = '\0';
	if (strspn(out, allowed) != n)
		return fail(r, "has a character that is not allowed", column);
	return 0;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789_"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int parse_group(struct reader *r, const struct field *f)
{
	struct sample_row *row = &r->row;
	uint64_t slot, traced, vcpus;
	char copy[2];

	if (number(r, f, C_SLOT, UINT32_MAX, &slot) ||
	    word(r, f, C_ARM, LOWER "-", sizeof(row->arm), row->arm) ||
	    word(r, f, C_COPY, "ab", sizeof(copy), copy) ||
	    number(r, f, C_TRACED, 1, &traced) ||
	    word(r, f, C_TEST, LOWER UPPER "-.", sizeof(row->test), row->test) ||
	    word(r, f, C_EVENT, LOWER, sizeof(row->event), row->event) ||
	    number(r, f, C_PAGE_SIZE, SAMPLE_EMPTY - 1, &row->page_size) ||
	    number(r, f, C_SIZE, SAMPLE_EMPTY - 1, &row->size) ||
	    number(r, f, C_VCPUS, UINT32_MAX, &vcpus))
		return -1;
	row->slot = (uint32_t)slot;
	row->copy = *copy;
	row->traced = traced == 1;
	row->vcpus = (uint32_t)vcpus;
	return 0;
}

static int split(struct reader *r, const char *line, size_t len,
		 struct field *f)
{
	const char *end = line + len, *comma;
	int n;

	for (n = 0; n < r->columns; n++) {
		comma = memchr(line, ',', (size_t)(end - line));
		f[n].s = line;
		f[n].len = (size_t)((comma ? comma : end) - line);
		if (!comma)
			break;
		line = comma + 1;
	}
	if (n == r->columns - 1)
		return 0;
	return fail(r, r->columns == COLUMNS ? "not 23 columns" : "not 18 columns", -1);
}

static int parse_trace(struct reader *r, const struct field *f)
{
	struct sample_row *row = &r->row;

	if (f[C_SITE].len && word(r, f, C_SITE, LOWER UPPER ".+",
				  sizeof(row->site), row->site))
		return -1;
	for (int m = METRIC_WINDOW; m <= METRIC_HOLD; m++)
		if (optional(r, f, C_SYSCALL + m, &row->ns[m]))
			return -1;
	for (int c = OLD_COLUMNS; c < r->columns; c++)
		if (optional(r, f, c, &row->ns[METRIC_READ_WAIT + c - C_READ_WAIT]))
			return -1;
	return optional(r, f, C_NOTIFIERS, &row->notifiers) ||
	       optional(r, f, C_WAITS, &row->waits) ? -1 : 0;
}

static int parse_times(struct reader *r, const struct field *f)
{
	struct sample_row *row = &r->row;
	enum metric m = row->traced ? METRIC_SYSCALL_TRACED : METRIC_SYSCALL;

	*row->site = '\0';
	for (int i = 0; i < METRICS; i++)
		row->ns[i] = SAMPLE_EMPTY;
	row->notifiers = row->waits = SAMPLE_EMPTY;
	if (number(r, f, C_SYSCALL, SAMPLE_EMPTY - 1, &row->ns[m]))
		return -1;
	if (row->traced)
		return parse_trace(r, f);
	for (int c = C_SITE; c < r->columns; c++)
		if (c != C_SYSCALL && f[c].len)
			return fail(r, "is not empty, though untraced", c);
	return 0;
}

static int parse_line(struct reader *r, const char *line, size_t len)
{
	struct sample_row *row = &r->row;
	/* A file of before has fewer of them. */
	struct field f[COLUMNS] = { 0 };
	size_t group_len;

	if (len >= LINE_MAX_LEN)
		return fail(r, "line too long", -1);
	if (split(r, line, len, f))
		return -1;
	group_len = (size_t)(f[C_SEQ].s - line);
	row->same_group = group_len == r->group_len &&
			  !memcmp(line, r->group, group_len);
	if (!row->same_group) {
		if (parse_group(r, f))
			return -1;
		memcpy(r->group, line, group_len);
		r->group_len = group_len;
	}
	if (number(r, f, C_SEQ, SAMPLE_EMPTY - 1, &row->seq))
		return -1;
	return parse_times(r, f);
}

static int is_header(struct reader *r, const char *line, size_t len)
{
	static const char header[] = HEADER MORE;

	r->columns = len == strlen(HEADER) ? OLD_COLUMNS : COLUMNS;
	if ((r->columns == OLD_COLUMNS || len == strlen(header)) &&
	    !memcmp(line, header, len))
		return 0;
	return fail(r, "not the header of docs/contracts.md, section 4", -1);
}

static int use_line(struct reader *r, const char *line, size_t len)
{
	if (!r->lines++)
		return is_header(r, line, len);
	if (parse_line(r, line, len))
		return -1;
	return r->use(&r->row, &r->why, r->arg);
}

/* Use the whole lines of buf[0..*used), and move the rest to the front. */
static int use_lines(struct reader *r, char *buf, size_t *used)
{
	char *line = buf, *nl;

	while ((nl = memchr(line, '\n', *used - (size_t)(line - buf)))) {
		if (use_line(r, line, (size_t)(nl - line)))
			return -1;
		line = nl + 1;
	}
	*used -= (size_t)(line - buf);
	memmove(buf, line, *used);
	if (*used < BUFFER)
		return 0;
	r->lines++;
	return fail(r, "line too long", -1);
}

static int at_end(struct reader *r, size_t left)
{
	if (!left && r->lines)
		return 0;
	r->lines++;
	return fail(r, left ? "cut off: the line has no end" :
			      "the file is empty", -1);
}

int samples_read(const char *path, const char *sha256,
		 int (*row)(const struct sample_row *r, const char **why,
			    void *arg),
		 void *arg)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	char *buf = xmalloc(BUFFER), hex[SHA256_DIGEST_STRING_LENGTH];
	int fd, ret = -1;
	SHA256_CTX hash;
	size_t used = 0;
	ssize_t got;

	r->use = row;
	r->arg = arg;
	SHA256Init(&hash);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		goto io_error;
	while ((got = read(fd, buf + used, BUFFER - used)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto io_error;
		if (sha256)
			SHA256Update(&hash, (uint8_t *)buf + used, (size_t)got);
		used += (size_t)got;
		if (use_lines(r, buf, &used))
			goto malformed;
	}
	if (at_end(r, used))
		goto malformed;
	if (sha256 && strcmp(SHA256End(&hash, hex), sha256)) {
		err("%s: " SAMPLES_CHANGED, path);
		goto out;
	}
	ret = 0;
	goto out;

malformed:
	err("%s:%llu: %s%s%s", path, r->lines, r->column ? r->column : "",
	    r->column ? " " : "", r->why ? r->why : "refused");
	goto out;
io_error:
	err("cannot read %s: %s", path, strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	free(buf);
	free(r);
	return ret;
}
