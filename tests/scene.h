/*
 * scene: a state, its journal and a virtual clock, for tests of the core.
 * Every step's events are replayed into a second state; scene_check compares
 * the two byte for byte and holds the invariants.
 */
#ifndef WEIR_SCENE_H
#define WEIR_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/core.h"
#include "tests/witness.h"

#define SECOND INT64_C(1000000000)
#define SCENE_CALLOUTS 4096

struct scene {
	struct state *live;
	struct state *replayed;
	int64_t now;	    /* ns */
	struct reply reply; /* to the last command */
	uint64_t events;
	uint64_t steps;
	uint64_t done[COMMANDS]; /* commands that gave events */
	uint64_t refused[COMMANDS];
	/* What runs outside, as plan has asked for it. */
	struct callout_key running[SCENE_CALLOUTS];
	enum plan_want wants[SCENE_CALLOUTS];
	unsigned nrunning;
	bool lasts; /* the last event of the last step ended its group */
	struct witness *witness;
	const struct command *command; /* whose events come */
	struct command tick;	       /* or it goes on by itself */
	msgpack_sbuffer encoded;       /* the live state, as of encoded_seq */
	uint64_t encoded_seq;
	/* The disk is slow: plan hears of each step's events after the next. */
	bool lags;
	bool trace; /* $WEIR_TRACE is set: events are printed */
};

void scene_begin(struct scene *);
void scene_end(struct scene *);

/* JSON with ' for ". */
struct value *scene_value(const char *json);
/* The version it became; fails the test where it has errors. */
uint32_t scene_define(struct scene *, const char *json);
/* The execution's id; 0: refused. */
uint64_t scene_start(struct scene *, const char *workflow, const char *input);

/* A command whose author is an admin; now is filled in. */
struct command scene_command(enum command_type);
bool scene_do(struct scene *, struct command *);
void scene_advance(struct scene *, int64_t ns);

/* Ends the running callout of a task's item (EVENT_NONE: no items). */
void scene_exit(struct scene *, uint64_t execution, const char *task,
    uint32_t item, int status, const char *output);
void scene_end_callout(
    struct scene *, const struct callout_key *, const struct callout_result *);
/* Whether it runs outside; where in running. */
bool scene_runs(const struct scene *, uint64_t execution, const char *task,
    uint32_t item, unsigned *);

enum execution_status scene_status(const struct scene *, uint64_t);
/* The newest run's status; fails the test where there is none. */
enum task_status
scene_task(const struct scene *, uint64_t execution, const char *task);
const struct execution *scene_execution(const struct scene *, uint64_t);

/*
 * A state made from the journal alone has nothing left to do: whatever follows
 * from an event was journaled with it.
 */
void scene_recovers(struct scene *);
/* Live equals replayed; the invariants hold.  Fails the test otherwise. */
void scene_check(struct scene *);

#endif
