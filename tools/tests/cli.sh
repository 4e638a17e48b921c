#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Bad input and missing requirements that show before anything is built: each
# one line that names the thing, status 2, nothing left behind.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir

check "help is no error" sh -c "'$SECMMU' --help >/dev/null"
for verb in bisect compare doctor kernel selftests shell report export pathlen perf sites patches; do
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
fails "unknown kind of vmcore" 2 "vmcore.*pdf.*elf.*kdump" compare --vmcore pdf
fails "jobs with the wall clock" 2 "CPUs" compare --clock wall --boots 256 --jobs 256
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
# range_* are madvise() and mprotect() once more, larger.
for plan in compare smoke debug pathlen scaling; do
	events $plan | grep -v ^range_ | comm -23 - "$d/events" >"$d/missing"
	check "plan events has the events of plan $plan" test ! -s "$d/missing"
done

# For programs: JSON on standard output and nothing else, the error there as well.
"$SECMMU" compare --json --results "$d/results" --plan nosuchplan >"$d/json" 2>"$d/err"
check "compare --json: status 2" test $? -eq 2
check "compare --json: standard output is JSON" sh -c "jq -e . '$d/json' >/dev/null"
check "compare --json: error and end" test "$(jq -r .event "$d/json" | tr '\n' ' ')" = "progress error end "
check "compare --json: the exit status" test "$(jq 'select(.event == "end") | .exit' "$d/json")" = 2
check "compare --json: the message is for people, too" grep -q "nosuchplan" "$d/err"
"$SECMMU" compare --json OLD NEW >"$d/json" 2>"$d/err"
check "compare --json OLD NEW compares folders" grep -q "OLD" "$d/err"

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

# Ctrl-C and SIGKILL while the report is drawn: there is no summary.json, which
# would say that the run is over.
mkdir "$d/slow" && printf '#!/bin/sh\nexec sleep 20\n' >"$d/slow/gnuplot" && chmod +x "$d/slow/gnuplot"
for signal in INT KILL; do
	rm -rf "$d/cut" && cp -r tools/tests/fixtures/results-good "$d/cut"
	TMPDIR=$d PATH="$d/slow:$PATH" setsid sh -c 'trap - INT; exec "$@"' sh "$SECMMU" report "$d/cut" >/dev/null 2>&1 &
	pid=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do [ -e "$d/cut/kcidb.json" ] && break; sleep 0.5; done
	kill -$signal $pid
	wait $pid 2>/dev/null
	rc=$?
	check "SIG$signal while the report is drawn: it ends" test $rc -eq $([ $signal = INT ] && echo 130 || echo 137)
	check "SIG$signal while the report is drawn: no summary" test -e "$d/cut/kcidb.json" -a ! -e "$d/cut/summary.json"
done

# The doctor: what it finds is on standard output, each thing once.
doctor() {
	want=$1
	shift
	"$@" doctor >"$d/doctor" 2>"$d/doctor.err"
	[ $? -eq "$want" ] && [ ! -s "$d/doctor.err" ] && [ "$(wc -l <"$d/doctor")" -ge 10 ] &&
		[ -z "$(sed '$d' "$d/doctor" | awk '{ print $2 }' | sort | uniq -d)" ]
}
check "doctor: a run is possible here" doctor 0 "$SECMMU"
check "doctor: it says so" grep -q "^A run is possible" "$d/doctor"
check "doctor --json" sh -c "'$SECMMU' doctor --json | jq -e '.possible and (.lines | length) >= 9' >/dev/null"
check "doctor: no QEMU" doctor 2 env SECMMU_QEMU="$d/none" "$SECMMU"
check "doctor: it says what to install" grep -q "^no .*qemu .*apt-get install qemu-system-x86" "$d/doctor"
check "doctor: one thing is missing" grep -q "^A run is not possible yet: 1 thing is" "$d/doctor"
check "doctor: old QEMU" doctor 2 env SECMMU_QEMU="$d/oldqemu" "$SECMMU"
mkdir "$d/bin" && printf '#!/bin/sh\nexit 0\n' >"$d/bin/dpkg-query" && chmod +x "$d/bin/dpkg-query"
check "doctor: no packages" doctor 2 env PATH="$d/bin:$PATH" "$SECMMU"
check "doctor: the command that installs them" grep -q \
	"^no .*packages .*apt-get install -y --no-install-recommends gcc .*qemu-system-x86" "$d/doctor"
cp "$d/bin/dpkg-query" "$d/bin/apt-cache"
check "doctor: no kernel source" doctor 2 env PATH="$d/bin:$PATH" SECMMU_CACHE="$d/cache" "$SECMMU"
check "doctor: it says where to get it" grep -q "^no .*source .*apt-get update" "$d/doctor"
check "doctor: it made no folder" test ! -e "$d/cache"
# Where secmmu itself cannot be built for want of packages.
mkdir "$d/copy" && tar -c --exclude='build*' tools | tar -x -C "$d/copy"
printf '#!/bin/sh\nexit 1\n' >"$d/bin/cc" && chmod +x "$d/bin/cc"
unbuilt() {
	PATH="$d/bin:$PATH" sh "$d/copy/tools/doctor.sh" "$SECMMU" >"$d/doctor" 2>"$d/doctor.err"
	[ $? -eq 2 ] && [ ! -s "$d/doctor.err" ]
}
check "doctor: secmmu cannot be built" unbuilt
check "doctor: it says what to install" grep -q "^no .*packages .*cannot be built: .*apt-get install .*gcc" "$d/doctor"
fails "doctor: surplus argument" 2 "unexpected 'all'" "$SECMMU" doctor all

