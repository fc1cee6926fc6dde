# intruder.sh: what the attack tests share.  Sourced after lib.sh.
#
#	attack_test_case steals "what is tried"
#	steals_body() {
#		attack_begin
#		victim_has_a_vault
#		refused ./as $attacker ./weirctl logs 1 open
#	}
#
# A root daemon serves a victim and an attacker, who are operators, a viewer,
# and an outsider, who has no role.  None of the uids needs an entry in passwd.
# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who source it
victim=31001 attacker=31002 viewer=31003 outsider=31004

# attack_test_case NAME DESCRIPTION [PROGRAM...]: as weir_test_case; skipped
# where the programs are missing, or whoever runs it is not root.
attack_test_case() {
	attack_name=$1 attack_descr=$2
	shift 2
	atf_test_case "$attack_name" cleanup
	eval "attack_description_$attack_name=\$attack_descr
	attack_programs_$attack_name=\"setpriv $*\"
	${attack_name}_head() {
		atf_set descr \"\$attack_description_$attack_name\"
		atf_set require.user root
		atf_set require.progs \"\$attack_programs_$attack_name\"
	}
	${attack_name}_cleanup() { weir_place_cleanup; }"
}

# attack_place: a directory that everyone may go through is the working
# directory from here on.
attack_place() {
	weir_place attack
	cp "$WEIR_BIN/weirctl" weirctl || atf_skip "no room in /tmp"
	cat >as <<-'END'
	#!/bin/sh
	# as UID COMMAND...
	uid=$1
	shift
	exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
	END
	chmod 755 as
	./as $outsider ./weirctl help >/dev/null 2>&1 ||
	    atf_skip "other users cannot run programs in $PWD"
	mkdir "by.$victim" "by.$attacker"
	chown $victim "by.$victim"
	chown $attacker "by.$attacker"
	chmod 700 "by.$victim"
}

# attack_begin [LINE...]: the daemon, with lines more in weird.conf.
attack_begin() {
	attack_place
	{
		echo "roles: {viewer: {users: [$viewer]}, operator: {users: [$victim, $attacker]}}"
		for line; do echo "$line"; done
	} >weird.conf
	weir_start -c weird.conf
}

# victim_has_a_vault: an execution of the victim's, number 1, that waits for a
# signal.  All that is secret of it has VICTIM- in it, and the definition has
# not.
victim_has_a_vault() {
	cat >vault.yaml <<-'END'
	workflow: vault
	input: {token: {type: string}}
	vars: {kept: none}
	output: "${{ vars.kept }}"
	tasks:
	  open:
	    run: "echo VICTIM-''LOG; echo VICTIM-''ERR >&2"
	    env: {TOKEN: "${{ input.token }}"}
	    output: text
	    next: [{set: {kept: "${{ task.output }}"}, do: hold}]
	  hold: {wait: {signal: go}}
	END
	atf_check -o ignore ./as $victim ./weirctl run vault.yaml \
	    -i token=VICTIM-INPUT
	weir_wait_until vault_waits
}

vault_waits() {
	ctl show 1 | grep -q waiting
}

# refused COMMAND...: fails, with what may be told kept in ./out and ./err.
refused() {
	"$@" >out 2>err && {
		cat out err
		atf_fail "was let in: $*"
	}
	no_secret out err
}

# attack_python MODULE...: sets python to one that has them and that the
# attacker can run, or skips the test.  After attack_place.
attack_python() {
	for python in /usr/bin/python3 /usr/local/bin/python3 \
	    /usr/pkg/bin/python3 python3; do
		if ./as $attacker "$python" -c \
		    "import $(echo "$*" | tr ' ' ,)" 2>/dev/null; then
			return 0
		fi
	done
	atf_skip "other users have no python3 with $*"
}

# no_secret FILE...: nothing of the victim's is in them.
no_secret() {
	! grep -a 'VICTIM-[A-Z]' "$@" || atf_fail "the victim's secret is told"
}

# run_as UID FILE [ARGUMENT...]: runs a workflow to its end; its id is in id.
run_as() {
	run_uid=$1
	shift
	./as "$run_uid" ./weirctl --json run "$@" >started 2>started.err || {
		cat started.err
		atf_fail "was not started: $*"
	}
	id=$(sed -n 's/^{"id": \([0-9]*\).*/\1/p' started)
	[ -n "$id" ] || atf_fail "no id in: $(cat started)"
	weir_wait_until ended "$id"
}

# Not a task of it, nor what it was before it was made to run again.
ended() {
	ctl --json show "$1" | grep -Eq \
	    '"status": "(completed|failed|timed_out|canceled|terminated)", "ending"'
}

# is_as_before: the victim's vault.
is_as_before() {
	ctl show 1 >shown
	grep -q waiting shown || {
		cat shown
		atf_fail "the victim's execution has changed"
	}
}
