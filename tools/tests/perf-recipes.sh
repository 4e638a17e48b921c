#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Each recipe of docs/perf.md, as it stands there, on the perf.data of a real
# boot: it must answer its question. The table here and the one there must have
# the same questions, so that neither can be forgotten.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir
doc=docs/perf.md

# Question, tab, what of the answer must be there (an extended expression).
cat >"$d/wanted" <<'END'
what is in the file	^kvm:kvm_mmu_lock_acquired
where does the time go	[0-9]%.* \[k\]
only below KVM's notifiers	[0-9]%.*kvm_mmu_notifier_
which locks are contended, from where	[0-9] (us|ms) +(mutex|spinlock|rwlock|rwsem)
which threads wait for them, how long	[0-9] (us|ms) .*:?[0-9]+$
which programs these threads are of	[0-9]%.*:secmmu_contenti
who waits for `mmu_lock`, and from where	kvm_mmu_notifier_invalidate_range_start|kvm_mmu_page_fault
who holds it	kvm_mmu_notifier_invalidate_range_start|kvm_mmu_page_fault
for how long, one by one	kvm_mmu_lock_released:
which call site invalidates	zap_page_range_single
what kind of invalidation	mmu_notifier_range_start: .*=
when, and by whom, in seconds	secmmu_contenti.* [0-9]+\.[0-9]+: .*range_end:
what happened between two of these times	mmu_notifier_range_start:
who waits for a CPU after waking up, and how long	secmmu_contenti.* ms .*avg: *[0-9.]+ ms
who had each CPU meanwhile	[0-9]+\.[0-9]+ +\[0*[01]\] +[a-z].* [0-9.]+ +[0-9.]+ +[0-9.]+
who lost the CPU, and where	[0-9]%.*secmmu_contenti.*\[k\]
two arms side by side	[0-9]%.*[|<>].*[0-9]%
END

# The commands that recipes share, but for the files' names.
helpers() {
	sed -n '/^## Recipes/,/^|/s/^    \([a-z]*() {\)/\1/p' "$1"
}

# questions DOC: each, a tab, and its command.
questions() {
	awk '/^## Recipes/ { on = 1; next }
	/^## / { on = 0 }
	on && /^\| / && !/^\| question/ {
		gsub(/\\\|/, "\001")
		n = split($0, cell, " [|] ?")
		sub(/^\| /, cell[1] == "|" ? "" : "&", cell[1])
		q = cell[1]; c = cell[2]
		sub(/^\| /, "", q)
		if (match(c, /`[^`]*`/)) c = substr(c, RSTART + 1, RLENGTH - 2)
		gsub(/\001/, "|", c)
		print q "\t" c
	}' "$1"
}

# run_recipe DOC COMMAND: in a folder of its own, as a person would.
run_recipe() {
	{
		echo "F='$F' G='$G' START='$START' END='$END_S'"
		helpers "$1" | sed "s#tools/secmmu/secmmu#'$SECMMU'#"
		printf '%s\n' "$2"
	} >"$d/recipe.sh"
	(cd "$d" && timeout 120 sh recipe.sh >answer 2>recipe.err </dev/null)
}

# answers DOC QUESTION COMMAND
answers() {
	re=$(awk -F '\t' -v q="$2" '$1 == q { print $2 }' "$d/wanted")
	[ -n "$re" ] || return 1
	run_recipe "$1" "$3"
	grep -Eq -- "$re" "$d/answer" && return 0
	{
		echo "$2: no answer has '$re'; the command and what it said:"
		cat "$d/recipe.sh"
		head -n 5 "$d/recipe.err"
		head -n 30 "$d/answer"
	} >&2
	return 1
}

# Two CPUs at once, so that somebody waits; MADV_DONTNEED of all, so that it takes long.
cat >"$d/perf.ini" <<'END'
[plan]
boots = 1
clock = wall
cpus = 2
arms = rwlock mutex
aa = none
[test contend]
program = secmmu_contention_test
args = -i 5 -d -r 1M -R 400
traced = none
events = contend_call
timeout = 120
END
"$SECMMU" compare --perf --plan "$d/perf.ini" --results "$d/results" --seed 1 >"$d/log" 2>&1 || cat "$d/log" >&2
for f in "$d"/results/latest/boot-000/perf/*.data; do
	case $f in
	*-mutex-*) F=$f ;;
	*-rwlock-*) G=$f ;;
	esac
done
check "a run with PERF=1 keeps a perf.data of each arm" test -s "${F:-}" -a -s "${G:-}"
[ -s "${F:-}" ] && [ -s "${G:-}" ] || exit 1

START='' END_S=''
questions "$doc" >"$d/questions"
cut -f 1 "$d/questions" | sort >"$d/a"
cut -f 1 "$d/wanted" | sort >"$d/b"
# The table's order matters below: a time comes before what lies behind it.
check "each recipe of $doc has its answer here, and each answer a recipe" diff "$d/a" "$d/b"

tab=$(printf '\t')
while IFS=$tab read -r question command; do
	check "$question" answers "$doc" "$question" "$command"
	# What the next one starts from: 10 ms from the first invalidation on.
	[ -n "$START" ] || START=$(awk 'match($0, /[0-9]+\.[0-9]+: +mmu_notifier:mmu_notifier_range_start/) {
		t = substr($0, RSTART); sub(/:.*/, "", t); print t; exit }' "$d/answer")
	[ -z "$START" ] || END_S=$(awk -v s="$START" 'BEGIN { printf "%.6f", s + 0.01 }')
done <"$d/questions"

# Planted: an event's name that nobody has, and a recipe that is gone.
sed 's/only kvm_mmu_lock_acquired/only kvm_mmu_lock_taken/' "$doc" >"$d/planted.md"
planted=$(questions "$d/planted.md" | sed -n 's/^who holds it\t//p')
if answers "$d/planted.md" "who holds it" "$planted" 2>/dev/null; then
	not_ok "planted: a recipe of an event that does not exist is caught"
else
	ok "planted: a recipe of an event that does not exist is caught"
fi
grep -v '^| who holds it' "$doc" >"$d/planted.md"
questions "$d/planted.md" | cut -f 1 | sort >"$d/a"
check "planted: a recipe that is gone is caught" sh -c '! cmp -s "$@"' sh "$d/a" "$d/b"
tap_end
