#!/usr/bin/env atf-sh
# hold_test: pause, freeze and resume: of executions, down their subworkflows,
# and of the engine.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# gate waits for ./go, then notes that it went on; parent has two of them.
files() {
	cat >gate.yaml <<-END
	workflow: gate
	tasks:
	  wait:
	    run: "echo >>$PWD/waits; until [ -e $PWD/go ]; do sleep 0.05; done"
	    next: [{do: note}]
	  note: {run: "echo >>$PWD/noted"}
	END
	cat >parent.yaml <<-END
	workflow: parent
	tasks:
	  left: {workflow: gate}
	  right: {workflow: gate}
	END
	cat >park.yaml <<-END
	workflow: park
	tasks:
	  ask: {wait: {signal: go}, next: [{do: note}]}
	  note: {run: "echo >>$PWD/noted"}
	END
	atf_check -o ignore weirctl define gate.yaml parent.yaml park.yaml
}

# A shell, a child in the background, a grandchild in a session of its own and
# one of a job in a group of its own; their pids in ./shell ./child ./grandchild
# and ./job.
define_family() {
	cat >family.sh <<-'END'
	echo $$ >shell
	(
		sh -c 'echo $PPID >child'
		setsid sh -c 'echo $$ >grandchild
		    until [ -e go ]; do sleep 0.05; done' &
		wait
	) &
	set -m
	sh -c 'echo $$ >job; until [ -e go ]; do sleep 0.05; done' &
	wait
	END
	cat >family.yaml <<-END
	workflow: family
	tasks: {all: {run: [sh, "$PWD/family.sh"], cwd: "$PWD"}}
	END
	atf_check -o ignore weirctl define family.yaml
}

has_family() {
	[ -s shell ] && [ -s child ] && [ -s grandchild ] && [ -s job ]
}

# A shell that waits for its child to execute (vfork) has to wait for as long as
# that one is stopped, and is stopped once it goes on.
is_stopped() { # FILE...: each is the pid of a process that is
	for file; do
		pid=$(cat "$file")
		case $(ps -o stat= -p "$pid") in
		T*) ;;
		D*)
			case $(ps -o stat= --ppid "$pid") in
			T*) ;;
			*) return 1 ;;
			esac
			;;
		*) return 1 ;;
		esac
	done
}

goes_on() { # FILE...
	for file; do
		case $(ps -o stat= -p "$(cat "$file")") in
		'' | T*) return 1 ;;
		esac
	done
}

is_gone() { # FILE...
	for file; do
		case $(ps -o stat= -p "$(cat "$file")") in
		'' | Z*) ;;
		*) return 1 ;;
		esac
	done
}

is_at() { # ID STATUS
	ctl --json show "$1" | grep -q "\"status\": \"$2\", \"ending\""
}

is_held() { # ID BY
	ctl --json show "$1" | grep -q "\"held\": {\"by\": \"$2\""
}

lines() { # FILE COUNT
	[ "$(wc -l <"$1")" -eq "$2" ]
}

logged() {
	grep -q "$1" weird.log
}

# What is answered is durable; what is in the log is not yet.
engine_is() { # STATUS
	ctl engine status | grep -q "^engine .*$1"
}

weir_test_case thawed "what is canceled while the engine is frozen is let go"
thawed_body() {
	weir_start
	cat >going.yaml <<-END
	workflow: going
	tasks:
	  a: {run: "touch $PWD/runs; until [ -e $PWD/go ]; do sleep 0.05; done"}
	END
	atf_check -o ignore weirctl run going.yaml
	weir_wait_until test -e runs
	atf_check -o ignore weirctl engine pause --freeze
	atf_check -o match:'standing still' weirctl why 1
	atf_check -o match:'engine, frozen' weirctl ls
	atf_check -o ignore weirctl cancel 1
	atf_check -o match:'held by the engine' -o not-match:'standing still' \
	    weirctl why 1
	atf_check -o match:canceling -o not-match:frozen weirctl ls
	touch go
	weir_wait_until sh -c 'weirctl ls | grep -q canceled'
	weir_stop
}

