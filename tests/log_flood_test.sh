#!/usr/bin/env atf-sh
# log_flood_test: what operators can have the log say as often as they like is
# counted there, not written.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

starts=200

# How many lines of weird.log have the text, and how many they tell of.
count_log() {
	lines=$(grep -c "$1" weird.log)
	told=$(grep "$1" weird.log |
	    sed 's/.* (the last of \([0-9]*\) held back .*/\1/; s/^.*[^0-9].*/1/' |
	    awk '{ n += $1 } END { print n + 0 }')
}

weir_test_case not_started "commands that do not start, again and again"
not_started_body() {
	echo 'log: warn' >conf
	weir_start -c conf
	cat >flood.yaml <<-END
	workflow: flood
	tasks:
	  work:
	    run: [./there-is-no-such-program]
	    retry: {count: $((starts - 1)), delay: 1ms}
	END
	atf_check -s exit:1 -o ignore -e ignore weirctl run flood.yaml --wait
	weir_stop
	count_log 'task work attempt [0-9]* did not start: '
	echo "$starts attempts that did not start: $lines lines, which tell of $told"
	[ "$lines" -gt 1 ] || atf_fail "$lines lines"
	[ "$lines" -lt 30 ] || atf_fail "$lines lines"
	atf_check_equal "$starts" "$told"
}

atf_init_test_cases() {
	atf_add_test_case not_started
}
