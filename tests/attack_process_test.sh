#!/usr/bin/env atf-sh
# attack_process_test: an operator tries to reach the daemon, the runners and
# the victim's callouts as processes: by signals, /proc, sockets, descriptors,
# environment, marks and limits.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/intruder.sh"

needs_proc() {
	[ -r /proc/self/status ] || atf_skip "there is no /proc"
}

# victim_runs: a callout of the victim's, execution 1, whose pid is in $callout;
# the daemon's is in $daemon, a runner's in $runner.
victim_runs() {
	cat >sleeper.yaml <<-END
	workflow: sleeper
	input: {token: {type: string}}
	tasks:
	  work:
	    run: "echo \$\$ >$place/by.$victim/pid; sleep 600"
	    env: {TOKEN: "\${{ input.token }}"}
	END
	atf_check -o ignore ./as "$victim" ./weirctl run sleeper.yaml \
	    -i token=VICTIM-INPUT
	weir_wait_until test -s "by.$victim/pid"
	callout=$(cat "by.$victim/pid")
	daemon=$(cat weird.pid)
	runner=$(awk '/^PPid:/ { print $2 }' "/proc/$callout/status")
	grep -q weir-runner "/proc/$runner/cmdline" ||
	    atf_fail "the callout's parent is no runner"
}

victim_still_runs() {
	kill -0 "$callout" || atf_fail "the victim's callout is gone"
	! grep -q '^State:.*stopped' "/proc/$callout/status" ||
	    atf_fail "the victim's callout is stopped"
	ctl show 1 >shown
	grep -q running shown || atf_fail "$(cat shown)"
	atf_check -o ignore timeout 60 weirctl engine status
}

attack_test_case signals "signals to daemon, runner and the victim's callout"
signals_body() {
	needs_proc
	attack_begin
	victim_runs
	for pid in "$daemon" "$runner" "$callout" "-$callout"; do
		for name in 0 STOP KILL TERM HUP INT CHLD USR1 SEGV; do
			refused ./as "$attacker" kill -s $name -- "$pid"
		done
	done
	cat >out.yaml <<-END
	workflow: kill
	tasks:
	  work: {run: "kill -STOP $daemon $runner $callout; kill -KILL $daemon $runner $callout; kill -KILL -\$PPID; true"}
	END
	run_as "$attacker" out.yaml
	victim_still_runs
	weir_stop
}

attack_test_case proc "environment, memory and files of processes, in /proc"
proc_body() {
	needs_proc
	attack_begin
	victim_runs
	for pid in "$daemon" "$runner" "$callout"; do
		for file in environ mem maps auxv stack io; do
			refused ./as "$attacker" cat "/proc/$pid/$file"
		done
		for link in cwd root exe fd/0 fd/3; do
			refused ./as "$attacker" readlink "/proc/$pid/$link"
		done
		refused ./as "$attacker" ls "/proc/$pid/fd"
		cat "/proc/$pid/cmdline" "/proc/$pid/comm" >out
		no_secret out
	done
	# Nor does whoever it is that the callout runs as.
	refused ./as "$victim" cat "/proc/$runner/environ"
	weir_stop
}

attack_test_case ptrace "a debugger at daemon, runner and callout" strace
ptrace_body() {
	needs_proc
	attack_begin
	victim_runs
	for pid in "$daemon" "$runner" "$callout"; do
		refused timeout 20 ./as "$attacker" strace -o /dev/null -p "$pid"
		cat err >>out
		grep -qi 'not permitted' out || atf_fail "$(cat out)"
		awk '/^TracerPid:/ { exit $2 != 0 }' "/proc/$pid/status" ||
		    atf_fail "$pid is traced"
	done
	victim_still_runs
	weir_stop
}

attack_test_case runner "the runner's socket"
runner_body() {
	needs_proc
	attack_begin
	attack_python socket
	victim_runs
	sock=$(find "$place/state/run" -name '*.sock' | head -n 1)
	[ -S "$sock" ] || atf_fail "no socket of a runner"
	cat >connect.py <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.settimeout(10)
	s.sendall(b"\0\0\0\0\1\0\4\0")
	sys.exit(0 if s.recv(1) else 3)
	END
	refused ./as "$attacker" "$python" connect.py "$sock"
	grep -q Permission err || atf_fail "$(cat err)"
	refused ./as "$attacker" rm -f "$sock"
	# Even where a careless root lets everyone to it: it looks who comes.
	chmod 711 state/run
	chmod 666 "$sock"
	refused ./as "$attacker" "$python" connect.py "$sock"
	victim_still_runs
	weir_stop
}

