#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# report.html in headless Chromium, 400 and 1400 pixels wide, light and dark, and
# as it is printed: nothing sticks out of the page, nothing is said on the console,
# all pictures are there and said in words, all text stands out from what is
# behind it, the answer is on the first screen, and all tables are printed.
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
	"$mk" --boots 7 --fail 3 --lost 2 --clock icount --noise 0.001 --scale 0.5 --bend 10 --counts 1 "$d/results-icount" || exit 3
	"$mk" --boots 2 --events 1 --samples 1 "$d/results-tiny" || exit 3
	# As the plan contention: no primary comparison, and counts.
	"$mk" --boots 7 --samples 9 --noise 0.1 --counts 1 "$d/results-first-pair" || exit 3
	sed -i 's|"primary": "[^"]*"|"primary": null|' "$d/results-first-pair/manifest.json"
fi
names=$(cd "$d" && ls)
for name in $names; do
	check "$name: report made" sh -c "'$SECMMU' report '$d/$name' >'$d/$name.log' 2>&1 || { cat '$d/$name.log' >&2; false; }"
	check "$name: smaller than 3 MB" test "$(stat -c %s "$d/$name/report.html")" -lt 3000000
	check "$name: loads nothing" sh -c "! grep -qE '(src|href)=.?(https?:|//|file:)|@import|url\(' '$d/$name/report.html'"
done

if [ $# -eq 0 ]; then
	check "without a primary comparison the first pair is the headline" \
		grep -q '<h1>mutex/spinlock: of 6 figures .*; of [0-9]* counts .*</h1>' "$d/results-first-pair/report.html"
fi

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -z "$chromium" ]; then
	skip "the report in a browser" "needs Chromium: apt-get install chromium"
	tap_end
	exit
fi

