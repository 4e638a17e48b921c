// SPDX-License-Identifier: GPL-2.0-only
/* Error messages for the host. */
#include <stdarg.h>
#include <stdio.h>

#include "guest.h"

int gerr_set(struct gerr *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -1;
}
