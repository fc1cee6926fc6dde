/* links: daemon/callout.c daemon/callout_attempt.c daemon/callout_child.c
 * daemon/callout_link.c daemon/callout_log.c daemon/callout_output.c
 * daemon/callout_runner.c daemon/callout_spec.c daemon/callout_start.c
 * daemon/runner/wire.c daemon/runner/process.c daemon/log.c
 * daemon/core/value.c daemon/core/element.c daemon/core/alloc.c
 * libproto/pack.c ; libs: msgpack libevent_core jansson atf-c */
/*
 * callout_test: the callout edge and real runners, the way the daemon uses
 * them, restarts and deaths included.  WEIR_RUNNER names the executable.
 */

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/callout.h"
#include "libproto/pack.h"

#define KEYS 512 /* executions that a test can have */

struct ending {
	unsigned times;
	enum callout_end end;
	int exit, signal;
	char reason[512], output_error[512];
	struct value *output;
	int64_t started_at, ended_at, max_rss;
};

/* A daemon, as far as this edge sees one. */
struct daemon {
	struct event_base *base;
	struct callouts *callouts;
	uint64_t ids[16];
	unsigned nids;
	unsigned changes;
	unsigned ended;
	bool forgets; /* as soon as it is told */
	struct ending endings[KEYS];
};

static struct daemon d;

struct wish {
	const char *shell;
	const char *program; /* instead of a shell */
	const char *cwd;
	const char *input;
	const char *output;
	const char *variable; /* and its content, in env */
	const char *content;
	const char *limit;
	int64_t amount;
};

static struct callout_key
key(unsigned n)
{
	return (struct callout_key){n, 0, CALLOUT_NO_ITEM, 1};
}

static void
on_ended(void *ctx, const struct callout_key *k,
    const struct callout_result *result)
{
	struct ending *e;

	(void)ctx;
	ATF_REQUIRE(k->execution < KEYS);
	e = &d.endings[k->execution];
	e->times++;
	d.ended++;
	e->end = result->end;
	e->exit = result->exit;
	e->signal = result->signal;
	e->started_at = result->started_at;
	e->ended_at = result->ended_at;
	e->max_rss = result->max_rss;
	snprintf(e->reason, sizeof e->reason, "%s",
	    result->reason == NULL ? "" : result->reason);
	snprintf(e->output_error, sizeof e->output_error, "%s",
	    result->output_error == NULL ? "" : result->output_error);
	value_unref(e->output);
	e->output = value_ref(result->output);
	if (d.forgets)
		callouts_want(d.callouts, k, 0, CALLOUT_FORGET, NULL);
	event_base_loopbreak(d.base);
}

static void
on_runners(void *ctx, const uint64_t *ids, unsigned n)
{
	(void)ctx;
	ATF_REQUIRE(n <= sizeof d.ids / sizeof d.ids[0]);
	memcpy(d.ids, ids, n * sizeof *ids);
	d.nids = n;
	d.changes++;
	event_base_loopbreak(d.base);
}

static void
too_late(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
	atf_tc_fail("it did not happen in time");
}

/* One turn of the loop, which waits for something to happen. */
static void
turn(void)
{
	static const struct timeval patience = {30, 0};
	struct event *late;

	late = event_new(d.base, -1, 0, too_late, NULL);
	event_add(late, &patience);
	event_base_loop(d.base, EVLOOP_ONCE);
	event_free(late);
}

static void
open_daemon(unsigned runners)
{
	static const struct callout_handlers handlers = {
	    .ended = on_ended, .runners = on_runners};
	struct callout_options options = {
	    .state_dir = "state",
	    .run_dir = "run",
	    .socket_path = "/tmp/weir.sock",
	    .runners = runners,
	    .output_max = 1 << 20,
	    .path = "/usr/bin:/bin",
	};
	char error[512] = "";

	options.runner_path = getenv("WEIR_RUNNER");
	if (options.runner_path == NULL)
		options.runner_path = "build/plain/weir-runner";
	(void)!mkdir("state", 0711);
	(void)!mkdir("run", 0700);
	memset(&d, 0, sizeof d);
	d.base = event_base_new();
	d.callouts =
	    callouts_open(d.base, &options, &handlers, error, sizeof error);
	ATF_REQUIRE_MSG(d.callouts != NULL, "%s", error);
}

