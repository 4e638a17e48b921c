#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# secmmu doctor, or what is missing to build it. Installs nothing.
# usage: tools/doctor.sh COMMAND
set -u
cd "$(dirname "$0")/.." || exit 3

log=$(mktemp) || exit 3
trap 'rm -f "$log"' EXIT
if make -C tools -s >"$log" 2>&1; then
	"$@" doctor
	exit $?
fi
missing=$(tools/setup.sh --missing)
if [ -z "$missing" ]; then
	tail -n 20 "$log" >&2
	echo "doctor: secmmu cannot be built here, though all packages are there" >&2
	exit 3
fi
install="apt-get update && apt-get install -y --no-install-recommends $missing"
[ "$(id -u)" -eq 0 ] || install="sudo sh -c '$install'"
echo "no    packages   missing, so that secmmu itself cannot be built: $install"
echo "A run is not possible yet: 1 thing is missing."
exit 2
