/* links: tests/matrix.c tests/scratch_daemon.c tests/transcript_json.c libcore.a libweir.a ; libs: msgpack jansson lua5.4 m */
/*
 * matrix_execution_test: every status of an execution by everything that may
 * be asked of it, as the table in lifecycle.def has it, on a real daemon.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/lifecycle.h"
#include "libproto/catalogue.h"
#include "tests/matrix.h"
#include "tests/scratch_daemon.h"

/* How a move is asked for. */
static const struct {
	const char *method;
	const char *parameters; /* besides ids */
} requests[EXECUTION_MOVES] = {
    [EXECUTION_MOVE_PAUSE] = {"execution.pause", ""},
    [EXECUTION_MOVE_HOLD] = {"execution.pause", ", 'hold': true"},
    [EXECUTION_MOVE_FREEZE] = {"execution.pause", ", 'freeze': true"},
    [EXECUTION_MOVE_RESUME] = {"execution.resume", ""},
    [EXECUTION_MOVE_RESUME_EARLY] = {"execution.resume", ", 'early': true"},
    [EXECUTION_MOVE_RESTART] = {"execution.restart", ""},
    [EXECUTION_MOVE_RERUN] = {"execution.rerun", ""},
    [EXECUTION_MOVE_RERUN_TASKS] = {"execution.rerun", ", 'tasks': ['first']"},
    [EXECUTION_MOVE_RETRY] = {"execution.retry", ""},
    [EXECUTION_MOVE_REPLAY] = {"execution.replay", ""},
    [EXECUTION_MOVE_CANCEL] = {"execution.cancel", ""},
    [EXECUTION_MOVE_KILL] = {"execution.cancel", ", 'kill': true"},
    [EXECUTION_MOVE_TERMINATE] = {"execution.terminate", ", 'reason': 'why'"},
    [EXECUTION_MOVE_DELETE] = {"execution.delete", ""},
};

/* How an execution of the workflow comes into a status. */
static const struct {
	const char *workflow;
	const char *status; /* that it reaches by itself; NULL: and no more */
	const char *method; /* and what is done then; NULL: nothing */
	const char *parameters;
} ways[EXECUTION_STATUSES] = {
    [EXECUTION_PENDING] = {"limited", "pending", NULL, NULL},
    [EXECUTION_RUNNING] = {"gated", "running", NULL, NULL},
    [EXECUTION_WAITING] = {"waits", "waiting", NULL, NULL},
    [EXECUTION_PAUSING] = {"gated", "running", "execution.pause", ""},
    [EXECUTION_PAUSED] = {"gated", "running", "execution.pause",
	", 'freeze': true"},
    [EXECUTION_CANCELING] = {"gated", "running", "execution.cancel", ""},
    [EXECUTION_COMPLETED] = {"works", "completed", NULL, NULL},
    [EXECUTION_FAILED] = {"fails", "failed", NULL, NULL},
    [EXECUTION_TIMED_OUT] = {"slow", "timed_out", NULL, NULL},
    [EXECUTION_CANCELED] = {"gated", "running", "execution.cancel",
	", 'kill': true, 'wait': true"},
    [EXECUTION_TERMINATED] = {"gated", "running", "execution.terminate",
	", 'reason': 'enough', 'wait': true"},
};

/* What it was before it was asked. */
struct before {
	uint64_t id;
	struct answer view;
	uint64_t last; /* event */
};

static void define_all(void);
static uint64_t bring(enum execution_status);
static bool is_allowed(const msgpack_object *, const char *);
static void
refused(const struct before *, const struct answer *, enum execution_status);
static void stays(const struct before *, const struct answer *);
static void
moves(const struct before *, const struct answer *, enum execution_status to);
static void replayed(const struct before *, const struct answer *);
static void
deleted(const struct before *, const struct answer *, enum execution_status);
static void run_cell(enum execution_status, enum execution_move);
static void print_matrix(unsigned);

#define FIRST "'first': {'run': ['true'], 'next': [{'do': 'second'}]}, "

