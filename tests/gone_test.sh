#!/usr/bin/env atf-sh
# gone_test: cancel and terminate with --wait: nothing is left when they are
# answered, or what is left is told.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# A shell, a child of it, and under that one that nothing but SIGKILL ends, in
# a session of its own, and one without any of its environment besides.
define_stubborn() {
	cat >stubborn.sh <<-'END'
	trap '' TERM
	echo $$ >shell
	(
		sh -c 'echo $PPID >child'
		setsid sh -c 'echo $$ >grandchild
		    while :; do sleep 0.05; done' &
		env -i PATH="$PATH" setsid sh -c 'echo $$ >bare
		    while :; do sleep 0.05; done' &
		setsid sh -c 'sh -c "echo \$\$ >daemonised
		    while :; do sleep 0.05; done" &'
		wait
	) &
	until [ -e go ]; do sleep 0.05; done
	END
	cat >stubborn.yaml <<-END
	workflow: stubborn
	tasks:
	  all:
	    run: [sh, "$PWD/stubborn.sh"]
	    cwd: "$PWD"
	    kill_after: ${1-100ms}
	END
	cat >above.yaml <<-END
	workflow: above
	tasks: {below: {workflow: stubborn}}
	END
	atf_check -o ignore weirctl define stubborn.yaml above.yaml
}

family="shell child grandchild bare daemonised"

has_family() {
	for file in $family; do
		[ -s "$file" ] || return 1
	done
}

# check_gone FILE...: no process has a pid that is in one of them.
check_gone() {
	for file; do
		pid=$(cat "$file")
		! kill -0 "$pid" 2>/dev/null ||
		    atf_fail "$file is left: $(ps -o stat=,args= -p "$pid")"
		[ ! -e "/proc/$pid" ] || atf_fail "$file is in /proc"
		rm "$file"
	done
}

is_gone() {
	! kill -0 "$(cat "$1")" 2>/dev/null
}

weir_test_case proof "nothing is left of a tree of processes once it is answered"
proof_body() {
	weir_start
	define_stubborn
	id=0
	for verb in "terminate -r enough" "cancel --kill"; do
		for workflow in stubborn above; do
			ctl run $workflow
			weir_wait_until has_family
			id=$((id + 1))
			# shellcheck disable=SC2086 # a verb and its options
			atf_check -o match:"^$id: (terminated|canceled)\$" \
			    weirctl $verb --wait $id
			# shellcheck disable=SC2086 # a list
			check_gone $family
			[ $workflow = stubborn ] || id=$((id + 1))
		done
	done
	ctl run stubborn
	weir_wait_until has_family
	atf_check -o match:'"survivors": null' \
	    weirctl --json terminate -r enough 7
	# When weird has ended nobody would end what has no mark.
	weir_wait_until is_gone bare
	weir_stop
}

is_canceling() {
	ctl --json ls | grep -q '"id": 1,.*"status": "canceling"'
}

weir_test_case drained "what a command that ends by itself has left is gone too"
drained_body() {
	weir_start
	define_stubborn 60s
	ctl run stubborn
	weir_wait_until has_family
	weir_family="shell grandchild daemonised"
	ctl cancel 1 --wait >waited &
	weir_wait_until is_canceling
	touch go
	wait $!
	atf_check -o inline:'1: canceled\n' cat waited
	# shellcheck disable=SC2086 # a list
	check_gone $weir_family
	# It has nothing any more by which it could be told whose it is.
	kill -KILL "$(cat bare)" 2>kill.err || : # or it was found by its parent
	weir_stop
}

answers() {
	[ -S "$dir/sock" ] && ./nobody "$dir/weirctl" -s "$dir/sock" ls
}

