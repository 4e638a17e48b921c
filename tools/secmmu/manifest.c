// SPDX-License-Identifier: GPL-2.0-only
#include "manifest.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "qemu.h"
#include "results.h"
#include "lanes.h"
#include "util.h"

static json_t *strings(const struct strs *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(a, json_string(s->v[i]));
	return a;
}

static json_t *optional(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *findings(const struct plan_test *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->n_findings; i++)
		json_array_append_new(a, json_pack("{s:s, s:o}", "kind",
			finding_kind_name(t->findings[i].kind), "arm",
			optional(t->findings[i].arm)));
	return a;
}

static json_t *pair(const struct plan_pair *p)
{
	char *text = xasprintf("%s/%s", p->a, p->b);
	json_t *j = json_string(text);

	free(text);
	return j;
}

static json_t *tests(const struct plan *p)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->n_tests; i++) {
		const struct plan_test *t = &p->tests[i];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(t->name));
		json_object_set_new(o, "program", json_string(t->program));
		json_object_set_new(o, "args", strings(&t->args));
		json_object_set_new(o, "traced", t->traced ?
				    strings(&t->traced_args) : json_null());
		json_object_set_new(o, "vary", strings(&t->vary));
		json_object_set_new(o, "events", strings(&t->events));
		json_object_set_new(o, "judge",
				    json_string(t->by_exit ? "exit" : "ktap"));
		json_object_set_new(o, "reference", optional(t->reference));
		json_object_set_new(o, "findings", findings(t));
		json_object_set_new(o, "timeout_s", json_integer(t->timeout_s));
		/* Only then, so that runs of before can go on. */
		if (t->set.n)
			json_object_set_new(o, "set", strings(&t->set));
		if (t->retries)
			json_object_set_new(o, "retries", json_integer(t->retries));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *plan_spec(const struct plan *p)
{
	json_t *compare = json_array();
	json_t *o = json_object();

	for (size_t i = 0; i < p->n_compare; i++)
		json_array_append_new(compare, pair(&p->compare[i]));
	json_object_set_new(o, "lane", json_string(p->lane ? p->lane : LANE_PLAIN));
	json_object_set_new(o, "boots", json_integer(p->boots));
	json_object_set_new(o, "arms", strings(&p->arms));
	json_object_set_new(o, "compare", compare);
	json_object_set_new(o, "primary", p->primary >= 0 ?
			    pair(&p->compare[p->primary]) : json_null());
	json_object_set_new(o, "aa", optional(p->aa));
	json_object_set_new(o, "margin", json_real(p->margin));
	json_object_set_new(o, "memory_mb", json_integer(p->memory_mb));
	json_object_set_new(o, "nodes", json_integer(p->nodes));
	if (p->shadow)
		json_object_set_new(o, "paging", json_string("shadow"));
	json_object_set_new(o, "mix", json_integer(p->mix));
	if (p->boot_timeout_s)
		json_object_set_new(o, "boot_timeout_s",
				    json_integer(p->boot_timeout_s));
	/* A boot that is repeated is no part of the run that it was in. */
	if (p->only_boot >= 0)
		json_object_set_new(o, "only_boot", json_integer(p->only_boot));
	json_object_set_new(o, "tests", tests(p));
	return o;
}

static const char *clock_name(const struct bootrun *b)
{
	return b->clock == CLOCK_ICOUNT ? "icount" : "wall";
}

json_t *manifest_identity(const struct bootrun *b, const struct artifacts *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "plan", json_string(b->plan->name));
	json_object_set_new(o, "plan_spec", plan_spec(b->plan));
	json_object_set_new(o, "kernel_key", json_string(a->key));
	json_object_set_new(o, "accel", json_string(accel_name(b->accel->which)));
	json_object_set_new(o, "clock", json_string(clock_name(b)));
	json_object_set_new(o, "cpus", json_integer(b->cpus));
	json_object_set_new(o, "append", json_string(b->append ? b->append : ""));
	json_object_set_new(o, "qemu", optional(b->qemu_version));
	/* Only then, so that runs of before can go on. */
	if (b->perf)
		json_object_set_new(o, "perf", json_true());
	if (b->pin)
		json_object_set_new(o, "pin", json_true());
	return o;
}

char *manifest_artifacts(const char *run)
{
	char *path = xasprintf("%s/manifest.json", run), *dir = NULL;
	json_t *j = json_load_file(path, 0, NULL);
	const json_t *identity = json_object_get(j, "identity");
	const char *key = json_string_value(json_object_get(identity, "kernel_key"));

	/* It becomes a part of a path. */
	if (key && valid_name(key, 64))
		dir = xasprintf("%s/artifacts/%s", cache_dir(), key);
	json_decref(j);
	free(path);
	return dir;
}

void manifest_drop_artifacts(const char *run)
{
	char *dir = manifest_artifacts(run);

	if (dir)
		remove_tree(dir);
	free(dir);
}

/* The artifacts' own manifest, as the build wrote it. */
static json_t *kernel(const struct artifacts *a)
{
	char *path = xasprintf("%s/manifest.json", a->dir);
	json_error_t e;
	json_t *j = json_load_file(path, 0, &e);

	if (!j)
		err("%s:%d: %s: remove the folder and build again", path,
		    e.line, e.text);
	free(path);
	return j;
}

