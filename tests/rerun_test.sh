#!/usr/bin/env atf-sh
# rerun_test: replay, restart, rerun and retry with real commands: what runs
# again, what stays, and that nothing of what was is lost.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

# Each task notes in ./ran what it ran with; broken fails while ./broken is
# there.
files() {
	cat >fork.yaml <<-END
	workflow: fork
	input: {word: {type: string, default: first}, more: {type: string, default: ""}}
	vars: {left: none}
	output: {word: "\${{ input.word }}", left: "\${{ vars.left }}"}
	tasks:
	  begin: {run: "echo begin >>$PWD/ran", next: [{do: [left, right]}]}
	  left:
	    env: {WORD: "\${{ input.word }}", MORE: "\${{ input.more }}"}
	    run: "echo left \$WORD \$MORE | tee -a $PWD/ran"
	    output: text
	    next: [{when: completed, set: {left: "\${{ task.output }}"}, do: close}]
	  right:
	    run: "echo right >>$PWD/ran; test ! -e $PWD/broken || exit 3"
	    next: [{when: completed, do: close}]
	  close:
	    join: all
	    env: {LEFT: "\${{ vars.left }}"}
	    run: "echo close \$LEFT >>$PWD/ran"
	END
	cat >above.yaml <<-END
	workflow: above
	tasks:
	  first: {run: "echo first >>$PWD/ran", next: [{do: sub}]}
	  sub: {workflow: fork, next: [{when: completed, do: last}]}
	  last: {run: "echo last >>$PWD/ran"}
	END
	atf_check -o ignore weirctl define fork.yaml above.yaml
}

# ran_is LINES: what ran since the last time; branches run side by side, so in
# the order of the alphabet.
ran_is() {
	sort ran | tr '\n' ';' >ran.line
	atf_check -o inline:"$1" cat ran.line
	rm -f ran
}

weir_test_case replay "a replay is another execution with a link to the old"
replay_body() {
	weir_start
	files
	atf_check -o ignore weirctl run fork -i word=5 --label team=a --wait
	ran_is 'begin;close left 5;left 5;right;'
	atf_check -o match:'^1: replayed as 2$' weirctl replay 1 --wait
	ran_is 'begin;close left 5;left 5;right;'
	atf_check -o match:'^replay of +1$' -o match:'^labels +team=a$' \
	    weirctl show 2
	atf_check -o match:'^1: replayed as 3$' -o match:'3 .*completed' \
	    weirctl replay 1 -i word=7 --wait
	atf_check -o match:'^input +\{"word": "7"' weirctl show 3
	# A range does not grow by what it makes.
	atf_check -s exit:1 -o match:'^3: replayed as 6$' \
	    -o match:'^4: refused: there is no execution 4;' \
	    weirctl replay 1-4
	atf_check -s exit:1 -o match:'no version 9' weirctl replay 1 --version 9
	weir_stop
}

weir_test_case restart "a restart keeps the id, and what was before it"
restart_body() {
	weir_start
	files
	touch broken
	atf_check -s exit:1 -o ignore weirctl run fork --wait
	rm -f ran broken
	atf_check -o match:'^1: running$' -o match:'completed' \
	    weirctl restart 1 --wait
	tr '\n' ';' <ran | grep -q '^begin;.*close left first;$' ||
	    atf_fail "$(cat ran)"
	atf_check -o match:'^generation +2$' -o match:'^earlier +1: .* failed' \
	    -o match:'status +.* completed' weirctl show 1
	atf_check -o match:'failed task +right' -o match:'status +.* failed' \
	    weirctl show 1 --generation 1
	atf_check -s exit:64 -e match:'they are counted from 1' \
	    weirctl show 1 --generation 0
	atf_check -s exit:64 -e match:'they are counted from 1' \
	    weirctl logs 1 left --attempt 0
	atf_check -s exit:1 -e match:'no generation 3; the newest is 2' \
	    weirctl show 1 --generation 3
	# By another version, its log and the older one's.
	cat >fork.yaml <<-END
	workflow: fork
	tasks: {only: {run: [echo, new]}}
	END
	atf_check -o ignore weirctl define fork.yaml
	atf_check -s exit:65 -o match:'version 2: .*has no input "word"' \
	    weirctl restart 1 --latest
	echo 'input: {word: {type: string}, more: {type: string}}' >>fork.yaml
	atf_check -o ignore weirctl define fork.yaml
	atf_check -o match:'completed only' weirctl restart 1 --latest --wait
	atf_check -o inline:'new\n' weirctl logs 1 only
	atf_check -o inline:'left first\n' weirctl logs 1 left --generation 2
	atf_check -s exit:1 -e match:'has not run in this generation' \
	    weirctl logs 1 left
	atf_check -o match:'^workflow +fork@1$' weirctl show 1 --generation 2
	atf_check -o match:'^workflow +fork@3$' weirctl show 1
	# All of it is there after a restart of the daemon too.
	weirctl --json show 1 >before
	weirctl --json show 1 --generation 1 >>before
	weir_kill9
	weir_start
	weirctl --json show 1 >after
	weirctl --json show 1 --generation 1 >>after
	atf_check cmp before after
	atf_check -o inline:'left first\n' weirctl logs 1 left --generation 2
	weir_stop
}

