// SPDX-License-Identifier: GPL-2.0-only
/* One section of a plan, run with several sizes or numbers of vCPUs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "plan_keys.h"
#include "util.h"

/* Names of tests are of small letters. */
static void rename_test(struct plan_test *t, const char *before, const char *value)
{
	char *name = xasprintf("%s-%s%s", t->name, before, value);

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	free(t->name);
	t->name = name;
}

/* @size and @vcpus: NULL, or the option's value. */
static struct plan_test one(const struct plan_test *from, const char *size,
			    const char *vcpus)
{
	struct plan_test t = plan_test_copy(from);

	strs_free(&t.sizes);
	strs_free(&t.vcpus);
	/* Of an option given twice the last one counts. */
	if (size) {
		rename_test(&t, "", size);
		strs_push(&t.args, "-r");
		strs_push(&t.args, size);
	}
	if (vcpus) {
		rename_test(&t, "v", vcpus);
		strs_push(&t.args, "-v");
		strs_push(&t.args, vcpus);
	}
	return t;
}

void plan_sweep(struct plan *p, unsigned int line)
{
	struct plan_test from = p->tests[p->n_tests - 1];
	size_t sizes = from.sizes.n ? from.sizes.n : 1;
	size_t vcpus = from.vcpus.n ? from.vcpus.n : 1;

	if (!from.sizes.n && !from.vcpus.n)
		return;
	from.sweep = line;
	p->n_tests--;
	p->tests = xrealloc(p->tests, (p->n_tests + sizes * vcpus) *
			    sizeof(*p->tests));
	for (size_t i = 0; i < sizes; i++)
		for (size_t k = 0; k < vcpus; k++)
			p->tests[p->n_tests++] =
				one(&from, from.sizes.n ? from.sizes.v[i] : NULL,
				    from.vcpus.n ? from.vcpus.v[k] : NULL);
	plan_test_free(&from);
}
