#!/usr/bin/env atf-sh
# runner_trouble_test: runners that are stopped, that never answer, and that
# can't be started.

. "$(atf_get_srcdir)/lib.sh"

# configure RUNNER [COUNT]: which executable, and how many of them.
configure() {
	printf 'callouts:\n  runner: %s\n  runners: %s\n' "$1" "${2-1}" >conf
}

# Each attempt writes a line, then waits for ./go.
define_gate() {
	cat >w.yaml <<EOT
workflow: w
tasks:
  a: {run: [sh, -c, 'echo \$WEIR_EXECUTION >>$PWD/trace; until test -e $PWD/go; do sleep 0.05; done; exit 7']}
EOT
	cat >quick.yaml <<EOT
workflow: quick
tasks:
  a: {run: [sh, -c, 'echo \$WEIR_EXECUTION >>$PWD/trace']}
EOT
	atf_check -o ignore weirctl define w.yaml
	atf_check -o ignore weirctl define quick.yaml
}

logged() {
	grep -q "$1" weird.log
}

traced() {
	[ "$(wc -l <trace)" -eq "$1" ]
}

runners() {
	pgrep -f "weir-runner $PWD/" || :
}

has_runners() {
	[ -n "$(runners)" ]
}

status_is() {
	ctl --json show "$1" | grep -q "\"status\": \"$2\", \"ending\""
}

has_pid() {
	ctl --json show "$1" | grep -q '"pid": [0-9]'
}

# runner_of ID: which runner its callout has, by its parent, is in runner.  A
# callout may run before the daemon knows its pid.
runner_of() {
	weir_wait_until has_pid "$1"
	pid=$(ctl --json show "$1" | sed 's/.*"pid": \([0-9]*\).*/\1/')
	runner=$(ps -o ppid= -p "$pid" | tr -d ' ')
}

weir_test_case stopped "a runner is stopped for ten seconds: all else goes on"
stopped_body() {
	configure "$WEIR_RUNNER" 2
	weir_start -c conf
	define_gate
	atf_check -o ignore weirctl run w
	weir_wait_until traced 1
	runner_of 1
	kill -STOP "$runner"
	touch go
	from=$(date +%s)
	n=2
	while [ $(($(date +%s) - from)) -lt 10 ]; do
		atf_check -o ignore weirctl show 1
		atf_check -o ignore weirctl run quick
		n=$((n + 1))
		timeout 0.5 "$WEIR_BIN/weirctl" wait 1 >wait.out 2>&1 || :
	done
	weir_wait_until logged "does not answer (stopped?)"
	# What was not given to it goes on, and what comes now does, too.
	atf_check -o ignore weirctl run quick --wait
	status_is 1 running || atf_fail "the ending was made up"
	kill -CONT "$runner"
	weir_wait_until logged "answers again"
	weir_wait_until status_is 1 failed
	atf_check -o match:'exit status 7' weirctl show 1
	id=2
	while [ "$id" -le "$n" ]; do
		weir_wait_until status_is "$id" completed
		id=$((id + 1))
	done
	# None was lost, and none ran twice.
	atf_check -o inline:"$n\n" sh -c 'sort -u trace | wc -l'
	traced "$n" || atf_fail "ran twice: $(sort trace | uniq -d)"
	weir_stop
}

weir_test_case busy "a runner that answers, and always has more to answer"
busy_body() {
	configure "$WEIR_RUNNER"
	weir_start -c conf
	# One takes a small part of the time that a runner has to answer, all of
	# them take more; and it reads no more than one or two at a time.
	weir_slow_path . 40
	filler=$(printf '%014000d' 0)
	cat >slow.yaml <<-END
	workflow: slow
	tasks:
	  a: {run: [no-such-program], cwd: $PWD, env: {PATH: "$slow_path", FILLER: "$filler"}}
	END
	atf_check -o ignore weirctl define slow.yaml
	from=$(date +%s)
	n=0
	while [ $n -lt 80 ]; do
		n=$((n + 1))
		atf_check -o ignore weirctl run slow
	done
	weir_wait_until status_is $n failed
	echo "$n starts took $(($(date +%s) - from)) s"
	! logged "does not answer" || atf_fail "taken for stopped"
	weir_stop
}

