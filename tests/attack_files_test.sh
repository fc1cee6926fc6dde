#!/usr/bin/env atf-sh
# attack_files_test: an operator's callouts try, by what they do with files, to
# read what is another's, or to have root's daemon do it for them.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/intruder.sh"

# workflow NAME [LINE...]: one task, work, whose shell script is on standard
# input, with more lines for the task.
workflow() {
	{
		echo "workflow: $1"
		echo "tasks:"
		echo "  work:"
		shift
		for line; do echo "    $line"; done
		echo "    run: |"
		sed 's/^/      /'
	} >work.yaml
}

# What no user may see, as root's secrets are.
roots_secret() {
	(umask 077; echo VICTIM-SHADOW >shadow)
	chmod 600 shadow
}

# told ID: all that the daemon tells of its task.
told() {
	{
		ctl logs "$1" work
		ctl logs --stderr "$1" work
		ctl --json show "$1"
		ctl why "$1"
	} >told 2>&1
}

# intact: the victim's log is where it was, and says what it said.
intact() {
	atf_check -o inline:"VICTIM-LOG\n" weirctl logs 1 open
	is_as_before
}

# They go in a turn of the loop that comes after.
logs_gone() {
	! ctl show "$1" && ! [ -e "state/logs/$1" ]
}

daemon_lives() {
	atf_check -o ignore weirctl engine status
}

attack_test_case identity "a callout has its user's rights, and no group more"
identity_body() {
	attack_begin
	workflow identity <<-'END'
	grep -E '^(Uid|Gid|Groups|CapEff|CapPrm|CapInh|CapAmb):' /proc/self/status
	umask
	END
	[ -r /proc/self/status ] || atf_skip "there is no /proc"
	run_as "$attacker" work.yaml
	ctl logs "$id" work | tr '\t' ' ' | sed 's/ *$//' >out
	for line in "Uid: $attacker $attacker $attacker $attacker" \
	    "Gid: $attacker $attacker $attacker $attacker" \
	    "Groups: $attacker" "CapEff: 0000000000000000" \
	    "CapPrm: 0000000000000000" "CapInh: 0000000000000000" \
	    "CapAmb: 0000000000000000"; do
		grep -qx "$line" out || atf_fail "no $line in: $(cat out)"
	done
	weir_stop
}

attack_test_case cwd "a working directory that the user may not enter"
cwd_body() {
	attack_begin
	victim_has_a_vault
	mkdir private
	chmod 700 private
	for dir in "$place/private" "$place/by.$victim" "$place/state/logs" \
	    "$place/state/logs/1" "$place/state/journal" \
	    "$place/by.$victim/../private" "/proc/$(cat weird.pid)/cwd" \
	    "/proc/$(cat weird.pid)/root"; do
		workflow into "cwd: $dir" <<-'END'
		echo got in; ls
		END
		run_as "$attacker" work.yaml
		told "$id"
		! grep -q 'got in' told || atf_fail "$dir: $(cat told)"
		grep -q 'cannot change to directory' told ||
		    atf_fail "$dir: $(cat told)"
	done
	weir_stop
}

attack_test_case stdin "a file of another's as standard input"
stdin_body() {
	attack_begin
	roots_secret
	ln -s "$place/shadow" "by.$attacker/link"
	for given in "$place/shadow" "$place/by.$attacker/link" \
	    "@$place/shadow" "file://$place/shadow"; do
		workflow input "stdin: '$given'" <<-'END'
		cat
		END
		run_as "$attacker" work.yaml
		told "$id"
		no_secret told
		atf_check -o inline:"$given" weirctl logs "$id" work
	done
	weir_stop
}

attack_test_case program "a program that the user may not execute"
program_body() {
	attack_begin
	printf '#!/bin/sh\necho VICTIM-RAN\n' >secret.sh
	chmod 700 secret.sh
	printf 'workflow: w\ntasks: {work: {run: [%s]}}\n' \
	    "$place/secret.sh" >work.yaml
	run_as "$attacker" work.yaml
	told "$id"
	no_secret told
	grep -q 'Permission denied' told || atf_fail "$(cat told)"
	weir_stop
}

