#!/usr/bin/env atf-sh
# library_test: libweir as others find it: installed, asked for with pkg-config,
# linked both ways; and the programs of weir(3), as they stand there.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# weir_make ARGUMENT...: the makefile, with a build directory of the test's own.
weir_make() {
	gnu="make"
	if command -v gmake >/dev/null; then
		gnu="gmake"
	fi
	"$gnu" -s -C "$WEIR_SRC" O="$PWD/obj" "$@" >make.out 2>&1 || {
		cat make.out
		atf_fail "make $*: failed"
	}
}

plain_alone() {
	[ "$WEIR_BUILD" = plain ] ||
	    atf_skip "what is installed is the plain build"
}

# install_in PREFIX: and lets pkg-config find it there.
install_in() {
	weir_make PREFIX="$1" install-lib
	export PKG_CONFIG_PATH="$1/lib/pkgconfig"
}

msgpack() {
	if pkg-config --exists msgpack-c; then
		echo msgpack-c
	else
		echo msgpack
	fi
}

# compile PROGRAM FLAG...: out of PROGRAM.c
compile() {
	program=$1
	shift
	# shellcheck disable=SC2046 # a list of flags
	cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -o "$program" \
	    "$program.c" "$@" >cc.out 2>&1 || {
		cat cc.out
		atf_fail "$program.c does not compile"
	}
}

write_program() {
	cat >tiny.c <<'EOT'
#include <stdio.h>
#include <weir.h>

/* A name of the library's own, too. */
const char *
error_name(int error)
{
	return error == 0 ? "mine" : "other";
}

int
main(void)
{
	struct weir_message answer;
	struct weir *weir = weir_open(NULL);
	int error;

	if (weir == NULL)
		return 2;
	error = weir_call(weir, "hello", NULL, 0, 30000, &answer);
	printf("%s %s\n", error_name(error), weir_strerror(error));
	weir_close(weir);
	return 0;
}
EOT
}

weir_test_case install "installed, found with pkg-config, linked both ways"
install_body() {
	plain_alone
	write_program
	install_in "$PWD/prefix"
	for f in include/weir.h lib/libweir.a lib/libweir.so.0 \
	    lib/pkgconfig/weir.pc share/man/man3/weir.3; do
		[ -f "prefix/$f" ] || atf_fail "$f is not installed"
	done
	atf_check_equal libweir.so.0 "$(readlink prefix/lib/libweir.so)"
	atf_check -o match:'SONAME.*\[libweir\.so\.0\]' \
	    readelf -d prefix/lib/libweir.so.0
	atf_check_equal "-I$PWD/prefix/include" \
	    "$(pkg-config --cflags weir | sed 's/ *$//')"
	atf_check_equal "-L$PWD/prefix/lib -lweir" \
	    "$(pkg-config --libs weir | sed 's/ *$//')"
	atf_check -o match:'-lweir .*-lmsgpack' pkg-config --static --libs weir
	atf_check -o match:'^[0-9]+\.[0-9]+\.[0-9]+$' \
	    pkg-config --modversion weir
	weir_start
	# shellcheck disable=SC2046 # lists of flags
	compile tiny $(pkg-config --cflags --libs weir)
	atf_check -o inline:'mine no error\n' \
	    env LD_LIBRARY_PATH="$PWD/prefix/lib" ./tiny
	rm prefix/lib/libweir.so*
	# shellcheck disable=SC2046
	compile tiny -static $(pkg-config --static --cflags --libs weir)
	atf_check -o inline:'mine no error\n' ./tiny
	weir_stop
	weir_make PREFIX="$PWD/prefix" uninstall
	atf_check find prefix ! -type d
}

weir_test_case destdir "installed below another root, as packages are made"
destdir_body() {
	plain_alone
	write_program
	weir_make DESTDIR="$PWD/root" PREFIX=/opt/weir install-lib
	atf_check -o not-match:"$PWD" \
	    cat root/opt/weir/lib/pkgconfig/weir.pc
	export PKG_CONFIG_PATH="$PWD/root/opt/weir/lib/pkgconfig"
	export PKG_CONFIG_SYSROOT_DIR="$PWD/root"
	# shellcheck disable=SC2046 # lists of flags
	compile tiny $(pkg-config --cflags --libs weir)
	weir_start
	atf_check -o inline:'mine no error\n' \
	    env LD_LIBRARY_PATH="$PWD/root/opt/weir/lib" ./tiny
	weir_stop
}

