/*
 * verb_wait: weirctl wait and watch: until executions have ended.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/events.h"
#include "ctl/field.h"
#include "ctl/follow.h"
#include "ctl/progress.h"
#include "ctl/status.h"
#include "ctl/targets.h"
#include "ctl/time_text.h"
#include "ctl/verbs.h"
#include "daemon/core/alloc.h"

/* The requests in flight: one for each execution that is waited for. */
struct waiting {
	struct ctl *ctl;
	uint64_t *ids; /* 0: answered */
	int64_t *requests;
	size_t n;
	size_t left;
	int64_t deadline; /* ns since the epoch; 0: none */
	int status;
};

static int send_all(struct waiting *);
static void take(struct waiting *, const struct weir_message *);
static void tell(struct waiting *, size_t, struct answer *);
static int receive(struct waiting *);

static int
wait_for(struct ctl *ctl, const struct arguments *a)
{
	const struct given *timeout = arguments_option(a, "timeout", NULL);
	struct waiting w = {.ctl = ctl, .n = targets_count(a)};
	size_t i;
	int status;

	w.left = w.n;
	w.ids = xcalloc(w.n, sizeof(*w.ids));
	w.requests = xcalloc(w.n, sizeof(*w.requests));
	for (i = 0; i < w.n; i++)
		w.ids[i] = targets_id(a, i);
	if (timeout != NULL)
		w.deadline = time_now() + timeout->integer;
	status = ctl_connect(ctl);
	if (status == 0)
		status = send_all(&w);
	while (status == 0 && w.left > 0)
		status = receive(&w);
	free(w.ids);
	free(w.requests);
	return status != 0 ? status : w.status;
}

static int
send_all(struct waiting *w)
{
	struct parameters p;
	msgpack_packer packer;
	int64_t left = w->deadline - time_now();
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (w->ids[i] == 0)
			continue;
		parameters_start(&p);
		parameters_uint(&p, "id", w->ids[i]);
		if (w->deadline != 0)
			parameters_int(&p, "timeout", left > 0 ? left : 0);
		msgpack_packer_init(&packer, &p.whole, msgpack_sbuffer_write);
		msgpack_pack_map(&packer, p.count);
		msgpack_sbuffer_write(&p.whole, p.bytes.data, p.bytes.size);
		w->requests[i] = weir_send(
		    w->ctl->weir, "execution.wait", p.whole.data, p.whole.size);
		parameters_free(&p);
		if (w->requests[i] < 0)
			return follow_reconnect(w->ctl) != 0 ? EX_UNAVAILABLE
							     : send_all(w);
	}
	return 0;
}

/* A daemon that goes away is asked again when it is back. */
static int
receive(struct waiting *w)
{
	struct weir_message message;
	int error = weir_receive(w->ctl->weir, -1, &message), status;

	if (error < 0) {
		status = follow_reconnect(w->ctl);
		return status != 0 ? status : send_all(w);
	}
	if (message.kind == WEIR_RESPONSE)
		take(w, &message);
	return 0;
}

static void
take(struct waiting *w, const struct weir_message *message)
{
	struct answer answer;
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->ids[i] != 0 && w->requests[i] == message->msgid)
			break;
	if (i == w->n)
		return;
	memset(&answer, 0, sizeof(answer));
	msgpack_zone_init(&answer.zone, 1024);
	if (answer_take(&answer, message))
		tell(w, i, &answer);
	answer_free(&answer);
	w->ids[i] = 0;
	w->left--;
}

static void
tell(struct waiting *w, size_t i, struct answer *answer)
{
	char *status;

	if (answer->error != 0) {
		ctl_explain("execution.wait", answer);
		w->status = w->status == 0 && w->n == 1
		    ? ctl_status_of(answer->error)
		    : 1;
		return;
	}
	status = field_text(&answer->object, "status");
	w->ctl->out->look.now = time_now();
	if (status != NULL && !status_is_final(status)) {
		writer_note(w->ctl->out, &answer->object,
		    "%" PRIu64 " is %s still", w->ids[i], status);
		w->status = 1;
	} else if (progress_result(w->ctl, &answer->object) != 0) {
		w->status = 1;
	}
	free(status);
}

static int
watch(struct ctl *ctl, const struct arguments *a)
{
	if (a->noperands == 0)
		return events_follow(ctl, 0, NULL, 0);
	return progress_follow(ctl, a->operands[0].number);
}

static const struct option options[] = {
    {'t', "timeout", ARGUMENT_DURATION, "DURATION", "no longer than this", NULL,
	false, false},
    {.name = NULL},
};

const struct verb verb_wait = {
    .name = "wait",
    .summary = "Wait until executions have ended",
    .text = "The exit status is 0 when all have completed, else 1.",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_SOME, NULL}},
    .run = wait_for,
};

const struct verb verb_watch = {
    .name = "watch",
    .summary = "Show an execution's progress, or everything that happens",
    .text = "Ctrl-C ends the watching, not the execution.",
    .operands = {{"ID", ARGUMENT_EXECUTION, OPERAND_OPTIONAL, NULL}},
    .run = watch,
};
