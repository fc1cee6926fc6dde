/*
 * follow: the daemon's events as they come, across restarts of the daemon.
 */
#include "ctl/follow.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/field.h"
#include "ctl/time_text.h"
#include "libproto/errors.h"

#define RETRY 100     /* ms between attempts to connect */
#define PATIENCE 5000 /* ms for the first answer on a connection */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int);
static int subscribe(struct follow *);
static bool take_all(struct follow *, bool *some);
static void take(struct follow *, const struct weir_message *);
static void take_event(struct follow *, const msgpack_object *);
static enum follow_result wait_readable(struct follow *, int);
static enum follow_result come_back(struct follow *);
static bool answers(struct ctl *);

static void
on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* Outside of ppoll the signal is blocked, so that none is missed. */
int
follow_start(struct follow *f)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	sigset_t set;
	int status = subscribe(f);

	if (status != 0)
		return status;
	interrupted = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGINT, &action, NULL);
	return 0;
}

void
follow_end(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigaction(SIGINT, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int
subscribe(struct follow *f)
{
	struct parameters p;
	struct answer answer;
	size_t i;
	int status;

	parameters_start(&p);
	if (f->next != 0)
		parameters_uint(&p, "from", f->next);
	if (f->nexecutions > 0) {
		msgpack_pack_array(
		    parameters_key(&p, "executions"), f->nexecutions);
		for (i = 0; i < f->nexecutions; i++)
			msgpack_pack_uint64(&p.packer, f->executions[i]);
	}
	if (f->ntypes > 0) {
		msgpack_pack_array(parameters_key(&p, "types"), f->ntypes);
		for (i = 0; i < f->ntypes; i++)
			pack_str(&p.packer, f->types[i]);
	}
	status = ctl_call(f->ctl, "events.subscribe", &p, &answer);
	if (status == 0 && f->next == 0)
		f->next = field_uint(&answer.object, "from");
	f->oldest = answer.error == ERROR_NOT_FOUND
	    ? field_uint(&answer.object, "oldest")
	    : 0;
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

enum follow_result
follow_wait(struct follow *f, int ms)
{
	enum follow_result result;
	bool some = false;

	for (;;) {
		if (f->ctl->weir == NULL || !take_all(f, &some)) {
			result = come_back(f);
			if (result != FOLLOW_EVENTS)
				return result;
			some = true;
		}
		if (some)
			return FOLLOW_EVENTS;
		result = wait_readable(f, ms);
		if (result != FOLLOW_EVENTS)
			return result;
	}
}

/* False when the daemon is gone. */
static bool
take_all(struct follow *f, bool *some)
{
	struct weir_message message;
	int error;

	while ((error = weir_receive(f->ctl->weir, 0, &message)) >= 0) {
		if (message.kind != WEIR_NOTIFICATION)
			continue;
		if (strcmp(message.method, "dropped") == 0) {
			ctl_tell_dropped(&message);
			f->dropped = true;
		}
		if (strcmp(message.method, "event") != 0)
			continue;
		take(f, &message);
		*some = true;
	}
	return error == WEIR_ETIMEOUT;
}

static void
take(struct follow *f, const struct weir_message *message)
{
	struct answer body;
	uint32_t i;

	memset(&body, 0, sizeof(body));
	msgpack_zone_init(&body.zone, 1024);
	if (answer_take(&body, message) &&
	    body.object.type == MSGPACK_OBJECT_ARRAY)
		for (i = 0; i < body.object.via.array.size; i++)
			take_event(f, &body.object.via.array.ptr[i]);
	else
		take_event(f, &body.object);
	answer_free(&body);
}

static void
take_event(struct follow *f, const msgpack_object *event)
{
	uint64_t seq = field_uint(event, "seq");

	if (seq >= f->next)
		f->next = seq + 1;
	if (f->event != NULL)
		f->event(f->ctx, event);
}

static enum follow_result
wait_readable(struct follow *f, int ms)
{
	struct pollfd fd = {
	    .fd = weir_descriptor(f->ctl->weir), .events = POLLIN};
	struct timespec timeout = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t none;
	int n;

	sigemptyset(&none);
	n = ppoll(&fd, 1, ms >= 0 ? &timeout : NULL, &none);
	if (interrupted)
		return FOLLOW_INTERRUPTED;
	return n == 0 ? FOLLOW_TIMEOUT : FOLLOW_EVENTS;
}

/* Nothing is missed: the subscription goes on from where it broke off. */
static enum follow_result
come_back(struct follow *f)
{
	int status = 0;

	if (f->dropped)
		ctl_disconnect(f->ctl);
	if (!f->dropped || !answers(f->ctl))
		status = follow_reconnect(f->ctl);
	if (status == 0)
		status = subscribe(f);
	/* It has been away for long, or nothing passed its filters for long. */
	if (status != 0 && f->oldest != 0) {
		f->next = f->oldest;
		f->dropped = true;
		status = subscribe(f);
	}
	if (status == 0 && f->dropped)
		warnx(
		    "connected again; it goes on from event %" PRIu64, f->next);
	f->dropped = false;
	if (interrupted)
		return FOLLOW_INTERRUPTED;
	if (status != 0)
		return FOLLOW_LOST;
	f->back = true;
	return FOLLOW_EVENTS;
}

/* One that is about to end may still take a connection. */
static bool
answers(struct ctl *ctl)
{
	struct weir_message message;

	ctl->weir = weir_open(ctl->socket);
	if (ctl->weir == NULL)
		return false;
	if (weir_call(ctl->weir, "hello", NULL, 0, PATIENCE, &message) == 0)
		return true;
	ctl_disconnect(ctl);
	return false;
}

int
follow_reconnect(struct ctl *ctl)
{
	struct timespec pause = {0, RETRY * 1000000L};
	sigset_t none;
	int waited;

	ctl_disconnect(ctl);
	warnx("the daemon is gone; waiting for it to come back");
	sigemptyset(&none);
	for (waited = 0; waited < FOLLOW_PATIENCE; waited += RETRY) {
		if (answers(ctl)) {
			warnx("the daemon is back");
			return 0;
		}
		ppoll(NULL, 0, &pause, &none);
		if (interrupted)
			return EX_UNAVAILABLE;
	}
	warnx("it did not come back; executions go on once it does");
	return EX_UNAVAILABLE;
}
