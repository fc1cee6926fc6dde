#!/usr/bin/env atf-sh
# ctl_talk_test: weirctl's talk with the daemon: one that goes away, what was
# probably meant, and how much it asks for.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# Connections to the daemon that it has not taken yet; Linux knows.
has_caller() {
	[ "$(grep -c "$PWD/sock" /proc/net/unix)" -ge 2 ]
}

weir_test_case gone "a read of a daemon that is killed meanwhile is made again"
gone_body() {
	[ -e /proc/net/unix ] || atf_skip "no list of Unix sockets here"
	weir_start
	for verb in ls "show 1" "why 1" definitions; do
		kill -STOP "$(cat weird.pid)"
		# shellcheck disable=SC2086 # a verb and its operand
		ctl $verb >out 2>err &
		caller=$!
		weir_wait_until has_caller
		weir_kill9
		weir_status=0
		wait $caller || weir_status=$?
		atf_check_equal 69 "$weir_status"
		atf_check -o match:'^weirctl: no daemon listens on' \
		    -o not-match:'whether it was done' cat err
		weir_start
	done
	weir_stop
}

weir_test_case meant "what was probably meant"
meant_body() {
	atf_check -s exit:64 -e match:'did you mean engine pause\?' \
	    weirctl engine paus
	atf_check -s exit:64 -e match:'did you mean engine pause\?' \
	    weirctl engin pause
	atf_check -s exit:64 -e match:'did you mean definition\?' \
	    weirctl definitio
	atf_check -s exit:64 -e match:'usage:.*engine status' weirctl engine xyz
	weir_start
	atf_check -s exit:1 -e match:'no execution 99; .weirctl ls. lists' \
	    weirctl show 99
	cat >each.yaml <<-'END'
	workflow: each
	tasks: {a: {items: [1, 2], run: "true"}}
	END
	atf_check -o ignore weirctl run each.yaml --wait
	atf_check -s exit:64 -e match:'items; name one as item, from 0 to 1' \
	    -e match:'--item N' weirctl logs 1 a
	weir_stop
}

weir_test_case reason "run --wait says why it ended completed"
reason_body() {
	weir_start
	cat >early.yaml <<-'END'
	workflow: early
	tasks: {e: {end: completed, reason: "nothing to do"}}
	END
	atf_check -o match:'completed after [^:]*: nothing to do$' \
	    weirctl run early.yaml --wait
	weir_stop
}

weir_test_case selects "selectors leave out what the verb is not for"
selects_body() {
	weir_start
	cat >park.yaml <<-'END'
	workflow: park
	tasks: {a: {wait: {signal: go}}}
	END
	atf_check -o ignore weirctl run park.yaml
	atf_check -o inline:'1: canceled\n' weirctl cancel 1
	atf_check -o ignore weirctl run park.yaml
	atf_check -o inline:'2: canceled\n' weirctl cancel --all
	atf_check -o match:'no execution is selected' \
	    weirctl cancel --workflow park
	atf_check -o match:'no execution is selected' \
	    weirctl terminate --all -r enough
	atf_check -o match:'no execution is selected' \
	    weirctl resume --workflow park
	atf_check -s exit:75 -o match:'^1: refused: ' weirctl terminate 1 -r no
	atf_check -s exit:75 -o match:'^2: refused: ' -o match:'^1: refused: ' \
	    weirctl terminate --status canceled -r no
	cat >fails.yaml <<-'END'
	workflow: fails
	tasks: {a: {run: "false"}}
	END
	atf_check -s exit:1 -o ignore weirctl run fails.yaml --wait
	atf_check -o ignore weirctl run park.yaml
	for verb in restart rerun retry replay; do
		atf_check -s exit:64 -o ignore -e match:'which executions\?.* or --all$' \
		    weirctl $verb
	done
	# What none of these verbs is for is left out.
	atf_check -o match:'^execution +1 ' -o match:'^execution +2 ' \
	    -o match:'^execution +3 .*failed -> running' \
	    -o not-match:'^execution +4 ' -o not-match:'refused' \
	    weirctl restart --all --plan
	atf_check -o match:'^execution +3 ' -o not-match:'^execution +4 ' \
	    -o not-match:'refused' weirctl retry --all --plan
	atf_check -s exit:1 -o match:'^execution' -o match:'^4: refused' \
	    weirctl rerun --all --plan
	atf_check -o match:'^execution +8 .*\(new\)' weirctl replay --all --plan
	atf_check -o match:'^3: [a-z]*$' weirctl restart --all --status failed
	weir_stop
}

# How often an execution was asked for.
asked() {
	grep -c 'execution.get' trace
}

# asked_too_soon: the times between two of them that are shorter than the pause
# that is made, but for the last, which is for how it ended.
asked_too_soon() {
	awk '/execution\.get/ { at[n++] = $1 }
	    END {
		for (i = 1; i < n - 1; i++)
			if (at[i] - at[i - 1] < 0.05)
				print at[i] - at[i - 1]
	    }' trace
}

