#!/usr/bin/env atf-sh
# disk_full_test: a disk without space, inodes or quota refuses new work and
# loses nothing; when there is space again all goes on by itself.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/full_disk.sh"

# A callout that writes 300 kB and ends when ./go is there.
define_gate() {
	cat >gate.yaml <<-END
	workflow: gate
	tasks:
	  wait:
	    run: ["sh", "-c", "head -c 300000 /dev/zero | tr '\\\\0' x; echo >$PWD/started.\$WEIR_EXECUTION; until [ -e $PWD/go ]; do sleep 0.05; done"]
	    output: text
	    next: [{do: after}]
	  after:
	    run: ["true"]
	END
	atf_check -o ignore weirctl define gate.yaml
}

start_gates() {
	for id; do
		atf_check -o ignore weirctl run gate
		weir_wait_until test -e "started.$id"
	done
}

# Whatever was started before it has noticed is pending, and not failed.
refused() {
	! weirctl run gate >run.out 2>run.err && grep -q "no room" run.err
}

count_attempts() {
	weirctl --json show "$1" | grep -o '"attempt": [0-9]*, "status"' | wc -l
}

has_ended() {
	weirctl --json show "$1" | grep -q "\"status\": \"$2\""
}

check_output() {
	weirctl --json show "$1" >shown
	grep -q "\"output\": \"x\{1000\}" shown || {
		cut -c1-2000 shown
		atf_fail "the output of $1 is not there"
	}
}

wait_ended() {
	weirctl --json show "$1" >shown 2>&1
	grep -q '"name": "wait", .*"status": "completed"' shown
}

# full_and_back FILL WHAT: the whole story, for a way to fill the disk.
full_and_back() {
	define_gate
	start_gates 1 2 3
	"$1"
	weir_wait_until refused
	atf_check -s exit:75 -e match:"503|$2" weirctl run gate
	sed -i s/true/false/ gate.yaml
	atf_check -s exit:75 -e match:"$2" weirctl define gate.yaml
	atf_check -s exit:75 -e match:"$2" weirctl run gate --plan
	atf_check -o match:"no new work .*$2" weirctl engine status
	# Reading and holding go on, and what runs ends.
	atf_check -o match:"gate" weirctl ls
	atf_check -o ignore weirctl pause --hold 3
	atf_check -o ignore weirctl resume --early 3
	touch go
	for id in 1 2 3; do
		weir_wait_until wait_ended "$id"
		check_output "$id"
	done
	atf_check -o match:"$2" -o match:"after .*space" weirctl why 1
	atf_check -o ignore weirctl cancel 3
	weir_kill9
	start_while_full
	for id in 1 2 3; do
		check_output "$id"
	done
	atf_check -o match:"canceled" weirctl show 3
	give_back
	atf_check -o ignore weirctl wait 1 2
	weir_wait_until weirctl run gate
	weir_wait_until no_failures
	grep -Eq "$2" weird.log || atf_fail "nothing was logged"
	"$1"
	weir_wait_until refused
	give_back
	weir_wait_until weirctl run gate
	grep -q "there is room for new work again" weird.log ||
	    atf_fail "its end was not logged"
	weir_stop
}

# It starts, and takes no new work; or says that it can't, and starts unharmed
# when there is room.
start_while_full() {
	weir_launch
	weir_wait_until weir_answers_or_ended
	if [ ! -e weird.status ]; then
		weir_wait_until refused
		return
	fi
	[ "$(cat weird.status)" != 0 ] || atf_fail "it ended well"
	tail -n 1 weird.log | grep -q "No space left .*make room" ||
	    atf_fail "it does not say why: $(tail -n 1 weird.log)"
	give_back
	weir_start
}

# What had been started meanwhile has come to its end.
no_failures() {
	weirctl ls >listed
	! grep -Eq "failed|running|pending|waiting" listed
}

full_case bytes "no space: new work is refused, what runs is recorded" mount
bytes_body() {
	mount_state -t tmpfs -o size=64m weir
	weir_start
	full_and_back fill_bytes "no room for new work"
}

full_case inodes "no inodes: the same" mount
inodes_body() {
	mount_state -t tmpfs -o size=64m,nr_inodes=100 weir
	weir_start
	full_and_back fill_inodes "inodes free|cannot make"
}

full_case ext4 "no space on ext4: the same" "mount mkfs.ext4"
ext4_body() {
	mount_image 96M "" mkfs.ext4 -q -m 0
	weir_start
	full_and_back fill_bytes "no room for new work"
}

full_case ext4_inodes "no inodes on ext4: the same" "mount mkfs.ext4"
ext4_inodes_body() {
	mount_image 96M "" mkfs.ext4 -q -N 128
	weir_start
	full_and_back fill_inodes "inodes free|cannot make"
}

full_case xfs "no space on XFS: the same" "mount mkfs.xfs"
xfs_body() {
	mount_image 300M "" mkfs.xfs -q
	weir_start
	full_and_back fill_bytes "no room for new work"
}

full_case reserve "40 outputs of 1 MB that end on a full disk are all recorded" \
    mount
