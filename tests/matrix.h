/*
 * matrix: what the tests of the matrices share: a daemon, a connection that
 * asks, one that watches every event, and callouts that end when they are told
 * to.
 */
#ifndef WEIR_TESTS_MATRIX_H
#define WEIR_TESTS_MATRIX_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "libproto/errors.h"

/* All of it is good until matrix_end_cell. */
struct answer {
	int error; /* 0, or a code */
	const char *bytes;
	size_t size;
	msgpack_object body; /* the result, or the details of the error */
	const char *text;    /* of an error */
};

void matrix_begin(void);
void matrix_end(void);
/* Ends all executions, and waits for the last callout. */
void matrix_end_cell(void);
/* What is being tried, for the messages of what fails. */
void matrix_cell(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *matrix_cell_name(void);

/* Fails the test with the name of the cell. */
#define CELL(condition)  \
	ATF_REQUIRE_MSG( \
	    condition, "%s: not so: %s", matrix_cell_name(), #condition)

/* JSON with ' for ". */
struct answer ask(const char *method, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same; fails the test where it is refused. */
struct answer must(const char *method, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Stores a workflow; @ is the scratch directory. */
void define(const char *json);
/* Starts one of the workflow; its id. */
uint64_t start(const char *workflow);
/* One that has a subworkflow: that one's id. */
uint64_t child_of(uint64_t id, const char *task);

/* execution.get. */
struct answer look(uint64_t id);
/* The same, once it is known of which process each callout is. */
struct answer look_settled(uint64_t id);
bool same_bytes(const struct answer *, const struct answer *);
/* Of the newest run of the task: its map; NULL: none. */
const msgpack_object *
task_of(const struct answer *execution, const char *task, int item);
void await_status(uint64_t id, const char *status);
void await_task(uint64_t id, const char *task, int item, const char *status);
/* Until no callout runs. */
void await_callouts(void);
/* Of a STUBBORN callout: until it ignores SIGTERM. */
void await_stubborn(void);

/* The number of the newest event. */
uint64_t last_event(void);
/* The events up to there are read, and forgotten. */
void pass_events(uint64_t upto);
/* The next one up to there; NULL: there is none.  Good until matrix_end_cell.
 */
const msgpack_object *next_event(uint64_t upto);

bool text_is(const msgpack_object *map, const char *key, const char *text);
uint64_t number_at(const msgpack_object *map, const char *key);
/* The first of a list in a map; NULL where it is empty. */
const msgpack_object *first_of(const msgpack_object *map, const char *key);
/* What became of the one execution that was acted on: 0, or an error's code. */
int outcome_of(const struct answer *, const msgpack_object **one);

/* Tasks, without their last brace: one waits until it is killed... */
#define GATE "{'run': ['cat', '@gate']"
/* ...and this one till the end of the cell, whatever is done to it. */
#define STUBBORN                                                   \
	"{'run': 'trap \\\"\\\" TERM; echo ready >@ready; read x " \
	"<@release', 'kill_after': '1h'"

#endif
