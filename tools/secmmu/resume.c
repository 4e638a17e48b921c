// SPDX-License-Identifier: GPL-2.0-only
#include "resume.h"

#include <dirent.h>
#include <errno.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "status.h"
#include "util.h"

#define VALUE_MAX 60	/* longer ones say nothing in a message */

char *resume_run_id(const json_t *identity, uint64_t seed)
{
	char *dump = json_dumps(identity, JSON_COMPACT | JSON_SORT_KEYS);
	char *text = xasprintf("%s %llu", dump ? dump : "",
			       (unsigned long long)seed);
	char hex[SHA256_DIGEST_STRING_LENGTH];

	SHA256Data((const uint8_t *)text, strlen(text), hex);
	free(text);
	free(dump);
	return xstrdup(hex);
}

json_t *resume_load(const char *dir)
{
	char *path = xasprintf("%s/manifest.json", dir);
	json_error_t e = { .line = 0 };
	json_t *m = json_load_file(path, JSON_REJECT_DUPLICATES, &e);

	if (!path_exists(path)) {
		err("%s: no run to go on with: %s", path, strerror(ENOENT));
	} else if (!m) {
		err("%s:%d: %s", path, e.line, e.text);
	} else if (!json_is_object(json_object_get(m, "identity")) ||
		   !json_is_integer(json_object_get(m, "seed"))) {
		err("%s: no \"identity\" and \"seed\" in it: this run cannot be gone on with",
		    path);
		json_decref(m);
		m = NULL;
	}
	free(path);
	return m;
}

/* A value for a message; free() it. */
static char *show(const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) :
			     strdup("nothing");

	if (text && strlen(text) <= VALUE_MAX)
		return text;
	free(text);
	return xstrdup("something else");
}

static const char *hint(const char *key)
{
	if (!strcmp(key, "kernel_key"))
		return "series, selftests, configuration or compiler have changed";
	if (!strcmp(key, "qemu"))
		return "QEMU has changed";
	return "use the options it was started with";
}

static void tell_difference(const char *dir, const char *key, const json_t *a,
			    const json_t *b)
{
	char *there = show(a), *here = show(b);

	err("%s: not the same run: %s is %s there and %s now: %s, or start a new one",
	    dir, key, there, here, hint(key));
	free(there);
	free(here);
}

/* The first member of @b that @a has otherwise, or not at all. */
static const char *first_difference(const json_t *a, json_t *b)
{
	const char *key;
	json_t *v;

	json_object_foreach(b, key, v)
		if (!json_equal(json_object_get(a, key), v))
			return key;
	return NULL;
}

int resume_same(const char *dir, const json_t *manifest, const json_t *identity)
{
	const json_t *a = json_object_get(manifest, "identity");
	const json_t *b = identity;
	const char *key = first_difference(a, (json_t *)b);

	if (!key && json_object_size(a) == json_object_size(b))
		return ST_OK;
	if (key && !strcmp(key, "plan_spec")) {
		a = json_object_get(a, key);
		b = json_object_get(b, key);
		key = first_difference(a, (json_t *)b);
	}
	if (!key)
		key = "the plan";
	tell_difference(dir, key, json_object_get(a, key),
			json_object_get(b, key));
	return ST_USAGE;
}

static bool same_string(const json_t *o, const char *key, const char *want)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s && !strcmp(s, want);
}

/* Return: what is wrong with a file of the boot in @path, or NULL. */
static char *check_file(const char *path, const char *name,
			const json_t *boot)
{
	const json_t *files = json_object_get(boot, "files");
	char *file = xasprintf("%s/%s", path, name);
	char hex[SHA256_DIGEST_STRING_LENGTH];
	char *wrong = NULL;

	if (!path_exists(file) || !SHA256File(file, hex))
		wrong = xasprintf("%s cannot be read", name);
	else if (!same_string(files, name, hex))
		wrong = xasprintf("%s is not as it was when the boot ended",
				  name);
	free(file);
	return wrong;
}

/* Those that every boot has, and those that this one had besides. */
static char *check_files(const char *path, const json_t *boot)
{
	static const char *const always[] = RESUME_FILES;
	json_t *files = json_object_get(boot, "files"), *v;
	char *wrong = NULL;
	const char *name;

	for (size_t i = 0; i < ARRAY_SIZE(always) && !wrong; i++)
		if (!json_object_get(files, always[i]))
			wrong = xasprintf("boot.json lacks the hash of %s",
					  always[i]);
	json_object_foreach(files, name, v) {
		if (wrong)
			break;
		/* It is joined to a path. */
		wrong = *name == '/' || strstr(name, "..") ?
			xstrdup("boot.json has a file of elsewhere") :
			check_file(path, name, boot);
	}
	return wrong;
}

/* Return: why a boot cannot be kept, free() it; NULL if it is whole. */
static char *why_broken(const json_t *boot, const char *path, const char *run,
			unsigned int number)
{
	const json_t *schema = json_object_get(boot, "schema");
	const json_t *nr = json_object_get(boot, "boot");
	char *wrong = NULL;

	if (!boot)
		wrong = xstrdup("boot.json is missing or not complete");
	else if (!json_is_integer(schema) ||
		 json_integer_value(schema) != BOOT_SCHEMA)
		wrong = xstrdup("boot.json is of another version");
	else if (!same_string(boot, "run", run))
		wrong = xstrdup("it is of another run");
	else if (!json_is_integer(nr) || json_integer_value(nr) != number)
		wrong = xstrdup("boot.json has another number");
	else if (!json_string_value(json_object_get(boot, "status")) ||
		 !json_is_array(json_object_get(boot, "tests")))
		wrong = xstrdup("boot.json has no results");
	if (!wrong)
		wrong = check_files(path, boot);
	return wrong;
}

