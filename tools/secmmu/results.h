/* SPDX-License-Identifier: GPL-2.0-only */
/* The folder of a run: made, locked, found again after an interruption. */
#ifndef SECMMU_RESULTS_H
#define SECMMU_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Of the files; a folder with others is refused. */
#define MANIFEST_SCHEMA 2
#define BOOT_SCHEMA 2

struct results {
	char *base;		/* "results" */
	char *dir;		/* base/ID */
	uint64_t seed;
	char *run;		/* resume_run_id(), by results_manifest() */
	bool resumed;
	int lock;
};

/**
 * results_open - a folder for a run
 * @base: folder of all results; created
 * @plan: name of the plan, part of the ID
 * @identity: all that makes two runs the same one but for the seed
 * @seed: the user's, or NULL: the interrupted run's, or a random one
 * @r: set on success; results_close() it
 *
 * If base/latest is a run that was interrupted (no summary.json), has the same
 * identity and, if given, seed, then it goes on.
 *
 * Return: ST_OK; ST_USAGE if another run holds the folder; ST_HARNESS.
 */
int results_open(const char *base, const char *plan, json_t *identity,
		 const uint64_t *seed, struct results *r);

/**
 * results_resume - the folder of a run that is to go on
 * @dir: the folder
 * @seed: its seed
 * @r: set on success; results_close() it
 *
 * Return: ST_OK; ST_USAGE if another run holds the folder; ST_HARNESS.
 */
int results_resume(const char *dir, uint64_t seed, struct results *r);

/**
 * results_manifest - write manifest.json and point base/latest at the folder
 * @manifest: object; gets the keys id, identity, seed and run
 *
 * A resumed run keeps the manifest it has.
 *
 * Return: 0, or -1 with a message.
 */
int results_manifest(struct results *r, json_t *identity, json_t *manifest);

/**
 * results_boots - say in manifest.json how many boots the run was to have
 *
 * For a run that goes on until its time is over.
 *
 * Return: 0, or -1 with a message.
 */
int results_boots(const struct results *r, unsigned int boots);

/** results_close - release the lock; the folder stays. */
void results_close(struct results *r);

#endif
