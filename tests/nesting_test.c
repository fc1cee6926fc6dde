/* links: tests/nesting.c tests/family.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c daemon/view.c daemon/view_execution.c daemon/view_task.c daemon/view_value.c daemon/view_obstacle.c daemon/view_wait.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * nesting_test: three levels of workflows with fork and join, a failure at each
 * in turn, and each way to run again from each in turn.
 *
 * What became of all of them stands in golden/nesting/FAILURE-VERB-FROM; how to
 * read it is in tests/family.h.
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/nesting.h"

/* A way to run again. */
struct verb {
	const char *name;
	enum command_type type;
	const char *task;  /* rerun --task; NULL: all */
	const char *input; /* rerun --input; NULL: the same */
	bool another; /* there is another version of the workflow by then */
	bool flag;    /* --latest, --resume-subworkflows, --no-reset */
};

static const struct verb verbs[] = {
    {"restart", COMMAND_RESTART, NULL, NULL, true, false},
    {"restart_latest", COMMAND_RESTART, NULL, NULL, true, true},
    {"rerun", COMMAND_RERUN, NULL, "{'w': 'b'}", false, false},
    {"rerun_begin", COMMAND_RERUN_TASKS, "begin", NULL, false, false},
    {"rerun_plain", COMMAND_RERUN_TASKS, "plain", NULL, false, false},
    {"rerun_side", COMMAND_RERUN_TASKS, "side", NULL, false, false},
    {"rerun_tie", COMMAND_RERUN_TASKS, "tie", NULL, false, false},
    {"retry", COMMAND_RETRY, NULL, NULL, false, false},
    {"retry_resume", COMMAND_RETRY, NULL, NULL, false, true},
};

static const struct verb item_verbs[] = {
    {"restart", COMMAND_RESTART, NULL, NULL, false, false},
    {"rerun_side", COMMAND_RERUN_TASKS, "side", NULL, false, false},
    {"rerun_side_no_reset", COMMAND_RERUN_TASKS, "side", NULL, false, true},
    {"retry", COMMAND_RETRY, NULL, NULL, false, false},
    {"retry_resume", COMMAND_RETRY, NULL, NULL, false, true},
};

/* By whom a verb is called: where it is in the family. */
struct from {
	const char *name;
	uint64_t id;
	const char *workflow;
};

static const struct from levels[] = {
    {"top", 1, "top"}, {"mid", 2, "mid"}, {"low", 3, "low"}};

static const struct from item_levels[] = {{"top", 1, "top"}, {"mid", 2, "mid"},
    {"low_x", 3, "low"}, {"low_y", 4, "low"}};

static bool ask_verb(struct nesting *, const struct verb *, uint64_t);
static char *play(const char *mid, const char *broken, const struct verb *,
    const struct from *, bool deepest_first);
static void check_family(const char *failure, const char *broken);
static void check_items(const char *failure, const char *broken);

static bool
ask_verb(struct nesting *n, const struct verb *verb, uint64_t id)
{
	struct command c = {.type = verb->type, .execution = id};
	char list[64];
	bool done;

	snprintf(
	    list, sizeof(list), "['%s']", verb->task == NULL ? "" : verb->task);
	c.tasks = verb->task == NULL ? NULL : scene_value(list);
	c.no_reset =
	    verb->task == NULL || !verb->flag ? NULL : scene_value(list);
	c.value = verb->input == NULL ? NULL : scene_value(verb->input);
	c.latest = verb->flag;
	c.resume_subworkflows = verb->flag;
	done = nesting_ask(n, &c);
	value_unref(c.tasks);
	value_unref(c.no_reset);
	value_unref(c.value);
	return done;
}

static char *
play(const char *mid, const char *broken, const struct verb *verb,
    const struct from *from, bool deepest_first)
{
	struct nesting nesting, *n = &nesting;

	nesting_begin(n);
	n->deepest_first = deepest_first;
	n->broken = broken;
	nesting_start(n, mid);
	nesting_run(n);
	nesting_step(n, broken == NULL ? "completed" : "failed");
	n->broken = NULL;
	if (verb->another)
		nesting_define(n, from->workflow, true);
	if (ask_verb(n, verb, from->id)) {
		nesting_step(n, verb->name);
		nesting_run(n);
		nesting_step(n, "end");
	} else
		nesting_step(n, verb->name);
	return nesting_close(n);
}

/* The order in which callouts end makes no difference. */
static void
check_family(const char *failure, const char *broken)
{
	char name[64], *text, *other;

	for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++)
		for (size_t i = 0; i < 3; i++) {
			text =
			    play("mid", broken, &verbs[v], &levels[i], false);
			other =
			    play("mid", broken, &verbs[v], &levels[i], true);
			snprintf(name, sizeof(name), "%s-%s-%s", failure,
			    verbs[v].name, levels[i].name);
			if (strcmp(text, other) != 0)
				atf_tc_fail_nonfatal(
				    "%s: it is\n%s\nor\n%s\nby who ends first",
				    name, text, other);
			nesting_golden(name, text);
			free(text);
			free(other);
		}
}

static void
check_items(const char *failure, const char *broken)
{
	char name[64], *text;

	for (size_t v = 0; v < sizeof(item_verbs) / sizeof(item_verbs[0]); v++)
		for (size_t i = 0; i < 4; i++) {
			text = play("mid_items", broken, &item_verbs[v],
			    &item_levels[i], false);
			snprintf(name, sizeof(name), "%s-%s-%s", failure,
			    item_verbs[v].name, item_levels[i].name);
			nesting_golden(name, text);
			free(text);
		}
}

#define FAMILY_CASE(name, broken, check, description)        \
	ATF_TC(name);                                        \
	ATF_TC_HEAD(name, tc)                                \
	{                                                    \
		atf_tc_set_md_var(tc, "descr", description); \
	}                                                    \
	ATF_TC_BODY(name, tc)                                \
	{                                                    \
		check(#name, broken);                        \
	}

FAMILY_CASE(none, NULL, check_family, "everything has completed")
FAMILY_CASE(low, "low.p", check_family, "the failure is at the bottom")
FAMILY_CASE(mid, "mid.p", check_family, "the failure is in the middle")
FAMILY_CASE(top, "top.p", check_family, "the failure is at the top")
FAMILY_CASE(items_low, "low.p.y", check_items,
    "one of the two at the bottom has failed")
FAMILY_CASE(items_mid, "mid.p", check_items, "what has two below it failed")

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, none);
	ATF_TP_ADD_TC(tp, low);
	ATF_TP_ADD_TC(tp, mid);
	ATF_TP_ADD_TC(tp, top);
	ATF_TP_ADD_TC(tp, items_low);
	ATF_TP_ADD_TC(tp, items_mid);
	return atf_no_error();
}