static void
define_all(void)
{
	define(
	    "{'workflow': 'gated', 'tasks': {" FIRST "'second': " GATE "}}}");
	define("{'workflow': 'limited', 'limits': {'parallel_runs': 1}, "
	       "'tasks': {" FIRST "'second': " GATE "}}}");
	define("{'workflow': 'waits', 'tasks': {" FIRST
	       "'second': {'wait': {'signal': 'go'}}}}");
	define("{'workflow': 'works', 'tasks': {" FIRST
	       "'second': {'run': ['true']}}}");
	define("{'workflow': 'fails', 'tasks': {" FIRST
	       "'second': {'run': ['false']}}}");
	define("{'workflow': 'slow', 'timeout': '1ms', 'tasks': {" FIRST
	       "'second': " GATE "}}}");
}

static uint64_t
bring(enum execution_status status)
{
	const char *name = execution_status_name(status);
	const msgpack_object *one;
	struct answer answer;
	uint64_t id;

	if (status == EXECUTION_PENDING)
		await_task(start(ways[status].workflow), "second", -1,
		    "running"); /* it takes the place */
	id = start(ways[status].workflow);
	if (strcmp(ways[status].workflow, "gated") == 0)
		await_task(id, "second", -1, "running");
	await_status(id, ways[status].status);
	if (ways[status].method != NULL) {
		answer = must(ways[status].method, "{'ids': [%ju]%s}",
		    (uintmax_t)id, ways[status].parameters);
		CELL(outcome_of(&answer, &one) == 0);
		await_status(id, name);
	}
	if (execution_ended(status))
		await_callouts();
	answer = look(id);
	CELL(text_is(&answer.body, "status", name));
	return id;
}

static bool
is_allowed(const msgpack_object *details, const char *move)
{
	const msgpack_object *list = catalogue_param(details, "allowed");

	for (uint32_t i = 0; i < list->via.array.size; i++)
		if (list->via.array.ptr[i].via.str.size == strlen(move) &&
		    memcmp(list->via.array.ptr[i].via.str.ptr, move,
			strlen(move)) == 0)
			return true;
	return false;
}

/* The error names the status and exactly what is allowed in it. */
static void
refused(const struct before *before, const struct answer *answer,
    enum execution_status status)
{
	const msgpack_object *error, *details;
	struct answer after = look(before->id);
	uint32_t allowed = 0;

	CELL(outcome_of(answer, &error) == ERROR_STATE_CONFLICT);
	CELL(text_is(error, "name", "state_conflict"));
	details = catalogue_param(error, "details");
	CELL(text_is(details, "status", execution_status_name(status)));
	CELL(number_at(details, "revision") ==
	    number_at(&before->view.body, "revision"));
	for (int i = 0; i < EXECUTION_MOVES; i++) {
		enum execution_move move = (enum execution_move)i;
		bool wanted = execution_move_requested(move) &&
		    execution_moved(status, move) >= 0;

		allowed += wanted;
		ATF_REQUIRE_EQ_MSG(
		    is_allowed(details, execution_move_name(move)), wanted,
		    "%s: is %s allowed?", matrix_cell_name(),
		    execution_move_name(move));
	}
	CELL(catalogue_param(details, "allowed")->via.array.size == allowed);
	CELL(same_bytes(&before->view, &after));
	CELL(last_event() == before->last);
}

static void
stays(const struct before *before, const struct answer *answer)
{
	struct answer after = look(before->id);
	const msgpack_object *one;

	CELL(outcome_of(answer, &one) == 0);
	CELL(number_at(one, "id") == before->id);
	CELL(same_bytes(&before->view, &after));
	CELL(last_event() == before->last);
}

/* The first thing that becomes of it; what follows from that comes later. */
static void
moves(const struct before *before, const struct answer *answer,
    enum execution_status to)
{
	uint64_t last = last_event();
	const msgpack_object *one, *event;
	const char *name = execution_status_name(to);
	bool touched = false, moved = false;

	CELL(outcome_of(answer, &one) == 0);
	CELL(number_at(one, "id") == before->id);
	pass_events(before->last);
	while ((event = next_event(last)) != NULL) {
		if (catalogue_uint(event, "execution", 0) != before->id)
			continue;
		touched = true;
		if (moved ||
		    strncmp(catalogue_param(event, "type")->via.str.ptr,
			"execution.", strlen("execution.")) != 0)
			continue;
		CELL(text_is(event, "status", name));
		moved = true;
	}
	/* A rerun of what runs moves its tasks alone. */
	CELL(touched);
	CELL(moved || text_is(&before->view.body, "status", name));
}

