/*
 * gone: requests that are answered once the last process of some executions is
 * gone, or with what survived.
 */
#ifndef WEIR_GONE_H
#define WEIR_GONE_H

#include <msgpack.h>
#include <stdint.h>

#include "daemon/answer.h"
#include "daemon/core/event.h"

struct acted;
struct gone;
struct server;

struct gone *gone_new(struct server *);
void gone_free(struct gone *);

/* As waiters_add_gone(). */
void gone_add(struct gone *, const struct asker *, const struct acted *,
    uint32_t count, const msgpack_sbuffer *failed);
/* Told of every event. */
void gone_event(struct gone *, const struct event *);
/* Answers those that need wait no longer; once in a turn. */
void gone_answer(struct gone *);
void gone_forget(struct gone *, const struct session *);

#endif