/* As it is for a daemon with nothing to recover. */
static void
start_daemon(unsigned runners)
{
	open_daemon(runners);
	callouts_recovered(d.callouts);
	while (d.nids < runners)
		turn();
}

static void
close_daemon(bool stop)
{
	unsigned i;

	callouts_close(d.callouts, stop);
	event_base_free(d.base);
	for (i = 0; i < KEYS; i++)
		value_unref(d.endings[i].output);
}

static struct value *
spec(const struct wish *w)
{
	msgpack_sbuffer buffer;
	msgpack_packer p;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&p, 10);
	pack_str(&p, "argv");
	if (w->program != NULL) {
		msgpack_pack_array(&p, 1);
		pack_str(&p, w->program);
	} else {
		msgpack_pack_array(&p, 3);
		pack_str(&p, "sh");
		pack_str(&p, "-c");
		pack_str(&p, w->shell);
	}
	pack_key_str(&p, "cwd", w->cwd);
	pack_str(&p, "env");
	msgpack_pack_map(&p, w->variable == NULL ? 0 : 1);
	if (w->variable != NULL)
		pack_key_str(&p, w->variable, w->content);
	pack_str(&p, "stdin");
	if (w->input == NULL)
		msgpack_pack_nil(&p);
	else {
		msgpack_pack_bin(&p, strlen(w->input));
		msgpack_pack_bin_body(&p, w->input, strlen(w->input));
	}
	pack_key_str(&p, "output", w->output == NULL ? "none" : w->output);
	pack_str(&p, "limits");
	msgpack_pack_map(&p, w->limit == NULL ? 0 : 1);
	if (w->limit != NULL)
		pack_key_int(&p, w->limit, w->amount);
	pack_key_str(&p, "task", "build");
	pack_key_str(&p, "workflow", "release");
	pack_key_uint(&p, "uid", geteuid());
	pack_key_uint(&p, "gid", getegid());
	return value_of_buffer(&buffer);
}

static void
want_run(unsigned n, uint64_t runner, const struct wish *w)
{
	struct callout_key k = key(n);
	struct value *v;

	v = spec(w);
	callouts_want(d.callouts, &k, runner, CALLOUT_RUN, v);
	value_unref(v);
}

static void
start(unsigned n, const struct wish *w)
{
	ATF_REQUIRE(d.nids > 0);
	want_run(n, d.ids[n % d.nids], w);
}

static void
want(unsigned n, enum callout_want wanted)
{
	struct callout_key k = key(n);

	callouts_want(d.callouts, &k, 0, wanted, NULL);
}

static struct ending *
wait_end(unsigned n)
{
	while (d.endings[n].times == 0)
		turn();
	return &d.endings[n];
}

static pid_t
wait_pid(unsigned n)
{
	struct callout_key k = key(n);

	while (callouts_pid(d.callouts, &k) == 0) {
		ATF_REQUIRE_MSG(d.endings[n].times == 0, "it ended: %s",
		    d.endings[n].reason);
		turn();
	}
	return callouts_pid(d.callouts, &k);
}

static struct ending *
run(unsigned n, const struct wish *w)
{
	start(n, w);
	return wait_end(n);
}

static struct ending *
shell(unsigned n, const char *command)
{
	return run(n, &(struct wish){.shell = command});
}

static pid_t
parent_of(pid_t pid)
{
	char path[64];
	int parent;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_EQ(1, fscanf(f, "%*d (%*[^)]) %*c %d", &parent));
	fclose(f);
	return parent;
}

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

static void
check_file(const char *path, const char *wanted)
{
	char text[4096];
	size_t n;
	FILE *f;

	f = fopen(path, "r");
	ATF_REQUIRE_MSG(f != NULL, "%s: %s", path, strerror(errno));
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	ATF_CHECK_STREQ(wanted, text);
}

