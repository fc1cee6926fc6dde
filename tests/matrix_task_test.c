/* links: tests/matrix.c tests/scratch_daemon.c tests/transcript_json.c libcore.a libweir.a ; libs: msgpack jansson lua5.4 m */
/*
 * matrix_task_test: every status of a task by everything that may be done to
 * it, as the table in lifecycle.def has it, on a real daemon; tasks of several
 * kinds, for not everything is for all of them.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/lifecycle.h"
#include "libproto/catalogue.h"
#include "tests/matrix.h"
#include "tests/scratch_daemon.h"

enum kind { CALLOUT, CHILD, SIGNAL, APPROVAL };

/*
 * What is done to task "a" of the execution %ju; "item" is put in where the
 * task has items.
 */
static const struct operation {
	enum task_move move;
	const char *method;
	const char *parameters;
} operations[] = {
    {TASK_MOVE_SET_COMPLETED, "task.update",
	"'execution': %ju, 'task': 'a', 'status': 'completed'"},
    {TASK_MOVE_SET_FAILED, "task.update",
	"'execution': %ju, 'task': 'a', 'status': 'failed'"},
    {TASK_MOVE_SET_FAILED, "task.update",
	"'execution': %ju, 'task': 'a', 'status': 'failed_terminal'"},
    {TASK_MOVE_SET_RUNNING, "task.update",
	"'execution': %ju, 'task': 'a', 'status': 'running'"},
    {TASK_MOVE_SKIP, "task.skip", "'execution': %ju, 'task': 'a'"},
    {TASK_MOVE_SIGNAL, "task.signal", "'execution': %ju, 'name': 'go'"},
    {TASK_MOVE_APPROVE, "task.approve", "'execution': %ju, 'task': 'a'"},
    {TASK_MOVE_REJECT, "task.reject", "'execution': %ju, 'task': 'a'"},
    {TASK_MOVE_RUN_AGAIN, "execution.rerun", "'ids': [%ju], 'tasks': ['a']"},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* Beside what is tried, so that the execution goes on. */
#define ON ", 'on': {'wait': {'signal': 'never'}}"
#define FROZEN "execution.pause", "'ids': [%ju], 'freeze': true"
#define KILLED "execution.cancel", "'ids': [%ju], 'kill': true"
#define RETRY ", 'retry': {'count': 1, 'delay': '1h'}"

/* How a task "a" comes into a status. */
static const struct way {
	enum task_status status;
	enum kind kind;
	const char *what;
	const char *tasks;  /* of the workflow, all of them */
	const char *first;  /* the status that it reaches; NULL: that one */
	const char *method; /* and what is done then; NULL: nothing */
	const char *parameters;
	int item;   /* -1: none */
	bool below; /* it is done to the subworkflow */
	bool retried;
} ways[] = {
    {TASK_PENDING, CALLOUT, "retry", "'a': {'run': ['false']" RETRY "}" ON,
	.item = -1},
    {TASK_PENDING, CALLOUT, "limit",
	"'a': " GATE ", 'priority': -1}, 'b': " GATE "}", .item = -1},
    {TASK_PENDING, CALLOUT, "item",
	"'a': " GATE ", 'items': {'in': [1, 2], 'parallel': 1}}", .item = 1},
    {TASK_RUNNING, CALLOUT, "callout", "'a': " GATE "}" ON, .item = -1},
    {TASK_RUNNING, CALLOUT, "callout with retry", "'a': " GATE RETRY "}" ON,
	.item = -1, .retried = true},
    {TASK_RUNNING, CALLOUT, "item",
	"'a': " GATE ", 'items': {'in': [1, 2], 'parallel': 1}}", .item = 0},
    {TASK_RUNNING, CHILD, "subworkflow", "'a': {'workflow': 'child'}" ON,
	.item = -1},
    {TASK_WAITING, SIGNAL, "signal", "'a': {'wait': {'signal': 'go'}}" ON,
	.item = -1},
    {TASK_WAITING, SIGNAL, "timer", "'a': {'wait': {'for': '1h'}}" ON,
	.item = -1},
    {TASK_WAITING, APPROVAL, "approval", "'a': {'wait': {'approval': '?'}}" ON,
	.item = -1},
    {TASK_PAUSED, CALLOUT, "callout", "'a': " GATE "}" ON, "running", FROZEN,
	.item = -1},
    {TASK_PAUSED, CHILD, "subworkflow", "'a': {'workflow': 'child'}" ON,
	"running", "execution.pause", "'ids': [%ju], 'hold': true", .item = -1,
	.below = true},
    {TASK_CANCELING, CALLOUT, "callout", "'a': " STUBBORN "}", "running",
	KILLED, .item = -1},
    {TASK_COMPLETED, CALLOUT, "callout", "'a': {'run': ['true']}" ON,
	.item = -1},
    {TASK_COMPLETED, APPROVAL, "approval",
	"'a': {'wait': {'approval': '?'}}" ON, "waiting", "task.approve",
	"'execution': %ju, 'task': 'a'", .item = -1},
    {TASK_FAILED, CALLOUT, "callout",
	"'a': {'run': ['false'], 'optional': true}" ON, .item = -1},
    {TASK_TIMED_OUT, CALLOUT, "callout",
	"'a': " GATE ", 'timeout': '1ms', 'optional': true}" ON, .item = -1},
    {TASK_CANCELED, CHILD, "subworkflow",
	"'a': {'workflow': 'child', 'next': [{'when': 'canceled', 'do': "
	"'b'}]}, 'b': {'set': {}}" ON,
	"running", "execution.cancel", "'ids': [%ju]", .item = -1,
	.below = true},
    {TASK_SKIPPED, SIGNAL, "signal", "'a': {'wait': {'signal': 'go'}}" ON,
	"waiting", "task.skip", "'execution': %ju, 'task': 'a'", .item = -1},
    {TASK_SKIPPED, CALLOUT, "callout", "'a': " GATE "}" ON, "running",
	"task.skip", "'execution': %ju, 'task': 'a'", .item = -1},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* What was before it was done. */
struct before {
	uint64_t id;
	struct answer view;
	uint64_t last; /* event */
};

static void define_ways(void);
static uint64_t bring(size_t);
static struct answer
act(const char *method, const char *parameters, uint64_t id, int item);
static int expected(const struct way *, const struct operation *);
static void refused(const struct before *, const struct answer *);
static void stays(const struct before *, const struct way *, enum task_move);
static void
moves(const struct before *, const struct way *, enum task_status to);
static const msgpack_object *task_event(const struct before *, uint64_t last);
static void run_cell(size_t, const struct operation *);

static void
define_ways(void)
{
	char text[1024];

	define("{'workflow': 'child', 'tasks': {'c': {'wait': {'signal': "
	       "'never'}}}}");
	for (size_t i = 0; i < WAYS; i++) {
		snprintf(text, sizeof(text),
		    "{'workflow': 'w%zu', 'limits': {'parallel_tasks': %d}, "
		    "'tasks': {%s}}",
		    i, strcmp(ways[i].what, "limit") == 0 ? 1 : 9,
		    ways[i].tasks);
		define(text);
	}
}

static struct answer
act(const char *method, const char *parameters, uint64_t id, int item)
{
	char text[256], with_item[300];

	/* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral) */
	snprintf(text, sizeof(text), parameters, (uintmax_t)id);
	snprintf(with_item, sizeof(with_item), "%s, 'item': %d", text, item);
	return ask(method, "{%s}",
	    item >= 0 &&
		    (strcmp(method, "task.update") == 0 ||
			strcmp(method, "task.skip") == 0)
		? with_item
		: text);
}

static uint64_t
bring(size_t i)
{
	const struct way *way = &ways[i];
	const char *status = task_status_name(way->status);
	struct answer answer;
	char name[16];
	uint64_t id;

	snprintf(name, sizeof(name), "w%zu", i);
	id = start(name);
	await_task(
	    id, "a", way->item, way->first != NULL ? way->first : status);
	if (strstr(way->tasks, STUBBORN) != NULL)
		await_stubborn();
	if (way->status == TASK_PENDING && way->item < 0 &&
	    strcmp(way->what, "retry") == 0)
		await_status(id, "running");
	if (way->method != NULL) {
		answer = act(way->method, way->parameters,
		    way->below ? child_of(id, "a") : id, -1);
		CELL(answer.error == 0);
		await_task(id, "a", way->item, status);
	}
	if (task_ended(way->status)) {
		await_callouts();
		await_status(id, "waiting");
	}
	return id;
}

/* What the table has for the status, where that is for such a task. */
static int
expected(const struct way *way, const struct operation *operation)
{
	int to = task_moved(way->status, operation->move);

	switch (operation->move) {
	case TASK_MOVE_SIGNAL: /* another's, or for no wait at all: is kept */
		return to >= 0 && strcmp(way->what, "signal") != 0
		    ? LIFECYCLE_SAME
		    : to;
	case TASK_MOVE_APPROVE:
	case TASK_MOVE_REJECT:
		return way->kind != APPROVAL ? LIFECYCLE_NO : to;
	case TASK_MOVE_SET_RUNNING:
		return way->kind == SIGNAL || way->kind == APPROVAL
		    ? LIFECYCLE_NO
		    : to;
	case TASK_MOVE_SET_FAILED:
		return way->retried &&
			strstr(operation->parameters, "terminal") == NULL
		    ? task_moved(way->status, TASK_MOVE_RETRY)
		    : to;
	default:
		return to;
	}
}

static void
refused(const struct before *before, const struct answer *answer)
{
	struct answer after = look(before->id);
	const msgpack_object *error;

	if (answer->error == 0) {
		CELL(outcome_of(answer, &error) == ERROR_STATE_CONFLICT);
		CELL(text_is(error, "name", "state_conflict"));
	} else
		CELL(answer->error == ERROR_STATE_CONFLICT);
	CELL(same_bytes(&before->view, &after));
	CELL(last_event() == before->last);
}

/* A signal that nothing takes is kept, and that is all. */
static void
stays(const struct before *before, const struct way *way, enum task_move move)
{
	uint64_t last = last_event();
	struct answer after = look(before->id);
	const msgpack_object *event;

	CELL(msgpack_object_equal(*task_of(&before->view, "a", way->item),
	    *task_of(&after, "a", way->item)));
	if (move == TASK_MOVE_SIGNAL) {
		pass_events(before->last);
		event = next_event(last);
		CELL(event != NULL &&
		    text_is(event, "type", "execution.signal"));
		CELL(next_event(last) == NULL);
	} else {
		CELL(same_bytes(&before->view, &after));
		CELL(last == before->last);
	}
}

/* The first one that says that the status of task "a" is another. */
static const msgpack_object *
task_event(const struct before *before, uint64_t last)
{
	const msgpack_object *event;

	pass_events(before->last);
	while ((event = next_event(last)) != NULL)
		if (catalogue_uint(event, "execution", 0) == before->id &&
		    text_is(event, "task", "a") &&
		    (text_is(event, "type", "task.item_ended") ||
			text_is(event, "type", "task.ready") ||
			text_is(event, "type", "task.again")))
			break;
	return event;
}

static void
moves(const struct before *before, const struct way *way, enum task_status to)
{
	const msgpack_object *event = task_event(before, last_event());
	struct answer after = look(before->id);

	CELL(event != NULL);
	if (to == TASK_PENDING) {
		CELL(!text_is(event, "type", "task.item_ended"));
		return;
	}
	CELL(text_is(event, "type", "task.item_ended"));
	CELL(text_is(event, "status", task_status_name(to)));
	if (way->item >= 0)
		CELL(number_at(event, "item") == (uint64_t)way->item);
	CELL(text_is(
	    task_of(&after, "a", way->item), "status", task_status_name(to)));
}

static void
run_cell(size_t i, const struct operation *operation)
{
	const struct way *way = &ways[i];
	int to = expected(way, operation);
	const msgpack_object *one;
	struct before before;
	struct answer answer;

	matrix_cell("%s of a task that is %s (%s)",
	    lifecycles[LIFECYCLE_TASK].moves[operation->move],
	    task_status_name(way->status), way->what);
	before.id = bring(i);
	before.view = look_settled(before.id);
	before.last = last_event();
	CELL(text_is(task_of(&before.view, "a", way->item), "status",
	    task_status_name(way->status)));
	answer =
	    act(operation->method, operation->parameters, before.id, way->item);
	if (to == LIFECYCLE_NO)
		refused(&before, &answer);
	else {
		ATF_REQUIRE_MSG(answer.error == 0, "%s: %s", matrix_cell_name(),
		    answer.error == 0 ? "" : answer.text);
		if (operation->move == TASK_MOVE_RUN_AGAIN)
			CELL(outcome_of(&answer, &one) == 0);
		if (to == LIFECYCLE_SAME)
			stays(&before, way, operation->move);
		else
			moves(&before, way, (enum task_status)to);
	}
	matrix_end_cell();
}

ATF_TC(matrix);
ATF_TC_HEAD(matrix, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "every status of a task by every action on it");
}
ATF_TC_BODY(matrix, tc)
{
	bool statuses[TASK_STATUSES] = {false}, asked[TASK_MOVES] = {false};

	matrix_begin();
	define_ways();
	for (size_t i = 0; i < WAYS; i++)
		for (size_t j = 0; j < OPERATIONS; j++) {
			run_cell(i, &operations[j]);
			statuses[ways[i].status] = true;
			asked[operations[j].move] = true;
		}
	matrix_end();
	scratch_daemon_stop();
	for (int i = 0; i < TASK_STATUSES; i++)
		ATF_CHECK_MSG(statuses[i], "nothing was ever %s",
		    task_status_name((enum task_status)i));
	for (int i = 0; i < TASK_MOVES; i++)
		ATF_CHECK_EQ_MSG(asked[i],
		    lifecycles[LIFECYCLE_TASK].requested[i],
		    "was %s asked for?", lifecycles[LIFECYCLE_TASK].moves[i]);
	printf("%d statuses in %zu ways, by %zu actions: %zu cells\n",
	    TASK_STATUSES, WAYS, OPERATIONS, WAYS * OPERATIONS);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, matrix);
	return atf_no_error();
}
