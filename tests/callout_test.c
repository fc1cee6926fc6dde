/* links: daemon/callout.c daemon/callout_attempt.c daemon/callout_child.c
 * daemon/callout_link.c daemon/callout_log.c daemon/callout_trim.c
 * daemon/callout_output.c
 * daemon/callout_runner.c daemon/boot.c daemon/callout_spec.c
 * daemon/callout_start.c daemon/survivors.c daemon/processes.c
 * daemon/runner/wire.c daemon/runner/process.c daemon/runner/reap.c
 * daemon/loop.c daemon/log.c
 * daemon/log_limit.c daemon/log_limited.c daemon/clock.c daemon/core/value.c
 * daemon/core/element.c daemon/core/alloc.c libproto/pack.c
 * tests/callout_daemon.c ; libs: msgpack libevent_core jansson atf-c */
/*
 * callout_test: the callout edge with real runners.  WEIR_RUNNER names the
 * executable.
 */

#include <sys/stat.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/pack.h"
#include "tests/callout_daemon.h"

static void check_text(const struct value *, const char *);

static void
check_text(const struct value *v, const char *wanted)
{
	msgpack_zone zone;
	msgpack_object o;

	ATF_REQUIRE(v != NULL);
	msgpack_zone_init(&zone, 512);
	ATF_REQUIRE(value_unpack(v, &zone, &o));
	ATF_CHECK_MSG(object_is(&o, wanted), "\"%.*s\", not \"%s\"",
	    o.type == MSGPACK_OBJECT_STR ? (int)o.via.str.size : 0,
	    o.via.str.ptr, wanted);
	msgpack_zone_destroy(&zone);
}

ATF_TC(exits);
ATF_TC_HEAD(exits, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "statuses and signals, with times and usage");
}
ATF_TC_BODY(exits, tc)
{
	struct ending *e;

	start_daemon(2);
	e = shell(1, "exit 0");
	ATF_CHECK_EQ(CALLOUT_EXITED, e->end);
	ATF_CHECK_EQ(0, e->exit);
	ATF_CHECK(e->output == NULL);
	e = shell(2, "exit 3");
	ATF_CHECK_EQ(CALLOUT_EXITED, e->end);
	ATF_CHECK_EQ(3, e->exit);
	ATF_CHECK(e->started_at > 0 && e->ended_at > e->started_at);
	ATF_CHECK(e->max_rss > 0);
	e = shell(3, "kill -ABRT $$");
	ATF_CHECK_EQ(CALLOUT_SIGNALED, e->end);
	ATF_CHECK_EQ(SIGABRT, e->signal);
	close_daemon(true);
}

ATF_TC(not_started);
ATF_TC_HEAD(not_started, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what could not be started says why, so that a person can act");
}
ATF_TC_BODY(not_started, tc)
{
	struct ending *e;

	start_daemon(1);
	e = run(1, &(struct wish){.program = "frobnicate"});
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ("cannot run \"frobnicate\": No such file or directory "
			"(PATH is /usr/bin:/bin)",
	    e->reason);
	ATF_CHECK(e->started_at == 0 && e->ended_at > 0);
	e = run(2,
	    &(struct wish){.program = "frobnicate",
		.variable = "PATH",
		.content = "/nowhere"});
	ATF_CHECK_STREQ("cannot run \"frobnicate\": No such file or directory "
			"(PATH is /nowhere)",
	    e->reason);
	e = run(3, &(struct wish){.program = "/no/such/program"});
	ATF_CHECK_STREQ(
	    "cannot run \"/no/such/program\": No such file or directory",
	    e->reason);
	e = run(4, &(struct wish){.shell = ":", .cwd = "/x"});
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ(
	    "cannot change to directory /x: No such file or directory",
	    e->reason);
	e = run(7, &(struct wish){.shell = ":", .cwd = "tmp"});
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ(
	    "cwd: what it gives is not an absolute path", e->reason);
	e = run(5,
	    &(struct wish){
		.shell = ":", .limit = "nofile", .amount = INT64_C(1) << 40});
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ(
	    "cannot set the limit nofile: Operation not permitted", e->reason);
	e = run(6, &(struct wish){.shell = ":", .limit = "sheep"});
	ATF_CHECK_STREQ(
	    "limits: this system has no limit \"sheep\"", e->reason);
	close_daemon(true);
}

