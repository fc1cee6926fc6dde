#!/usr/bin/env atf-sh
# attack_owner_test: an operator tries, by the daemon's methods, to read what is
# another's, to act on it, and to run things as another.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/intruder.sh"

# The attacker's own, which says as whom it runs.
who_yaml() { # NAME
	cat >"$1.yaml" <<-END
	workflow: $1
	tasks:
	  say: {run: [id, -u], output: text}
	END
}

# ran_as ID TASK UID
ran_as() {
	atf_check -o inline:"$3\n" weirctl logs "$1" "$2"
}

attack_test_case act "pausing, ending and running again what is another's"
act_body() {
	attack_begin
	victim_has_a_vault
	for verb in "pause --hold" resume cancel "cancel --kill" restart \
	    retry rerun "rerun --task open" replay delete; do
		# shellcheck disable=SC2086 # a verb and its options
		refused ./as $attacker ./weirctl $verb 1
		cat out err | grep -q "belongs to $victim" ||
		    atf_fail "$verb: $(cat out err)"
		refused ./as "$viewer" ./weirctl "${verb%% *}" 1
		refused ./as "$outsider" ./weirctl "${verb%% *}" 1
	done
	refused ./as "$attacker" ./weirctl terminate --reason mine 1
	is_as_before
	weir_stop
}

attack_test_case tasks "setting, skipping and signaling another's tasks"
tasks_body() {
	attack_begin
	victim_has_a_vault
	refused ./as "$attacker" ./weirctl update 1 hold --status completed
	refused ./as "$attacker" ./weirctl skip 1 hold
	refused ./as "$attacker" ./weirctl signal 1 go
	refused ./as "$attacker" ./weirctl signal 1 go --tree
	refused ./as "$attacker" ./weirctl approve 1 hold
	is_as_before
	weir_stop
}

attack_test_case input "other input for what runs as the victim"
input_body() {
	attack_begin
	victim_has_a_vault
	ctl signal 1 go
	weir_wait_until ended 1
	refused ./as "$attacker" ./weirctl rerun 1 -i token=mine
	refused ./as "$attacker" ./weirctl replay 1 -i token=mine
	refused ./as "$attacker" ./weirctl rerun 1 --task open
	atf_check -o match:'completed' weirctl show 1
	weir_stop
}

attack_test_case filter "what a filter lets through that is another's"
filter_body() {
	attack_begin
	victim_has_a_vault
	./as "$attacker" ./weirctl cancel --workflow vault >out 2>err
	./as "$attacker" ./weirctl terminate --reason x --status waiting \
	    >>out 2>>err
	no_secret out err
	is_as_before
	weir_stop
}

attack_test_case plan "a plan of what may not be done, as a way to look"
plan_body() {
	attack_begin
	victim_has_a_vault
	for verb in cancel replay "rerun --task open"; do
		# shellcheck disable=SC2086 # a verb and its options
		refused ./as $attacker ./weirctl $verb --plan 1
	done
	is_as_before
	weir_stop
}

attack_test_case values "input, variables and outputs, by whatever shows them"
values_body() {
	attack_begin
	victim_has_a_vault
	./as "$victim" ./weirctl --json show 1 >own
	atf_check -o ignore grep VICTIM-INPUT own
	atf_check -o ignore grep VICTIM-LOG own
	for uid in $attacker $viewer; do
		for verb in show "--json show" tree "--json tree" why \
		    "--json why" ls "--json ls" "wait --timeout 0s" \
		    "--json definition vault@1" definitions; do
			# shellcheck disable=SC2086 # a verb and its options
			case $verb in
			*ls | *defin*)
				./as $uid ./weirctl $verb >out 2>&1 ;;
			*)
				./as $uid ./weirctl $verb 1 >out 2>&1 ;;
			esac
			no_secret out
		done
	done
	ctl signal 1 go
	weir_wait_until ended 1
	ctl restart 1
	weir_wait_until vault_waits
	./as "$attacker" ./weirctl --json show 1 --generation 1 >out 2>&1
	no_secret out
	weir_stop
}

attack_test_case logs "another's standard output and error"
logs_body() {
	attack_begin
	victim_has_a_vault
	atf_check -o inline:"VICTIM-LOG\n" ./as "$victim" ./weirctl logs 1 open
	for uid in $attacker $viewer $outsider; do
		refused ./as "$uid" ./weirctl logs 1 open
		refused ./as "$uid" ./weirctl logs --stderr 1 open
		refused ./as "$uid" ./weirctl logs --attempt 1 --run 1 1 open
	done
	weir_stop
}

attack_test_case events "others' values in the stream of events"
events_body() {
	attack_begin
	victim_has_a_vault
	for uid in $attacker $viewer; do
		rm -f out
		timeout 60 ./as "$uid" ./weirctl --json events --from 1 >out \
		    2>err &
		reader=$!
		weir_wait_until grep -q task.wait out
		kill $reader
		wait $reader
		no_secret out err
		grep -q execution out || atf_fail "no events: $(cat out err)"
	done
	weir_stop
}

