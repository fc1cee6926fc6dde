#!/usr/bin/env atf-sh
# callouts_test: callouts that behave badly, end as weir-workflow(5) says, with
# a reason that a person can act on; what a callout sees; and that each ran
# exactly once whatever became of the daemon.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# run_to_end FILE STATUS: defines it, starts it, and waits for its end, with
# weirctl's exit status as given; what was shown is in ./shown.
run_to_end() {
	atf_check -s "exit:$2" -o save:shown weirctl run "$1" --wait
}

# shows PATTERN...: each is in what was shown.
shows() {
	for pattern; do
		grep -Eq -- "$pattern" shown ||
		    atf_fail "no \"$pattern\" in: $(cat shown)"
	done
}

# attempts ID: one line for each attempt of an execution, as JSON, in
# ./attempts.
attempts() {
	ctl --json show "$1" | sed 's/{"attempt": /\
&/g' | sed -n 's/^\({"attempt": [^}]*}\).*/\1/p' >attempts
}

# milliseconds KEY: a time of the one in ./attempts.
milliseconds() {
	sed "s/.*\"$1\": \([0-9]*\)[0-9]\{6\},.*/\1/" attempts
}

process_is_gone() { # PID
	! kill -0 "$1" 2>/dev/null
}

needs_proc() {
	[ -r /proc/self/status ] || atf_skip "there is no /proc"
}

weir_test_case gigabyte "1 GB of standard output"
gigabyte_body() {
	[ "$(df -Pk . | awk 'NR == 2 { print $4 }')" -gt 2097152 ] ||
	    atf_skip "there are no 2 GB free in $PWD"
	cat >kept.yaml <<-'END'
	workflow: kept
	tasks:
	  write: {run: [head, -c, "1073741824", /dev/zero]}
	END
	# As large, and takes no room: the limit is on what it has, not takes.
	cat >value.yaml <<-'END'
	workflow: value
	tasks:
	  write:
	    run: [truncate, -s, "1073741824", /dev/stdout]
	    output: text
	END
	weir_start
	run_to_end kept.yaml 0
	shows '^1 .*completed'
	[ "$(wc -c <state/logs/1/0.-.1.out)" -eq 1073741824 ] ||
	    atf_fail "the log: $(ls -l state/logs/1)"
	rm -r state/logs/1
	run_to_end value.yaml 1
	shows 'failed write .*output has 1073741824 bytes, at most 1048576 may become a value; use output: none, or write it to a file' \
	    'see: weirctl logs 2 write'
	if [ "$WEIR_BUILD" = plain ] && [ -r /proc/self/status ]; then
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
		    "/proc/$(cat weird.pid)/status")
		[ "$peak" -lt 32768 ] || atf_fail "weird took $peak kB"
	fi
	weir_stop
}

