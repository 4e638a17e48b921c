/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Going on with a run that was interrupted, at whatever moment: is it the same
 * run, and which of its boots are whole.
 */
#ifndef SECMMU_RESUME_H
#define SECMMU_RESUME_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Files that each boot's folder has besides boot.json, which has the hashes of
 * these, and of any others there are.
 */
#define RESUME_FILES { "console.log", "ktap.log", "samples.csv", "sites.csv" }

/**
 * resume_run_id - one word for an identity and a seed
 *
 * In manifest.json and in each boot.json as "run". Return: free() it.
 */
char *resume_run_id(const json_t *identity, uint64_t seed);

/**
 * resume_load - the manifest of a run to go on with
 *
 * Return: a new reference; NULL, with an error printed, if there is none, or it
 * lacks what makes a run recognizable.
 */
json_t *resume_load(const char *dir);

/**
 * resume_same - whether a run is the one that the options ask for
 * @dir: its folder, for the message
 * @manifest: its manifest
 * @identity: of the options
 *
 * Return: ST_OK, or ST_USAGE with an error printed that names the difference.
 */
int resume_same(const char *dir, const json_t *manifest,
		const json_t *identity);

struct resume_count {
	unsigned int kept;	/* whole boots */
	unsigned int aside;	/* others, now called broken-NNN */
	unsigned int again;	/* whole, but to be run once more, now called failed-NNN */
};

/**
 * resume_aside - a name for a boot that is not to be read as one any more
 * @dir: the run's folder
 * @kind: "broken" or "failed"
 * @number: of the boot, as in its folder's name
 *
 * Return: "DIR/KIND-NNN", with "-1", "-2"... if there is one; free() it.
 */
char *resume_aside(const char *dir, const char *kind, const char *number);

/**
 * resume_killed - whether a finished run has boots that are to be run once more
 *
 * Those whose QEMU was killed, by neither us nor the guest, and in which nothing had
 * failed until then: that says nothing of what is tested.
 */
bool resume_killed(const char *dir);

/**
 * resume_attempts - how the earlier attempts at a boot ended
 *
 * From the failed-NNN folders that resume_sweep() has made of it.
 *
 * Return: a new array, maybe empty, of {attempt (from 1), status, reason, folder}.
 */
json_t *resume_attempts(const char *dir, unsigned int number);

/**
 * resume_sweep - leave only whole boots of this run under their names
 * @dir: the run's folder
 * @run: its resume_run_id()
 * @boots: how many it is to have
 *
 * Whole is a boot-NNN whose boot.json is complete, belongs to this run, and whose
 * other files are all there and as they were. Others are renamed, and so are those
 * of resume_killed(); what was never complete is removed, and so are a summary and
 * report of a part.
 *
 * Return: 0, or -1 with an error printed.
 */
int resume_sweep(const char *dir, const char *run, unsigned int boots,
		 struct resume_count *count);

#endif
