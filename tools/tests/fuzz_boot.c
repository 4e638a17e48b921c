// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot.json, and what is made of it: summary.json, KTAP, JUnit, kcidb. Whatever
 * it holds, it is refused, or the other formats come out well-formed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats.h"
#include "outcomes.h"
#include "resume.h"
#include "summary.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MANIFEST "{\"schema\": 2, \"id\": \"x\", \"plan\": \"x\", \"clock\": \"icount\", \"seed\": 7, " \
	"\"accel\": {\"name\": \"tcg\"}, \"plan_spec\": {\"boots\": 2, \"arms\": [\"mutex\", \"stock\"], " \
	"\"compare\": [\"mutex/stock\"], \"primary\": null, \"aa\": \"mutex\", \"margin\": 0.02}}"
#define SAMPLES "slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site," \
	"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits\n"

static char dir[] = "/tmp/secmmu-fuzz-XXXXXX";

static void put(const char *name, const void *data, size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
	free(path);
}

static void clean_up(void)
{
	remove_tree(dir);
}

static void set_up(void)
{
	char *boot;

	if (!mkdtemp(dir))
		abort();
	atexit(clean_up);
	boot = xasprintf("%s/boot-000", dir);
	if (mkdir_p(boot))
		abort();
	free(boot);
	put("manifest.json", MANIFEST, strlen(MANIFEST));
	put("boot-000/samples.csv", SAMPLES, strlen(SAMPLES));
}

/* Lines of text that are all printable. */
static void print_ktap(const struct outcomes *o)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ktap_print(f, o);
	fclose(f);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			abort();
	free(text);
}

/* No markup but our own: as many ends as beginnings. */
static void print_junit(const struct outcomes *o)
{
	char *text = NULL;
	size_t len, open = 0, close = 0;
	FILE *f = open_memstream(&text, &len);

	junit_print(f, o);
	fclose(f);
	for (size_t i = 0; i < len; i++) {
		open += text[i] == '<';
		close += text[i] == '>';
		if ((unsigned char)text[i] < ' ' && text[i] != '\n')
			abort();
	}
	if (open != close)
		abort();
	free(text);
}

static void print_all(const struct summary *s)
{
	struct outcomes o;
	json_t *j;
	char *text;

	if (outcomes_load(&s->folder, &o))
		abort();
	print_ktap(&o);
	print_junit(&o);
	j = kcidb_json(s, &o);
	text = json_dumps(j, 0);
	if (!text)
		abort();
	free(text);
	json_decref(j);
	j = summary_json(s);
	json_decref(j);
	outcomes_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct resume_count n;
	struct summary s;
	char *boot, *broken;
	FILE *null;

	if (!strcmp(dir + strlen(dir) - 6, "XXXXXX"))
		set_up();
	put("boot-000/boot.json", data, len);
	null = fopen("/dev/null", "w");
	err_redirect(null);
	if (!summary_load(dir, &s)) {
		print_all(&s);
		summary_free(&s);
	}
	/* It has no hashes that fit: never a boot to be kept. */
	if (resume_sweep(dir, "run", 1, &n) || n.kept || n.aside != 1)
		abort();
	err_redirect(NULL);
	fclose(null);
	boot = xasprintf("%s/boot-000", dir);
	broken = xasprintf("%s/broken-000", dir);
	if (rename(broken, boot))
		abort();
	free(boot);
	free(broken);
	return 0;
}
