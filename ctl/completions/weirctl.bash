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
	local cur=${COMP_WORDS[COMP_CWORD]} verb= i words= values=
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
	check) words="--json --quiet --help" values="files" ;;
	define) words="--json --quiet --help --plan" values="files" ;;
	definitions | defs) words="--json --quiet --help" values="" ;;
	definition | def) words="--json --quiet --help" values="workflows" ;;
	enable) words="--json --quiet --help --plan" values="workflows" ;;
	disable) words="--json --quiet --help --reason --plan" values="workflows" ;;
	safety) words="--json --quiet --help --starts --cost --clear --plan" values="workflows" ;;
	undefine) words="--json --quiet --help --plan" values="workflows" ;;
	run | start) words="--json --quiet --help --set --input --label --domain --correlation-id --priority --idempotency-key --wait --plan" values="files workflows" ;;
	ls | list) words="--json --quiet --help --long --limit --after --status --workflow --label --correlation-id --parent --owner --since --until --all" values="" ;;
	show | get) words="--json --quiet --help --all --generation --long" values="executions" ;;
	tree) words="--json --quiet --help --all --generation --long" values="executions" ;;
	why) words="--json --quiet --help --long" values="executions" ;;
	watch) words="--json --quiet --help" values="executions" ;;
	logs | log) words="--json --quiet --help --follow --item --attempt --run --generation --raw --stderr" values="executions" ;;
	wait) words="--json --quiet --help --timeout" values="executions" ;;
	pause) words="--json --quiet --help --reason --freeze --hold --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	resume) words="--json --quiet --help --all --early --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until" values="executions" ;;
	cancel) words="--json --quiet --help --reason --kill --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	terminate) words="--json --quiet --help --reason --failure-workflow --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	restart) words="--json --quiet --help --latest --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	rerun) words="--json --quiet --help --task --no-reset --task-input --set --input --set-correlation-id --domain --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	retry) words="--json --quiet --help --resume-subworkflows --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	replay) words="--json --quiet --help --set --input --version --wait --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	delete) words="--json --quiet --help --reason --if-revision --plan --status --workflow --label --correlation-id --parent --owner --since --until --all" values="executions" ;;
	update) words="--json --quiet --help --item --output --reason --if-revision --plan" values="executions" ;;
	skip) words="--json --quiet --help --item --output --reason --if-revision --plan" values="executions" ;;
	signal) words="--json --quiet --help --output --tree --if-revision --plan" values="executions" ;;
	approve) words="--json --quiet --help --note --if-revision --plan" values="executions" ;;
	reject) words="--json --quiet --help --note --if-revision --plan" values="executions" ;;
	events) words="--json --quiet --help --from --type" values="executions" ;;
	engine | status) words="--json --quiet --help --long --reason --freeze --wait --plan --early --plan --mode" values="=status pause resume reload stop" ;;
	journal) words="--json --quiet --help --from --to --snapshots" values="=verify dump salvage" ;;
	whoami) words="--json --quiet --help" values="" ;;
	help) words="--json --quiet --help" values="" ;;
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
