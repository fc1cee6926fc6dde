/*
 * processes: what runs on this machine, so that the descendants of a process
 * can be told, by pid and command.
 */
#ifndef WEIR_PROCESSES_H
#define WEIR_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	pid_t parent;
	pid_t session;
	uid_t uid;
	bool sleeps;	/* and nothing, SIGKILL included, wakes it */
	const void *of; /* whoever chose it; NULL: nobody */
};

/* As it was at one moment, without those that are dead and not reaped. */
struct processes {
	struct process *list;
	size_t count;
};

/* Empty where the system does not tell. */
void processes_look(struct processes *);
void processes_free(struct processes *);

/*
 * Gives to somebody, who is not NULL, what nobody has yet of a process, its
 * session and all their descendants.  The process itself need not be there.
 */
void processes_choose(struct processes *, pid_t leader, const void *of);
/* The same for one process and its descendants. */
void processes_choose_one(struct processes *, struct process *, const void *of);

/*
 * Its program and arguments, with blanks between them, or its name in brackets
 * where these are not known; what can't be printed is a question mark.  The
 * caller frees.
 */
char *process_command(pid_t);

#endif
