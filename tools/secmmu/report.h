/* SPDX-License-Identifier: GPL-2.0-only */
/* summary.json, report.html and the terminal table from a results folder. */
#ifndef SECMMU_REPORT_H
#define SECMMU_REPORT_H

struct summary;

/**
 * results_finish - judge a results folder
 * @dir: the folder, with manifest.json and boot-NNN/ (docs/contracts.md, 5)
 * @failure: if not NULL, set to words_failure(), free() it
 *
 * Reads the boots, writes summary.json, the formats of other programs
 * (formats.h) and report.html (each through a temporary file and rename),
 * prints the table. Errors are printed. When the folder is damaged nothing is
 * written.
 *
 * Return: ST_OK, also when boots failed: the table and the files say so;
 * ST_USAGE if the folder is missing or damaged, or a program the report needs
 * is not there; ST_HARNESS if a file could not be written; ST_INTR.
 */
int results_finish(const char *dir, char **failure);

/**
 * report_write - write @dir/report.html
 * @s: what summary_load() made of the same folder
 * @dir: the results folder
 *
 * Return: ST_OK, ST_USAGE (gnuplot is missing), ST_HARNESS or ST_INTR; the
 * error is printed, and an older report.html is left as it was.
 */
int report_write(const struct summary *s, const char *dir);

#endif