weir_test_case drains "a pause lets finish what runs, and starts nothing more"
drains_body() {
	weir_start
	files
	atf_check -o ignore weirctl run gate
	weir_wait_until test -e waits
	atf_check -o inline:'1: pausing\n' weirctl pause 1 -r "a look"
	atf_check -o inline:'1: pausing\n' weirctl pause 1
	atf_check -s exit:75 -o match:'^1: refused: .*still 1 callout;' \
	    weirctl resume 1
	atf_check -o match:'^status .*pausing' \
	    -o match:'^held +by [a-z0-9_-]+: a look, since ' weirctl show 1
	ctl pause 1 --wait >waited &
	touch go
	wait $!
	atf_check -o inline:'1: paused\n' cat waited
	atf_check -o inline:'1: paused\n' weirctl pause 1 --wait
	atf_check test ! -e noted
	atf_check -o inline:'1: running\n' weirctl resume 1
	atf_check -o ignore weirctl wait 1
	atf_check test -e noted
	atf_check -s exit:75 -o match:'is completed' weirctl pause 1
	logged "execution 1 of gate pausing by .*: a look" ||
	    atf_fail "the pause is not in the log"
	weir_stop
}

weir_test_case early "resume --early ends a pause that is draining"
early_body() {
	weir_start
	files
	atf_check -o ignore weirctl run gate
	weir_wait_until test -e waits
	atf_check -o ignore weirctl pause 1
	atf_check -o inline:'1: running\n' weirctl resume 1 --early
	touch go
	atf_check -o ignore weirctl wait 1
	lines waits 1 || atf_fail "it ran twice"
	weir_stop
}

# is_pausing ID
is_pausing() {
	ctl --json ls | grep -q "\"id\": $1,.*\"status\": \"pausing\""
}

weir_test_case last "a pause ends with the execution where nothing was left"
last_body() {
	weir_start
	cat >one.yaml <<-END
	workflow: one
	tasks: {a: {run: "touch $PWD/runs; until [ -e $PWD/go ]; do sleep 0.05; done"}}
	END
	atf_check -o ignore weirctl run one.yaml
	weir_wait_until test -e runs
	ctl pause 1 --wait >waited &
	weir_wait_until is_pausing 1
	touch go
	weir_status=0
	wait $! || weir_status=$?
	atf_check_equal 1 "$weir_status"
	atf_check -o inline:'1: completed\n' cat waited
	weir_stop
}

weir_test_case freezes "a frozen tree of processes stands still, daemon or not"
freezes_body() {
	weir_start
	define_family
	atf_check -o ignore weirctl run family
	weir_wait_until has_family
	atf_check -o inline:'1: paused\n' weirctl pause 1 --freeze
	weir_wait_until is_stopped shell child grandchild job
	atf_check -o match:'paused all' -o match:'^held .*; frozen$' \
	    weirctl show 1
	touch go
	weir_kill9
	is_stopped shell child grandchild job || atf_fail "they go on"
	weir_start
	is_stopped shell child grandchild job || atf_fail "they were woken"
	weir_wait_until is_at 1 paused
	atf_check -o inline:'1: running\n' weirctl resume 1
	atf_check -o ignore weirctl wait 1
	atf_check -o match:'"attempt": 1, "status": "completed"' \
	    weirctl --json show 1
	is_gone shell child grandchild job || atf_fail "some are left"
	weir_stop
}

weir_test_case restarts "resumed as the daemon is killed, it goes on all the same"
restarts_body() {
	weir_start
	define_family
	atf_check -o ignore weirctl run family
	weir_wait_until has_family
	atf_check -o ignore weirctl pause 1 --freeze
	weir_wait_until is_stopped shell child grandchild job
	weir_kill9
	weir_start
	atf_check -o ignore weirctl resume 1
	weir_kill9
	# As if what the daemon sent last had been lost with it.
	for name in shell child grandchild job; do
		kill -STOP "$(cat $name)"
	done
	weir_start
	weir_wait_until goes_on shell child grandchild job
	touch go
	atf_check -o ignore weirctl wait 1
	weir_stop
}

