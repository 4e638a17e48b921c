#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Real runs on a booted kernel: every arm with every selftest; then a run that
# is disturbed in each way that must lose nothing. The kernel is built already.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir
log=$d/log

# Some of the runs are of a secmmu built with ASan and UBSan; what they find ends it with
# a status that it has no use for itself.
make -C tools -s -j"$(nproc)" SAN=1 all || exit 3
san=tools/build-san/secmmu/secmmu
export SECMMU_TOP="$PWD" ASAN_OPTIONS=exitcode=99 LSAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99

compare() {
	"$SECMMU" compare --results "$d/results" "$@"
}

san_compare() {
	"$san" compare --results "$d/results" "$@"
}

# Boots of folder @1 that have failed, and what failed in them: some lines.
failed_boots() {
	for b in "$1"/boot-*/boot.json; do
		jq -r 'select(.status != "PASS") | "boot \(.boot): \(.status): \(.reason)",
			([.tests[] | select(.status != "PASS" and .status != "SKIP")] | .[:3][] |
			"  slot \(.slot), \(.arm), \(.test) \(.name): \(.status): \(.reason)")' "$b"
	done | cut -c 1-200 | head -n 8
}

# The folder of the run that wrote $log, and whether nothing failed in it but guests
# that the emulator lost, which the run itself says.
folder() {
	sed -n 's/^\[[ :0-9]*\] results: \([^ ,]*\).*/\1/p' "$log" | tail -n 1
}

only_lost() {
	lost=$(sed -n 's/.* \([0-9]*\) of [0-9]* boots lost a guest to the emulator.*/\1/p' "$log" | tail -n 1)
	test "$(cat "$(folder)"/boot-*/boot.json | jq -s '[.[] | select(.status != "PASS")] | length')" = "${lost:-0}" &&
		[ "${lost:-0}" -gt 0 ]
}

# Whether nothing failed in it but one test of one boot, which had no end: so does one
# whose vCPU the emulator has lost, and nothing in a result tells it from a test that hangs.
only_endless() {
	test "$(cat "$(folder)"/boot-*/boot.json | jq -cs '[.[] | select(.status != "PASS") |
		[.status, .accel, .reason, (.kernel_findings | length), ([.tests[] | select(.status != "PASS") | [.status, .reason]] | unique)]]')" = \
		'[["MISS","tcg","",0,[["MISS","no result came within the time limit"]]]]'
}

# For the log of the tests, and for whoever sees no more than what went wrong.
note() {
	sed 's/^/# /' >"$d/note"
	cat "$d/note"
	cat "$d/note" >&2
}

not() {
	! "$@"
}

# ended STATUS IS: whether the run that wrote $log ended as it should; if not it says why.
ended() {
	[ "$1" -eq "$2" ] && return
	{
		echo "a run ended with status $2, not $1: $(folder)"
		[ -z "$(folder)" ] || failed_boots "$(folder)"
		grep -a 'secmmu: error' "$log" | cut -c 1-200 | tail -n 2
		tail -n 1 "$log"
	} | note
	return 1
}

# again STATUS COMMAND...: whether a run, which writes $log itself, ends so. A guest that
# was lost is no answer to what is asked here: once more, and not in silence. Nothing
# else is, but a test without an end where all is wanted to pass.
again() {
	want=$1
	shift
	"$@"
	ended "$want" $? && return
	only_lost || { [ "$want" -eq 0 ] && only_endless; } || return
	echo "the emulator lost a guest, or may have: see docs/testing.md; run once more" | note
	"$@"
	ended "$want" $?
}

logged() {
	"$@" >"$log" 2>&1
}

# ends STATUS COMMAND...: the same for a run whose output is to be in $log.
ends() {
	want=$1
	shift
	again "$want" logged "$@"
}

# The mistakes planted in it, each found, and none without.
for mistake in read freed overflow leak; do
	SECMMU_PLANT=$mistake "$san" --help >"$log" 2>&1
	check "planted in the sanitized secmmu: $mistake" sh -c "test $? -eq 99 && grep -qE 'Sanitizer|runtime error:' '$log'"
done
"$san" --help >"$log" 2>&1
check "planted in the sanitized secmmu: nothing" test $? -eq 0

