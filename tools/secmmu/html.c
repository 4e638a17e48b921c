// SPDX-License-Identifier: GPL-2.0-only
/* Writing HTML: see html.h. */
#include "html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

void html_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			/* Control characters are not allowed in HTML. */
			fputc((unsigned char)*s < ' ' && *s != '\n' &&
			      *s != '\t' ? '?' : *s, f);
		}
	}
}

void html_printf(FILE *f, const char *fmt, ...)
{
	const char *p;
	va_list ap;

	va_start(ap, fmt);
	while ((p = strstr(fmt, "%s"))) {
		fwrite(fmt, 1, (size_t)(p - fmt), f);
		html_text(f, va_arg(ap, const char *));
		fmt = p + 2;
	}
	va_end(ap);
	fputs(fmt, f);
}

/* What gnuplot writes, and what becomes of it. */
static const struct rule {
	const char *from, *to;
} rules[] = {
	{ " color=\"black\"", "" },
	{ " color=\"white\"", "" },
	{ "'black'", "'currentColor'" },
	{ "\"black\"", "\"currentColor\"" },
	{ " font-family=\"sans-serif\"", "" },
	{ " stroke-linecap=\"butt\" stroke-linejoin=\"miter\"", "" },
	{ " stroke-width=\"1.00\"", "" },
	{ " id=\"gnuplot_canvas\"", "" },
};

/* "rgb(  1,   0,  NN)" at @p: its length and @colour, or 0. */
static size_t own_colour(const char *p, unsigned int *colour)
{
	unsigned int red, green;
	int len = 0;

	if (strncmp(p, "rgb(", 4) ||
	    sscanf(p, "rgb(%u,%u,%u)%n", &red, &green, colour, &len) != 3)
		return 0;
	return red == 1 && green == 0 ? (size_t)len : 0;
}

/* A group that gnuplot opened and closed at once; its length, or 0. */
static size_t empty_group(const char *p)
{
	const char *end;

	if (strncmp(p, "<g ", 3))
		return 0;
	end = strchr(p, '>');
	return end && !strncmp(end + 1, "\n</g>\n", 6) ?
	       (size_t)(end + 7 - p) : 0;
}

static size_t unnamed_title(const char *p)
{
	const char *end;

	if (strncmp(p, "<title>p", 8))
		return 0;
	end = strstr(p, "</title>");
	if (!end || !memmem(p, (size_t)(end - p), "_plot_", 6))
		return 0;
	return (size_t)(end + 8 - p);
}

static void body(FILE *f, const char *p, const char *end)
{
	unsigned int colour;
	size_t n, i;

	while (p < end) {
		n = empty_group(p) + unnamed_title(p);
		if (n) {
			p += n;
			continue;
		}
		n = own_colour(p, &colour);
		if (n) {
			fprintf(f, "var(--c%u)", colour);
			p += n;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(rules); i++) {
			n = strlen(rules[i].from);
			if (!strncmp(p, rules[i].from, n))
				break;
		}
		if (i < ARRAY_SIZE(rules)) {
			fputs(rules[i].to, f);
			p += n;
			continue;
		}
		if (*p != '\t')
			fputc(*p, f);
		p++;
	}
}

void html_svg(FILE *f, const char *svg, unsigned int n, const char *title,
	      const char *desc)
{
	const char *box = strstr(svg, "viewBox=\""), *defs, *p, *end;
	unsigned int w = 0, h = 0;

	if (!box || sscanf(box, "viewBox=\"0 0 %u %u\"", &w, &h) != 2)
		return;
	fprintf(f, "<svg viewBox=\"0 0 %u %u\" role=\"img\" "
		"aria-labelledby=\"s%u-t s%u-d\">", w, h, n, n);
	fprintf(f, "<title id=\"s%u-t\">", n);
	html_text(f, title);
	fprintf(f, "</title><desc id=\"s%u-d\">", n);
	html_text(f, desc);
	fprintf(f, "</desc>\n");
	defs = strstr(svg, "</defs>");
	p = defs ? defs + strlen("</defs>") : svg;
	end = strstr(p, "</svg>");
	/* The canvas group opened before the definitions. */
	fputs("<g>", f);
	body(f, p, end ? end : p + strlen(p));
	fputs("</svg>\n", f);
}

void html_svg_marks(FILE *f)
{
	fputs("<svg width=\"0\" height=\"0\" class=\"marks\" aria-hidden=\"true\">"
	      "<defs>"
	      "<rect id=\"gpPt4\" fill=\"currentColor\" x=\"-1\" y=\"-1\" "
	      "width=\"2\" height=\"2\"/>"
	      "<circle id=\"gpPt5\" fill=\"none\" stroke-width=\".4\" "
	      "stroke=\"currentColor\" r=\"1\"/>"
	      "<circle id=\"gpPt6\" fill=\"currentColor\" stroke=\"none\" "
	      "r=\"1\"/>"
	      "<path id=\"gpPt12\" fill=\"currentColor\" stroke=\"none\" "
	      "d=\"M0,-1.5 L1.5,0 L0,1.5 L-1.5,0 z\"/>"
	      "</defs></svg>\n", f);
}
