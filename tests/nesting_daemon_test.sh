#!/usr/bin/env atf-sh
# nesting_daemon_test: what nesting_test plays in a state by itself, with a
# daemon and real commands: each way to run again, from each level.  The tables
# are those of nesting_test, in golden/nesting, so both agree.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

show_family() {
	"$(atf_get_srcdir)/show_family" "$@"
}

# callout LETTER INPUT [PLAIN SIDE] waits until somebody has ./gate open for
# writing, fails where ./broken has its name, and tells how often it has run.
make_callout() {
	mkfifo gate
	cat >callout <<-'END'
	#!/bin/sh
	cd "${0%/*}" || exit 9
	: <gate
	count=count.$WEIR_EXECUTION$1
	n=$(($(cat "$count" 2>/dev/null) + 1))
	echo "$n" >"$count"
	name=$WEIR_EXECUTION$1$n
	if [ "$(cat broken)" = "$WEIR_WORKFLOW.$1" ]; then
		echo "$name!" >>ran
		exit 1
	fi
	echo "$name" >>ran
	echo "$name$2${3:+($3 $4)}"
	END
	chmod 755 callout
}

# define LEVEL [another]: as version 1, or as the next one.
define() {
	sed "s,nesting_callout,$PWD/callout,
	    ${2:+s/\"output\": \"\\[/\"output\": \"{/}" \
	    "$WEIR_SRC/tests/nesting/$1.json" >"$1.yaml"
	atf_check -o ignore weirctl define "$1.yaml"
}

# step NAME [NOTES]: ./NAME is what there is now, with what ran since the last.
step() {
	{
		[ $# -lt 2 ] || cat "$2"
		[ -e ran ] || echo nothing >ran
		echo "! ran: $(LC_ALL=C sort ran | tr '\n' ' ' | sed 's/ $//')"
		show_family step
	} >"$1" || atf_fail "no step $1"
	rm -f ran
}

all_have_ended() {
	show_family step >now &&
	    ! grep -q "	~*\(pending\|running\|waiting\|canceling\)" now
}

# runs_through STEP: callouts run until nothing is left to be done.
runs_through() {
	exec 3<>gate
	weir_wait_until all_have_ended
	step "$1"
	exec 3>&-
}

# ask VERB ID: with the words of nesting_test.
ask() {
	case $1 in
	restart) weirctl restart "$2" ;;
	restart_latest) weirctl restart --latest "$2" ;;
	rerun) weirctl rerun -i w=b "$2" ;;
	rerun_*) weirctl rerun -t "${1#rerun_}" "$2" ;;
	retry) weirctl retry "$2" ;;
	retry_resume) weirctl retry --resume-subworkflows "$2" ;;
	esac
}

# again FAILURE VERB LEVEL: holds what comes of it to
# golden/nesting/FAILURE-VERB-LEVEL.
again() {
	weir_start
	make_callout
	define low
	define mid
	define top
	echo "$1.p" >broken
	atf_check -o ignore weirctl run top
	runs_through failed
	echo nothing >broken
	case $2 in
	restart*) define "$3" another ;;
	esac
	case $3 in
	top) ask "$2" 1 ;;
	mid) ask "$2" 2 ;;
	low) ask "$2" 3 ;;
	esac >answer 2>&1 || :
	sed -n 's/ (allowed now: .*//; s/^[0-9]*: refused/! refused/p' answer \
	    >refused
	step asked refused
	if [ "$1" = none ]; then
		set -- "$@" completed failed "$2" asked
	else
		set -- "$@" failed failed "$2" asked
	fi
	if ! [ -s refused ]; then
		runs_through ended
		set -- "$@" end ended
	fi
	golden=$WEIR_SRC/tests/golden/nesting/$1-$2-$3
	shift 3
	show_family table "$@" >shown || atf_fail "no table"
	atf_check diff -u "$golden" shown
	weir_stop
}

# Each verb from each level, and some where something else has failed.
for verb in restart restart_latest rerun rerun_begin rerun_plain rerun_side \
    rerun_tie retry retry_resume; do
	for level in top mid low; do
		cases="$cases low-$verb-$level"
	done
done
cases="$cases none-rerun_side-mid none-retry-low mid-retry-mid
    mid-retry_resume-top mid-restart-low top-rerun_plain-low top-retry-top"

for case in $cases; do
	name=$(echo "$case" | tr - _)
	weir_test_case "$name" "what comes of $case"
	eval "${name}_body() { again $(echo "$case" | tr - ' '); }"
done

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case "$(echo "$case" | tr - _)"
	done
}
