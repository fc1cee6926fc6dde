/*
 * definition_parts: what the files that decode and check a definition offer
 * each other; definition.h is what others use.
 */
#ifndef WEIR_CORE_DEFINITION_PARTS_H
#define WEIR_CORE_DEFINITION_PARTS_H

#include "daemon/core/decoder.h"

/* definition_input.c: the field is the struct definition. */
decode_field decode_inputs;

/* definition_task.c: all tasks, whose names stand in the definition already. */
void
decode_tasks(struct decoder *, const struct place *, const msgpack_object *);

/* definition_run.c: what only a run has; the field is of the task. */
decode_field decode_run;	 /* the whole struct task_definition */
decode_field decode_environment; /* struct template * */
decode_field decode_directory;	 /* struct template * */
decode_field decode_output_kind; /* enum output_kind */
decode_field decode_exit_codes;	 /* uint8_t[32] */
decode_field decode_limits;	 /* the whole struct task_definition */

/* definition_attempts.c */
decode_field decode_items; /* the whole struct task_definition */
decode_field decode_retry; /* struct retry */

/* definition_wait.c: the field is the whole struct task_definition. */
decode_field decode_wait;

/* definition_edges.c */
decode_field decode_next;  /* the whole struct task_definition */
decode_field decode_needs; /* the same; into the decoder's needs */
decode_field decode_join;  /* uint32_t */
/* Puts what needs: means into next and join, and fills in before. */
void connect_tasks(struct decoder *);

/* definition_graph.c: needs before, and that every edge is known. */
void check_graph(struct decoder *);

/* definition_nesting.c */
void check_subworkflow_input(
    struct decoder *, const struct place *, const msgpack_object *task_map);
void check_nesting(struct decoder *);

#endif
