/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One boot: a QEMU with our guest in it, from its start to its end. Every
 * call below runs one event loop (console, QMP, frames, timers, signals, end
 * of QEMU) until it has its answer or the boot has come to grief.
 */
#ifndef SECMMU_BOOT_H
#define SECMMU_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accel.h"
#include "console.h"
#include "ktap.h"
#include "status.h"
#include "util.h"
#include "vmcore.h"

/*
 * What the calls return. After one below zero the boot is dead: further calls
 * return the same at once, and only boot_end() is left to do.
 */
enum {
	BOOT_OK = 0,
	BOOT_REFUSED = 1,		/* the guest answered with an error: boot_refusal() */
	BOOT_ERR_START = -1,		/* QEMU could not be started */
	BOOT_ERR_EXIT = -2,		/* QEMU ended too early */
	BOOT_ERR_PANIC = -3,		/* the guest's kernel panicked */
	BOOT_ERR_HANG_BOOT = -4,	/* no sign of the guest's PID 1 in time */
	BOOT_ERR_HANG = -5,		/* no frame for too long */
	BOOT_ERR_TIMEOUT = -6,		/* alive, but no answer in time */
	BOOT_ERR_PROTOCOL = -7,		/* the guest sent what it must not */
	BOOT_ERR_INTR = -8,		/* SIGINT, SIGTERM or SIGHUP */
	BOOT_ERR_HOST = -9,		/* disk full, a callback gave up... */
};

/*
 * What ended a boot that did not end as it was asked to, or spoiled one that did:
 * "cause" of boot.json, where docs/contracts.md has what each means.
 */
enum boot_cause {
	CAUSE_NONE,
	CAUSE_NO_START,
	/* Watchdogs. */
	CAUSE_NO_CONSOLE,
	CAUSE_NO_HELLO,
	CAUSE_NO_FRAMES,
	CAUSE_NO_PROGRESS,
	CAUSE_TEST_TIMEOUT,
	CAUSE_REQUEST_TIMEOUT,
	CAUSE_BOOT_TIMEOUT,
	CAUSE_NO_POWER_OFF,
	/* Ends. */
	CAUSE_PANIC,
	CAUSE_RESET,
	CAUSE_OFF,
	CAUSE_QEMU_DIED,
	CAUSE_PROTOCOL,
	CAUSE_INTERRUPTED,
	CAUSE_HOST,
	/* It ended as asked, but... */
	CAUSE_FINDING,
	CAUSE_GARBAGE,
};

/** boot_cause_name - e.g. "no-frames"; NULL for CAUSE_NONE. */
const char *boot_cause_name(enum boot_cause c);

enum boot_clock {
	CLOCK_WALL,
	CLOCK_ICOUNT,			/* virtual time counts instructions: one CPU, TCG */
};

/* Limits of wall time in ms; 0: the default for the clock. */
struct boot_limits {
	unsigned int silence_ms;	/* first console output */
	unsigned int hello_ms;		/* QEMU's start to HELLO */
	unsigned int alive_ms;		/* between two frames */
	unsigned int load_ms;		/* answer to anything but a RUN */
	unsigned int progress_ms;	/* a RUN without a result, beyond its own limit */
	unsigned int boot_ms;		/* QEMU's start to its end; 0: no limit */
	unsigned int exit_ms;		/* from POWEROFF to QEMU's end */
	unsigned int diagnose_ms;	/* its console is silent: it has answered */
	unsigned int vmcore_ms;		/* for a dump of its memory */
};

/**
 * boot_time_limit - what a boot's steps may take, each at its own limit, together
 * @slots: arms that are loaded and unloaded
 * @runs: programs that are run in them
 * @tests_s: sum of their time limits, in s of the guest
 *
 * Return: ms of wall time, for @boot_ms.
 */
unsigned int boot_time_limit(enum boot_clock clock, size_t slots, size_t runs,
			     uint64_t tests_s);

struct boot_spec {
	const char *kernel;		/* bzImage or vmlinux */
	const char *initrd;
	const struct accel_choice *accel;
	enum boot_clock clock;
	unsigned int cpus;
	const unsigned int *pin;	/* the machine's CPU of each vCPU; NULL: any */
	unsigned int memory_mb;
	bool shadow;			/* see boot_set_shadow() */
	const char *append;		/* added to the kernel's command line, or NULL */
	const char *dir;		/* existing; console.log is written there */
	const char *context;		/* boot_context() of its start, or NULL */
	enum vmcore_format vmcore;	/* of a guest that panics or hangs, as DIR/vmcore */
	struct boot_limits limits;
};

struct boot_hello {
	char release[65];
	char clocksource[33];
	char cmdline[1024];
	unsigned int cpus;
	uint64_t mem_kb;
};

struct boot;

/**
 * boot_start - start QEMU, wait until the guest's PID 1 says HELLO
 *
 * Return: the boot, never NULL: boot_end() it in any case. boot_code() says
 * whether it lives.
 */
struct boot *boot_start(const struct boot_spec *spec);