static unsigned
count_files(const char *path)
{
	struct dirent *entry;
	unsigned n;
	DIR *dir;

	dir = opendir(path);
	ATF_REQUIRE(dir != NULL);
	for (n = 0; (entry = readdir(dir)) != NULL;)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/*
 * A daemon of its own process that dies by SIGKILL as soon as its attempts,
 * from 1 to n, run; or, where they are not let start, as soon as they are
 * asked for.  Gives back the runner it used.
 */
static uint64_t
daemon_that_dies(unsigned n, const struct wish *w, bool frozen_runner)
{
	uint64_t id;
	unsigned i;
	int ends[2];
	pid_t pid;

	ATF_REQUIRE(pipe(ends) == 0);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		start_daemon(1);
		if (frozen_runner) {
			want_run(400, d.ids[0],
			    &(struct wish){.shell = "exec sleep 1000"});
			kill(parent_of(wait_pid(400)), SIGSTOP);
		}
		for (i = 1; i <= n; i++)
			want_run(i, d.ids[0], w);
		for (i = 1; i <= n && !frozen_runner; i++)
			wait_pid(i);
		(void)!write(ends[1], &d.ids[0], sizeof d.ids[0]);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	ATF_REQUIRE_EQ(
	    (ssize_t)sizeof id, read(ends[0], &id, sizeof id));
	close(ends[0]);
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
	return id;
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
	e = run(5,
	    &(struct wish){.shell = ":",
		.limit = "nofile",
		.amount = INT64_C(1) << 40});
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
	    "environment, standard input, working directory, limits, logs");
}
ATF_TC_BODY(surroundings, tc)
{
	struct callout_key k = {7, 2, 3, 4};
	char text[64], *here;
	struct ending *e;
	struct value *v;
	uint64_t total;
	struct stat st;

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
	check_text(e->output, "mine 1 release build [] 1 /tmp/weir.sock "
			      "/usr/bin:/bin\nfrom stdin");
	here = realpath("state", NULL);
	e = run(2,
	    &(struct wish){
		.shell = "pwd; stat -c %a .; mkdir -p a/b; echo c >a/b/c",
		.output = "text"});
	snprintf(text, sizeof text, "700");
	ATF_REQUIRE(e->output != NULL);
	ATF_CHECK(e->output->size > strlen(here));
	e = run(3, &(struct wish){.shell = "pwd", .cwd = "/", .output = "text"});
	check_text(e->output, "/");
	e = run(4,
	    &(struct wish){.shell = "ulimit -n",
		.limit = "nofile",
		.amount = 99,
		.output = "text"});
	check_text(e->output, "99");
	e = run(5,
	    &(struct wish){
		.shell = "nice", .limit = "nice", .amount = 7, .output = "text"});
	check_text(e->output, "7");
	v = spec(&(struct wish){.shell = "echo $WEIR_ITEM $WEIR_ATTEMPT >&2"});
	callouts_want(d.callouts, &k, d.ids[0], CALLOUT_RUN, v);
	value_unref(v);
	wait_end(7);
	check_file("state/logs/7/2.3.4.err", "3 4\n");
	ATF_CHECK_EQ(
	    2, callouts_read_log(d.callouts, &k, true, 2, text, 9, &total));
	ATF_CHECK(total == 4 && memcmp(text, "4\n", 2) == 0);
	ATF_CHECK_EQ(
	    0, callouts_read_log(d.callouts, &k, true, 99, text, 9, &total));
	ATF_REQUIRE(stat("state/logs/7", &st) == 0);
	ATF_CHECK_EQ(0700, st.st_mode & 07777);
	callouts_remove_logs(d.callouts, 7);
	while (access("state/logs/7", F_OK) == 0 ||
	    count_files("state/work") > 0)
		turn(); /* SIGCHLD of what removes them */
	ATF_CHECK_EQ(-1,
	    callouts_read_log(d.callouts, &k, true, 0, text, 9, &total));
	free(here);
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
	atf_tc_set_md_var(tc, "descr",
	    "stdout becomes a value, or an error that says where and why not");
}
ATF_TC_BODY(outputs, tc)
{
	static const unsigned char two[] = {0x92, 0xa1, 'a', 0xa1, 'b'};
	static const unsigned char map[] = {
	    0x81, 0xa1, 'k', 0x93, 1, 0xc3, 0xc0};
	struct ending *e;

	start_daemon(1);
	e = run(1, &(struct wish){.shell = "printf 'a\\nb'", .output = "lines"});
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
	e = run(4,
	    &(struct wish){
		.shell = "printf '{\\n\"a\": 1,\\n\"b\" 2}'", .output = "json"});
	ATF_CHECK(e->output == NULL);
	ATF_CHECK_MSG(strncmp(e->output_error,
			  "output is not JSON: line 3, column 5: ", 38) == 0,
	    "%s", e->output_error);
	e = run(5,
	    &(struct wish){.shell = "printf 'ok\\n\\377'", .output = "text"});
	ATF_CHECK_STREQ("output is not UTF-8: byte 4, on line 2, is 0xff; use "
			"output: none",
	    e->output_error);
	e = run(6,
	    &(struct wish){
		.shell = "head -c 1048577 /dev/zero", .output = "text"});
	ATF_CHECK_STREQ("output has 1048577 bytes, at most 1048576 may become "
			"a value; use output: none, or write it to a file",
	    e->output_error);
	e = run(7,
	    &(struct wish){
		.shell = "head -c 100 /dev/zero | tr '\\0' '['; "
			 "head -c 100 /dev/zero | tr '\\0' ']'",
		.output = "json"});
	ATF_CHECK_STREQ(
	    "output is JSON with lists and maps nested deeper than 64",
	    e->output_error);
	e = run(8, &(struct wish){.shell = "echo x; kill $$", .output = "json"});
	ATF_CHECK_EQ(CALLOUT_SIGNALED, e->end);
	ATF_CHECK(e->output == NULL && e->output_error[0] == '\0');
	close_daemon(true);
}