ATF_TC(surroundings);
ATF_TC_HEAD(surroundings, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "environment, standard input, working directory, limits");
}
ATF_TC_BODY(surroundings, tc)
{
	char *here;
	struct ending *e;

	start_daemon(1);
	setenv("SECRET", "of the daemon", 1);
	e = run(1,
	    &(struct wish){.shell = "echo $SECRET$MINE $WEIR_EXECUTION "
				    "$WEIR_WORKFLOW $WEIR_TASK [$WEIR_ITEM] "
				    "$WEIR_ATTEMPT $WEIR_SOCKET $PATH; cat",
		.input = "from stdin",
		.variable = "MINE",
		.content = "mine",
		.output = "text"});
	check_text(e->output,
	    "mine 1 release build [] 1 /tmp/weir.sock "
	    "/usr/bin:/bin\nfrom stdin");
	here = realpath("state", NULL);
	e = run(2,
	    &(struct wish){
		.shell = "pwd; stat -c %a .; mkdir -p a/b; echo c >a/b/c",
		.output = "text"});
	ATF_REQUIRE(e->output != NULL);
	ATF_REQUIRE(e->output->size > strlen(here));
	ATF_CHECK_EQ(
	    0, memcmp(e->output->bytes + e->output->size - 4, "\n700", 4));
	e = run(
	    3, &(struct wish){.shell = "pwd", .cwd = "/", .output = "text"});
	check_text(e->output, "/");
	e = run(4,
	    &(struct wish){.shell = "ulimit -n",
		.limit = "nofile",
		.amount = 99,
		.output = "text"});
	check_text(e->output, "99");
	e = run(5,
	    &(struct wish){.shell = "nice",
		.limit = "nice",
		.amount = 7,
		.output = "text"});
	check_text(e->output, "7");
	free(here);
	close_daemon(true);
}

ATF_TC(logs);
ATF_TC_HEAD(logs, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "logs are read in pieces, up to when they are forgotten");
}
ATF_TC_BODY(logs, tc)
{
	struct callout_key k = {7, 2, 3, 4};
	struct log_piece piece;
	struct value *v;
	struct stat st;
	char text[64];

	start_daemon(1);
	v = spec(&(struct wish){.shell = "echo $WEIR_ITEM $WEIR_ATTEMPT >&2"});
	callouts_want(d.callouts, &k, d.ids[0], CALLOUT_RUN, v);
	value_unref(v);
	wait_end(7);
	check_file("state/logs/7/2.3.4.err", "3 4\n");
	ATF_CHECK_EQ(
	    2, callouts_read_log(d.callouts, &k, true, 2, text, 9, &piece));
	ATF_CHECK(piece.size == 4 && piece.left_out == 0 &&
	    memcmp(text, "4\n", 2) == 0);
	ATF_CHECK_EQ(
	    0, callouts_read_log(d.callouts, &k, true, 99, text, 9, &piece));
	ATF_REQUIRE(stat("state/logs/7", &st) == 0);
	ATF_CHECK_EQ(0700, st.st_mode & 07777);
	callouts_want(d.callouts, &k, 0, CALLOUT_FORGET, NULL);
	while (count_files("state/work") > 0)
		turn(); /* SIGCHLD of what removes them */
	k.execution = 8;
	ATF_CHECK_EQ(
	    -1, callouts_read_log(d.callouts, &k, true, 0, text, 9, &piece));
	close_daemon(true);
}

