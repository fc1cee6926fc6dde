/* links: tests/daemon_race.c tests/race_text.c tests/told.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson libbsd-overlay */
/*
 * race_daemon_test: two things that happen at once to a real daemon, in either
 * order, many times.  Each row says in which ways it may end; there are no
 * others.  The same races with a virtual clock are in races_test,
 * races_hold_test and races_again_test.
 */

#include <atf-c.h>

#include "tests/daemon_race.h"

#define ONE "{" GATED("one") ", 'tasks': {'a': {" GATE(1) "}}}"
#define AB                                         \
	"{" GATED("ab") ", 'tasks': {'a': {" GATE( \
	    1) ", 'next': [{'when': "              \
	       "'always', 'do': 'b'}]}, 'b': {'run': ['true']}}}"
#define ITEMS                                                              \
	"{" GATED("items") ", 'tasks': {'a': {'items': {'in': [1, 2, 3], " \
			   "'parallel': 2}, 'run': ['sh', '-c', 'read x "  \
			   "<$0; exit $x', "                               \
			   "'${{ input.gate }}${{ item }}']}}}"
#define PAIR                                                                  \
	"{" GATED("pair") ", 'tasks': {'a': {'items': [1, 2], 'run': ['sh', " \
			  "'-c', 'read x <$0; exit $x', '${{ input.gate "     \
			  "}}${{ item }}']}}}"
#define RETRIED(delay)                                  \
	"{" GATED("retried") ", 'tasks': {'a': {" GATE( \
	    1) ", 'retry': "                            \
	       "{'count': 1, 'delay': '" delay "'}}}}"
#define PARENT                                                            \
	"{" GATED(                                                        \
	    "parent") ", 'tasks': {'s': {'workflow': 'one', 'input': "    \
		      "{'gate': '${{ input.gate }}'}, 'next': [{'when': " \
		      "'completed', 'do': 'z'}]}, 'z': {"                 \
		      "'run': ['true']}}}"
#define ASKING(wait)                                   \
	"{" GATED("asking") ", 'tasks': {'a': {" GATE( \
	    1) ", 'next': [{'do': "                    \
	       "'q'}]}, 'q': {'wait': {" wait "}}}}"

#define ON(verb) "execution." verb " {'ids': [#]}"
#define ON_WITH(verb, more) "execution." verb " {'ids': [#], " more "}"
#define RESUME ON_WITH("resume", "'early': true")
#define REQUEST RACE_REQUEST
#define OTHER RACE_OTHER
#define EITHER RACE_EITHER

/* RACE(name, description, members of struct race) */
#define RACE(name, description, ...)                           \
	ATF_TC(name);                                          \
	ATF_TC_HEAD(name, tc)                                  \
	{                                                      \
		atf_tc_set_md_var(tc, "descr", description);   \
		atf_tc_set_md_var(tc, "timeout", "1200");      \
	}                                                      \
	ATF_TC_BODY(name, tc)                                  \
	{                                                      \
		static const struct race race = {__VA_ARGS__}; \
                                                               \
		race_run(&race);                               \
	}

RACE(pause_last, "pause, and the last task ends", .definitions = {NULL, ONE},
    .gates = 1, .opens = "1=0", .ask = {ON("pause")}, .finish = RESUME,
    .ways = {{"ok | completed: a completed", REQUEST},
	{"state_conflict | completed: a completed", OTHER}})

RACE(pause_next, "pause, and a task ends that another follows",
    .definitions = {NULL, AB}, .gates = 1, .opens = "1=0", .ask = {ON("pause")},
    .finish = RESUME,
    .ways = {{"ok | paused: a completed, b pending > completed: a completed, b "
	      "completed",
		 REQUEST},
	{"ok | completed: a completed, b completed", OTHER},
	{"state_conflict | completed: a completed, b completed", OTHER}})

RACE(cancel_item, "cancel, and an item fails", .definitions = {NULL, ITEMS},
    .gates = 2, .opens = "1=1", .ask = {ON("cancel")}, .after = "2=0",
    .ways = {{"ok | canceled: a canceled[failed completed canceled]", EITHER}})

RACE(cancel_last_item, "cancel, and the last item that runs fails",
    .definitions = {NULL, PAIR}, .gates = 2, .opens = "1=1 2=0",
    .ask = {ON("cancel")},
    .ways = {{"ok | canceled: a failed[failed completed]", REQUEST},
	{"state_conflict | failed: a failed[failed completed]", OTHER}})

RACE(resume_pausing, "resume, and the pause comes to be",
    .definitions = {NULL, AB}, .gates = 1, .setup = ON("pause"), .opens = "1=0",
    .ask = {ON("resume")}, .finish = RESUME,
    .ways = {{"state_conflict | paused: a completed, b pending > completed: a "
	      "completed, b completed",
		 REQUEST},
	{"ok | completed: a completed, b completed", OTHER}})

RACE(resume_early, "resume --early, and the pause comes to be",
    .definitions = {NULL, AB}, .gates = 1, .setup = ON("pause"), .opens = "1=0",
    .ask = {RESUME}, .finish = RESUME,
    .ways = {{"ok | completed: a completed, b completed", EITHER}})

