#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# cross.sh [ARCH...]: KVM and mm of architectures that we don't run, with the series,
# compiled with every type of mmu_lock they offer; arm64 and riscv, which offer some, if
# none is named. loongarch, mips, powerpc and s390 have the lock they always had.
# Warnings are errors.
#
# First a fault is planted that must be found: mmu_lock taken as a lock that it
# is not must not compile.
set -eu
cd "$(dirname "$0")/.."
me=cross
. tools/kernel-tree.sh
tree=$cache/cross/tree

triplet() {
	case $1 in
	arm64) echo aarch64-linux-gnu ;;
	mips) echo mips64el-linux-gnuabi64 ;;
	powerpc) echo powerpc64le-linux-gnu ;;
	riscv) echo riscv64-linux-gnu ;;
	s390) echo s390x-linux-gnu ;;
	*)
		echo "cross: unknown architecture '$1': arm64, loongarch, mips, powerpc, riscv and s390 are known" >&2
		exit 2
		;;
	esac
}

# Debian 12 has no gcc for loongarch; of its clangs this is the one new enough.
llvm=19

# wants ARCH: the compiler, and the packages to say if it is not there
wants() {
	case $1 in
	loongarch) echo "clang-$llvm clang-$llvm lld-$llvm llvm-$llvm" ;;
	*)
		t=$(triplet "$1") || exit 2
		echo "$t-gcc gcc-$t"
		;;
	esac
}

toolchain() {
	case $1 in
	loongarch) echo "LLVM=-$llvm" ;;
	*) echo "CROSS_COMPILE=$(triplet "$1")-" ;;
	esac
}

# offers ARCH: the type of mmu_lock is a choice there
offers() {
	[ "$1" = arm64 ] || [ "$1" = riscv ]
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
		"$(toolchain "$for_arch")" -j"$(nproc)" "$@"
}

# config ARCH OPTIONS...: of scripts/config
config() {
	for_arch=$1
	shift
	"$tree/scripts/config" --file "$tree/o.$for_arch/.config" "$@"
}

# What has no choice begins with a configuration that is known to have KVM.
begin_config() {
	case $1 in
	mips)
		kmake mips loongson3_defconfig
		# Or a huge page of pages of 16K is more than the page allocator has.
		config mips --set-val ARCH_FORCE_MAX_ORDER 11
		;;
	powerpc) kmake powerpc ppc64le_guest_defconfig ;;
	loongarch | s390) kmake "$1" defconfig ;;
	*) kmake "$1" tinyconfig ;;
	esac
}

configure() {
	mkdir "$tree/o.$1"
	begin_config "$1"
	config "$1" -e MMU -e SMP -e 64BIT -e VIRTUALIZATION -e KVM -e WERROR -e MODULES -e PCI \
		-e EVENTFD -e TRANSPARENT_HUGEPAGE -e KSM -e DAMON -e DAMON_VADDR -e DAMON_PADDR \
		-e LRU_GEN -e IDLE_PAGE_TRACKING -e HIGH_RES_TIMERS -e FTRACE -e RISCV_SBI \
		-m KVM_BOOK3S_64 -m KVM_BOOK3S_64_HV
	kmake "$1" olddefconfig
	if ! grep -q '^CONFIG_KVM=' "$tree/o.$1/.config"; then
		echo "cross: $1: its configuration has no KVM" >&2
		exit 1
	fi
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

# planted ARCH CALL: which takes a lock of another type than mmu_lock has there
planted() {
	kmake "$1" prepare
	f=$tree/virt/kvm/kvm_main.c
	cp "$f" "$f.whole"
	rm "$f"
	{ cat "$f.whole" && printf 'void secmmu_planted(struct kvm *kvm);\nvoid secmmu_planted(struct kvm *kvm) { %s(&kvm->mmu_lock); }\n' "$2"; } >"$f"
	found=1
	kmake "$1" "arch/$1/kvm/" >"$tree/planted" 2>&1 && found=0
	grep -q 'kvm_main.c.*incompatible' "$tree/planted" || found=0
	mv "$f.whole" "$f"
	if [ $found -eq 0 ]; then
		echo "cross: $1: the planted fault was not found: what this says means nothing" >&2
		exit 1
	fi
	say "$1: a planted fault was found"
}

compile() {
	kmake "$1" "arch/$1/kvm/" virt/ mm/ kernel/entry/ kernel/locking/
	say "$1: $2: good"
}

# each_type ARCH: two or more there must be; the first is the rwlock
each_type() {
	n=0
	for type in $(types); do
		if ! choose "$1" "$type"; then
			say "$1: $type is not offered there"
			continue
		fi
		[ $n -gt 0 ] || planted "$1" spin_lock
		n=$((n + 1))
		compile "$1" "$type"
	done
	if [ $n -lt 2 ]; then
		echo "cross: $1: $n types of mmu_lock, not two or more" >&2
		exit 1
	fi
}

[ $# -gt 0 ] || set -- arm64 riscv
for arch; do
	w=$(wants "$arch") || exit 2
	if ! command -v "${w%% *}" >/dev/null; then
		echo "cross: no ${w%% *}: apt-get install ${w#* }" >&2
		exit 2
	fi
done
only_one "$cache/cross"
patched_tree
for arch; do
	configure "$arch"
	if offers "$arch"; then
		each_type "$arch"
	else
		planted "$arch" write_lock
		compile "$arch" "the lock it has"
	fi
done
