#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every prefix of the series, patch by patch: what it changes is compiled with
# W=1 and sparse, and its kernel-doc read. Whatever is said that is not said of
# the kernel without the series is an error. The last prefix is compiled in
# every arm. What was found good is not done again (keyed by content), so that
# after a change of patch N the prefixes from N on are.
#
# First a fault is planted that must be found: a check that is deaf would pass.
set -eu
cd "$(dirname "$0")/.."
me=lint
. tools/kernel-tree.sh
if ! command -v sparse >/dev/null; then
	echo "lint: no sparse: apt-get install sparse" >&2
	exit 2
fi
lint=$cache/lint
tree=$lint/tree
only_one "$lint"
mkdir -p "$lint/ok"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fresh_tree() {
	pristine_tree "$tree"
	mkdir "$tree/o.lint"
	make -s -C "$tree" O=o.lint tinyconfig
	(cd "$tree" && scripts/kconfig/merge_config.sh -m -O o.lint o.lint/.config \
		"$top/configs/linux-6.12/base.config" "$top/configs/linux-6.12/kvm.config") >/dev/null
	make -s -C "$tree" O=o.lint olddefconfig
	tree_at=
}

# compile: what the compiler and sparse say, a line each, without line numbers.
# Only what has changed is compiled, so the caller starts from what was good.
compile() {
	make -C "$tree" O=o.lint -k -j"$(nproc)" W=1 C=1 \
		mm/ kernel/entry/ kernel/locking/ virt/ arch/x86/kvm/ >"$tmp/out" 2>"$tmp/err" || {
		tail -n 20 "$tmp/err" >&2
		return 1
	}
	sed -n 's/^\(\.\.\/\)*\([^: ]*\.[chS]\):[0-9:]*/\2:/p' "$tmp/err" |
		grep -E 'warning|error' | imbalance | sort -u >"$tmp/said"
}

# Where a function gets out of balance, and how, moves with every inline function
# of a header that it calls; that it does is what counts.
imbalance() {
	sed "s/^.*\(context imbalance in '[^']*'\).*/warning: \1/"
}

# Functions that sparse can't follow: it takes a lock behind a trylock in an
# inline function (mem_cgroup_trylock_pages), or of a rwlock (with each lock of
# gfn_to_pfn_cache_try_invalidate_start taken out in turn), for held on both ways.
known() {
	for f in test_huge_pmd lru_gen_look_around gfn_to_pfn_cache_try_invalidate_start; do
		echo "warning: context imbalance in '$f'"
	done
}

# doc FILES...: what kernel-doc says of them
doc() {
	for f; do
		[ ! -e "$tree/$f" ] || (cd "$tree" && scripts/kernel-doc -none -Wall "$f" 2>&1)
	done | sed 's/:[0-9]*: /: /' | sort -u
}

# check NAME PATCH FILES...: 0 if nothing new is said of the tree as it is
check() {
	name=$1
	shift
	if ! compile; then
		echo "lint: $name: does not compile" >&2
		return 1
	fi
	doc "$@" >>"$tmp/said"
	sort -u "$tmp/said" | comm -23 - "$tmp/known" >"$tmp/new"
	[ -s "$tmp/new" ] || return 0
	sed "s|^|lint: $name: |" "$tmp/new" >&2
	# Told once: what a patch brings in stays in all prefixes after it.
	sort -u -o "$tmp/known" "$tmp/known" "$tmp/new"
	return 1
}

files_of() {
	sed -n 's/^+++ b\///p' "$@" | sort -u
}

