#!/usr/bin/env atf-sh
# hardening_test: what weird and weir-runner have given up, as the kernel says.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/intruder.sh"

needs_proc() {
	[ -r /proc/self/status ] || atf_skip "there is no /proc"
}

# processes: $daemon and $runner, which has begun, but need not have given up
# yet what it gives up then.
processes() {
	daemon=$(cat weird.pid)
	weir_wait_until has_runner
}
has_runner() {
	runner=$(pgrep -P "$daemon" weir-runner | head -n 1)
	[ -n "$runner" ]
}

# has_capabilities PID "PERMITTED EFFECTIVE", in hexadecimal.
has_capabilities() {
	has=$(awk '/^CapPrm:/ { p = $2 } /^CapEff:/ { e = $2 }
	    END { print p, e }' "/proc/$1/status")
	[ "$has" = "$2" ] || {
		echo "$1 has $has, not $2"
		return 1
	}
}

# What can't be dumped is root's in /proc.
is_roots() {
	[ "$(stat -c %u "/proc/$1/environ")" = 0 ]
}

attack_test_case capabilities "root's daemon and runner keep those they use" pgrep
capabilities_body() {
	needs_proc
	own=$(awk '/^CapPrm:/ { print $2 }' /proc/self/status)
	attack_begin
	processes
	# CHOWN DAC_OVERRIDE KILL SYS_PTRACE SYS_RESOURCE
	set=$(printf '%016x' $((0x$own &
	    (1 << 0 | 1 << 1 | 1 << 5 | 1 << 19 | 1 << 24))))
	# Of each thread, for each has its own.
	for task in "/proc/$daemon/task"/*; do
		has_capabilities "$daemon/task/${task##*/}" "$set $set" ||
		    atf_fail "a thread has others"
	done
	# and SETGID SETUID SYS_NICE
	set=$(printf '%016x' $((0x$set | 0x$own & (1 << 6 | 1 << 7 | 1 << 23))))
	weir_wait_until has_capabilities "$runner" "$set $set"
	# Root's own callouts are root's.
	cat >own.yaml <<-'END'
	workflow: own
	tasks:
	  work: {run: [grep, CapEff, /proc/self/status]}
	END
	run_as 0 own.yaml
	own=$(awk '/^CapEff:/ { print $2 }' /proc/self/status)
	atf_check -o match:"$own" weirctl logs "$id" work
	weir_stop
}

attack_test_case memory "no core file, and no debugger but root's" pgrep
memory_body() {
	needs_proc
	attack_place
	# A daemon that is not root's: its own user has no way in either.
	cp "$WEIR_BIN/weird" "$WEIR_RUNNER" . || atf_skip "no room in /tmp"
	mkdir own
	chown "$victim" own
	echo "callouts: {runner: \"$place/weir-runner\"}" >weird.conf
	(
		# shellcheck disable=SC3045 # every shell that tests run with has it
		ulimit -c unlimited
		exec ./as "$victim" ./weird -f -c weird.conf -d "$place/own/state" \
		    -s "$place/own/sock" 2>own.log
	) &
	daemon=$!
	weir_wait_until ./as "$victim" ./weirctl -s "$place/own/sock" ls
	weir_wait_until has_runner
	for pid in $daemon $runner; do
		weir_wait_until is_roots "$pid"
		refused ./as "$victim" cat "/proc/$pid/environ"
		refused ./as "$victim" cat "/proc/$pid/mem"
	done
	kill -SEGV $daemon
	wait $daemon
	kill -KILL "$runner"
	atf_check -o empty find . -name 'core*' -o -name '*.core'
}

attack_test_case descriptors "descriptors that were open, or closed, before"
descriptors_body() {
	needs_proc
	attack_place
	: >inherited
	weir_start 7<inherited 8>>written 9<.
	processes
	for pid in "$daemon" "$runner"; do
		ls -l "/proc/$pid/fd" >fds
		atf_check -s exit:1 grep -E "inherited|written" fds
	done
	weir_stop
	# Without any of the first three: nothing takes their numbers.
	weird -f -s "$place/sock" -d "$place/state" 0<&- 1>&- 2>&- &
	daemon=$!
	echo $daemon >weird.pid
	rm -f weird.status
	weir_wait_until weirctl engine status
	for fd in 0 1 2; do
		atf_check -o inline:"/dev/null\n" \
		    readlink "/proc/$daemon/fd/$fd"
	done
	kill -TERM $daemon
	wait $daemon || atf_fail "it ended with $?"
	echo 0 >weird.status
}

