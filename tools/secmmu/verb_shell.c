// SPDX-License-Identifier: GPL-2.0-only
/* secmmu shell: the booted kernel by hand, or one command in it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arms.h"
#include "boot.h"
#include "initramfs.h"
#include "kernel.h"
#include "qemu.h"
#include "util.h"
#include "verbs.h"

/* A day: whoever runs a command by hand ends it by hand. */
#define COMMAND_MS	(24u * 3600 * 1000)

struct shell {
	const char *arm;
	const char *accel, *clock;
	uint64_t cpus, memory_mb;
	bool perf;
	const char *append;
	struct kernel_opts kernel;
	char **command;		/* NULL: interactive */
	int out;		/* for its output */
	struct accel_choice choice;
	enum boot_clock boot_clock;
	char *dir;		/* temporary */
	char *initrd;
};

static void usage(FILE *f)
{
	fputs("usage: secmmu shell [OPTION...] [-- COMMAND [ARG...]]\n\n"
	      "Boots the kernel with an arm loaded: a shell on its console, or COMMAND, whose\n"
	      "exit status becomes secmmu's. KVM selftests are in /tests, perf in /bin.\n"
	      "`exit` or Ctrl-] ends the shell.\n\n"
	      "  --arm NAME            the arm to load (rwlock)\n"
	      "  --accel auto|kvm|tcg  how QEMU runs the guest (auto)\n"
	      "  --clock wall|icount   icount: time counts instructions, one CPU (wall)\n"
	      "  --cpus N              CPUs of the guest (2; with icount 1)\n"
	      "  --mem MB              its memory (2048)\n"
	      "  --no-perf             leave perf out, and do not build it\n"
	      "  --append STRING       added to the guest kernel's command line\n"
	      "  --src DIR|TARBALL     your own kernel tree (never modified)\n"
	      "  --kernel-version V    point release of the distribution's source\n"
	      "  --help\n", f);
}

