#!/usr/bin/env atf-sh
# users_test: what root's weird does for other users: callouts are theirs and
# nobody else's, approvals are for the groups that are asked, and what one has
# put in and got out is not shown to another.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"
. "$(atf_get_srcdir)/users.sh"

CONF='roles: {viewer: {users: [eve]}, operator: {groups: [build, ops]}}'

# says KEY VALUE: the callout's output has that line.
says() {
	grep -Fxq -- "$1: $2" out ||
	    atf_fail "\"$1: $2\" is not in: $(cat out)"
}

users_case identity "a callout is its user's, and has nothing of the daemon's"
identity_body() {
	users_begin
	echo "$CONF" >weird.conf
	cat >who.yaml <<-'END'
	workflow: who
	tasks:
	  who:
	    run: |
	      echo "groups: $(id -G | tr ' ' '\n' | sort -n | xargs)"
	      grep -E '^(Uid|Gid|Groups|SigBlk|SigIgn|SigCgt|CapEff|CapPrm|CapInh|CapAmb)' /proc/self/status | tr '\t' ' '
	      echo "umask: $(umask)"
	      echo "cwd: $(stat -c '%u %g %a' .)"
	      echo "tty: $(awk '{print $7}' /proc/self/stat)"
	      echo "session: $(awk '{print $6 == $1 || $6 == $4}' /proc/self/stat)"
	      echo "home: $HOME" "$USER" "$LOGNAME"
	      echo "nice: $(nice)"
	      env | grep -c CANARY
	      touch mine
	  files: {run: [ls, -l, /proc/self/fd]}
	END
	exec 9<passwd
	CANARY=dead export CANARY
	umask 077
	weir_start -c "$PWD/weird.conf"
	umask 022
	exec 9<&-
	chmod 644 who.yaml
	atf_check -o ignore as ann run who.yaml --wait
	atf_check -o save:out as ann logs 1 who
	says "groups" "61001 61100"
	says "umask" "0022"
	says "cwd" "61001 61001 700"
	says "tty" 0
	says "session" 1
	# The fourth is the directory that ls reads.
	atf_check -o save:fds as ann logs 1 files
	atf_check -o inline:"4\n" grep -c ' -> ' fds
	atf_check -s exit:1 grep -E 'passwd|socket|journal' fds
	says "home" "/home/ann ann ann"
	says "nice" 0
	says "SigBlk" "0000000000000000"
	says "SigIgn" "0000000000000000"
	says "CapEff" "0000000000000000"
	says "CapPrm" "0000000000000000"
	says "CapInh" "0000000000000000"
	says "CapAmb" "0000000000000000"
	atf_check -o inline:"0\n" sed -n '/^nice/{n;p;}' out
	atf_check -o match:"^Uid: 61001 61001 61001 61001" cat out
	atf_check -o match:"^Gid: 61001 61001 61001 61001" cat out
	# Its files: the log is the user's, and the way there nobody's to list.
	atf_check -o inline:"61001 600\n" stat -c '%u %a' state/logs/1/0.-.1.out
	atf_check -o inline:"700\n711\n711\n" stat -c %a state/logs state/work state
	atf_check -s not-exit:0 -e ignore setpriv --reuid 61002 --regid 61002 \
	    --clear-groups ls state
	atf_check -s not-exit:0 -e ignore setpriv --reuid 61002 --regid 61002 \
	    --clear-groups ls state/work
	weir_stop
}

users_case limits "limits of a definition give a user no more than there is"
limits_body() {
	users_begin
	echo "$CONF" >weird.conf
	for limit in "nice: -5" "nofile: 2000000000"; do
		cat >greedy.yaml <<-END
		workflow: greedy
		tasks:
		  a: {run: "nice; ulimit -n", limits: {$limit}}
		END
		[ -e weird.pid ] || weir_start -c "$PWD/weird.conf"
		atf_check -s exit:1 -o match:"cannot set the limit ${limit%%:*}" \
		    as ann run greedy.yaml --wait
	done
	weir_stop
}

