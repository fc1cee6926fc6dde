/*
 * verb_events: weirctl events: the event stream.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/cell.h"
#include "ctl/events.h"
#include "ctl/field.h"
#include "ctl/follow.h"
#include "ctl/status.h"
#include "ctl/targets.h"
#include "ctl/time_text.h"
#include "ctl/verbs.h"
#include "daemon/core/alloc.h"

static void print_event(void *, const msgpack_object *);
static void write_subject(FILE *, const msgpack_object *);
static int follow_types(struct ctl *, uint64_t, const uint64_t *, size_t,
    const char *const *, size_t);

/* "1042 14:03:22.119 task.ended  42 compile  ✓ completed" */
static void
print_event(void *ctx, const msgpack_object *event)
{
	struct ctl *ctl = ctx;
	const struct look *look = &ctl->out->look;
	char when[TIME_TEXT_MAX];
	int64_t at = field_int(event, "time", 0);

	if (writer_is_json(ctl->out)) {
		writer_row(ctl->out, event);
		return;
	}
	time_text_exact(at, when);
	printf("%" PRIu64 "  %.12s  ", field_uint(event, "seq"), when + 11);
	cell_text(stdout, event, "type", look);
	write_subject(stdout, event);
	if (field(event, "status") != NULL) {
		fputs("  ", stdout);
		cell_status(stdout, event, "status", look);
	}
	if (field(event, "by") != NULL) {
		fputs("  by ", stdout);
		cell_text(stdout, event, "by", look);
	}
	if (field(event, "reason") != NULL) {
		fputs(": ", stdout);
		cell_text(stdout, event, "reason", look);
	}
	fputc('\n', stdout);
	fflush(stdout);
}

/* "42 pack[3] (attempt 2)"; a workflow's name where there is no task. */
static void
write_subject(FILE *to, const msgpack_object *event)
{
	static const char *const keys[] = {"execution", "task"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (field(event, keys[i]) == NULL)
			continue;
		fputs(i == 0 ? "  " : " ", to);
		field_print_text(to, field(event, keys[i]));
	}
	if (field(event, "item") != NULL)
		fprintf(to, "[%" PRIu64 "]", field_uint(event, "item"));
	if (field_uint(event, "attempt") > 1)
		fprintf(
		    to, " (attempt %" PRIu64 ")", field_uint(event, "attempt"));
	if (field(event, "task") == NULL && field(event, "workflow") != NULL) {
		fputs("  ", to);
		field_print_text(to, field(event, "workflow"));
	}
}

int
events_follow(
    struct ctl *ctl, uint64_t from, const uint64_t *executions, size_t n)
{
	return follow_types(ctl, from, executions, n, NULL, 0);
}

static int
follow_types(struct ctl *ctl, uint64_t from, const uint64_t *executions,
    size_t n, const char *const *types, size_t ntypes)
{
	struct follow f = {.ctl = ctl,
	    .executions = executions,
	    .nexecutions = n,
	    .types = types,
	    .ntypes = ntypes,
	    .next = from,
	    .event = print_event,
	    .ctx = ctl};
	enum follow_result result;
	int status = follow_start(&f);

	if (status != 0)
		return status;
	do
		result = follow_wait(&f, -1);
	while (result == FOLLOW_EVENTS);
	follow_end();
	return result == FOLLOW_LOST ? EX_UNAVAILABLE : 0;
}

static int
events(struct ctl *ctl, const struct arguments *a)
{
	const struct given *from = arguments_option(a, "from", NULL);
	const struct given *given = NULL;
	size_t n = targets_count(a), i, ntypes = 0;
	uint64_t *ids;
	const char **types;
	int status;

	if (from != NULL && from->number == 0) {
		warnx("--from: the first event has the number 1; without "
		      "--from it is from now on");
		return EX_USAGE;
	}
	ids = xcalloc(n + 1, sizeof(*ids));
	types = xcalloc(a->noptions + 1, sizeof(*types));
	for (i = 0; i < n; i++)
		ids[i] = targets_id(a, i);
	while ((given = arguments_option(a, "type", given)) != NULL)
		types[ntypes++] = given->text;
	status = follow_types(
	    ctl, from != NULL ? from->number : 0, ids, n, types, ntypes);
	free(ids);
	free(types);
	return status;
}

static const struct option options[] = {
    {0, "from", ARGUMENT_NUMBER, "N",
	"from this sequence number on, not just from now", NULL, false, false},
    {'t', "type", ARGUMENT_TEXT, "TYPE",
	"of these only, such as task.ended or \"execution.*\"", NULL, true,
	false},
    {.name = NULL},
};

const struct verb verb_events = {
    .name = "events",
    .summary = "Show what happens, as it happens",
    .text = "Until Ctrl-C.  A daemon that restarts in between is waited "
	    "for; nothing is missed.\nWhere events that are "
	    "to come have been compacted away, it goes on from the\n"
	    "oldest there is, and says so.",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = events,
};