static const struct option longopts[] = {
	{ "arm", required_argument, NULL, 'a' },
	{ "accel", required_argument, NULL, 'x' },
	{ "clock", required_argument, NULL, 'c' },
	{ "cpus", required_argument, NULL, 'n' },
	{ "mem", required_argument, NULL, 'm' },
	{ "no-perf", no_argument, NULL, 'P' },
	{ "append", required_argument, NULL, 'A' },
	{ "src", required_argument, NULL, 'S' },
	{ "kernel-version", required_argument, NULL, 'K' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int number(const char *option, const char *s, uint64_t min, uint64_t max,
		  uint64_t *out)
{
	if (!parse_u64(s, min, max, out))
		return ST_OK;
	err("shell: %s: '%s' is no number from %llu to %llu", option, s,
	    (unsigned long long)min, (unsigned long long)max);
	return ST_USAGE;
}

/* Return: ST_OK, ST_USAGE, or -1 if there is nothing more to do. */
static int parse(int argc, char **argv, struct shell *s)
{
	int ret = ST_OK;
	int c;

	optind = 0;
	opterr = 0;
	while (ret == ST_OK &&
	       (c = getopt_long(argc, argv, "+", longopts, NULL)) != -1) {
		switch (c) {
		case 'a': s->arm = optarg; break;
		case 'x': s->accel = optarg; break;
		case 'c': s->clock = optarg; break;
		case 'n': ret = number("--cpus", optarg, 1, 16, &s->cpus); break;
		case 'm':
			ret = number("--mem", optarg, 256, 1u << 20,
				     &s->memory_mb);
			break;
		case 'P': s->perf = false; break;
		case 'A': s->append = optarg; break;
		case 'S': s->kernel.src = optarg; break;
		case 'K': s->kernel.version = optarg; break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			err("shell: '%s' is no option, or lacks its value: see secmmu shell --help",
			    argv[optind - 1]);
			return ST_USAGE;
		}
	}
	if (ret == ST_OK && optind < argc) {
		if (strcmp(argv[optind - 1], "--")) {
			err("shell: unexpected '%s': a command follows --",
			    argv[optind]);
			return ST_USAGE;
		}
		s->command = argv + optind;
	}
	return ret;
}

static int check_arm(const char *name)
{
	char *path = xasprintf("%s/configs/arms.ini", top_dir());
	struct arms arms;
	int ret = arms_load(path, NULL, &arms);

	free(path);
	if (ret != ST_OK)
		return ret;
	if (!arms_find(&arms, name)) {
		err("shell: unknown arm '%s': configs/arms.ini lists them",
		    name);
		ret = ST_USAGE;
	}
	arms_free(&arms);
	return ret;
}

static int check(struct shell *s)
{
	int ret = accel_choose(s->accel, &s->choice);

	if (ret != ST_OK)
		return ret;
	ret = check_arm(s->arm);
	if (ret != ST_OK)
		return ret;
	if (!strcmp(s->clock, "icount"))
		s->boot_clock = CLOCK_ICOUNT;
	else if (strcmp(s->clock, "wall")) {
		err("shell: unknown clock '%s': use wall or icount", s->clock);
		return ST_USAGE;
	}
	if (!s->cpus)
		s->cpus = s->boot_clock == CLOCK_ICOUNT ? 1 : 2;
	if (s->boot_clock == CLOCK_ICOUNT && s->choice.which == ACCEL_KVM) {
		err("the icount clock needs emulation: use --accel tcg");
		return ST_USAGE;
	}
	return ST_OK;
}

static int make_initrd(struct shell *s, const struct artifacts *a)
{
	struct initramfs_opts o = {
		.arms = (const char *const *)a->arms,
		.n_arms = a->n_arms,
		.with_shell = true,
	};
	char tmpl[] = "/tmp/secmmu-shell-XXXXXX";
	char *perf = NULL;
	int ret = ST_OK;

	if (!mkdtemp(tmpl)) {
		err("cannot make a folder in /tmp");
		return ST_HARNESS;
	}
	s->dir = xstrdup(tmpl);
	s->initrd = xasprintf("%s/initrd", s->dir);
	if (s->perf)
		ret = kernel_perf(&s->kernel, &perf);
	o.perf = perf;
	if (ret == ST_OK)
		ret = initramfs_write(a->dir, &o, s->initrd);
	free(perf);
	return ret;
}

static int on_out(void *arg, const void *data, size_t len)
{
	const struct shell *s = arg;
	const char *p = data;
	ssize_t n;

	for (; len; p += n, len -= (size_t)n) {
		n = write(s->out, p, len);
		if (n < 0)
			return -1;
	}
	return 0;
}

/* Standard output is the command's: progress goes to standard error. */
static int set_output_apart(struct shell *s)
{
	s->out = dup(STDOUT_FILENO);
	if (s->out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		err("cannot use standard output: %s", strerror(errno));
		return ST_HARNESS;
	}
	return ST_OK;
}

/* Return: the exit status for how the command ended. */
static int run_command(struct shell *s, struct boot *b)
{
	struct run_req q = {
		.argv = (const char *const *)s->command,
		.timeout_ms = COMMAND_MS,
		.arg = s,
		.on_out = on_out,
	};
	struct run_result r;
	int code = boot_run(b, &q, &r);

	if (code == BOOT_REFUSED) {
		err("in the guest: %s", boot_refusal(b));
		return ST_USAGE;
	}
	if (code)
		return ST_FAIL;
	if (r.timed_out)
		return ST_FAIL;
	return r.signal ? 128 + r.signal : r.exit;
}

static int use(struct shell *s, struct boot *b)
{
	if (boot_code(b))
		return ST_FAIL;
	switch (boot_load(b, s->arm, NULL)) {
	case BOOT_OK:
		break;
	case BOOT_REFUSED:
		err("arm %s: %s", s->arm, boot_refusal(b));
		return ST_USAGE;
	default:
		return ST_FAIL;
	}
	if (s->command)
		return run_command(s, b);
	info("arm %s is loaded, selftests are in /tests; `exit` or Ctrl-] leaves",
	     s->arm);
	boot_shell(b, STDIN_FILENO, STDOUT_FILENO);
	printf("\n");
	return ST_OK;
}

/* Print what went wrong. Return: the exit status of the whole. */
static int report(struct boot *b, int status)
{
	struct boot_result r;

	boot_end(b, &r);
	for (size_t i = 0; i < r.findings.n; i++)
		info("kernel: %s", r.findings.v[i].line);
	if (r.code == BOOT_ERR_INTR) {
		status = sig_pending() ? ST_INTR : ST_OK;
	} else if (r.code) {
		fputs(r.diagnosis, stderr);
		err("%s", r.reason);
		status = r.status == STATUS_ERROR ? ST_HARNESS : ST_FAIL;
	}
	boot_result_free(&r);
	return status;
}

static int boot_it(struct shell *s, const struct artifacts *a)
{
	char *image = xasprintf("%s/vmlinux", a->dir);
	struct boot_spec spec = {
		.kernel = image,
		.initrd = s->initrd,
		.accel = &s->choice,
		.clock = s->boot_clock,
		.cpus = (unsigned int)s->cpus,
		.memory_mb = (unsigned int)s->memory_mb,
		.append = s->append,
		.dir = s->dir,
	};
	struct boot *b;
	int ret;

	info("booting Linux %s", a->release);
	b = boot_start(&spec);
	ret = use(s, b);
	free(image);
	return report(b, ret);
}

int verb_shell(int argc, char **argv)
{
	struct shell s = {
		.arm = "rwlock",
		.accel = "auto",
		.clock = "wall",
		.memory_mb = 2048,
		.perf = true,
	};
	struct artifacts a;
	struct qemu_info q;
	int ret;

	ret = parse(argc, argv, &s);
	if (ret)
		return ret < 0 ? ST_OK : ret;
	ret = check(&s);
	if (ret != ST_OK)
		return ret;
	if (s.command && set_output_apart(&s))
		return ST_HARNESS;
	info("%s", s.choice.why);
	ret = qemu_probe(&q);
	if (ret != ST_OK)
		return ret;
	qemu_info_free(&q);
	ret = kernel_prepare(&s.kernel, &a);
	if (ret != ST_OK)
		return ret;
	ret = make_initrd(&s, &a);
	if (ret == ST_OK)
		ret = boot_it(&s, &a);
	if (s.dir)
		remove_tree(s.dir);
	free(s.initrd);
	free(s.dir);
	artifacts_free(&a);
	return ret;
}