# browse PAGE [OPTION...]: the page in three frames, the third as printed on A4
# with margins of 10 mm. Per frame a line to $d/sizes, "WIDTH USED PICTURES CONTRAST
# ANSWER NAMED TABLES": pixels the page uses; pictures drawn; the lowest contrast of
# a text to its background (WCAG 2), and where; how far down the answer reaches;
# pictures that have a title and a description; tables that are shown. The console
# goes to $d/console.
browse() {
	url=$1
	shift
	cat >"$d/frame.html" <<-END
		<!DOCTYPE html><title>frame</title>
		<iframe src="$url" style="width:400px;height:800px;border:0"></iframe>
		<iframe src="$url" style="width:1400px;height:800px;border:0"></iframe>
		<iframe src="$url" style="width:718px;height:800px;border:0"></iframe>
		<pre></pre><script src="frame.js"></script>
	END
	cat >"$d/frame.js" <<-'END'
		const rgb = s => s.match(/[\d.]+/g).map(Number);
		const luminance = c => {
			const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v =>
				v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const behind = (w, e) => {
			for (; e; e = e.parentElement) {
				const c = rgb(w.getComputedStyle(e).backgroundColor);
				if (c.length < 4 || c[3] > 0)
					return c;
			}
			return [255, 255, 255];
		};
		const contrast = w => {
			const walk = w.document.createTreeWalker(w.document.body, NodeFilter.SHOW_TEXT);
			let worst = [99, ""];
			while (walk.nextNode()) {
				const e = walk.currentNode.parentElement, s = w.getComputedStyle(e);
				if (!walk.currentNode.data.trim() || /^(title|desc|style)$/.test(e.tagName))
					continue;
				const svg = e.namespaceURI.endsWith("svg");
				const c = [luminance(rgb(svg ? s.fill : s.color)), luminance(behind(w, e))];
				const x = (Math.max(...c) + 0.05) / (Math.min(...c) + 0.05);
				if (x < worst[0])
					worst = [x, e.tagName + "." + (e.className.baseVal ?? e.className)];
			}
			return worst[0].toFixed(2) + " " + worst[1].replace(/\s/g, "_");
		};
		const says = (s, what) => s.querySelector(":scope > " + what)?.textContent.trim();
		const of_all = (list, good) => list.filter(good).length + "/" + list.length;
		/* Print rules for all, and no others that depend on the medium. */
		const as_printed = doc => {
			for (const sheet of doc.styleSheets)
				for (const rule of [...sheet.cssRules])
					if (rule instanceof doc.defaultView.CSSMediaRule)
						rule.media.mediaText = rule.media.mediaText === "print" ? "all" : "not all";
		};
		onload = () => {
			const frames = [...document.querySelectorAll("iframe")];
			as_printed(frames[2].contentDocument);
			document.querySelector("pre").textContent = frames.map(f => {
				const doc = f.contentDocument, e = doc.documentElement;
				const p = [...e.querySelectorAll("svg[role=img]")];
				const cards = e.clientWidth < 500 ? ".card" : ".cards";
				return ["frame", e.clientWidth, e.scrollWidth,
					of_all(p, s => s.getBBox().width > 100),
					contrast(f.contentWindow),
					Math.round(e.querySelector(cards).getBoundingClientRect().bottom),
					of_all(p, s => says(s, "title") && says(s, "desc")),
					of_all([...e.querySelectorAll("table")], t => t.checkVisibility())].join(" ");
			}).join("\n");
		};
	END
	profile=$(mktemp -d "$d/profile.XXXXXX")
	timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--allow-file-access-from-files --user-data-dir="$profile" --window-size=1500,2700 \
		--virtual-time-budget=10000 --enable-logging=stderr "$@" --dump-dom "file://$d/frame.html" \
		>"$d/dom" 2>"$d/stderr" </dev/null
	grep -o 'frame [0-9]* [0-9]* [0-9]*/[0-9]* .*' "$d/dom" | sed 's/<.*//' >"$d/sizes"
	grep 'CONSOLE' "$d/stderr" >"$d/console"
	rm -rf "$profile"
}

browse_dark() { browse "$1" --blink-settings=preferredColorScheme=0; }

measured() { [ "$(wc -l <"$d/sizes")" -eq 3 ]; }
fits() { awk 'NR < 3 && $3 > $2 { bad = 1 } END { exit bad }' "$d/sizes"; }
fits_printed() { awk 'NR == 3 && $3 <= $2 { good = 1 } END { exit !good }' "$d/sizes"; }
pictures() { awk '{ split($4, n, "/"); if (n[1] != n[2] || !n[2]) bad = 1 } END { exit bad }' "$d/sizes"; }
said() { awk '{ split($8, n, "/"); if (n[1] != n[2] || !n[2]) bad = 1 } END { exit bad || NR != 3 }' "$d/sizes"; }
tables_printed() { awk 'NR == 3 { split($9, n, "/"); good = n[2] && n[1] == n[2] } END { exit !good }' "$d/sizes"; }
folded() { awk 'NR < 3 { split($9, n, "/"); if (n[1] == n[2]) bad = 1 } END { exit bad }' "$d/sizes"; }
not() { ! "$@"; }
quiet() { [ ! -s "$d/console" ] || { cat "$d/console" >&2; false; }; }
# WCAG's level AA for text; pictures have texts of their axes in a muted colour: 3.
readable() { awk '$5 < ($6 ~ /^(text|tspan)/ ? 3 : 4.5) { print > "/dev/stderr"; bad = 1 } END { exit bad || NR != 3 }' "$d/sizes"; }
# Verdict, how sure, and (where there is room) for whom within the frame's height.
answers() { awk 'NR < 3 && $7 > 800 { print > "/dev/stderr"; bad = 1 } END { exit bad }' "$d/sizes"; }

for name in $names; do
	browse "$d/$name/report.html"
	check "$name: opens in the browser" measured
	check "$name: no overflow at 400 and 1400 pixels" fits
	check "$name: no overflow when printed" fits_printed
	check "$name: text stands out" readable
	check "$name: the answer is on the first screen" answers
	check "$name: every picture is drawn" pictures
	check "$name: and has a title and a description" said
	check "$name: other pairs are folded away" folded
	check "$name: and printed" tables_printed
	check "$name: no message on the console" quiet
	browse_dark "$d/$name/report.html"
	check "$name: text stands out in the dark" readable
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
sed 's|</main>|<div style="background:var(--bg);color:#666">grey</div></main>|' "$page" >"$d/grey.html"
browse "$d/grey.html"
check "planted fault: its grey stands out in the light" readable
browse_dark "$d/grey.html"
check "planted fault: and does not in the dark" not readable 2>/dev/null
sed 's|</style>|.cards{padding-top:60rem}.card{margin-top:60rem}</style>|' "$page" >"$d/late.html"
browse "$d/late.html"
check "planted fault: an answer below the first screen is seen" not answers 2>/dev/null
sed 's|</style>|@media print{table{width:900px!important}}</style>|' "$page" >"$d/cut.html"
browse "$d/cut.html"
check "planted fault: a table that printing cuts off is seen" not fits_printed
check "planted fault: on a screen it is none" fits
sed 's|<desc id="s0-d">|</svg><svg role="img"><desc>|' "$page" >"$d/empty.html"
browse "$d/empty.html"
check "planted fault: an empty picture is seen" not pictures
sed 's|<desc id="s0-d">[^<]*</desc>|<desc id="s0-d"> </desc>|' "$page" >"$d/mute.html"
browse "$d/mute.html"
check "planted fault: a picture without a description is seen" not said
sed 's|<title id="s0-t">[^<]*</title>||' "$page" >"$d/untitled.html"
browse "$d/untitled.html"
check "planted fault: one without a title is seen" not said
sed 's|</main>|<details><summary>More</summary><table><tr><td>1</td></tr></table></details></main>|' "$page" >"$d/closed.html"
browse "$d/closed.html"
check "planted fault: a table that is not printed is seen" not tables_printed
tap_end
