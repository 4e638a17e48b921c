/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the supervisor: shared by the boot*.c files only. */
#ifndef SECMMU_BOOT_INT_H
#define SECMMU_BOOT_INT_H

#include <stdarg.h>
#include <termios.h>

#include "boot.h"
#include "frame.h"
#include "qemu.h"
#include "qmp.h"
#include "util.h"

#define MS 1000000ull		/* ns */
#define NEVER UINT64_MAX

/* When what is waited for becomes overdue, CLOCK_MONOTONIC; NEVER if not. */
enum boot_timer {
	TIMER_SILENCE,		/* no console output at all */
	TIMER_HELLO,
	TIMER_ALIVE,		/* no frame */
	TIMER_PROGRESS,		/* frames, but no result and no end of a RUN */
	TIMER_ANSWER,		/* no REPLY */
	TIMER_BOOT,		/* the boot takes too long, whatever it does */
	TIMER_PANIC,		/* the rest of a panic's messages has had its time */
	TIMER_STEP,		/* a step of diagnosing or stopping: no failure */
	N_TIMERS
};

/* What the guest may send for one RUN, in bytes. */
struct boot_quota {
	uint64_t out, samples, trace, meta, perf;
};

/* The user's terminal while it is connected to the console. */
struct boot_tty {
	int in, out;		/* -1: not connected */
	struct termios saved;
	char *pending;		/* console output the terminal has yet to take */
	size_t n_pending;
	bool quit;		/* the escape key was pressed */
};

#define CAPTURE_MAX	(256u << 10)

struct boot {
	struct boot_limits limits;
	enum boot_clock clock;
	const char *vendor;
	bool shadow;
	unsigned int cpus;
	struct qemu_info info;
	struct qemu qemu;
	bool started;
	struct qmp *qmp;
	struct console *console;
	int log_fd;
	uint64_t start_ns;
	uint64_t timer[N_TIMERS];
	uint64_t turn_ns;	/* when the loop's latest turn began */
	uint64_t frame_ns;	/* when the latest frame came */
	uint64_t console_ns;	/* when the console last said something */
	uint64_t panic_ns;	/* when it began to say that the kernel panicked */

	int code;
	enum boot_cause cause;
	char *reason;
	char *diagnosis;
	bool ended;		/* QEMU is gone and all it said was read */
	bool killed;		/* as boot_result has it */
	char *shutdown;		/* reason of QEMU's SHUTDOWN event, or NULL */
	char *errors;		/* what QEMU wrote to stderr, its end */
	size_t n_errors;

	struct frame_reader in;
	char *out;		/* bytes for the guest */
	size_t n_out;
	uint32_t seq;
	bool greeted;		/* HELLO came */
	unsigned int hello_ms;
	struct boot_hello hello;

	uint32_t id;		/* of the latest request */
	char *what;		/* "LOAD mutex" and the like, for messages */
	bool waiting;		/* for the REPLY to it */
	bool refused;
	char refusal[256];
	const struct run_req *req;	/* while it runs */
	struct run_result *res;
	struct boot_quota quota;
	bool off;		/* the latest request is POWEROFF */

	char *context;		/* what the caller is at, or NULL */
	enum vmcore_format vmcore;
	char *vmcore_path;
	uint64_t vmcore_max;	/* bytes */
	struct vmcore *core;	/* while it is written */
	int core_fd;		/* where it comes from; -1 before and after */
	bool pinned;		/* every vCPU, to a CPU of the machine */
	bool diagnosed;		/* @findings has those from before it */
	struct findings findings;
	FILE *capture;		/* console output of a diagnosis, or NULL */
	char *capture_text;
	size_t capture_len;
	size_t asked_at;	/* @captured before the latest question */
	size_t captured;	/* bytes, up to CAPTURE_MAX */
	uint64_t wanted[2];	/* ids of QMP answers waited for */
	char *answer[2];	/* what they say: text, status, or else JSON */
	bool refused_us[2];	/* it was an error */
	struct boot_tty tty;
};

/* boot_loop.c */

