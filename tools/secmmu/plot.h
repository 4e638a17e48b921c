/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of plots made by one run of gnuplot. */
#ifndef SECMMU_PLOT_H
#define SECMMU_PLOT_H

#include <stdio.h>

/* Colour number N of the page's style sheet, for `lc rgb`. */
#define PLOT_COLOUR "\"#0100%02x\""
#define PLOT_FAINT "\"#900100%02x\""	/* mostly transparent */

enum plot_colour {		/* 0..15: arms */
	COLOUR_MUTED = 16,	/* secondary marks */
	COLOUR_GRID,
	COLOUR_BAND,		/* the margin */
	COLOUR_WAIT,
	COLOUR_HOLD,
};

struct plots {
	char *dir;		/* temporary */
	FILE *script;
	unsigned int n;
};

/** plots_begin - start a script; 0, or -1 with an error printed. */
int plots_begin(struct plots *p);

/**
 * plots_next - begin the next plot; commands go to @p->script
 * @width, @height: in pixels of the picture at full size
 *
 * Labels in commands must be of checked characters: they are not escaped.
 */
void plots_next(struct plots *p, unsigned int width, unsigned int height);

/**
 * plots_run - run gnuplot on the script
 *
 * Return: ST_OK; ST_USAGE if gnuplot is missing, ST_HARNESS or ST_INTR, with
 * an error printed.
 */
int plots_run(struct plots *p);

/** plots_svg - the SVG of plot @i, from 0; free() it. NULL: error printed. */
char *plots_svg(const struct plots *p, unsigned int i);

/** plots_end - remove what plots_begin() made; may be called at any time. */
void plots_end(struct plots *p);

#endif
