/*
 * verb_ls: weirctl ls: executions, newest first.
 */
#include <err.h>
#include <inttypes.h>
#include <sysexits.h>

#include "ctl/cell.h"
#include "ctl/ctl.h"
#include "ctl/field.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"

#define PAGE 200   /* executions asked for at once */
#define DEFAULT 50 /* shown unless --limit says otherwise */

static const struct column columns[] = {
    {"ID", "id", cell_text, true, false},
    {"STATUS", "status", cell_status, false, false},
    {"WORKFLOW", "workflow", cell_workflow, false, true},
    {"CREATED", "created_at", cell_when, false, false},
    {"TOOK", "started_at", cell_elapsed, true, false},
    {"HELD", "held", cell_holder, false, true},
    {"REASON", "reason", cell_text, false, true},
    {"CORRELATION", "correlation_id", cell_text, false, true},
    {"LABELS", "labels", cell_labels, false, true},
};

/* Writes one page, the first with the titles; what is left of the limit, and
 * where the next begins. */
static int
page(struct ctl *ctl, const struct arguments *a, uint64_t *after,
    uint64_t *left, bool *begun)
{
	struct parameters p;
	struct answer answer;
	uint32_t i, n;
	int status;

	parameters_start(&p);
	targets_filter(&p, a);
	parameters_uint(&p, "limit", *left < PAGE ? *left : PAGE);
	if (*after != 0)
		parameters_uint(&p, "after", *after);
	status = ctl_call(ctl, "execution.list", &p, &answer);
	n = status == 0 ? field_count(&answer.object, "executions") : 0;
	if (status == 0 && !*begun) {
		writer_list_begin(
		    ctl->out, columns, sizeof(columns) / sizeof(columns[0]));
		*begun = true;
	}
	for (i = 0; i < n; i++)
		writer_row(
		    ctl->out, field_entry(&answer.object, "executions", i));
	*after = status == 0 ? field_uint(&answer.object, "next") : 0;
	*left -= n < *left ? n : *left;
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static int
list(struct ctl *ctl, const struct arguments *a)
{
	const struct given *limit = arguments_option(a, "limit", NULL);
	const struct given *from = arguments_option(a, "after", NULL);
	uint64_t left = arguments_has(a, "all") ? UINT64_MAX : DEFAULT;
	uint64_t after = from != NULL ? from->number : 0;
	bool begun = false;
	int status;

	if (limit != NULL && limit->number == 0) {
		warnx("--limit: expected a number from 1 on, or --all");
		return EX_USAGE;
	}
	if ((status = ctl_connect(ctl)) != 0)
		return status;
	if (limit != NULL)
		left = limit->number;
	ctl->out->look.exact = arguments_has(a, "long");
	do
		status = page(ctl, a, &after, &left, &begun);
	while (status == 0 && after != 0 && left > 0);
	if (begun)
		writer_list_end(ctl->out);
	if (status == 0 && after != 0 && !writer_is_json(ctl->out))
		writer_note(ctl->out, NULL,
		    "there are more: --after %" PRIu64 " goes on, --all shows "
		    "all",
		    after);
	return status;
}

static const struct option options[] = {
    {'l', "long", ARGUMENT_NONE, NULL, "show times exactly", NULL, false,
	false},
    {'n', "limit", ARGUMENT_NUMBER, "N", "at most so many; 50", NULL, false,
	false},
    {0, "after", ARGUMENT_NUMBER, "N", "go on where an earlier list ended",
	NULL, false, false},
    {.name = NULL},
};

const struct verb verb_ls = {
    .name = "ls",
    .alias = "list",
    .summary = "List executions, newest first",
    .options = {options, selector_options, all_option},
    .run = list,
};
