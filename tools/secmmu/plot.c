// SPDX-License-Identifier: GPL-2.0-only
/* Running gnuplot: see plot.h. */
#include "plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

int plots_begin(struct plots *p)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	*p = (struct plots){ 0 };
	p->dir = xasprintf("%s/secmmu-plots-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(p->dir)) {
		err("cannot make folder %s: %s", p->dir, strerror(errno));
		free(p->dir);
		p->dir = NULL;
		return -1;
	}
	path = xasprintf("%s/plots.gp", p->dir);
	p->script = fopen(path, "w");
	if (!p->script)
		err("cannot write %s: %s", path, strerror(errno));
	else
		fputs("set encoding utf8\n", p->script);
	free(path);
	return p->script ? 0 : -1;
}

void plots_next(struct plots *p, unsigned int width, unsigned int height)
{
	fprintf(p->script, "reset\n"
		"set terminal svg size %u,%u dynamic font \"sans-serif,13\" "
		"name \"p%u\" noenhanced\n"
		"set output \"%u.svg\"\n"
		"set border 3 lc rgb " PLOT_COLOUR "\n"
		"set grid lc rgb " PLOT_COLOUR " lt 1 lw 0.7\n"
		"set tics nomirror\n"
		"unset key\n", width, height, p->n, p->n, COLOUR_MUTED,
		COLOUR_GRID);
	p->n++;
}

/* What gnuplot said last, as one line. */
static void gnuplot_failed(const char *log, int status)
{
	char *text = read_file(log, NULL), *line = text;
	size_t n;

	if (!text)
		return;
	for (n = strlen(text); n && strchr("\n ", text[n - 1]); n--)
		text[n - 1] = '\0';
	if (strrchr(text, '\n'))
		line = strrchr(text, '\n') + 1;
	err("gnuplot failed with status %d: %s", status, line);
	free(text);
}

int plots_run(struct plots *p)
{
	char *argv[] = { "gnuplot", "plots.gp", NULL };
	char *log = xasprintf("%s/log", p->dir);
	struct proc proc = { .argv = argv, .cwd = p->dir, .log = log };
	int bad = ferror(p->script), ret = ST_HARNESS;

	if (fclose(p->script) || bad) {
		err("cannot write in %s: %s", p->dir, strerror(errno));
		p->script = NULL;
		goto out;
	}
	p->script = NULL;
	switch (bad = proc_run(&proc)) {
	case 0:
		ret = ST_OK;
		break;
	case -2:
		ret = ST_INTR;
		break;
	case 127:
		err("gnuplot is missing: install the package gnuplot-nox");
		ret = ST_USAGE;
		break;
	default:
		gnuplot_failed(log, bad);
	}
out:
	free(log);
	return ret;
}

char *plots_svg(const struct plots *p, unsigned int i)
{
	char *path = xasprintf("%s/%u.svg", p->dir, i);
	char *svg = read_file(path, NULL);

	free(path);
	return svg;
}

void plots_end(struct plots *p)
{
	if (p->script)
		fclose(p->script);
	if (p->dir)
		remove_tree(p->dir);
	free(p->dir);
	*p = (struct plots){ 0 };
}
