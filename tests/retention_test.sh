#!/usr/bin/env atf-sh
# retention_test: what has ended is deleted, by hand or by retention, with its
# logs; logs that grow without end are trimmed.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# define NAME TASKS
define() {
	printf 'workflow: %s\ntasks: %s\n' "$1" "$2" >"$1.yaml"
	atf_check -o ignore weirctl define "$1.yaml"
}

# configure LINE...
configure() {
	printf '%s\n' "$@" >weird.conf
}

reload() {
	kill -HUP "$(cat weird.pid)"
}

gone() { # ID
	! ctl show "$1" >/dev/null 2>&1 && ! [ -e "state/logs/$1" ]
}

waits() { # ID
	ctl show "$1" | grep -q '^status .*waiting'
}

kept() { # COUNT
	ctl engine status | grep -Eq "^ended, kept +$1\$"
}

logs_removed() { # COUNT
	ctl engine status | grep -Eq "^logs removed +$1\$"
}

weir_test_case delete "what is deleted is no more, after a restart too"
delete_body() {
	weir_start
	define child '{a: {run: [echo, low]}}'
	define top '{a: {workflow: child}, b: {run: [echo, high]}}'
	define waits '{a: {wait: {signal: go}}}'
	atf_check -o ignore weirctl run top --wait --idempotency-key once
	atf_check -o ignore weirctl run waits
	[ -e state/logs/1 ] || atf_fail "no logs of 1"
	[ -e state/logs/2 ] || atf_fail "no logs of 2"
	atf_check -s exit:75 -o match:'2: refused: .*subworkflow of execution 1.*delete 1' \
	    weirctl delete 2
	atf_check -s exit:75 -o match:'3: refused: .*waiting.*allowed: ' \
	    weirctl delete 3
	atf_check -s exit:75 -o match:'moved on' \
	    weirctl delete 1 --if-revision 1
	atf_check -o match:'execution +1 top: completed -> deleted$' \
	    -o match:'execution +2 child: completed -> deleted .subworkflow' \
	    weirctl delete 1 --plan
	atf_check -o ignore weirctl show 1
	ctl events --from 1 >events.out 2>&1 &
	watcher=$!
	atf_check -o inline:'1: deleted, with 1 subworkflow\n' \
	    weirctl delete --workflow top --reason tidy
	# Without anything else happening.
	weir_wait_until test ! -e state/logs/1
	weir_wait_until gone 1
	weir_wait_until gone 2
	weir_wait_until grep -q 'execution.deleted.*tidy' events.out
	kill "$watcher"
	atf_check -s exit:1 -e match:'no execution 1' weirctl show 1
	weir_kill9
	weir_start
	atf_check -s exit:1 -e match:'no execution 2' weirctl show 2
	# The key is free again, the number is not.
	atf_check -o match:4 weirctl run top --wait --idempotency-key once
	atf_check -o match:'completed' weirctl show 4
	weir_stop
}

weir_test_case undefine "a workflow is deleted when nothing needs it"
undefine_body() {
	weir_start
	define child '{a: {run: ["true"]}}'
	define top '{a: {workflow: child}}'
	define waits '{a: {wait: {signal: go}}}'
	atf_check -o ignore weirctl run top --wait
	atf_check -o ignore weirctl run waits
	atf_check -s exit:75 -e match:'waits has 1 execution that has not' \
	    weirctl undefine waits
	atf_check -s exit:75 -e match:'top has 1 execution that has ended' \
	    -e match:'weirctl delete --workflow top' weirctl undefine top
	atf_check -o ignore weirctl delete --workflow top
	atf_check -s exit:75 -e match:'child is started by workflow top' \
	    weirctl undefine child
	atf_check -o match:'workflow +top would be deleted' \
	    weirctl undefine top --plan
	atf_check -o inline:'top is deleted\n' weirctl undefine top
	atf_check -o inline:'child is deleted\n' weirctl undefine child
	weir_kill9
	weir_start
	atf_check -o not-match:'top|child' -o match:'waits' weirctl definitions
	atf_check -s exit:1 -e match:'no workflow top' weirctl run top
	define top '{a: {run: ["true"]}}'
	atf_check -o ignore weirctl run top --wait
	weir_stop
}

