/*
 * fault_life: a daemon of fault_scene, and what its client asks of it.
 */
#ifndef WEIR_TESTS_FAULT_LIFE_H
#define WEIR_TESTS_FAULT_LIFE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libproto/weir.h"
#include "tests/fault_scene.h"

#define PATIENCE 30000 /* ms, after which something hangs */
#define EXECUTIONS 2

struct life {
	enum fault_where where;
	char dir[96];
	char sock[160], trace[160], log[160];
	struct fault_plan *plan; /* shared with what it strikes */
	pid_t pid;		 /* of the daemon; 0: none */
	int status;		 /* as wait(2) has it, when it ended */
	struct weir *peer;
	bool defined;
	int64_t ids[EXECUTIONS]; /* acknowledged; 0: not */
	char what[128];		 /* which fault it is */
};

/* Shows what there is to see, and ends the process. */
_Noreturn void life_broken(struct life *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void life_begin(struct life *, enum fault_where, const char *name);
void life_end(struct life *);
void life_start(struct life *, bool faulted);
/* Whether the daemon has ended, after waiting for that many ms. */
bool life_ended(struct life *, int patience);
/* Gives an error of weir.h's; the result is the caller's to release. */
int life_ask(struct life *, const char *method, const char *params, json_t **);
/* What is done in either life; false where the daemon ended meanwhile. */
bool life_act(struct life *);
void life_hang_up(struct life *);

#endif
