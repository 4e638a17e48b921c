// SPDX-License-Identifier: GPL-2.0-only
#include "share.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct cpu {
	unsigned int number;
	unsigned int package;
	unsigned int core;	/* the first of its CPUs */
};

/* The first number of a file such as "0,4" or "2-3"; @otherwise if there is none. */
static unsigned int first_number(const char *sys, unsigned int cpu,
				 const char *file, unsigned int otherwise)
{
	char *path = xasprintf("%s/cpu%u/topology/%s", sys, cpu, file);
	FILE *f = fopen(path, "re");
	unsigned int v;

	if (!f || fscanf(f, "%u", &v) != 1)
		v = otherwise;
	if (f)
		fclose(f);
	free(path);
	return v;
}

static int by_place(const void *a, const void *b)
{
	const struct cpu *x = a, *y = b;

	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The CPUs of a core side by side. */
static struct cpu *in_order(const char *sys, const cpu_set_t *set,
			    unsigned int *n)
{
	struct cpu *v = xcalloc(CPU_SETSIZE, sizeof(*v));

	*n = 0;
	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, set))
			continue;
		v[*n].number = i;
		v[*n].package = first_number(sys, i, "physical_package_id", 0);
		v[(*n)++].core = first_number(sys, i, "thread_siblings_list", i);
	}
	qsort(v, *n, sizeof(*v), by_place);
	return v;
}

static bool same_core(const struct cpu *a, const struct cpu *b)
{
	return a->package == b->package && a->core == b->core;
}

/* How many of @v, which has @n, from @from on are in @cores cores. */
static unsigned int in_cores(const struct cpu *v, unsigned int n,
			     unsigned int from, unsigned int cores)
{
	unsigned int i;

	for (i = from; i < n; i++)
		if ((i == from || !same_core(&v[i], &v[i - 1])) && !cores--)
			break;
	return i - from;
}

void share_make(const char *sys, const cpu_set_t *usable, unsigned int boots,
		struct share *out)
{
	unsigned int n, cores = 0, least = CPU_SETSIZE, from = 0, has;
	struct cpu *v = in_order(sys, usable, &n);

	*out = (struct share){ .boots = boots };
	for (unsigned int i = 0; i < n; i++)
		cores += !i || !same_core(&v[i], &v[i - 1]);
	if (cores < boots)
		goto out;
	for (unsigned int b = 0; b < boots; b++) {
		has = in_cores(v, n, from, cores / boots);
		least = has < least ? has : least;
		from += has;
	}
	/* Where cores have more CPUs than others have, some stay idle. */
	out->of = xcalloc((size_t)boots * least, sizeof(*out->of));
	out->core = xcalloc((size_t)boots * least, sizeof(*out->core));
	from = 0;
	for (unsigned int b = 0; b < boots; b++) {
		for (unsigned int i = 0; i < least; i++) {
			out->core[b * least + i] = v[from + i].core;
			out->of[b * least + i] = v[from + i].number;
		}
		from += in_cores(v, n, from, cores / boots);
	}
	out->cpus = least;
out:
	free(v);
}

void share_free(struct share *s)
{
	free(s->of);
	free(s->core);
	s->of = s->core = NULL;
}

int share_take(const struct share *s, unsigned int slot)
{
	cpu_set_t set;

	if (s->boots < 2 || !s->cpus)
		return 0;
	CPU_ZERO(&set);
	for (unsigned int i = 0; i < s->cpus; i++)
		CPU_SET(s->of[slot * s->cpus + i], &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		err("cannot keep a boot to its CPUs: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* How many CPUs of the same core stand before CPU @i of the share that begins at @from. */
static unsigned int siblings_before(const struct share *s, unsigned int from,
				    unsigned int i)
{
	unsigned int n = 0;

	for (; i > from && s->core[i - 1] == s->core[i]; i--)
		n++;
	return n;
}

unsigned int *share_spread(const struct share *s, unsigned int slot,
			   unsigned int n)
{
	unsigned int from = slot * s->cpus, done = 0, *v;

	if (n > s->cpus)
		return NULL;
	v = xcalloc(n, sizeof(*v));
	for (unsigned int turn = 0; done < n; turn++)
		for (unsigned int i = from; i < from + s->cpus && done < n; i++)
			if (siblings_before(s, from, i) == turn)
				v[done++] = s->of[i];
	return v;
}
