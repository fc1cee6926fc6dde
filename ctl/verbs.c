/*
 * verbs: all of them, in the order in which the help shows them.
 */
#include "ctl/verbs.h"

#include <stddef.h>

const struct verb *const verbs[] = {
    &verb_check,
    &verb_define,
    &verb_definitions,
    &verb_definition,
    &verb_enable,
    &verb_disable,
    &verb_safety,
    &verb_run,
    &verb_ls,
    &verb_show,
    &verb_tree,
    &verb_why,
    &verb_watch,
    &verb_logs,
    &verb_wait,
    &verb_pause,
    &verb_resume,
    &verb_cancel,
    &verb_terminate,
    &verb_restart,
    &verb_rerun,
    &verb_retry,
    &verb_replay,
    &verb_update,
    &verb_skip,
    &verb_signal,
    &verb_approve,
    &verb_reject,
    &verb_events,
    &verb_engine_status,
    &verb_engine_pause,
    &verb_engine_resume,
    &verb_engine_stop,
    &verb_journal_verify,
    &verb_journal_dump,
    &verb_journal_salvage,
    &verb_whoami,
    &verb_help,
    &verb_completion,
    NULL,
};
