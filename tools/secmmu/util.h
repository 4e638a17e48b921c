/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages, memory, files and child processes for the host command. */
#ifndef SECMMU_UTIL_H
#define SECMMU_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit status of every verb. */
enum {
	ST_OK = 0,		/* all well */
	ST_FAIL = 1,		/* a test or comparison failed */
	ST_USAGE = 2,		/* usage, or a requirement is missing */
	ST_HARNESS = 3,		/* secmmu itself broke */
	ST_INTR = 130,		/* ended by a signal */
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/**
 * err - print "secmmu: error: ..." on standard error, as one line
 *
 * Control characters are printed as '?': arguments may come from the guest.
 */
void err(const char *fmt, ...) PRINTF_LIKE(1, 2);

/**
 * err_redirect - let err() write to @f; NULL: to standard error again
 *
 * Return: where it has written before, or NULL for standard error.
 */
FILE *err_redirect(FILE *f);

/* Gets each line that err() prints, without its end; NULL: nobody. */
extern void (*err_observer)(const char *line);

/** info - print one line of progress, with the time since the start. */
void info(const char *fmt, ...) PRINTF_LIKE(1, 2);

/**
 * live - say what is going on, until the next one or live_end()
 *
 * As info(), but on a terminal in a line that is replaced. Whoever prints by other
 * means calls live_end() first.
 */
void live(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* As malloc and friends, but print an error and exit(ST_HARNESS) on failure. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/** xmemstream - as open_memstream(), with the same on failure. */
FILE *xmemstream(char **text, size_t *len);

/** now_ns - CLOCK_MONOTONIC in ns. */
uint64_t now_ns(void);

/**
 * parse_u64 - read a decimal number that is the whole of @s
 *
 * Return: 0, or -1 if @s is no number or outside [@min, @max]; prints nothing.
 */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/**
 * valid_name - whether @s is made of [a-z0-9_-] and 1 to @max characters long
 */
bool valid_name(const char *s, size_t max);

/*
 * Files. These print an error naming the path and return -1 on failure,
 * 0 otherwise, unless said otherwise.
 */
int mkdir_p(const char *path);
int remove_tree(const char *path);		/* a missing one is no error */
int copy_file(const char *from, const char *to);	/* keeps the mode */
int rename_path(const char *from, const char *to);
bool path_exists(const char *path);		/* prints nothing */

/** any_exists - whether @dir holds one of the @n @names; prints nothing */
bool any_exists(const char *dir, const char *const *names, size_t n);

/** read_file - whole file, NUL-terminated; free() it. NULL on failure. */
char *read_file(const char *path, size_t *len);

/**
 * write_file - replace @path atomically: a reader sees the old or the new
 */
int write_file(const char *path, const void *data, size_t len);

/** sync_path - have a file's content, or a folder's names, on the disk */
int sync_path(const char *path);

/** sha256_file - hex digest into @hex. */
int sha256_file(const char *path, char hex[65]);

/**
 * lock_file - take an exclusive lock, for as long as the process lives
 * @path: created if missing
 * @what: what is being locked, for the message
 * @wait: wait for another holder (with a message), or fail
 *
 * Return: the file descriptor (close it to unlock), or -1.
 */
int lock_file(const char *path, const char *what, bool wait);

/*
 * Signals. main() blocks SIGINT, SIGTERM and SIGHUP and every loop polls
 * sig_fd() beside its own descriptors, so that clean-up code always runs.
 */
void sig_init(void);
int sig_fd(void);
/** sig_pending - true once a signal came; stays true. Never blocks. */
bool sig_pending(void);

struct proc {
	char *const *argv;	/* argv[0] is looked up in PATH */
	const char *cwd;	/* or NULL */
	const char *log;	/* stdout and stderr are appended there; NULL: inherit */
	const char *label;	/* shown in progress lines; NULL: silent */
	unsigned int expect_s;	/* how long it usually takes, 0: unknown */
	char *const *env;	/* "K=V" added to the environment, or NULL */
};

/**
 * proc_run - run a command to its end
 *
 * The child has its own process group, which is killed when a signal arrives
 * or secmmu dies.
 *
 * Return: its exit status 0..255, 128+N if it died of signal N, -1 if it could
 * not be run (message printed), -2 if interrupted.
 */
int proc_run(const struct proc *p);

/** proc_capture - as proc_run, returning standard output (free() it) or NULL. */
char *proc_capture(char *const *argv, const char *cwd);

/** cache_dir - SECMMU_CACHE, or XDG_CACHE_HOME/secmmu, or ~/.cache/secmmu. */
const char *cache_dir(void);

/**
 * top_dir - the checkout this binary belongs to: SECMMU_TOP, else found from the
 * binary's own path.
 */
const char *top_dir(void);

#endif
