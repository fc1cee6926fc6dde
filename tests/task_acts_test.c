/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* task_acts_test: update, skip and signal, where more than one thing is open.
 */

#include "tests/scene_case.h"

/* Three items, and a task after them that is given what they gave. */
#define ITEMS                                                                 \
	"'it': {'items': {'in': [0, 1, 2]%s}, 'run': ['x'], 'next': [{'do': " \
	"'b'}]}, 'b': {'run': ['y']}"

static uint64_t items_begin(struct scene *, const char *how);
static struct command
on_items(enum command_type, uint64_t execution, const char *output);
static const struct run *items_run(const struct scene *, uint64_t);
static uint64_t tree_begin(struct scene *);
static unsigned kept(const struct scene *, uint64_t);
static void require_items(
    const struct scene *, uint64_t, const char *statuses, const char *outputs);

static uint64_t
items_begin(struct scene *s, const char *how)
{
	char text[512];

	snprintf(
	    text, sizeof(text), "{'workflow': 'w', 'tasks': {" ITEMS "}}", how);
	scene_define(s, text);
	return scene_start(s, "w", NULL);
}

static struct command
on_items(enum command_type type, uint64_t execution, const char *output)
{
	struct command c = scene_command(type);

	c.execution = execution;
	c.name = "it";
	c.status = TASK_COMPLETED;
	c.value = output == NULL ? NULL : scene_value(output);
	return c;
}

static const struct run *
items_run(const struct scene *s, uint64_t id)
{
	const struct execution *x = scene_execution(s, id);

	return x->nodes[definition_task(x->definition, "it", 2)].newest;
}

static void
require_items(const struct scene *s, uint64_t id, const char *statuses,
    const char *outputs)
{
	const struct run *r = items_run(s, id);
	char found[256] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct value *v = r->actions[i].k.output;

		used += (size_t)snprintf(found + used, sizeof(found) - used,
		    "%s%s", i == 0 ? "" : " ",
		    task_status_name(r->actions[i].k.status));
		ATF_REQUIRE_EQ_MSG(v != NULL, outputs[i] == 'o', "item %u: %s",
		    i, v == NULL ? "no output" : "an output");
	}
	ATF_REQUIRE_STREQ(found, statuses);
}

SCENE_CASE(completed_as_a_whole, "an output without an item is the task's")
{
	uint64_t id = items_begin(s, "");
	struct command c = on_items(COMMAND_UPDATE, id, "['a', 'b', 'c']");

	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "completed");
	REQUIRE_VALUE(items_run(s, id)->k.output, "['a', 'b', 'c']");
	require_items(s, id, "completed completed completed", "---");
	ATF_REQUIRE(RUNS(id, "b"));
	value_unref(c.value);
}

SCENE_CASE(skipped_as_a_whole, "what an item has given stays the item's")
{
	uint64_t id = items_begin(s, "");
	struct command c = on_items(COMMAND_UPDATE, id, "'B'");

	c.item = 1;
	ATF_REQUIRE(scene_do(s, &c));
	value_unref(c.value);
	c = on_items(COMMAND_SKIP, id, "'X'");
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "skipped");
	REQUIRE_VALUE(items_run(s, id)->k.output, "'X'");
	require_items(s, id, "skipped completed skipped", "-o-");
	ATF_REQUIRE_STREQ(items_run(s, id)->k.reason, "skipped by tester");
	ATF_REQUIRE(RUNS(id, "b"));
	value_unref(c.value);
}

SCENE_CASE(over_a_failed_item, "an item's failure is not that of the task set")
{
	uint64_t id = items_begin(s, "");
	struct command c = on_items(COMMAND_SKIP, id, "'X'");

	scene_exit(s, id, "it", 1, 1, NULL);
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "skipped");
	ATF_REQUIRE(RUNS(id, "b"));
	STATUS(id, "running");
	value_unref(c.value);
}

SCENE_CASE(before_their_turn, "items whose turn has not come end with the rest")
{
	uint64_t id = items_begin(s, ", 'parallel': 1");
	struct command c = on_items(COMMAND_UPDATE, id, "'X'");

	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "completed");
	require_items(s, id, "completed completed completed", "---");
	ATF_REQUIRE(!scene_runs(s, id, "it", 1, NULL));
	value_unref(c.value);
}

