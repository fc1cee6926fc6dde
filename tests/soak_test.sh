#!/usr/bin/env atf-sh
# soak_test: load of all kinds for a minute (WEIR_LONG: four hours), with the
# daemon ended by SIGTERM and SIGKILL every few seconds.  What was acknowledged
# is there in the end, every command ran once, and neither memory, descriptors
# nor the journal have grown on the way.
#
# The load is light on purpose: it runs beside the other tests.

. "$(atf_get_srcdir)/lib.sh"

SEGMENT=262144 # bytes
KEPT=40	       # executions that have ended, where the daemon deletes others

now() {
	date +%s
}

# roll N: sets rolled to a number from 0 to N - 1.
roll() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	rolled=$((random / 65536 % $1))
}

write_files() {
	cat >weird.conf <<EOT
journal: {segment_size: $SEGMENT, snapshot_after: $((2 * SEGMENT))}
EOT
	kept=all
	{ cat weird.conf; echo "retention: {executions: $KEPT}"; } >deleting.conf
	if weird -n -c "$PWD/deleting.conf" >/dev/null 2>&1; then
		mv deleting.conf weird.conf
		kept=$KEPT
	fi
	for flow in quick gate slow; do
		: >"trace.$flow"
	done
	cat >quick.yaml <<EOT
workflow: quick
tasks:
  one: {run: ["sh", "-c", "$(trace quick)"]}
EOT
	cat >gate.yaml <<EOT
workflow: gate
tasks:
  stand:
    wait: {signal: go}
    next: [{do: one}]
  one: {run: ["sh", "-c", "$(trace gate)"]}
EOT
	cat >slow.yaml <<EOT
workflow: slow
tasks:
  one: {run: ["sh", "-c", "$(trace slow); sleep 1"], next: [{do: below, when: completed}]}
  below: {workflow: quick}
EOT
}

# trace FLOW: shell code that writes down that an attempt ran; in one write.
trace() {
	echo "echo \$WEIR_EXECUTION \$WEIR_CALLOUT >>$PWD/trace.$1"
}

# acknowledged COMMAND...: weirctl until the daemon is there to answer; what it
# says goes to ./answer.
acknowledged() {
	until weirctl "$@" >answer 2>refused; do
		# A refusal is an answer; a daemon that is gone is not.
		grep -q 'daemon\|connect\|closed' refused || return 1
		[ -e weird.status ] && soak_start
	done
}

soak_start() {
	weir_start -c "$PWD/weird.conf"
}

# start FLOW: once for each key, however often it has to ask.
start() {
	key=$((key + 1))
	acknowledged run --idempotency-key "k$key" "$1" ||
	    atf_fail "not started: $(cat refused)"
	id=$(sed -n 's/^started \([0-9]*\) .*/\1/p' answer)
	[ -n "$id" ] || atf_fail "no id in: $(cat answer)"
	echo "$id $1" >>ledger
}

# What may be refused, for it may have ended, or be gone.
operate() {
	roll 12 # of the newest
	it=$(tail -n 12 ledger | sed -n "$((rolled + 1))p" | cut -d' ' -f1)
	[ -n "$it" ] || return 0
	roll 9
	case $rolled in
	0) acknowledged pause "$it" && acknowledged resume "$it" ;;
	1) acknowledged cancel "$it" && echo "$it" >>canceled ;;
	2) acknowledged terminate "$it" && echo "$it" >>canceled ;;
	3 | 4 | 5) acknowledged signal "$it" go ;;
	6) acknowledged restart "$it" && echo "$it" >>again ;;
	7) acknowledged rerun -t one "$it" && echo "$it" >>again ;;
	8) acknowledged pause --freeze "$it" && acknowledged resume "$it" ;;
	esac
	operations=$((operations + 1))
}

# A workflow gets another version, the engine a pause, somebody watches.
change() {
	case $((turn % 3)) in
	0)
		sed "s/^tasks:/description: version $turn\\
tasks:/" quick.yaml >changed.yaml
		acknowledged define changed.yaml
		;;
	1)
		acknowledged engine pause
		weir_wait_until acknowledged engine resume
		;;
	2)
		[ -z "${watcher-}" ] || kill "$watcher" 2>/dev/null || :
		weirctl events >/dev/null 2>&1 &
		watcher=$!
		;;
	esac
}

restart() {
	if [ $((restarts % 2)) = 0 ]; then
		weir_stop
	else
		weir_kill9
	fi
	restarts=$((restarts + 1))
	soak_start
}

# sum FIELD PID...: of /proc/PID/status, in KiB.
sum() {
	field=$1
	shift
	total=0
	for pid; do
		kib=$(sed -n "s/^$field:[^0-9]*\([0-9]*\).*/\1/p" \
		    "/proc/$pid/status" 2>/dev/null)
		total=$((total + ${kib:-0}))
	done
	echo $total
}

descriptors() {
	total=0
	for pid; do
		total=$((total + $(find "/proc/$pid/fd" -type l 2>/dev/null |
		    wc -l)))
	done
	echo $total
}

