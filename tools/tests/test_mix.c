// SPDX-License-Identifier: GPL-2.0-only
/* Mixes of events, and runs that go on until the time is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "accel.h"
#include "bootjson.h"
#include "manifest.h"
#include "plan.h"
#include "plan_mix.h"
#include "scratch.h"
#include "soak.h"

#define ARMS "[arms]\nstock = pristine\nmutex = M\n"
#define PLAN								\
	"[plan]\narms = stock mutex\nmix = 6\nboots = 1\naa = none\n"	\
	"[test one]\nprogram = one_test\nargs = -w 1\n"			\
	"vary = -v 1,2,4 -f -b 4M,8M\nevents = aa bb cc\ntraced = none\n"	\
	"[test two]\nprogram = two_test\nevents = dd\n"			\
	"findings = oom@stock\ntimeout = 7\n"				\
	"[test three]\nprogram = three_test\njudge = exit\n"

static int setup(void **state)
{
	if (scratch_setup(state) || setenv("SECMMU_TOP", scratch, 1))
		return -1;
	put("configs/arms.ini", ARMS);
	put("configs/plans/soak.ini", PLAN);
	return 0;
}

static struct plan *load(void)
{
	struct plan *p = plan_load("soak");

	assert_non_null(p);
	return p;
}

/* The commands of a boot in one line. */
static char *mixed(const struct plan *p, uint64_t seed, unsigned int boot)
{
	struct plan *mix = plan_mix(p, seed, boot);
	struct strs words = { 0 };
	char *text;

	assert_non_null(mix);
	assert_int_equal(mix->n_tests, p->mix);
	for (size_t i = 0; i < mix->n_tests; i++) {
		const struct plan_test *t = &mix->tests[i];
		char *args = strs_join(&t->args), *events = strs_join(&t->events);
		char *line = xasprintf("%s%s%s%s%s;", t->name, *args ? " " : "",
				       args, *events ? " " : "", events);

		assert_int_equal(t->events.n, !t->by_exit);
		strs_add(&words, line, strlen(line));
		free(line);
		free(events);
		free(args);
	}
	plan_mix_free(mix);
	text = strs_join(&words);
	strs_free(&words);
	return text;
}

static void assert_mix(const struct plan *p, uint64_t seed, unsigned int boot,
		       const char *want)
{
	char *have = mixed(p, seed, boot);

	assert_string_equal(have, want);
	free(have);
}

/*
 * A recorded seed has to give the same again, in every version. As computed by a
 * program that has nothing of ours but the text of docs/plans.md.
 */
static void same_for_ever(void **state)
{
	struct plan *p = load();

	(void)state;
	assert_mix(p, 1, 0, "one -w 1 -v 2 -f -b 8M cc; three; one -w 1 -v 4 -f -b 8M a"
		   "a; one -w 1 -v 4 -b 4M bb; three; three;");
	assert_mix(p, 1, 1, "three; three; one -w 1 -v 2 -f -b 4M bb; one -w 1 -v 2 -f "
		   "-b 4M cc; two dd; three;");
	assert_mix(p, 4190924968, 0, "two dd; one -w 1 -v 1 -b 8M bb; one -w 1 -v 2 -f -b 8M cc;"
		   " one -w 1 -v 4 -f -b 8M aa; one -w 1 -v 4 -f -b 8M cc; one -w 1 -v 2 -f -b 8M aa;");
	plan_free(p);
}

static void same_seed_same_mix(void **state)
{
	struct plan *p = load(), *again = load();

	(void)state;
	for (unsigned int boot = 0; boot < 20; boot++) {
		char *a = mixed(p, 77, boot), *b = mixed(again, 77, boot);

		assert_string_equal(a, b);
		free(a);
		free(b);
	}
	plan_free(p);
	plan_free(again);
}

/* Nor is a boot of one seed the next boot of the seed before. */
static void other_seed_other_mix(void **state)
{
	struct plan *p = load();
	struct strs seen = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		for (unsigned int boot = 0; boot < 5; boot++) {
			char *a = mixed(p, seed, boot);

			strs_add(&seen, a, strlen(a));
			free(a);
		}
	}
	assert_null(strs_repeated(&seen));
	strs_free(&seen);
	plan_free(p);
}

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	while ((text = strstr(text, word))) {
		text++;
		n++;
	}
	return n;
}