attack_test_case key "guessing another's idempotency key"
key_body() {
	attack_begin
	who_yaml who
	./as "$victim" ./weirctl --json run who.yaml --idempotency-key guess \
	    >first
	./as "$attacker" ./weirctl --json run who --idempotency-key guess >second
	grep -q '"created": true' second ||
	    atf_fail "the victim's was answered: $(cat second)"
	weir_wait_until ended 2
	ran_as 2 say "$attacker"
	weir_stop
}

attack_test_case replace "a version in place of what the victim starts"
replace_body() {
	attack_begin
	who_yaml mine
	sed 's/id, -u/touch, stolen/' mine.yaml >worse.yaml
	atf_check -o ignore ./as "$victim" ./weirctl define mine.yaml
	for uid in $attacker $viewer $outsider; do
		refused ./as "$uid" ./weirctl define worse.yaml
		refused ./as "$uid" ./weirctl run worse.yaml
	done
	refused ./as "$attacker" ./weirctl define worse.yaml
	cat out err | grep -q "belongs to $victim" || atf_fail "$(cat err)"
	# What is equal changes nothing.
	atf_check -o ignore ./as "$attacker" ./weirctl define mine.yaml
	ctl definition mine >now
	atf_check -s exit:1 grep stolen now
	# It is known of a snapshot, and of the journal, too.
	weir_stop
	weir_start -c weird.conf
	refused ./as "$attacker" ./weirctl define worse.yaml
	atf_check -o ignore ./as "$victim" ./weirctl define worse.yaml
	weir_stop
}

attack_test_case replace_roots "a version in place of what root starts"
replace_roots_body() {
	attack_begin
	who_yaml mine
	sed 's/id, -u/touch, stolen/' mine.yaml >worse.yaml
	atf_check -o ignore weirctl define mine.yaml
	refused ./as "$attacker" ./weirctl define worse.yaml
	run_as 0 mine
	ran_as "$id" say 0
	weir_stop
}

attack_test_case remove "deleting, disabling and capping another's workflow"
remove_body() {
	attack_begin
	who_yaml mine
	atf_check -o ignore ./as "$victim" ./weirctl define mine.yaml
	refused ./as "$attacker" ./weirctl undefine mine
	refused ./as "$attacker" ./weirctl disable mine
	refused ./as "$attacker" ./weirctl safety mine --starts 0/1h
	refused ./as "$attacker" ./weirctl enable mine
	atf_check -o ignore ./as "$victim" ./weirctl disable mine
	refused ./as "$attacker" ./weirctl enable mine
	atf_check -o ignore ./as "$victim" ./weirctl enable mine
	atf_check -o ignore ./as "$victim" ./weirctl undefine mine
	weir_stop
}

attack_test_case squat "a name that the victim's workflow will start"
squat_body() {
	attack_begin
	cat >outer.yaml <<-'END'
	workflow: outer
	on_failure: cleaner
	tasks:
	  sub: {workflow: inner}
	END
	atf_check -o ignore ./as "$victim" ./weirctl define outer.yaml
	# Neither is there yet: the attacker is faster.
	for name in inner cleaner; do
		who_yaml $name
		atf_check -o ignore ./as "$attacker" ./weirctl define $name.yaml
	done
	run_as "$victim" outer
	ctl why "$id" >out
	tr '\n' ' ' <out | grep -q "inner belongs to $attacker and was stored" ||
	    atf_fail "$(cat out)"
	ctl --json show "$id" | grep -q "cleaner belongs to $attacker" ||
	    atf_fail "$(ctl --json show "$id")"
	refused weirctl show 2
	# Who stores a version that names them now has seen whose they are.
	echo 'description: with these' >>outer.yaml
	run_as "$victim" outer.yaml
	weir_wait_until ended 3
	ran_as 3 say "$victim"
	refused ./as "$attacker" ./weirctl undefine inner
	weir_stop
}

attack_test_case subworkflow "whose rights a subworkflow has"
subworkflow_body() {
	attack_begin
	who_yaml inner
	sed 's/inner/cleaner/' inner.yaml >cleaner.yaml
	for name in inner cleaner; do
		atf_check -o ignore ./as "$victim" ./weirctl define $name.yaml
	done
	cat >outer.yaml <<-'END'
	workflow: outer
	on_failure: cleaner
	tasks:
	  sub: {workflow: inner, next: [{do: fail}]}
	  fail: {run: ["false"]}
	END
	run_as "$attacker" outer.yaml
	weir_wait_until ended 3
	ran_as 2 say "$attacker"
	ran_as 3 say "$attacker"
	weir_stop
}

attack_test_case replay "an admin replays what the attacker has started"
replay_body() {
	attack_begin
	who_yaml bait
	run_as "$attacker" bait.yaml
	atf_check -o ignore -e ignore weirctl replay 1
	weir_wait_until ended 2
	ran_as 2 say "$attacker"
	atf_check -o ignore -e ignore weirctl restart 1
	weir_wait_until ended 1
	ran_as 1 say "$attacker"
	atf_check -o ignore -e ignore weirctl rerun 1 --task say
	weir_wait_until ended 1
	ran_as 1 say "$attacker"
	weir_stop
}

