#!/usr/bin/env atf-sh
# journal_tools_test: weirctl journal verify, dump and salvage on what a daemon
# has left, and weird -n; then a daemon on what was salvaged.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

first=0000000000000001.seg

# Three executions of a workflow with two tasks, then the daemon ends.
three_executions() {
	cat >demo.yaml <<-'EOF'
	workflow: demo
	tasks:
	  say: {run: [echo, hello], output: text, next: [{do: rest}]}
	  rest: {run: "true"}
	EOF
	weir_start
	atf_check -o ignore weirctl define demo.yaml
	atf_check -o ignore weirctl run demo.yaml --wait
	atf_check -o ignore weirctl run demo.yaml --wait
	atf_check -o ignore weirctl run demo.yaml --wait
	weir_stop
}

# The offset of record $1 in the first segment, from the dump.
offset_of() {
	weirctl journal dump state/journal 2>dump.err |
	    sed -n "s/^{\"seq\": $1, .*\"offset\": \([0-9]*\),.*/\1/p"
}

# flip FILE OFFSET: another byte there.
flip() {
	old=$(od -A n -t u1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %o $((old ^ 85)))" |
	    dd of="$1" bs=1 seek="$2" conv=notrunc 2>dd.err
}

fingerprint() {
	(cd state/journal && cksum ./*)
}

verify() { # STATUS PATTERN
	atf_check -s "exit:$1" -o match:"$2" weirctl journal verify \
	    state/journal
}

check_n() { # STATUS PATTERN-ON-EITHER-STREAM
	weird -n -d state -s sock >n.out 2>&1
	atf_check_equal "$1" "$?"
	grep -q "$2" n.out || atf_fail "$(cat n.out)"
}

# A daemon on the new journal has these executions, and does new work.
start_on_new() {
	mkdir new_state
	mv new new_state/journal
	mv state old_state
	mv new_state state
	weir_start
	weirctl --json ls | sed -n 's/.*"id": \([0-9]*\),.*/\1/p' |
	    sort -n >ids
	atf_check -o inline:"$1" cat ids
	atf_check -o ignore weirctl run demo.yaml --wait
	weir_stop
	verify 0 ': clean: '
}

weir_test_case clean "what is whole: told, dumped, salvaged and started again"
clean_body() {
	three_executions
	fingerprint >before
	verify 0 "$PWD/state/journal: clean: 1 segment, .* 28 records in [0-9]* batches"
	atf_check -o match:'"condition": "clean", "starts": true, "ended": true, "findings": \[\], "segments": 1,.*"first": 1, "last": 28,' \
	    weirctl --json journal verify state/journal
	check_n 0 "journal $PWD/state/journal: ok: .* 28 events read, 3 executions"
	atf_check -o match:'saved: new: 28 records, 1 to 28; nothing is missing' \
	    weirctl journal salvage state/journal new
	atf_check test ! -e new.loose.jsonl
	atf_check -s exit:73 -e match:'new: is there already' \
	    weirctl journal salvage state/journal new
	fingerprint >after
	atf_check diff before after
	if [ "$(id -u)" = 0 ]; then
		cp -R state/journal theirs
		chown -R 65534:65533 theirs
		atf_check -o match:'^saved: ' weirctl journal salvage theirs \
		    salvaged
		atf_check -o inline:'' find salvaged ! -user 65534
	fi
	start_on_new '1\n2\n3\n'
}

weir_test_case dump "events as lines of JSON"
dump_body() {
	three_executions
	weirctl journal dump --from 2 --to 7 state/journal >out ||
	    atf_fail "dump: $?"
	sed -E 's/"(batch|offset|time|started_at|ended_at|cpu|max_rss|runner|uid|gid)": [0-9]+/"\1": N/g
	    s/"by": "[^"]*"/"by": "ME"/; s/("uid": N, )//; s/("gid": N, )//' \
	    out >normal
	cat >expected <<'EOF'
{"seq": 2, "batch": N, "file": "0000000000000001.seg", "offset": N, "ends_group": false, "time": N, "type": "execution.created", "fields": {"execution": 1, "by": "ME", "name": "demo", "version": 1, "value": {}}}
{"seq": 3, "batch": N, "file": "0000000000000001.seg", "offset": N, "ends_group": false, "time": N, "type": "execution.status", "fields": {"execution": 1, "status": "running"}}
{"seq": 4, "batch": N, "file": "0000000000000001.seg", "offset": N, "ends_group": true, "time": N, "type": "task.started", "fields": {"execution": 1, "run": 0, "attempt": 1, "value": {"argv": ["echo", "hello"], "cwd": null, "env": {}, "stdin": null, "output": "text", "limits": {}, "domain": "local", "task": "say", "workflow": "demo", "run": 1, "gid": N}, "runner": N}}
{"seq": 5, "batch": N, "file": "0000000000000001.seg", "offset": N, "ends_group": false, "time": N, "type": "task.attempt_ended", "fields": {"execution": 1, "run": 0, "attempt": 1, "status": "completed", "value": "hello", "end": "exited", "exit": 0, "started_at": N, "ended_at": N, "cpu": N, "max_rss": N, "next": "completed"}}
{"seq": 6, "batch": N, "file": "0000000000000001.seg", "offset": N, "ends_group": false, "time": N, "type": "task.ended", "fields": {"execution": 1, "run": 0, "status": "completed", "to": [1], "led": 1}}
{"seq": 7, "batch": N, "file": "0000000000000001.seg", "offset": N, "ends_group": true, "time": N, "type": "task.started", "fields": {"execution": 1, "run": 1, "attempt": 1, "value": {"argv": ["/bin/sh", "-c", "true"], "cwd": null, "env": {}, "stdin": null, "output": "none", "limits": {}, "domain": "local", "task": "rest", "workflow": "demo", "run": 1, "gid": N}, "runner": N}}
EOF
	atf_check diff expected normal
	weirctl journal dump state/journal >all || atf_fail "dump: $?"
	atf_check -o inline:'28\n' sh -c 'wc -l <all | tr -d " "'
	head -n 1 all | grep -q '"offset": 4096, .*"type": "definition.put", .*"workflow": "demo", "tasks": {' ||
	    atf_fail "$(head -n 1 all)"
}

