/* links: tests/matrix.c tests/scratch_daemon.c tests/transcript_json.c libcore.a libweir.a ; libs: msgpack jansson lua5.4 m */
/*
 * matrix_engine_test: every status of the engine by everything that may be
 * asked of it, and by every method that there is, on a real daemon.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/lifecycle.h"
#include "libproto/catalogue.h"
#include "tests/matrix.h"
#include "tests/scratch_daemon.h"

/* How the engine comes into a status. */
static const struct way {
	enum engine_status status;
	const char *what;
	bool busy;	   /* a callout runs */
	const char *pause; /* the parameters; NULL: it is not paused */
} ways[] = {
    {ENGINE_RUNNING, "idle", false, NULL},
    {ENGINE_RUNNING, "busy", true, NULL},
    {ENGINE_PAUSING, "busy", true, "'reason': 'why'"},
    {ENGINE_PAUSED, "idle", false, "'reason': 'why'"},
    {ENGINE_PAUSED, "frozen", true, "'freeze': true"},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* How a move is asked for. */
static const struct {
	const char *method;
	const char *parameters;
} requests[ENGINE_MOVES] = {
    [ENGINE_MOVE_PAUSE] = {"engine.pause", "{}"},
    [ENGINE_MOVE_FREEZE] = {"engine.pause", "{'freeze': true}"},
    [ENGINE_MOVE_RESUME] = {"engine.resume", "{}"},
    [ENGINE_MOVE_RESUME_EARLY] = {"engine.resume", "{'early': true}"},
};

enum effect {
	READS,	 /* no event */
	STARTS,	 /* refused unless the engine is RUNNING */
	DOES,	 /* whatever the engine's status is */
	SWITCHES /* the engine: has a case of its own */
};

/*
 * Every method, with an execution of the workflow that it is for; %ju is that
 * one's id, or a number that has not been before.  The event is the first of
 * its type.
 */
static const struct row {
	enum method_id method;
	enum effect effect;
	const char *parameters;
	const char *workflow; /* NULL: none */
	const char *reached;  /* the status that its execution is in */
	const char *event;
	const char *status; /* of the event; NULL: none */
} rows[] = {
    {METHOD_HELLO, READS, .parameters = ""},
    {METHOD_ENGINE_STATUS, READS, .parameters = ""},
    {METHOD_ENGINE_PAUSE, SWITCHES, .parameters = ""},
    {METHOD_ENGINE_RESUME, SWITCHES, .parameters = ""},
    {METHOD_ENGINE_RELOAD, READS, .parameters = ""},
    {METHOD_ENGINE_STOP, SWITCHES, .parameters = ""},
    {METHOD_DEFINITION_CHECK, READS,
	.parameters =
	    "'definition': {'workflow': 'new', 'tasks': {'a': {'set': {}}}}"},
    {METHOD_DEFINITION_PUT, DOES,
	"'definition': {'workflow': 'new', 'description': '%ju', 'tasks': "
	"{'a': {'set': {}}}}",
	NULL, NULL, "definition.put", NULL},
    {METHOD_DEFINITION_LIST, READS, .parameters = ""},
    {METHOD_DEFINITION_GET, READS, .parameters = "'workflow': 'works'"},
    {METHOD_DEFINITION_DISABLE, DOES, "'workflow': 'spare'", NULL, NULL,
	"definition.status", "disabled"},
    {METHOD_DEFINITION_ENABLE, DOES, "'workflow': 'spare'", NULL, NULL,
	"definition.status", "enabled"},
    {METHOD_DEFINITION_SET_SAFETY, DOES,
	"'workflow': 'spare', 'starts': {'max': %ju, 'per': 3600000000000}",
	NULL, NULL, "definition.safety", NULL},
    {METHOD_DEFINITION_DELETE, DOES, "'workflow': 'new'", NULL, NULL,
	"definition.deleted", NULL},
    {METHOD_EXECUTION_START, STARTS, "'workflow': 'works'", NULL, NULL,
	"execution.created", "pending"},
    {METHOD_EXECUTION_GET, READS, .parameters = "'id': %ju",
	.workflow = "works", .reached = "completed"},
    {METHOD_EXECUTION_LIST, READS, .parameters = ""},
    {METHOD_EXECUTION_WAIT, READS, .parameters = "'id': %ju",
	.workflow = "works", .reached = "completed"},
    {METHOD_EXECUTION_PAUSE, DOES, "'ids': [%ju], 'hold': true", "waits",
	"waiting", "execution.held", "paused"},
    {METHOD_EXECUTION_RESUME, DOES, "'ids': [%ju]", "held", "paused",
	"execution.resumed", "running"},
    {METHOD_EXECUTION_CANCEL, DOES, "'ids': [%ju]", "waits", "waiting",
	"execution.status", "canceling"},
    {METHOD_EXECUTION_TERMINATE, DOES, "'ids': [%ju], 'reason': 'why'", "waits",
	"waiting", "execution.status", "terminated"},
    {METHOD_EXECUTION_RESTART, STARTS, "'ids': [%ju]", "works", "completed",
	"execution.restarted", "pending"},
    {METHOD_EXECUTION_RERUN, STARTS, "'ids': [%ju]", "works", "completed",
	"execution.restarted", "pending"},
    {METHOD_EXECUTION_RERUN, STARTS, "'ids': [%ju], 'tasks': ['a']", "works",
	"completed", "execution.revived", "running"},
    {METHOD_EXECUTION_RERUN, STARTS, "'ids': [%ju], 'tasks': ['first']",
	"waits", "waiting", "task.again", NULL},
    {METHOD_EXECUTION_RETRY, STARTS, "'ids': [%ju]", "fails", "failed",
	"execution.revived", "running"},
    {METHOD_EXECUTION_REPLAY, STARTS, "'ids': [%ju]", "works", "completed",
	"execution.created", "pending"},
    {METHOD_EXECUTION_DELETE, DOES, "'ids': [%ju]", "works", "completed",
	"execution.deleted", NULL},
    {METHOD_TASK_UPDATE, DOES,
	"'execution': %ju, 'task': 'a', 'status': 'completed'", "waits",
	"waiting", "task.item_ended", "completed"},
    {METHOD_TASK_SKIP, DOES, "'execution': %ju, 'task': 'a'", "waits",
	"waiting", "task.item_ended", "skipped"},
    {METHOD_TASK_SIGNAL, DOES, "'execution': %ju, 'name': 'go'", "waits",
	"waiting", "task.item_ended", "completed"},
    {METHOD_TASK_APPROVE, DOES, "'execution': %ju, 'task': 'a'", "asks",
	"waiting", "task.item_ended", "completed"},
    {METHOD_TASK_REJECT, DOES, "'execution': %ju, 'task': 'a'", "asks",
	"waiting", "task.item_ended", "failed"},
    {METHOD_TASK_LOG, READS,
	.parameters = "'execution': %ju, 'task': 'a', 'stream': 'stdout'",
	.workflow = "works", .reached = "completed"},
    {METHOD_EVENTS_SUBSCRIBE, READS, .parameters = ""},
    {METHOD_EVENTS_UNSUBSCRIBE, READS, .parameters = ""},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void define_all(void);
static void bring_engine(const struct way *);
static uint64_t bring_target(const struct row *);
static void end_cell(void);
static bool same_engine(const struct answer *, const struct answer *);
static void engine_refused(const struct answer *, const struct answer *before,
    uint64_t last, enum engine_status);
static void run_switch(const struct way *, enum engine_move);
static void paused(const struct answer *, const struct answer *target,
    uint64_t id, uint64_t last);
static void
done(const struct row *, const struct way *, uint64_t id, uint64_t last);
static void run_row(const struct way *, const struct row *);

static void
define_all(void)
{
	static const char *const waiting[] = {"waits", "held"};
	char text[512];

	define("{'workflow': 'busy', 'tasks': {'a': " GATE "}}}");
	define("{'workflow': 'spare', 'tasks': {'a': {'set': {}}}}");
	define("{'workflow': 'works', 'tasks': {'a': {'run': ['true']}}}");
	define("{'workflow': 'fails', 'tasks': {'a': {'run': ['false']}}}");
	define("{'workflow': 'asks', 'tasks': {'a': {'wait': {'approval': "
	       "'?'}, 'next': [{'do': 'b'}]}, 'b': {'run': ['true']}}}");
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
		snprintf(text, sizeof(text),
		    "{'workflow': '%s', 'tasks': {'first': {'set': {}, 'next': "
		    "[{'do': 'a'}]}, 'a': {'wait': {'signal': 'go'}, 'next': "
		    "[{'do': 'b'}]}, 'b': {'run': ['true']}}}",
		    waiting[i]);
		define(text);
	}
}

static void
bring_engine(const struct way *way)
{
	struct answer answer;

	if (way->busy)
		await_task(start("busy"), "a", -1, "running");
	if (way->pause != NULL)
		must("engine.pause", "{%s}", way->pause);
	answer = must("engine.status", "{}");
	CELL(text_is(&answer.body, "status", engine_status_name(way->status)));
}

/* Its id; without one a number that grows. */
static uint64_t
bring_target(const struct row *row)
{
	uint64_t id;

	if (row->workflow == NULL)
		return last_event();
	id = start(row->workflow);
	if (strcmp(row->workflow, "held") == 0) {
		await_status(id, "waiting");
		must("execution.pause", "{'ids': [%ju], 'hold': true}",
		    (uintmax_t)id);
	}
	await_status(id, row->reached);
	return id;
}

static void
end_cell(void)
{
	struct answer answer = must("engine.status", "{}");

	if (!text_is(&answer.body, "status", "RUNNING"))
		must("engine.resume", "{'early': true}");
	matrix_end_cell();
}

static bool
same_engine(const struct answer *a, const struct answer *b)
{
	static const char *const keys[] = {"status", "reason", "by", "since",
	    "frozen", "callouts", "executions"};
	const msgpack_object *x, *y;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		x = catalogue_param(&a->body, keys[i]);
		y = catalogue_param(&b->body, keys[i]);
		if ((x == NULL) != (y == NULL) ||
		    (x != NULL && !msgpack_object_equal(*x, *y)))
			return false;
	}
	return true;
}

