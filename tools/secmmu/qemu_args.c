// SPDX-License-Identifier: GPL-2.0-only
#include "qemu_args.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "util.h"

/*
 * An EPYC with nested paging, less what QEMU 7.2 cannot emulate and would warn
 * of. Without a hypervisor, as under one Linux has other spinlocks than on the
 * hardware that this stands for: virt_spin_lock(), without a queue.
 */
#define TCG_CPU                                                             \
	"EPYC,-hypervisor,+svm,+npt,-rdseed,-sha-ni,-fxsr-opt,"             \
	"-misalignsse,-3dnowprefetch,-osvw,-topoext,-nrip-save,-xsavec"

/* Less what no guest of ours uses, but would look for. */
#define MACHINE "q35,i8042=off,sata=off,smbus=off,vmport=off"

/* TSC of a guest under icount: one tick per ns of virtual time. */
#define ICOUNT_TSC_KHZ 1000000u
/* loops_per_jiffy = TSC kHz * 1000 / HZ, with HZ=250 as in configs. */
#define LPJ_PER_KHZ 4u
#define TSC_MEASURE_NS 20000000u

struct args {
	char **v;
	size_t n;
};

static void add(struct args *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add(struct args *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	a->v = xrealloc(a->v, (a->n + 2) * sizeof(*a->v));
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
}

/* Under TCG the guest's TSC is the host's. Return: kHz, 0 if unknown. */
static unsigned int host_tsc_khz(void)
{
#ifdef __x86_64__
	static unsigned int khz;
	struct timespec nap = { .tv_nsec = TSC_MEASURE_NS };
	uint64_t ns, tsc;

	if (khz)
		return khz;
	ns = now_ns();
	tsc = __rdtsc();
	nanosleep(&nap, NULL);
	ns = now_ns() - ns;
	tsc = __rdtsc() - tsc;
	khz = (unsigned int)(tsc * 1000000u / ns);
	return khz;
#else
	return 0;
#endif
}

static void add_accel(struct args *a, const struct boot_spec *s)
{
	if (s->accel->which == ACCEL_KVM) {
		add(a, "-accel");
		add(a, "kvm");
		add(a, "-cpu");
		add(a, "host");
	} else {
		add(a, "-accel");
		add(a, s->clock == CLOCK_ICOUNT ? "tcg,thread=single" :
						  "tcg,thread=multi");
		add(a, "-cpu");
		add(a, TCG_CPU);
	}
	if (s->clock == CLOCK_ICOUNT) {
		add(a, "-icount");
		add(a, "shift=0,sleep=off");
	}
	add(a, "-smp");
	add(a, "%u", s->cpus);
	add(a, "-m");
	add(a, "%uM", s->memory_mb);
}

/*
 * The guest need not calibrate what is known, and its result would vary. It
 * calibrates the local APIC's timer by spinning for 0.1 s: under icount that
 * takes two thirds of the boot, while one CPU does as well with the HPET.
 */
static char *timer_params(const struct boot_spec *s)
{
	bool icount = s->clock == CLOCK_ICOUNT;
	unsigned int khz = icount ? ICOUNT_TSC_KHZ : host_tsc_khz();

	if (s->accel->which == ACCEL_KVM || !khz)
		return xstrdup("");
	return xasprintf(" tsc=reliable tsc_early_khz=%u lpj=%u%s", khz,
			 khz * LPJ_PER_KHZ, icount && s->cpus == 1 ? " nolapic_timer" : "");
}

static void add_kernel(struct args *a, const struct boot_spec *s)
{
	char *timer = timer_params(s);

	add(a, "-kernel");
	add(a, "%s", s->kernel);
	add(a, "-initrd");
	add(a, "%s", s->initrd);
	add(a, "-append");
	/*
	 * The NMI that a hung guest gets makes it panic, and a panic prints
	 * the backtraces of all CPUs (bit 6). On a busy machine the timer's
	 * interrupts can be so late that the kernel believes in none. After a
	 * panic the guest is to be gone, but not before it has been dumped.
	 */
	add(a, "console=ttyS0 panic=%d unknown_nmi_panic panic_print=0x40 no_timer_check%s secmmu.vendor=%s%s%s",
	    s->vmcore ? 0 : -1, timer, s->accel->vendor, s->append ? " " : "",
	    s->append ? s->append : "");
	free(timer);
}

/* So that a list of processes tells the boots apart. A comma ends a value. */
static void add_name(struct args *a, const char *dir)
{
	char *name = xcalloc(2, strlen(dir) + 1), *to = name;

	for (const char *s = dir; *s; s++) {
		*to++ = *s;
		if (*s == ',')
			*to++ = ',';
	}
	add(a, "-name");
	add(a, "guest=%s", name);
	free(name);
}

static void add_channel(struct args *a, const char *id, int fd)
{
	add(a, "-chardev");
	add(a, "socket,id=%s,fd=%d", id, fd);
}

char **qemu_argv(const struct qemu_info *info, const struct boot_spec *spec)
{
	struct args a = { 0 };

	add(&a, "%s", info->path);
	if (info->sandbox) {
		add(&a, "-sandbox");
		add(&a, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	}
	if (spec->dir)
		add_name(&a, spec->dir);
	add(&a, "-no-user-config");
	add(&a, "-nodefaults");
	add(&a, "-nic");
	add(&a, "none");
	add(&a, "-display");
	add(&a, "none");
	add(&a, "-no-reboot");
	add(&a, "-machine");
	add(&a, MACHINE);
	add(&a, "-bios");
	add(&a, "qboot.rom");
	add_accel(&a, spec);
	add_channel(&a, QEMU_CONSOLE_ID, QEMU_FD_CONSOLE);
	add(&a, "-serial");
	add(&a, "chardev:" QEMU_CONSOLE_ID);
	add_channel(&a, "qmp", QEMU_FD_QMP);
	add(&a, "-mon");
	add(&a, "chardev=qmp,mode=control");
	add_channel(&a, "frames", QEMU_FD_FRAMES);
	add(&a, "-device");
	add(&a, "virtio-serial-pci");
	add(&a, "-device");
	add(&a, "virtserialport,chardev=frames,name=org.secmmu.frames");
	add_kernel(&a, spec);
	return a.v;
}

void qemu_argv_free(char **argv)
{
	for (char **s = argv; s && *s; s++)
		free(*s);
	free(argv);
}

static void quote(FILE *f, const char *s)
{
	if (*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789-_=+,./:")]) {
		fputs(s, f);
		return;
	}
	fputc('\'', f);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	}
	fputc('\'', f);
}

char *qemu_quote(char *const *argv)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	for (char *const *s = argv; *s; s++) {
		if (s != argv)
			fputc(' ', f);
		quote(f, *s);
	}
	fclose(f);
	return text;
}
