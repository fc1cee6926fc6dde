#!/usr/bin/env atf-sh
# reload_test: weird.conf read again while the daemon runs: whole or not at all,
# with what becomes of those who are connected.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/users.sh"

ALL='roles: {viewer: {users: [eve]}, operator: {groups: [build]}}'

logged() {
	grep -q "$1" weird.log
}

watches() { # FILE COUNT
	[ "$(grep -c '"seq"' "$1")" -ge "$2" ]
}

role_is() {
	as "$1" --json whoami | grep -q "\"role\": \"$2\""
}

weir_test_case whole "a file with errors changes nothing, and says what is wrong"
whole_body() {
	printf 'log: info\nlimits: {requests: 3}\n' >weird.conf
	weir_start -c "$PWD/weird.conf"
	printf 'log: debug\nlimits: {request: 3}\nshow: 1\n' >weird.conf
	atf_check -s not-exit:0 \
	    -e match:"stays as it is: $PWD/weird.conf:2:10: limits.request: unknown key; did you mean limits.requests\?; $PWD/weird.conf:3:1: show: unknown key" \
	    weirctl engine reload
	logged "weird.conf:3:1: show" || atf_fail "it was not logged"
	kill -HUP "$(cat weird.pid)"
	weir_wait_until logged "SIGHUP"
	atf_check -o ignore weirctl engine status
	atf_check -s exit:1 grep "weird: configuration read again" weird.log
	rm weird.conf
	atf_check -s not-exit:0 -e match:"weird.conf: No such file" \
	    weirctl engine reload
	printf 'log: debug\n' >weird.conf
	chmod 666 weird.conf
	atf_check -s not-exit:0 -e match:"others must not be able to write it" \
	    weirctl engine reload
	chmod 644 weird.conf
	atf_check -o inline:"weird.conf was read again\n" weirctl engine reload
	weir_stop
}

weir_test_case restart "keys that need a restart are named, each time"
restart_body() {
	echo 'log: info' >weird.conf
	weir_start -c "$PWD/weird.conf"
	cat >weird.conf <<-END
	socket_mode: 600
	runtime_dir: $PWD/elsewhere
	pid_file: $PWD/pid
	journal: {segment_size: 1M}
	callouts: {runners: 3, runner: /bin/cat, path: /bin, output_max: 2M, max: 7}
	END
	cat >expected <<-END
	weird.conf was read again
	socket_mode changes with the next start
	runtime_dir changes with the next start
	pid_file changes with the next start
	journal.segment_size changes with the next start
	callouts.runners changes with the next start
	callouts.runner changes with the next start
	callouts.path changes with the next start
	callouts.output_max changes with the next start
	END
	atf_check -o file:expected weirctl engine reload
	atf_check -o match:'"restart": \["socket_mode", "runtime_dir",' \
	    weirctl --json engine reload
	# Until then all is as it was.
	atf_check -o file:expected weirctl engine reload
	logged "callouts.path changes with the next start" ||
	    atf_fail "it was not logged"
	echo 'log: info' >weird.conf
	atf_check -o inline:"weird.conf was read again\n" weirctl engine reload
	weir_stop
}

users_case roles "who is connected has the new role at once"
roles_body() {
	users_begin
	echo "$ALL" >weird.conf
	cat >waits.yaml <<-'END'
	workflow: waits
	tasks: {a: {wait: {signal: go}}}
	END
	weir_start -c "$PWD/weird.conf"
	atf_check -o ignore as ann run waits.yaml
	as eve --json events --from 1 >eve.events 2>eve.err &
	eve_events=$!
	as eve wait 1 >eve.wait 2>&1 &
	eve_wait=$!
	as bob --json events --from 1 >bob.events 2>bob.err &
	bob_events=$!
	weir_wait_until watches eve.events 3
	weir_wait_until watches bob.events 3
	# eve is nobody now, bob only looks.
	echo 'roles: {viewer: {users: [bob]}, operator: {users: [ann]}}' \
	    >weird.conf
	kill -HUP "$(cat weird.pid)"
	weir_wait_until logged "configuration read again"
	wait "$eve_events" && atf_fail "eve still watches"
	wait "$eve_wait" && atf_fail "eve still waits"
	atf_check -s exit:77 -o ignore -e match:"eve has no role here" \
	    as eve ls
	role_is eve none || atf_fail "eve has a role"
	role_is bob viewer || atf_fail "bob is no viewer"
	seen=$(grep -c '"seq"' eve.events)
	atf_check -o ignore as ann signal 1 go
	atf_check -o ignore as ann wait 1
	weir_wait_until grep -q '"status": "completed"' bob.events
	atf_check_equal "$seen" "$(grep -c '"seq"' eve.events)"
	atf_check -s exit:77 -e match:"is for an operator" as bob run waits
	kill "$bob_events"
	cat eve.err
	# Groups are looked up anew, also for those who stay connected.
	echo "$ALL" >weird.conf
	atf_check -o ignore weirctl engine reload
	rm -f bob.events
	as bob --json events --from 1 >bob.events 2>bob.err &
	bob_events=$!
	weir_wait_until watches bob.events 3
	sed 's/^build:.*/build:x:61100:ann/' group >group.new
	cat group.new >group
	atf_check -o ignore weirctl engine reload
	wait "$bob_events" && atf_fail "bob still watches"
	atf_check -s exit:77 -o ignore -e match:"bob has no role here" \
	    as bob ls
	weir_stop
}

users_case refused "engine.reload is for admins"
refused_body() {
	users_begin
	echo "$ALL" >weird.conf
	weir_start -c "$PWD/weird.conf"
	for user in ann eve; do
		atf_check -s exit:77 -e match:"engine.reload is for an admin" \
		    as "$user" engine reload
	done
	atf_check -s exit:77 -e match:"has no role" as zed engine reload
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case whole
	atf_add_test_case restart
	atf_add_test_case roles
	atf_add_test_case refused
}