weir_test_case ends "what is frozen is let go to be canceled or terminated"
ends_body() {
	weir_start
	files
	cat >tidy.yaml <<-END
	workflow: tidy
	tasks:
	  a:
	    run: "trap 'echo >>$PWD/tidied; exit 1' TERM; echo \$\$ >$PWD/tidy; while :; do sleep 0.05; done"
	    kill_after: 60s
	END
	atf_check -o ignore weirctl define tidy.yaml
	atf_check -o ignore weirctl run gate
	weir_wait_until test -e waits
	atf_check -o ignore weirctl pause 1 --freeze
	atf_check -o inline:'1: canceling\n' weirctl cancel 1
	touch go
	atf_check -s exit:1 -o match:'canceled' weirctl wait 1
	atf_check test ! -e noted
	for verb in "cancel --kill" "terminate -r enough"; do
		rm -f tidy tidied
		ctl run tidy
		weir_wait_until test -s tidy
		ctl pause --freeze --workflow tidy --status running
		weir_wait_until is_stopped tidy
		# shellcheck disable=SC2086 # a verb and its options
		ctl $verb --wait --workflow tidy --status paused
		atf_check test -e tidied
		is_gone tidy || atf_fail "it is left"
	done
	atf_check -o match:'"status": "canceled", "ending"' \
	    weirctl --json show 2
	atf_check -o match:'"status": "terminated", "ending"' \
	    weirctl --json show 3
	weir_stop
}

weir_test_case cascade "down subworkflows only, and each knows why it is held"
cascade_body() {
	weir_start
	files
	atf_check -o ignore weirctl run parent
	weir_wait_until lines waits 2
	atf_check -o inline:'2: pausing\n' weirctl pause 2 -r "its own"
	is_at 1 running || atf_fail "a pause went up"
	is_at 3 running || atf_fail "a pause went sideways"
	atf_check -o inline:'1: pausing\n' weirctl pause 1 -r "from above"
	is_held 2 user || atf_fail "$(ctl show 2)"
	is_held 3 parent || atf_fail "$(ctl show 3)"
	atf_check -o match:'^held +with its parent, by .*: from above' \
	    weirctl show 3
	atf_check -s exit:75 -o match:'still 2 callouts' weirctl resume 1
	touch go
	atf_check -o inline:'1: paused\n' weirctl pause 1 --wait
	weir_wait_until is_at 2 paused
	atf_check -o inline:'1: running; subworkflow 2 stays paused by itself (weirctl resume 2)\n' \
	    weirctl resume 1
	weir_wait_until is_at 3 completed
	weir_wait_until is_at 1 waiting
	is_at 2 paused || atf_fail "$(ctl show 2)"
	atf_check -o match:'"left_paused": 0' weirctl --json resume 2
	atf_check -o ignore weirctl wait 1
	lines noted 2 || atf_fail "$(ctl tree 1)"
	weir_stop
}

weir_test_case all "--all resumes what was paused by itself; a branch alone goes on"
all_body() {
	weir_start
	files
	atf_check -o ignore weirctl run parent
	weir_wait_until lines waits 2
	atf_check -o ignore weirctl pause 2 --freeze
	atf_check -o inline:'1: paused\n' weirctl pause 1 --freeze
	atf_check -o inline:'1: running\n' weirctl resume 1 --all
	is_at 2 running || atf_fail "$(ctl show 2)"
	# Where just the one below is held, it goes on with --all too.
	atf_check -o ignore weirctl pause 2 --freeze
	atf_check -s exit:75 -o match:'resume is not possible' weirctl resume 1
	atf_check -o inline:'1: running\n' weirctl resume 1 --all
	is_at 2 running || atf_fail "$(ctl show 2)"
	atf_check -s exit:75 -o match:'resume is not possible' \
	    weirctl resume 1 --all
	atf_check -o inline:'1: paused\n' weirctl pause 1 --freeze
	atf_check -o inline:'2: running\n' weirctl resume 2
	touch go
	weir_wait_until is_at 2 completed
	is_at 1 paused || atf_fail "$(ctl show 1)"
	is_at 3 paused || atf_fail "$(ctl show 3)"
	atf_check -o match:'^1: running$' -o match:'^3: (running|completed)$' \
	    weirctl resume --all
	atf_check -o ignore weirctl wait 1
	atf_check -s exit:64 -e match:'which executions' weirctl resume
	weir_stop
}

