# lib.sh: what the atf-sh tests share.  Sourced at the top of tests/*_test.sh:
#
#	. "$(atf_get_srcdir)/lib.sh"
#	weir_test_case starts "a workflow runs to its end"
#	starts_body() {
#		weir_start
#		atf_check -o ignore weirctl run "$WEIR_SRC/tests/examples/..." --wait
#		weir_stop
#	}
#	atf_init_test_cases() { atf_add_test_case starts; }
#
# Set by the suite: WEIR_BIN (where weird and weirctl are), WEIR_RUNNER (the
# path of weir-runner), WEIR_SRC (the top of the source), WEIR_BUILD (plain,
# san or cov: what is being tested), WEIR_LONG (not empty in check-long).
#
# A test has one daemon, private to the scratch directory it runs in: socket
# ./sock, state ./state, standard error in ./weird.log, its pid in ./weird.pid,
# and, when it has ended, its exit status in ./weird.status.
# shellcheck shell=sh

PATH="$WEIR_BIN:$PATH"
export PATH

# weir_test_case NAME DESCRIPTION: declares a test case that cleans up after
# itself.  Its body is NAME_body.
weir_test_case() {
	atf_test_case "$1" cleanup
	eval "weir_description_$1=\$2
	$1_head() { atf_set descr \"\$weir_description_$1\"; }
	$1_cleanup() { weir_cleanup; }"
}

# weir_start [ARGUMENT...]: starts weird with the arguments given besides, and
# comes back when it answers.
weir_start() {
	weir_launch "$@"
	weir_wait_until weir_answers_or_ended
	if [ -e weird.status ]; then
		weir_show_log
		atf_fail "weird ended with status $(cat weird.status)"
	fi
}

# weir_launch [ARGUMENT...]: starts weird and does not wait for its answer.
weir_launch() {
	rm -f weird.status weird.pid
	WEIR_SOCKET="$PWD/sock"
	export WEIR_SOCKET
	(
		# The pid is known before the daemon runs, its status after.
		# shellcheck disable=SC2016 # for the inner shell to expand
		sh -c 'echo $$ >weird.pid.new && mv weird.pid.new weird.pid &&
		    exec "$@"' sh "$WEIR_BIN/weird" -f -s "$PWD/sock" \
		    -d "$PWD/state" "$@" </dev/null >>weird.log 2>&1
		echo $? >weird.status.new
		mv weird.status.new weird.status
	) >/dev/null 2>&1 &
	weir_wait_until test -e weird.pid
}

# weir_stop: ends the daemon as an operator would, and demands that it ends
# well.  Callouts go on.
weir_stop() {
	kill -TERM "$(cat weird.pid)"
	weir_wait_until test -e weird.status
	if [ "$(cat weird.status)" != 0 ]; then
		weir_show_log
		atf_fail "weird ended with status $(cat weird.status)"
	fi
}

# weir_kill9: ends the daemon with SIGKILL.  Callouts go on.
weir_kill9() {
	kill -KILL "$(cat weird.pid)"
	weir_wait_until test -e weird.status
}

# ctl ARGUMENT...: weirctl for this test's daemon.  (Inside atf_check, which
# takes programs only, `weirctl` does the same: WEIR_SOCKET is set.)
ctl() {
	"$WEIR_BIN/weirctl" -s "$PWD/sock" "$@"
}

# weir_wait_until COMMAND...: comes back when the command succeeds; fails the
# test when it has not after some 60 seconds.  The one place that may sleep.
weir_wait_until() {
	weir_tries=0
	until "$@" >weir_wait.out 2>&1; do
		weir_tries=$((weir_tries + 1))
		if [ "$weir_tries" -ge 2000 ]; then
			cat weir_wait.out >&2
			weir_show_log
			atf_fail "waited a minute, in vain, for: $*"
		fi
		sleep 0.03
	done
}

# weir_place NAME: goes to a directory that other users can reach too, $place.
weir_place() {
	place=$(mktemp -d "/tmp/weir-$1.XXXXXX")
	echo "$place" >place
	chmod 755 "$place"
	cd "$place" || atf_fail "no $place"
}

# weir_place_cleanup: weir_cleanup in it, if it was gone to; it is removed.
weir_place_cleanup() {
	[ -e place ] || return 0
	place=$(cat place)
	cd "$place" || return 0
	weir_cleanup
	cd /
	rm -rf "$place"
}

# weir_slow_path DIRECTORY N: sets slow_path to a PATH with N entries for those
# who are in the directory, each of which it takes the kernel milliseconds to
# look through: symbolic links to a directory by way of itself.
weir_slow_path() {
	mkdir "$1/a"
	ln -s "$(printf '%0800d' 0 | sed 's,0,a/../,g')." "$1/l"
	weir_entry=$(printf '%039d' 0 | sed 's,0,l/,g')a
	# shellcheck disable=SC2034 # for who calls it
	slow_path=$(printf "%0$2d" 0 | sed "s,0,$weir_entry:,g")
}

weir_answers_or_ended() {
	[ -e weird.status ] || ctl engine status
}

weir_show_log() {
	if [ -e weird.log ]; then
		echo "--- weird.log, its end:" >&2
		tail -n 40 weird.log >&2
	fi
}

# weir_processes: the pids of the daemon, runners and callouts that belong to
# this scratch directory: by name and argument, and by the socket in their
# environment.
weir_processes() {
	if [ -d /proc/self/fd ]; then
		{
			grep -lsaE "^[^ ]*(weird|weir-runner)[^/]*$PWD/" \
			    /proc/[0-9]*/cmdline
			grep -lsaF "WEIR_SOCKET=$PWD/sock" \
			    /proc/[0-9]*/environ
		} | sed 's,^/proc/,,; s,/.*,,' | sort -u
	else
		ps -axwwe -o pid= -o command= | awk -v here="$PWD/" \
		    'index($0, "WEIR_SOCKET=" here "sock") ||
		    (/weird|weir-runner/ && index($0, here)) { print $1 }'
	fi
}

# weir_cleanup: nothing of this test's survives it.  The daemon goes first, so
# that it starts nothing again.
weir_cleanup() {
	unset WEIR_SOCKET
	if [ -e weird.pid ] && [ ! -e weird.status ]; then
		kill -KILL "$(cat weird.pid)" 2>/dev/null
	fi
	weir_rounds=0
	while [ "$weir_rounds" -lt 100 ]; do
		weir_left=$(weir_processes)
		[ -n "$weir_left" ] || return 0
		# shellcheck disable=SC2086 # a list of pids
		kill -KILL $weir_left 2>/dev/null
		weir_rounds=$((weir_rounds + 1))
		sleep 0.03
	done
	echo "processes that can't be ended: $weir_left" >&2
	return 1
}

# weir_python MODULE...: sets python to one that has them, or skips the test.
# What is first in the path need not be the one that packages are made for.
weir_python() {
	for python in python3 /usr/bin/python3 /usr/local/bin/python3 \
	    /usr/pkg/bin/python3; do
		if "$python" -c "import $(echo "$*" | tr ' ' ,)" 2>/dev/null
		then
			return 0
		fi
	done
	atf_skip "no python3 has $*"
}
