/* loop: libevent, without the errors that nobody could do anything about. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/loop.h"

static _Noreturn void fail(const char *);
static void on_log(int, const char *);
static _Noreturn void on_fatal(int);

/* In place of the core's, which says it to standard error alone. */
_Noreturn void
out_of_memory(void)
{
	log_error("out of memory: ending; start again, nothing acknowledged "
		  "is lost");
	exit(EX_OSERR);
}

static _Noreturn void
fail(const char *what)
{
	log_error("%s: %s; ending: raise the limit that is reached and start "
		  "again, nothing acknowledged is lost",
	    what, strerror(errno));
	exit(EX_OSERR);
}

/* What libevent has to say, which is little. */
static void
on_log(int severity, const char *message)
{
	if (severity == EVENT_LOG_ERR)
		log_error("%s", message);
	else if (severity == EVENT_LOG_WARN)
		log_warn("%s", message);
}

/* It has said why; it would exit with a status that means nothing here. */
static _Noreturn void
on_fatal(int error)
{
	(void)error;
	log_error("the event loop can't go on: ending; start again, nothing "
		  "acknowledged is lost");
	exit(EX_OSERR);
}

void
loop_begin(void)
{
	event_set_log_callback(on_log);
	event_set_fatal_callback(on_fatal);
	event_set_mem_functions(xmalloc, xrealloc, free);
}

struct event_base *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (config == NULL)
		out_of_memory();
	/* Sessions are told once of what has come; epoll and kqueue do that. */
	(void)event_config_require_features(config, EV_FEATURE_ET);
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (base == NULL)
		fail("can't make an event loop");
	return base;
}

struct event *
loop_event(struct event_base *base, evutil_socket_t fd, short what,
    event_callback_fn callback, void *ctx)
{
	struct event *event = event_new(base, fd, what, callback, ctx);

	if (event == NULL)
		fail("can't make an event");
	return event;
}

void
loop_add(struct event *event, const struct timeval *timeout)
{
	if (event_add(event, timeout) == -1)
		fail("the event loop can't wait for one thing more");
}