weir_test_case follows ""
follows_head() {
	atf_set descr "run --wait follows events, and asks once in a while"
	atf_set require.progs strace
}
follows_body() {
	weir_start
	# What looks for leaks can't while it is traced itself.
	ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
	cat >many.yaml <<-END
	workflow: many
	tasks: {a: {items: {in: [$(seq -s , 200)], parallel: 1}, run: ["true"]}}
	END
	strace -qq -e trace=write,sendto,sendmsg,writev -s 64 -o trace true \
	    2>/dev/null || atf_skip "strace may not trace here"
	atf_check -o ignore weirctl define many.yaml
	strace -qq -e trace=write,sendto,sendmsg,writev -s 64 -o trace \
	    weirctl --json run many --wait >out
	grep -q '"status": "completed"' out || atf_fail "$(cat out)"
	atf_check_equal 2 "$(asked)"
	strace -qq -ttt -e trace=write,sendto,sendmsg,writev -s 64 -o trace \
	    weirctl run many --wait >out
	[ "$(asked)" -ge 2 ] || atf_fail "asked $(asked) times"
	asked_too_soon >too_soon
	atf_check -o empty cat too_soon
	weir_stop
}

weir_test_case dropped "a watcher that was dropped goes on where it was"
dropped_body() {
	weir_start
	cat >round.yaml <<-'END'
	workflow: round
	vars: {n: 0}
	tasks:
	  first: {set: {n: 1}, next: [{do: a}]}
	  a:
	    set: {n: "${{ vars.n + 1 }}"}
	    next: [{when: "vars.n < 20000", do: a}]
	END
	cat >one.yaml <<-'END'
	workflow: one
	tasks: {a: {set: {x: 1}}}
	END
	atf_check -o ignore weirctl define round.yaml one.yaml
	weirctl --json events --from 1 >came 2>err &
	watcher=$!
	atf_check -o ignore weirctl run one --wait
	weir_wait_until grep -q '"execution": 1' came
	kill -STOP $watcher
	atf_check -o ignore weirctl --json run round --wait
	weir_wait_until grep -q 'is dropped' weird.log
	atf_check -o ignore weirctl run one --wait
	kill -CONT $watcher
	weir_wait_until grep -q '"execution": 3,.*"completed"' came
	kill -INT $watcher
	wait $watcher
	atf_check -o match:'goes on from event [0-9]+' \
	    -o not-match:'is gone' cat err
	# None is missing, none comes twice.
	sed 's/^{"seq": \([0-9]*\),.*/\1/' came >seqs
	seq "$(head -n 1 seqs)" "$(tail -n 1 seqs)" >all
	atf_check cmp seqs all
	weir_stop
}

weir_test_case too_big "a message over limits.message: nothing is done, and which limit"
too_big_body() {
	echo 'limits: {message: 8K}' >weird.conf
	weir_start -c weird.conf
	cat >filled.yaml <<-'END'
	workflow: filled
	input: {filler: {type: string}}
	tasks: {a: {run: "true"}}
	END
	atf_check -o ignore weirctl define filled.yaml
	printf 'filler: x%09000d\n' 1 >input.yaml
	atf_check -s exit:65 -o empty -e save:err \
	    weirctl run filled --input input.yaml
	atf_check -o inline:'weirctl: message is too big: limits.message is 8192 bytes; nothing was done\n' \
	    cat err
	{ cat filled.yaml; printf '  b: {run: "echo %09000d"}\n' 1; } |
	    sed 's/^tasks: .*/tasks:\n  a: {run: "true"}/' >large.yaml
	atf_check -s exit:65 -e match:'limits.message is 8192 bytes; nothing was done$' \
	    weirctl define large.yaml
	# More than the socket takes in at once.
	printf 'filler: x%0900000d\n' 1 >input.yaml
	atf_check -s exit:65 -e match:'limits.message is 8192 bytes; nothing was done$' \
	    weirctl run filled --input input.yaml
	atf_check -o empty weirctl --json ls
	weir_stop
}

