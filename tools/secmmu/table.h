/* SPDX-License-Identifier: GPL-2.0-only */
/* The table on the terminal. */
#ifndef SECMMU_TABLE_H
#define SECMMU_TABLE_H

#include <stdio.h>

#include "summary.h"

/**
 * table_print - measurements, ratios of the primary pair, conclusion
 *
 * At most 110 columns wide, ASCII.
 */
void table_print(const struct summary *s, FILE *out);

#endif