# One line of TAP for each arm, test and event.
check "make compare PLAN=smoke ends with status 0" ends 0 compare --plan smoke --seed 1
run=$d/results/latest
jq -r '.tests[] | [.status, .arm, .test, .name] | @tsv' "$run/summary.json" >"$d/tests"
check "summary.json has results" test -s "$d/tests"
while read -r status what; do
	case $status in
	PASS) ok "$what" ;;
	SKIP) skip "$what" "see summary.json" ;;
	*) not_ok "$what: $status" ;;
	esac
done <"$d/tests"
for f in manifest.json summary.json report.html results.ktap junit.xml kcidb.json boot-000/boot.json boot-000/console.log \
	boot-000/ktap.log boot-000/samples.csv; do
	check "$f was written" test -s "$run/$f"
done
check "each test ran without tracepoints and with them in every slot" test "$(jq -c '[.tests[] |
	[.slot, .test, .name, .traced]] | [length, (unique | length), ([.[] | select(.[3])] | length)]' \
	"$run/boot-000/boot.json")" = "[120,120,60]"
check "no sample was lost" test "$(jq .lost_samples "$run/summary.json")" = 0
check "junit.xml has each result, and the boot" test "$(xmllint --xpath 'count(//testcase)' "$run/junit.xml")" = 121
check "results.ktap has each result" test "$(grep -cE '^ {8}(not )?ok ' "$run/results.ktap")" = 120
check "kcidb.json has each result, and the boot" test "$(jq '[.tests[] | select(.status != "DONE")] | length' \
	"$run/kcidb.json")" = 121
# What the tests print as proof, and what the trace saw at the call sites.
check "the log shows splits" grep -q "split" "$run/boot-000/ktap.log"
for site in move_page_tables __split_huge_pmd; do
	check "$site was seen as the call site" grep -q ",$site" "$run/boot-000/samples.csv"
done
[ -n "${CHECK_OUT:-}" ] && cp -rL "$run" "$CHECK_OUT/smoke"

# A damaged folder is refused, and left as it is.
cp -rL "$run" "$d/cut"
size=$(stat -c %s "$d/cut/boot-000/samples.csv")
truncate -s $((size - 7)) "$d/cut/boot-000/samples.csv"
before=$(sha256sum <"$d/cut/summary.json")
fails "a results folder that is cut off" 2 "samples.csv" "$SECMMU" report "$d/cut"
check "its summary is left alone" test "$(sha256sum <"$d/cut/summary.json")" = "$before"