weir_test_case wait "who waits for what is deleted is told"
wait_body() {
	weir_python msgpack
	weir_start
	define quick '{a: {run: ["true"]}}'
	atf_check -o ignore weirctl run quick --wait
	cat >ask.py <<-'END'
	import msgpack, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.sendall(msgpack.packb([0, 1, "execution.wait",
	    [{"id": 1, "status": "running"}]]))
	s.sendall(msgpack.packb([0, 2, "hello", []]))
	answers = msgpack.Unpacker(raw=False)
	while True:
	    answers.feed(s.recv(65536))
	    for kind, number, error, result in answers:
	        print(number, error and error["name"], error and error["message"],
	            flush=True)
	        if number == 1:
	            sys.exit(0)
	END
	"$python" ask.py "$PWD/sock" >answers &
	weir_wait_until grep -q '^2 None' answers
	atf_check -o ignore weirctl delete 1
	weir_wait_until grep -q '^1 not_found execution 1 has been deleted' \
	    answers
	weir_stop
}

weir_test_case count "so many that have ended are kept"
count_body() {
	configure 'retention: {executions: 3}'
	weir_start -c weird.conf
	define quick '{a: {run: [echo, hello]}}'
	for i in 1 2 3 4 5 6; do
		atf_check -o ignore weirctl run quick --wait
	done
	weir_wait_until kept 3
	weir_wait_until gone 3
	atf_check -o match:'^ *6 ' -o match:'^ *4 ' -o not-match:'^ *3 ' \
	    weirctl ls
	[ "$(find state/logs -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] ||
	    atf_fail "$(ls state/logs)"
	configure 'retention: {executions: 1}'
	reload
	weir_wait_until kept 1
	weir_wait_until gone 5
	weir_stop
}

weir_test_case age "what ended long ago is deleted, without anybody asking"
age_body() {
	configure 'log: info'
	weir_start -c weird.conf
	define quick '{a: {run: [echo, hello]}}'
	define waits '{a: {run: [echo, hello]}, b: {wait: {signal: go}}}'
	atf_check -o ignore weirctl run waits
	weir_wait_until waits 1
	atf_check -o ignore weirctl run quick --wait
	configure 'retention: {age: 300ms}'
	reload
	weir_wait_until gone 2
	atf_check -o match:waiting weirctl show 1
	atf_check -o match:'^hello$' weirctl logs 1 a
	atf_check -o ignore weirctl signal 1 go
	weir_wait_until gone 1
	weir_stop
}

weir_test_case logs "logs are removed by age and size, and that is told"
logs_body() {
	configure 'retention: {logs_age: 200ms}'
	weir_start -c weird.conf
	define quick '{a: {run: [echo, hello]}}'
	define waits '{a: {run: [echo, hello]}, b: {wait: {signal: go}}}'
	atf_check -o ignore weirctl run waits
	weir_wait_until waits 1
	atf_check -o ignore weirctl run quick --wait
	weir_wait_until logs_removed 1
	atf_check -s exit:1 \
	    -e match:'logs of execution 2 were removed on .*retention.logs_age' \
	    weirctl logs 2 a
	[ ! -e state/logs/2 ] || weir_wait_until test ! -e state/logs/2
	atf_check -o match:completed weirctl show 2
	atf_check -o inline:'hello\n' weirctl logs 1 a
	weir_kill9
	configure 'retention: {logs_size: 40K}'
	weir_start -c weird.conf
	atf_check -s exit:1 -e match:'retention.logs_age' weirctl logs 2 a
	define large '{a: {run: [head, -c, "30000", /dev/zero]}}'
	for i in 1 2 3; do
		atf_check -o ignore weirctl run large --wait
	done
	weir_wait_until logs_removed 2
	atf_check -s exit:1 -e match:'retention.logs_size' weirctl logs 4 a
	atf_check -o ignore weirctl logs 5 a
	# What runs again has logs again.
	atf_check -o ignore weirctl rerun 4 --wait
	atf_check -o ignore weirctl logs 4 a
	atf_check -o inline:'hello\n' weirctl logs 1 a
	weir_stop
}

weir_test_case leftovers "what a crash left over is removed, and no more"
leftovers_body() {
	weir_start
	define quick '{a: {run: [echo, hello]}}'
	atf_check -o ignore weirctl run quick --wait
	atf_check -o ignore weirctl run quick --wait
	atf_check -o ignore weirctl delete 1
	weir_wait_until gone 1
	weir_kill9
	mkdir state/logs/1 state/logs/99 elsewhere state/logs/mine
	echo mine >elsewhere/file
	ln -s "$PWD/elsewhere/file" state/logs/1/0.-.1.out
	ln -s "$PWD/elsewhere" state/logs/1/0.-.1.err
	weir_start
	weir_wait_until test ! -e state/logs/1
	atf_check -o inline:'mine\n' cat elsewhere/file
	[ -d state/logs/99 ] || atf_fail "what is to come was removed"
	[ -d state/logs/mine ] || atf_fail "what is not weir's was removed"
	atf_check -o inline:'hello\n' weirctl logs 2 a
	weir_stop
}

weir_test_case midst "a kill in the midst of deleting loses nothing that stays"
midst_body() {
	weir_start
	define quick '{a: {run: [echo, hello]}}'
	for i in 1 2 3 4 5 6 7 8 9 10; do
		atf_check -o ignore weirctl run quick --wait
	done
	weir_stop
	configure 'retention: {executions: 2}'
	for i in 1 2 3; do
		weir_launch -c weird.conf
		weir_wait_until weir_answers_or_ended
		weir_kill9
	done
	weir_start -c weird.conf
	weir_wait_until kept 2
	for i in 1 2 3 4 5 6 7 8; do
		weir_wait_until gone "$i"
	done
	atf_check -o inline:'hello\n' weirctl logs 10 a
	weir_stop
}

disk_of() { # FILE: KiB
	du -k "$1" | cut -f 1
}

grown() { # FILE BYTES
	[ "$(stat -c %s "$1")" -gt "$2" ]
}

weir_test_case endless "a log without end keeps its head and its end"
endless_body() {
	configure 'callouts: {log_max: 1M, output_max: 64K}'
	weir_start -c weird.conf
	define endless '{a: {run: "echo first; yes 0123456789 | head -n 18200000; echo last; cat gate", cwd: '"$PWD"'}}'
	mkfifo gate
	atf_check -o ignore weirctl run endless
	weir_wait_until test -e state/logs/1/0.-.1.out
	weir_wait_until grown state/logs/1/0.-.1.out 200000000
	trimmed() { [ "$(disk_of state/logs/1/0.-.1.out)" -lt 4096 ]; }
	weir_wait_until trimmed
	atf_check -o ignore weirctl show 1
	echo go >gate
	atf_check -o ignore weirctl wait 1
	weirctl logs 1 a >log || atf_fail "no log"
	[ "$(head -n 1 log)" = first ] || atf_fail "its head: $(head -n 1 log)"
	tail -n 2 log | grep -q '^last$' || atf_fail "its end: $(tail -n 2 log)"
	[ "$(grep -c '^weir: [0-9]* bytes left out$' log)" = 1 ] ||
	    atf_fail "nothing is said"
	out=$(sed -n 's/^weir: \([0-9]*\) bytes left out$/\1/p' log)
	there=$(grep -av '^weir: ' log | wc -c)
	# The line has a newline before it.
	all=$(stat -c %s state/logs/1/0.-.1.out)
	[ $((out + there - 1)) = "$all" ] || atf_fail "$out + $there, not $all"
	grep -q "its middle is left out" weird.log || atf_fail "not logged"
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case delete
	atf_add_test_case undefine
	atf_add_test_case wait
	atf_add_test_case count
	atf_add_test_case age
	atf_add_test_case logs
	atf_add_test_case leftovers
	atf_add_test_case midst
	atf_add_test_case endless
}