attack_test_case state "reading, making and renaming below the state directory"
state_body() {
	attack_begin
	victim_has_a_vault
	workflow probe <<-END
	cd $place/state
	for file in journal/* lock logs/1/* logs/1/0.-.1.out work/*.stdin run/*
	do
	    cat "\$file" && echo READ "\$file"
	done
	for dir in . logs logs/1 work journal run; do
	    ls "\$dir" && echo LISTED "\$dir"
	    touch "\$dir/new" && echo MADE "\$dir"
	    mkdir "\$dir/new.d" && echo MADE "\$dir"
	    mkfifo "\$dir/new.f" && echo MADE "\$dir"
	    ln -s $place/shadow "\$dir/99" && echo MADE "\$dir"
	    mv "\$dir" "\$dir.old" && echo MOVED "\$dir"
	    rm -rf "\$dir" && echo REMOVED "\$dir"
	    chmod 777 "\$dir" && echo CHANGED "\$dir"
	done
	END
	run_as "$attacker" work.yaml
	told "$id"
	no_secret told
	ctl logs "$id" work >out
	! grep -E '^(READ|LISTED|MADE|MOVED|REMOVED|CHANGED)' out ||
	    atf_fail "below state/"
	intact
	weir_stop
}

attack_test_case modes "what the daemon makes is for nobody else"
modes_body() {
	attack_begin
	victim_has_a_vault
	workflow own "stdin: VICTIM-STDIN" <<-'END'
	stat -c '%a %u' . >at
	cat at
	stat -Lc '%a %u' /proc/self/fd/1 /proc/self/fd/2
	END
	run_as "$attacker" work.yaml
	atf_check -o inline:"700 $attacker\n600 $attacker\n600 $attacker\n" \
	    weirctl logs "$id" work
	# The way to working directories is all that others have.
	find state ! -type l -perm /077 ! -path state ! -path state/work \
	    >open
	atf_check -o empty cat open
	atf_check -o inline:"711 0\n" stat -c '%a %u' state
	atf_check -o inline:"711 0\n" stat -c '%a %u' state/work
	find state ! -uid 0 ! -path 'state/logs/*/*' >others
	atf_check -o empty cat others
	weir_stop
}

# What a callout can find of its own log is a descriptor, and a name in a
# directory that is not its user's.
attack_test_case link "a link in the place of its own log"
link_body() {
	attack_begin
	roots_secret
	workflow link "output: text" <<-END
	for fd in 1 2; do
	    log=\$(readlink /proc/\$\$/fd/\$fd)
	    rm -f "\$log" && echo REMOVED
	    ln -sf $place/shadow "\$log" && echo LINKED
	    mv -f $place/by.$attacker/link "\$log" && echo MOVED
	    mkfifo "\$log" && echo MADE
	done
	true
	END
	ln -s "$place/shadow" "by.$attacker/link"
	chown -h "$attacker" "by.$attacker/link"
	run_as "$attacker" work.yaml
	told "$id"
	no_secret told
	ctl logs "$id" work >out
	! grep -E '^(REMOVED|LINKED|MOVED|MADE)' out || atf_fail "its log"
	atf_check -o inline:"VICTIM-SHADOW\n" cat shadow
	weir_stop
}