# Planted: a guest that the emulator lost, another failure beside it, a test without an
# end, and a panic for text that the emulator read while it was patched.
if [ "$(jq -r .accel.name "$run/manifest.json")" = tcg ]; then
	# judged NAME PLANT COMMAND...: a boot with PLANT in its boot.json ends the run with
	# status 1, and is what COMMAND says.
	judged() {
		name=$1 plant=$2
		shift 2
		rm -rf "$d/lost"
		cp -rL "$run" "$d/lost"
		jq "$plant" "$run/boot-000/boot.json" >"$d/lost/boot-000/boot.json"
		logged "$SECMMU" compare --resume "$d/lost"
		check "planted: $name: status 1" test $? -eq 1
		check "planted: $name: known for what it is" "$@"
	}
	shut='.tests[0] += {status: "ERROR", reason: "got: 8 (SHUTDOWN)"}'
	int3="Oops: int3: 0000 [#1] SMP"
	judged "a lost guest" ".status = \"ERROR\" | $shut" only_lost
	judged "a lost guest and a failure" ".status = \"FAIL\" | $shut | .tests[1].status = \"FAIL\"" not only_lost
	judged "a test without an end" '.status = "MISS" |
		.tests[0] += {status: "MISS", reason: "no result came within the time limit"}' only_endless
	judged "a panic for patched text" ".status = \"FAIL\" | .reason = \"guest panicked: Kernel panic\" |
		.tests[0] += {status: \"FAIL\", reason: \"the kernel reported (oops) $int3\"} |
		.kernel_findings = [{kind: \"oops\", line: \"$int3\", expected: false},
			{kind: \"panic\", line: \"Kernel panic - not syncing: Fatal exception in interrupt\", expected: false}]" only_lost
fi

# The command itself, so that $! is its process and no shell's; sanitized.
small="$san compare --results $d/results --plan smoke --arms spinlock,mutex --events mremap_4k
	--boots 2 --jobs 1 --seed"

# wait_for SECONDS COMMAND...
wait_for() {
	left=$1
	shift
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 1
	done
}

nothing_runs() {
	! pgrep -f "$d/results/" >/dev/null
}

qemu_runs() {
	pgrep -f "qemu.*$d/results/" >/dev/null
}

# Ctrl-C, as a terminal sends it, while the guest boots and while it runs.
for when in 1 12; do
	# More boots than can be over by then.
	setsid sh -c 'trap - INT; exec "$@"' sh $small $when --boots 50 >"$log" 2>&1 &
	pid=$!
	wait_for 60 qemu_runs
	sleep $when
	kill -INT $pid
	wait $pid
	check "Ctrl-C $when s after QEMU's start: status 130" test $? -eq 130
	check "Ctrl-C $when s after QEMU's start: nothing runs on" wait_for 10 nothing_runs
	check "Ctrl-C $when s after QEMU's start: no half boot" \
		sh -c "! ls -d $d/results/latest/.boot-*.tmp 2>/dev/null"
done

# With two boots at a time, each in a process of its own.
two_run() {
	[ "$(pgrep -c -f "qemu.*$d/results/")" -ge 2 ]
}
setsid sh -c 'trap - INT; exec "$@"' sh $small 3 --boots 50 --clock icount --jobs 2 >"$log" 2>&1 &
pid=$!
check "Ctrl-C in parallel boots: two run" wait_for 60 two_run
sleep 2
kill -INT $pid
wait $pid
check "Ctrl-C in parallel boots: status 130" test $? -eq 130
check "Ctrl-C in parallel boots: nothing runs on" wait_for 10 nothing_runs
check "Ctrl-C in parallel boots: no half boot, no summary" sh -c "! ls -d $d/results/latest/.boot-*.tmp \
	$d/results/latest/summary.json 2>/dev/null"

# SIGKILL after the first boot; meanwhile a second run is turned away; then the same
# command. Its checks are of each attempt, so it is no command of check's.
killed_and_gone_on() {
	rm -rf "$(readlink -f "$d/results/latest")"
	$small 7 >"$log" 2>&1 &
	pid=$!
	wait_for 60 qemu_runs
	fails "a second run at the same time" 2 "another run" $small 7
	wait_for 120 test -e "$d/results/latest/boot-000/boot.json"
	kill -9 $pid
	wait $pid 2>/dev/null
	check "SIGKILL: nothing runs on" wait_for 10 nothing_runs
	check "SIGKILL: no summary of half a run" test ! -e "$d/results/latest/summary.json"
	kept=$(stat -c %i "$d/results/latest/boot-000")
	$small 7 >"$log" 2>&1
}
again 0 killed_and_gone_on
check "the same command goes on to the end" test $? -eq 0
check "it says so" grep -q "goes on" "$log"
check "it keeps the boot it had" test "$(stat -c %i "$d/results/latest/boot-000")" = "$kept"
check "it has all boots then" test "$(jq .boots "$d/results/latest/summary.json")" = 2

# Power cut: a boot.json that is half there, a boot under way, a report of a part.
# What --resume makes of it is what the run of the same seed had before.
facts() {
	jq -S '[.seed, .plan, .arms, .boots, .tests, .kernel_findings,
		[.measurements[] | [.event, .metric, .arm, .copy, .n, .boots]],
		[.comparisons[] | [.event, .metric, .statistic, .a, .b, .boots]]]' "$1/summary.json"
}
run=$(readlink -f "$d/results/latest")
facts "$run" >"$d/undisturbed"
kept=$(stat -c %i "$run/boot-000")
torn_and_resumed() {
	truncate -s 500 "$run/boot-001/boot.json"
	mkdir -p "$run/.boot-000.tmp" && : >"$run/.boot-000.tmp/samples.csv"
	"$SECMMU" compare --resume "$run"
}
check "--resume: status 0" ends 0 torn_and_resumed
check "--resume: the boot that was not whole is set aside" test -d "$run/broken-001"
check "--resume: the whole one is kept" test "$(stat -c %i "$run/boot-000")" = "$kept"
check "--resume: nothing half is left" sh -c "! ls -d '$run'/.boot-* 2>/dev/null"
facts "$run" >"$d/gone-on"
check "--resume: the summary is that of the undisturbed run" cmp "$d/undisturbed" "$d/gone-on"
fails "--resume with other arms" 2 "arms is" "$SECMMU" compare --resume "$run" --arms rwlock,mutex

# The same for programs: JSON on standard output, the table on standard error.
for_programs() {
	"$san" compare --json --results "$d/json" --plan smoke --arms spinlock,mutex --events mremap_4k \
		--boots 2 --jobs 1 --seed 3 >"$d/events" 2>"$log"
}
check "--json: status 0" ends 0 for_programs
check "--json: each line is an object" test "$(jq -c 'select(.event)' "$d/events" | wc -l)" = "$(wc -l <"$d/events")"
check "--json: the last one is the end" test "$(tail -n 1 "$d/events" | jq -c '[.event, .exit]')" = '["end",0]'
check "--json: a verdict for each result" test "$(jq -s '[.[] | select(.event == "verdict")] | length' \
	"$d/events")" = "$(cat "$d"/json/latest/boot-*/boot.json | jq -s '[.[].tests[]] | length')"
check "--json: both boots" test "$(jq -sc '[.[] | select(.event == "boot") | .status]' "$d/events")" = '["PASS","PASS"]'
check "--json: time to go, then none" test "$(jq -sc '[.[] | select(.phase == "boot") | .step]' "$d/events")" = "[0,1,2]"
check "--json: the table is on standard error" grep -q "^Boots: 2 used of 2" "$log"

# Disturbed in each way, and gone on with until it is done: the summary of a run that
# nothing has disturbed, but for what this leaves out. The icount clock, whose medians
# repeat; now and then an interrupt comes during another call.
facts_all() {
	jq -S 'def of($keys): map(with_entries(select(.key | IN($keys[]))));
		["event", "size", "page_size", "vcpus", "test", "arm", "copy", "traced", "metric", "statistic", "count",
		"a", "b", "n", "boots", "events", "exact", "primary", "calls"] as $keys |
		del(.id, .started, .host, .boot_list[].attempts) | .warnings |= map(select(test("run again") | not)) |
		(.measurements, .comparisons, .aa, .tracing, .scaling, .counts, .count_comparisons, .count_aa) |= of($keys) |
		.call_sites |= (.sites? // [] | map([.nr, .state]))' "$1/summary.json"
}

figures() {
	"$SECMMU" export --what boots "$1" | awk -F, 'NR > 1 { print $6, $7, $8, $9, $13, $15, $13 == "syscall" ? $16 : "-" }'
}

# alike DIR DIR: says what is not. The median of three samples is off by 2 % where two of
# them had an interrupt.
alike() {
	facts_all "$1" >"$d/facts1"
	facts_all "$2" >"$d/facts2"
	test -s "$d/facts1" || return
	if ! diff "$d/facts1" "$d/facts2" >"$d/differ"; then
		sed 's/^/# /' "$d/differ" | head -n 20
		return 1
	fi
	figures "$1" >"$d/figures1"
	figures "$2" >"$d/figures2"
	test -s "$d/figures1" && paste -d ' ' "$d/figures1" "$d/figures2" | awk '
		{ bad = NF != 14; for (i = 1; i <= 6; i++) if ($i != $(i + 7)) bad = 1
		  if ($7 != "-" && ($7 > 1.05 * $14 || $14 > 1.05 * $7)) bad = 1
		  if (bad) { print "# " $0; any = 1 } }
		END { exit any }'
}

# random FROM TO: seconds, from the seed
disturb_seed=${DISTURB_SEED:-$$}
draws=0
random() {
	draws=$((draws + 1))
	awk -v s=$((disturb_seed + draws)) -v a="$1" -v b="$2" 'BEGIN { srand(s); printf "%.1f", a + (b - a) * rand() }' >"$d/random"
	wait_s=$(cat "$d/random")
}

same="$SECMMU compare --plan smoke --arms spinlock,mutex --events mremap_4k --boots 3 --clock icount --jobs 2 --seed 11"
# shellcheck disable=SC2086
check "undisturbed: status 0" ends 0 $same --results "$d/calm"
calm=$(readlink -f "$d/calm/latest")

# SIGKILL of the tool, wherever it is.
$same --results "$d/results" >"$log" 2>&1 &
pid=$!
wait_for 60 qemu_runs
random 0 4
echo "# DISTURB_SEED=$disturb_seed: SIGKILL $wait_s s after QEMU's start"
sleep "$wait_s"
kill -9 $pid
wait $pid 2>/dev/null
check "disturbed: nothing runs on" wait_for 10 nothing_runs

# SIGKILL of one of two QEMUs: the run that sees it has a MISS.
$same --results "$d/results" >"$log" 2>&1 &
pid=$!
wait_for 60 qemu_runs
random 0 3
echo "# SIGKILL of a QEMU after $wait_s s"
sleep "$wait_s"
kill -9 "$(pgrep -o -f "qemu.*$d/results/")"
wait $pid
check "disturbed: a QEMU that is killed is status 1" ended 1 $?
run=$(readlink -f "$d/results/latest")
check "disturbed: that is not taken for a failure of what is tested" grep -q "not passed: no test has failed, but" "$log"
check "disturbed: it is a MISS" test "$(jq -c '[.boot_list[] | select(.status == "MISS")] | length' "$run/summary.json")" = 1
check "disturbed: the comparison sees it" not alike "$calm" "$run"

# A power cut then: the last file of a boot that was whole is torn, another one is half there.
whole=$(jq -r 'select(.status == "PASS") | input_filename' "$run"/boot-*/boot.json | head -n 1)
size=$(stat -c %s "${whole%boot.json}samples.csv")
truncate -s $((size - 100)) "${whole%boot.json}samples.csv"
truncate -s $size "${whole%boot.json}samples.csv"
mkdir -p "$run/.boot-001.tmp" && head -c 100 "$whole" >"$run/.boot-001.tmp/boot.json.tmp1"
truncate -s 50 "$run/summary.json"
$same --results "$d/results" >"$log" 2>&1
check "disturbed: the same command goes on to the end" ended 0 $?
check "disturbed: it is the same run" test "$(readlink -f "$d/results/latest")" = "$run"
check "disturbed: that a boot was run again is told" test "$(jq -c '[.boot_list[].attempts[]?.status]' "$run/summary.json")" = '["MISS"]'
check "disturbed: torn and killed boots are kept aside" sh -c "ls -d '$run'/broken-* '$run'/failed-* >/dev/null"
check "disturbed: the summary is that of the undisturbed run" alike "$calm" "$run"

# Planted: samples that changed, and one that is missing, as if they had been so at first.
plant() {
	rm -rf "$d/planted"
	cp -r "$calm" "$d/planted"
	awk -F, -v OFS=, "$1" "$calm/boot-001/samples.csv" >"$d/planted/boot-001/samples.csv"
	jq --arg h "$(sha256sum "$d/planted/boot-001/samples.csv" | cut -d' ' -f1)" '.files["samples.csv"] = $h' \
		"$calm/boot-001/boot.json" >"$d/planted/boot-001/boot.json"
	"$SECMMU" report "$d/planted" >/dev/null 2>&1
}
check "planted: nothing" plant '{ print }'
check "planted: nothing is found" alike "$calm" "$d/planted"
check "planted: other times in a slot" plant '$1 == 0 && $4 == 0 { $12 = int($12 * 1.1) } { print }'
check "planted: other times are found" not alike "$calm" "$d/planted"
check "planted: a sample is missing" plant 'NR != 2 { print }'
check "planted: a missing sample is found" not alike "$calm" "$d/planted"

# A guest that is lost in the middle: each result that is due is there, once.
# The program runs for much longer than it takes to kill QEMU.
sed 's/-i 3 /-i 50000 /' configs/plans/smoke.ini >"$d/long.ini"
"$SECMMU" compare --results "$d/results" --plan "$d/long.ini" --arms spinlock,mutex --events mremap_4k \
	--boots 1 --jobs 1 --seed 9 >"$log" 2>&1 &
pid=$!
check "QEMU killed: the log names the program while it runs" wait_for 30 grep -qs "begin RUN" \
	"$d/results/latest/.boot-000.tmp/console.log"
kill -9 $(pgrep -f "qemu.*$d/results/")
wait $pid
check "QEMU killed: status 1" ended 1 $?
lost=$d/results/latest/boot-000/boot.json
check "QEMU killed: 3 slots have 2 results each" test "$(jq '[.tests[] | select(.name == "mremap_4k") |
	[.slot, .traced]] | unique | length' "$lost")" = 6
check "QEMU killed: what never ran is MISS" test "$(jq '[.tests[] | select(.status == "MISS")] | length' \
	"$lost")" -ge 5

# A program that is killed the first time, and a plan that gives it another chance:
# PASS, with what was before beside it.
cat >"$d/flaky.ini" <<-END
	[plan]
	boots = 1
	clock = wall
	arms = mutex
	aa = none
	[test mremap]
	program = secmmu_mremap_test
	args = -i 1 -w 1 -v 1
	traced = none
	events = mremap_4k
	retries = 1
END
check "retries: status 0" ends 0 san_compare --plan "$d/flaky.ini" --append secmmu.fault=flaky
check "retries: PASS in the second attempt, and both are there" test "$(jq -c '[.tests[] |
	select(.name == "mremap_4k") | .status, .attempt, [.attempts[].status]]' \
	"$d/results/latest/boot-000/boot.json")" = '["PASS",2,["MISS"]]'
check "retries: the table says so" grep -q "PASS ([12] only after a retry)" "$log"
sed -i '/^\s*retries/d' "$d/flaky.ini"
check "retries: none unless the plan says so" ends 1 compare --plan "$d/flaky.ini" --append secmmu.fault=flaky
check "retries: a test that was killed is none without an end" not only_endless

# The memory of a guest that panics, in its boot's folder and known by its hash.
check "vmcore: a panic is status 1" ends 1 san_compare --plan "$d/flaky.ini" --append secmmu.fault=panic --vmcore elf
core=$d/results/latest/boot-000/vmcore
check "vmcore: it is an ELF core" sh -c "readelf -h '$core' | grep -q 'CORE (Core file)'"
check "vmcore: its hash is in boot.json" test "$(jq -r .files.vmcore "$d/results/latest/boot-000/boot.json")" = \
	"$(sha256sum "$core" | cut -d' ' -f1)"
check "vmcore: the diagnosis tells" sh -c "jq -r .diagnosis '$d/results/latest/boot-000/boot.json' | grep -q '^== vmcore (elf)'"
rm -f "$core"

# A mix goes on until its time is over.
cat >"$d/mix.ini" <<-END
	[plan]
	boots = 1
	clock = wall
	arms = spinlock mutex
	aa = none
	mix = 3
	[test mremap]
	program = secmmu_mremap_test
	args = -i 1 -w 1
	vary = -v 1,2,3 -f -b 4M,8M
	traced = none
	events = mremap_4k mremap_thp mremap_fixed
END
mixed() {
	jq -c '[[.slots[].arm], .mix, [.tests[].name]]' "$d/results/latest/boot-$1/boot.json"
}
check "a mix for a minute: status 0" ends 0 compare --plan "$d/mix.ini" --minutes 1 --seed 5
check "a mix for a minute: more than one boot, and all of them counted" test "$(jq \
	'.boots > 1 and .boots == .boots_planned' "$d/results/latest/summary.json")" = true
first=$(mixed 000) second=$(mixed 001)
check "a mix for a minute: the next boot has another" test "$first" != "$second"
check "a boot of it again: status 0" ends 0 compare --plan "$d/mix.ini" --boot 1 --seed 5
check "a boot of it again: the same mix in the same order" test "$(mixed 001)" = "$second"

# It ends with the boot that fails, and says how to repeat that one.
sed 's/-w 1/-w 1 -F stale-read/' "$d/mix.ini" >"$d/bad.ini"
check "a mix that fails: status 1" ends 1 compare --plan "$d/bad.ini" --minutes 3 --seed 5
ended 0 1 >"$d/why" 2>/dev/null
check "a mix that fails: the log of the tests says why" grep -q "^#   slot .*mremap.*: FAIL: " "$d/why"
check "a mix that fails: that is not taken for a lost guest" not only_lost
check "a mix that fails: nor for a test without an end" not only_endless
check "a mix that fails: that is said" grep -q "not passed: what is tested has failed" "$log"
check "a mix that fails: no further boot" test ! -e "$d/results/latest/boot-001"
check "a mix that fails: the line that repeats the boot" \
	grep -q "boot 0 of seed 5 failed.*PLAN=$d/bad.ini.*BOOT=0 .*SEED=5" "$log"

if [ "$(id -u)" -eq 0 ] && mkdir "$d/full" && mount -t tmpfs -o size=256k none "$d/full" 2>/dev/null; then
	fails "no disk space for the results" 3 "No space left" \
		"$SECMMU" compare --plan smoke --results "$d/full/results"
	umount "$d/full"
else
	skip "no disk space for the results" "needs root, to mount a small tmpfs"
fi
tap_end
