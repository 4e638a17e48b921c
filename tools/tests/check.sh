#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# All tests, from quick to slow: see docs/testing.md. Each part is a program
# that prints TAP; the last line adds them up: "N passed, N failed, N skipped".
#
# usage: check.sh [PART...]     parts: unit valgrind fuzz cli kernel boot compare vmm report,
#                               and, only by name: perf
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 3
out=${CHECK_OUT:-$top/results/.check}
parts=${*:-"unit valgrind fuzz cli kernel boot compare vmm report"}
passed=0 failed=0 skipped=0
start=$(date +%s)

rm -rf "$out" && mkdir -p "$out" || exit 3
export SECMMU_TOP="$top"

say() {
	now=$(($(date +%s) - start))
	printf '[%3d:%02d] %s\n' $((now / 60)) $((now % 60)) "$*"
}

# sh -c "$runner" sh NAME COMMAND...: leaves NAME.tap, NAME.err and NAME.rc in $OUT
runner='n=$OUT/$1; shift; "$@" >"$n.tap" 2>"$n.err" </dev/null; echo $? >"$n.rc"'

# cmocka says "not ok 3 # SKIP NAME" of a test that was skipped.
skips='^[[:space:]]*(ok .*# *skip|not ok [0-9]+ # skip)'

# What failed, each with what it says of itself in the lines behind.
failures() {
	grep -viE "$skips" "$out/$1.tap" | awk '
		/^[[:space:]]*not ok / { said = 1; print; next }
		/^[[:space:]]*#/ && said && !/^# (not )?ok - / && said++ < 8 { print; next }
		{ said = 0 }' | sed 's/^/    /'
	tail -n 15 "$out/$1.err" | sed 's/^/    | /'
}

# A program with no failed line that ends badly all the same is one failure; so
# is one that prints no result at all.
count() {
	name=$1
	log=$out/$name.tap
	rc=$(cat "$out/$name.rc")
	sk=$(grep -ciE "$skips" "$log")
	ok=$(grep -E '^[[:space:]]*ok ' "$log" | grep -cviE "$skips")
	no=$(grep -E '^[[:space:]]*not ok ' "$log" | grep -cviE "$skips")
	if [ "$no" -eq 0 ] && { [ "$rc" -ne 0 ] || [ $((ok + sk)) -eq 0 ]; }; then
		no=1
		echo "not ok - $name ended with status $rc" >>"$log"
	fi
	passed=$((passed + ok)) failed=$((failed + no)) skipped=$((skipped + sk))
	say "$name: $ok passed, $no failed, $sk skipped"
	[ "$no" -eq 0 ] || failures "$name"
	grep -iE "$skips" "$log" | sed 's/^/    /'
	# A guest that the emulator lost: docs/testing.md.
	grep '^# .*; run once more$' "$log" | sed 's/^# /    /'
}

tap() {
	OUT=$out sh -c "$runner" sh "$@"
	count "$1"
}

part_unit() {
	say "unit tests, under ASan and UBSan"
	make -C tools -s -j"$(nproc)" SAN=1 tests || exit 3
	export CMOCKA_MESSAGE_OUTPUT=TAP
	# Those that wait for a QEMU of straw first, and one more at a time than
	# there are CPUs: most of what they take is waiting.
	for t in tools/build-san/tests/test_boot* tools/build-san/tests/test_*; do
		case $t in *.o | *.d) ;; *) echo "$(basename "$t") $t" ;; esac
	done | awk '!seen[$0]++' >"$out/list"
	OUT=$out xargs -P $(($(nproc) + 1)) -n 2 sh -c "$runner" sh <"$out/list"
	for t in $(cut -d ' ' -f 1 "$out/list" | sort); do
		count "$t"
	done
	unset CMOCKA_MESSAGE_OUTPUT
	tap planted_read sh -c 'SECMMU_PLANT=1 tools/build-san/tests/test_fuzz_frame >/dev/null 2>&1 ||
		echo "ok 1 - a read beyond the end of an input is caught"'
	tap reference sh tools/tests/reference/check.sh
}

part_valgrind() {
	say "unit tests again, under valgrind"
	tap valgrind sh tools/tests/valgrind.sh
}

part_fuzz() {
	say "random input for the parsers, under libFuzzer"
	tap fuzz sh tools/tests/fuzz-run.sh
}

part_cli() {
	say "bad input and faults of the command line"
	tap cli sh tools/tests/cli.sh
	say "Ctrl-C while the source is fetched and the kernel built, with stand-ins"
	tap interrupt sh tools/tests/interrupt.sh
}

part_kernel() {
	say "source, series, a kernel and every arm"
	tools/secmmu/secmmu kernel | tee "$out/kernel.txt"
	SECMMU_ARTIFACTS=$(sed -n 's/^artifacts: //p' "$out/kernel.txt")
	export SECMMU_ARTIFACTS
	[ -d "$SECMMU_ARTIFACTS" ] || exit 3
	tap patches sh tools/tests/patches.sh
}

part_boot() {
	[ -n "${SECMMU_ARTIFACTS:-}" ] || part_kernel
	say "faults of the guest, each on a booted kernel"
	CMOCKA_MESSAGE_OUTPUT=TAP tap boot_faults tools/build/tests/boot_faults
	say "planted faults of the selftests, and mixed module pairs"
	CMOCKA_MESSAGE_OUTPUT=TAP tap boot_selftests tools/build/tests/boot_selftests
}

part_compare() {
	say "every arm with both selftests (plan smoke), resume, Ctrl-C, two runs at once"
	tap smoke sh tools/tests/smoke.sh
}

part_vmm() {
	say "a real VMM with a real guest, and planted faults of it"
	tap vmm sh tools/tests/vmm.sh
}

part_perf() {
	say "the recipes of docs/perf.md"
	tap perf sh tools/tests/perf-recipes.sh
}

part_report() {
	say "the report in a browser"
	tap report sh tools/tests/report-check.sh
	say "memory and time to read large results"
	tap cost tools/build/tests/cost
}

make -C tools -s -j"$(nproc)" all tests || exit 3
for p in $parts; do
	case $p in
	unit | valgrind | fuzz | cli | kernel | boot | compare | vmm | report | perf) "part_$p" ;;
	*)
		echo "check.sh: unknown part '$p': unit valgrind fuzz cli kernel boot compare vmm report perf" >&2
		exit 2
		;;
	esac
done
say "logs: $out"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
