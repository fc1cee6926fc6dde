#!/usr/bin/env atf-sh
# daemon_test: weird's start and end, its command line, what it does when
# something is in its way, and that it sleeps when there is nothing to do.

. "$(atf_get_srcdir)/lib.sh"

# A workflow whose callout ends, with the status in ./go, once that is there.
define_gate() {
	cat >gate.yaml <<EOF
workflow: gate
tasks:
  wait:
    run: ["sh", "-c", "echo \$\$ >$PWD/callout; until [ -s $PWD/go ]; do sleep 0.05; done; exit \$(cat $PWD/go)"]
    kill_after: 1s
EOF
	atf_check -o ignore weirctl define gate.yaml
}

# Starts it, and comes back when it runs.
run_gate() {
	define_gate
	atf_check -o ignore weirctl run gate
	weir_wait_until test -s callout
}

open_gate() {
	echo "$1" >go.new
	mv go.new go
}

callout_runs() {
	kill -0 "$(cat callout)" 2>/dev/null
}

callout_is_gone() {
	! callout_runs
}

logged() {
	grep -q "$1" weird.log
}

weir_test_case second "a second daemon says whose the state directory is"
second_body() {
	weir_start
	atf_check -s exit:75 -e match:"another weird \(pid $(cat weird.pid)\) uses this state directory: $PWD/state" \
	    weird -f -d state -s other
	atf_check -s exit:75 -e match:"another weird \(pid " \
	    weird -d state -s other
	weir_stop
}

weir_test_case socket "somebody else's socket, and what is no socket, stay"
socket_body() {
	weir_start
	atf_check -s exit:73 -e match:"another process listens on the socket" \
	    weird -f -d elsewhere -s sock
	weir_stop
	atf_check test ! -e sock
	echo precious >sock
	atf_check -s exit:73 -e match:"is there, and is no socket" \
	    weird -f -d state -s sock
	atf_check -o inline:"precious\n" cat sock
	long=$(printf '%0120d' 0)
	atf_check -s exit:78 -e match:"longer than the 107 bytes" \
	    weird -f -d state -s "/tmp/$long"
	atf_check -s exit:78 -e match:"directory for the runners' sockets" \
	    weird -f -d "/tmp/$long" -s sock
}

atf_test_case options
options_head() {
	atf_set descr "the command line"
}
options_body() {
	atf_check -s exit:64 -e match:"^usage: weird" weird -x
	atf_check -s exit:64 -e match:"takes options alone" weird start
	atf_check -s exit:64 -e match:"path is empty" weird -s ""
	atf_check -o match:"^weird [0-9]" weird -V
	atf_check -o match:"^execution.*terminate" -o match:"^canceling.*same" \
	    weird -T
}

atf_test_case configuration
configuration_head() {
	atf_set descr "-N tells every error with line and column"
}
configuration_body() {
	echo 'log: warn' >good.conf
	atf_check -o match:"^$PWD/good.conf: ok$" weird -N -c good.conf
	echo 'roles: {viewer: {users: [root, no-one-2, 4711], groups: no-group}}' \
	    >named.conf
	atf_check -o match:"^$PWD/named.conf: ok$" \
	    -e match:'^weird.conf: roles.viewer.users: there is no user "no-one-2" on this machine' \
	    -e match:'^weird.conf: roles.viewer.groups: there is no group "no-group"' \
	    -e not-match:'"root"' -e not-match:'4711' \
	    weird -N -c named.conf
	printf 'log: loud\nlimit:\n  requests: 3\n' >bad.conf
	cat >expected <<EOF
$PWD/bad.conf:1:6: log: expected error, warn, info or debug, found "loud"
$PWD/bad.conf:2:1: limit: unknown key; did you mean limits?
EOF
	atf_check -s exit:78 -e file:expected weird -N -c bad.conf
	atf_check -s exit:78 -e file:expected weird -n -c bad.conf
	atf_check -s exit:78 -e file:expected weird -f -c bad.conf -d s -s k
	atf_check -s exit:78 -e match:"absent.conf: No such file" \
	    weird -N -c absent.conf
	atf_check test ! -e s
}

