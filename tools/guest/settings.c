// SPDX-License-Identifier: GPL-2.0-only
/* Settings of the kernel that a test wants, for as long as it runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

#define SETTINGS_MAX 16

static struct setting {
	char file[192];
	char old[128];
} settings[SETTINGS_MAX];

static unsigned int n_settings;

/* What to write to have the setting back that was read as @text. */
static const char *chosen(char *text)
{
	char *open = strchr(text, '[');
	char *close = open ? strchr(open, ']') : NULL;

	/* Of a choice, "always [madvise] never". */
	if (!close)
		return text;
	*close = '\0';
	return open + 1;
}

static int apply(struct setting *s, const char *text, struct gerr *e)
{
	const char *is = strchr(text, '=');

	if (!is || (size_t)(is - text) >= sizeof(s->file))
		return gerr_set(e, "set: not FILE=VALUE, or too long");
	snprintf(s->file, sizeof(s->file), "%.*s", (int)(is - text), text);
	if (read_str(s->file, s->old, sizeof(s->old)) < 0 ||
	    write_str(s->file, is + 1))
		return gerr_set(e, "cannot set %s to %s: %s", s->file, is + 1,
				strerror(errno));
	return 0;
}

int settings_apply(const struct request *q, struct gerr *e)
{
	const char *text;

	n_settings = 0;
	while ((text = frame_text_get(q->data, q->len, "set", n_settings))) {
		if (n_settings == SETTINGS_MAX) {
			gerr_set(e, "set: more than %d", SETTINGS_MAX);
			goto undo;
		}
		if (apply(&settings[n_settings], text, e))
			goto undo;
		n_settings++;
	}
	return 0;

undo:
	settings_restore(NULL);
	return -1;
}

void settings_restore(struct gerr *e)
{
	while (n_settings) {
		struct setting *s = &settings[--n_settings];
		const char *old = chosen(s->old);

		if (write_str(s->file, old) && e)
			gerr_set(e, "cannot set %s back to %s: %s", s->file,
				 old, strerror(errno));
	}
}
