#!/usr/bin/env atf-sh
# secrets_test: a canary under secret keys, through everything that refuses
# what it is given: it is told nowhere.

. "$(atf_get_srcdir)/lib.sh"

# The canary is whatever has this in it, as a string or as a number.
canary=xyzzy-918273645918

# told FILE...: all that the daemon tells is kept, and has no canary in it.
nothing_told() {
	for id in 1 2; do
		ctl show "$id"
		ctl show -l "$id"
		ctl --json show "$id"
	done >told 2>&1
	ctl --json ls >>told
	rm -f stream # of the time before
	weirctl --json events --from 1 >stream &
	watcher=$!
	last=$(ctl --json engine status | sed -n 's/.*"last": *\([0-9]*\).*/\1/p')
	weir_wait_until grep -q "\"seq\": $last," stream
	kill -INT "$watcher"
	wait "$watcher"
	! grep -a -e 'xyzzy' -e '918273645918' told stream weird.log "$@" ||
	    atf_fail "the secret is told"
}

weir_test_case types "what a subworkflow or a version does not take"
types_body() {
	cat >child.yaml <<-END
	workflow: child
	input: {pw: {type: integer}}
	tasks: {t: {run: "true"}}
	END
	cat >parent.yaml <<-END
	workflow: parent
	secret: [pw, all]
	input:
	  pw: {type: string, default: $canary}
	  all: {type: map, default: {$canary: 1}}
	tasks:
	  type: {workflow: child, input: {pw: "\${{ input.pw }}"}, optional: true}
	  name: {workflow: child, input: "\${{ input.all }}", optional: true}
	END
	for version in 1 2; do
		type=string
		[ "$version" = 1 ] || type=integer
		printf 'workflow: versions\nsecret: pw\ninput: {pw: {type: %s}}\ntasks: {t: {run: "false"}}\n' \
		    "$type" >versions$version.yaml
	done
	weir_start
	atf_check -o ignore weirctl define child.yaml
	atf_check -o ignore weirctl run parent.yaml --wait
	ctl --json show 1 >shown
	atf_check -o ignore grep 'input: pw: expected a whole number, found a string' shown
	atf_check -o ignore grep 'has no input of a name that the expression gives' shown
	atf_check -o ignore weirctl define versions1.yaml
	atf_check -s exit:1 -o ignore weirctl run versions -i pw=$canary --wait
	atf_check -o ignore weirctl define versions2.yaml
	for act in "restart 2 --latest" "replay 2 --version 2" \
	    "restart 2 --latest --plan" "replay 2 --version 2 --plan"; do
		# shellcheck disable=SC2086 # words
		ctl $act >>answers 2>&1 && atf_fail "$act is done"
	done
	atf_check -o match:'expected a whole number, found a string' cat answers
	nothing_told answers
	weir_stop
}

weir_test_case uses "expressions give what a task can't use"
uses_body() {
	cat >uses.yaml <<-END
	workflow: uses
	secret: [pw, pin, creds, nul]
	input:
	  pw: {type: string, default: $canary}
	  pin: {type: integer, default: 918273645918}
	  creds: {type: map, default: {"$canary=": x}}
	tasks:
	  wait_for: {wait: {for: "\${{ input.pw }}"}, optional: true}
	  for_number: {wait: {for: "\${{ input.pin }}"}, optional: true}
	  wait_until: {wait: {until: "\${{ input.pw }}"}, optional: true}
	  until_number: {wait: {until: "\${{ input.pin }}"}, optional: true}
	  signal: {wait: {signal: "\${{ input.creds }}"}, optional: true}
	  relative: {run: ["true"], cwd: "\${{ input.pw }}", optional: true}
	  cwd: {run: ["true"], cwd: "/\${{ input.pw }}", optional: true}
	  zero: {run: ["true"], cwd: "/\${{ input.pw }}\${{ '\\\\0' }}", optional: true}
	  env: {run: ["true"], env: {X: "\${{ input.pw }}\${{ '\\\\0' }}"}, optional: true}
	  path: {run: [nothing], env: {PATH: "/\${{ input.pw }}"}, optional: true}
	  argv: {run: ["true", "\${{ input.pw }}\${{ '\\\\0' }}"], optional: true}
	  items: {items: {in: "\${{ input.pw }}"}, run: ["true"], optional: true}
	  cost: {run: ["true"], cost: "\${{ input.pw }}", optional: true}
	  index: {set: {x: "\${{ input.pw.x.y }}"}, optional: true}
	  call: {set: {x: "\${{ input.pw() }}"}, optional: true}
	  arithmetic: {set: {x: "\${{ input.pw + 1 }}"}, optional: true}
	  compare: {set: {x: "\${{ input.pw < 1 }}"}, optional: true}
	  concatenate: {set: {x: "\${{ input.pw .. input.creds }}"}, optional: true}
	  whole: {set: {x: "\${{ int(input.pw) }}"}, optional: true}
	  least: {set: {x: "\${{ min(input.pw, 1) }}"}, optional: true}
	  digits: {set: {x: "\${{ round(1.5, input.pin) }}"}, optional: true}
	  holes: {set: {x: "\${{ {[input.pin] = 1} }}"}, optional: true}
	  key: {set: {x: "\${{ {[-input.pin] = 1} }}"}, optional: true}
	  mixed: {set: {x: "\${{ {[input.pw] = 1, 1} }}"}, optional: true}
	  field: {set: {x: "\${{ execution[input.pw] }}"}, optional: true}
	  task: {set: {x: "\${{ tasks[input.pw][input.pw] }}"}, optional: true}
	  own:
	    run: ["true"]
	    optional: true
	    next: [{when: "task[input.pw] == 1", do: []}]
	  json:
	    run: ["echo", '{"pw": $canary}']
	    output: json
	    optional: true
	  twice:
	    run: ["echo", '{"pw": 1, "$canary": 1, "$canary": 2}']
	    output: json
	    optional: true
	END
	weir_start
	atf_check -o ignore weirctl run uses.yaml --wait
	sed -n 's/^  \([a-z_]*\):.*/\1/p' uses.yaml |
	    grep -v -x -e pw -e pin -e creds >names
	while read -r task; do
		ctl show -l 1 </dev/null | grep -q "failed *$task " ||
		    atf_fail "$task has not failed"
	done <names
	[ "$(wc -l <names)" -gt 20 ] || atf_fail "$(cat names)"
	nothing_told
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case types
	atf_add_test_case uses
}
