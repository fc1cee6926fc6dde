/* callout: what is wanted of attempts, and how they ended. */

#include "daemon/callout.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/callout_edge.h"
#include "daemon/core/alloc.h"
#include "daemon/loop.h"

#define RUNNERS_MAX 4
/* What the name of a runner's socket adds to the path of its directory. */
#define SOCKET_NAME "/runner-0123456789abcdef.sock"

static_assert((int)EVENT_RUN == (int)CALLOUT_RUN &&
	(int)EVENT_FORGET == (int)CALLOUT_FORGET,
    "wants are the first events");

static bool check(const struct callout_options *, char state_dir[PATH_MAX],
    char run_dir[PATH_MAX], char *, size_t);
static bool make_directories(const struct callouts *, char *, size_t);
static unsigned cores(void);
static bool is_stop(enum callout_want);
static void on_later(evutil_socket_t, short, void *);
static void on_replace(evutil_socket_t, short, void *);
static void tell(struct callouts *, struct attempt *);
static void fill(const struct attempt *, struct callout_result *);
static void
convert(struct callouts *, struct attempt *, struct callout_result *, char **);

struct callouts *
callouts_open(struct event_base *base, const struct callout_options *options,
    const struct callout_handlers *handlers, char *error, size_t size)
{
	char state_dir[PATH_MAX], run_dir[PATH_MAX];
	struct callouts *c;

	if (!check(options, state_dir, run_dir, error, size))
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->base = base;
	c->handlers = *handlers;
	c->runners = options->runners > 0 ? options->runners : cores();
	c->output_max = options->output_max;
	c->log_max = options->log_max;
	c->new_privileges = options->new_privileges;
	c->limits = options->limits;
	c->state_dir = xstrdup(state_dir);
	c->run_dir = xstrdup(run_dir);
	c->runner_path = xstrdup(options->runner_path);
	c->socket_path = xstrdup(options->socket_path);
	c->path = xstrdup(options->path);
	RB_INIT(&c->attempts);
	TAILQ_INIT(&c->done);
	LIST_INIT(&c->links);
	LIST_INIT(&c->leftovers);
	c->later = loop_event(base, -1, 0, on_later, c);
	c->replace = loop_event(base, -1, 0, on_replace, c);
	children_open(c);
	trims_open(c);
	output_begin();
	if (make_directories(c, error, size) && links_open(c, error, size))
		return c;
	callouts_close(c, true);
	return NULL;
}

static bool
check(const struct callout_options *options, char state_dir[PATH_MAX],
    char run_dir[PATH_MAX], char *error, size_t size)
{
	struct sockaddr_un sun;

	if (realpath(options->state_dir, state_dir) == NULL ||
	    strlen(state_dir) > PATH_MAX - 256) {
		snprintf(error, size, "state directory %s: %s",
		    options->state_dir, strerror(errno));
		return false;
	}
	if (realpath(options->run_dir, run_dir) == NULL) {
		snprintf(error, size, "run directory %s: %s", options->run_dir,
		    strerror(errno));
		return false;
	}
	if (strlen(run_dir) + sizeof SOCKET_NAME > sizeof sun.sun_path) {
		snprintf(error, size,
		    "run directory %s: the path is too long for sockets in "
		    "it, use one of at most %zu bytes",
		    run_dir, sizeof sun.sun_path - sizeof SOCKET_NAME);
		return false;
	}
	if (access(options->runner_path, X_OK) == -1) {
		snprintf(error, size, "cannot run %s: %s", options->runner_path,
		    strerror(errno));
		return false;
	}
	return true;
}

/*
 * Commands of other users reach their working directories, which are theirs
 * alone, through work/.
 */
static bool
make_directories(const struct callouts *c, char *error, size_t size)
{
	static const struct {
		const char *name;
		mode_t mode;
	} directories[] = {{"logs", 0700}, {"work", 0711}};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", c->state_dir,
		    directories[i].name);
		if ((mkdir(path, 0700) == -1 && errno != EEXIST) ||
		    chmod(path, directories[i].mode) == -1) {
			snprintf(error, size,
			    "cannot make the directory %s: %s", path,
			    strerror(errno));
			return false;
		}
	}
	return true;
}

static unsigned
cores(void)
{
	long n;

	n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > RUNNERS_MAX ? RUNNERS_MAX : (unsigned)n;
}

void
callouts_close(struct callouts *c, bool stop)
{
	struct attempt *a, *next;

	links_close(c, stop);
	RB_FOREACH_SAFE (a, attempts, &c->attempts, next)
		attempt_free(c, a);
	leftovers_free(c);
	event_free(c->child);
	event_free(c->later);
	event_free(c->replace);
	event_free(c->trim);
	free(c->state_dir);
	free(c->run_dir);
	free(c->runner_path);
	free(c->socket_path);
	free(c->path);
	free(c);
}

struct wire_key
key_of_callout(const struct callout_key *key)
{
	struct wire_key k = {.execution = key->execution,
	    .run = key->run,
	    .item = key->item,
	    .attempt = key->attempt};

	return k;
}

/* Of what nobody has heard of, it ends what was never started. */
static bool
is_stop(enum callout_want want)
{
	return want == CALLOUT_TERM || want == CALLOUT_KILL;
}