weir_test_case in_use "beside a daemon only weird -n looks"
in_use_body() {
	weir_start
	for verb in verify dump 'salvage new'; do
		# shellcheck disable=SC2086 # a verb and its last operand
		set -- $verb
		atf_check -s exit:75 -e match:"weird \(pid $(cat weird.pid)\) is at work in it; end that first" \
		    weirctl journal "$1" state/journal ${2:+"$2"}
	done
	check_n 0 "journal $PWD/state/journal: ok"
	grep -q "in use by weird (pid $(cat weird.pid))" n.out ||
	    atf_fail "$(cat n.out)"
	weir_stop
	# Several may look, and nothing starts meanwhile.
	if command -v flock >/dev/null; then
		atf_check -o match:': clean: ' flock -s state/lock \
		    weirctl journal verify state/journal
		atf_check -s exit:75 -e match:'uses this state directory' \
		    flock -s state/lock weird -f -d state -s sock
	fi
	verify 0 ': clean: '
	atf_check -s exit:66 -e match:'elsewhere' weirctl journal verify \
	    elsewhere
	atf_check -s exit:66 -e match:'not a directory' weirctl journal \
	    verify weird.log
	mkdir fresh
	atf_check -o match:'journal .*/fresh/journal: none yet' weird -n \
	    -d "$PWD/fresh" -s sock
}

weir_test_case torn "a torn tail is told and harms nothing"
torn_body() {
	three_executions
	printf 'garbage!' |
	    dd of=state/journal/$first bs=1 seek=65536 conv=notrunc 2>dd.err
	fingerprint >before
	verify 1 "^torn: $PWD/state/journal/$first: the last write was torn: [0-9]* bytes at offset [0-9]*, behind record 28, "
	check_n 0 'the last write was torn'
	weirctl journal dump state/journal >out 2>err
	atf_check_equal 1 $?
	atf_check -o inline:'28\n' sh -c 'wc -l <out | tr -d " "'
	atf_check -o match:"^torn: $first: .* never acknowledged" \
	    -o match:'^saved: new: 28 records, 1 to 28; nothing is missing' \
	    weirctl journal salvage state/journal new
	fingerprint >after
	atf_check diff before after
	start_on_new '1\n2\n3\n'
}

