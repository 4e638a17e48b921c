#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own checkpatch, on the series and on our C; cppcheck and gcc's
# analyzer, on what runs. checkpatch comes with the kernel source, so there has to
# be one in the cache.
set -eu
cd "$(dirname "$0")/.."

me=lint
. tools/kernel-tree.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# A copy, because checkpatch takes a file that git knows for source, not for a
# patch. New files of KVM are covered by patterns that MAINTAINERS has already. The
# source is without history, in which to look up the commit that is fixed.
cp -r kvm-patches/linux-* "$tmp"
(cd "$tmp" && "$src/scripts/checkpatch.pl" --root="$src" --terse --show-types --strict \
	--no-summary --ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID */*.patch) || bad=1

# What checkpatch knows of the kernel's own helpers and of its log messages is
# not for user space.
ignore=CAMELCASE,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,AVOID_EXTERNS
ignore=$ignore,CONST_STRUCT,STATIC_CONST_CHAR_ARRAY,ARRAY_SIZE,STRCPY,STRNCPY,NAKED_SSCANF
ignore=$ignore,EMBEDDED_FUNCTION_NAME,SYMBOLIC_PERMS,SPLIT_STRING,STRING_FRAGMENTS,MISSING_SPACE
# Loops that read until the end, tables of cases and their rows as macros, and
# long lines of text.
ignore=$ignore,COMPLEX_MACRO,ASSIGN_IN_IF,TRAILING_STATEMENTS,LONG_LINE,LONG_LINE_STRING
find tools selftests -name '*.[ch]' -not -path 'tools/build*' -print0 |
	xargs -0 "$src/scripts/checkpatch.pl" --no-tree --file --terse --show-types \
	--no-summary --ignore "$ignore" || bad=1

# The NULL that ends a list of arguments is a pointer here; jansson's loops are
# macros that cppcheck does not see.
analyze() {
	cppcheck -q --enable=warning,portability,performance --inline-suppr --std=c11 \
		--error-exitcode=1 -j "$(nproc)" -Itools/common -Itools/secmmu \
		--suppress=missingIncludeSystem --suppress=varFuncNullUB \
		--suppress=unknownMacro "$@"
}
if ! command -v cppcheck >/dev/null; then
	echo "lint: no cppcheck: apt-get install cppcheck" >&2
	exit 2
fi
if analyze tools/tests/planted/cppcheck.c 2>/dev/null; then
	echo "lint: cppcheck finds nothing in tools/tests/planted/cppcheck.c" >&2
	bad=1
fi
analyze tools/secmmu tools/guest tools/common || bad=1

# gcc's own look at every path through a function. Not at the tests: that a failed
# assertion ends one, it does not know.
paths() {
	# shellcheck disable=SC2046
	printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 gcc -std=gnu11 -O2 -D_GNU_SOURCE -Itools/common \
		-Itools/secmmu $(pkg-config --cflags jansson inih libarchive zlib libmd) \
		-fanalyzer -Werror -c -o /dev/null
}
if paths tools/tests/planted/analyzer.c 2>/dev/null; then
	echo "lint: gcc -fanalyzer finds nothing in tools/tests/planted/analyzer.c" >&2
	bad=1
fi
paths tools/secmmu/*.c tools/guest/*.c tools/common/*.c || bad=1

[ $bad -ne 0 ] || echo "lint: nothing to say"
exit $bad
