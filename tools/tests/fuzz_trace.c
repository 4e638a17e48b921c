// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formats, pages and the join. The input is pages of 4096 bytes (the last one
 * filled up with zeros), or, if it begins with "name:", a format.
 */
#include <stdint.h>
#include <stdlib.h>

#include "join.h"
#include "page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void feed_pages(struct trace *t, const uint8_t *data, size_t len)
{
	/* Of its very size, so that ASan sees a read behind the end. */
	uint8_t *page = malloc(PAGE);

	for (size_t at = 0; at < len; at += PAGE) {
		size_t n = len - at < PAGE ? len - at : PAGE;

		memset(page, 0, PAGE);
		memcpy(page, data + at, n);
		trace_page(t, page[16] & 1, page, PAGE);
	}
	free(page);
}

static void check_join(struct trace *t)
{
	const struct trace_event *e;
	struct sample s = { .event = "e" };
	struct join *j = join_new(t, NULL);
	struct joined d;
	size_t n;

	e = trace_events(t, &n);
	for (size_t i = 0; i < n; i++) {
		s.tid = (uint32_t)e[i].tid;
		s.start_ns = e[i].ns;
		s.end_ns = e[i].ns + 1000000;
		join_sample(j, &s, &d);
		if (d.lost && d.notifiers != NOT_MEASURED)
			abort();
		/* Nothing can take longer than the call. */
		if (d.window_ns != NOT_MEASURED && d.window_ns > 1000000)
			abort();
		if (d.wait_ns != NOT_MEASURED && d.wait_ns > 1000000)
			abort();
		if (d.wait_cpu_ns != NOT_MEASURED && d.wait_cpu_ns > d.wait_ns)
			abort();
		/* The parts are not more than the whole. */
		if (d.mode_wait_ns[TRACE_READ] != NOT_MEASURED &&
		    d.mode_wait_ns[TRACE_READ] > d.wait_ns)
			abort();
	}
	join_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct trace *t = trace_new();

	if (meta_all(t, TRACE_FORMATS))
		abort();
	if (len > 5 && !memcmp(data, "name:", 5))
		trace_meta(t, "kvm/kvm_mmu_lock_wait", (const char *)data, len);
	else
		feed_pages(t, data, len);
	check_join(t);
	trace_free(t);
	return 0;
}
