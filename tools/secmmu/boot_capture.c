// SPDX-License-Identifier: GPL-2.0-only
/* What the console says to a question, for the diagnosis. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "boot_int.h"

/* In times the silence that ends an answer: until it begins, and at most. */
#define PATIENCE	3
#define CUT		20
#define BACKTRACE	"NMI backtrace for cpu "

int boot_capture(struct boot *b)
{
	b->captured = 0;
	b->capture = open_memstream(&b->capture_text, &b->capture_len);
	return b->capture ? 0 : -1;
}

/* Whether @text has @prefix and that number. */
static bool has_number(const char *text, const char *prefix, unsigned int n)
{
	char *what = xasprintf("%s%u", prefix, n);
	size_t len = strlen(what);
	const char *at;

	for (at = strstr(text, what); at && isdigit((unsigned char)at[len]);
	     at = strstr(at + len, what))
		;
	free(what);
	return at;
}

void boot_tell_missing(const struct boot *b, FILE *f, const char *text,
		       const char *prefix, const char *what)
{
	for (unsigned int i = 0; i < b->cpus; i++)
		if (!has_number(text, prefix, i))
			fprintf(f, "== no %s of CPU %u\n", what, i);
}

bool boot_captured_cpus(const struct boot *b)
{
	unsigned int i = 0;

	fflush(b->capture);
	while (i < b->cpus && has_number(b->capture_text, BACKTRACE, i))
		i++;
	return b->captured >= CAPTURE_MAX || i == b->cpus;
}

void boot_tell_lines(FILE *f, char *text, const char *ends)
{
	char *line, *clean, *save;

	for (line = strtok_r(text, ends, &save); line;
	     line = strtok_r(NULL, ends, &save)) {
		clean = printable(line);
		fprintf(f, "%s\n", clean);
		free(clean);
	}
}

void boot_capture_end(struct boot *b, FILE *f)
{
	fclose(b->capture);
	b->capture = NULL;
	boot_tell_missing(b, f, b->capture_text, BACKTRACE, "backtrace");
	boot_tell_lines(f, b->capture_text, "\r\n");
	if (b->captured >= CAPTURE_MAX)
		fprintf(f, "== cut: it said more than %u KiB, see console.log\n",
			CAPTURE_MAX >> 10);
	free(b->capture_text);
	b->capture_text = NULL;
}

/* When to wait no more for what the console says since @from. */
static uint64_t due(const struct boot *b, uint64_t from,
		    bool (*done)(const struct boot *b))
{
	uint64_t quiet = b->limits.diagnose_ms * MS;
	uint64_t last = b->console_ns > from ? b->console_ns : from;
	uint64_t until = last + (done(b) ? 1 : PATIENCE) * quiet;

	return until < from + CUT * quiet ? until : from + CUT * quiet;
}

void boot_pump_silent(struct boot *b, FILE *f,
		      bool (*done)(const struct boot *b))
{
	uint64_t from = now_ns(), quiet = b->limits.diagnose_ms * MS;

	while (!b->ended && !sig_pending()) {
		b->timer[TIMER_STEP] = due(b, from, done);
		if (now_ns() >= b->timer[TIMER_STEP])
			break;
		boot_pump(b);
	}
	b->timer[TIMER_STEP] = NEVER;
	if (!b->ended && (sig_pending() || (now_ns() >= from + CUT * quiet &&
					    now_ns() < b->console_ns + quiet)))
		fprintf(f, "== cut: the console had not fallen silent after %llu s\n",
			(unsigned long long)((now_ns() - from) / MS / 1000));
}