ATF_TC(stops);
ATF_TC_HEAD(stops, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "TERM that is ignored and then KILL; freeze and thaw; a stop before "
	    "the start");
}
ATF_TC_BODY(stops, tc)
{
	struct callout_key k = key(1);
	struct ending *e;
	char line[256];
	FILE *f;

	start_daemon(1);
	start(1, &(struct wish){.shell = "trap 'echo got >>log' TERM; echo up "
					 ">>log; while :; do sleep 0.1; done",
		     .cwd = getcwd(line, sizeof line)});
	wait_pid(1);
	while (access("log", F_OK) == -1)
		event_base_loop(d.base, EVLOOP_NONBLOCK);
	want(1, CALLOUT_TERM);
	for (f = NULL; f == NULL;) {
		f = fopen("log", "r");
		while (fgets(line, sizeof line, f) != NULL)
			;
		fclose(f);
		if (strcmp(line, "got\n") != 0)
			f = NULL;
		event_base_loop(d.base, EVLOOP_NONBLOCK);
	}
	ATF_CHECK_EQ(0, d.endings[1].times);
	want(1, CALLOUT_FREEZE);
	snprintf(line, sizeof line, "/proc/%d/stat",
	    (int)callouts_pid(d.callouts, &k));
	for (char state = 0; state != 'T';) {
		f = fopen(line, "r");
		ATF_REQUIRE_EQ(1, fscanf(f, "%*d (%*[^)]) %c", &state));
		fclose(f);
		event_base_loop(d.base, EVLOOP_NONBLOCK);
	}
	want(1, CALLOUT_THAW);
	want(1, CALLOUT_KILL);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_SIGNALED, e->end);
	ATF_CHECK_EQ(SIGKILL, e->signal);
	want_run(2, 0xdead, &(struct wish){.shell = ":"});
	e = wait_end(2);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK(strstr(e->reason, "nothing ran") != NULL);
	close_daemon(true);

	/* before its runner is connected */
	open_daemon(1);
	callouts_recovered(d.callouts);
	ATF_REQUIRE(mkdir("out", 0700) == 0);
	while (d.nids == 0)
		turn();
	start(3, &(struct wish){.shell = "exit 9"});
	wait_end(3);
	ATF_CHECK_EQ(9, d.endings[3].exit);
	close_daemon(true);
}

ATF_TC(left_behind);
ATF_TC_HEAD(left_behind, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "processes left behind are killed, and the log says so");
}
ATF_TC_BODY(left_behind, tc)
{
	struct ending *e;
	char byte;
	int fd;

	start_daemon(1);
	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	e = run(1,
	    &(struct wish){.shell = "exec 9>$D/fifo; setsid sh -c ': >$D/up; "
				    "sleep 1000' & sleep 1000 & "
				    "while ! test -e $D/up; do sleep 0.1; done; "
				    "exit 6",
		.variable = "D",
		.content = getcwd(NULL, 0)});
	ATF_CHECK_EQ(6, e->exit);
	fcntl(fd, F_SETFL, 0);
	ATF_CHECK_EQ(0, read(fd, &byte, 1)); /* all that had it open are dead */
	check_file("state/logs/1/0.-.1.err",
	    "weir: killed 2 processes that it left behind\n");
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
	while (count_files("run") > 0) /* they leave: nothing is kept */
		usleep(1000);
}