static void assert_near(unsigned int n, unsigned int want)
{
	if (n < want * 9 / 10 || n > want * 11 / 10)
		fail_msg("%u is not near %u", n, want);
}

/* Every event is as likely, and so is every value of an option. */
static void evenly(void **state)
{
	static const char *const events[] = { " aa;", " bb;", " cc;", " dd;", "three;" };
	static const char *const values[] = { "-v 1", "-v 2", "-v 4" };
	struct plan *p = load();
	unsigned int first;
	char *a;

	(void)state;
	p->mix = 10000;
	a = mixed(p, 5, 0);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		assert_near(count(a, events[i]), 2000);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_near(count(a, values[i]), 2000);
	assert_near(count(a, "-f"), 3000);
	assert_near(count(a, "-b 8M"), 3000);
	first = count(a, "one -w 1 -v");
	assert_int_equal(first, count(a, "one "));
	free(a);
	plan_free(p);
}

/* All else of a test comes along, and belongs to the mix. */
static void copied(void **state)
{
	struct plan *p = load(), *mix;

	(void)state;
	assert_int_equal(plan_set_events(p, "dd"), 0);
	mix = plan_mix(p, 3, 4);
	assert_int_equal(mix->n_tests, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct plan_test *t = &mix->tests[i];

		assert_string_equal(t->program, "two_test");
		assert_int_equal(t->args.n, 0);
		assert_true(t->traced);
		assert_int_equal(t->timeout_s, 7);
		assert_int_equal(t->n_findings, 1);
		assert_string_equal(t->findings[0].arm, "stock");
		assert_ptr_not_equal(t->findings[0].arm, p->tests[0].findings[0].arm);
	}
	plan_mix_free(mix);
	p->mix = 0;
	assert_null(plan_mix(p, 3, 4));
	plan_free(p);
}

/* Runs until a time. */

static void boots_counted(void **state)
{
	int failed;

	(void)state;
	put("run/boot-000/boot.json", "{\"status\":\"PASS\"}");
	assert_int_equal(soak_count("run", &failed), 1);
	assert_int_equal(failed, -1);
	put("run/boot-001/boot.json", "{\"status\":\"MISS\"}");
	put("run/boot-002/boot.json", "{\"status\":\"FAIL\"}");
	put("run/.boot-003.tmp/boot.json", "{\"status\":\"PASS\"}");
	assert_int_equal(soak_count("run", &failed), 3);
	assert_int_equal(failed, 1);
	assert_int_equal(soak_lost("run", 5), 0);
	assert_int_equal(soak_boot("run", 0), SOAK_PASSED);
	assert_int_equal(soak_boot("run", 1), SOAK_FAILED);
	assert_int_equal(soak_boot("run", 3), SOAK_PASSED);
	put("run/boot-000/boot.json", "{\"status\":");
	assert_int_equal(soak_count("run", &failed), 3);
	assert_int_equal(failed, 0);
	assert_int_equal(soak_count("nowhere", &failed), 0);
	assert_int_equal(failed, -1);
}

#define RESULT(slot, test, status, reason)					\
	"{\"slot\":" #slot ",\"traced\":false,\"test\":\"" test "\",\"status\":\""	\
	status "\",\"reason\":\"" reason "\"}"
#define BODY(accel, reason, findings, tests)					\
	"\"status\":\"ERROR\",\"accel\":\"" accel "\",\"reason\":\"" reason "\"," \
	"\"kernel_findings\":[" findings "],\"tests\":[" tests "]}"
#define BOOT(...) "{" BODY(__VA_ARGS__)
#define PANIC(n, accel, ...)							\
	"{\"hello\":{\"cpus\":" #n "}," BODY(accel, "guest panicked: x", __VA_ARGS__)
