#!/usr/bin/env atf-sh
# examples_test: each workflow in tests/examples does what its first lines say.

# shellcheck shell=sh
. "$(atf_get_srcdir)/lib.sh"

examples=$WEIR_SRC/tests/examples

is() { # ID STATUS
	ctl show "$1" | grep -q "^status .* $2\$"
}

fails_with() { # TEXT FILE
	grep -q "$1" "$2" || atf_fail "no \"$1\" in: $(cat "$2")"
}

weir_test_case all_good "every example is without errors"
all_good_body() {
	cd "$examples" || exit
	atf_check -o ignore weirctl check ./*.yaml
}

# program NAME COMMAND...: ./NAME runs the command, with its arguments behind
# (atf_check takes programs only).
program() {
	name=$1
	shift
	{
		echo '#!/bin/sh'
		printf 'exec'
		printf " '%s'" "$@"
		echo ' "$@"'
	} >"$name"
	chmod 755 "$name"
}

logs() {
	program archive-logs weirctl run log-archive --wait \
	    -i directory="$PWD/logs" -i archive="$PWD/archive"
	mkdir -p logs/web
	seq 1 20000 >logs/daemon.log
	seq 1 3000 >"logs/web/access of today.log"
	: >logs/web/-empty.log
	echo keep >logs/notes.txt
}

weir_test_case log_archive "logs are packed, again only when they change"
log_archive_body() {
	logs
	weir_start
	atf_check -o ignore weirctl define "$examples/log-archive.yaml"
	atf_check -o save:out ./archive-logs
	fails_with '"./web/access of today.log"' out
	cp -Rp logs expected
	rm expected/notes.txt
	gzip -dr archive
	atf_check_equal "$(wc -l <archive/CHECKSUMS | tr -d ' ')" 3
	rm archive/CHECKSUMS
	atf_check diff -r expected archive

	rm -r archive
	atf_check -o ignore ./archive-logs
	echo old >"archive/daemon.log.gz"
	touch -r logs/daemon.log archive/daemon.log.gz
	echo more >>"logs/web/access of today.log"
	touch -t 203001010000 "logs/web/access of today.log"
	atf_check -o ignore ./archive-logs
	atf_check -o inline:'old\n' cat archive/daemon.log.gz
	gzip -dc "archive/web/access of today.log.gz" >packed
	atf_check cmp packed "logs/web/access of today.log"

	atf_check -o match:completed ./archive-logs -i 'pattern=*.txet'
	atf_check -o match:'no file in .*/logs matches \*.txet' weirctl show 4
	atf_check -o ignore ./archive-logs -i remove=true
	atf_check -o inline:'logs/notes.txt\n' find logs -type f
	weir_stop
}

weir_test_case log_retried "a log that can't be packed is tried again by itself"
log_retried_body() {
	logs
	mkdir -p archive/daemon.log.gz.part
	weir_start
	atf_check -o ignore weirctl define "$examples/log-archive.yaml"
	atf_check -s exit:1 -o match:'failed compress.* 3 attempts' \
	    ./archive-logs -i remove=true
	atf_check -o match:'attempt 3 .*failed' \
	    -o match:'failed compress: 3 items' weirctl show 1
	[ -s logs/daemon.log ] || atf_fail "a log was lost"
	rmdir archive/daemon.log.gz.part
	atf_check -o ignore ./archive-logs -i remove=true
	[ ! -e logs/daemon.log ] || atf_fail "a log is still there"
	atf_check -o match:daemon.log.gz cat archive/CHECKSUMS
	weir_stop
}

# backups: the number of them.
backups() {
	find target -name 'home-*.tar.gz' | wc -l | tr -d ' '
}

define_backup() {
	program backup weirctl run nightly-backup -i source="$PWD/source" \
	    -i target="$PWD/target" -i name=home -i keep=1
	sed "s,default: \"\",default: \"$PWD/told\"," \
	    "$examples/tell-operator.yaml" >tell-operator.yaml
	atf_check -o ignore weirctl define tell-operator.yaml \
	    "$examples/nightly-backup.yaml"
}

