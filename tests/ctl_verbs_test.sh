#!/usr/bin/env atf-sh
# ctl_verbs_test: weirctl's verbs with a daemon: what they print, and their exit
# statuses.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

files() {
	cat >demo.yaml <<-'END'
	workflow: demo
	description: A small one
	input:
	  name: {type: string}
	  count: {type: integer, default: 3}
	tasks:
	  greet:
	    run: [printf, 'hello %s\n', "${{ input.name }}"]
	    output: text
	    next: [{do: each}]
	  each:
	    items: {in: [1, 2]}
	    run: 'echo "$WEIR_ITEM"'
	output: {said: "${{ tasks.greet.output }}", count: "${{ input.count }}"}
	END
	cat >fails.yaml <<-'END'
	workflow: fails
	tasks:
	  first: {run: "true", next: [{do: second}]}
	  second: {run: "echo why; exit 3", retry: {count: 1, delay: 1ms}}
	END
	cat >waits.yaml <<-'END'
	workflow: waits
	tasks:
	  ask: {wait: {approval: "Go on?"}, next: [{when: completed, do: go}]}
	  go: {wait: {signal: go}}
	END
	cat >parent.yaml <<-'END'
	workflow: parent
	tasks: {child: {workflow: fails}}
	END
}

is_at() { # ID STATUS
	ctl --json show "$1" | grep -q "\"status\": \"$2\", \"ending\""
}

weir_test_case defining "define, definitions, definition, enable, disable"
defining_body() {
	files
	weir_start
	atf_check -o match:'no workflows yet' weirctl definitions
	atf_check -o inline:'defined demo@1\ndefined waits@1\n' \
	    weirctl define demo.yaml waits.yaml
	atf_check -o inline:'demo@1 is the same already\n' \
	    weirctl define demo.yaml
	sed s/small/tiny/ demo.yaml >demo2.yaml
	atf_check -o inline:'defined demo@2\n' weirctl define demo2.yaml
	atf_check -o match:'^demo@2 .*enabled .* A tiny one' weirctl defs
	atf_check -o save:printed.yaml weirctl definition demo@2
	atf_check -o inline:'demo@2 is the same already\n' \
	    weirctl define printed.yaml
	atf_check -s exit:1 -e match:'no version 7' weirctl definition demo@7
	atf_check -s exit:1 -e match:'no workflow nope' weirctl def nope
	atf_check -o match:'^demo is disabled' weirctl disable demo -r broken
	atf_check -s exit:75 -e match:'broken' weirctl run demo -i name=x
	atf_check -o match:'^demo is enabled' weirctl enable demo
	atf_check -o match:'^."workflow": "waits"' -o match:'"versions": 2' \
	    weirctl --json definitions
	weir_stop
}

weir_test_case running "run, --wait, inputs"
running_body() {
	files
	weir_start
	atf_check -o save:out weirctl run demo.yaml -i name=42 --wait
	grep -q '^started 1 (demo@1)$' out || atf_fail "$(cat out)"
	grep -q 'completed greet  ' out || atf_fail "$(cat out)"
	grep -q 'completed each  ' out || atf_fail "$(cat out)"
	grep -q '^output: ."said": "hello 42[^"]*", "count": 3.$' out ||
	    atf_fail "$(cat out)"
	printf 'name: "from a file"\ncount: 5\n' >in.yaml
	atf_check -o match:'"count": 6' weirctl run demo --input in.yaml \
	    -i count=6 --wait
	atf_check -s exit:65 -e match:'input: name is missing' weirctl run demo
	atf_check -s exit:65 -e match:'count: expected a whole number' \
	    weirctl run demo -i name=x -i count=few
	atf_check -s exit:65 -e match:'^weirctl: count:1:2: ' \
	    weirctl run demo -i name=x -i 'count=['
	atf_check -s exit:1 -e match:'no workflow nope' weirctl run nope
	atf_check -o match:'^started 3 ' \
	    weirctl run demo -i name=x --idempotency-key k
	atf_check -o ignore weirctl wait 3
	atf_check -o match:'^started already: 3 [(]demo@1[)], completed$' \
	    weirctl run demo -i name=x --idempotency-key k
	atf_check -s exit:65 -e match:'key "k" started execution 3.* other input' \
	    weirctl run demo -i name=y --idempotency-key k
	atf_check -s exit:1 -o save:out weirctl run fails.yaml --wait
	grep -q 'failed second .* 2 attempts .*exit status 3' out ||
	    atf_fail "$(cat out)"
	grep -q '^see: weirctl logs 4 second$' out || atf_fail "$(cat out)"
	atf_check -o inline:'why\n' weirctl logs 4 second
	atf_check -s exit:1 -o match:'^see: weirctl show 6$' \
	    weirctl run parent.yaml --wait
	atf_check -s exit:1 -o save:out weirctl --json run fails --wait
	atf_check_equal "$(wc -l <out | tr -d ' ')" 1
	grep -q '^."id": 7, .*"status": "failed"' out || atf_fail "$(cat out)"
	weir_stop
}

