/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SECMMU_VERBS_H
#define SECMMU_VERBS_H

#include <stdbool.h>

/*
 * One function per verb, each in verb_NAME.c. @argv[0] is the verb. They print
 * their own errors and return an exit status (enum in util.h).
 */
int verb_bisect(int argc, char **argv);
int verb_compare(int argc, char **argv);
int verb_controls(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_kernel(int argc, char **argv);
int verb_pathlen(int argc, char **argv);
int verb_patches(int argc, char **argv);
int verb_perf(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_selftests(int argc, char **argv);
int verb_shell(int argc, char **argv);
int verb_sites(int argc, char **argv);

/* secmmu compare with folders instead of a plan; and what --margin says. */
bool comparedirs_wanted(int argc, char **argv);
int verb_comparedirs(int argc, char **argv);
int comparedirs_margin(const char *option, const char *s, double *margin);

#endif
