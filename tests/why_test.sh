#!/usr/bin/env atf-sh
# why_test: what weirctl why says of an execution in each situation, whole
# screens of it.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# define NAME: a workflow from standard input.
define() {
	cat >"$1.yaml"
	atf_check -o ignore weirctl define "$1.yaml"
}

# gate: runs until there is ./go.
define_gate() {
	define gate <<-END
	workflow: gate
	tasks:
	  a:
	    run: "touch $PWD/runs; until [ -e $PWD/go ]; do sleep 0.05; done"
	    next: [{do: b}]
	  b: {run: ["true"]}
	END
}

# says ID: what it says is what comes on standard input, but for what differs
# from run to run: times (WHEN, TIME), pids (PID) and who runs the test (USER).
says() {
	cat >expected
	ctl why "$1" >raw 2>&1
	sed -E "s/ (now|in [0-9][0-9a-z]*|[0-9][0-9a-z]* ago)([ ,:;]|$)/ WHEN\2/g
	    s/(after|for) [0-9.]+m?s([ ,:]|$)/\1 TIME\2/g
	    s/pid [0-9]+/pid PID/
	    s/(by|paused by|Y) $(id -un)([ ,:]|$)/\1 USER\2/g
	    s/ +$//" raw >said
	diff -u expected said >&2 || atf_fail "of $1 it says something else"
}

is_at() { # ID STATUS
	ctl --json show "$1" | grep -q "\"status\": \"$2\", \"ending\""
}

# has_pid ID: what runs of it has told which process it is; its runner tells
# that, about when it begins.
has_pid() {
	ctl --json show "$1" | grep -q '"pid": [0-9]'
}

# run WORKFLOW: waits for its end, however that is.
run() {
	ctl run "$1" --wait >/dev/null
	return 0
}