attack_test_case journal "the journal and the lock of the daemon"
journal_body() {
	attack_begin
	victim_has_a_vault
	for file in state/journal state/lock state/run state/logs; do
		refused ./as "$attacker" ls -l $file/
		refused ./as "$attacker" cat $file
	done
	refused ./as "$attacker" flock -n state/lock true
	refused ./as "$attacker" ./weirctl journal dump state
	refused ./as "$attacker" ./weirctl journal verify state
	refused ./as "$attacker" ./weirctl journal salvage state by."$attacker"/j
	weir_stop
}

attack_test_case descriptors "what a callout inherits of the daemon"
descriptors_body() {
	needs_proc
	echo VICTIM-FILE >inherited
	attack_place
	echo "roles: {operator: {users: [$victim, $attacker]}}" >weird.conf
	echo VICTIM-FILE >inherited
	DAEMONS_SECRET=VICTIM-ENV LD_VICTIM=1 weir_start -c weird.conf \
	    7<inherited 9<.
	cat >look.yaml <<-'END'
	workflow: look
	tasks:
	  work:
	    run: "ls /proc/$$/fd; env; cat <&7; cat <&9; pwd; grep -E '^(SigBlk|SigIgn)' /proc/$$/status; tr '\\0' ' ' </proc/$PPID/cmdline"
	END
	run_as "$attacker" look.yaml
	ctl logs "$id" work >out
	ctl logs --stderr "$id" work >err
	no_secret out err
	grep -E '^[0-9]+$' out >fds
	atf_check -o inline:"0\n1\n2\n" cat fds
	atf_check -s exit:1 grep -E 'DAEMONS_SECRET|LD_VICTIM|ASAN' out
	weir_stop
}

attack_test_case environment "variables for the loader, the shell and weir"
environment_body() {
	attack_begin
	victim_has_a_vault
	cat >env.yaml <<-END
	workflow: env
	tasks:
	  work:
	    run: "id -u; env"
	    env:
	      LD_PRELOAD: "$place/by.$attacker/evil.so"
	      LD_LIBRARY_PATH: "$place/by.$attacker"
	      LD_AUDIT: "$place/by.$attacker/evil.so"
	      BASH_ENV: "$place/by.$attacker/rc"
	      ENV: "$place/by.$attacker/rc"
	      IFS: "/"
	      PATH: "$place/by.$attacker:/usr/bin:/bin"
	      HOME: /root
	      USER: root
	END
	for name in EXECUTION SOCKET TASK WORKFLOW ATTEMPT; do
		cat >own.yaml <<-END
		workflow: own
		tasks: {work: {run: env, env: {WEIR_$name: "1"}}}
		END
		atf_check -s exit:65 -e match:"weir itself sets .WEIR_$name" \
		    ./as "$attacker" ./weirctl define own.yaml
	done
	printf 'id -u >>%s\n' "$place/by.$attacker/ids" >"by.$attacker/rc"
	: >"by.$attacker/evil.so"
	printf '#!/bin/sh\n/usr/bin/id -u\n' >"by.$attacker/id"
	chmod 755 "by.$attacker/id"
	run_as "$attacker" env.yaml
	ctl logs "$id" work >out
	# The loader and the shell are the attacker's, with the attacker's
	# rights, and with them alone.
	atf_check -o inline:"$attacker\n" sed -n 1p out
	for line in "WEIR_EXECUTION=$id" "WEIR_SOCKET=$place/sock" \
	    WEIR_TASK=work WEIR_WORKFLOW=env WEIR_ATTEMPT=1; do
		grep -qx "$line" out || atf_fail "no $line in: $(cat out)"
	done
	! grep evil.so weird.log || atf_fail "the daemon has loaded it"
	is_as_before
	weir_stop
}