attack_test_case privileges "no_new_privs where callouts do not need new ones" pgrep
privileges_body() {
	needs_proc
	attack_place
	for allowed in true false; do
		echo "callouts: {new_privileges: $allowed}" >weird.conf
		weir_start -c weird.conf
		processes
		case $allowed in
		true) expected=0 ;;
		false) expected=1 ;;
		esac
		for pid in "$daemon" "$runner"; do
			atf_check -o inline:"NoNewPrivs:\t$expected\n" \
			    grep NoNewPrivs "/proc/$pid/status"
		done
		atf_check -o ignore weirctl engine stop --mode kill
		weir_wait_until test -e weird.status
		weir_wait_until sh -c "! kill -0 $runner"
	done
}

# A runner of the daemon before takes the new one's word.
attack_test_case kept "a runner that was there before new_privileges: false" pgrep
kept_body() {
	needs_proc
	attack_place
	cat >look.yaml <<-'END'
	workflow: look
	tasks:
	  work: {run: [grep, NoNewPrivs, /proc/self/status]}
	END
	weir_start
	processes
	weir_kill9
	echo "callouts: {new_privileges: false}" >weird.conf
	weir_start -c weird.conf
	kill -0 "$runner" || atf_fail "the runner is gone"
	run_as 0 look.yaml
	atf_check -o inline:"NoNewPrivs:\t1\n" weirctl logs "$id" work
	weir_stop
}

# One that takes the place of one that died gains nothing by being executed.
attack_test_case replaced "a runner that begins later with new_privileges: false" pgrep
replaced_body() {
	needs_proc
	attack_begin "callouts: {new_privileges: false, runners: 1}"
	cat >who.yaml <<-'END'
	workflow: who
	tasks:
	  work: {run: "id -u; id -g"}
	END
	run_as "$victim" who.yaml
	atf_check -o inline:"$victim\n$victim\n" weirctl logs "$id" work
	processes
	before=$runner
	kill -KILL "$before"
	weir_wait_until has_another
	run_as "$victim" who.yaml
	atf_check -o inline:"$victim\n$victim\n" weirctl logs "$id" work
	weir_stop
}
has_another() {
	has_runner && [ "$runner" != "$before" ]
}

# limits_of FILE: the soft ones of core files and descriptors, and the hard one.
limits_of() {
	awk '/^Max core file size/ { core = $5 }
	    /^Max open files/ { print core, $4, $5 }' "$1"
}

attack_test_case limits "its own limits, and those of callouts" pgrep
limits_body() {
	needs_proc
	attack_place
	cat >limits.yaml <<-'END'
	workflow: limits
	tasks:
	  work: {run: [cat, /proc/self/limits]}
	END
	# shellcheck disable=SC3045 # every shell that tests run with has these
	ulimit -Sn 700 && ulimit -Hn 3000 && ulimit -Sc 100
	weir_start
	processes
	for pid in "$daemon" "$runner"; do
		atf_check_equal "0 3000 3000" "$(limits_of "/proc/$pid/limits")"
	done
	run_as 0 limits.yaml
	weirctl logs "$id" work >limits
	core=$(limits_of "/proc/$$/limits")
	core=${core%% *}
	# The sanitizers have set that to 0 before weird could look.
	[ "$WEIR_BUILD" != san ] || core=0
	atf_check_equal "$core 700 3000" "$(limits_of limits)"
	weir_stop
}

attack_test_case sockets "modes and owners of what is listened at"
sockets_body() {
	attack_begin
	atf_check -o inline:"666 0\n" stat -c '%a %u' sock
	atf_check -o inline:"700 0\n" stat -c '%a %u' state/run
	for sock in state/run/*.sock; do
		atf_check -o inline:"600 0\n" stat -c '%a %u' "$sock"
	done
	weir_stop
}

# However it is started, and by whom.
attack_test_case umask "a umask that would let everyone in, or nobody"
umask_body() {
	attack_place
	for mask in 000 777; do
		(umask $mask; weir_start)
		find state ! -type l -perm /077 ! -path state \
		    ! -path state/work >open
		atf_check -o empty cat open
		weir_stop
	done
}

atf_init_test_cases() {
	for hardened in capabilities memory descriptors privileges kept \
	    replaced limits sockets umask; do
		atf_add_test_case $hardened
	done
}