/* The delay is never over by itself, however late the request comes. */
RACE(terminate_delay, "terminate, about when a retry's delay begins",
    .definitions = {NULL, RETRIED("1h")}, .gates = 1, .opens = "1=1",
    .ask = {ON_WITH("terminate", "'reason': 'no'")},
    .ways = {{"ok | terminated: a canceled", EITHER}})

RACE(terminate_due, "terminate, about when a retry's delay is over",
    .definitions = {NULL, RETRIED("20ms")}, .gates = 1, .first = "1=1",
    .delay = 20000, .ask = {ON_WITH("terminate", "'reason': 'no'")},
    .ways = {{"ok | terminated: a canceled", REQUEST},
	{"ok | terminated: a canceled x2", OTHER}})

RACE(signal_wait, "a signal, and its wait begins",
    .definitions = {NULL, ASKING("'signal': 'go'")}, .gates = 1, .opens = "1=0",
    .ask = {"task.signal {'execution': #, 'name': 'go'}"},
    .ways = {{"ok | completed: a completed, q completed", EITHER}})

RACE(signal_timeout, "a signal, and its wait's timeout",
    .definitions = {NULL, ASKING("'signal': 'go', 'timeout': '20ms'")},
    .gates = 1, .opens = "1=0", .delay = 20000,
    .ask = {"task.signal {'execution': #, 'name': 'go'}"},
    .ways = {{"ok | completed: a completed, q completed", REQUEST},
	{"state_conflict | failed: a completed, q timed_out", OTHER}})

RACE(approve_timeout, "approve, and the approval's timeout",
    .definitions = {NULL, ASKING("'approval': 'Well?', 'timeout': '20ms'")},
    .gates = 1, .opens = "1=0", .delay = 20000,
    .ask = {"task.approve {'execution': #, 'task': 'q'}"},
    .ways = {{"ok | completed: a completed, q completed", REQUEST},
	{"state_conflict | failed: a completed, q timed_out", OTHER}})

RACE(rerun_twice, "rerun, asked for twice at once", .definitions = {NULL, ONE},
    .gates = 1, .first = "1=0", .until = "'completed'",
    .ask = {ON("rerun"), ON("rerun")}, .apart = true, .turns = true,
    .after = "1=0",
    .ways = {{"ok, state_conflict | completed gen 2: a completed", REQUEST},
	{"state_conflict, ok | completed gen 2: a completed", OTHER}})

RACE(rerun_task_twice, "rerun from a task, asked for twice at once",
    .definitions = {NULL, ONE}, .gates = 1, .first = "1=1", .until = "'failed'",
    .ask = {ON_WITH("rerun", "'tasks': ['a']"),
	ON_WITH("rerun", "'tasks': ['a']")},
    .apart = true, .turns = true, .after = "1=0",
    .ways = {{"ok, state_conflict | completed: a completed", REQUEST},
	{"state_conflict, ok | completed: a completed", OTHER}})

RACE(retry_twice, "retry, asked for twice at once", .definitions = {NULL, ONE},
    .gates = 1, .first = "1=1", .until = "'failed'",
    .ask = {ON("retry"), ON("retry")}, .apart = true, .turns = true,
    .after = "1=0",
    .ways = {{"ok, state_conflict | completed: a completed", REQUEST},
	{"state_conflict, ok | completed: a completed", OTHER}})

RACE(restart_rerun, "restart and rerun at once", .definitions = {NULL, ONE},
    .gates = 1, .first = "1=1", .until = "'failed'",
    .ask = {ON("restart"), ON("rerun")}, .apart = true, .turns = true,
    .after = "1=0",
    .ways = {{"ok, state_conflict | completed gen 2: a completed", REQUEST},
	{"state_conflict, ok | completed gen 2: a completed", OTHER}})

RACE(cancel_parent, "cancel of the parent, and its subworkflow ends",
    .definitions = {ONE, PARENT}, .gates = 1, .opens = "1=0",
    .ask = {ON("cancel")},
    .ways = {{"ok | canceled: s canceled {canceled: a completed}", REQUEST},
	{"ok | canceled: s completed {completed: a completed}, z completed",
	    OTHER},
	{"state_conflict | completed: s completed {completed: a completed}, z "
	 "completed",
	    OTHER}})

RACE(terminate_parent, "terminate of the parent, and its subworkflow fails",
    .definitions = {ONE, PARENT}, .gates = 1, .opens = "1=1",
    .ask = {ON_WITH("terminate", "'reason': 'no'")},
    .ways = {{"ok | terminated: s canceled {terminated: a canceled}", REQUEST},
	{"state_conflict | failed: s failed {failed: a failed}", OTHER}})

RACE(freeze_end, "freeze, and the callout ends", .definitions = {NULL, ONE},
    .gates = 1, .opens = "1=0", .ask = {ON_WITH("pause", "'freeze': true")},
    .finish = RESUME,
    .ways = {{"ok | paused: a paused > completed: a completed", REQUEST},
	{"ok | paused: a completed > completed: a completed", REQUEST},
	{"state_conflict | completed: a completed", OTHER}})