static void
engine_refused(const struct answer *answer, const struct answer *before,
    uint64_t last, enum engine_status status)
{
	struct answer after = must("engine.status", "{}");
	const msgpack_object *allowed =
	    catalogue_param(&answer->body, "allowed");
	uint32_t n = 0;

	CELL(answer->error == ERROR_STATE_CONFLICT);
	CELL(text_is(&answer->body, "status", engine_status_name(status)));
	for (int i = 0; i < ENGINE_MOVES; i++) {
		const char *name = lifecycles[LIFECYCLE_ENGINE].moves[i];

		if (requests[i].method == NULL ||
		    engine_moved(status, (enum engine_move)i) < 0)
			continue;
		CELL(n < allowed->via.array.size &&
		    allowed->via.array.ptr[n].via.str.size == strlen(name) &&
		    memcmp(allowed->via.array.ptr[n].via.str.ptr, name,
			strlen(name)) == 0);
		n++;
	}
	CELL(n == allowed->via.array.size);
	CELL(same_engine(before, &after));
	CELL(last_event() == last);
}

static void
run_switch(const struct way *way, enum engine_move move)
{
	int to = engine_moved(way->status, move);
	struct answer before, answer;
	const msgpack_object *event;
	uint64_t last;

	matrix_cell("%s of the engine that is %s (%s)",
	    lifecycles[LIFECYCLE_ENGINE].moves[move],
	    engine_status_name(way->status), way->what);
	bring_engine(way);
	before = must("engine.status", "{}");
	last = last_event();
	answer = ask(requests[move].method, "%s", requests[move].parameters);
	if (to < 0)
		engine_refused(&answer, &before, last, way->status);
	else {
		CELL(answer.error == 0);
		pass_events(last);
		event = next_event(last_event());
		CELL(event != NULL && text_is(event, "type", "engine.status"));
		CELL(text_is(event, "status",
		    engine_status_name((enum engine_status)to)));
	}
	end_cell();
}