weir_test_case ignores_term "one that ignores SIGTERM gets SIGKILL"
ignores_term_body() {
	weir_start
	# One that is ended before it can ignore anything, or before it can
	# say so, is started again with more time.
	id=0
	for times in "400 1000" "4000 10000" "20000 60000"; do
		kill_after=${times#* }
		cat >stays.yaml <<-END
		workflow: stays
		tasks:
		  stay:
		    run: "trap 'echo no' TERM; echo \$\$ >$PWD/pid; while :; do sleep 0.05; done"
		    timeout: ${times% *}ms
		    kill_after: ${kill_after}ms
		END
		rm -f pid
		run_to_end stays.yaml 1
		id=$((id + 1))
		ctl logs $id stay >said
		[ ! -s said ] || break
	done
	shows 'timed_out stay .*timed out after (400ms|4s|20s)' \
	    "^$id .*failed .*task stay"
	atf_check -o inline:'no\n' cat said
	attempts $id
	atf_check -o match:'"status": "timed_out", "exit": null, "signal": 9,' \
	    cat attempts
	process_is_gone "$(cat pid)" || atf_fail "it runs still"
	# SIGKILL came kill_after behind SIGTERM, not at once, at the timeout.
	started=$(milliseconds started_at)
	ended=$(milliseconds ended_at)
	[ $((ended - started)) -ge "$kill_after" ] ||
	    atf_fail "ended after $((ended - started)) ms"
	weir_stop
}

weir_test_case leaves_child "what it leaves running is ended, and told"
leaves_child_body() {
	needs_proc
	cat >leaves.yaml <<-END
	workflow: leaves
	tasks:
	  leave:
	    run: |
	      sleep 1000 &
	      echo \$! >$PWD/background
	      setsid sh -c 'echo \$\$ >$PWD/away; exec sleep 1000' &
	      until [ -s $PWD/away ]; do sleep 0.01; done
	      exit 3
	    success: 3
	END
	weir_start
	run_to_end leaves.yaml 0
	process_is_gone "$(cat background)" || atf_fail "background runs"
	process_is_gone "$(cat away)" || atf_fail "away runs"
	atf_check -o match:'^weir: killed 2 processes that it left behind$' \
	    weirctl logs -e 1 leave
	weir_stop
}

weir_test_case not_started "programs and directories that there are not"
not_started_body() {
	: >file
	printf 'no interpreter\n' >script
	chmod 755 script
	cat >nothing.yaml <<-END
	workflow: nothing
	tasks:
	  name: {run: [no-such-program, x], retry: {count: 1}, optional: true}
	  path: {run: [/no/such/program], optional: true}
	  file: {run: [$PWD/file], optional: true}
	  script: {run: [$PWD/script], optional: true}
	  directory: {run: ["true"], cwd: /no/such/directory, optional: true}
	  no_directory: {run: ["true"], cwd: $PWD/file, optional: true}
	  shell: {run: no-such-program, optional: true}
	END
	weir_start
	run_to_end nothing.yaml 0
	shows 'failed name .*2 attempts .*not started: cannot run "no-such-program": No such file or directory \(PATH is /' \
	    'failed path .*not started: cannot run "/no/such/program": No such file or directory$' \
	    'failed file .*not started: cannot run "/.*/file": Permission denied' \
	    'failed script .*not started: cannot run "/.*/script": Exec format error \(a script begins with #!' \
	    'failed directory .*cannot change to directory /no/such/directory: No such file or directory' \
	    'failed no_directory .*cannot change to directory /.*/file: Not a directory' \
	    'failed shell .*exit status 127'
	atf_check -o match:'no-such-program: not found' weirctl logs -e 1 shell
	weir_stop
}

weir_test_case ends "exit statuses and signals are told as they were"
ends_body() {
	cat >ends.yaml <<-'END'
	workflow: ends
	tasks:
	  seven: {run: "exit 7", optional: true}
	  good: {run: "exit 7", success: [0, 7]}
	  fatal: {run: "exit 9", fatal: 9, retry: {count: 5}, optional: true}
	  segv: {run: "kill -SEGV $$", optional: true}
	  term: {run: "kill -TERM $$", optional: true}
	  kill: {run: "kill -KILL $$", retry: {count: 1}, optional: true}
	  fsize:
	    run: [dd, if=/dev/zero, bs=1000, count=2]
	    limits: {fsize: 1000}
	    optional: true
	  cpu:
	    run: "while :; do :; done"
	    limits: {cpu: 1}
	    optional: true
	END
	weir_start
	run_to_end ends.yaml 0
	shows 'failed seven .*exit status 7$' 'completed good ' \
	    'failed segv .*killed by signal 11 \(SIGSEGV\)' \
	    'failed term .*killed by signal 15 \(SIGTERM\)' \
	    'failed kill .*2 attempts .*killed by signal 9 \(SIGKILL\)' \
	    'failed fsize .*killed by signal 25 \(SIGXFSZ\)' \
	    'failed cpu .*killed by signal 24 \(SIGXCPU\)' \
	    'failed fatal  .*exit status 9'
	grep 'failed fatal ' shown | grep -q attempts &&
	    atf_fail "a fatal exit code was retried"
	weir_stop
}

weir_test_case outputs "what standard output becomes, and what it can't"
outputs_body() {
	cat >outputs.yaml <<-'END'
	workflow: outputs
	tasks:
	  text: {run: "printf 'a b\nc\n'", output: text}
	  lines: {run: "printf 'a b\nc'", output: lines}
	  json: {run: "echo '{\"a\": [1, 2.5, null, \"x\"]}'", output: json}
	  none: {run: "echo '{'"}
	  broken: {run: 'printf "{\n \"a\": 1,\n \"b\": }\n"', output: json, optional: true}
	  empty: {run: "true", output: json, optional: true}
	  two: {run: "echo '1 2'", output: json, optional: true}
	  twice: {run: "echo '{\"a\": 1, \"a\": 2}'", output: json, optional: true}
	  binary: {run: 'printf "ab\n\377"', output: text, optional: true}
	  failed: {run: "echo '{'; exit 4", output: json, optional: true}
	output:
	  - "${{ tasks.text.output }}"
	  - "${{ tasks.lines.output }}"
	  - "${{ tasks.json.output }}"
	  - "${{ tasks.none.output }}"
	END
	weir_start
	run_to_end outputs.yaml 0
	shows 'failed broken .*output is not JSON: line 3, column 7: ' \
	    'failed empty .*output is empty, and so no JSON' \
	    'failed two .*output is not JSON: line 1, column 3: ' \
	    'failed twice .*output is not JSON: line 1, column [0-9]*: duplicate object key$' \
	    'failed binary .*output is not UTF-8: byte 4, on line 2, is 0xff; use output: none' \
	    'failed failed .*exit status 4' \
	    '^output: \["a b\\nc", \["a b", "c"\], \{"a": \[1, 2\.5, null, "x"\]\}, null\]$'
	weir_stop
}

# The directories of what has ended are removed after that is told, those that
# are not empty by another process.
no_work() {
	[ -z "$(find state/work -mindepth 1)" ]
}

weir_test_case two_thousand "2,000 items"
two_thousand_body() {
	{
		printf 'workflow: many\ntasks:\n  each:\n    run: [/bin/true]\n'
		printf '    items: {parallel: 8, in: [0'
		awk 'BEGIN { for (i = 1; i < 2000; i++) printf ", %d", i }'
		printf ']}\n'
	} >many.yaml
	weir_start
	run_to_end many.yaml 0
	shows '^1 .*completed'
	attempts 1
	atf_check_equal "$(wc -l <attempts | tr -d ' ')" 2000
	atf_check_equal 2000 \
	    "$(grep -c '"status": "completed", "exit": 0,' attempts)"
	weir_wait_until no_work
	weir_stop
}

weir_test_case stdin "standard input: none, a string, a value"
stdin_body() {
	cat >stdin.yaml <<-'END'
	workflow: stdin
	input: {word: {type: string}}
	tasks:
	  none: {run: [cat], output: text}
	  text: {run: [cat], stdin: "it is ${{ input.word }}\n", output: text}
	  value: {run: [cat], stdin: {a: ["${{ input.word }}", 1]}, output: json}
	  unread: {run: ["true"], stdin: "nobody reads this"}
	  sized:
	    run: "wc -c | tr -d ' '"
	    stdin: "${{ replace('xxxxxxxxxx', 'x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}"
	    output: text
	output:
	  - "${{ tasks.none.output }}"
	  - "${{ tasks.text.output }}"
	  - "${{ tasks.value.output }}"
	  - "${{ tasks.sized.output }}"
	END
	weir_start
	atf_check -o save:shown weirctl run stdin.yaml -i 'word=\x "y"' --wait
	shows '^output: \["", "it is \\\\x \\"y\\"", \{"a": \["\\\\x \\"y\\"", 1\]\}, "400"\]$'
	weir_stop
}

weir_test_case environment "environment and working directory"
environment_body() {
	cat >environment.yaml <<-'END'
	workflow: environment
	tasks:
	  look:
	    items: [a]
	    run: "env | sort; pwd; touch made; umask"
	    env: {OWN: "x y", COUNT: 3, YES: true, PATH: "/usr/bin:/bin"}
	    retry: {count: 1}
	  there: {run: [pwd], cwd: /, output: text}
	output: "${{ tasks.there.output }}"
	END
	NOT_FOR_IT=leaked
	export NOT_FOR_IT
	weir_start
	run_to_end environment.yaml 0
	shows '^output: "/"$'
	ctl logs 1 look --item 0 >seen
	for line in 'OWN=x y' COUNT=3 YES=true PATH=/usr/bin:/bin \
	    WEIR_EXECUTION=1 WEIR_WORKFLOW=environment WEIR_TASK=look \
	    WEIR_ITEM=0 WEIR_ATTEMPT=1 "WEIR_SOCKET=$PWD/sock" 0022; do
		grep -Fxq "$line" seen || atf_fail "no $line: $(cat seen)"
	done
	# sh, env and sort add PWD and the like; nothing is the daemon's.
	atf_check -s exit:1 grep -E 'NOT_FOR_IT|WEIR_RUNNER|WEIR_BIN' seen
	own=$(sed -n "s,^\\($PWD/state/work/.*\\),\\1,p" seen)
	[ -n "$own" ] || atf_fail "no directory of its own: $(cat seen)"
	weir_wait_until no_work
	weir_stop
}

weir_test_case clean "no descriptor, no signal setting of the daemon's"
clean_body() {
	needs_proc
	cat >clean.yaml <<-'END'
	workflow: clean
	tasks:
	  files: {run: [ls, /proc/self/fd], output: lines}
	  signals:
	    run: [sed, -n, 's/^Sig\(Blk\|Ign\|Cgt\):.0*$/\1 none/p', /proc/self/status]
	    output: lines
	  seven: {run: [sh, -c, "exit 7"], success: 7}
	  pipe: {run: "yes 2>&1 | head -n 1", output: text}
	output:
	  - "${{ tasks.files.output }}"
	  - "${{ tasks.signals.output }}"
	  - "${{ tasks.pipe.output }}"
	END
	# A daemon that was started with signals ignored, as nohup and some
	# supervisors do.
	mkdir bin
	ln -s "$WEIR_BIN/weirctl" bin/weirctl
	printf '#!/bin/sh\ntrap "" CHLD PIPE HUP INT USR1\nexec %s "$@"\n' \
	    "$WEIR_BIN/weird" >bin/weird
	chmod 755 bin/weird
	WEIR_BIN="$PWD/bin"
	weir_start
	run_to_end clean.yaml 0
	# 3 is the directory that ls reads.
	shows '^output: \[\["0", "1", "2", "3"\], \["Blk none", "Ign none", "Cgt none"\], "y"\]$'
	weir_stop
}

weir_test_case secrets "what stands under secret keys is never shown"
secrets_body() {
	cat >secrets.yaml <<-END
	workflow: secrets
	secret: [password, token]
	input: {password: {type: string}, user: {type: string}}
	vars: {token: "\${{ input.password }}"}
	tasks:
	  use:
	    run: 'cat >$PWD/stdin.seen; echo "\$PW" >$PWD/env.seen'
	    env: {PW: "\${{ input.password }}"}
	    stdin: "\${{ input.password }}"
	    next:
	      - {when: completed, set: {token: "2\${{ input.password }}"}, do: speak}
	  speak:
	    run: [echo, '{"token": "3xyzzy", "all": [{"password": "4xyzzy"}]}']
	    output: json
	    next: [{when: 'tasks.speak.output.token == "3xyzzy"', do: fails}]
	  fails:
	    run: 'exit 3'
	    env: {PW: "\${{ vars.token }}"}
	    retry: {count: 1}
	output: {token: "\${{ vars.token }}"}
	END
	weir_start
	atf_check -s exit:1 -o save:shown weirctl run secrets.yaml \
	    -i password=1xyzzy -i user=joe --wait
	atf_check_equal "$(cat stdin.seen env.seen)" "1xyzzy1xyzzy"
	{
		ctl show 1
		ctl show -l 1
		ctl --json show 1
		ctl --json ls
		ctl --json wait 1
	} >told
	weirctl --json events --from 1 >stream &
	watcher=$!
	weir_wait_until grep -q '"type": "execution.status".*"failed"' stream
	kill -INT "$watcher"
	wait "$watcher"
	atf_check -o match:'joe' cat told
	atf_check -o match:'"token": "\(secret\)"' cat told
	atf_check -s exit:1 grep xyzzy told shown stream weird.log
	# And nobody else can read what has to be kept.
	atf_check -o inline:"" find state/journal state/logs -prune \
	    ! -perm 0700
	weir_stop
}

ended_by() { # ID SIGNAL
	attempts "$1"
	grep -q "\"signal\": $2," attempts
}

weir_test_case stopped "cancel --kill and terminate end what runs"
stopped_body() {
	for name in soft hard; do
		stays="trap '' TERM;" kill_after=200ms
		[ "$name" = hard ] || stays='' kill_after=60s
		cat >$name.yaml <<-END
		workflow: $name
		tasks:
		  stay:
		    run: "$stays echo \$\$ >$PWD/$name.pid; while :; do sleep 0.05; done"
		    kill_after: $kill_after
		END
	done
	weir_start
	id=0
	for verb in "cancel --kill" "terminate"; do
		for name in soft hard; do
			id=$((id + 1))
			rm -f $name.pid
			atf_check -o ignore weirctl run $name.yaml
			weir_wait_until test -s $name.pid
			# shellcheck disable=SC2086 # a verb and its option
			atf_check -o match:"^$id: " \
			    weirctl $verb $id --reason "enough of it"
			ended=terminated
			[ "$verb" = terminate ] || ended=canceled
			atf_check -s exit:1 \
			    -o match:"^$id .*$ended .*enough of it" \
			    weirctl wait $id
			# Terminate does not wait for what it stops.
			weir_wait_until process_is_gone "$(cat $name.pid)"
			signal=15
			[ $name = soft ] || signal=9
			weir_wait_until ended_by $id $signal
		done
	done
	weir_stop
}

weir_test_case lets_end "cancel lets what runs end, and starts nothing new"
lets_end_body() {
	cat >lets.yaml <<-END
	workflow: lets
	tasks:
	  stay:
	    run: "echo \$\$ >$PWD/pid; until [ -e $PWD/go ]; do sleep 0.02; done; echo done >$PWD/end"
	    next: [{when: always, do: after}]
	  after: {run: "echo after >$PWD/after"}
	END
	weir_start
	atf_check -o ignore weirctl run lets.yaml
	weir_wait_until test -s pid
	atf_check -o ignore weirctl cancel 1
	process_is_gone "$(cat pid)" && atf_fail "it was ended"
	touch go
	atf_check -s exit:1 -o match:'^1 .*canceled' weirctl wait 1
	atf_check -o inline:'done\n' cat end
	[ ! -e after ] || atf_fail "after was started"
	weir_stop
}

past() { # SECONDS-SINCE-1970
	[ "$(date +%s)" -gt "$1" ]
}

weir_test_case deadline_passed "a timeout that passes while there is no daemon"
deadline_passed_body() {
	cat >late.yaml <<-END
	workflow: late
	tasks:
	  stay:
	    run: "echo \$\$ >$PWD/pid; while :; do sleep 0.05; done"
	    timeout: 10s
	END
	weir_start
	atf_check -o ignore weirctl run late.yaml
	weir_wait_until test -s pid
	begun=$(date +%s)
	weir_kill9
	weir_wait_until past $((begun + 10))
	process_is_gone "$(cat pid)" && atf_fail "it ended by itself"
	weir_start
	atf_check -s exit:1 -o match:'^1 .*failed .*timed out after 10s' \
	    weirctl wait 1
	process_is_gone "$(cat pid)" || atf_fail "it runs still"
	attempts 1
	atf_check -o match:'"status": "timed_out", "exit": null, "signal": 15,' \
	    cat attempts
	atf_check_equal "$(wc -l <attempts | tr -d ' ')" 1
	weir_stop
}

# At least so many of the fifty items have ended.
ran_at_least() {
	[ "$(find ran -type f | wc -l)" -ge "$1" ]
}

weir_test_case once "each of 50 items runs exactly once through kill -9"
once_body() {
	mkdir ran
	cat >fifty.yaml <<-END
	workflow: fifty
	tasks:
	  each:
	    items:
	      parallel: 4
	      in: [$(awk 'BEGIN { for (i = 0; i < 50; i++) printf "%d,", i }')]
	    run: "sleep 0.05; echo \$\$ >>$PWD/ran/\$WEIR_ITEM; exit \$((WEIR_ITEM % 3))"
	    success: [0, 1, 2]
	END
	weir_start
	atf_check -o ignore weirctl run fifty.yaml
	for so_many in 3 9 17 26 38; do
		weir_wait_until ran_at_least $so_many
		weir_kill9
		weir_start
	done
	atf_check -o match:'^1 .*completed' weirctl wait 1
	atf_check_equal "$(find ran -type f | wc -l | tr -d ' ')" 50
	atf_check_equal "$(cat ran/* | wc -l | tr -d ' ')" 50
	attempts 1
	atf_check_equal "$(wc -l <attempts | tr -d ' ')" 50
	sed 's/.*"exit": \([0-9a-z]*\),.*/\1/' attempts >exits
	awk 'BEGIN { for (i = 0; i < 50; i++) print i % 3 }' >expected
	atf_check -o file:expected cat exits
	weir_stop
}

weir_test_case swept "what a killed daemon did not remove is removed at the start"
swept_body() {
	weir_start
	cat >own.yaml <<-END
	workflow: own
	tasks: {a: {run: "echo \$PWD >$PWD/own; until [ -e $PWD/go ]; do sleep 0.05; done; touch x"}}
	END
	ctl run own.yaml
	weir_wait_until test -s own
	weir_kill9
	mkdir -p state/work/99-0-none-1/deep state/work/98-1-7-2 state/work/kept
	touch state/work/99-0-none-1/deep/file state/work/97-0-none-3.stdin
	weir_start
	weir_wait_until test ! -e state/work/99-0-none-1
	weir_wait_until test ! -e state/work/98-1-7-2
	weir_wait_until test ! -e state/work/97-0-none-3.stdin
	atf_check test -d state/work/kept
	atf_check test -d "$(cat own)"
	touch go
	atf_check -o ignore weirctl wait 1
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case gigabyte
	atf_add_test_case ignores_term
	atf_add_test_case leaves_child
	atf_add_test_case not_started
	atf_add_test_case ends
	atf_add_test_case outputs
	atf_add_test_case two_thousand
	atf_add_test_case stdin
	atf_add_test_case environment
	atf_add_test_case clean
	atf_add_test_case swept
	atf_add_test_case secrets
	atf_add_test_case stopped
	atf_add_test_case lets_end
	atf_add_test_case deadline_passed
	atf_add_test_case once
}
