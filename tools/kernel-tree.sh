# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034,SC2154 # variables for, and of, whoever reads this in
# For scripts that work on the kernel source of the cache, to be read in at the
# top of the checkout, with $me set to their name. Ends them if there is none.
# Sets $top, $cache, $src and $series.

top=$PWD
cache=${SECMMU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/secmmu}
src=$(find "$cache/source" -mindepth 1 -maxdepth 1 -type d -name '6.*' 2>/dev/null | sort -V | tail -n 1)
if [ -z "$src" ]; then
	echo "$me: no kernel source in $cache/source: run make kernel first" >&2
	exit 2
fi
series=$top/kvm-patches/linux-6.12
# A point release may have patches of its own.
[ ! -d "$top/kvm-patches/linux-${src##*/}" ] || series=$top/kvm-patches/linux-${src##*/}

start=$(date +%s)

say() {
	s=$(($(date +%s) - start))
	printf '[%3d:%02d] %s: %s\n' $((s / 60)) $((s % 60)) "$me" "$*"
}

# only_one DIR: made if it is not there, and ours until the script ends
only_one() {
	mkdir -p "$1"
	exec 9>"$1/lock"
	if ! flock -n 9; then
		echo "$me: another one is running: wait for it, or stop it" >&2
		exit 2
	fi
}

# pristine_tree DIR: of hard links; whoever changes a file there replaces it.
pristine_tree() {
	rm -rf "$1"
	cp -al "$src" "$1"
}

# apply_patch DIR PATCH: git apply replaces files, so the source is safe.
apply_patch() {
	(cd "$1" && GIT_CEILING_DIRECTORIES=${1%/*} git apply "$2")
}
