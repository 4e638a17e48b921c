/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of kernel_prepare(): what its steps share. */
#ifndef SECMMU_BUILD_H
#define SECMMU_BUILD_H

#include <stdint.h>

#include "arms.h"
#include "kernel.h"
#include "lanes.h"
#include "series.h"
#include "source.h"
#include "tree.h"

struct build_arm {
	const struct arm *arm;
	char *odir;		/* absolute */
	char vmlinux[65];	/* sha256 */
	unsigned int seconds;	/* it took this time; 0: nothing to do */
};

struct build {
	const struct kernel_opts *o;
	char *dir;		/* CACHE/build, or CACHE/build/lane.NAME */
	struct lane lane;
	int lock;
	struct source src;
	struct series series;
	struct arms all;	/* of arms.ini */
	struct arms arms;	/* those wanted */
	struct tree patched;	/* the series, and our selftests */
	struct tree stock;	/* KVM but for its own patches */
	char *config;		/* text of the base's .config */
	char *compiler;		/* and binutils: one line */
	char series_hash[65], config_hash[65];
	char key[65];
	char base_vmlinux[65];
	struct build_arm *v;	/* one for each of arms */
	unsigned int step, steps;
};

/**
 * build_init - read lists of arms and lanes, fix the environment
 *
 * Return: a status; build_free() in every case.
 */
int build_init(struct build *b, const struct kernel_opts *o);

/**
 * build_lock - wait until nobody else builds in this lane's folders
 *
 * Needed before anything is written below b->dir. Return: a status.
 */
int build_lock(struct build *b);

/** build_source - set src and compiler. Return: a status. */
int build_source(struct build *b);

void build_free(struct build *b);

/** step_begin - announce the next step. Return: the time it began. */
uint64_t step_begin(struct build *b, const char *what, unsigned int expect_s);

/**
 * build_make - make in a build folder of a tree
 * @what: for messages, and name of the log
 * @odir: absolute, inside @tree
 * @targets: ended by NULL
 *
 * Return: ST_OK, ST_FAIL (something did not compile) or as run().
 */
int build_make(struct build *b, const char *what, const char *tree,
	       const char *odir, unsigned int expect_s, char *const *targets);

/** build_trees - both source trees as they should be. Return: a status. */
int build_trees(struct build *b);

/**
 * configure_base - the base's .config, checked against the fragments
 * @odir: its build folder
 *
 * Sets b->config as well.
 *
 * Return: a status.
 */
int configure_base(struct build *b, const char *odir);

/**
 * configure_arm - an arm's .config, checked for the arm's symbol
 * @tree: the source tree that @odir is in
 *
 * Return: a status.
 */
int configure_arm(struct build *b, const struct arm *arm, const char *tree,
		  const char *odir);

/** build_kernels - vmlinux, bzImage and every arm's modules. Return: a status. */
int build_kernels(struct build *b);

/** build_selftests - install static KVM selftests in @out. Return: a status. */
int build_selftests(struct build *b, const char *out);

/** build_add_selftests - the programs, stripped, in @dir/selftests. Return: a status. */
int build_add_selftests(struct build *b, const char *dir);

/** build_artifacts - the folder @dir of docs/contracts.md, section 1. */
int build_artifacts(struct build *b, const char *dir);

/* Paths, to be freed. */
char *base_odir(const struct build *b);

#endif
