#!/usr/bin/env atf-sh
# domains_test: where commands run, and what is said where none can.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

weir_test_case hint "the hint names the task's domain, not where it was sent"
hint_body() {
	weir_start
	cat >dom.yaml <<-'END'
	workflow: dom
	tasks: {a: {run: ["true"], domain: cluster}}
	END
	atf_check -o ignore weirctl define dom.yaml
	atf_check -s exit:1 \
	    -o match:'no domain cluster here, only local; start it with --domain cluster=local' \
	    weirctl run dom --wait
	atf_check -s exit:1 \
	    -o match:'no domain other here, only local; start it with --domain cluster=local' \
	    weirctl run dom --wait --domain cluster=other
	atf_check -o ignore weirctl run dom --wait --domain cluster=local
	atf_check -s exit:65 -e match:'runs in a domain "clutser"; its tasks run in: cluster' \
	    weirctl run dom --domain clutser=local
	atf_check -s exit:65 -e match:'"X!" can.t be the name of a domain' \
	    weirctl run dom --domain cluster=X!
	weir_stop
}

atf_init_test_cases() {
	atf_add_test_case hint
}
