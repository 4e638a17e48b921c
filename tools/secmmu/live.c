// SPDX-License-Identifier: GPL-2.0-only
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* To the line's start, and erase it. */
#define CLEAR "\r\033[K"

static enum { UNKNOWN, ON, OFF } mode;
static char current[256];
static bool used;		/* there may be a line, ours or another process's */

bool live_on(void)
{
	const char *term;

	if (mode == UNKNOWN) {
		term = getenv("TERM");
		mode = isatty(STDOUT_FILENO) && term && *term &&
		       strcmp(term, "dumb") ? ON : OFF;
	}
	return mode == ON;
}

void live_off(void)
{
	live_end();
	mode = OFF;
}

/* Asked each time: windows change. */
static int width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_col)
		return 80;
	return w.ws_col;
}

void live_share(void)
{
	used = true;
}

void live_draw(const char *line)
{
	used = true;
	snprintf(current, sizeof(current), "%s", line);
	/* A character of several bytes may take any number of columns. */
	for (char *p = current; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	live_show();
}

/* In one piece, as several processes may draw; the last column would wrap. */
void live_show(void)
{
	if (!live_on() || !*current)
		return;
	printf(CLEAR "%.*s", width() - 1, current);
	fflush(stdout);
}

void live_hide(void)
{
	if (!used || !live_on())
		return;
	fputs(CLEAR, stdout);
	fflush(stdout);
}

void live_end(void)
{
	*current = '\0';
	live_hide();
	used = false;
}