SCENE_CASE(before_their_list, "skipped before its items are made")
{
	struct command hold = scene_command(COMMAND_ENGINE_PAUSE);
	struct command go = scene_command(COMMAND_ENGINE_RESUME);
	struct command c;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['y'], 'next': [{'do': "
	    "'it'}]}, 'it': {'items': {'in': [1]}, 'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	ATF_REQUIRE(scene_do(s, &hold));
	EXIT(id, "a", 0);
	TASK(id, "it", "pending");
	c = on_items(COMMAND_SKIP, id, "'X'");
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "skipped");
	REQUIRE_VALUE(items_run(s, id)->k.output, "'X'");
	value_unref(c.value);
	ATF_REQUIRE(scene_do(s, &go));
	STATUS(id, "completed");
}

SCENE_CASE(
    failed_as_a_whole, "a failure's output is the task's, unless retried")
{
	uint64_t id = items_begin(s, ", 'parallel': 2");
	struct command c = on_items(COMMAND_UPDATE, id, "'X'");

	c.status = TASK_FAILED;
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "failed");
	REQUIRE_VALUE(items_run(s, id)->k.output, "'X'");
	require_items(s, id, "failed failed canceled", "---");
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'it': {'items': {'in': [0, 1, 2]}, "
	    "'run': ['x'], 'retry': {'count': 1, 'delay': '1h'}}}}");
	c.execution = id = scene_start(s, "w", NULL);
	ATF_REQUIRE(scene_do(s, &c));
	require_items(s, id, "pending pending pending", "---");
	value_unref(c.value);
}

SCENE_CASE(seen_from_next, "what comes next sees its items as they end")
{
	struct command c;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'it': {'items': {'in': [0, 1], "
	    "'parallel': 1}, 'run': ['x'], 'next': [{'when': 'failed', 'set': "
	    "{'seen': '${{ task.items }}'}}]}}}");
	id = scene_start(s, "w", NULL);
	c = on_items(COMMAND_UPDATE, id, "'X'");
	c.status = TASK_FAILED;
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "failed");
	REQUIRE_VALUE(scene_execution(s, id)->k.vars,
	    "{'seen': [{'status': 'failed', 'output': null, 'exit': null}, "
	    "{'status': 'canceled', 'output': null, 'exit': null}]}");
	value_unref(c.value);
}

SCENE_CASE(without_an_output, "without an output each item ends by itself")
{
	uint64_t id = items_begin(s, "");
	struct command c = on_items(COMMAND_SKIP, id, NULL);

	scene_exit(s, id, "it", 1, 0, "'B'");
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "it", "completed");
	REQUIRE_VALUE(items_run(s, id)->k.output, "[null, 'B', null]");
	require_items(s, id, "skipped completed skipped", "-o-");
}

SCENE_CASE(
    running_as_it_ends, "nothing runs again of what is coming to its end")
{
	uint64_t id = items_begin(s, "");
	struct command c = on_items(COMMAND_UPDATE, id, NULL);
	struct command cancel = scene_command(COMMAND_CANCEL);

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'it': {'items': {'in': [0, 1]}, "
	    "'run': ['x']}, 'f': {'run': ['y']}}}");
	c.execution = id = scene_start(s, "w", NULL);
	c.status = TASK_RUNNING;
	c.item = 1;
	ATF_REQUIRE(scene_do(s, &c));
	scene_exit(s, id, "it", 1, 1, NULL);
	EXIT(id, "f", 1);
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE_STREQ(s->reply.message,
	    "execution 2 is on its way to being failed: nothing of it can "
	    "run again before it has ended");
	c.item = EVENT_NONE;
	ATF_REQUIRE(!scene_do(s, &c));
	c.status = TASK_COMPLETED; /* but what runs can be set */
	ATF_REQUIRE(scene_do(s, &c));
	cancel.execution = c.execution = scene_start(s, "w", NULL);
	c.status = TASK_RUNNING;
	ATF_REQUIRE(scene_do(s, &cancel));
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE(strstr(s->reply.message, "being canceled:") != NULL);
}

SCENE_CASE(running_wait, "a wait can't run, and what it can be is said")
{
	struct command c = scene_command(COMMAND_UPDATE);

	scene_define(
	    s, "{'workflow': 'w', 'tasks': {'q': {'wait': {'signal': 'go'}}}}");
	c.execution = scene_start(s, "w", NULL);
	c.name = "q";
	c.status = TASK_RUNNING;
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE_STREQ(s->reply.message,
	    "task q of execution 1 runs nothing that could run again: it is "
	    "waiting, and can be set to completed or failed");
	c.status = TASK_COMPLETED;
	ATF_REQUIRE(scene_do(s, &c));
	c.status = TASK_RUNNING;
	ATF_REQUIRE(!scene_do(s, &c));
}