/* The @i-th name, from 0, that a boot put aside may have. */
static char *aside(const char *dir, const char *kind, const char *number, unsigned int i)
{
	return i ? xasprintf("%s/%s-%s-%u", dir, kind, number, i) :
		   xasprintf("%s/%s-%s", dir, kind, number);
}

char *resume_aside(const char *dir, const char *kind, const char *number)
{
	char *to = aside(dir, kind, number, 0);

	for (unsigned int i = 1; path_exists(to); i++) {
		free(to);
		to = aside(dir, kind, number, i);
	}
	return to;
}

static json_t *load_boot(const char *dir, const char *name)
{
	char *file = xasprintf("%s/%s/boot.json", dir, name);
	json_t *boot = json_load_file(file, JSON_REJECT_DUPLICATES, NULL);

	free(file);
	return boot;
}

/* What failed before that is a result, and stays one. */
static bool was_killed(const json_t *boot)
{
	return json_is_true(json_object_get(boot, "killed")) &&
	       same_string(boot, "status", status_name(STATUS_MISS));
}

static int move_aside(const char *dir, const char *name, const char *kind,
		      const char *why)
{
	char *from = xasprintf("%s/%s", dir, name);
	char *to = resume_aside(dir, kind, name + strlen("boot-"));
	int ret;

	info("%s is not kept: %s; it is now %s", name, why, to);
	ret = rename_path(from, to);
	free(from);
	free(to);
	return ret;
}

/* The number in boot-NNN as we write it; -1 if @name is none. */
static int boot_number(const char *name)
{
	char *own;
	uint64_t n;
	bool same;

	if (strncmp(name, "boot-", 5) || parse_u64(name + 5, 0, 99999, &n))
		return -1;
	own = xasprintf("boot-%03u", (unsigned int)n);
	same = !strcmp(own, name);
	free(own);
	return same ? (int)n : -1;
}

static int sweep_boot(const char *dir, const char *name, const char *run,
		      unsigned int boots, struct resume_count *count)
{
	char *path = xasprintf("%s/%s", dir, name);
	int number = boot_number(name), ret = 0;
	json_t *boot = load_boot(dir, name);
	char *why;

	if (number < 0 || number >= (int)boots)
		why = xstrdup("the plan has no such boot");
	else
		why = why_broken(boot, path, run, (unsigned int)number);
	if (why) {
		count->aside++;
		ret = move_aside(dir, name, "broken", why);
	} else if (was_killed(boot)) {
		count->again++;
		ret = move_aside(dir, name, "failed",
				 "QEMU was killed, and it is run once more");
	} else {
		count->kept++;
	}
	json_decref(boot);
	free(why);
	free(path);
	return ret;
}

/* A boot under way, the initrd, what write_file() had not renamed yet. */
static bool is_unfinished(const char *name)
{
	static const char *const of_a_part[] = {
		"summary.json", "report.html", "results.ktap", "junit.xml",
		"kcidb.json", "sites.json",
	};
	const char *tmp = strstr(name, ".tmp");
	size_t len = tmp ? (size_t)(tmp - name) : strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(of_a_part); i++)
		if (strlen(of_a_part[i]) == len &&
		    !memcmp(name, of_a_part[i], len))
			return true;
	if (!strncmp(name, ".initrd", 7))
		return true;
	return tmp && (!strncmp(name, ".boot-", 6) ||
		       !strncmp(name, "manifest.json", 13));
}

static int sweep_entry(const char *dir, const char *name, const char *run,
		       unsigned int boots, struct resume_count *count)
{
	char *path;
	int ret;

	if (!strncmp(name, "boot-", 5))
		return sweep_boot(dir, name, run, boots, count);
	if (!is_unfinished(name))
		return 0;
	path = xasprintf("%s/%s", dir, name);
	ret = remove_tree(path);
	free(path);
	return ret;
}

bool resume_killed(const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, NULL);
	bool killed = false;
	json_t *boot;

	for (int i = 0; i < n; i++) {
		if (!killed && boot_number(list[i]->d_name) >= 0) {
			boot = load_boot(dir, list[i]->d_name);
			killed = was_killed(boot);
			json_decref(boot);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return killed;
}

/* Return: one of resume_attempts(), or NULL if the host failed: no boot.json. */
static json_t *attempt(const char *dir, const char *name, size_t before)
{
	json_t *boot = load_boot(dir, name), *o = NULL;

	if (was_killed(boot) && json_is_string(json_object_get(boot, "reason")))
		o = json_pack("{s:i, s:O, s:O, s:s}", "attempt", (int)before + 1,
			      "status", json_object_get(boot, "status"),
			      "reason", json_object_get(boot, "reason"),
			      "folder", name);
	json_decref(boot);
	return o;
}

json_t *resume_attempts(const char *dir, unsigned int number)
{
	char *no = xasprintf("%03u", number);
	char *path = aside(dir, "failed", no, 0);
	json_t *a = json_array(), *o;

	for (unsigned int i = 1; path_exists(path); i++) {
		o = attempt(dir, strrchr(path, '/') + 1, json_array_size(a));
		if (o)
			json_array_append_new(a, o);
		free(path);
		path = aside(dir, "failed", no, i);
	}
	free(path);
	free(no);
	return a;
}

int resume_sweep(const char *dir, const char *run, unsigned int boots,
		 struct resume_count *count)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, versionsort);
	int ret = 0;

	memset(count, 0, sizeof(*count));
	if (n < 0) {
		err("cannot read folder %s: %s", dir, strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (!ret)
			ret = sweep_entry(dir, list[i]->d_name, run, boots,
					  count);
		free(list[i]);
	}
	free(list);
	return ret;
}