attack_test_case approve "saying yes in the place of those who are named"
approve_body() {
	attack_begin
	cat >ask.yaml <<-'END'
	workflow: ask
	tasks:
	  group: {wait: {approval: "Go?", from: [weir-no-such-group]}}
	  owner: {wait: {approval: "Go?"}}
	END
	atf_check -o ignore ./as "$victim" ./weirctl run ask.yaml
	weir_wait_until vault_waits
	for verb in approve reject; do
		refused ./as "$attacker" ./weirctl $verb 1 group
		refused ./as "$attacker" ./weirctl $verb 1 owner
		refused ./as "$viewer" ./weirctl $verb 1 owner
	done
	is_as_before
	# A group's name is not taken for a user's, nor a number for a name.
	refused ./as "$victim" ./weirctl approve 1 group
	weir_stop
}

attack_test_case outsider "anything at all, without a role"
outsider_body() {
	attack_begin
	victim_has_a_vault
	who_yaml who
	for verb in ls "show 1" "why 1" "wait 1" "logs 1 open" definitions \
	    "engine status" events "define who.yaml" "run who.yaml" \
	    "engine pause" "engine stop"; do
		# shellcheck disable=SC2086 # a verb and its operands
		refused ./as $outsider ./weirctl $verb
	done
	atf_check -o match:none ./as "$outsider" ./weirctl whoami
	is_as_before
	weir_stop
}

attack_test_case engine "stopping or holding the engine"
engine_body() {
	attack_begin
	victim_has_a_vault
	for uid in $attacker $viewer; do
		refused ./as "$uid" ./weirctl engine pause
		refused ./as "$uid" ./weirctl engine pause --freeze
		refused ./as "$uid" ./weirctl engine resume
		refused ./as "$uid" ./weirctl engine stop
		refused ./as "$uid" ./weirctl engine stop --kill
	done
	is_as_before
	weir_stop
}

attack_test_case callout "a callout that turns to the daemon that runs it"
callout_body() {
	attack_begin
	victim_has_a_vault
	cat >inside.yaml <<-END
	workflow: inside
	tasks:
	  try:
	    run: "$place/weirctl terminate --reason x 1; $place/weirctl engine pause; $place/weirctl --json show 1; $place/weirctl logs 1 open; $place/weirctl whoami"
	END
	run_as "$attacker" inside.yaml
	ctl logs "$id" try >out
	ctl logs --stderr "$id" try >err
	no_secret out err
	grep -q "$attacker" out || atf_fail "$(cat out err)"
	cat out err | grep -q "belongs to $victim" || atf_fail "$(cat err)"
	is_as_before
	weir_stop
}

attack_test_case forged "parameters that say who one is, or whose it is"
forged_body() {
	attack_begin
	attack_python msgpack
	victim_has_a_vault
	cat >raw.py <<-'END'
	import json, msgpack, os, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(os.environ["WEIR_SOCKET"])
	params = json.loads(sys.argv[2])
	s.sendall(msgpack.packb([0, 1, sys.argv[1], [params]]))
	u = msgpack.Unpacker(raw=False, strict_map_key=False)
	while True:
	    u.feed(s.recv(65536))
	    for message in u:
	        print(message)
	        sys.exit(1 if message[2] else 0)
	END
	who_yaml who
	atf_check -o ignore ./as "$attacker" ./weirctl define who.yaml
	for more in '"owner": 31001' '"uid": 0' '"parent": 1' '"by": "root"' \
	    '"depth": 0' '"failure_of": 1' '"replay_of": 1' '"role": "admin"'
	do
		refused ./as "$attacker" "$python" raw.py execution.start \
		    "{\"workflow\": \"who\", $more}"
		grep -q 400 out || atf_fail "$more: $(cat out err)"
	done
	refused ./as "$attacker" "$python" raw.py hello '{"role": "admin"}'
	for stream in stdout stderr; do
		refused ./as "$attacker" "$python" raw.py task.log \
		    "{\"execution\": 1, \"task\": \"open\", \"stream\": \"$stream\", \"offset\": 0, \"limit\": 100}"
	done
	refused ./as "$attacker" "$python" raw.py execution.terminate \
	    '{"filter": {"owner": 31001}, "ids": [1], "reason": "x"}'
	./as "$attacker" "$python" raw.py execution.get '{"id": 1}' >out 2>&1
	./as "$attacker" "$python" raw.py execution.list '{}' >>out 2>&1
	./as "$attacker" "$python" raw.py execution.wait \
	    '{"id": 1, "status": "waiting"}' >>out 2>&1
	no_secret out
	is_as_before
	weir_stop
}

atf_init_test_cases() {
	for attack in act tasks input filter plan values logs events key \
	    replace replace_roots remove squat subworkflow replay approve \
	    outsider engine callout forged; do
		atf_add_test_case $attack
	done
}
