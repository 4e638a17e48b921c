#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Proof that a fresh machine needs nothing else: a clone of this checkout (what
# is committed) in a bare Debian 12 with git, make and ca-certificates added,
# with a cold cache, runs one verb. Needs root, 12 GB and most of an hour.
#
# usage: check-fresh.sh [check|compare|...] [VARIABLE=VALUE...]
#
# The packages come from where apt on this machine gets them; MIRROR=URL names
# another place. KEEP=1 leaves the folder for a look around.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${SECMMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/secmmu}
[ $# -gt 0 ] || set -- check
root=$cache/fresh/root
log=$cache/fresh/$1.log

# Namespaces of its own: however this ends, no mount and no process stays, and
# out here the folder holds nothing but itself.
if [ -z "${CHECK_FRESH_INSIDE:-}" ]; then
	if [ "$(id -u)" -ne 0 ]; then
		echo "check-fresh: needs root, for debootstrap and chroot: sudo make check-fresh" >&2
		exit 2
	fi
	mkdir -p "$cache/fresh"
	exec 9>"$cache/fresh/lock"
	if ! flock -n 9; then
		echo "check-fresh: another one is running: wait for it, or stop it" >&2
		exit 2
	fi
	trap : INT TERM HUP
	rm -rf "$root"
	status=0
	CHECK_FRESH_INSIDE=1 unshare --mount --pid --fork --kill-child --propagation private \
		"$0" "$@" || status=$?
	[ -n "${KEEP:-}" ] || rm -rf "$root"
	exit $status
fi

suite=bookworm

# "URI SUITE COMPONENT" of every package list of the suite and its updates.
# shellcheck disable=SC2016 # names of apt's, not of the shell's
lists=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	awk -v s="$suite" '$2 == s || index($2, s "-updates") == 1 || index($2, s "-security") == 1' | sort -u)
mirror=${MIRROR:-$(echo "$lists" | awk -v s="$suite" '$2 == s { print $1; exit }')}
if [ -z "$mirror" ]; then
	echo "check-fresh: apt on this machine knows no $suite: name a Debian mirror with MIRROR=URL" >&2
	exit 2
fi
if ! command -v debootstrap >/dev/null; then
	apt-get -q -q update
	DEBIAN_FRONTEND=noninteractive apt-get -q -q install -y --no-install-recommends debootstrap >/dev/null
fi

mkdir -p "$root"
echo "check-fresh: bare $suite in $root"
debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" "$mirror" \
	>"$cache/fresh/debootstrap.log" 2>&1 || {
	tail -n 5 "$cache/fresh/debootstrap.log" >&2
	exit 3
}
[ -z "$lists" ] || echo "$lists" | sed 's/^/deb /' >"$root/etc/apt/sources.list"
apt-config dump 'Acquire::http' >"$root/etc/apt/apt.conf.d/99host"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount --bind -o ro "$top" "$root/mnt"

echo "check-fresh: git clone, make $*"
start=$(date +%s)
status=0
chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" sh -ec '
	git config --global safe.directory "*"
	git clone -q /mnt /root/secmmu
	cd /root/secmmu
	git log -1 --format="commit %h"
	exec make "$@"' sh "$@" >"$log" 2>&1 </dev/null || status=$?
tail -n 40 "$log"
s=$(($(date +%s) - start))
echo "check-fresh: make $* ended with status $status after $((s / 60)) min $((s % 60)) s (all of it: $log)"
exit $status
