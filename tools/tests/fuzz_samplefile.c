// SPDX-License-Identifier: GPL-2.0-only
/* Sample files from the guest, in pieces of a length the input chooses. */
#include <stdint.h>
#include <stdlib.h>

#include "samplefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct samplefile *f = samplefile_new();
	size_t step = len ? data[len - 1] % 64 + 1 : 1;
	const struct sample *s;
	size_t n;

	for (size_t at = 0; at < len; at += step)
		samplefile_feed(f, data + at, len - at < step ? len - at : step);
	if ((samplefile_end(f) != 0) != (samplefile_error(f) != NULL))
		abort();
	s = samplefile_samples(f, &n);
	for (size_t i = 0; i < n; i++)
		if (!valid_event_name(s[i].event) ||
		    s[i].end_ns < s[i].start_ns || !s[i].size || !s[i].tid)
			abort();
	samplefile_free(f);
	return 0;
}