ATF_TC(reopened);
ATF_TC_HEAD(reopened, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a daemon that was killed with -9: what runs is adopted, what "
	    "ended is collected, and nothing runs twice");
}
ATF_TC_BODY(reopened, tc)
{
	char here[256];
	struct wish w = {.shell = "echo $WEIR_EXECUTION >>$D/ran; read x "
				  "<$D/fifo; exit $((WEIR_EXECUTION + 10))",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	struct wish early = {.shell = "echo $WEIR_EXECUTION >>$D/ran; exit 40",
	    .variable = "D",
	    .content = here};
	struct ending *e;
	uint64_t id;
	int fd;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	id = daemon_that_dies(2, &w, false);
	open_daemon(1);
	want_run(1, id, &w);
	want_run(2, id, &w);
	want_run(3, id, &early); /* decided, and never sent: it is started */
	callouts_recovered(d.callouts);
	ATF_CHECK(wait_pid(1) != 0);
	wait_pid(2);
	e = wait_end(3);
	ATF_CHECK_EQ(40, e->exit);
	fd = open("fifo", O_WRONLY);
	ATF_REQUIRE_EQ(4, write(fd, "\n\n\n\n", 4));
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_EXITED, e->end);
	ATF_CHECK_EQ(11, e->exit);
	e = wait_end(2);
	ATF_CHECK_EQ(12, e->exit);
	close(fd);
	/* none was forgotten: the next daemon is told again */
	close_daemon(false);
	open_daemon(1);
	want_run(1, id, &w);
	callouts_recovered(d.callouts); /* 2 and 3 are acknowledged */
	e = wait_end(1);
	ATF_CHECK_EQ(11, e->exit);
	want(1, CALLOUT_FORGET);
	/* had they been acknowledged before, they would run again */
	check_file("ran", "1\n2\n3\n");
	close_daemon(true);
	while (count_files("run") > 0)
		usleep(1000);
}

