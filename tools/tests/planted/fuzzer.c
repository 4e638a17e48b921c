// SPDX-License-Identifier: GPL-2.0-only
/* For tests/fuzz-run.sh: a parser that reads beyond its input, after two right bytes. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 && data[0] == 'k' && data[1] == 'v')
		return data[size] == 'm' ? 0 : -1;
	return 0;
}