/** boot_context - what the caller is at, in words, for the diagnosis of a failure. */
void boot_context(struct boot *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** boot_code - BOOT_OK, or what the boot died of. */
int boot_code(const struct boot *b);

/** boot_reason - one line about that, "" if it lives. */
const char *boot_reason(const struct boot *b);

/**
 * boot_progress - a callback of a run has seen a result
 *
 * Without one (and no end of the run) for its time limit and progress_ms the boot
 * is given up, however many frames come.
 */
void boot_progress(struct boot *b);

/** boot_request - the ID of the latest request, as findings have it; 0 before the first. */
uint32_t boot_request(const struct boot *b);

/** boot_refusal - the guest's one line after BOOT_REFUSED. */
const char *boot_refusal(const struct boot *b);

/** boot_get_hello - what the guest said about itself. */
const struct boot_hello *boot_get_hello(const struct boot *b);

/**
 * boot_load - load an arm's modules
 * @kvm_args: NULL-ended "name=value" parameters of kvm.ko, or NULL
 *
 * Return: BOOT_OK, BOOT_REFUSED or what the boot died of.
 */
int boot_load(struct boot *b, const char *arm, const char *const *kvm_args);

/**
 * boot_set_shadow - what KVM is loaded from now on has no two-dimensional paging
 *
 * It shadows the guest's page tables: npt=0 or ept=0 of the vendor module.
 */
void boot_set_shadow(struct boot *b, bool shadow);

/** boot_unload - unload whatever is loaded. Returns as boot_load(). */
int boot_unload(struct boot *b);

/**
 * boot_mixed - try to load kvm.ko and the vendor module of different arms
 *
 * Return: as boot_load(); BOOT_REFUSED is what should happen.
 */
int boot_mixed(struct boot *b, const char *arm, const char *vendor_arm);

/*
 * A program to run in the guest. The callbacks get the guest's bytes as they
 * come, unchecked, in whatever portions; NULL means not wanted. One that
 * returns non-zero (and has said why) ends the boot with BOOT_ERR_HOST.
 */
struct run_req {
	const char *const *argv;	/* NULL-ended, at least one */
	const char *const *env;		/* NULL-ended "K=V", or NULL */
	const char *const *set;		/* NULL-ended "FILE=VALUE", or NULL: for its time */
	unsigned int timeout_ms;	/* the guest's clock; then it kills the group */
	unsigned int wall_ms;		/* 0: from timeout_ms and the clock */
	bool trace;
	bool samples;			/* set SECMMU_SAMPLES, send the file */
	bool perf;			/* under perf record, send what it left */
	unsigned int expected;		/* mask of 1 << finding_kind: no failure */
	void *arg;			/* for the callbacks */
	int (*on_out)(void *arg, const void *data, size_t len);
	/* Output that comes once the boot was given up: to be kept, but not to count. */
	void (*on_late)(void *arg, const void *data, size_t len);
	int (*on_samples)(void *arg, const void *data, size_t len);
	int (*on_trace)(void *arg, uint32_t cpu, const void *data, size_t len);
	int (*on_tracemeta)(void *arg, const char *name, const char *content,
			    size_t len);
	/* @part: 0 perf.data, 1 symbols of modules; each in order */
	int (*on_perf)(void *arg, unsigned int part, const void *data,
		       size_t len);
};

struct run_result {
	uint32_t id;			/* as in the findings */
	bool timed_out;
	int signal;			/* 0: it exited */
	int exit;
	uint64_t wall_ns;		/* all three in the guest's time */
	uint64_t user_ns;
	uint64_t sys_ns;
	uint64_t lost;			/* trace events */
};

/**
 * boot_run - run a program in the guest
 * @res: set when BOOT_OK is returned; @res->id always
 *
 * Return: BOOT_OK however the program ended; BOOT_REFUSED if it could not be
 * run, or its samples or trace not be had; or what the boot died of.
 */
int boot_run(struct boot *b, const struct run_req *req, struct run_result *res);

/** run_ended - how a program ended, for ktap_finish(). */
struct ktap_end run_ended(const struct run_result *res);

/**
 * boot_shell - an interactive shell, on the caller's terminal
 * @in: where keys come from; put into raw mode for the time if a terminal
 * @out: where the console's output goes
 *
 * Ends when the shell does, or with the key Ctrl-].
 *
 * Return: as boot_load().
 */
int boot_shell(struct boot *b, int in, int out);

/** boot_garbage - whether bytes or frames were lost so far: the data is suspect. */
bool boot_garbage(const struct boot *b);

/** boot_findings - what the console showed so far; valid until the next call. */
const struct findings *boot_findings(const struct boot *b);

struct boot_result {
	int code;			/* BOOT_... */
	enum status status;		/* of the boot as such, not of its tests */
	enum boot_cause cause;		/* CAUSE_NONE if PASS */
	char *reason;			/* one line; "" if PASS */
	char *diagnosis;		/* many lines: last console output, registers; "" */
	struct findings findings;
	struct boot_hello hello;	/* all zero if there was none */
	char *command;			/* QEMU's command line, quoted for a shell */
	char *qemu_version;
	uint64_t garbage;		/* bytes that belonged to no frame */
	uint64_t gaps;			/* frames missing */
	bool log_truncated;		/* console.log reached its size limit */
	unsigned int start_ms;		/* QEMU's start to HELLO; 0 if it never came */
	bool pinned;			/* every vCPU, as @pin of the spec has it */
	unsigned int total_ms;		/* QEMU's start to its end */
	bool killed;			/* QEMU was, by neither us nor itself */
};

/**
 * boot_end - power off, or kill, and tell how it went
 * @b: freed
 * @res: set; boot_result_free() it
 *
 * No QEMU is left when it returns, or the result is BOOT_ERR_HOST (after a signal
 * BOOT_ERR_INTR) and its reason has the number of a process that cannot be killed.
 * PASS needs a clean power-off, no unexpected finding, none that was not kept, no
 * garbage, no gap; FAIL is such a finding; MISS a lost guest; ERROR the harness, or
 * lost messages.
 */
void boot_end(struct boot *b, struct boot_result *res);

void boot_result_free(struct boot_result *res);

#endif
