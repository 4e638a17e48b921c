// SPDX-License-Identifier: GPL-2.0-only
/* Plans. Run it with SECMMU_TOP set to the checkout, and -close_fd_mask=2. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An accepted plan must hold what its users rely on. */
static void check(const struct plan *p)
{
	if (!p->arms.n || !p->aa || !p->n_tests || !p->boots ||
	    p->primary >= (int)p->n_compare)
		abort();
	for (size_t i = 0; i < p->n_tests; i++)
		if (!p->tests[i].program || !p->tests[i].events.n ||
		    !p->tests[i].timeout_s)
			abort();
	for (size_t i = 0; i < p->n_compare; i++)
		if (!strs_has(&p->arms, p->compare[i].a) ||
		    !strs_has(&p->arms, p->compare[i].b))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("plan", MFD_CLOEXEC);
	char path[64];
	struct plan *p;

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	p = plan_load(path);
	if (p)
		check(p);
	plan_free(p);
	close(fd);
	return 0;
}