weir_test_case damaged "damage is placed; what comes before it is salvaged"
damaged_body() {
	three_executions
	at=$(offset_of 20)
	flip state/journal/$first $((at + 35))
	fingerprint >before
	verify 2 "^damaged: $PWD/state/journal/$first: damaged at offset $at: "
	verify 2 'weird does not start with this journal: .* salvage'
	atf_check -s exit:2 -o match:"\"findings\": \[\{\"condition\": \"damaged\", \"file\": \"$first\", \"offset\": $at, \"message\": " \
	    weirctl --json journal verify state/journal
	check_n 65 "damaged at offset $at: "
	atf_check -o match:"^state_dir $PWD/state$" weird -N -d state -s sock
	weirctl journal dump state/journal >out 2>err
	atf_check_equal 2 $?
	grep -q "damaged at offset $at: " err || atf_fail "$(cat err)"
	# Whole groups alone: record 20 begins or ends one.
	tail -n 1 out | grep -q '"seq": 1[0-9], .*"ends_group": true' ||
	    atf_fail "$(tail -n 1 out)"
	atf_check -s exit:1 \
	    -o match:"^damaged: $first: [0-9]* bytes at offset $at: " \
	    -o match:'^gone: records 20 to 20: ' \
	    -o match:'^loose: records 21 to 28 \(0000000000000001.seg\): .*; written to new.loose.jsonl' \
	    -o match:'^saved: new: 1[0-9] records, 1 to 1[0-9]$' \
	    weirctl journal salvage state/journal new
	fingerprint >after
	atf_check diff before after
	atf_check -o match:'^\{"seq": 28, .*"type": "execution.status", .*"status": "completed"' \
	    tail -n 1 new.loose.jsonl
	start_on_new '1\n2\n'
}

ran_once() {
	[ "$(wc -l <ran)" -eq 1 ]
}

weir_test_case not_twice "what has run doesn't run again where its ending is missing"
not_twice_body() {
	cat >once.yaml <<-EOF
	workflow: once
	tasks:
	  it: {run: "echo ran >>$PWD/ran"}
	EOF
	weir_start
	atf_check -o ignore weirctl run once.yaml --wait
	weir_stop
	ending=$(weirctl journal dump state/journal |
	    sed -n 's/.*"offset": \([0-9]*\),.*"type": "task.attempt_ended".*/\1/p')
	flip state/journal/$first $((ending + 33))
	atf_check -s exit:1 -o match:'^saved: ' \
	    -o match:"remove the runners' sockets" \
	    weirctl journal salvage state/journal new
	atf_check -o match:'"type": "task.started"' sh -c \
	    'weirctl journal dump new | tail -n 1'
	mv state/journal damaged
	mv new state/journal
	rm -f state/run/runner-*.sock
	weir_start
	atf_check -s exit:1 -o ignore -e ignore weirctl wait 1
	atf_check -o match:'"reason": ".*lost' weirctl --json show 1
	ran_once || atf_fail "$(cat ran)"
	weir_stop
}

