#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# report.html in headless Chromium, 400 and 1400 pixels wide: nothing sticks out
# of the page, nothing is said on the console, all pictures are there.
#
# usage: report-check.sh [DIR...]    results folders; default: the fixtures
set -u
[ $# -gt 0 ] && for dir; do set -- "$@" "$(realpath "$dir")"; shift; done
cd "$(dirname "$0")/../.." || exit 3
. tools/tests/tap.sh
d=$tap_dir

# The folders, as $d/NAME with a report in each.
if [ $# -gt 0 ]; then
	for dir; do cp -rL "$dir" "$d/$(basename "$dir")"; done
else
	cp -r tools/tests/fixtures/results-good tools/tests/fixtures/results-aa-broken "$d"
	mk=tools/build/tests/mkresults
	"$mk" --boots 7 --fail 3 --lost 2 --clock icount --noise 0.001 "$d/results-icount" || exit 3
	"$mk" --boots 2 --events 1 --samples 1 "$d/results-tiny" || exit 3
fi
names=$(cd "$d" && ls)
for name in $names; do
	check "$name: report made" sh -c "'$SECMMU' report '$d/$name' >'$d/$name.log' 2>&1 || { cat '$d/$name.log' >&2; false; }"
	check "$name: smaller than 3 MB" test "$(stat -c %s "$d/$name/report.html")" -lt 3000000
	check "$name: loads nothing" sh -c "! grep -qE '(src|href)=.?(https?:|//|file:)|@import|url\(' '$d/$name/report.html'"
done

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -z "$chromium" ]; then
	skip "the report in a browser" "needs Chromium: apt-get install chromium"
	tap_end
	exit
fi

# browse PAGE: the page in two frames; sizes to $d/sizes as "WIDTH USED PICTURES"
# for each frame, console to $d/console.
browse() {
	cat >"$d/frame.html" <<-END
		<!DOCTYPE html><title>frame</title>
		<iframe src="$1" style="width:400px;height:800px;border:0"></iframe>
		<iframe src="$1" style="width:1400px;height:800px;border:0"></iframe>
		<pre></pre><script>
		onload = () => {
			document.querySelector("pre").textContent =
				[...document.querySelectorAll("iframe")].map(f => {
					let e = f.contentDocument.documentElement;
					let p = [...e.querySelectorAll("svg[role=img]")];
					return "frame " + e.clientWidth + " " + e.scrollWidth + " " +
						p.filter(s => s.getBBox().width > 100).length + "/" + p.length;
				}).join("\n");
		};
		</script>
	END
	profile=$(mktemp -d "$d/profile.XXXXXX")
	timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--allow-file-access-from-files --user-data-dir="$profile" --window-size=1500,1800 \
		--virtual-time-budget=10000 --enable-logging=stderr --dump-dom "file://$d/frame.html" \
		>"$d/dom" 2>"$d/stderr" </dev/null
	grep -o 'frame [0-9]* [0-9]* [0-9]*/[0-9]*' "$d/dom" >"$d/sizes"
	grep 'CONSOLE' "$d/stderr" >"$d/console"
	rm -rf "$profile"
}

measured() { [ "$(wc -l <"$d/sizes")" -eq 2 ]; }
fits() { awk '$3 > $2 { bad = 1 } END { exit bad }' "$d/sizes"; }
pictures() { awk '{ split($4, n, "/"); if (n[1] != n[2] || !n[2]) bad = 1 } END { exit bad }' "$d/sizes"; }
not() { ! "$@"; }
quiet() { [ ! -s "$d/console" ] || { cat "$d/console" >&2; false; }; }

for name in $names; do
	browse "$d/$name/report.html"
	check "$name: opens in the browser" measured
	check "$name: no overflow at 400 and 1400 pixels" fits
	check "$name: every picture is drawn" pictures
	check "$name: no message on the console" quiet
done

# Planted faults: each must be seen.
first=$(echo "$names" | head -n 1)
page=$d/$first/report.html
sed 's|</main>|<p style="max-width:none;width:1000px">wide</p></main>|' "$page" >"$d/wide.html"
browse "$d/wide.html"
check "planted fault: too wide for 400 pixels is seen" not fits
sed 's|</main>|<script>console.error("planted")</script></main>|' "$page" >"$d/noisy.html"
browse "$d/noisy.html"
check "planted fault: an error on the console is seen" not quiet 2>/dev/null
sed 's|<desc id="s0-d">|</svg><svg role="img"><desc>|' "$page" >"$d/empty.html"
browse "$d/empty.html"
check "planted fault: an empty picture is seen" not pictures
tap_end