# A process says by a variable whose it is: it may lie, and harms itself alone.
attack_test_case mark "another's mark in the environment"
mark_body() {
	needs_proc
	attack_begin "callouts: {runners: 1}"
	victim_runs
	mark=$(tr '\0' '\n' <"/proc/$callout/environ" |
	    grep '^WEIR_CALLOUT=') || atf_fail "no mark"
	cat >mark.yaml <<-END
	workflow: mark
	tasks:
	  work:
	    run: "env '$mark' setsid sleep 300 & env '$mark' sleep 300 & sleep 0"
	END
	run_as "$attacker" mark.yaml
	victim_still_runs
	atf_check -o ignore ./as "$attacker" ./weirctl run mark.yaml
	weir_wait_until ended 3
	victim_still_runs
	atf_check -o ignore -e ignore ./as "$victim" ./weirctl \
	    cancel --kill --wait 1
	weir_wait_until ended 1
	weir_stop
}

# The mark of an attempt that is yet to come can be guessed.  Where the runner
# is asked to start that and dies before it can say whether it has, what has the
# mark and is another's is not taken for it.
attack_test_case adopted "a process that waits to be taken for another's"
adopted_body() {
	needs_proc
	attack_begin "callouts: {runners: 1}"
	cat >"by.$attacker/wait" <<-END
	#!/bin/sh
	# The mark is that of execution 2.
	mark=\$(echo "\$WEIR_CALLOUT" | sed 's/-1-/-2-/')
	(env "WEIR_CALLOUT=\$mark" setsid sh -c 'cd $place/by.$attacker
	    echo \$\$ >forged.new; mv forged.new forged
	    until [ -e go ]; do sleep 0.05; done' &)
	exec sleep 600
	END
	chmod 755 "by.$attacker/wait"
	printf 'workflow: wait\ntasks: {work: {run: [%s]}}\n' \
	    "$place/by.$attacker/wait" >wait.yaml
	printf 'workflow: mine\ntasks: {work: {run: [touch, %s]}}\n' \
	    "$place/by.$victim/ran" >mine.yaml
	atf_check -o ignore ./as "$attacker" ./weirctl run wait.yaml
	weir_wait_until test -e "by.$attacker/forged"
	weir_wait_until is_runners_child "$(cat "by.$attacker/forged")"
	kill -STOP "$runner"
	atf_check -o ignore ./as "$victim" ./weirctl run mine.yaml
	weir_wait_until asked
	kill -KILL "$runner"
	weir_wait_until settled
	touch "by.$attacker/go"
	weir_wait_until ended 2
	# It has run, by another runner, or is known to be lost.
	[ -e "by.$victim/ran" ] ||
	    ctl --json show 2 | grep -q lost || atf_fail "$(ctl why 2)"
	weir_stop
}

# Once what has started it has ended.
is_runners_child() { # PID
	runner=$(awk '/^PPid:/ { print $2 }' "/proc/$1/status")
	grep -q weir-runner "/proc/$runner/cmdline"
}

asked() {
	ctl --json show 2 | grep -q '"status": "running"'
}

# The daemon knows that the runner is gone, and what it thinks runs.
settled() {
	! kill -0 "$runner" && ctl engine status &&
	    find state/run -name '*.sock' | grep -qv nothing
}

attack_test_case limits "limits and a priority that the user may not have"
limits_body() {
	needs_proc
	attack_begin
	# shellcheck disable=SC3045 # every shell that tests run with has it
	hard=$(ulimit -H -n)
	case $hard in
	unlimited) hard=1048576 ;;
	esac
	for limit in "nice: -5" "nofile: $((hard + 1))" "nofile: -1" ; do
		printf 'workflow: l\ntasks: {work: {run: [nice], limits: {%s}}}\n' \
		    "$limit" >limit.yaml
		./as "$attacker" ./weirctl --json run limit.yaml >out 2>&1 ||
			continue # the definition is refused already
		id=$(sed -n 's/^{"id": \([0-9]*\).*/\1/p' out)
		weir_wait_until ended "$id"
		ctl --json show "$id" >out
		grep -q 'cannot set the limit' out ||
		    atf_fail "$limit: $(cat out)"
	done
	# What is less is everyone's.
	printf 'workflow: l\ntasks: {work: {run: "nice; ulimit -n", limits: {nice: 5, nofile: 64}}}\n' \
	    >limit.yaml
	run_as "$attacker" limit.yaml
	nice=$(($(nice) + 5))
	[ $nice -le 19 ] || nice=19
	atf_check -o match:'^64$' weirctl logs "$id" work
	weir_stop
}

