#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The unit tests once more under valgrind, which sees what ASan does not: the use
# of what was never set. A program is one result; what valgrind said of one that
# failed is in $CHECK_OUT/valgrind/.
#
# usage: valgrind.sh [TEST...]     names as in tools/build/tests: test_boot
set -u
cd "$(dirname "$0")/../.." || exit 3
export SECMMU_TOP="$PWD"
out=${CHECK_OUT:-results/.check}/valgrind
build=tools/build/tests
mkdir -p "$out" || exit 3

if ! command -v valgrind >/dev/null; then
	echo "ok 1 - valgrind # SKIP it is not installed: apt-get install valgrind"
	exit 0
fi

# under PROGRAM [ARGUMENT...]: leaves NAME.log, NAME.pid and NAME.status. What a
# program does that is run by it, QEMU for one, is its own affair.
cat >"$out/under" <<'END'
name=$(basename "$1")
timeout 600 sh -c 'echo $$ >"$0.pid" && exec valgrind -q --leak-check=full --show-leak-kinds=definite \
	--trace-children=no --log-file="$0.vg" "$@"' "$OUT/$name" "$@" >"$OUT/$name.log" 2>&1 </dev/null
echo $? >"$OUT/$name.status"
END
export OUT="$out"

# clean NAME: no misuse of memory in it or in what it forked, and it lost none
# itself: a child that leaves at once has not put away what its parent had.
clean() {
	! grep -qE '^==[0-9]+== +(Invalid|Conditional jump|Use of uninit|Syscall param|Mismatched|Jump to|Source and dest|Process terminating)' \
		"$out/$1.vg" && ! grep -qE "^==$(cat "$out/$1.pid")== .* definitely lost" "$out/$1.vg"
}

# The planted mistakes: each has to be found, and a program without any passes.
number=0
planted() {
	number=$((number + 1))
	sh "$out/under" "$out/planted" "$@"
	if clean planted; then found=0; else found=1; fi
	[ $found -eq $(($# > 0)) ] || printf 'not '
	echo "ok $number - planted: ${*:-nothing}"
}
${CC:-gcc} -O0 -g -w -o "$out/planted" tools/tests/planted/valgrind.c || exit 3
planted
for mistake in uninitialized read write leak freed; do
	planted $mistake
done

# Numbers only, for minutes under valgrind: statistics by simulation.
slow="test_stats test_pathlen"
if [ $# -eq 0 ]; then
	for t in "$build"/test_*; do
		name=$(basename "$t")
		case $name in *.o | *.d) continue ;; esac
		case " $slow " in *" $name "*) continue ;; esac
		set -- "$@" "$name"
	done
fi

# As many at a time as there are CPUs; the slowest ones first.
first="test_boot_hang test_boot_end test_boot test_bisect_run test_comparedirs test_fuzz_boot"
for name in $first; do case " $* " in *" $name "*) echo "$build/$name" ;; esac; done >"$out/list"
for name in "$@"; do case " $first " in *" $name "*) ;; *) echo "$build/$name" ;; esac; done >>"$out/list"
xargs -P "$(nproc)" -n 1 sh "$out/under" <"$out/list"
for name in "$@"; do
	number=$((number + 1))
	rc=$(cat "$out/$name.status")
	if [ "$rc" -eq 0 ] && clean "$name"; then
		echo "ok $number - $name"
		continue
	fi
	echo "not ok $number - $name: status $rc, see $out/$name.log and .vg"
	grep '^==' "$out/$name.vg" | head -n 20 >&2
done
for name in $slow; do
	case " $* " in *" $name "*) continue ;; esac
	number=$((number + 1))
	echo "ok $number - $name # SKIP simulations: minutes under valgrind"
done
echo "1..$number"
