#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# cross.sh [arm64] [riscv]: KVM and mm of architectures that we don't run, with
# the series, compiled with every type of mmu_lock they offer. Warnings are errors.
#
# First a fault is planted that must be found: mmu_lock taken without the
# interface must not compile.
set -eu
cd "$(dirname "$0")/.."
me=cross
. tools/kernel-tree.sh
tree=$cache/cross/tree

triplet() {
	case $1 in
	arm64) echo aarch64-linux-gnu ;;
	riscv) echo riscv64-linux-gnu ;;
	*)
		echo "cross: unknown architecture '$1': arm64 and riscv are known" >&2
		exit 2
		;;
	esac
}

patched_tree() {
	pristine_tree "$tree"
	for p in "$series"/*.patch; do
		apply_patch "$tree" "$p"
	done
}

# kmake ARCH ARGS...
kmake() {
	for_arch=$1
	shift
	make -s -C "$tree" O="o.$for_arch" ARCH="$for_arch" \
		CROSS_COMPILE="$(triplet "$for_arch")-" -j"$(nproc)" "$@"
}

# config ARCH OPTIONS...: of scripts/config
config() {
	for_arch=$1
	shift
	"$tree/scripts/config" --file "$tree/o.$for_arch/.config" "$@"
}

configure() {
	mkdir "$tree/o.$1"
	kmake "$1" tinyconfig
	config "$1" -e MMU -e SMP -e 64BIT -e VIRTUALIZATION -e KVM -e WERROR -e MODULES -e PCI \
		-e EVENTFD -e TRANSPARENT_HUGEPAGE -e KSM -e DAMON -e DAMON_VADDR -e DAMON_PADDR \
		-e LRU_GEN -e IDLE_PAGE_TRACKING -e HIGH_RES_TIMERS -e FTRACE -e RISCV_SBI
	kmake "$1" olddefconfig
}

types() {
	sed -n '/^choice/,/^endchoice/s/^config \(KVM_MMU_LOCK_[A-Z]*\)$/\1/p' "$tree/virt/kvm/Kconfig.mmu_lock"
}

# All but the one type off; false if the architecture does not offer it.
choose() {
	for t in $(types); do
		config "$1" -d "$t"
	done
	config "$1" -e "$2"
	kmake "$1" olddefconfig
	grep -q "^CONFIG_$2=y" "$tree/o.$1/.config"
}

planted() {
	f=$tree/arch/$1/kvm/mmu.c
	cp "$f" "$f.whole"
	rm "$f"
	{ cat "$f.whole" && printf 'void secmmu_planted(struct kvm *kvm);\nvoid secmmu_planted(struct kvm *kvm) { spin_lock(&kvm->mmu_lock); }\n'; } >"$f"
	found=1
	kmake "$1" "arch/$1/kvm/mmu.o" >"$tree/planted" 2>&1 && found=0
	grep -q 'mmu.c.*incompatible' "$tree/planted" || found=0
	mv "$f.whole" "$f"
	if [ $found -eq 0 ]; then
		echo "cross: $1: the planted fault was not found: what this says means nothing" >&2
		exit 1
	fi
	say "$1: a planted fault was found"
}

[ $# -gt 0 ] || set -- arm64 riscv
for arch; do
	t=$(triplet "$arch") || exit 2
	if ! command -v "$t-gcc" >/dev/null; then
		echo "cross: no $t-gcc: apt-get install gcc-$t" >&2
		exit 2
	fi
done
only_one "$cache/cross"
patched_tree
for arch; do
	configure "$arch"
	n=0
	for type in $(types); do
		if ! choose "$arch" "$type"; then
			say "$arch: $type is not offered there"
			continue
		fi
		[ $n -gt 0 ] || { kmake "$arch" prepare; planted "$arch"; }
		n=$((n + 1))
		kmake "$arch" "arch/$arch/kvm/" virt/ mm/ kernel/entry/ kernel/locking/
		say "$arch: $type: good"
	done
	if [ $n -lt 2 ]; then
		echo "cross: $arch: $n types of mmu_lock, not two or more" >&2
		exit 1
	fi
done
