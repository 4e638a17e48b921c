// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log, in any portions: the same findings, all printable. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			abort();
}

static void same(const struct finding *a, const struct finding *b)
{
	if (a->kind != b->kind || a->request != b->request ||
	    a->line_no != b->line_no || strcmp(a->line, b->line) ||
	    strcmp(a->fingerprint, b->fingerprint) || strcmp(a->mark, b->mark) ||
	    !finding_kind_name(a->kind))
		abort();
	check_text(a->line);
	check_text(a->fingerprint);
	check_text(a->mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct console *a = console_new(-1, 0), *b = console_new(-1, 0);
	const struct findings *fa = console_findings(a);
	const struct findings *fb = console_findings(b);
	char *last;

	console_feed(a, data, len);
	for (size_t i = 0; i < len; i++)
		console_feed(b, data + i, 1);
	console_finish(a);
	console_finish(b);
	if (fa->n != fb->n || fa->dropped != fb->dropped ||
	    !console_panicked(a) != !console_panicked(b))
		abort();
	for (size_t i = 0; i < fa->n; i++)
		same(&fa->v[i], &fb->v[i]);
	if (console_panicked(a))
		check_text(console_panicked(a));
	last = console_last(a);
	free(last);
	console_free(a);
	console_free(b);
	return 0;
}