weir_test_case looking "ls, show, tree, logs, events"
looking_body() {
	files
	weir_start
	atf_check -o ignore weirctl define demo.yaml fails.yaml
	atf_check -s exit:1 -o ignore weirctl run parent.yaml --wait \
	    --label team=a --correlation-id c1
	atf_check -o ignore weirctl run demo -i name=x --wait --label team=b
	atf_check -o match:'^ 3 .*completed .*demo@1' \
	    -o match:'^ 1 .*failed .*parent@1 .*c1 .*team=a' weirctl ls
	atf_check -o match:'^ *1 ' -o not-match:'^ *3 ' \
	    weirctl ls --label team=a
	atf_check -o match:'^ *2 ' -o not-match:'^ *1 ' weirctl ls -w fails
	atf_check -o match:'^ *3 ' -o not-match:'^ *1 ' \
	    weirctl ls --status completed
	atf_check -o match:'there are more: --after 3' weirctl ls -n 1
	atf_check -o match:'^ *2 ' -o not-match:'^ *3 ' \
	    weirctl ls -n 1 --after 3
	atf_check -o not-match:'^ *[0-9]' weirctl ls --until 1h
	atf_check_equal "$(weirctl --json ls | wc -l | tr -d ' ')" 3
	atf_check -o match:'^workflow *parent@1$' -o match:'failed child' \
	    -o match:'execution 2 fails@1' -o match:'attempt 2 ' \
	    weirctl show 1
	atf_check -o match:'^3 demo@1 ' -o match:'each: 2 items' \
	    -o match:'each\[1\]' weirctl tree 3 -l
	atf_check -o inline:'1\n' weirctl logs 3 each --item 1
	atf_check -o inline:'why\n' weirctl logs 2 second --attempt 1
	atf_check -o inline:'why\n' weirctl logs -f 2 second
	atf_check -o inline:'hello x\n' weirctl logs -f 3 greet
	atf_check weirctl logs -e 3 greet
	atf_check -s exit:1 -e match:'no task nope' weirctl logs 3 nope
	atf_check -s exit:1 -e match:'no task nope' weirctl logs -f 3 nope
	atf_check -s exit:1 -e match:'no execution 77' weirctl show 77
	weirctl events --from 1 >stream 2>&1 &
	events=$!
	weir_wait_until grep -q 'execution.status  3 .*completed' stream
	kill -INT "$events"
	wait "$events" || atf_fail "events: $?"
	grep -q 'task.started  2 second (attempt 2)' stream ||
	    atf_fail "$(cat stream)"
	atf_check -s exit:64 -e match:'the newest event' \
	    weirctl events --from 999999
	weir_stop
}

weir_test_case acting "cancel, terminate, with ids and selectors"
acting_body() {
	files
	weir_start
	atf_check -o ignore weirctl define waits.yaml demo.yaml
	for i in 1 2 3 4; do
		atf_check -o ignore weirctl run waits --label n=$i
	done
	atf_check -o ignore weirctl run demo -i name=x --wait
	atf_check -o inline:'1: canceled\n' weirctl cancel 1 --reason enough
	atf_check -s exit:1 -o match:'^2: canceled' \
	    -o match:'^5: refused: .*completed' \
	    -o match:'^77: refused: there is no execution 77' \
	    weirctl cancel 2 5 77
	atf_check -s exit:75 -o match:'^5: refused' weirctl cancel 5
	atf_check -o inline:'3: terminated\n' \
	    weirctl terminate --label n=3 -r enough
	atf_check -o match:'no execution is selected' \
	    weirctl cancel --label n=17
	atf_check -o match:'^4: canceled' -o not-match:'^[1235]' \
	    weirctl cancel --workflow waits --status running --status waiting
	atf_check -s exit:1 -o match:'^1 .*canceled .*: enough' \
	    -o match:'^3 .*terminated .*: enough' weirctl wait 1-4
	atf_check -o match:'^5 .*completed' weirctl wait 5
	atf_check -s exit:1 -o match:'"id": 5' -o match:'"id": 1, ' \
	    weirctl --json wait 1 5
	weir_stop
}