void
callouts_want(struct callouts *c, const struct callout_key *key,
    uint64_t runner, enum callout_want want, const struct value *spec)
{
	struct wire_key k;
	struct attempt *a;

	k = key_of_callout(key);
	a = attempt_find(c, &k);
	if (a == NULL) {
		if (want != CALLOUT_RUN && (spec == NULL || !is_stop(want)))
			return; /* it ended, and was forgotten */
		a = attempt_new(c, &k, runner);
		a->state = c->recovered ? ATTEMPT_QUEUED : ATTEMPT_UNSURE;
	}
	if (spec != NULL && a->spec == NULL)
		a->spec = value_ref((struct value *)(uintptr_t)spec);
	attempt_event(c, a, (enum attempt_event)want);
}

/* Its attempts are told apart from others' by the first part of their key. */
void
callouts_forget(struct callouts *c, uint64_t execution)
{
	struct attempt least = {.key = {.execution = execution}}, *a, *next;

	for (a = RB_NFIND(attempts, &c->attempts, &least);
	     a != NULL && a->key.execution == execution; a = next) {
		next = RB_NEXT(attempts, &c->attempts, a);
		attempt_event(c, a, EVENT_FORGET);
	}
}

void
callouts_set_log_max(struct callouts *c, uint64_t max)
{
	c->log_max = max;
	trims_later(c);
}

/*
 * All that is wanted is known.  Endings that runners still keep and nobody
 * wants are durable; attempts of runners that are not there are lost.
 */
void
callouts_recovered(struct callouts *c)
{
	struct attempt *a, *next;

	c->recovered = true;
	RB_FOREACH_SAFE (a, attempts, &c->attempts, next) {
		if (a->state == ATTEMPT_UNSURE &&
		    link_find(c, a->runner) == NULL)
			attempt_event(c, a, EVENT_GONE);
		else if (a->state == ATTEMPT_KEPT)
			attempt_event(c, a, EVENT_FORGET);
	}
	work_sweep(c);
	links_retire(c);
	trims_later(c);
	callouts_later(c);
}

pid_t
callouts_pid(const struct callouts *c, const struct callout_key *key)
{
	struct attempt *a;
	struct wire_key k;

	k = key_of_callout(key);
	a = attempt_find((struct callouts *)(uintptr_t)c, &k);
	if (a == NULL ||
	    (a->state != ATTEMPT_RUNNING && a->state != ATTEMPT_ORPHAN))
		return 0;
	return a->report.pid;
}

/* Handlers are called from the loop alone, not from within what calls us. */
void
callouts_later(struct callouts *c)
{
	event_active(c->later, EV_TIMEOUT, 0);
}

static void
on_later(evutil_socket_t fd, short what, void *ctx)
{
	struct callouts *c;
	struct attempt *a;

	(void)fd;
	(void)what;
	c = ctx;
	links_replace(c);
	if (c->changed)
		links_tell(c);
	if (c->losses)
		lost_kill(c);
	while ((a = TAILQ_FIRST(&c->done)) != NULL) {
		TAILQ_REMOVE(&c->done, a, done);
		a->untold = false;
		tell(c, a);
	}
}

static void
on_replace(evutil_socket_t fd, short what, void *ctx)
{
	struct callouts *c;

	(void)fd;
	(void)what;
	c = ctx;
	c->throttled = false;
	links_replace(c);
}

/* The handler may forget the attempt: it is not looked at afterwards. */
static void
tell(struct callouts *c, struct attempt *a)
{
	struct callout_result result;
	struct callout_key key;
	char *output_error, note[80];
	uint64_t bytes;

	memset(&result, 0, sizeof result);
	output_error = NULL;
	fill(a, &result);
	bytes = trim_last(c, a);
	if (result.end == CALLOUT_EXITED)
		convert(c, a, &result, &output_error);
	if (a->report.left > 0) {
		snprintf(note, sizeof note,
		    "killed %" PRIu32 " process%s that it left behind",
		    a->report.left, a->report.left == 1 ? "" : "es");
		log_note(c, &a->key, note);
	}
	if (a->report.spared > 0) {
		snprintf(note, sizeof note,
		    "%" PRIu32 " process%s that it left behind may not be "
		    "killed",
		    a->report.spared, a->report.spared == 1 ? "" : "es");
		log_note(c, &a->key, note);
		leftover_add(c, a);
	}
	start_clean(c, a);
	key = (struct callout_key){.execution = a->key.execution,
	    .run = a->key.run,
	    .item = a->key.item,
	    .attempt = a->key.attempt};
	if (c->handlers.logged != NULL)
		c->handlers.logged(c->handlers.ctx, &key, bytes);
	c->handlers.ended(c->handlers.ctx, &key, &result);
	value_unref(result.output);
	free(output_error);
}

static void
fill(const struct attempt *a, struct callout_result *result)
{
	const struct wire_report *r;

	r = &a->report;
	result->end = a->end;
	result->reason = a->reason;
	result->started_at = r->started_at;
	result->ended_at = r->ended_at;
	result->cpu = r->cpu;
	result->max_rss = r->max_rss;
	if (a->end == CALLOUT_EXITED)
		result->exit = WEXITSTATUS(r->status);
	else if (a->end == CALLOUT_SIGNALED)
		result->signal = WTERMSIG(r->status);
}

static void
convert(struct callouts *c, struct attempt *a, struct callout_result *result,
    char **output_error)
{
	char path[PATH_MAX], error[256];
	struct spec spec;

	if (spec_open(&spec, a->spec, error, sizeof error)) {
		log_path(c, &a->key, "out", path);
		result->output =
		    output_read(path, spec.output, c->output_max, output_error);
		result->output_error = *output_error;
	}
	spec_close(&spec);
}
