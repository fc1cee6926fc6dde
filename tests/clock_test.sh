#!/usr/bin/env atf-sh
# clock_test: the date is set ten years back and forth, and the machine sleeps.
# Durations take as long as they take, sleep included; what waits for a time
# that clocks show goes by the clock; recorded times never go back.

. "$(atf_get_srcdir)/lib.sh"

YEARS=315360000 # ten of them, in seconds

# A daemon whose clocks the test sets; a start of it keeps what they show.
start_shown() {
	[ -n "$(command -v timeout)" ] || atf_skip "there is no timeout(1)"
	shim="$WEIR_BIN/tests/clock_shim.so"
	[ -e "$shim" ] || atf_skip "there is no clock_shim.so on this system"
	[ "$WEIR_BUILD" != san ] ||
	    atf_skip "the sanitizers stand where the shim would"
	[ -e clocks ] || set_clock wall 0
	weir_launch_with LD_PRELOAD="$shim" CLOCK_PLAN="$PWD/clocks"
	weir_wait_until weir_answers_or_ended
}

# As weir_launch, with that in its environment.
weir_launch_with() {
	(
		# shellcheck disable=SC2163 # each is a NAME=CONTENT
		export "$@"
		weir_launch
	)
	WEIR_SOCKET="$PWD/sock"
	export WEIR_SOCKET
}

set_clock() {
	"$WEIR_BIN/tests/set_clock" clocks "$1" "$2"
}

# define_tasks: takes the tasks, in YAML, from standard input.
define_tasks() {
	{ echo "workflow: w"; echo "tasks:"; cat; } >w.yaml
	atf_check -o ignore weirctl define w.yaml
	atf_check -o ignore weirctl run w
}

status_is() {
	ctl --json show "${2-1}" | grep -q "\"status\": \"$1\", \"ending\""
}

# It has had a second to do what it must not.
still() {
	timeout 1 "$WEIR_BIN/weirctl" wait 1 >wait.out 2>&1 || :
	status_is "$1" || atf_fail "execution 1 is not $1: $(ctl show 1)"
}

# No event has a time before that of the one before it.
times_rise() {
	last=$(ctl --json engine status | sed 's/.*"last": \([0-9]*\).*/\1/')
	rm -f told.out # of the time before, which is as complete
	weirctl --json events --from 1 >told.out 2>&1 &
	events=$!
	weir_wait_until grep -q "^{\"seq\": $last,.*}$" told.out
	kill "$events"
	sed 's/^{"seq": [0-9]*, "time": \([0-9]*\).*/\1/' told.out >when.out
	atf_check test -s when.out
	atf_check sort -n -c when.out
}

weir_test_case delay "a retry's delay is as long as it is, whatever the date"
delay_body() {
	start_shown
	define_tasks <<EOT
  a:
    run: [sh, -c, 'test \$WEIR_ATTEMPT -gt 1']
    retry: {count: 1, delay: 1h}
EOT
	weir_wait_until eval "ctl show 1 | grep -q 'exit status 1'"
	set_clock wall $YEARS
	still running
	set_clock wall -$YEARS
	still running
	set_clock slept 3000
	still running
	set_clock slept 3601
	weir_wait_until status_is completed
	times_rise
	weir_stop
}

weir_test_case timeout "a timeout goes on while the machine sleeps"
timeout_body() {
	start_shown
	define_tasks <<EOT
  a:
    run: [sleep, "3600"]
    timeout: 30m
EOT
	weir_wait_until eval "ctl --json show 1 | grep -q '\"pid\": [0-9]'"
	set_clock wall $YEARS
	still running
	set_clock wall -$YEARS
	still running
	set_clock slept 1801
	weir_wait_until status_is failed
	atf_check -o match:"timed out after 30m" weirctl --json show 1
	times_rise
	weir_stop
}

weir_test_case frozen "no timeout goes on for what is frozen, asleep or not"
frozen_body() {
	start_shown
	define_tasks <<EOT
  a:
    run: "echo >$PWD/runs; until [ -e $PWD/go ]; do sleep 0.05; done"
    timeout: 30m
timeout: 50m
EOT
	weir_wait_until test -e runs
	set_clock slept 900
	atf_check -o inline:'1: paused\n' weirctl pause 1 --freeze
	set_clock slept 4500
	still paused
	: >go
	atf_check -o inline:'1: running\n' weirctl resume 1
	weir_wait_until status_is completed
	times_rise
	weir_stop
}

weir_test_case until "a wait for a time goes by what the clock shows"
until_body() {
	start_shown
	define_tasks <<EOT
  a:
    wait: {until: "$(date -u -d '+1 year' +%Y-%m-%dT%H:%M:%SZ)"}
EOT
	weir_wait_until status_is waiting
	set_clock wall -$YEARS
	still waiting
	set_clock wall 30000000
	still waiting
	set_clock wall $YEARS
	weir_wait_until status_is completed
	times_rise
	weir_stop
}

weir_test_case slept_until "a wait for a time that has passed in its sleep ends"
slept_until_body() {
	start_shown
	define_tasks <<EOT
  a:
    wait: {until: "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"}
EOT
	weir_wait_until status_is waiting
	set_clock slept 3000
	still waiting
	set_clock slept 3700
	weir_wait_until status_is completed
	weir_stop
}

weir_test_case back "a daemon started with the date set back goes on from where it was"
back_body() {
	start_shown
	define_tasks <<EOT
  a:
    run: [sh, -c, 'test \$WEIR_ATTEMPT -gt 1']
    retry: {count: 1, delay: 1h}
  b:
    wait: {until: "$(date -u -d '+1 year' +%Y-%m-%dT%H:%M:%SZ)"}
EOT
	weir_wait_until eval "ctl show 1 | grep -q 'exit status 1'"
	weir_stop
	set_clock wall -$YEARS
	start_shown
	still running
	set_clock slept 3601
	weir_wait_until eval "ctl show 1 | grep -q 'completed a'"
	still waiting
	set_clock wall $YEARS
	weir_wait_until status_is completed
	times_rise
	weir_kill9
	start_shown
	times_rise
	weir_stop
}

weir_test_case clients "clients get their answers whatever the date"
clients_body() {
	start_shown
	define_tasks <<EOT
  a:
    wait: {signal: go}
EOT
	for seconds in $YEARS -$YEARS 0; do
		set_clock wall "$seconds"
		atf_check -o ignore timeout 20 "$WEIR_BIN/weirctl" engine status
		atf_check -o ignore timeout 20 "$WEIR_BIN/weirctl" run w
	done
	for id in 1 2 3 4; do
		atf_check -o ignore timeout 20 "$WEIR_BIN/weirctl" signal $id go
		atf_check -o ignore timeout 20 "$WEIR_BIN/weirctl" wait $id
	done
	times_rise
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case delay
	atf_add_test_case timeout
	atf_add_test_case frozen
	atf_add_test_case until
	atf_add_test_case slept_until
	atf_add_test_case back
	atf_add_test_case clients
}
