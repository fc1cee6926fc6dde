#!/usr/bin/env atf-sh
# disk_fail_test: a disk that fails ends the daemon before it says anything that
# is not so; one that is slow makes who writes wait, and nobody else.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

define_workflows() {
	cat >park.yaml <<-END
	workflow: park
	tasks: {wait: {wait: {signal: go}}}
	END
	cat >gate.yaml <<-END
	workflow: gate
	tasks:
	  wait:
	    run: ["sh", "-c", "echo \$\$ >>$PWD/started; until [ -e $PWD/go ]; do sleep 0.05; done"]
	END
	atf_check -o ignore weirctl define park.yaml gate.yaml
}

# attach ARGUMENT...: strace to all threads of the daemon.
attach() {
	rm -f strace.err
	strace -f -qq -o trace -p "$(cat weird.pid)" "$@" 2>strace.err &
	weir_wait_until attached
	if grep -q "Operation not permitted" strace.err; then
		weir_stop
		atf_skip "strace can't attach: $(head -n 1 strace.err)"
	fi
}

attached() {
	[ -s strace.err ] || ! grep -L "^TracerPid:	0" \
	    "/proc/$(cat weird.pid)"/task/*/status | wc -l | grep -qx 0
}

# Starts executions until that is not answered, and keeps what was.
start_until_end() {
	while ctl run park >run.out 2>run.err; do
		sed -n 's/^started \([0-9]*\) .*/\1/p' run.out >>ledger
		[ "$(wc -l <ledger)" -lt 2000 ] || atf_fail "nothing failed"
	done
}

# one_failure CALL ERROR N: the Nth call from now on fails.
one_failure() {
	: >ledger
	rm -f started go
	atf_check -o ignore weirctl run gate
	weir_wait_until test -s started
	attach -e "trace=$1" -e "inject=$1:error=$2:when=$3"
	start_until_end
	weir_wait_until test -e weird.status
	atf_check_equal 74 "$(cat weird.status)"
	grep -q "nothing that was not durable has been answered" weird.log ||
	    atf_fail "it does not say so"
	kill -0 "$(cat started)" || atf_fail "the callout is gone"
	weir_start
	while read -r id; do
		atf_check -o ignore weirctl show "$id"
	done <ledger
	touch go
	weir_wait_until all_ended
	atf_check_equal 1 "$(wc -l <started)"
	acknowledged=$((acknowledged + $(wc -l <ledger)))
	failures=$((failures + 1))
}

all_ended() {
	! weirctl ls | grep gate | grep -q running
}

weir_test_case failures ""
failures_head() {
	atf_set descr "the first failed write or sync ends it; nothing is lost"
	atf_set require.progs strace
	atf_set timeout 1800
}
failures_body() {
	[ "$WEIR_BUILD" = plain ] || atf_skip "strace is for the plain build"
	weir_start
	define_workflows
	acknowledged=0 failures=0
	last=3
	[ -z "$WEIR_LONG" ] || last=60
	n=1
	while [ "$n" -le "$last" ]; do
		one_failure fdatasync EIO "$n"
		one_failure pwrite64 EIO "$n"
		one_failure pwrite64 ENOSPC "$n"
		n=$((n + 1))
	done
	weir_stop
	echo "$failures failures, $acknowledged acknowledged executions"
}

# start_slow: weird with tests/slow_sync.c loaded.
start_slow() {
	[ "$WEIR_BUILD" = plain ] || atf_skip "for the plain build"
	cc -shared -fPIC -o slow_sync.so "$WEIR_SRC/tests/slow_sync.c" ||
	    atf_skip "no compiler for what makes the disk slow"
	export SLOW_SYNC_GATE="$PWD/hold"
	export LD_PRELOAD="$PWD/slow_sync.so"
	weir_start
	unset LD_PRELOAD
}

weir_test_case reads ""
reads_head() {
	atf_set descr "reads are answered while a sync is under way"
	atf_set require.progs cc
}
reads_body() {
	start_slow
	define_workflows
	atf_check -o ignore weirctl run park
	weir_wait_until hold_seal
	for verb in ls "show 1" "engine status" "why 1"; do
		# shellcheck disable=SC2086 # a verb and its operand
		atf_check -o not-empty timeout 30 weirctl $verb
	done
	# What is written now is not answered, and not seen, before it is safe.
	weirctl run park >run.out 2>&1 &
	writer=$!
	weir_wait_until written
	timeout 1 "$WEIR_BIN/weirctl" show 2 >show.out 2>&1 &&
	    atf_fail "it is shown: $(cat show.out)"
	[ ! -s run.out ] || atf_fail "it is answered: $(cat run.out)"
	rm hold
	wait "$writer"
	atf_check -o match:"^started 2 " cat run.out
	atf_check -o ignore weirctl show 2
	weir_stop
}

# The seal of the last batch, a second later, is held up; or it was there before
# that could be said.
hold_seal() {
	rm -f hold hold.waits
	ctl disable gate && ctl enable gate
	touch hold
	timeout 10 sh -c 'until [ -e hold.waits ]; do sleep 0.05; done'
}

# The daemon has taken the request in.
written() {
	grep -q "execution 2 of park started" weird.log
}

weir_test_case latency ""
latency_head() {
	atf_set descr "with syncs of 300 ms who writes waits for its own and one more"
	atf_set require.progs cc
}
latency_body() {
	export SLOW_SYNC_MS=300
	start_slow
	define_workflows
	clients=
	for client in 1 2 3; do
		(
			n=0
			while [ "$n" -lt 5 ]; do
				begin=$(date +%s%N)
				ctl run park >/dev/null || exit 1
				echo "$((($(date +%s%N) - begin) / 1000000))" \
				    >>"latency.$client"
				n=$((n + 1))
			done
			touch "done.$client"
		) &
		clients="$clients $!"
	done
	# shellcheck disable=SC2086 # a list of pids
	wait $clients
	atf_check_equal 3 "$(find . -name 'done.*' | wc -l)"
	sort -n latency.* >latencies
	middle=$(sed -n 8p latencies)
	echo "15 writes by 3 clients: $(head -n 1 latencies) to $(tail -n 1 latencies) ms, $middle ms in the middle"
	# Never less than its own sync; and far from fifteen of them, where one
	# or the other had to wait for something else.
	[ "$(head -n 1 latencies)" -ge 300 ] || atf_fail "answered too early"
	[ "$middle" -lt 4500 ] || atf_fail "one after the other"
	weir_stop
}

atf_init_test_cases() {
	for name in failures reads latency; do
		atf_add_test_case $name
	done
}