/* Above, then a task, with a wait of its own beside it; below waits later. */
static uint64_t
tree_begin(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'below', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'do': 'g'}]}, 'g': {'wait': {'signal': 'go'}}}}");
	scene_define(
	    s, "{'workflow': 'none', 'tasks': {'l': {'workflow': 'below'}}}");
	scene_define(s,
	    "{'workflow': 'above', 'tasks': {'g': {'wait': {'signal': 'go'}}, "
	    "'n': {'workflow': 'none'}, 'later': {'run': ['y'], 'next': "
	    "[{'do': 'h'}]}, 'h': {'workflow': 'below'}}}");
	return scene_start(s, "above", NULL);
}

static unsigned
kept(const struct scene *s, uint64_t id)
{
	const struct kept_signal *k;
	unsigned n = 0;

	TAILQ_FOREACH (k, &scene_execution(s, id)->signals, entry)
		n++;
	return n;
}

SCENE_CASE(signal_tree, "each of a tree has the signal for itself")
{
	struct command c = scene_command(COMMAND_SIGNAL);
	uint64_t top = tree_begin(s), none = top + 1, below = top + 2;

	c.execution = top;
	c.name = "go";
	c.tree = true;
	c.value = scene_value("'all'");
	ATF_REQUIRE(scene_do(s, &c));
	TASK(top, "g", "completed");
	ATF_REQUIRE_EQ(kept(s, top), 0);
	ATF_REQUIRE_EQ(kept(s, none), 0); /* it never waits for any */
	ATF_REQUIRE_EQ(kept(s, below), 1);
	EXIT(below, "a", 0);
	TASK(below, "g", "completed");
	REQUIRE_VALUE(
	    scene_execution(s, below)->runs[1]->actions[0].k.output, "'all'");
	STATUS(below, "completed");
	/* What starts later has not got it. */
	EXIT(top, "later", 0);
	EXIT(below + 1, "a", 0);
	TASK(below + 1, "g", "waiting");
	/* Now one below waits, and the one above may again. */
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(below + 1, "completed");
	STATUS(top, "completed");
	value_unref(c.value);
}

SCENE_CASE(signal_tree_kept, "kept for the top where nobody may wait for it")
{
	struct command c = scene_command(COMMAND_SIGNAL);

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	c.execution = scene_start(s, "w", NULL);
	c.name = "go";
	c.tree = true;
	ATF_REQUIRE(scene_do(s, &c));
	ATF_REQUIRE_EQ(kept(s, c.execution), 1);
}

SCENE_CASE(signal_tree_full, "all of it or nothing, where too many are kept")
{
	struct command c = scene_command(COMMAND_SIGNAL);
	struct host host = s->live->host;
	uint64_t top = tree_begin(s), below = top + 2;

	host.max_signals = 1;
	core_host(s->live, &host);
	c.execution = below;
	c.name = "other";
	ATF_REQUIRE(scene_do(s, &c));
	c.execution = top;
	c.name = "go";
	c.tree = true;
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_LIMIT);
	ATF_REQUIRE_MSG(strstr(s->reply.message, "for execution 3 already"),
	    "%s", s->reply.message);
	TASK(top, "g", "waiting");
	c.tree = false;
	ATF_REQUIRE(scene_do(s, &c));
	TASK(top, "g", "completed");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, completed_as_a_whole);
	ATF_TP_ADD_TC(tp, skipped_as_a_whole);
	ATF_TP_ADD_TC(tp, over_a_failed_item);
	ATF_TP_ADD_TC(tp, before_their_turn);
	ATF_TP_ADD_TC(tp, before_their_list);
	ATF_TP_ADD_TC(tp, failed_as_a_whole);
	ATF_TP_ADD_TC(tp, seen_from_next);
	ATF_TP_ADD_TC(tp, without_an_output);
	ATF_TP_ADD_TC(tp, running_as_it_ends);
	ATF_TP_ADD_TC(tp, running_wait);
	ATF_TP_ADD_TC(tp, signal_tree);
	ATF_TP_ADD_TC(tp, signal_tree_kept);
	ATF_TP_ADD_TC(tp, signal_tree_full);
	return atf_no_error();
}
