#compdef weirctl
# zsh completion for weirctl(8), made from its table of verbs
_weirctl_workflows() {
	compadd - ${(f)"$(weirctl definitions 2>/dev/null |
	    sed -n '2,$s/^\([^ @]*\).*/\1/p')"}
}
_weirctl_executions() {
	compadd - ${(f)"$(weirctl ls 2>/dev/null |
	    sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p')"}
}
_weirctl_verb() {
	case $1 in
	'check') _arguments -S \
		'*:file:_files' ;;
	'define') _arguments -S \
		'--plan[do nothing, and say what it would do]' \
		'*:file:_files' ;;
	'definitions') _arguments -S ;;
	'definition') _arguments -S \
		'*:NAME[@VERSION]:_weirctl_workflows' ;;
	'enable') _arguments -S \
		'--plan[do nothing, and say what it would do]' \
		'*:NAME:_weirctl_workflows' ;;
	'disable') _arguments -S \
		'--reason=[why; shown to whoever tries]:REASON:' \
		'--plan[do nothing, and say what it would do]' \
		'*:NAME:_weirctl_workflows' ;;
	'safety') _arguments -S \
		'--starts=[so many executions may start in this time, 200/1h; 0\: no cap]:MAX/PER:' \
		'--cost=[so much may its tasks cost in this time, 50/1d; 0\: no cap]:MAX/PER:' \
		'--clear[back to the caps of its newest version]' \
		'--plan[do nothing, and say what it would do]' \
		'*:NAME:_weirctl_workflows' ;;
	'undefine') _arguments -S \
		'--plan[do nothing, and say what it would do]' \
		'*:NAME:_weirctl_workflows' ;;
	'run') _arguments -S \
		'*--set=[an input; a text where declared so, else YAML or JSON]:KEY=VALUE:' \
		'--input=[a YAML or JSON file with the inputs; -i wins over it]:FILE:_files' \
		'*--label=[a label, for ls and selectors]:KEY=VALUE:' \
		'*--domain=[what the workflow runs in domain NAME is run in OTHER]:NAME=OTHER:' \
		'--correlation-id=[your own name for what this belongs to]:ID:' \
		'--priority=[higher ones go first where a limit holds some back; 0]:N:' \
		'--idempotency-key=[the same key starts the same only once, and nothing else]:KEY:' \
		'--wait[show its progress, and exit 0 if it completes, else 1]' \
		'--plan[do nothing, and say what it would do]' \
		'*:file:_files' ;;
	'ls') _arguments -S \
		'--long[show times exactly]' \
		'--limit=[at most so many; 50]:N:' \
		'--after=[go on where an earlier list ended]:N:' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' ;;
	'show') _arguments -S \
		'--all[runs too that others stand in place of, after a rerun or retry]' \
		'--generation=[as it was before a restart or rerun; the first is 1]:N:' \
		'--long[show times exactly, and what each attempt used]' \
		'*:ID:_weirctl_executions' ;;
	'tree') _arguments -S \
		'--all[runs too that others stand in place of, after a rerun or retry]' \
		'--generation=[as it was before a restart or rerun; the first is 1]:N:' \
		'--long[show times exactly, and what each attempt used]' \
		'*:ID:_weirctl_executions' ;;
	'why') _arguments -S \
		'--long[show times exactly]' \
		'*:ID:_weirctl_executions' ;;
	'watch') _arguments -S \
		'*:ID:_weirctl_executions' ;;
	'logs') _arguments -S \
		'--follow[go on as it grows, until the task has ended]' \
		'--item=[the run of one item, counted from 0]:N:' \
		'--attempt=[which attempt; the newest]:N:' \
		'--run=[which pass of the task; the newest]:N:' \
		'--generation=[of an execution that was restarted; the newest]:N:' \
		'--raw[control characters as they are, to a terminal too]' \
		'--stderr[standard error, not output]' \
		'*:ID:_weirctl_executions' ;;
	'wait') _arguments -S \
		'--timeout=[no longer than this]:DURATION:' \
		'*:ID:_weirctl_executions' ;;
	'pause') _arguments -S \
		'--reason=[why; shown to whoever wonders]:REASON:' \
		'--freeze[stop what runs where it is (SIGSTOP), until it is resumed]' \
		'--hold[what waits too\: what comes after the wait is held back]' \
		'--wait[until the last callout has ended]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'resume') _arguments -S \
		'--all[subworkflows that were paused by themselves too; alone, all that is paused]' \
		'--early[even while callouts still finish]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'*:ID:_weirctl_executions' ;;
	'cancel') _arguments -S \
		'--reason=[why; kept in its history]:REASON:' \
		'--kill[stop its callouts too\: SIGTERM, then SIGKILL]' \
		'--wait[answer when the last process is gone, or with what survived]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'terminate') _arguments -S \
		'--reason=[why; kept in its history]:REASON:' \
		'--failure-workflow[start the failure workflow too]' \
		'--wait[answer when the last process is gone, or with what survived]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'restart') _arguments -S \
		'--latest[by the newest version of the workflow, not the one it had]' \
		'--wait[follow it until it has ended; the exit status is its result]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'rerun') _arguments -S \
		'*--task=[not the whole, but this task and all that comes after it]:TASK:' \
		'*--no-reset=[one named with --task\: its items that were done stay so]:TASK:' \
		'*--task-input=[one named with --task sees these inputs besides, as YAML or JSON]:TASK=MAP:' \
		'*--set=[an input other than it had; a text where declared so, else YAML or JSON]:KEY=VALUE:' \
		'--input=[a YAML or JSON file with such inputs; -i wins over it]:FILE:_files' \
		'--set-correlation-id=[in place of the one that it had]:ID:' \
		'*--domain=[what the workflow runs in domain NAME is run in OTHER]:NAME=OTHER:' \
		'--wait[follow it until it has ended; the exit status is its result]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'retry') _arguments -S \
		'--resume-subworkflows[failed subworkflows go on where they failed, not anew]' \
		'--wait[follow it until it has ended; the exit status is its result]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'replay') _arguments -S \
		'*--set=[an input other than it had; a text where declared so, else YAML or JSON]:KEY=VALUE:' \
		'--input=[a YAML or JSON file with such inputs; -i wins over it]:FILE:_files' \
		'--version=[of the workflow, in place of the one that it had]:N:' \
		'--wait[follow it until it has ended; the exit status is its result]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'delete') _arguments -S \
		'--reason=[why; told to whoever watches]:REASON:' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*--status=[in this status, or one of these]:STATUS:(pending running waiting pausing paused canceling completed failed timed_out canceled terminated)' \
		'--workflow=[of this workflow]:NAME:' \
		'*--label=[with this label]:KEY=VALUE:' \
		'--correlation-id=[with this correlation id]:ID:' \
		'--parent=[started by this execution]:ID:' \
		'--owner=[started by this user]:UID:' \
		'--since=[created then or later\: 2027-01-01T00\:00\:00Z, or 2h for so long ago]:TIME:' \
		'--until=[created before then]:TIME:' \
		'--all[every execution]' \
		'*:ID:_weirctl_executions' ;;
	'update') _arguments -S \
		'--item=[the run of one item, counted from 0]:N:' \
		'--output=[its output, as if it had given it]:YAML:' \
		'--reason=[why; kept in its history]:REASON:' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*:ID:_weirctl_executions' ;;
	'skip') _arguments -S \
		'--item=[the run of one item, counted from 0]:N:' \
		'--output=[its output, as if it had given it]:YAML:' \
		'--reason=[why; kept in its history]:REASON:' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*:ID:_weirctl_executions' ;;
	'signal') _arguments -S \
		'--output=[becomes the output of the waits]:YAML:' \
		'--tree[in its subworkflows too]' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*:ID:_weirctl_executions' ;;
	'approve') _arguments -S \
		'--note=[kept in its history]:NOTE:' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*:ID:_weirctl_executions' ;;
	'reject') _arguments -S \
		'--note=[kept in its history]:NOTE:' \
		'--if-revision=[only where the execution is still at this revision]:N:' \
		'--plan[do nothing, and say what it would do]' \
		'*:ID:_weirctl_executions' ;;
	'events') _arguments -S \
		'--from=[from this sequence number on, not just from now]:N:' \
		'*--type=[of these only, such as task.ended or "execution.*"]:TYPE:' \
		'*:ID:_weirctl_executions' ;;
	'engine status') _arguments -S \
		'--long[show times exactly]' ;;
	'engine pause') _arguments -S \
		'--reason=[why; shown to whoever wonders]:REASON:' \
		'--freeze[stop what runs where it is (SIGSTOP), until it is resumed]' \
		'--wait[until the last callout has ended]' \
		'--plan[do nothing, and say what it would do]' ;;
	'engine resume') _arguments -S \
		'--early[even while callouts still finish]' \
		'--plan[do nothing, and say what it would do]' ;;
	'engine reload') _arguments -S ;;
	'engine stop') _arguments -S \
		'--mode=[what becomes of callouts (leave unless given)]:MODE:(leave drain kill)' ;;
	'journal verify') _arguments -S \
		'*:file:_files' ;;
	'journal dump') _arguments -S \
		'--from=[from this sequence number on]:N:' \
		'--to=[up to this sequence number]:N:' \
		'--snapshots[what the snapshots hold too, before the events]' \
		'*:file:_files' ;;
	'journal salvage') _arguments -S \
		'*:file:_files' ;;
	'whoami') _arguments -S ;;
	'help') _arguments -S ;;
	esac
}
_weirctl() {
	local -a verbs=(
	'check:Check workflow files and show all of their errors'
	'define:Check workflow files and store them with the daemon'
	'definitions:List the workflows that are defined'
	'definition:Print a workflow'\''s definition as YAML'
	'enable:Let executions of a workflow start again'
	'disable:Let no execution of a workflow start any more'
	'safety:Show or set the caps of a workflow on starts and cost'
	'undefine:Delete a workflow, with all its versions'
	'run:Start a workflow; a file is defined first'
	'ls:List executions, newest first'
	'show:Show one execution, its tasks and attempts'
	'tree:Show an execution'\''s tasks and subworkflows as a tree'
	'why:Say why an execution is where it is, and what can be done'
	'watch:Show an execution'\''s progress, or everything that happens'
	'logs:Print what a task has written'
	'wait:Wait until executions have ended'
	'pause:Start nothing more in executions; what runs is let finish'
	'resume:Go on after a pause'
	'cancel:End executions; what runs is let finish'
	'terminate:Stop executions at once, with all that they run'
	'restart:Run what has ended again from the beginning, under its id'
	'rerun:Run again with other input, or from some tasks on'
	'retry:Go on from the tasks that failed or were cut off'
	'replay:Start a new execution with what another one had'
	'delete:Remove what has ended for good, with its subworkflows and logs'
	'update:Set the status of a task that waits or runs'
	'skip:Go on as if a task had completed'
	'signal:End every wait for a signal in an execution'
	'approve:Say yes to a task that waits for an approval'
	'reject:Say no to a task that waits for an approval'
	'events:Show what happens, as it happens'
	'engine status:Show the engine'\''s status and figures'
	'engine pause:Start nothing new; what runs is let finish'
	'engine resume:Go on after a pause'
	'engine reload:Have weird.conf read again'
	'engine stop:End the daemon'
	'journal verify:Check a journal'\''s files, while no daemon has them'
	'journal dump:Write a journal'\''s events as lines of JSON'
	'journal salvage:Make a new journal of what can be saved of a damaged one'
	'whoami:Show who the daemon takes you to be, and what you may do'
	'help:List the verbs, or explain one'
	)
	if (( CURRENT == 2 )); then
		_describe -t verbs verb verbs
	elif [[ $words[2] == engine ]]; then
		_weirctl_verb "$words[2] $words[3]"
	else
		_weirctl_verb $words[2]
	fi
}
_weirctl "$@"
