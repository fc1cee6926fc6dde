/*
 * why: why an execution is where it is, as one object.  What --json prints is
 * that object, and the screen (why_text.c) is made of nothing else.
 *
 * {id, executions: [...], left_out, commands: [{command, what}]}
 *
 * The executions are the one that was asked for and the subworkflows that
 * explain it, each below the one that started it; weirctl(8) has their keys.
 * What there is nothing to say of is left out.
 */
#ifndef WEIR_CTL_WHY_H
#define WEIR_CTL_WHY_H

#include "ctl/ctl.h"

#define WHY_EXECUTIONS_MAX 12 /* more of them are only counted */

/* The object being made. */
struct why {
	struct ctl *ctl;
	uint64_t ids[WHY_EXECUTIONS_MAX]; /* to be described, in this order */
	unsigned nids;
	uint64_t left_out;	    /* subworkflows past those */
	struct parameters list;	    /* the executions */
	struct parameters commands; /* what can be done */
};

/*
 * Asks the daemon for all of it; 0 or the exit status, once the error has been
 * told.  The answer is freed by the caller either way.
 */
int why_ask(struct ctl *, uint64_t id, struct answer *);
/* Writes it for people. */
void why_print(FILE *, const msgpack_object *, const struct look *);

/* Describes a subworkflow too, where there is room. */
void why_also(struct why *, uint64_t id);

/*
 * why_can.c: "weirctl cancel 42 --kill": what it is good for, and the command,
 * which is listed once.
 */
void why_command(struct why *, const char *what, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * Whether the daemon would not refuse it now, for the state that all is in.
 * What is paused and makes it refuse gets the command that ends that.
 */
bool why_would(struct why *, const char *method, uint64_t id, const char *flag,
    const char *task);
/* What lets the engine go on, where it is paused. */
void why_engine(struct why *, const char *what);

/* why_now.c: one that has not ended. */
void why_now(struct why *, struct parameters *, const msgpack_object *);
/* why_end.c: what ended it, or will. */
void why_end(struct why *, struct parameters *, const msgpack_object *);
/*
 * why_log.c: the key log: how the log of the attempt ends.  Gives the stream
 * that there is something in; NULL: neither, or not for who asks.
 */
const char *why_log(struct why *, struct parameters *, uint64_t execution,
    const msgpack_object *task, uint64_t attempt);

/*
 * why_workflow.c: the key workflow: why nothing of that name may start, and
 * what lets it.
 */
void why_workflow(struct why *, struct parameters *, const char *name);

/* Copies a key that there is something under. */
void why_copy(struct parameters *, const msgpack_object *, const char *);
/* Copies what names a run of a task: task, run, item. */
void why_copy_run(struct parameters *, const msgpack_object *task);
/* Appends the map to the list, and frees it. */
void why_append(struct parameters *list, struct parameters *map);
/* Puts map or list under the key, where there is something in it; frees it. */
void
why_put_map(struct parameters *to, const char *key, struct parameters *map);
void
why_put_list(struct parameters *to, const char *key, struct parameters *list);
/*
 * The entry is of a single action, an item or a task without items, and no
 * other run stands in its place.
 */
bool why_is_action(const msgpack_object *task);
/* Its newest attempt, or NULL. */
const msgpack_object *why_attempt(const msgpack_object *task);
/* " --item 3", or nothing. */
const char *why_item_option(const msgpack_object *task, char[32]);

#endif
