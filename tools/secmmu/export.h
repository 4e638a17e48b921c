/* SPDX-License-Identifier: GPL-2.0-only */
/* A results folder as CSV or JSON for other programs: docs/results.md. */
#ifndef SECMMU_EXPORT_H
#define SECMMU_EXPORT_H

#include <stdio.h>

enum export_format { EXPORT_CSV, EXPORT_JSON };
enum export_what { EXPORT_SAMPLES, EXPORT_BOOTS };

/** export_format_name - "csv" or "json"; also the ending of a file. */
const char *export_format_name(enum export_format f);

/** export_what_name - "samples" or "boots" */
const char *export_what_name(enum export_what w);

/**
 * export_write - write a results folder's samples or the figures of its boots
 * @dir: the folder; only its boots that passed are written
 * @what: every sample, or what each boot's samples come to
 * @out: not closed
 *
 * Samples are streamed: memory does not depend on their number.
 *
 * Return: ST_OK; ST_USAGE if the folder is missing or damaged, of which a part
 * may have been written; ST_HARNESS if @out could not be written. The error is
 * printed, without @out's name.
 */
int export_write(const char *dir, enum export_what what, enum export_format f,
		 FILE *out);

/**
 * export_file - the same into a file, which appears when it is complete
 * @path: replaced if it is there
 */
int export_file(const char *dir, enum export_what what, enum export_format f,
		const char *path);

/** csv_text - a field, quoted where RFC 4180 wants it. */
void csv_text(FILE *out, const char *s);

#endif