weir_test_case waits "what waits is paused with --hold alone"
waits_body() {
	weir_start
	files
	atf_check -o ignore weirctl run park
	weir_wait_until is_at 1 waiting
	atf_check -s exit:75 -o match:'is waiting: .*pause --hold' \
	    weirctl pause 1
	atf_check -o inline:'1: paused\n' weirctl pause 1 --hold
	atf_check -o ignore weirctl signal 1 go
	weir_stop
	weir_start
	is_at 1 paused || atf_fail "$(ctl show 1)"
	atf_check test ! -e noted
	atf_check -o ignore weirctl resume 1
	atf_check -o ignore weirctl wait 1
	atf_check test -e noted
	weir_stop
}

weir_test_case engine "the engine's pause drains, refuses starts, and stays"
engine_body() {
	weir_start
	files
	atf_check -o ignore weirctl run gate
	weir_wait_until test -e waits
	atf_check -o inline:'the engine is PAUSING\n' \
	    weirctl engine pause -r "a disk"
	atf_check -s exit:75 -e match:'still 1 callout;' weirctl engine resume
	atf_check -s exit:75 -e match:'is PAUSING already' weirctl engine pause
	atf_check -s exit:75 -e match:'is PAUSING \(by .*: a disk\)' \
	    weirctl run gate
	atf_check -o match:'^held +by the engine, by .*: a disk' weirctl show 1
	atf_check -o match:'^ 1 .* engine' weirctl ls
	atf_check -o match:'"by": "engine", "reason": "a disk"' \
	    weirctl --json ls
	weir_stop
	weir_start
	touch go
	weir_wait_until engine_is PAUSED
	weir_kill9
	weir_start
	atf_check -o match:'^engine .*PAUSED' -o match:'^reason +a disk' \
	    weirctl engine status
	atf_check test ! -e noted
	atf_check -o inline:'the engine is RUNNING\n' weirctl engine resume
	atf_check -o ignore weirctl wait 1
	atf_check -s exit:75 -e match:'nothing to resume' weirctl engine resume
	atf_check -o inline:'the engine is PAUSED\n' weirctl engine pause --wait
	weir_stop
}

weir_test_case told "engine pause --wait ends as the last callout does"
told_body() {
	weir_start
	files
	atf_check -o ignore weirctl run parent
	weir_wait_until lines waits 2
	ctl engine pause --wait >waited &
	waiter=$!
	weir_wait_until logged "engine PAUSING"
	touch go
	wait $waiter
	atf_check -o inline:'the engine is PAUSED\n' cat waited
	atf_check -o ignore weirctl engine resume
	atf_check -o ignore weirctl wait 1
	weir_stop
}

weir_test_case frozen "the engine's pause does not wait for what stands frozen"
frozen_body() {
	weir_start
	files
	atf_check -o ignore weirctl run gate
	weir_wait_until test -e waits
	atf_check -o inline:'1: paused\n' weirctl pause 1 --freeze
	atf_check -o inline:'the engine is PAUSED\n' weirctl engine pause --wait
	atf_check -o match:'^callouts running +1' \
	    -o match:'^callouts frozen +1' weirctl engine status
	atf_check -o ignore weirctl engine stop -m drain
	weir_wait_until test -e weird.status
	weir_start
	atf_check -o match:'^engine .*PAUSED' weirctl engine status
	touch go
	atf_check -o inline:'1: running\n' weirctl resume 1
	atf_check -o match:'"frozen": true, "engine": true' \
	    weirctl --json show 1
	atf_check test ! -e noted
	atf_check -o inline:'the engine is RUNNING\n' weirctl engine resume
	atf_check -o ignore weirctl wait 1
	atf_check test -e noted
	weir_stop
}

