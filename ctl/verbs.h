/*
 * verbs: the descriptors that the verbs' files, verb_*.c, export.
 */
#ifndef WEIR_CTL_VERBS_H
#define WEIR_CTL_VERBS_H

#include "ctl/verb.h"

extern const struct verb verb_check, verb_define;
extern const struct verb verb_definitions, verb_definition;
extern const struct verb verb_enable, verb_disable, verb_safety;
extern const struct verb verb_undefine, verb_delete;
extern const struct verb verb_run;
extern const struct verb verb_ls;
extern const struct verb verb_show, verb_tree;
extern const struct verb verb_why;
extern const struct verb verb_watch, verb_wait;
extern const struct verb verb_logs;
extern const struct verb verb_pause, verb_resume;
extern const struct verb verb_cancel, verb_terminate;
extern const struct verb verb_restart, verb_rerun, verb_retry, verb_replay;
extern const struct verb verb_update, verb_skip, verb_signal;
extern const struct verb verb_approve, verb_reject;
extern const struct verb verb_events;
extern const struct verb verb_engine_status, verb_engine_pause,
    verb_engine_resume, verb_engine_reload, verb_engine_stop;
extern const struct verb verb_journal_verify, verb_journal_dump,
    verb_journal_salvage;
extern const struct verb verb_whoami;
extern const struct verb verb_help, verb_completion;

#endif
