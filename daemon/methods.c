/* methods: which handler each method has */

#include "daemon/methods.h"

method_handler *const method_handlers[METHODS] = {
    [METHOD_HELLO] = method_hello,
    [METHOD_ENGINE_STATUS] = method_engine_status,
    [METHOD_ENGINE_PAUSE] = method_engine_pause,
    [METHOD_ENGINE_RESUME] = method_engine_resume,
    [METHOD_ENGINE_STOP] = method_engine_stop,
    [METHOD_DEFINITION_CHECK] = method_definition_check,
    [METHOD_DEFINITION_PUT] = method_definition_put,
    [METHOD_DEFINITION_LIST] = method_definition_list,
    [METHOD_DEFINITION_GET] = method_definition_get,
    [METHOD_DEFINITION_ENABLE] = method_definition_enable,
    [METHOD_DEFINITION_DISABLE] = method_definition_disable,
    [METHOD_EXECUTION_START] = method_execution_start,
    [METHOD_EXECUTION_GET] = method_execution_get,
    [METHOD_EXECUTION_LIST] = method_execution_list,
    [METHOD_EXECUTION_WAIT] = method_execution_wait,
    [METHOD_EXECUTION_PAUSE] = method_execution_pause,
    [METHOD_EXECUTION_RESUME] = method_execution_resume,
    [METHOD_EXECUTION_CANCEL] = method_execution_cancel,
    [METHOD_EXECUTION_TERMINATE] = method_execution_terminate,
    [METHOD_TASK_UPDATE] = method_task_update,
    [METHOD_TASK_SKIP] = method_task_skip,
    [METHOD_TASK_SIGNAL] = method_task_signal,
    [METHOD_TASK_APPROVE] = method_task_approve,
    [METHOD_TASK_REJECT] = method_task_reject,
    [METHOD_TASK_LOG] = method_task_log,
    [METHOD_EVENTS_SUBSCRIBE] = method_events_subscribe,
    [METHOD_EVENTS_UNSUBSCRIBE] = method_events_unsubscribe,
};
