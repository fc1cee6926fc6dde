#!/usr/bin/env atf-sh
# bounds_test: what can grow has an end, and what is beyond it is refused with
# a sentence; what was let in survives a restart.

. "$(atf_get_srcdir)/lib.sh"

# nested N: a list in a list, N of them.
nested() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++) printf "["
		for (i = 0; i < n; i++) printf "]"
		print ""
	}'
}

weir_test_case deep "what is nested too deep fails its task; what is not survives a restart"
deep_body() {
	weir_start
	for depth in 24 25; do
		nested $depth >out.$depth
		cat >deep$depth.yaml <<EOT
workflow: deep$depth
tasks:
  speak:
    run: ["cat", "$PWD/out.$depth"]
    output: json
EOT
		atf_check -o ignore weirctl define deep$depth.yaml
	done
	atf_check -o ignore -e ignore weirctl run --wait deep24
	atf_check -s exit:1 -o match:"nested deeper than 24" -e ignore \
	    weirctl run --wait deep25
	weirctl ls -l >before
	weir_stop
	weir_start
	atf_check -o file:before weirctl ls -l
	weir_stop
}

weir_test_case wrapped "a cycle that wraps what it made comes to an end"
wrapped_body() {
	weir_start
	cat >wrap.yaml <<EOT
workflow: wrap
vars: {a: []}
tasks:
  begin:
    set: {a: []}
    next: [{do: wrap, when: completed}]
  wrap:
    set: {a: ["\${{ vars.a }}"]}
    next: [{do: wrap, when: completed}]
EOT
	atf_check -o ignore weirctl define wrap.yaml
	atf_check -s exit:1 -o match:"more than 24 lists and maps" -e ignore \
	    weirctl run --wait wrap
	weir_stop
	weir_start
	atf_check -o match:failed weirctl ls
	weir_stop
}

weir_test_case large "variables and lists of outputs have a size that they can't exceed"
large_body() {
	weir_start
	# shellcheck disable=SC2016 # it is for the workflow to expand
	for b in '"${{ vars.a }}"' '["${{ vars.a }}", "${{ vars.a }}"]'; do
		cat >double.yaml <<EOT
workflow: double
tasks:
  begin:
    set: {a: ["$(printf '%01000d' 0)"]}
    next: [{do: more}]
  more:
    set: {a: ["\${{ vars.a }}", "\${{ vars.a }}"]}
    next: [{do: more, when: completed, set: {b: $b}}]
EOT
		atf_check -o ignore weirctl define double.yaml
		atf_check -s exit:1 -e ignore \
		    -o match:"the variables would be over 4 MiB together" \
		    weirctl run --wait double
	done
	head -c 1000000 /dev/zero | tr '\0' x >megabyte
	cat >items.yaml <<EOT
workflow: items
input: {list: {type: list}}
tasks:
  many:
    items: {in: "\${{ input.list }}", parallel: 10}
    run: ["cat", "$PWD/megabyte"]
    output: text
EOT
	atf_check -o ignore weirctl define items.yaml
	list=$(awk 'BEGIN { for (i = 1; i < 70; i++) printf "%d,", i; print 70 }')
	atf_check -s exit:1 -o match:"outputs of its items are over 64 MiB" \
	    -e ignore weirctl run --wait -i "list=[$list]" items
	weir_stop
	weir_start
	atf_check -o match:failed weirctl ls
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case deep
	atf_add_test_case wrapped
	atf_add_test_case large
}
