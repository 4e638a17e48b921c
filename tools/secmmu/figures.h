/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sample of an event is. Mostly the time of a system call, but some tests
 * time something else, and the metric "syscall" is whatever they time.
 */
#ifndef SECMMU_FIGURES_H
#define SECMMU_FIGURES_H

#include <stdbool.h>

#include "folder.h"

/** figure_of - "system call time", "time of 1000 steps of vCPUs"... */
const char *figure_of(const char *event);

/** figure_is_call - whether the samples of @event are system call times. */
bool figure_is_call(const char *event);

/**
 * figure_of_run - what the samples of all events of a run are
 *
 * Return: as figure_of(), or NULL if they are not all the same.
 */
const char *figure_of_run(const struct folder *f);

/**
 * figure_metric - the name of a metric of an event, for people
 *
 * metric_name(), but "time" for METRIC_SYSCALL where that is no system call.
 */
const char *figure_metric(const char *event, enum metric m);

/** figure_what - what a metric of an event is, in words. */
const char *figure_what(const char *event, enum metric m);

#endif
