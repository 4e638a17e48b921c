#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every prefix of the series is built and booted, and runs plan `prefix`: from
# no patch at all to all of them. No part of make check: a prefix takes two
# minutes, or some with one of the first 19, which need a vmlinux of their own.
#
# usage: prefixes.sh [FROM [TO]]     numbers of patches; results in results/prefixes
#
# JOBS=N of them at a time: half of a boot waits for DAMON. They are built one after the
# other, in the order of the patches: a header that many include is compiled into all of
# the kernel each time it is another one.
# What is there is not run again, so that it can be stopped and goes on.
set -u
one=
[ "${1:-}" = --one ] && one=$2 && shift 2
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
dir=results/prefixes
set -- "${1:-0}" "${2:-$(find kvm-patches/linux-6.12 -name '*.patch' | wc -l)}"
: "${JOBS:=1}"
for n in "$@" "$JOBS"; do
	case $n in
	'' | *[!0-9]*)
		echo "prefixes.sh: '$n' is no number" >&2
		exit 2
		;;
	esac
done
if [ "$JOBS" -eq 0 ]; then
	echo "prefixes.sh: JOBS=0 would be all at once: give one or more" >&2
	exit 2
fi
mkdir -p "$dir" || exit 3

# folder N: where its results are, named by what its outcome depends on; of a patch that is
# what it changes, not its log
folder() {
	echo "$dir/$1-$({
		find kvm-patches/linux-6.12 -name '*.patch' | sort | head -n "$1" |
			xargs -r sed -s -n '/^diff --git/,$p'
		find configs selftests -type f -not -path 'configs/plans/*' | sort | xargs cat
		cat configs/plans/prefix.ini
	} | sha256sum | cut -c 1-12)"
}

# runs N: it is built, boots, and every test passes; leaves built/N as soon as it is
# built, or will not be, for the next one to begin
runs() {
	to=$(folder "$1")
	until [ -e "$built/$(($1 - 1))" ]; do sleep 1; done
	if [ -s "$to/good" ]; then
		: >"$built/$1"
		return
	fi
	# Emptied here, before anybody looks for what the last attempt has said.
	: >"$to.log"
	"$SECMMU" compare --plan prefix --prefix "$1" --only-arms --results "$to" \
		>>"$to.log" 2>&1 </dev/null &
	while kill -0 $! 2>/dev/null && ! grep -q '\] results: ' "$to.log"; do sleep 1; done
	: >"$built/$1"
	wait $! && date >"$to/good" && return
	tail -n 5 "$to.log" | sed "s/^/# $1: /"
	return 1
}

good() {
	[ -s "$(folder "$1")/good" ]
}

if [ -n "$one" ]; then
	runs "$one" && echo "# $one: good"
	exit 0
fi
export built="$tap_dir/built"
mkdir "$built" && : >"$built/$(($1 - 1))" || exit 3
seq "$1" "$2" | xargs -P "$JOBS" -n 1 tools/tests/prefixes.sh --one
n=$1
while [ "$n" -le "$2" ]; do
	check "the first $n patches: built, booted, tests passed" good "$n"
	n=$((n + 1))
done

# Planted: a word that no compiler knows in the last patch.
top=$tap_dir/top
mkdir "$top"
cp -r kvm-patches configs selftests tools "$top/"
last=$(find "$top/kvm-patches/linux-6.12" -name '*.patch' | sort | tail -n 1)
sed -i '0,/^+\t/s/^+\t/+\tplanted /' "$last"
broken() {
	SECMMU_TOP=$top "$SECMMU" compare --plan prefix --only-arms --results "$tap_dir/results" \
		>"$tap_dir/log" 2>&1 </dev/null
	[ $? -ne 0 ] && grep -q planted "$tap_dir/log"
}
check "planted: a patch that does not compile is noticed" broken
tap_end
