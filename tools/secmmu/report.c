// SPDX-License-Identifier: GPL-2.0-only
/* Finishing a results folder: see report.h. */
#include "report.h"

#include <stdlib.h>

#include "formats.h"
#include "report_page.h"
#include "report_plots.h"
#include "summary.h"
#include "table.h"
#include "util.h"
#include "words.h"

int report_write(const struct summary *s, const char *dir)
{
	char *path = xasprintf("%s/report.html", dir), *page = NULL;
	struct report_plots plots;
	size_t len;
	int ret;

	ret = report_plots_make(s, &plots);
	if (ret)
		goto out;
	ret = ST_HARNESS;
	page = report_page(s, &plots, &len);
	if (page && !write_file(path, page, len))
		ret = ST_OK;
out:
	report_plots_free(&plots);
	free(page);
	free(path);
	return ret;
}

int results_finish(const char *dir, char **failure)
{
	struct summary s;
	int ret;

	if (summary_load(dir, &s))
		return ST_USAGE;
	if (failure)
		*failure = words_failure(&s.folder);
	table_print(&s, stdout);
	ret = formats_write(&s, dir);
	if (ret == ST_OK)
		ret = report_write(&s, dir);
	/*
	 * The last one: where there is none, the run goes on. A report without
	 * pictures ends it all the same.
	 */
	if (ret != ST_INTR && summary_write(&s))
		ret = ST_HARNESS;
	fflush(stdout);
	summary_free(&s);
	return ret;
}
