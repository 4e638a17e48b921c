/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The results of a run in the formats of other programs: docs/formats.md. All
 * are made from the results folder alone.
 */
#ifndef SECMMU_FORMATS_H
#define SECMMU_FORMATS_H

#include <jansson.h>
#include <stdio.h>

struct summary;
struct outcomes;

/** ktap_print - KTAP version 1: run > boot > arm > test > event. */
void ktap_print(FILE *f, const struct outcomes *o);

/** junit_print - JUnit's XML: a test suite per boot. */
void junit_print(FILE *f, const struct outcomes *o);

/**
 * kcidb_json - a report in the schema of kcidb, version 5.3
 *
 * Return: a new reference.
 */
json_t *kcidb_json(const struct summary *s, const struct outcomes *o);

/**
 * formats_write - write results.ktap, junit.xml and kcidb.json
 * @s: what summary_load() made of the folder
 * @dir: the folder
 *
 * Each through a temporary file and rename. Return: ST_OK or ST_HARNESS, with
 * an error printed.
 */
int formats_write(const struct summary *s, const char *dir);

#endif
