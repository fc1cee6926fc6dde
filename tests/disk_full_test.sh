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

atf_init_test_cases() {
	for name in bytes inodes ext4 ext4_inodes xfs; do
		atf_add_test_case $name
	done
}
