#!/usr/bin/env atf-sh
# plan_test: --plan says what a verb would do, and does nothing.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

files() {
	cat >low.yaml <<-END
	workflow: low
	tasks:
	  a: {run: [echo, a], next: [{do: b}]}
	  b: {run: "test ! -e $PWD/broken"}
	END
	cat >high.yaml <<-END
	workflow: high
	tasks:
	  sub: {workflow: low, next: [{when: completed, do: last}]}
	  side: {run: [echo, side], next: [{do: last}]}
	  last: {join: all, run: [echo, last]}
	END
	cat >long.yaml <<-END
	workflow: long
	tasks:
	  wait:
	    run: "until [ -e $PWD/go ]; do sleep 0.05; done"
	    next: [{do: after}]
	  after: {run: [echo, after]}
	END
	atf_check -o ignore weirctl define low.yaml high.yaml long.yaml
}

# all_there_is: everything that a plan must leave as it is.
all_there_is() {
	ctl --json ls --all
	ctl --json definitions
	ctl --json engine status | grep -o '"last": [0-9]*'
}

# plans COMMAND...: it prints something, and leaves all as it is.
plans() {
	all_there_is >before
	weirctl "$@" --plan >plan.out 2>&1 || atf_fail "$*: $(cat plan.out)"
	all_there_is >after
	atf_check cmp before after
	[ -s plan.out ] || atf_fail "$*: nothing was planned"
}

has() { # LINE...: of the plan
	for line; do
		grep -Eq -e "$line" plan.out ||
		    atf_fail "no $line in: $(cat plan.out)"
	done
}

# plan_of VERB ARGUMENT...: its revision is in $revision.
plan_of() {
	plans "$@"
	revision=$(sed -n 's/.*--if-revision \([0-9]*\) in.*/\1/p' plan.out)
	[ -n "$revision" ] || atf_fail "no revision: $(cat plan.out)"
}

# Of what the plan told of: a parent, and the version that would run.
weir_test_case binds "what a plan showed of others binds the verb too"
binds_body() {
	weir_start
	files
	atf_check -o ignore weirctl run high --wait
	plan_of rerun 2
	has '^execution +1 high: completed -> running \(parent\)$'
	atf_check -o ignore weirctl restart 1 --wait
	atf_check -s exit:75 -o match:'moved on' \
	    weirctl rerun 2 --if-revision "$revision"
	echo 'workflow: one
tasks: {z: {run: "true"}}' >one.yaml
	atf_check -o ignore weirctl define one.yaml
	atf_check -o match:'^4' weirctl run one --wait
	plan_of restart 4 --latest
	echo 'workflow: one
tasks: {z: {run: "true"}, zz: {run: "true"}}' >one.yaml
	atf_check -o ignore weirctl define one.yaml
	atf_check -s exit:75 -o match:'moved on' \
	    weirctl restart 4 --latest --if-revision "$revision"
	weir_kill9
	weir_start
	plan_of restart 4 --latest
	atf_check -o ignore \
	    weirctl restart 4 --latest --if-revision "$revision" --wait
	atf_check -o match:'zz' weirctl show 4
	weir_stop
}

weir_test_case retry "a retry reaches its parent, and does just what it said"
retry_body() {
	weir_start
	files
	touch broken
	atf_check -s exit:1 -o ignore weirctl run high --wait
	rm broken
	plans retry 2
	has '^execution +1 high: failed -> running \(parent\)$' \
	    '^execution +2 low: failed -> running$' '^supersede +2 b$' \
	    '^start +1 sub \(continued\), 2 b \(callout\)$' \
	    '^keep +1 side \(completed\), 2 a \(completed\)$' \
	    'with --if-revision [0-9]+ in place of --plan'
	revision=$(sed -n 's/.*--if-revision \([0-9]*\) in.*/\1/p' plan.out)
	atf_check -o match:'2: running' \
	    weirctl retry 2 --if-revision "$revision" --wait
	weir_wait_until sh -c 'weirctl show 1 | grep -q "status.*completed"'
	# It has moved on: the same plan is not done again.
	atf_check -s exit:75 -o match:'moved on' \
	    weirctl restart 2 --if-revision "$revision"
	plans restart 1-2
	has '^execution +1 high: completed -> running$' 'this holds for now'
	plans rerun 1 -t side
	has '^supersede +side, last$|^supersede +1 side, 1 last$' \
	    '^start +side \(callout\)$'
	plans replay 1
	has '^execution +3 high: not there yet -> running \(new\)$' \
	    '^execution +4 low: not there yet -> running'
	atf_check -o ignore weirctl ls
	weir_stop
}

