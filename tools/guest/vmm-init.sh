#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# PID 1 of the guest that secmmu_vmm_test has a VMM run. It makes files whose
# checksums it knows, has memory stressed and what is read from it verified, and
# says what came out, in lines that begin with "secmmu-vmm: ".
export PATH=/bin:/usr/bin
busybox --install -s /bin 2>/dev/null || /bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs -o size=50% tmpfs /tmp

say() {
	echo "secmmu-vmm: $*"
}

seconds=$(sed -n 's/.*secmmu_seconds=\([0-9]*\).*/\1/p' /proc/cmdline)
mkdir /tmp/data
# Two files of the same content, for KSM.
dd if=/dev/urandom of=/tmp/data/one bs=1M count=12 2>/dev/null
cp /tmp/data/one /tmp/data/two
# Pages that the host can find, to plant a fault in.
i=0
while [ $i -lt 64 ]; do
	printf '%s stamp %-4079d' secmmu-vmm $i
	i=$((i + 1))
done >/tmp/data/stamp
(cd /tmp/data && sha256sum one two stamp) >/tmp/sums
say ready

if stress-ng --vm 2 --vm-bytes 64M --vm-method all --verify --timeout "${seconds:-20}s" \
	--temp-path /tmp >/tmp/stress.log 2>&1; then
	stress=right
else
	stress=wrong
	cat /tmp/stress.log
fi
if (cd /tmp/data && sha256sum -c /tmp/sums) >/tmp/check.log 2>&1; then
	say sums right
else
	grep -v ': OK' /tmp/check.log
	say sums wrong
fi
# What the host waits for: it goes on working until then.
say stress $stress
say end
reboot -f
