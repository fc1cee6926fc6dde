#!/usr/bin/env atf-sh
# safety_caps_test: caps on starts and cost as an operator meets them.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

define() { # NAME SAFETY
	cat >"$1.yaml" <<-END
	workflow: $1
	safety: $2
	tasks:
	  a: {run: [echo, "1.5"], output: json, cost: "\${{ task.output }}"}
	END
	atf_check -o ignore weirctl define "$1.yaml"
}

status_is() { # NAME STATUS
	ctl definitions | grep -Eq "^$1@1 +[^ ]* $2 "
}

# is_capped NAME: it is not started for what it has cost; or it is, and costs
# something more.
is_capped() {
	weirctl run "$1" --wait >run.out 2>run.err && return 1
	grep -q 'cap on cost' run.err
}

weir_test_case starts "the cap on starts, through a restart of the daemon"
starts_body() {
	weir_start
	define nightly '{starts: {max: 2, per: 1h}}'
	atf_check -o match:'starts +0 of 2 in 1h$' -o match:'cost +no cap' \
	    weirctl safety nightly
	atf_check -o ignore weirctl run nightly --wait
	atf_check -o ignore weirctl run nightly --wait
	atf_check -s exit:75 -e match:'safety_paused by its cap on starts' \
	    -e match:'weirctl enable nightly' weirctl run nightly
	weir_kill9
	weir_start
	status_is nightly safety_paused || atf_fail "$(weirctl definitions)"
	atf_check -o match:'starts +2 of 2 in 1h; the period ends .*; reached' \
	    weirctl safety nightly
	atf_check -s exit:75 -e match:'2 of 2 in 1h' weirctl run nightly
	atf_check -o inline:'nightly is enabled\n' weirctl enable nightly
	atf_check -o ignore weirctl run nightly --wait
	weir_stop
	grep -q 'workflow nightly safety_paused by its cap on starts' weird.log ||
	    atf_fail "$(cat weird.log)"
}

weir_test_case cost "the cap on cost lifts by itself, or when it is raised"
cost_body() {
	weir_start
	define paid '{cost: {max: 3, per: 1d}}'
	cat >above.yaml <<-END
	workflow: above
	tasks: {sub: {workflow: paid}}
	END
	atf_check -o ignore weirctl define above.yaml
	atf_check -o ignore weirctl run paid --wait
	atf_check -o ignore weirctl run paid --wait
	atf_check -s exit:75 -e match:'3 of 3 in 1d' weirctl run paid
	atf_check -s exit:75 -e match:'does not lift that' weirctl enable paid
	atf_check -o ignore weirctl run above
	atf_check -o match:'waiting' -o match:'waits on +sub: workflow paid' \
	    weirctl show 3
	weir_kill9
	weir_start
	atf_check -o match:'safety_paused' -o match:'cost +3 of 10 in 1d' \
	    -o match:'starts +no cap' sh -c \
	    'weirctl safety paid --cost 3/1d && weirctl safety paid --cost 10/1d'
	weir_wait_until sh -c 'weirctl show 3 | grep -q completed'
	weir_wait_until status_is paid enabled
	atf_check -o match:'cost +.* of 3 in 1d' weirctl safety paid --clear
	atf_check -o match:'cost +no cap' weirctl safety paid --cost 0
	atf_check -s exit:64 -e match:'expected MAX/PER such as 200/1h' \
	    weirctl safety paid --cost 3
	atf_check -s exit:1 -e match:'there is no workflow "none"' \
	    weirctl safety none
	weir_stop
}

weir_test_case period "the cap on cost lifts when its period is over"
period_body() {
	weir_start
	define brief '{cost: {max: 1, per: 2s}}'
	weir_wait_until is_capped brief
	weir_wait_until status_is brief enabled
	atf_check -o ignore weirctl run brief --wait
	weir_stop
	grep -q 'starts again after its cap on cost: the period is over' \
	    weird.log || atf_fail "$(cat weird.log)"
}

atf_init_test_cases() {
	atf_add_test_case starts
	atf_add_test_case cost
	atf_add_test_case period
}
