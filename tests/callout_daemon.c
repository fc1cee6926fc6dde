/* callout_daemon: what opens and closes the edge, asks of it, and waits. */

#include "tests/callout_daemon.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/pack.h"

#define PATIENCE 30 /* seconds for any one thing to happen */

struct daemon d;

static void
on_ended(void *, const struct callout_key *, const struct callout_result *);
static void on_runners(void *, const uint64_t *, unsigned);
static void too_late(evutil_socket_t, short, void *);

struct callout_key
key(unsigned n)
{
	return (struct callout_key){n, 0, CALLOUT_NO_ITEM, 1};
}

static void
on_ended(
    void *ctx, const struct callout_key *k, const struct callout_result *result)
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

void
turn(void)
{
	static const struct timeval patience = {PATIENCE, 0};
	struct event *late;

	late = event_new(d.base, -1, 0, too_late, NULL);
	event_add(late, &patience);
	event_base_loop(d.base, EVLOOP_ONCE);
	event_free(late);
}

void
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

	options.limits = (struct harden_limits){UINT64_MAX, 1024};
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

void
start_daemon(unsigned runners)
{
	open_daemon(runners);
	callouts_recovered(d.callouts);
	while (d.nids < runners)
		turn();
}

void
close_daemon(bool stop)
{
	unsigned i;

	for (i = 0; i < KEYS && stop; i++)
		if (d.endings[i].times > 0)
			want(i, CALLOUT_FORGET); /* or its runner stays */
	callouts_close(d.callouts, stop);
	event_base_free(d.base);
	for (i = 0; i < KEYS; i++)
		value_unref(d.endings[i].output);
}

struct value *
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

void
want_run(unsigned n, uint64_t runner, const struct wish *w)
{
	struct callout_key k = key(n);
	struct value *v;

	v = spec(w);
	callouts_want(d.callouts, &k, runner, CALLOUT_RUN, v);
	value_unref(v);
}

void
start(unsigned n, const struct wish *w)
{
	ATF_REQUIRE(d.nids > 0);
	want_run(n, d.ids[n % d.nids], w);
}

void
want(unsigned n, enum callout_want wanted)
{
	struct callout_key k = key(n);

	callouts_want(d.callouts, &k, 0, wanted, NULL);
}

struct ending *
wait_end(unsigned n)
{
	while (d.endings[n].times == 0)
		turn();
	return &d.endings[n];
}

pid_t
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

struct ending *
run(unsigned n, const struct wish *w)
{
	start(n, w);
	return wait_end(n);
}

struct ending *
shell(unsigned n, const char *command)
{
	return run(n, &(struct wish){.shell = command});
}

pid_t
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

void
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

unsigned
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

void
wait_empty(const char *directory)
{
	struct pollfd pfd = {.events = POLLIN};
	char events[4096];

	pfd.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	ATF_REQUIRE(inotify_add_watch(pfd.fd, directory, IN_DELETE) != -1);
	while (count_files(directory) > 0) {
		ATF_REQUIRE_MSG(poll(&pfd, 1, PATIENCE * 1000) == 1,
		    "%s is not empty yet", directory);
		while (read(pfd.fd, events, sizeof events) > 0)
			;
	}
	close(pfd.fd);
}

struct corpse
daemon_that_dies(unsigned n, const struct wish *w, bool stopped)
{
	struct corpse corpse;
	unsigned i;
	int ends[2];
	pid_t pid;

	ATF_REQUIRE(pipe(ends) == 0);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		start_daemon(1);
		corpse.id = d.ids[0];
		want_run(
		    400, corpse.id, &(struct wish){.shell = "exec sleep 1000"});
		corpse.runner = parent_of(wait_pid(400));
		want(400, CALLOUT_KILL);
		wait_end(400);
		want(400, CALLOUT_FORGET);
		if (stopped)
			kill(corpse.runner, SIGSTOP);
		for (i = 1; i <= n; i++)
			want_run(i, corpse.id, w);
		for (i = 1; i <= n && !stopped; i++)
			wait_pid(i);
		(void)!write(ends[1], &corpse, sizeof corpse);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	ATF_REQUIRE_EQ(
	    (ssize_t)sizeof corpse, read(ends[0], &corpse, sizeof corpse));
	close(ends[0]);
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
	return corpse;
}