ATF_TC(user);
ATF_TC_HEAD(user, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "root's callouts run as the user who started the execution");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(user, tc)
{
	struct callout_key k = key(1);
	msgpack_sbuffer buffer;
	msgpack_packer p;
	struct value *v, *whole, *uid;

	start_daemon(1);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&p, 2);
	pack_key_uint(&p, "uid", 65534);
	pack_key_uint(&p, "gid", 65534);
	uid = value_of_buffer(&buffer);
	v = spec(&(struct wish){
	    .shell = "id -u; id -g; id -G; stat -c '%u %a' \"$OLDPWD.\"; "
		     "echo $USER",
	    .cwd = "/",
	    .variable = "OLDPWD",
	    .content = "/",
	    .output = "text"});
	whole = value_merge(v, uid);
	callouts_want(d.callouts, &k, d.ids[0], CALLOUT_RUN, whole);
	value_unref(v);
	value_unref(uid);
	value_unref(whole);
	wait_end(1);
	ATF_CHECK_STREQ("", d.endings[1].reason);
	ATF_REQUIRE(d.endings[1].output != NULL);
	ATF_CHECK(memmem(d.endings[1].output->bytes, d.endings[1].output->size,
		      "65534\n65534\n65534\n", 18) != NULL);
	ATF_CHECK(memmem(d.endings[1].output->bytes, d.endings[1].output->size,
		      "nobody", 6) != NULL);
	close_daemon(true);
}

ATF_TC(outputs);
ATF_TC_HEAD(outputs, tc)
{
	atf_tc_set_md_var(tc, "descr", "stdout becomes a value");
}
ATF_TC_BODY(outputs, tc)
{
	static const unsigned char two[] = {0x92, 0xa1, 'a', 0xa1, 'b'};
	static const unsigned char map[] = {
	    0x81, 0xa1, 'k', 0x93, 1, 0xc3, 0xc0};
	struct ending *e;

	start_daemon(1);
	e = run(
	    1, &(struct wish){.shell = "printf 'a\\nb'", .output = "lines"});
	ATF_REQUIRE(e->output != NULL);
	ATF_REQUIRE_EQ(sizeof two, e->output->size);
	ATF_CHECK_EQ(0, memcmp(two, e->output->bytes, sizeof two));
	e = run(2, &(struct wish){.shell = ":", .output = "lines"});
	ATF_REQUIRE(e->output != NULL);
	ATF_CHECK_EQ(1, e->output->size);
	e = run(3,
	    &(struct wish){
		.shell = "echo '{\"k\": [1, true, null]}'", .output = "json"});
	ATF_REQUIRE(e->output != NULL);
	ATF_REQUIRE_EQ(sizeof map, e->output->size);
	ATF_CHECK_EQ(0, memcmp(map, e->output->bytes, sizeof map));
	e = run(
	    4, &(struct wish){.shell = "echo x; kill $$", .output = "json"});
	ATF_CHECK_EQ(CALLOUT_SIGNALED, e->end);
	ATF_CHECK(e->output == NULL && e->output_error[0] == '\0');
	close_daemon(true);
}

