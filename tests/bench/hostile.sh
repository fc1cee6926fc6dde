#!/bin/sh
# hostile: how long a good client waits for its answers, alone and beside each
# kind of hostile one, and what memory that takes.
set -eu

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
export WEIR_LONG=1

for case in hostile_test:beside hostile_flood_test:floods \
    hostile_crowd_test:most_refused hostile_crowd_test:all_served; do
	mkdir "$scratch/$case"
	(cd "$scratch/$case" &&
	    "$WEIR_BIN/tests/${case%:*}" -r result "${case#*:}" 2>said) || {
		cat "$scratch/$case/said" "$scratch/$case/result" >&2
		exit 1
	}
done