weir_test_case counts ""
counts_head() {
	atf_set descr "a terminal is shown how many callouts are left"
	atf_set require.progs script
}
counts_body() {
	weir_start
	files
	script -qefc true script.out >/dev/null 2>&1 ||
	    atf_skip "this script(1) runs no command"
	for verb in "pause 1" "engine pause"; do
		rm -f go waits script.out
		ctl run parent
		weir_wait_until lines waits 2
		script -qefc "weirctl $verb --wait" script.out \
		    >/dev/null 2>&1 </dev/null &
		waiter=$!
		weir_wait_until grep -q "waiting for 2 callouts" script.out
		touch go
		wait $waiter
		ctl engine resume
	done
	weir_stop
}

weir_test_case stands "a frozen engine stands still, and what is paused stays so"
stands_body() {
	weir_start
	files
	define_family
	atf_check -o ignore weirctl run family
	weir_wait_until has_family
	atf_check -o ignore weirctl run gate
	weir_wait_until test -e waits
	atf_check -o ignore weirctl pause 2 --freeze
	atf_check -o inline:'the engine is PAUSED\n' \
	    weirctl engine pause --freeze
	weir_wait_until is_stopped shell child grandchild job
	atf_check -o match:'^frozen' weirctl engine status
	atf_check -o match:'paused too' weirctl show 2
	weir_kill9
	weir_start
	is_stopped shell child grandchild job || atf_fail "they were woken"
	atf_check -o match:'"frozen": true' weirctl --json engine status
	touch go
	atf_check -o ignore weirctl engine resume
	atf_check -o ignore weirctl wait 1
	is_at 2 paused || atf_fail "$(ctl show 2)"
	atf_check -o ignore weirctl resume 2
	atf_check -o ignore weirctl wait 2
	weir_stop
}

weir_test_case new "what is decided as it is frozen starts, and stands still"
new_body() {
	weir_start
	files
	atf_check -o ignore weirctl run gate
	atf_check -o inline:'1: paused\n' weirctl pause 1 --freeze
	touch go
	atf_check -o ignore weirctl resume 1
	atf_check -o ignore weirctl wait 1
	lines waits 1 || atf_fail "it ran twice"
	weir_stop
}

weir_test_case passes "one that is paused before it began lets others pass"
passes_body() {
	weir_start
	cat >single.yaml <<-END
	workflow: single
	limits: {parallel_runs: 1}
	tasks: {a: {run: "until [ -e $PWD/go ]; do sleep 0.05; done"}}
	END
	for id in 1 2 3; do
		atf_check -o match:"^started $id " weirctl run single.yaml
	done
	atf_check -o inline:'2: paused\n' weirctl pause 2
	touch go
	atf_check -o ignore weirctl wait 1 3
	is_at 2 paused || atf_fail "$(ctl show 2)"
	atf_check -o ignore weirctl resume 2
	atf_check -o ignore weirctl wait 2
	weir_stop
}

atf_test_case tables
tables_head() {
	atf_set descr "the manual has the tables that the code has"
}
tables_body() {
	sed -n '/^\.\\" generated: actions/,/^\.\\" end generated/p' \
	    "$WEIR_SRC/man/weirctl.8" | sed '1d;$d' >manual
	atf_check -o file:manual weird -T mdoc
	atf_check -o match:'^\.It Em execution Ta Ic pause Ta Fl -hold ' \
	    -o match:'^\.It waiting Ta no Ta paused Ta no ' cat manual
	atf_check -s exit:64 -e match:'takes options alone' weird -T html
	# Each cell is what the other form of the table says.
	atf_check -o match:'^pausing .* same  ' weird -T
}

atf_init_test_cases() {
	for name in thawed drains early last freezes restarts ends cascade all \
	    waits engine told frozen counts stands new passes tables; do
		atf_add_test_case "$name"
	done
}