static void
replayed(const struct before *before, const struct answer *answer)
{
	struct answer after = look(before->id), replay;
	const msgpack_object *one;

	CELL(outcome_of(answer, &one) == 0);
	CELL(number_at(one, "id") == before->id);
	CELL(same_bytes(&before->view, &after));
	replay = look(number_at(one, "replay"));
	CELL(number_at(&replay.body, "replay_of") == before->id);
	CELL(number_at(&replay.body, "id") > before->id);
}

/* It is no more, and who watched it has been told. */
static void
deleted(const struct before *before, const struct answer *answer,
    enum execution_status status)
{
	uint64_t last = last_event();
	const msgpack_object *one, *event;
	struct answer after;
	bool told = false;

	CELL(outcome_of(answer, &one) == 0);
	CELL(number_at(one, "id") == before->id);
	CELL(text_is(one, "status", execution_status_name(status)));
	CELL(number_at(one, "deleted") == 1);
	after = ask("execution.get", "{'id': %ju}", (uintmax_t)before->id);
	CELL(after.error == ERROR_NOT_FOUND);
	pass_events(before->last);
	while ((event = next_event(last)) != NULL)
		if (catalogue_uint(event, "execution", 0) == before->id) {
			CELL(text_is(event, "type", "execution.deleted"));
			told = true;
		}
	CELL(told);
}

static void
run_cell(enum execution_status status, enum execution_move move)
{
	int to = execution_moved(status, move);
	struct before before;
	struct answer answer;

	matrix_cell("%s of what is %s", execution_move_name(move),
	    execution_status_name(status));
	before.id = bring(status);
	before.view = look_settled(before.id);
	before.last = last_event();
	answer = must(requests[move].method, "{'ids': [%ju]%s}",
	    (uintmax_t)before.id, requests[move].parameters);
	if (to == LIFECYCLE_NO)
		refused(&before, &answer, status);
	else if (to == LIFECYCLE_SAME)
		stays(&before, &answer);
	else if (move == EXECUTION_MOVE_REPLAY)
		replayed(&before, &answer);
	else if (move == EXECUTION_MOVE_DELETE)
		deleted(&before, &answer, status);
	else
		moves(&before, &answer, (enum execution_status)to);
	matrix_end_cell();
}

static void
print_matrix(unsigned cells)
{
	for (int i = 0; i < EXECUTION_STATUSES; i++) {
		enum execution_status status = (enum execution_status)i;
		unsigned shown = 0;

		printf("%s:", execution_status_name(status));
		for (int j = 0; j < EXECUTION_MOVES; j++) {
			enum execution_move move = (enum execution_move)j;
			int to = execution_moved(status, move);

			if (!execution_move_requested(move))
				continue;
			printf("%s %s: %s", shown++ == 0 ? "" : ",",
			    execution_move_name(move),
			    to == LIFECYCLE_NO ? "no"
				: to == LIFECYCLE_SAME
				? "same"
				: execution_status_name(
				      (enum execution_status)to));
		}
		printf("\n");
	}
	printf("%u cells\n", cells);
}

ATF_TC(matrix);
ATF_TC_HEAD(matrix, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "every status of an execution by every action on it");
}
ATF_TC_BODY(matrix, tc)
{
	unsigned cells = 0;

	matrix_begin();
	define_all();
	for (int i = 0; i < EXECUTION_STATUSES; i++)
		for (int j = 0; j < EXECUTION_MOVES; j++) {
			enum execution_move move = (enum execution_move)j;

			ATF_REQUIRE_EQ_MSG(execution_move_requested(move),
			    requests[move].method != NULL,
			    "how is %s asked for?", execution_move_name(move));
			if (requests[move].method == NULL)
				continue;
			run_cell((enum execution_status)i, move);
			cells++;
		}
	matrix_end();
	scratch_daemon_stop();
	print_matrix(cells);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, matrix);
	return atf_no_error();
}