/* Value of the first "KEY<blanks>: value" line of a /proc file. */
static char *proc_value(const char *path, const char *key)
{
	char line[512];
	char *value = NULL;
	FILE *f = fopen(path, "re");

	while (f && !value && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, key, strlen(key)))
			continue;
		value = colon + 1 + strspn(colon + 1, " \t");
		value[strcspn(value, "\n")] = '\0';
		value = xstrdup(value);
	}
	if (f)
		fclose(f);
	return value;
}

static void set_host(json_t *m, const json_t *settings)
{
	char *cpu = proc_value("/proc/cpuinfo", "model name");
	char *mem = proc_value("/proc/meminfo", "MemTotal");
	json_t *host = json_object();

	json_object_set_new(m, "cpu", optional(cpu));
	json_object_set_new(host, "cores", json_integer(host_cpus()));
	json_object_set_new(host, "mem_kb",
			    json_integer(mem ? strtoll(mem, NULL, 10) : 0));
	if (settings)
		json_object_update(host, (json_t *)settings);
	json_object_set_new(m, "host", host);
	free(cpu);
	free(mem);
}

static void set_started(json_t *m)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(m, "started", json_string(stamp));
}

/* Which boots: all of the plan's, one of them, or until the time is over. */
static char *which_boots(const struct plan *p)
{
	if (p->only_boot >= 0)
		return xasprintf("BOOT=%d", p->only_boot);
	if (p->minutes)
		return xasprintf("MINUTES=%u", p->minutes);
	return xasprintf("BOOTS=%u", p->boots);
}

/* " NAME=VALUE", or nothing; takes over @cmd. */
static char *add_variable(char *cmd, const char *name, const char *value)
{
	char *more;

	if (!value)
		return cmd;
	more = xasprintf("%s %s=%s", cmd, name, value);
	free(cmd);
	return more;
}

char *manifest_command(const struct bootrun *b, uint64_t seed, const char *src)
{
	const struct plan *p = b->plan;
	char *arms = strs_join(&p->arms), *events = strs_join(&p->chosen);
	char *own = xasprintf("%s/configs/plans/%s.ini", top_dir(), p->name);
	char *boots = which_boots(p), *cpus = xasprintf("%u", b->cpus);
	char *cmd = xasprintf("make compare PLAN=%s ARMS=\"%s\"%s%s%s %s CLOCK=%s ACCEL=%s%s%s SEED=%llu%s",
			      strcmp(p->path, own) ? p->path : p->name, arms,
			      *events ? " EVENTS=\"" : "", events,
			      *events ? "\"" : "", boots, clock_name(b),
			      accel_name(b->accel->which), p->lane ? " LANE=" : "",
			      p->lane ? p->lane : "", (unsigned long long)seed,
			      b->perf ? " PERF=1" : "");

	/* Boots at a time may have made it fewer than the machine's. */
	if (p->own_cpus || b->share.boots > 1)
		cmd = add_variable(cmd, "CPUS", cpus);
	if (b->pin || (b->clock == CLOCK_WALL && b->accel->which == ACCEL_KVM))
		cmd = add_variable(cmd, "PIN", b->pin ? "yes" : "no");
	cmd = add_variable(cmd, "KERNEL_SRC", src);
	cmd = add_variable(cmd, "KERNEL_VERSION", b->kernel_version);
	cmd = add_variable(cmd, "PATCHES", b->prefix);
	cmd = add_variable(cmd, "CONTROL", b->control);
	if (b->vmcore)
		cmd = add_variable(cmd, "VMCORE", vmcore_format_name(b->vmcore));
	free(boots);
	free(cpus);
	free(own);
	free(events);
	free(arms);
	return cmd;
}

static void set_command(json_t *m, const struct bootrun *b, uint64_t seed,
			const char *src)
{
	char *cmd = manifest_command(b, seed, src);

	json_object_set_new(m, "command", json_string(cmd));
	free(cmd);
}

static int set_qemu(json_t *m, const struct bootrun *b)
{
	struct qemu_info q;
	json_t *o;

	if (qemu_probe(&q) != ST_OK)
		return -1;
	if (b->accel->which == ACCEL_KVM)
		jail_device(&q.jail, "/dev/kvm");
	o = json_object();
	json_object_set_new(o, "sandbox", json_boolean(q.sandbox));
	json_object_set_new(o, "user", json_string(q.jail.user));
	json_object_set_new(o, "version", json_string(q.version));
	json_object_set_new(m, "qemu", o);
	qemu_info_free(&q);
	return 0;
}

json_t *manifest_make(const struct bootrun *b, const struct artifacts *a,
		      uint64_t seed, const char *src)
{
	json_t *m = json_object();
	json_t *k = kernel(a);
	json_t *accel = json_object();

	json_object_set_new(m, "schema", json_integer(MANIFEST_SCHEMA));
	json_object_set_new(m, "plan", json_string(b->plan->name));
	json_object_set_new(m, "plan_spec", plan_spec(b->plan));
	json_object_set_new(m, "clock", json_string(clock_name(b)));
	json_object_set_new(m, "cpus", json_integer(b->cpus));
	json_object_set_new(m, "pin", json_boolean(b->pin));
	json_object_set_new(accel, "name",
			    json_string(accel_name(b->accel->which)));
	json_object_set_new(accel, "why", json_string(b->accel->why));
	json_object_set_new(m, "accel", accel);
	json_object_set(m, "toolchain", json_object_get(k, "compiler"));
	set_host(m, b->host);
	set_started(m);
	set_command(m, b, seed, src);
	if (!k || set_qemu(m, b)) {
		json_decref(m);
		m = NULL;
	} else {
		json_object_set(m, "kernel", k);
	}
	json_decref(k);
	return m;
}
