#!/usr/bin/env atf-sh
# places_test: directories, programs and files that others could change are
# refused at the start, with what is wrong, where, and what to do.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/users.sh"

# refuses PATTERN ARGUMENT...: weird doesn't start, with status 78; and has put
# nothing into ./open, which others can write.
refuses() {
	pattern=$1
	shift
	atf_check -s exit:78 -e match:"$pattern" weird -f "$@"
	[ ! -d open ] || atf_check -o empty ls open
}

weir_test_case parents "directories that others can write"
parents_body() {
	mkdir open group sticky
	chmod 777 open
	chmod 775 group
	chgrp 12345 group 2>/dev/null || rmdir group
	chmod 1777 sticky
	refuses "$PWD/open has mode 0777: others could put .* chmod go-w $PWD/open" \
	    -s sock -d open/state
	refuses "$PWD/open has mode 0777" -s sock -d open/a/b/state
	refuses "$PWD/open has mode 0777" -s open/sock -d state
	refuses "$PWD/open has mode 0777" -s sock -d open
	[ ! -d group ] || refuses "$PWD/group has mode 0775" -s sock -d group/s
	echo "runtime_dir: $PWD/open/run" >weird.conf
	refuses "$PWD/open has mode 0777" -s sock -d state -c weird.conf
	# Where only one's own can be renamed and removed, one's own is safe.
	weir_start -d "$PWD/sticky/state"
	weir_stop
}

users_case own_group "a group of root's own, with nobody or somebody else in it"
own_group_body() {
	users_begin
	mkdir own
	chgrp 0 own
	chmod 775 own
	weir_start -d "$PWD/own/state"
	weir_stop
	sed 's/^root:.*/root:x:0:root/' group >with && cat with >group
	weir_start -d "$PWD/own/state"
	weir_stop
	for member in eve root,eve unknown; do
		sed "s/^root:.*/root:x:0:$member/" group >with && cat with >group
		refuses "$PWD/own has mode 0775" -s sock -d own/state
	done
	chmod 755 own
	weir_start -d "$PWD/own/state"
	weir_stop
}

weir_test_case links "symbolic links, and what is no directory"
links_body() {
	mkdir real
	ln -s real state
	refuses "$PWD/state is a symbolic link; name the directory itself" \
	    -s sock -d state
	rm state
	touch state
	refuses "$PWD/state is not a directory" -s sock -d state
	atf_check -s exit:73 -e match:"$PWD/state" weird -f -s sock -d state/s
	rm state
	# On the way it matters whose it is.
	ln -s "$PWD/real" way
	weir_start -d "$PWD/way/state"
	weir_stop
	ln -s "$PWD/absent" sock
	atf_check -s exit:73 -e match:"is there, and is no socket" \
	    weird -f -s sock -d state
	atf_check test -L sock
	atf_check test ! -e absent
	rm sock
	echo precious >sock
	atf_check -s exit:73 -e match:"is there, and is no socket" \
	    weird -f -s sock -d state
	atf_check -o inline:"precious\n" cat sock
}

weir_test_case modes "what only others could read is closed to them"
modes_body() {
	mkdir -m 755 state state/journal state/logs state/run
	weir_start
	for directory in journal logs run; do
		atf_check -o inline:"drwx------\n" \
		    sh -c "ls -ld state/$directory | cut -c1-10"
	done
	atf_check -o match:"^drwx--[x-]--[x-] " ls -ld state
	atf_check -o match:"^srw-rw-rw- " ls -l sock
	weir_stop
	chmod 770 state/journal
	chgrp 12345 state/journal 2>/dev/null || atf_skip "not root"
	refuses "$PWD/state/journal has mode 0770: others could have put .* chmod 0700" \
	    -s sock -d state
	chmod 700 state/journal
	echo "socket_mode: 600" >weird.conf
	weir_start -c "$PWD/weird.conf"
	atf_check -o match:"^srw------- " ls -l sock
	weir_stop
}

weir_test_case owners ""
owners_head() {
	atf_set descr "what belongs to somebody else"
	atf_set require.user root
}
owners_body() {
	mkdir theirs real
	chown 12345 theirs
	refuses "$PWD/theirs belongs to uid 12345, not to root or to uid 0" \
	    -s sock -d theirs/state
	refuses "$PWD/theirs belongs to uid 12345, not to uid 0 .* chown" \
	    -s sock -d theirs
	refuses "$PWD/theirs belongs to uid 12345" -s theirs/sock -d state
	ln -s "$PWD/real" way
	chown -h 12345 way
	refuses "$PWD/way is a symbolic link of uid 12345, who could make it point elsewhere" \
	    -s sock -d way/state
	rm -rf state
	mkdir -m 711 state
	mkdir -m 700 state/journal
	chown 12345 state/journal
	refuses "$PWD/state/journal belongs to uid 12345" -s sock -d state
	echo "log: info" >weird.conf
	chown 12345 weird.conf
	refuses "$PWD/weird.conf: it must be root's" -s sock -d s2 -c weird.conf
	atf_check -s exit:78 -e match:"it must be root's" weird -N -c weird.conf
}

weir_test_case programs "the runner, where callouts' programs are, weird.conf"
programs_body() {
	cp "$WEIR_RUNNER" runner
	chmod 777 runner
	WEIR_RUNNER=$PWD/runner
	export WEIR_RUNNER
	refuses "weird does not run $PWD/runner: .* with mode 0777" \
	    -s sock -d state
	chmod 755 runner
	mkdir open bin
	mv runner open
	chmod 777 open
	WEIR_RUNNER=$PWD/open/runner
	atf_check -s exit:78 -e match:"$PWD/open has mode 0777" \
	    weird -f -s sock -d state
	# A link is fine, where what it leads to is.
	mv open/runner bin
	ln -s "$PWD/bin/runner" open/runner
	weir_start
	weir_stop
	WEIR_RUNNER=$PWD/absent
	atf_check -s exit:69 -e match:"cannot run $PWD/absent: No such file" \
	    weird -f -s sock -d state
	WEIR_RUNNER=$PWD/bin/runner
	for path in "bin:/bin" "/bin:" "" ":/bin"; do
		echo "callouts: {path: \"$path\"}" >weird.conf
		atf_check -s exit:78 \
		    -e match:"no absolute path|expected a text" \
		    weird -f -s sock -d state -c weird.conf
	done
	echo "callouts: {path: \"/bin:$PWD/open\"}" >weird.conf
	atf_check -s exit:78 -e match:"callouts.path: $PWD/open .* leave it out" \
	    weird -f -s sock -d state -c weird.conf
	echo "log: info" >weird.conf
	chmod 666 weird.conf
	atf_check -s exit:78 -e match:"weird.conf: it must be root's or uid .* mode 0666" \
	    weird -f -s sock -d state -c weird.conf
	mkfifo fifo
	atf_check -s exit:78 -e match:"fifo: it must be a file" \
	    weird -N -c fifo
	atf_check -s exit:78 -e match:"bin: it must be a file" weird -N -c bin
	atf_check -o match:"/dev/null: ok" weird -N -c /dev/null
}

atf_init_test_cases() {
	atf_add_test_case parents
	atf_add_test_case own_group
	atf_add_test_case links
	atf_add_test_case modes
	atf_add_test_case owners
	atf_add_test_case programs
}