/* Nothing has changed. */
static void
paused(const struct answer *answer, const struct answer *target, uint64_t id,
    uint64_t last)
{
	struct answer after;
	const msgpack_object *error;

	if (answer->error == 0) {
		CELL(outcome_of(answer, &error) == ERROR_ENGINE_PAUSED);
		CELL(text_is(error, "name", "engine_paused"));
	} else
		CELL(answer->error == ERROR_ENGINE_PAUSED);
	if (target->size > 0) {
		after = look(id);
		CELL(same_bytes(target, &after));
	}
	CELL(last_event() == last);
}

/* What it does, and nothing that would start anything of an engine's pause. */
static void
done(const struct row *row, const struct way *way, uint64_t id, uint64_t before)
{
	uint64_t last = last_event();
	const msgpack_object *event;
	bool seen = false;

	pass_events(before);
	while ((event = next_event(last)) != NULL) {
		if (way->status != ENGINE_RUNNING)
			CELL(!text_is(event, "type", "task.started") &&
			    !text_is(event, "type", "execution.created"));
		if (seen || !text_is(event, "type", row->event))
			continue;
		seen = true;
		CELL(row->status == NULL ||
		    text_is(event, "status", row->status));
		CELL(row->workflow == NULL ||
		    row->method == METHOD_EXECUTION_REPLAY ||
		    number_at(event, "execution") == id);
	}
	CELL(seen);
}

