/*
 * why_can: what can be done: each command that the daemon would refuse now is
 * left out, or what would have to be done first is there in its place.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/field.h"
#include "ctl/why.h"
#include "libproto/errors.h"

static void
ask(struct parameters *, uint64_t id, const char *flag, const char *task);
static bool would_not(struct why *, int code, const msgpack_object *details);
static void lift(struct why *, const msgpack_object *details);

void
why_command(struct why *why, const char *what, const char *format, ...)
{
	struct parameters map;
	va_list ap;
	char *command;
	int n;

	va_start(ap, format);
	n = vasprintf(&command, format, ap);
	va_end(ap);
	if (n == -1)
		abort();
	parameters_start(&map);
	parameters_str(&map, "command", command);
	/* Many wait for the same. */
	if (why->commands.count == 0 ||
	    memmem(why->commands.bytes.data, why->commands.bytes.size,
		map.bytes.data, map.bytes.size) == NULL) {
		parameters_str(&map, "what", what);
		why_append(&why->commands, &map);
	} else
		parameters_free(&map);
	free(command);
}

/* A plan says it, and changes nothing. */
bool
why_would(struct why *why, const char *method, uint64_t id, const char *flag,
    const char *task)
{
	struct parameters p;
	struct answer answer;
	const msgpack_object *error;
	int code;
	bool would;

	parameters_start(&p);
	ask(&p, id, flag, task);
	(void)ctl_try(why->ctl, method, &p, &answer);
	code = answer.error;
	would = !would_not(why, code, &answer.object);
	if (code == 0 && field_count(&answer.object, "failed") > 0) {
		error =
		    field(field_entry(&answer.object, "failed", 0), "error");
		would = !would_not(why, (int)field_uint(error, "code"),
		    field(error, "details"));
	}
	answer_free(&answer);
	parameters_free(&p);
	return would;
}

static void
ask(struct parameters *p, uint64_t id, const char *flag, const char *task)
{
	parameters_bool(p, "plan", true);
	msgpack_pack_array(parameters_key(p, "ids"), 1);
	msgpack_pack_uint64(&p->packer, id);
	if (flag != NULL)
		parameters_bool(p, flag, true);
	if (task != NULL) {
		msgpack_pack_array(parameters_key(p, "tasks"), 1);
		pack_str(&p->packer, task);
	}
}

/* Not for who asks, it may well be for somebody else. */
static bool
would_not(struct why *why, int code, const msgpack_object *details)
{
	if (code == ERROR_ENGINE_PAUSED)
		lift(why, details);
	return code == ERROR_ENGINE_PAUSED || code == ERROR_STATE_CONFLICT ||
	    code == ERROR_NOT_FOUND || code == ERROR_UNAVAILABLE;
}

static void
lift(struct why *why, const msgpack_object *details)
{
	char *workflow;

	if (field_is(details, "lifted_by", "engine.resume"))
		why_engine(why, "lets things start again");
	if (!field_is(details, "lifted_by", "definition.enable"))
		return;
	workflow = field_text(details, "workflow");
	why_command(why, "lets it start", "weirctl enable %s", workflow);
	free(workflow);
}

void
why_engine(struct why *why, const char *what)
{
	struct answer answer;

	if (ctl_try(why->ctl, "engine.status", NULL, &answer) == 0 &&
	    !field_is(&answer.object, "status", "RUNNING"))
		why_command(why, what, "weirctl engine resume%s",
		    field_is(&answer.object, "status", "PAUSING") ? " --early"
								  : "");
	answer_free(&answer);
}
