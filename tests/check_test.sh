#!/usr/bin/env atf-sh
# check_test: weirctl check: right files, files that are wrong in many ways, and
# nasty ones; and what else weirctl does without a daemon.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# What check says of a file, without its name; fails where the exit status is
# not the one expected.  Ten seconds of processor time must do anywhere.
said() { # FILE STATUS
	(
		# shellcheck disable=SC3045 # every sh we know has it
		[ "$WEIR_BUILD" = san ] || ulimit -t 10
		weirctl check "$1"
	) >said.out 2>said.err
	said_status=$?
	if [ "$said_status" != "$2" ]; then
		cat said.out said.err >&2
		echo "$1: exit status $said_status, not $2" >&2
		return 1
	fi
	case $1 in
	-) sed 's/^standard input://' said.err ;;
	*) awk -v name="$1:" 'index($0, name) == 1 {
		print substr($0, length(name) + 1); next } { print }' said.err ;;
	esac
}

# The lines "# expect: LINE:COLUMN: FRAGMENT" of a file are what check says of
# it: as many lines, each at that place and with that fragment in it.
as_expected() { # FILE
	sed -n 's/^# expect: //p' "$1" | sort -t: -k1,1n -k2,2n >expected
	said "$1" 65 >got || return 1
	awk -v name="$1" '
	NR == FNR { want[NR] = $0; wants = NR; next }
	{
		place = want[FNR]
		sub(/: .*/, ": ", place)
		fragment = substr(want[FNR], length(place) + 1)
		if (FNR > wants || index($0, place) != 1 ||
		    index($0, fragment) == 0) {
			print name ": expected: " want[FNR]
			print name ": got:      " $0
			bad = 1
		}
		gots = FNR
	}
	END {
		if (gots < wants) {
			print name ": expected: " want[gots + 1]
			print name ": got nothing"
			bad = 1
		}
		exit bad
	}' expected got >&2
}