weir_test_case nightly_backup "a backup is proved; old ones go on approval only"
nightly_backup_body() {
	mkdir -p source/sub
	seq 1 1000 >"source/sub/a file"
	ln -s sub source/link
	weir_start
	define_backup
	atf_check -o match:'"removed": null' ./backup --wait
	atf_check_equal "$(backups)" 1
	first=$(ls target)

	atf_check -o ignore ./backup
	weir_wait_until is 2 waiting
	atf_check -o match:"approval Remove $first?" weirctl show 2
	atf_check_equal "$(backups)" 2
	atf_check -o ignore weirctl reject 2 approve --note 'not yet'
	atf_check -o match:'completed' weirctl wait 2
	atf_check_equal "$(backups)" 2

	atf_check -o ignore ./backup
	weir_wait_until is 3 waiting
	atf_check -o ignore weirctl approve 3 approve
	atf_check -o match:'"removed": \[' weirctl wait 3
	atf_check_equal "$(backups)" 1
	[ ! -e "target/$first" ] || atf_fail "the oldest is still there"
	[ ! -e told ] || atf_fail "$(cat told)"

	mkdir restored
	tar -xzf target/home-*.tar.gz -C restored
	atf_check diff -r source restored
	weir_stop
}

told() {
	grep -q '^nightly-backup 1 failed: ' told
}

weir_test_case operator_told "a backup that fails starts tell-operator"
operator_told_body() {
	weir_start
	define_backup
	atf_check -s exit:1 -o match:'failed pack.* 3 attempts' ./backup --wait
	weir_wait_until told
	weir_wait_until is 2 completed
	atf_check -o match:'^nightly-backup 1 failed: .*pack.*weirctl show 1$' \
	    cat told
	atf_check_equal "$(backups)" 0
	weir_stop
}

# The real source and what is built of it already, so that make has but to see
# that it is good.
weir_test_case release "weir's own release, of one build"
release_head() {
	atf_set descr "$weir_description_release"
	atf_set timeout 900
}
release_body() {
	case $WEIR_BUILD in
	plain | san) ;;
	*) atf_skip "releases are made of the plain and san builds" ;;
	esac
	make=$(command -v gmake || command -v make)
	# Older than what was built, or make would build it all again.
	SOURCE_DATE_EPOCH=1700000000
	export SOURCE_DATE_EPOCH
	atf_check -o ignore -e ignore "$WEIR_SRC/tests/dist" 0.1.0 .
	tar -xzf weir-0.1.0.tar.gz
	mkdir out
	cp -Rp "$WEIR_BIN" "out/cc-$WEIR_BUILD"
	weir_start
	atf_check -o ignore weirctl define "$examples/release.yaml" \
	    "$examples/unit-tests.yaml"
	atf_check -o ignore weirctl run release -i source="$PWD/weir-0.1.0" \
	    -i out="$PWD/out" -i version=0.1.0 -i make="$make" \
	    -i skip='[!v]*' -i "builds=[{compiler: cc, type: $WEIR_BUILD}]"
	weirctl wait 1 >ended 2>&1 &
	ended=$!
	weir_wait_until asked_or_ended
	atf_check -o match:'Release weir 0.1.0. 1 builds are good' \
	    weirctl show 1
	atf_check -o ignore weirctl approve 1 approve --note fine
	wait "$ended" || atf_fail "$(cat ended; ctl show 1)"

	cd out/published || exit
	atf_check cmp weir-0.1.0.tar.gz ../../weir-0.1.0.tar.gz
	atf_check_equal "$(cksum_of weir-0.1.0.tar.gz)" \
	    "$(sed 's/ .*//' weir-0.1.0.tar.gz.sha256)"
	atf_check -o match:'"note":"fine"' \
	    -o match:'"tests":\[.*"programs":[1-9]' \
	    -o match:"\"cc-$WEIR_BUILD/weird\":[1-9]" cat report.json
	cd ../..
	weir_stop
}
# What it builds and tests first takes as long as that takes.
asked_or_ended() {
	! is 1 waiting && ! grep -q . ended || return 0
	ctl wait --timeout 1s 1
	return 1
}

cksum_of() { # FILE
	{ sha256sum "$1" 2>/dev/null || sha256 -r "$1"; } | sed 's/ .*//'
}

atf_init_test_cases() {
	atf_add_test_case all_good
	atf_add_test_case log_archive
	atf_add_test_case log_retried
	atf_add_test_case nightly_backup
	atf_add_test_case operator_told
	atf_add_test_case release
}
