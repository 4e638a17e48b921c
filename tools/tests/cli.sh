#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Bad input and missing requirements that show before anything is built: each
# one line that names the thing, status 2, nothing left behind.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir

check "help is no error" sh -c "'$SECMMU' --help >/dev/null"
for verb in compare kernel selftests shell report export pathlen perf sites patches; do
	check "$verb --help is no error" sh -c "'$SECMMU' $verb --help >/dev/null"
	fails "$verb: unknown argument" 2 . "$SECMMU" $verb --results "$d/r" surplus argument
done
fails "unknown verb" 2 "unknown verb 'comare'" "$SECMMU" comare

compare() {
	"$SECMMU" compare --results "$d/results" "$@"
}
fails "unknown plan" 2 "nosuchplan" compare --plan nosuchplan
fails "unknown arm" 2 "mutx.*mutex" compare --arms "spinlock mutx"
fails "unknown event" 2 "mremap_5k" compare --events mremap_5k
fails "boots out of range" 2 "boots.*0" compare --boots 0
fails "boots no number" 2 "ten" compare --boots ten
fails "minutes and boots" 2 "minutes.*boots" compare --minutes 5 --boots 2
fails "minutes out of range" 2 "minutes.*0" compare --minutes 0
fails "a boot without its seed" 2 "boot.*seed" compare --boot 3
fails "unknown clock" 2 "sundial" compare --clock sundial
fails "unknown accelerator" 2 "abacus" compare --accel abacus
fails "seed no number" 2 "lucky" compare --seed lucky
fails "jobs with the wall clock" 2 "wall" compare --clock wall --jobs 2
if grep -qwE 'svm|vmx' /proc/cpuinfo; then
	skip "ACCEL=kvm without SVM and VMX" "this machine has them"
else
	fails "ACCEL=kvm without SVM and VMX" 2 "kvm" compare --accel kvm
fi

for plan in configs/plans/*.ini; do
	fails "$plan is read" 2 "boots: .0. is not allowed" compare --plan "$plan" --boots 0
done
# events PLAN: of all its tests that are not judged by their exit status
events() {
	awk '/^[^ \t]/ { on = /^events[ \t]*=/; sub(/^[^=]*=/, "") } on' "configs/plans/$1.ini" |
		tr -s ' \t' '\n' | sed '/^$/d' | sort
}
events events >"$d/events"
check "plan soak has the events of plan events" sh -c "test -s '$d/events' && test \"\$(cat '$d/events')\" = \"$(events soak)\""
for plan in compare smoke debug; do
	events $plan | comm -23 - "$d/events" >"$d/missing"
	check "plan events has the events of plan $plan" test ! -s "$d/missing"
done

sed 's/^boots/botos/' configs/plans/compare.ini >"$d/typo.ini"
line=$(grep -n '^botos' "$d/typo.ini" | cut -d: -f1)
fails "plan with a misspelt key" 2 "typo.ini:$line.*botos.*boots" compare --plan "$d/typo.ini"
sed 's/^margin.*/margin = wide/' configs/plans/compare.ini >"$d/bad.ini"
fails "plan with a bad number" 2 "bad.ini.*wide" compare --plan "$d/bad.ini"
sed 's/^payload.*/payload = vmx/' configs/plans/vmm.ini >"$d/payload.ini"
fails "plan with an unknown payload" 2 "payload.ini.*vmx.*vmm or none" compare --plan "$d/payload.ini"
: >"$d/empty.ini"
fails "empty plan" 2 "empty.ini" compare --plan "$d/empty.ini"

fails "QEMU missing" 2 "qemu-system-x86" env SECMMU_QEMU="$d/none" "$SECMMU" compare --results "$d/results"
printf '#!/bin/sh\necho QEMU emulator version 5.2.0\n' >"$d/oldqemu"
chmod +x "$d/oldqemu"
fails "QEMU too old" 2 "5.2.0.*7.2" env SECMMU_QEMU="$d/oldqemu" "$SECMMU" compare --results "$d/results"

fails "kernel source missing" 2 "$d/nosource" "$SECMMU" kernel --src "$d/nosource"
mkdir -p "$d/tree/kernel" && printf 'VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 1\n' >"$d/tree/Makefile"
fails "kernel tree of another version" 2 "5\\.10" "$SECMMU" kernel --src "$d/tree"
head -c 100000 /dev/urandom >"$d/garbage.tar.xz"
fails "kernel tarball that is none" 2 "garbage.tar.xz" "$SECMMU" kernel --src "$d/garbage.tar.xz"
fails "point release that there is none of" 2 "6.12.9999" "$SECMMU" kernel --kernel-version 6.12.9999