reserve_body() {
	mount_state -t tmpfs -o size=256m weir
	weir_start
	cat >many.yaml <<-END
	workflow: many
	tasks:
	  each:
	    items: {in: [$(seq -s, 40)], parallel: 40}
	    run: ["sh", "-c", "yes | head -c 1000000; echo >$PWD/started.\$WEIR_ITEM; until [ -e $PWD/go ]; do sleep 0.1; done"]
	    output: text
	END
	atf_check -o ignore weirctl run many.yaml
	weir_wait_until all_started
	fill_bytes
	weir_wait_until refused_any
	touch go
	# Their list as the output of the task is more than there is room for:
	# what is recorded is each of them.
	weir_wait_until all_recorded
	[ ! -e weird.status ] || atf_fail "weird has ended"
	weir_kill9
	start_while_full
	weir_wait_until all_recorded
	give_back
	atf_check -o ignore weirctl wait 1
	weir_stop
}
all_started() {
	[ "$(find . -maxdepth 1 -name 'started.*' | wc -l)" -eq 40 ]
}
refused_any() {
	! weirctl run many >run.out 2>run.err && grep -q "no room" run.err
}
all_recorded() {
	# The whole of it has 100 MB: looked at once, when they have ended.
	weirctl engine status | grep -q "callouts running *0" || return 1
	weirctl --json show 1 | grep -oE \
	    '"item": [0-9]+, "items": 40, "status": "completed"' >recorded
	[ "$(wc -l <recorded)" -eq 40 ]
}

full_case fresh "a new daemon on a full disk says so and leaves no damage" mount
fresh_body() {
	mount_state -t tmpfs -o size=24m weir
	fill_bytes
	weir_launch
	weir_wait_until test -e weird.status
	[ "$(cat weird.status)" != 0 ] || atf_fail "it ended well"
	atf_check -o match:"No space left on device; make room" cat weird.log
	give_back
	weir_start
	define_gate
	touch go
	weir_wait_until weirctl run gate
	weir_stop
}

full_case quota "a quota that is used up is like a full disk" \
    "mount mkfs.xfs xfs_quota setpriv"
quota_body() {
	mount_image 300M ,uquota mkfs.xfs -q
	mkdir state/own
	chown 65534:65534 state/own
	xfs_quota -x -c "limit -u bhard=40m 65534" state 2>quota.err ||
	    atf_skip "no quotas here: $(head -n 1 quota.err)"
	here=$(mktemp -d /tmp/weir-quota.XXXXXX)
	echo "$here" >here
	chown 65534:65534 "$here"
	chmod 755 "$here"
	cp "$WEIR_BIN/weird" "$WEIR_BIN/weirctl" "$WEIR_RUNNER" "$here" ||
	    atf_skip "no room in /tmp"
	mkdir "$here/state"
	mount --bind state/own "$here/state"
	printf 'workflow: t\ntasks: {a: {run: ["true"]}}\n' >"$here/t.yaml"
	nobody WEIR_RUNNER="$here/weir-runner" "$here/weird" -f \
	    -s "$here/sock" -d "$here/state" 2>weird.log &
	weir_wait_until nobody "$here/weirctl" -s "$here/sock" run \
	    "$here/t.yaml" --wait
	nobody dd if=/dev/zero of="$here/state/ballast" bs=4k 2>/dev/null
	weir_wait_until quota_refuses
	atf_check -o ignore nobody "$here/weirctl" -s "$here/sock" ls
	rm "$here/state/ballast"
	weir_wait_until nobody "$here/weirctl" -s "$here/sock" run t --wait
	! nobody "$here/weirctl" -s "$here/sock" ls | grep failed ||
	    atf_fail "something has failed"
}
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups env "$@"
}
quota_refuses() {
	! nobody "$here/weirctl" -s "$here/sock" run t >run.out 2>run.err &&
	    grep -q "no room for new work" run.err
}
quota_cleanup() {
	[ ! -e here ] || {
		here=$(cat here)
		for quota_round in 1 2 3; do
			grep -lsaF "$here/" /proc/[0-9]*/cmdline |
			    sed 's,^/proc/,,; s,/.*,,' | while read -r pid; do
				kill -KILL "$pid" 2>/dev/null
			done
		done
		umount "$here/state"
		rm -rf "$here"
		: "$quota_round"
	}
	full_cleanup
}

# tried_again CALL PATH ERROR: the first attempt has no space for what it needs.
tried_again() {
	strace -f -qq -o trace -P "$PWD/$2" -e "trace=$1" \
	    -e "inject=$1:error=$3:when=1" -p "$4" 2>strace.err &
	weir_wait_until traced "$4"
	! grep -q "not permitted" strace.err ||
	    atf_skip "strace can't attach: $(head -n 1 strace.err)"
}

traced() {
	[ -s strace.err ] || ! grep -q "^TracerPid:	0" "/proc/$1/status"
}

full_case attempt "an attempt that the disk has no space for has not failed" \
    strace
attempt_body() {
	[ "$WEIR_BUILD" = plain ] || atf_skip "strace is for the plain build"
	printf 'callouts: {runners: 1}\n' >weird.conf
	weir_start -c "$PWD/weird.conf"
	printf 'workflow: t\ntasks: {a: {run: ["true"]}}\n' >t.yaml
	tried_again mkdir state/logs/1 ENOSPC "$(cat weird.pid)"
	atf_check -o ignore weirctl run t.yaml
	# For a second; then there is room for it.
	weir_wait_until grep -q "no room for new work: cannot make the directory of its log .*logs/1: No space" weird.log
	atf_check -o ignore weirctl wait 1
	atf_check_equal 2 "$(count_attempts 1)"
	# Its log, which the runner opens.
	runner=$(pgrep -f "weir-runner $PWD/state/run" | head -n 1)
	tried_again openat state/logs/2/0.-.1.out EDQUOT "$runner"
	atf_check -o ignore weirctl run t
	atf_check -o ignore weirctl wait 2
	atf_check_equal 2 "$(count_attempts 2)"
	weir_stop
}

atf_init_test_cases() {
	for name in bytes inodes ext4 ext4_inodes xfs reserve fresh quota attempt; do
		atf_add_test_case $name
	done
}
