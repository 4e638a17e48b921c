/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of report.html around its plots. */
#ifndef SECMMU_REPORT_PAGE_H
#define SECMMU_REPORT_PAGE_H

#include <stddef.h>

#include "report_plots.h"
#include "summary.h"

/**
 * report_page - the whole page
 * @len: set to its length
 *
 * Return: the text, free() it; NULL with an error printed.
 */
char *report_page(const struct summary *s, const struct report_plots *p,
		  size_t *len);

#endif