weir_test_case root "a failure is followed down to the command and its log"
root_body() {
	weir_start
	define tell <<-END
	workflow: tell
	input: {execution: {type: integer}, workflow: {type: string}, status: {type: string}, reason: {type: string}, task: {type: any}, input: {type: any}}
	tasks: {a: {run: ["true"]}}
	END
	define boom <<-END
	workflow: boom
	tasks:
	  push:
	    items: [0, 1, 2]
	    run: |
	      [ \$WEIR_ITEM != 1 ] || {
	        for i in 1 2 3 4 5 6 7 8 9 10 11; do echo "line \$i" >&2; done
	        printf 'no\troute\033[1m' >&2
	        exit 127
	      }
	    retry: {count: 1, delay: 10ms}
	END
	define mid <<-END
	workflow: mid
	tasks: {deploy: {workflow: boom}}
	END
	define top <<-END
	workflow: top
	on_failure: tell
	tasks:
	  prep: {run: "exit 1", optional: true, next: [{do: look}]}
	  look: {run: "exit 3", next: [{when: failed, do: release}]}
	  release: {workflow: mid}
	END
	run top
	weir_wait_until is_at 4 completed
	says 1 <<-END
	1 top@1 x failed WHEN, after TIME
	  task prep failed: exit status 1 (it is optional)
	  task look failed: exit status 3 (its next took care of that)
	  its failure workflow was started: 4 tell@1 + completed
	  task release failed: that was its subworkflow, 2
	2 mid@1 x failed WHEN, after TIME (task release of 1)
	  task deploy failed: that was its subworkflow, 3
	3 boom@1 x failed WHEN, after TIME (task deploy of 2)
	  task push failed: item 1: exit status 127
	  task push[1], attempt 2 of 2, after TIME: exit status 127
	  exit status 127: a shell did not find the command
	  its standard error ends:
	    | line 3
	    | line 4
	    | line 5
	    | line 6
	    | line 7
	    | line 8
	    | line 9
	    | line 10
	    | line 11
	    | no route?[1m
	what can be done:
	  weirctl retry 1                        tries what ended it again
	  weirctl retry 1 --resume-subworkflows  tries only what failed down there
	  weirctl rerun 1 --task release         goes back to that task
	  weirctl logs 3 push --item 1 --stderr  shows all that it wrote
	END
	atf_check -o match:'"cause": ."task": "push", "run": 1, "item": 1, .*"exit": 127,.*"log": ."stream": "stderr", "cut": true, "lines": ."line 3"' \
	    -o match:'"failure_workflow": ."execution": 4, ' \
	    -o match:'"how": "handled"' weirctl --json why 1
	atf_check -o match:'subworkflow, 3$' -o match:'^3 boom@1 ' weirctl why 2
	atf_check -s exit:1 -e match:'no execution 99' weirctl why 99
	weir_stop
}

# run_timed NAME PATTERN: a workflow from standard input whose task a has the
# timeout TIMEOUT, until it has had enough time for that to be found in what is
# told of it; its number is in id.
run_timed() {
	cat >"$1.in"
	for timeout in 100ms 1s 10s 60s; do
		sed "s/TIMEOUT/$timeout/" "$1.in" | define "$1"
		run "$1"
		id=$((id + 1))
		{
			ctl --json show "$id"
			ctl logs "$id" a
		} >told
		! grep -q "$2" told || return 0
	done
	atf_fail "it is told: $(cat told)"
}

weir_test_case killed "who sent a signal: somebody else, or weird and why"
killed_body() {
	weir_start
	define other <<-END
	workflow: other
	tasks: {a: {run: "kill -SEGV \$\$", retry: {count: 2}}}
	END
	run other
	id=1
	says 1 <<-END
	1 other@1 x failed WHEN, after TIME
	  task a failed: killed by signal 11 (SIGSEGV)
	  task a, attempt 3 of 3, after TIME: killed by signal 11
	  weird did not send that signal; somebody else or the system did: the program crashed
	  it wrote nothing
	what can be done:
	  weirctl retry 1           tries what ended it again
	  weirctl rerun 1 --task a  goes back to that task
	END
	run_timed late '"signal": 15' <<-END
	workflow: late
	tasks: {a: {run: [sleep, "600"], timeout: TIMEOUT}}
	END
	says $id <<-END
	$id late@$((id - 1)) x failed WHEN, after TIME
	  task a timed_out: timed out after TIME
	  task a, attempt 1 of 1, after TIME: killed by signal 15
	  weird stopped it with SIGTERM, for its timeout was over
	  it wrote nothing
	what can be done:
	  weirctl retry $id           tries what ended it again
	  weirctl rerun $id --task a  goes back to that task
	END
	run_timed stubborn '^here$' <<-END
	workflow: stubborn
	tasks:
	  a:
	    run: "trap '' TERM; echo here; while :; do sleep 0.05; done"
	    timeout: TIMEOUT
	    kill_after: 100ms
	END
	atf_check -o match:'killed by signal 9' \
	    -o match:'weird stopped it with SIGKILL, for its timeout' \
	    weirctl why $id
	weir_stop
}

weir_test_case waits "each wait, with the command that ends it"
waits_body() {
	weir_start
	define waits <<-END
	workflow: waits
	tasks:
	  nap: {wait: {for: 10m}, next: [{do: all}]}
	  go: {wait: {signal: "go on", timeout: 1h}, next: [{do: all}]}
	  ask: {wait: {approval: "Publish 1.2?", from: [release, ops]}, next: [{do: all}]}
	  any: {wait: {approval: "Sure?"}, next: [{do: all}]}
	  sub: {workflow: inner}
	  quick: {run: ["true"], next: [{do: all}]}
	  all: {join: all, run: ["true"]}
	END
	define inner <<-END
	workflow: inner
	tasks: {pause: {wait: {signal: there}}}
	END
	atf_check -o ignore weirctl run waits
	weir_wait_until is_at 1 waiting
	says 1 <<-END
	1 waits@1 ~ waiting, begun WHEN
	  task nap waits for a time, WHEN
	  task go waits for the signal go on, times out WHEN
	  task ask waits for an approval by a member of the groups release or ops: Publish 1.2?
	  task any waits for an approval by its owner or an operator of all executions: Sure?
	  task sub waits for its subworkflow, 2
	  not reached yet: all
	  task all joins, and lacks: nap, go, ask, any
	2 inner@1 ~ waiting, begun WHEN (task sub of 1)
	  task pause waits for the signal there
	what can be done:
	  weirctl skip 1 nap        waits no longer
	  weirctl signal 1 'go on'  ends the wait
	  weirctl approve 1 ask     says yes
	  weirctl reject 1 ask      says no
	  weirctl approve 1 any     says yes
	  weirctl reject 1 any      says no
	  weirctl signal 2 there    ends the wait
	END
	# What it says can be done can be.
	ctl why 1 | sed -n 's/^  \(weirctl signal .*[^ ]\)   *ends.*/\1/p' >commands
	atf_check -o ignore sh -e commands
	atf_check -o not-match:'signal' weirctl why 1
	weir_stop
}

weir_test_case runs "what runs, what is tried again and what is next"
runs_body() {
	weir_start
	define busy <<-END
	workflow: busy
	limits: {parallel_tasks: 1}
	tasks:
	  again: {run: "exit 3", retry: {count: 5, delay: 1h}, next: [{do: c}]}
	  a:
	    run: "touch $PWD/runs; until [ -e $PWD/go ]; do sleep 0.05; done"
	    timeout: 1h
		  b: {run: ["true"], next: [{do: c}]}
	  c: {run: ["true"]}
	END
	atf_check -o ignore weirctl run busy
	weir_wait_until test -e runs
	weir_wait_until has_pid 1
	says 1 <<-END
	1 busy@1 > running, begun WHEN
	  task a runs: attempt 1, pid PID, for TIME, times out WHEN
	  task again is tried again, WHEN: attempt 1 of 6: exit status 3
	  task b is due and waits for others, as limits.parallel_tasks says
	  not reached yet: c
	what can be done:
	  weirctl watch 1  shows how it gets on
	END
	weir_stop
}

weir_test_case held "what holds it, up to the one that somebody paused"
held_body() {
	weir_start
	define_gate
	define outer <<-END
	workflow: outer
	tasks: {sub: {workflow: middle}}
	END
	define middle <<-END
	workflow: middle
	tasks: {sub: {workflow: gate}}
	END
	atf_check -o ignore weirctl run outer
	weir_wait_until has_pid 3
	atf_check -o ignore weirctl pause 1 -r "a look"
	says 3 <<-END
	3 gate@1 = pausing, begun WHEN (task sub of 2)
	  paused along with execution 1 by USER, WHEN: a look
	  it will be paused when what runs has ended: 1 callout
	  task a runs: attempt 1, pid PID, for TIME
	  not reached yet: b
	what can be done:
	  weirctl resume 1 --early  lets it go on
	  weirctl watch 3           shows how it gets on
	END
	touch go
	weir_wait_until is_at 1 paused
	says 1 <<-END
	1 outer@1 " paused, begun WHEN
	  paused by USER, WHEN: a look
	  task sub waits for its subworkflow, 2
	2 middle@1 " paused, begun WHEN (task sub of 1)
	  paused along with execution 1 by USER, WHEN: a look
	  task sub waits for its subworkflow, 3
	3 gate@1 " paused, begun WHEN (task sub of 2)
	  paused along with execution 1 by USER, WHEN: a look
	  task b is due and waits for what holds the execution
	what can be done:
	  weirctl resume 1  lets it go on
	END
	atf_check -o ignore weirctl engine pause -r "a disk"
	atf_check -o match:'; the engine is paused too: a look$' \
	    -o match:'weirctl engine resume' weirctl why 1
	atf_check -o ignore weirctl resume 1
	atf_check -o match:'held by the engine, which is paused by .*: a disk' \
	    weirctl why 1
	weir_stop
}

weir_test_case pending "what a pending one waits for: its turn, or its workflow"
pending_body() {
	weir_start
	define one <<-END
	workflow: one
	limits: {parallel_runs: 1}
	tasks: {a: {wait: {signal: go}}}
	END
	for id in 1 2 3; do
		atf_check -o match:"started $id " weirctl run one
	done
	says 3 <<-END
	3 one@1 o pending, accepted WHEN
	  it waits for its turn: 1 of the workflow run, and limits.parallel_runs lets 1 run; 1 begins before it
	  not reached yet: a
	what can be done:
	  weirctl ls --workflow one --status running --status waiting --status paused  shows what it waits for
	END
	atf_check -o ignore weirctl disable one -r "it is broken"
	says 2 <<-END
	2 one@1 o pending, accepted WHEN
	  it may not begin: the workflow one is disabled by USER: it is broken
	  not reached yet: a
	what can be done:
	  weirctl enable one  lets it start
	END
	define outer <<-END
	workflow: outer
	tasks: {sub: {workflow: one}}
	END
	atf_check -o ignore weirctl run outer
	weir_wait_until is_at 4 waiting
	says 4 <<-END
	4 outer@1 ~ waiting, begun WHEN
	  task sub may not start its subworkflow: the workflow one is disabled: it is broken
	what can be done:
	  weirctl enable one  lets it start
	END
	define capped <<-END
	workflow: capped
	safety: {starts: {max: 1, per: 1h}}
	tasks: {a: {run: ["true"]}}
	END
	define over <<-END
	workflow: over
	tasks: {sub: {workflow: capped}}
	END
	run capped
	atf_check -o ignore weirctl run over
	weir_wait_until is_at 6 waiting
	atf_check -o match:'may not start its subworkflow: the workflow capped is paused by a safety cap: starts: 1 of 1 in 1h' \
	    -o match:'weirctl enable capped  lets it start' weirctl why 6
	atf_check -o ignore weirctl cancel 2
	says 2 <<-END
	2 one@1 - canceled WHEN, never begun
	  canceled by USER
	what can be done:
	  weirctl enable one  lets it start
	END
	atf_check -o ignore weirctl enable one
	atf_check -o match:'^  weirctl restart 2  begins it$' weirctl why 2
	weir_stop
}

weir_test_case stops "canceled and terminated: who did it, why, and what runs still"
stops_body() {
	weir_start
	define_gate
	define outer <<-END
	workflow: outer
	tasks: {sub: {workflow: gate}}
	END
	atf_check -o ignore weirctl run outer
	weir_wait_until has_pid 2
	atf_check -o ignore weirctl cancel 1 -r "no room"
	says 1 <<-END
	1 outer@1 % canceling, begun WHEN
	  it will be canceled when its subworkflows are
	  task sub waits for its subworkflow, 2
	  canceled by USER: no room
	2 gate@1 % canceling, begun WHEN (task sub of 1)
	  it will be canceled when what runs has ended: 1 callout
	  task a runs: attempt 1, pid PID, for TIME
	  canceled by USER, along with execution 1: no room
	what can be done:
	  weirctl cancel 1 --kill  does not wait for what runs
	END
	atf_check -o ignore weirctl terminate 1 -r enough --wait
	says 2 <<-END
	2 gate@1 # terminated WHEN, after TIME (task sub of 1)
	  terminated by USER, along with execution 1: enough
	  task a ran still, and was stopped
	what can be done:
	  weirctl retry 2  tries what ended it again
	END
	weir_stop
}

weir_test_case unfollowed "a failure workflow that was asked for and can't be"
unfollowed_body() {
	weir_start
	define_gate
	define after <<-END
	workflow: after
	on_failure: gate
	tasks: {a: {run: "touch $PWD/after; until [ -e $PWD/go ]; do sleep 0.05; done"}}
	END
	define before <<-END
	workflow: before
	on_failure: after
	tasks: {a: {run: ["false"]}}
	END
	define lone <<-END
	workflow: lone
	on_failure: nowhere
	tasks: {a: {wait: {signal: x}}}
	END
	atf_check -o ignore weirctl run gate
	atf_check -o match:'^1: terminated; no failure workflow follows: its workflow has no on_failure$' \
	    weirctl terminate 1 -r enough --failure-workflow
	run before
	weir_wait_until test -e after
	atf_check -o match:'^3: terminated; no failure workflow follows: it is a failure workflow itself$' \
	    weirctl terminate 3 -r enough --failure-workflow
	atf_check -o ignore weirctl run lone
	atf_check -o match:'^4: terminated; no failure workflow follows: there is no workflow "nowhere"' \
	    weirctl terminate 4 -r enough --failure-workflow
	atf_check -o ignore weirctl run lone
	atf_check -o inline:'5: terminated\n' weirctl terminate 5 -r enough
	weir_stop
}

weir_test_case ending "failed, while what runs is let finish"
ending_body() {
	weir_start
	define two <<-END
	workflow: two
	tasks:
	  slow: {run: "until [ -e $PWD/go ]; do sleep 0.05; done"}
	  bad: {run: "echo oh; exit 4"}
	END
	atf_check -o ignore weirctl run two
	weir_wait_until sh -c 'weirctl show 1 | grep -q "^ending"'
	weir_wait_until has_pid 1
	says 1 <<-END
	1 two@1 > running, begun WHEN
	  task slow runs: attempt 1, pid PID, for TIME
	  it will end failed when what runs has ended
	  task bad failed: exit status 4
	  task bad, attempt 1 of 1, after TIME: exit status 4
	  its standard output:
	    | oh
	what can be done:
	  weirctl cancel 1 --kill  does not wait for what runs
	  weirctl logs 1 bad       shows all that it wrote
	END
	weir_stop
}

weir_test_case ended "ended without a command to blame, or well"
ended_body() {
	weir_start
	define join <<-END
	workflow: join
	tasks:
	  a: {run: ["true"], next: [{do: j}]}
	  b: {run: ["false"], next: [{when: failed, do: c}, {when: completed, do: j}]}
	  c: {run: ["true"]}
	  j: {join: all, run: ["true"]}
	END
	define output <<-END
	workflow: output
	output: {x: "\${{ 1 + tasks.a.status }}"}
	tasks: {a: {run: ["true"]}}
	END
	define slow <<-END
	workflow: slow
	timeout: 200ms
	tasks: {a: {run: [sleep, "60"]}, s: {wait: {signal: x}}}
	END
	define early <<-END
	workflow: early
	tasks:
	  a: {run: ["false"], optional: true, next: [{do: e}]}
	  e: {end: completed, reason: "nothing to do today"}
	END
	define given_up <<-END
	workflow: given_up
	tasks: {e: {end: failed, reason: "no release today"}}
	END
	define well <<-END
	workflow: well
	tasks: {a: {run: ["true"]}}
	END
	for name in join output slow early given_up well; do
		run $name
	done
	says 1 <<-END
	1 join@1 x failed WHEN, after TIME
	  join of j lacks: b
	  task j could never start: no arrival came from b
	  task b failed: exit status 1 (its next took care of that)
	what can be done:
	  weirctl rerun 1 --task b  goes back to what the join lacks
	END
	atf_check -o match:'^  output: .*arithmetic' \
	    -o match:'^  weirctl restart 2  runs it from the beginning$' \
	    weirctl why 2
	says 3 <<-END
	3 slow@1 ! timed_out WHEN, after TIME
	  the execution timed out after TIME
	  task a ran still, and was stopped
	what can be done:
	  weirctl retry 3  tries what ended it again
	END
	says 4 <<-END
	4 early@1 + completed WHEN, after TIME
	  nothing to do today
	  task a failed: exit status 1 (it is optional)
	END
	says 5 <<-END
	5 given_up@1 x failed WHEN, after TIME
	  no release today
	what can be done:
	  weirctl rerun 5 --task e  goes back to that task
	END
	says 6 <<-END
	6 well@1 + completed WHEN, after TIME
	  all that was to be done is done
	END
	weir_stop
}

weir_test_case lost "a command that was lost, and an operator who is asked"
lost_body() {
	weir_start
	define lost <<-END
	workflow: lost
	tasks:
	  a: {run: "touch $PWD/runs; exec sleep 600", on_lost: ask}
	END
	atf_check -o ignore weirctl run lost
	weir_wait_until test -e runs
	weir_kill9
	# shellcheck disable=SC2046 # a list of pids
	kill -KILL $(weir_processes) || atf_fail "nothing was left"
	weir_start
	weir_wait_until is_at 1 waiting
	says 1 <<-END
	1 lost@1 ~ waiting, begun WHEN
	  task a was lost: nobody knows whether its command has run or how it ended; an operator is to say
	what can be done:
	  weirctl update 1 a completed  it had completed
	  weirctl update 1 a failed     it had failed
	  weirctl update 1 a running    it is to run again
	END
	weir_stop
}

weir_test_case hidden ""
hidden_head() {
	atf_set descr "logs are for who owns them; all else is told to viewers"
	atf_set require.user root
	atf_set require.progs setpriv
}
hidden_body() {
	dir=$(mktemp -d /tmp/weir-why.XXXXXX)
	chmod 755 "$dir"
	echo "$dir" >dir
	cp "$WEIR_BIN/weirctl" "$dir/weirctl" || atf_skip "no room in /tmp"
	printf 'roles: {viewer: {users: [65534]}}\n' >weird.conf
	weird -f -c weird.conf -d "$dir/state" -s "$dir/sock" 2>weird.log &
	echo $! >first.pid
	weir_wait_until weirctl -s "$dir/sock" engine status
	printf 'workflow: bad\ntasks: {a: {run: "echo word >&2; exit 9"}}\n' \
	    >bad.yaml
	weirctl -s "$dir/sock" run bad.yaml --wait
	setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$dir/weirctl" -s "$dir/sock" why 1 >said || atf_fail "$(cat said)"
	atf_check -o match:'exit status 9' \
	    -o match:'logs of execution 1 are for root and for admins' \
	    -o not-match:word cat said
	kill -TERM "$(cat first.pid)"
	weir_wait_until test ! -e "$dir/sock"
}
hidden_cleanup() {
	[ ! -e first.pid ] || kill -KILL "$(cat first.pid)" 2>/dev/null
	[ ! -e dir ] || rm -rf "$(cat dir)"
	weir_cleanup
}

weir_test_case narrow ""
narrow_head() {
	atf_set descr "lines are broken where the terminal ends"
	atf_set require.progs script
}
narrow_body() {
	weir_start
	define long <<-END
	workflow: long
	tasks: {a: {wait: {approval: "Is all of this really what was meant to be released to everyone in the whole world today?"}}}
	END
	atf_check -o ignore weirctl run long
	script -qefc true script.out >/dev/null 2>&1 ||
	    atf_skip "this script(1) runs no command"
	script -qefc "stty cols 50; NO_COLOR=1 weirctl why 1" script.out \
	    >/dev/null 2>&1 </dev/null
	tr -d '\r' <script.out | grep -v '^Script ' >said
	atf_check -o match:'everyone in the whole' cat said
	atf_check -s exit:1 grep -E '^.{51}' said
	atf_check -s exit:1 grep -q "$(printf '\033')" said
	weir_stop
}

# accepted ID [COMMAND...]: what it says can be done would not be refused, and
# these are among it, and nothing else where NONE is.
accepted() {
	ctl why "$1" >said || atf_fail "$(cat said)"
	sed -n '/^what can be done:/,$s/^  \(weirctl .*[^ ]\)   *[^ ].*/\1/p' \
	    said | sed 's/  .*//' >commands
	shift
	for wanted; do
		grep -qxF "$wanted" commands || atf_fail "no $wanted in $(cat said)"
	done
	while read -r line; do
		case $line in
		*" watch "* | *" logs "* | *" ls "*) ;;
		*) atf_check -o ignore sh -c "$line --plan" </dev/null ;;
		esac
	done <commands
}

