/*
 * wire: what weird(8) and weir-runner(8) say to each other.
 *
 * A message is a header of eight bytes (length of the body, version of the
 * sender, type) and a body of little-endian integers and strings.  A string is
 * its length and its bytes, the NUL that ends it among them.
 *
 * To change the protocol: add fields at the end of a body and types at the end
 * of the list, raise WIRE_VERSION, and never change or remove anything.  A
 * reader ignores what stands behind the fields it knows, and types that it does
 * not know, so a newer daemon can adopt what an older runner runs.
 */
#ifndef WEIR_RUNNER_WIRE_H
#define WEIR_RUNNER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef WIRE_VERSION /* a later one, for the tests of an upgrade */
#define WIRE_VERSION 2
#endif
#define WIRE_HEADER 8
#define WIRE_BODY_MAX (4U << 20) /* bytes */
#define WIRE_KEPT UINT32_MAX	 /* of uid and gid: as the runner's own */
#define WIRE_LIMITS_MAX 32	 /* rlimits of one command */

enum wire_type {
	/* from the daemon */
	WIRE_HELLO = 1, /* id */
	WIRE_START,	/* struct wire_start */
	WIRE_SIGNAL,	/* key, number */
	WIRE_LIST,	/* nothing: a report of each key, then LISTED */
	WIRE_ACK,	/* key: its ending is durable */
	WIRE_LEAVE,	/* nothing: end once there is nothing more to tell */
	/* from the runner; a struct wire_report, but for WELCOME and LISTED */
	WIRE_WELCOME, /* id */
	WIRE_STARTED,
	WIRE_ENDED,
	WIRE_FAILED,  /* it never ran */
	WIRE_UNKNOWN, /* never ran here, and never will unless asked again */
	WIRE_LISTED,  /* id */
};

/* Where a start failed; the number goes over the wire. */
#define WIRE_STAGES(STAGE) \
	STAGE(MEMORY, 0)   \
	STAGE(STDIN, 1)    \
	STAGE(STDOUT, 2)   \
	STAGE(STDERR, 3)   \
	STAGE(PROCESS, 4)  \
	STAGE(SESSION, 5)  \
	STAGE(LIMIT, 6)    \
	STAGE(NICE, 7)     \
	STAGE(GROUPS, 8)   \
	STAGE(GID, 9)      \
	STAGE(UID, 10)     \
	STAGE(CHDIR, 11)   \
	STAGE(EXEC, 12)    \
	STAGE(PRIVILEGES, 13)

enum wire_stage {
#define STAGE(name, number) WIRE_STAGE_##name = (number),
	WIRE_STAGES(STAGE)
#undef STAGE
};

/* The attempt, as struct callout_key. */
struct wire_key {
	uint64_t execution;
	uint32_t run;
	uint32_t item;
	uint32_t attempt;
};

struct wire_limit {
	uint32_t resource; /* RLIMIT_ number of this system */
	uint64_t value;	   /* UINT64_MAX: unlimited */
};

/* A command.  The strings of one that was read point into the buffer. */
struct wire_start {
	struct wire_key key;
	uint32_t uid, gid; /* WIRE_KEPT: unchanged, and the groups too */
	uint32_t *groups;
	uint32_t ngroups;
	struct wire_limit limits[WIRE_LIMITS_MAX];
	uint32_t nlimits;
	bool has_nice;
	bool no_new_privileges; /* no program gives it more, setuid ones too */
	int32_t nice;
	const char *cwd;
	const char *in, *out, *err; /* files; in may be "" for /dev/null */
	char **argv;		    /* ends with NULL, as env */
	char **env;
};

/* What became of a command. */
struct wire_report {
	struct wire_key key;
	int32_t pid;
	int32_t status;	    /* as wait(2) gives it */
	int64_t started_at; /* ns since the epoch */
	int64_t ended_at;
	int64_t cpu;	 /* ns, user and system */
	int64_t max_rss; /* bytes */
	uint32_t left;	 /* processes left behind, killed with it */
	int32_t error;	 /* FAILED: errno */
	uint32_t stage;	 /* FAILED: enum wire_stage */
	uint32_t detail; /* FAILED at LIMIT: the resource */
	/* since version 2 */
	uint32_t spared; /* ENDED: processes left that may not be killed */
};

/* Bytes on their way; [start, end) are there.  Zeroed, it is empty. */
struct wire_buffer {
	unsigned char *bytes;
	size_t start, end, room;
	bool failed; /* out of memory; what was written is not whole */
};

/* One message in a buffer, good until the buffer changes. */
struct wire_message {
	uint16_t version;
	uint16_t type;
	const unsigned char *at, *end; /* what is left of the body */
	bool bad;		       /* read past the end, or nonsense */
};

void wire_buffer_free(struct wire_buffer *);
/* Room for n bytes at the end; false when there is no memory. */
bool wire_reserve(struct wire_buffer *, size_t n);
void wire_consume(struct wire_buffer *, size_t);

void wire_put(struct wire_buffer *, enum wire_type);
void wire_put_id(struct wire_buffer *, enum wire_type, uint64_t);
void
wire_put_key(struct wire_buffer *, enum wire_type, const struct wire_key *);
void wire_put_signal(struct wire_buffer *, const struct wire_key *, int);
void wire_put_report(
    struct wire_buffer *, enum wire_type, const struct wire_report *);
/* False, with nothing written, when it is more than a message may hold. */
bool wire_put_start(struct wire_buffer *, const struct wire_start *);

/*
 * Takes the next message from the buffer: 1, 0 when more bytes must come, -1
 * when what is there can't be a message.
 */
int wire_next(struct wire_buffer *, struct wire_message *);
/* All false when the body is not what it should be. */
bool wire_get_id(struct wire_message *, uint64_t *);
bool wire_get_key(struct wire_message *, struct wire_key *);
bool wire_get_signal(struct wire_message *, struct wire_key *, int *);
bool wire_get_report(struct wire_message *, struct wire_report *);
/* To be given to wire_start_free either way. */
bool wire_get_start(struct wire_message *, struct wire_start *);
void wire_start_free(struct wire_start *);

int wire_key_compare(const struct wire_key *, const struct wire_key *);

/*
 * The mark that every command has in its environment and passes on to what it
 * starts: "WEIR_CALLOUT=9f3c...-12-0-3-1", its runner's id and its key.
 */
struct wire_mark {
	uint64_t runner;
	struct wire_key key;
};

#define WIRE_MARK "WEIR_CALLOUT"
#define WIRE_MARK_SIZE 80
/* The value of the variable. */
void wire_mark_print(const struct wire_mark *, char[WIRE_MARK_SIZE]);
/* Reads "WEIR_CALLOUT=..."; false for anything else. */
bool wire_mark_parse(const char *, struct wire_mark *);

#endif
