#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The series and the planted bugs of kvm-patches/controls apply: a control that
# doesn't is found now, not by `make controls`. The source is in the cache. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir

check "the series and each control apply" "$SECMMU" patches --check

# Planted: a control whose surroundings the series has changed since.
cp -r kvm-patches configs "$d/"
for c in "$d"/kvm-patches/controls/*.patch; do break; done
sed -i 's/^ /  /' "$c"
export SECMMU_TOP="$d"
fails "a control that does not apply" 2 "kvm-patches/controls/$(basename "$c") does not apply to Linux" \
	"$SECMMU" patches --check
rm -r "$d/kvm-patches/controls"
fails "no controls at all" 2 "kvm-patches/controls: no control there" "$SECMMU" patches --check
tap_end