attack_test_case setuid "programs with setuid, where they are not to work"
setuid_body() {
	attack_place
	install -m 4755 "$(command -v id)" setuid-id ||
	    atf_skip "no room in /tmp"
	[ "$(./as "$attacker" ./setuid-id -u)" = 0 ] ||
	    atf_skip "a set-user-ID program has no effect here"
	printf 'workflow: s\ntasks: {work: {run: [%s, -u]}}\n' \
	    "$place/setuid-id" >s.yaml
	for allowed in true false; do
		{
			echo "roles: {operator: {users: [$attacker]}}"
			echo "callouts: {new_privileges: $allowed}"
		} >weird.conf
		weir_start -c weird.conf
		run_as "$attacker" s.yaml
		case $allowed in
		true) expected=0 ;;
		false) expected=$attacker ;;
		esac
		atf_check -o inline:"$expected\n" weirctl logs "$id" work
		atf_check -o ignore weirctl engine stop --mode kill
		weir_wait_until test -e weird.status
	done
}

# A stopped callout is ended all the same, and one that asks not to be.
attack_test_case stubborn "a callout that stops itself and ignores signals"
stubborn_body() {
	attack_begin
	cat >stubborn.yaml <<-'END'
	workflow: stubborn
	tasks:
	  work:
	    run: "trap '' TERM HUP INT; setsid sh -c 'trap \"\" TERM; sleep 300' & kill -STOP $$; sleep 300"
	    timeout: 100ms
	    kill_after: 100ms
	END
	run_as "$attacker" stubborn.yaml
	atf_check -o match:timed_out weirctl show "$id"
	weir_stop
}

# begins: the attacker's command, of execution 2, is about to become what its
# PATH does not have: $beginning, the attacker's own process, not executed yet.
begins() {
	weir_slow_path "by.$attacker" 800
	cat >slow.yaml <<-END
	workflow: slow
	tasks:
	  work: {run: [no-such-program], cwd: $place/by.$attacker, env: {PATH: "$slow_path"}}
	END
	atf_check -o ignore ./as "$attacker" ./weirctl run slow.yaml
	weir_wait_until pgrep -P "$runner" -U "$attacker" \
	    -x weir-runner
	beginning=$(cat weir_wait.out)
}

# beginning_ends WHY: the runner does not wait for it, nor does the victim.
beginning_ends() {
	echo '{workflow: quick, tasks: {work: {run: ["true"]}}}' >quick.yaml
	run_as "$victim" quick.yaml
	weir_wait_until log_says "killed process $beginning, .* that $1 before"
	weir_wait_until ended 2
	atf_check -o match:"signal 9" weirctl show 2
	kill -KILL "$callout"
	weir_wait_until ended 1
}

log_says() {
	grep -q "$1" weird.log
}

attack_test_case halted "a command that its user stops before it is executed" \
    pgrep
halted_body() {
	needs_proc
	attack_begin "callouts: {runners: 1}"
	victim_runs
	begins
	atf_check ./as "$attacker" kill -STOP "$beginning"
	beginning_ends "was stopped"
	! log_says "does not answer" || atf_fail "it was waited for too long"
	weir_stop
}

attack_test_case late "a command that is never executed, as on a dead file system" \
    pgrep
late_body() {
	[ -n "$WEIR_LONG" ] || atf_skip "takes half a minute: make check-long"
	needs_proc
	weir_python ctypes
	attack_begin "callouts: {runners: 1}"
	victim_runs
	begins
	# Held by root's debugger: not stopped by anybody's signal.
	cat >hold.py <<-'END'
	import ctypes, os, sys
	libc, pid = ctypes.CDLL(None), int(sys.argv[1])
	PTRACE_ATTACH = 16
	assert libc.ptrace(PTRACE_ATTACH, pid, None, None) == 0
	os.waitpid(pid, 0)
	open("held", "w").close()
	os.waitpid(pid, 0)
	END
	"$python" hold.py "$beginning" &
	weir_wait_until test -e held
	beginning_ends "took too long"
	log_says "does not answer" || atf_fail "nobody was told"
	weir_wait_until log_says "answers again"
	weir_stop
}