users_case approvals "approvals are for members of the groups that are asked"
approvals_body() {
	users_begin
	echo "roles: {viewer: {users: [eve]}, operator: {groups: [build], users: 61004}}" >weird.conf
	cat >asks.yaml <<-'END'
	workflow: asks
	tasks:
	  well: {wait: {approval: "well?", from: [ops]}}
	END
	cat >own.yaml <<-'END'
	workflow: own
	tasks:
	  well: {wait: {approval: "well?"}}
	END
	weir_start -c "$PWD/weird.conf"
	atf_check -o ignore as ann run asks.yaml
	atf_check -o ignore as ann run asks
	atf_check -o ignore as ann run asks
	# The owner is not in ops; eve may only look; zed and bob are.
	atf_check -s exit:77 -e match:"members of the groups" \
	    as ann approve 1 well
	atf_check -s exit:77 -e match:"is for an operator" \
	    as eve approve 1 well
	atf_check -o ignore as bob approve 1 well
	atf_check -o ignore as zed reject 2 well
	atf_check -s exit:75 -e ignore as bob approve 2 well
	# Without groups it is for the owner.
	atf_check -o ignore as ann run own.yaml
	atf_check -s exit:77 -e match:"its owner" as bob approve 4 well
	atf_check -o ignore as ann approve 4 well
	# Not a member any more, from the next connection on.
	sed 's/^ops:.*/ops:x:61101:zed/' group >group.new
	cat group.new >group
	atf_check -s exit:77 -e match:"members of the groups" \
	    as bob approve 3 well
	weir_stop
}

users_case numbers "a number is one, also where somebody is called so"
numbers_body() {
	users_begin
	cp passwd passwd.new
	cat >>passwd.new <<-'END'
	61003:x:61005:61005::/:/bin/sh
	END
	cat passwd.new >passwd
	printf '61101:x:61200:\nodd:x:61300:61006\n' >>group
	echo "roles: {viewer: {users: 61003, groups: odd}, operator: {groups: [61101]}}" >weird.conf
	weir_start -c "$PWD/weird.conf"
	for pair in eve:viewer 61005:none 61006:none bob:operator \
	    61200:none 61101:operator 61300:viewer; do
		atf_check -o match:"\"role\": \"${pair#*:}\"" \
		    as "${pair%:*}" --json whoami
	done
	weir_stop
}

users_case workflows "only who stored it changes a workflow, and admins"
workflows_body() {
	users_begin
	echo "$CONF
operator_any: true" >weird.conf
	cat >job.yaml <<-'END'
	workflow: job
	tasks: {a: {run: "id -u"}}
	END
	sed 's/id -u/id -u; rm -rf x/' job.yaml >evil.yaml
	chmod 644 job.yaml evil.yaml
	weir_start -c "$PWD/weird.conf"
	atf_check -o ignore as ann define job.yaml
	# The same once more changes nothing, and is not refused.
	atf_check -o ignore as bob define job.yaml
	atf_check -s exit:77 -e match:"workflow job belongs to ann" \
	    as bob define evil.yaml
	atf_check -s exit:77 -e match:"belongs to ann" as bob disable job
	atf_check -s exit:77 -e match:"belongs to ann" as bob undefine job
	# What bob starts runs as bob, and what of bob's ann starts as ann.
	atf_check -o ignore as bob run job --wait
	atf_check -o inline:"61002\n" as bob logs 1 a
	weir_kill9
	weir_start -c "$PWD/weird.conf"
	atf_check -s exit:77 -e match:"belongs to ann" as bob define evil.yaml
	atf_check -o ignore as ann define evil.yaml
	atf_check -o ignore weirctl define job.yaml
	weir_stop
}

# asks_all USER: all that the user can get to see of execution 1 and others,
# into ./seen.
asks_all() {
	{
		for verb in "show 1" "ls" "tree 1" "why 1" "wait 1" \
		    "definitions" "definition mum" "logs 1 a" "logs 1 b" \
		    "cancel --plan 1" "restart --plan 1" "retry --plan 1" \
		    "show 2" "why 2" "logs 2 a" \
		    "ls --label x=SHOWN" "whoami" "engine status" \
		    "watch 1" "safety mum"; do
			# shellcheck disable=SC2086 # words
			as "$1" --json $verb 2>&1
			# shellcheck disable=SC2086 # words
			as "$1" $verb 2>&1
		done
	} >seen
	last=$(weirctl --json engine status |
	    sed -n 's/.*"last": \([0-9]*\).*/\1/p')
	# Of the one before there is a file of that name, which is as complete.
	rm -f told
	as "$1" --json events --from 1 >told 2>&1 &
	events_pid=$!
	weir_wait_until grep -q "\"seq\": $last," told
	kill "$events_pid"
	cat told >>seen
}

