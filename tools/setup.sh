#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Install what is missing from tools/packages.txt (and packages-NAME.txt for each
# NAME given), as root or by sudo; otherwise tell the one command to run, status 2.
# Has nothing to do, and says nothing, when all is there. With --missing as the
# first argument it installs nothing and prints the names of what is missing.
set -eu
cd "$(dirname "$0")"

only_tell=
if [ "${1:-}" = --missing ]; then
	only_tell=yes
	shift
fi
lists=packages.txt
for name; do
	lists="$lists packages-$name.txt"
done
# shellcheck disable=SC2086 # lists of words
packages=$(sed 's/[[:space:]]*#.*//; /^$/d' $lists)

if ! command -v dpkg-query >/dev/null; then
	echo "setup: no dpkg here: install what these Debian packages hold: $(echo $packages)" >&2
	exit 2
fi

have=" $(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null |
	sed -n 's/ installed$//p' | tr '\n' ' ')"
missing=
for p in $packages; do
	case $have in
	*" $p "*) ;;
	*) missing="$missing $p" ;;
	esac
done
if [ -n "$only_tell" ]; then
	echo $missing
	exit 0
fi
# The kernel source is a package as well, downloaded later and without root.
cache=${SECMMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/secmmu}
lists_ok=yes
if [ -z "${KERNEL_SRC:-}" ] && [ ! -d "$cache/source" ] &&
	! apt-cache show linux-source-6.12 >/dev/null 2>&1; then
	lists_ok=
fi
[ -n "$missing" ] || [ -z "$lists_ok" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	if [ -n "$missing" ]; then
		echo "setup: packages are missing; run: sudo sh -c 'apt-get update && $install'" >&2
		exit 2
	fi
	# secmmu says what to do about the source, should it not find it.
	exit 0
fi

echo "setup: apt-get update"
$as_root apt-get -q -q update || echo "setup: apt-get update failed; going on with the lists there are" >&2
[ -n "$missing" ] || exit 0
echo "setup: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! $as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "setup: could not install all packages; try: $install" >&2
	exit 2
fi