# What a program sees of it, and what it could do to a program.
weir_test_case symbols "nothing but weir_*, with versions; nothing that ends"
symbols_body() {
	plain_alone
	nm -D --defined-only "$WEIR_BIN/libweir.so.0" >defined
	atf_check -o not-empty cat defined
	atf_check -s exit:1 grep -v -e ' T weir_[a-z_]*@@WEIR_1$' -e ' A WEIR_1$' \
	    defined
	sed -n 's/.* T \(weir_[a-z_]*\)@@.*/\1/p' defined | sort >exported
	nm -g --defined-only "$WEIR_BIN/installed/libweir.a" |
	    sed -n 's/.* [A-Z] //p' | sort >static
	atf_check cmp exported static
	# The header, the manual and the library have the same functions.
	grep -o '\<weir_[a-z_]*(' "$WEIR_SRC/libproto/weir.h" | tr -d '(' |
	    sort -u >declared
	atf_check diff declared exported
	sed -n 's/^\.F[no] \(weir_[a-z_]*\).*/\1/p' "$WEIR_SRC/man/weir.3" |
	    sort -u >described
	atf_check diff described exported
	nm -D --undefined-only "$WEIR_BIN/libweir.so.0" | awk '{print $2}' |
	    sed 's/@.*//' >needed
	atf_check -o not-empty cat needed
	atf_check -s exit:1 grep -xE -e '_?_?(exit|_exit|_Exit|abort)' \
	    -e '(raise|kill|__assert.*|errx?|verrx?|warnx?|perror|syslog)' \
	    -e '(stderr|stdout|_?_?v?f?d?printf(_chk)?|puts|fputs|fwrite)' \
	    needed
}

weir_test_case header "the header compiles by itself, in C and in C++"
header_body() {
	echo '#include "weir.h"' >alone.c
	cp alone.c alone.cc
	for standard in c99 c11; do
		atf_check cc -std=$standard -pedantic -Wall -Wextra -Werror \
		    -I"$WEIR_SRC/libproto" -fsyntax-only alone.c
	done
	for cxx in c++ clang++; do
		command -v "$cxx" >/dev/null || continue
		atf_check "$cxx" -std=c++98 -Wall -Wextra -Werror \
		    -I"$WEIR_SRC/libproto" -fsyntax-only alone.cc
		return
	done
	atf_skip "no C++ compiler"
}

# examples: those of weir(3) as files NAME.c
examples() {
	awk '
	/^\.\\" example: / { name = $3; next }
	/^\.Bd/ && name != "" { inside = 1; next }
	/^\.Ed/ { inside = 0; name = "" }
	inside { gsub(/\\e/, "\\"); print >(name ".c") }
	' "$WEIR_SRC/man/weir.3"
}

weir_test_case manual "the programs of weir(3) do what it says"
manual_body() {
	plain_alone
	install_in "$PWD/prefix"
	examples
	for name in status start follow loop; do
		[ -s "$name.c" ] || atf_fail "weir(3) has no example $name"
		# shellcheck disable=SC2046 # lists of flags
		compile "$name" \
		    $(pkg-config --cflags --libs weir "$(msgpack)")
	done
	export LD_LIBRARY_PATH="$PWD/prefix/lib"
	cat >quick.yaml <<'EOT'
workflow: quick
tasks:
  one: {run: ["true"]}
EOT
	cat >gate.yaml <<'EOT'
workflow: gate
tasks:
  stand: {wait: {signal: go}}
EOT
	atf_check -s exit:1 -e match:'no daemon' ./status
	weir_start
	atf_check -o ignore weirctl define quick.yaml gate.yaml
	atf_check -o match:'"status"=>"RUNNING"' ./status
	# Blocking, and pipelined.
	atf_check -s exit:1 -o match:'^gate: started$' \
	    -o match:'^nothing: .*nothing' ./start gate nothing
	# shellcheck disable=SC2046 # a hundred words
	atf_check -o save:started ./start $(yes quick | head -n 100)
	atf_check_equal 100 "$(grep -c '^quick: started$' started)"
	# Events, across restarts: execution 1 is the gate.
	atf_check -o ignore weirctl cancel 1
	atf_check -o ignore weirctl run gate
	weir_wait_until no_execution_runs
	from=$(next_event)
	./follow "$from" >followed 2>&1 &
	follow=$!
	weir_kill9
	weir_start
	atf_check -o ignore weirctl signal 102 go
	wait "$follow" || atf_fail "follow: $(cat followed)"
	atf_check -o match:'"type"=>"execution.status".*"status"=>"completed"' \
	    tail -n 1 followed
	sed 's/^{"seq"=>\([0-9]*\),.*/\1/' followed >numbers
	seq "$from" "$(tail -n 1 numbers)" >expected
	atf_check cmp expected numbers
	atf_check -s exit:1 -e match:'newest event' ./follow 999999
	# In a loop of its own.
	printf 'hello\nnothing\nevents.subscribe\n' | ./loop >looped ||
	    atf_fail "loop: $?: $(cat looped)"
	atf_check_equal 3 "$(wc -l <looped | tr -d ' ')"
	atf_check -o match:'^0: [0-9]+ bytes$' -o match:'^1: there is no method "nothing"' \
	    -o match:'^2: [0-9]+ bytes$' cat looped
	weir_stop
}

no_execution_runs() {
	[ "$(weirctl --json ls --status running | wc -l)" -eq 0 ]
}

next_event() {
	weirctl --json engine status |
	    sed 's/.*"last": *\([0-9]*\).*/\1/' | {
		read -r last
		echo $((last + 1))
	}
}

atf_init_test_cases() {
	atf_add_test_case install
	atf_add_test_case destdir
	atf_add_test_case symbols
	atf_add_test_case header
	atf_add_test_case manual
}
