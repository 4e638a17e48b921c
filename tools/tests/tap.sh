# SPDX-License-Identifier: GPL-2.0-only
# TAP for shell tests; to be sourced. SECMMU is the command under test.
SECMMU=${SECMMU:-$PWD/tools/secmmu/secmmu}
tap_n=0
tap_bad=0
tap_dir=$(mktemp -d) || exit 3
trap 'rm -rf "$tap_dir"' EXIT

ok() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $*"
}

not_ok() {
	tap_n=$((tap_n + 1))
	tap_bad=$((tap_bad + 1))
	echo "not ok $tap_n - $*"
}

skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# check NAME COMMAND...: passes if the command does
check() {
	check_name=$1
	shift
	if "$@"; then ok "$check_name"; else not_ok "$check_name"; fi
}

# fails NAME STATUS TEXT COMMAND...: the command ends with STATUS, and its
# standard error is one line that has TEXT (a basic regular expression).
fails() {
	f_name=$1 f_status=$2 f_text=$3
	shift 3
	"$@" >"$tap_dir/out" 2>"$tap_dir/err" </dev/null
	f_rc=$?
	f_lines=$(wc -l <"$tap_dir/err")
	if [ $f_rc -eq "$f_status" ] && [ "$f_lines" -eq 1 ] &&
		grep -q -- "$f_text" "$tap_dir/err"; then
		ok "$f_name"
	else
		not_ok "$f_name (status $f_rc, $f_lines lines of error)"
		sed 's/^/# /' "$tap_dir/err"
		sed "s/^/$f_name: /" "$tap_dir/err" >&2
	fi
}

tap_end() {
	echo "1..$tap_n"
	[ $tap_bad -eq 0 ]
}
