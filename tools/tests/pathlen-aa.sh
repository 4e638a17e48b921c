#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The gate of secmmu pathlen on real boots: RUNS + 1 runs of one and the same
# kernel, each compared with the one before, must show no change; and a run of
# the kernel with 1 % planted (planted/path-one-percent.patch) must show one in
# mremap_thp and in the page faults fault_4k, fault_thp and fault_2m_ptes. No
# part of make check: it takes half an hour or more, and builds KVM's modules
# again for the planted change.
#
# usage: pathlen-aa.sh [RUNS [DIR]]     20 runs; results in DIR, results/pathlen-aa
#
# What is there is not run again, so that it can be stopped and goes on.
# BOOTS=6 and ARMS=mutex may be set, the rest is in pathlen-aa.ini;
# RUN_WITH="flock FILE" is put before each run; PLANTED=0 leaves the last out.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
runs=${1:-20}
dir=${2:-results/pathlen-aa}
case $runs in
'' | *[!0-9]*)
	echo "pathlen-aa.sh: '$runs' is no number of runs" >&2
	exit 2
	;;
esac

# run NAME SEED [OPTION...]: a run in $dir/NAME, unless it is there
run() {
	name=$1 seed=$2
	shift 2
	[ -s "$dir/$name/latest/summary.json" ] && return
	# Unquoted: a command and its arguments.
	# shellcheck disable=SC2086
	${RUN_WITH:-} "$SECMMU" compare --plan tools/tests/pathlen-aa.ini \
		--boots "${BOOTS:-6}" --arms "${ARMS:-mutex}" --seed "$seed" \
		--results "$dir/$name" "$@" >"$dir/$name.log" 2>&1
	[ -s "$dir/$name/latest/summary.json" ] || {
		tail -n 3 "$dir/$name.log" >&2
		return 1
	}
}

# pathlen OLD NEW: its verdict is the exit status, what it says in $dir/OLD-NEW.txt
pathlen() {
	"$SECMMU" pathlen "$dir/$1/latest" "$dir/$2/latest" >"$dir/$1-$2.txt"
	status=$?
	tail -n +4 "$dir/$1-$2.txt" | sed 's/^/# /'
	return $status
}

unchanged() {
	pathlen "$1" "$2"
	[ $? -eq 0 ]
}

# Changed in each arm, in what the patch has made longer by 1 %.
changed() {
	pathlen "$1" "$2"
	[ $? -eq 1 ] || return 1
	for arm in ${ARMS:-mutex}; do
		for event in mremap_thp fault_4k fault_thp fault_2m_ptes; do
			grep -q "^  $arm, $event .*: +" "$dir/$1-$2.txt" || {
				echo "# $arm, $event: not found"
				return 1
			}
		done
	done
}

mkdir -p "$dir" || exit 3
i=0
while [ $i -le "$runs" ]; do
	check "run $i" run "aa-$i" $((1000 + i)) || break
	[ $i -eq 0 ] || check "A/A, runs $((i - 1)) and $i: the same" unchanged "aa-$((i - 1))" "aa-$i"
	i=$((i + 1))
done
if [ "${PLANTED:-1}" -eq 0 ]; then
	skip "1 % planted is found" "PLANTED=0"
else
	check "run with 1 % planted" run planted 3000 --control tools/tests/planted/path-one-percent.patch
	check "1 % planted is found" changed aa-0 planted
fi
tap_end
