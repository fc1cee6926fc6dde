/*
 * request: one call of a method, checked against the catalogue; and what the
 * methods share.
 */
#ifndef WEIR_REQUEST_H
#define WEIR_REQUEST_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/answer.h"
#include "daemon/core/rehearsal.h"
#include "daemon/server.h"
#include "libproto/catalogue.h"
#include "libproto/message.h"

struct parsed;

/* Good for as long as the handler runs; its memory is the zone's. */
struct request {
	struct server *server;
	struct asker asker;
	const struct actor *actor;
	enum method_id method;
	const msgpack_object *params; /* checked */
	msgpack_zone *zone;
	/* Where the definition in it was parsed aside; else NULL. */
	struct parsed *parsed;
	/* Where it only asks what it would do (plan); else NULL. */
	struct rehearsal *rehearsal;
};

/* What a request's parameters are in, where they outlive its handler. */
struct request_memory {
	msgpack_zone zone;
	msgpack_object params;
};

/* Answers, or sees to it that somebody will. */
typedef void method_handler(struct request *);

/* Takes a client's message apart, checks it and calls its method. */
void request_take(struct server *, struct session *, const char *bytes, size_t);

/* The parameters, checked; else false with what is wrong with them. */
bool request_unpack(const struct request *, const struct message *,
    msgpack_object *, char *wrong, size_t);
/* Calls the method, if the actor may. */
void request_call(struct request *, const msgpack_object *params);

/* Of nothing yet; then what the handler's request has, for its copy. */
void request_memory_init(struct request_memory *);
void request_memory_take(
    struct request_memory *, struct request *, struct request *copy);
void request_memory_free(struct request_memory *);

/* One value between them is the result. */
msgpack_packer *request_answer(struct request *);
void request_done(struct request *);

void request_refuse(struct request *, int code, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* With what the core says; details are those of a state_conflict. */
void request_refuse_reply(struct request *, const struct reply *);
/* A state_conflict of the engine. */
void request_refuse_engine(struct request *, const struct reply *);
/* The same error inside a list. */
void pack_reply_error(msgpack_packer *, const struct reply *);

/* A parameter, terminated; NULL where there is none. */
const char *request_text(struct request *, const char *);
/*
 * A parameter of any type as a value, which the caller owns; NULL where there
 * is none.  False when it was refused, and that was answered.
 */
bool request_value(struct request *, const char *, struct value **);
/* The execution that the parameter names; NULL when that was refused. */
struct execution *request_execution(struct request *, const char *);
/* Whether the actor sees input and output of it. */
bool request_may_see(const struct request *, const struct execution *);
/* Fills in the conditions that all acting methods have. */
void request_conditions(struct request *, struct command *);
/* Does the command, or rehearses it where that is all that is asked for. */
void request_command(struct request *, struct command *, struct reply *);
/* The pair "plan", where there is a rehearsal: how many there are, 0 or 1. */
uint32_t request_plans(const struct request *);
void request_pack_plan(struct request *, msgpack_packer *);
/* Does it and answers {id, status, revision}, or the refusal. */
void request_act(struct request *, struct command *);

#endif