# One line: seconds, RSS of daemon and runners (KiB), their descriptors, the
# journal and all of the state on disk (KiB).
sample() {
	[ -e weird.status ] && return 0
	runners=$(pgrep -f "weir-runner.*$PWD/" || :)
	daemon=$(cat weird.pid)
	# shellcheck disable=SC2086 # a list of pids
	echo "$(($(now) - began)) $(sum VmRSS $daemon) $(sum VmRSS $runners)" \
	    "$(descriptors $daemon) $(descriptors $runners)" \
	    "$(du -sk state/journal | cut -f1) $(du -sk state | cut -f1)" \
	    >>samples
}

# median COLUMN FROM TO: of the samples from one share (in %) to another.
median() {
	awk -v from="$2" -v to="$3" -v column="$1" '
	{ line[NR] = $column }
	END {
		for (i = 1; i <= NR; i++)
			if (i > NR * from / 100 && i <= NR * to / 100)
				print line[i]
	}' samples | sort -n | awk '
	{ value[NR] = $1 }
	END { print value[int((NR + 1) / 2)] }'
}

# flat COLUMN NAME SLACK EACH: the last third is like what came after the
# warm-up, but for so much for each execution where all are kept.
flat() {
	early=$(median "$1" 20 50)
	late=$(median "$1" 66 100)
	slack=$3
	[ "$kept" != all ] || slack=$((slack + key * $4))
	echo "$2: median $early early, $late late"
	[ "$late" -le $((early + early / 5 + slack)) ] ||
	    atf_fail "$2 grew from $early to $late"
}

# Everything is let go, and has ended.
ends() {
	[ ! -e weird.status ] || soak_start
	weirctl engine resume >/dev/null 2>&1 || :
	weirctl resume --all >/dev/null 2>&1 || :
	weirctl ls --json -n 1000 --status pending --status running \
	    --status waiting --status pausing --status paused \
	    --status canceling >open || return 1
	sed -n 's/.*"id": *\([0-9]*\).*/\1/p' open | while read -r it; do
		weirctl signal "$it" go >/dev/null 2>&1 || :
	done
	[ ! -s open ]
}

weir_test_case load "memory, descriptors and disk stay as they are under load and restarts"
load_body() {
	[ "${WEIR_BUILD-plain}" = plain ] ||
	    atf_skip "measures memory, which the build $WEIR_BUILD has otherwise"
	[ -d /proc/self/fd ] || atf_skip "needs /proc to measure memory"
	seconds=60
	[ -z "${WEIR_LONG-}" ] || seconds=14400
	random=$(now)
	echo "seed $random"
	turn=0 key=0 restarts=0 operations=0
	: >ledger
	: >samples
	: >again
	: >canceled
	write_files
	atf_check -o ignore weird -n -c "$PWD/weird.conf"
	soak_start
	for flow in quick gate slow; do
		atf_check -o ignore weirctl define $flow.yaml
	done
	began=$(now)
	restarted=$began
	while [ $(($(now) - began)) -lt "$seconds" ]; do
		turn=$((turn + 1))
		for flow in quick quick gate slow; do
			start $flow
		done
		operate
		[ $((turn % 4)) != 0 ] || change
		sample
		if [ $(($(now) - restarted)) -ge 4 ]; then
			restart
			restarted=$(now)
		fi
		# Someone looks on for a moment; that is the pace, too.
		timeout 0.4 weirctl events >/dev/null 2>&1 || :
	done
	[ -z "${watcher-}" ] || kill "$watcher" 2>/dev/null || :
	weir_wait_until ends
	agree
	echo "seconds, RSS of daemon and runners, descriptors of both, journal, state:"
	awk -v step=$(($(wc -l <samples) / 30 + 1)) 'NR % step == 0' samples
	echo "$key executions, $kept kept, $operations operations on them" \
	    "($(wc -l <canceled) cancels and $(wc -l <again) runs again" \
	    "granted), $restarts restarts"
	flat 2 "RSS of the daemon, KiB" 2048 4
	flat 3 "RSS of the runners, KiB" 1024 0
	flat 4 "descriptors of the daemon" 3 0
	flat 5 "descriptors of the runners" 8 0
	flat 6 "the journal, KiB" $((4 * SEGMENT / 1024)) 4
	flat 7 "all of the state, KiB" $((8 * SEGMENT / 1024)) 24
	weir_stop
}

# No attempt ran twice; whatever was acknowledged and let be has run its
# command and is known to have completed, as long as it is known.
agree() {
	sort trace.* | uniq -d >twice
	[ ! -s twice ] || atf_fail "attempts that ran twice: $(cat twice)"
	cut -d' ' -f1 trace.* | sort -u >ran
	sort -u canceled >left
	cut -d' ' -f1 ledger | sort -u | comm -23 - left >whole
	comm -23 whole ran >never
	[ ! -s never ] || atf_fail "started, and never ran: $(cat never)"
	weirctl ls --json -n 1000 >known
	sed -n 's/.*"id": *\([0-9]*\).*/\1/p' known | sort -u |
	    comm -12 - whole >to_see
	while read -r it; do
		grep "\"id\": *$it,.*\"status\": *\"completed\"" known \
		    >/dev/null || atf_fail "$it has not completed: $(
		    grep "\"id\": *$it," known)"
	done <to_see
	echo "$(wc -l <whole) executions ran as they should," \
	    "$(wc -l <to_see) of them are still known"
	[ -s to_see ] || atf_fail "none of them is known"
}

atf_init_test_cases() {
	atf_add_test_case load
}