weir_test_case one_task "approve, reject, signal, skip, update"
one_task_body() {
	files
	weir_start
	atf_check -o ignore weirctl define waits.yaml
	for i in 1 2 3; do
		atf_check -o ignore weirctl run waits
		weir_wait_until is_at $i waiting
	done
	atf_check -o match:'waits on *ask: approval Go on' weirctl show 1
	atf_check -s exit:1 -o match:'^1 is waiting still' \
	    weirctl wait 1 --timeout 1ms
	atf_check -o match:'^1: ask approved' weirctl approve 1 ask -n fine
	atf_check -s exit:75 -e ignore weirctl approve 1 ask
	atf_check -o match:'^1: go signaled' \
	    weirctl signal 1 go -o '{by: hand}'
	atf_check -o ignore weirctl wait 1
	atf_check -o match:'"output": ..by": "hand".' weirctl --json show 1
	atf_check -o match:'^2: ask rejected' weirctl reject 2 ask
	atf_check -s exit:1 -o match:'rejected' weirctl wait 2
	atf_check -o match:'^3: ask skipped' weirctl skip 3 ask
	weir_wait_until is_at 3 waiting
	atf_check -o match:'^3: go completed' \
	    weirctl update 3 go completed -o '[1]' -r 'done by hand'
	atf_check -o match:'^3 .*completed' weirctl wait 3
	atf_check -s exit:64 -e match:'output:1:2: ' \
	    weirctl skip 3 go -o '['
	weir_stop
}

weir_test_case the_daemon "engine, whoami"
the_daemon_body() {
	files
	weir_start
	atf_check -o match:'^role *admin' weirctl whoami
	atf_check -o match:'^engine .*RUNNING' weirctl engine status
	atf_check -o match:'^."status": "RUNNING"' weirctl status --json
	atf_check -o inline:'the engine is PAUSED\n' \
	    weirctl engine pause -r care --wait
	atf_check -s exit:75 -e match:'care' weirctl run waits.yaml
	atf_check -o inline:'the engine is RUNNING\n' weirctl engine resume
	atf_check -s exit:75 -e ignore weirctl engine resume
	atf_check -o match:'the daemon stops' weirctl engine stop
	weir_wait_until test -e weird.status
	atf_check -s exit:69 -e match:'no daemon listens' weirctl whoami
}

# has_socket PID: it has connected, or is about to have.
has_socket() {
	find "/proc/$1/fd" -lname "socket:*" | grep -q .
}

weir_test_case across_a_crash "run --wait, wait and logs -f outlive the daemon"
across_a_crash_body() {
	cat >long.yaml <<-END
	workflow: long
	tasks:
	  slow:
	    run: |
	      echo begun
	      until [ -e "$PWD/go" ]; do sleep 0.05; done
	      echo done
	END
	weir_start
	weirctl run long.yaml --wait >run.out 2>run.err &
	run=$!
	weir_wait_until grep -q '^started 1' run.out
	weirctl wait 1 >wait.out 2>wait.err &
	wait=$!
	weirctl logs -f 1 slow >logs.out 2>logs.err &
	logs=$!
	weir_wait_until grep -q begun logs.out
	[ ! -d /proc/self/fd ] || weir_wait_until has_socket "$wait"
	weir_kill9
	weir_wait_until grep -q 'waiting for it' run.err
	weir_wait_until grep -q 'waiting for it' wait.err
	weir_wait_until grep -q 'waiting for it' logs.err
	weir_start
	touch go
	wait $run || atf_fail "run: $? $(cat run.out run.err)"
	wait $wait || atf_fail "wait: $? $(cat wait.out wait.err)"
	wait $logs || atf_fail "logs: $? $(cat logs.out logs.err)"
	grep -q '^1 .*completed after' run.out || atf_fail "$(cat run.out)"
	grep -q '^1 .*completed after' wait.out || atf_fail "$(cat wait.out)"
	atf_check -o inline:'begun\ndone\n' cat logs.out
	weir_stop
}

stops_watching() {
	grep -q 'no longer watching; 1 goes on' err && return 0
	kill -INT "$run"
	return 1
}

weir_test_case interrupted "Ctrl-C ends the watching, not the execution"
interrupted_body() {
	files
	weir_start
	weirctl run waits.yaml --wait >out 2>err &
	run=$!
	weir_wait_until grep -q '^started 1' out
	weir_wait_until is_at 1 waiting
	weir_wait_until stops_watching
	wait "$run"
	atf_check_equal $? 75
	atf_check -o match:'waiting' weirctl show 1
	weir_stop
}

weir_test_case unwritten "what can't be written is told, and is no success"
unwritten_head() {
	atf_set descr "what can't be written is told, and is no success"
	atf_set require.files /dev/full
}
unwritten_body() {
	files
	weir_start
	atf_check -o ignore weirctl run demo.yaml -i name=x --wait
	for what in 'ls' '--json ls' 'logs 1 greet' 'wait 1' 'check demo.yaml' \
	    'show 1' '--help'; do
		# shellcheck disable=SC2086 # a verb and its operands
		atf_check -s exit:74 -e match:'^weirctl: standard output: ' \
		    sh -c "weirctl $what >/dev/full"
	done
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case unwritten
	atf_add_test_case defining
	atf_add_test_case running
	atf_add_test_case looking
	atf_add_test_case acting
	atf_add_test_case one_task
	atf_add_test_case the_daemon
	atf_add_test_case across_a_crash
	atf_add_test_case interrupted
}
