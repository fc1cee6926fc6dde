#!/usr/bin/env atf-sh
# install_test: what is installed knows where it is.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# weir_make ARGUMENT...: the makefile, with a build directory of the test's own.
weir_make() {
	gnu="make"
	if command -v gmake >/dev/null; then
		gnu="gmake"
	fi
	"$gnu" -s -j2 -C "$WEIR_SRC" O="$PWD/obj" PREFIX=/opt/weir \
	    DESTDIR="$PWD/x" "$@" >make.out 2>&1 || {
		cat make.out
		atf_fail "make $*: failed"
	}
}

atf_test_case paths
paths_head() {
	atf_set descr "manuals and daemon name the paths that were configured"
	atf_set timeout 600
}
paths_body() {
	[ "$WEIR_BUILD" = plain ] ||
	    atf_skip "what is installed is the plain build"
	# What is not told of the paths need not be compiled again.
	mkdir obj
	cp -Rp "$WEIR_BIN/ctl" "$WEIR_BIN/daemon" "$WEIR_BIN/libproto" \
	    "$WEIR_BIN/flags" obj
	weir_make install
	conf=/opt/weir/etc/weir/weird.conf
	for page in man5/weird.conf.5 man8/weird.8; do
		atf_check -o match:"^\.It Pa $conf" \
		    cat "x/opt/weir/share/man/$page"
	done
	grep -r '/etc/weir' x/opt/weir/share/man | grep -v "$conf" >other
	atf_check cat other
	if [ "$(id -u)" = 0 ]; then
		atf_check -o match:"^$conf: not there; the defaults are ok" \
		    x/opt/weir/sbin/weird -N
	fi
	weir_make uninstall
	atf_check find x -type f
}

atf_init_test_cases() {
	atf_add_test_case paths
}
