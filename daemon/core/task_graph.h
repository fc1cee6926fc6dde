/*
 * task_graph: which tasks can follow which, worked out once for the checks.
 */
#ifndef WEIR_CORE_TASK_GRAPH_H
#define WEIR_CORE_TASK_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/definition.h"

/* How a task can end, to entries of next: completed, failed and canceled. */
#define ENDINGS 3

struct back {
	uint32_t from;
	unsigned char endings; /* bits of those after which it leads here */
};

/* All arrays but stack, postorder and back are by task number. */
struct task_graph {
	const struct definition *def;
	uint32_t *component; /* tasks that lead to each other share one */
	uint32_t components;
	uint32_t *order; /* when the depth-first walk came by; 0: not yet */
	uint32_t *low;	 /* the earliest that is reached from there */
	uint32_t *stack; /* tasks whose component is not known yet */
	uint32_t stacked;
	uint32_t walked;
	bool *reached;	     /* from the tasks that start first */
	uint32_t *postorder; /* the tasks that are reached, successors first */
	uint32_t nreached;
	uint32_t *position;   /* in postorder */
	uint32_t *dominator;  /* the last task all ways there have in common */
	bool *ends;	      /* a task with end: can follow */
	uint32_t *back_first; /* by task: where its part of back begins */
	struct back *back;    /* who of its component leads to it */
	uint32_t *sure;	      /* how many of them do however they end */
	uint32_t (*returns)[ENDINGS]; /* how many such ways lead on from it */
	bool *endless; /* goes on for ever, once it was come to */
};

/* Of a definition whose next and before are complete. */
struct task_graph task_graph_new(const struct definition *);
void task_graph_free(struct task_graph *);
/* Whether every way to the task leads through the other one. */
bool task_graph_after(const struct task_graph *, uint32_t task, uint32_t other);

#endif