weir_test_case accepted "nothing that would be refused is said to be possible"
accepted_body() {
	weir_start
	define_gate
	define outer <<-END
	workflow: outer
	tasks: {sub: {workflow: gate}}
	END
	define bad <<-END
	workflow: bad
	tasks: {a: {run: ["false"]}}
	END
	define stubborn <<-END
	workflow: stubborn
	tasks:
	  a:
	    run: "trap '' TERM; touch $PWD/deaf; until [ -e $PWD/end ]; do sleep 0.05; done"
	    kill_after: 10m
	END
	# Pausing, along with one above it.
	atf_check -o ignore weirctl run outer
	weir_wait_until test -e runs
	atf_check -o ignore weirctl pause 1
	accepted 1 'weirctl resume 1 --early'
	accepted 2 'weirctl resume 1 --early'
	atf_check -o match:'when its subworkflows are$' weirctl why 1
	atf_check -o ignore weirctl resume 1 --early
	# A subworkflow that is paused by itself, its parent being so or not.
	atf_check -o ignore weirctl pause 2 --freeze
	accepted 1 'weirctl resume 2'
	atf_check -o ignore weirctl pause 1 --hold
	accepted 1 'weirctl resume 1' 'weirctl resume 2'
	atf_check -o match:'stays paused by itself .weirctl resume 2.$' \
	    weirctl resume 1
	accepted 1 'weirctl resume 2'
	accepted 2 'weirctl resume 2'
	atf_check -o ignore weirctl resume 2
	# The engine, and what failed before it was paused.
	run bad
	atf_check -o ignore weirctl engine pause
	accepted 1 'weirctl engine resume --early'
	accepted 3 'weirctl engine resume --early'
	touch go
	weir_wait_until sh -c 'weirctl engine status | grep -q PAUSED'
	accepted 1 'weirctl engine resume'
	accepted 3 'weirctl engine resume'
	atf_check -s exit:1 grep -q retry commands
	atf_check -o ignore weirctl engine resume
	accepted 3 'weirctl retry 3' 'weirctl rerun 3 --task a'
	# What is terminated, but still being stopped.
	atf_check -o ignore weirctl run stubborn
	weir_wait_until test -e deaf
	atf_check -o ignore weirctl cancel 4
	accepted 4 'weirctl cancel 4 --kill'
	atf_check -o ignore weirctl terminate 4 -r enough
	accepted 4
	atf_check -s exit:1 grep -Eq 'retry|rerun|restart' commands
	atf_check -o match:'^  task a runs still, and is being stopped$' \
	    -o match:'^  1 callout of it is being stopped still: nothing of it can run again before$' \
	    weirctl why 4
	touch end
	weir_wait_until sh -c 'weirctl --json show 4 | grep -q "\"callouts\": 0"'
	accepted 4 'weirctl retry 4'
	weir_stop
}

