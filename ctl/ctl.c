/*
 * ctl: the talk with the daemon: connecting, calls, and what an error means for
 * whoever typed the command.
 */
#include "ctl/ctl.h"

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/field.h"
#include "ctl/visible.h"
#include "daemon/core/alloc.h"
#include "libproto/catalogue.h"
#include "libproto/errors.h"
#include "libproto/unpack.h"

static int
call(struct ctl *, const char *, struct parameters *, struct weir_message *);
static void hear_out(struct ctl *, struct answer *);
static char *refused_whole(const struct answer *);
static bool take_dropped(struct answer *, const struct weir_message *);
static void explain_actions(const msgpack_object *);
static void no_daemon(const char *, int);
static bool is_read(const char *method);

int
ctl_connect(struct ctl *ctl)
{
	if (ctl->weir != NULL)
		return 0;
	if (ctl->arguments->socket != NULL && *ctl->arguments->socket == '\0') {
		warnx("--socket: expected a path, not \"\"");
		return EX_USAGE;
	}
	if (!weir_socket_path(
		ctl->arguments->socket, ctl->socket, sizeof(ctl->socket))) {
		warnx("the socket's path is too long");
		return EX_USAGE;
	}
	ctl->weir = weir_open(ctl->socket);
	if (ctl->weir != NULL)
		return 0;
	no_daemon(ctl->socket, errno);
	return errno == EACCES || errno == EPERM ? EX_NOPERM : EX_UNAVAILABLE;
}

static void
no_daemon(const char *socket, int error)
{
	int saved = errno;

	if (error == EACCES || error == EPERM)
		warnx("you may not use the daemon's socket, %s", socket);
	else if (error != ENOENT && error != ECONNREFUSED)
		warnx("%s: %s", socket, strerror(error));
	else if (geteuid() == 0)
		warnx("no daemon listens on %s; start it with \"systemctl "
		      "start weird\" or \"service weird start\"",
		    socket);
	else
		warnx("no daemon listens on %s; \"weird\" starts one of your "
		      "own, \"systemctl start weird\" or \"service weird "
		      "start\" the system's",
		    socket);
	errno = saved;
}

void
ctl_disconnect(struct ctl *ctl)
{
	if (ctl->weir != NULL)
		weir_close(ctl->weir);
	ctl->weir = NULL;
}

int
ctl_try(struct ctl *ctl, const char *method, struct parameters *parameters,
    struct answer *answer)
{
	struct weir_message message;
	int status;

	memset(answer, 0, sizeof(*answer));
	msgpack_zone_init(&answer->zone, 2048);
	if ((status = ctl_connect(ctl)) != 0) {
		answer->error = WEIR_ECLOSED;
		return status;
	}
	answer->error = call(ctl, method, parameters, &message);
	if (answer->error < 0)
		answer->text = xstrdup(weir_strerror(answer->error));
	else if (!answer_take(answer, &message))
		answer->error = WEIR_EPROTOCOL;
	if (answer->error == WEIR_ECLOSED)
		hear_out(ctl, answer);
	return answer->error == 0 ? 0 : ctl_status_of(answer->error);
}

static int
call(struct ctl *ctl, const char *method, struct parameters *parameters,
    struct weir_message *message)
{
	msgpack_packer packer;

	if (parameters == NULL)
		return weir_call(ctl->weir, method, NULL, 0, -1, message);
	msgpack_sbuffer_clear(&parameters->whole);
	msgpack_packer_init(&packer, &parameters->whole, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, parameters->count);
	msgpack_sbuffer_write(
	    &parameters->whole, parameters->bytes.data, parameters->bytes.size);
	return weir_call(ctl->weir, method, parameters->whole.data,
	    parameters->whole.size, -1, message);
}

/*
 * What the daemon said before it closed the connection.  What it found too
 * large it has not taken in: that is as good as an answer.
 */
static void
hear_out(struct ctl *ctl, struct answer *answer)
{
	struct weir_message message;
	struct answer last;

	while (weir_receive(ctl->weir, 0, &message) >= 0) {
		if (take_dropped(&last, &message) &&
		    field_uint(&last.object, "code") == ERROR_TOO_LARGE) {
			free(answer->text);
			answer->error = ERROR_TOO_LARGE;
			answer->text = refused_whole(&last);
		} else {
			ctl_tell_dropped(&message);
		}
		answer_free(&last);
	}
}

static char *
refused_whole(const struct answer *dropped)
{
	char *why = field_text(&dropped->object, "message");
	char *shown = visible_copy(why);
	char *text = xasprintf("%s; nothing was done", shown);

	free(shown);
	free(why);
	return text;
}

/* The answer is freed by the caller, whatever comes. */
static bool
take_dropped(struct answer *dropped, const struct weir_message *message)
{
	memset(dropped, 0, sizeof(*dropped));
	msgpack_zone_init(&dropped->zone, 512);
	return message->kind == WEIR_NOTIFICATION &&
	    strcmp(message->method, "dropped") == 0 &&
	    answer_take(dropped, message) &&
	    field(&dropped->object, "message") != NULL;
}

int
ctl_call(struct ctl *ctl, const char *method, struct parameters *parameters,
    struct answer *answer)
{
	int status = ctl_try(ctl, method, parameters, answer);

	if (ctl_again(ctl, method, answer))
		status = ctl_try(ctl, method, parameters, answer);
	if (status != 0 && ctl->weir != NULL)
		ctl_explain(method, answer);
	return status;
}

