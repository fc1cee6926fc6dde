#!/usr/bin/env atf-sh
# refusals_test: what the daemon itself refuses, sent to it with none of
# weirctl's checks between, with an error that says what to do.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# send METHOD [YAML]: a request with these parameters; the answer is in
# ./answer.
send() {
	if [ $# -gt 1 ]; then
		echo "$2" >parameters.yaml
		set -- "$1" parameters.yaml
	fi
	"$(atf_get_srcdir)/send_request" "$@" >answer
}

# is_refused METHOD YAML PATTERN...: and the answer has them all.
is_refused() {
	send "$1" "$2" && atf_fail "$1 $2 was done: $(cat answer)"
	request="$1 $2"
	shift 2
	has "$request" "$@"
}

# is_done METHOD YAML PATTERN...
is_done() {
	send "$1" "$2" || atf_fail "$1 $2: $(cat answer)"
	request="$1 $2"
	shift 2
	has "$request" "$@"
}

has() { # REQUEST PATTERN...
	what=$1
	shift
	for pattern; do
		grep -Eq -- "$pattern" answer ||
		    atf_fail "$what: no \"$pattern\" in: $(cat answer)"
	done
}

# The paths of the errors in a line of JSON.
paths_of() {
	grep -o '"path": "[^"]*"' "$1" | sort -u
}

# refuses_file FILE: the daemon finds just what weirctl finds.
refuses_file() {
	weirctl --json check "$1" >checked 2>&1
	if "$(atf_get_srcdir)/send_request" definition.put "$1" definition \
	    >answer; then
		echo "$1: was stored"
		return 1
	fi
	grep -q '^422 invalid_definition: the definition ' answer || {
		echo "$1: $(cat answer)"
		return 1
	}
	paths_of checked >expected
	paths_of answer >got
	if [ ! -s expected ] || ! cmp -s expected got; then
		echo "$1: weirctl has:"
		cat expected
		echo "the daemon has:"
		cat got
		return 1
	fi
}

# is_no_yaml FILE: it can't be sent.
is_no_yaml() {
	"$(atf_get_srcdir)/send_request" definition.put "$1" definition \
	    >/dev/null 2>&1
	[ $? = 65 ]
}

weir_test_case definitions "each wrong definition, at the paths weirctl finds"
definitions_body() {
	weir_start
	files=0
	: >wrong
	for file in "$WEIR_SRC"/tests/wrong/*.yaml; do
		is_no_yaml "$file" && continue
		files=$((files + 1))
		refuses_file "$file" >>wrong || :
	done
	[ ! -s wrong ] || atf_fail "$(cat wrong)"
	[ "$files" -ge 55 ] || atf_fail "only $files files are YAML"
	# None of it was stored, and the daemon is as it was.
	atf_check -o match:'no workflows yet' weirctl definitions
	weir_stop
}

weir_test_case no_definition "what is no definition at all"
no_definition_body() {
	weir_start
	for what in 7 '"text"' '[]' '{}' null true 1.5; do
		is_refused definition.put "{definition: $what}" \
		    '^422 invalid_definition: '
	done
	is_refused definition.put '{}' '^400 bad_request: .*"definition" is missing'
	is_refused definition.check '{definition: {workflow: a, tasks: {b: {}}}}' \
	    '^422 invalid_definition: .*/tasks/b: ' '"path": "/tasks/b"'
	is_done definition.check \
	    '{definition: {workflow: a, tasks: {b: {run: "true"}}}}' '"a"'
	atf_check -o match:'no workflows yet' weirctl definitions
	weir_stop
}

weir_test_case parameters "methods and parameters"
parameters_body() {
	weir_start
	is_refused definition.putt '{}' \
	    '^404 not_found: .*did you mean "definition.put"'
	is_refused engine.statsu '{}' '^404 .*did you mean "engine.status"'
	is_refused nothing.like_it '{}' '^404 .*weir-protocol\(7\) lists them'
	is_refused execution.start '{workflwo: a}' \
	    '^400 bad_request: .*unknown parameter "workflwo"; did you mean "workflow"\?'
	is_refused execution.start '{}' \
	    '^400 .*parameter "workflow" is missing'
	is_refused execution.start '{workflow: 7}' \
	    '^400 .*"workflow" must be a workflow.s name, not 7'
	is_refused execution.start '{workflow: a, input: [1]}' \
	    '^400 .*"input" must be a map'
	is_refused execution.start '{workflow: a, priority: high}' \
	    '^400 .*"priority" must be .*, not "high"'
	is_refused execution.start '{workflow: a, labels: {team: 7}}' \
	    '^400 .*"labels'
	is_refused execution.get '{id: -1}' '^400 .*positive integer, not -1'
	is_refused execution.get '{id: 1.5}' '^400 .*positive integer'
	is_refused execution.cancel '{ids: 1}' '^400 .*"ids" must be'
	is_refused execution.cancel '{ids: [1], fliter: {}}' \
	    '^400 .*did you mean "filter"'
	is_refused task.skip '{execution: 1}' '^400 .*"task" is missing'
	atf_check -o ignore weirctl engine status
	weir_stop
}

waits() {
	cat >waits.yaml <<-'END'
	workflow: waits
	input: {n: {type: integer, default: 1}}
	tasks: {wait: {wait: {signal: go}}}
	END
	atf_check -o ignore weirctl define waits.yaml
}

weir_test_case starts "starts that can't be"
starts_body() {
	weir_start
	waits
	is_refused execution.start '{workflow: wait}' \
	    '^404 not_found: there is no workflow "wait".*weirctl define'
	is_refused execution.start '{workflow: waits, version: 9}' \
	    '^404 not_found: .*version 9'
	is_refused execution.start '{workflow: waits, input: {m: 1}}' \
	    '^400 bad_request: .*input.*m'
	is_refused execution.start '{workflow: waits, input: {n: one}}' \
	    '^400 bad_request: .*input.*n.*expected a whole number'
	atf_check -o ignore weirctl engine pause -r 'disk is full' --wait
	is_refused execution.start '{workflow: waits}' \
	    '^423 engine_paused: .*disk is full.*weirctl engine resume'
	atf_check -s exit:75 -e match:'disk is full' weirctl run waits
	is_refused engine.pause '{}' '^409 state_conflict: .*PAUSED'
	atf_check -o ignore weirctl engine resume
	is_refused engine.resume '{}' '^409 state_conflict: .*RUNNING'
	atf_check -o ignore weirctl disable waits -r 'not before Monday'
	is_refused execution.start '{workflow: waits}' \
	    '^423 engine_paused: .*not before Monday.*weirctl enable waits'
	atf_check -o ignore weirctl enable waits
	is_done execution.start '{workflow: waits}' '"id": 1'
	weir_stop
}

# A state_conflict says where the execution is and what can be done.
weir_test_case conflicts "executions and tasks that there are not, or not so"
conflicts_body() {
	weir_start
	waits
	for method in get wait; do
		is_refused execution.$method '{id: 77}' \
		    '^404 not_found: there is no execution 77'
	done
	is_done execution.cancel '{ids: [77]}' '"succeeded": \[\]' \
	    '"id": 77, .*"code": 404, .*there is no execution 77'
	is_refused task.signal '{execution: 77, name: go}' '^404 .*execution 77'
	is_done execution.start '{workflow: waits}' '"id": 1, '
	is_refused task.skip '{execution: 1, task: nope}' \
	    '^404 not_found: .*nope'
	is_refused task.approve '{execution: 1, task: wait}' \
	    '^409 state_conflict: .*approval'
	is_done execution.cancel '{ids: [1], if_revision: 999}' \
	    '"failed": \[\{"id": 1, .*"code": 409' '"revision": [0-9]'
	is_done execution.cancel '{ids: [1], if_status: completed}' \
	    '"failed": \[\{"id": 1, .*"code": 409' '"status": "waiting"'
	is_done task.signal '{execution: 1, name: go}' ''
	is_done execution.wait '{id: 1}' '"status": "completed"'
	is_done execution.terminate '{ids: [1], reason: late}' \
	    '"succeeded": \[\]' '"code": 409, "name": "state_conflict"' \
	    '"status": "completed", "revision": [0-9]+' '"allowed": \['
	is_done execution.cancel '{ids: [1]}' '"succeeded": \[\]' '"code": 409'
	is_refused task.update '{execution: 1, task: wait, status: failed}' \
	    '^409 state_conflict: '
	# Nothing of it changed anything.
	atf_check -o match:'"status": "completed", "ending"' \
	    weirctl --json show 1
	weir_stop
}

weir_test_case same_again "an idempotency key starts one execution"
same_again_body() {
	weir_start
	waits
	is_done execution.start \
	    '{workflow: waits, idempotency_key: once, input: {n: 2}}' \
	    '"id": 1, .*"created": true'
	is_done execution.start \
	    '{workflow: waits, idempotency_key: once, input: {n: 2}}' \
	    '"id": 1, .*"created": false'
	# The same after a crash, and with the execution over.
	is_done execution.terminate '{ids: [1], reason: enough}' \
	    '"succeeded": \[\{"id": 1'
	weir_kill9
	weir_start
	is_done execution.start \
	    '{workflow: waits, idempotency_key: once, input: {n: 2}}' \
	    '"id": 1, "status": "terminated", .*"created": false'
	is_done execution.start '{workflow: waits, idempotency_key: other}' \
	    '"id": 2, .*"created": true'
	# What is so already succeeds, and changes nothing.
	atf_check -o ignore weirctl disable waits
	is_done definition.disable '{workflow: waits}' '"enabled": false'
	atf_check -o inline:'waits@1 is the same already\n' \
	    weirctl define waits.yaml
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case definitions
	atf_add_test_case no_definition
	atf_add_test_case parameters
	atf_add_test_case starts
	atf_add_test_case conflicts
	atf_add_test_case same_again
}