# Small files, so that little work makes several segments and two snapshots.
many_segments() {
	cat >weird.conf <<-'EOF'
	journal:
	  segment_size: 65536
	  snapshot_after: 65536
	callouts: {max: 1, output_max: 1024}
	EOF
	cat >w.yaml <<-'EOF'
	workflow: w
	tasks:
	  ask: {wait: {signal: go}}
	input: {filler: {type: string}}
	EOF
	printf '%0120000d' 0 >filler
	weir_start -c weird.conf
	atf_check -o ignore weirctl define w.yaml
	weir_wait_until snapshots_and_segments
	# And records that no snapshot includes.
	for _ in 1 2 3; do
		atf_check -o ignore weirctl run w -i "filler=$(cat filler)"
	done
	weir_stop
	cp -R state/journal kept
	segments=$(cd kept && echo ./*.seg)
	# shellcheck disable=SC2086 # a list
	set -- $segments
	oldest=${1#./}
	for newest; do :; done
	newest=${newest#./}
}

# A segment is as large as what is kept free for endings, 5 MiB at the least.
snapshots_and_segments() {
	for _ in 1 2 3 4 5 6 7 8; do
		atf_check -o ignore weirctl run w -i "filler=$(cat filler)"
	done
	[ "$(find state/journal -name '*.snap' | wc -l)" -ge 2 ] &&
	    [ "$(find state/journal -name '*.seg' | wc -l)" -ge 2 ]
}

put_back() {
	rm -rf state/journal new new.loose.jsonl new.part
	cp -R kept state/journal
}

weir_test_case none "a directory without a journal is no journal in good order"
none_body() {
	mkdir other
	echo something >other/file
	for verb in verify dump; do
		atf_check -s exit:66 -e match:'other: there is no journal here' \
		    weirctl journal $verb other
	done
	atf_check -s exit:66 -e match:'other: there is no journal here' \
	    weirctl journal salvage other new
	atf_check test ! -e new -a ! -e new.part
	three_executions
	atf_check -s exit:66 -e match:'state: there is no journal here; it is the directory journal in' \
	    weirctl journal salvage state new
	atf_check test ! -e new -a ! -e new.part
}

weir_test_case snapshots "damage that a snapshot bridges, or doesn't"
snapshots_body() {
	many_segments
	verify 0 ': clean: .* 2 snapshots'
	check_n 0 'ok: .* 2 snapshots'
	executions=$(sed 's/.* \([0-9]*\) executions.*/\1/;t;d' n.out)
	atf_check -o match:'^\{"snapshot": [0-9]*, "chunk": 1, "file": "[0-9]*.snap", "offset": 64, "last": false, "holds": \[' \
	    -o match:'"filler": "00000000' -o match:'"workflow": "w", "tasks"' \
	    weirctl journal dump --snapshots state/journal

	# The newest snapshot: the one before it does.
	for snapshot in kept/*.snap; do :; done
	snapshot=${snapshot#kept/}
	flip "state/journal/$snapshot" 120
	verify 2 "^damaged: $PWD/state/journal/$snapshot: damaged at offset 64: "
	verify 2 'weird starts with this journal and misses nothing'
	check_n 0 'damaged, but weird would start'
	atf_check -o match:"^not used: $snapshot: .* damaged at offset 64" \
	    -o match:'nothing is missing$' \
	    weirctl journal salvage state/journal new
	put_back

	# A record that the newest snapshot includes: all can be saved.
	flip "state/journal/$oldest" 4100
	verify 2 "^damaged: $PWD/state/journal/$oldest: damaged at offset 4096: "
	atf_check -o match:'and the snapshot of record ' \
	    -o match:'nothing is missing$' \
	    weirctl journal salvage state/journal new
	atf_check -o match:': clean: ' weirctl journal verify new
	put_back

	# A segment doubled, and the oldest removed.
	cp "state/journal/$newest" state/journal/9999999999999990.seg
	verify 2 "9999999999999990.seg: offset 40: the segment begins with"
	check_n 65 '9999999999999990.seg: offset 40'
	atf_check -o match:'^not used: 9999999999999990.seg: a segment with its number is there already' \
	    -o match:'nothing is missing$' \
	    weirctl journal salvage state/journal new
	put_back
	rm "state/journal/$newest"
	verify 2 'restore'
	check_n 65 'restore'
	atf_check -s exit:1 -o match:'^gone: records from [0-9]* on: the newest segments are missing' \
	    weirctl journal salvage state/journal new
	put_back

	# All segments: what the snapshots have is there, and no more.
	rm state/journal/*.seg
	verify 2 'there is a snapshot but no segment'
	atf_check -s exit:1 -o match:'^gone: records from [0-9]* on: ' \
	    -o match:'and the snapshot of record ' \
	    weirctl journal salvage state/journal new
	put_back

	# Both snapshots and the oldest segment: nothing leads anywhere.
	rm "state/journal/$oldest" state/journal/*.snap
	verify 2 'restore'
	atf_check -s exit:1 -o match:'^loose: ' -o match:'^saved: new: 0 records' \
	    weirctl journal salvage state/journal new
	atf_check test -s new.loose.jsonl
	put_back

	# What was saved is what there was.
	flip "state/journal/$oldest" 4100
	atf_check -o ignore weirctl journal salvage state/journal new
	rm -rf state
	mkdir state
	mv new state/journal
	check_n 0 " $executions executions"
	weir_start -c weird.conf
	weirctl --json ls --limit 1000000 | grep -c '"id": ' >count
	atf_check -o inline:"$executions\n" cat count
	weir_stop
}

weir_test_case foreign "a segment of another journal"
foreign_body() {
	three_executions
	mv state other
	rm -f sock
	three_executions
	cp other/journal/$first state/journal/0000000000000029.seg
	verify 2 "0000000000000029.seg: offset 40: "
	check_n 65 '0000000000000029.seg: offset 40'
	atf_check -o match:'^not used: 0000000000000029.seg: ' \
	    -o match:'^saved: new: 28 records, 1 to 28; nothing is missing' \
	    weirctl journal salvage state/journal new
	start_on_new '1\n2\n3\n'
}

atf_init_test_cases() {
	atf_add_test_case clean
	atf_add_test_case dump
	atf_add_test_case in_use
	atf_add_test_case torn
	atf_add_test_case damaged
	atf_add_test_case not_twice
	atf_add_test_case none
	atf_add_test_case snapshots
	atf_add_test_case foreign
}
