#!/usr/bin/env atf-sh
# attack_terminal_test: an operator puts control characters wherever a text may
# be, for the terminal of the admin who looks.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/intruder.sh"

# A title is set, the cursor moved, the screen cleared; by C0 characters, by
# C1 ones, which are two bytes in UTF-8, by bytes that are no UTF-8, and DEL.
esc=$(printf 'EVIL\033]0;owned\007\033[2J\rgone\302\2332J\302\235x\177\b end')

# harmless FILE...: nothing in it that a terminal obeys, but tabs, ends of
# lines, and the colours that weirctl itself sends to a terminal.
harmless() {
	for file; do
		sed 's/\x1b\[[0-9;]*m//g' "$file" | tr -d '\n\t' >plain
		if LC_ALL=C grep -aqP '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]' plain
		then
			od -c plain | head -40
			atf_fail "control characters are sent: $what"
		fi
	done
}

needs_grep() {
	echo a | grep -qP '\x61' 2>/dev/null || atf_skip "grep has no -P"
}

# on_terminal COMMAND...: its output is a terminal; what came there is in ./tty.seen.
on_terminal() {
	what=$*
	TERM=xterm script -qec "$*" tty.script >/dev/null 2>&1 </dev/null
	# First and last line are script's own; the terminal makes CR LF of LF.
	sed '1d; $d; s/\r$//' tty.script >tty.seen
}

evil_begin() {
	needs_grep
	attack_begin
	cat >make.py <<-'END'
	import json, sys
	evil = sys.argv[1]
	json.dump({
	    "workflow": "evil", "description": evil,
	    "output": {evil: evil},
	    "tasks": {
	        "work": {
	            "run": ["sh", "-c", 'printf "%s\\n" "$E"; printf "%s\\n" "$E" >&2; exit 3'],
	            "env": {"E": evil},
	            "next": [{"when": "failed", "do": ["ask", "sub"]}]},
	        "sub": {"run": ["/nowhere/" + evil], "cwd": "/" + evil, "optional": True},
	        "ask": {"wait": {"approval": evil}}}},
	    open("evil.json", "w"))
	END
	"$python" make.py "$esc"
}

attack_test_case texts "in labels, reasons, names of files and questions"
texts_body() {
	weir_python json
	evil_begin
	atf_check -o ignore -e ignore ./as "$attacker" ./weirctl run evil.json \
	    --correlation-id "$esc" --label "k=$esc" \
	    --idempotency-key "$esc"
	weir_wait_until vault_waits
	atf_check -o ignore -e ignore ./as "$attacker" ./weirctl pause --hold \
	    --reason "$esc" 1
	atf_check -o ignore -e ignore ./as "$attacker" ./weirctl disable \
	    --reason "$esc" evil
	for what in ls "show 1" "why 1" "tree 1" definitions \
	    "definition evil" "engine status" "run evil" "replay 1" \
	    "signal 1 $esc" "wait --timeout 0s 1" "logs 1 $esc" \
	    "--json show 1" "--json ls" "--json why 1" "--json tree 1"; do
		# shellcheck disable=SC2086 # a verb and its operands
		weirctl $what >out 2>&1
		harmless out
	done
	grep -q EVIL out || atf_fail "nothing of it is shown: $(cat out)"
	last=$(ctl --json engine status | sed 's/.*"last": \([0-9]*\).*/\1/')
	weirctl events --from 1 >out 2>&1 &
	events=$!
	weir_wait_until grep -q "^$last " out
	kill "$events"
	what=events
	harmless out
	grep -q execution out || atf_fail "no events: $(cat out)"
	what="the daemon's log"
	harmless weird.log
	weir_stop
}

attack_test_case terminal "the same, where the admin has a terminal" script
terminal_body() {
	weir_python json
	evil_begin
	atf_check -o ignore -e ignore ./as "$attacker" ./weirctl run evil.json \
	    --correlation-id "$esc" --label "k=$esc"
	weir_wait_until vault_waits
	for what in ls "show 1" "why 1" "tree 1" definitions; do
		on_terminal "weirctl $what"
		harmless tty.seen
		[ -s tty.seen ] || atf_fail "nothing is shown"
	done
	weir_stop
}

attack_test_case logs "in what a callout writes" script
logs_body() {
	weir_python json
	evil_begin
	atf_check -o ignore -e ignore ./as "$attacker" ./weirctl run evil.json
	weir_wait_until vault_waits
	for option in "" --stderr "--follow --attempt 1"; do
		on_terminal "weirctl logs $option 1 work"
		harmless tty.seen
		grep -qF '^[]0;owned^G^[[2J^Mgone\x9b2J\x9dx^?^H end' tty.seen ||
		    atf_fail "it is not shown: $(cat tty.seen)"
	done
	# Whoever wants it as it is gets it: into files always, to a terminal
	# when asked for.
	printf '%s\n' "$esc" >expected
	weirctl logs 1 work >out
	cmp out expected || atf_fail "a file gets something else"
	on_terminal "weirctl logs --raw 1 work"
	grep -qF "$(printf '\033]0;owned')" tty.seen || atf_fail "$(cat tty.seen)"
	weir_stop
}

atf_init_test_cases() {
	for attack in texts terminal logs; do
		atf_add_test_case $attack
	done
}
