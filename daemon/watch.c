/* watch: events to those who watch */

#include <sys/queue.h>

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/core/zone.h"
#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/view.h"
#include "daemon/watch.h"
#include "daemon/watch_filter.h"
#include "libproto/errors.h"
#include "libproto/message.h"

#define QUEUE_MAX (4 * 1024 * 1024) /* bytes unread by a watcher */
#define CATCH_UP_QUEUE (256 * 1024) /* with more unread, no old events */
#define CATCH_UP_EVENTS 64	    /* old events at a time */

struct watcher {
	TAILQ_ENTRY(watcher) entry;
	struct session *session;
	uint64_t next;	/* the event that it gets next */
	uint64_t begin; /* when this is durable its subscription is answered */
	size_t unread;	/* bytes of events in its queue, at most */
	struct journal_place place; /* of the next, where it is an old one */
	struct watch_filter filter;
};
TAILQ_HEAD(watcher_list, watcher);

/* An event that is not durable yet, as the notification that it will be. */
struct coming {
	STAILQ_ENTRY(coming) entry;
	enum event_type type;
	uint64_t seq;
	uint64_t execution;
	uint32_t uid;		/* whose execution it is */
	msgpack_sbuffer shown;	/* for those who see its values */
	msgpack_sbuffer hidden; /* for others; empty: there is no difference */
};
STAILQ_HEAD(coming_list, coming);

struct watch {
	struct server *server;
	struct watcher_list watchers;
	struct coming_list coming; /* while there are watchers */
};

/* One watcher's reading of the journal. */
struct catching_up {
	struct watch *watch;
	struct watcher *watcher;
};

static void remove_watcher(struct watch *, struct watcher *);
static void forget_coming(struct watch *);
static bool is_private(const struct event *);
static uint32_t owner_of(const struct state *, const struct event *);
static bool shows(const struct watch *, const struct watcher *, uint32_t uid);
static void pack_notification(
    msgpack_sbuffer *, const struct state *, const struct event *, bool shows);
static void send_coming(struct watch *, const struct coming *);
static bool catch_up(struct watch *, struct watcher *);
static bool read_old(void *, const struct journal_record *);
static void send_event(struct watcher *, const void *, size_t);
static bool is_too_slow(struct watcher *);

struct watch *
watch_new(struct server *server)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	watch->server = server;
	TAILQ_INIT(&watch->watchers);
	STAILQ_INIT(&watch->coming);
	return watch;
}

void
watch_free(struct watch *watch)
{
	struct watcher *watcher;

	if (watch == NULL)
		return;
	while ((watcher = TAILQ_FIRST(&watch->watchers)) != NULL)
		remove_watcher(watch, watcher);
	free(watch);
}

void
watch_add(struct watch *watch, struct session *session, uint64_t from,
    const msgpack_object *executions, const msgpack_object *types)
{
	struct watcher *watcher = xcalloc(1, sizeof(*watcher));

	watch_remove(watch, session);
	watcher->session = session_ref(session);
	watcher->next = from;
	watcher->begin = watch->server->state->k.seq;
	watch_filter_init(&watcher->filter, executions, types);
	TAILQ_INSERT_TAIL(&watch->watchers, watcher, entry);
}

void
watch_remove(struct watch *watch, const struct session *session)
{
	struct watcher *watcher, *next;

	TAILQ_FOREACH_SAFE (watcher, &watch->watchers, entry, next)
		if (watcher->session == session)
			remove_watcher(watch, watcher);
}

static void
remove_watcher(struct watch *watch, struct watcher *watcher)
{
	TAILQ_REMOVE(&watch->watchers, watcher, entry);
	watch_filter_free(&watcher->filter);
	session_unref(watcher->session);
	free(watcher);
	if (TAILQ_EMPTY(&watch->watchers))
		while (!STAILQ_EMPTY(&watch->coming))
			forget_coming(watch);
}

/* The first of them. */
static void
forget_coming(struct watch *watch)
{
	struct coming *coming = STAILQ_FIRST(&watch->coming);

	STAILQ_REMOVE_HEAD(&watch->coming, entry);
	msgpack_sbuffer_destroy(&coming->shown);
	msgpack_sbuffer_destroy(&coming->hidden);
	free(coming);
}

void
watch_event(struct watch *watch, const struct event *event)
{
	const struct state *state = watch->server->state;
	struct coming *coming;

	if (TAILQ_EMPTY(&watch->watchers))
		return;
	coming = xcalloc(1, sizeof(*coming));
	coming->type = event->type;
	coming->seq = event->seq;
	coming->execution = event->execution;
	coming->uid = owner_of(state, event);
	pack_notification(&coming->shown, state, event, true);
	if (is_private(event))
		pack_notification(&coming->hidden, state, event, false);
	STAILQ_INSERT_TAIL(&watch->coming, coming, entry);
}

