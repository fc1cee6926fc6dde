/*
 * config: weird.conf(5).  It is parsed into an object of its own, so that a
 * file with errors changes nothing.
 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/command.h"

struct names {
	char **list;
	unsigned count;
};

struct role_members {
	struct names users;
	struct names groups;
};

#define CONFIG_ROLES (ROLE_ADMIN + 1)

/* Strings are the object's own; numbers all have the same type for the table
 * in config.def.  NULL: not given. */
struct config {
	char *socket;
	char *state_dir;
	char *runtime_dir;
	char *pid_file;
	int64_t socket_mode;
	int64_t log_level; /* enum log_level */
	struct {
		int64_t segment_size;	/* bytes */
		int64_t snapshot_after; /* bytes */
	} journal;
	struct {
		int64_t max;
		int64_t runners;
		char *runner;
		char *path;
		int64_t output_max; /* bytes */
		int64_t log_max;    /* bytes; 0: all */
		bool new_privileges;
	} callouts;
	struct { /* 0: for ever */
		int64_t executions;
		int64_t age;	   /* ns */
		int64_t logs_size; /* bytes */
		int64_t logs_age;  /* ns */
	} retention;
	struct {
		int64_t message; /* bytes */
		int64_t connections;
		int64_t connections_per_user;
		int64_t requests;
		int64_t idle_timeout; /* ns */
		int64_t task_runs;    /* of one execution */
		int64_t executions;   /* that have not ended */
		int64_t definitions;  /* versions, of all workflows */
		int64_t signals;      /* kept for one execution */
	} limits;
	struct {
		int64_t reserve; /* bytes; 0: worked out from the disk's size */
	} storage;
	struct role_members roles[CONFIG_ROLES]; /* that of NONE is empty */
	bool operator_any;
	bool show_inputs;
};

/* Told of each error; lines and columns count from 1. */
struct config_errors {
	void (*error)(void *, size_t line, size_t column, const char *message);
	void *ctx;
};

/* With the defaults that do not depend on who runs weird. */
struct config *config_new(void);
void config_free(struct config *);
/* Reads weird.conf's text into it; false when there were errors. */
bool config_parse(
    struct config *, const char *, size_t, const struct config_errors *);

#endif
