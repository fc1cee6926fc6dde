/*
 * verb_safety: weirctl safety: the caps of a workflow.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/cell.h"
#include "ctl/ctl.h"
#include "ctl/field.h"
#include "ctl/plan.h"
#include "ctl/verbs.h"
#include "daemon/core/definition.h"
#include "daemon/core/duration.h"

static bool
pack_cap(struct parameters *, const struct arguments *, const char *);
static bool read_cap(const char *, double *, int64_t *);
static void print_amount(FILE *, const msgpack_object *);
static void
print_cap(FILE *, const msgpack_object *, const char *, const struct look *);

static const struct column fields[] = {
    {"workflow", "workflow", cell_workflow, false, false},
    {"status", "status", cell_status, false, false},
    {"reason", "reason", cell_text, false, false},
    {"starts", "safety.starts", print_cap, false, false},
    {"cost", "safety.cost", print_cap, false, false},
};

/* Starts are integers, cost is not. */
static void
print_amount(FILE *to, const msgpack_object *amount)
{
	if (amount != NULL && amount->type == MSGPACK_OBJECT_FLOAT64)
		fprintf(to, "%.15g", amount->via.f64);
	else if (amount != NULL)
		field_print_text(to, amount);
}

/* "40 of 200 in 1h; the period ends in 20m" */
static void
print_cap(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *cap = field_deep(map, key);
	char per[DURATION_TEXT];

	if (cap == NULL || cap->type != MSGPACK_OBJECT_MAP) {
		fputs("no cap", to);
		return;
	}
	print_amount(to, field(cap, "used"));
	fputs(" of ", to);
	print_amount(to, field(cap, "max"));
	duration_text(field_int(cap, "per", 0), per);
	fprintf(to, " in %s", per);
	if (field(cap, "ends_at") != NULL) {
		fputs("; the period ends ", to);
		cell_when(to, cap, "ends_at", look);
	}
	if (field(cap, "reached_at") != NULL) {
		fputs("; reached ", to);
		cell_when(to, cap, "reached_at", look);
	}
}

/* "200/1h"; "0" is no cap. */
static bool
read_cap(const char *text, double *max, int64_t *per)
{
	msgpack_object duration = {.type = MSGPACK_OBJECT_STR};
	char *end;

	*max = strtod(text, &end);
	if (end == text || !isfinite(*max) || *max < 0)
		return false;
	if (*end == '\0' && *max == 0) {
		*per = INT64_C(1000000000);
		return true;
	}
	if (*end != '/')
		return false;
	duration.via.str.ptr = end + 1;
	duration.via.str.size = (uint32_t)strlen(end + 1);
	return parse_duration(&duration, per) && *per > 0;
}

/* False once what is wrong has been said. */
static bool
pack_cap(struct parameters *p, const struct arguments *a, const char *name)
{
	const char *text = arguments_text(a, name);
	msgpack_packer *to;
	double max;
	int64_t per;

	if (text == NULL)
		return true;
	if (!read_cap(text, &max, &per)) {
		warnx("--%s: expected MAX/PER such as 200/1h, or 0 for no "
		      "cap, not \"%s\"",
		    name, text);
		return false;
	}
	to = parameters_key(p, name);
	msgpack_pack_map(to, 2);
	pack_str(to, "max");
	if (max == floor(max))
		msgpack_pack_uint64(to, (uint64_t)max);
	else
		msgpack_pack_double(to, max);
	pack_key_int(to, "per", per);
	return true;
}

static int
safety(struct ctl *ctl, const struct arguments *a)
{
	struct parameters p;
	struct answer answer;
	bool planned;
	int status;

	parameters_start(&p);
	parameters_str(&p, "workflow", a->operands[0].text);
	if (arguments_has(a, "clear") &&
	    (arguments_has(a, "starts") || arguments_has(a, "cost"))) {
		warnx("give either --clear or new caps, not both");
		parameters_free(&p);
		return EX_USAGE;
	}
	if (!pack_cap(&p, a, "starts") || !pack_cap(&p, a, "cost")) {
		parameters_free(&p);
		return EX_USAGE;
	}
	if (arguments_has(a, "clear"))
		parameters_bool(&p, "clear", true);
	planned = plan_ask(&p, a);
	status = ctl_call(ctl, "definition.set_safety", &p, &answer);
	if (status == 0 && planned)
		plan_print(ctl, &answer.object);
	else if (status == 0)
		writer_record(ctl->out, fields,
		    sizeof(fields) / sizeof(fields[0]), &answer.object);
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static const struct option options[] = {
    {0, "starts", ARGUMENT_TEXT, "MAX/PER",
	"so many executions may start in this time, 200/1h; 0: no cap", NULL,
	false, false},
    {0, "cost", ARGUMENT_TEXT, "MAX/PER",
	"so much may its tasks cost in this time, 50/1d; 0: no cap", NULL,
	false, false},
    {0, "clear", ARGUMENT_NONE, NULL, "back to the caps of its newest version",
	NULL, false, false},
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_safety = {
    .name = "safety",
    .summary = "Show or set the caps of a workflow on starts and cost",
    .text = "At a cap no execution of the workflow starts any more; those "
	    "that run go on.\nThe cap on starts is cleared by enable, that on "
	    "cost lifts by itself when its\nperiod is over or the cap is "
	    "raised.",
    .options = {options},
    .operands = {{"NAME", ARGUMENT_WORKFLOW, OPERAND_ONE, NULL}},
    .run = safety,
};