#define ASSERTED "assertion failed: x.c:87: exit_reason == (2): Wanted: 2 (IO), got: "
#define LOST RESULT(3, "protect", "ERROR", ASSERTED "8 (SHUTDOWN)")
#define STUCK RESULT(4, "overlap", "ERROR", "vcpu 1 does not stop: the guest is lost, it")
#define HALTED "guest hangs: the guest is lost, its CPU 0 is halted and takes no NMI"
#define STALL "{\"kind\":\"rcu-stall\",\"expected\":false}"
#define OOPS(what) "{\"kind\":\"oops\",\"line\":\"Oops: " what " [#1] SMP\",\"expected\":false}"
#define ENDS(why)								\
	"{\"kind\":\"panic\",\"line\":\"Kernel panic - not syncing: " why "\",\"expected\":false}"
#define FATAL ENDS("Fatal exception in interrupt")
#define INT3 OOPS("int3: 0000") "," FATAL
#define BLAMED(before)								\
	RESULT(1, "mremap", "FAIL", "the kernel reported (oops) Oops: int3: 0000 [#1] SMP" before)
#define MISSING(slot) RESULT(slot, "protect", "MISS", "no result came")

/* A guest that the emulator loses is no reason to stop; all else is. */
static void lost_guests(void **state)
{
	static const struct {
		const char *boot;
		enum soak_end end;
	} cases[] = {
		{ BOOT("tcg", "", "", LOST "," MISSING(3) "," STUCK), SOAK_LOST },
		{ BOOT("tcg", "", "{\"kind\":\"oom\",\"expected\":true}", LOST), SOAK_LOST },
		/* An exit that KVM should not have made. */
		{ BOOT("tcg", "", "", RESULT(3, "protect", "ERROR", ASSERTED "17 (INTERNAL_ERROR)")),
		  SOAK_FAILED },
		/* On real hardware it is KVM's. */
		{ BOOT("kvm", "", "", LOST), SOAK_FAILED },
		/* Of another program's run. */
		{ BOOT("tcg", "", "", LOST "," MISSING(2)), SOAK_FAILED },
		{ BOOT("tcg", "", "", LOST "," RESULT(3, "protect", "FAIL", "")), SOAK_FAILED },
		{ BOOT("tcg", "", "", RESULT(3, "protect", "FAIL", "the guest is lost")),
		  SOAK_FAILED },
		{ BOOT("tcg", "the guest hung", "", LOST), SOAK_FAILED },
		/* The machine itself: what was not run is missing, and the kernel noticed. */
		{ BOOT("tcg", HALTED, STALL, MISSING(2) "," MISSING(3)), SOAK_LOST },
		{ BOOT("tcg", HALTED, STALL, RESULT(2, "thp", "FAIL", "") "," MISSING(3)),
		  SOAK_FAILED },
		{ BOOT("tcg", HALTED, "{\"kind\":\"kasan\",\"expected\":false}", MISSING(3)),
		  SOAK_FAILED },
		{ BOOT("tcg", "", STALL, LOST), SOAK_FAILED },
		{ BOOT("kvm", HALTED, STALL, MISSING(3)), SOAK_FAILED },
		{ BOOT("tcg", "", "{\"kind\":\"warning\",\"expected\":false}", LOST),
		  SOAK_FAILED },
		{ BOOT("tcg", "", "", ""), SOAK_FAILED },
		/* Text that another CPU has patched: of the kernel's reports that one only. */
		{ PANIC(2, "tcg", INT3, BLAMED("") "," MISSING(2)), SOAK_LOST },
		{ PANIC(2, "tcg", INT3, BLAMED("; no result came before the guest was lost")),
		  SOAK_LOST },
		{ PANIC(2, "tcg", INT3, BLAMED("; guest panicked: x")), SOAK_LOST },
		{ PANIC(2, "tcg", INT3, BLAMED("; a stale read")), SOAK_FAILED },
		{ PANIC(2, "tcg", INT3, BLAMED("; a stale read; guest panicked: x")), SOAK_FAILED },
		{ PANIC(2, "tcg", INT3, BLAMED("") "," RESULT(2, "thp", "FAIL", "")), SOAK_FAILED },
		{ PANIC(2, "tcg", INT3 "," OOPS("0002"), BLAMED("")), SOAK_FAILED },
		{ PANIC(2, "tcg", OOPS("0002") "," FATAL, MISSING(2)), SOAK_FAILED },
		{ PANIC(2, "tcg", OOPS("int3: 0000") "," ENDS("hung_task"), BLAMED("")), SOAK_FAILED },
		{ PANIC(1, "tcg", INT3, BLAMED("")), SOAK_FAILED },
		{ PANIC(2, "kvm", INT3, BLAMED("")), SOAK_FAILED },
	};
	int failed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("lost/boot-000/boot.json", cases[i].boot);
		assert_int_equal(soak_boot("lost", 0), cases[i].end);
		assert_int_equal(soak_count("lost", &failed), 1);
		assert_int_equal(failed == 0, cases[i].end == SOAK_FAILED);
		assert_int_equal(soak_lost("lost", 1), cases[i].end == SOAK_LOST);
	}
}

