#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# stats.txt, which test_stats.c reads, is what SciPy says today. The planted
# fault: a figure that is off by a millionth is seen.
set -u
cd "$(dirname "$0")/../../.." || exit 3
. tools/tests/tap.sh
here=tools/tests/reference

# same A B: the same words, and numbers that agree to 9 digits
same() {
	paste -d '\n' "$1" "$2" | awk '
		/^#/ { next }
		n++ % 2 == 0 { split($0, a); fields = NF; next }
		NF != fields { exit 1 }
		{
			for (i = 1; i <= NF; i++) {
				if (a[i] == $i)
					continue
				d = a[i] - $i
				if (a[i] !~ /[0-9]/ || d * d > 1e-18 * (1 + $i * $i))
					exit 1
			}
		}
		END { if (!n || n % 2) exit 1 }'
}

not() { ! "$@"; }

sed '/^unpaired apart/s/ 0\.1070000/ 0.1070001/' $here/stats.txt >"$tap_dir/off.txt"
check "planted fault: a figure that is off is seen" not same $here/stats.txt "$tap_dir/off.txt"
# Debian's Python, whatever else is in PATH: python3-scipy is for that one.
if /usr/bin/python3 -c 'import scipy' 2>/dev/null; then
	/usr/bin/python3 $here/stats.py >"$tap_dir/now.txt"
	check "stats.txt is what SciPy says" same $here/stats.txt "$tap_dir/now.txt"
else
	skip "stats.txt is what SciPy says" "needs SciPy: apt-get install python3-scipy"
fi
tap_end