attack_test_case expression "expressions that reach for the system"
expression_body() {
	attack_begin
	n=0
	for text in 'os.execute("touch stolen")' 'io.open("/etc/shadow"):read()' \
	    'require("os")' 'load("return 1")()' 'dofile("/etc/shadow")' \
	    'debug.getregistry()' '_G.os' '_ENV' 'string.dump(string.rep)' \
	    'getmetatable("").__index' '("x"):rep(1e9)' 'string.rep("x", 1e10)' \
	    '(function() while true do end end)()' 'env.HOME' 'rawget(_G, "os")' \
	    'package.loadlib("x", "y")' 'collectgarbage("count")' \
	    'coroutine.wrap(load)' 'setmetatable({}, {})' \
	    'string.find(string.rep("a", 60000), string.rep("a*", 60000) .. "b")'
	do
		n=$((n + 1))
		# As JSON, whose strings have what expressions have in them.
		quoted=$(printf '%s' "$text" | sed 's/"/\\"/g')
		# shellcheck disable=SC2016 # for weir to expand
		printf '{"workflow": "e%s", "output": "${{ %s }}", "tasks": {"work": {"run": ["true"]}}}\n' \
		    "$n" "$quoted" >e.json
		timeout 60 ./as "$attacker" ./weirctl --json run e.json \
		    >out 2>err
		case $? in
		124) atf_fail "$text holds the daemon up" ;;
		0) id=$(sed -n 's/^{"id": \([0-9]*\).*/\1/p' out) ;;
		*) continue ;;
		esac
		weir_wait_until ended "$id"
		ctl --json show "$id" >out
		grep -q '"status": "failed"' out ||
		    grep -q '"output": null' out ||
		    atf_fail "$text: $(cat out)"
		! grep -q "$(head -n 1 /etc/shadow | cut -d: -f2)x" out
	done
	find . -name stolen >found
	atf_check -o empty cat found
	atf_check -o ignore timeout 60 weirctl engine status
	weir_stop
}

attack_test_case template "expressions and shell words inside of an input"
template_body() {
	attack_begin
	cat >greet.yaml <<-'END'
	workflow: greet
	input: {name: {type: string}}
	vars: {secret: "not for names"}
	tasks:
	  work: {run: [printf, "%s|", "${{ input.name }}", "of ${{ input.name }}"]}
	END
	# shellcheck disable=SC2016 # for nobody to expand
	for name in '${{ vars.secret }}' '$(id)' '; id' '`id`' '%s%n' \
	    '"], run: [id]' '${{ input.name }}'; do
		run_as "$attacker" greet.yaml -i "name=$name"
		ctl logs "$id" work >out
		printf '%s|of %s|' "$name" "$name" >expected
		cmp -s out expected || atf_fail "$name: $(cat out)"
	done
	weir_stop
}

attack_test_case crowd "all connections there are, taken by one user"
crowd_body() {
	attack_begin "limits: {connections: 40, connections_per_user: 16}"
	attack_python socket
	victim_has_a_vault
	cat >crowd.py <<-'END'
	import os, socket, time
	held = []
	for i in range(200):
	    s = socket.socket(socket.AF_UNIX)
	    try:
	        s.connect(os.environ["WEIR_SOCKET"])
	    except OSError:
	        continue
	    held.append(s)
	open("crowd", "w").close()
	time.sleep(600)
	END
	(cd "by.$attacker" && exec ../as "$attacker" "$python" ../crowd.py) &
	crowd=$!
	weir_wait_until test -e "by.$attacker/crowd"
	weir_wait_until timeout 20 ./as "$victim" ./weirctl show 1
	is_as_before
	kill $crowd
	wait $crowd
	weir_stop
}

atf_init_test_cases() {
	for attack in signals proc ptrace runner journal descriptors \
	    environment mark adopted limits setuid stubborn halted late \
	    expression template crowd; do
		atf_add_test_case $attack
	done
}
