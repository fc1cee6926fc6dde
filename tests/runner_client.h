/*
 * runner_client: a weir-runner of the test's own, and what a daemon says to it.
 */
#ifndef WEIR_TESTS_RUNNER_CLIENT_H
#define WEIR_TESTS_RUNNER_CLIENT_H

#include <sys/types.h>

#include "daemon/runner/wire.h"

#define ID 0x1234567890abcdefULL
#define ID_TEXT "1234567890abcdef"

struct runner {
	pid_t pid;
	int fd; /* the connection */
	struct wire_buffer in;
	char dir[256]; /* the test's own */
	char path[300];
};

/* What a test does to the process before the runner is executed in it. */
typedef void before_exec(void);

/* WEIR_RUNNER names the executable; its socket is r.sock, here. */
void begin(struct runner *, before_exec *);
void end(struct runner *);

int dial(void);		     /* one more connection */
void greet(struct runner *); /* a new connection, with what comes first */
void hang_up(struct runner *);

/* The next message; 0 when the connection has ended. */
int receive(struct runner *, struct wire_message *);
struct wire_report receive_report(struct runner *, int type);

/* A shell command, its output in out.N and err.N; good until the next. */
struct wire_start *
shell(struct runner *, uint64_t execution, const char *command);
void ask(struct runner *, const struct wire_start *);
struct wire_report run(struct runner *, uint64_t execution, const char *);
void acknowledge(struct runner *, uint64_t execution);
void say(struct runner *, enum wire_type);
void send_signal(struct runner *, uint64_t execution, int signo);

void check_file(const char *path, const char *wanted);
/* Waits until all that have the fifo open for writing have closed it. */
void wait_fifo(const char *path);

#endif