atf_test_case manual
manual_head() {
	atf_set descr "weird.conf(5) has every key with its default"
}
manual_body() {
	{ sed -n '/^CONFIG(/,/")$/p' "$WEIR_SRC/daemon/config.def" |
	    tr -d '\n'; echo; } | sed 's/CONFIG(/\n/g' | sed -n \
	    's/^"\([^"]*\)", *[A-Z]*, *[^,]*, *[0-9]*, *[0-9]*, *"\([^"]*\)".*/\1 \2/p' \
	    >keys
	atf_check -o match:"^limits.requests 128$" cat keys
	while read -r key default; do
		sed -n "/^\.It Ic $key\$/,/^\.It\|^\.El/p" \
		    "$WEIR_SRC/man/weird.conf.5" >entry
		atf_check -o match:"^\.It Ic $key$" cat entry
		[ -z "$default" ] ||
		    atf_check -o match:"^\.Li $default \.$" cat entry
	done <keys
	atf_check_equal "$(wc -l <keys)" \
	    "$(grep -c '^\.It Ic' "$WEIR_SRC/man/weird.conf.5")"
}

weir_test_case leaves "callouts go on without the daemon, and are taken up"
leaves_body() {
	weir_start
	run_gate
	weir_stop
	atf_check grep -q "1 callout goes on" weird.log
	callout_runs || atf_fail "the callout has ended"
	weir_start
	open_gate 0
	atf_check -o ignore weirctl wait 1
	weir_stop
}

weir_test_case adopts "after a kill -9 nothing is lost, and nothing run twice"
adopts_body() {
	weir_start
	run_gate
	pid=$(cat callout)
	weir_kill9
	weir_start
	atf_check_equal "$pid" "$(cat callout)"
	open_gate 0
	atf_check -o ignore weirctl wait 1
	atf_check -o match:'"attempt": 1,' weirctl --json show 1
	weir_stop
}

weir_test_case collects "a callout that ended meanwhile keeps its status"
collects_body() {
	weir_start
	run_gate
	weir_kill9
	open_gate 7
	weir_wait_until callout_is_gone
	weir_start
	atf_check -s exit:1 -o ignore -e ignore weirctl wait 1
	atf_check -o match:'"exit": 7,' weirctl --json show 1
	weir_stop
}

weir_test_case drains "engine stop -m drain waits for the last callout"
drains_body() {
	weir_start
	run_gate
	atf_check -o not-match:stopping weirctl engine status
	atf_check -o ignore weirctl engine stop -m drain
	atf_check -o ignore weirctl run gate
	atf_check -o match:'"status": "running"' weirctl --json show 1
	atf_check test ! -e weird.status
	atf_check -o match:'^stopping +nothing starts any more; the daemon ends' \
	    weirctl engine status
	atf_check -o match:'"stopping": true' weirctl --json engine status
	atf_check -o match:'waits for the next start of the daemon, which is being stopped$' \
	    weirctl why 2
	open_gate 0
	weir_wait_until test -e weird.status
	atf_check_equal 0 "$(cat weird.status)"
	# The second one waited for this daemon.
	weir_start
	atf_check -o ignore weirctl wait 1 2
	weir_stop
}

weir_test_case kills "engine stop -m kill cancels what has callouts"
kills_body() {
	weir_start
	run_gate
	atf_check -o ignore weirctl engine stop -m kill
	weir_wait_until test -e weird.status
	atf_check_equal 0 "$(cat weird.status)"
	weir_wait_until callout_is_gone
	weir_start
	atf_check -o match:'"status": "canceled"' -o match:"stopped with kill" \
	    weirctl --json show 1
	weir_stop
}

weir_test_case background "goes to the background once it listens"
background_body() {
	printf 'pid_file: %s/pid\n' "$PWD" >weird.conf
	atf_check weird -c weird.conf -d state -s sock
	WEIR_SOCKET="$PWD/sock"
	export WEIR_SOCKET
	cp pid weird.pid
	atf_check -o ignore weirctl engine status
	atf_check -s exit:75 -e match:"another weird" \
	    weird -c weird.conf -d state -s other
	kill -TERM "$(cat pid)"
	weir_wait_until test ! -e sock
	weir_wait_until test ! -e pid
	# Another's is left as it is.
	weir_wait_until weird -c weird.conf -d state -s sock
	mv pid weird.pid
	echo 1 >pid
	kill -TERM "$(cat weird.pid)"
	weir_wait_until unlocked
	atf_check -o inline:'1\n' cat pid
}

unlocked() {
	weirctl journal verify state/journal
}

weir_test_case reload "SIGHUP takes over what is right, and nothing else"
reload_body() {
	echo 'callouts: {max: 2}' >weird.conf
	weir_start -c weird.conf
	echo 'callouts: {mx: 3}' >weird.conf
	kill -HUP "$(cat weird.pid)"
	weir_wait_until logged "weird.conf:1:12: callouts.mx: unknown key"
	weir_wait_until logged "the configuration stays as it is"
	echo 'log: debug' >weird.conf
	kill -HUP "$(cat weird.pid)"
	weir_wait_until logged "configuration read again"
	define_gate
	open_gate 0
	atf_check -o ignore weirctl run gate --wait
	weir_wait_until logged "debug: execution 1 task wait attempt 1 started"
	weir_stop
}

