// SPDX-License-Identifier: GPL-2.0-only
/* One control: its header, its plan, its verdict. See control.h. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
#include "lanes.h"
#include "plan_keys.h"
#include "status.h"
#include "util.h"

static int bad(const struct control *c, const char *key, const char *what)
{
	err("%s: Control-%s: %s", c->path, key, what);
	return ST_USAGE;
}

static int set_kind(struct control *c, const char *kind)
{
	for (int k = 0; k < FINDING_KINDS; k++) {
		if (strcmp(kind, finding_kind_name(k)))
			continue;
		c->kind = k;
		return ST_OK;
	}
	return bad(c, "expect", "no such kind of finding; docs/testing.md lists them");
}

/* "test EVENT" or "kernel KIND[ TEXT]" */
static int set_expect(struct control *c, const char *value)
{
	char *kind;
	size_t n;
	int ret;

	if (!strncmp(value, "test ", 5)) {
		c->test = xstrdup(value + 5);
		return ST_OK;
	}
	if (strncmp(value, "kernel ", 7))
		return bad(c, "expect", "neither 'test EVENT' nor 'kernel KIND TEXT'");
	value += 7;
	n = strcspn(value, " ");
	kind = xasprintf("%.*s", (int)n, value);
	c->text = xstrdup(value + n + (value[n] == ' '));
	ret = set_kind(c, kind);
	free(kind);
	return ret;
}

static int set(struct control *c, const char *key, const char *value)
{
	struct {
		const char *key;
		char **at;
	} keys[] = {
		{ "lane", &c->lane }, { "arm", &c->arm },
		{ "program", &c->program }, { "args", &c->args },
		{ "events", &c->events }, { "append", &c->append },
	};

	if (!strcmp(key, "expect"))
		return c->test || c->text ? bad(c, key, "is there twice") :
					    set_expect(c, value);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i].key))
			continue;
		if (*keys[i].at)
			return bad(c, key, "is there twice");
		*keys[i].at = xstrdup(value);
		return ST_OK;
	}
	return bad(c, key, "unknown; there is: lane arm program args events append expect");
}

/* "Control-KEY: VALUE"; anything else is no business of ours. */
static int read_line(struct control *c, char *line)
{
	char *colon;

	if (strncmp(line, "Control-", 8))
		return ST_OK;
	line += 8;
	colon = strstr(line, ": ");
	if (!colon)
		return bad(c, line, "has no value");
	*colon = '\0';
	return set(c, line, colon + 2);
}

static int check(const struct control *c)
{
	if (!c->arm)
		return bad(c, "arm", "is missing");
	if (!c->program)
		return bad(c, "program", "is missing");
	if (!c->events)
		return bad(c, "events", "is missing");
	if (!c->test && !c->text)
		return bad(c, "expect", "is missing");
	return ST_OK;
}

int control_load(const char *path, struct control *c)
{
	const char *base = strrchr(path, '/');
	char *text = read_file(path, NULL);
	char *save, *line;
	int ret = text ? ST_OK : ST_USAGE;

	base = base ? base + 1 : path;
	memset(c, 0, sizeof(*c));
	c->path = xstrdup(path);
	c->name = xasprintf("%.*s", (int)strcspn(base, "."), base);
	for (line = text ? strtok_r(text, "\n", &save) : NULL;
	     line && ret == ST_OK && strcmp(line, "---");
	     line = strtok_r(NULL, "\n", &save))
		ret = read_line(c, line);
	if (ret == ST_OK)
		ret = check(c);
	free(text);
	return ret;
}

void control_free(struct control *c)
{
	free(c->name);
	free(c->path);
	free(c->lane);
	free(c->arm);
	free(c->program);
	free(c->args);
	free(c->events);
	free(c->append);
	free(c->test);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

char *control_plan(const struct control *c)
{
	return xasprintf("[plan]\nboots = 1\nclock = wall\narms = %s\naa = none\n"
			 "lane = %s\nmemory = 2048\n\n"
			 "[test control]\nprogram = %s\nevents = %s\ntraced = none\n"
			 "timeout = 300\n%s%s\n", c->arm,
			 c->lane ? c->lane : LANE_PLAIN, c->program, c->events,
			 c->args ? "args = " : "", c->args ? c->args : "");
}

/* The result of @name, or of anything that FAILed if @name is NULL. */
static const json_t *failed_test(const json_t *boot, const char *name)
{
	size_t i;
	json_t *t;

	json_array_foreach(json_object_get(boot, "tests"), i, t)
		if ((!name || !strcmp(jsonio_text(t, "name"), name)) &&
		    !strcmp(jsonio_text(t, "status"), status_name(STATUS_FAIL)))
			return t;
	return NULL;
}

static char *nothing(const json_t *boot)
{
	const char *reason = jsonio_text(boot, "reason");

	return xasprintf("nothing noticed it: the boot is %s%s%s",
			 jsonio_text(boot, "status"), *reason ? ": " : "", reason);
}

char *control_verdict(const struct control *c, const json_t *boot)
{
	const json_t *finding =
		json_array_get(json_object_get(boot, "kernel_findings"), 0);
	const json_t *test = failed_test(boot, c->test);

	if (finding && (c->test || strcmp(jsonio_text(finding, "kind"),
					  finding_kind_name(c->kind)) ||
			!strstr(jsonio_text(finding, "line"), c->text)))
		return xasprintf("the kernel caught it first (%s): %s",
				 jsonio_text(finding, "kind"), jsonio_text(finding, "line"));
	if (c->test && test)
		return NULL;
	if (!c->test && finding)
		return NULL;
	test = failed_test(boot, NULL);
	if (test)
		return xasprintf("test %s caught it: %s", jsonio_text(test, "name"),
				 jsonio_text(test, "reason"));
	return nothing(boot);
}
