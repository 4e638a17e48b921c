#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes fixtures/results-* again: two whole runs, and seven damaged ones, all with
# the columns of before the lock's modes were told apart, which must go on being
# read. To be
# run when the format of a results folder has changed, its outcome committed.
set -eu
cd "$(dirname "$0")/fixtures"
mk=../../build/tests/mkresults
make -C ../.. -s tests

rm -rf results-*
$mk --old 1 --boots 6 --events 2 --samples 5 --effect 1.2 results-good
$mk --old 1 --boots 6 --events 2 --samples 5 --aa 1.2 results-aa-broken

$mk --old 1 --boots 1 --events 1 --samples 1 --hashes 1 results-cut
sed -i '$d' results-cut/boot-000/samples.csv
$mk --old 1 --boots 1 --events 1 --samples 1 --hashes 1 results-cut-sites
sed -i '$d' results-cut-sites/boot-000/sites.csv
for name in truncated malformed no-boot-json half-boot-json bad-manifest; do
	$mk --old 1 --boots 1 --events 1 --samples 1 results-$name
done
csv=boot-000/samples.csv
truncate -s -9 results-truncated/$csv
sed -i '4s/,1,0,/,1,zero,/' results-malformed/$csv
rm results-no-boot-json/boot-000/boot.json
truncate -s 200 results-half-boot-json/boot-000/boot.json
sed -i 's/"plan_spec"/plan_spec/' results-bad-manifest/manifest.json