bool
ctl_again(struct ctl *ctl, const char *method, struct answer *answer)
{
	if (answer->error != WEIR_ECLOSED || ctl->weir == NULL ||
	    !is_read(method))
		return false;
	answer_free(answer);
	ctl_disconnect(ctl);
	return true;
}

/* What changes nothing needs a role that may only look, or none. */
static bool
is_read(const char *name)
{
	enum method_id id;
	char why[256];

	return catalogue_find(name, strlen(name), &id, why, sizeof(why)) &&
	    catalogue_method(id)->role <= METHOD_FOR_VIEWER;
}

bool
answer_take(struct answer *answer, const struct weir_message *message)
{
	answer->error = message->error;
	if (message->error != 0)
		answer->text = visible_copy(
		    message->text != NULL ? message->text : "unknown error");
	if (message->size == 0)
		return true;
	answer->bytes = xmalloc(message->size);
	memcpy(answer->bytes, message->body, message->size);
	return unpack_value(
	    answer->bytes, message->size, &answer->zone, &answer->object);
}

void
answer_free(struct answer *answer)
{
	free(answer->bytes);
	free(answer->text);
	msgpack_zone_destroy(&answer->zone);
}

void
ctl_explain(const char *method, const struct answer *answer)
{
	if (answer->error == WEIR_ECLOSED && is_read(method))
		warnx("%s: the daemon went away before it answered; nothing "
		      "was changed by this",
		    method);
	else if (answer->error == WEIR_ECLOSED)
		warnx("%s: the daemon closed the connection before it "
		      "answered; whether it was done, \"weirctl ls\" shows",
		    method);
	else if (answer->error < 0)
		warnx("%s: %s", method, answer->text);
	else
		warnx("%s", answer->text);
	if (answer->error == ERROR_STATE_CONFLICT)
		explain_actions(&answer->object);
	if (answer->error == ERROR_NOT_FOUND &&
	    field(&answer->object, "oldest") != NULL)
		fprintf(stderr,
		    "\"weirctl events --from %ju\" shows what "
		    "there is\n",
		    (uintmax_t)field_uint(&answer->object, "oldest"));
}

void
ctl_tell_dropped(const struct weir_message *message)
{
	struct answer body;

	if (take_dropped(&body, message)) {
		fprintf(stderr, "weirctl: ");
		field_print_text(stderr, field(&body.object, "message"));
		fputc('\n', stderr);
	}
	answer_free(&body);
}

/* details.allowed: what the status allows. */
static void
explain_actions(const msgpack_object *details)
{
	const msgpack_object *actions = field(details, "allowed");
	uint32_t i;

	if (actions == NULL || actions->type != MSGPACK_OBJECT_ARRAY ||
	    actions->via.array.size == 0)
		return;
	fprintf(stderr, "allowed now:");
	for (i = 0; i < actions->via.array.size; i++) {
		fputs(i > 0 ? ", " : " ", stderr);
		field_print_text(stderr, &actions->via.array.ptr[i]);
	}
	fputc('\n', stderr);
}

int
ctl_status_of(int error)
{
	static const struct {
		int error;
		int status;
	} statuses[] = {
	    {WEIR_ESYSTEM, EX_OSERR},
	    {WEIR_ECLOSED, EX_UNAVAILABLE},
	    {WEIR_EPROTOCOL, EX_PROTOCOL},
	    {WEIR_ETIMEOUT, EX_TEMPFAIL},
	    {ERROR_BAD_REQUEST, EX_USAGE},
	    {ERROR_UNAUTHORIZED, EX_NOPERM},
	    {ERROR_FORBIDDEN, EX_NOPERM},
	    {ERROR_STATE_CONFLICT, EX_TEMPFAIL},
	    {ERROR_TOO_LARGE, EX_DATAERR},
	    {ERROR_INVALID_DEFINITION, EX_DATAERR},
	    {ERROR_ENGINE_PAUSED, EX_TEMPFAIL},
	    {ERROR_LIMIT, EX_TEMPFAIL},
	    {ERROR_INTERNAL, EX_SOFTWARE},
	    {ERROR_UNAVAILABLE, EX_TEMPFAIL},
	};
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].error == error)
			return statuses[i].status;
	return 1;
}

void
parameters_start(struct parameters *p)
{
	memset(p, 0, sizeof(*p));
	msgpack_sbuffer_init(&p->bytes);
	msgpack_sbuffer_init(&p->whole);
	msgpack_packer_init(&p->packer, &p->bytes, msgpack_sbuffer_write);
}

msgpack_packer *
parameters_key(struct parameters *p, const char *key)
{
	p->count++;
	pack_str(&p->packer, key);
	return &p->packer;
}

void
parameters_str(struct parameters *p, const char *key, const char *value)
{
	if (value != NULL)
		pack_str(parameters_key(p, key), value);
}

void
parameters_uint(struct parameters *p, const char *key, uint64_t value)
{
	msgpack_pack_uint64(parameters_key(p, key), value);
}

void
parameters_int(struct parameters *p, const char *key, int64_t value)
{
	msgpack_pack_int64(parameters_key(p, key), value);
}

void
parameters_bool(struct parameters *p, const char *key, bool value)
{
	pack_bool(parameters_key(p, key), value);
}

void
parameters_raw(
    struct parameters *p, const char *key, const void *value, size_t size)
{
	parameters_key(p, key);
	msgpack_sbuffer_write(&p->bytes, value, size);
}

void
parameters_free(struct parameters *p)
{
	msgpack_sbuffer_destroy(&p->bytes);
	msgpack_sbuffer_destroy(&p->whole);
}