weir_test_case refusals "what can't be meant is refused, and an error has no titles"
refusals_body() {
	weir_start
	cat >one.yaml <<-'END'
	workflow: one
	tasks: {a: {set: {x: 1}}}
	END
	atf_check -o ignore weirctl define one.yaml
	atf_check -s exit:64 -e match:'--limit: expected a number from 1 on' \
	    weirctl ls -n 0
	atf_check -s exit:64 -e match:'--from: the first event has the number 1' \
	    weirctl events --from 0
	atf_check -s exit:64 -e match:'--socket: expected a path' \
	    weirctl -s '' ls
	atf_check -s exit:64 -e match:'either --clear or new caps' \
	    weirctl safety one --starts 5/1h --clear
	atf_check -o match:'^."verb": "ls", "alias": "list", .*."option": "limit", "letter": "n", "argument": "N", ' \
	    -o match:'^."verb": "engine stop", ' -o not-match:'^[^{]' \
	    weirctl --json help
	atf_check -o match:'^."verb": "safety", .*"operands": \["NAME"\].$' \
	    weirctl --json help safety
	: >empty.yaml
	atf_check -s exit:65 \
	    -e match:'empty.yaml:1:1: there is nothing in the file; an input is a map' \
	    weirctl run one --input empty.yaml
	atf_check -s exit:66 -e match:'nofile.yaml: No such file' \
	    weirctl run one --input nofile.yaml
	atf_check -s exit:65 -e match:'a workflow starts with its name' \
	    weirctl check empty.yaml
	atf_check -s exit:64 -e match:'correlation_id' \
	    weirctl ls --correlation-id "$(printf '%02000d' 1)"
	weir_stop
}

# completed WORD...: what bash offers for the last of them, in one line.
completed() {
	cat >complete.bash <<-'END'
	. "$WEIR_SRC/ctl/completions/weirctl.bash"
	COMP_WORDS=(weirctl "$@")
	COMP_CWORD=$#
	_weirctl
	echo "${COMPREPLY[*]}"
	END
	bash complete.bash "$@"
}

weir_test_case completion ""
completion_head() {
	atf_set descr "bash completes arguments of options, and operands by place"
	atf_set require.progs bash
}
completion_body() {
	weir_start
	cat >one.yaml <<-'END'
	workflow: one
	tasks: {a: {set: {x: 1}}}
	END
	atf_check -o ignore weirctl run one.yaml --wait
	weirctl completion bash >made
	atf_check cmp made "$WEIR_SRC/ctl/completions/weirctl.bash"
	atf_check_equal "leave drain kill" "$(completed engine stop -m '')"
	atf_check_equal "drain" "$(completed engine stop --mode d)"
	atf_check_equal "pending pausing paused" "$(completed cancel --status p)"
	atf_check_equal "one" "$(completed cancel --workflow '')"
	atf_check_equal "" "$(completed cancel --reason '')"
	atf_check_equal "1" "$(completed cancel --status failed '')"
	atf_check_equal "1" "$(completed cancel 1 '')"
	atf_check_equal "completed" "$(completed update 5 a c)"
	atf_check_equal "1" "$(completed update '')"
	atf_check_equal "" "$(completed update 5 '')"
	atf_check_equal "one.yaml one" "$(completed run o)"
	atf_check_equal "one.yaml" "$(completed run one --input o)"
	atf_check_equal "safety show signal skip" \
	    "$(completed help s | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//')"
	atf_check_equal "stop" "$(completed engine sto)"
	atf_check_equal "" "$(completed engine stop '')"
	atf_check_equal "verify" "$(completed journal v)"
	atf_check_equal "one.yaml" "$(completed journal verify o)"
	weir_stop
}

weir_test_case reload "a wrong weird.conf is no wrong command line"
reload_body() {
	echo 'log: info' >weird.conf
	weir_start -c weird.conf
	echo 'log: loud' >weird.conf
	atf_check -s exit:65 -e match:'weird.conf:1:6: ' weirctl engine reload
	echo 'roles: {admin: {users: no-one-2}}' >weird.conf
	atf_check -o ignore weirctl engine reload
	weir_wait_until grep -q \
	    'warn: weird.conf: roles.admin.users: there is no user "no-one-2"' \
	    weird.log
	weir_stop
}

weir_test_case terminal ""
terminal_head() {
	atf_set descr "tables fit a terminal; a line that counts down is taken away"
	atf_set require.progs "script stty"
}
terminal_body() {
	weir_start
	cat >gate.yaml <<-'END'
	workflow: gate-with-a-long-name
	tasks: {a: {run: "until [ -e open ]; do sleep 0.05; done", cwd: HERE}}
	END
	sed "s,HERE,$PWD," gate.yaml >here.yaml
	atf_check -o ignore weirctl run here.yaml --label team=a
	TERM=dumb script -qec 'stty cols 40 && weirctl ls' seen </dev/null \
	    >script.out 2>&1
	tr -d '\r' <seen | sed '1d; $d' >lines
	atf_check -o match:'^ID  STATUS ' cat lines
	atf_check -o not-match:'.{41}' cat lines
	TERM=dumb script -qec 'weirctl engine pause --wait' seen </dev/null \
	    >script.out 2>&1 &
	weir_wait_until grep -q 'waiting for 1 callout to end' script.out
	touch open
	wait $!
	tr -d '\r' <seen >lines
	atf_check -o match:'^.\[Kthe engine is PAUSED|end.\[Kthe engine' \
	    cat lines
	weir_stop
}

atf_init_test_cases() {
	for name in completion refusals reload terminal too_big gone meant reason selects follows dropped; do
		atf_add_test_case "$name"
	done
}