fails "kernel source missing" 2 "$d/nosource" "$SECMMU" kernel --src "$d/nosource"
mkdir -p "$d/tree/kernel" && printf 'VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 1\n' >"$d/tree/Makefile"
fails "kernel tree of another version" 2 "5\\.10" "$SECMMU" kernel --src "$d/tree"
head -c 100000 /dev/urandom >"$d/garbage.tar.xz"
fails "kernel tarball that is none" 2 "garbage.tar.xz" "$SECMMU" kernel --src "$d/garbage.tar.xz"
fails "point release that there is none of" 2 "6.12.9999" "$SECMMU" kernel --kernel-version 6.12.9999

if [ "$(id -u)" -eq 0 ] && mkdir "$d/small" && mount -t tmpfs -o size=1m none "$d/small" 2>/dev/null; then
	fails "no disk space for the cache" 2 "$d/small" env SECMMU_CACHE="$d/small" "$SECMMU" kernel
	check "doctor: no disk space for the cache" doctor 2 env SECMMU_CACHE="$d/small" "$SECMMU"
	check "doctor: it says how much" grep -q "^no .*cache .*small: [01] MiB are free, [0-9]* are needed" "$d/doctor"
	umount "$d/small"
else
	skip "no disk space for the cache" "needs root, to mount a small tmpfs"
fi

resume() {
	"$SECMMU" compare --resume "$@"
}
fails "resume of no folder" 2 "$d/nothing/manifest.json" resume "$d/nothing"
mkdir "$d/run"
fails "resume with a folder of all results" 2 "results out" resume "$d/run" --results "$d/r"
printf '{"seed": 7, "identity": ' >"$d/run/manifest.json"
fails "resume with half a manifest" 2 "manifest.json:1" resume "$d/run"
# The plan is compared before anything is built.
echo '{"seed": 7, "identity": {"plan": "smoke", "kernel_key": "k"}, "options": {"plan": "compare"}}' \
	>"$d/run/manifest.json"
fails "resume with another plan" 2 'plan is "smoke" there and "compare" now' resume "$d/run"
fails "resume with another seed" 2 'the seed is 7 there and 8 now' resume "$d/run" --seed 8
check "a refused resume changes nothing" test "$(ls -A "$d/run")" = manifest.json

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

# Variables of the Makefile reach secmmu: each is documented, so each has to.
for v in PLAN BOOTS EVENTS SEED MINUTES BOOT RESUME ACCEL CLOCK PERF VMCORE PATCHES CONTROL \
	KERNEL_SRC KERNEL_VERSION ARMS LANE; do
	check "make compare $v= is passed on" sh -c "make -n compare $v=xyzzy >'$d/with'; make -n compare >'$d/without';
		! cmp -s '$d/with' '$d/without'"
done
check "make compare: an unknown variable changes nothing" sh -c "make -n compare PREF=xyzzy >'$d/with'; cmp -s '$d/with' '$d/without'"
for v in TEST LENGTH THRESHOLD PLAN ARM BOOTS RUNS RETRIES GOOD BAD KERNEL_SRC KERNEL_VERSION LANE ACCEL SEED AGAIN; do
	check "make bisect $v= is passed on" sh -c "make -n bisect $v=xyzzy >'$d/with'; make -n bisect >'$d/without';
		! cmp -s '$d/with' '$d/without'"
done

bisect() {
	"$SECMMU" bisect --results "$d/results" "$@"
}
fails "bisect without a question" 2 "either --test EVENT or --pathlen EVENT" bisect
fails "bisect with two questions" 2 "either" bisect --test mremap_4k --pathlen mremap_4k
fails "bisect of an unknown event" 2 "mremap_5k" bisect --test mremap_5k
fails "bisect of two events" 2 "one event only" bisect --test mremap_4k,mremap_thp
fails "bisect in an unknown arm" 2 "mutx.*mutex" bisect --test mremap_4k --arm mutx
fails "bisect with bad --runs" 2 "--runs: '0'" bisect --test mremap_4k --runs 0
fails "bisect with a bad threshold" 2 "'2' is no number" bisect --pathlen mremap_4k --threshold 2
fails "bisect of no git tree" 2 "is no git tree" bisect --test mremap_4k --src "$d" --good a --bad b
fails "bisect with one end" 2 "both" bisect --test mremap_4k --src . --good HEAD
fails "bisect of an unknown revision" 2 "no revision 'nosuch'" bisect --test mremap_4k --src . --good nosuch --bad HEAD

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