RACE(engine_pause_last, "engine pause, and the last callout ends",
    .definitions = {NULL, AB}, .gates = 1, .opens = "1=0",
    .ask = {"engine.pause {}"}, .engine = true, .finish = "engine.resume {}",
    .ways = {{"ok | running: a completed, b pending > completed: a completed, "
	      "b completed",
		 REQUEST},
	{"ok | completed: a completed, b completed > completed: a completed, b "
	 "completed",
	    OTHER}})

RACE(engine_freeze_last, "engine pause --freeze, and the last callout ends",
    .definitions = {NULL, ONE}, .gates = 1, .opens = "1=0",
    .ask = {"engine.pause {'freeze': true}"}, .engine = true,
    .finish = "engine.resume {}",
    .ways = {{"ok | running: a paused > completed: a completed", REQUEST},
	{"ok | completed: a completed > completed: a completed", OTHER}})

RACE(update_end, "update, and the callout ends", .definitions = {NULL, ONE},
    .gates = 1, .opens = "1=0",
    .ask = {"task.update {'execution': #, 'task': 'a', 'status': "
	    "'failed_terminal'}"},
    .ways = {{"ok | failed: a failed", REQUEST},
	{"state_conflict | completed: a completed", OTHER}})

RACE(skip_end, "skip, and the callout fails", .definitions = {NULL, ONE},
    .gates = 1, .opens = "1=1",
    .ask = {"task.skip {'execution': #, 'task': 'a'}"},
    .ways = {{"ok | completed: a skipped", REQUEST},
	{"state_conflict | failed: a failed", OTHER}})

RACE(pause_resume, "pause and resume in one write, as the task ends",
    .definitions = {NULL, AB}, .gates = 1, .opens = "1=0",
    .ask = {ON("pause"), RESUME}, .finish = RESUME,
    .ways = {{"ok, ok | completed: a completed, b completed", EITHER},
	{"ok, state_conflict | completed: a completed, b completed", OTHER},
	{"state_conflict, state_conflict | completed: a completed, b completed",
	    OTHER}})

RACE(pause_cancel, "pause and cancel in one write, as the task ends",
    .definitions = {NULL, AB}, .gates = 1, .opens = "1=0",
    .ask = {ON("pause"), ON("cancel")}, .turns = true, .finish = RESUME,
    .ways = {{"ok, ok | canceled: a completed", REQUEST},
	{"ok, ok | canceled: a completed, b canceled", EITHER},
	{"state_conflict, ok | canceled: a completed", REQUEST},
	{"ok, ok | canceled: a completed, b completed", OTHER},
	{"state_conflict, ok | canceled: a completed, b completed", OTHER},
	{"ok, state_conflict | completed: a completed, b completed", OTHER},
	{"state_conflict, state_conflict | completed: a completed, b completed",
	    OTHER}})

RACE(cancel_terminate, "cancel and terminate in one write, as the task ends",
    .definitions = {NULL, ONE}, .gates = 1, .opens = "1=0",
    .ask = {ON("cancel"), ON_WITH("terminate", "'reason': 'no'")},
    .turns = true,
    .ways = {{"ok, ok | terminated: a canceled", REQUEST},
	{"ok, state_conflict | canceled: a completed", REQUEST},
	{"state_conflict, ok | terminated: a canceled", REQUEST},
	{"state_conflict, state_conflict | completed: a completed", OTHER}})

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pause_last);
	ATF_TP_ADD_TC(tp, pause_next);
	ATF_TP_ADD_TC(tp, cancel_item);
	ATF_TP_ADD_TC(tp, cancel_last_item);
	ATF_TP_ADD_TC(tp, resume_pausing);
	ATF_TP_ADD_TC(tp, resume_early);
	ATF_TP_ADD_TC(tp, terminate_delay);
	ATF_TP_ADD_TC(tp, terminate_due);
	ATF_TP_ADD_TC(tp, signal_wait);
	ATF_TP_ADD_TC(tp, signal_timeout);
	ATF_TP_ADD_TC(tp, approve_timeout);
	ATF_TP_ADD_TC(tp, rerun_twice);
	ATF_TP_ADD_TC(tp, rerun_task_twice);
	ATF_TP_ADD_TC(tp, retry_twice);
	ATF_TP_ADD_TC(tp, restart_rerun);
	ATF_TP_ADD_TC(tp, cancel_parent);
	ATF_TP_ADD_TC(tp, terminate_parent);
	ATF_TP_ADD_TC(tp, freeze_end);
	ATF_TP_ADD_TC(tp, engine_pause_last);
	ATF_TP_ADD_TC(tp, engine_freeze_last);
	ATF_TP_ADD_TC(tp, update_end);
	ATF_TP_ADD_TC(tp, skip_end);
	ATF_TP_ADD_TC(tp, pause_resume);
	ATF_TP_ADD_TC(tp, pause_cancel);
	ATF_TP_ADD_TC(tp, cancel_terminate);
	return atf_no_error();
}