# base_said: what is said of the kernel as it is, of all it compiles.
base_said() {
	if [ -s "$base" ]; then
		[ -e "$tmp/known" ] || known | sort -u -o "$tmp/known" - "$base"
		return 0
	fi
	say "the kernel without the series (some minutes)"
	fresh_tree
	compile || return 1
	# shellcheck disable=SC2046 # names of kernel files
	doc $(files_of "$series"/*.patch) >>"$tmp/said"
	sort -u "$tmp/said" >"$base.tmp"
	mv "$base.tmp" "$base"
	known | sort -u -o "$tmp/known" - "$base"
	tree_at=0
}

# go_to N: the tree with the first N patches
go_to() {
	[ -n "${tree_at:-}" ] || { fresh_tree; tree_at=0; }
	while [ "$tree_at" -lt "$1" ]; do
		tree_at=$((tree_at + 1))
		p=$(sed -n "${tree_at}p" "$tmp/series")
		apply_patch "$tree" "$p"
	done
}

plant() {
	cat >>"$tree/mm/mmu_notifier.c" <<-EOF
		/**
		 * secmmu_planted - nothing
		 * @b: is not there
		 */
		int secmmu_planted(int __user *a)
		{
			return *a;
		}
	EOF
}

# The fault: no prototype, __user dereferenced, kernel-doc of another parameter.
planted() {
	cp "$tree/mm/mmu_notifier.c" "$tmp/whole.c"
	rm "$tree/mm/mmu_notifier.c"
	cp "$tmp/whole.c" "$tree/mm/mmu_notifier.c"
	plant
	check planted mm/mmu_notifier.c 2>"$tmp/planted" && found=0 || found=1
	rm "$tree/mm/mmu_notifier.c"
	cp "$tmp/whole.c" "$tree/mm/mmu_notifier.c"
	for what in 'no previous prototype' 'dereference of noderef' "'a' not described"; do
		grep -q "$what" "$tmp/planted" || found=0
	done
	if [ "$found" -eq 0 ]; then
		echo "lint: the planted fault was not found: what this says means nothing" >&2
		return 1
	fi
	say "a planted fault was found"
}

arms() {
	symbols=$(sed -n 's/^[a-z]* *= *\(KVM_[A-Z_]*\)$/\1/p' configs/arms.ini)
	for arm in $symbols; do
		for a in $symbols; do
			"$tree/scripts/config" --file "$tree/o.lint/.config" -d "$a"
		done
		"$tree/scripts/config" --file "$tree/o.lint/.config" -e "$arm"
		make -s -C "$tree" O=o.lint olddefconfig
		check "the series, $arm" || return 1
		say "the series, $arm"
	done
}

ls "$series"/*.patch >"$tmp/series"
n=$(wc -l <"$tmp/series")
key=$(cat configs/linux-6.12/base.config configs/linux-6.12/kvm.config tools/lint-series.sh tools/kernel-tree.sh \
	"$src/Makefile" |
	sha256sum | cut -c1-16)
base=$lint/base.$key
i=0
all=$key
bad=0
while [ $i -lt "$n" ]; do
	i=$((i + 1))
	p=$(sed -n "${i}p" "$tmp/series")
	# The log may change: what is looked at is what the patch does.
	all=$(echo "$all $(sed -n '/^diff --git/,$p' "$p" | sha256sum)" | sha256sum | cut -c1-32)
	[ ! -e "$lint/ok/$all" ] || continue
	base_said
	go_to $((i - 1))
	if [ -z "${heard:-}" ]; then
		# The prefix before is good; compiled, so that only changes are from here.
		compile
		planted || exit 1
		heard=1
	fi
	go_to $i
	# shellcheck disable=SC2046
	if check "${p##*/}" $(files_of "$p"); then
		: >"$lint/ok/$all"
		say "patch $i of $n is good"
	else
		bad=1
	fi
done
if [ $bad -eq 0 ] && [ ! -e "$lint/ok/$all.arms" ]; then
	base_said
	go_to "$n"
	arms && : >"$lint/ok/$all.arms" || bad=1
fi
[ $bad -ne 0 ] || say "each of $n prefixes is good with W=1, sparse and kernel-doc; the last one in every arm"
exit $bad
