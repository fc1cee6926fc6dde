# full_disk.sh: a small file system under a test's state directory, and ways to
# fill it.  Sourced after lib.sh.
# shellcheck shell=sh

# full_case NAME DESCRIPTION PROGRAMS: a test case as weir_test_case has it, for
# root, with what it has mounted taken away afterwards.
full_case() {
	atf_test_case "$1" cleanup
	eval "full_description_$1=\$2 full_programs_$1=\$3
	$1_head() {
		atf_set descr \"\$full_description_$1\"
		atf_set require.user root
		atf_set require.progs \"\$full_programs_$1\"
	}
	$1_cleanup() { full_cleanup; }"
}

full_cleanup() {
	weir_cleanup
	while umount state 2>/dev/null; do :; done
}

# mount_state ARGUMENT...: mounts it on ./state as mount(8) is told.
mount_state() {
	mkdir -p state
	mount "$@" state 2>mount.err ||
	    atf_skip "nothing can be mounted here: $(head -n 1 mount.err)"
}

# mount_image SIZE OPTIONS MKFS...: the same for an image made by mkfs.
mount_image() {
	full_size=$1 full_options=$2
	shift 2
	truncate -s "$full_size" image
	"$@" image >mkfs.out 2>&1 ||
	    atf_skip "no file system can be made: $(tail -n 1 mkfs.out)"
	mount_state -o "loop$full_options" image
}

# fill_bytes: not a byte is left.
fill_bytes() {
	dd if=/dev/zero of=state/ballast bs=1M 2>/dev/null
	dd if=/dev/zero of=state/ballast bs=1k oflag=append conv=notrunc \
	    2>/dev/null
	sync -f state
	! dd if=/dev/zero of=state/more bs=64k count=1 2>/dev/null ||
	    atf_fail "the disk is not full"
}

# fill_inodes: not a file more can be made.
fill_inodes() {
	mkdir -p state/ballast
	full_n=0
	while : 2>/dev/null >"state/ballast/$full_n"; do
		full_n=$((full_n + 1))
	done 2>/dev/null
}

give_back() {
	rm -rf state/ballast state/more
}
