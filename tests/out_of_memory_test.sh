#!/usr/bin/env atf-sh
# out_of_memory_test: a daemon that runs out of memory for real, by a limit.
# (Each allocation fails in turn in fault_memory_test.)

. "$(atf_get_srcdir)/lib.sh"

LIMIT=90000 # KB of addresses

weir_test_case limit "a daemon at its limit ends and says so, and the next has all"
limit_body() {
	[ "$WEIR_BUILD" != san ] ||
	    atf_skip "the sanitizers need addresses without end"
	cat >w.yaml <<EOT
workflow: w
input: {text: {type: string}}
tasks:
  a: {wait: {signal: go}}
EOT
	head -c 900000 /dev/zero | tr '\0' x >text
	printf 'text: %s\n' "$(cat text)" >input.yaml
	(
		# shellcheck disable=SC3045 # where there is none it is no limit
		ulimit -v $LIMIT || :
		weir_launch
	)
	WEIR_SOCKET="$PWD/sock"
	export WEIR_SOCKET
	weir_wait_until weir_answers_or_ended
	atf_check -o ignore weirctl define w.yaml
	n=0
	while [ "$n" -lt 1000 ] &&
	    weirctl run w --input input.yaml >run.out 2>run.err; do
		n=$((n + 1))
	done
	[ "$n" -gt 10 ] || atf_fail "it had no memory at all: $(cat run.err)"
	[ "$n" -lt 1000 ] || atf_fail "the limit was never reached"
	weir_wait_until test -e weird.status
	atf_check_equal 71 "$(cat weird.status)"
	atf_check -o match:"out of memory: ending" tail -n 1 weird.log
	weir_start
	atf_check -o match:'"status": "waiting"' weirctl --json show "$n"
	atf_check -s exit:0 -o ignore weirctl show 1
	# One more may have been taken, and its answer not have left.
	last=$((n + 2))
	atf_check -s not-exit:0 -o ignore -e ignore weirctl show "$last"
	atf_check -o ignore weirctl signal 1 go
	atf_check -o ignore weirctl wait 1
	weir_stop
	echo "$n executions of 900 KB within $LIMIT KB"
}

atf_init_test_cases() {
	atf_add_test_case limit
}
