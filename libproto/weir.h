/*
 * weir.h: talk to weird(8).  weir(3) and weir-protocol(7) have more.
 *
 * Parameters and results are MessagePack bytes, made and read with whatever
 * library the caller likes; parameters are one map, or nothing (NULL, 0).
 * A connection belongs to one thread at a time.  No function ends the process,
 * prints anything, or lets SIGPIPE happen; signals end no waiting.
 */
#ifndef WEIR_H
#define WEIR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir;

/* What a call failed with.  Positive: a code of weir-protocol(7). */
#define WEIR_OK 0
#define WEIR_ESYSTEM (-1)   /* errno has it; EINVAL: no method, or no map */
#define WEIR_ECLOSED (-2)   /* the daemon closed the connection */
#define WEIR_EPROTOCOL (-3) /* what came is not the protocol */
#define WEIR_ETIMEOUT (-4)

enum weir_kind { WEIR_RESPONSE, WEIR_NOTIFICATION };

/*
 * One message from the daemon.  The pointers are good until the next call on
 * the same connection.
 */
struct weir_message {
	enum weir_kind kind;
	uint32_t msgid;	    /* of a response: what weir_send gave */
	int error;	    /* of a response: 0, or a code */
	const char *name;   /* of an error: "state_conflict" */
	const char *text;   /* of an error: one sentence for a person */
	const char *method; /* of a notification: "event" */
	const void *body;   /* result, error details, or parameters */
	size_t size;	    /* bytes of it; 0: nothing */
};

/*
 * The socket to use: the path given (NULL and "": none), else $WEIR_SOCKET,
 * else that of the user's own daemon where it exists ($XDG_RUNTIME_DIR or
 * /tmp/weir-UID; root's is the system's), else the system's.  0 when it does
 * not fit into the buffer.
 */
int weir_socket_path(const char *given, char *buffer, size_t size);

/*
 * Takes what weir_socket_path takes.  NULL with errno: ENOENT or ECONNREFUSED
 * when no daemon listens there, ETIMEDOUT when one does but has not taken the
 * connections of others for 5 seconds.
 */
struct weir *weir_open(const char *socket);
void weir_close(struct weir *);

/*
 * Sends a request and waits for its answer; notifications that come meanwhile
 * are kept for weir_receive.  Returns message->error, or a negative WEIR_E.
 * The timeout is in milliseconds; -1 waits for ever.
 */
int weir_call(struct weir *, const char *method, const void *params,
    size_t size, int timeout, struct weir_message *message);

/* Pipelining: queues a request and gives its id, or a negative WEIR_E. */
int64_t
weir_send(struct weir *, const char *method, const void *params, size_t size);
/* The next message, of any kind; writes out what is queued as it waits. */
int weir_receive(struct weir *, int timeout, struct weir_message *);

/*
 * For event loops: the descriptor, and whether it is waited for to write too.
 * With a timeout of 0 weir_receive never blocks and gives WEIR_ETIMEOUT where
 * there is no whole message yet.
 */
int weir_descriptor(const struct weir *);
int weir_wants_write(const struct weir *);

/*
 * What it means, in words, for WEIR_E (WEIR_ESYSTEM: strerror(errno)) and for
 * codes of the daemon, whose message->text says more.
 */
const char *weir_strerror(int);

#ifdef __cplusplus
}
#endif

#endif
