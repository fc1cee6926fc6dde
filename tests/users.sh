# users.sh: for tests of root's weird with other users: a scratch directory that
# they can reach, and users and groups that this weird alone knows.  Sourced
# after lib.sh.
#
# ann 61001 and bob 61002 are in the group build, bob and zed 61004 in ops, eve
# 61003 in none.
# shellcheck shell=sh

# users_case NAME DESCRIPTION [PROGRAM...]: a test case with them.
users_case() {
	atf_test_case "$1" cleanup
	eval "users_description_$1=\$2
	$1_head() {
		atf_set descr \"\$users_description_$1\"
		atf_set require.user root
		atf_set require.progs \"setpriv unshare mount ${3-}\"
	}
	$1_cleanup() { weir_place_cleanup; }"
}

# users_begin: goes to the directory, ready for weir_start.
users_begin() {
	unshare -m true 2>/dev/null ||
	    atf_skip "there are no mount namespaces here"
	weir_place users
	cp "$WEIR_BIN/weird" "$WEIR_BIN/weirctl" "$WEIR_RUNNER" . ||
	    atf_skip "there is no room in /tmp"
	WEIR_RUNNER=$PWD/${WEIR_RUNNER##*/}
	export WEIR_RUNNER
	cat >passwd <<-'END'
	root:x:0:0::/root:/bin/sh
	ann:x:61001:61001::/home/ann:/bin/sh
	bob:x:61002:61002::/home/bob:/bin/sh
	eve:x:61003:61003::/home/eve:/bin/sh
	zed:x:61004:61004::/home/zed:/bin/sh
	END
	cat >group <<-'END'
	root:x:0:
	ann:x:61001:
	bob:x:61002:
	eve:x:61003:
	zed:x:61004:
	build:x:61100:ann,bob
	ops:x:61101:bob,zed
	END
	mkdir wrapped
	cat >wrapped/weird <<-END
	#!/bin/sh
	exec unshare -m sh -c 'mount --make-rprivate / &&
	    mount --bind $PWD/passwd /etc/passwd &&
	    mount --bind $PWD/group /etc/group && exec "\$@"' \
	    sh $PWD/weird "\$@"
	END
	# as USER WORD...: weirctl by that user.
	cat >wrapped/as <<-END
	#!/bin/sh
	uid=\$1
	case \$uid in
	ann) uid=61001 ;;
	bob) uid=61002 ;;
	eve) uid=61003 ;;
	zed) uid=61004 ;;
	esac
	shift
	exec setpriv --reuid "\$uid" --regid "\$uid" --clear-groups \
	    $PWD/weirctl -s $PWD/sock "\$@"
	END
	chmod 755 wrapped/weird wrapped/as
	wrapped/weird -V >weird.version 2>&1 ||
	    atf_skip "nothing can be mounted here: $(cat weird.version)"
	WEIR_BIN=$PWD/wrapped
	PATH=$WEIR_BIN:$PWD:$PATH
	# weirctl is wanted by its name in WEIR_BIN too
	ln -s ../weirctl wrapped/weirctl
}