weir_test_case killed_daemon "a daemon is killed and started while its runner is stopped"
killed_daemon_body() {
	configure "$WEIR_RUNNER"
	weir_start -c conf
	define_gate
	atf_check -o ignore weirctl run w
	weir_wait_until traced 1
	runner_of 1
	kill -STOP "$runner"
	weir_kill9
	weir_start -c conf
	atf_check -o ignore weirctl run quick
	touch go
	weir_wait_until status_is 2 completed
	status_is 1 running || atf_fail "the ending was made up"
	kill -CONT "$runner"
	weir_wait_until status_is 1 failed
	traced 2 || atf_fail "ran twice: $(cat trace)"
	weir_stop
}

weir_test_case missing "the runner's executable is not there, at first or later"
missing_body() {
	configure "$PWD/gone"
	atf_check -s exit:69 -e match:"cannot run $PWD/gone: No such file" \
	    weird -f -c conf -d state -s sock
	cp "$WEIR_RUNNER" gone
	chmod 644 gone
	if [ "$(id -u)" != 0 ]; then
		atf_check -s exit:69 -e match:"gone: Permission denied" \
		    weird -f -c conf -d state -s sock
	fi
	chmod 755 gone
	weir_start -c conf
	define_gate
	weir_wait_until has_runners
	mv gone elsewhere
	for pid in $(runners); do kill -KILL "$pid"; done
	weir_wait_until logged "cannot start a runner, will try again"
	# It is accepted, and starts when there is a runner again.
	atf_check -o ignore weirctl run quick
	status_is 1 running || status_is 1 pending || atf_fail "$(ctl show 1)"
	mv elsewhere gone
	weir_wait_until status_is 1 completed
	traced 1 || atf_fail "ran twice"
	weir_stop
}

weir_test_case silent "a runner that never answers: nothing starts, all else goes on"
silent_body() {
	cat >silent <<EOT
#!/bin/sh
[ ! -e "$PWD/cured" ] || exec "$WEIR_RUNNER" "\$@"
trap '' TERM
while :; do sleep 1 0<&-; done
EOT
	chmod 755 silent
	configure "$PWD/silent"
	weir_start -c conf
	define_gate
	atf_check -o ignore weirctl run quick
	weir_wait_until logged "does not answer (stopped?)"
	status_is 1 running || status_is 1 pending || atf_fail "$(ctl show 1)"
	atf_check test ! -e trace
	# The one that is started in its place does.
	touch cured
	for pid in $(pgrep -f "$PWD/silent"); do kill -KILL "$pid"; done
	weir_wait_until status_is 1 completed
	traced 1 || atf_fail "ran twice"
	weir_stop
}

weir_test_case not_started "what the system refuses to start says why, and nothing ran"
not_started_body() {
	weir_start
	mkdir directory
	echo 'echo ran >>trace' >script
	printf '#!/nowhere/sh\n' >hashbang
	chmod 755 script hashbang
	for program in absent directory script hashbang; do
		printf 'workflow: %s\ntasks:\n  a: {run: [%s/%s]}\n' \
		    "$program" "$PWD" "$program" >w.yaml
		atf_check -s not-exit:0 -o ignore -e ignore \
		    weirctl run w.yaml --wait
	done
	atf_check -o match:"not started: cannot run .*/absent.*No such file" \
	    weirctl show 1
	atf_check -o match:"not started: cannot run .*Permission denied" \
	    weirctl show 2
	atf_check -o match:"not started: cannot run .*a script begins with" \
	    weirctl show 3
	atf_check -o match:"not started: cannot run .*No such file" \
	    weirctl show 4
	cat >big.yaml <<EOT
workflow: big
input: {text: {type: string}}
tasks:
  a: {run: ["true", "\${{ input.text }}"]}
EOT
	atf_check -o ignore weirctl define big.yaml
	head -c 200000 /dev/zero | tr '\0' x >text
	printf 'text: %s\n' "$(cat text)" >input.yaml
	atf_check -s not-exit:0 -o ignore -e ignore \
	    weirctl run big --input input.yaml --wait
	atf_check -o match:"not started: cannot run .*Argument list too long" \
	    weirctl show 5
	atf_check test ! -e trace
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case stopped
	atf_add_test_case busy
	atf_add_test_case killed_daemon
	atf_add_test_case missing
	atf_add_test_case silent
	atf_add_test_case not_started
}