if [ "$(id -u)" -eq 0 ] && mkdir "$d/small" && mount -t tmpfs -o size=1m none "$d/small" 2>/dev/null; then
	fails "no disk space for the cache" 2 "$d/small" env SECMMU_CACHE="$d/small" "$SECMMU" kernel
	umount "$d/small"
else
	skip "no disk space for the cache" "needs root, to mount a small tmpfs"
fi

fails "report of no folder" 2 "$d/nothing" "$SECMMU" report "$d/nothing"
fails "sites of no folder" 2 "$d/nothing" "$SECMMU" sites "$d/nothing"
mkdir "$d/none" && fails "report of an empty folder" 2 "manifest.json" "$SECMMU" report "$d/none"
fails "sites of an empty folder" 2 "manifest.json" "$SECMMU" sites "$d/none"

mk=tools/build/tests/mkresults
$mk --boots 1 --samples 1 --events 1 --seed 1 "$d/one"
$mk --boots 1 --samples 1 --events 1 --seed 2 --clock icount "$d/two"
fails "compare of one folder" 2 "one.*two results folders" "$SECMMU" compare "$d/one"
fails "compare of a folder that is none" 2 "$d/nothing" "$SECMMU" compare "$d/one" "$d/nothing"
fails "compare of two clocks" 2 "clock wall.*icount" "$SECMMU" compare "$d/one" "$d/two"
fails "compare of two folders, bad margin" 2 "wide" "$SECMMU" compare --margin wide "$d/one" "$d/two"
fails "export of no folder" 2 "$d/nothing" "$SECMMU" export "$d/nothing"
fails "export in an unknown format" 2 "'xml' is none of csv" "$SECMMU" export --format xml "$d/one"
fails "export of something unknown" 2 "'all' is none of samples" "$SECMMU" export --what all "$d/one"
fails "export of both into one file" 2 "x.csv.*--what" "$SECMMU" export --output "$d/x.csv" "$d/one"
check "export to standard output" sh -c "[ \$('$SECMMU' export --what samples '$d/one' | wc -l) -eq 13 ]"
check "export of both" sh -c "'$SECMMU' export --format json '$d/one' >/dev/null && [ -s '$d/one/export-samples.json' ] && [ -s '$d/one/export-boots.json' ]"

same="--boots 6 --samples 5 --events 2 --clock icount --spread 0 --noise 0.001 --jitter 0.001"
# Unquoted: options, word by word.
# shellcheck disable=SC2086
for i in 1 2; do $mk $same --seed $i "$d/i$i"; done
# shellcheck disable=SC2086
$mk $same --seed 3 --planted 1.011 "$d/i3"
ends() {
	status=$1
	shift
	"$SECMMU" pathlen "$@" >/dev/null 2>&1
	[ $? -eq "$status" ]
}
check "pathlen: the same is status 0" ends 0 "$d/i1" "$d/i2"
check "pathlen: changed is status 1" ends 1 "$d/i1" "$d/i3"
check "pathlen: below the threshold is status 0" ends 0 --threshold=0.02 "$d/i1" "$d/i3"
check "pathlen: not enough boots is status 3" ends 3 "$d/two" "$d/i1"
fails "pathlen of the wall clock" 2 "one has the clock wall" "$SECMMU" pathlen "$d/one"
fails "pathlen with a bad threshold" 2 "'1' is no number" "$SECMMU" pathlen --threshold 1 "$d/one"

mkdir -p "$d/one/boot-000/perf"
: >"$d/one/boot-000/perf/00-mutex-a-x.data"
fails "perf without a file" 2 "no FILE" "$SECMMU" perf
fails "perf without a command" 2 "no COMMAND" "$SECMMU" perf "$d/one/boot-000/perf/00-mutex-a-x.data"
fails "perf of no file" 2 "$d/nothing" "$SECMMU" perf "$d/nothing" report
fails "perf without the kernel's symbols" 2 "one/System.map" "$SECMMU" perf "$d/one/boot-000/perf/00-mutex-a-x.data" report
: >"$d/one/System.map"
: >"$d/one/boot-000/perf/00-mutex-a-x.modules"
check "perf gets file, symbols and arguments" sh -c "SECMMU_PERF=echo '$SECMMU' perf '$d/one/boot-000/perf/00-mutex-a-x.data' lock contention -t |
	grep -q -- '--no-pager lock -i .*00-mutex-a-x.data --kallsyms .* contention -t'"

check "nothing was left behind" test ! -e "$d/results/latest"
tap_end