/** boot_die - note what the boot died of, in words as well; the first time counts. */
void boot_die(struct boot *b, enum boot_cause cause, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/** boot_pump - wait for the next event, or timer, and handle it. */
void boot_pump(struct boot *b);

static inline void boot_set_timer(struct boot *b, enum boot_timer t,
				  unsigned int ms)
{
	b->timer[t] = now_ns() + ms * MS;
}

/* boot_cause.c */

/** boot_cause_code - what calls return that find a boot dead of @c; BOOT_OK if it lives. */
int boot_cause_code(enum boot_cause c);

/* boot_limits.c */

/** boot_set_limits - those of @s, and defaults for what it leaves open. */
void boot_set_limits(struct boot_limits *l, const struct boot_spec *s);

/** boot_progress_limit - ms until a RUN must have shown a result. */
uint64_t boot_progress_limit(const struct boot_limits *l, enum boot_clock clock,
			     unsigned int timeout_ms);

/** boot_run_limit - ms until a RUN must have ended, and all of it have come. */
uint64_t boot_run_limit(const struct boot_limits *l, enum boot_clock clock,
			unsigned int timeout_ms);

/* boot_frames.c */

/**
 * boot_frames_read - read and handle some frames
 *
 * Return: 1 if there may be more, 0 if not now, -1 at their end.
 */
int boot_frames_read(struct boot *b);

/** boot_frames_write - write what is queued, as far as it goes. */
void boot_frames_write(struct boot *b);

/** boot_frame_send - queue a frame. */
void boot_frame_send(struct boot *b, enum frame_type type, const void *data,
		     uint32_t len);

/* boot_stop.c */

/** boot_answers - whether PID 1 has shown a sign of life lately. */
bool boot_answers(const struct boot *b);

/**
 * boot_notice - ask PID 1 to end what runs, and to power off
 * @f: where its last words go: where its tasks and CPUs are. NULL: it is not asked
 *	for them, and has little time
 */
void boot_notice(struct boot *b, FILE *f);

/** boot_stop - end QEMU: asking it, SIGTERM, SIGKILL. */
void boot_stop(struct boot *b);

/* boot_diagnose.c */

/** boot_answered - all that is waited for is there, or a signal. */
bool boot_answered(const struct boot *b);

/** boot_forget_answers - wait for nothing any more. */
void boot_forget_answers(struct boot *b);

/** boot_gave_up - whether it was a watchdog that ended the boot. */
bool boot_gave_up(const struct boot *b);

/** boot_diagnose - after a death: what can be found out, into b->diagnosis. */
void boot_diagnose(struct boot *b);

/** boot_pump_for - run the loop for @ms, or until QEMU ended or @done. */
void boot_pump_for(struct boot *b, unsigned int ms,
		   bool (*done)(const struct boot *b));

/* boot_capture.c */

/** boot_capture - keep what the console says from here on. Return: 0, or -1. */
int boot_capture(struct boot *b);

/** boot_capture_end - keep no more; write it into @f, and what it lacks. */
void boot_capture_end(struct boot *b, FILE *f);

/** boot_captured_cpus - whether it has a backtrace of each vCPU so far. */
bool boot_captured_cpus(const struct boot *b);

/**
 * boot_tell_lines - write the lines of @text into @f, without what is not printable
 * @text: is changed
 * @ends: characters that end a line
 */
void boot_tell_lines(FILE *f, char *text, const char *ends);

/** boot_tell_missing - say into @f of which vCPUs @text has no @what. */
void boot_tell_missing(const struct boot *b, FILE *f, const char *text,
		       const char *prefix, const char *what);

/**
 * boot_pump_silent - run the loop until the console has fallen silent
 * @f: where to say that it never did
 * @done: whether all that is waited for has come; until then it has more time
 */
void boot_pump_silent(struct boot *b, FILE *f,
		      bool (*done)(const struct boot *b));

/* boot_pin.c */

/**
 * boot_pin - keep each vCPU's thread to one CPU of the machine
 * @to: of vCPU 0, 1, ...
 * @n: vCPUs
 *
 * That it can't is said, and no failure: b->pinned.
 */
void boot_pin(struct boot *b, const unsigned int *to, unsigned int n);

/* boot_vmcore.c */

/** boot_vmcore - have QEMU dump the guest's memory; a line about it into @f. */
void boot_vmcore(struct boot *b, FILE *f);

/** boot_vmcore_read - take some of the dump. Return: as boot_frames_read(). */
int boot_vmcore_read(struct boot *b);

/* boot_tty.c */

/** boot_tty_connect - connect the terminal, in raw mode if it is one. */
void boot_tty_connect(struct boot *b, int in, int out);

/** boot_tty_disconnect - restore it. */
void boot_tty_disconnect(struct boot *b);

/** boot_tty_output - console output for the terminal. */
void boot_tty_output(struct boot *b, const char *data, size_t len);

/** boot_tty_write - write pending output; the terminal can take some. */
void boot_tty_write(struct boot *b);

/** boot_tty_input - read keys, pass them on to the console. */
void boot_tty_input(struct boot *b);

#endif