ATF_TC(stale_start);
ATF_TC_HEAD(stale_start, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "starts that a daemon had sent when it died, and that its runner "
	    "had not seen, are carried out once, not again for the next");
}
ATF_TC_BODY(stale_start, tc)
{
	char here[256];
	struct wish w = {.shell = "echo ran >>$D/ran.$WEIR_EXECUTION",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	struct callout_key k = key(400);
	char path[32];
	uint64_t id;
	unsigned i;
	DIR *proc;
	struct dirent *entry;
	FILE *f;
	char comm[32];

	id = daemon_that_dies(5, &w, true);
	open_daemon(1);
	for (i = 1; i <= 5; i++)
		want_run(i, id, &w);
	want_run(400, id, &(struct wish){.shell = "exec sleep 1000"});
	callouts_recovered(d.callouts);
	/* not lost, while it is stopped */
	event_base_loop(d.base, EVLOOP_NONBLOCK);
	ATF_CHECK_EQ(0, d.ended);
	proc = opendir("/proc");
	while ((entry = readdir(proc)) != NULL) {
		char stat[300];
		char state;

		snprintf(stat, sizeof stat, "/proc/%s/stat", entry->d_name);
		f = atoi(entry->d_name) > 0 ? fopen(stat, "r") : NULL;
		if (f == NULL)
			continue;
		if (fscanf(f, "%*d (%31[^)]) %c", comm, &state) == 2 &&
		    strncmp(comm, "weir-runner", 11) == 0 && state == 'T') {
			char cmd[600] = "", cmdline[300];
			FILE *g;

			snprintf(cmdline, sizeof cmdline, "/proc/%s/cmdline",
			    entry->d_name);
			g = fopen(cmdline, "r");
			if (g != NULL) {
				size_t n = fread(cmd, 1, sizeof cmd - 1, g);

				fclose(g);
				if (memmem(cmd, n, here, strlen(here)) != NULL)
					kill(atoi(entry->d_name), SIGCONT);
			}
		}
		fclose(f);
	}
	closedir(proc);
	for (i = 1; i <= 5; i++) {
		ATF_CHECK_EQ(CALLOUT_EXITED, wait_end(i)->end);
		snprintf(path, sizeof path, "ran.%u", i);
		check_file(path, "ran\n");
	}
	ATF_CHECK(callouts_pid(d.callouts, &k) != 0);
	want(400, CALLOUT_KILL);
	ATF_CHECK_EQ(SIGKILL, wait_end(400)->signal);
	close_daemon(true);
}

ATF_TC(runner_killed);
ATF_TC_HEAD(runner_killed, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a runner is killed with -9 while the daemon lives: its commands "
	    "are the daemon's then, with their true statuses, and a new runner "
	    "takes new work");
}
ATF_TC_BODY(runner_killed, tc)
{
	char here[256];
	struct wish w = {
	    .shell = "read x <$D/fifo; exit $((WEIR_EXECUTION + 30))",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	uint64_t first;
	pid_t one, two;
	int fd;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	start_daemon(1);
	first = d.ids[0];
	start(1, &w);
	start(2, &w);
	start(3, &(struct wish){.shell = "exec sleep 1000"});
	one = wait_pid(1);
	two = wait_pid(2);
	wait_pid(3);
	ATF_REQUIRE(kill(parent_of(one), SIGKILL) == 0);
	while (d.nids == 0 || d.ids[0] == first)
		turn();
	ATF_CHECK_EQ(getpid(), parent_of(one));
	ATF_CHECK_EQ(getpid(), parent_of(two));
	want(3, CALLOUT_TERM);
	ATF_CHECK_EQ(SIGTERM, wait_end(3)->signal);
	fd = open("fifo", O_WRONLY);
	ATF_REQUIRE_EQ(2, write(fd, "\n\n", 2));
	ATF_CHECK_EQ(31, wait_end(1)->exit);
	ATF_CHECK_EQ(CALLOUT_EXITED, d.endings[1].end);
	ATF_CHECK_EQ(32, wait_end(2)->exit);
	close(fd);
	ATF_CHECK_EQ(8, shell(4, "exit 8")->exit);
	/* named a runner that is gone: it never ran, and is not said to have */
	want_run(5, first, &w);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, wait_end(5)->end);
	close_daemon(true);
}

ATF_TC(all_killed);
ATF_TC_HEAD(all_killed, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "daemon and runner killed with -9: lost, with a reason, no status "
	    "made up, and what still runs of it does not go on beside a retry");
}
ATF_TC_BODY(all_killed, tc)
{
	char here[256], byte;
	struct wish w = {.shell = "exec 9>$D/fifo; read x <$D/never; exit 0",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	struct ending *e;
	uint64_t id;
	pid_t command;
	int fd;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	ATF_REQUIRE(mkfifo("never", 0600) == 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	id = daemon_that_dies(1, &w, false);
	open_daemon(1);
	want_run(1, id, &w);
	callouts_recovered(d.callouts);
	command = wait_pid(1);
	kill(parent_of(command), SIGKILL);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_LOST, e->end);
	ATF_CHECK(strstr(e->reason, "it may have run") != NULL);
	fcntl(fd, F_SETFL, 0);
	ATF_CHECK_EQ(0, read(fd, &byte, 1));
	/* and at the next start, where there is no trace of the runner */
	close_daemon(true);
	open_daemon(1);
	want_run(1, id, &w);
	callouts_recovered(d.callouts);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_LOST, e->end);
	ATF_CHECK(strstr(e->reason, "it may have run") != NULL);
	close_daemon(true);
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
	struct callout_handlers handlers = {
	    .ended = on_ended, .runners = on_runners};
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
	ATF_CHECK(
	    access("run/runner-00000000000000aa.sock", F_OK) == -1);
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
	ATF_TP_ADD_TC(tp, user);
	ATF_TP_ADD_TC(tp, outputs);
	ATF_TP_ADD_TC(tp, stops);
	ATF_TP_ADD_TC(tp, left_behind);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, reopened);
	ATF_TP_ADD_TC(tp, stale_start);
	ATF_TP_ADD_TC(tp, runner_killed);
	ATF_TP_ADD_TC(tp, all_killed);
	ATF_TP_ADD_TC(tp, dead_socket);
	return atf_no_error();
}
