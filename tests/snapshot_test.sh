#!/usr/bin/env atf-sh
# snapshot_test: the daemon writes snapshots while it works, forgets what is
# older than the one before the last, and a start from them knows all there was.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# Small files, so that little work makes many.
write_conf() {
	cat >weird.conf <<-'EOF'
	journal:
	  segment_size: 65536
	  snapshot_after: 65536
	callouts: {max: 4, output_max: 1024}
	EOF
	cat >w.yaml <<-'EOF'
	workflow: w
	tasks:
	  a: {run: [sh, -c, 'echo "$WEIR_EXECUTION" >>"$0"', "${{ input.ran }}"]}
	  b: {needs: [a], wait: {signal: go}}
	input:
	  ran: {type: string}
	EOF
}

figure() {
	weirctl engine status | sed -n "s/^$1  *//p"
}

# Work until the newest snapshot is one behind event $1; each execution is left
# waiting, or signalled, in turn.
work_past() {
	started=$((started + 1))
	ctl run w -i "ran=$PWD/ran" >run.out
	if [ $((started % 2)) = 0 ]; then
		ctl signal "$started" go >signal.out
	fi
	newest=$(figure 'snapshot of event')
	[ "${newest:-0}" -gt "$1" ]
}

known() {
	ctl --json ls --limit 1000000
	ctl --json definitions
}

rests() {
	[ "$(wc -l <ran)" -eq "$started" ] &&
	    [ "$(figure 'callouts running')" = 0 ]
}

weir_test_case goes_on "killed or stopped, a daemon starts from a snapshot and knows all"
goes_on_body() {
	write_conf
	weir_start -c weird.conf
	started=0
	atf_check -o ignore weirctl define w.yaml
	weir_wait_until work_past 0
	first=$newest
	weir_wait_until work_past "$first"
	weir_wait_until work_past "$newest"
	weir_wait_until rests
	known >before
	weir_kill9
	weir_start -c weird.conf
	known >after
	atf_check diff before after
	# What was before the older of two snapshots is gone.
	atf_check test "$(figure 'journal from')" -gt 1
	atf_check test "$(find state/journal -name '*.snap' | wc -l)" -eq 2
	weir_stop
	weir_start -c weird.conf
	known >after
	atf_check diff before after
	# Every callout ran, and ran once.
	seq "$started" >all
	sort -n ran >ran.sorted
	atf_check diff all ran.sorted
	weir_stop
}

weir_test_case older "where the newest snapshot is damaged the older one and the journal give the same"
older_body() {
	write_conf
	weir_start -c weird.conf
	started=0
	atf_check -o ignore weirctl define w.yaml
	weir_wait_until work_past 0
	weir_wait_until work_past "$newest"
	weir_wait_until rests
	weir_stop
	weir_start -c weird.conf
	known >before
	weir_stop
	last=$(find state/journal -name '*.snap' | sort | tail -n 1)
	size=$(stat -c %s "$last")
	printf x | dd of="$last" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
	: >weird.log
	weir_start -c weird.conf
	atf_check -o ignore grep "${last##*/}" weird.log
	known >after
	atf_check diff before after
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case goes_on
	atf_add_test_case older
}
