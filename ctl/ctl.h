/*
 * ctl: what one run of weirctl has at hand, and its talk with the daemon.
 */
#ifndef WEIR_CTL_CTL_H
#define WEIR_CTL_CTL_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/arguments.h"
#include "ctl/writer.h"
#include "libproto/pack.h"
#include "libproto/weir.h"

struct ctl {
	const struct arguments *arguments;
	struct writer *out;
	char socket[256];
	struct weir *weir; /* NULL: not connected yet */
};

/* A result or an error's details, decoded. */
struct answer {
	char *bytes;
	msgpack_zone zone;
	msgpack_object object; /* nil where there was nothing */
	int error;	       /* 0, a code, or a negative WEIR_E */
	char *text;	       /* of an error: the sentence */
};

/* Parameters: one map, written pair by pair. */
struct parameters {
	msgpack_sbuffer bytes;
	msgpack_packer packer;
	size_t count;
	msgpack_sbuffer whole;
};

/*
 * Connects, once.  0, or the exit status, what is wrong and how to start a
 * daemon having been said.
 */
int ctl_connect(struct ctl *);
void ctl_disconnect(struct ctl *);

/*
 * Calls a method and decodes what comes.  0, or the exit status when it failed;
 * the answer is freed by the caller either way.  ctl_call has told the error,
 * ctl_try leaves that to the caller (but for a daemon that can't be reached).
 */
int ctl_call(
    struct ctl *, const char *method, struct parameters *, struct answer *);
int
ctl_try(struct ctl *, const char *method, struct parameters *, struct answer *);
/*
 * Whether a call that came to nothing because the daemon went away may be made
 * once more, on a new connection: it changes nothing.  The answer is freed
 * then.
 */
bool ctl_again(struct ctl *, const char *method, struct answer *);
/* Copies and decodes a message's body; false when it is no MessagePack. */
bool answer_take(struct answer *, const struct weir_message *);
void answer_free(struct answer *);
/* Writes a daemon's error to standard error, with what can be done. */
void ctl_explain(const char *method, const struct answer *);
/* Tells why the daemon ends a connection: the notification "dropped". */
void ctl_tell_dropped(const struct weir_message *);
/* The exit status that an error code, or a negative WEIR_E, comes to. */
int ctl_status_of(int error);

void parameters_start(struct parameters *);
/* Adds a key; its value is written with the packer that comes back. */
msgpack_packer *parameters_key(struct parameters *, const char *);
void parameters_str(struct parameters *, const char *, const char *);
void parameters_uint(struct parameters *, const char *, uint64_t);
void parameters_int(struct parameters *, const char *, int64_t);
void parameters_bool(struct parameters *, const char *, bool);
/* A value that is MessagePack already. */
void parameters_raw(struct parameters *, const char *, const void *, size_t);
void parameters_free(struct parameters *);

#endif
