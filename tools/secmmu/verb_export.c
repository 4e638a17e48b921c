// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "export.h"
#include "util.h"
#include "verbs.h"

static const char help[] =
	"usage: secmmu export [OPTION...] [DIR]\n"
	"\n"
	"Writes a results folder for other programs: every sample, and what the samples\n"
	"of each boot come to (median, p90, p99, max per arm, event and metric). The\n"
	"columns are in docs/results.md. Boots that did not pass are left out.\n"
	"\n"
	"  DIR                  the results folder (default: results/latest)\n"
	"  --format csv|json    (csv)\n"
	"  --what samples|boots one of both, to standard output or FILE\n"
	"  --output FILE        with --what: there instead\n"
	"  --help               this text\n"
	"\n"
	"Without --what, both: DIR/export-samples.FORMAT and DIR/export-boots.FORMAT.\n"
	"\n"
	"Exit status: 0 done; 2 usage, or the folder is missing or damaged; 3 the\n"
	"export could not be written.\n";

struct options {
	enum export_format format;
	int what;		/* enum export_what, or -1: both */
	const char *output;
	const char *dir;
};

static int set_format(struct options *o, const char *s)
{
	if (!strcmp(s, "csv"))
		o->format = EXPORT_CSV;
	else if (!strcmp(s, "json"))
		o->format = EXPORT_JSON;
	else
		err("--format: '%s' is none of csv, json", s);
	return !strcmp(s, export_format_name(o->format)) ? 0 : -1;
}

static int set_what(struct options *o, const char *s)
{
	if (!strcmp(s, "samples"))
		o->what = EXPORT_SAMPLES;
	else if (!strcmp(s, "boots"))
		o->what = EXPORT_BOOTS;
	else
		err("--what: '%s' is none of samples, boots", s);
	return o->what < 0 ? -1 : 0;
}

/* Return: ST_OK, ST_USAGE, or -1 if the help was wanted. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longopts[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "what", required_argument, NULL, 'w' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (c == '?') {
			err("export: %s: not understood; see secmmu export --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
		if ((c == 'f' && set_format(o, optarg)) ||
		    (c == 'w' && set_what(o, optarg)))
			return ST_USAGE;
		if (c == 'o')
			o->output = optarg;
	}
	if (argc - optind > 1) {
		err("export: unexpected '%s'; see secmmu export --help",
		    argv[optind + 1]);
		return ST_USAGE;
	}
	if (o->output && o->what < 0) {
		err("--output %s: needs --what samples or --what boots",
		    o->output);
		return ST_USAGE;
	}
	o->dir = argv[optind];
	return ST_OK;
}

static int export_both(const struct options *o)
{
	char *path;
	int what, ret = ST_OK;

	for (what = 0; what <= EXPORT_BOOTS && ret == ST_OK; what++) {
		path = xasprintf("%s/export-%s.%s", o->dir,
				 export_what_name((enum export_what)what),
				 export_format_name(o->format));
		ret = export_file(o->dir, (enum export_what)what, o->format,
				  path);
		if (ret == ST_OK)
			printf("%s\n", path);
		free(path);
	}
	return ret;
}

int verb_export(int argc, char **argv)
{
	struct options o = { .what = -1 };
	char *latest = NULL;
	struct stat st;
	int ret = parse(argc, argv, &o);

	if (ret < 0) {
		fputs(help, stdout);
		return ST_OK;
	}
	if (ret != ST_OK)
		return ret;
	if (!o.dir)
		o.dir = latest = xasprintf("%s/results/latest", top_dir());
	if (stat(o.dir, &st) || !S_ISDIR(st.st_mode)) {
		err("%s: no results folder there", o.dir);
		ret = ST_USAGE;
	} else if (o.what < 0) {
		ret = export_both(&o);
	} else if (o.output) {
		ret = export_file(o.dir, (enum export_what)o.what, o.format,
				  o.output);
	} else {
		ret = export_write(o.dir, (enum export_what)o.what, o.format,
				   stdout);
	}
	free(latest);
	return ret;
}