weir_test_case roles ""
roles_head() {
	atf_set descr "a user without a role is told so, one with a role is let"
	atf_set require.user root
	atf_set require.progs setpriv
}
roles_body() {
	dir=$(mktemp -d /tmp/weir-roles.XXXXXX)
	chmod 755 "$dir"
	echo "$dir" >dir
	cp "$WEIR_BIN/weirctl" "$dir/weirctl" || atf_skip "no room in /tmp"
	printf 'roles: {viewer: {users: [65534]}}\n' >weird.conf
	weird -f -d "$dir/state" -s "$dir/sock" 2>first.log &
	echo $! >first.pid
	weir_wait_until weirctl -s "$dir/sock" engine status
	atf_check -s not-exit:0 -o ignore -e match:"has no role here" \
	    setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$dir/weirctl" -s "$dir/sock" ls
	kill -TERM "$(cat first.pid)"
	weir_wait_until test ! -e "$dir/sock"
	weird -f -c weird.conf -d "$dir/state" -s "$dir/sock" 2>second.log &
	echo $! >second.pid
	weir_wait_until weirctl -s "$dir/sock" engine status
	atf_check -o ignore \
	    setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$dir/weirctl" -s "$dir/sock" ls
	atf_check -s exit:77 -e match:"is for an admin" \
	    setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$dir/weirctl" -s "$dir/sock" engine pause
	kill -TERM "$(cat second.pid)"
	weir_wait_until test ! -e "$dir/sock"
}
roles_cleanup() {
	for file in first.pid second.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null
	done
	[ ! -e dir ] || rm -rf "$(cat dir)"
	weir_cleanup
}

weir_test_case idle ""
idle_head() {
	atf_set descr "without anything to do there are no wake-ups"
	atf_set require.progs "strace timeout"
}
idle_body() {
	weir_start
	set -- -p "$(cat weird.pid)"
	for pid in $(weir_processes); do
		[ "$pid" = "$(cat weird.pid)" ] || set -- "$@" -p "$pid"
	done
	# What begins may take its time to come to rest.
	for _ in 1 2 3; do
		timeout 10 strace -f -o trace "$@" 2>strace.err
		if ! grep -q "attached" strace.err; then
			weir_stop
			atf_skip "strace can't attach: $(head -n 1 strace.err)"
		fi
		if sleeps; then
			weir_stop
			return
		fi
	done
	cat trace
	atf_fail "something wakes up again and again"
}

# Each thread has the line of the call that it sleeps in, and no more.
sleeps() {
	! grep -Ev 'epoll_(p)?wait|restart_syscall|futex\(.*(unfinished|detached)|detached' trace &&
	    ! grep -E 'resumed|= [0-9]' trace
}

weir_test_case memory "with nothing in it weird takes less than 8 MB"
memory_body() {
	[ "$WEIR_BUILD" = plain ] || atf_skip "the plain build is what counts"
	[ -r /proc/self/status ] || atf_skip "there is no /proc"
	weir_start
	rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$(cat weird.pid)/status")
	echo "$rss kB"
	[ "$rss" -lt 8192 ] || atf_fail "$rss kB"
	weir_stop
}

weir_test_case runaway "a cycle that never ends is stopped at limits.task_runs"
runaway_body() {
	printf 'limits:\n  task_runs: 500\n' >weird.conf
	cat >round.yaml <<-END
	workflow: round
	tasks:
	  go: {set: {}, next: [{do: again}]}
	  again: {set: {}, next: [{when: "1 == 1", do: again}]}
	END
	weir_start -c "$PWD/weird.conf"
	atf_check -s exit:1 -o match:'more than 500 task runs' \
	    weirctl run round.yaml --wait
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case runaway
	atf_add_test_case second
	atf_add_test_case socket
	atf_add_test_case options
	atf_add_test_case configuration
	atf_add_test_case manual
	atf_add_test_case leaves
	atf_add_test_case adopts
	atf_add_test_case collects
	atf_add_test_case drains
	atf_add_test_case kills
	atf_add_test_case background
	atf_add_test_case reload
	atf_add_test_case roles
	atf_add_test_case idle
	atf_add_test_case memory
}
