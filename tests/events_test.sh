#!/usr/bin/env atf-sh
# events_test: watchers of all kinds, through restarts of the daemon: nothing is
# missed, nothing comes twice.  What is true is what `weirctl journal dump` says.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# foreign PROGRAM ARGUMENT...: one of those in tests/foreign
foreign() {
	foreign_program=$1
	shift
	"$python" -B "$WEIR_SRC/tests/foreign/$foreign_program" "$@"
}

write_quick() {
	cat >quick.yaml <<'EOT'
workflow: quick
tasks:
  each: {items: [1, 2], run: ["true"], next: [{do: last}]}
  last: {run: ["true"]}
EOT
}

# dump: "SEQ TYPE" of each event of the journal, which no daemon has now.
dump() {
	weirctl journal dump state/journal | sed \
	    's/^{"seq": *\([0-9]*\),.*"type": *"\([a-z._]*\)",.*/\1 \2/'
}

# seen FILE: the same of what a watcher wrote.
seen() {
	sed 's/.*"seq": \([0-9]*\),.*"type": "\([a-z._]*\)".*/\1 \2/' "$1"
}

# failed FILE: what a program said that failed.
failed() {
	cat "$1" >&2
	atf_fail "it failed: $1"
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# Everything that was started has ended.
is_quiet() {
	[ "$(weirctl --json ls --status running --status pending |
	    wc -l)" -eq 0 ]
}

weir_test_case restarts "watchers through kill -9 and clean ends, under load"
restarts_body() {
	weir_python msgpack
	write_quick
	rounds=6
	[ -z "$WEIR_LONG" ] || rounds=60
	weir_start
	atf_check -o ignore weirctl define quick.yaml
	foreign load.py quick >load.out 2>&1 &
	load=$!
	foreign watch.py all over >all.out 2>&1 &
	all=$!
	foreign watch.py tasks over 'task.*' engine.status >tasks.out 2>&1 &
	tasks=$!
	round=0
	while [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		# More than there were, so that it has subscribed again.
		weir_wait_until has_lines all $(($(wc -l <all) + 400))
		weir_wait_until has_lines tasks $((round * 100))
		if [ $((round % 2)) = 0 ]; then
			weir_stop
		else
			weir_kill9
		fi
		weir_start
	done
	: >enough
	wait "$load" || failed load.out
	weir_wait_until is_quiet
	atf_check -o ignore weirctl engine pause --reason over
	wait "$all" || failed all.out
	wait "$tasks" || failed tasks.out
	[ "$(cat all.out)" -gt "$rounds" ] ||
	    atf_fail "it subscribed $(cat all.out) times"

	# Read again from the files, the events are what they were.
	foreign watch.py again over >again.out 2>&1 || failed again.out
	atf_check cmp all again
	weir_stop
	seen all >all.seen
	dump | head -n "$(wc -l <all.seen)" >dumped
	atf_check diff dumped all.seen
	grep -e ' task\.' -e ' engine\.status$' dumped >tasks.dumped
	seen tasks >tasks.seen
	atf_check diff tasks.dumped tasks.seen
	echo "$(wc -l <dumped) events, $(cat load.out) starts," \
	    "$rounds restarts, $(cat all.out) subscriptions"
}

weir_test_case slow "a watcher that does not read is told how far it got"
slow_body() {
	weir_python msgpack
	weir_start
	atf_check -o match:'events, dropped after' -o save:slow.out \
	    "$python" -B "$WEIR_SRC/tests/foreign/slow.py" numbers
	weir_stop
	dump | sed 's/ .*//' | head -n "$(wc -l <numbers)" >expected
	atf_check cmp expected numbers
	cat slow.out
}

weir_test_case large_answer "a watcher that gets a large answer is not slow"
large_answer_body() {
	weir_python msgpack
	cat >large.yaml <<'EOT'
workflow: large
tasks:
  one: {run: ["head", "-c", "262144", "/dev/zero"]}
EOT
	weir_start
	atf_check -o ignore weirctl define large.yaml
	atf_check -o ignore weirctl run large --wait
	cat >large.py <<'EOT'
import client
weir = client.Client()
other = client.Client()
weir.call("events.subscribe")
ask = [weir.send("task.log", execution=1, task="one", stream="stdout",
                 limit=262144) for _ in range(40)]
# They are on their way when the next events come.
other.call("engine.pause", reason="one")
other.call("engine.resume")
other.call("engine.pause", reason="two")
sizes = [len(repr(weir.answer(id))) for id in ask]
assert min(sizes) > 262144, sizes
reasons = []
while "two" not in reasons:
    method, event = weir.notification()
    assert method == "event", (method, event)
    reasons.append(event["reason"])
print(sum(sizes))
EOT
	atf_check -o ignore env PYTHONPATH="$WEIR_SRC/tests/foreign" \
	    "$python" -B large.py
	weir_stop
}

oldest() {
	weirctl --json engine status |
	    sed 's/.*"journal": *{"first": *\([0-9]*\),.*/\1/'
}

# Work until the journal begins later than event 1.
is_compacted() {
	for _ in 1 2 3 4 5 6 7 8; do
		weirctl run quick >run.out
	done
	[ "$(oldest)" -gt 1 ]
}

weir_test_case compacted "events that are gone: which is the oldest, and what to do"
compacted_body() {
	weir_python msgpack
	write_quick
	cat >weird.conf <<'EOT'
journal: {segment_size: 65536, snapshot_after: 65536}
EOT
	weir_start -c "$PWD/weird.conf"
	weirctl events -t definition.put --from 1 >filtered 2>&1 &
	filtered=$!
	atf_check -o ignore weirctl define quick.yaml
	weir_wait_until grep -q definition.put filtered
	weir_wait_until is_compacted
	weir_wait_until is_quiet
	# What is the oldest now stays it: there are no snapshots from here on.
	weir_stop
	echo 'journal: {segment_size: 65536}' >weird.conf
	weir_start -c "$PWD/weird.conf"
	cat >gone.py <<'EOT'
import client
weir = client.Client()
try:
    weir.call("events.subscribe", **{"from": 1})
    raise AssertionError("that was not refused")
except client.Refused as refused:
    error = refused.error
oldest = weir.call("engine.status")["journal"]["first"]
assert (error["code"], error["name"]) == (404, "not_found"), error
assert error["details"] == {"oldest": oldest}, (error, oldest)
assert str(oldest) in error["message"], error
# The connection is as good as before, and so is what there is.
assert weir.call("events.subscribe", **{"from": oldest}) == {"from": oldest}
method, event = weir.notification()
assert (method, event["seq"]) == ("event", oldest), (method, event)
print(oldest)
EOT
	atf_check -o save:oldest env PYTHONPATH="$WEIR_SRC/tests/foreign" \
	    "$python" -B gone.py
	atf_check -s exit:1 -e match:"compacted away" -e match:"--from $(cat oldest)" \
	    weirctl events --from 1
	weirctl events --from "$(cat oldest)" >stream 2>&1 &
	events=$!
	weir_wait_until grep -q "^$(cat oldest)  " stream
	kill -INT "$events"
	wait "$events" || failed stream
	weir_stop
	# No daemon has more of it.
	weir_start -c "$PWD/weird.conf"
	# One that has seen nothing since long goes on, and says from where.
	weir_wait_until grep -q 'goes on from event' filtered
	atf_check -o match:'compacted away' cat filtered
	echo 'workflow: late' >late.yaml
	sed 1d quick.yaml >>late.yaml
	atf_check -o ignore weirctl define late.yaml
	weir_wait_until grep -q 'definition.put.*late' filtered
	kill -INT "$filtered"
	wait "$filtered" || failed filtered
	atf_check -o save:oldest env PYTHONPATH="$WEIR_SRC/tests/foreign" \
	    "$python" -B gone.py
	weir_stop
	echo "the oldest is $(cat oldest)"
}

weir_test_case bounds "what a subscription may ask for, and one takes another's place"
bounds_body() {
	weir_python msgpack
	weir_start
	cat >bounds.py <<'EOT'
import client

weir = client.Client()

def refused(word, **params):
    try:
        weir.call("events.subscribe", **params)
    except client.Refused as refused:
        assert refused.error["code"] == 400, refused.error
        assert word in refused.error["message"], refused.error
        return
    raise AssertionError("%s: that was not refused" % params)

def pause_and_resume():
    """The number of the last event of that."""
    weir.call("engine.pause")
    weir.call("engine.resume")
    return weir.call("engine.status")["journal"]["last"]

refused("from", **{"from": 0})
refused("newest event", **{"from": 99})
refused("executions", executions=[])
refused("executions", executions=list(range(1, 1002)))
refused("executions", executions=["one"])
refused("types", types=["task.ended"] * 65)
refused("no event has a type", types=["nonsense"])
refused("no event has a type", types=["task.*", "tusk.*"])

# None of it has subscribed; then there is one subscription at a time.
pause_and_resume()
assert not weir.told
weir.call("events.subscribe", types=["*"] * 64)
weir.call("events.subscribe", executions=list(range(1, 1001)))
pause_and_resume()
weir.call("hello")
assert not weir.told, weir.told
first = weir.call("events.subscribe", types=["engine.*", "engine.status"])
last = pause_and_resume()
seen = []
while not seen or seen[-1] < last:
    seen.append(weir.notification()[1]["seq"])
assert seen == list(range(first["from"], last + 1)), (first, last, seen)
weir.call("events.unsubscribe")
pause_and_resume()
weir.call("hello")
assert not weir.told, weir.told
EOT
	atf_check env PYTHONPATH="$WEIR_SRC/tests/foreign" \
	    "$python" -B bounds.py
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case bounds
	atf_add_test_case restarts
	atf_add_test_case slow
	atf_add_test_case large_answer
	atf_add_test_case compacted
}
