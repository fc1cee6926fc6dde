/*
 * methods: the handler of each method of the catalogue; files by noun.
 */
#ifndef WEIR_METHODS_H
#define WEIR_METHODS_H

#include "daemon/request.h"

extern method_handler *const method_handlers[METHODS];

/* method_engine.c */
method_handler method_hello;
method_handler method_engine_status;
method_handler method_engine_pause;
method_handler method_engine_resume;
method_handler method_engine_reload;
method_handler method_engine_stop;

/* method_definition.c */
method_handler method_definition_check;
method_handler method_definition_put;
method_handler method_definition_list;
method_handler method_definition_get;
method_handler method_definition_enable;
method_handler method_definition_disable;
method_handler method_definition_set_safety;
method_handler method_definition_delete;

/* method_execution.c, execution_get.c, execution_list.c */
method_handler method_execution_start;
method_handler method_execution_get;
method_handler method_execution_list;
method_handler method_execution_wait;

/* method_control.c */
method_handler method_execution_pause;
method_handler method_execution_resume;
method_handler method_execution_cancel;
method_handler method_execution_terminate;
method_handler method_execution_delete;

/* method_again.c */
method_handler method_execution_restart;
method_handler method_execution_rerun;
method_handler method_execution_retry;
method_handler method_execution_replay;

/* method_task.c */
method_handler method_task_update;
method_handler method_task_skip;
method_handler method_task_signal;
method_handler method_task_approve;
method_handler method_task_reject;
method_handler method_task_log;

/* method_events.c */
method_handler method_events_subscribe;
method_handler method_events_unsubscribe;

#endif