static void
run_row(const struct way *way, const struct row *row)
{
	struct answer answer, target = {0};
	const msgpack_object *one;
	uint64_t id, last;
	char text[256];

	matrix_cell("%s {%s} while the engine is %s (%s)",
	    catalogue_method(row->method)->name, row->parameters,
	    engine_status_name(way->status), way->what);
	id = bring_target(row);
	bring_engine(way);
	if (row->workflow != NULL)
		target = look_settled(id);
	last = last_event();
	/* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral) */
	snprintf(text, sizeof(text), row->parameters, (uintmax_t)id);
	answer = ask(catalogue_method(row->method)->name, "{%s}", text);
	if (row->effect == STARTS && way->status != ENGINE_RUNNING)
		paused(&answer, &target, id, last);
	else {
		ATF_REQUIRE_MSG(answer.error == 0, "%s: %s", matrix_cell_name(),
		    answer.error == 0 ? "" : answer.text);
		CELL(answer.body.type != MSGPACK_OBJECT_MAP ||
		    outcome_of(&answer, &one) == 0);
		if (row->effect == READS)
			CELL(last_event() == last);
		else
			done(row, way, id, last);
	}
	end_cell();
}

ATF_TC(moves);
ATF_TC_HEAD(moves, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "every status of the engine by every switch of it");
}
ATF_TC_BODY(moves, tc)
{
	unsigned cells = 0;

	matrix_begin();
	define_all();
	for (size_t i = 0; i < WAYS; i++)
		for (int j = 0; j < ENGINE_MOVES; j++) {
			ATF_REQUIRE_EQ_MSG(
			    lifecycles[LIFECYCLE_ENGINE].requested[j],
			    requests[j].method != NULL, "how is %s asked for?",
			    lifecycles[LIFECYCLE_ENGINE].moves[j]);
			if (requests[j].method == NULL)
				continue;
			run_switch(&ways[i], (enum engine_move)j);
			cells++;
		}
	matrix_end();
	scratch_daemon_stop();
	printf("%d statuses in %zu ways: %u cells\n", ENGINE_STATUSES, WAYS,
	    cells);
}

ATF_TC(methods);
ATF_TC_HEAD(methods, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "every status of the engine by every method");
}
ATF_TC_BODY(methods, tc)
{
	bool covered[METHODS] = {false};
	unsigned cells = 0;

	for (size_t i = 0; i < ROWS; i++)
		covered[rows[i].method] = true;
	for (int i = 0; i < METHODS; i++)
		ATF_CHECK_MSG(covered[i],
		    "what becomes of %s while the engine is paused?",
		    catalogue_method((enum method_id)i)->name);
	matrix_begin();
	define_all();
	for (size_t i = 0; i < WAYS; i++)
		for (size_t j = 0; j < ROWS; j++)
			if (rows[j].effect != SWITCHES) {
				run_row(&ways[i], &rows[j]);
				cells++;
			}
	matrix_end();
	scratch_daemon_stop();
	printf("%d statuses in %zu ways, by %d methods: %u cells\n",
	    ENGINE_STATUSES, WAYS, METHODS, cells);
}

ATF_TC(stop);
ATF_TC_HEAD(stop, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "every status of the engine can be stopped in, and lasts");
}
ATF_TC_BODY(stop, tc)
{
	struct answer answer;

	for (size_t i = 0; i < WAYS; i++) {
		const char *status = engine_status_name(ways[i].status);

		matrix_begin();
		define_all();
		matrix_cell(
		    "stop while the engine is %s (%s)", status, ways[i].what);
		bring_engine(&ways[i]);
		answer = must("engine.stop", "{'mode': 'leave'}");
		CELL(text_is(&answer.body, "status", status));
		matrix_end();
		scratch_daemon_ends();
		matrix_begin();
		answer = must("engine.status", "{}");
		CELL(text_is(&answer.body, "status", status));
		end_cell();
		matrix_end();
		scratch_daemon_stop();
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, moves);
	ATF_TP_ADD_TC(tp, methods);
	ATF_TP_ADD_TC(tp, stop);
	return atf_no_error();
}