weir_test_case rerun "a rerun takes other input, correlation id and domains"
rerun_body() {
	weir_start
	files
	atf_check -o ignore weirctl run fork --wait
	rm -f ran
	atf_check -o match:'1: running' weirctl rerun 1 -i word=8 \
	    --set-correlation-id two --wait
	ran_is 'begin;close left 8;left 8;right;'
	atf_check -o match:'^correlation +two$' \
	    -o match:'^output +.*"word": "8"' weirctl show 1
	atf_check -o match:'^output +.*"word": "first"' \
	    weirctl show 1 --generation 1
	atf_check -s exit:1 -o match:'there is no domain cluster here' \
	    weirctl rerun 1 --domain local=cluster --wait
	atf_check -s exit:64 -e match:'input can.t be given here' \
	    weirctl rerun 1 -t left -i word=9
	echo 'word: [1]' >wrong.yaml
	atf_check -s exit:65 -o match:'input: word: expected a string' \
	    weirctl rerun 1 --input wrong.yaml
	atf_check -s exit:65 -o match:'has no input "nosuch"' \
	    weirctl rerun 1 -i nosuch=7
	atf_check -s exit:65 -o match:'has no input "nosuch"' \
	    weirctl replay 1 -i nosuch=7
	atf_check -s exit:64 -o match:'task_input is for tasks that are named' \
	    weirctl rerun 1 -t left --task-input 'right={}'
	atf_check -s exit:64 -e match:'no_reset can.t be given here' \
	    weirctl rerun 1 --no-reset left
	weir_stop
}

weir_test_case rerun_tasks "a join keeps what branches that stay had brought"
rerun_tasks_body() {
	weir_start
	files
	atf_check -o ignore weirctl run fork --wait
	rm -f ran
	atf_check -o save:out weirctl rerun 1 -t left \
	    --task-input 'left={more: extra}' --wait
	atf_check -o match:'^1: running' -o match:'completed left ' \
	    -o match:'completed close ' -o not-match:'begin|right' cat out
	ran_is 'close left first extra;left first extra;'
	atf_check -o inline:'left first\n' weirctl logs 1 left --run 1
	atf_check -o inline:'left first extra\n' weirctl logs 1 left
	atf_check -o inline:'1\n' sh -c \
	    'weirctl tree 1 | grep -c "2 superseded runs left out"'
	atf_check -o inline:'2\n' sh -c 'weirctl tree 1 -a | grep -c supersed'
	# close comes after left: it runs once; left sees what it saw last.
	atf_check -o ignore weirctl rerun 1 -t left -t close --wait
	ran_is 'close left first extra;left first extra;'
	atf_check -s exit:1 -o match:'1: refused: .* has no task "nosuch"' \
	    weirctl rerun 1 -t nosuch
	weir_stop
}

weir_test_case kept "items that were kept: where their logs are, why others wait"
kept_body() {
	weir_start
	cat >each.yaml <<-END
	workflow: each
	tasks:
	  it:
	    items: {in: [0, 1, 2, 3], parallel: 1}
	    env: {N: "\${{ item }}"}
	    run: "echo item \$N; test \$N != 1 -o -e $PWD/mended"
	END
	atf_check -s exit:1 -o ignore weirctl run each.yaml --wait
	touch mended
	atf_check -o ignore weirctl retry 1 --wait
	atf_check -o inline:'item 1\n' weirctl logs 1 it --item 1
	atf_check -s exit:1 -e match:'item 0 of task it was not run again: what it wrote is that of run 1 .*weirctl logs --run 1' \
	    weirctl logs 1 it --item 0
	atf_check -o inline:'item 0\n' weirctl logs 1 it --item 0 --run 1
	weir_stop
}

weir_test_case retry "a retry runs what failed, and what was cut off"
retry_body() {
	weir_start
	files
	touch broken
	atf_check -s exit:1 -o ignore weirctl run fork --wait
	rm -f ran
	atf_check -s exit:1 -o match:'exit status 3' weirctl retry 1 --wait
	ran_is 'right;'
	rm broken
	atf_check -o match:'^. completed right ' -o not-match:'failed|begin' \
	    weirctl retry 1 --wait
	ran_is 'close left first;right;'
	atf_check -s exit:75 -o match:'retry is not possible now' weirctl retry 1
	weir_stop
}

weir_test_case subworkflow "a subworkflow's retry revives what waited for it"
subworkflow_body() {
	weir_start
	files
	touch broken
	atf_check -s exit:1 -o ignore weirctl run above --wait
	rm -f ran broken
	# From below: the parent goes on.
	atf_check -o match:'2 .*completed' weirctl retry 2 --wait
	weir_wait_until sh -c 'weirctl ls --status completed | grep -q "^ *1 "'
	ran_is 'close left first;last;right;'
	# From above, in place and anew.
	touch broken
	atf_check -s exit:1 -o ignore weirctl rerun 1 --wait
	rm -f ran broken
	atf_check -o match:'1 .*completed' \
	    weirctl retry 1 --resume-subworkflows --wait
	ran_is 'close left first;last;right;'
	touch broken
	atf_check -s exit:1 -o ignore weirctl rerun 1 --wait
	rm -f ran broken
	atf_check -o match:'1 .*completed' weirctl retry --status failed --wait
	ran_is 'begin;close left first;last;left first;right;'
	weir_stop
}

weir_test_case refused "nothing runs again while the engine is paused"
refused_body() {
	weir_start
	files
	atf_check -o ignore weirctl run fork --wait
	atf_check -o ignore weirctl engine pause --wait -r maintenance
	for verb in restart rerun replay 'rerun -t left'; do
		# shellcheck disable=SC2086 # a verb and its options
		atf_check -s exit:75 -o match:'1: refused: the engine is PAUSED' \
		    weirctl $verb 1
	done
	atf_check -o ignore weirctl engine resume
	atf_check -s exit:75 -o match:'moved on' weirctl restart 1 --if-revision 3
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case replay
	atf_add_test_case restart
	atf_add_test_case rerun
	atf_add_test_case rerun_tasks
	atf_add_test_case kept
	atf_add_test_case retry
	atf_add_test_case subworkflow
	atf_add_test_case refused
}