users_case visibility "values are for their owner, secrets for nobody"
visibility_body() {
	users_begin
	echo "$CONF
log: debug" >weird.conf
	cat >mum.yaml <<-'END'
	workflow: mum
	secret: [password]
	input: {password: {type: string}, plain: {type: string}}
	on_failure: after
	output: "${{ tasks.a.output }}"
	tasks:
	  a:
	    run: [sh, -c, 'printf "{\"got\": \"%s\", \"password\": \"%s\"}" "$PLAIN" "$(cat)"']
	    env: {PLAIN: "${{ input.plain }}"}
	    stdin: "${{ input.password }}"
	    output: json
	  v: {needs: a, set: {kept: "${{ input.plain }}", password: "${{ input.password }}"}}
	  s: {needs: v, workflow: below, input: {password: "${{ input.password }}", plain: "${{ input.plain }}"}}
	  b: {needs: s, run: ["/nowhere/${{ input.plain }}"]}
	END
	cat >below.yaml <<-'END'
	workflow: below
	input: {password: {type: string}, plain: {type: string}}
	output: {password: "${{ input.password }}"}
	tasks: {a: {run: [echo, "${{ input.plain }}"]}}
	END
	cat >after.yaml <<-'END'
	workflow: after
	input: {}
	tasks: {a: {set: {}}}
	END
	weir_start -c "$PWD/weird.conf"
	for file in below after mum; do
		atf_check -o ignore as ann define $file.yaml
	done
	as ann run mum -i password=CANARYSECRET -i plain=CANARYPLAIN \
	    --wait >ran 2>&1
	weir_wait_until as ann wait 2
	asks_all ann
	# What she gave is shown to her, but for the secret; what the callout
	# wrote is in its log.
	grep -q '"plain": "CANARYPLAIN"' seen || atf_fail "$(cat seen)"
	grep -q '"password": "(secret)"' seen || atf_fail "$(cat seen)"
	grep -q 'cannot run .*/nowhere/CANARYPLAIN' seen ||
	    atf_fail "$(cat seen)"
	grep -v 'printf\|{"got"\|"bytes"' seen >shown
	atf_check -s exit:1 grep -n CANARYSECRET shown
	for user in eve bob; do
		asks_all "$user"
		atf_check -s exit:1 grep -n CANARY seen
		atf_check -o ignore grep -q "are for ann and for admins" seen
	done
	atf_check -s exit:1 grep -n CANARYSECRET weird.log
	# With show_inputs all but the logs of others is shown, no secret ever.
	echo "$CONF
	show_inputs: true" | sed 's/^	//' >weird.conf
	atf_check -o ignore weirctl engine reload
	asks_all eve
	grep -q '"plain": "CANARYPLAIN"' seen || atf_fail "$(cat seen)"
	grep -v '{"got"\|"bytes"' seen >shown
	atf_check -s exit:1 grep -n CANARYSECRET shown
	weir_stop
}

users_case nowhere "a secret in no argument, environment or file for others"
nowhere_body() {
	users_begin
	# Other tests run meanwhile, whose secrets are called so too.
	secret=CANARYSECRET$$
	echo "$CONF
log: debug" >weird.conf
	mkfifo gate
	chmod 666 gate
	cat >holds.yaml <<-END
	workflow: holds
	secret: password
	input: {password: {type: string}}
	tasks:
	  a:
	    run: [sh, -c, "cat >/dev/null; echo \$\$ >mine; read x <$PWD/gate"]
	    env: {WORD: "\${{ input.password }}"}
	    stdin: "\${{ input.password }}"
	END
	weir_start -c "$PWD/weird.conf"
	echo "{\"password\": \"$secret\"}" >input.json
	atf_check -o ignore as ann run holds.yaml --input input.json
	weir_wait_until test -s state/work/1-0-none-1/mine
	callout=$(cat state/work/1-0-none-1/mine)
	grep -q "$secret" "/proc/$callout/environ" ||
	    atf_fail "the callout has not got it"
	# Of all processes the callout alone has it.
	for file in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
		[ "$file" != "/proc/$callout/environ" ] || continue
		grep -qsa "$secret" "$file" || continue
		atf_fail "$file: $(tr '\0' ' ' <"$file")"
	done
	for user in 61002 61003; do
		atf_check -s not-exit:0 -e match:"Permission denied" \
		    setpriv --reuid $user --regid $user --clear-groups \
		    cat "/proc/$callout/environ"
		# What they can see of the state is names of two directories.
		setpriv --reuid $user --regid $user --clear-groups \
		    grep -rsa "$secret" "$PWD/state" "$PWD/state/work" \
		    "$PWD/state/journal" "$PWD/state/logs" \
		    "$PWD/state/work/1-0-none-1" >leak 2>&1
		atf_check -o empty cat leak
	done
	atf_check -o empty find state -type f -perm /077 \
	    ! -path 'state/work/1-0-none-1/*'
	atf_check -s exit:1 grep "$secret" weird.log
	echo >gate
	atf_check -o ignore as ann wait 1
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case nowhere
	atf_add_test_case identity
	atf_add_test_case limits
	atf_add_test_case approvals
	atf_add_test_case numbers
	atf_add_test_case workflows
	atf_add_test_case visibility
}
