/*
 * targets: which executions a verb is for: ids, ranges, or selectors.
 */
#include "ctl/targets.h"

#include <err.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/status.h"

static size_t count_selectors(const struct arguments *);
static size_t option_count(const struct arguments *, const char *);
static void
pack_filter(struct parameters *, const struct arguments *, const char *const *);
static void pack_statuses(
    struct parameters *, const struct arguments *, const char *const *);

const struct option selector_options[] = {
    {0, "status", ARGUMENT_WORD, "STATUS", "in this status, or one of these",
	execution_statuses, true, false},
    {'w', "workflow", ARGUMENT_WORKFLOW, "NAME", "of this workflow", NULL,
	false, false},
    {0, "label", ARGUMENT_PAIR, "KEY=VALUE", "with this label", NULL, true,
	false},
    {0, "correlation-id", ARGUMENT_TEXT, "ID", "with this correlation id", NULL,
	false, false},
    {0, "parent", ARGUMENT_EXECUTION, "ID", "started by this execution", NULL,
	false, false},
    {0, "owner", ARGUMENT_NUMBER, "UID", "started by this user", NULL, false,
	false},
    {0, "since", ARGUMENT_TIME, "TIME",
	"created then or later: 2027-01-01T00:00:00Z, or 2h for so long ago",
	NULL, false, false},
    {0, "until", ARGUMENT_TIME, "TIME", "created before then", NULL, false,
	false},
    {.name = NULL},
};

const struct option all_option[] = {
    {0, "all", ARGUMENT_NONE, NULL, "every execution", NULL, false, false},
    {.name = NULL},
};

static size_t
option_count(const struct arguments *a, const char *name)
{
	const struct given *given = NULL;
	size_t n = 0;

	while ((given = arguments_option(a, name, given)) != NULL)
		n++;
	return n;
}

/* Pairs of the filter map: those that repeat make one. */
static size_t
count_selectors(const struct arguments *a)
{
	const struct option *o;
	size_t n = 0;

	for (o = selector_options; o->name != NULL; o++)
		if (arguments_has(a, o->name))
			n++;
	return n;
}

static void
pack_statuses(struct parameters *p, const struct arguments *a,
    const char *const *statuses)
{
	const struct given *given = NULL;
	size_t n = 0, i;

	if (!arguments_has(a, "status") && statuses == NULL)
		return;
	pack_str(&p->packer, "status");
	if (!arguments_has(a, "status")) {
		while (statuses[n] != NULL)
			n++;
		msgpack_pack_array(&p->packer, n);
		for (i = 0; i < n; i++)
			pack_str(&p->packer, statuses[i]);
		return;
	}
	msgpack_pack_array(&p->packer, option_count(a, "status"));
	while ((given = arguments_option(a, "status", given)) != NULL)
		pack_str(&p->packer, given->text);
}

void
targets_pack_labels(
    msgpack_packer *packer, const struct arguments *a, const char *option)
{
	const struct given *given = NULL;

	msgpack_pack_map(packer, option_count(a, option));
	while ((given = arguments_option(a, option, given)) != NULL) {
		pack_strn(packer, given->text, given->length);
		pack_str(packer, given->text + given->length + 1);
	}
}

void
targets_filter(struct parameters *p, const struct arguments *a)
{
	pack_filter(p, a, NULL);
}

static void
pack_filter(struct parameters *p, const struct arguments *a,
    const char *const *statuses)
{
	bool added = statuses != NULL && !arguments_has(a, "status");
	static const struct {
		const char *option, *key;
	} numbers[] = {{"parent", "parent"}, {"owner", "owner"}},
	  times[] = {{"since", "since"}, {"until", "until"}},
	  texts[] = {
	      {"workflow", "workflow"}, {"correlation-id", "correlation_id"}};
	const struct given *given;
	size_t i;

	msgpack_pack_map(
	    parameters_key(p, "filter"), count_selectors(a) + added);
	pack_statuses(p, a, statuses);
	if (arguments_has(a, "label")) {
		pack_str(&p->packer, "label");
		targets_pack_labels(&p->packer, a, "label");
	}
	for (i = 0; i < 2; i++)
		if ((given = arguments_option(a, texts[i].option, NULL)) !=
		    NULL)
			pack_key_str(&p->packer, texts[i].key, given->text);
	for (i = 0; i < 2; i++)
		if ((given = arguments_option(a, numbers[i].option, NULL)) !=
		    NULL)
			pack_key_uint(
			    &p->packer, numbers[i].key, given->number);
	for (i = 0; i < 2; i++)
		if ((given = arguments_option(a, times[i].option, NULL)) !=
		    NULL)
			pack_key_int(&p->packer, times[i].key, given->integer);
}

size_t
targets_count(const struct arguments *a)
{
	size_t i, n = 0;

	for (i = 0; i < a->noperands; i++)
		n += a->operands[i].last - a->operands[i].number + 1;
	return n;
}

uint64_t
targets_id(const struct arguments *a, size_t n)
{
	size_t i, span;

	for (i = 0; i + 1 < a->noperands; i++) {
		span = a->operands[i].last - a->operands[i].number + 1;
		if (n < span)
			break;
		n -= span;
	}
	return a->operands[i].number + n;
}

int
targets_pack(struct parameters *p, const struct arguments *a,
    const char *const *statuses)
{
	bool all = arguments_has(a, "all");
	bool selected = count_selectors(a) > 0;
	size_t n = targets_count(a), i;

	if (a->verb->options[2] == all_option)
		selected = selected || all;
	else if (all && n == 0 && !selected) {
		msgpack_pack_map(parameters_key(p, "filter"), 1);
		pack_key_str(&p->packer, "status", "paused");
		return 0;
	}

	if (n > 0 && selected) {
		warnx("%s: give either ids or selectors, not both",
		    a->verb->name);
		return EX_USAGE;
	}
	if (n == 0 && !selected) {
		warnx("%s: which executions? give ids, ranges such as 12-20, "
		      "or selectors such as --workflow NAME, or --all",
		    a->verb->name);
		return EX_USAGE;
	}
	if (n > EXECUTIONS_MAX) {
		warnx("%s: %zu executions; %d is the most at once",
		    a->verb->name, n, EXECUTIONS_MAX);
		return EX_USAGE;
	}
	if (selected) {
		pack_filter(p, a, statuses);
		return 0;
	}
	msgpack_pack_array(parameters_key(p, "ids"), n);
	for (i = 0; i < n; i++)
		msgpack_pack_uint64(&p->packer, targets_id(a, i));
	return 0;
}
