/*
 * waiters: requests that are answered later: once an execution has reached a
 * status, or once the last process of some executions is gone.
 */
#ifndef WEIR_WAITERS_H
#define WEIR_WAITERS_H

#include <event2/event.h>
#include <msgpack.h>
#include <stdint.h>

#include "daemon/answer.h"
#include "daemon/core/event.h"

struct acted;
struct server;
struct waiters;

struct waiters *waiters_new(struct server *);
void waiters_free(struct waiters *);

/*
 * Answers with the execution once it has one of the statuses (bit n: status
 * n), or after the timeout in ns; -1: none.
 */
void waiters_add(struct waiters *, const struct asker *, uint64_t execution,
    unsigned statuses, int64_t timeout);
/*
 * Answers {succeeded, failed} once no process of the executions is left, nor
 * of their subworkflows, or with what survived.  failed is the packed list;
 * both are copied.
 */
void waiters_add_gone(struct waiters *, const struct asker *,
    const struct acted *, uint32_t count, const msgpack_sbuffer *failed);

/* Told of every event, before it is applied. */
void waiters_event(struct waiters *, const struct event *);
/*
 * Answers some of those that need wait no longer; once in a turn.  True when
 * there may be more that can be answered at once.
 */
bool waiters_answer(struct waiters *);
/* The session is gone, with it whatever it waits for. */
void waiters_forget(struct waiters *, const struct session *);

#endif
