/* SPDX-License-Identifier: GPL-2.0-only */
/* Progress for programs: a JSON object per line (docs/progress.md). */
#ifndef SECMMU_PROGRESS_H
#define SECMMU_PROGRESS_H

#include <jansson.h>
#include <stdint.h>

#define PROGRESS_UNKNOWN UINT64_MAX

/**
 * progress_begin - give standard output to JSON; all else goes to standard error
 *
 * Until then the functions below do nothing. What err() says becomes an event
 * as well.
 *
 * Return: 0, or -1 with an error printed.
 */
int progress_begin(void);

/**
 * progress_step - one step of a phase begins, or is done
 * @phase: check, build, boot, report
 * @step, @of: done or under way, of how many
 * @eta_s: seconds that it will still take; PROGRESS_UNKNOWN
 * @what: in words, or NULL
 */
void progress_step(const char *phase, unsigned int step, unsigned int of,
		   uint64_t eta_s, const char *what);

/**
 * progress_event - another kind of event
 * @event: its name
 * @fields: what else there is to say; taken over, NULL is allowed
 */
void progress_event(const char *event, json_t *fields);

/** progress_text - a JSON string of any bytes. */
json_t *progress_text(const char *s);

#endif