/* What ends a task may say something of what it had or made. */
static bool
is_private(const struct event *event)
{
	return event->execution != 0 && event->reason != NULL;
}

static uint32_t
owner_of(const struct state *state, const struct event *event)
{
	const struct execution *execution =
	    state_execution(state, event->execution);

	return execution != NULL ? execution->k.uid : UID_UNKNOWN;
}

static bool
shows(const struct watch *watch, const struct watcher *watcher, uint32_t uid)
{
	return view_shows_of(
	    watch->server->config, session_actor(watcher->session), uid);
}

static void
pack_notification(msgpack_sbuffer *buffer, const struct state *state,
    const struct event *event, bool shown)
{
	msgpack_packer packer;

	if (!message_notification_begin(buffer, "event"))
		out_of_memory();
	msgpack_packer_init(&packer, buffer, buffer_write);
	view_event(&packer, state, event, shown);
}

bool
watch_deliver(struct watch *watch, uint64_t durable)
{
	struct watcher *watcher, *next;
	struct coming *coming;
	bool more = false;

	while ((coming = STAILQ_FIRST(&watch->coming)) != NULL &&
	    coming->seq <= durable) {
		send_coming(watch, coming);
		forget_coming(watch);
	}
	TAILQ_FOREACH_SAFE (watcher, &watch->watchers, entry, next) {
		if (watcher->begin > durable)
			continue;
		if (is_too_slow(watcher)) {
			session_drop(watcher->session, ERROR_LIMIT,
			    "it does not read its events as fast as they "
			    "come; subscribe again from the number after last",
			    watcher->next - 1);
			remove_watcher(watch, watcher);
		} else if (watcher->next <= durable && !more) {
			/* One at a time, so that nobody waits for many. */
			more = catch_up(watch, watcher);
		}
	}
	return more;
}

/* A watcher that is not answered yet reads the journal once it is. */
static void
send_coming(struct watch *watch, const struct coming *coming)
{
	const msgpack_sbuffer *bytes;
	struct watcher *watcher;

	TAILQ_FOREACH (watcher, &watch->watchers, entry) {
		if (watcher->next != coming->seq ||
		    coming->seq <= watcher->begin || is_too_slow(watcher))
			continue;
		watcher->next++;
		if (!watch_filter_holds(
			&watcher->filter, coming->type, coming->execution))
			continue;
		bytes = coming->hidden.size == 0 ||
			shows(watch, watcher, coming->uid)
		    ? &coming->shown
		    : &coming->hidden;
		send_event(watcher, bytes->data, bytes->size);
	}
}

static void
send_event(struct watcher *watcher, const void *bytes, size_t size)
{
	session_send(watcher->session, bytes, size);
	watcher->unread += size;
}

/* Answers that are large don't count: it could not read them any faster. */
static bool
is_too_slow(struct watcher *watcher)
{
	size_t backlog = session_backlog(watcher->session);

	if (watcher->unread > backlog)
		watcher->unread = backlog;
	return watcher->unread > QUEUE_MAX;
}

/* True when it was sent something, and there may be more to send at once. */
static bool
catch_up(struct watch *watch, struct watcher *watcher)
{
	struct catching_up reading = {watch, watcher};
	uint64_t next;

	if (session_backlog(watcher->session) > CATCH_UP_QUEUE)
		return false; /* goes on when the session has drained */
	next = watcher->next;
	if (journal_seek(watch->server->journal, next, &watcher->place))
		return true;
	(void)journal_read(
	    watch->server->journal, next, CATCH_UP_EVENTS, read_old, &reading);
	if (watcher->next == next) {
		session_drop(watcher->session, ERROR_NOT_FOUND,
		    "the events that it asked for can't be read any more; "
		    "subscribe again from the number after last to be told "
		    "which is the oldest",
		    watcher->next - 1);
		remove_watcher(watch, watcher);
		return false;
	}
	return true;
}

static bool
read_old(void *ctx, const struct journal_record *record)
{
	struct catching_up *reading = ctx;
	struct watcher *watcher = reading->watcher;
	const struct state *state = reading->watch->server->state;
	msgpack_sbuffer buffer;
	struct event event;
	msgpack_zone zone;
	bool ok;

	zone_init(&zone, 1024);
	ok = event_decode(&event, record->bytes, record->size, &zone);
	if (ok) {
		event.seq = record->seq;
		if (watch_filter_holds(
			&watcher->filter, event.type, event.execution)) {
			msgpack_sbuffer_init(&buffer);
			pack_notification(&buffer, state, &event,
			    !is_private(&event) ||
				shows(reading->watch, watcher,
				    owner_of(state, &event)));
			send_event(watcher, buffer.data, buffer.size);
			msgpack_sbuffer_destroy(&buffer);
		}
		event_release(&event);
		watcher->next = record->seq + 1;
	} else {
		log_error("event %ju can't be decoded", (uintmax_t)record->seq);
	}
	msgpack_zone_destroy(&zone);
	return ok;
}