# start_nobody: a daemon that may not kill what is root's, in $dir.
start_nobody() {
	cat >nobody <<-'END'
	#!/bin/sh
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	END
	chmod 755 nobody
	dir=$(mktemp -d /tmp/weir-gone.XXXXXX)
	echo "$dir" >dir
	chmod 755 "$dir"
	chown 65534:65534 "$dir"
	cp "$WEIR_BIN/weird" "$WEIR_BIN/weirctl" "$WEIR_RUNNER" "$dir" ||
	    atf_skip "no room in /tmp"
	install -m 4755 "$WEIR_BIN/tests/unkillable" "$dir/unkillable"
	./nobody "$dir/unkillable" /dev/null "$dir" ||
	    atf_skip "a set-user-ID program has no effect here"
	mkfifo "$dir/end" "$dir/end2"
	cat >"$dir/w.yaml" <<-END
	workflow: w
	tasks:
	  alone:
	    run: [$dir/unkillable, $dir/alone, $dir/end]
	    kill_after: 0s
	    next: [{do: left}]
	  left:
	    run: "$dir/unkillable $dir/left $dir/end2 & until [ -s $dir/left ]; do sleep 0.05; done; [ ! -e $dir/hang ] || sleep 600"
	    kill_after: 0s
	END
	printf 'callouts: {runner: "%s"}\n' "$dir/weir-runner" >"$dir/conf"
	./nobody "$dir/weird" -f -c "$dir/conf" -d "$dir/state" \
	    -s "$dir/sock" 2>weird.log &
	weir_wait_until answers
	./nobody "$dir/weirctl" -s "$dir/sock" run "$dir/w.yaml"
	weir_wait_until test -s "$dir/alone"
}

atf_test_case unkillable cleanup
unkillable_head() {
	atf_set descr "what can't be killed is told, by pid and command"
	atf_set require.user root
	atf_set require.progs "setpriv install"
}
unkillable_body() {
	start_nobody
	pid=$(cat "$dir/alone")
	atf_check -s exit:1 \
	    -o match:"^1: [a-z]+; still there: pid $pid \($dir/unkillable $dir/alone $dir/end\): it runs as root, and weird, which runs as nobody, may not signal it\$" \
	    ./nobody "$dir/weirctl" -s "$dir/sock" terminate -r enough --wait 1
	kill -0 "$pid" || atf_fail "it has ended"
	atf_check -o match:'"callouts": 1' \
	    ./nobody "$dir/weirctl" -s "$dir/sock" --json show 1
	: >"$dir/end"
	weir_wait_until no_callouts 1
}
no_callouts() {
	./nobody "$dir/weirctl" -s "$dir/sock" --json show "$1" |
	    grep -q '"callouts": 0'
}
unkillable_cleanup() {
	nobody_cleanup
}

atf_test_case leftover cleanup
leftover_head() {
	atf_set descr "so is what a command has left and can't be killed"
	atf_set require.user root
	atf_set require.progs "setpriv install"
}
leftover_body() {
	start_nobody
	touch "$dir/hang"
	: >"$dir/end"
	weir_wait_until test -s "$dir/left"
	pid=$(cat "$dir/left")
	atf_check -s exit:1 -o match:"\"survivors\": \[\{\"pid\": $pid, \"command\": \"$dir/unkillable [^\"]*\", \"why\": \"[^\"]*\", \"execution\": 1, \"task\": \"left\", \"item\": null, \"attempt\": 1\}\]" \
	    ./nobody "$dir/weirctl" -s "$dir/sock" --json cancel --kill --wait 1
	atf_check -o match:'1 process that it left behind may not be killed' \
	    ./nobody "$dir/weirctl" -s "$dir/sock" logs 1 left --stderr
}
leftover_cleanup() {
	nobody_cleanup
}

# Processes that name the test's directory, and the directory.
nobody_cleanup() {
	[ -e dir ] || return 0
	dir=$(cat dir)
	for weir_round in 1 2 3; do
		grep -lsaF "$dir/" /proc/[0-9]*/cmdline |
		    sed 's,^/proc/,,; s,/.*,,' | while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done
	done
	rm -rf "$dir"
	: "$weir_round"
}

atf_init_test_cases() {
	for name in proof drained unkillable leftover; do
		atf_add_test_case $name
	done
}
