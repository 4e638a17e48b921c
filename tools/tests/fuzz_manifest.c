// SPDX-License-Identifier: GPL-2.0-only
/*
 * manifest.json of a results folder, as report, compare of two folders and --resume
 * read it. Whatever it holds, it is refused, or all that is made of it comes out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comparedirs.h"
#include "resume.h"
#include "summary.h"
#include "table.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MANIFEST "{\"schema\": 2, \"id\": \"x\", \"plan\": \"x\", \"clock\": \"icount\", \"seed\": 7, " \
	"\"accel\": {\"name\": \"tcg\"}, \"plan_spec\": {\"boots\": 2, \"arms\": [\"mutex\", \"stock\"], " \
	"\"compare\": [\"mutex/stock\"], \"primary\": null, \"aa\": \"mutex\", \"margin\": 0.02}}"
#define BOOT "{\"schema\": 2, \"status\": \"PASS\", \"reason\": \"\", \"lost_samples\": 0, \"tests\": []}"
#define SAMPLES "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site," \
	"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits\n"	\
	"0,mutex,a,0,t,mremap_4k,4096,4096,1,0,,1000,,,,,,\n"		\
	"1,stock,a,0,t,mremap_4k,4096,4096,1,0,,1100,,,,,,\n"		\
	"2,mutex,b,0,t,mremap_4k,4096,4096,1,0,,1050,,,,,,\n"

static char top[] = "/tmp/secmmu-fuzz-XXXXXX";
static char *run, *other;

static void put(const char *dir, const char *name, const void *data, size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
	free(path);
}

static char *make_run(const char *name)
{
	char *dir = xasprintf("%s/%s", top, name);
	char *boot = xasprintf("%s/boot-000", dir);

	if (mkdir_p(boot))
		abort();
	put(boot, "boot.json", BOOT, strlen(BOOT));
	put(boot, "samples.csv", SAMPLES, strlen(SAMPLES));
	put(dir, "manifest.json", MANIFEST, strlen(MANIFEST));
	free(boot);
	return dir;
}

static void clean_up(void)
{
	remove_tree(top);
	free(run);
	free(other);
}

static void set_up(void)
{
	if (!mkdtemp(top))
		abort();
	atexit(clean_up);
	run = make_run("run");
	other = make_run("other");
}

static void must_dump(json_t *j)
{
	char *text = json_dumps(j, 0);

	if (!text)
		abort();
	free(text);
	json_decref(j);
}

/* As "secmmu report" does. */
static void report(FILE *null)
{
	struct summary s;

	if (summary_load(run, &s))
		return;
	must_dump(summary_json(&s));
	table_print(&s, null);
	summary_free(&s);
}

/* As "secmmu compare OLD NEW" does. */
static void compare(FILE *null)
{
	struct dirs d;

	if (dirs_load(other, run, 0, &d))
		return;
	must_dump(dirs_json(&d));
	dirs_print(&d, null);
	dirs_free(&d);
}

static void resume(void)
{
	json_t *m = resume_load(run), *identity;

	if (!m)
		return;
	identity = json_pack("{s:s, s:{s:i}}", "plan", "x", "plan_spec", "boots", 2);
	resume_same(run, m, identity);
	json_decref(identity);
	json_decref(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	FILE *null;

	if (!run)
		set_up();
	put(run, "manifest.json", data, len);
	null = fopen("/dev/null", "w");
	err_redirect(null);
	report(null);
	compare(null);
	resume();
	err_redirect(NULL);
	fclose(null);
	return 0;
}
