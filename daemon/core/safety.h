/*
 * safety: the caps of a workflow on starts and on cost, what is used of them,
 * and what follows from that.  See weir-workflow(5).
 *
 * A cap's period begins with the first use after the one before was over.
 * What is used is counted in starts, or in millionths of cost.
 */
#ifndef WEIR_CORE_SAFETY_H
#define WEIR_CORE_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/batch.h"
#include "daemon/core/state.h"

#define COST_UNIT 1000000 /* millionths in one */
#define CAP_TEXT 160

/* Those that are in force: its own, or those of its newest version. */
const struct safety *workflow_caps(const struct workflow *);
/* Disabled, or paused by a cap, or neither. */
enum workflow_status workflow_status(const struct workflow *);
/* The cap that keeps it from starting anything; -1: none does. */
int workflow_capped(const struct workflow *);

/* In the unit of its use; 0: there is no such cap. */
int64_t cap_max(const struct safety *, enum cap);
int64_t cap_per(const struct safety *, enum cap);
const char *cap_name(enum cap);
/* What is used of it in the period that the time is in. */
int64_t
cap_used(const struct workflow *, const struct safety *, enum cap, int64_t now);
/* When the period is over; 0: none has begun. */
int64_t cap_ends(const struct workflow *, const struct safety *, enum cap);
/* "5 of 5 in 1h" */
void cap_text(
    const struct workflow *, const struct safety *, enum cap, char[CAP_TEXT]);
/* Whether an execution that was accepted may begin; the rest is limits. */
bool workflow_admits(const struct workflow *, const struct execution *);
/* Whether a subworkflow is not started now because its workflow may not. */
bool subworkflow_is_held(const struct state *, const struct action *);

/* Caps as the map {starts: {max, per}, cost: {max, per}}, and back. */
struct value *safety_value(const struct safety *);
void safety_read(struct safety *, const struct value *);

/* Reaches, or lifts, what the caps given and the time make so. */
void
safety_follows(const struct workflow *, const struct safety *, struct batch *);

#endif
