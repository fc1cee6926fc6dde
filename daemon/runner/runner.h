/*
 * runner: the process between the daemon and the commands.  One thread, one
 * loop, one daemon at a time.
 */
#ifndef WEIR_RUNNER_RUNNER_H
#define WEIR_RUNNER_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <sys/types.h>

#include "daemon/runner/harden.h"
#include "daemon/runner/wire.h"

/* A command, from its start until its ending is acknowledged. */
struct entry {
	RB_ENTRY(entry) by_key;
	RB_ENTRY(entry) by_pid; /* while it runs */
	enum wire_type told;	/* STARTED until all is over, ENDED, FAILED */
	struct wire_report report;
	/* Its process has ended, and what it left is being killed. */
	LIST_ENTRY(entry) ending;
	bool is_ending;
	pid_t *left; /* as last seen; ends with 0 */
};

LIST_HEAD(entries_ending, entry);

RB_HEAD(entries_by_key, entry);
RB_HEAD(entries_by_pid, entry);
RB_PROTOTYPE(entries_by_key, entry, by_key, )
RB_PROTOTYPE(entries_by_pid, entry, by_pid, )

struct runner {
	uint64_t id;
	const char *path;	     /* of its socket */
	struct harden_limits limits; /* of commands */
	int listener;
	int client;	  /* -1: no daemon */
	int signal_pipe;  /* readable after SIGCHLD */
	bool leaving;	  /* ends when there is nothing more to tell */
	unsigned running; /* those that are ending among them */
	struct entries_by_key entries;
	struct entries_by_pid commands;
	struct entries_ending ending;
	struct wire_buffer in, out;
};

/* entry.c: what runs, and what became of it */
struct entry *entry_find(struct runner *, const struct wire_key *);
struct entry *entry_of_pid(struct runner *, pid_t);
void entry_start(struct runner *, const struct wire_start *);
void entry_acknowledged(struct runner *, struct entry *);
void entries_reap(struct runner *);

/* command.c: fills in pid, or error, stage and detail; false: it never ran */
bool command_start(const struct wire_start *, const struct harden_limits *,
    struct wire_report *);

/* orphan.c: what commands leave behind */
/* Kills those that belong to no command that is there. */
void orphans_kill(struct runner *);
/*
 * Kills what a command that ended has left.  False while any of it lives that
 * may be killed; what may not be is counted in the report, and not waited for.
 */
bool orphans_gone(struct runner *, struct entry *);

/* client.c: the daemon */
void client_accept(struct runner *);
void client_read(struct runner *);
void client_write(struct runner *);

#endif