ATF_TC(wrong_outputs);
ATF_TC_HEAD(wrong_outputs, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "or an error that says where and why not, and none of it");
}
ATF_TC_BODY(wrong_outputs, tc)
{
	static const struct {
		const char *output, *shell, *error; /* its beginning */
	} wrong[] = {
	    {"json", "printf '{\\n\"a\": 1,\\n\"b\" 2}'",
		"output is not JSON: line 3, column 5: "},
	    {"json", "printf '[\"\\\\u0000\"]'",
		"output is not JSON: line 1, column 9: a NUL character, "
		"\\u0000, is not allowed"},
	    {"json", "printf '[\"\\377\"]'",
		"output is not JSON: line 1, column 2: unable to decode byte"},
	    {"json", "printf '{\"token\": hunter2}'",
		"output is not JSON: line 1, column 16: invalid token"},
	    {"json", "printf '{\"token\": \"\\\\ud800hunter\"}'",
		"output is not JSON: line 1, column 24: invalid Unicode"},
	    {"json",
		"head -c 100 /dev/zero | tr '\\0' '['; "
		"head -c 100 /dev/zero | tr '\\0' ']'",
		"output is JSON with lists and maps nested deeper than 24"},
	    {"text", "printf 'ok\\n\\377'",
		"output is not UTF-8: byte 4, on line 2, is 0xff; use output: "
		"none"},
	    {"text", "printf 'ok\\n\\000'",
		"output has a zero byte: byte 4, on line 2; use output: none"},
	    {"lines", "printf 'a\\000'", "output has a zero byte: byte 2"},
	    {"text", "head -c 1048577 /dev/zero",
		"output has 1048577 bytes, at most 1048576 may become a value; "
		"use output: none, or write it to a file"},
	};

	start_daemon(1);
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct wish wish = {
		    .shell = wrong[i].shell, .output = wrong[i].output};
		struct ending *e = run(i + 1, &wish);

		ATF_CHECK_MSG(e->output == NULL &&
			strncmp(e->output_error, wrong[i].error,
			    strlen(wrong[i].error)) == 0 &&
			strstr(e->output_error, "hunter") == NULL,
		    "%s: %s", wrong[i].shell, e->output_error);
	}
	close_daemon(true);
}

ATF_TC(many);
ATF_TC_HEAD(many, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "200 callouts over two runners, each ended once with its own "
	    "status; none is left at the runners or on disk");
}
ATF_TC_BODY(many, tc)
{
	char command[32];
	unsigned i;

	start_daemon(2);
	d.forgets = true;
	for (i = 1; i <= 200; i++) {
		snprintf(command, sizeof command, "exit %u", i);
		start(i, &(struct wish){.shell = command});
	}
	while (d.ended < 200)
		turn();
	for (i = 1; i <= 200; i++) {
		ATF_CHECK_EQ(1, d.endings[i].times);
		ATF_CHECK_EQ((int)i, d.endings[i].exit);
	}
	ATF_CHECK_EQ(0, count_files("state/work"));
	close_daemon(true);
	wait_empty("run"); /* they leave: nothing is kept */
}

ATF_TC(dead_socket);
ATF_TC_HEAD(dead_socket, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a socket that nobody listens on is removed; what can't work is "
	    "said when it is opened");
}
ATF_TC_BODY(dead_socket, tc)
{
	struct callout_handlers handlers = {0}; /* not got to */
	struct callout_options options = {.state_dir = "state",
	    .run_dir = "run",
	    .socket_path = "s",
	    .runners = 1,
	    .runner_path = "/no/such/runner",
	    .path = "/bin"};
	char error[512];

	ATF_REQUIRE(mkdir("run", 0700) == 0);
	atf_utils_create_file("run/runner-00000000000000aa.sock", "%s", "");
	atf_utils_create_file("run/other", "%s", "");
	start_daemon(1);
	ATF_CHECK(access("run/runner-00000000000000aa.sock", F_OK) == -1);
	ATF_CHECK(access("run/other", F_OK) == 0);
	ATF_CHECK(callouts_open(d.base, &options, &handlers, error,
		      sizeof error) == NULL);
	ATF_CHECK_STREQ(
	    "cannot run /no/such/runner: No such file or directory", error);
	options.run_dir = "nowhere";
	ATF_CHECK(callouts_open(d.base, &options, &handlers, error,
		      sizeof error) == NULL);
	ATF_CHECK_STREQ(
	    "run directory nowhere: No such file or directory", error);
	close_daemon(true);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, exits);
	ATF_TP_ADD_TC(tp, not_started);
	ATF_TP_ADD_TC(tp, surroundings);
	ATF_TP_ADD_TC(tp, logs);
	ATF_TP_ADD_TC(tp, user);
	ATF_TP_ADD_TC(tp, outputs);
	ATF_TP_ADD_TC(tp, wrong_outputs);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, dead_socket);
	return atf_no_error();
}
