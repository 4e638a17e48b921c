/* SPDX-License-Identifier: GPL-2.0-only */
/* boot.json: what one boot did (docs/contracts.md, section 5). */
#ifndef SECMMU_BOOTJSON_H
#define SECMMU_BOOTJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootrun.h"
#include "counts.h"
#include "schedule.h"
#include "status.h"

/* The result of a run under perf. */
#define BOOTJSON_PERF "(perf)"

struct bootjson;

/**
 * bootjson_new - for boot @number; @slots in their order are copied
 * @run: the run's resume_run_id(), or NULL
 */
struct bootjson *bootjson_new(unsigned int number, uint64_t seed,
			      const char *run, const struct slot *slots,
			      size_t n_slots);

/** bootjson_free - NULL is allowed. */
void bootjson_free(struct bootjson *j);

/**
 * bootjson_test - add one result; strings are copied
 * @traced: of the run with tracepoints on
 */
void bootjson_test(struct bootjson *j, size_t slot_index,
		   const struct slot *slot, bool traced, const char *test,
		   const char *name, enum status status, const char *reason);

/**
 * bootjson_lock_counts - what the trace tells of how often mmu_lock was waited for
 * @from: bootjson_tests() before the results of that run
 * @name: the result's name; nothing is done if there is none
 */
void bootjson_lock_counts(struct bootjson *j, size_t from, const char *name,
			  const struct call_counts *c);

/** bootjson_counts - what was counted, of the result that was last added. */
void bootjson_counts(struct bootjson *j, const struct call_counts *c);

/** bootjson_tests - how many results were added so far. */
size_t bootjson_tests(const struct bootjson *j);

/**
 * bootjson_again - what was added is of two attempts at the same run
 * @from: bootjson_tests() before the earlier one
 * @to: bootjson_tests() after it; the later one's results follow
 * @attempt: number of the later one, from 2
 *
 * The later one's stay as the results. Each has the earlier ones' beside it, as
 * "attempts"; a name that only the earlier one had gets the later one's worst.
 */
void bootjson_again(struct bootjson *j, size_t from, size_t to,
		    unsigned int attempt);

/**
 * bootjson_refer - judge a test's results by those of one arm
 * @test: whose results
 * @arm: the reference
 *
 * What ends in @arm as it ends elsewhere is nothing that the arms differ in: it
 * becomes SKIP, with the reason, in both. A test that is skipped in one and not
 * in the other is a FAIL.
 */
void bootjson_refer(struct bootjson *j, const char *test, const char *arm);

/* What a request to the guest was about: whose its kernel findings are. */
struct bootjson_request {
	uint32_t id;
	size_t slot_index;
	struct slot slot;
	bool traced;
	unsigned int attempt;	/* of a run, from 1 */
	const char *test;	/* "" if it was no run; not copied */
	const char *name;	/* "(perf)", "(load)", "(unload)"; NULL: a test's own run */
};

/** bootjson_request - note one; those that are not get no findings. */
void bootjson_request(struct bootjson *j, const struct bootjson_request *r);

/**
 * bootjson_blame - findings that are not expected fail the runs they came in
 *
 * Every result of such a run becomes FAIL (ERROR if all that is known is that
 * messages were lost) and names the first finding. Where there is no result, as
 * of loading, there is one then. To be called after bootjson_refer(): what the
 * kernel reports is no less grave where it does so in the reference as well.
 *
 * A guest that the emulator lost reports stalls: they are left alone.
 */
void bootjson_blame(struct bootjson *j, const struct boot_result *res);

/**
 * bootjson_attempts - note the earlier attempts at this boot, if there were any
 * @attempts: as resume_attempts() gives them; taken over
 */
void bootjson_attempts(struct bootjson *j, json_t *attempts);

/** bootjson_file - note the hash of another file of the boot's folder. */
void bootjson_file(struct bootjson *j, const char *name, const char *sha256);

/** bootjson_worst - of all results. */
enum status bootjson_worst(const struct bootjson *j);

/** bootjson_worst_from - of those from number @from, counted from 0, on. */
enum status bootjson_worst_from(const struct bootjson *j, size_t from);

/**
 * bootjson_write - write the file
 * @lost_events: trace events lost in all tests
 * @lost_samples: samples that have no trace figures because of that
 *
 * Return: 0, or -1 with a message.
 */
int bootjson_write(struct bootjson *j, const char *path,
		   const struct bootrun *r, const struct boot_result *res,
		   uint64_t lost_events, uint64_t lost_samples);

#endif
