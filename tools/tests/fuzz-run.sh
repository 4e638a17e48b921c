#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Random input for the parsers for some seconds each, under libFuzzer, from the
# corpus in the tree; what they learn is kept in build-fuzz/tests/*.corpus. TAP.
#
# usage: fuzz-run.sh [SECONDS]
set -u
cd "$(dirname "$0")/.." || exit 3
seconds=${1:-5}
log=$(mktemp) || exit 3
trap 'rm -f "$log"' EXIT
export SECMMU_TOP=..

if ! command -v clang >/dev/null; then
	echo "not ok 1 - clang is missing: run tools/setup.sh check"
	exit 1
fi
if ! make -s FUZZ=1 fuzzers >"$log" 2>&1; then
	sed 's/^/# /' "$log"
	echo "not ok 1 - the fuzzers do not build"
	exit 1
fi

n=0 bad=0
no() {
	bad=1
	echo "not ok $n - $1"
}

for source in tests/fuzz_*.c; do
	name=$(basename "$source" .c)
	# That one stands in for libFuzzer where there is none.
	[ "$name" != fuzz_replay ] || continue
	f=build-fuzz/tests/$name
	n=$((n + 1))
	if "$f" -max_total_time="$seconds" -max_len=8192 -close_fd_mask=2 -artifact_prefix="$f-" \
		"$f.corpus" "tests/fixtures/fuzz/${name#fuzz_}" >"$log" 2>&1; then
		echo "ok $n - $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log") inputs"
	else
		tail -n 30 "$log" | sed 's/^/# /'
		no "$name: the input is beside the program, in tools/build-fuzz/tests"
	fi
done

# The planted fault.
n=$((n + 1))
what="a planted read beyond the end of an input is found"
if ! clang -g -fsanitize=fuzzer,address -o build-fuzz/planted tests/planted/fuzzer.c 2>"$log"; then
	sed 's/^/# /' "$log"
	no "$what: it does not compile"
elif build-fuzz/planted -max_total_time=60 -artifact_prefix=build-fuzz/planted- >"$log" 2>&1 ||
	! grep -q heap-buffer-overflow "$log"; then
	tail -n 5 "$log" | sed 's/^/# /'
	no "$what"
else
	echo "ok $n - $what"
fi
rm -f build-fuzz/planted*
echo "1..$n"
exit "$bad"