# Where somebody has put one there all the same, as root may have.
attack_test_case planted "a link where a log should be"
planted_body() {
	attack_begin
	roots_secret
	workflow planted "output: text" <<-'END'
	until [ -e go ]; do sleep 0.05; done
	END
	sed -i "s,^    run:,    cwd: $place/by.$attacker\n    run:," work.yaml
	atf_check -o ignore ./as "$attacker" ./weirctl run work.yaml
	weir_wait_until test -e state/logs/1/0.-.1.out
	for log in state/logs/1/*; do
		rm "$log"
		ln -s "$place/shadow" "$log"
	done
	touch "by.$attacker/go"
	weir_wait_until ended 1
	told 1
	no_secret told
	atf_check -o inline:"VICTIM-SHADOW\n" cat shadow
	atf_check -o ignore -e ignore weirctl delete 1
	weir_wait_until logs_gone 1
	atf_check -o inline:"VICTIM-SHADOW\n" cat shadow
	weir_stop
}

attack_test_case size "its own log is made a terabyte, and torn"
size_body() {
	attack_begin "callouts: {log_max: 4M}"
	workflow size "output: text" <<-'END'
	truncate -s 1T /dev/stdout || truncate -s 1G /dev/stdout
	truncate -s 1T /dev/stderr || truncate -s 1G /dev/stderr
	echo end; echo end >&2
	END
	run_as "$attacker" work.yaml
	ctl --json show "$id" >told
	grep -q 'at most 1048576 may become a value' told ||
	    atf_fail "$(cat told)"
	timeout 60 ./as "$attacker" ./weirctl logs "$id" work >out 2>err ||
	    atf_fail "$(cat err)"
	[ "$(wc -c <out)" -lt 8388608 ] || atf_fail "its hole is told"
	timeout 60 ./as "$attacker" ./weirctl why "$id" >out 2>&1
	daemon_lives
	weir_stop
}

attack_test_case own_mode "its own log is given away, and closed"
own_mode_body() {
	attack_begin
	workflow mode "output: text" <<-END
	chown $victim /proc/self/fd/1 && echo GIVEN
	chown 0 /proc/self/fd/1 && echo GIVEN
	chmod 4777 /proc/self/fd/1
	chmod 000 /proc/self/fd/1 /proc/self/fd/2
	echo closed
	END
	run_as "$attacker" work.yaml
	told "$id"
	! grep -q GIVEN told || atf_fail "$(cat told)"
	# The daemon reads it all the same.
	atf_check -o inline:"closed\n" ./as "$attacker" ./weirctl logs "$id" work
	weir_stop
}

# Opening what somebody has a lease on takes 45 s.
attack_test_case lease "a lease on its own log, for the daemon to wait for"
lease_body() {
	attack_begin
	attack_python fcntl
	cat >"by.$attacker/lease.py" <<-'END'
	import fcntl, os, time
	def lease(fd):
	    log = os.open("/proc/self/fd/%d" % fd, os.O_WRONLY | os.O_APPEND)
	    os.dup2(log, fd)
	    os.close(log)
	    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
	import signal
	signal.signal(signal.SIGIO, signal.SIG_IGN)
	for fd in 1, 2:
	    lease(fd)
	open("leased", "w").close()
	while not os.path.exists("go"):
	    time.sleep(0.05)
	END
	cat >work.yaml <<-END
	workflow: lease
	tasks:
	  work:
	    run: [$python, lease.py]
	    cwd: $place/by.$attacker
	    output: text
	END
	atf_check -o ignore ./as "$attacker" ./weirctl run work.yaml
	weir_wait_until sh -c "test -e 'by.$attacker/leased' || \
	    test -s state/logs/1/0.-.1.err"
	[ -e "by.$attacker/leased" ] ||
	    atf_skip "no lease: $(cat state/logs/1/0.-.1.err)"
	grep -q LEASE /proc/locks || atf_skip "no lease in /proc/locks"
	for stream in "" --stderr; do
		# shellcheck disable=SC2086 # may be none
		timeout 20 ./as $attacker ./weirctl logs $stream 1 work \
		    >out 2>&1
		[ $? != 124 ] || atf_fail "the log held the daemon up"
		atf_check -o ignore timeout 20 weirctl engine status
	done
	atf_check -o match:LEASE cat /proc/locks
	touch "by.$attacker/go"
	weir_wait_until ended 1
	weir_stop
}

attack_test_case hardlink "hard links to logs, its own and the victim's"
hardlink_body() {
	attack_begin
	victim_has_a_vault
	workflow hard <<-END
	cd $place/by.$attacker
	ln $place/state/logs/1/0.-.1.out one && echo LINKED
	ln $place/state/lock two && echo LINKED
	ln -L /proc/self/fd/1 own
	echo mine
	END
	run_as "$attacker" work.yaml
	ctl logs "$id" work >out
	! grep -q LINKED out || atf_fail "$(cat out)"
	atf_check -o ignore weirctl delete "$id"
	weir_wait_until logs_gone "$id"
	intact
	weir_stop
}

attack_test_case remove "links in a working directory that root removes"
remove_body() {
	attack_begin
	mkdir private
	touch private/kept shadow
	workflow links <<-END
	mkdir -p a/b
	ln -s $place/private dir
	ln -s $place/private a/b/dir
	ln -s $place/shadow file
	mkfifo fifo
	chmod 000 a
	mv "\$PWD" "\$PWD.old" && echo MOVED
	ln -s $place/private "\$PWD.new" && echo MADE
	true
	END
	run_as "$attacker" work.yaml
	# shellcheck disable=SC2016 # for the inner shell
	weir_wait_until sh -c '[ -z "$(ls state/work)" ]'
	test -e private/kept || atf_fail "root followed a link"
	test -e shadow || atf_fail "root followed a link"
	ctl logs "$id" work >out
	atf_check -o empty cat out
	weir_stop
}

# While root removes it, its user swaps a directory and a link.
attack_test_case race "swapping a directory and a link while root removes it"
race_body() {
	attack_begin
	mkdir private
	chmod 755 private
	i=0
	while [ $i -lt 50 ]; do
		touch private/$i
		i=$((i + 1))
	done
	cat >"by.$attacker/swap" <<-END
	#!/bin/sh
	cd "\$1" || exit
	ln -s $place/private link
	: >$place/by.$attacker/swapping
	while mkdir -p dir/x && : >dir/x/y; do
	    mv dir old 2>/dev/null; ln -sf $place/private dir
	    rm -f dir; mv old dir 2>/dev/null
	done 2>/dev/null
	END
	chmod 755 "by.$attacker/swap"
	# One that the runner does not know: of another session and mark.
	mkdir state/work/77-0-none-1
	i=0
	while [ $i -lt 400 ]; do
		mkdir -p state/work/77-0-none-1/d$i/e
		i=$((i + 1))
	done
	chown -R "$attacker" state/work/77-0-none-1
	weir_stop
	./as "$attacker" "by.$attacker/swap" "$place/state/work/77-0-none-1" &
	swapper=$!
	weir_wait_until test -e "by.$attacker/swapping"
	weir_start -c weird.conf
	weir_wait_until sh -c '[ ! -e state/work/77-0-none-1/d399 ]'
	kill $swapper 2>/dev/null
	wait $swapper
	atf_check -o inline:"50\n" sh -c 'ls private | wc -l | tr -d " "'
	weir_stop
}

attack_test_case names "names with slashes and dots, for paths of logs"
names_body() {
	attack_begin
	for name in ../evil a/b .. . /etc/x "a b" "$(printf 'a\033b')"; do
		printf 'workflow: "%s"\ntasks: {t: {run: ["true"]}}\n' "$name" \
		    >bad.yaml
		refused ./as "$attacker" ./weirctl define bad.yaml
		printf 'workflow: w\ntasks: {"%s": {run: ["true"]}}\n' "$name" \
		    >bad.yaml
		refused ./as "$attacker" ./weirctl define bad.yaml
		refused ./as "$attacker" ./weirctl run "$name"
		refused ./as "$attacker" ./weirctl logs 1 "$name"
	done
	find state -name '*evil*' >out
	atf_check -o empty cat out
	weir_stop
}

atf_init_test_cases() {
	for attack in identity cwd stdin program state modes link planted \
	    size own_mode lease hardlink remove race names; do
		atf_add_test_case $attack
	done
}