weir_test_case running "what runs would be stopped, or let finish"
running_body() {
	weir_start
	files
	atf_check -o ignore weirctl run long
	weir_wait_until sh -c 'weirctl show 1 | grep -q "running wait"'
	plans cancel 1
	has '^execution +1 long: running -> canceling$' \
	    '^keep +wait \(running\)$'
	plans cancel 1 --kill
	has '^stop +wait \(SIGTERM\)$'
	plans terminate 1 -r enough
	has '^execution +1 long: running -> terminated$' '^stop +wait'
	plans pause 1 --freeze
	has '^execution +1 long: running -> paused$' '^stop +wait \(SIGSTOP\)$'
	plans skip 1 wait
	has '^end +wait \(skipped\)$' '^start +after \(callout\)$'
	plans update 1 wait failed
	has '^execution +1 long: running -> running$|-> failed$'
	plans signal 1 hello
	plans engine pause --freeze
	has '^engine +RUNNING -> PAUSED$' '^stop +wait \(SIGSTOP\)$'
	atf_check -o ignore weirctl pause 1
	plans resume 1 --early
	has '^execution +1 long: pausing -> running$'
	atf_check -o ignore weirctl cancel 1 --kill --wait
	weir_stop
}

weir_test_case starts "starts, definitions and caps"
starts_body() {
	weir_start
	files
	# Nothing could start before there is a runner.
	atf_check -o ignore weirctl run low --wait
	plans run low
	has '^execution +2 low: not there yet -> running \(new\)$' \
	    '^start +a \(callout\)$'
	plans disable low
	has '^workflow +low would be disabled$'
	atf_check -o ignore weirctl disable low
	plans enable low
	has '^workflow +low would be enabled$'
	plans safety low --starts 1/1h
	echo 'description: another' >>low.yaml
	plans define low.yaml
	has '^would be defined low@2$'
	atf_check -s exit:64 -e match:'define --plan low.yaml' \
	    weirctl run low.yaml --plan
	weir_stop
}

weir_test_case refused "what would be refused is, in the same words"
refused_body() {
	weir_start
	files
	atf_check -o ignore weirctl run low --wait
	for verb in 'resume 1' 'cancel 1' 'rerun 1 -t none' 'retry 9' \
	    'cancel 1 --if-revision 1' 'approve 1 a' 'update 1 a completed'; do
		# shellcheck disable=SC2086 # a verb and what it takes
		weirctl $verb >said 2>&1
		echo $? >>said
		# shellcheck disable=SC2086
		weirctl $verb --plan >planned 2>&1
		echo $? >>planned
		atf_check cmp said planned
	done
	weir_stop
}

weir_test_case json "the whole plan as one object"
json_body() {
	weir_start
	files
	atf_check -o ignore weirctl run low --wait
	atf_check -o match:'^\{"succeeded": .*"plan": \{"executions": \[' \
	    -o match:'"superseded": \[\{"execution": 1, "task": "a", "run": 1' \
	    weirctl --json rerun 1 -t a --plan
	weir_stop
}

weir_test_case held_item "an item that is not begun, for another has failed"
held_item_body() {
	weir_start
	cat >inner.yaml <<-END
	workflow: inner
	tasks: {a: {run: ["false"]}}
	END
	cat >each.yaml <<-END
	workflow: each
	tasks: {it: {items: {in: [0, 1, 2], parallel: 2}, workflow: inner}}
	END
	atf_check -o ignore weirctl define inner.yaml each.yaml
	atf_check -s exit:1 -o ignore weirctl run each --wait
	atf_check -o match:'it.2. .failed_item.$' -o not-match:'.limit.' \
	    weirctl retry 2 --plan
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case held_item
	atf_add_test_case binds
	atf_add_test_case retry
	atf_add_test_case running
	atf_add_test_case starts
	atf_add_test_case refused
	atf_add_test_case json
}
