#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Ctrl-C in each phase before the first boot: download, unpacking, the patched
# tree, configuration, build. A kernel source of three files and commands that
# stand in for the slow ones; the one that $STALL names does half of its work and
# then takes for ever, with a child of its own.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir
version=6.12.999-1
export SECMMU_CACHE="$d/cache" SECMMU_TOP="$d/top" FAKE="$d" REAL_PATH="$PATH"

# The package that apt would fetch.
tree=$d/deb/src/linux-source-6.12
mkdir -p "$tree/kernel" "$d/deb/root/DEBIAN" "$d/deb/root/usr/src" "$d/bin"
printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 999\n' >"$tree/Makefile"
printf 'one\ntwo\nthree\n' >"$tree/kernel/a.c"
: >"$tree/Kconfig"
printf 'Package: linux-source-6.12\nVersion: %s\nArchitecture: all\nMaintainer: n <n@example.org>\nDescription: n\n' \
	$version >"$d/deb/root/DEBIAN/control"
tar -cJf "$d/deb/root/usr/src/linux-source-6.12.tar.xz" -C "$d/deb/src" linux-source-6.12
dpkg-deb --build "$d/deb/root" "$d/deb/linux-source-6.12_${version}_all.deb" >/dev/null || exit 3

# A checkout with a series of one patch.
mkdir -p "$d/top/kvm-patches/linux-6.12"
cp -r configs selftests "$d/top/"
# The patches beside fragments are for files that this source does not have.
rm "$d"/top/configs/linux-*/*.patch
cat >"$d/top/kvm-patches/linux-6.12/0001-kernel-a-line.patch" <<'END'
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: Nobody <nobody@example.org>
Date: Wed, 1 Jan 2025 00:00:00 +0000
Subject: [PATCH] kernel: a line

---
 kernel/a.c | 1 +
 1 file changed, 1 insertion(+)

diff --git a/kernel/a.c b/kernel/a.c
--- a/kernel/a.c
+++ b/kernel/a.c
@@ -1,3 +1,4 @@
 one
 two
+two and a half
 three
-- 
2.39.0

END

cat >"$d/bin/stand-in" <<'END'
#!/bin/sh
name=$(basename "$0")
echo "$name $*" >>"$FAKE/calls"
for last; do :; done
# make is several phases.
[ "$name" = make ] && name=make-$last
stall() {
	[ "$1" = stubborn ] && trap '' INT TERM HUP
	sleep 1000 &
	echo "$$ $!" >"$FAKE/pids"
	wait
	# Only a signal that is not obeyed comes to this.
	while :; do sleep 1; done
}
case $name in
apt-cache) echo "linux-source-6.12 | 6.12.999-1 | somewhere" ;;
apt-get)
	if [ "$STALL" = "$name" ] || [ "$STALL" = stubborn ]; then
		head -c 100 "$FAKE"/deb/*.deb >half.deb
		stall "$STALL"
	fi
	PATH=$REAL_PATH cp "$FAKE"/deb/*.deb . ;;
dpkg-deb)
	[ "$STALL" = "$name" ] && mkdir -p "$3/usr" && stall now
	PATH=$REAL_PATH exec "$name" "$@" ;;
tar)
	[ "$STALL" = "$name" ] && mkdir -p "$4/linux-source-6.12" && : >"$4/linux-source-6.12/Makefile" && stall now
	PATH=$REAL_PATH exec "$name" "$@" ;;
cp)
	[ "$STALL" = "$name" ] && mkdir -p "$last" && : >"$last/Makefile" && stall now
	PATH=$REAL_PATH exec "$name" "$@" ;;
make-tinyconfig)
	echo "CONFIG_HALF=" >o.config/.config
	[ "$STALL" = "$name" ] && stall now
	echo "# nothing" >o.config/.config ;;
make-*)
	[ -e "${2#O=}/half.o" ] && echo "half.o is there" >>"$FAKE/calls"
	[ "$STALL" = "$name" ] && : >"${2#O=}/half.o" && stall now
	exit 0 ;;
esac
END
chmod +x "$d/bin/stand-in"
for c in apt-cache apt-get dpkg-deb tar cp make; do ln -s stand-in "$d/bin/$c"; done

# Whether all processes of @1 are gone, or dead and not collected yet.
gone() {
	for pid in $1; do
		case $(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) in
		"" | Z | X) ;;
		*) return 1 ;;
		esac
	done
}

wait_for() {
	left=$(($1 * 10))
	shift
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}

sleep 100 &
check "planted: a process that runs on is seen" sh -c '! ( . /dev/stdin )' <<END
$(sed -n '/^gone() {/,/^}/p' "$0")
gone $!
END
kill $!

# interrupt PHASE: run into it and press Ctrl-C there
interrupt() {
	rm -f "$d/pids" "$d/calls"
	STALL=$1 PATH="$d/bin:$PATH" setsid sh -c 'trap - INT; exec "$@"' sh "$SECMMU" kernel >"$d/log" 2>&1 &
	pid=$!
	check "$1: the phase is reached" wait_for 20 test -s "$d/pids"
	sleep 0.2
	kill -INT $pid
	check "$1: it ends" wait_for 20 gone $pid
	wait $pid
	check "$1: status 130" test $? -eq 130
	check "$1: no process is left" gone "$(cat "$d/pids")"
	check "$1: nothing half is left of a download" test ! -e "$d/cache/source/download+"
	check "$1: no artifacts" sh -c "! ls '$d'/cache/artifacts/*/manifest.json 2>/dev/null"
}

for phase in apt-get stubborn dpkg-deb tar; do
	interrupt $phase
	check "$phase: no source that looks whole" test ! -e "$d/cache/source/$version"
done
# Now there is one; what is made of it is not whole.
interrupt cp
check "cp: the source is whole" cmp -s "$d/cache/source/$version/kernel/a.c" "$tree/kernel/a.c"
check "cp: it has the package's hash" test "$(cat "$d/cache/source/$version/.secmmu-hash")" = \
	"$(sha256sum "$d"/deb/*.deb | cut -d' ' -f1)"
interrupt make-tinyconfig
check "make-tinyconfig: the half tree was made again, and patched" \
	test "$(grep -c 'two and a half' "$d/cache/build/patched/kernel/a.c")" = 1
check "make-tinyconfig: the source is as it was" cmp -s "$d/cache/source/$version/kernel/a.c" "$tree/kernel/a.c"
interrupt make-bzImage
check "make-bzImage: nothing was downloaded again" sh -c "! grep -q apt-get '$d/calls'"
check "make-bzImage: the half configuration was made again" sh -c "! grep -rqs CONFIG_HALF '$d/cache/build'"
interrupt make-bzImage
check "make-bzImage: again, in the same tree" test "$(grep -c '^cp -al' "$d/calls")" = 0
check "make-bzImage: what was half built was removed first" sh -c "! grep -q 'half.o is there' '$d/calls'"
check "make-bzImage: that is said" grep -q "was cut short: removing its newest files" "$d/log"
tap_end
