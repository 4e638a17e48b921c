/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live line: on a terminal, one line at the bottom that says what is going on,
 * and is replaced by the next. Below info(), err() and live() of util.h.
 */
#ifndef SECMMU_LIVE_H
#define SECMMU_LIVE_H

#include <stdbool.h>

/** live_on - whether standard output is a terminal that can do it. */
bool live_on(void);

/** live_off - plain lines from now on, whatever standard output is. */
void live_off(void);

/**
 * live_share - processes begun from now on draw as well, until live_end()
 *
 * Nobody knows what they have drawn, so it is cleared whether there is a line or not.
 */
void live_share(void);

/** live_draw - replace the line by @line, cut to the terminal's width. */
void live_draw(const char *line);

/** live_hide - clear the line: something else is about to be printed. */
void live_hide(void);

/** live_show - and draw it again. */
void live_show(void);

/** live_end - clear it for good: what it told about is over. */
void live_end(void);

#endif
