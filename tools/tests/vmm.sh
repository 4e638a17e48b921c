#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The real VMM of plan vmm, for a moment and in one arm: it passes, and fails with
# each fault that the test can plant, in the result that is meant and no other.
set -u
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir

# vmm ARGS: run it; its results are in $d/ktap.log then
vmm() {
	sed "s/^args .*/args = -t 3 $1/; s/^arms .*/arms = mutex/" configs/plans/vmm.ini >"$d/vmm.ini"
	rm -rf "$d/results"
	"$SECMMU" compare --plan "$d/vmm.ini" --results "$d/results" >"$d/out" 2>&1
	rc=$?
	cat "$d/results/latest/boot-000/ktap.log" >"$d/ktap.log" 2>/dev/null
	return $rc
}

# caught FAULT TEXT: status 1, and these words in what failed
caught() {
	vmm "-F $1"
	[ $? -eq 1 ] && grep -q "^not ok .*$2" "$d/ktap.log"
}

# With so little time not every event has an effect for sure; the guest's part has.
right() {
	vmm "-e vmm_boot,vmm_swap,vmm_mremap,vmm_data,vmm_exit"
	grep -q "^ok .*vmm_data # checksums right, verifying stressor right" "$d/ktap.log" &&
		grep -q "^ok .*vmm_mremap" "$d/ktap.log" && grep -q "^ok .*vmm_exit" "$d/ktap.log"
}

check "a guest in QEMU works, and its data is right" right
check "a byte of its memory that changes is noticed" caught data "vmm_data # checksums wrong"
check "a VMM that is killed is noticed" caught lost "vmm_exit # the VMM ended"
check "a VM that outlives its VMM is noticed" caught leak "vmm_exit # 1 VMs are left"
tap_end