/* The line that repeats a boot: all that the mix depends on is in it. */
static void repeated(void **state)
{
	struct accel_choice accel = { .which = ACCEL_TCG };
	struct plan *p = load();
	struct bootrun b = { .plan = p, .accel = &accel, .clock = CLOCK_WALL };
	char *command;

	(void)state;
	put("configs/lanes.ini", "[lanes]\nplain = none\ndebug = debug\n");
	command = manifest_command(&b, 9, NULL);
	assert_string_equal(command, "make compare PLAN=soak ARMS=\"stock mutex\" BOOTS=1 CLOCK=wall ACCEL=tcg SEED=9");
	free(command);
	assert_int_equal(plan_set_lane(p, "debug"), 0);
	assert_int_equal(plan_set_events(p, "aa,dd"), 0);
	assert_int_equal(plan_set_minutes(p, "30"), 0);
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, " MINUTES=30 "));
	free(command);
	assert_int_equal(plan_set_boot(p, "7"), 0);
	assert_int_equal(p->boots, 1);
	command = manifest_command(&b, 9, "/src/linux");
	assert_string_equal(command, "make compare PLAN=soak ARMS=\"stock mutex\" EVENTS=\"aa dd\" BOOT=7 CLOCK=wall ACCEL=tcg LANE=debug SEED=9 KERNEL_SRC=/src/linux");
	free(command);
	b.cpus = 3;
	b.share.boots = 2;
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, " CPUS=3"));
	free(command);
	b.share.boots = 0;
	assert_int_equal(plan_set_cpus(p, "3"), 0);
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, " CPUS=3"));
	free(command);
	p->own_cpus = false;
	b.pin = true;
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, " PIN=yes"));
	free(command);
	accel.which = ACCEL_KVM;
	b.pin = false;
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, " PIN=no"));
	free(command);
	accel.which = ACCEL_TCG;
	b.kernel_version = "6.12.107";
	b.prefix = "20";
	b.control = "x.patch";
	b.perf = true;
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, "SEED=9 PERF=1 KERNEL_VERSION=6.12.107 PATCHES=20 CONTROL=x.patch"));
	free(command);
	plan_free(p);
	p = plan_load("./configs/plans/soak.ini");
	b.plan = p;
	command = manifest_command(&b, 9, NULL);
	assert_non_null(strstr(command, "PLAN=./configs/plans/soak.ini "));
	free(command);
	plan_free(p);
}

/* What was drawn is recorded with the boot. */
static void recorded(void **state)
{
	struct accel_choice accel = { .which = ACCEL_TCG };
	struct plan *p = load(), *mix = plan_mix(p, 1, 0);
	struct bootrun b = { .plan = mix, .accel = &accel };
	struct boot_result res = {
		.reason = "", .diagnosis = "", .command = "", .qemu_version = "",
	};
	struct bootjson *j = bootjson_new(0, 1, NULL, NULL, 0);
	char *text;

	(void)state;
	assert_int_equal(bootjson_write(j, "boot.json", &b, &res, 0, 0), 0);
	text = read_file("boot.json", NULL);
	assert_non_null(strstr(text, "\"one_test -w 1 -v 2 -f -b 8M -e cc\""));
	free(text);
	bootjson_free(j);
	plan_mix_free(mix);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_for_ever),
		cmocka_unit_test(same_seed_same_mix),
		cmocka_unit_test(other_seed_other_mix),
		cmocka_unit_test(evenly),
		cmocka_unit_test(copied),
		cmocka_unit_test(boots_counted),
		cmocka_unit_test(lost_guests),
		cmocka_unit_test(repeated),
		cmocka_unit_test(recorded),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
