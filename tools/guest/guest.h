/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of the booted kernel: serves the host's requests over a virtio-serial
 * port (docs/contracts.md, section 2). Single-threaded; one request at a time.
 */
#ifndef SECMMU_GUEST_H
#define SECMMU_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "frame.h"

#define PORT_NAME "org.secmmu.frames"
#define ERR_MAX 256
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* An error message, one line, to be handed to the host. */
struct gerr {
	char msg[ERR_MAX];
};

/* gerr.c */

/** gerr_set - format the message. Return: -1, for the caller to return. */
int gerr_set(struct gerr *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* util.c */

/** now_ns - CLOCK_MONOTONIC in ns. */
uint64_t now_ns(void);

/** write_str - write @s to the existing file @path. Return: 0, or -1 (errno). */
int write_str(const char *path, const char *s);

/**
 * read_str - read the start of a small file, without its last newline
 *
 * Return: length, or -1 (errno) with @buf empty.
 */
ssize_t read_str(const char *path, char *buf, size_t size);

/** cmdline_get - value of KEY=... on the kernel command line, or NULL. */
const char *cmdline_get(const char *key);

/** parse_num - decimal number that is all of @s. Return: 0, or -1. */
int parse_num(const char *s, uint64_t max, uint64_t *out);

/** valid_name - whether @s is [a-z0-9_-]{1,32}. */
bool valid_name(const char *s);

/** klog - write one line "secmmu: ..." to the kernel log. */
void klog(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** fatal - log "secmmu: fatal: ..." and power off. */
_Noreturn void fatal(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** power_off - turn the machine off. */
_Noreturn void power_off(void);

/* setup.c */

/** setup - mounts, environment and limits; does not return on failure. */
void setup(void);

/* port.c */

struct port {
	int fd;
	bool gone; /* the host is not connected */
	uint32_t seq;
	uint32_t len; /* of the payload being made */
	struct frame_reader in;
	uint8_t buf[FRAME_HDR_SIZE + FRAME_MAX];
};

/**
 * port_open - find and open the port named @name
 *
 * Ports appear a while after boot, so this waits for some seconds.
 *
 * Return: 0, or -1 with @e set.
 */
int port_open(struct port *p, const char *name, struct gerr *e);

/** port_begin - start a new payload. */
void port_begin(struct port *p);

/** port_u32 - append a number, little endian. */
void port_u32(struct port *p, uint32_t v);

/** port_text - append "key=value" and a NUL; control characters become '?'. */
void port_text(struct port *p, const char *key, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/**
 * port_read_from - append what one read of @fd gives
 *
 * Return: as read(2).
 */
ssize_t port_read_from(struct port *p, int fd);

/**
 * port_send - send the payload as a frame
 *
 * Waits as long as the host does not read; nothing is ever dropped.
 */
void port_send(struct port *p, enum frame_type type);

/** port_write - send bytes that are no frame (planted fault). */
void port_write(struct port *p, const void *data, size_t len);

/** port_receive - read what is there into @p->in. */
void port_receive(struct port *p);

/* arm.c */

/**
 * arm_load - load irqbypass, kvm and the vendor module from /arms
 * @arm: the folder irqbypass and kvm are taken from
 * @vendor_arm: the folder the vendor module is taken from
 * @vendor: "amd" or "intel"
 * @params: module parameters for kvm, "" for none
 * @vendor_params: the same for the vendor module
 *
 * Return: 0, or -1 with @e set and nothing of it left loaded.
 */
int arm_load(const char *arm, const char *vendor_arm, const char *vendor,
	     const char *params, const char *vendor_params, struct gerr *e);

/** arm_unload - unload all of KVM; fine if none is loaded. Return: 0 or -1. */
int arm_unload(struct gerr *e);

/** arm_vendor - vendor of the KVM that is loaded, or NULL. */
const char *arm_vendor(void);

/* trace.c */

#define TRACEFS "/sys/kernel/tracing"
/* Of our tracefs instance; a test may write it, see docs/contracts.md. */
#define TRACE_SWITCH TRACEFS "/instances/secmmu/tracing_on"

/**
 * trace_start - empty the buffers, enable the events, start to record
 * @samples: context switches as well, which say what a wait has burnt
 *
 * Sends the formats as TRACEMETA.
 *
 * Return: 0, or -1 with @e set and tracing off.
 */
int trace_start(struct port *p, bool samples, struct gerr *e);

/** trace_stop - stop recording; call it as soon as the test has ended. */
void trace_stop(void);

/**
 * trace_drain - send the buffers as TRACE frames of request @id
 * @lost: set to the number of events that did not fit
 *
 * Return: 0, or -1 with @e set.
 */
int trace_drain(struct port *p, uint32_t id, uint64_t *lost, struct gerr *e);

/* perf.c */

#define PERF_PROGRAM "/bin/perf"
#define PERF_DATA "/tmp/secmmu-perf.data"
#define PERF_MODULES "/tmp/secmmu-perf.modules"
#define PERF_ARGS 24

/**
 * perf_argv - the command line that a test's is put behind
 * @tracefs: where it is mounted
 * @argv: room for PERF_ARGS
 *
 * Return: how many were written.
 */
unsigned int perf_argv(const char *tracefs, const char **argv);

/** perf_ready - before the test. Return: 0, or -1 with @e set. */
int perf_ready(struct gerr *e);

/** perf_modules - after it: the symbols of modules, as PERF_MODULES. */
void perf_modules(const char *kallsyms);

/* run.c */

enum run_state {
	RUN_NONE,
	RUN_RUNNING,
	RUN_TERM, /* SIGTERM sent, SIGKILL follows */
	RUN_REAP, /* all killed; waiting for them to go */
	RUN_DONE,
};

/* The process that a RUN or SHELL request started, and all it started. */
struct run {
	enum run_state state;
	pid_t pid;
	int out; /* pipe of stdout and stderr, or -1 */
	bool traced;
	bool samples;
	bool perf;
	bool timed_out;
	bool reaped; /* status and usage are valid */
	bool stuck; /* something survived SIGKILL */
	int status;
	struct rusage usage;
	uint64_t start_ns;
	uint64_t wall_ns;
	uint64_t deadline_ns; /* of the state; 0: none */
	uint32_t id;
};

struct request {
	uint16_t type;
	uint32_t id;
	const uint8_t *data;
	size_t len;
};

/** run_start - start what a RUN asks for. Return: 0, or -1 with @e set. */
int run_start(struct run *r, const struct request *q, struct port *p,
	      struct gerr *e);

/** run_shell - start a shell on the console. Return: 0, or -1 with @e set. */
int run_shell(struct run *r, const struct request *q, struct gerr *e);

/**
 * run_output - send what the pipe holds now
 *
 * Return: whether it held anything. Closes the pipe at its end.
 */
bool run_output(struct run *r, struct port *p);

/**
 * run_step - reap children and go on to the next state if it is time
 *
 * Call on SIGCHLD and when the deadline has passed.
 */
void run_step(struct run *r);

/**
 * run_stop - have what runs end now, whatever its time limit
 *
 * Its trace and what perf left are given up; its output and samples are not.
 */
void run_stop(struct run *r);

/** run_finish - after RUN_DONE: send output, samples, trace, then REPLY. */
void run_finish(struct run *r, struct port *p);

/* settings.c */

/**
 * settings_apply - write what the RUN request @q says under "set"
 *
 * Return: 0, or -1 with @e set and nothing changed.
 */
int settings_apply(const struct request *q, struct gerr *e);

/**
 * settings_restore - write back what was there before, in reverse order
 * @e: set if one of them can't be had back; may be NULL
 */
void settings_restore(struct gerr *e);

/* where.c */

/**
 * where - say in the kernel's log where the test's tasks and the CPUs are
 * @why: what is wrong
 */
void where(const char *why);

/* shell.c */

/** shell_exec - in a child: become an interactive shell on the console. */
_Noreturn void shell_exec(void);

/** shell_only - boot into a shell, power off when it ends. */
_Noreturn void shell_only(void);

/** arm_command - the `arm NAME` command of the shell. Return: exit status. */
int arm_command(int argc, char **argv);

/* fault.c */

/** fault_before_hello, fault_after_hello - faults the host is tested with. */
void fault_before_hello(void);
void fault_after_hello(struct port *p);

/** fault_stuck - whether the fault is that a program's time limit is ignored. */
bool fault_stuck(void);

/** fault_run - kill @pid if it is the first program and that is the fault. */
void fault_run(pid_t pid);

#endif
