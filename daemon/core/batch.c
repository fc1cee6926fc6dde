/* batch: the events that a decision gives, with what they borrow. */

#include "daemon/core/batch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

static const char *keep(struct batch *, char *);
static const char *keep_copy(void *, const char *);

void
batch_init(struct batch *b, int64_t now)
{
	memset(b, 0, sizeof(*b));
	b->now = now;
}

void
batch_empty(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		event_release(&b->events[i]);
	for (size_t i = 0; i < b->nstrings; i++)
		free(b->strings[i]);
	b->n = 0;
	b->nstrings = 0;
}

void
batch_free(struct batch *b)
{
	batch_empty(b);
	free(b->events);
	free(b->strings);
}

struct event *
batch_add(struct batch *b, enum event_type type)
{
	struct event *e;

	if (b->n == b->room) {
		b->room = b->room == 0 ? 8 : b->room * 2;
		b->events =
		    xreallocarray(b->events, b->room, sizeof(*b->events));
	}
	e = &b->events[b->n++];
	event_init(e, type);
	e->time = b->now;
	return e;
}

struct event *
batch_add_execution(
    struct batch *b, enum event_type type, const struct execution *x)
{
	struct event *e = batch_add(b, type);

	e->execution = x->k.id;
	return e;
}

struct event *
batch_add_run(struct batch *b, enum event_type type, const struct run *r)
{
	struct event *e = batch_add_execution(b, type, r->execution);

	e->run = r->index;
	return e;
}

struct event *
batch_add_action(struct batch *b, enum event_type type, const struct action *a)
{
	struct event *e = batch_add_run(b, type, a->run);

	e->item = a->item;
	return e;
}

static const char *
keep(struct batch *b, char *s)
{
	b->strings =
	    xreallocarray(b->strings, b->nstrings + 1, sizeof(*b->strings));
	b->strings[b->nstrings++] = s;
	return s;
}

static const char *
keep_copy(void *batch, const char *s)
{
	return keep(batch, xstrdup(s));
}

void
batch_own_strings(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		event_map_strings(&b->events[i], keep_copy, b);
}

const char *
batch_printf(struct batch *b, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return keep(b, s);
}