weir_test_case drains "what a pause waits for, and that a failure beats it"
drains_body() {
	weir_start
	define three <<-END
	workflow: three
	tasks:
	  own: {run: "until [ -e $PWD/go ]; do sleep 0.05; done"}
	  sub: {workflow: two}
	END
	define two <<-END
	workflow: two
	tasks:
	  a: {run: "until [ -e $PWD/bad ]; do sleep 0.05; done; exit 1"}
	  b: {run: "until [ -e $PWD/go ]; do sleep 0.05; done"}
	END
	atf_check -o ignore weirctl run three
	weir_wait_until sh -c 'weirctl why 2 | grep -q "task b runs"'
	weir_wait_until sh -c 'weirctl why 2 | grep -q "task a runs"'
	atf_check -o ignore weirctl pause 1
	atf_check -o match:'^  it will be paused when what runs has ended: 1 callout of its own, and its subworkflows$' \
	    weirctl why 1
	atf_check -o match:'it will be paused when what runs has ended: 2 callouts$' \
	    weirctl why 2
	touch bad
	weir_wait_until sh -c 'weirctl show 2 | grep -q "^ending"'
	atf_check -o match:'it will end failed when what runs has ended' \
	    -o not-match:'it will be paused' weirctl why 2
	weir_stop
}

weir_test_case disabled "items that may not start are said once"
disabled_body() {
	weir_start
	define inner <<-END
	workflow: inner
	tasks: {a: {run: ["true"]}}
	END
	define each <<-END
	workflow: each
	tasks: {sub: {items: {in: [0, 1, 2], parallel: 2}, workflow: inner}}
	END
	atf_check -o ignore weirctl disable inner
	atf_check -o ignore weirctl run each
	weir_wait_until is_at 1 waiting
	says 1 <<-END
	1 each@1 ~ waiting, begun WHEN
	  task sub[0] may not start its subworkflow: the workflow inner is disabled
	  task sub[1] may not start its subworkflow: the workflow inner is disabled
	  task sub[2] may not start its subworkflow: the workflow inner is disabled
	what can be done:
	  weirctl enable inner  lets it start
	END
	weir_stop
}

atf_init_test_cases() {
	for name in accepted drains disabled unfollowed root killed waits runs held pending stops ending ended \
	    lost hidden narrow; do
		atf_add_test_case "$name"
	done
}
