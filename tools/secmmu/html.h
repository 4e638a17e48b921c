/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing HTML: whatever comes from a file goes through html_text(). */
#ifndef SECMMU_HTML_H
#define SECMMU_HTML_H

#include <stdio.h>

/** html_text - @s with all that HTML gives a meaning to escaped. */
void html_text(FILE *f, const char *s);

/**
 * html_printf - printf that escapes
 *
 * Takes no conversion but %s; its argument is escaped, the format is not.
 */
void html_printf(FILE *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * html_svg - gnuplot's SVG as an inline image
 * @svg: a whole file of gnuplot's `svg` terminal
 * @n: number of the image in the page, for unique ids
 * @title: for screen readers and as tooltip
 * @desc: what is to be seen, in words
 *
 * Black becomes the colour of the text around, and the colours that
 * PLOT_COLOUR() makes become the style sheet's --cN, so that the page's scheme
 * decides. The marks' definitions are left out: html_svg_marks() writes them,
 * once in a page.
 */
void html_svg(FILE *f, const char *svg, unsigned int n, const char *title,
	      const char *desc);
void html_svg_marks(FILE *f);

#endif