weir_test_case wrong_files "each wrong file gets its precise error"
wrong_files_body() {
	failed=0
	files=0
	for file in "$WEIR_SRC"/tests/wrong/*.yaml; do
		files=$((files + 1))
		as_expected "$file" || failed=$((failed + 1))
	done
	[ "$files" -ge 60 ] || atf_fail "only $files wrong files"
	[ "$failed" = 0 ] || atf_fail "$failed of $files files"
}

weir_test_case right_files "right files are said to be so"
right_files_body() {
	cat >one.yaml <<-'END'
	workflow: one
	tasks:
	  a: {run: "true"}
	END
	cat >two.yaml <<-'END'
	workflow: two
	description: "yes"
	input: {on: {type: boolean, default: no-op, }}
	tasks: {}
	END
	cat >three.json <<-'END'
	{"workflow": "three", "tasks":
	  {"a": {"workflow": "one", "next": [{"do": "b"}]},
	   "b": {"run": ["echo", "\u00e9"]}}}
	END
	atf_check -o inline:'ok: one.yaml: workflow one, 1 task\n' \
	    weirctl check one.yaml
	atf_check -o inline:'ok: one.yaml: workflow one, 1 task
ok: three.json: workflow three, 2 tasks\n' weirctl check one.yaml three.json
	atf_check weirctl -q check one.yaml
	atf_check -o inline:'ok: standard input: workflow one, 1 task\n' \
	    weirctl check - <one.yaml
	atf_check -s exit:65 -o match:'^ok: one' -e match:'^two.yaml:3:' \
	    weirctl check one.yaml two.yaml
	for file in "$WEIR_SRC"/tests/examples/*.yaml; do
		[ -e "$file" ] || continue
		atf_check -o match:'^ok: ' weirctl check "$file"
	done
}

weir_test_case together "files given together know each other"
together_body() {
	cat >child.yaml <<-'END'
	workflow: child
	input: {size: {type: integer}}
	tasks: {a: {run: "true"}}
	END
	cat >parent.yaml <<-'END'
	workflow: parent
	tasks:
	  a:
	    workflow: child
	    input: {sise: 3}
	END
	atf_check -o ignore weirctl check parent.yaml
	atf_check -s exit:65 -o match:'^ok: child' -e match:'^parent.yaml:5:' \
	    weirctl check parent.yaml child.yaml
	sed s/size/length/ child.yaml >again.yaml
	atf_check -s exit:65 -o ignore \
	    -e match:'again.yaml:1:11: the workflow child is in child.yaml' \
	    weirctl check child.yaml again.yaml
	cat >loop.yaml <<-'END'
	workflow: child
	tasks: {a: {workflow: parent}}
	END
	atf_check -s exit:65 -o ignore -e match:'^loop.yaml:2:23: ' \
	    weirctl check loop.yaml parent.yaml
}

weir_test_case deep "100 KB of opening brackets"
deep_body() {
	head -c 102400 /dev/zero | tr '\0' '[' >deep.yaml
	atf_check_equal "$(said deep.yaml 65)" \
	    "1:65: nested deeper than 64 levels"
	head -c 102400 /dev/zero | tr '\0' '{' >maps.yaml
	said maps.yaml 65 >got || atf_fail "status"
	head -n 1 got | grep -q '^1:2: a key is a text' || atf_fail "$(cat got)"
	yes -- '- ' | head -n 51200 | tr -d '\n' >dashes.yaml
	atf_check_equal "$(said dashes.yaml 65)" \
	    "1:129: nested deeper than 64 levels"
	awk 'BEGIN { for (i = 0; i < 1200; i++) printf "%*sa:\n", i, "" }' \
	    >stairs.yaml
	atf_check_equal "$(said stairs.yaml 65)" \
	    "65:65: nested deeper than 64 levels"
}

weir_test_case binary "files that are no text"
binary_body() {
	printf 'workflow: a\ntasks: \0\n' >nul.yaml
	atf_check_equal "$(said nul.yaml 65)" \
	    "2:8: a NUL byte: this is no text file"
	printf 'workflow: a\n# caf\351\n' >latin1.yaml
	said latin1.yaml 65 | grep -q '^2:6: the byte 0xe9 is not UTF-8' ||
	    atf_fail latin1
	printf '\377\376w\0o\0' >utf16.yaml
	said utf16.yaml 65 | grep -q '^1:1: the byte 0xff is not UTF-8' ||
	    atf_fail utf16
	printf 'workflow: \033[1ma\n' >escape.yaml
	said escape.yaml 65 | grep -q '^1:11: the control character 0x1b' ||
	    atf_fail escape
	head -c 5000 "$(command -v weirctl)" >program
	said program 65 | grep -q '^1:[1-9]' ||
	    atf_fail program
	printf 'workflow: a\r\ntasks:\r\n\tb: c\r\n' >tab.yaml
	said tab.yaml 65 | grep -q "^3:1: a tab can't indent" || atf_fail tab
	: >empty.yaml
	said empty.yaml 65 | grep -q '^1:1: there is nothing' || atf_fail empty
}

weir_test_case large "files that are, or stand for, too much"
large_body() {
	awk 'BEGIN {
		print "workflow: a"
		print "vars:"
		print "  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"
		for (i = 1; i < 10; i++) {
			printf "  a%d: &a%d [", i, i
			for (j = 0; j < 9; j++)
				printf "%s*a%d", j ? ", " : "", i - 1
			print "]"
		}
	}' >laughs.yaml
	said laughs.yaml 65 | grep -q \
	    '^[0-9]*:[0-9]*: what the file holds is more than 1 MiB once' ||
	    atf_fail "laughs: $(cat said.err)"
	head -c 2000000 /dev/zero | tr '\0' 'a' >large.yaml
	said large.yaml 65 | grep -q '^1:1048577: the file is larger than' ||
	    atf_fail "large: $(cat said.err)"
	awk 'BEGIN {
		print "workflow: a"
		print "tasks: {t: {run: [x]}}"
		print "vars:"
		for (i = 0; i < 60000; i++)
			printf "  k%d: %d\n", i, i
		print "  k7: again"
	}' >keys.yaml
	said keys.yaml 65 | grep -q \
	    '^60004:3: the key k7 is here for the second time; .* at 11:3' ||
	    atf_fail "keys: $(cat said.err)"
	awk 'BEGIN { for (i = 0; i < 60000; i++) print "%TAG !a" i "! x" }' \
	    >tags.yaml
	said tags.yaml 65 | grep -q '^1:1: a %TAG directive' || atf_fail tags
}

weir_test_case unreadable "files that can't be read"
unreadable_body() {
	atf_check -s exit:66 -e match:'nothing.yaml: No such file' \
	    weirctl check nothing.yaml
	mkdir dir.yaml
	atf_check -s exit:66 -e match:'dir.yaml: Is a directory' \
	    weirctl check dir.yaml
}

weir_test_case json "check --json is one object for each file"
json_body() {
	printf 'workflow: a\ntasks: {t: {run: [x]}}\n' >right.yaml
	printf 'workflow: a\ntaks: {}\n' >wrong.yaml
	atf_check -o match:'^[{]"file": "right.yaml", "workflow": "a", "tasks": 1, .*"errors": \[\]' \
	    weirctl --json check right.yaml
	atf_check -s exit:65 -o save:out weirctl check --json wrong.yaml
	grep -q '"line": 2, "column": 1, ' out || atf_fail "$(cat out)"
	grep -q '"path": "/taks"' out || atf_fail "$(cat out)"
	atf_check_equal "$(wc -l <out | tr -d ' ')" 1
}

weir_test_case usage "usage errors say what was meant"
usage_body() {
	atf_check -s exit:64 -e match:'no verb "chekc"; did you mean check' \
	    weirctl chekc
	atf_check -s exit:64 -e match:'--reson.*did you mean --reason' \
	    weirctl cancel --reson x 3
	atf_check -s exit:64 -e match:'FILE is missing' weirctl check
	atf_check -s exit:64 -e match:'--reason REASON is missing' \
	    weirctl terminate 3
	atf_check -s exit:64 -e match:"\"x\" is neither an execution's number" \
	    weirctl cancel x
	atf_check -s exit:64 -e match:'neither an execution' weirctl cancel 9-3
	atf_check -s exit:64 -e match:'which executions' weirctl cancel
	atf_check -s exit:64 -e match:'not both' weirctl cancel 3 --all
	atf_check -s exit:64 -e match:'did you mean failed' \
	    weirctl ls --status faild
	atf_check -s exit:64 -e match:'not of the form key=value' \
	    weirctl run a -i x
	atf_check -s exit:64 -e match:'is given twice' \
	    weirctl run a --wait --wait
	atf_check -s exit:64 -e match:'needs an argument, FILE' \
	    weirctl run a --input
	atf_check -s exit:64 -e match:'--wait takes no argument' \
	    weirctl run a --wait=3
	atf_check -s exit:64 -e match:"can't be a workflow's name" \
	    weirctl run Release
	atf_check -s exit:64 -e match:'engine status' weirctl engine
	atf_check -s exit:64 -e match:'nothing can be done with "x"' \
	    weirctl whoami x
	atf_check -s exit:64 -e match:'usage: weirctl' weirctl
	atf_check -o match:'^weirctl run ' weirctl run --help
	atf_check -o match:'^weirctl run ' weirctl help run
	atf_check -o match:'^weirctl engine pause' weirctl help engine pause
	atf_check -o match:'^  check ' weirctl help
	atf_check -o match:'^weirctl [0-9]' weirctl --version
	for verb in $(weirctl help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		case $verb in
		engine) set -- engine status ;;
		journal) set -- journal verify ;;
		*) set -- "$verb" ;;
		esac
		atf_check -o match:'^options:' weirctl "$@" --help
	done
}

weir_test_case no_daemon "without a daemon: exit status 69 and a hint"
no_daemon_body() {
	atf_check -s exit:69 -e match:'no daemon listens on .*weird start' \
	    weirctl -s "$PWD/sock" ls
	printf 'workflow: a\ntasks: {t: {run: [x]}}\n' >right.yaml
	atf_check -s exit:69 -e match:'no daemon listens' \
	    weirctl define -s "$PWD/sock" right.yaml
	# what is wrong with the file is told before anyone is asked
	printf 'workflow: a\n' >wrong.yaml
	atf_check -s exit:65 -e match:'^wrong.yaml:1:1: ' \
	    weirctl -s "$PWD/sock" define wrong.yaml
	atf_check -s exit:65 -e match:'^./wrong.yaml:1:1: ' \
	    weirctl -s "$PWD/sock" run ./wrong.yaml
}

weir_test_case from_the_table "completions and manual match the verbs"
from_the_table_body() {
	for shell in bash zsh fish; do
		atf_check -o file:"$WEIR_SRC/ctl/completions/weirctl.$shell" \
		    weirctl completion "$shell"
	done
	sed -n '/^\.\\" generated: verbs/,/^\.\\" end generated/p' \
	    "$WEIR_SRC/man/weirctl.8" | sed '1d;$d' >manual
	atf_check -o file:manual weirctl completion mdoc
	if command -v bash >/dev/null; then
		atf_check bash -n "$WEIR_SRC/ctl/completions/weirctl.bash"
	fi
}

atf_init_test_cases() {
	atf_add_test_case wrong_files
	atf_add_test_case right_files
	atf_add_test_case together
	atf_add_test_case deep
	atf_add_test_case binary
	atf_add_test_case large
	atf_add_test_case unreadable
	atf_add_test_case json
	atf_add_test_case usage
	atf_add_test_case no_daemon
	atf_add_test_case from_the_table
}
