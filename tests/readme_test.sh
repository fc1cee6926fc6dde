#!/usr/bin/env atf-sh
# readme_test: what README.md shows is what happens.  Each block of it that
# follows a line `<!-- tour... -->` is run, in their order, in one shell:
#
#	<!-- tour -->			commands, after "$ ", and what they print
#	<!-- tour: ends N -->		the same; the last one's exit status is N
#	<!-- tour: file NAME -->	a file, written
#
# What is printed is compared but for times, numbers of exit statuses and widths
# of columns; "..." stands for the rest of a line or, alone, for any lines.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# steps FILE: its blocks as files: 001.file and 001.name, or 001.command,
# 001.shown and 001.status.
steps() {
	awk '
	function step(extension) { return sprintf("%03d.%s", n, extension) }
	/^<!-- tour.*-->$/ { mark = $0; sub(/^<!-- tour:? */, "", mark)
		sub(/ *-->$/, "", mark); marked = 1; next }
	/^```/ && marked {
		marked = 0
		inside = 1
		if (mark ~ /^file /) {
			n++
			print substr(mark, 6) >step("name")
			text = step("file")
		} else
			text = ""
		next
	}
	/^```/ && inside {
		inside = 0
		open = 0
		if (text == "")
			print mark ~ /^ends / ? substr(mark, 6) : 0 >step("status")
		next
	}
	!inside { next }
	text != "" { print >text; next }
	/^\$ / {
		if (open)
			print 0 >step("status")
		n++
		open = 1
		print substr($0, 3) >step("command")
		printf "" >step("shown")
		next
	}
	{ print >step("shown") }' "$1"
}

# plain FILE: what does not differ from one time to the next.
plain() {
	sed -E -e 's/(^|[ (])([0-9]+[hms])?[0-9]+(\.[0-9]+)?(ms|s|m|h)( |,|:|$)/\1TIME\5/g' \
	    -e 's/exit status [0-9]+/exit status N/g' \
	    -e 's/ now$/ TIME ago/' -e 's/ now / TIME ago /' \
	    -e 's/  +/ /g' -e 's/ $//' "$1"
}

# alike SHOWN PRINTED: whether it is what was to be expected.
alike() {
	plain "$1" >alike.shown
	plain "$2" >alike.printed
	awk '
	function line(s, p, length_) {
		if (s !~ /\.\.\.$/)
			return s == p
		length_ = length(s) - 3
		return substr(p, 1, length_) == substr(s, 1, length_)
	}
	function rest(i, j) {
		if (i > shown)
			return j > printed
		if (s[i] == "...")
			return rest(i + 1, j) || (j <= printed && rest(i, j + 1))
		return j <= printed && line(s[i], p[j]) && rest(i + 1, j + 1)
	}
	FILENAME == "alike.shown" { s[++shown] = $0; next }
	{ p[++printed] = $0 }
	END { exit !rest(1, 1) }' alike.shown alike.printed
}

# try_ STEP: runs its command; whether the end and the text are as they should.
try_() {
	status=0
	# shellcheck disable=SC1090 # a command of README.md
	. "./$1.command" >"$1.printed" 2>&1 || status=$?
	[ "$status" != "$(cat "$1.status")" ] ||
	    ! alike "$1.shown" "$1.printed" || return 0
	echo "README.md shows, with exit status $(cat "$1.status"):"
	sed 's/^/$ /' "$1.command"
	cat "$1.shown"
	echo "--- and there was, with exit status $status:"
	cat "$1.printed"
	return 1
}

# do_ STEP: only what looks is repeated, until all has come that was to come.
do_() {
	case $(cat "$1.command") in
	'weirctl ls'* | 'weirctl show'* | 'weirctl logs'*)
		weir_wait_until try_ "$1"
		;;
	*)
		try_ "$1" >differs || {
			cat differs >&2
			weir_show_log
			atf_fail "README.md shows something else for:" \
			    "$(cat "$1.command")"
		}
		;;
	esac
}

weir_test_case tour "the five minutes of README.md"
tour_body() {
	LC_ALL=C.UTF-8
	export LC_ALL
	steps "$WEIR_SRC/README.md"
	[ -e 001.command ] || atf_fail "README.md has no tour"
	for step in [0-9][0-9][0-9].*; do
		case $step in
		*.file) mv "$step" "$(cat "${step%.file}.name")" ;;
		*.command) do_ "${step%.command}" ;;
		esac
	done
}

weir_test_case links "files that README.md links to are there"
links_body() {
	grep -oE '\]\([^):]+\)' "$WEIR_SRC/README.md" | sed 's/^](//; s/)$//' \
	    >links
	[ -s links ] || atf_fail "README.md has no links"
	while read -r file; do
		[ -e "$WEIR_SRC/$file" ] ||
		    atf_fail "README.md links to $file, which is not there"
	done <links
}

atf_init_test_cases() {
	atf_add_test_case tour
	atf_add_test_case links
}
