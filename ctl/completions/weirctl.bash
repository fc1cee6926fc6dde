# bash completion for weirctl(8), made from its table of verbs
_weirctl_workflows()
{
	weirctl definitions 2>/dev/null |
	    sed -n '2,$s/^\([^ @]*\).*/\1/p'
}

_weirctl_executions()
{
	weirctl ls 2>/dev/null | sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p'
}

_weirctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local verb= i n=0 words= args= values= parts
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket) ((i++)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $verb in
	"") values="=check define definitions definition enable disable safety undefine run ls show tree why watch logs wait pause resume cancel terminate restart rerun retry replay delete update skip signal approve reject events engine journal whoami help" words="-s -q --json --help --version" ;;
	check) words="--json --quiet --help" args=" " values="files " ;;
	define) words="--json --quiet --help --plan" args=" " values="files " ;;
	definitions | defs) words="--json --quiet --help" args=" " values=" " ;;
	definition | def) words="--json --quiet --help" args=" " values="workflows/ " ;;
	enable) words="--json --quiet --help --plan" args=" " values="workflows/ " ;;
	disable) words="--json --quiet --help --reason --plan" args=" --reason -r " values="workflows/ " ;;
	safety) words="--json --quiet --help --starts --cost --clear --plan" args=" --starts --cost " values="workflows/ " ;;
	undefine) words="--json --quiet --help --plan" args=" " values="workflows/ " ;;
	run | start) words="--json --quiet --help --set --input --label --domain --correlation-id --priority --idempotency-key --wait --plan" args=" --set -i --input --label --domain --correlation-id --priority -p --idempotency-key " values="files workflows/ " ;;
	ls | list) words="--json --quiet --help --long --limit --after --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --limit -n --after --status --workflow -w --label --correlation-id --parent --owner --since --until " values=" " ;;
	show | get) words="--json --quiet --help --all --generation --long" args=" --generation " values="executions/ " ;;
	tree) words="--json --quiet --help --all --generation --long" args=" --generation " values="executions/ " ;;
	why) words="--json --quiet --help --long" args=" " values="executions/ " ;;
	watch) words="--json --quiet --help" args=" " values="executions/ " ;;
	logs | log) words="--json --quiet --help --follow --item --attempt --run --generation --raw --stderr" args=" --item --attempt --run --generation " values="executions// " ;;
	wait) words="--json --quiet --help --timeout" args=" --timeout -t " values="executions " ;;
	pause) words="--json --quiet --help --reason --freeze --hold --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --reason -r --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	resume) words="--json --quiet --help --all --early --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until" args=" --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	cancel) words="--json --quiet --help --reason --kill --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --reason -r --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	terminate) words="--json --quiet --help --reason --failure-workflow --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --reason -r --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	restart) words="--json --quiet --help --latest --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	rerun) words="--json --quiet --help --task --no-reset --task-input --set --input --set-correlation-id --domain --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --task -t --no-reset --task-input --set -i --input --set-correlation-id --domain --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	retry) words="--json --quiet --help --resume-subworkflows --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	replay) words="--json --quiet --help --set --input --version --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --set -i --input --version --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	delete) words="--json --quiet --help --reason --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" args=" --reason -r --if-revision --status --workflow -w --label --correlation-id --parent --owner --since --until " values="executions " ;;
	update) words="--json --quiet --help --item --output --reason --if-revision --plan" args=" --item --output -o --reason -r --if-revision " values="executions//=completed failed failed_terminal running/ " ;;
	skip) words="--json --quiet --help --item --output --reason --if-revision --plan" args=" --item --output -o --reason -r --if-revision " values="executions// " ;;
	signal) words="--json --quiet --help --output --tree --if-revision --plan" args=" --output -o --if-revision " values="executions// " ;;
	approve) words="--json --quiet --help --note --if-revision --plan" args=" --note -n --if-revision " values="executions// " ;;
	reject) words="--json --quiet --help --note --if-revision --plan" args=" --note -n --if-revision " values="executions// " ;;
	events) words="--json --quiet --help --from --type" args=" --from --type -t " values="executions " ;;
	engine | status) words="--json --quiet --help --long --reason --freeze --wait --plan --early --plan --mode" args=" --reason -r --mode -m " values="=status pause resume reload stop/ " ;;
	journal) words="--json --quiet --help --from --to --snapshots" args=" --from --to " values="=verify dump salvage/files/ " ;;
	whoami) words="--json --quiet --help" args=" " values=" " ;;
	help) words="--json --quiet --help" args=" " values="=check define definitions definition enable disable safety undefine run ls show tree why watch logs wait pause resume cancel terminate restart rerun retry replay delete update skip signal approve reject events engine journal whoami help" ;;
	esac
	for ((i++; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) [[ $args == *" ${COMP_WORDS[i]} "* ]] && ((i++)) ;;
		*) ((n++)) ;;
		esac
	done
	IFS=/ read -ra parts <<<"$values"
	((n < ${#parts[@]})) || n=$((${#parts[@]} - 1))
	((n < 0)) || values=${parts[n]}
	[[ $args == *" $prev "* ]] && values=
	case $verb:$prev in
	run:--input) values="files" ;;
	ls:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	ls:--workflow | ls:-w) values="workflows" ;;
	ls:--parent) values="executions" ;;
	pause:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	pause:--workflow | pause:-w) values="workflows" ;;
	pause:--parent) values="executions" ;;
	resume:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	resume:--workflow | resume:-w) values="workflows" ;;
	resume:--parent) values="executions" ;;
	cancel:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	cancel:--workflow | cancel:-w) values="workflows" ;;
	cancel:--parent) values="executions" ;;
	terminate:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	terminate:--workflow | terminate:-w) values="workflows" ;;
	terminate:--parent) values="executions" ;;
	restart:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	restart:--workflow | restart:-w) values="workflows" ;;
	restart:--parent) values="executions" ;;
	rerun:--input) values="files" ;;
	rerun:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	rerun:--workflow | rerun:-w) values="workflows" ;;
	rerun:--parent) values="executions" ;;
	retry:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	retry:--workflow | retry:-w) values="workflows" ;;
	retry:--parent) values="executions" ;;
	replay:--input) values="files" ;;
	replay:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	replay:--workflow | replay:-w) values="workflows" ;;
	replay:--parent) values="executions" ;;
	delete:--status) values="=pending running waiting pausing paused canceling completed failed timed_out canceled terminated" ;;
	delete:--workflow | delete:-w) values="workflows" ;;
	delete:--parent) values="executions" ;;
	engine:--mode | engine:-m) values="=leave drain kill" ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	else
		[[ $values == *files* ]] &&
		    COMPREPLY=($(compgen -f -- "$cur"))
		[[ $values == *workflows* ]] &&
		    COMPREPLY+=($(compgen -W "$(_weirctl_workflows)" -- "$cur"))
		[[ $values == *executions* ]] &&
		    COMPREPLY+=($(compgen -W "$(_weirctl_executions)" -- "$cur"))
		[[ $values == =* ]] &&
		    COMPREPLY=($(compgen -W "${values#=}" -- "$cur"))
	fi
}
complete -F _weirctl weirctl
